//! Analyses of files: uploaded or fetched, put in a queue, worked through in processes of their own.
//!
//! The queue is a table. A worker takes a job by a lease and keeps it while it works; every event it stores proves in the same
//! transaction that the lease is still its own. One that is lost leaves a lease that runs out: another worker takes the job,
//! takes back what was stored and begins again. After [`worker::MOST_ATTEMPTS`] the analysis has failed and says why.
//!
//! | module | |
//! |---|---|
//! | `worker` | takes jobs from the queue, one after the other |
//! | `child` | one file in a process of its own |
//! | `sandbox` | what that process cannot reach |
//! | `memory` | the most it held |
//! | `verdict` | how it ended, in words |
//! | `arguments`, `said` | from an order to its command line, and from its lines to events |
//! | `fetch` | files from addresses and buckets |
//! | `reception` | files that are sent here |
//! | `janitor` | removes uploads that nobody uses |

mod arguments;
mod child;
pub mod fetch;
mod janitor;
mod memory;
pub mod reception;
mod said;
mod sandbox;
mod verdict;
mod worker;

pub use said::Hearing;
pub use worker::megabytes;

use crate::serve::config::SharedConfig;
use crate::serve::metrics::Metrics;
use crate::serve::sessions::Sessions;
use anyhow::Context;
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use worker::Worker;

/// What a worker needs beside the order. It goes with the job, as addresses may hold keys.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
pub struct Errand {
    /// Where the file is, when it has to be fetched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    url: Option<String>,
}

impl Errand {
    /// The file has to be fetched from an address.
    pub fn fetch(url: &str) -> Self {
        Self {
            url: Some(url.to_owned()),
        }
    }

    /// As it is stored.
    pub fn text(&self) -> String {
        serde_json::to_string(self).expect("texts can be written as JSON")
    }

    fn read(text: &str) -> serde_json::Result<Self> {
        serde_json::from_str(text)
    }
}

/// Workers and what tidies up behind them, until `end`.
///
/// # Errors
/// This machine cannot take the network from a process, or does not know this program.
pub fn start(
    sessions: &Sessions,
    config: &SharedConfig,
    metrics: &Metrics,
    end: &CancellationToken,
) -> anyhow::Result<TaskTracker> {
    let tasks = TaskTracker::new();
    tasks.spawn(janitor::run(sessions.store().clone(), end.clone()));
    let workers = config.get().batch.workers;
    if workers > 0 {
        sandbox::prepare().context("strangers' files cannot be analysed without network (batch.workers)")?;
    }
    let program = std::env::current_exe().context("this program does not know where it is")?;
    for number in 0..workers {
        let worker = Worker::new(
            number,
            sessions.clone(),
            config.clone(),
            metrics.clone(),
            program.clone(),
            end.clone(),
        );
        tasks.spawn(worker.run());
    }
    tasks.close();
    Ok(tasks)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_errand_is_read_back() {
        for errand in [Errand::default(), Errand::fetch("https://a.example/x?key=1")] {
            assert_eq!(Errand::read(&errand.text()).expect("JSON"), errand);
        }
        assert!(Errand::read("").is_err());
    }
}
