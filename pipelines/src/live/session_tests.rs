//! What only somebody inside can do to a session: hold a frame back, turn the clock.

use super::*;
use crate::live::{Demo, NoteKind};
use kinemotion_models::Quality;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Condvar, PoisonError};
use std::time::Duration;

/// Longer than any event of these tests may take to come, on a machine that is busy with other things.
const PATIENCE: Duration = Duration::from_secs(60);

fn demo(stuck_s: f64) -> (LiveSession, Receiver<LiveEvent>) {
    let mut spec = LiveSpec::new("test", LiveSource::Demo(Demo::default()));
    spec.quality = Quality::Fast;
    spec.limits.stuck_s = stuck_s;
    spec.limits.silence_s = 60.0;
    let (sender, events) = channel();
    let sink: EventSink = Arc::new(move |event| {
        // The test may have seen enough.
        let _ = sender.send(event);
    });
    (LiveSession::start(spec, sink).expect("a session"), events)
}

/// Waits for an event in which `wanted` finds something.
fn wait_for<T>(events: &Receiver<LiveEvent>, wanted: impl Fn(&LiveEvent) -> Option<T>) -> T {
    loop {
        let event = events.recv_timeout(PATIENCE).expect("the event comes");
        if let Some(found) = wanted(&event) {
            return found;
        }
    }
}

fn a_frame(event: &LiveEvent) -> Option<()> {
    matches!(event, LiveEvent::Pose(_)).then_some(())
}

/// Lets nobody through until it is opened, which happens when it is dropped at the latest.
#[derive(Clone, Default)]
struct Gate(Arc<(Mutex<bool>, Condvar)>);

impl Gate {
    fn wait(&self) {
        let (open, opened) = &*self.0;
        let waited = opened.wait_while(lock(open), |open| !*open);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }

    fn open(&self) {
        *lock(&self.0.0) = true;
        self.0.1.notify_all();
    }
}

#[test]
fn a_frame_that_does_not_come_back_fails_the_session_and_says_where() {
    let (session, events) = demo(1.0);
    wait_for(&events, a_frame);
    let gate = Gate::default();
    let [pose, _] = &session.shared.analysis;
    let pad = pose.static_pad("src").expect("a filter has both pads");
    let closed = gate.clone();
    pad.add_probe(gst::PadProbeType::BUFFER, move |_, _| {
        closed.wait();
        gst::PadProbeReturn::Ok
    });
    let error = wait_for(&events, |event| match event {
        LiveEvent::Error(error) => Some(error.clone()),
        _ => None,
    });
    assert!(
        matches!(error, LiveError::Stuck { part: "kinepose", .. }),
        "{error}"
    );
    wait_for(&events, |event| match event {
        LiveEvent::State { state, .. } if state.is_final() => Some(()),
        _ => None,
    });
    let diagnostics = session.diagnostics();
    let graph = diagnostics.graph.clone().expect("the graph of the failure");
    assert!(graph.contains("GstKinePose"), "{graph}");
    assert!(diagnostics.engine.landmarker_runs > 0, "{:?}", diagnostics.engine);
    let noted = |kind, text: &str| {
        let mut notes = diagnostics.notes.iter();
        notes.any(|note| note.kind == kind && note.text.contains(text))
    };
    assert!(noted(NoteKind::Error, "kinepose"), "{diagnostics:?}");
    assert!(noted(NoteKind::State, "Failed"), "{diagnostics:?}");
    // Whoever lets go of it is not held up by the thread that does not come back.
    drop(session);
    gate.open();
}

#[test]
fn a_clock_that_jumps_is_told_once_and_the_session_goes_on() {
    let (session, events) = demo(60.0);
    wait_for(&events, a_frame);
    let source = session.shared.intake.entry().peer().expect("the demo is linked");
    let frames = std::sync::atomic::AtomicU64::new(0);
    source.add_probe(gst::PadProbeType::BUFFER, move |_, info| {
        // A minute ahead, and two from the tenth frame on.
        let minutes = 1 + u64::from(frames.fetch_add(1, Ordering::Relaxed) >= 10);
        if let Some(gst::PadProbeData::Buffer(frame)) = &mut info.data
            && let Some(pts) = frame.pts()
        {
            frame
                .make_mut()
                .set_pts(pts + gst::ClockTime::from_seconds(60 * minutes));
        }
        gst::PadProbeReturn::Ok
    });
    let warning = wait_for(&events, |event| match event {
        LiveEvent::Warning(text) if text.contains("clock") => Some(text.clone()),
        _ => None,
    });
    assert!(
        warning.contains("jumped ahead by 60.") || warning.contains("jumped ahead by 59."),
        "{warning}"
    );
    // Past the second jump.
    let second = |event: &LiveEvent| match event {
        LiveEvent::Warning(text) => Some(Err(text.clone())),
        LiveEvent::Pose(pose) if pose.poses.time > 120.0 => Some(Ok(())),
        _ => None,
    };
    assert_eq!(wait_for(&events, second), Ok(()));
    assert_eq!(session.info().state, SessionState::Live);
}
