//! Profiles on the operators' listener: where time goes, and who has taken memory ([how to](../../../../../docs/operations/profiling.md)).
//!
//! | module | |
//! |---|---|
//! | `cpu` | stacks of running threads, now and then |
//! | `proto` | the same as a file of `pprof` |
//! | `flame` | the same as a flame graph |
//! | `heap` | memory, where the program was built for it |

mod cpu;
mod flame;
mod heap;
mod proto;

use super::App;
use super::extract::Query;
use super::problem::Problem;
use axum::Router;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde::Deserialize;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

/// Longest profile, seconds.
const MOST_SECONDS: u64 = 60;
/// Length of one whose length is not said, seconds.
const SECONDS: u64 = 10;
/// There is one timer per process, and a profile of a profile says nothing.
static ONE_AT_A_TIME: Semaphore = Semaphore::const_new(1);

/// Its routes.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/debug/pprof/profile", get(profile))
        .route("/debug/pprof/heap", get(heap))
}

/// What is wanted.
#[derive(Deserialize)]
struct Wanted {
    seconds: Option<u64>,
    format: Option<String>,
}

/// How it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Pprof,
    Svg,
}

impl Wanted {
    fn seconds(&self) -> Result<Duration, Problem> {
        let seconds = self.seconds.unwrap_or(SECONDS);
        if (1..=MOST_SECONDS).contains(&seconds) {
            return Ok(Duration::from_secs(seconds));
        }
        let detail = format!("give 1 to {MOST_SECONDS} seconds");
        Err(Problem::invalid(detail).field("seconds"))
    }

    fn format(&self) -> Result<Format, Problem> {
        match self.format.as_deref() {
            None | Some("pprof") => Ok(Format::Pprof),
            Some("svg") => Ok(Format::Svg),
            Some(_) => Err(Problem::invalid("give pprof or svg").field("format")),
        }
    }
}

/// Looks for some seconds at what the processor does. A client that goes ends it.
async fn profile(Query(wanted): Query<Wanted>) -> Result<Response, Problem> {
    let (lasts, format) = (wanted.seconds()?, wanted.format()?);
    let _one = take_turn()?;
    let stacks = cpu::look(lasts)
        .await
        .map_err(|error| Problem::internal(format!("there is no profile: {error}")))?;
    let written = spawn_blocking(move || match format {
        Format::Pprof => proto::write(&stacks),
        Format::Svg => Ok(flame::draw(&stacks).into_bytes()),
    });
    let bytes = written
        .await
        .map_err(|_| Problem::internal("writing the profile panicked"))?
        .map_err(|error| Problem::internal(format!("the profile cannot be written: {error}")))?;
    Ok(match format {
        Format::Pprof => file(bytes, "cpu.pb.gz"),
        Format::Svg => ([(header::CONTENT_TYPE, "image/svg+xml")], bytes).into_response(),
    })
}

/// Who has taken memory that is not given back.
async fn heap(Query(wanted): Query<Wanted>) -> Result<Response, Problem> {
    if wanted.format()? == Format::Svg {
        let detail = "a heap profile is for pprof alone: pprof -svg draws it";
        return Err(Problem::invalid(detail).field("format"));
    }
    let _one = take_turn()?;
    let bytes = spawn_blocking(heap::dump)
        .await
        .map_err(|_| Problem::internal("writing the profile panicked"))??;
    Ok(file(bytes, "heap.prof"))
}

fn take_turn() -> Result<tokio::sync::SemaphorePermit<'static>, Problem> {
    ONE_AT_A_TIME
        .try_acquire()
        .map_err(|_| Problem::conflict("another profile is being made: one at a time"))
}

fn file(bytes: Vec<u8>, name: &str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{name}\""),
        ),
    ];
    (headers, bytes).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wanted_is_bounded_and_named_when_it_makes_no_sense() {
        let wanted = |seconds, format: Option<&str>| Wanted {
            seconds,
            format: format.map(str::to_owned),
        };
        assert_eq!(wanted(None, None).seconds(), Ok(Duration::from_secs(SECONDS)));
        assert_eq!(wanted(Some(60), None).seconds(), Ok(Duration::from_secs(60)));
        for seconds in [0, 61] {
            let refused = wanted(Some(seconds), None).seconds().expect_err("refused");
            assert_eq!(refused.field.as_deref(), Some("seconds"));
        }
        assert_eq!(wanted(None, Some("svg")).format(), Ok(Format::Svg));
        let refused = wanted(None, Some("png")).format().expect_err("refused");
        assert_eq!(refused.field.as_deref(), Some("format"));
    }
}
