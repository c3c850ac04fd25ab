//! Places, limits, the end, and what is found again afterwards.

use crate::client::{is, is_state};
use crate::daemon::Daemon;
use serde_json::{Value, json};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::time::Duration;

/// Results of every stored analysis, by name.
async fn results(daemon: &Daemon, id: &str) -> Value {
    daemon.public.get(&format!("/api/v1/analyses/{id}")).await.json()["results"].clone()
}

fn waiting() -> Value {
    json!({ "input": { "streaming": true } })
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_run_than_there_are_places() {
    let folder = tempfile::tempdir().expect("a folder");
    let daemon = Daemon::start(folder.path(), &[("SESSIONS__MOST", "1")]);
    assert_eq!(daemon.admin.get("/readyz").await.status, 200);
    let id = daemon.make(&waiting()).await;
    let refused = daemon.public.post_json("/api/v1/analyses", &waiting()).await;
    refused.problem(503);
    assert!(!refused.header("retry-after").is_empty());
    daemon.admin.get("/readyz").await.problem(503);
    assert_eq!(daemon.admin.get("/livez").await.status, 200);
    assert_eq!(
        daemon
            .public
            .delete(&format!("/api/v1/analyses/{id}"))
            .await
            .status,
        204
    );
    let stream = format!("/api/v1/analyses/{id}/stream");
    daemon.public.lines(&stream).await.rest().await;
    daemon.make(&waiting()).await;
    let metrics = daemon.admin.get("/metrics").await.text();
    assert!(
        metrics.contains("kinemotion_analyses_refused_total{reason=\"full\"} 1"),
        "{metrics}"
    );
    assert!(
        metrics.contains("kinemotion_analyses_started_total{source=\"whip\"} 2"),
        "{metrics}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_analysis_nobody_publishes_to_ends_by_itself() {
    let folder = tempfile::tempdir().expect("a folder");
    let daemon = Daemon::start(folder.path(), &[("SESSIONS__WAITING_S", "1")]);
    let id = daemon.make(&waiting()).await;
    let events = daemon
        .public
        .lines(&format!("/api/v1/analyses/{id}/stream"))
        .await
        .rest()
        .await;
    let last = events.last().expect("events");
    assert_eq!(last["data"]["state"], "failed", "{last}");
    assert!(
        last["data"]["reason"]
            .as_str()
            .is_some_and(|reason| reason.contains("published"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_analysis_ends_when_its_longest_duration_is_reached() {
    let folder = tempfile::tempdir().expect("a folder");
    let daemon = Daemon::start(folder.path(), &[("SESSIONS__DURATION_S", "2")]);
    let id = daemon.make_demo().await;
    let events = daemon
        .public
        .lines(&format!("/api/v1/analyses/{id}/stream"))
        .await
        .rest()
        .await;
    assert_eq!(events.last().expect("events")["data"]["state"], "done");
}

#[test]
fn a_daemon_told_to_end_while_it_begins_ends_in_order() {
    let folder = tempfile::tempdir().expect("a folder");
    // It is ready after some 300 ms on a quiet machine; models are loaded in most of them.
    for moment in (100..500).step_by(25).map(Duration::from_millis) {
        let end = Daemon::end_of_one_told_after(folder.path(), moment);
        // Before it listens to signals the system ends it.
        let in_order = matches!(end.code(), Some(0 | 130)) || end.signal() == Some(libc::SIGTERM);
        assert!(in_order, "told after {moment:?}: {end}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_told_to_end_finishes_what_runs_and_finds_it_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let daemon = Daemon::start(folder.path(), &[]);
    let id = daemon.make_demo().await;
    let mut lines = daemon
        .public
        .lines(&format!("/api/v1/analyses/{id}/stream"))
        .await;
    lines.until(is("repetition")).await;
    daemon.signal("TERM");
    let rest = lines.rest().await;
    let last = rest.last().expect("events");
    assert!(is_state("done")(last), "{rest:?}");
    assert_eq!(last["data"]["reason"], "the daemon is about to end");
    assert_eq!(daemon.wait().code(), Some(0));

    let again = Daemon::start(folder.path(), &[]);
    let listed = again.listed().await;
    assert_eq!(listed.len(), 1);
    assert_eq!(
        (&listed[0]["analysis_id"], &listed[0]["state"]),
        (&id.as_str().into(), &"done".into())
    );
    assert!(!results(&again, &id).await.as_array().expect("a list").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_daemon_has_lost_no_repetition_that_was_announced() {
    let folder = tempfile::tempdir().expect("a folder");
    let daemon = Daemon::start(folder.path(), &[]);
    let id = daemon.make_demo().await;
    let mut lines = daemon
        .public
        .lines(&format!("/api/v1/analyses/{id}/stream"))
        .await;
    let repetition = lines.until(is("repetition")).await;
    daemon.signal("KILL");
    daemon.wait();

    let again = Daemon::start(folder.path(), &[]);
    assert_eq!(results(&again, &id).await[0], repetition["data"]);
    let from = repetition["sequence"].as_u64().expect("a number") + 1;
    let path = format!("/api/v1/analyses/{id}/stream?from_sequence={from}&types=state");
    let rest = again.public.lines(&path).await.rest().await;
    assert!(is_state("failed")(rest.last().expect("it is told")), "{rest:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_analysis_that_is_not_held_any_more_is_found_by_its_name_and_can_be_removed() {
    let folder = tempfile::tempdir().expect("a folder");
    let daemon = Daemon::start(folder.path(), &[("STORAGE__REMEMBERED", "1")]);
    let mut made = Vec::new();
    // What ended goes out of memory when others end.
    for _ in 0..3 {
        let id = daemon.make(&waiting()).await;
        let path = format!("/api/v1/analyses/{id}");
        assert_eq!(daemon.public.delete(&path).await.status, 204);
        daemon.public.lines(&format!("{path}/stream")).await.rest().await;
        made.push(path);
    }
    let old = daemon.public.get(&made[0]).await.json();
    assert_eq!(old["state"], "done");
    let events = daemon
        .public
        .lines(&format!("{}/stream", made[0]))
        .await
        .rest()
        .await;
    assert!(is_state("done")(events.last().expect("events")));
    assert_eq!(daemon.public.delete(&made[0]).await.status, 204);
    daemon.public.get(&made[0]).await.problem(404);
}

/// The folder of one daemon is not that of another, which would take what runs for what was left behind.
#[tokio::test(flavor = "multi_thread")]
async fn a_second_daemon_in_the_same_folder_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let _first = Daemon::start(folder.path(), &[]);
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_kinemotion"))
        .args(["serve", "--listen", "127.0.0.1:0"])
        .env("KINEMOTION_SERVE__ADMIN__LISTEN", "127.0.0.1:0")
        .env("KINEMOTION_SERVE__STORAGE__FOLDER", folder.path())
        .output()
        .expect("the program runs");
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(
        text.contains("another daemon") && text.contains(&*folder.path().to_string_lossy()),
        "{text}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_second_signal_ends_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let daemon = Daemon::start(folder.path(), &[]);
    let id = daemon.make_demo().await;
    let mut lines = daemon
        .public
        .lines(&format!("/api/v1/analyses/{id}/stream"))
        .await;
    lines.until(is_state("live")).await;
    daemon.signal("INT");
    daemon.signal("INT");
    // 0 when the first had already finished everything
    assert!(matches!(daemon.wait().code(), Some(130 | 0)));
}

fn write(path: &Path, most: usize) {
    write_sessions(path, &format!("most = {most}"));
}

fn write_sessions(path: &Path, key: &str) {
    std::fs::write(path, format!("[sessions]\n{key}\n")).expect("written");
}

#[tokio::test(flavor = "multi_thread")]
async fn short_of_memory_nothing_new_is_taken_and_the_youngest_is_ended() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("kinemotion.toml");
    write_sessions(&file, "memory_mb = 0");
    let data = folder.path().join("data");
    let daemon = Daemon::start_with(&data, &[], &["--config", file.to_str().expect("text")]);
    let old = daemon.make(&waiting()).await;
    let young = daemon.make_demo().await;
    let stream = |id: &str| format!("/api/v1/analyses/{id}/stream");
    let mut lines = daemon.public.lines(&stream(&young)).await;
    lines.until(is_state("live")).await;
    write_sessions(&file, "memory_mb = 1");
    let rest = lines.rest().await;
    let last = rest.last().expect("the end");
    assert!(is_state("done")(last), "{last}");
    assert_eq!(last["data"]["reason"], "the daemon is short of memory");
    let refused = daemon.public.post_json("/api/v1/analyses", &waiting()).await;
    assert!(!refused.header("retry-after").is_empty(), "{refused:?}");
    assert!(
        refused.problem(503)["detail"].to_string().contains("memory"),
        "{refused:?}"
    );
    daemon.admin.get("/readyz").await.problem(503);
    let metrics = daemon.admin.get("/metrics").await.text();
    assert!(
        metrics.contains("kinemotion_analyses_refused_total{reason=\"memory\"} 1"),
        "{metrics}"
    );
    // Memory is given time to come back before the next one is ended.
    let older = daemon.public.get(&format!("/api/v1/analyses/{old}")).await.json();
    assert_eq!(older["state"], "waiting", "{older}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_configuration_is_taken_over() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("kinemotion.toml");
    write(&file, 1);
    let data = folder.path().join("data");
    let daemon = Daemon::start_with(&data, &[], &["--config", file.to_str().expect("text")]);
    daemon.make(&waiting()).await;
    daemon
        .public
        .post_json("/api/v1/analyses", &waiting())
        .await
        .problem(503);
    write(&file, 3);
    // taken over when the gauge says so
    loop {
        let metrics = daemon.admin.get("/metrics").await.text();
        if metrics.contains("kinemotion_analyses_places_left 2") {
            break;
        }
        tokio::task::yield_now().await;
    }
    daemon.make(&waiting()).await;
}
