//! Networks on ONNX Runtime.

use super::runner::{Outputs, Provider, Runner};
use super::{EngineConfig, EngineError, runtime};
use crate::engine::parcel::input_side;
use crate::landmarks::LandmarkTensors;
use crate::store::{self, Network};
use ort::environment::Environment;
use ort::session::builder::GraphOptimizationLevel;
use ort::session::{Session, SessionOutputs};
use ort::value::TensorRef;
use std::path::{Path, PathBuf};

/// Name of every network's input.
const INPUT: &str = "input";

/// Opens sessions on the CPU.
pub(super) struct OnnxProvider {
    environment: Environment,
    models: Option<PathBuf>,
    threads: usize,
}

impl OnnxProvider {
    /// Loads ONNX Runtime, once per process.
    pub fn new(config: &EngineConfig) -> Result<Self, EngineError> {
        Ok(Self {
            environment: runtime::environment(config.runtime.as_deref())?,
            models: config.models.clone(),
            threads: config.threads_per_worker.max(1),
        })
    }
}

impl Provider for OnnxProvider {
    fn runner(&self) -> Result<Box<dyn Runner>, EngineError> {
        Ok(Box::new(OnnxRunner {
            environment: self.environment.clone(),
            models: self.models.clone(),
            threads: self.threads,
            sessions: [const { None }; Network::ALL.len()],
        }))
    }
}

struct OnnxRunner {
    environment: Environment,
    models: Option<PathBuf>,
    threads: usize,
    /// In the order of [`Network::ALL`].
    sessions: [Option<Session>; Network::ALL.len()],
}

impl Runner for OnnxRunner {
    fn run(
        &mut self,
        network: Network,
        input: &[f32],
        sink: &mut dyn FnMut(Outputs<'_>),
    ) -> Result<(), EngineError> {
        let side = input_side(network);
        let session = self.session(network)?;
        let failed = |error: ort::Error| EngineError::Inference(format!("{network}: {error}"));
        let input = TensorRef::from_array_view(([1, 3, side, side], input)).map_err(failed)?;
        let outputs = session.run(ort::inputs![INPUT => input]).map_err(failed)?;
        let tensor = |name| tensor(&outputs, network, name);
        match network {
            Network::Detector => sink(Outputs::Detector {
                boxes: tensor("boxes")?,
                logits: tensor("scores")?,
            }),
            Network::Landmarker(_) => sink(Outputs::Landmarks(LandmarkTensors {
                landmarks: tensor("landmarks")?,
                presence: tensor("presence")?.first().copied().unwrap_or(f32::NAN),
                heatmap: tensor("heatmap")?,
                world: tensor("world")?,
            })),
        }
        Ok(())
    }
}

impl OnnxRunner {
    fn session(&mut self, network: Network) -> Result<&mut Session, EngineError> {
        let index = network.index();
        if self.sessions[index].is_none() {
            let path =
                store::model_path(network, self.models.as_deref()).map_err(|error| EngineError::Model {
                    file: network.to_string(),
                    reason: error.to_string(),
                })?;
            self.sessions[index] = Some(self.open(&path)?);
        }
        Ok(self.sessions[index].as_mut().expect("filled above"))
    }

    fn open(&self, path: &Path) -> Result<Session, EngineError> {
        // Spinning threads burn the cores other sessions need; one session per worker has nobody to spin for.
        let session = Session::builder(&self.environment)
            .and_then(|b| Ok(b.with_intra_threads(self.threads)?))
            .and_then(|b| Ok(b.with_intra_op_spinning(false)?))
            .and_then(|b| Ok(b.with_optimization_level(GraphOptimizationLevel::All)?))
            .and_then(|mut b| b.commit_from_file(path));
        session.map_err(|error| EngineError::Model {
            file: path.display().to_string(),
            reason: format!("{error}; run `kinemotion models pull` to make it again"),
        })
    }
}

fn tensor<'o>(
    outputs: &'o SessionOutputs<'_>,
    network: Network,
    name: &str,
) -> Result<&'o [f32], EngineError> {
    let wrong = |reason: String| EngineError::Model {
        file: network.to_string(),
        reason,
    };
    let value = outputs
        .get(name)
        .ok_or_else(|| wrong(format!("it has no output named {name}")))?;
    let (_, values) = value
        .try_extract_tensor::<f32>()
        .map_err(|error| wrong(format!("output {name}: {error}")))?;
    Ok(values)
}
