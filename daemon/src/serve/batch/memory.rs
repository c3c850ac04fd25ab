//! How much memory a process holds, looked at from outside: a program that gets none takes that for anything, a missing decoder or a
//! damaged file, and does not always say so.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval};

/// How often is looked. Filling a quarter of the least that may be allowed, 128 MB, takes some times as long.
const EVERY: Duration = Duration::from_millis(20);

/// The most that a process held, of what it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Most {
    /// Bytes it was seen to hold; 0 where nobody can say.
    pub held: u64,
    /// Bytes it may hold.
    pub allowed: u64,
}

/// A look at a process every now and then, until this is dropped.
pub struct Watch {
    held: Arc<AtomicU64>,
    allowed: u64,
    task: Option<JoinHandle<()>>,
}

impl Watch {
    /// Looks at a process that runs already what it is to run; before that its memory is that of its parent. `None` is one that
    /// has ended.
    pub fn on(process: Option<u32>, allowed: u64) -> Self {
        let held = Arc::new(AtomicU64::new(0));
        // The file is that of this process for ever, whoever gets its number next. Without procfs nobody can say.
        let file = process.and_then(|number| File::open(format!("/proc/{number}/statm")).ok());
        let task = file.map(|file| tokio::spawn(look(file, held.clone())));
        Self { held, allowed, task }
    }

    /// The most that was seen.
    pub fn most(&self) -> Most {
        Most {
            held: self.held.load(Ordering::Relaxed),
            allowed: self.allowed,
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

async fn look(file: File, held: Arc<AtomicU64>) {
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // It cannot be read any more when the process is gone.
    while let Ok(bytes) = read(&file) {
        held.fetch_max(bytes, Ordering::Relaxed);
        ticks.tick().await;
    }
}

/// Memory that a process may write to, bytes: what its limit (`RLIMIT_DATA`) is about, and its stack. The sixth number of statm
/// (proc(5)), in pages.
fn read(file: &File) -> io::Result<u64> {
    // Seven numbers of at most twenty digits.
    let mut text = [0; 160];
    let length = file.read_at(&mut text, 0)?;
    let text = std::str::from_utf8(&text[..length]).ok();
    let pages = text.and_then(|text| text.split_whitespace().nth(5)?.parse::<u64>().ok());
    let pages = pages.ok_or_else(|| io::Error::other("statm names no data"))?;
    Ok(pages * rustix::param::page_size() as u64)
}
