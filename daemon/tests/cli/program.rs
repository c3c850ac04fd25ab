//! Running the program.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// Exit codes, as promised to scripts.
pub const DONE: i32 = 0;
pub const NOT_READY: i32 = 1;
pub const USAGE: i32 = 2;
pub const UNREADABLE: i32 = 3;
pub const NOTHING_FOUND: i32 = 4;
pub const INTERRUPTED: i32 = 130;

/// How a run ended.
#[derive(Debug)]
pub struct Ended {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("the program writes UTF-8");
        let ended = Self {
            code: output.status.code().expect("the program is not killed"),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        };
        assert!(!ended.stderr.contains("panicked"), "{}", ended.stderr);
        assert!(!ended.stderr.contains("CRITICAL"), "{}", ended.stderr);
        ended
    }
}

impl Ended {
    /// The JSON document on standard output.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The result, when the exit code is the expected one.
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{self:#?}");
        self
    }
}

/// The program, ready for arguments.
pub fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kinemotion"));
    command.stdin(Stdio::null());
    command
}

/// Runs the program.
pub fn run<I: IntoIterator<Item: AsRef<OsStr>>>(arguments: I) -> Ended {
    program()
        .args(arguments)
        .output()
        .expect("the program starts")
        .into()
}

/// Analyses with the quickest model.
pub fn analyze(clip: &Path, more: &[&str]) -> Ended {
    let mut command = program();
    command
        .arg("analyze")
        .arg(clip)
        .args(["--quality", "fast"])
        .args(more);
    command.output().expect("the program starts").into()
}

/// Analyses with the quickest model to JSON.
pub fn analyze_json(clip: &Path, more: &[&str]) -> serde_json::Value {
    analyze(clip, &[&["--format", "json"], more].concat())
        .expect(DONE)
        .json()
}

/// Names of what lies in a folder.
pub fn listing(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("the folder is there");
    let mut names: Vec<String> = entries
        .map(|entry| {
            entry
                .expect("readable")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    names.sort();
    names
}
