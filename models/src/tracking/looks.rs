//! When the detector looks for people nobody follows yet, and at which part of the picture.
//!
//! The detector is made to find the one person who fills a picture. Of two it often sees one alone, for seconds: in a clip with
//! somebody standing behind the athlete that person scored below 0.2 in every look at the whole picture, and 0.45 to 0.97 in every
//! look at the half they stand in, where a person is also larger. So a wide picture is looked at as a whole and by
//! squares of its height at both ends and in the middle in turn.

use crate::detector::Part;

/// One look in so many frames costs 3 % of what following one person through them does, at any frame rate …
const FRAMES_PER_LOOK: u32 = 30;
/// … but nobody walks in so fast that it takes more than this many seconds between two looks, …
const SHORTEST_INTERVAL_S: f64 = 0.25;
/// … and after so many seconds it is time whatever the frame rate.
const LONGEST_INTERVAL_S: f64 = 1.0;
/// After somebody has come or gone every part is looked at once so soon after the other, seconds, because whoever else is there
/// may begin to jump.
const SETTLING_INTERVAL_S: f64 = 0.1;
/// The same while one of two who met is hidden.
const SEARCH_INTERVAL_S: f64 = 0.15;

/// Whoever was lost is looked for in every frame for so long, seconds …
const CLOSE_SEARCH_S: f64 = 0.5;
/// … and then once in this many, while nobody is there: an empty picture costs a quarter of a followed person.
const EMPTY_INTERVAL_S: f64 = 0.1;

/// Counts the looks of one stream.
#[derive(Debug, Default)]
pub(super) struct Looks {
    last: Option<f64>,
    frames_since: u32,
    next: Part,
    /// Parts to look at soon.
    unsettled: usize,
}

impl Looks {
    /// A frame has come.
    pub fn count_frame(&mut self) {
        self.frames_since = self.frames_since.saturating_add(1);
    }

    /// Whether it is time at `t` seconds, while somebody is followed.
    pub fn is_due(&self, t: f64, searching: bool) -> bool {
        let Some(last) = self.last else { return true };
        let elapsed = (t - last).abs();
        let regular = self.frames_since >= FRAMES_PER_LOOK && elapsed >= SHORTEST_INTERVAL_S;
        regular
            || elapsed >= LONGEST_INTERVAL_S
            || (self.unsettled > 0 && elapsed >= SETTLING_INTERVAL_S)
            || (searching && elapsed >= SEARCH_INTERVAL_S)
    }

    /// Whether a picture that has been empty since `empty_since` was looked at just before.
    pub fn is_too_soon(&self, t: f64, empty_since: Option<f64>) -> bool {
        let empty_for_long = empty_since.is_some_and(|since| (t - since).abs() >= CLOSE_SEARCH_S);
        empty_for_long && self.last.is_some_and(|last| (t - last).abs() < EMPTY_INTERVAL_S)
    }

    /// The part whose turn it is.
    pub fn part(&self) -> Part {
        self.next
    }

    /// Somebody has looked at a part.
    pub fn note(&mut self, part: Part, t: f64) {
        (self.last, self.frames_since) = (Some(t), 0);
        self.next = part.next();
        self.unsettled = self.unsettled.saturating_sub(1);
    }

    /// Somebody has come or gone.
    pub fn unsettle(&mut self) {
        self.unsettled = Part::ALL.len();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// When it was looked at which part in `seconds` at `fps`; somebody came with the first look.
    fn looks(fps: f64, seconds: f64) -> Vec<(f64, Part)> {
        let (mut looks, mut found) = (Looks::default(), Vec::new());
        for i in 0..(seconds * fps) as u32 {
            let t = f64::from(i) / fps;
            looks.count_frame();
            if looks.is_due(t, false) {
                found.push((t, looks.part()));
                looks.note(looks.part(), t);
                if found.len() == 1 {
                    looks.unsettle();
                }
            }
        }
        found
    }

    #[test]
    fn every_part_is_looked_at_within_half_a_second_of_a_change() {
        for fps in [25.0, 30.0, 60.0, 240.0] {
            let early = looks(fps, 0.5);
            for part in Part::ALL {
                assert!(early.iter().any(|look| look.1 == part), "{part:?} at {fps}");
            }
        }
    }

    #[test]
    fn in_the_long_run_one_frame_in_thirty_is_looked_at() {
        for fps in [30.0, 60.0, 120.0] {
            let share = looks(fps, 60.0).len() as f64 / (60.0 * fps);
            assert!((share * 30.0 - 1.0).abs() < 0.1, "{share} at {fps}");
        }
        assert!(looks(240.0, 60.0).len() <= 245, "four a second are enough");
        assert!(looks(10.0, 60.0).len() >= 60, "one a second is not too much");
    }

    #[test]
    fn an_empty_picture_is_looked_at_less_often_after_a_while() {
        let mut looks = Looks::default();
        assert!(!looks.is_too_soon(5.0, Some(0.0)), "nobody has looked yet");
        looks.note(Part::Whole, 5.0);
        assert!(!looks.is_too_soon(5.03, Some(4.8)), "somebody was lost just now");
        assert!(!looks.is_too_soon(5.03, None), "somebody is followed");
        assert!(looks.is_too_soon(5.03, Some(0.0)));
        assert!(!looks.is_too_soon(5.11, Some(0.0)));
    }

    #[test]
    fn somebody_hidden_is_looked_for_more_often() {
        let mut looks = Looks::default();
        looks.note(Part::Whole, 0.0);
        assert!(!looks.is_due(0.2, false));
        assert!(looks.is_due(0.2, true));
    }
}
