//! The TFLite operators the converter knows, with their options.

use super::ConvertError;
use super::flatbuffer::{Read, Table};

/// Activation fused into an operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Activation {
    None,
    Relu,
    Relu6,
}

/// How a window operator treats the border.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Padding {
    /// Output size = input size / stride, rounded up; the odd pixel of padding goes to the bottom and right.
    Same,
    /// No padding.
    Valid,
}

/// Window geometry, each pair is (vertical, horizontal).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Window {
    pub padding: Padding,
    pub strides: [usize; 2],
    pub dilations: [usize; 2],
}

/// An operator and its options.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Operation {
    Add {
        activation: Activation,
    },
    Concatenation {
        axis: i32,
    },
    Conv2d {
        window: Window,
        activation: Activation,
    },
    DepthwiseConv2d {
        window: Window,
        activation: Activation,
    },
    DepthToSpace {
        block: usize,
    },
    Dequantize,
    Logistic,
    MaxPool2d {
        window: Window,
        filter: [usize; 2],
        activation: Activation,
    },
    Reshape,
    ResizeBilinear {
        align_corners: bool,
        half_pixel_centres: bool,
    },
    Pad,
    Densify,
}

// Codes of `BuiltinOperator` in TFLite's schema.
const ADD: i32 = 0;
const CONCATENATION: i32 = 2;
const CONV_2D: i32 = 3;
const DEPTHWISE_CONV_2D: i32 = 4;
const DEPTH_TO_SPACE: i32 = 5;
const DEQUANTIZE: i32 = 6;
const LOGISTIC: i32 = 14;
const MAX_POOL_2D: i32 = 17;
const RESHAPE: i32 = 22;
const RESIZE_BILINEAR: i32 = 23;
const PAD: i32 = 34;
const DENSIFY: i32 = 124;

impl Operation {
    /// The operator with this builtin code; `options` is its option table, absent when all are defaults.
    pub(super) fn parse(code: i32, options: Option<Table<'_>>) -> Read<Self> {
        let options = Options(options);
        Ok(match code {
            ADD => Operation::Add {
                activation: options.activation(0)?,
            },
            CONCATENATION => {
                options.no_activation(1, "CONCATENATION")?;
                Operation::Concatenation {
                    axis: options.i32(0, 0)?,
                }
            }
            CONV_2D => Operation::Conv2d {
                window: options.window(Some(4))?,
                activation: options.activation(3)?,
            },
            DEPTHWISE_CONV_2D => Operation::DepthwiseConv2d {
                window: options.window(Some(5))?,
                activation: options.activation(4)?,
            },
            DEPTH_TO_SPACE => Operation::DepthToSpace {
                block: options.positive(0, 0)?,
            },
            DEQUANTIZE => Operation::Dequantize,
            LOGISTIC => Operation::Logistic,
            MAX_POOL_2D => Operation::MaxPool2d {
                window: options.window(None)?,
                filter: [options.positive(4, 0)?, options.positive(3, 0)?],
                activation: options.activation(5)?,
            },
            RESHAPE => Operation::Reshape,
            RESIZE_BILINEAR => Operation::ResizeBilinear {
                align_corners: options.bool(2)?,
                half_pixel_centres: options.bool(3)?,
            },
            PAD => Operation::Pad,
            DENSIFY => Operation::Densify,
            other => return Err(ConvertError::UnknownOperator(name(other))),
        })
    }
}

/// An operator's option table.
struct Options<'a>(Option<Table<'a>>);

impl Options<'_> {
    fn i32(&self, slot: usize, default: i32) -> Read<i32> {
        self.0.map_or(Ok(default), |table| table.i32(slot, default))
    }

    fn bool(&self, slot: usize) -> Read<bool> {
        self.0.map_or(Ok(false), |table| table.bool(slot))
    }

    fn positive(&self, slot: usize, default: i32) -> Read<usize> {
        usize::try_from(self.i32(slot, default)?)
            .ok()
            .filter(|&value| value > 0)
            .ok_or(ConvertError::Malformed(
                "an operator option that must be positive is not",
            ))
    }

    fn activation(&self, slot: usize) -> Read<Activation> {
        match self.0.map_or(Ok(0), |table| table.u8(slot, 0))? {
            0 => Ok(Activation::None),
            1 => Ok(Activation::Relu),
            3 => Ok(Activation::Relu6),
            other => Err(ConvertError::Unsupported(format!("fused activation {other}"))),
        }
    }

    fn no_activation(&self, slot: usize, operator: &str) -> Read<()> {
        match self.activation(slot)? {
            Activation::None => Ok(()),
            other => Err(ConvertError::Unsupported(format!(
                "{operator} with a fused {other:?}"
            ))),
        }
    }

    /// Padding in slot 0, strides (width, height) in 1 and 2, dilations (width, height) from `dilation` on.
    fn window(&self, dilation: Option<usize>) -> Read<Window> {
        let padding = match self.0.map_or(Ok(0), |table| table.u8(0, 0))? {
            0 => Padding::Same,
            1 => Padding::Valid,
            _ => {
                return Err(ConvertError::Malformed(
                    "a padding mode is neither SAME nor VALID",
                ));
            }
        };
        let dilations = match dilation {
            Some(slot) => [self.positive(slot + 1, 1)?, self.positive(slot, 1)?],
            None => [1, 1],
        };
        Ok(Window {
            padding,
            strides: [self.positive(2, 0)?, self.positive(1, 0)?],
            dilations,
        })
    }
}

/// The schema's name of a builtin operator, for error messages.
pub(super) fn name(code: i32) -> String {
    const NAMES: &str = "ADD AVERAGE_POOL_2D CONCATENATION CONV_2D DEPTHWISE_CONV_2D DEPTH_TO_SPACE DEQUANTIZE \
        EMBEDDING_LOOKUP FLOOR FULLY_CONNECTED HASHTABLE_LOOKUP L2_NORMALIZATION L2_POOL_2D \
        LOCAL_RESPONSE_NORMALIZATION LOGISTIC LSH_PROJECTION LSTM MAX_POOL_2D MUL RELU RELU_N1_TO_1 RELU6 \
        RESHAPE RESIZE_BILINEAR RNN SOFTMAX SPACE_TO_DEPTH SVDF TANH CONCAT_EMBEDDINGS SKIP_GRAM CALL CUSTOM \
        EMBEDDING_LOOKUP_SPARSE PAD UNIDIRECTIONAL_SEQUENCE_RNN GATHER BATCH_TO_SPACE_ND SPACE_TO_BATCH_ND \
        TRANSPOSE MEAN SUB DIV SQUEEZE UNIDIRECTIONAL_SEQUENCE_LSTM STRIDED_SLICE BIDIRECTIONAL_SEQUENCE_RNN \
        EXP TOPK_V2 SPLIT LOG_SOFTMAX DELEGATE BIDIRECTIONAL_SEQUENCE_LSTM CAST PRELU MAXIMUM ARG_MAX \
        MINIMUM LESS NEG PADV2 GREATER GREATER_EQUAL LESS_EQUAL";
    match usize::try_from(code)
        .ok()
        .and_then(|code| NAMES.split(' ').nth(code))
    {
        Some(name) => name.to_owned(),
        None => format!("builtin operator {code}"),
    }
}
