//! Watches a session from start to end: messages of its pipeline, silence, requests to stop.
//!
//! One thread per session waits on the bus until the next deadline, and is the only one that stops the pipeline.

use super::session::Shared;
use super::{LiveError, LiveEvent, SessionState};
use gst::prelude::*;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Name of the message that makes the watch look around.
const WAKE: &str = "kinemotion-wake";

/// Makes the watch of a pipeline look around now.
pub(crate) fn wake(bus: &gst::Bus) {
    // Fails only on a bus that is flushing, and then the watch has ended.
    let _ = bus.post(gst::message::Application::new(gst::Structure::new_empty(WAKE)));
}

/// Starts the watch; the thread ends with the session.
pub(super) fn start(shared: Arc<Shared>) -> std::io::Result<std::thread::JoinHandle<()>> {
    std::thread::Builder::new()
        .name(format!("live-{}", shared.spec.id))
        .spawn(move || {
            Watch::new(&shared).run();
            shared.stop();
        })
}

struct Watch<'a> {
    shared: &'a Shared,
    /// When frames began to be expected.
    expecting: Option<Instant>,
    finishing: Option<Instant>,
}

impl<'a> Watch<'a> {
    fn new(shared: &'a Shared) -> Self {
        Self {
            shared,
            expecting: None,
            finishing: None,
        }
    }

    fn run(mut self) {
        let bus = self.shared.bus();
        loop {
            let message = bus.timed_pop(self.patience());
            if let Some(message) = message
                && self.handle(&message).is_break()
            {
                return;
            }
            if self.look_around().is_break() {
                return;
            }
        }
    }

    /// Time until silence or a slow finish would have to be noticed.
    fn patience(&self) -> Option<gst::ClockTime> {
        let deadline = match self.shared.life.state() {
            SessionState::Waiting => return None,
            SessionState::Finishing => self.finishing? + self.permitted_finish(),
            state => self.heard()? + self.permitted_silence(state),
        };
        let left = deadline.saturating_duration_since(Instant::now());
        // A deadline that has come is looked at by the next round, not spun on.
        gst::ClockTime::try_from(left.max(Duration::from_millis(1))).ok()
    }

    /// When something was last heard of the source.
    fn heard(&self) -> Option<Instant> {
        self.expecting
            .into_iter()
            .chain(self.shared.meter.last_frame())
            .max()
    }

    fn permitted_silence(&self, state: SessionState) -> Duration {
        let once = Duration::from_secs_f64(self.shared.spec.limits.silence_s.max(0.1));
        // Connecting takes its time, and a stalled session gets a second chance.
        match state {
            SessionState::Live => once,
            _ => once * 2,
        }
    }

    fn permitted_finish(&self) -> Duration {
        Duration::from_secs_f64(self.shared.spec.limits.finish_s.max(0.1))
    }

    fn handle(&self, message: &gst::Message) -> ControlFlow<()> {
        let life = &self.shared.life;
        match message.view() {
            // A publisher who closes the page leaves without a word but a broken association.
            gst::MessageView::Error(error)
                if error.src().is_some_and(|from| self.shared.is_publishers(from)) =>
            {
                self.shared.finish(Some("the publisher left".into()));
            }
            gst::MessageView::Error(error) => {
                life.fail(self.shared.explain(error));
                return ControlFlow::Break(());
            }
            gst::MessageView::Warning(warning) => {
                life.tell(LiveEvent::Warning(warning.error().message().to_owned()));
            }
            gst::MessageView::Latency(_) => {
                // Fails when an element has no answer yet; it asks again when it has.
                let _ = self.shared.pipeline().recalculate_latency();
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }

    fn look_around(&mut self) -> ControlFlow<()> {
        let shared = self.shared;
        if shared.has_to_stop() || shared.life.state().is_final() {
            return ControlFlow::Break(());
        }
        shared.video.tend();
        if shared.has_ended() {
            shared.video.finish();
            let (_, reason) = shared.life.present();
            shared.life.enter(SessionState::Done, reason);
            return ControlFlow::Break(());
        }
        match shared.life.state() {
            SessionState::Waiting => {}
            SessionState::Finishing if shared.meter.frames.get() == 0 => {
                let (_, reason) = shared.life.present();
                shared.life.enter(SessionState::Done, reason);
                return ControlFlow::Break(());
            }
            SessionState::Finishing => {
                let since = *self.finishing.get_or_insert_with(Instant::now);
                let permitted = self.permitted_finish();
                if since.elapsed() >= permitted {
                    let seconds = permitted.as_secs_f64();
                    shared.life.fail(LiveError::Unfinished { seconds });
                    return ControlFlow::Break(());
                }
            }
            state => {
                self.expecting.get_or_insert_with(Instant::now);
                self.listen(state);
                if shared.life.state().is_final() {
                    return ControlFlow::Break(());
                }
            }
        }
        ControlFlow::Continue(())
    }

    /// Notices silence.
    fn listen(&self, state: SessionState) {
        let silent = self.heard().map(|heard| heard.elapsed()).unwrap_or_default();
        if silent < self.permitted_silence(state) {
            return;
        }
        let seconds = silent.as_secs_f64();
        let life = &self.shared.life;
        match state {
            SessionState::Live => {
                life.enter(
                    SessionState::Stalled,
                    Some(format!("no frame for {seconds:.1} s")),
                );
            }
            _ => life.fail(LiveError::Silent { seconds }),
        }
    }
}
