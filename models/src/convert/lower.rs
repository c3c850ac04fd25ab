//! TFLite operators rewritten as ONNX nodes, from channels-last to channels-first.
//!
//! A four-dimensional value is NHWC in TFLite and NCHW here; values of other ranks keep their layout. The batch
//! size 1 of the file becomes free.

use super::ConvertError;
use super::constant::Constant;
use super::flatbuffer::Read;
use super::graph::GraphBuilder;
use super::onnx::Attribute;
use super::operator::{Activation, Operation, Padding, Window};
use super::schema::{Network, Operator};

/// Name of the network's input.
pub(super) const INPUT: &str = "input";

const NHWC_TO_NCHW: [usize; 4] = [0, 3, 1, 2];
/// Weights of CONV_2D are (out, height, width, in), those of Conv (out, in, height, width).
const CONV_WEIGHTS: [usize; 4] = [0, 3, 1, 2];
/// Weights of DEPTHWISE_CONV_2D are (1, height, width, out), those of a grouped Conv (out, 1, height, width).
const DEPTHWISE_WEIGHTS: [usize; 4] = [3, 0, 1, 2];

/// Padding as ONNX writes it: top, left, bottom, right.
type Pads = [usize; 4];

/// What a TFLite tensor has become.
enum Value {
    Constant(Constant),
    Node(String),
    /// A spatially padded value whose padding its users take over.
    Padded {
        source: String,
        pads: Pads,
    },
}

/// The rewriting of one network.
pub(super) struct Lowering<'a> {
    network: &'a Network<'a>,
    values: Vec<Option<Value>>,
    graph: GraphBuilder,
}

impl<'a> Lowering<'a> {
    /// Rewrites every operator of a network with one input. Returns the graph and the name of each output.
    pub(super) fn run(network: &'a Network<'a>) -> Read<(GraphBuilder, Vec<String>)> {
        let mut values = Vec::with_capacity(network.tensors.len());
        for tensor in &network.tensors {
            values.push(Constant::read(tensor)?.map(Value::Constant));
        }
        let &[input] = network.inputs.as_slice() else {
            return Err(ConvertError::Unsupported(format!(
                "{} inputs",
                network.inputs.len()
            )));
        };
        values[input] = Some(Value::Node(INPUT.to_owned()));
        let mut lowering = Self {
            network,
            values,
            graph: GraphBuilder::default(),
        };
        for operator in &network.operators {
            let value = lowering.operator(operator)?;
            lowering.values[operator.output] = Some(value);
        }
        let names = network
            .outputs
            .iter()
            .map(|&output| lowering.node(output))
            .collect::<Read<_>>()?;
        Ok((lowering.graph, names))
    }

    fn operator(&mut self, operator: &Operator) -> Read<Value> {
        let (name, activation) = match operator.operation {
            Operation::Dequantize | Operation::Densify => {
                return self.constant(input(operator, 0)?).cloned().map(Value::Constant);
            }
            Operation::Pad => return self.pad(operator),
            Operation::Conv2d { window, activation } => (self.conv(operator, window, false)?, activation),
            Operation::DepthwiseConv2d { window, activation } => {
                (self.conv(operator, window, true)?, activation)
            }
            Operation::Add { activation } => (self.add(operator)?, activation),
            Operation::MaxPool2d {
                window,
                filter,
                activation,
            } => (self.max_pool(operator, window, filter)?, activation),
            Operation::Logistic => {
                let x = self.node(input(operator, 0)?)?;
                (self.graph.node("Sigmoid", [x], []), Activation::None)
            }
            Operation::DepthToSpace { block } => {
                let x = self.node(input(operator, 0)?)?;
                let attributes = [
                    Attribute::int("blocksize", block as i64),
                    Attribute::string("mode", "DCR"),
                ];
                (self.graph.node("DepthToSpace", [x], attributes), Activation::None)
            }
            Operation::ResizeBilinear {
                align_corners,
                half_pixel_centres,
            } => (
                self.resize(operator, align_corners, half_pixel_centres)?,
                Activation::None,
            ),
            Operation::Reshape => (self.reshape(operator)?, Activation::None),
            Operation::Concatenation { axis } => (self.concatenate(operator, axis)?, Activation::None),
        };
        Ok(Value::Node(self.activate(name, activation)))
    }

    fn shape(&self, tensor: usize) -> &'a [usize] {
        &self.network.tensors[tensor].shape
    }

    /// Height and width of a four-dimensional tensor.
    fn extent(&self, tensor: usize) -> Read<[usize; 2]> {
        match *self.shape(tensor) {
            [_, height, width, _] if height > 0 && width > 0 => Ok([height, width]),
            _ => Err(ConvertError::Malformed(
                "a picture operator works on something that is no picture",
            )),
        }
    }

    fn constant(&self, tensor: usize) -> Read<&Constant> {
        match &self.values[tensor] {
            Some(Value::Constant(constant)) => Ok(constant),
            _ => Err(ConvertError::Unsupported(format!(
                "tensor {:?} computed at run time where a constant is expected",
                self.network.tensors[tensor].name
            ))),
        }
    }

    /// The ONNX name of a computed tensor.
    fn node(&self, tensor: usize) -> Read<String> {
        match &self.values[tensor] {
            Some(Value::Node(name)) => Ok(name.clone()),
            _ => Err(ConvertError::Unsupported(format!(
                "tensor {:?} used before it is computed",
                self.network.tensors[tensor].name
            ))),
        }
    }

    fn activate(&mut self, value: String, activation: Activation) -> String {
        match activation {
            Activation::None => value,
            Activation::Relu => self.graph.node("Relu", [value], []),
            Activation::Relu6 => {
                let (low, high) = (self.graph.floats(&[0.0], &[]), self.graph.floats(&[6.0], &[]));
                self.graph.node("Clip", [value, low, high], [])
            }
        }
    }

    fn pad(&mut self, operator: &Operator) -> Read<Value> {
        let (source, amounts) = (input(operator, 0)?, self.constant(input(operator, 1)?)?);
        let amounts = amounts
            .ints()?
            .iter()
            .map(|&amount| usize::try_from(amount))
            .collect::<Result<Vec<_>, _>>();
        // (before, after) of batch, height, width and channels
        let Ok(&[n0, n1, top, bottom, left, right, c0, c1]) = amounts.as_deref() else {
            return Err(ConvertError::Malformed(
                "PAD does not have eight amounts of at least zero",
            ));
        };
        let name = self.node(source)?;
        if [n0, n1, c0, c1] == [0; 4] && self.only_feeds_unpadded_convolutions(operator.output) {
            return Ok(Value::Padded {
                source: name,
                pads: [top, left, bottom, right],
            });
        }
        let pads = self
            .graph
            .integers(&[n0, c0, top, left, n1, c1, bottom, right].map(|amount| amount as i64));
        Ok(Value::Node(self.graph.node("Pad", [name, pads], [])))
    }

    fn only_feeds_unpadded_convolutions(&self, tensor: usize) -> bool {
        let mut users = self
            .network
            .operators
            .iter()
            .filter(|user| user.inputs.contains(&Some(tensor)));
        !self.network.outputs.contains(&tensor)
            && users.all(|user| match user.operation {
                Operation::Conv2d { window, .. } | Operation::DepthwiseConv2d { window, .. } => {
                    window.padding == Padding::Valid && user.inputs.first() == Some(&Some(tensor))
                }
                _ => false,
            })
    }

    fn conv(&mut self, operator: &Operator, window: Window, depthwise: bool) -> Read<String> {
        let source = input(operator, 0)?;
        let order = if depthwise {
            DEPTHWISE_WEIGHTS
        } else {
            CONV_WEIGHTS
        };
        let weights = self.constant(input(operator, 1)?)?.transposed(order)?;
        let &[filters, per_group, height, width] = weights.shape.as_slice() else {
            return Err(ConvertError::Malformed("weights do not have four dimensions"));
        };
        let channels = self.shape(source).last().copied().unwrap_or_default();
        let groups = if depthwise { channels } else { 1 };
        if groups * per_group != channels || groups == 0 || filters % groups != 0 {
            return Err(ConvertError::Malformed(
                "the weights of a convolution do not fit its input",
            ));
        }
        let (name, pads) = match &self.values[source] {
            Some(Value::Padded { source, pads }) => (source.clone(), *pads),
            _ => (
                self.node(source)?,
                implicit_pads(self.extent(source)?, [height, width], window),
            ),
        };
        let bias = match operator.inputs.get(2).copied().flatten() {
            Some(bias) => Some(self.constant(bias)?.clone()),
            None => None,
        };
        let mut inputs = vec![name, self.graph.weights(&weights)?];
        if let Some(bias) = bias {
            inputs.push(self.graph.weights(&bias)?);
        }
        let attributes = [
            Attribute::ints("dilations", window.dilations),
            Attribute::int("group", groups as i64),
            Attribute::ints("kernel_shape", [height, width]),
            Attribute::ints("pads", pads),
            Attribute::ints("strides", window.strides),
        ];
        Ok(self.graph.node("Conv", inputs, attributes))
    }

    fn max_pool(&mut self, operator: &Operator, window: Window, filter: [usize; 2]) -> Read<String> {
        let source = input(operator, 0)?;
        let attributes = [
            Attribute::ints("kernel_shape", filter),
            Attribute::ints("pads", implicit_pads(self.extent(source)?, filter, window)),
            Attribute::ints("strides", window.strides),
        ];
        Ok(self.graph.node("MaxPool", [self.node(source)?], attributes))
    }

    fn add(&mut self, operator: &Operator) -> Read<String> {
        let rank = self.shape(operator.output).len();
        let mut terms = Vec::with_capacity(2);
        for i in 0..2 {
            let term = input(operator, i)?;
            if !matches!(&self.values[term], Some(Value::Constant(_))) {
                if self.shape(term).len() != rank {
                    return Err(ConvertError::Unsupported(
                        "ADD of values of different rank".to_owned(),
                    ));
                }
                terms.push(self.node(term)?);
                continue;
            }
            let mut constant = self.constant(term)?.clone();
            if rank == 4 {
                // Broadcasting aligns the last dimensions, which move.
                while constant.shape.len() < 4 {
                    constant.shape.insert(0, 1);
                }
                constant = constant.transposed(NHWC_TO_NCHW)?;
            }
            terms.push(self.graph.weights(&constant)?);
        }
        Ok(self.graph.node("Add", terms, []))
    }

    fn resize(&mut self, operator: &Operator, align_corners: bool, half_pixel_centres: bool) -> Read<String> {
        let source = input(operator, 0)?;
        let (from, to) = (self.extent(source)?, self.extent(operator.output)?);
        let scales = [
            1.0,
            1.0,
            to[0] as f32 / from[0] as f32,
            to[1] as f32 / from[1] as f32,
        ];
        let scales = self.graph.floats(&scales, &[4]);
        let coordinates = match (align_corners, half_pixel_centres) {
            (true, _) => "align_corners",
            (false, true) => "half_pixel",
            (false, false) => "asymmetric",
        };
        let attributes = [
            Attribute::string("coordinate_transformation_mode", coordinates),
            Attribute::string("mode", "linear"),
        ];
        // The second input, a region of interest, is left out.
        Ok(self
            .graph
            .node("Resize", [self.node(source)?, String::new(), scales], attributes))
    }

    fn reshape(&mut self, operator: &Operator) -> Read<String> {
        let source = input(operator, 0)?;
        let mut name = self.node(source)?;
        let (from, to) = (self.shape(source), self.shape(operator.output));
        let [1, rest @ ..] = to else {
            return Err(ConvertError::Unsupported(
                "RESHAPE that moves the batch dimension".to_owned(),
            ));
        };
        if to.len() == 4 {
            return Err(ConvertError::Unsupported("RESHAPE to a picture".to_owned()));
        }
        match *from {
            // One pixel: its channels are contiguous in either layout.
            [1, 1, 1, _] => {}
            [1, _, _, _] => {
                name = self
                    .graph
                    .node("Transpose", [name], [Attribute::ints("perm", [0, 2, 3, 1])]);
            }
            [1, ..] => {}
            _ => {
                return Err(ConvertError::Unsupported(
                    "RESHAPE of a value without batch dimension".to_owned(),
                ));
            }
        }
        // 0 copies the batch size of the input.
        let sizes: Vec<i64> = std::iter::once(0)
            .chain(rest.iter().map(|&size| size as i64))
            .collect();
        let sizes = self.graph.integers(&sizes);
        Ok(self.graph.node("Reshape", [name, sizes], []))
    }

    fn concatenate(&mut self, operator: &Operator, axis: i32) -> Read<String> {
        let rank = self.shape(operator.output).len();
        let axis = if axis < 0 { axis + rank as i32 } else { axis };
        let axis = usize::try_from(axis).ok().filter(|&axis| axis < rank);
        let axis = axis.ok_or(ConvertError::Malformed(
            "CONCATENATION along a dimension that does not exist",
        ))?;
        let axis = if rank == 4 {
            NHWC_TO_NCHW
                .iter()
                .position(|&from| from == axis)
                .expect("the order is a permutation")
        } else {
            axis
        };
        let parts = (0..operator.inputs.len())
            .map(|i| self.node(input(operator, i)?))
            .collect::<Read<Vec<_>>>()?;
        Ok(self
            .graph
            .node("Concat", parts, [Attribute::int("axis", axis as i64)]))
    }
}

fn input(operator: &Operator, index: usize) -> Read<usize> {
    let tensor = operator.inputs.get(index).copied().flatten();
    tensor.ok_or(ConvertError::Malformed("an operator lacks an input"))
}

/// TFLite's padding of a window over a picture of `extent` (height, width). With SAME the output has
/// ⌈input / stride⌉ positions, and an odd total leaves the larger half at the bottom and right.
fn implicit_pads(extent: [usize; 2], kernel: [usize; 2], window: Window) -> Pads {
    if window.padding == Padding::Valid {
        return [0; 4];
    }
    let total = |axis: usize| {
        let (size, stride) = (extent[axis], window.strides[axis]);
        let reach = (kernel[axis].saturating_sub(1)).saturating_mul(window.dilations[axis]);
        let last_start = (size.div_ceil(stride) - 1) * stride;
        (last_start.saturating_add(reach) + 1).saturating_sub(size)
    };
    let (vertical, horizontal) = (total(0), total(1));
    let (top, left) = (vertical / 2, horizontal / 2);
    [top, left, vertical - top, horizontal - left]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(stride: usize, dilation: usize) -> Window {
        Window {
            padding: Padding::Same,
            strides: [stride; 2],
            dilations: [dilation; 2],
        }
    }

    #[test]
    fn same_padding_puts_the_odd_pixel_at_the_bottom_and_right() {
        assert_eq!(implicit_pads([256, 256], [3, 3], same(2, 1)), [0, 0, 1, 1]);
        assert_eq!(implicit_pads([225, 225], [3, 3], same(2, 1)), [1, 1, 1, 1]);
        assert_eq!(implicit_pads([64, 64], [3, 3], same(1, 1)), [1, 1, 1, 1]);
        assert_eq!(implicit_pads([64, 64], [5, 5], same(2, 1)), [1, 1, 2, 2]);
        assert_eq!(implicit_pads([7, 7], [2, 2], same(2, 1)), [0, 0, 1, 1]);
        assert_eq!(implicit_pads([9, 5], [3, 3], same(1, 2)), [2, 2, 2, 2]);
    }

    #[test]
    fn a_window_smaller_than_its_stride_needs_no_padding() {
        assert_eq!(implicit_pads([8, 8], [1, 1], same(2, 1)), [0; 4]);
    }

    #[test]
    fn valid_padding_is_none() {
        let window = Window {
            padding: Padding::Valid,
            strides: [2; 2],
            dilations: [1; 2],
        };
        assert_eq!(implicit_pads([256, 256], [3, 3], window), [0; 4]);
    }
}
