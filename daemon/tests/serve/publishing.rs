//! Publishing and watching over HTTP with real media.

use crate::athlete::{jump_height_m, jumping};
use crate::client::{Answer, is, is_state};
use crate::daemon::Daemon;
use crate::peer::Offerer;
use hyper::Method;
use serde_json::Value;

const SDP: (&str, &str) = ("content-type", "application/sdp");
const TRICKLE: (&str, &str) = ("content-type", "application/trickle-ice-sdpfrag");

/// An analysis somebody publishes to.
struct Published {
    id: String,
    /// As the answer said.
    location: String,
    tag: String,
}

async fn post(daemon: &Daemon, path: &str, offer: &str) -> Answer {
    daemon
        .public
        .send(Method::POST, path, &[SDP], offer.as_bytes())
        .await
}

async fn publish(daemon: &Daemon, publisher: &Offerer) -> Published {
    let answer = post(daemon, "/whip?sport=cmj&quality=fast", &publisher.offer()).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    assert_eq!(answer.header("content-type"), "application/sdp");
    publisher.accept(&answer.text());
    let location = answer.header("location").to_owned();
    Published {
        id: location.strip_prefix("/whip/").expect("of this analysis").into(),
        tag: answer.header("etag").into(),
        location,
    }
}

fn stream(id: &str, query: &str) -> String {
    format!("/api/v1/analyses/{id}/stream{query}")
}

fn sequence(event: &Value) -> u64 {
    event["sequence"].as_u64().expect("a number")
}

/// What is said to one reader alone is left out.
fn without_dropped(mut event: Value) -> Value {
    event.as_object_mut().expect("an object").remove("dropped");
    event
}

/// Everything that came over the data channel so far.
fn heard(publisher: &Offerer) -> Vec<Value> {
    let events = publisher.texts.try_iter();
    events
        .map(|text| without_dropped(serde_json::from_str(&text).expect("JSON")))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_jump_is_measured_and_said_on_every_way_until_the_publisher_ends_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let daemon = Daemon::start(folder.path(), &[]);
    let publisher = jumping();
    let Published { id, location, tag } = publish(&daemon, &publisher).await;
    let web_socket = tokio::spawn({
        let (client, path) = (daemon.public.clone(), stream(&id, ""));
        async move { client.web_socket(&path).await }
    });

    // candidates that come late are taken, a second publisher is not
    let fragment = b"m=video 9 UDP/TLS/RTP/SAVPF 96\r\n\
        a=candidate:9 1 UDP 2015363327 127.0.0.1 9 typ host\r\na=end-of-candidates\r\n";
    let headers = [TRICKLE, ("if-match", tag.as_str())];
    let trickled = daemon
        .public
        .send(Method::PATCH, &location, &headers, fragment)
        .await;
    assert_eq!(trickled.status, 204, "{trickled:?}");
    post(&daemon, &location, &publisher.local_offer())
        .await
        .problem(409);

    let mut lines = daemon.public.lines(&stream(&id, "?types=repetition")).await;
    let repetition = lines.until(is("repetition")).await;
    let height = repetition["data"]["metrics"]["jump_height_m"]["value"]
        .as_f64()
        .expect("a height");
    // How exact it is, is looked at elsewhere; this says that it is this jump.
    assert!((height - jump_height_m()).abs() < 0.1, "{height} m");

    assert_eq!(daemon.public.delete(&location).await.status, 200);
    let (said, code) = web_socket.await.expect("no panic");
    assert_eq!(code, 1000);
    let last = said.last().expect("events");
    assert!(is_state("done")(last), "{last}");
    assert_eq!(last["data"]["reason"], "the publisher ended it");

    // the data channel: the same events under the same numbers
    let heard = heard(&publisher);
    let said: Vec<Value> = said.into_iter().map(without_dropped).collect();
    assert!(heard.iter().any(is("repetition")) && heard.iter().any(is("pose")));
    assert!(
        heard
            .windows(2)
            .all(|pair| sequence(&pair[0]) < sequence(&pair[1]))
    );
    for event in &heard {
        let same = said.iter().find(|other| sequence(other) == sequence(event));
        assert_eq!(same, Some(event));
    }

    let results = daemon
        .public
        .get(&format!("/api/v1/analyses/{id}/results.json"))
        .await;
    assert_eq!(results.json()["repetitions"][0], repetition["data"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_is_closed_without_a_word_ends_the_analysis_and_gives_its_place_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let settings = [("SESSIONS__MOST", "1"), ("SESSIONS__SILENCE_S", "3")];
    let daemon = Daemon::start(folder.path(), &settings);
    let publisher = jumping();
    let Published { id, .. } = publish(&daemon, &publisher).await;
    let mut lines = daemon.public.lines(&stream(&id, "")).await;
    let repetition = lines.until(is("repetition")).await;
    drop(publisher);
    let rest = lines.rest().await;
    let last = rest.last().expect("the end is told");
    assert!(is_state("done")(last) || is_state("failed")(last), "{last}");
    assert!(last["data"]["reason"].is_string(), "{last}");
    let analysis = daemon.public.get(&format!("/api/v1/analyses/{id}")).await.json();
    assert_eq!(analysis["results"][0], repetition["data"]);
    // the place is free
    assert_eq!(daemon.admin.get("/readyz").await.status, 200);
    publish(&daemon, &jumping()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_sees_the_picture_and_leaves() {
    let folder = tempfile::tempdir().expect("a folder");
    let daemon = Daemon::start(folder.path(), &[]);
    let id = daemon.make_demo().await;
    let path = stream(&id, "");
    daemon.public.lines(&path).await.until(is("pose")).await;
    let viewer = Offerer::viewer(
        "application/x-rtp,media=video,encoding-name=H264,clock-rate=90000,payload=96,packetization-mode=(string)1",
    );
    let path = format!("/whep/{id}");
    let answer = post(&daemon, &path, &viewer.offer()).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    viewer.accept(&answer.text());
    let picture = viewer.pictures.recv_timeout(crate::PATIENCE).expect("a picture");
    let picture = picture.structure(0).expect("caps");
    assert_eq!(picture.get::<i32>("width").expect("a width"), 640);
    let location = answer.header("location").to_owned();
    assert!(location.starts_with(&path), "{location}");
    assert_eq!(daemon.public.delete(&location).await.status, 200);
    daemon.public.delete(&location).await.problem(404);
}
