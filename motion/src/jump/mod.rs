//! What every jump shares: noticing a flight, the tracked course, how the body came to take off, the feet on the ground, the
//! ballistic fit, and the numbers that follow.
//!
//! A kind of jump implements `JumpKind` and is made a movement by `JumpModel`.

mod approach;
pub(crate) mod checks;
mod contact;
mod contact_height;
mod course;
mod deviation;
mod feet;
mod flight;
mod ground_contact;
mod hold;
mod landing;
mod live;
mod measured;
mod model;
mod rejection;
mod report;
mod strength;
mod touchdown;
mod watch;
mod way;

pub(crate) use approach::{Countermovement, SmoothedCom};
pub use contact::{Contact, ContactError};
pub use contact_height::{ContactHeight, ContactView};
pub use course::{Course, CourseSample};
pub(crate) use deviation::{ContactDeviation, EventDeviation};
pub use feet::Feet;
pub use flight::{GravityFit, fit_gravity};
pub(crate) use ground_contact::GroundContact;
pub(crate) use hold::Hold;
pub(crate) use live::{Origin, REBOUND_S, Stage, Stages};
pub(crate) use measured::{MeasuredFlight, Noticed, Thrown};
pub(crate) use model::{Bench, JumpKind, JumpModel};
pub(crate) use rejection::Rejection;
pub(crate) use report::{FlightReport, NO_SCALE};
pub use touchdown::Touchdown;
pub use watch::{FlightWatch, Watched};
pub(crate) use way::{Arrival, Crouch, Way, WayFit};
