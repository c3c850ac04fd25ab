//! The part of TFLite's schema that describes a network: one subgraph of operators over tensors.
//!
//! Slot numbers are the field positions of `schema.fbs`, version 3.

use super::ConvertError;
use super::flatbuffer::{Read, Table};
use super::operator::Operation;

const FILE_IDENTIFIER: &[u8; 4] = b"TFL3";
const SCHEMA_VERSION: u32 = 3;
/// Highest rank a tensor may have; the format itself has no limit.
const MAX_RANK: usize = 8;
/// Longest list of inputs or outputs of one operator.
const MAX_OPERANDS: usize = 64;

/// A network: operators in execution order over numbered tensors.
#[derive(Debug)]
pub(super) struct Network<'a> {
    pub tensors: Vec<Tensor<'a>>,
    pub operators: Vec<Operator>,
    pub inputs: Vec<usize>,
    pub outputs: Vec<usize>,
}

/// Element type of a tensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Element {
    F32,
    F16,
    I32,
    /// A type of the schema that the converter does not read.
    Other(u8),
}

/// A tensor; a constant one has data.
#[derive(Debug)]
pub(super) struct Tensor<'a> {
    pub name: &'a str,
    pub shape: Vec<usize>,
    pub element: Element,
    pub data: &'a [u8],
    pub sparsity: Option<Sparsity>,
}

/// How the values of a sparse tensor are laid out.
#[derive(Clone, Debug, Default)]
pub(super) struct Sparsity {
    /// Storage order of the dimensions; those from the rank on are the block dimensions.
    pub traversal_order: Vec<usize>,
    /// The dimension that each block dimension divides.
    pub block_map: Vec<usize>,
    /// One entry per level of `traversal_order`.
    pub levels: Vec<Level>,
}

/// Storage of one dimension of a sparse tensor.
#[derive(Clone, Debug)]
pub(super) enum Level {
    /// All of its positions are stored.
    Dense(usize),
    /// Compressed sparse row: positions `indices[segments[i]..segments[i + 1]]` belong to parent `i`.
    Compressed {
        segments: Vec<usize>,
        indices: Vec<usize>,
    },
}

/// One operator.
#[derive(Debug)]
pub(super) struct Operator {
    pub operation: Operation,
    /// Tensor numbers; `None` is an optional input left out.
    pub inputs: Vec<Option<usize>>,
    pub output: usize,
}

impl<'a> Network<'a> {
    /// Reads the only subgraph of a TFLite file. Tensor numbers are checked.
    pub(super) fn parse(bytes: &'a [u8]) -> Read<Self> {
        let model = Table::root(bytes, FILE_IDENTIFIER)?;
        let version = model.u32(0, 0)?;
        if version != SCHEMA_VERSION {
            return Err(ConvertError::Unsupported(format!(
                "TFLite schema version {version}"
            )));
        }
        let subgraphs = model.tables(2)?;
        let [graph] = subgraphs.as_slice() else {
            return Err(ConvertError::Unsupported(format!(
                "{} subgraphs",
                subgraphs.len()
            )));
        };
        let buffers = model.tables(4)?;
        let tensors: Vec<Tensor<'a>> = graph
            .tables(0)?
            .iter()
            .map(|tensor| Tensor::parse(tensor, &buffers))
            .collect::<Read<_>>()?;
        let codes = model
            .tables(1)?
            .iter()
            .map(operator_code)
            .collect::<Read<Vec<_>>>()?;
        let operators = graph
            .tables(3)?
            .iter()
            .map(|operator| Operator::parse(operator, &codes, tensors.len()))
            .collect::<Read<_>>()?;
        let numbers = |slot| required(graph.i32s(slot)?.unwrap_or_default(), tensors.len());
        Ok(Self {
            inputs: numbers(1)?,
            outputs: numbers(2)?,
            operators,
            tensors,
        })
    }
}

impl<'a> Tensor<'a> {
    fn parse(table: &Table<'a>, buffers: &[Table<'a>]) -> Read<Self> {
        let shape = table.i32s(0)?.unwrap_or_default();
        if shape.len() > MAX_RANK {
            return Err(ConvertError::Malformed("a tensor has more than 8 dimensions"));
        }
        let element = match table.u8(1, 0)? {
            0 => Element::F32,
            1 => Element::F16,
            2 => Element::I32,
            other => Element::Other(other),
        };
        let buffer = buffers
            .get(table.u32(2, 0)? as usize)
            .ok_or(ConvertError::Malformed(
                "a tensor names a buffer that does not exist",
            ))?;
        // Buffer 1 on: data kept outside the FlatBuffers part, as in files beyond 2 GB.
        if buffer.u64(1, 0)? > 1 {
            return Err(ConvertError::Unsupported(
                "weights stored outside the FlatBuffers part".to_owned(),
            ));
        }
        Ok(Self {
            name: table.string(3)?,
            shape: sizes(shape)?,
            element,
            data: buffer.bytes(0)?,
            sparsity: table.table(6)?.map(|table| Sparsity::parse(&table)).transpose()?,
        })
    }
}

impl Sparsity {
    fn parse(table: &Table<'_>) -> Read<Self> {
        Ok(Self {
            traversal_order: sizes(table.i32s(0)?.unwrap_or_default())?,
            block_map: sizes(table.i32s(1)?.unwrap_or_default())?,
            levels: table.tables(2)?.iter().map(Level::parse).collect::<Read<_>>()?,
        })
    }
}

impl Level {
    fn parse(table: &Table<'_>) -> Read<Self> {
        match table.u8(0, 0)? {
            0 => Ok(Level::Dense(size(table.i32(1, 0)?)?)),
            1 => Ok(Level::Compressed {
                segments: index_vector(table, 2)?,
                indices: index_vector(table, 4)?,
            }),
            _ => Err(ConvertError::Malformed(
                "a sparse dimension is neither dense nor compressed",
            )),
        }
    }
}

/// A union of three vector types: its tag in `slot`, the table in the next one.
fn index_vector(table: &Table<'_>, slot: usize) -> Read<Vec<usize>> {
    let kind = table.u8(slot, 0)?;
    let vector = table
        .table(slot + 1)?
        .ok_or(ConvertError::Malformed("a compressed dimension has no indices"))?;
    match kind {
        1 => sizes(vector.i32s(0)?.unwrap_or_default()),
        2 => Ok(vector
            .u16s(0)?
            .unwrap_or_default()
            .into_iter()
            .map(usize::from)
            .collect()),
        3 => Ok(vector.bytes(0)?.iter().copied().map(usize::from).collect()),
        _ => Err(ConvertError::Malformed(
            "a sparse index vector has an unknown type",
        )),
    }
}

impl Operator {
    fn parse(table: &Table<'_>, codes: &[(i32, &str)], tensors: usize) -> Read<Self> {
        let (code, custom) = *codes
            .get(table.u32(0, 0)? as usize)
            .ok_or(ConvertError::Malformed(
                "an operator names an operator code that does not exist",
            ))?;
        if !custom.is_empty() {
            return Err(ConvertError::UnknownOperator(format!("custom operator {custom}")));
        }
        let inputs = table.i32s(1)?.unwrap_or_default();
        if inputs.len() > MAX_OPERANDS {
            return Err(ConvertError::Malformed("an operator has more than 64 inputs"));
        }
        let inputs = inputs
            .into_iter()
            .map(|number| {
                if number == -1 {
                    Ok(None)
                } else {
                    tensor_number(number, tensors).map(Some)
                }
            })
            .collect::<Read<_>>()?;
        let outputs = required(table.i32s(2)?.unwrap_or_default(), tensors)?;
        let &[output] = outputs.as_slice() else {
            return Err(ConvertError::Malformed(
                "an operator does not have exactly one output",
            ));
        };
        Ok(Self {
            operation: Operation::parse(code, table.table(4)?)?,
            inputs,
            output,
        })
    }
}

/// The builtin code and the custom name. Old files keep small codes in the older, narrower field.
fn operator_code<'a>(table: &Table<'a>) -> Read<(i32, &'a str)> {
    Ok((table.i32(3, 0)?.max(i32::from(table.u8(0, 0)?)), table.string(1)?))
}

fn size(value: i32) -> Read<usize> {
    usize::try_from(value).map_err(|_| ConvertError::Malformed("a size is negative"))
}

fn sizes(values: Vec<i32>) -> Read<Vec<usize>> {
    values.into_iter().map(size).collect()
}

fn tensor_number(number: i32, tensors: usize) -> Read<usize> {
    usize::try_from(number)
        .ok()
        .filter(|&number| number < tensors)
        .ok_or(ConvertError::Malformed(
            "an operator names a tensor that does not exist",
        ))
}

fn required(numbers: Vec<i32>, tensors: usize) -> Read<Vec<usize>> {
    numbers
        .into_iter()
        .map(|number| tensor_number(number, tensors))
        .collect()
}
