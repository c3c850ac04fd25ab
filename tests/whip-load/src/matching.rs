//! Which frame a media time belongs to.
//!
//! The sender knows the RTP timestamp of each frame and when it was sent. A result knows the media time of its frame: the RTP
//! timestamp, less something nobody told us, plus what the receiver's jitter buffer adds to even out the two clocks
//! (`rtpjitterbuffer` does so in its mode `slave`). Taking the smallest difference of all for zero, or for the first frame's, would
//! take a latency that all have in common out of the measurement. So nothing is assumed about it:
//!
//! 1. Frames are sent at uneven steps that follow no pattern ([`crate::footage::LATE`]). A stretch of media times is laid over
//!    the frames in every place where it may belong; in the true place the times fall on frames, elsewhere by chance alone. A
//!    stretch counts when most of it fits in one place and clearly less of it anywhere else. Frames that were lost or skipped do
//!    not matter, as every time is compared with the nearest frame.
//! 2. Where the jitter buffer corrects its clock, by milliseconds per frame after packets were held up, a stretch fits nowhere. There
//!    the offset is followed from the matched times on either side, as long as it goes on evenly (`EVEN_MS`).
//! 3. What is left has no known frame. The first is taken that it can be: results come in the order of their frames, so there are
//!    at least as many frames since the last known one as there are results, and the offset has grown by no more than
//!    `MOST_SHIFT_MS` since. Its latency is the longest it can have been: nothing that may have been slow is left out.
//!
//! The first stretch is looked for among the frames sent within the last turn of the footage, later ones where the one before was,
//! or else within half a turn of that: the places depend on the two clocks alone, not on how long a result takes, so a latency of any
//! length is measured as what it is. No frame is taken that was sent after its result came.
//!
//! Chance: frames are late by an even part of a quarter of a step, 8.3 ms at 30 per second. In a wrong place differences have a
//! triangular distribution as wide as that to either side, of which 12 % lie within [`CLOSE_MS`]. That `ENOUGH` of `STRETCH` do
//! has a probability of 1e-6 in each place.
//!
//! Measured against the daemon with a jitter buffer of 40 ms: within a stretch media times are off by 0.01 ms in the middle and
//! 0.3 ms at most; after packets were held up by more than 40 ms the offset jumps by up to 200 ms and comes back by up to 13 ms
//! per frame. Without a known frame were 0 to 3 in a hundred results of one to five publishers, none of one publisher with 5 % loss
//! and 50 ms each way, and 10 in a hundred of 25 publishers on two processors that could not keep up.

use crate::footage::CLOCK_RATE;
use crate::statistics::median;

/// Media times that are laid over the frames together.
const STRETCH: usize = 10;
/// From the beginning of a stretch to that of the next.
const APART: usize = 2;
/// A media time this close to its frame's belongs to it, ms.
pub const CLOSE_MS: f64 = 0.5;
/// At least so many of a stretch fit in its place …
const ENOUGH: usize = 8;
/// … and at most so many anywhere else.
const ELSEWHERE: usize = 5;
/// The most the jitter buffer puts the offset up between two results, ms: twice what was measured.
const MOST_SHIFT_MS: f64 = 400.0;
/// An offset that is followed goes on as between the two results before but for this much, ms. Frames are at least 25 ms apart at
/// 30 per second, so there is one at most.
const EVEN_MS: f64 = 2.0;

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
    /// Which of the frames; the first it can be where it is not known.
    pub frame: usize,
    /// By how much media time and RTP timestamp differ from what was expected, ms: what the jitter buffer changes. `None` where the frame is not known.
    pub residual_ms: Option<f64>,
}

/// Finds the frame of each result. Frames and results are in the order of their media times. `turn_s` is the length of a turn
/// of the footage, after which its steps come again.
///
/// # Panics
/// When there are results and no frames: a result has a frame.
pub fn find(frames: &[SentFrame], arrivals: &[Arrival], turn_s: f64) -> Vec<Match> {
    assert!(arrivals.is_empty() || !frames.is_empty(), "a result has a frame");
    let finder = Finder {
        media: frames.iter().map(SentFrame::media_ms).collect(),
        frames,
        arrivals,
    };
    let mut found = finder.stretches(1e3 * turn_s);
    finder.follow(
        &mut found,
        (2..arrivals.len()).map(|index| [index - 2, index - 1, index]),
    );
    finder.follow(
        &mut found,
        (2..arrivals.len())
            .rev()
            .map(|index| [index, index - 1, index - 2]),
    );
    finder.in_order(&found)
}

struct Finder<'a> {
    frames: &'a [SentFrame],
    /// RTP timestamps of the frames, ms.
    media: Vec<f64>,
    arrivals: &'a [Arrival],
}

impl Finder<'_> {
    /// Frame and residual of every result of a stretch that has a place.
    fn stretches(&self, turn_ms: f64) -> Vec<Option<(usize, f64)>> {
        let mut found = vec![None; self.arrivals.len()];
        let mut known = None;
        let last = self.arrivals.len().checked_sub(STRETCH);
        let starts = last
            .into_iter()
            .flat_map(|last| (0..last).step_by(APART).chain([last]));
        for start in starts {
            let stretch = &self.arrivals[start..start + STRETCH];
            let Some(place) = self.place(stretch, known, turn_ms) else {
                continue;
            };
            known = Some(place);
            for (found, arrival) in found[start..].iter_mut().zip(stretch) {
                let (frame, off) = self.nearest(arrival.timestamp_ms - place);
                if off.abs() <= CLOSE_MS && self.is_possible(frame, arrival) {
                    *found = Some((frame, off));
                }
            }
        }
        found
    }

    /// By how much the media times of a stretch are ahead of the RTP timestamps, ms.
    fn place(&self, stretch: &[Arrival], known: Option<f64>, turn_ms: f64) -> Option<f64> {
        let same = known.and_then(|known| self.fit(stretch, known));
        if let Some((_, place)) = same.filter(|(close, _)| *close >= ENOUGH) {
            return Some(place);
        }
        let first = stretch.first()?;
        let candidates = match known {
            Some(known) => {
                let middle = first.timestamp_ms - known;
                let index = |time: f64| self.media.partition_point(|other| *other < time);
                index(middle - turn_ms / 2.0)..index(middle + turn_ms / 2.0)
            }
            None => {
                let index = |at_s: f64| self.frames.partition_point(|frame| frame.at_s <= at_s);
                index(first.at_s - 1e-3 * turn_ms)..index(first.at_s)
            }
        };
        let mut places: Vec<(usize, f64)> = candidates
            .filter_map(|index| self.fit(stretch, first.timestamp_ms - self.media[index]))
            .collect();
        places.sort_by_key(|(close, _)| std::cmp::Reverse(*close));
        let (close, place) = *places.first()?;
        let elsewhere = places
            .iter()
            .find(|(_, other)| (other - place).abs() > CLOSE_MS)
            .map_or(0, |(close, _)| *close);
        (close >= ENOUGH && elsewhere <= ELSEWHERE).then_some(place)
    }

    /// How many of a stretch fit about here, and where exactly.
    fn fit(&self, stretch: &[Arrival], about: f64) -> Option<(usize, f64)> {
        let off = |place: f64| {
            stretch
                .iter()
                .map(move |arrival| self.nearest(arrival.timestamp_ms - place).1)
        };
        // The first of a stretch is no better than any other: the middle of all counts.
        let place = about + median(off(about))?;
        let close = off(place).filter(|off| off.abs() <= CLOSE_MS).count();
        Some((close, place))
    }

    /// Follows the offset: `[before, last, next]` of which two are known tell the third.
    fn follow(&self, found: &mut [Option<(usize, f64)>], triples: impl Iterator<Item = [usize; 3]>) {
        for [before, last, next] in triples {
            let (Some((one, _)), Some((two, _)), None) = (found[before], found[last], found[next]) else {
                continue;
            };
            let offset =
                |arrival: usize, frame: usize| self.arrivals[arrival].timestamp_ms - self.media[frame];
            let (earlier, later) = (offset(before, one), offset(last, two));
            let arrival = &self.arrivals[next];
            let (frame, off) = self.nearest(arrival.timestamp_ms - (2.0 * later - earlier));
            let in_order = (frame > two) == (next > last) && frame != two;
            if off.abs() <= EVEN_MS && in_order && self.is_possible(frame, arrival) {
                found[next] = Some((frame, off));
            }
        }
    }

    /// The first possible frame for every result that has none.
    fn in_order(&self, found: &[Option<(usize, f64)>]) -> Vec<Match> {
        let mut next = 0;
        let mut offset = None;
        let matches = found.iter().zip(self.arrivals).map(|(found, arrival)| {
            let (frame, residual_ms) = match found {
                Some((frame, off)) => {
                    offset = Some(arrival.timestamp_ms - self.media[*frame]);
                    (*frame, Some(*off))
                }
                None => {
                    let by_clock = offset.map_or(0, |offset| {
                        let time = arrival.timestamp_ms - offset - MOST_SHIFT_MS;
                        self.media.partition_point(|other| *other < time)
                    });
                    (next.max(by_clock).min(self.frames.len() - 1), None)
                }
            };
            next = frame + 1;
            Match { frame, residual_ms }
        });
        matches.collect()
    }

    /// Whether a result can be one of this frame.
    fn is_possible(&self, frame: usize, arrival: &Arrival) -> bool {
        self.frames[frame].at_s <= arrival.at_s
    }

    /// The nearest of the frames, and by how much `time` is later, ms.
    fn nearest(&self, time: f64) -> (usize, f64) {
        let media = &self.media;
        let after = media.partition_point(|other| *other < time).min(media.len() - 1);
        let before = after.saturating_sub(1);
        let off = |index: usize| time - media[index];
        if off(before).abs() <= off(after).abs() {
            (before, off(before))
        } else {
            (after, off(after))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A number that looks random (the finalizer of SplitMix64).
    fn scrambled(index: u64) -> u64 {
        let z = (index + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Frames at 30 per second, each late by a random part of a quarter step; the same again after `turn` frames.
    fn frames(count: u64, turn: u64) -> Vec<SentFrame> {
        let frames = (0..count).map(|index| {
            let late = scrambled(index % turn) % 750;
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

    /// The frame of each result, where it is known.
    fn found(frames: &[SentFrame], arrivals: &[Arrival]) -> Vec<Option<usize>> {
        let matches = find(frames, arrivals, 4.0);
        matches
            .into_iter()
            .map(|found| found.residual_ms.map(|_| found.frame))
            .collect()
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
        let (kept, arrivals) = results(&frames, |index| index < STRETCH - 1, |_| 0.0, |_| 0.05);
        assert_eq!(found(&frames, &arrivals), vec![None; kept.len()]);
        assert!(find(&frames, &[], 4.0).is_empty() && find(&[], &[], 4.0).is_empty());
    }

    #[test]
    fn a_clock_that_jumps_and_comes_back_is_followed_or_the_latency_is_no_less_than_true() {
        let frames = frames(600, 120);
        // As the jitter buffer after a stall: up at once, back by a part of what is left with each frame.
        let ahead_ms = |index: usize| match index {
            0..200 => 240.0,
            _ => 240.0 + 120.0 * 0.9f64.powi(index as i32 - 200),
        };
        let latency_s = |index: usize| if (195..230).contains(&index) { 0.3 } else { 0.04 };
        let (kept, arrivals) = results(&frames, |index| index % 5 != 0, ahead_ms, latency_s);
        let matches = find(&frames, &arrivals, 4.0);
        let known = matches.iter().filter(|found| found.residual_ms.is_some()).count();
        assert!(known * 100 >= 95 * kept.len(), "{known} of {}", kept.len());
        for (found, frame) in matches.iter().zip(kept) {
            match found.residual_ms {
                Some(_) => assert_eq!(found.frame, frame),
                None => assert!(found.frame <= frame, "{found:?} is {frame}"),
            }
        }
    }
}
