//! People behind the athlete.

use crate::body::cones::{Cone, cones};
use crate::clip::{Body, Bystander, BystanderAction, Clip, Look, Movement, Standing, Travel, Walking};
use crate::error::ClipError;
use crate::kinematics::Motion;
use crate::vec3::Vec3;
use std::f64::consts::{FRAC_PI_2, PI};

/// Forward speed of a bystander who walks, m/s.
const SPEED_M_S: f64 = 1.15;
/// Steps per minute of a bystander who walks.
const CADENCE_SPM: f64 = 106.0;
/// How far beyond the edge of the picture a walker turns up and vanishes, m.
const BEYOND_EDGE_M: f64 = 0.6;
/// A crowd: what each does, how far right of the first and how far behind, m, and how much taller, m.
const CROWD: [(Does, [f64; 2], f64); 5] = [
    (Does::Stands, [0.0, 0.0], 0.0),
    (Does::WalksRight, [-1.5, 0.5], 0.08),
    (Does::Stands, [-3.6, 0.2], -0.07),
    (Does::WalksLeft, [0.9, 0.9], 0.04),
    (Does::WalksRight, [-2.6, 1.3], -0.03),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Does {
    Stands,
    WalksRight,
    WalksLeft,
}

/// One of them.
#[derive(Debug)]
struct Person {
    motion: Motion,
    does: Does,
    right_m: f64,
    behind_m: f64,
    look: Look,
}

/// Everybody behind the athlete.
#[derive(Debug)]
pub(crate) struct Bystanders(Vec<Person>);

impl Bystanders {
    pub fn new(clip: &Clip) -> Result<Self, ClipError> {
        let people = clip.bystander.iter().flat_map(|b| {
            let alone = |does| vec![(does, *b)];
            match b.action {
                BystanderAction::Standing => alone(Does::Stands),
                BystanderAction::Walking => alone(Does::WalksRight),
                BystanderAction::Crowd => crowd(b),
            }
        });
        let people = people.map(|(does, b)| Person::new(does, &b));
        Ok(Self(people.collect::<Result<_, _>>()?))
    }

    /// Adds their cones at media time `t`. `half_width_m` is half of what the picture shows at a distance behind the
    /// athlete.
    pub fn draw(&self, t: f64, body: Body, half_width_m: impl Fn(f64) -> f64, out: &mut Vec<Cone>) {
        for person in &self.0 {
            let half = half_width_m(person.behind_m) + BEYOND_EDGE_M;
            let (turn, x) = match person.does {
                Does::Stands => (-FRAC_PI_2, person.right_m),
                Does::WalksRight => (
                    0.0,
                    (person.right_m + half + SPEED_M_S * t).rem_euclid(2.0 * half) - half,
                ),
                Does::WalksLeft => (
                    PI,
                    (person.right_m + half - SPEED_M_S * t).rem_euclid(2.0 * half) - half,
                ),
            };
            let place = Vec3::new(x, person.behind_m, 0.0);
            let skeleton = person.motion.skeleton(t).placed(turn, place);
            cones(&skeleton, person.motion.body.scale(), body, &person.look, out);
        }
    }
}

impl Person {
    fn new(does: Does, b: &Bystander) -> Result<Self, ClipError> {
        const ANY_MASS_KG: f64 = 70.0;
        let movement = match does {
            Does::Stands => Movement::Standing(Standing::default()),
            Does::WalksRight | Does::WalksLeft => Movement::Walking(Walking {
                speed_m_s: SPEED_M_S,
                cadence_spm: CADENCE_SPM,
                travel: Travel::Treadmill,
                ..Walking::default()
            }),
        };
        Ok(Self {
            motion: Motion::new(&movement, b.stature_m, ANY_MASS_KG)?,
            does,
            right_m: b.right_m,
            behind_m: b.behind_m,
            look: b.look,
        })
    }
}

/// Five people around the place of the first.
fn crowd(first: &Bystander) -> Vec<(Does, Bystander)> {
    let others = CROWD.iter().enumerate();
    others
        .map(|(i, &(does, [right, behind], taller))| {
            let person = Bystander {
                stature_m: (first.stature_m + taller).clamp(1.2, 2.2),
                right_m: first.right_m + right,
                behind_m: first.behind_m + behind,
                look: Look {
                    shirt: Look::SHIRTS[i % Look::SHIRTS.len()],
                    ..first.look
                },
                ..*first
            };
            (does, person)
        })
        .collect()
}
