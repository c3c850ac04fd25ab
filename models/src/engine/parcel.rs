//! What travels from a stream to a worker and back: input tensor, decoded results, and the memory for both.

use super::{EngineError, Outputs};
use crate::detector::{self, Decoder, Detection, NotFinite};
use crate::landmarks::{self, CropLandmarks};
use crate::store::Network;
use std::time::Duration;

/// Detections kept per picture. More people than tracks are needed so that the best ones can be chosen.
const MAX_DETECTIONS: usize = 32;

/// One inference: its input, and after the run what it said.
pub(crate) struct Parcel {
    pub network: Network,
    /// Planar RGB of the network's input size.
    pub input: Vec<f32>,
    pub detection_threshold: f32,
    /// Of the detector, best first, in units of the square that was looked at.
    pub detections: Vec<Detection>,
    /// Of the landmark model.
    pub landmarks: CropLandmarks,
    /// Why the results cannot be used.
    pub flaw: Option<Flaw>,
    /// Whether the run gave results for it.
    pub delivered: bool,
    /// Time of decoding.
    pub decode_time: Duration,
    decoder: Decoder,
}

/// What was wrong with a network's outputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flaw {
    /// A value was not finite.
    NotFinite,
    /// A tensor had another size than this network has.
    Shape,
}

impl From<NotFinite> for Flaw {
    fn from(_: NotFinite) -> Self {
        Flaw::NotFinite
    }
}

impl Parcel {
    pub fn new(network: Network) -> Self {
        let mut parcel = Self {
            network,
            input: Vec::new(),
            detection_threshold: 0.5,
            detections: Vec::new(),
            landmarks: CropLandmarks::default(),
            flaw: None,
            delivered: false,
            decode_time: Duration::ZERO,
            decoder: Decoder::default(),
        };
        parcel.address(network);
        parcel
    }

    /// Prepares it for a network. Allocates only when the kind of network changes.
    pub fn address(&mut self, network: Network) {
        self.network = network;
        let side = input_side(network);
        self.input.resize(3 * side * side, 0.0);
        if network == Network::Detector && self.detections.capacity() == 0 {
            self.detections.reserve_exact(MAX_DETECTIONS);
            self.decoder = Decoder::new();
        }
    }

    /// Decodes a network's outputs.
    pub fn absorb(&mut self, outputs: Outputs<'_>) {
        self.flaw = self.try_absorb(outputs).err();
    }

    fn try_absorb(&mut self, outputs: Outputs<'_>) -> Result<(), Flaw> {
        match outputs {
            Outputs::Detector { boxes, logits } => {
                check(boxes, detector::ANCHOR_COUNT * detector::BOX_VALUES)?;
                check(logits, detector::ANCHOR_COUNT)?;
                Ok(self
                    .decoder
                    .decode(boxes, logits, self.detection_threshold, &mut self.detections)?)
            }
            Outputs::Landmarks(tensors) => {
                let heatmap_cells = landmarks::HEATMAP_SIDE * landmarks::HEATMAP_SIDE;
                check(
                    tensors.landmarks,
                    landmarks::POINT_COUNT * landmarks::POINT_VALUES,
                )?;
                check(tensors.world, landmarks::POINT_COUNT * landmarks::WORLD_VALUES)?;
                check(tensors.heatmap, landmarks::POINT_COUNT * heatmap_cells)?;
                self.landmarks = CropLandmarks::decode(&tensors)?;
                Ok(())
            }
        }
    }

    /// Turns a wrong shape, which no later frame will cure, into an error.
    pub fn check_shape(&self) -> Result<(), EngineError> {
        match self.flaw {
            Some(Flaw::Shape) => Err(EngineError::Model {
                file: self.network.to_string(),
                reason: "its outputs have another size than this program knows; run `kinemotion models pull`"
                    .into(),
            }),
            _ => Ok(()),
        }
    }
}

/// Side of a network's square input.
pub(crate) fn input_side(network: Network) -> usize {
    match network {
        Network::Detector => detector::INPUT_SIDE,
        Network::Landmarker(_) => landmarks::INPUT_SIDE,
    }
}

fn check(tensor: &[f32], len: usize) -> Result<(), Flaw> {
    if tensor.len() == len {
        Ok(())
    } else {
        Err(Flaw::Shape)
    }
}
