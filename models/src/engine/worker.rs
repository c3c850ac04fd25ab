//! A worker thread: takes jobs, runs them with its own sessions, hands the parcels back.

use super::parcel::Parcel;
use super::runner::{Provider, Runner};
use super::schedule::{Opened, Schedule};
use super::{EngineError, Outputs};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Works until the engine stops.
pub(super) fn work(index: usize, schedule: &Schedule, provider: &Arc<dyn Provider>) {
    let mut runner: Option<Box<dyn Runner>> = None;
    let mut opened = Opened::default();
    let mut next = schedule.free(index, opened, None);
    while let Some(mut job) = next.or_else(|| schedule.wait(index)) {
        let network = job.parcel.network;
        let result = match &mut runner {
            Some(runner) => run(runner.as_mut(), &mut job.parcel),
            none => provider
                .runner()
                .and_then(|made| run(none.insert(made).as_mut(), &mut job.parcel)),
        };
        if result.is_ok() {
            opened.insert(network);
        } else {
            // Its sessions may be in any state now: begin afresh.
            runner = None;
            opened = Opened::default();
        }
        next = schedule.free(index, opened, result.is_ok().then_some(job.parcel.run_time));
        job.slot.complete(job.parcel, result);
    }
}

/// Runs a parcel. A panic of the runner is an error of this job, not the end of the worker.
fn run(runner: &mut dyn Runner, parcel: &mut Parcel) -> Result<(), EngineError> {
    let input = std::mem::take(&mut parcel.input);
    let mut delivered = false;
    parcel.decode_time = Duration::ZERO;
    let start = Instant::now();
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        runner.run(parcel.network, &input, &mut |outputs: Outputs<'_>| {
            let decode_start = Instant::now();
            parcel.absorb(outputs);
            parcel.decode_time = decode_start.elapsed();
            delivered = true;
        })
    }));
    parcel.run_time = start.elapsed().saturating_sub(parcel.decode_time);
    parcel.input = input;
    match outcome {
        Ok(Ok(())) if delivered => parcel.check_shape(),
        Ok(Ok(())) => Err(EngineError::Inference(format!(
            "{} gave no outputs",
            parcel.network
        ))),
        Ok(Err(error)) => Err(error),
        Err(_) => Err(EngineError::Inference(format!(
            "running {} panicked",
            parcel.network
        ))),
    }
}
