//! What the pose model gets wrong for single frames costs nobody a repetition.

mod support;

use kinemotion_motion::LandmarkId;
use support::{Recorded, cmj, config, events, footage, recording, repetitions, truth_of};
use synthetic_athlete::{Clip, RepeatedJumps, Squat};

const FEET: [LandmarkId; 6] = [
    LandmarkId::LeftAnkle,
    LandmarkId::RightAnkle,
    LandmarkId::LeftHeel,
    LandmarkId::RightHeel,
    LandmarkId::LeftFootIndex,
    LandmarkId::RightFootIndex,
];

/// Moves the feet of some frames by so many pixels right and down.
fn misplace(recording: &mut [Recorded], frames: impl Iterator<Item = usize>, [x, y]: [f32; 2]) {
    for i in frames {
        let pose = recording[i].1.as_mut().expect("seen throughout");
        for id in FEET {
            pose.landmarks[id as usize].x += x;
            pose.landmarks[id as usize].y += y;
        }
    }
}

/// Height of the body in the first frame, pixels.
fn stature_px(recording: &[Recorded]) -> f32 {
    let pose = recording[0].1.as_ref().expect("seen throughout");
    pose[LandmarkId::LeftHeel].y - pose[LandmarkId::Nose].y
}

#[test]
fn feet_that_seem_to_leave_the_ground_do_not_end_a_squat() {
    let footage = footage(&Clip::of(Squat {
        repetitions: 1,
        ..Squat::default()
    }));
    let mut recording = recording(&footage);
    let lowest = truth_of(&footage)[0].event("lowest_s").expect("known");
    let rising = recording.partition_point(|(t, _)| *t < lowest + 0.45);
    let up = -0.12 * stature_px(&recording);
    misplace(&mut recording, rising..rising + 4, [0.0, up]);
    let found = repetitions(&events(&recording, config(Some(1.78))));
    assert_eq!(found.iter().map(|r| r.movement).collect::<Vec<_>>(), ["squat"]);
}

#[test]
fn a_foot_seen_elsewhere_in_single_frames_takes_no_step() {
    let mut recording = recording(&footage(&cmj(0.3)));
    let aside = 0.25 * stature_px(&recording);
    let frames = recording.len();
    misplace(&mut recording, (10..frames).step_by(40), [aside, 0.0]);
    let found = repetitions(&events(&recording, config(Some(1.78))));
    assert_eq!(found.iter().map(|r| r.movement).collect::<Vec<_>>(), ["cmj"]);
}

#[test]
fn hops_of_seven_centimetres_are_counted() {
    let footage = footage(&Clip::of(RepeatedJumps {
        height_m: 0.07,
        height_change_m: 0.0,
        rebounds: 8,
        ..RepeatedJumps::default()
    }));
    let found = repetitions(&events(&recording(&footage), config(Some(1.78))));
    let rebounds = found.iter().filter(|r| r.movement == "repeatedjumps").count();
    assert_eq!(rebounds, truth_of(&footage).len());
}
