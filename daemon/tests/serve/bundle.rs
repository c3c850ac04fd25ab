//! `kinemotion support-bundle`.

use crate::daemon::Daemon;
use flate2::read::GzDecoder;
use hyper::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

const SETTINGS: [(&str, &str); 3] = [
    ("AUTH__TOKENS", r#"["hush-token"]"#),
    ("ADMISSION__URL", "http://user:hush@127.0.0.1:9/ask?key=hush"),
    ("ADMISSION__REQUIRED", "false"),
];

/// Writes a bundle about what is stored in a folder.
fn write(folder: &Path, file: &Path, admin: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kinemotion"));
    command.args(["support-bundle", "--admin", admin, "-o"]).arg(file);
    command.env("KINEMOTION_SERVE__STORAGE__FOLDER", folder);
    for (key, value) in SETTINGS {
        command.env(format!("KINEMOTION_SERVE__{key}"), value);
    }
    command.output().expect("the program runs")
}

/// What is in a bundle, by its name.
fn read(file: &Path) -> BTreeMap<String, String> {
    let file = File::open(file).expect("it is written");
    let mut archive = tar::Archive::new(GzDecoder::new(file));
    let entries = archive.entries().expect("a tar archive").map(|entry| {
        let mut entry = entry.expect("an entry");
        let name = entry.path().expect("a path").display().to_string();
        let mut text = String::new();
        entry.read_to_string(&mut text).expect("text");
        (name, text)
    });
    entries.collect()
}

fn json_of(found: &BTreeMap<String, String>, name: &str) -> Value {
    serde_json::from_str(&found[name]).unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bundle_holds_what_helps_and_nothing_personal_or_secret() {
    let folder = tempfile::tempdir().expect("a folder");
    let storage = folder.path().join("storage");
    let daemon = Daemon::start(&storage, &SETTINGS);
    let athlete = json!({ "external_id": "hush-roster", "name": "Hush Name" });
    let path = "/api/v1/athletes";
    let made = daemon
        .public
        .ask("hush-token", Method::POST, path, Some(&athlete))
        .await;
    assert_eq!(made.status, 201, "{made:?}");
    let wrong = daemon.public.ask("hush-wrong", Method::GET, path, None).await;
    wrong.problem(401);
    let file = folder.path().join("bundle.tar.gz");
    let output = write(&storage, &file, &daemon.admin.0);
    assert!(output.status.success(), "{output:?}");
    let mode = std::fs::metadata(&file).expect("written").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    let found = read(&file);
    assert_eq!(
        json_of(&found, "manifest.json")["missing"],
        json!({}),
        "{found:?}"
    );
    for (name, text) in &found {
        assert!(!text.to_lowercase().contains("hush"), "{name}: {text}");
    }
    let database = json_of(&found, "database.json");
    assert_eq!(database["rows"]["athletes"], 1, "{database}");
    assert!(
        database["version"].as_i64().is_some_and(|version| version > 0),
        "{database}"
    );
    let files = json_of(&found, "files.json");
    let listed = files["files"].as_array().expect("a list");
    assert!(
        listed.iter().any(|file| file["path"] == "kinemotion.sqlite3"),
        "{files}"
    );
    assert!(
        found["config.toml"].contains("tokens = [\"***\"]"),
        "{}",
        found["config.toml"]
    );
    assert!(found["metrics.txt"].contains("# TYPE kinemotion_http_requests_total counter"));
    assert!(
        found["log.ndjson"].contains("\"event\":\"request_refused\""),
        "{}",
        found["log.ndjson"]
    );
    assert_eq!(found["readyz.txt"], "ready\n");
    assert!(
        found["doctor.txt"].contains("GStreamer"),
        "{}",
        found["doctor.txt"]
    );
    assert_eq!(
        json_of(&found, "system.json")["version"],
        env!("CARGO_PKG_VERSION")
    );
}

#[test]
fn a_bundle_without_a_daemon_or_a_database_says_what_is_not_in_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("bundle.tar.gz");
    // Nobody listens there.
    let output = write(&folder.path().join("none"), &file, "http://127.0.0.1:9");
    assert!(output.status.success(), "{output:?}");
    let found = read(&file);
    let missing = json_of(&found, "manifest.json")["missing"].clone();
    for name in [
        "readyz.txt",
        "metrics.txt",
        "log.ndjson",
        "database.json",
        "files.json",
    ] {
        assert!(
            missing[name].is_string() && !found.contains_key(name),
            "{name}: {missing}"
        );
    }
    assert!(found.contains_key("doctor.txt") && found.contains_key("config.toml"));
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.contains("without metrics.txt"), "{said}");
}
