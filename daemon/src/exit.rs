//! How the process ends: its code, the same for every command, and that nothing of it runs after that.

use std::io::Write;

/// How the process ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Everything was done.
    Done = 0,
    /// This machine is not ready, or a result could not be written.
    NotReady = 1,
    /// The command line makes no sense.
    Usage = 2,
    /// An input could not be read.
    Unreadable = 3,
    /// Everything was analysed and nothing was found.
    NothingFound = 4,
    /// Interrupted by a signal.
    Interrupted = 130,
}

impl Exit {
    /// The end a process of this program says by its code.
    pub fn of(code: i32) -> Option<Self> {
        let all = [
            Self::Done,
            Self::NotReady,
            Self::Usage,
            Self::Unreadable,
            Self::NothingFound,
            Self::Interrupted,
        ];
        all.into_iter().find(|exit| *exit as i32 == code)
    }

    /// Ends the process when everything is done: what standard output keeps is written first.
    pub fn leave(self) -> ! {
        // Commands have said already what they could not write.
        let _ = std::io::stdout().flush();
        self.leave_at_once()
    }

    /// Ends the process whatever else runs. Exit handlers do not run (docs/adr/0032): they take libraries apart beside threads that
    /// may still be at work in them.
    pub fn leave_at_once(self) -> ! {
        // SAFETY: the call takes a number and does not come back.
        unsafe { libc::_exit(self as i32) }
    }
}

/// Arguments that are well formed one by one but do not fit together.
#[derive(Debug)]
pub struct UsageError(pub String);

impl std::fmt::Display for UsageError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for UsageError {}
