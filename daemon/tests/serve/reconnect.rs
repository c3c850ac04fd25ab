//! Publishers whose network is gone for a while, and publishers who are gone and come back.

use crate::client::{Lines, is, is_state};
use crate::daemon::Daemon;
use crate::publish::{address, begin, footage, sequence, stream};
use hyper::Method;
use serde_json::Value;
use std::time::Duration;
use whip_load::{Codec, PublishError, Publisher, PublisherOptions, Publishing, Switch};

const TRICKLE: (&str, &str) = ("content-type", "application/trickle-ice-sdpfrag");

/// How long the network is gone: a lift, a tunnel, a change of cell.
const GONE: Duration = Duration::from_secs(8);

fn options(daemon: &Daemon, path: &str, switch: &Switch) -> PublisherOptions {
    PublisherOptions {
        switch: switch.clone(),
        ..address(daemon, path)
    }
}

fn start(folder: &std::path::Path) -> Daemon {
    // The place is kept for longer than anything here takes on a machine that is busy with other things.
    let settings = [("SESSIONS__SILENCE_S", "4"), ("SESSIONS__RECONNECT_S", "60")];
    Daemon::start(folder, &settings)
}

fn media_ms(event: &Value) -> f64 {
    event["timestamp_ms"].as_f64().expect("a time")
}

/// The next event that fits; none before it says an end.
async fn until(lines: &mut Lines, fits: impl Fn(&Value) -> bool) -> Value {
    let ends = |event: &Value| {
        ["finishing", "done", "failed"]
            .iter()
            .any(|end| is_state(end)(event))
    };
    let event = lines.until(|event| fits(event) || ends(event)).await;
    assert!(!ends(&event), "{event}");
    event
}

/// Publishes again, as often as the daemon says that it has no time now.
async fn come_back(options: &PublisherOptions) -> Publishing {
    loop {
        match Publisher::connect(options, footage(Codec::Vp8)).await {
            Ok(publisher) => return publisher.spawn(),
            Err(PublishError::Refused { retry_after, .. }) if retry_after.is_some() => {}
            Err(error) => panic!("{error}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_network_that_is_gone_for_eight_seconds_ends_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let daemon = start(folder.path());
    let network = Switch::default();
    let wanted = options(&daemon, "/whip?sport=cmj&quality=fast", &network);
    let (mut publishing, id) = begin(&wanted, Codec::Vp8).await;
    let mut lines = daemon.public.lines(&stream(&id, "")).await;
    let before = until(&mut lines, is("repetition")).await;
    network.cut();
    let gone = tokio::time::Instant::now();
    let stalled = until(&mut lines, is_state("stalled")).await;
    assert!(
        stalled["data"]["reason"]
            .as_str()
            .is_some_and(|reason| reason.starts_with("no frame for")),
        "{stalled}"
    );
    tokio::time::sleep_until(gone + GONE).await;
    network.mend();
    let live = until(&mut lines, is_state("live")).await;
    let after = until(&mut lines, is("pose")).await;
    assert!(
        media_ms(&after) >= media_ms(&before) + GONE.as_secs_f64() * 500.0,
        "{before} {after}"
    );
    assert!(sequence(&after) > sequence(&live) && sequence(&live) > sequence(&stalled));
    until(&mut lines, is("repetition")).await;
    // The data channel is there again, too.
    while let Some(message) = publishing.next().await {
        let event: Value = serde_json::from_str(&message.text).expect("JSON");
        if sequence(&event) > sequence(&live) {
            break;
        }
    }
    publishing.end().await.expect("the DELETE is taken");
    let rest = lines.rest().await;
    assert_eq!(
        rest.last().expect("the end")["data"]["reason"],
        "the publisher ended it"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_publisher_who_comes_back_goes_on_with_the_same_analysis() {
    let folder = tempfile::tempdir().expect("a folder");
    let daemon = start(folder.path());
    let network = Switch::default();
    let (publishing, id) = begin(
        &options(&daemon, "/whip?sport=cmj&quality=fast", &network),
        Codec::Vp8,
    )
    .await;
    let place = format!("/whip/{id}");
    let mut lines = daemon.public.lines(&stream(&id, "")).await;
    let before = until(&mut lines, is("repetition")).await;
    let second = Publisher::connect(&address(&daemon, &place), footage(Codec::Vp8)).await;
    let busy = matches!(&second, Err(PublishError::Status { status: 409, .. }));
    assert!(busy, "{:?}", second.err());
    publishing.abandon().await.expect("it was there until now");
    until(&mut lines, is_state("stalled")).await;

    let again = come_back(&address(&daemon, &place)).await;
    assert_eq!(again.resource().path(), place);
    let live = until(&mut lines, is_state("live")).await;
    let after = until(&mut lines, is("repetition")).await;
    assert!(media_ms(&after) > media_ms(&before), "{before} {after}");
    assert!(sequence(&after) > sequence(&live) && sequence(&live) > sequence(&before));
    let analysis = daemon.public.get(&format!("/api/v1/analyses/{id}")).await.json();
    assert_eq!(analysis["results"][0], before["data"]);
    assert_eq!(analysis["results"][1], after["data"]);

    // Late candidates are for one of the two connections.
    let fragment = b"m=video 9 UDP/TLS/RTP/SAVPF 96\r\n\
        a=candidate:9 1 UDP 2015363327 127.0.0.1 9 typ host\r\na=end-of-candidates\r\n";
    for (connection, status) in [(1, 412), (2, 204)] {
        let tag = format!("\"{id}.{connection}\"");
        let headers = [TRICKLE, ("if-match", tag.as_str())];
        let answer = daemon
            .public
            .send(Method::PATCH, &place, &headers, fragment)
            .await;
        assert_eq!(answer.status, status, "{answer:?}");
    }
    again.end().await.expect("the DELETE is taken");
    let rest = lines.rest().await;
    assert_eq!(
        rest.last().expect("the end")["data"]["reason"],
        "the publisher ended it"
    );
}
