//! Which frame a media time belongs to.
//!
//! The sender knows the RTP timestamp of each frame and when it was sent. A result knows the media time of its frame: the RTP timestamp, less
//! something nobody told us, plus what the receiver's jitter buffer adds to even out the two clocks (`rtpjitterbuffer` does so in
//! its mode `slave`), which changes slowly. Taking the smallest difference of all for zero, or for the first frame's, would take a latency that all
//! have in common out of the measurement. So nothing is assumed about it:
//!
//! Frames are sent at uneven steps that follow no pattern ([`crate::footage::LATE`]). A stretch of media times is laid over
//! the frames in every place where it may belong; in the true place each time falls on a frame but for the jitter buffer's slow
//! correction, elsewhere by chance alone. A stretch counts when nearly all of it fits in one place and clearly less of it anywhere
//! else; all others are counted as unmatched and have no latency. Frames that were lost or skipped do not matter, as every time
//! is compared with the nearest frame.
//!
//! The first stretch is looked for among the frames sent within the last turn of the footage, later ones within half a turn of where the one before was: the
//! places depend on the two clocks alone, not on how long a result takes, so a latency of any length is measured as what it is.
//!
//! Chance: frames are late by an even part of [`LATE`](crate::footage::LATE) of a step, 8.3 ms at 30 per second. In a wrong place differences have a triangular
//! distribution as wide as that to either side, of which a third lies within [`CLOSE_MS`]. That [`ENOUGH`] of
//! [`STRETCH`] do has a probability below 1e-7 in each place.

use crate::footage::CLOCK_RATE;
use crate::statistics::median;

/// Media times that are laid over the frames together.
const STRETCH: usize = 30;
/// Fewer cannot tell one place from another.
const FEWEST: usize = 12;
/// A media time this close to its frame's belongs to it, ms. The correction of the jitter buffer within a stretch is well below.
pub const CLOSE_MS: f64 = 1.5;
/// At least this share of a stretch fits in its place …
const ENOUGH: f64 = 0.8;
/// … and at most this share anywhere else.
const ELSEWHERE: f64 = 0.65;

/// A frame that was sent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SentFrame {
    /// RTP timestamp, not wrapped.
    pub ticks: u64,
    /// When, seconds on the clock of the arrivals.
    pub at_s: f64,
}

impl SentFrame {
    fn media_ms(&self) -> f64 {
        1e3 * self.ticks as f64 / f64::from(CLOCK_RATE)
    }
}

/// A result that has come.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Arrival {
    /// Media time of its frame, ms.
    pub timestamp_ms: f64,
    /// When, seconds on the clock of the frames.
    pub at_s: f64,
}

/// The frame of a result.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Match {
    /// Which of the frames.
    pub frame: usize,
    /// By how much media time and RTP timestamp differ from the middle of the stretch, ms: what the jitter buffer changes.
    pub residual_ms: f64,
}

/// Finds the frame of each result; `None` where it cannot be told. Frames and results are in the order of their media times.
/// `turn_s` is the length of a turn of the footage, after which its steps come again.
pub fn find(frames: &[SentFrame], arrivals: &[Arrival], turn_s: f64) -> Vec<Option<Match>> {
    let media: Vec<f64> = frames.iter().map(SentFrame::media_ms).collect();
    let mut found = Vec::with_capacity(arrivals.len());
    let mut known = None;
    for stretch in stretches(arrivals) {
        let place = place(frames, &media, stretch, known, 1e3 * turn_s);
        known = place.or(known);
        found.extend(stretch.iter().map(|arrival| {
            let (frame, residual_ms) = nearest(&media, arrival.timestamp_ms - place?);
            let sent_before = frames[frame].at_s <= arrival.at_s;
            (residual_ms.abs() <= CLOSE_MS && sent_before).then_some(Match { frame, residual_ms })
        }));
    }
    found
}

/// Cuts into stretches; a rest that is too short belongs to the one before.
fn stretches(arrivals: &[Arrival]) -> impl Iterator<Item = &[Arrival]> {
    let count = arrivals.len().div_ceil(STRETCH);
    let short = arrivals.len() % STRETCH;
    let count = if count > 1 && (1..FEWEST).contains(&short) {
        count - 1
    } else {
        count
    };
    (0..count).map(move |index| {
        let end = if index + 1 == count {
            arrivals.len()
        } else {
            (index + 1) * STRETCH
        };
        &arrivals[index * STRETCH..end]
    })
}

/// By how much the media times of a stretch are ahead of the RTP timestamps, ms.
fn place(
    frames: &[SentFrame],
    media: &[f64],
    stretch: &[Arrival],
    known: Option<f64>,
    turn_ms: f64,
) -> Option<f64> {
    let first = stretch.first().filter(|_| stretch.len() >= FEWEST)?;
    let may_be = |index: &usize| match known {
        Some(known) => (first.timestamp_ms - media[*index] - known).abs() < turn_ms / 2.0,
        None => (0.0..1e-3 * turn_ms).contains(&(first.at_s - frames[*index].at_s)),
    };
    let mut places: Vec<(f64, f64)> = (0..frames.len())
        .filter(may_be)
        .filter_map(|index| fit(media, stretch, first.timestamp_ms - media[index]))
        .collect();
    places.sort_by(|(one, _), (other, _)| other.total_cmp(one));
    let (share, place) = *places.first()?;
    let elsewhere = places
        .iter()
        .find(|(_, other)| (other - place).abs() > CLOSE_MS)
        .map_or(0.0, |(share, _)| *share);
    (share >= ENOUGH && elsewhere <= ELSEWHERE).then_some(place)
}

/// The share of a stretch that fits about here, and where exactly.
fn fit(media: &[f64], stretch: &[Arrival], about: f64) -> Option<(f64, f64)> {
    let off = |place: f64| {
        stretch
            .iter()
            .map(move |arrival| nearest(media, arrival.timestamp_ms - place).1)
    };
    // The first of a stretch is no better than any other: the middle of all counts.
    let place = about + median(off(about))?;
    let close = off(place).filter(|off| off.abs() <= CLOSE_MS).count();
    Some((close as f64 / stretch.len() as f64, place))
}

/// The nearest of rising times, and by how much `time` is later.
fn nearest(media: &[f64], time: f64) -> (usize, f64) {
    let after = media.partition_point(|other| *other < time).min(media.len() - 1);
    let before = after.saturating_sub(1);
    let off = |index: usize| time - media[index];
    if off(before).abs() <= off(after).abs() {
        (before, off(before))
    } else {
        (after, off(after))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Frames at 30 per second, each late by a random part of a quarter step; the same again after `turn` frames.
    fn frames(count: u64, turn: u64) -> Vec<SentFrame> {
        let frames = (0..count).map(|index| {
            let late = ((index % turn + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 33) % 750;
            let ticks = index * 3000 + late;
            let at_s = 100.0 + ticks as f64 / 90_000.0;
            SentFrame { ticks, at_s }
        });
        frames.collect()
    }

    /// Results of frames, so long after they were sent; media times are ahead by `ahead_ms` of the frame's RTP timestamp.
    fn results(
        frames: &[SentFrame],
        kept: impl Fn(usize) -> bool,
        ahead_ms: impl Fn(usize) -> f64,
        latency_s: impl Fn(usize) -> f64,
    ) -> (Vec<usize>, Vec<Arrival>) {
        let kept: Vec<usize> = (0..frames.len()).filter(|index| kept(*index)).collect();
        let arrivals = kept.iter().map(|index| Arrival {
            timestamp_ms: frames[*index].media_ms() + ahead_ms(*index),
            at_s: frames[*index].at_s + latency_s(*index),
        });
        (kept.clone(), arrivals.collect())
    }

    fn found(frames: &[SentFrame], arrivals: &[Arrival]) -> Vec<Option<usize>> {
        let matches = find(frames, arrivals, 4.0);
        matches.into_iter().map(|found| Some(found?.frame)).collect()
    }

    fn all(kept: &[usize]) -> Vec<Option<usize>> {
        kept.iter().copied().map(Some).collect()
    }

    #[test]
    fn a_latency_that_all_have_in_common_is_not_lost() {
        let frames = frames(300, 120);
        for latency_s in [0.001, 0.040, 0.9, 3.5] {
            let (kept, arrivals) = results(&frames, |_| true, |_| -250.0, |_| latency_s);
            assert_eq!(found(&frames, &arrivals), all(&kept), "{latency_s} s");
        }
    }

    #[test]
    fn frames_that_were_lost_or_skipped_do_not_matter() {
        let frames = frames(600, 120);
        let kept = |index: usize| index > 7 && index % 3 != 1 && !(200..260).contains(&index);
        let (kept, arrivals) = results(&frames, kept, |_| 1234.5, |_| 0.08);
        assert_eq!(found(&frames, &arrivals), all(&kept));
    }

    #[test]
    fn the_clock_that_the_jitter_buffer_evens_out_is_followed() {
        let frames = frames(900, 120);
        // Four milliseconds in the first two seconds, then slowly back.
        let ahead_ms = |index: usize| match index {
            0..60 => index as f64 / 15.0,
            _ => 4.0 - (index - 60) as f64 / 300.0,
        };
        let (kept, arrivals) = results(&frames, |_| true, ahead_ms, |_| 0.05);
        assert_eq!(found(&frames, &arrivals), all(&kept));
    }

    #[test]
    fn a_latency_longer_than_a_turn_of_the_footage_is_measured_as_what_it_is() {
        let frames = frames(1800, 120);
        let latency_s = |index: usize| 0.05 + index as f64 / 200.0;
        let (kept, arrivals) = results(&frames, |_| true, |_| 20.0, latency_s);
        assert_eq!(found(&frames, &arrivals), all(&kept));
    }

    #[test]
    fn times_that_follow_another_pattern_have_no_frame() {
        let frames = frames(300, 120);
        let noise = |index: usize| ((index * 7919) % 167) as f64 / 10.0;
        let (kept, arrivals) = results(&frames, |_| true, noise, |_| 0.05);
        assert_eq!(found(&frames, &arrivals), vec![None; kept.len()]);
    }

    #[test]
    fn even_steps_tell_nothing() {
        let even: Vec<SentFrame> = (0..300)
            .map(|index| SentFrame {
                ticks: index * 3000,
                at_s: index as f64 / 30.0,
            })
            .collect();
        let (kept, arrivals) = results(&even, |_| true, |_| 0.0, |_| 0.05);
        assert_eq!(found(&even, &arrivals), vec![None; kept.len()]);
    }

    #[test]
    fn a_few_results_tell_nothing_and_none_are_none() {
        let frames = frames(300, 120);
        let (kept, arrivals) = results(&frames, |index| index < FEWEST - 1, |_| 0.0, |_| 0.05);
        assert_eq!(found(&frames, &arrivals), vec![None; kept.len()]);
        assert!(find(&frames, &[], 4.0).is_empty());
        assert!(find(&[], &arrivals, 4.0).iter().all(Option::is_none));
    }
}
