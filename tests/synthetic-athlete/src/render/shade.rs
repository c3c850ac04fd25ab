//! Light: a key light from the upper left front, a weak fill, sky and floor, and ambient occlusion.

use super::cone::RoundCone;
use crate::vec3::Vec3f;

/// Unit vectors towards the lights.
pub(super) const KEY_LIGHT: Vec3f = Vec3f::new(-0.420_5, -0.550_6, 0.720_8);
const FILL_LIGHT: Vec3f = Vec3f::new(0.732_6, -0.627_9, 0.261_6);
/// Strengths of key, fill, light from above and light from below.
const KEY: f32 = 0.82;
const FILL: f32 = 0.17;
pub(super) const AMBIENT_SKY: f32 = 0.315;
const AMBIENT_FLOOR: f32 = 0.19;
/// Ambient occlusion: distances along the normal at which the room around the surface is probed, m.
pub(super) const OCCLUSION_REACH: f32 = 0.12;
const PROBES: [f32; 3] = [0.02, 0.06, OCCLUSION_REACH];
/// How strongly missing room darkens, per metre, and how dark it can get.
const OCCLUSION_STRENGTH: f32 = 1.6;
const DARKEST: f32 = 0.35;

/// How open the room around a surface point is, 1 for free.
pub(super) fn openness<'a>(p: Vec3f, normal: Vec3f, cones: impl Iterator<Item = &'a RoundCone>) -> f32 {
    let points = PROBES.map(|probe| p + normal * probe);
    let mut nearest = PROBES;
    for cone in cones {
        // The farthest probe sees everything that a nearer one can be blocked by, give or take their distance.
        let d = cone.distance(points[2]);
        if d >= OCCLUSION_REACH {
            continue;
        }
        nearest[2] = nearest[2].min(d);
        nearest[0] = nearest[0].min(cone.distance(points[0]));
        nearest[1] = nearest[1].min(cone.distance(points[1]));
    }
    let blocked: f32 = PROBES.iter().zip(nearest).map(|(probe, d)| probe - d).sum();
    (1.0 - OCCLUSION_STRENGTH * blocked).max(DARKEST)
}

/// Light that a surface sends to the camera.
pub(super) fn lit(colour: Vec3f, normal: Vec3f, openness: f32) -> Vec3f {
    let up = normal.z;
    let ambient = FILL * normal.dot(FILL_LIGHT).max(0.0)
        + AMBIENT_SKY * (0.5 + 0.5 * up)
        + AMBIENT_FLOOR * (0.5 - 0.5 * up);
    colour * (KEY * normal.dot(KEY_LIGHT).max(0.0) + ambient * openness)
}
