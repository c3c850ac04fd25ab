//! Watches a pipeline from start to end of stream: messages, progress, requests to stop, silence.

use crate::decode::NO_VIDEO_MESSAGE;
use crate::failure::{self, Culprit, MissingCodec};
use crate::run::Run;
use crate::{AnalysisError, Progress};
use gst::prelude::*;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

/// How often progress is reported and a request to stop is noticed.
const LOOK_AROUND: gst::ClockTime = gst::ClockTime::from_mseconds(100);
/// A file that gives no frame for this long never will. Far longer than the slowest inference.
const LONGEST_SILENCE: Duration = Duration::from_secs(60);
/// Times in a row that nothing is being read before the file is given up; once can be the change between two readers.
const IDLE_LOOKS: u32 = 3;

/// One pipeline being watched.
pub(crate) struct Watch<'a> {
    run: &'a Run<'a>,
    missing_codecs: Vec<MissingCodec>,
    /// The input broke after some frames; waiting for the end of what was read.
    salvaging: bool,
    last_frame: (u64, Instant),
    last_look: Instant,
    idle_looks: u32,
}

impl<'a> Watch<'a> {
    /// Starts to watch a pipeline that has not been started.
    pub fn new(run: &'a Run<'a>) -> Self {
        let now = Instant::now();
        Self {
            run,
            missing_codecs: Vec::new(),
            salvaging: false,
            last_frame: (0, now),
            last_look: now,
            idle_looks: 0,
        }
    }

    /// Plays to the end, or to the first failure that leaves nothing to analyse.
    pub fn play(mut self, progress: &mut dyn FnMut(Progress)) -> Result<(), AnalysisError> {
        let pipeline = self.run.pipeline();
        let bus = pipeline.bus().expect("a pipeline has a bus");
        if pipeline.set_state(gst::State::Playing).is_err() {
            return Err(self.failed_start(&bus));
        }
        loop {
            if self.run.spec.cancellation.is_cancelled() {
                return Err(AnalysisError::Cancelled);
            }
            if let Some(message) = bus.timed_pop(LOOK_AROUND)
                && self.handle(&message)?.is_break()
            {
                break;
            }
            if self.last_look.elapsed() >= LOOK_AROUND.into() {
                self.last_look = Instant::now();
                self.report(progress);
                self.check_alive()?;
            }
        }
        self.report(progress);
        Ok(())
    }

    /// Breaks at the end of the stream.
    fn handle(&mut self, message: &gst::Message) -> Result<ControlFlow<()>, AnalysisError> {
        match message.view() {
            gst::MessageView::Eos(_) => return Ok(ControlFlow::Break(())),
            gst::MessageView::Error(error) if !self.salvaging => self.salvage(self.explain(error))?,
            gst::MessageView::Warning(warning) => {
                self.run
                    .chain
                    .collected()
                    .warn(warning.error().message().to_owned());
            }
            gst::MessageView::Application(application)
                if application
                    .structure()
                    .is_some_and(|s| s.name() == NO_VIDEO_MESSAGE) =>
            {
                return Err(failure::without_video(&self.run.spec.input, &self.missing_codecs));
            }
            gst::MessageView::Element(element) => {
                self.missing_codecs.extend(failure::missing_codec(element));
            }
            _ => {}
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Goes on to the end of what was read if the input broke after some frames.
    fn salvage(&mut self, failure: AnalysisError) -> Result<(), AnalysisError> {
        let chain = &self.run.chain;
        if !failure.is_input() || chain.collected().frames == 0 {
            return Err(failure);
        }
        chain
            .collected()
            .warn(format!("{failure}; analysed what could be read before that"));
        self.salvaging = true;
        self.run.decode.end_stream();
        Ok(())
    }

    fn explain(&self, error: &gst::message::Error) -> AnalysisError {
        let run = self.run;
        if let Some(failure) = run.events.as_ref().and_then(|events| events.failure.take()) {
            return AnalysisError::EventStream {
                kind: failure.kind(),
                reason: failure.to_string(),
            };
        }
        let culprit = match (error.src(), &run.overlay) {
            (Some(source), _) if run.chain.contains(source) => Culprit::Analysis,
            (Some(source), Some(overlay)) if overlay.branch.contains(source) => {
                Culprit::Output(overlay.target())
            }
            _ => Culprit::Input(&run.spec.input),
        };
        failure::explain(&culprit, error, &self.missing_codecs)
    }

    /// Why the pipeline did not start; elements say so on the bus.
    fn failed_start(&self, bus: &gst::Bus) -> AnalysisError {
        let message = bus.pop_filtered(&[gst::MessageType::Error]);
        match message.as_ref().map(|message| message.view()) {
            Some(gst::MessageView::Error(error)) => self.explain(error),
            _ => AnalysisError::Pipeline {
                element: "pipeline".into(),
                reason: "it does not start".into(),
            },
        }
    }

    fn report(&self, progress: &mut dyn FnMut(Progress)) {
        let (position_s, frames) = {
            let collected = self.run.chain.collected();
            (collected.last_s, collected.frames)
        };
        progress(Progress {
            position_s,
            duration_s: self.run.duration_s(),
            frames,
        });
    }

    fn check_alive(&mut self) -> Result<(), AnalysisError> {
        let path = || self.run.spec.input.clone();
        self.idle_looks = if self.run.decode.has_given_up() {
            self.idle_looks + 1
        } else {
            0
        };
        if self.idle_looks >= IDLE_LOOKS {
            return Err(AnalysisError::Damaged {
                path: path(),
                reason: "its structure makes no sense".into(),
            });
        }
        let collected = self.run.chain.collected();
        if collected.frames != self.last_frame.0 || collected.ended {
            self.last_frame = (collected.frames, Instant::now());
        }
        if self.last_frame.1.elapsed() < LONGEST_SILENCE {
            return Ok(());
        }
        Err(AnalysisError::Stalled {
            path: path(),
            position_s: collected.last_s,
        })
    }
}
