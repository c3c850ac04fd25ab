//! Who is who after two people have met.
//!
//! While two people overlap one of two tracks ends as a double of the other, and the one that is left may slide from the
//! first person to the second. So what was true before they met is kept: both wear the same shirts and are expected to go on as
//! they came. While both are followed, a measurement that shows the other's shirt is not taken. When one is hidden and the other
//! track shows that one's shirt, it has slid and takes that id. When the second is found again the ids are given to the two
//! places as fits best. Where the shirts look alike, places alone decide.

use super::track::Track;
use crate::Region;
use crate::shirt::Shirt;

/// Two people nearer than this have met, in regions: the crop of one holds the limbs of the other.
const MEETING: f32 = 0.35;
/// What was known before is of use for this long, seconds: to walk past somebody takes one to two.
const MEMORY_S: f64 = 3.0;
/// An exchange must fit better than the ids as they are by this much, in regions: more than the mid-hip of somebody who
/// stays in place sways.
const CLEARLY: f32 = 0.1;
/// Somebody farther than this from where the lost one should be is somebody else, in regions.
const REACH: f32 = 0.4;

/// A trunk that leans so far towards another shirt wears it, 0..1: twice as near to it as to one's own. Arms before a trunk and the
/// edge of it look like neither.
const WEARS: f32 = 0.65;

/// One of the two before they met.
#[derive(Clone, Copy, Debug)]
pub(super) struct Before {
    pub id: u32,
    /// Mid-hip, pixels from the left edge.
    x: f32,
    /// Mean speed to the right, pixels per second. On the ground people change height in the picture slowly.
    speed: f32,
    pub shirt: Option<Shirt>,
}

impl Before {
    fn of(track: &Track) -> Self {
        Self {
            id: track.id,
            x: track.region.center_x,
            speed: track.pace,
            shirt: track.shirt,
        }
    }

    /// How much the shirt `seen` looks like `other`'s rather than like this one's, 0..1. `None` when it does not tell.
    fn lean(&self, other: &Self, seen: Option<Shirt>) -> Option<f32> {
        self.shirt?.lean(&other.shirt?, &seen?)
    }

    /// How far `region` is from where this one should be after `elapsed` seconds, in regions.
    fn distance(&self, region: &Region, elapsed: f32) -> f32 {
        (region.center_x - self.x - self.speed * elapsed).abs() / region.side
    }
}

/// Two people who have met at `t` seconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Crossing {
    pub pair: [Before; 2],
    t: f64,
}

impl Crossing {
    /// The crossing that begins when these two are near each other.
    pub fn between(a: &Track, b: &Track, t: f64) -> Option<Self> {
        (a.region.distance(&b.region) < MEETING).then(|| Self {
            pair: [Before::of(a), Before::of(b)],
            t,
        })
    }

    /// Whether it is too long ago, or time ran backwards.
    pub fn is_over(&self, t: f64) -> bool {
        !(0.0..=MEMORY_S).contains(&(t - self.t))
    }

    /// Whether it is about these two.
    pub fn is_of(&self, a: u32, b: u32) -> bool {
        self.pair.map(|before| before.id) == [a, b] || self.pair.map(|before| before.id) == [b, a]
    }

    /// Which of the pair has this id, 0 or 1.
    pub fn place(&self, id: u32) -> Option<usize> {
        self.pair.iter().position(|before| before.id == id)
    }

    /// Whether the shirt `seen` on one of the pair (0 or 1) is the other's.
    pub fn is_others(&self, one: usize, seen: Option<Shirt>) -> bool {
        let lean = self.pair[one].lean(&self.pair[1 - one], seen);
        lean.is_some_and(|lean| lean > WEARS)
    }

    /// Which of the pair (0 or 1) wears a shirt. `None` when it does not tell.
    pub fn wearer(&self, seen: Option<Shirt>) -> Option<usize> {
        let lean = self.pair[0].lean(&self.pair[1], seen)?;
        Some(usize::from(lean > 0.5))
    }

    /// Who is who, when `left` of the pair (0 or 1) is the one still followed, and somebody is found: ids of the followed and of
    /// the found one, each of whom is known by region and shirt. `None` when the found one is neither.
    pub fn identify(
        &self,
        left: usize,
        (followed, followed_shirt): (&Region, Option<Shirt>),
        (found, found_shirt): (&Region, Option<Shirt>),
        t: f64,
    ) -> Option<[u32; 2]> {
        let elapsed = (t - self.t) as f32;
        let (stayed, lost) = (&self.pair[left], &self.pair[1 - left]);
        let exchanged = match (self.wearer(followed_shirt), self.wearer(found_shirt)) {
            (Some(a), Some(b)) if a == b => return None,
            (Some(_), Some(wearer)) => wearer == left,
            _ => {
                let kept = stayed.distance(followed, elapsed) + lost.distance(found, elapsed);
                stayed.distance(found, elapsed) + lost.distance(followed, elapsed) + CLEARLY < kept
            }
        };
        let (expected, ids) = if exchanged {
            (stayed, [lost.id, stayed.id])
        } else {
            (lost, [stayed.id, lost.id])
        };
        (expected.distance(found, elapsed) <= REACH).then_some(ids)
    }
}
