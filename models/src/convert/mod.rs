//! TFLite to ONNX, for the operators that pose networks use.
//!
//! The result has channels first, a free batch size `N`, opset 17, and only the outputs asked for: whatever those
//! do not need is left out. Sparse weights become dense, half-float weights stay half floats behind a Cast, padding
//! and activations are folded into their operators as far as ONNX can say it. The same bytes in give the same bytes
//! out. Anything the converter does not know is an error that names it.

mod constant;
mod flatbuffer;
mod graph;
mod lower;
mod onnx;
mod operator;
mod prune;
mod schema;
mod sparse;

#[cfg(test)]
pub(crate) mod tests;

use onnx::{Graph, Metadata, Model, OperatorSet, ValueInfo};
use prost::Message;
use schema::Network;

/// Changes whenever the same TFLite file gives other ONNX bytes; `models.lock` pins it beside their hash.
pub const CONVERTER_VERSION: u32 = 1;

/// First opset with every operator as written here, read by ONNX Runtime 1.17 and later.
const OPSET: i64 = 17;
/// `IR_VERSION` that belongs to the opset.
const IR_VERSION: i64 = 8;
const PRODUCER: &str = "kinemotion";

/// Why a file was not converted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConvertError {
    /// Not a TFLite file, truncated or garbled.
    #[error("malformed TFLite file: {0}")]
    Malformed(&'static str),
    /// The description of a sparse tensor contradicts itself.
    #[error("malformed TFLite file, sparse tensor: {0}")]
    Sparse(&'static str),
    /// An operator the converter does not know.
    #[error("TFLite operator {0} is not supported")]
    UnknownOperator(String),
    /// Valid, but beyond what the converter does.
    #[error("not supported: {0}")]
    Unsupported(String),
    /// The network lacks an output it was asked for.
    #[error("the network has no output {0}")]
    NoOutput(String),
}

/// What a network is called and which of its outputs are kept.
#[derive(Clone, Copy, Debug)]
pub struct Interface<'a> {
    /// Name of the graph.
    pub name: &'a str,
    /// (TFLite name, ONNX name) of each output to keep.
    pub outputs: &'a [(&'a str, &'a str)],
    /// Notes that the file carries, as origin and licence.
    pub metadata: &'a [(&'a str, &'a str)],
}

/// Converts a TFLite file with one input, which is called `input` and becomes `[N, C, H, W]`.
///
/// Four-dimensional outputs become `[N, C, H, W]` too, others keep their shape behind `N`.
///
/// # Errors
/// For a malformed file and for anything beyond the supported operators and options.
pub fn convert(tflite: &[u8], interface: &Interface<'_>) -> Result<Vec<u8>, ConvertError> {
    let network = Network::parse(tflite)?;
    let (mut graph, values) = lower::Lowering::run(&network)?;
    let mut outputs = Vec::with_capacity(interface.outputs.len());
    for &(tflite_name, onnx_name) in interface.outputs {
        let position = network
            .outputs
            .iter()
            .position(|&output| network.tensors[output].name == tflite_name);
        let position = position.ok_or_else(|| ConvertError::NoOutput(tflite_name.to_owned()))?;
        if values[position] == lower::INPUT {
            return Err(ConvertError::Unsupported(format!(
                "output {tflite_name} that is the input"
            )));
        }
        graph.rename(&values[position], onnx_name);
        outputs.push(value_info(
            onnx_name,
            &network.tensors[network.outputs[position]].shape,
        )?);
    }
    prune::prune(
        &mut graph,
        interface.outputs.iter().map(|&(_, onnx_name)| onnx_name),
    );

    let input = value_info(lower::INPUT, &network.tensors[network.inputs[0]].shape)?;
    let model = Model {
        ir_version: IR_VERSION,
        producer_name: PRODUCER.to_owned(),
        producer_version: CONVERTER_VERSION.to_string(),
        graph: Some(Graph {
            nodes: graph.nodes,
            name: interface.name.to_owned(),
            initializers: graph.initializers,
            inputs: vec![input],
            outputs,
        }),
        opset_import: vec![OperatorSet {
            domain: String::new(),
            version: OPSET,
        }],
        metadata: interface
            .metadata
            .iter()
            .map(|&(key, value)| Metadata {
                key: key.to_owned(),
                value: value.to_owned(),
            })
            .collect(),
    };
    Ok(model.encode_to_vec())
}

/// A graph input or output with the batch size freed and, for pictures, the channels first.
fn value_info(name: &str, shape: &[usize]) -> Result<ValueInfo, ConvertError> {
    match *shape {
        [1, height, width, channels] => Ok(ValueInfo::batch_of_floats(name, &[channels, height, width])),
        [1, ref rest @ ..] => Ok(ValueInfo::batch_of_floats(name, rest)),
        _ => Err(ConvertError::Unsupported(format!(
            "{name} without a batch dimension of 1"
        ))),
    }
}
