//! Descriptions of clips: what is refused, what is stored, what a matrix covers.
#![allow(clippy::unwrap_used, reason = "helpers of tests may panic like tests")]

use std::collections::BTreeSet;
use synthetic_athlete::{
    Camera, Clip, ClipError, Cmj, DropJump, Facing, Image, Landing, Movement, MovementKind, Rate, Running,
    Walking,
};

#[test]
fn impossible_clips_are_refused_by_name() {
    let refusal = |clip: Clip| match clip.build() {
        Ok(_) => panic!("must be refused: {:?}", clip.movement),
        Err(error) => error.to_string(),
    };
    let cases = [
        (
            Clip {
                stature_m: 0.5,
                ..Clip::default()
            },
            "stature_m",
        ),
        (
            Clip {
                stature_m: f64::NAN,
                ..Clip::default()
            },
            "stature_m",
        ),
        (
            Clip {
                fps: Rate {
                    numerator: 0,
                    denominator: 1,
                },
                ..Clip::default()
            },
            "fps",
        ),
        (
            Clip {
                fps: Rate {
                    numerator: 30,
                    denominator: 0,
                },
                ..Clip::default()
            },
            "fps",
        ),
        (
            Clip {
                image: Image {
                    noise: -1.0,
                    ..Image::default()
                },
                ..Clip::default()
            },
            "image.noise",
        ),
        (
            Clip {
                camera: Camera {
                    width: 0,
                    ..Camera::default()
                },
                ..Clip::default()
            },
            "camera.width",
        ),
        (
            Clip::of(Cmj {
                height_m: 3.0,
                ..Cmj::default()
            }),
            "height_m",
        ),
        (
            Clip::of(Cmj {
                repetitions: 0,
                ..Cmj::default()
            }),
            "repetitions",
        ),
        (
            Clip::of(Cmj {
                eccentric_s: 0.25,
                ..Cmj::default()
            }),
            "eccentric phase",
        ),
        (
            Clip::of(Cmj {
                concentric_s: Some(0.9),
                ..Cmj::default()
            }),
            "concentric phase",
        ),
        (
            Clip::of(DropJump {
                contact_s: 0.01,
                ..DropJump::default()
            }),
            "contact_s",
        ),
        (
            Clip::of(Running {
                duty_factor: 0.5,
                asymmetry: 0.29,
                cadence_spm: 240.0,
                ..Running::default()
            }),
            "flight",
        ),
        (
            Clip::of(Walking {
                duty_factor: 0.51,
                asymmetry: 0.1,
                ..Walking::default()
            }),
            "double support",
        ),
        (
            Clip::of(Walking {
                speed_m_s: 2.0,
                cadence_spm: 70.0,
                ..Walking::default()
            }),
            "leg",
        ),
    ];
    for (clip, word) in cases {
        let message = refusal(clip.clone());
        assert!(
            message.contains(word),
            "`{message}` does not say {word:?} of {:?}",
            clip.movement
        );
    }
}

#[test]
fn a_pulling_ground_is_refused_with_its_acceleration() {
    let error = Clip::of(Cmj {
        eccentric_s: 0.3,
        depth_m: 0.4,
        ..Cmj::default()
    })
    .build()
    .unwrap_err();
    assert!(
        matches!(error, ClipError::PullingGround { phase: "eccentric", acceleration } if acceleration < -9.8),
        "{error:?}"
    );
}

#[test]
fn clips_survive_json() {
    for kind in MovementKind::ALL {
        let clip = Clip::random(kind, 5);
        let text = serde_json::to_string(&clip).unwrap();
        assert_eq!(serde_json::from_str::<Clip>(&text).unwrap(), clip);
    }
    let short: Clip = serde_json::from_str(r#"{"movement":{"cmj":{"height_m":0.4}},"fps":"120"}"#).unwrap();
    assert_eq!(short.fps, Rate::from(120));
    assert!(
        serde_json::from_str::<Clip>(r#"{"hight":1}"#).is_err(),
        "unknown fields are mistakes"
    );
}

#[test]
fn every_clip_of_a_matrix_can_be_made() {
    for kind in MovementKind::ALL {
        for clip in Clip::matrix(kind, 48, 3) {
            if let Err(error) = clip.build() {
                panic!("{:?} of a {} m athlete: {error}", clip.movement, clip.stature_m);
            }
        }
    }
}

#[test]
fn a_matrix_covers_its_axes() {
    let clips = Clip::matrix(MovementKind::Cmj, 48, 9);
    let count = |f: &dyn Fn(&Clip) -> String| clips.iter().map(f).collect::<BTreeSet<_>>().len();
    assert_eq!(count(&|c| format!("{:?}", c.facing)), 2);
    assert_eq!(count(&|c| c.fps.to_string()), 4);
    assert_eq!(count(&|c| format!("{}", c.sampling_phase)), 4);
    assert_eq!(count(&|c| format!("{}", c.stature_m)), 5);
    assert_eq!(count(&|c| format!("{}", c.camera.yaw_deg)), 5);
    assert!(count(&|c| format!("{:?}", c.look)) > 40);
    let heights: BTreeSet<String> = clips
        .iter()
        .filter_map(|c| match &c.movement {
            Movement::Cmj(m) => Some(format!("{}", m.height_m)),
            _ => None,
        })
        .collect();
    assert_eq!(heights.len(), 7);
    let lefts = clips.iter().filter(|c| c.facing == Facing::Left).count();
    assert_eq!(lefts, 24, "axes are covered evenly");
    assert_eq!(
        clips,
        Clip::matrix(MovementKind::Cmj, 48, 9),
        "the same seed gives the same clips"
    );
    assert_ne!(clips, Clip::matrix(MovementKind::Cmj, 48, 10));
}

#[test]
fn the_sampling_phase_shifts_the_truth_and_not_the_frames() {
    let at = |sampling_phase| {
        Clip {
            sampling_phase,
            ..Clip::default()
        }
        .build()
        .unwrap()
    };
    let (early, late) = (at(0.0), at(0.5));
    assert_eq!(early.time(7), late.time(7));
    let take_off = |f: &synthetic_athlete::Footage| f.truth().repetitions[0].event("takeoff_s").unwrap();
    assert!((take_off(&early) - take_off(&late) - 0.5 / 60.0).abs() < 1e-12);
    let (a, b) = (
        early.landmarks_at(take_off(&early)),
        late.landmarks_at(take_off(&late)),
    );
    assert!((a[28][1] - b[28][1]).abs() < 1e-9);
}

#[test]
fn jittered_frame_times_increase_and_stay_near_the_grid() {
    let footage = Clip {
        frame_jitter: 0.9,
        ..Clip::default()
    }
    .build()
    .unwrap();
    for i in 1..footage.frame_count() {
        assert!(footage.time(i) > footage.time(i - 1));
        assert!((footage.time(i) - i as f64 / 60.0).abs() < 0.9 / 60.0 + 1e-12);
        assert!(footage.frame_duration(i) > 0.0);
    }
    assert_eq!(footage.time(0), 0.0);
}

#[test]
fn repetitions_follow_one_another_with_their_own_heights() {
    let landing = Landing {
        flexion_deg: 10.0,
        ..Landing::default()
    };
    let cmj = Cmj {
        repetitions: 4,
        height_change_m: 0.05,
        height_m: 0.2,
        landing,
        ..Cmj::default()
    };
    let truth = Clip::of(cmj).build().unwrap().truth();
    assert_eq!(truth.repetitions.len(), 4);
    for (i, pair) in truth.repetitions.windows(2).enumerate() {
        assert!(pair[0].end_s <= pair[1].start_s);
        let height = pair[1].metric("jump_height_m").unwrap();
        assert!((height - 0.2 - 0.05 * (i + 1) as f64).abs() < 1e-12);
    }
}
