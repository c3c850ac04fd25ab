//! Publishers who leave without ending the session, and come back.

mod support;

use kinemotion_pipelines::live::{LiveError, LiveEvent, LiveSpec, SessionState};
use support::peer::Offerer;
use support::{PICTURE, Started, VP8, start, waiting};

fn publisher() -> Offerer {
    Offerer::publisher(&format!("{PICTURE} ! {VP8}"))
}

fn publish(started: &Started) -> Offerer {
    let publisher = publisher();
    let answer = started.session.answer(&publisher.offer()).expect("an answer");
    publisher.accept(&answer);
    publisher
}

/// A place that is kept for so many seconds.
fn kept_for(seconds: f64) -> LiveSpec {
    let mut spec = waiting();
    spec.limits.reconnect_s = seconds;
    spec
}

/// Media time of the next frame.
fn next_time(started: &Started) -> f64 {
    started.wait_for(|event| match event {
        LiveEvent::Pose(pose) => Some(pose.poses.time),
        _ => None,
    })
}

#[test]
fn whoever_left_may_come_back_and_media_time_goes_on() {
    let started = start(kept_for(60.0));
    let first = publish(&started);
    let before = next_time(&started);
    assert_eq!(started.session.connections().expect("a place"), 1);
    first.close_association();
    let reason = started.wait_for_state(SessionState::Stalled).unwrap_or_default();
    assert!(
        reason.contains("the publisher left") && reason.contains("within 60 s"),
        "{reason}"
    );
    let second = publish(&started);
    started.wait_for_state(SessionState::Connecting);
    started.wait_for_state(SessionState::Live);
    let after = next_time(&started);
    assert!(after > before, "{before} then {after}");
    assert_eq!(started.session.connections().expect("a place"), 2);
    // What stands behind the second is as whole as what stood behind the first.
    second.close_association();
    started.wait_for_state(SessionState::Stalled);
    let _third = publish(&started);
    started.wait_for_state(SessionState::Live);
    started.session.finish();
    assert_eq!(started.wait_for_end(), (SessionState::Done, None));
}

#[test]
fn whoever_does_not_come_back_has_left() {
    let started = start(kept_for(0.2));
    let publisher = publish(&started);
    started.wait_for_frame();
    publisher.close_association();
    started.wait_for_state(SessionState::Stalled);
    let end = started.wait_for_end();
    assert_eq!(end, (SessionState::Done, Some("the publisher left".into())));
    let late = started.session.answer("v=0");
    assert!(matches!(late, Err(LiveError::WrongState { .. })), "{late:?}");
}

#[test]
fn a_place_that_is_not_kept_ends_at_once() {
    let started = start(kept_for(0.0));
    let publisher = publish(&started);
    started.wait_for_frame();
    publisher.close_association();
    let mut stalled = false;
    let end = started.wait_for(|event| match event {
        LiveEvent::State { state, reason } if state.is_final() => Some((*state, reason.clone())),
        LiveEvent::State { state, .. } => {
            stalled |= *state == SessionState::Stalled;
            None
        }
        _ => None,
    });
    assert_eq!(end, (SessionState::Done, Some("the publisher left".into())));
    assert!(!stalled);
}

/// A laptop that was closed says nothing; its owner comes back as somebody new.
#[test]
fn whoever_says_nothing_for_a_while_is_replaced_and_whoever_is_there_is_not() {
    let mut spec = kept_for(60.0);
    spec.limits.silence_s = 5.0;
    let started = start(spec);
    let first = publish(&started);
    started.wait_for_frame();
    let second = publisher();
    let offer = second.offer();
    let busy = started.session.answer(&offer);
    assert!(matches!(busy, Err(LiveError::Busy)), "{busy:?}");
    first.fall_silent();
    started.wait_for_state(SessionState::Stalled);
    second.accept(&started.session.answer(&offer).expect("an answer"));
    started.wait_for_state(SessionState::Live);
    started.wait_for_frame();
}

#[test]
fn a_publisher_nobody_can_reach_fails_the_session() {
    let mut spec = kept_for(60.0);
    // ICE takes a minute and more to give up; silence ends the session before.
    spec.limits.silence_s = 2.0;
    let started = start(spec);
    let publisher = publisher();
    let offer = publisher.offer();
    let nowhere: String = offer
        .lines()
        .filter(|line| !line.starts_with("a=candidate"))
        .map(|line| format!("{line}\r\n"))
        .collect();
    started.session.answer(&nowhere).expect("an answer");
    // TEST-NET-1 (RFC 5737): nobody is there.
    let video = &offer[offer.find("m=video").expect("a video section")..];
    let mid = video
        .lines()
        .find(|line| line.starts_with("a=mid:"))
        .expect("its mid");
    let fragment = format!(
        "m=video 9 UDP/TLS/RTP/SAVPF 96\r\n{mid}\r\n\
         a=candidate:1 1 UDP 2015363327 192.0.2.1 9 typ host\r\na=end-of-candidates\r\n"
    );
    started.session.candidate(&fragment).expect("they are taken");
    let (state, reason) = started.wait_for_end();
    assert_eq!(state, SessionState::Failed);
    assert!(reason.is_some_and(|reason| reason.starts_with("no frame")));
    assert!(started.session.diagnostics().graph.is_some());
}
