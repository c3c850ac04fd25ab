//! `MotionMeta`: what `kinephase` knows at a frame.

use super::raw::{Payload, Registration, meta_wrapper};
use kinemotion_motion::{Event, LiveState, Repetition};
use std::ffi::CStr;
use std::sync::{Arc, LazyLock};

/// One analysed person at one frame.
#[derive(Clone, Debug, PartialEq)]
pub struct PersonMotion {
    /// Track id, as in the poses.
    pub id: u32,
    /// The person whose numbers count.
    pub selected: bool,
    /// Present movement, phase and interim numbers.
    pub live: LiveState,
    /// The repetition completed last.
    pub last_repetition: Option<Arc<Repetition>>,
}

/// What is known at one frame. Sizes do not occur in it, so scaling leaves it as it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Motion {
    /// Time of the frame on the analysis clock, seconds: media time, corrected for slow motion.
    pub time: f64,
    /// The people being analysed, in order of id.
    pub persons: Arc<[PersonMotion]>,
    /// Events that this frame made known, oldest first.
    pub events: Arc<[Event]>,
}

impl Motion {
    /// The person whose numbers count.
    pub fn selected(&self) -> Option<&PersonMotion> {
        self.persons.iter().find(|person| person.selected)
    }
}

impl Payload for Motion {
    const API_NAME: &'static CStr = c"KinemotionMotionMetaAPI";
    const META_NAME: &'static CStr = c"KinemotionMotionMeta";

    fn registration() -> &'static Registration {
        static REGISTRATION: LazyLock<Registration> = LazyLock::new(Registration::new::<Motion>);
        &REGISTRATION
    }

    fn rescaled(&self, _to: &gst_video::VideoInfo) -> Self {
        self.clone()
    }
}

meta_wrapper! {
    /// Phases, events and live numbers of a frame, attached by `kinephase`.
    MotionMeta, Motion, motion
}
