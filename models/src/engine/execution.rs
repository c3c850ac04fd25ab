//! ONNX Runtime's execution providers: whether the loaded library has one, and what each is told.

use super::parcel::input_side;
use super::{ExecutionProvider, runtime};
use crate::store::Network;
use ort::ep::{self, ExecutionProvider as _, ExecutionProviderDispatch};

/// Inputs a graphics processor takes at once. Chosen, not measured: one picture of each of sixteen streams.
const GPU_BATCH: usize = 16;

impl ExecutionProvider {
    /// Inputs that it profits from taking at once. A core gains nothing: its time per input stays the same or grows
    /// (4.5 ms alone, 5.2 ms in eights with the fast model).
    pub(super) fn batch(self) -> usize {
        match self {
            Self::Cuda | Self::TensorRt => GPU_BATCH,
            Self::Cpu | Self::OpenVino | Self::CoreMl | Self::Stub => 1,
        }
    }

    /// Those that the loaded ONNX Runtime was built with; the driver that one needs can still be missing. None before a
    /// library has been loaded, which starting an engine does.
    pub fn built_in() -> impl Iterator<Item = Self> {
        let loaded = runtime::loaded().is_some();
        Self::ALL
            .into_iter()
            .filter(move |&provider| loaded && is_built_in(provider))
    }
}

/// Whether the loaded library was built with it.
pub(super) fn is_built_in(provider: ExecutionProvider) -> bool {
    let answer = match provider {
        ExecutionProvider::Cpu => return true,
        ExecutionProvider::Cuda => ep::CUDA::is_available(),
        ExecutionProvider::TensorRt => ep::TensorRT::is_available(),
        ExecutionProvider::OpenVino => ep::OpenVINO::is_available(),
        ExecutionProvider::CoreMl => ep::CoreML::is_available(),
        ExecutionProvider::Stub => return false,
    };
    answer.unwrap_or(false)
}

/// What a session is told to run `network`; nothing for the CPU, which ONNX Runtime adds by itself. Whatever would make
/// numbers coarser than the CPU's is turned off: they are measurements.
pub(super) fn dispatch(
    provider: ExecutionProvider,
    network: Network,
    threads: usize,
) -> Option<ExecutionProviderDispatch> {
    let dispatch = match provider {
        ExecutionProvider::Cpu | ExecutionProvider::Stub => return None,
        ExecutionProvider::Cuda => ep::CUDA::default().with_tf32(false).build(),
        ExecutionProvider::TensorRt => tensor_rt(network).build(),
        ExecutionProvider::OpenVino => ep::OpenVINO::default()
            .with_device_type("CPU")
            .with_precision("FP32")
            .with_num_threads(threads)
            .build(),
        ExecutionProvider::CoreMl => ep::CoreML::default().build(),
    };
    Some(dispatch.error_on_failure())
}

/// Without these shapes it would compile a network anew for every size of batch.
fn tensor_rt(network: Network) -> ep::TensorRT {
    let side = input_side(network);
    let shape = |batch: usize| format!("{}:{batch}x3x{side}x{side}", super::onnx::INPUT);
    ep::TensorRT::default()
        .with_profile_min_shapes(shape(1))
        .with_profile_opt_shapes(shape(GPU_BATCH))
        .with_profile_max_shapes(shape(GPU_BATCH))
}
