//! Seeded lists of clips. What varies, and how, is decided by the synthetic athlete; here come encoding and names.

use kinemotion_motion::Athlete;
use serde::{Deserialize, Serialize};
use synthetic_athlete::{BystanderAction, Clip, MovementKind};

/// Rate factors in turn: from visually lossless to what a messenger makes of a video.
const CRFS: [u32; 4] = [18, 23, 28, 34];

/// One clip and how it is encoded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Case {
    /// Short name for the report.
    pub name: String,
    /// What is filmed.
    pub clip: Clip,
    /// Constant rate factor of the encoder; larger is worse.
    pub crf: u32,
}

impl Case {
    /// What the user says about the athlete.
    pub fn athlete(&self) -> Athlete {
        Athlete {
            height_m: Some(self.clip.stature_m),
            mass_kg: Some(self.clip.mass_kg),
        }
    }

    /// Whether somebody walks past right behind the athlete. While two people overlap, the pose model mixes up their legs
    /// and the tracker may lose one of them: a known gap, so these clips are reported apart.
    pub fn is_crossed(&self) -> bool {
        self.clip
            .bystander
            .is_some_and(|bystander| bystander.action == BystanderAction::Walking)
    }
}

/// `count` clips of one movement.
pub fn cases(kind: MovementKind, seed: u64, count: usize) -> Vec<Case> {
    let clips = Clip::matrix(kind, count, seed).into_iter().enumerate();
    clips
        .map(|(i, clip)| Case {
            name: format!("{}-{seed}-{i:03}", kind.name()),
            clip,
            crf: CRFS[i % CRFS.len()],
        })
        .collect()
}

/// `count` clips in which nobody jumps: walking, standing, gestures, squats and heel raises.
pub fn without_a_jump(seed: u64, count: usize) -> Vec<Case> {
    let mut cases = cases(MovementKind::Standing, seed, count.div_ceil(2));
    cases.extend(self::cases(MovementKind::Walking, seed, count / 2));
    cases
}
