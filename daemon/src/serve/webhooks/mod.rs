//! Telling other services what was measured, by HTTP requests to addresses they register.
//!
//! What is to be told is stored together with the event it is about, so it outlives the process; it is told at least once, in the
//! order of each analysis, signed after the Standard Webhooks specification.
//!
//! | module | |
//! |---|---|
//! | `body` | what is told |
//! | `courier` | delivers what is due |
//! | `places` | how much is under way, and to whom |
//! | `schedule` | when it is tried again |
//! | `post`, `signature` | sending, signing |

mod body;
mod courier;
mod places;
mod post;
mod schedule;
mod signature;

pub use body::{About, about_webhook, body};
pub use courier::Courier;
pub use places::Places;
pub use post::{Message, Post, Reply, address};
pub use signature::Secret;

use crate::serve::hub::EventType;

/// What a webhook is told that names no types.
pub const USUAL: [EventType; 3] = [
    EventType::Repetition,
    EventType::AnalysisComplete,
    EventType::Error,
];

/// Type of the notice that another webhook is disabled, for those that list it.
pub const DISABLED: &str = "webhook_disabled";
/// Type of a test.
pub const TEST: &str = "test";

/// Whether events of a type can be told: landmarks of every frame are for streams.
pub fn can_be_told(kind: EventType) -> bool {
    kind != EventType::Pose
}
