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

/// Runs networks, one run at a time, on whatever thread; owns the sessions it needs and opens them on first use.
pub trait Runner: Send {
    /// Runs `network` on `input` (planar RGB) and hands the outputs to `sink`, once. The outputs live only during the call.
    fn run(
        &mut self,
        network: Network,
        input: &[f32],
        sink: &mut dyn FnMut(Outputs<'_>),
    ) -> Result<(), EngineError>;

    /// As [`Runner::run`] for several inputs; each one's outputs come with its index. By default one after the other.
    fn run_batch(
        &mut self,
        network: Network,
        inputs: &[Vec<f32>],
        sink: &mut dyn FnMut(usize, Outputs<'_>),
    ) -> Result<(), EngineError> {
        for (index, input) in inputs.iter().enumerate() {
            self.run(network, input, &mut |outputs| sink(index, outputs))?;
        }
        Ok(())
    }
}

/// Makes as many [`Runner`]s as inferences run at the same time.
pub trait Provider: Send + Sync {
    /// A new runner. Called when it is first needed, and again after a runner has failed.
    fn runner(&self) -> Result<Box<dyn Runner>, EngineError>;

    /// How many inputs a runner profits from taking at once, at most; 1 is one after the other.
    fn batch(&self) -> usize {
        1
    }

    /// What runs the networks, in a word.
    fn name(&self) -> &'static str {
        "custom"
    }

    /// What is not as configured, in sentences for an operator. Grows when something new turns up.
    fn notices(&self) -> Vec<String> {
        Vec::new()
    }
}
