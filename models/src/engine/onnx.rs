//! Networks on ONNX Runtime.

use super::preference::{Opened, Preference};
use super::runner::{Outputs, Provider, Runner};
use super::{EngineConfig, EngineError, ExecutionProvider, execution, runtime};
use crate::engine::parcel::input_side;
use crate::landmarks::LandmarkTensors;
use crate::store::{self, Network};
use ort::environment::Environment;
use ort::session::builder::GraphOptimizationLevel;
use ort::session::{Session, SessionOutputs};
use ort::value::TensorRef;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Name of every network's input.
pub(super) const INPUT: &str = "input";

/// What every runner opens its sessions with.
struct Opener {
    environment: Environment,
    models: Option<PathBuf>,
    threads: usize,
    preference: Preference,
}

/// Opens sessions with the first execution provider that works.
pub(super) struct OnnxProvider(Arc<Opener>);

impl OnnxProvider {
    /// Loads ONNX Runtime, once per process.
    ///
    /// What is preferred to the CPU is tried with the smallest network, so that it is known from the start what runs and how many
    /// inputs it takes at once.
    pub fn new(config: &EngineConfig) -> Result<Self, EngineError> {
        let preference = Preference::new(&config.providers)?;
        if preference.lists(ExecutionProvider::Stub) {
            let reason = "stub cannot be one of several: nobody may get its numbers by accident";
            return Err(EngineError::Providers(reason.into()));
        }
        let opener = Opener {
            environment: runtime::environment(config.runtime.as_deref())?,
            models: config.models.clone(),
            threads: config.threads_per_worker.max(1),
            preference,
        };
        if opener.preference.provider() != ExecutionProvider::Cpu {
            opener.open(Network::Detector)?;
        }
        Ok(Self(Arc::new(opener)))
    }
}

impl Provider for OnnxProvider {
    fn runner(&self) -> Result<Box<dyn Runner>, EngineError> {
        Ok(Box::new(OnnxRunner {
            opener: self.0.clone(),
            sessions: [const { None }; Network::ALL.len()],
            batch: Vec::new(),
        }))
    }

    fn batch(&self) -> usize {
        self.0.preference.provider().batch()
    }

    fn name(&self) -> &'static str {
        self.0.preference.provider().name()
    }

    fn notices(&self) -> Vec<String> {
        self.0.preference.notices()
    }
}

impl Opener {
    fn open(&self, network: Network) -> Result<Session, EngineError> {
        let path =
            store::model_path(network, self.models.as_deref()).map_err(|error| EngineError::Model {
                file: network.to_string(),
                reason: error.to_string(),
            })?;
        let opened = self
            .preference
            .open(|provider| self.open_with(provider, network, &path));
        opened.map_err(|reasons| {
            if self.preference.lists(ExecutionProvider::Cpu) {
                // The CPU opens whatever is sound.
                EngineError::Model {
                    file: path.display().to_string(),
                    reason: format!("{reasons}; run `kinemotion models pull` to make it again"),
                }
            } else {
                EngineError::Providers(reasons)
            }
        })
    }

    /// ONNX Runtime gives the CPU whatever a provider cannot do, and says nothing: so it is first told not to.
    fn open_with(
        &self,
        provider: ExecutionProvider,
        network: Network,
        path: &Path,
    ) -> Result<Opened<Session>, String> {
        if !execution::is_built_in(provider) {
            return Err("the ONNX Runtime in use was built without it".into());
        }
        let attempt = |alone| {
            self.session(provider, network, path, alone)
                .map_err(|error| error.to_string())
        };
        if provider == ExecutionProvider::Cpu {
            return attempt(false).map(|session| Opened {
                session,
                notice: None,
            });
        }
        let alone = attempt(true);
        let (session, notice) = match alone {
            Ok(session) => (session, None),
            Err(reason) => {
                let notice = format!("{provider} leaves parts of {network} to the CPU: {reason}");
                (attempt(false)?, Some(notice))
            }
        };
        Ok(Opened { session, notice })
    }

    fn session(
        &self,
        provider: ExecutionProvider,
        network: Network,
        path: &Path,
        alone: bool,
    ) -> ort::Result<Session> {
        // Spinning threads burn the cores other sessions need; one session per worker has nobody to spin for.
        let mut builder = Session::builder(&self.environment)?
            .with_intra_threads(self.threads)?
            .with_intra_op_spinning(false)?
            .with_optimization_level(GraphOptimizationLevel::All)?;
        if let Some(dispatch) = execution::dispatch(provider, network, self.threads) {
            builder = builder.with_execution_providers([dispatch])?;
        }
        if alone {
            builder = builder.with_disable_cpu_fallback()?;
        }
        builder.commit_from_file(path)
    }
}

struct OnnxRunner {
    opener: Arc<Opener>,
    /// In the order of [`Network::ALL`].
    sessions: [Option<Session>; Network::ALL.len()],
    /// Several inputs in a row; kept for its memory.
    batch: Vec<f32>,
}

impl Runner for OnnxRunner {
    fn run(
        &mut self,
        network: Network,
        input: &[f32],
        sink: &mut dyn FnMut(Outputs<'_>),
    ) -> Result<(), EngineError> {
        self.run_rows(network, 1, input, &mut |_, outputs| sink(outputs))
    }

    fn run_batch(
        &mut self,
        network: Network,
        inputs: &[Vec<f32>],
        sink: &mut dyn FnMut(usize, Outputs<'_>),
    ) -> Result<(), EngineError> {
        if let [input] = inputs {
            return self.run_rows(network, 1, input, sink);
        }
        let mut batch = std::mem::take(&mut self.batch);
        batch.clear();
        inputs.iter().for_each(|input| batch.extend_from_slice(input));
        let outcome = self.run_rows(network, inputs.len(), &batch, sink);
        self.batch = batch;
        outcome
    }
}

impl OnnxRunner {
    /// The networks' first dimension is free: a row of every tensor belongs to one input.
    fn run_rows(
        &mut self,
        network: Network,
        count: usize,
        input: &[f32],
        sink: &mut dyn FnMut(usize, Outputs<'_>),
    ) -> Result<(), EngineError> {
        let side = input_side(network);
        let session = self.session(network)?;
        let failed = |error: ort::Error| EngineError::Inference(format!("{network}: {error}"));
        let input = TensorRef::from_array_view(([count, 3, side, side], input)).map_err(failed)?;
        let outputs = session.run(ort::inputs![INPUT => input]).map_err(failed)?;
        let rows = |name| Rows::of(&outputs, network, name, count);
        match network {
            Network::Detector => {
                let (boxes, logits) = (rows("boxes")?, rows("scores")?);
                for i in 0..count {
                    let (boxes, logits) = (boxes.row(i), logits.row(i));
                    sink(i, Outputs::Detector { boxes, logits });
                }
            }
            Network::Landmarker(_) => {
                let (landmarks, presence) = (rows("landmarks")?, rows("presence")?);
                let (heatmap, world) = (rows("heatmap")?, rows("world")?);
                for i in 0..count {
                    let tensors = LandmarkTensors {
                        landmarks: landmarks.row(i),
                        presence: presence.row(i).first().copied().unwrap_or(f32::NAN),
                        heatmap: heatmap.row(i),
                        world: world.row(i),
                    };
                    sink(i, Outputs::Landmarks(tensors));
                }
            }
        }
        Ok(())
    }

    fn session(&mut self, network: Network) -> Result<&mut Session, EngineError> {
        let index = network.index();
        if self.sessions[index].is_none() {
            self.sessions[index] = Some(self.opener.open(network)?);
        }
        Ok(self.sessions[index].as_mut().expect("filled above"))
    }
}

/// An output tensor, one row per input.
struct Rows<'o> {
    values: &'o [f32],
    width: usize,
}

impl<'o> Rows<'o> {
    fn of(
        outputs: &'o SessionOutputs<'_>,
        network: Network,
        name: &str,
        count: usize,
    ) -> Result<Self, EngineError> {
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
        if values.len().is_multiple_of(count) {
            let width = values.len() / count;
            Ok(Self { values, width })
        } else {
            let len = values.len();
            Err(wrong(format!(
                "output {name} has {len} values for {count} inputs"
            )))
        }
    }

    fn row(&self, i: usize) -> &'o [f32] {
        &self.values[i * self.width..][..self.width]
    }
}
