//! The end of the daemon while its storage keeps it waiting: from the first signal on it is not ready and takes nothing, and the
//! second ends it.

use crate::client::{Lines, is_state};
use crate::daemon::Daemon;
use serde_json::json;
use sqlx::Connection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use std::path::Path;

/// Keeps everybody else from writing as long as it is held.
async fn hold_database(folder: &Path) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(folder.join("kinemotion.sqlite3"));
    let mut connection = SqliteConnection::connect_with(&options).await.expect("it opens");
    sqlx::query("BEGIN IMMEDIATE")
        .execute(&mut connection)
        .await
        .expect("nobody else writes for ever");
    connection
}

/// A daemon that was told to end while a demo is live, and whose storage keeps it waiting.
struct Finishing {
    daemon: Daemon,
    /// Name of the demo.
    id: String,
    /// What the demo says from then on.
    lines: Lines,
    held: SqliteConnection,
}

async fn finishing(folder: &Path) -> Finishing {
    let (daemon, log) = Daemon::start_heard(folder, &[("SESSIONS__DRAIN_S", "600")]);
    let id = daemon.make_demo().await;
    let mut lines = daemon
        .public
        .lines(&format!("/api/v1/analyses/{id}/stream"))
        .await;
    lines.until(is_state("live")).await;
    let held = hold_database(folder).await;
    daemon.signal("TERM");
    log.until("finishing what runs");
    Finishing {
        daemon,
        id,
        lines,
        held,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_is_told_to_end_is_not_ready_at_once_and_ends_at_the_second_signal() {
    let folder = tempfile::tempdir().expect("a folder");
    let Finishing {
        daemon, held: _held, ..
    } = finishing(folder.path()).await;
    let ready = daemon.admin.get("/readyz").await.problem(503);
    assert!(ready["detail"].to_string().contains("about to end"), "{ready}");
    let refused = daemon
        .public
        .post_json("/api/v1/analyses", &json!({ "input": { "streaming": true } }))
        .await;
    assert!(!refused.header("retry-after").is_empty(), "{refused:?}");
    let refused = refused.problem(503);
    assert!(
        refused["detail"].to_string().contains("about to end"),
        "{refused}"
    );
    daemon.signal("TERM");
    assert_eq!(daemon.wait().code(), Some(130));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_runs_is_told_why_it_ends_and_everything_is_stored_before_the_process_goes() {
    let folder = tempfile::tempdir().expect("a folder");
    let Finishing {
        daemon,
        id,
        lines,
        held,
    } = finishing(folder.path()).await;
    // Nothing was announced meanwhile that is not stored.
    held.close().await.expect("it closes");
    let told = lines.rest().await;
    let finishing = told.iter().find(|event| is_state("finishing")(event));
    let reason = &finishing.expect("it is told")["data"]["reason"];
    assert_eq!(reason, "the daemon is about to end");
    let last = told.last().expect("the end");
    assert!(is_state("done")(last), "{last}");
    assert_eq!(daemon.wait().code(), Some(0));

    let again = Daemon::start(folder.path(), &[]);
    let from = told[0]["sequence"].as_u64().expect("a number");
    let stored = again
        .public
        .lines(&format!("/api/v1/analyses/{id}/stream?from_sequence={from}"))
        .await
        .rest()
        .await;
    let kept: Vec<_> = told.iter().filter(|event| event["type"] != "pose").collect();
    let bare = |event: &serde_json::Value| (event["sequence"].clone(), event["data"].clone());
    let stored: Vec<_> = stored.iter().map(bare).collect();
    for event in kept {
        assert!(stored.contains(&bare(event)), "{event} is not stored");
    }
}
