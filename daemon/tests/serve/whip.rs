//! Publishing to an analysis that waits, as far as it can be told without media.

use crate::client::is_state;
use crate::daemon::Daemon;
use hyper::Method;
use serde_json::json;

const SDP: (&str, &str) = ("content-type", "application/sdp");
const TRICKLE: (&str, &str) = ("content-type", "application/trickle-ice-sdpfrag");

#[tokio::test(flavor = "multi_thread")]
async fn an_offer_that_makes_no_sense_leaves_the_analysis_waiting() {
    let folder = tempfile::tempdir().expect("a folder");
    let daemon = Daemon::start(folder.path(), &[]);
    let id = daemon.make(&json!({ "input": { "streaming": true } })).await;
    let path = format!("/whip/{id}");
    for offer in [
        b"".as_slice(),
        b"v=0",
        b"\xff",
        b"m=video 9 UDP/TLS/RTP/SAVPF 96\r\n",
    ] {
        daemon
            .public
            .send(Method::POST, &path, &[SDP], offer)
            .await
            .problem(400);
    }
    daemon
        .public
        .send(Method::PATCH, &path, &[TRICKLE], b"")
        .await
        .problem(428);
    let other = [TRICKLE, ("if-match", "\"other\"")];
    daemon
        .public
        .send(Method::PATCH, &path, &other, b"")
        .await
        .problem(412);
    let restart = [TRICKLE, ("if-match", "*")];
    daemon
        .public
        .send(Method::PATCH, &path, &restart, b"")
        .await
        .problem(501);
    let analysis = daemon.public.get(&format!("/api/v1/analyses/{id}")).await.json();
    assert_eq!(
        (&analysis["state"], &analysis["status"]),
        (&"waiting".into(), &"queued".into())
    );
    assert!(
        analysis["whip_url"]
            .as_str()
            .is_some_and(|url| url.ends_with(&path)),
        "{analysis}"
    );
    assert_eq!(daemon.public.delete(&path).await.status, 200);
    let stream = format!("/api/v1/analyses/{id}/stream");
    daemon.public.lines(&stream).await.until(is_state("done")).await;
    daemon
        .public
        .send(Method::POST, &path, &[SDP], b"v=0")
        .await
        .problem(409);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_analysis_with_another_source_takes_no_publisher() {
    let folder = tempfile::tempdir().expect("a folder");
    let daemon = Daemon::start(folder.path(), &[]);
    let id = daemon.make_demo().await;
    let refused = daemon
        .public
        .send(Method::POST, &format!("/whip/{id}"), &[SDP], b"v=0")
        .await;
    refused.problem(409);
}
