//! Watches a session from start to end: messages of its pipeline, silence, publishers who leave and come back, frames that
//! are stuck, requests to stop.
//!
//! One thread per session waits on the bus until the next deadline, and is the only one that stops the pipeline.

use super::graph;
use super::session::Shared;
use super::source::{Loss, Place, Whip};
use super::{LiveError, LiveEvent, SessionState};
use gst::prelude::*;
use std::ops::ControlFlow;
use std::sync::{Arc, mpsc};
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
            let failed = shared.life.state() == SessionState::Failed;
            shared
                .diagnostics
                .conclude(failed.then(|| graph::of(shared.pipeline())));
            stop(&shared);
        })
}

/// The longest a pipeline is waited for. One of whose threads does not come back never stops.
const LONGEST_STOP: Duration = Duration::from_secs(10);

/// Stops the pipeline. One that does not stop in time is left to itself, so that nobody else waits for it for ever.
fn stop(shared: &Arc<Shared>) {
    let (done, stopped) = mpsc::sync_channel(1);
    let own = shared.clone();
    let stopping = std::thread::Builder::new()
        .name("live-stop".into())
        .spawn(move || {
            own.stop();
            drop(own);
            // Nobody listens any more when the time was up.
            let _ = done.send(());
        });
    match stopping {
        Ok(_) if stopped.recv_timeout(LONGEST_STOP) == Err(mpsc::RecvTimeoutError::Timeout) => {
            gst::error!(
                gst::CAT_RUST,
                obj = shared.pipeline(),
                "the pipeline of {} does not stop and is left to itself",
                shared.spec.id
            );
        }
        Ok(_) => {}
        Err(_) => shared.stop(),
    }
}

struct Watch<'a> {
    shared: &'a Shared,
    /// When frames began to be expected.
    expecting: Option<Instant>,
    /// The connection they are expected of.
    connection: u64,
    /// Since when nobody publishes who did before, and how the last one was lost.
    away: Option<(Instant, Loss)>,
    finishing: Option<Instant>,
}

impl<'a> Watch<'a> {
    fn new(shared: &'a Shared) -> Self {
        Self {
            shared,
            expecting: None,
            connection: 0,
            away: None,
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

    /// Time until the next thing would have to be noticed: silence, a publisher who does not come back, a frame that is stuck,
    /// a slow finish.
    fn patience(&self) -> Option<gst::ClockTime> {
        let deadline = match self.shared.life.state() {
            SessionState::Waiting => return None,
            SessionState::Finishing => self.finishing? + self.permitted_finish(),
            _ if self.away.is_some() => self.away?.0 + self.permitted_absence(),
            state => self.heard()? + self.permitted_silence(state),
        };
        let stuck = self.shared.stations.waiting();
        let stuck = stuck.map(|stuck| stuck.since + self.permitted_stay());
        let now = Instant::now();
        // Silence while a frame is under way is none, see `listen`.
        let deadline = match stuck {
            Some(stuck) if deadline <= now => stuck,
            Some(stuck) => stuck.min(deadline),
            // One may be stuck from the next moment on, which wakes nobody.
            None => deadline.min(now + self.permitted_stay()),
        };
        let left = deadline.saturating_duration_since(now);
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
        // Connecting takes its time, and a stalled session gets a second chance: a publisher whose network was gone, at least
        // as much as one who comes back as somebody new.
        match state {
            SessionState::Live => once,
            SessionState::Stalled if self.shared.publisher().is_some() => {
                once + once.max(self.permitted_absence())
            }
            _ => once * 2,
        }
    }

    fn permitted_absence(&self) -> Duration {
        Duration::from_secs_f64(self.shared.spec.limits.reconnect_s.max(0.0))
    }

    fn permitted_stay(&self) -> Duration {
        Duration::from_secs_f64(self.shared.spec.limits.stuck_s.max(0.1))
    }

    fn permitted_finish(&self) -> Duration {
        Duration::from_secs_f64(self.shared.spec.limits.finish_s.max(0.1))
    }

    fn handle(&self, message: &gst::Message) -> ControlFlow<()> {
        let (life, pipeline) = (&self.shared.life, self.shared.pipeline());
        self.shared.diagnostics.message(pipeline, message);
        match message.view() {
            gst::MessageView::Error(error) => {
                let from = error.src();
                let publisher = self.shared.publisher();
                // A publisher who closes the page leaves without a word but a broken association.
                if let Some(publisher) =
                    publisher.filter(|publisher| from.is_some_and(|from| publisher.contains(from)))
                {
                    publisher.lose(Loss::Left);
                } else if from.is_none_or(|from| is_within(from, pipeline)) {
                    life.fail(self.shared.explain(error));
                    return ControlFlow::Break(());
                }
            }
            gst::MessageView::Warning(warning) => {
                life.tell(LiveEvent::Warning(warning.error().message().to_owned()));
            }
            gst::MessageView::Latency(_) => {
                // Fails when an element has no answer yet; it asks again when it has.
                let _ = pipeline.recalculate_latency();
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
            _ => self.look_after(),
        }
        self.notice_stuck();
        match shared.life.state().is_final() {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    }

    /// Looks after a session that has, or should have, a source.
    fn look_after(&mut self) {
        let place = self
            .shared
            .publisher()
            .map(|publisher| (publisher, publisher.place()));
        match place {
            Some((publisher, Place::Lost(loss))) => self.lose(publisher, loss),
            // Nobody: one was lost, or was to be replaced by somebody who then could not be answered.
            Some((_, Place::Free)) => self.wait_for_return(Loss::Left),
            Some((_, Place::Taken(connection))) => {
                let back = self.away.take().is_some();
                if back || connection != self.connection {
                    self.connection = connection;
                    self.expecting = Some(Instant::now());
                }
                self.listen();
            }
            None => self.listen(),
        }
    }

    /// A publisher is gone without having ended the session.
    fn lose(&mut self, publisher: &Whip, loss: Loss) {
        let shared = self.shared;
        if loss == Loss::Path && shared.meter.frames.get() == 0 {
            let reason = loss.reason().to_owned();
            shared.life.fail(LiveError::Negotiation { reason });
        } else if self.permitted_absence().is_zero() {
            shared.finish(Some(loss.reason().into()));
        } else {
            publisher.clear();
            self.away = None;
            self.wait_for_return(loss);
        }
    }

    /// Keeps the place of a publisher who is gone for a while, then completes what there is.
    fn wait_for_return(&mut self, loss: Loss) {
        let permitted = self.permitted_absence();
        let Some((since, loss)) = self.away else {
            self.away = Some((Instant::now(), loss));
            let (reason, seconds) = (loss.reason(), permitted.as_secs_f64());
            let reason = format!("{reason}; it may come back within {seconds} s");
            self.shared.life.await_return(reason);
            return;
        };
        if since.elapsed() >= permitted {
            self.shared.finish(Some(loss.reason().into()));
        }
    }

    /// Notices frames that went in and do not come out.
    fn notice_stuck(&self) {
        let permitted = self.permitted_stay();
        if let Some(stuck) = self.shared.stations.stuck(permitted) {
            self.shared.life.fail(LiveError::Stuck {
                part: stuck.part,
                seconds: stuck.since.elapsed().as_secs_f64(),
            });
        }
    }

    /// Notices silence. Where a frame is under way it is the analysis that is slow.
    fn listen(&mut self) {
        self.expecting.get_or_insert_with(Instant::now);
        let state = self.shared.life.state();
        let silent = self.heard().map(|heard| heard.elapsed()).unwrap_or_default();
        if silent < self.permitted_silence(state) || self.shared.stations.waiting().is_some() {
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

fn is_within(object: &gst::Object, pipeline: &gst::Pipeline) -> bool {
    let pipeline = pipeline.upcast_ref::<gst::Object>();
    object == pipeline || object.has_as_ancestor(pipeline)
}
