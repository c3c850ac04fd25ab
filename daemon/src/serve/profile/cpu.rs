//! Where time goes: the stack of whichever thread runs, so many times a second of processor time.

use pprof::ProfilerGuardBuilder;
use std::time::{Duration, SystemTime};
use tokio::task::spawn_blocking;

/// Looks a second of processor time; no divisor of what usually happens at regular times.
const FREQUENCY_HZ: i32 = 99;
/// A stack that ends in one of these is not looked at: whoever holds a lock there would be asked for it again.
const LEFT_OUT: [&str; 5] = ["ld-linux", "libc.so", "libgcc", "pthread", "vdso"];

/// What was seen.
#[derive(Debug)]
pub struct Stacks {
    /// When it began.
    pub began: SystemTime,
    /// How long it was looked.
    pub lasted: Duration,
    /// Processor time between two looks, nanoseconds.
    pub period_ns: i64,
    /// Each with how often it was seen.
    pub stacks: Vec<Stack>,
}

/// A stack of calls.
#[derive(Debug)]
pub struct Stack {
    /// Name of the thread.
    pub thread: String,
    /// The innermost call first.
    pub frames: Vec<Frame>,
    /// How often it was seen.
    pub seen: i64,
}

/// A call.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Frame {
    /// Of the function.
    pub name: String,
    /// Its source, where that is known.
    pub file: String,
    /// Line in it; 0 where it is not known.
    pub line: i64,
}

/// Looks for so long.
///
/// # Errors
/// The timer of the process is used by something else.
pub async fn look(lasts: Duration) -> Result<Stacks, String> {
    let began = SystemTime::now();
    let guard = ProfilerGuardBuilder::default()
        .frequency(FREQUENCY_HZ)
        .blocklist(&LEFT_OUT)
        .build()
        .map_err(|error| error.to_string())?;
    tokio::time::sleep(lasts).await;
    // Names are looked up in the program, which takes a while.
    let report = spawn_blocking(move || guard.report().build());
    let report = report
        .await
        .map_err(|_| "looking names up panicked".to_owned())?
        .map_err(|error| error.to_string())?;
    let stacks = report
        .data
        .iter()
        .map(|(seen, count)| Stack {
            thread: seen.thread_name_or_id(),
            frames: seen.frames.iter().flatten().map(frame).collect(),
            seen: i64::try_from(*count).unwrap_or_default(),
        })
        .collect();
    Ok(Stacks {
        began,
        lasted: lasts,
        period_ns: 1_000_000_000 / i64::from(FREQUENCY_HZ),
        stacks,
    })
}

fn frame(symbol: &pprof::Symbol) -> Frame {
    Frame {
        name: symbol.name(),
        file: symbol
            .filename
            .as_ref()
            .map(|file| file.to_string_lossy().into_owned())
            .unwrap_or_default(),
        line: i64::from(symbol.lineno()),
    }
}
