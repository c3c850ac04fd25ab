//! Where the camera looks, from what stands still behind the people.
//!
//! A small grey picture of each frame is laid over that of an earlier frame, the anchor, where nobody stands in either.
//! Measuring against an anchor instead of the frame before keeps errors from adding up: a camera that stands still has a
//! shift of exactly zero for hours.

mod align;
mod thumbnail;

#[cfg(test)]
mod tests;

use crate::FrameView;
use align::{Aligner, Fit};
use kinemotion_motion::PictureShift;
use thumbnail::Thumbnail;

/// A standing camera is taken to stand until the background is this far from where it was, in pixels of the thumbnail.
/// Over rendered clips with noise and crf 18–34 the shift of a standing camera stays below 0.07.
const DEAD_BAND: f32 = 0.15;

/// A moving camera stands again when the background has stayed within this distance …
const AT_REST: f32 = 0.08;
/// … for so many frames.
const REST_FRAMES: u32 = 60;

/// The anchor is renewed when the picture has moved by this part of its size, while most of it is still in sight.
const RENEW_AT: f32 = 1.0 / 6.0;

/// … or when less than this part of the background still fits the anchor.
const RENEW_BELOW: f32 = 0.75;

/// After so many frames in a row that do not fit, what was behind the people is gone: a cut, not a flash.
const LOST_AFTER: u32 = 4;

/// People whose places are left out.
const MOST_PEOPLE: usize = crate::tracking::MAX_PERSONS;

/// A person's box grows by this part of its height on every side: hair, shoes, a shadow.
const MARGIN: f32 = 0.1;

/// Left, top, right, bottom.
pub(crate) type Box4 = [f32; 4];

/// Watches the background of one stream. After the first frame of a size it touches the heap no more.
pub(crate) struct Background {
    now: Thumbnail,
    anchor: Thumbnail,
    aligner: Aligner,
    people: Vec<Box4>,
    /// Whether there is an anchor, and where the camera looked when it was taken, thumbnail pixels.
    anchored: Option<[f32; 2]>,
    /// Shift against the anchor and its last step.
    offset: [f32; 2],
    step: [f32; 2],
    /// The last reported place.
    reported: [f32; 2],
    motion: Motion,
    course: u32,
    /// Whether a shift of this course was reported.
    told: bool,
    failures: u32,
    shift: Option<PictureShift>,
}

/// Whether the camera moves.
#[derive(Clone, Copy, Debug)]
enum Motion {
    Standing,
    /// Since it was last seen to move: the place, and the frames since.
    Moving([f32; 2], u32),
}

impl Background {
    pub fn new() -> Self {
        Self {
            now: Thumbnail::default(),
            anchor: Thumbnail::default(),
            aligner: Aligner::default(),
            people: Vec::with_capacity(MOST_PEOPLE),
            anchored: None,
            offset: [0.0; 2],
            step: [0.0; 2],
            reported: [0.0; 2],
            motion: Motion::Standing,
            course: 0,
            told: false,
            failures: 0,
            shift: None,
        }
    }

    /// The shift at the last frame that was looked at, pixels of the frame.
    pub fn shift(&self) -> Option<PictureShift> {
        self.shift
    }

    /// Forgets the anchor, as after a seek: a new course begins.
    pub fn reset(&mut self) {
        self.anchored = None;
        self.shift = None;
        self.begin_course();
    }

    /// Looks at a frame. `people` are the boxes of those in it, in pixels. Without anybody there is no shift: it would serve
    /// nobody, and somebody not yet found would pass for background.
    pub fn observe(&mut self, frame: &FrameView<'_>, people: impl ExactSizeIterator<Item = Box4>) {
        if people.len() == 0 {
            self.shift = None;
            return;
        }
        let same_size = self.now.read(frame);
        if !same_size {
            self.reset();
        }
        self.note_people(people);
        let Some(origin) = self.anchored else {
            self.take_anchor([0.0; 2]);
            return;
        };
        let expected = [self.offset[0] + self.step[0], self.offset[1] + self.step[1]];
        match self
            .aligner
            .align(&self.anchor, &self.now, &self.people, expected)
        {
            Some(fit) => self.accept(origin, fit),
            None => self.reject(),
        }
    }

    fn note_people(&mut self, people: impl Iterator<Item = Box4>) {
        self.people.clear();
        let scale = 1.0 / self.now.factor() as f32;
        self.people
            .extend(people.take(MOST_PEOPLE).map(|[left, top, right, bottom]| {
                let margin = MARGIN * (bottom - top);
                [left - margin, top - margin, right + margin, bottom + margin].map(|v| v * scale)
            }));
    }

    fn accept(&mut self, origin: [f32; 2], fit: Fit) {
        self.failures = 0;
        let fit = self.without_passers(origin, fit);
        self.step = [0, 1].map(|i| fit.offset[i] - self.offset[i]);
        self.offset = fit.offset;
        let place = [0, 1].map(|i| origin[i] + self.offset[i]);
        self.follow(place);
        self.report();
        let far = self.offset[0].abs() > RENEW_AT * self.now.width() as f32
            || self.offset[1].abs() > RENEW_AT * self.now.height() as f32;
        if far || fit.agreement < RENEW_BELOW {
            self.take_anchor(place);
        }
    }

    /// Somebody who is not followed and passes before the background pulls a fit along. While the camera stood and most of the
    /// background is still exactly where it was, the camera stands.
    fn without_passers(&mut self, origin: [f32; 2], fit: Fit) -> Fit {
        let rest = [0, 1].map(|i| self.reported[i] - origin[i]);
        let away = (fit.offset[0] - rest[0])
            .abs()
            .max((fit.offset[1] - rest[1]).abs());
        let stood = matches!(self.motion, Motion::Standing) && away > DEAD_BAND;
        if stood && self.aligner.rests_at(&self.anchor, &self.now, &self.people, rest) {
            Fit { offset: rest, ..fit }
        } else {
            fit
        }
    }

    /// Decides what to report of a measured place.
    fn follow(&mut self, place: [f32; 2]) {
        let away = |from: [f32; 2]| (place[0] - from[0]).abs().max((place[1] - from[1]).abs());
        self.motion = match self.motion {
            Motion::Standing if away(self.reported) > DEAD_BAND => Motion::Moving(place, 0),
            Motion::Standing => return,
            Motion::Moving(from, _) if away(from) > AT_REST => Motion::Moving(place, 0),
            Motion::Moving(_, REST_FRAMES..) => Motion::Standing,
            Motion::Moving(from, frames) => Motion::Moving(from, frames + 1),
        };
        self.reported = place;
    }

    fn reject(&mut self) {
        self.shift = None;
        self.step = [0.0; 2];
        self.failures += 1;
        if self.failures >= LOST_AFTER {
            self.begin_course();
            self.take_anchor([0.0; 2]);
        }
    }

    fn begin_course(&mut self) {
        self.course += u32::from(std::mem::take(&mut self.told));
        self.reported = [0.0; 2];
        self.motion = Motion::Standing;
        self.step = [0.0; 2];
        self.failures = 0;
    }

    /// The present thumbnail becomes the anchor, taken when the camera looked at `place`.
    fn take_anchor(&mut self, place: [f32; 2]) {
        self.anchor.copy_from(&self.now);
        self.aligner.prepare(&self.anchor, &self.people);
        self.anchored = Some(place);
        self.offset = [0.0; 2];
    }

    fn report(&mut self) {
        self.told = true;
        let factor = self.now.factor() as f32;
        self.shift = Some(PictureShift {
            x: self.reported[0] * factor,
            y: self.reported[1] * factor,
            course: self.course,
        });
    }
}
