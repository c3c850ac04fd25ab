//! Standing about: clips in which nobody jumps.

use super::stance::{Arms, Key, Path, crouch_at_height, stand};
use super::timeline::{Swing, Timeline};
use crate::body::Anthropometry;
use crate::clip::{Action, Standing};
use crate::error::ClipError;

/// Depth of a squat, m.
const SQUAT_DEPTH_M: f64 = 0.30;
/// One half (down or up) of a squat, a heel raise, an arm raise, a bow, s.
const SQUAT_HALF_S: f64 = 0.95;
const HEEL_RAISE_HALF_S: f64 = 0.55;
const ARM_RAISE_HALF_S: f64 = 0.80;
const BOW_HALF_S: f64 = 0.90;
/// Forward lean of the trunk and flexion of the knees in a bow, rad.
const BOW_TRUNK: f64 = 1.2;
const BOW_KNEE: f64 = 0.15;
/// Pause between repetitions, s.
const PAUSE_S: f64 = 0.6;

/// Repeats the action until `seconds` are full.
pub(super) fn standing(body: &Anthropometry, m: &Standing) -> Result<Timeline, ClipError> {
    let arms = Arms::HANGING;
    let mut timeline = Timeline::default();
    let (far, far_arms, half_s) = match m.action {
        Action::Still => (Key::STAND, arms, PAUSE_S),
        Action::Squats => (squat_key(body, Arms::FRONT)?, Arms::FRONT, SQUAT_HALF_S),
        Action::HeelRaises => (
            Key {
                knee: 0.08,
                ..Key::TAKE_OFF
            },
            arms,
            HEEL_RAISE_HALF_S,
        ),
        Action::ArmRaises => (Key::STAND, Arms::UP, ARM_RAISE_HALF_S),
        Action::Bows => (
            Key {
                knee: BOW_KNEE,
                trunk: BOW_TRUNK,
                ..Key::STAND
            },
            Arms::FRONT,
            BOW_HALF_S,
        ),
    };
    while timeline.duration() + PAUSE_S < m.seconds {
        timeline.hold(body, "standing", PAUSE_S, Key::STAND, arms);
        let out = Swing {
            from: arms,
            to: far_arms,
            begin: 0.0,
            end: 1.0,
        };
        timeline.blend(
            "moving",
            Path {
                from: Key::STAND,
                to: far,
            },
            out,
            half_s,
        );
        let back = Swing {
            from: far_arms,
            to: arms,
            begin: 0.0,
            end: 1.0,
        };
        timeline.blend(
            "moving",
            Path {
                from: far,
                to: Key::STAND,
            },
            back,
            half_s,
        );
    }
    timeline.hold(body, "standing", PAUSE_S, Key::STAND, arms);
    Ok(timeline)
}

fn squat_key(body: &Anthropometry, arms: Arms) -> Result<Key, ClipError> {
    let standing = stand(body, &Key::STAND, arms).1;
    crouch_at_height(body, arms, standing - SQUAT_DEPTH_M).ok_or(ClipError::Unreachable {
        phase: "moving",
        time_s: 0.0,
        reason: "the body cannot crouch so deep",
    })
}
