//! Media time of a session: it goes on when another publisher takes over, and a jump of it is noticed.

use crate::sync::lock;
use std::sync::Mutex;
use std::time::Instant;

/// Media time that runs ahead of the clock, or goes back, by more than this has jumped, seconds. Less is a network that was
/// gone and a burst after it.
const JUMP_S: f64 = 3.0;

/// From the last frame of one publisher to the first of the next where their clocks would overlap: a frame at 30 per second.
const STEP: gst::ClockTime = gst::ClockTime::from_nseconds(33_333_333);

/// Media time of a session.
#[derive(Default)]
pub(crate) struct Timeline(Mutex<State>);

#[derive(Default)]
struct State {
    /// The latest time there was.
    latest: Option<gst::ClockTime>,
    /// What is added to the times of the present publisher; not known before its first frame.
    shift: Option<gst::ClockTime>,
    /// When a frame came last, and by how much media time was ahead of the clock at most, seconds since any origin.
    paced: Option<Paced>,
}

#[derive(Clone, Copy)]
struct Paced {
    origin: Instant,
    last_s: f64,
    most_ahead_s: f64,
}

impl Timeline {
    /// The next frame is the first of another publisher.
    pub fn begin_anew(&self) {
        let mut state = lock(&self.0);
        state.shift = None;
        state.paced = None;
    }

    /// The time of a frame in the session: its own, or later by what keeps it behind the frames of publishers before.
    pub fn place(&self, pts: gst::ClockTime) -> gst::ClockTime {
        let mut state = lock(&self.0);
        let latest = state.latest;
        let shift = *state.shift.get_or_insert_with(|| match latest {
            Some(latest) => (latest + STEP).saturating_sub(pts),
            None => gst::ClockTime::ZERO,
        });
        let placed = pts + shift;
        state.latest = Some(latest.map_or(placed, |latest| latest.max(placed)));
        placed
    }

    /// Notes that the frame of this time came now; by how much media time has jumped, seconds, when it has.
    ///
    /// Frames that were held up and come in a burst are later than they were, never ahead of where they have been.
    pub fn jump(&self, pts: gst::ClockTime, now: Instant) -> Option<f64> {
        let mut state = lock(&self.0);
        let media_s = pts.nseconds() as f64 / 1e9;
        let Some(paced) = &mut state.paced else {
            state.paced = Some(Paced {
                origin: now,
                last_s: media_s,
                most_ahead_s: media_s,
            });
            return None;
        };
        let ahead_s = media_s - now.saturating_duration_since(paced.origin).as_secs_f64();
        let back_s = media_s - paced.last_s;
        let leap_s = ahead_s - paced.most_ahead_s;
        paced.last_s = media_s;
        paced.most_ahead_s = paced.most_ahead_s.max(ahead_s);
        if back_s < -JUMP_S {
            paced.most_ahead_s = ahead_s;
            return Some(back_s);
        }
        (leap_s > JUMP_S).then_some(leap_s)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn ms(n: u64) -> gst::ClockTime {
        gst::ClockTime::from_mseconds(n)
    }

    #[test]
    fn the_next_publisher_goes_on_behind_the_last_frame_of_the_one_before() {
        let timeline = Timeline::default();
        assert_eq!(timeline.place(ms(1000)), ms(1000));
        assert_eq!(timeline.place(ms(1040)), ms(1040));
        timeline.begin_anew();
        assert_eq!(timeline.place(ms(900)), ms(1040) + STEP);
        assert_eq!(timeline.place(ms(950)), ms(1090) + STEP);
        timeline.begin_anew();
        assert_eq!(timeline.place(ms(9000)), ms(9000), "a later one keeps its time");
    }

    #[test]
    fn a_jump_of_media_time_is_told_by_its_length_and_once() {
        let timeline = Timeline::default();
        let start = Instant::now();
        let jump = |media: u64, after: u64| timeline.jump(ms(media), start + Duration::from_millis(after));
        assert_eq!(jump(10_000, 0), None);
        assert_eq!(jump(10_033, 33), None);
        let ahead = jump(70_066, 66).expect("a minute ahead");
        assert!((ahead - 60.0).abs() < 0.1, "{ahead}");
        assert_eq!(jump(70_099, 99), None, "from there it goes on");
        let back = jump(10_132, 132).expect("a minute back");
        assert!((back + 60.0).abs() < 0.1, "{back}");
        assert_eq!(jump(10_165, 165), None);
    }

    #[test]
    fn a_network_that_was_gone_and_the_burst_after_it_are_no_jump() {
        let timeline = Timeline::default();
        let start = Instant::now();
        let jump = |media: u64, after: u64| timeline.jump(ms(media), start + Duration::from_millis(after));
        assert_eq!(jump(0, 0), None);
        assert_eq!(jump(8_000, 8_000), None, "frames were lost");
        assert_eq!(jump(8_033, 16_000), None, "held up");
        for n in 1..200 {
            assert_eq!(jump(8_033 + n * 40, 16_000 + n), None, "a burst");
        }
        timeline.begin_anew();
        assert_eq!(jump(100_000, 20_000), None, "another publisher");
    }
}
