//! What every jump shares: noticing a flight, the tracked course, the feet on the ground, the ballistic fit.

mod contact;
mod course;
mod flight;
mod watch;

pub use contact::{Contact, ContactError, Feet};
pub use course::{Course, CourseSample};
pub use flight::{GravityFit, fit_gravity};
pub use watch::{FlightWatch, Watched};
