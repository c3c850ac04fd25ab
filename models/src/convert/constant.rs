//! Constant tensors: weights and the small integer operands of PAD and RESHAPE.

use super::ConvertError;
use super::flatbuffer::Read;
use super::schema::{Element, Sparsity, Tensor};
use super::sparse::densify;
use half::f16;

/// Most elements a tensor may have: ten times the largest weight tensor of BlazePose heavy would still fit.
const MAX_ELEMENTS: usize = 1 << 26;

/// Product of a shape, refused when it is absurd.
pub(super) fn element_count(shape: &[usize]) -> Read<usize> {
    shape
        .iter()
        .try_fold(1usize, |product, &size| product.checked_mul(size))
        .filter(|&count| count <= MAX_ELEMENTS)
        .ok_or(ConvertError::Malformed("a constant tensor is absurdly large"))
}

/// A dense constant.
#[derive(Clone, Debug)]
pub(super) struct Constant {
    pub shape: Vec<usize>,
    pub values: Values,
}

/// Its elements, row-major. Half floats are widened on reading, which is exact.
#[derive(Clone, Debug)]
pub(super) enum Values {
    Float(Vec<f32>),
    Int(Vec<i32>),
}

impl Constant {
    /// The constant a tensor holds, `None` when it is computed at run time.
    pub(super) fn read(tensor: &Tensor<'_>) -> Read<Option<Self>> {
        if tensor.data.is_empty() {
            return Ok(None);
        }
        let (shape, sparsity) = (&tensor.shape, tensor.sparsity.as_ref());
        let values = match tensor.element {
            Element::F32 => Values::Float(decode(tensor.data, f32::from_le_bytes, shape, sparsity)?),
            Element::F16 => Values::Float(decode(
                tensor.data,
                |bytes| f16::from_le_bytes(bytes).to_f32(),
                shape,
                sparsity,
            )?),
            Element::I32 => Values::Int(decode(tensor.data, i32::from_le_bytes, shape, sparsity)?),
            Element::Other(kind) => {
                let what = format!("constant tensor {:?} of element type {kind}", tensor.name);
                return Err(ConvertError::Unsupported(what));
            }
        };
        Ok(Some(Self {
            shape: shape.clone(),
            values,
        }))
    }

    /// Its numbers as floats.
    pub(super) fn floats(&self) -> Read<&[f32]> {
        match &self.values {
            Values::Float(values) => Ok(values),
            Values::Int(_) => Err(ConvertError::Malformed("weights are integers")),
        }
    }

    /// Its numbers as integers.
    pub(super) fn ints(&self) -> Read<&[i32]> {
        match &self.values {
            Values::Int(values) => Ok(values),
            Values::Float(_) => Err(ConvertError::Malformed("an integer operand holds floats")),
        }
    }

    /// The constant with its dimensions reordered: dimension `i` of the result is dimension `order[i]` of this.
    pub(super) fn transposed(&self, order: [usize; 4]) -> Read<Self> {
        let &[a, b, c, d] = self.shape.as_slice() else {
            return Err(ConvertError::Malformed("weights do not have four dimensions"));
        };
        let values = self.floats()?;
        let sizes = [a, b, c, d];
        let strides = [b * c * d, c * d, d, 1];
        let shape = order.map(|i| sizes[i]);
        let step = order.map(|i| strides[i]);
        let mut out = Vec::with_capacity(values.len());
        for i in 0..shape[0] {
            for j in 0..shape[1] {
                for k in 0..shape[2] {
                    let row = i * step[0] + j * step[1] + k * step[2];
                    out.extend((0..shape[3]).map(|l| values[row + l * step[3]]));
                }
            }
        }
        Ok(Self {
            shape: shape.to_vec(),
            values: Values::Float(out),
        })
    }
}

fn decode<const N: usize, T: Copy + Default>(
    data: &[u8],
    element: impl Fn([u8; N]) -> T,
    shape: &[usize],
    sparsity: Option<&Sparsity>,
) -> Read<Vec<T>> {
    let stored: Vec<T> = data
        .chunks_exact(N)
        .map(|bytes| element(bytes.try_into().expect("chunks of N")))
        .collect();
    match sparsity {
        Some(sparsity) => densify(&stored, shape, sparsity),
        None if stored.len() == element_count(shape)? => Ok(stored),
        None => Err(ConvertError::Malformed(
            "a constant tensor does not fill its shape",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transposing_moves_channels_first() {
        let constant = Constant {
            shape: vec![1, 2, 3, 2],
            values: Values::Float((0..12).map(|v| v as f32).collect()),
        };
        let moved = constant.transposed([0, 3, 1, 2]).unwrap();
        assert_eq!(moved.shape, [1, 2, 2, 3]);
        assert_eq!(
            moved.floats().unwrap(),
            [0., 2., 4., 6., 8., 10., 1., 3., 5., 7., 9., 11.]
        );
    }

    #[test]
    fn data_that_does_not_fill_the_shape_is_an_error() {
        let tensor = Tensor {
            name: "w",
            shape: vec![3],
            element: Element::F32,
            data: &[0; 8],
            sparsity: None,
        };
        assert!(Constant::read(&tensor).is_err());
    }

    #[test]
    fn half_floats_are_widened_exactly() {
        let data = f16::from_f32(0.333).to_le_bytes();
        let tensor = Tensor {
            name: "w",
            shape: vec![1],
            element: Element::F16,
            data: &data,
            sparsity: None,
        };
        let constant = Constant::read(&tensor).unwrap().unwrap();
        assert_eq!(constant.floats().unwrap(), [f16::from_f32(0.333).to_f32()]);
    }
}
