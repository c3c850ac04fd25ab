//! Whole conversions of a network small enough to write by hand.

use super::onnx::{Model, Size, data_type};
use super::*;
use half::f16;

/// A FlatBuffers value to be written.
#[derive(Clone)]
enum Field {
    Absent,
    U8(u8),
    I32(i32),
    Bytes(Vec<u8>),
    I32s(Vec<i32>),
    Table(Vec<Field>),
    Tables(Vec<Vec<Field>>),
}
use Field::*;

/// Writes a table and, behind it, everything it points to. Returns its position.
fn write_table(out: &mut Vec<u8>, fields: &[Field]) -> usize {
    let vtable = out.len();
    let table_offsets: Vec<usize> = fields
        .iter()
        .scan(4, |next, field| {
            let size = match field {
                Absent => 0,
                U8(_) => 1,
                _ => 4,
            };
            let offset = if size == 0 { 0 } else { *next };
            *next += size;
            Some(offset)
        })
        .collect();
    out.extend(((4 + 2 * fields.len()) as u16).to_le_bytes());
    out.extend(0u16.to_le_bytes());
    for &offset in &table_offsets {
        out.extend((offset as u16).to_le_bytes());
    }
    let table = out.len();
    out.extend(((table - vtable) as i32).to_le_bytes());
    for field in fields {
        match field {
            Absent => {}
            U8(value) => out.push(*value),
            I32(value) => out.extend(value.to_le_bytes()),
            _ => out.extend([0; 4]),
        }
    }
    for (field, offset) in fields.iter().zip(table_offsets) {
        let slot = table + offset;
        match field {
            Absent | U8(_) | I32(_) => continue,
            Bytes(bytes) => {
                point(out, slot);
                out.extend((bytes.len() as u32).to_le_bytes());
                out.extend(bytes);
            }
            I32s(values) => {
                point(out, slot);
                out.extend((values.len() as u32).to_le_bytes());
                out.extend(values.iter().flat_map(|value| value.to_le_bytes()));
            }
            Table(fields) => {
                let position = write_table(out, fields);
                point_to(out, slot, position);
            }
            Tables(tables) => {
                point(out, slot);
                out.extend((tables.len() as u32).to_le_bytes());
                let first = out.len();
                out.resize(first + 4 * tables.len(), 0);
                for (i, fields) in tables.iter().enumerate() {
                    let position = write_table(out, fields);
                    point_to(out, first + 4 * i, position);
                }
            }
        }
    }
    table
}

fn point(out: &mut [u8], slot: usize) {
    point_to(out, slot, out.len());
}

fn point_to(out: &mut [u8], slot: usize, position: usize) {
    out[slot..slot + 4].copy_from_slice(&((position - slot) as u32).to_le_bytes());
}

fn file(root: &[Field]) -> Vec<u8> {
    let mut out = vec![0; 4];
    out.extend(b"TFL3");
    let position = write_table(&mut out, root);
    point_to(&mut out, 0, position);
    out
}

fn text(value: &str) -> Field {
    Bytes(value.as_bytes().to_vec())
}

const F32: u8 = 0;
const F16: u8 = 1;
const I32_ELEMENT: u8 = 2;

fn tensor(shape: &[i32], element: u8, buffer: i32, name: &str) -> Vec<Field> {
    vec![I32s(shape.to_vec()), U8(element), I32(buffer), text(name)]
}

fn operator(code: i32, inputs: &[i32], output: i32, options: Vec<Field>) -> Vec<Field> {
    vec![
        I32(code),
        I32s(inputs.to_vec()),
        I32s(vec![output]),
        U8(1),
        Table(options),
    ]
}

fn halves(values: &[f32]) -> Vec<Field> {
    vec![Bytes(
        values
            .iter()
            .flat_map(|&value| f16::from_f32(value).to_le_bytes())
            .collect(),
    )]
}

fn floats(values: &[f32]) -> Vec<Field> {
    vec![Bytes(
        values.iter().flat_map(|value| value.to_le_bytes()).collect(),
    )]
}

fn integers(values: &[i32]) -> Vec<Field> {
    vec![Bytes(
        values.iter().flat_map(|value| value.to_le_bytes()).collect(),
    )]
}

const CODES: [u8; 7] = [34, 6, 3, 0, 22, 14, 124];
const PAD: i32 = 0;
const DEQUANTIZE: i32 = 1;
const CONV_2D: i32 = 2;
const ADD: i32 = 3;
const RESHAPE: i32 = 4;
const LOGISTIC: i32 = 5;
const DENSIFY: i32 = 6;

/// input [1, 4, 6, 1] → PAD → CONV_2D (two 3x3 filters, stride 2, RELU6) → ADD (sparse constant) → RESHAPE → `kept`,
/// and a LOGISTIC of the sum → `dropped`.
fn small_network(codes: &[u8]) -> Vec<u8> {
    let weights: Vec<f32> = (0..18).map(|i| i as f32 / 4.0).collect();
    let sparse = vec![
        I32s(vec![0]),
        Absent,
        Tables(vec![vec![
            U8(1),
            Absent,
            U8(1),
            Table(vec![I32s(vec![0, 1])]),
            U8(1),
            Table(vec![I32s(vec![1])]),
        ]]),
    ];
    let mut sparse_tensor = tensor(&[2], F32, 4, "sparse");
    sparse_tensor.extend([Absent, Absent, Table(sparse)]);
    let tensors = vec![
        tensor(&[1, 4, 6, 1], F32, 0, "input"),
        tensor(&[4, 2], I32_ELEMENT, 1, "amounts"),
        tensor(&[1, 5, 7, 1], F32, 0, "padded"),
        tensor(&[2, 3, 3, 1], F16, 2, "half_weights"),
        tensor(&[2, 3, 3, 1], F32, 0, "weights"),
        tensor(&[2], F32, 3, "bias"),
        tensor(&[1, 2, 3, 2], F32, 0, "features"),
        sparse_tensor,
        tensor(&[2], F32, 0, "dense"),
        tensor(&[1, 2, 3, 2], F32, 0, "sum"),
        tensor(&[1, 12], F32, 0, "kept"),
        tensor(&[1, 2, 3, 2], F32, 0, "dropped"),
    ];
    // padding VALID, strides 2, RELU6
    let conv_options = vec![U8(1), I32(2), I32(2), U8(3)];
    let operators = vec![
        operator(PAD, &[0, 1], 2, vec![]),
        operator(DEQUANTIZE, &[3], 4, vec![]),
        operator(CONV_2D, &[2, 4, 5], 6, conv_options),
        operator(DENSIFY, &[7], 8, vec![]),
        operator(ADD, &[6, 8], 9, vec![]),
        operator(RESHAPE, &[9], 10, vec![]),
        operator(LOGISTIC, &[9], 11, vec![]),
    ];
    let subgraph = vec![
        Tables(tensors),
        I32s(vec![0]),
        I32s(vec![10, 11]),
        Tables(operators),
    ];
    let buffers = vec![
        vec![],
        integers(&[0, 0, 0, 1, 0, 1, 0, 0]),
        halves(&weights),
        floats(&[0.1, -2.0]),
        floats(&[7.0]),
    ];
    let codes = codes.iter().map(|&code| vec![U8(code)]).collect();
    file(&[
        I32(3),
        Tables(codes),
        Tables(vec![subgraph]),
        text("by hand"),
        Tables(buffers),
    ])
}

const INTERFACE: Interface<'_> = Interface {
    name: "small",
    outputs: &[("kept", "result")],
    metadata: &[("license", "none")],
};

fn converted() -> Model {
    let bytes = convert(&small_network(&CODES), &INTERFACE).unwrap();
    Model::decode(bytes.as_slice()).unwrap()
}

#[test]
fn operators_are_folded_and_what_no_output_needs_is_left_out() {
    let graph = converted().graph.unwrap();
    let operators: Vec<_> = graph.nodes.iter().map(|node| node.operator.as_str()).collect();
    // half weights and the dense constant are cast, the bias 0.1 is no half float and stays; no Pad, no Sigmoid
    assert_eq!(
        operators,
        ["Cast", "Conv", "Clip", "Cast", "Add", "Transpose", "Reshape"]
    );
    let conv = &graph.nodes[1];
    let attribute = |name: &str| {
        conv.attributes
            .iter()
            .find(|attribute| attribute.name == name)
            .unwrap()
    };
    assert_eq!(attribute("pads").list, [0, 0, 1, 1]);
    assert_eq!(attribute("strides").list, [2, 2]);
    assert_eq!(attribute("kernel_shape").list, [3, 3]);
    assert_eq!(attribute("group").i, Some(1));
    assert_eq!(graph.nodes.last().unwrap().outputs, ["result"]);
}

#[test]
fn sparse_constants_arrive_dense() {
    let graph = converted().graph.unwrap();
    let dense = graph
        .initializers
        .iter()
        .find(|tensor| tensor.dims == [1, 2, 1, 1])
        .unwrap();
    assert_eq!(dense.data_type, data_type::FLOAT16);
    assert_eq!(
        dense.raw_data,
        [f16::ZERO.to_le_bytes(), f16::from_f32(7.0).to_le_bytes()].concat()
    );
}

#[test]
fn the_interface_has_channels_first_and_a_free_batch_size() {
    let model = converted();
    assert_eq!((model.ir_version, model.opset_import[0].version), (8, 17));
    assert_eq!(model.producer_name, "kinemotion");
    assert_eq!(
        (model.metadata[0].key.as_str(), model.metadata[0].value.as_str()),
        ("license", "none")
    );
    let graph = model.graph.unwrap();
    let sizes = |info: &ValueInfo| {
        let shape = info.kind.clone().unwrap().tensor.unwrap().shape.unwrap();
        shape
            .dimensions
            .into_iter()
            .map(|dimension| dimension.size.unwrap())
            .collect::<Vec<_>>()
    };
    let batch = || Size::Dynamic("N".to_owned());
    assert_eq!(graph.inputs[0].name, "input");
    assert_eq!(
        sizes(&graph.inputs[0]),
        [batch(), Size::Fixed(1), Size::Fixed(4), Size::Fixed(6)]
    );
    assert_eq!(sizes(&graph.outputs[0]), [batch(), Size::Fixed(12)]);
}

#[test]
fn the_same_bytes_in_give_the_same_bytes_out() {
    let network = small_network(&CODES);
    assert_eq!(convert(&network, &INTERFACE), convert(&network, &INTERFACE));
}

#[test]
fn an_unknown_operator_is_named() {
    let mut codes = CODES;
    codes[5] = 25;
    let error = convert(&small_network(&codes), &INTERFACE).unwrap_err();
    assert_eq!(error, ConvertError::UnknownOperator("SOFTMAX".to_owned()));
    codes[5] = 126;
    let error = convert(&small_network(&codes), &INTERFACE).unwrap_err();
    assert_eq!(
        error.to_string(),
        "TFLite operator builtin operator 126 is not supported"
    );
}

#[test]
fn an_output_that_is_not_there_is_named() {
    let interface = Interface {
        outputs: &[("Identity_9", "x")],
        ..INTERFACE
    };
    let error = convert(&small_network(&CODES), &interface).unwrap_err();
    assert_eq!(error, ConvertError::NoOutput("Identity_9".to_owned()));
}

#[test]
fn something_else_than_tflite_is_refused() {
    for bytes in [&b""[..], b"TFL3", b"\x08\0\0\0ONNX\0\0\0\0\0\0\0\0", &[0xff; 64]] {
        assert!(matches!(
            convert(bytes, &INTERFACE),
            Err(ConvertError::Malformed(_))
        ));
    }
}

#[test]
fn a_truncated_file_never_panics() {
    let network = small_network(&CODES);
    for length in 0..network.len() {
        // Cut-off bytes may be ones that nothing reads; then the result is the same as for the whole file.
        let cut = convert(&network[..length], &INTERFACE);
        assert!(cut.is_err() || cut == convert(&network, &INTERFACE), "{length}");
    }
}

#[test]
fn a_garbled_file_never_panics() {
    let network = small_network(&CODES);
    for position in 0..network.len() {
        for value in [0, 1, 2, 0x7f, 0x80, 0xff] {
            let mut garbled = network.clone();
            garbled[position] = value;
            drop(convert(&garbled, &INTERFACE));
        }
    }
    // Several bytes at once, from a fixed linear congruential sequence (Knuth's MMIX constants).
    let mut state = 1u64;
    let mut next = || {
        state = state
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (state >> 33) as usize
    };
    for _ in 0..20_000 {
        let mut garbled = network.clone();
        for _ in 0..1 + next() % 6 {
            let position = next() % garbled.len();
            garbled[position] = next() as u8;
        }
        drop(convert(&garbled, &INTERFACE));
    }
}

/// A TFLite file with the outputs that pose networks have, each the LOGISTIC of the input.
pub(crate) fn network_with_pose_outputs() -> Vec<u8> {
    const OUTPUTS: [&str; 5] = ["Identity", "Identity_1", "Identity_2", "Identity_3", "Identity_4"];
    let shape = [1, 2, 2, 3];
    let mut tensors = vec![tensor(&shape, F32, 0, "input")];
    tensors.extend(OUTPUTS.map(|name| tensor(&shape, F32, 0, name)));
    let operators = (1..=5).map(|output| operator(0, &[0], output, vec![])).collect();
    let subgraph = vec![
        Tables(tensors),
        I32s(vec![0]),
        I32s(vec![1, 2, 3, 4, 5]),
        Tables(operators),
    ];
    file(&[
        I32(3),
        Tables(vec![vec![U8(14)]]),
        Tables(vec![subgraph]),
        Absent,
        Tables(vec![vec![]]),
    ])
}
