//! The `kinemotion` program as its users meet it: arguments in, files, text and exit codes out.

mod batch;
mod clips;
mod curves;
mod failures;
mod formats;
mod machine;
mod media;
mod overlay;
mod program;
mod report;
mod time;
