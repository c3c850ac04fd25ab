//! Running the daemon.

use crate::client::Client;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};

/// A running daemon; ends with the value.
pub struct Daemon {
    child: Child,
    /// Talks to studio and API.
    pub public: Client,
    /// Talks to the operators' listener.
    pub admin: Client,
}

impl Daemon {
    /// Starts a daemon that stores in this folder, with settings like `("SESSIONS__MOST", "1")`.
    pub fn start(folder: &Path, settings: &[(&str, &str)]) -> Self {
        Self::start_with(folder, settings, &[])
    }

    /// Starts a daemon with further arguments.
    pub fn start_with(folder: &Path, settings: &[(&str, &str)], arguments: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kinemotion"));
        command.args(["serve", "--listen", "127.0.0.1:0"]).args(arguments);
        command.env("KINEMOTION_SERVE__ADMIN__LISTEN", "127.0.0.1:0");
        command.env("KINEMOTION_SERVE__STORAGE__FOLDER", folder);
        for (key, value) in settings {
            command.env(format!("KINEMOTION_SERVE__{key}"), value);
        }
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program runs");
        let stdout = child.stdout.take().expect("it is piped");
        let mut addresses = BufReader::new(stdout)
            .lines()
            .map_while(Result::ok)
            .filter_map(|line| {
                let address = line.split("http://").nth(1)?.split('/').next()?.to_owned();
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
        let sent = Command::new("kill")
            .args(["-s", name, &self.child.id().to_string()])
            .status();
        assert!(sent.expect("kill runs").success());
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

    /// Whatever is listed.
    pub async fn listed(&self) -> Vec<Value> {
        let list = self.public.get("/api/v1/analyses").await.json();
        list["analyses"].as_array().expect("a list").clone()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // One that has ended cannot be killed, which is fine.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
