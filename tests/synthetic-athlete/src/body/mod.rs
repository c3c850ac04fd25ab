//! The athlete: proportions, joints, flesh and landmarks.

pub(crate) mod anthropometry;
pub(crate) mod cones;
pub mod landmarks;
pub(crate) mod skeleton;

pub(crate) use anthropometry::Anthropometry;
pub(crate) use skeleton::{Arm, Leg, Posture, Side, Skeleton, pitched, reach_for};
