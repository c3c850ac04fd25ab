//! One push of encoded video: a thread that keeps its pipeline running, tries again when it breaks, and ends it in good
//! order.

use super::Video;
use super::fanout::Subscriber;
use super::rendition::Rendition;
use super::target::{Outgoing, Target};
use crate::live::{LiveError, PushInfo, PushState};
use crate::sync::lock;
use gst::prelude::*;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Pause before the first retry; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// Longest pause: a broadcast goes on when the other side is there again, however long that took.
const LONGEST_PAUSE: Duration = Duration::from_secs(8);
/// A push that has run for this long starts to count anew.
const STEADY: Duration = Duration::from_secs(30);
/// The longest the last of the video takes to be sent or written.
const LONGEST_END: gst::ClockTime = gst::ClockTime::from_seconds(5);

/// A push that runs. Dropping it ends it in good order.
pub(super) struct RunningPush {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

/// What the handle and the thread of a push share.
struct Shared {
    target: Target,
    status: Mutex<PushInfo>,
    /// The consumer of the present attempt.
    subscriber: Mutex<Option<Arc<Subscriber>>>,
    /// Carries the messages of every attempt and the request to stop, so that one wait is for all of them.
    bus: gst::Bus,
    stopping: AtomicBool,
}

impl RunningPush {
    /// Starts a push.
    pub fn start(id: u64, target: Target, video: &Arc<Video>) -> Result<Self, LiveError> {
        // A missing element shows now, not on a thread.
        drop(target.pipeline()?);
        let status = PushInfo {
            id,
            kind: target.kind(),
            target: target.shown(),
            state: PushState::Connecting,
            reason: None,
            sent: 0,
            dropped: 0,
        };
        let shared = Arc::new(Shared {
            target,
            status: Mutex::new(status),
            subscriber: Mutex::default(),
            bus: gst::Bus::new(),
            stopping: AtomicBool::new(false),
        });
        let (worker, video) = (shared.clone(), Arc::downgrade(video));
        let thread = std::thread::Builder::new()
            .name(format!("push-{id}"))
            .spawn(move || worker.run(&video))
            .map_err(|error| LiveError::Output {
                reason: format!("no thread for it: {error}"),
            })?;
        Ok(Self {
            shared,
            thread: Some(thread),
        })
    }

    /// How it goes.
    pub fn info(&self) -> PushInfo {
        let mut info = lock(&self.shared.status).clone();
        if let Some(subscriber) = lock(&self.shared.subscriber).as_ref() {
            info.sent += subscriber.sent.get();
            info.dropped += subscriber.dropped.get();
        }
        info
    }

    /// Asks it to end in good order.
    pub fn ask_to_stop(&self) {
        self.shared.stopping.store(true, Ordering::Release);
        let request = gst::message::Application::new(gst::Structure::new_empty("kinemotion-stop"));
        // Our own bus does not flush.
        let _ = self.shared.bus.post(request);
    }

    /// The thread, for whoever wants to wait for it.
    pub fn take_thread(&mut self) -> Option<JoinHandle<()>> {
        self.thread.take()
    }
}

impl Drop for RunningPush {
    fn drop(&mut self) {
        self.ask_to_stop();
        if let Some(thread) = self.take_thread() {
            // A push that panicked has nothing left to wait for.
            let _ = thread.join();
        }
    }
}

/// How an attempt ended.
enum End {
    AsAsked,
    Broke(String),
}

impl Shared {
    fn run(&self, video: &Weak<Video>) {
        let mut failures = 0u32;
        loop {
            let began = Instant::now();
            let reason = match self.attempt(video) {
                End::AsAsked => return self.say(PushState::Done, None),
                End::Broke(reason) => reason,
            };
            failures = if began.elapsed() >= STEADY {
                1
            } else {
                failures + 1
            };
            if failures == 1
                && let Some(video) = video.upgrade()
            {
                (video.warn)(format!("push to {} broke: {reason}", self.target.shown()));
            }
            if !self.target.may_recover() {
                return self.say(PushState::Failed, Some(reason));
            }
            self.say(PushState::Retrying, Some(reason));
            let pause = FIRST_PAUSE
                .saturating_mul(2u32.saturating_pow(failures - 1))
                .min(LONGEST_PAUSE);
            let pause = gst::ClockTime::try_from(pause).unwrap_or(gst::ClockTime::SECOND);
            self.bus
                .timed_pop_filtered(pause, &[gst::MessageType::Application]);
            if self.stopping.load(Ordering::Acquire) {
                return self.say(PushState::Done, None);
            }
        }
    }

    fn say(&self, state: PushState, reason: Option<String>) {
        let mut status = lock(&self.status);
        status.state = state;
        status.reason = reason;
    }

    /// Runs until it breaks or is asked to stop.
    fn attempt(&self, video: &Weak<Video>) -> End {
        let outgoing = match self.target.pipeline() {
            Ok(outgoing) => outgoing,
            Err(error) => return End::Broke(error.to_string()),
        };
        let pipeline = &outgoing.pipeline.0;
        // What an earlier attempt said is of no interest any more.
        while self
            .bus
            .pop_filtered(&[gst::MessageType::Error, gst::MessageType::Eos])
            .is_some()
        {}
        pipeline.set_auto_flush_bus(false);
        pipeline.set_bus(Some(&self.bus));
        if pipeline.set_state(gst::State::Playing).is_err() {
            let message = self.bus.pop_filtered(&[gst::MessageType::Error]);
            return End::Broke(
                message
                    .as_ref()
                    .and_then(reason_of)
                    .unwrap_or("it does not start".into()),
            );
        }
        let Some(video) = video.upgrade() else {
            return End::AsAsked;
        };
        *lock(&self.subscriber) = Some(outgoing.subscriber.clone());
        let rendition = video.rendition(self.target.form());
        let end = match rendition.subscribe(outgoing.subscriber.clone()) {
            Ok(()) => self.carry(&outgoing, rendition),
            Err(error) => End::Broke(error.to_string()),
        };
        rendition.unsubscribe(&outgoing.subscriber);
        self.count(&outgoing.subscriber);
        end
    }

    /// Waits for the end of an attempt that runs.
    fn carry(&self, outgoing: &Outgoing, rendition: &Rendition) -> End {
        self.tell_first(outgoing);
        let kinds = [
            gst::MessageType::Error,
            gst::MessageType::Application,
            gst::MessageType::Eos,
        ];
        loop {
            let Some(message) = self.bus.timed_pop_filtered(gst::ClockTime::NONE, &kinds) else {
                return End::AsAsked;
            };
            match message.type_() {
                gst::MessageType::Error => return broke(&message),
                gst::MessageType::Application if message.structure().is_some_and(|s| s.name() == FIRST) => {
                    self.say(PushState::Running, None);
                }
                gst::MessageType::Application => break,
                _ => return End::AsAsked,
            }
        }
        rendition.pause(&outgoing.subscriber);
        if outgoing.subscriber.sent.get() == 0 || outgoing.subscriber.source.end_of_stream().is_err() {
            return End::AsAsked;
        }
        let kinds = [gst::MessageType::Error, gst::MessageType::Eos];
        match self.bus.timed_pop_filtered(LONGEST_END, &kinds) {
            Some(message) if message.type_() == gst::MessageType::Error => broke(&message),
            Some(_) => End::AsAsked,
            None => End::Broke("its last video did not get through in time".into()),
        }
    }

    /// Makes it known on the bus when the last element has taken its first data: a sink keeps it until it is connected, so the
    /// second is waited for.
    fn tell_first(&self, outgoing: &Outgoing) {
        let (bus, taken) = (self.bus.clone(), AtomicBool::new(false));
        let Some(pad) = outgoing.last.sink_pads().into_iter().next() else {
            return;
        };
        pad.add_probe(
            gst::PadProbeType::BUFFER | gst::PadProbeType::BUFFER_LIST,
            move |_, _| {
                if !taken.swap(true, Ordering::Relaxed) {
                    return gst::PadProbeReturn::Ok;
                }
                let first = gst::message::Application::new(gst::Structure::new_empty(FIRST));
                // Our own bus does not flush.
                let _ = bus.post(first);
                gst::PadProbeReturn::Remove
            },
        );
    }

    /// Keeps the counts of an attempt that is over.
    fn count(&self, subscriber: &Subscriber) {
        *lock(&self.subscriber) = None;
        let mut status = lock(&self.status);
        status.sent += subscriber.sent.get();
        status.dropped += subscriber.dropped.get();
    }
}

/// Name of the message that says that video flows.
const FIRST: &str = "kinemotion-first";

fn broke(message: &gst::Message) -> End {
    End::Broke(reason_of(message).unwrap_or("it broke".into()))
}

fn reason_of(message: &gst::Message) -> Option<String> {
    match message.view() {
        gst::MessageView::Error(error) => Some(error.error().message().trim_end_matches('.').to_owned()),
        _ => None,
    }
}
