//! Rounded cones for the renderer: distance to a point and intersection with a ray.
//!
//! A rounded cone is the union of the spheres with centre `a + s (b - a)` and radius `ra + s (rb - ra)`, 0 <= s <= 1.
//! For a point at `w` from `a`, the sphere that touches it is stationary in s where
//! `s (l^2 - k^2) = w . (b - a) + k ra`, with `l` the length of the axis and `k = rb - ra`. Putting that back gives the
//! side surface `(l^2 - k^2) (|w|^2 - ra^2) = (w . (b - a) + k ra)^2`: a quadratic along a ray.

use crate::body::cones::Cone;
use crate::vec3::Vec3f;

/// A rounded cone with what intersections need worked out in advance.
#[derive(Clone, Copy, Debug)]
pub(super) struct RoundCone {
    pub a: Vec3f,
    axis: Vec3f,
    ra: f32,
    rb: f32,
    /// Growth of the radius from a to b.
    k: f32,
    /// l^2 - k^2; 0 when one end sphere contains the other.
    side: f32,
    /// For distances: unit axis, its length, slope of the radius, and how far ahead the touching sphere is.
    unit: Vec3f,
    length: f32,
    slope: f32,
    lead: f32,
    pub colour: Vec3f,
    pub material: u16,
}

/// Where a ray enters.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hit {
    pub distance: f32,
    pub normal: Vec3f,
}

impl RoundCone {
    /// `material` tells neighbouring colours apart.
    pub fn new(cone: &Cone, material: u16) -> Self {
        let (mut a, mut b) = (cone.a.as_f32(), cone.b.as_f32());
        let (mut ra, mut rb) = (cone.radius_a as f32, cone.radius_b as f32);
        if (b - a).length() <= (rb - ra).abs() {
            // One sphere swallows the other.
            (a, ra) = if ra >= rb { (a, ra) } else { (b, rb) };
            (b, rb) = (a, ra);
        }
        let axis = b - a;
        let length = axis.length();
        let k = rb - ra;
        let slope = if length > 0.0 { k / length } else { 0.0 };
        let [r, g, bl] = cone.colour;
        Self {
            a,
            axis,
            ra,
            rb,
            k,
            side: length * length - k * k,
            unit: axis.unit(),
            length,
            slope,
            lead: slope / (1.0 - slope * slope).sqrt(),
            colour: Vec3f::new(r, g, bl),
            material,
        }
    }

    pub fn b(&self) -> Vec3f {
        self.a + self.axis
    }

    pub fn radius(&self) -> f32 {
        self.ra.max(self.rb)
    }

    /// Signed distance of `p` from the surface.
    #[inline]
    pub fn distance(&self, p: Vec3f) -> f32 {
        let w = p - self.a;
        let y = w.dot(self.unit);
        let x = (w.dot(w) - y * y).max(0.0).sqrt();
        let t = (y + x * self.lead).clamp(0.0, self.length);
        let off = y - t;
        (x * x + off * off).sqrt() - self.ra - self.slope * t
    }

    /// First entry of the ray from `eye` along the unit vector `ray`.
    #[inline]
    pub fn enter(&self, eye: Vec3f, ray: Vec3f) -> Option<Hit> {
        // Start beside the cone, which keeps squares small and f32 exact enough.
        let start = (self.a - eye).dot(ray);
        let w = eye + ray * start - self.a;
        let ww = w.dot(w);
        let (wr, along, u) = (
            w.dot(ray),
            self.axis.dot(ray),
            w.dot(self.axis) + self.k * self.ra,
        );
        if self.side > 0.0 {
            let qa = self.side - along * along;
            let qb = self.side * wr - along * u;
            let qc = self.side * (ww - self.ra * self.ra) - u * u;
            let discriminant = qb * qb - qa * qc;
            if discriminant >= 0.0 && qa.abs() > 1e-9 {
                // Where the ray comes into the endless cone: the first root, or, along a ray steeper than the cone,
                // which leaves its mirror image first, the second.
                let t = (-qb - discriminant.sqrt()) / qa;
                let s = u + t * along; // times `side`
                if s > 0.0 && s < self.side {
                    let s = s / self.side;
                    let normal = (w + ray * t - self.axis * s) * (1.0 / (self.ra + self.k * s));
                    return Some(Hit {
                        distance: start + t,
                        normal,
                    });
                }
            }
        }
        let near = sphere(w, wr, ww, ray, self.ra);
        let far = if self.side > 0.0 {
            let v = w - self.axis;
            sphere(v, v.dot(ray), v.dot(v), ray, self.rb)
        } else {
            None
        };
        let hit = match (near, far) {
            (Some(n), Some(f)) => Some(if n.distance < f.distance { n } else { f }),
            (n, f) => n.or(f),
        };
        hit.map(|h| Hit {
            distance: start + h.distance,
            normal: h.normal,
        })
    }
}

/// Entry of a ray into a sphere of radius `r` whose centre is `-w` away.
#[inline]
fn sphere(w: Vec3f, wr: f32, ww: f32, ray: Vec3f, r: f32) -> Option<Hit> {
    let discriminant = wr * wr - ww + r * r;
    if discriminant < 0.0 {
        return None;
    }
    let t = -wr - discriminant.sqrt();
    Some(Hit {
        distance: t,
        normal: (w + ray * t) * (1.0 / r),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;
    use crate::vec3::Vec3;

    fn some_cone(random: &mut Random) -> Cone {
        let mut point = || Vec3::new(random.unit(), random.unit(), random.unit());
        let (a, b) = (point(), point());
        Cone {
            a,
            radius_a: random.between(0.02, 0.2),
            b,
            radius_b: random.between(0.02, 0.2),
            colour: [0.5; 3],
        }
    }

    #[test]
    fn distance_is_that_to_the_nearest_of_all_spheres() {
        let mut random = Random::stream(7, 0, 0);
        for _ in 0..200 {
            let cone = some_cone(&mut random);
            let p = Vec3::new(
                random.between(-0.5, 1.5),
                random.between(-0.5, 1.5),
                random.between(-0.5, 1.5),
            );
            let expected = (0..=4000)
                .map(|i| {
                    let s = f64::from(i) / 4000.0;
                    let radius = cone.radius_a + (cone.radius_b - cone.radius_a) * s;
                    (p - cone.a - (cone.b - cone.a) * s).length() - radius
                })
                .fold(f64::INFINITY, f64::min);
            let got = f64::from(RoundCone::new(&cone, 0).distance(p.as_f32()));
            assert!((got - expected).abs() < 1e-4, "{got} {expected}");
        }
    }

    #[test]
    fn rays_enter_on_the_surface_and_miss_only_what_they_miss() {
        let mut random = Random::stream(11, 0, 0);
        let eye = Vec3f::new(0.5, -5.0, 0.5);
        let (mut hits, mut misses) = (0, 0);
        for _ in 0..3000 {
            let flesh = some_cone(&mut random);
            let mut off = || random.between(-0.25, 0.25);
            let target = (flesh.a + (flesh.b - flesh.a) * 0.5 + Vec3::new(off(), off(), off())).as_f32();
            let cone = RoundCone::new(&flesh, 0);
            let ray = (target - eye).unit();
            let nearest = (0..2000)
                .map(|i| cone.distance(eye + ray * (3.0 + i as f32 * 0.002)))
                .fold(f32::INFINITY, f32::min);
            match cone.enter(eye, ray) {
                Some(hit) => {
                    hits += 1;
                    let p = eye + ray * hit.distance;
                    assert!(cone.distance(p).abs() < 2e-4, "{}", cone.distance(p));
                    assert!((hit.normal.length() - 1.0).abs() < 1e-3);
                    assert!(
                        cone.distance(p - ray * 0.01) > 0.0,
                        "nothing lies before the entry"
                    );
                    assert!((cone.distance(p + hit.normal * 0.01) - 0.01).abs() < 1e-3);
                }
                None => {
                    misses += 1;
                    assert!(nearest > -1e-4, "missed something {nearest} deep");
                }
            }
        }
        assert!(hits > 300 && misses > 300);
    }
}
