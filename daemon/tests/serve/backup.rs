//! A backup of a daemon that runs, restored and compared.

use crate::client::is;
use crate::daemon::Daemon;
use serde_json::json;
use std::path::Path;
use std::process::{Command, Output};

/// Runs a command on the storage in a folder.
fn kinemotion(folder: &Path, command: &str, file: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_kinemotion"))
        .arg(command)
        .arg(file)
        .env("KINEMOTION_SERVE__STORAGE__FOLDER", folder)
        .output()
        .expect("the program runs")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_running_daemon_has_stored_is_there_again_after_restoring() {
    let folder = tempfile::tempdir().expect("a folder");
    let (before, after) = (folder.path().join("before"), folder.path().join("after"));
    let file = folder.path().join("kinemotion.tar");
    let daemon = Daemon::start(&before, &[]);
    let robin = json!({ "external_id": "roster-17", "name": "Robin" });
    assert_eq!(
        daemon.public.post_json("/api/v1/athletes", &robin).await.status,
        201
    );
    let order = json!({
        "sport_type": "cmj", "quality": "fast", "input": { "demo": true }, "record": true, "athlete_id": "roster-17",
    });
    let ended = daemon.make(&order).await;
    let mut lines = daemon
        .public
        .lines(&format!("/api/v1/analyses/{ended}/stream"))
        .await;
    lines.until(is("repetition")).await;
    daemon.public.delete(&format!("/api/v1/analyses/{ended}")).await;
    lines.rest().await;
    let running = daemon.make_demo().await;
    let mut lines = daemon
        .public
        .lines(&format!("/api/v1/analyses/{running}/stream"))
        .await;
    lines.until(is("repetition")).await;

    let written = kinemotion(&before, "backup", &file);
    assert!(written.status.success(), "{}", said(&written));
    let paths = ["results.json", "recording.mp4"].map(|name| format!("/api/v1/analyses/{ended}/{name}"));
    let mut kept = Vec::new();
    for path in &paths {
        kept.push(daemon.public.get(path).await.body);
    }
    let later = daemon.make_demo().await;
    drop(daemon);

    let refused = kinemotion(&before, "restore", &file);
    assert_eq!(refused.status.code(), Some(2), "{}", said(&refused));
    assert!(said(&refused).contains("already"), "{}", said(&refused));

    let restored = kinemotion(&after, "restore", &file);
    assert!(restored.status.success(), "{}", said(&restored));
    let daemon = Daemon::start(&after, &[]);
    for (path, kept) in paths.iter().zip(&kept) {
        assert!(
            !kept.is_empty() && daemon.public.get(path).await.body == *kept,
            "{path}"
        );
    }
    let athletes = daemon.public.get("/api/v1/athletes").await.json();
    assert_eq!(athletes["athletes"][0]["name"], "Robin");
    let cut_off = daemon
        .public
        .get(&format!("/api/v1/analyses/{running}"))
        .await
        .json();
    assert_eq!(cut_off["state"], "failed", "it ran when the backup was made");
    assert!(
        cut_off["results"]
            .as_array()
            .is_some_and(|results| !results.is_empty()),
        "{cut_off}"
    );
    daemon
        .public
        .get(&format!("/api/v1/analyses/{later}"))
        .await
        .problem(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_backup_is_refused_and_nothing_is_left_of_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let (storage, file) = (folder.path().join("storage"), folder.path().join("broken.tar"));
    std::fs::write(&file, [7_u8; 4096]).expect("written");
    let refused = kinemotion(&storage, "restore", &file);
    assert!(!refused.status.success());
    assert!(said(&refused).contains("broken.tar"), "{}", said(&refused));
    let left: Vec<_> = std::fs::read_dir(folder.path()).expect("readable").collect();
    assert_eq!(left.len(), 1, "{left:?}");

    let nothing = kinemotion(&storage, "backup", &file);
    assert!(
        !nothing.status.success() && said(&nothing).contains("nothing is stored"),
        "{}",
        said(&nothing)
    );
}
