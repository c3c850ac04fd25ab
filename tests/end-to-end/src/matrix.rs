//! Seeded lists of clips. What varies, and how, is decided by the synthetic athlete; here come encoding and names.

use kinemotion_motion::Athlete;
use serde::{Deserialize, Serialize};
use synthetic_athlete::{Bystander, BystanderAction, Clip, Movement, MovementKind};

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

    /// The knobs most errors hang on, for a person who looks for their cause.
    pub fn conditions(&self) -> String {
        let camera = &self.clip.camera;
        let company = self
            .clip
            .bystander
            .map_or(String::new(), |b| format!(" {:?}", b.action));
        format!(
            "{:.0} fps, {} lines, yaw {:+.0}°, roll {:+.1}°, crf {}{}",
            self.clip.fps.as_f64(),
            camera.height,
            camera.yaw_deg,
            camera.roll_deg,
            self.crf,
            company.to_lowercase()
        )
    }

    /// Whether somebody walks past right behind the athlete. While two people overlap, the pose model mixes up their legs
    /// and the tracker may lose one of them: a known gap, so these clips are reported apart.
    pub fn is_crossed(&self) -> bool {
        self.clip
            .bystander
            .is_some_and(|bystander| bystander.action != BystanderAction::Standing)
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

/// A movement of the matrix, and how many clips show it.
#[derive(Clone, Copy, Debug)]
pub struct Suite {
    /// What is done.
    pub kind: MovementKind,
    /// For people.
    pub title: &'static str,
    /// Clips.
    pub clips: usize,
}

/// The movements of the matrix.
pub const SUITES: [Suite; 7] = [
    Suite {
        kind: MovementKind::Cmj,
        title: "Countermovement jump",
        clips: 96,
    },
    Suite {
        kind: MovementKind::DropJump,
        title: "Drop jump",
        clips: 48,
    },
    Suite {
        kind: MovementKind::RepeatedJumps,
        title: "Repeated jumps",
        clips: 24,
    },
    Suite {
        kind: MovementKind::SquatJump,
        title: "Squat jump",
        clips: 24,
    },
    Suite {
        kind: MovementKind::Running,
        title: "Running",
        clips: 40,
    },
    Suite {
        kind: MovementKind::Walking,
        title: "Walking",
        clips: 24,
    },
    Suite {
        kind: MovementKind::Squat,
        title: "Squat repetitions",
        clips: 16,
    },
];

/// Clips without a jump in the matrix.
pub const NEGATIVES: usize = 24;

/// Clips that are encoded at every rate factor.
pub const REENCODED: usize = 8;

/// How many clips the matrix has.
pub fn clips() -> usize {
    SUITES.iter().map(|suite| suite.clips).sum::<usize>() + NEGATIVES + REENCODED * CRFS.len()
}

/// `count` clips of running or walking. The clips without a jump have walkers of their own.
pub fn gaits(kind: MovementKind, seed: u64, count: usize) -> Vec<Case> {
    let mut cases = cases(kind, seed, count);
    for case in &mut cases {
        case.name = format!("gait-{}", case.name);
    }
    cases
}

/// `count` clips in which nobody jumps: standing, gestures and heel raises, alone and in a crowd, steps off a box, walking,
/// and an empty room.
pub fn without_a_jump(seed: u64, count: usize) -> Vec<Case> {
    let third = count.div_ceil(3);
    let mut all = cases(MovementKind::Standing, seed, third);
    for case in all.iter_mut().skip(2).step_by(4) {
        case.name = format!("crowd-{}", case.name);
        case.clip.bystander = Some(Bystander {
            action: BystanderAction::Crowd,
            ..Bystander::default()
        });
    }
    let mut steps = cases(MovementKind::DropJump, seed, third / 2);
    for case in &mut steps {
        case.name = format!("step-{}", case.name);
        if let Movement::DropJump(jump) = &mut case.clip.movement {
            jump.stay = true;
        }
    }
    let mut rooms = cases(MovementKind::Standing, seed, third - third / 2);
    for case in &mut rooms {
        case.name = format!("empty-{}", case.name);
        case.clip.camera.offset_m = 5.0;
        case.clip.bystander = None;
    }
    all.extend(steps);
    all.extend(rooms);
    let walkers = count - all.len().min(count);
    all.extend(cases(MovementKind::Walking, seed, walkers));
    all
}

/// `count` clips, each at every rate factor: what a copy sent through a messenger changes.
pub fn reencoded(seed: u64, count: usize) -> Vec<[Case; CRFS.len()]> {
    let clips = cases(MovementKind::Cmj, seed.wrapping_add(1000), count);
    clips
        .into_iter()
        .map(|case| {
            CRFS.map(|crf| Case {
                name: format!("re-{}-crf{crf}", case.name),
                crf,
                clip: Clip {
                    bystander: None,
                    ..case.clip.clone()
                },
            })
        })
        .collect()
}
