//! What sessions take of the processors, and whether one more fits.
//!
//! Contract: pure. A session is an estimate until it is seen; what all of them are seen to take corrects the estimates.

use super::machine::Load;
use kinemotion_models::Quality;

/// What each frame takes beside inference, in inferences of the lightest model, whose time tells how quick the processor is.
/// Measured with five publishers of H.264 at 640×480 and 30 frames per second: 0.4 of an inference for a frame that is received,
/// decoded, prepared, analysed and told.
const FRAME: f64 = 0.2;
/// The part of it that grows with the picture, for each pixel.
const PIXEL: f64 = 0.2 / (640.0 * 480.0);
/// Drawing and encoding a frame that leaves, for each pixel.
const ENCODED_PIXEL: f64 = 0.4 / (640.0 * 480.0);
/// Estimates are corrected by no more than this factor, up or down.
const MOST_CORRECTION: f64 = 3.0;
/// Processors that sessions must be expected to take before what they take corrects anything.
const TELLING: f64 = 0.05;

/// What a session has to do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Footprint {
    /// Pixels of a frame.
    pub pixels: f64,
    /// Frames per second.
    pub fps: f64,
    /// People looked at in each.
    pub persons: f64,
    /// The landmark model that is asked for.
    pub quality: Quality,
    /// Outgoing videos that are encoded.
    pub encoders: f64,
    /// Whether it has run for a while, so that it is part of what is measured.
    pub seen: bool,
}

/// Frames of browsers that are asked for nothing in particular.
pub(crate) const USUAL: Footprint = Footprint {
    pixels: 640.0 * 480.0,
    fps: 30.0,
    persons: 1.0,
    quality: Quality::Balanced,
    encoders: 0.0,
    seen: false,
};

/// What the machine is taken up with, in processors, when every session gets the least it can get.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Costs {
    load: Load,
    floor: f64,
    lighter_models: bool,
    correction: f64,
}

impl Costs {
    /// From what was measured while these sessions ran.
    pub fn new(load: &Load, floor: f64, lighter_models: bool, sessions: &[Footprint]) -> Self {
        let mut costs = Self {
            load: *load,
            floor,
            lighter_models,
            correction: 1.0,
        };
        let expected: f64 = sessions.iter().filter(|s| s.seen).map(|s| costs.frames(s)).sum();
        if expected > TELLING {
            let measured = load.own - load.inference;
            costs.correction = (measured / expected).clamp(1.0 / MOST_CORRECTION, MOST_CORRECTION);
        }
        costs
    }

    /// Processors that a session takes at least.
    pub fn least(&self, session: &Footprint) -> f64 {
        let quality = if self.lighter_models {
            Quality::Fast
        } else {
            session.quality
        };
        let poses = session.fps.min(self.floor) * session.persons;
        self.correction * self.frames(session) + poses * self.load.pose_cpu_s[quality as usize]
    }

    /// Processors that these sessions and everybody else take at least.
    pub fn taken(&self, sessions: &[Footprint]) -> f64 {
        let others = (self.load.busy - self.load.own).max(0.0);
        others + sessions.iter().map(|session| self.least(session)).sum::<f64>()
    }

    /// Everything but inference.
    fn frames(&self, session: &Footprint) -> f64 {
        let per_pixel = PIXEL + ENCODED_PIXEL * session.encoders;
        let lightest = self.load.pose_cpu_s[Quality::Fast as usize];
        session.fps * lightest * (FRAME + per_pixel * session.pixels)
    }
}

#[cfg(test)]
mod tests {
    use super::super::ladder::Work;
    use super::*;

    fn load(busy: f64, own: f64, inference: f64) -> Load {
        let seat_s = [0.005, 0.0095, 0.04];
        Load {
            cores: 2.0,
            busy,
            own,
            inference,
            pose_cpu_s: seat_s,
            work: Work {
                seats: 2.0,
                busy: 0.0,
                overrun: false,
                seat_s,
            },
        }
    }

    #[test]
    fn a_session_costs_its_frames_and_the_floor_of_its_poses() {
        let costs = Costs::new(&load(0.0, 0.0, 0.0), 10.0, true, &[]);
        // 30 frames of 0.4 inferences and 10 poses
        assert!((costs.least(&USUAL) - 0.11).abs() < 1e-9);
        let heavy = Footprint {
            quality: Quality::Accurate,
            ..USUAL
        };
        assert_eq!(
            costs.least(&heavy),
            costs.least(&USUAL),
            "it may get the lightest"
        );
        let strict = Costs::new(&load(0.0, 0.0, 0.0), 10.0, false, &[]);
        assert!((strict.least(&heavy) - 0.46).abs() < 1e-9);
        let larger = Footprint {
            pixels: 1920.0 * 1080.0,
            encoders: 1.0,
            ..USUAL
        };
        assert!(costs.least(&larger) > 4.0 * costs.least(&USUAL));
    }

    #[test]
    fn what_sessions_are_seen_to_take_corrects_what_is_expected_of_the_next() {
        let seen = Footprint { seen: true, ..USUAL };
        // Five were expected to take 0.3 processors beside inference and take 0.6.
        let costs = Costs::new(&load(1.4, 1.4, 0.8), 10.0, true, &[seen; 5]);
        assert!((costs.least(&USUAL) - 0.17).abs() < 1e-9);
        assert!((costs.taken(&[seen; 5]) - 0.85).abs() < 1e-9);
        let absurd = Costs::new(&load(2.0, 2.0, 0.0), 10.0, true, &[seen; 2]);
        assert!((absurd.least(&USUAL) - 0.23).abs() < 1e-9, "three times at most");
    }

    #[test]
    fn what_other_programs_take_is_taken() {
        let costs = Costs::new(&load(1.5, 0.5, 0.3), 10.0, true, &[]);
        assert!((costs.taken(&[]) - 1.0).abs() < 1e-9);
    }
}
