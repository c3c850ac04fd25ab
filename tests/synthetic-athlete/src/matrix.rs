//! Varied clips from a seed.

use crate::clip::{
    Action, Background, Bystander, BystanderAction, Camera, Clip, Cmj, DropJump, Facing, Image, Landing,
    Look, MovementKind, Rate, RepeatedJumps, Running, Squat, SquatJump, Standing, Travel, Walking,
};
use crate::random::Random;

/// Purpose numbers of random streams.
const MATRIX_STREAM: u64 = 0x6D61_7472_6978;
const CLIP_STREAM: u64 = 0x636C_6970;

/// Hands out the values of an axis so that a set of clips covers them evenly, in random order.
struct Axis<T> {
    values: Vec<T>,
}

impl<T: Copy> Axis<T> {
    /// `count` draws that use every value equally often, give or take one.
    fn spread(values: &[T], count: usize, random: &mut Random) -> Self {
        let mut out = Vec::with_capacity(count + values.len());
        while out.len() < count {
            let mut round = values.to_vec();
            random.shuffle(&mut round);
            out.extend(round);
        }
        Self { values: out }
    }

    fn at(&self, i: usize) -> T {
        self.values[i]
    }
}

impl Clip {
    /// A varied clip of a movement: body, colours, surroundings, camera, image quality and the movement's own knobs all
    /// follow from the seed. It always builds.
    pub fn random(kind: MovementKind, seed: u64) -> Clip {
        let mut clips = Clip::matrix(kind, 1, seed);
        clips.pop().unwrap_or_default()
    }

    /// `count` varied clips that together cover every axis evenly. They always build.
    ///
    /// Frame rates are 30, 60, 120 and, in small pictures, 240; for one rate only set [`Clip::fps`] afterwards.
    pub fn matrix(kind: MovementKind, count: usize, seed: u64) -> Vec<Clip> {
        let mut random = Random::stream(seed, MATRIX_STREAM, kind as u64);
        let r = &mut random;
        let stature = Axis::spread(&[1.55, 1.65, 1.78, 1.85, 1.95], count, r);
        let fps = Axis::spread(&[30, 60, 120, 60, 30, 60, 240, 120], count, r);
        let phase = Axis::spread(&[0.0, 0.25, 0.5, 0.75], count, r);
        let facing = Axis::spread(&[Facing::Right, Facing::Left], count, r);
        let yaw = Axis::spread(&[0.0, 0.0, 15.0, -15.0, 0.0, 30.0, -30.0], count, r);
        let pitch = Axis::spread(&[0.0, 0.0, 4.0, 9.0], count, r);
        let roll = Axis::spread(&[0.0, 0.0, 1.5, -2.0, 5.0, -5.0], count, r);
        let offset = Axis::spread(&[0.0, 0.25, -0.25], count, r);
        let lines = Axis::spread(&[360, 360, 480, 720], count, r);
        let noise = Axis::spread(&[0.0, 2.0, 8.0], count, r);
        let shutter = Axis::spread(&[0.0, 0.0, 0.25, 0.5], count, r);
        let exposure = Axis::spread(&[1.0, 1.0, 0.6, 0.4, 1.2], count, r);
        let surroundings = Axis::spread(
            &[
                Background::Gym,
                Background::Outdoor,
                Background::STUDIO,
                Background::DARK,
            ],
            count,
            r,
        );
        let company = Axis::spread(
            &[
                None,
                None,
                None,
                Some(BystanderAction::Standing),
                Some(BystanderAction::Walking),
            ],
            count,
            r,
        );
        let movement = Movements::spread(kind, count, r);
        (0..count)
            .map(|i| {
                let seed = seed.wrapping_mul(1_000_003).wrapping_add(i as u64);
                let mut own = Random::stream(seed, CLIP_STREAM, kind as u64);
                // many frames a second come in small pictures
                let height = if fps.at(i) > 120 { 360 } else { lines.at(i) };
                let clip = Clip {
                    movement: movement.at(i, kind, stature.at(i)),
                    stature_m: stature.at(i),
                    mass_kg: 22.5 * stature.at(i) * stature.at(i),
                    facing: facing.at(i),
                    look: some_look(&mut own),
                    background: surroundings.at(i),
                    bystander: company.at(i).map(|action| some_bystander(action, &mut own)),
                    camera: Camera {
                        width: height * 16 / 9 / 2 * 2,
                        height,
                        distance_m: own.between(4.0, 7.0),
                        view_m: 2.8,
                        offset_m: offset.at(i),
                        yaw_deg: yaw.at(i),
                        pitch_deg: pitch.at(i),
                        roll_deg: roll.at(i),
                    },
                    image: Image {
                        noise: noise.at(i),
                        shutter: shutter.at(i),
                        exposure: exposure.at(i),
                        shading: true,
                    },
                    fps: Rate::from(fps.at(i)),
                    sampling_phase: phase.at(i),
                    seed,
                    ..Clip::default()
                };
                framed(clip)
            })
            .collect()
    }
}

/// Opens the view until the athlete fits at the top of the movement.
fn framed(mut clip: Clip) -> Clip {
    use crate::clip::Movement;
    let (rise, arms_up) = match &clip.movement {
        Movement::Cmj(m) => (
            m.height_of(0).max(m.height_of(m.repetitions - 1)) + 0.12,
            m.arm_swing,
        ),
        Movement::SquatJump(m) => (m.height_m + 0.12, false),
        Movement::DropJump(m) => ((m.height_m + 0.12).max(m.box_m), false),
        Movement::RepeatedJumps(m) => (m.height_m.max(m.opening_m) + 0.12, false),
        Movement::Squat(_) => (0.0, false),
        Movement::Standing(m) => (0.1, m.action == Action::ArmRaises),
        Movement::Running(_) | Movement::Walking(_) => (0.0, false),
    };
    let reach = clip.stature_m * if arms_up { 1.18 } else { 1.03 };
    // The floor is a tenth above the lower edge.
    clip.camera.view_m = clip.camera.view_m.max((reach + rise) / 0.87);
    clip
}

fn some_look(random: &mut Random) -> Look {
    fn one<T: Copy>(values: &[T], random: &mut Random) -> T {
        values[random.below(values.len())]
    }
    Look {
        skin: one(&Look::SKINS, random),
        hair: one(&Look::HAIRS, random),
        shirt: one(&Look::SHIRTS, random),
        shorts: one(&Look::SHORTS, random),
        shoes: one(&Look::SHOES, random),
        ..Look::default()
    }
}

fn some_bystander(action: BystanderAction, random: &mut Random) -> Bystander {
    let side = if random.unit() < 0.5 { -1.0 } else { 1.0 };
    Bystander {
        stature_m: random.between(1.55, 1.9),
        right_m: side * random.between(1.7, 2.5),
        behind_m: random.between(1.3, 2.1),
        action,
        look: some_look(random),
    }
}

/// Knobs of the movements, spread over a set of clips.
struct Movements {
    height: Axis<f64>,
    depth: Axis<f64>,
    arm_swing: Axis<bool>,
    landing: Axis<f64>,
    repetitions: Axis<u32>,
    tempo: Axis<f64>,
    box_m: Axis<f64>,
    contact: Axis<f64>,
    rebounds: Axis<u32>,
    pause: Axis<f64>,
    dip: Axis<f64>,
    run: Axis<(f64, f64)>,
    run_duty: Axis<f64>,
    walk: Axis<(f64, f64)>,
    walk_duty: Axis<f64>,
    asymmetry: Axis<f64>,
    strike: Axis<f64>,
    travel: Axis<Travel>,
    action: Axis<Action>,
}

impl Movements {
    fn spread(kind: MovementKind, n: usize, r: &mut Random) -> Self {
        let heights: &[f64] = match kind {
            MovementKind::DropJump => &[0.15, 0.20, 0.25, 0.30, 0.35, 0.40],
            MovementKind::SquatJump => &[0.15, 0.20, 0.28, 0.35, 0.42],
            MovementKind::RepeatedJumps => &[0.10, 0.15, 0.20, 0.25, 0.30, 0.35],
            _ => &[0.10, 0.15, 0.20, 0.30, 0.35, 0.50, 0.60],
        };
        Self {
            height: Axis::spread(heights, n, r),
            depth: Axis::spread(&[0.20, 0.26, 0.32, 0.40], n, r),
            arm_swing: Axis::spread(&[false, true], n, r),
            landing: Axis::spread(&[0.0, 6.0, 12.0, 20.0], n, r),
            repetitions: Axis::spread(&[1, 1, 1, 2], n, r),
            tempo: Axis::spread(&[1.0, 1.15, 0.95], n, r),
            box_m: Axis::spread(&[0.20, 0.30, 0.40, 0.50, 0.60], n, r),
            contact: Axis::spread(&[0.18, 0.22, 0.26, 0.30, 0.35], n, r),
            rebounds: Axis::spread(&[5, 6, 10], n, r),
            pause: Axis::spread(&[0.0, 0.0, 1.0], n, r),
            dip: Axis::spread(&[0.0, 0.0, 0.0, 0.05], n, r),
            run: Axis::spread(&[(2.5, 155.0), (3.2, 170.0), (4.0, 178.0), (5.0, 192.0)], n, r),
            run_duty: Axis::spread(&[0.26, 0.30, 0.34, 0.38], n, r),
            walk: Axis::spread(&[(0.9, 98.0), (1.2, 108.0), (1.4, 116.0), (1.7, 126.0)], n, r),
            walk_duty: Axis::spread(&[0.59, 0.61, 0.63], n, r),
            asymmetry: Axis::spread(&[0.0, 0.0, 0.12, -0.12], n, r),
            travel: Axis::spread(&[Travel::Treadmill, Travel::Panned], n, r),
            action: Axis::spread(
                &[Action::Still, Action::Bows, Action::HeelRaises, Action::ArmRaises],
                n,
                r,
            ),
            strike: Axis::spread(&[0.0, 14.0], n, r),
        }
    }

    fn at(&self, i: usize, kind: MovementKind, stature: f64) -> crate::clip::Movement {
        // Long limbs move through longer distances in the same posture.
        let size = stature / 1.78;
        let landing = Landing {
            flexion_deg: self.landing.at(i),
            depth_m: 0.24 * size,
        };
        let (height_m, depth_m) = (self.height.at(i), self.depth.at(i) * size);
        match kind {
            MovementKind::Cmj => Cmj {
                height_m,
                depth_m,
                // A deep countermovement takes longer: the body can fall no faster than freely.
                eccentric_s: self.tempo.at(i) * 0.72 * (depth_m / 0.30).sqrt().max(1.0),
                arm_swing: self.arm_swing.at(i),
                landing,
                repetitions: self.repetitions.at(i),
                height_change_m: -0.01,
                ..Cmj::default()
            }
            .into(),
            MovementKind::SquatJump => SquatJump {
                height_m,
                depth_m,
                dip_m: self.dip.at(i),
                landing,
                repetitions: self.repetitions.at(i),
                ..SquatJump::default()
            }
            .into(),
            MovementKind::DropJump => DropJump {
                height_m,
                box_m: self.box_m.at(i),
                contact_s: self.contact.at(i),
                landing,
                ..DropJump::default()
            }
            .into(),
            MovementKind::RepeatedJumps => RepeatedJumps {
                opening_m: 0.20,
                height_m,
                height_change_m: if height_m > 0.15 { -0.005 } else { 0.0 },
                contact_s: (0.75 * self.contact.at(i)).max(0.15),
                contact_change_s: 0.004,
                rebounds: self.rebounds.at(i),
                landing,
                ..RepeatedJumps::default()
            }
            .into(),
            MovementKind::Squat => Squat {
                depth_m,
                descent_s: 1.3 * self.tempo.at(i),
                pause_s: self.pause.at(i),
                ascent_s: 0.95 * self.tempo.at(i),
                repetitions: 1 + self.repetitions.at(i),
                ..Squat::default()
            }
            .into(),
            MovementKind::Running => {
                let (speed_m_s, cadence_spm) = self.run.at(i);
                Running {
                    speed_m_s,
                    cadence_spm,
                    duty_factor: self.run_duty.at(i),
                    asymmetry: self.asymmetry.at(i),
                    strike_deg: self.strike.at(i),
                    travel: self.travel.at(i),
                    ..Running::default()
                }
                .into()
            }
            MovementKind::Walking => {
                let (speed_m_s, cadence_spm) = self.walk.at(i);
                Walking {
                    speed_m_s,
                    cadence_spm,
                    duty_factor: self.walk_duty.at(i),
                    asymmetry: 0.3 * self.asymmetry.at(i),
                    travel: self.travel.at(i),
                    ..Walking::default()
                }
                .into()
            }
            MovementKind::Standing => Standing {
                action: self.action.at(i),
                seconds: 6.0,
            }
            .into(),
        }
    }
}
