//! Who is who after two people have met.
//!
//! While two people overlap one of two tracks ends as a double of the other, and the one that is left may slide from the
//! first person to the second. So what was true before they met is kept: both are expected to go on as they came, and
//! when the second is found again the ids are given to the two places as fits best. Two tracks that both live through it keep
//! their ids: they have seen what happened.

use super::track::Track;
use crate::Region;

/// Two people nearer than this have met, in regions: the crop of one holds the limbs of the other.
const MEETING: f32 = 0.35;
/// What was known before is of use for this long, seconds: to walk past somebody takes one to two.
const MEMORY_S: f64 = 3.0;
/// An exchange must fit better than the ids as they are by this much, in regions: more than the mid-hip of somebody who
/// stays in place sways.
const CLEARLY: f32 = 0.1;
/// Somebody farther than this from where the lost one should be is somebody else, in regions.
const REACH: f32 = 0.4;

/// One of the two before they met.
#[derive(Clone, Copy, Debug)]
pub(super) struct Before {
    pub id: u32,
    /// Mid-hip, pixels from the left edge.
    x: f32,
    /// Mean speed to the right, pixels per second. On the ground people change height in the picture slowly.
    speed: f32,
}

impl Before {
    fn of(track: &Track) -> Self {
        Self {
            id: track.id,
            x: track.region.center_x,
            speed: track.pace,
        }
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

    /// Who is who, when `left` of the pair (0 or 1) is the one still followed, now in the region `followed`, and somebody
    /// is found in `found`: ids of the followed and of the found one. `None` when the found one is neither.
    pub fn identify(&self, left: usize, followed: &Region, found: &Region, t: f64) -> Option<[u32; 2]> {
        let elapsed = (t - self.t) as f32;
        let (stayed, lost) = (&self.pair[left], &self.pair[1 - left]);
        let kept = stayed.distance(followed, elapsed) + lost.distance(found, elapsed);
        let exchanged = stayed.distance(found, elapsed) + lost.distance(followed, elapsed);
        if exchanged + CLEARLY < kept {
            return (stayed.distance(found, elapsed) <= REACH).then_some([lost.id, stayed.id]);
        }
        (lost.distance(found, elapsed) <= REACH).then_some([stayed.id, lost.id])
    }
}
