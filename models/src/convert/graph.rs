//! An ONNX graph under construction.

use super::constant::Constant;
use super::flatbuffer::Read;
use super::onnx::{Attribute, Node, Tensor, data_type};
use half::f16;

/// Nodes and initializers, in the order they were added.
#[derive(Debug, Default)]
pub(super) struct GraphBuilder {
    pub nodes: Vec<Node>,
    pub initializers: Vec<Tensor>,
    names: usize,
}

impl GraphBuilder {
    fn fresh_name(&mut self, stem: &str) -> String {
        self.names += 1;
        format!("{stem}_{}", self.names)
    }

    /// Adds a node with one output and returns the output's name. An empty input name is an optional input left
    /// out.
    pub(super) fn node(
        &mut self,
        operator: &str,
        inputs: impl IntoIterator<Item = String>,
        attributes: impl IntoIterator<Item = Attribute>,
    ) -> String {
        let output = self.fresh_name(operator);
        self.nodes.push(Node {
            inputs: inputs.into_iter().collect(),
            outputs: vec![output.clone()],
            operator: operator.to_owned(),
            attributes: attributes.into_iter().collect(),
        });
        output
    }

    /// Adds weights. They are stored as half floats with a Cast when that loses nothing, which halves the file;
    /// the runtime folds the Cast while loading.
    pub(super) fn weights(&mut self, constant: &Constant) -> Read<String> {
        let values = constant.floats()?;
        let halves: Vec<f16> = values.iter().copied().map(f16::from_f32).collect();
        let exact = halves
            .iter()
            .zip(values)
            .all(|(half, value)| half.to_f32().to_bits() == value.to_bits());
        if !exact {
            return Ok(self.floats(values, &constant.shape));
        }
        let bytes = halves.iter().flat_map(|half| half.to_le_bytes()).collect();
        let name = self.initializer(data_type::FLOAT16, bytes, &constant.shape);
        Ok(self.node(
            "Cast",
            [name],
            [Attribute::int("to", i64::from(data_type::FLOAT))],
        ))
    }

    /// Adds floats as they are; an empty shape is a scalar.
    pub(super) fn floats(&mut self, values: &[f32], shape: &[usize]) -> String {
        let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        self.initializer(data_type::FLOAT, bytes, shape)
    }

    /// Adds a list of integers.
    pub(super) fn integers(&mut self, values: &[i64]) -> String {
        let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        self.initializer(data_type::INT64, bytes, &[values.len()])
    }

    fn initializer(&mut self, data_type: i32, raw_data: Vec<u8>, shape: &[usize]) -> String {
        let name = self.fresh_name("constant");
        let dims = shape.iter().map(|&size| size as i64).collect();
        self.initializers.push(Tensor {
            dims,
            data_type,
            name: name.clone(),
            raw_data,
        });
        name
    }

    /// Calls the value `from` by the name `to` everywhere.
    pub(super) fn rename(&mut self, from: &str, to: &str) {
        let names = self
            .nodes
            .iter_mut()
            .flat_map(|node| node.inputs.iter_mut().chain(&mut node.outputs));
        for name in names.filter(|name| *name == from) {
            to.clone_into(name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::convert::constant::Values;

    fn stored_type(value: f32) -> i32 {
        let mut graph = GraphBuilder::default();
        let constant = Constant {
            shape: vec![1],
            values: Values::Float(vec![value]),
        };
        graph.weights(&constant).unwrap();
        graph.initializers[0].data_type
    }

    #[test]
    fn weights_are_halved_only_when_nothing_is_lost() {
        assert_eq!(stored_type(0.5), data_type::FLOAT16);
        assert_eq!(stored_type(0.1), data_type::FLOAT);
        assert_eq!(stored_type(1e9), data_type::FLOAT);
        assert_eq!(stored_type(-0.0), data_type::FLOAT16);
    }
}
