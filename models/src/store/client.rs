//! Downloads through the ordinary clients of the registries, with the user's own settings for mirrors and proxies.

use super::{Client, Package};
use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::process::{Command, Stdio};

/// Fetches packages.
pub trait Download: Send + Sync {
    /// Saves a package as `directory/package.file`, whatever its content; the caller checks it.
    fn download(&self, package: &Package, directory: &Path) -> Result<(), DownloadError>;
}

/// Why a package was not fetched.
#[derive(Debug)]
#[non_exhaustive]
pub enum DownloadError {
    /// The client is not installed.
    NotInstalled,
    /// The registry does not answer; the client's word for it.
    Unreachable(String),
    /// No space left.
    DiskFull,
    /// Anything else; what the client said.
    Failed(String),
}

/// npm and pip as found on this machine.
#[derive(Clone, Debug)]
pub struct Clients {
    npm: CommandLine,
    pip: CommandLine,
}

/// A program and its first arguments.
type CommandLine = Vec<OsString>;

impl Default for Clients {
    fn default() -> Self {
        Self {
            npm: vec!["npm".into()],
            pip: ["python3", "-m", "pip"].map(OsString::from).to_vec(),
        }
    }
}

impl Client {
    /// The command that is run.
    pub(super) fn program(self) -> &'static str {
        match self {
            Client::Npm => "npm",
            Client::Pip => "pip",
        }
    }

    /// Debian packages that bring the command.
    pub(super) fn debian_packages(self) -> &'static str {
        match self {
            Client::Npm => "npm",
            Client::Pip => "python3-pip",
        }
    }
}

impl Download for Clients {
    fn download(&self, package: &Package, directory: &Path) -> Result<(), DownloadError> {
        let command = match package.client {
            Client::Npm => self.npm_pack(package),
            Client::Pip => self.pip_download(package, directory)?,
        };
        run(command, directory)
    }
}

impl Clients {
    fn npm_pack(&self, package: &Package) -> Command {
        let mut command = command(&self.npm);
        command
            .arg("pack")
            .arg(format!("{}@{}", package.name, package.version))
            .args([
                "--ignore-scripts",
                "--loglevel=error",
                // npm waits ten seconds and more between tries by default.
                "--fetch-retry-mintimeout=1000",
                "--fetch-retry-maxtimeout=4000",
            ]);
        command
    }

    /// The wheel is named by its tags, not by the interpreter that happens to run pip, so that every machine of an
    /// architecture gets the same file.
    fn pip_download(&self, package: &Package, directory: &Path) -> Result<Command, DownloadError> {
        let [python, abi, platform] = wheel_tags(&package.file)
            .ok_or_else(|| DownloadError::Failed(format!("{} is not the name of a wheel", package.file)))?;
        let requirement = format!(
            "{}=={} --hash=sha256:{}\n",
            package.name, package.version, package.sha256
        );
        std::fs::write(directory.join("requirements.txt"), requirement).map_err(DownloadError::from)?;
        let mut command = command(&self.pip);
        let fixed = "download --no-deps --require-hashes --only-binary=:all: --implementation cp --quiet --no-input \
                     --disable-pip-version-check --dest . --requirement requirements.txt";
        command
            .args(fixed.split(' '))
            .args(["--python-version", python.trim_start_matches("cp")]);
        command.args(["--abi", abi, "--platform", platform]);
        Ok(command)
    }
}

fn command(line: &[OsString]) -> Command {
    let (program, arguments) = line.split_first().expect("a command line is never empty");
    let mut command = Command::new(program);
    command.args(arguments);
    command
}

/// Python, ABI and platform tag: the last three parts of a wheel's name.
fn wheel_tags(file: &str) -> Option<[&str; 3]> {
    let mut tags = file.strip_suffix(".whl")?.rsplitn(4, '-');
    let (platform, abi, python) = (tags.next()?, tags.next()?, tags.next()?);
    tags.next().map(|_name_and_version| [python, abi, platform])
}

fn run(mut command: Command, directory: &Path) -> Result<(), DownloadError> {
    command
        .current_dir(directory)
        .env("TMPDIR", directory)
        .stdin(Stdio::null());
    let output = command.output().map_err(DownloadError::from)?;
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stderr, output.stdout].concat();
    Err(classify(&String::from_utf8_lossy(&said)))
}

impl From<io::Error> for DownloadError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => DownloadError::NotInstalled,
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => DownloadError::DiskFull,
            _ => DownloadError::Failed(error.to_string()),
        }
    }
}

/// Reads the cause out of what npm or pip wrote.
fn classify(said: &str) -> DownloadError {
    const MISSING: [&str; 1] = ["No module named pip"];
    const FULL: [&str; 2] = ["ENOSPC", "No space left on device"];
    const UNREACHABLE: [&str; 14] = [
        "ENOTFOUND",
        "EAI_AGAIN",
        "ECONNREFUSED",
        "ECONNRESET",
        "ETIMEDOUT",
        "ENETUNREACH",
        "EHOSTUNREACH",
        "ENOTCACHED",
        "ERR_SOCKET_TIMEOUT",
        "NewConnectionError",
        "NameResolutionError",
        "ConnectTimeoutError",
        "ReadTimeoutError",
        "ProxyError",
    ];
    let mentioned = |words: &[&'static str]| words.iter().find(|word| said.contains(**word)).copied();
    if mentioned(&MISSING).is_some() {
        DownloadError::NotInstalled
    } else if mentioned(&FULL).is_some() {
        DownloadError::DiskFull
    } else if let Some(word) = mentioned(&UNREACHABLE) {
        DownloadError::Unreachable(word.to_owned())
    } else {
        DownloadError::Failed(essence(said))
    }
}

/// The first line that names an error, or else the last line, shortened.
fn essence(said: &str) -> String {
    const LONGEST: usize = 200;
    let lines = || said.lines().map(str::trim).filter(|line| !line.is_empty());
    let is_error = |line: &&str| line.to_lowercase().contains("error");
    let line = lines()
        .find(is_error)
        .or_else(|| lines().next_back())
        .unwrap_or("nothing");
    line.chars().take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Lock;

    /// Runs the client with a shell script in place of npm and pip.
    fn download_with(script: &str, package: &Package) -> (Result<(), DownloadError>, tempfile::TempDir) {
        let directory = tempfile::tempdir().unwrap();
        let line: Vec<OsString> = ["sh", "-c", script, "client"].map(OsString::from).to_vec();
        let clients = Clients {
            npm: line.clone(),
            pip: line,
        };
        (clients.download(package, directory.path()), directory)
    }

    #[test]
    fn npm_is_asked_for_the_exact_version() {
        let package = &Lock::embedded().models.package;
        let (result, directory) = download_with("echo \"$@\" > arguments", package);
        result.unwrap();
        let arguments = std::fs::read_to_string(directory.path().join("arguments")).unwrap();
        assert!(
            arguments.starts_with("pack @mediapipe/pose@0.5.1675469404 "),
            "{arguments}"
        );
    }

    #[test]
    fn pip_is_asked_for_one_wheel_by_its_tags_and_hash() {
        let package = &Lock::embedded().runtime[1].package;
        let (result, directory) = download_with("echo \"$@\" > arguments", package);
        result.unwrap();
        let arguments = std::fs::read_to_string(directory.path().join("arguments")).unwrap();
        assert!(arguments.starts_with("download "), "{arguments}");
        for part in [
            "--require-hashes",
            "--python-version 311",
            "--abi cp311",
            "manylinux_2_28_aarch64",
        ] {
            assert!(arguments.contains(part), "{arguments}");
        }
        let requirements = std::fs::read_to_string(directory.path().join("requirements.txt")).unwrap();
        assert_eq!(
            requirements,
            format!("onnxruntime==1.31.1 --hash=sha256:{}\n", package.sha256)
        );
    }

    #[test]
    fn failures_are_told_apart() {
        let package = &Lock::embedded().models.package;
        let fails = |said: &str| {
            download_with(&format!("echo '{said}' >&2; exit 1"), package)
                .0
                .unwrap_err()
        };
        assert!(matches!(
            fails("npm error code ENOTFOUND"),
            DownloadError::Unreachable(_)
        ));
        assert!(matches!(
            fails("x NewConnectionError y"),
            DownloadError::Unreachable(_)
        ));
        assert!(matches!(fails("npm error code ENOSPC"), DownloadError::DiskFull));
        assert!(matches!(
            fails("OSError: No space left on device"),
            DownloadError::DiskFull
        ));
        assert!(matches!(
            fails("/usr/bin/python3: No module named pip"),
            DownloadError::NotInstalled
        ));
        match fails("npm warn x\nnpm error code ETARGET\nnpm error details") {
            DownloadError::Failed(detail) => assert_eq!(detail, "npm error code ETARGET"),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_client_that_is_not_installed_is_noticed() {
        let clients = Clients {
            npm: vec!["no-such-command".into()],
            ..Clients::default()
        };
        let directory = tempfile::tempdir().unwrap();
        let result = clients.download(&Lock::embedded().models.package, directory.path());
        assert!(matches!(result, Err(DownloadError::NotInstalled)));
    }
}
