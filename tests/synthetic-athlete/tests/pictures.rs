//! Frames: repeatable, and showing what the truth says.
#![allow(clippy::unwrap_used, reason = "helpers of tests may panic like tests")]

use synthetic_athlete::{
    Background, Body, Bystander, BystanderAction, Camera, Clip, Cmj, DropJump, Facing, Footage, Image,
    MovementKind, Running, Travel,
};

fn frame(footage: &Footage, i: usize) -> Vec<u8> {
    let mut rgb = Vec::new();
    footage.render(i, &mut rgb);
    rgb
}

#[test]
fn the_same_clip_gives_the_same_bytes() {
    let clip = Clip {
        image: Image {
            noise: 8.0,
            shutter: 0.5,
            ..Image::default()
        },
        bystander: Some(Bystander::default()),
        ..Clip::default()
    };
    let (a, b) = (clip.build().unwrap(), clip.build().unwrap());
    for i in [0, 60, 97] {
        assert_eq!(frame(&a, i), frame(&b, i));
    }
    let other = Clip { seed: 2, ..clip }.build().unwrap();
    assert_ne!(frame(&a, 60), frame(&other, 60), "another seed gives other noise");
}

#[test]
fn threads_change_neither_frames_nor_their_order() {
    let camera = Camera {
        width: 160,
        height: 90,
        ..Camera::default()
    };
    let footage = Clip {
        camera,
        ..Clip::default()
    }
    .build()
    .unwrap();
    let mut seen = 0;
    footage
        .for_each_frame(3, |i, rgb| {
            assert_eq!(i, seen);
            seen += 1;
            assert_eq!(rgb, frame(&footage, i), "frame {i}");
            Ok::<(), ()>(())
        })
        .unwrap();
    assert_eq!(seen, footage.frame_count());
    let stopped = footage.for_each_frame(3, |i, _| if i == 5 { Err(i) } else { Ok(()) });
    assert_eq!(stopped, Err(5));
}

/// Whether the mask covers the pixel of a landmark or one beside it: bent toes come as near as that to their tip.
fn covers(mask: &[u8], footage: &Footage, [x, y, _]: [f64; 3]) -> bool {
    let (w, h) = (footage.width() as usize, footage.height() as usize);
    let covered = |x: f64, y: f64| {
        let inside = x >= 0.0 && y >= 0.0 && (x as usize) < w && (y as usize) < h;
        inside && mask[y as usize * w + x as usize] > 0
    };
    let near = [-1.0, 0.0, 1.0];
    near.iter()
        .any(|dx| near.iter().any(|dy| covered(x + dx, y + dy)))
}

#[test]
fn a_crowd_stands_and_walks_behind_the_athlete() {
    let among = |bystander| {
        Clip {
            bystander,
            ..Clip::default()
        }
        .build()
        .unwrap()
    };
    let crowd = Bystander {
        action: BystanderAction::Crowd,
        ..Bystander::default()
    };
    let (alone, crowded) = (among(None), among(Some(crowd)));
    let (mut own, mut same) = (Vec::new(), Vec::new());
    alone.render_mask(3, &mut own);
    crowded.render_mask(3, &mut same);
    assert_eq!(own, same, "the athlete is who they were");
    let one = among(Some(Bystander::default()));
    let strange = |footage: &Footage| {
        let (empty, seen) = (frame(&alone, 3), frame(footage, 3));
        empty
            .iter()
            .zip(&seen)
            .filter(|(a, b)| a.abs_diff(**b) > 20)
            .count()
    };
    assert!(
        strange(&crowded) > 2 * strange(&one),
        "several people are more than one"
    );
}

#[test]
fn the_silhouette_covers_the_projected_joints() {
    // Shoulders, elbows, wrists, hips, knees, ankles, heels, toes: all inside the flesh from any side.
    let joints = (11..=16).chain(23..=32);
    for kind in MovementKind::ALL {
        for clip in Clip::matrix(kind, 6, 21) {
            let footage = clip.build().unwrap();
            let mut mask = Vec::new();
            for i in (0..footage.frame_count()).step_by(footage.frame_count() / 12 + 1) {
                footage.render_mask(i, &mut mask);
                for joint in joints.clone() {
                    let place = footage.landmarks(i)[joint];
                    assert!(
                        covers(&mask, &footage, place),
                        "landmark {joint} at {place:?} of frame {i} is beside the body: {:?}",
                        footage.clip()
                    );
                }
            }
        }
    }
}

#[test]
fn the_picture_differs_from_an_empty_one_exactly_where_the_athlete_is() {
    let clip = Clip {
        background: Background::STUDIO,
        ..Clip::default()
    };
    let footage = clip.build().unwrap();
    let picture = frame(&footage, 30);
    let mut mask = Vec::new();
    footage.render_mask(30, &mut mask);
    let wall = &picture[..3];
    let (mut body, mut missed) = (0, 0);
    for (i, &covered) in mask.iter().enumerate() {
        let pixel = &picture[3 * i..3 * i + 3];
        let above_floor = i / 640 < 250;
        if covered > 0 && above_floor {
            body += 1;
            missed += usize::from(pixel == wall);
        }
        // One pixel of rim is partly covered.
        let near = [
            i - i.min(641),
            i - i.min(640),
            i - i.min(1),
            i + 1,
            i + 640,
            i + 641,
            i + 639,
            i - i.min(639),
        ]
        .iter()
        .any(|&j| mask.get(j).is_some_and(|&m| m > 0));
        if covered == 0 && !near && above_floor {
            assert_eq!(pixel, wall, "pixel {} {} belongs to nobody", i % 640, i / 640);
        }
    }
    assert!(body > 3000, "{body} pixels of athlete");
    assert!(
        missed * 50 < body,
        "{missed} of {body} pixels of the athlete look like the wall"
    );
}

#[test]
fn facing_left_shows_the_other_side() {
    let toes_ahead = |facing| {
        let footage = Clip {
            facing,
            ..Clip::default()
        }
        .build()
        .unwrap();
        let l = footage.landmarks(0);
        // Toes against heels across the picture, and which hip is nearer.
        (l[31][0] - l[29][0], l[24][2] - l[23][2])
    };
    let (right, right_depth) = toes_ahead(Facing::Right);
    let (left, left_depth) = toes_ahead(Facing::Left);
    assert!(right > 10.0 && left < -10.0);
    assert!(right_depth < 0.0, "facing right, the right hip is nearer");
    assert!(left_depth > 0.0, "facing left, the left hip is nearer");
}

#[test]
fn the_scale_of_the_truth_is_the_scale_of_the_picture() {
    for stature_m in [1.55, 1.95] {
        let footage = Clip {
            stature_m,
            ..Clip::default()
        }
        .build()
        .unwrap();
        let truth = footage.truth();
        let jump = &truth.repetitions[0];
        let at = |key: &str| jump.event(key).unwrap();
        let centre = |t: f64| footage.centre_of_mass_at(t)[2];
        assert!((centre(at("apex_s")) - centre(at("takeoff_s")) - 0.35).abs() < 1e-7);
        // The hip hardly moves in the body between late flight instants: it falls as the centre of mass does.
        let apex = at("apex_s");
        let rise_px = footage.landmarks_at(apex - 0.1)[23][1] - footage.landmarks_at(apex)[23][1];
        let rise_m = footage.mid_hip_at(apex)[2] - footage.mid_hip_at(apex - 0.1)[2];
        // The near hip is a little nearer than the plane the scale is stated for.
        assert!((rise_px / rise_m / truth.px_per_m - 1.0).abs() < 0.03);
    }
}

#[test]
fn world_landmarks_are_metres_from_the_mid_hip() {
    let footage = Clip::default().build().unwrap();
    let world = footage.world_landmarks_at(0.0);
    let middle: Vec<f64> = (0..3).map(|k| 0.5 * (world[23][k] + world[24][k])).collect();
    assert!(middle.iter().all(|v| v.abs() < 1e-12));
    assert!(world[0][1] < -0.5 && world[29][1] > 0.8, "down is positive");
}

#[test]
fn noise_exposure_and_flat_colours_do_what_they_say() {
    let mean = |image: Image| {
        let rgb = frame(
            &Clip {
                image,
                ..Clip::default()
            }
            .build()
            .unwrap(),
            0,
        );
        rgb.iter().map(|&v| f64::from(v)).sum::<f64>() / rgb.len() as f64
    };
    let plain = mean(Image::default());
    assert!(
        mean(Image {
            exposure: 0.4,
            ..Image::default()
        }) < 0.7 * plain
    );
    assert!(
        (mean(Image {
            noise: 10.0,
            ..Image::default()
        }) - plain)
            .abs()
            < 1.0
    );
    let colours = |image: Image| {
        let clip = Clip {
            image,
            background: Background::STUDIO,
            ..Clip::default()
        };
        let rgb = frame(&clip.build().unwrap(), 0);
        rgb.chunks(3)
            .map(<[u8]>::to_vec)
            .collect::<std::collections::BTreeSet<_>>()
            .len()
    };
    let (flat, shaded) = (
        colours(Image {
            shading: false,
            ..Image::default()
        }),
        colours(Image::default()),
    );
    assert!(flat * 2 < shaded, "{flat} flat and {shaded} shaded colours");
}

#[test]
fn motion_blur_softens_what_moves_and_not_what_stands() {
    let image = Image {
        shutter: 1.0,
        ..Image::default()
    };
    let sharp = Clip {
        background: Background::STUDIO,
        fps: 30.into(),
        ..Clip::default()
    };
    let blurred = Clip {
        image,
        ..sharp.clone()
    };
    let (sharp, blurred) = (sharp.build().unwrap(), blurred.build().unwrap());
    let take_off = (sharp.truth().repetitions[0].event("takeoff_s").unwrap() * 30.0) as usize + 2;
    let changed = |i: usize| {
        let (a, b) = (frame(&sharp, i), frame(&blurred, i));
        a.iter().zip(&b).filter(|(a, b)| a.abs_diff(**b) > 24).count()
    };
    assert!(
        changed(take_off) > 4 * changed(3),
        "{} in flight, {} standing",
        changed(take_off),
        changed(3)
    );
}

#[test]
fn panned_backgrounds_slide_and_treadmills_stand() {
    let corner = |travel, i| {
        let running = Running {
            travel,
            seconds: 0.6,
            ..Running::default()
        };
        let camera = Camera {
            width: 320,
            height: 180,
            ..Camera::default()
        };
        let rgb = frame(
            &Clip {
                camera,
                ..Clip::of(running)
            }
            .build()
            .unwrap(),
            i,
        );
        rgb.chunks(3 * 320)
            .flat_map(|row| row[..150].to_vec())
            .collect::<Vec<u8>>()
    };
    assert_eq!(corner(Travel::Treadmill, 0), corner(Travel::Treadmill, 20));
    assert_ne!(corner(Travel::Panned, 0), corner(Travel::Panned, 20));
}

#[test]
fn what_slides_by_stays_what_it_was() {
    // A whole number of pixels at the depth of the wall: the same picture, shifted.
    let running = Running {
        travel: Travel::Panned,
        speed_m_s: 3.0,
        seconds: 1.0,
        ..Running::default()
    };
    let wall_px_per_m = 600.0 / (5.0 + 2.6);
    let fps = synthetic_athlete::Rate {
        numerator: 6000,
        denominator: 152,
    };
    let footage = Clip {
        fps,
        ..Clip::of(running)
    }
    .build()
    .unwrap();
    let shift = 3.0 / fps.as_f64() * wall_px_per_m;
    assert!((shift - 6.0).abs() < 1e-9);
    let (a, b) = (frame(&footage, 10), frame(&footage, 11));
    let top = 3 * 640 * 40;
    let off: u32 = (18..top).map(|i| u32::from(a[i].abs_diff(b[i - 18]))).sum();
    assert!(f64::from(off) / (top as f64) < 1.5, "{off}");
}

#[test]
fn a_rolled_camera_sees_the_same_surroundings_slide_as_stand() {
    // The first frame of a panned clip has not slid yet.
    let first = |travel, roll_deg| {
        let camera = Camera {
            roll_deg,
            ..Camera::default()
        };
        let running = Running {
            travel,
            seconds: 0.5,
            ..Running::default()
        };
        frame(
            &Clip {
                camera,
                ..Clip::of(running)
            }
            .build()
            .unwrap(),
            0,
        )
    };
    for roll_deg in [0.0, -3.0] {
        let (standing, sliding) = (
            first(Travel::Treadmill, roll_deg),
            first(Travel::Panned, roll_deg),
        );
        // The upper left, away from where the strips close.
        let pixels = (0..100 * 640)
            .filter(|i| i % 640 < 300)
            .flat_map(|i| 3 * i..3 * i + 3);
        let (off, n) = pixels.fold((0, 0), |(off, n), i| {
            (off + u32::from(standing[i].abs_diff(sliding[i])), n + 1)
        });
        let mean = f64::from(off) / f64::from(n);
        assert!(
            mean < 2.0,
            "{mean} grey levels apart at a roll of {roll_deg} degrees"
        );
    }
}

#[test]
fn a_runner_passes_through_a_standing_picture() {
    let running = Running {
        travel: Travel::Through,
        seconds: 1.0,
        ..Running::default()
    };
    let footage = Clip::of(running).build().unwrap();
    let hip = |t: f64| footage.landmarks_at(t)[23][0];
    assert!(hip(0.1) < 180.0 && (hip(0.5) - 320.0).abs() < 20.0 && hip(0.9) > 460.0);
}

#[test]
fn odd_sizes_and_portraits_are_drawn() {
    for (width, height) in [(33, 47), (360, 640), (1280, 32)] {
        let camera = Camera {
            width,
            height,
            ..Camera::default()
        };
        let footage = Clip {
            camera,
            ..Clip::of(DropJump::default())
        }
        .build()
        .unwrap();
        assert_eq!(frame(&footage, 60).len(), (3 * width * height) as usize);
    }
}

#[test]
fn a_camera_inside_the_crowd_does_not_break_the_renderer() {
    let camera = Camera {
        distance_m: 1.5,
        view_m: 1.5,
        yaw_deg: 60.0,
        pitch_deg: 45.0,
        roll_deg: 30.0,
        ..Camera::default()
    };
    for movement in [
        Clip::of(Cmj {
            arm_swing: true,
            ..Cmj::default()
        }),
        Clip::of(DropJump::default()),
    ] {
        let footage = Clip {
            camera,
            body: Body::Full,
            ..movement
        }
        .build()
        .unwrap();
        for i in (0..footage.frame_count()).step_by(40) {
            frame(&footage, i);
        }
    }
}

#[test]
fn the_stick_body_has_no_flesh() {
    let area = |body| {
        let footage = Clip {
            body,
            ..Clip::default()
        }
        .build()
        .unwrap();
        let mut mask = Vec::new();
        footage.render_mask(0, &mut mask);
        mask.iter().filter(|&&m| m > 0).count()
    };
    assert!(area(Body::Stick) * 4 < area(Body::Full) * 3);
}
