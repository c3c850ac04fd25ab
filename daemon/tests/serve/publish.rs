//! Publishing over HTTP with real media: a WHIP client of our own that shares no code with the daemon, one that offers what OBS
//! offers, and GStreamer's `whipclientsink`.

use crate::PATIENCE;
use crate::client::{is, is_state};
use crate::daemon::Daemon;
use gst::prelude::*;
use hyper::Method;
use serde_json::Value;
use std::sync::{Arc, LazyLock};
use whip_load::{Codec, Footage, FootageOptions, PublishError, Publisher, PublisherOptions, Publishing};

const TRICKLE: (&str, &str) = ("content-type", "application/trickle-ice-sdpfrag");

/// Jumps of the synthetic athlete, encoded once for all tests.
pub fn footage(codec: Codec) -> Arc<Footage> {
    static VP8: LazyLock<Arc<Footage>> = LazyLock::new(|| encoded(Codec::Vp8));
    static HIGH: LazyLock<Arc<Footage>> = LazyLock::new(|| encoded(Codec::H264High));
    match codec {
        Codec::Vp8 => VP8.clone(),
        _ => HIGH.clone(),
    }
}

fn encoded(codec: Codec) -> Arc<Footage> {
    let options = FootageOptions {
        codec,
        ..FootageOptions::default()
    };
    Arc::new(Footage::encode(&options).expect("footage"))
}

pub fn address(daemon: &Daemon, path: &str) -> PublisherOptions {
    let url = format!("http://{}{path}", daemon.public.0);
    PublisherOptions::new(url.parse().expect("an address"))
}

/// Publishes to an analysis of its own.
async fn publish(daemon: &Daemon, codec: Codec) -> (Publishing, String) {
    let options = address(daemon, "/whip?sport=cmj&quality=fast");
    begin(&options, codec).await
}

pub async fn begin(options: &PublisherOptions, codec: Codec) -> (Publishing, String) {
    let publisher = Publisher::connect(options, footage(codec)).await;
    let publisher = publisher.unwrap_or_else(|error| panic!("{error}"));
    let location = publisher.resource().path().to_owned();
    let id = location
        .strip_prefix("/whip/")
        .expect("of this analysis")
        .to_owned();
    (publisher.spawn(), id)
}

pub fn stream(id: &str, query: &str) -> String {
    format!("/api/v1/analyses/{id}/stream{query}")
}

pub fn sequence(event: &Value) -> u64 {
    event["sequence"].as_u64().expect("a number")
}

/// What is said to one reader alone is left out.
fn without_dropped(mut event: Value) -> Value {
    event.as_object_mut().expect("an object").remove("dropped");
    event
}

#[tokio::test(flavor = "multi_thread")]
async fn a_jump_is_measured_and_said_on_every_way_until_the_publisher_ends_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let daemon = Daemon::start(folder.path(), &[]);
    let (mut publishing, id) = publish(&daemon, Codec::Vp8).await;
    let location = format!("/whip/{id}");
    let web_socket = tokio::spawn({
        let (client, path) = (daemon.public.clone(), stream(&id, ""));
        async move { client.web_socket(&path).await }
    });

    // Candidates that come late are taken, a second publisher is not.
    let fragment = b"m=video 9 UDP/TLS/RTP/SAVPF 96\r\n\
        a=candidate:9 1 UDP 2015363327 127.0.0.1 9 typ host\r\na=end-of-candidates\r\n";
    let tag = format!("\"{id}.1\"");
    let headers = [TRICKLE, ("if-match", tag.as_str())];
    let trickled = daemon
        .public
        .send(Method::PATCH, &location, &headers, fragment)
        .await;
    assert_eq!(trickled.status, 204, "{trickled:?}");
    let second = Publisher::connect(&address(&daemon, &location), footage(Codec::Vp8)).await;
    assert!(
        matches!(&second, Err(PublishError::Status { status: 409, .. })),
        "{:?}",
        second.err()
    );

    let mut heard = Vec::new();
    let repetition = loop {
        let message = publishing.next().await.expect("a repetition before the end");
        let event: Value = serde_json::from_str(&message.text).expect("JSON");
        heard.push(without_dropped(event.clone()));
        if is("repetition")(&event) {
            break event;
        }
    };
    let height = &repetition["data"]["metrics"]["jump_height_m"];
    // How exact it is, is looked at elsewhere; this says that it is such a jump.
    assert!(
        height.as_f64().is_some_and(|height| (0.1..0.8).contains(&height)),
        "{repetition}"
    );

    publishing.end().await.expect("the DELETE is taken");
    let (said, code) = web_socket.await.expect("no panic");
    assert_eq!(code, 1000);
    let last = said.last().expect("events");
    assert!(is_state("done")(last), "{last}");
    assert_eq!(last["data"]["reason"], "the publisher ended it");

    // The data channel said the same under the same numbers.
    let said: Vec<Value> = said.into_iter().map(without_dropped).collect();
    assert!(heard.iter().any(is("pose")));
    assert!(
        heard
            .windows(2)
            .all(|pair| sequence(&pair[0]) < sequence(&pair[1]))
    );
    for event in &heard {
        let same = said.iter().find(|other| sequence(other) == sequence(event));
        // Poses that the WebSocket was too slow for are missing there.
        assert!(same.is_none_or(|same| same == event), "{event} is not {same:?}");
    }
    let results = daemon
        .public
        .get(&format!("/api/v1/analyses/{id}/results.json"))
        .await;
    assert_eq!(results.json()["repetitions"][0], repetition["data"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_obs_offers_is_taken() {
    let folder = tempfile::tempdir().expect("a folder");
    let daemon = Daemon::start(folder.path(), &[]);
    let options = PublisherOptions {
        audio: true,
        data_channel: false,
        ..address(&daemon, "/whip?sport=cmj&quality=fast")
    };
    let (publishing, id) = begin(&options, Codec::H264High).await;
    daemon
        .public
        .lines(&stream(&id, ""))
        .await
        .until(is("pose"))
        .await;
    let analysis = daemon.public.get(&format!("/api/v1/analyses/{id}")).await.json();
    let codec = analysis["source"]["codec"].as_str().unwrap_or_default();
    assert!(codec.contains("H.264") && codec.contains("High"), "{analysis}");
    publishing.end().await.expect("the DELETE is taken");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_publisher_who_vanishes_ends_the_analysis_and_gives_its_place_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let settings = [
        ("SESSIONS__MOST", "1"),
        ("SESSIONS__SILENCE_S", "3"),
        ("SESSIONS__RECONNECT_S", "1"),
    ];
    let daemon = Daemon::start(folder.path(), &settings);
    let (publishing, id) = publish(&daemon, Codec::Vp8).await;
    let mut lines = daemon.public.lines(&stream(&id, "")).await;
    let repetition = lines.until(is("repetition")).await;
    let full = Publisher::connect(&address(&daemon, "/whip"), footage(Codec::Vp8)).await;
    assert!(
        matches!(&full, Err(PublishError::Refused { .. })),
        "{:?}",
        full.err()
    );
    drop(publishing);
    let rest = lines.rest().await;
    let last = rest.last().expect("the end is told");
    assert!(is_state("done")(last) || is_state("failed")(last), "{last}");
    assert!(last["data"]["reason"].is_string(), "{last}");
    let analysis = daemon.public.get(&format!("/api/v1/analyses/{id}")).await.json();
    assert_eq!(analysis["results"][0], repetition["data"]);
    let (again, _) = publish(&daemon, Codec::Vp8).await;
    again.end().await.expect("the DELETE is taken");
}

/// A pipeline that ends with the value.
struct Running(gst::Element);

impl Drop for Running {
    fn drop(&mut self) {
        // It goes away whatever happens.
        let _ = self.0.set_state(gst::State::Null);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn gstreamers_whip_client_publishes() {
    let folder = tempfile::tempdir().expect("a folder");
    let daemon = Daemon::start(folder.path(), &[]);
    gst::init().expect("GStreamer");
    gstrswebrtc::plugin_register_static().expect("its elements");
    let id = daemon
        .make(&serde_json::json!({ "quality": "fast", "input": { "streaming": true } }))
        .await;
    let description = format!(
        "videotestsrc is-live=true ! video/x-raw,width=320,height=240,framerate=30/1 \
         ! whipclientsink congestion-control=disabled video-caps=video/x-vp8 \
         signaller::whip-endpoint=http://{}/whip/{id}",
        daemon.public.0
    );
    let client = Running(gst::parse::launch(&description).expect("elements"));
    client.0.set_state(gst::State::Playing).expect("it plays");
    let mut lines = daemon.public.lines(&stream(&id, "")).await;
    tokio::time::timeout(PATIENCE, lines.until(is("pose")))
        .await
        .expect("a frame in time");
    drop(client);
    let analysis = daemon.public.get(&format!("/api/v1/analyses/{id}")).await.json();
    assert_eq!(analysis["source"]["width"], 320, "{analysis}");
    assert_eq!(daemon.public.delete(&format!("/whip/{id}")).await.status, 200);
}
