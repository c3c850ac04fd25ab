//! One file in a process of its own: `kinemotion analyze`, with what it may use cut down.
//!
//! A file may come from anybody, and decoders are old programs in a language without bounds. Whatever it does to the decoder stays
//! in the child: it has no network, no more memory, time and disk than is allowed, and its end, however it comes, is the end of one
//! analysis.

use super::memory;
use super::verdict::{self, End};
use crate::analyze::SAID_PROGRESS;
use rustix::process::{
    Pid, Resource, Rlimit, Signal, getpid, getppid, getrlimit, kill_process_group,
    set_parent_process_death_signal, setrlimit,
};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader, Lines, Take};
use tokio::process::{Child, ChildStderr, ChildStdout, Command};
use tokio::task::JoinHandle;

/// Longest line a child may write. Landmarks of sixteen people take some 40 kB.
const LINE_BYTES: u64 = 1 << 20;
/// The end of what a child says on standard error is kept, bytes.
const SAID_BYTES: usize = 8 << 10;
/// Processor seconds between the signal that says why and the one that cannot be held up.
const LAST_WORDS_S: u64 = 5;
/// Nice value: everything live goes first.
const NICE: i32 = 10;

/// What a child may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Confinement {
    /// Memory it may write to, bytes.
    pub memory: u64,
    /// Processor time, seconds.
    pub cpu_s: u64,
    /// Longest file it may write, bytes.
    pub file: u64,
}

/// What is to be analysed, as arguments of `kinemotion analyze`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// Arguments besides those that are always the same.
    pub arguments: Vec<String>,
    /// The file.
    pub file: PathBuf,
    /// Where the picture with graphics goes, if it is wanted.
    pub overlay: Option<PathBuf>,
    /// Where the page about it goes, if it is wanted.
    pub report: Option<PathBuf>,
    /// What the files with joint curves are named after.
    pub curves: PathBuf,
}

/// A running child.
pub struct Running {
    file: PathBuf,
    child: Child,
    lines: Lines<BufReader<Take<ChildStdout>>>,
    said: JoinHandle<String>,
    memory: memory::Watch,
}

/// Starts a child, which says now and then how much is done, 0 to 1.
///
/// # Errors
/// There can be no further process.
pub fn start(
    program: &Path,
    task: &Task,
    confinement: Confinement,
    progress: impl Fn(f64) + Send + 'static,
) -> io::Result<Running> {
    super::sandbox::prepare()?;
    let mut command = Command::new(program);
    command
        .arg("analyze")
        .args(["--format", "ndjson"])
        .arg("--curves")
        .arg(&task.curves)
        .args(&task.arguments);
    for (option, place) in [("--overlay", &task.overlay), ("--report", &task.report)] {
        if let Some(place) = place {
            command.arg(option).arg(place);
        }
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
        // Ctrl-C is for the daemon, which gives the job back.
        .process_group(0)
        .kill_on_drop(true);
    let daemon = getpid();
    // SAFETY: between fork and exec only system calls are made; nothing is allocated and no lock is taken, as the filter is made
    // already.
    unsafe {
        command.pre_exec(move || confine(confinement, daemon));
    }
    let mut child = command.spawn()?;
    let stdout = child.stdout.take().expect("standard output is piped");
    let stderr = child.stderr.take().expect("standard error is piped");
    Ok(Running {
        file: task.file.clone(),
        memory: memory::Watch::on(child.id(), confinement.memory),
        child,
        lines: BufReader::new(stdout.take(LINE_BYTES)).lines(),
        said: tokio::spawn(overhear(stderr, progress)),
    })
}

impl Running {
    /// The next line it writes; `None` when it writes no more. One that is longer than is allowed comes in pieces, which say
    /// nothing.
    ///
    /// # Errors
    /// A line that is no text.
    pub async fn next(&mut self) -> io::Result<Option<String>> {
        self.lines.get_mut().get_mut().set_limit(LINE_BYTES);
        self.lines.next_line().await
    }

    /// Waits for its end and says how it came.
    ///
    /// # Errors
    /// The system cannot say.
    pub async fn end(&mut self) -> io::Result<End> {
        let status = self.child.wait().await?;
        let said = (&mut self.said).await.unwrap_or_default();
        // Where files lie here is nobody's business.
        let said = said.replace(&self.file.display().to_string(), "the file");
        Ok(verdict::of(status, &said, self.memory.most()))
    }

    /// Ends it if it has not ended, with what it has started itself, and waits until it has.
    pub async fn kill(&mut self) {
        let Some(number) = self.child.id() else { return };
        let group = i32::try_from(number).ok().and_then(Pid::from_raw);
        if let Some(Err(error)) = group.map(|group| kill_process_group(group, Signal::KILL)) {
            tracing::warn!(event = "process_not_ended", %error, "what a process has started cannot be ended");
        }
        if let Err(error) = self.child.kill().await {
            tracing::warn!(event = "process_not_ended", %error, "a process cannot be ended");
        }
    }
}

/// Listens to standard error until it is closed; the end of what is said there beside progress.
async fn overhear(mut stderr: ChildStderr, progress: impl Fn(f64) + Send) -> String {
    let (mut kept, mut line, mut piece) = (Vec::new(), Vec::new(), [0; 1024]);
    // When it cannot be read any more it is closed as well.
    while let Ok(length @ 1..) = stderr.read(&mut piece).await {
        for &byte in &piece[..length] {
            if byte != b'\n' && line.len() < SAID_BYTES {
                line.push(byte);
                continue;
            }
            match share(&line) {
                Some(share) => progress(share),
                None => {
                    kept.append(&mut line);
                    kept.push(b'\n');
                    kept.drain(..kept.len().saturating_sub(SAID_BYTES));
                }
            }
            line.clear();
        }
    }
    kept.append(&mut line);
    String::from_utf8_lossy(&kept).into_owned()
}

/// The share of a line that says progress.
fn share(line: &[u8]) -> Option<f64> {
    let text = std::str::from_utf8(line).ok()?;
    text.strip_prefix(SAID_PROGRESS)?.trim().parse().ok()
}

/// Settings of a process that are none of the daemon's.
fn is_passed_on(name: &std::ffi::OsStr) -> bool {
    const NAMES: [&str; 9] = [
        "PATH",
        "HOME",
        "LANG",
        "TMPDIR",
        "XDG_CACHE_HOME",
        "LD_LIBRARY_PATH",
        "ORT_DYLIB_PATH",
        "KINEMOTION_CACHE",
        "KINEMOTION_ORT",
    ];
    let name = name.to_string_lossy();
    NAMES.contains(&name.as_ref()) || name.starts_with("GST_")
}

/// Cuts down what this process, and what it becomes, may use.
fn confine(confinement: Confinement, daemon: Pid) -> io::Result<()> {
    // A daemon that is killed takes its children along, and one that was killed before this is nobody's parent.
    set_parent_process_death_signal(Some(Signal::KILL))?;
    if getppid() != Some(daemon) {
        return Err(io::Error::from_raw_os_error(libc::ESRCH));
    }
    keep_descriptors();
    let limits = [
        (Resource::Data, confinement.memory, 0),
        (Resource::Cpu, confinement.cpu_s, LAST_WORDS_S),
        (Resource::Fsize, confinement.file, 0),
        (Resource::Core, 0, 0),
    ];
    for (resource, most, more) in limits {
        // What is limited already by whoever started the daemon cannot be raised.
        let permitted = getrlimit(resource).maximum.unwrap_or(u64::MAX);
        let limit = Rlimit {
            current: Some(most.min(permitted)),
            maximum: Some(most.saturating_add(more).min(permitted)),
        };
        setrlimit(resource, limit)?;
    }
    rustix::process::nice(NICE)?;
    super::sandbox::without_network()
}

/// Keeps what the daemon has open, beside the three standard streams, from the program that is about to begin: not every library
/// marks its sockets and devices so. Linux before 5.11 has no such call, and they are passed on there.
fn keep_descriptors() {
    // SAFETY: the call takes numbers alone. With this flag it closes nothing now.
    unsafe {
        libc::syscall(libc::SYS_close_range, 3_u32, u32::MAX, libc::CLOSE_RANGE_CLOEXEC);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[test]
    fn secrets_of_the_daemon_are_not_passed_on() {
        assert!(is_passed_on("PATH".as_ref()) && is_passed_on("GST_PLUGIN_PATH".as_ref()));
        assert!(!is_passed_on("KINEMOTION_SERVE__AUTH__TOKENS".as_ref()));
    }

    /// A script in place of this program. Another process writes it: a file that this one has open for writing, be it for the
    /// moment of a fork in another test, cannot be run.
    fn script(folder: &Path, text: &str) -> PathBuf {
        let path = folder.join("program");
        let written = std::process::Command::new("sh")
            .args([
                "-c",
                r#"printf '#!/bin/sh\n%s\n' "$2" > "$1" && chmod +x "$1""#,
                "sh",
            ])
            .arg(&path)
            .arg(text)
            .status();
        assert!(written.expect("sh runs").success());
        path
    }

    const ENOUGH: Confinement = Confinement {
        memory: 1 << 30,
        cpu_s: 60,
        file: 1 << 20,
    };

    fn task_in(folder: &Path) -> Task {
        Task {
            arguments: Vec::new(),
            file: folder.join("video"),
            overlay: None,
            report: None,
            curves: folder.join("curves"),
        }
    }

    async fn run(text: &str, confinement: Confinement) -> (Vec<String>, End, Vec<f64>) {
        let folder = tempfile::tempdir().expect("a folder");
        let task = task_in(folder.path());
        let (sender, shares) = mpsc::channel();
        let progress = move |share| sender.send(share).expect("somebody listens");
        let program = script(folder.path(), text);
        let mut running = start(&program, &task, confinement, progress).expect("it starts");
        let mut lines = Vec::new();
        while let Some(line) = running.next().await.expect("text") {
            lines.push(line);
        }
        let end = running.end().await.expect("an end");
        (lines, end, shares.try_iter().collect())
    }

    #[tokio::test]
    async fn lines_progress_and_the_reason_are_heard() {
        let text = "echo one; echo 'progress 0.25' >&2; echo hm >&2; echo two; echo \"error: $7 is bad\" >&2; exit 3";
        let (lines, end, shares) = run(text, ENOUGH).await;
        assert_eq!(lines, ["one", "two"]);
        assert_eq!(end, End::Refused("the file is bad".into()));
        assert_eq!(shares, [0.25]);
    }

    #[tokio::test]
    async fn a_file_that_takes_too_much_ends_its_process_and_no_other() {
        let little = Confinement { cpu_s: 1, ..ENOUGH };
        let (_, end, _) = run("while :; do :; done", little).await;
        assert_eq!(
            end,
            End::Broken("it took more processor time than is allowed".into())
        );
        let (_, end, _) = run("exec head -c 2097152 /dev/zero > \"$0.out\"", ENOUGH).await;
        assert_eq!(end, End::Broken("what it wrote is longer than is allowed".into()));
        let (_, end, _) = run("kill -SEGV $$", ENOUGH).await;
        assert_eq!(end, End::Broken("the decoder crashed".into()));
    }

    #[tokio::test]
    async fn memory_that_is_not_allowed_is_not_given() {
        let text = "exec python3 -c 'bytearray(1 << 28)'";
        assert_eq!(run(text, ENOUGH).await.1, End::Done);
        let little = Confinement {
            memory: 1 << 27,
            ..ENOUGH
        };
        let (_, end, _) = run(text, little).await;
        assert_eq!(end, End::Broken("it needed more memory than is allowed".into()));
        // One that takes want of memory for a fault of the file, and says nothing of memory.
        let text = "exec python3 -c 'import sys, time; held = bytearray(110 << 20); time.sleep(0.3); \
                    print(\"error: no video\", file=sys.stderr); sys.exit(3)'";
        assert_eq!(run(text, ENOUGH).await.1, End::Refused("no video".into()));
        let End::Broken(reason) = run(text, little).await.1 else {
            panic!("it is tried again")
        };
        assert!(
            reason.starts_with("no video; it may have needed more memory than is allowed: it held 1"),
            "{reason}"
        );
    }

    #[tokio::test]
    async fn there_is_no_network_in_it() {
        let text = "exec python3 -c 'import socket; socket.socket(socket.AF_INET)'";
        let (_, end, _) = run(text, ENOUGH).await;
        assert_eq!(end, End::Broken("it ended with code 1".into()));
        let text = "exec python3 -c 'import socket; socket.socket(socket.AF_UNIX)'";
        assert_eq!(run(text, ENOUGH).await.1, End::Done);
        // io_uring_setup, on every kind of processor: what is asked for through it no filter sees.
        let text = "exec python3 -c 'import ctypes, errno; c = ctypes.CDLL(None, use_errno=True); \
                    c.syscall(425, 1, None); exit(ctypes.get_errno() != errno.EACCES)'";
        assert_eq!(run(text, ENOUGH).await.1, End::Done);
    }

    #[tokio::test]
    async fn nothing_that_is_open_here_is_open_in_it() {
        let open = tempfile::tempfile().expect("a file");
        rustix::io::fcntl_setfd(&open, rustix::io::FdFlags::empty()).expect("it is not marked");
        let (lines, end, _) = run("exec ls /proc/self/fd", ENOUGH).await;
        // The folder that is listed is one as well.
        assert_eq!(
            (lines, end),
            (["0", "1", "2", "3"].map(String::from).to_vec(), End::Done)
        );
    }

    #[tokio::test]
    async fn one_that_is_ended_has_ended() {
        let folder = tempfile::tempdir().expect("a folder");
        let task = task_in(folder.path());
        let program = script(folder.path(), "echo here; exec sleep 3600");
        let mut running = start(&program, &task, ENOUGH, |_| {}).expect("it starts");
        assert_eq!(running.next().await.expect("text").as_deref(), Some("here"));
        running.kill().await;
        let end = running.end().await.expect("an end");
        assert_eq!(
            end,
            End::Broken("it was ended from outside, perhaps for want of memory".into())
        );
    }
}
