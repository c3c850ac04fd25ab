//! What is kept for whoever has to find out why an analysis failed.

use crate::client::is_state;
use crate::daemon::Daemon;
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_leaves_its_messages_and_a_graph_until_it_is_removed() {
    let folder = tempfile::tempdir().expect("a folder");
    let daemon = Daemon::start(folder.path(), &[("SOURCES__HOSTS", r#"["127.0.0.1"]"#)]);
    // Nobody listens at this port.
    let uri = "http://user:secret@127.0.0.1:9/clip.mp4?token=secret";
    let id = daemon
        .make(&json!({ "quality": "fast", "input": { "uri": uri } }))
        .await;
    let path = format!("/api/v1/analyses/{id}");
    let stream = format!("{path}/stream");
    let failed = daemon.public.lines(&stream).await.until(is_state("failed")).await;
    let there = daemon.public.get(&format!("{path}/diagnostics")).await;
    let known = there.json();
    assert_eq!(known["state"], "failed", "{known}");
    assert_eq!(known["reason"], failed["data"]["reason"]);
    assert_eq!(
        (&known["graph"], &known["source"]["kind"]),
        (&true.into(), &"uri".into())
    );
    let notes = known["notes"].as_array().expect("a list");
    assert!(
        notes
            .iter()
            .any(|note| note["kind"] == "error" && note["from"] != "session"),
        "{known}"
    );
    assert!(
        notes
            .iter()
            .any(|note| note["kind"] == "state" && note["from"] == "session"),
        "{known}"
    );
    let graph = daemon
        .public
        .get(&format!("{path}/diagnostics/pipeline.dot"))
        .await;
    assert_eq!(graph.header("content-type"), "text/vnd.graphviz");
    assert!(graph.text().contains("GstKinePose"), "{graph:?}");
    assert!(
        !graph.text().contains("secret") && !there.text().contains("secret"),
        "{known}"
    );
    // Kept when the session is taken down.
    daemon.public.lines(&stream).await.rest().await;
    daemon.signal("TERM");
    daemon.wait();

    let again = Daemon::start(folder.path(), &[]);
    assert_eq!(
        again.public.get(&format!("{path}/diagnostics")).await.json(),
        known
    );
    let kept = again
        .public
        .get(&format!("{path}/diagnostics/pipeline.dot"))
        .await;
    assert_eq!(kept.text(), graph.text());
    assert_eq!(again.public.delete(&path).await.status, 204);
    again
        .public
        .get(&format!("{path}/diagnostics"))
        .await
        .problem(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_analysis_shows_its_pipeline_and_one_that_went_well_keeps_none() {
    let folder = tempfile::tempdir().expect("a folder");
    let daemon = Daemon::start(folder.path(), &[]);
    let before = daemon.holdings();
    let id = daemon.make_demo().await;
    let path = format!("/api/v1/analyses/{id}");
    let mut lines = daemon.public.lines(&format!("{path}/stream")).await;
    lines.until(is_state("live")).await;
    let graph = daemon
        .public
        .get(&format!("{path}/diagnostics/pipeline.dot"))
        .await;
    assert!(graph.text().contains("GstKinePhase"), "{graph:?}");
    let running = daemon.public.get(&format!("{path}/diagnostics")).await.json();
    assert_eq!(
        (&running["state"], &running["graph"]),
        (&"live".into(), &false.into())
    );
    assert_eq!(daemon.public.delete(&path).await.status, 204);
    lines.rest().await;
    // Taken down: what is told from now on was kept.
    daemon.let_go(&before).await;
    let ended = daemon.public.get(&format!("{path}/diagnostics")).await.json();
    assert_eq!(ended["state"], "done");
    assert!(
        ended["engine"]["landmarker_runs"]
            .as_u64()
            .is_some_and(|runs| runs > 0),
        "{ended}"
    );
    daemon
        .public
        .get(&format!("{path}/diagnostics/pipeline.dot"))
        .await
        .problem(404);
}
