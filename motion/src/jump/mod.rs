//! What every jump shares: noticing a flight, the tracked course, the feet on the ground, the ballistic fit.

mod contact;
mod contact_height;
mod course;
mod feet;
mod flight;
mod watch;

pub use contact::{Contact, ContactError};
pub use contact_height::{ContactHeight, ContactView};
pub use course::{Course, CourseSample};
pub use feet::Feet;
pub use flight::{GravityFit, fit_gravity};
pub use watch::{FlightWatch, Watched};
