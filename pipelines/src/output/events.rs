//! The event stream as text: `queue ! kinejson ! appsink`, handed line by line to a writer.

use super::branch::{Branch, bounded_queue};
use crate::AnalysisError;
use crate::elements::make;
use gst::prelude::*;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

/// Takes newline-delimited JSON, one or more whole lines per call, in order. An error ends the analysis.
pub type EventLines = Box<dyn FnMut(&[u8]) -> io::Result<()> + Send>;

/// Where a failed write is left for the thread that waits.
#[derive(Clone, Default)]
pub(crate) struct WriteFailure(Arc<Mutex<Option<io::Error>>>);

impl WriteFailure {
    fn set(&self, error: io::Error) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get_or_insert(error);
    }

    /// The first failure, once.
    pub fn take(&self) -> Option<io::Error> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// The branch that writes events.
pub(crate) struct EventBranch {
    pub branch: Branch,
    pub failure: WriteFailure,
}

impl EventBranch {
    /// Adds `queue ! kinejson ! appsink`; `analysis_id` is written into each line.
    pub fn build(
        pipeline: &gst::Pipeline,
        analysis_id: Option<&str>,
        mut lines: EventLines,
    ) -> Result<Self, AnalysisError> {
        /// Lines waiting for the writer; the pipeline waits beyond that, so nothing is lost.
        const WAITING: u32 = 16;
        let queue = bounded_queue("events-queue")?;
        let json = make("kinejson", "events")?;
        json.set_property("analysis-id", analysis_id);
        let failure = WriteFailure::default();
        let left = failure.clone();
        let sink = gst_app::AppSink::builder()
            .name("events-sink")
            .sync(false)
            .max_buffers(WAITING)
            .build();
        sink.set_callbacks(
            gst_app::AppSinkCallbacks::builder()
                .new_sample(move |sink| {
                    let sample = sink.pull_sample().map_err(|_| gst::FlowError::Eos)?;
                    let buffer = sample.buffer().ok_or(gst::FlowError::Error)?;
                    let text = buffer.map_readable().map_err(|_| gst::FlowError::Error)?;
                    lines(&text).map(|()| gst::FlowSuccess::Ok).map_err(|error| {
                        left.set(error);
                        gst::FlowError::Error
                    })
                })
                .build(),
        );
        let branch = Branch::build(pipeline, vec![queue, json, sink.into()])?;
        Ok(Self { branch, failure })
    }
}
