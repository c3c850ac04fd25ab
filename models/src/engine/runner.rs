//! What runs a network. ONNX Runtime in production, a script in tests.

use super::EngineError;
use crate::landmarks::LandmarkTensors;
use crate::store::Network;

/// The tensors a network produced, borrowed from the runner.
#[derive(Clone, Copy, Debug)]
pub enum Outputs<'a> {
    /// Of [`Network::Detector`].
    Detector {
        /// 2254 x (centre, size, four keypoints) relative to the anchors, in 224-pixel units.
        boxes: &'a [f32],
        /// 2254 logits.
        logits: &'a [f32],
    },
    /// Of [`Network::Landmarker`].
    Landmarks(LandmarkTensors<'a>),
}

/// Runs networks on one worker thread; owns whatever sessions it needs and opens them on first use.
pub trait Runner: Send {
    /// Runs `network` on `input` (planar RGB) and hands the outputs to `sink`, once. The outputs live only during the call.
    fn run(
        &mut self,
        network: Network,
        input: &[f32],
        sink: &mut dyn FnMut(Outputs<'_>),
    ) -> Result<(), EngineError>;
}

/// Makes one [`Runner`] per worker.
pub trait Provider: Send + Sync {
    /// A runner for one worker. Called on the worker's own thread, on its first job.
    fn runner(&self) -> Result<Box<dyn Runner>, EngineError>;
}
