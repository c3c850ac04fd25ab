//! One file in a process of its own: `kinemotion analyze`, with what it may use cut down.
//!
//! A file may come from anybody, and decoders are old programs in a language without bounds. Whatever it does to the decoder stays
//! in the child: it has no network, no more memory, time and disk than is allowed, and its end, however it comes, is the end of one
//! analysis.

use rustix::process::{Resource, Rlimit, setrlimit};
use std::io;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

/// Longest line a child may write. Landmarks of sixteen people take some 40 kB.
const LINE_BYTES: u64 = 1 << 20;
/// The end of what a child says on standard error is kept, bytes.
const SAID_BYTES: u64 = 8 << 10;

/// What a child may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// Memory it may write to, bytes.
    pub memory: u64,
    /// Processor time, seconds.
    pub cpu_s: u64,
    /// Longest file it may write, bytes.
    pub file: u64,
    /// Time, whatever it does.
    pub wall: Duration,
}

/// How a child ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// It is through with the file.
    Done,
    /// It says what is wrong with the file; another try would say the same.
    Refused(String),
    /// It was ended by what it did; another try may go differently.
    Broken(String),
}

/// What is to be analysed, as arguments of `kinemotion analyze`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// Arguments besides those that are always the same.
    pub arguments: Vec<String>,
    /// The file.
    pub file: std::path::PathBuf,
    /// Where the picture with graphics goes, if it is wanted.
    pub overlay: Option<std::path::PathBuf>,
}

/// A running child.
pub struct Running {
    child: Child,
    lines: Lines<BufReader<tokio::io::Take<ChildStdout>>>,
    said: tokio::task::JoinHandle<String>,
}

/// Starts a child.
///
/// # Errors
/// There can be no further process.
pub fn start(program: &Path, task: &Task, allowance: Allowance) -> io::Result<Running> {
    let mut command = Command::new(program);
    command
        .arg("analyze")
        .args(["--format", "ndjson", "--output", "-"])
        .args(&task.arguments);
    if let Some(overlay) = &task.overlay {
        command.arg("--overlay").arg(overlay);
    }
    command
        .arg("--")
        .arg(&task.file)
        // Nothing of the daemon's settings, which hold secrets.
        .env_clear()
        .envs(std::env::vars_os().filter(|(name, _)| is_passed_on(name)))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    // SAFETY: between fork and exec only system calls are made; nothing is allocated and no lock is taken.
    unsafe {
        command.pre_exec(move || confine(allowance));
    }
    let mut child = command.spawn()?;
    let stdout = child.stdout.take().expect("standard output is piped");
    let stderr = child.stderr.take().expect("standard error is piped");
    let said = tokio::spawn(async move {
        let mut said = String::new();
        // What it says beyond is read all the same, so that it does not wait for us.
        let mut stderr = stderr;
        let kept = (&mut stderr).take(SAID_BYTES).read_to_string(&mut said).await;
        let rest = tokio::io::copy(&mut stderr, &mut tokio::io::sink()).await;
        if kept.is_err() || rest.is_err() {
            said.push_str(" (what it said cannot be read)");
        }
        said
    });
    Ok(Running {
        child,
        lines: BufReader::new(stdout.take(u64::MAX)).lines(),
        said,
    })
}

impl Running {
    /// The next line it writes; `None` when it writes no more.
    ///
    /// # Errors
    /// A line without end, or that is no text.
    pub async fn next(&mut self) -> io::Result<Option<String>> {
        self.lines.get_mut().get_mut().set_limit(LINE_BYTES);
        self.lines.next_line().await
    }

    /// How it ended.
    ///
    /// # Errors
    /// The system cannot say.
    pub async fn end(mut self) -> io::Result<End> {
        let status = self.child.wait().await?;
        let said = self.said.await.unwrap_or_default();
        Ok(end(status, &said))
    }

    /// Ends it.
    pub async fn kill(mut self) {
        if let Err(error) = self.child.kill().await {
            tracing::warn!(%error, "a worker cannot be ended");
        }
    }
}

/// Settings of a process that are none of the daemon's.
fn is_passed_on(name: &std::ffi::OsStr) -> bool {
    let name = name.to_string_lossy();
    ["PATH", "HOME", "LANG", "TMPDIR", "XDG_CACHE_HOME", "ORT_DYLIB_PATH", "KINEMOTION_CACHE"].contains(&name.as_ref())
        || name.starts_with("GST_")
}

/// Cuts down what this process, and what it becomes, may use.
fn confine(allowance: Allowance) -> io::Result<()> {
    let limits = [
        (Resource::Data, allowance.memory),
        (Resource::Cpu, allowance.cpu_s),
        (Resource::Fsize, allowance.file),
        (Resource::Core, 0),
    ];
    for (resource, most) in limits {
        let limit = Rlimit {
            current: Some(most),
            maximum: Some(most),
        };
        setrlimit(resource, limit)?;
    }
    rustix::process::nice(10)?;
    super::sandbox::without_network()
}

fn end(status: ExitStatus, said: &str) -> End {
    use std::os::unix::process::ExitStatusExt;
    let last = said.lines().rev().find_map(|line| line.strip_prefix("error: "));
    match (status.code(), status.signal()) {
        (Some(code), _) if crate::exit::is_done(code) => End::Done,
        (Some(_), _) => End::Refused(last.unwrap_or("it cannot be read").to_owned()),
        (None, Some(signal)) => End::Broken(by_signal(signal).to_owned()),
        (None, None) => End::Broken("it ended without a reason".into()),
    }
}

/// What a signal says about a file.
fn by_signal(signal: i32) -> &'static str {
    match signal {
        6 | 4 | 7 | 8 | 11 => "the decoder crashed",
        9 => "it was ended from outside, perhaps for want of memory",
        24 => "it took more processor time than is allowed",
        25 => "what it wrote is longer than is allowed",
        31 => "it did something that is not allowed, such as reaching for the network",
        _ => "it was ended by a signal",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::process::ExitStatusExt;

    #[test]
    fn a_crash_may_go_differently_the_next_time_and_a_bad_file_not() {
        let of = |raw: i32, said: &str| end(ExitStatus::from_raw(raw), said);
        assert_eq!(of(0, ""), End::Done);
        assert_eq!(of(3 << 8, "error: clip.mp4: no video\n"), End::Refused("clip.mp4: no video".into()));
        assert_eq!(of(11, ""), End::Broken("the decoder crashed".into()));
        assert_eq!(of(24, ""), End::Broken("it took more processor time than is allowed".into()));
    }

    #[test]
    fn secrets_of_the_daemon_are_not_passed_on() {
        assert!(is_passed_on("PATH".as_ref()) && is_passed_on("GST_PLUGIN_PATH".as_ref()));
        assert!(!is_passed_on("KINEMOTION_SERVE__AUTH__TOKENS".as_ref()));
    }
}
