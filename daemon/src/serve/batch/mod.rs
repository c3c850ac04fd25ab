//! Analyses of files: uploaded or fetched, put in a queue, worked through in processes of their own.
//!
//! | module | |
//! |---|---|
//! | `child` | one file in a process of its own |
//! | `sandbox` | what that process cannot reach |
//! | `worker` | takes jobs from the queue, one after the other |

mod child;
mod sandbox;
