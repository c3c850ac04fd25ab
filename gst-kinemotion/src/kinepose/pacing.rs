//! Which frames are worth measuring.
//!
//! A file waits for its measurements and loses none. A live stream must not fall behind: a frame that comes while a
//! backlog is building up is predicted instead, which costs microseconds and lets the stream catch up.

use gst::{ClockTime, Signed};

/// A live stream is measured at least this often however late it is, or tracking would lose the person (seconds).
const LONGEST_BLIND_S: f64 = 0.25;
/// Catching up ends when the backlog is down to this fraction of the permitted one.
const CAUGHT_UP: f64 = 0.5;
/// The usual lateness is the smallest over one to two of these spans of media time, seconds. Frames that came over a
/// network may be stamped tens of milliseconds early for a moment; a backlog of our own is gone within some frames.
const USUAL_SPAN_S: f64 = 1.0;
/// A frame may come this fraction of the interval early and still count as due: timestamps are rounded.
const DUE_TOLERANCE: f64 = 0.1;

/// What to do with a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    /// Run the model.
    Measure,
    /// The pose rate asks for none.
    NotDue,
    /// There is no time.
    Late,
}

/// What is known about a frame when it arrives.
#[derive(Clone, Copy, Debug)]
pub(super) struct Arrival {
    /// Media time, seconds.
    pub media_time: f64,
    /// Running time of the PTS.
    pub running_time: Option<ClockTime>,
    /// Running time now, `None` without a clock or when the source is not live.
    pub now: Option<ClockTime>,
}

/// Settings that bear on the decision.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// Measurements per second of media time; 0 is every frame.
    pub rate: f64,
    /// Backlog a live stream may have, seconds; `None` never skips for lateness.
    pub permitted_backlog_s: Option<f64>,
}

/// Remembers what the decision needs from earlier frames.
#[derive(Debug, Default)]
pub(super) struct Pacer {
    last_measured: Option<f64>,
    /// Media time from which on the next frame is to be measured.
    due: f64,
    /// Between frames that are measured, when that was decided on; seconds.
    interval: f64,
    /// Whether the last frame that was to be measured was not.
    missed: bool,
    usual_lateness: Option<UsualLateness>,
    catching_up: bool,
    earliest: Option<ClockTime>,
}

/// The smallest lateness of late, seconds.
#[derive(Clone, Copy, Debug)]
struct UsualLateness {
    /// Media time at which the present span began.
    since: f64,
    present: f64,
    /// That of the span before.
    before: f64,
}

impl UsualLateness {
    fn of(media_time: f64, lateness: f64) -> Self {
        Self {
            since: media_time,
            present: lateness,
            before: lateness,
        }
    }

    /// Takes note of a frame; the usual lateness from now on.
    fn note(&mut self, media_time: f64, lateness: f64) -> f64 {
        if media_time - self.since >= USUAL_SPAN_S {
            *self = Self {
                since: media_time,
                present: lateness,
                before: self.present,
            };
        }
        self.present = self.present.min(lateness);
        self.present.min(self.before)
    }
}

impl Pacer {
    /// Downstream's wish from a QoS event: frames up to this running time come too late to be shown.
    pub(super) fn set_earliest(&mut self, timestamp: ClockTime, jitter: Signed<ClockTime>) {
        self.earliest = match jitter {
            Signed::Positive(late) => Some(timestamp + late),
            Signed::Negative(_) => None,
        };
    }

    /// Decides about a frame; the caller does as told.
    pub(super) fn decide(&mut self, frame: &Arrival, pace: &Pace) -> Decision {
        let since_measured = self.last_measured.map(|last| frame.media_time - last);
        let interval = if pace.rate > 0.0 { 1.0 / pace.rate } else { 0.0 };
        // A rate that has risen counts at once.
        match self.last_measured {
            Some(last) if !self.missed => {
                if interval != self.interval {
                    self.due = last + interval;
                }
            }
            _ => self.due = frame.media_time,
        }
        self.interval = interval;
        let due = frame.media_time >= self.due - DUE_TOLERANCE * interval;
        let late = self.is_late(frame, pace) && since_measured.is_some_and(|since| since < LONGEST_BLIND_S);
        match (due, late) {
            (false, _) => Decision::NotDue,
            (true, true) => Decision::Late,
            (true, false) => {
                (self.last_measured, self.missed) = (Some(frame.media_time), false);
                // On average the rate is kept also where it is no part of the frame rate; what was missed is not made up for.
                self.due = self.due.max(frame.media_time - 0.5 * interval) + interval;
                Decision::Measure
            }
        }
    }

    /// A frame that was to be measured was not, as nobody was free in time: the next one is.
    pub(super) fn missed(&mut self) {
        self.missed = true;
    }

    fn is_late(&mut self, frame: &Arrival, pace: &Pace) -> bool {
        let (Some(permitted), Some(running_time), Some(now)) =
            (pace.permitted_backlog_s, frame.running_time, frame.now)
        else {
            return false;
        };
        let unwanted = self.earliest.is_some_and(|earliest| running_time <= earliest);
        // A constant delay (network, decoder) is no backlog: only growth over the usual lateness is.
        let lateness = crate::media_time::seconds(now) - crate::media_time::seconds(running_time);
        let usual = self
            .usual_lateness
            .get_or_insert(UsualLateness::of(frame.media_time, lateness))
            .note(frame.media_time, lateness);
        let backlog = lateness - usual;
        self.catching_up = backlog
            > if self.catching_up {
                permitted * CAUGHT_UP
            } else {
                permitted
            };
        unwanted || self.catching_up
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVERY_FRAME: Pace = Pace {
        rate: 0.0,
        permitted_backlog_s: None,
    };
    const LIVE: Pace = Pace {
        rate: 0.0,
        permitted_backlog_s: Some(0.03),
    };

    fn arrival(media_ms: u64, now_ms: Option<u64>) -> Arrival {
        Arrival {
            media_time: media_ms as f64 / 1000.0,
            running_time: Some(ClockTime::from_mseconds(media_ms)),
            now: now_ms.map(ClockTime::from_mseconds),
        }
    }

    #[test]
    fn a_pose_rate_of_half_the_frame_rate_measures_every_second_frame() {
        let mut pacer = Pacer::default();
        let pace = Pace {
            rate: 15.0,
            permitted_backlog_s: None,
        };
        let measured: Vec<bool> = (0..8)
            .map(|n| pacer.decide(&arrival(n * 1000 / 30, None), &pace) == Decision::Measure)
            .collect();
        assert_eq!(measured, [true, false, true, false, true, false, true, false]);
    }

    fn measured_at_30_fps(pacer: &mut Pacer, frames: std::ops::Range<u64>, rate: f64) -> usize {
        let pace = Pace {
            rate,
            permitted_backlog_s: None,
        };
        frames
            .filter(|n| pacer.decide(&arrival(n * 1000 / 30, None), &pace) == Decision::Measure)
            .count()
    }

    #[test]
    fn any_rate_is_kept_on_average() {
        for rate in [7.0, 10.0, 12.0, 14.0, 22.0, 29.0] {
            let measured = measured_at_30_fps(&mut Pacer::default(), 0..600, rate) as f64;
            assert!(
                (measured / 20.0 - rate).abs() < 0.6,
                "{measured} in 20 s at {rate}"
            );
        }
        assert_eq!(measured_at_30_fps(&mut Pacer::default(), 0..600, 60.0), 600);
    }

    #[test]
    fn a_new_rate_counts_at_once() {
        let mut pacer = Pacer::default();
        assert_eq!(measured_at_30_fps(&mut pacer, 0..27, 1.0), 1);
        assert_eq!(measured_at_30_fps(&mut pacer, 27..57, 30.0), 30);
        assert_eq!(measured_at_30_fps(&mut pacer, 57..117, 10.0), 20);
    }

    #[test]
    fn a_frame_nobody_had_time_for_is_made_up_for_by_the_next() {
        let mut pacer = Pacer::default();
        let pace = Pace {
            rate: 10.0,
            permitted_backlog_s: None,
        };
        let mut decide = |n: u64, missed: bool| {
            if missed {
                pacer.missed();
            }
            pacer.decide(&arrival(n * 1000 / 30, None), &pace) == Decision::Measure
        };
        assert_eq!(
            [decide(0, false), decide(1, true), decide(2, false)],
            [true, true, false]
        );
    }

    #[test]
    fn a_file_is_measured_whatever_the_clock_says() {
        let mut pacer = Pacer::default();
        for n in 0..20 {
            assert_eq!(
                pacer.decide(&arrival(n * 33, Some(n * 90)), &EVERY_FRAME),
                Decision::Measure
            );
        }
    }

    #[test]
    fn a_constant_delay_is_not_a_backlog() {
        let mut pacer = Pacer::default();
        for n in 0..50 {
            assert_eq!(
                pacer.decide(&arrival(n * 33, Some(n * 33 + 400)), &LIVE),
                Decision::Measure
            );
        }
    }

    #[test]
    fn a_growing_backlog_is_skipped_until_the_stream_has_caught_up() {
        let mut pacer = Pacer::default();
        assert_eq!(pacer.decide(&arrival(0, Some(10)), &LIVE), Decision::Measure);
        assert_eq!(pacer.decide(&arrival(33, Some(83)), &LIVE), Decision::Late);
        assert_eq!(
            pacer.decide(&arrival(66, Some(94)), &LIVE),
            Decision::Late,
            "still 18 ms behind"
        );
        assert_eq!(pacer.decide(&arrival(100, Some(112)), &LIVE), Decision::Measure);
    }

    #[test]
    fn a_moment_of_early_stamps_does_not_make_everything_after_it_late() {
        let mut pacer = Pacer::default();
        let lateness = |n: u64| if n < 5 { 0 } else { 40 };
        let late = (0..300)
            .filter(|&n| pacer.decide(&arrival(n * 33, Some(n * 33 + lateness(n))), &LIVE) == Decision::Late)
            .count();
        assert!(late <= 60, "{late} of 300 frames");
    }

    #[test]
    fn a_stream_that_stays_late_is_still_measured_now_and_then() {
        let mut pacer = Pacer::default();
        let measured = (0..30)
            .filter(|n| pacer.decide(&arrival(n * 33, Some(n * 33 + n * 100)), &LIVE) == Decision::Measure)
            .count();
        assert!(
            (3..=5).contains(&measured),
            "about four per second, not {measured}"
        );
    }

    #[test]
    fn a_frame_that_downstream_will_drop_is_not_measured() {
        let mut pacer = Pacer::default();
        assert_eq!(pacer.decide(&arrival(0, Some(0)), &LIVE), Decision::Measure);
        pacer.set_earliest(
            ClockTime::from_mseconds(20),
            Signed::Positive(ClockTime::from_mseconds(30)),
        );
        assert_eq!(pacer.decide(&arrival(33, Some(33)), &LIVE), Decision::Late);
        assert_eq!(pacer.decide(&arrival(66, Some(66)), &LIVE), Decision::Measure);
    }
}
