//! The end of the daemon as analyses meet it. They have no session here: they end when the test says so, or not at all.

use super::keeper;
use super::{Analysis, News, Order, Sessions};
use crate::serve::auth::Granted;
use crate::serve::config::{Config, SharedConfig};
use crate::serve::metrics::Metrics;
use kinemotion_pipelines::live::{Demo, LiveSource, LiveSpec, SessionState};
use std::sync::Arc;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(60);

fn demo(id: &str) -> LiveSpec {
    LiveSpec::new(id, LiveSource::Demo(Demo::default()))
}

/// Sessions with one analysis that runs.
async fn running_one(folder: &std::path::Path, drain_s: u64) -> (Sessions, Arc<Analysis>) {
    let mut config = Config::default();
    config.storage.folder = folder.into();
    config.sessions.drain_s = drain_s;
    let shared = SharedConfig::new(config.clone());
    let sessions = Sessions::open(shared, Metrics::new().expect("metrics")).await;
    let sessions = sessions.expect("sessions");
    let analysis = sessions.take_place(&mut demo("a"), Order::of_a_demo(), &config);
    let analysis = analysis.expect("a place");
    sessions
        .begin_to_store(&analysis, &Granted::default())
        .await
        .expect("it is stored");
    (sessions, analysis)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_runs_is_told_and_waited_for_no_longer_than_it_takes() {
    let folder = tempfile::tempdir().expect("a folder");
    let (sessions, analysis) = running_one(folder.path(), 3600).await;
    let draining = tokio::spawn({
        let sessions = sessions.clone();
        async move { sessions.drain().await }
    });
    assert_eq!(analysis.asked_to_end().await, "the daemon is about to end");
    assert!(sessions.is_draining());
    let config = sessions.0.config.get();
    let refused = sessions.take_place(&mut demo("b"), Order::of_a_demo(), &config);
    let refused = refused.err().expect("nothing new is taken");
    assert_eq!(refused.status, 503);
    assert!(!draining.is_finished(), "it waits for what runs");
    sessions.tell(&analysis, News::State(SessionState::Done, None));
    let drained = tokio::time::timeout(PATIENCE, draining).await;
    drained.expect("long before the hour is over").expect("no panic");
    assert_eq!(
        analysis.record().reason.as_deref(),
        Some("the daemon is about to end")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_finish_in_time_is_ended_and_that_is_stored() {
    let folder = tempfile::tempdir().expect("a folder");
    let (sessions, analysis) = running_one(folder.path(), 1).await;
    sessions.drain().await;
    assert_eq!(analysis.state(), SessionState::Failed);
    let stored = sessions
        .0
        .store
        .read("a")
        .await
        .expect("reads")
        .expect("is there");
    let last = stored.lines.last().expect("the end");
    assert!(
        last.text().contains("before the analysis had finished"),
        "{last:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_daemon_ends_when_keepers_have_taken_down_what_ran() {
    let folder = tempfile::tempdir().expect("a folder");
    let (sessions, analysis) = running_one(folder.path(), 1).await;
    sessions
        .0
        .under_way
        .spawn(keeper::keep(sessions.clone(), analysis.clone()));
    sessions.drain().await;
    let page = sessions.0.metrics.render(&sessions).await.expect("a page");
    let failed = r#"kinemotion_analyses_ended_total{state="failed"} 1"#;
    let page = String::from_utf8(page).expect("text");
    assert!(
        page.contains(failed),
        "its keeper says so when it has been taken down"
    );
}
