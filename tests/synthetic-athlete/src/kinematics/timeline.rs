//! A movement as a row of segments, each with a name and a way to get the posture.

use super::flight::Flight;
use super::quintic::{Quintic, lerp, smooth};
use super::stance::{Arms, Key, Path, stand, stand_at_height};
use super::{Contact, GRAVITY};
use crate::body::{Anthropometry, Posture, Skeleton};
use crate::error::ClipError;
use crate::truth::RepetitionTruth;

/// Segments in order, and what is true about the repetitions they make.
#[derive(Debug, Default)]
pub(crate) struct Timeline {
    pub segments: Vec<Segment>,
    pub repetitions: Vec<RepetitionTruth>,
}

#[derive(Debug)]
pub(crate) struct Segment {
    pub name: &'static str,
    pub start: f64,
    pub end: f64,
    action: Act,
}

#[derive(Debug)]
enum Act {
    /// Motionless on something `ground` high, `x` ahead.
    Hold {
        key: Key,
        arms: Arms,
        height: f64,
        x: f64,
        ground: f64,
    },
    /// On the ground while the centre of mass follows a quintic.
    Stance {
        path: Path,
        swing: Swing,
        centre: Quintic,
    },
    /// On the ground, from one posture to another; the centre of mass goes wherever that puts it.
    Blend { path: Path, swing: Swing, duration: f64 },
    /// In the air.
    Flight(Box<Flight>),
}

/// An arm movement within a segment, from `begin` to `end` as fractions of its duration.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Swing {
    pub from: Arms,
    pub to: Arms,
    pub begin: f64,
    pub end: f64,
}

impl Swing {
    pub fn none(arms: Arms) -> Self {
        Self {
            from: arms,
            to: arms,
            begin: 0.0,
            end: 1.0,
        }
    }

    fn at(&self, u: f64) -> Arms {
        self.from
            .towards(self.to, smooth((u - self.begin) / (self.end - self.begin)))
    }
}

impl Timeline {
    pub fn duration(&self) -> f64 {
        self.segments.last().map_or(0.0, |s| s.end)
    }

    fn push(&mut self, name: &'static str, duration: f64, action: Act) {
        let start = self.duration();
        self.segments.push(Segment {
            name,
            start,
            end: start + duration,
            action,
        });
    }

    /// Stands motionless.
    pub fn hold(&mut self, body: &Anthropometry, name: &'static str, duration: f64, key: Key, arms: Arms) {
        self.hold_on(body, name, duration, key, arms, [0.0, 0.0]);
    }

    /// Stands motionless on a place that is `place` ahead and up.
    pub fn hold_on(
        &mut self,
        body: &Anthropometry,
        name: &'static str,
        duration: f64,
        key: Key,
        arms: Arms,
        place: [f64; 2],
    ) {
        let height = stand(body, &key, arms).1 + place[1];
        self.push(
            name,
            duration,
            Act::Hold {
                key,
                arms,
                height,
                x: place[0],
                ground: place[1],
            },
        );
    }

    /// Moves on the ground.
    ///
    /// # Errors
    /// When the centre of mass would have to be pulled downwards.
    pub fn stance(
        &mut self,
        name: &'static str,
        path: Path,
        swing: Swing,
        centre: Quintic,
    ) -> Result<(), ClipError> {
        const PULL_TOLERANCE: f64 = 1e-6;
        let lowest = centre
            .samples(400)
            .map(|s| s.acceleration)
            .fold(f64::INFINITY, f64::min);
        if lowest < -GRAVITY - PULL_TOLERANCE {
            return Err(ClipError::PullingGround {
                phase: name,
                acceleration: lowest,
            });
        }
        self.push(name, centre.duration, Act::Stance { path, swing, centre });
        Ok(())
    }

    /// Moves slowly on the ground from one posture to another.
    pub fn blend(&mut self, name: &'static str, path: Path, swing: Swing, duration: f64) {
        self.push(
            name,
            duration,
            Act::Blend {
                path,
                swing,
                duration,
            },
        );
    }

    /// Leaves the ground.
    pub fn flight(&mut self, name: &'static str, flight: Flight) {
        self.push(name, flight.duration, Act::Flight(Box::new(flight)));
    }

    /// The segment at `t` and the time since its start.
    pub fn segment(&self, t: f64) -> (&Segment, f64) {
        let i = self
            .segments
            .partition_point(|s| s.end <= t)
            .min(self.segments.len() - 1);
        let segment = &self.segments[i];
        (
            segment,
            (t - segment.start).clamp(0.0, segment.end - segment.start),
        )
    }

    pub fn posture(&self, body: &Anthropometry, t: f64) -> Posture {
        let (segment, since) = self.segment(t);
        match &segment.action {
            Act::Hold {
                key, arms, x, ground, ..
            } => {
                let mut posture = stand(body, key, *arms).0;
                posture.pelvis[0] += x;
                posture.pelvis[1] += ground;
                posture
            }
            Act::Stance { path, swing, centre } => {
                let arms = swing.at(since / centre.duration);
                stand_at_height(body, path, arms, centre.at(since).position)
            }
            Act::Blend {
                path,
                swing,
                duration,
            } => blended(body, path, swing, since / duration).0,
            Act::Flight(flight) => flight.posture(body, since),
        }
    }

    /// Prescribed height of the centre of mass.
    pub fn height(&self, body: &Anthropometry, t: f64) -> f64 {
        let (segment, since) = self.segment(t);
        match &segment.action {
            Act::Hold { height, .. } => *height,
            Act::Stance { centre, .. } => centre.at(since).position,
            Act::Blend {
                path,
                swing,
                duration,
            } => blended(body, path, swing, since / duration).1,
            Act::Flight(flight) => flight.height(since),
        }
    }

    pub fn contact(&self, t: f64) -> Contact {
        match &self.segment(t).0.action {
            Act::Hold { ground, .. } => Contact {
                feet: [true; 2],
                ground: *ground,
            },
            Act::Stance { .. } | Act::Blend { .. } => Contact {
                feet: [true; 2],
                ground: 0.0,
            },
            Act::Flight(_) => Contact {
                feet: [false; 2],
                ground: 0.0,
            },
        }
    }

    /// Lowest hip height and when, between two times; found on a fine grid and refined by a parabola.
    pub fn lowest_hip(&self, body: &Anthropometry, from: f64, to: f64) -> (f64, f64) {
        const STEPS: usize = 120;
        let at = |i: usize| lerp(from, to, i as f64 / STEPS as f64);
        let heights: Vec<f64> = (0..=STEPS)
            .map(|i| Skeleton::of(body, &self.posture(body, at(i))).pelvis.z)
            .collect();
        let lowest = (0..=STEPS)
            .min_by(|&a, &b| heights[a].total_cmp(&heights[b]))
            .unwrap_or(0);
        if lowest == 0 || lowest == STEPS {
            return (at(lowest), heights[lowest]);
        }
        let (a, b, c) = (heights[lowest - 1], heights[lowest], heights[lowest + 1]);
        let shift = 0.5 * (a - c) / (a - 2.0 * b + c);
        (
            at(lowest) + shift * (to - from) / STEPS as f64,
            b - 0.25 * (a - c) * shift,
        )
    }
}

fn blended(body: &Anthropometry, path: &Path, swing: &Swing, u: f64) -> (Posture, f64) {
    stand(body, &path.at(smooth(u)), swing.at(u))
}
