//! A WebRTC publisher over WHIP (RFC 9725), for tests and as load.
//!
//! [`Footage`] is video of the synthetic athlete, encoded once. A [`Publisher`] offers it to a server, sends it in real time and
//! hears what comes back over the data channel; [`Link`](link) is a bad network between the two. [`matching`] tells which frame a
//! result belongs to, so that the program of the same name can measure how long each took with any number of publishers.

#![forbid(unsafe_code)]

mod error;
pub mod event;
pub mod footage;
mod http;
pub mod link;
pub mod matching;
mod publisher;
pub mod statistics;

pub use error::{Problem, PublishError};
pub use footage::{Codec, Footage, FootageError, FootageOptions};
pub use link::{Impairment, Switch};
pub use publisher::{End, Heard, Message, Publisher, PublisherOptions, Publishing, Summary};
