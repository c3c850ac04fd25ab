//! The load: arguments, the run, and what is told about it.

pub mod arguments;
pub mod csv;
pub mod json;
pub mod load;
pub mod record;
pub mod report;
pub mod slo;
mod table;
