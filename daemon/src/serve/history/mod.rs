//! What was measured before: repetitions, and what an athlete's numbers do over time.

mod cursor;
pub mod table;
mod trend;

pub use cursor::Cursor;
pub use trend::{Observation, Trend, trend};
