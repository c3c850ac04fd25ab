//! What running and walking share: how two feet take turns, seen from the side.
//!
//! Everything is measured relative to the hips, so that a treadmill, a camera that moves along and a person who passes
//! through the picture look alike: the foot on the ground moves backwards at the speed of travel.
//!
//! | module | job |
//! |---|---|
//! | [`view`] | the few signals of a frame that gait needs, in statures, forwards positive |
//! | [`peak`] | the instant at which a signal is largest, between frames |
//! | [`watch`] | finds when the feet pass each other and which foot then comes down |
//! | [`marks`] | the raw instants between two passings: contact, toe-off, turning points of the body |
//! | [`landing`] | when the foot ahead has come down |
//! | [`lags`] | how late each mark is, and how it scatters |
//! | [`chain`] | all instants of a bout at once, each weighted by its certainty |
//! | [`bout`] | collects consecutive steps and says when they make a repetition |
//! | [`bounce`] | whether the body rises and falls with the steps |
//! | [`step`] | one contact of one foot |
//! | [`posture`] | the posture of the leg at the events of a contact |
//! | [`numbers`] | means, spreads and asymmetries of a bout with their uncertainty |
//! | [`report`] | the numbers both gaits report |
//! | [`model`] | the movement model running and walking are made of |
//!
//! # What a repetition is
//!
//! A *bout*: consecutive steps of one gait, from the first complete contact to the last. It is closed when the gait
//! ends, changes or turns round, when the person is lost, and every [`bout::LONGEST_S`] seconds of continuous gait, so
//! that results come live; nothing is counted twice. Its phases are the single contacts and what lies between them, and
//! `steps` lists each contact; the metrics are means over the steps.

pub mod bounce;
pub mod bout;
pub mod chain;
pub mod lags;
pub mod landing;
pub mod marks;
pub mod model;
pub mod numbers;
pub mod peak;
pub mod posture;
pub mod report;
pub mod step;
pub mod view;
pub mod watch;

/// The two gaits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gait {
    /// With a flight between contacts.
    Running,
    /// With both feet on the ground between single supports.
    Walking,
}
