//! Exit codes, the same for every command.

use std::process::ExitCode;

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
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit as u8)
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
