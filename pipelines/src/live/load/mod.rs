//! What each session gets of the machine, and how many fit.
//!
//! ```text
//! engine, processors ─► Machine ─┐
//! sessions: demand ──────────────┼─► Ladder ─► Service of each session
//!                                └─► Costs ──► admission: Share, or Overload
//! ```
//! | module | job |
//! |---|---|
//! | `machine` | how busy the processors and the inference engine are |
//! | `cost` | what a session takes, before and after it can be seen |
//! | `service` | settings, steps, what a session would like and what it gets |
//! | `ladder` | who gets how much: pose rate, model, overlay |
//! | `governor` | looks twice a second and tells everybody; lets sessions in |
//!
//! When there is too little for everybody, sessions get less by a ladder, each step only when the one before is used up: fewer
//! poses per second, the same for all, down to a floor; lighter landmark models; no graphics on outgoing video; no further
//! sessions. The way back is slower than the way down, so that nothing swings.

mod cost;
mod governor;
mod ladder;
mod machine;
mod service;

pub(crate) use cost::Footprint;
pub(crate) use governor::Governed;
pub use governor::{Governor, LoadState, Overload, Share};
pub(crate) use service::Demand;
pub use service::{LoadConfig, Service, Step};
