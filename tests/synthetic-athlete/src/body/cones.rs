//! The flesh: rounded cones around the bones. Radii in metres at the reference stature.

use super::landmarks::thumb_side;
use super::skeleton::{Limbs, Side, Skeleton};
use crate::clip::{Body, Look, Rgb};
use crate::vec3::Vec3;

/// All spheres whose centre runs from `a` to `b` while the radius changes evenly; colour in linear light.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cone {
    pub a: Vec3,
    pub radius_a: f64,
    pub b: Vec3,
    pub radius_b: f64,
    pub colour: Rgb,
}

const EYE: Rgb = [0.03, 0.03, 0.03];
const STICK: Rgb = [0.3, 0.3, 0.3];
const STICK_RADIUS: f64 = 0.03;

/// Ears and lips are skin of a slightly different tone.
fn tinted(c: Rgb, f: Rgb) -> Rgb {
    [c[0] * f[0], c[1] * f[1], c[2] * f[2]]
}

/// Collects cones; radii are scaled to the person.
struct Flesh<'a> {
    cones: &'a mut Vec<Cone>,
    scale: f64,
}

impl Flesh<'_> {
    fn add(&mut self, a: Vec3, radius_a: f64, b: Vec3, radius_b: f64, colour: Rgb) {
        let (radius_a, radius_b) = (radius_a * self.scale, radius_b * self.scale);
        self.cones.push(Cone {
            a,
            radius_a,
            b,
            radius_b,
            colour,
        });
    }
}

/// Appends the cones of one person.
pub(crate) fn cones(s: &Skeleton, scale: f64, body: Body, look: &Look, out: &mut Vec<Cone>) {
    let mut flesh = Flesh { cones: out, scale };
    if body == Body::Stick {
        stick(s, &mut flesh);
        return;
    }
    trunk(s, look, &mut flesh);
    head(s, look, &mut flesh);
    for side in Side::BOTH {
        arm(&s.sides[side as usize], s, look, &mut flesh);
        leg(&s.sides[side as usize], s, look, &mut flesh);
    }
}

fn stick(s: &Skeleton, flesh: &mut Flesh<'_>) {
    let r = STICK_RADIUS;
    for l in &s.sides {
        for (a, b) in [
            (l.hip, l.knee),
            (l.knee, l.ankle),
            (l.ankle, l.toe),
            (l.shoulder, l.elbow),
            (l.elbow, l.wrist),
        ] {
            flesh.add(a, r, b, r, STICK);
        }
    }
    flesh.add(s.pelvis, r, s.neck, r, STICK);
    flesh.add(s.head_centre, 0.10, s.head_centre + s.head_up * 0.01, 0.10, STICK);
}

fn trunk(s: &Skeleton, look: &Look, flesh: &mut Flesh<'_>) {
    let length = (s.neck - s.pelvis).length();
    let scale = flesh.scale;
    // A point so far up the trunk (fraction), left and ahead (m).
    let at = |up: f64, left: f64, ahead: f64| {
        s.pelvis + s.trunk_up * (length * up) + (s.left * left + s.trunk_forward * ahead) * scale
    };
    for y in [-1.0, 1.0] {
        flesh.add(
            at(0.0, 0.055 * y, -0.020),
            0.112,
            at(0.10, 0.055 * y, -0.012),
            0.108,
            look.shorts,
        ); // pelvis
        flesh.add(
            at(0.16, 0.060 * y, -0.005),
            0.102,
            at(0.45, 0.063 * y, 0.0),
            0.098,
            look.shirt,
        ); // waist
        flesh.add(
            at(0.50, 0.075 * y, 0.0),
            0.105,
            at(0.78, 0.086 * y, -0.002),
            0.106,
            look.shirt,
        ); // ribs
        flesh.add(
            at(0.93, 0.125 * y, -0.010),
            0.066,
            at(0.88, 0.165 * y, 0.0),
            0.064,
            look.shirt,
        ); // shoulder
        flesh.add(
            s.neck + (s.head_up * 0.045 - s.head_forward * 0.020 + s.left * (0.030 * y)) * scale,
            0.045,
            at(0.96, 0.10 * y, -0.012),
            0.055,
            look.shirt,
        ); // trapezius
    }
    flesh.add(
        at(0.02, 0.0, -0.045),
        0.098,
        at(0.10, 0.0, -0.020),
        0.090,
        look.shorts,
    ); // buttocks
    flesh.add(
        at(0.90, 0.0, -0.015),
        0.085,
        at(0.99, 0.0, -0.008),
        0.062,
        look.shirt,
    ); // collar
}

fn head(s: &Skeleton, look: &Look, flesh: &mut Flesh<'_>) {
    let scale = flesh.scale;
    let at = |ahead: f64, up: f64, left: f64| {
        s.head_centre + (s.head_forward * ahead + s.head_up * up + s.left * left) * scale
    };
    let skin = look.skin;
    flesh.add(
        s.neck - s.head_up * (0.02 * scale),
        0.062,
        at(-0.015, -0.060, 0.0),
        0.056,
        skin,
    ); // neck
    flesh.add(at(-0.012, 0.022, 0.0), 0.097, at(-0.005, 0.0, 0.0), 0.090, skin); // cranium
    flesh.add(at(0.012, -0.030, 0.0), 0.075, at(0.036, -0.082, 0.0), 0.052, skin); // jaw
    flesh.add(at(0.078, 0.0, 0.0), 0.014, at(0.103, -0.028, 0.0), 0.016, skin); // nose
    let lip = tinted(skin, [0.70, 0.46, 0.55]);
    flesh.add(
        at(0.082, -0.062, -0.018),
        0.009,
        at(0.082, -0.062, 0.018),
        0.009,
        lip,
    );
    let ear = tinted(skin, [0.95, 0.90, 0.90]);
    for y in [-1.0, 1.0] {
        flesh.add(
            at(-0.012, 0.005, 0.078 * y),
            0.022,
            at(-0.018, -0.025, 0.0757 * y),
            0.015,
            ear,
        );
        flesh.add(
            at(0.080, 0.010, 0.034 * y),
            0.010,
            at(0.081, 0.010, 0.034 * y),
            0.010,
            EYE,
        );
        flesh.add(
            at(0.074, 0.033, 0.020 * y),
            0.008,
            at(0.066, 0.034, 0.048 * y),
            0.008,
            look.hair,
        ); // brow
        flesh.add(
            at(-0.034, 0.046, 0.035 * y),
            0.084,
            at(-0.048, 0.0, 0.0315 * y),
            0.076,
            look.hair,
        );
    }
    flesh.add(
        at(-0.005, 0.062, 0.0),
        0.078,
        at(0.028, 0.062, 0.0),
        0.050,
        look.hair,
    );
}

fn arm(l: &Limbs, s: &Skeleton, look: &Look, flesh: &mut Flesh<'_>) {
    let scale = flesh.scale;
    let upper = l.elbow - l.shoulder;
    let fore = l.wrist - l.elbow;
    let sleeve_end = l.shoulder + upper * 0.58;
    flesh.add(l.shoulder, 0.062, sleeve_end, 0.055, look.shirt);
    flesh.add(l.shoulder + upper * 0.56, 0.046, l.elbow, 0.038, look.skin);
    flesh.add(l.elbow, 0.039, l.elbow + fore * 0.3, 0.041, look.skin);
    flesh.add(l.elbow + fore * 0.3, 0.041, l.wrist, 0.026, look.skin);
    let along = (l.hand - l.wrist).unit();
    let thumb = thumb_side(along, s.left);
    let on_hand = |a: f64, t: f64| l.wrist + (along * a + thumb * t) * scale;
    flesh.add(l.wrist, 0.026, on_hand(0.07, 0.0), 0.036, look.skin);
    flesh.add(on_hand(0.07, 0.0), 0.034, on_hand(0.135, 0.0), 0.020, look.skin);
    flesh.add(on_hand(0.03, 0.0), 0.020, on_hand(0.07, 0.03), 0.014, look.skin);
}

fn leg(l: &Limbs, s: &Skeleton, look: &Look, flesh: &mut Flesh<'_>) {
    let thigh = l.knee - l.hip;
    let shank = l.ankle - l.knee;
    // Forward normal of the shank: kneecap in front, calf behind.
    let front = s.left.cross(shank).unit() * -1.0;
    let front = if front.dot(s.left.cross(Vec3::new(0.0, 0.0, 1.0))) < 0.0 {
        -front
    } else {
        front
    };
    flesh.add(
        l.hip + thigh * 0.02,
        0.098,
        l.hip + thigh * 0.35,
        0.092,
        look.shorts,
    );
    flesh.add(
        l.hip + thigh * 0.35,
        0.092,
        l.hip + thigh * 0.62,
        0.083,
        look.shorts,
    );
    flesh.add(l.hip + thigh * 0.60, 0.072, l.knee, 0.054, look.skin);
    flesh.add(
        l.knee + front * 0.012,
        0.050,
        l.knee + shank * 0.08 + front * 0.008,
        0.048,
        look.skin,
    );
    let calf = l.knee + shank * 0.28 - front * 0.018;
    flesh.add(l.knee, 0.050, calf, 0.057, look.skin);
    flesh.add(calf, 0.057, l.knee + shank * 0.78, 0.036, look.skin);
    flesh.add(l.knee + shank * 0.78, 0.037, l.ankle, 0.037, look.socks);
    shoe(l, s, look, flesh);
}

fn shoe(l: &Limbs, s: &Skeleton, look: &Look, flesh: &mut Flesh<'_>) {
    let scale = flesh.scale;
    let up = |from: Vec3, to: Vec3| (to - from).cross(s.left).unit();
    let sole = l.ball - l.heel;
    let foot_up = up(l.heel, l.ball);
    let toe_up = up(l.ball, l.toe);
    let toes = l.toe - l.ball;
    // The sole points lie on the ground; the axis is lifted by the radius.
    let instep = (l.heel + l.ball) * 0.5 + foot_up * (0.045 * scale);
    let ball = l.ball + foot_up * (0.036 * scale);
    flesh.add(
        l.heel + foot_up * (0.034 * scale) + sole * 0.05,
        0.034,
        ball,
        0.036,
        look.shoes,
    );
    flesh.add(
        l.ankle - foot_up * (0.012 * scale),
        0.044,
        instep,
        0.042,
        look.shoes,
    );
    flesh.add(
        ball,
        0.036,
        l.toe + toe_up * (0.026 * scale) - toes * 0.30,
        0.027,
        look.shoes,
    );
    flesh.add(
        l.heel + foot_up * (0.012 * scale),
        0.014,
        l.ball + foot_up * (0.012 * scale),
        0.014,
        look.soles,
    );
    let aside = |p: Vec3, by: f64| p + foot_up * (0.013 * scale) + s.left * (by * scale);
    flesh.add(aside(l.heel, 0.02), 0.013, aside(l.ball, 0.03), 0.013, look.soles);
    flesh.add(
        aside(l.heel, -0.02),
        0.013,
        aside(l.ball, -0.03),
        0.013,
        look.soles,
    );
}
