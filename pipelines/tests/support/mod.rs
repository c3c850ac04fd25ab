//! What the tests of live sessions and of the recipes share. Each test program uses a part of it.
#![allow(dead_code)]

pub mod peer;
pub mod recipe;
pub mod rtsp_camera;
pub mod screen;

use gst::glib;
use kinemotion_models::Quality;
use kinemotion_motion::MovementChoice;
use kinemotion_pipelines::live::{
    Demo, Limits, LiveEvent, LiveSession, LiveSource, LiveSpec, SessionState, WhipOptions,
};
use std::sync::{Arc, Once, mpsc};
use std::time::{Duration, Instant};

/// Longer than any event of these tests may take to come, on a machine that is busy with other things.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A session under test and what it says.
pub struct Started {
    pub session: LiveSession,
    pub events: mpsc::Receiver<LiveEvent>,
}

/// Initialises GStreamer; from then on a CRITICAL of GLib ends the test program, with the place that caused it.
pub fn init() {
    static STRICT: Once = Once::new();
    STRICT.call_once(|| {
        gst::init().expect("GStreamer");
        glib::log_set_default_handler(|domain, level, message| {
            let fatal = matches!(level, glib::LogLevel::Critical | glib::LogLevel::Error);
            if fatal || level == glib::LogLevel::Warning {
                eprintln!("{} {level:?}: {message}", domain.unwrap_or_default());
            }
            if fatal {
                eprintln!("{}", std::backtrace::Backtrace::force_capture());
                std::process::abort();
            }
        });
    });
}

pub fn start(spec: LiveSpec) -> Started {
    init();
    let (sender, events) = mpsc::channel();
    let session = LiveSession::start(
        spec,
        Arc::new(move |event| {
            // The test may have seen enough.
            let _ = sender.send(event);
        }),
    )
    .expect("a session");
    Started { session, events }
}

impl Started {
    /// Waits for an event in which `wanted` finds something.
    pub fn wait_for<T>(&self, mut wanted: impl FnMut(&LiveEvent) -> Option<T>) -> T {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let event = self.events.recv_timeout(left);
            let event = event.unwrap_or_else(|_| panic!("the event did not come: {:?}", self.session.info()));
            if let Some(found) = wanted(&event) {
                return found;
            }
            if let LiveEvent::State { state, reason } = &event
                && state.is_final()
            {
                panic!("the session is {state:?}: {reason:?}");
            }
        }
    }

    /// Waits for the end of the session; returns how it ended and why.
    pub fn wait_for_end(&self) -> (SessionState, Option<String>) {
        self.wait_for(|event| match event {
            LiveEvent::State { state, reason } if state.is_final() => Some((*state, reason.clone())),
            _ => None,
        })
    }

    /// Waits for a state; returns its reason.
    pub fn wait_for_state(&self, wanted: SessionState) -> Option<String> {
        self.wait_for(|event| match event {
            LiveEvent::State { state, reason } if *state == wanted => Some(reason.clone()),
            _ => None,
        })
    }

    /// Waits until a frame has been analysed after all that came before.
    pub fn wait_for_frame(&self) {
        self.wait_for(|event| matches!(event, LiveEvent::Pose(_)).then_some(()));
    }
}

/// A test picture, and its encoding for [`peer::Offerer::publisher`].
pub const PICTURE: &str =
    "videotestsrc name=picture is-live=true pattern=ball ! video/x-raw,width=320,height=240,framerate=30/1";
pub const VP8: &str = "vp8enc deadline=1 cpu-used=8 ! rtpvp8pay pt=96";

/// Limits for a machine that is busy with other things.
fn patient() -> Limits {
    Limits {
        silence_s: 30.0,
        ..Limits::default()
    }
}

/// A place for a publisher, with the quickest model.
pub fn waiting() -> LiveSpec {
    LiveSpec {
        quality: Quality::Fast,
        limits: patient(),
        ..LiveSpec::new("whip", LiveSource::Whip(WhipOptions::default()))
    }
}

/// The demo athlete with the quickest model.
pub fn demo() -> LiveSpec {
    LiveSpec {
        movement: MovementChoice::Named("cmj"),
        quality: Quality::Fast,
        limits: patient(),
        ..LiveSpec::new("demo", LiveSource::Demo(Demo::default()))
    }
}
