//! Three-component vectors: `Vec3` (f64) for kinematics, `Vec3f` (f32) for rendering.

use std::ops::{Add, AddAssign, Mul, Neg, Sub};

macro_rules! vector {
    ($name:ident, $t:ty, $doc:literal) => {
        #[doc = $doc]
        #[derive(Clone, Copy, Debug, Default, PartialEq)]
        pub struct $name {
            /// First component.
            pub x: $t,
            /// Second component.
            pub y: $t,
            /// Third component.
            pub z: $t,
        }

        impl $name {
            /// From its components.
            pub const fn new(x: $t, y: $t, z: $t) -> Self {
                Self { x, y, z }
            }

            /// Scalar product.
            pub fn dot(self, o: Self) -> $t {
                self.x * o.x + self.y * o.y + self.z * o.z
            }

            /// Euclidean length.
            pub fn length(self) -> $t {
                self.dot(self).sqrt()
            }

            /// Same direction, length 1; the zero vector stays zero.
            pub fn unit(self) -> Self {
                let length = self.length();
                if length > 0.0 {
                    self * (1.0 / length)
                } else {
                    self
                }
            }
        }

        impl Add for $name {
            type Output = Self;
            fn add(self, o: Self) -> Self {
                Self::new(self.x + o.x, self.y + o.y, self.z + o.z)
            }
        }

        impl AddAssign for $name {
            fn add_assign(&mut self, o: Self) {
                *self = *self + o;
            }
        }

        impl Sub for $name {
            type Output = Self;
            fn sub(self, o: Self) -> Self {
                Self::new(self.x - o.x, self.y - o.y, self.z - o.z)
            }
        }

        impl Neg for $name {
            type Output = Self;
            fn neg(self) -> Self {
                Self::new(-self.x, -self.y, -self.z)
            }
        }

        impl Mul<$t> for $name {
            type Output = Self;
            fn mul(self, k: $t) -> Self {
                Self::new(self.x * k, self.y * k, self.z * k)
            }
        }
    };
}

vector!(
    Vec3,
    f64,
    "Vector of f64. World axes: x to the right of the picture, y away from the camera, z up; metres."
);
vector!(Vec3f, f32, "Vector of f32, for rendering.");

impl Vec3 {
    /// Vector product.
    pub fn cross(self, o: Self) -> Self {
        Self::new(
            self.y * o.z - self.z * o.y,
            self.z * o.x - self.x * o.z,
            self.x * o.y - self.y * o.x,
        )
    }

    /// Rounded to f32.
    pub fn as_f32(self) -> Vec3f {
        Vec3f::new(self.x as f32, self.y as f32, self.z as f32)
    }

    /// Turned about the vertical axis by `angle` radians, x towards y.
    pub fn turned(self, angle: f64) -> Self {
        let (s, c) = angle.sin_cos();
        Self::new(c * self.x - s * self.y, s * self.x + c * self.y, self.z)
    }
}
