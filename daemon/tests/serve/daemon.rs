//! Running the daemon.

use crate::client::Client;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// A running daemon; ends with the value.
pub struct Daemon {
    child: Child,
    /// Talks to studio and API.
    pub public: Client,
    /// Talks to the operators' listener.
    pub admin: Client,
}

/// A daemon that stores in this folder, which is still to be started.
fn command(folder: &Path, settings: &[(&str, &str)], arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kinemotion"));
    command.args(["serve", "--listen", "127.0.0.1:0"]).args(arguments);
    command.env("KINEMOTION_SERVE__ADMIN__LISTEN", "127.0.0.1:0");
    command.env("KINEMOTION_SERVE__STORAGE__FOLDER", folder);
    // Tests run beside one another on machines that are busy; those of admission switch it on.
    command.env("KINEMOTION_SERVE__LOAD__ADMISSION", "false");
    for (key, value) in settings {
        command.env(format!("KINEMOTION_SERVE__{key}"), value);
    }
    command.stdin(Stdio::null());
    command
}

fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill")
        .args(["-s", name, &child.id().to_string()])
        .status();
    assert!(sent.expect("kill runs").success());
}

impl Daemon {
    /// Starts a daemon that stores in this folder, with settings like `("SESSIONS__MOST", "1")`.
    pub fn start(folder: &Path, settings: &[(&str, &str)]) -> Self {
        Self::start_with(folder, settings, &[])
    }

    /// Starts a daemon with further arguments.
    pub fn start_with(folder: &Path, settings: &[(&str, &str)], arguments: &[&str]) -> Self {
        Self::spawn(folder, settings, arguments, Stdio::inherit())
    }

    /// Starts a daemon whose log is listened to.
    pub fn start_heard(folder: &Path, settings: &[(&str, &str)]) -> (Self, Log) {
        let mut daemon = Self::spawn(folder, settings, &[], Stdio::piped());
        let stderr = daemon.child.stderr.take().expect("it is piped");
        let (sender, lines) = mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                eprintln!("{line}");
                // The test may have heard enough; the daemon must be able to go on writing.
                let _ = sender.send(line);
            }
        });
        (daemon, Log(lines))
    }

    /// How a daemon ends that is told to so long after its beginning, ready or not.
    pub fn end_of_one_told_after(folder: &Path, moment: Duration) -> ExitStatus {
        let mut child = command(folder, &[], &[]).stdout(Stdio::null()).spawn();
        let child = child.as_mut().expect("the program runs");
        std::thread::sleep(moment);
        signal(child, "TERM");
        child.wait().expect("it is a child")
    }

    fn spawn(folder: &Path, settings: &[(&str, &str)], arguments: &[&str], stderr: Stdio) -> Self {
        let mut child = command(folder, settings, arguments)
            .stdout(Stdio::piped())
            .stderr(stderr)
            .spawn()
            .expect("the program runs");
        let stdout = child.stdout.take().expect("it is piped");
        let mut addresses = BufReader::new(stdout)
            .lines()
            .map_while(Result::ok)
            .filter_map(|line| {
                let address = line.split("://").nth(1)?.split('/').next()?.to_owned();
                Some((line.split_whitespace().next()?.to_owned(), address))
            });
        let mut address = |name: &str| {
            let found = addresses.find(|(line, _)| line == name);
            Client(
                found
                    .unwrap_or_else(|| panic!("the daemon says no address of {name}"))
                    .1,
            )
        };
        let (public, admin) = (address("studio"), address("operators"));
        Self { child, public, admin }
    }

    /// Sends a signal by name.
    pub fn signal(&self, name: &str) {
        signal(&self.child, name);
    }

    /// Waits for the end of the process.
    pub fn wait(mut self) -> ExitStatus {
        self.child.wait().expect("it is a child")
    }

    /// Makes an analysis; its name.
    pub async fn make(&self, request: &Value) -> String {
        let made = self.public.post_json("/api/v1/analyses", request).await;
        assert_eq!(made.status, 201, "{made:?}");
        made.json()["analysis_id"].as_str().expect("a name").to_owned()
    }

    /// Makes an analysis of the demo athlete's jumps with the quickest model.
    pub async fn make_demo(&self) -> String {
        self.make(&json!({ "sport_type": "cmj", "quality": "fast", "input": { "demo": true } }))
            .await
    }

    /// Processes that it has started and that have not ended.
    pub fn children(&self) -> Vec<u32> {
        let tasks = Path::new("/proc").join(self.child.id().to_string()).join("task");
        let tasks = std::fs::read_dir(tasks).expect("readable");
        // A thread that ends meanwhile has no children any more.
        let children =
            tasks.filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("children")).ok());
        let children: Vec<String> = children.collect();
        let numbers = children.iter().flat_map(|text| text.split_whitespace());
        numbers.map(|number| number.parse().expect("a number")).collect()
    }

    /// What the process holds at this moment.
    pub fn holdings(&self) -> Holdings {
        let process = Path::new("/proc").join(self.child.id().to_string());
        let entries = |folder: &str| std::fs::read_dir(process.join(folder)).expect("readable");
        let mut threads = BTreeMap::new();
        for entry in entries("task") {
            // One that ends meanwhile has no name any more.
            let name = std::fs::read_to_string(entry.expect("readable").path().join("comm"));
            let name = name.unwrap_or_default().trim_end().to_owned();
            if !POOLS.iter().any(|pool| name.starts_with(pool)) {
                *threads.entry(name).or_default() += 1;
            }
        }
        let descriptors = entries("fd").filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok());
        let descriptors =
            descriptors.filter(|target| !target.to_string_lossy().contains("kinemotion.sqlite3"));
        Holdings {
            threads,
            descriptors: descriptors.count(),
        }
    }

    /// Waits until the process holds no more than before; says what it still holds when it does not let go.
    pub async fn let_go(&self, before: &Holdings) {
        let deadline = Instant::now() + crate::PATIENCE;
        while !self.holdings().is_within(before) {
            let now = self.holdings();
            assert!(Instant::now() < deadline, "held before: {before:?}, now: {now:?}");
            // The kernel tells nobody when a thread or descriptor goes.
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// What it counts: value by `name{labels}`.
    pub async fn numbers(&self) -> BTreeMap<String, f64> {
        let text = self.admin.get("/metrics").await.text();
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        lines
            .map(|line| {
                let (name, value) = line.rsplit_once(' ').expect("a name and a value");
                (name.to_owned(), value.parse().expect("a number"))
            })
            .collect()
    }

    /// Whatever is listed.
    pub async fn listed(&self) -> Vec<Value> {
        let list = self.public.get("/api/v1/analyses").await.json();
        list["analyses"].as_array().expect("a list").clone()
    }
}

/// The log of a daemon as it is written.
pub struct Log(mpsc::Receiver<String>);

impl Log {
    /// Waits for a line with this text; everything up to it.
    pub fn until(&self, text: &str) -> Vec<String> {
        let mut lines = Vec::new();
        loop {
            let line = self.0.recv_timeout(crate::PATIENCE).expect("it is written");
            lines.push(line);
            if lines.last().is_some_and(|line| line.contains(text)) {
                return lines;
            }
        }
    }

    /// Everything until the daemon has ended.
    pub fn rest(&self) -> Vec<String> {
        self.0.iter().collect()
    }
}

/// What a session may leave behind in its process.
#[derive(Debug)]
pub struct Holdings {
    /// How many threads have a name.
    threads: BTreeMap<String, usize>,
    descriptors: usize,
}

impl Holdings {
    fn is_within(&self, before: &Self) -> bool {
        let threads = |name| before.threads.get(name).copied().unwrap_or_default();
        self.descriptors <= before.descriptors
            && self.threads.iter().all(|(name, count)| *count <= threads(name))
    }
}

/// Threads that belong to nobody and come and go as there is work, of the runtime and of the database's connections, and one that may
/// not have taken its name yet when they are first counted.
const POOLS: [&str; 3] = ["serve", "sqlx-sqlite", "governor"];

/// Names of the folders of analyses in the storage.
pub fn folders(storage: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(storage)
        .expect("readable")
        .map(|entry| entry.expect("readable"));
    entries
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().into_string().expect("a name"))
        .collect()
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // One that has ended cannot be killed, which is fine.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
