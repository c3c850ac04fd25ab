//! Requests that make no sense: a clear answer, and nothing is left behind.

use crate::daemon::Daemon;
use hyper::Method;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use std::path::Path;

const JSON: (&str, &str) = ("content-type", "application/json");
const SDP: (&str, &str) = ("content-type", "application/sdp");
const TRICKLE: (&str, &str) = ("content-type", "application/trickle-ice-sdpfrag");

async fn nothing_is_left(daemon: &Daemon, folder: &Path) {
    assert!(daemon.listed().await.is_empty());
    assert_eq!(std::fs::read_dir(folder).expect("readable").count(), 0);
    assert_eq!(daemon.admin.get("/readyz").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_makes_no_sense_is_explained() {
    let folder = tempfile::tempdir().expect("a folder");
    let daemon = Daemon::start(folder.path(), &[]);
    let post = |body: Value| {
        let client = daemon.public.clone();
        async move { client.post_json("/api/v1/analyses", &body).await }
    };
    for (body, field) in [
        (
            json!({ "input": { "demo": true }, "sport_type": "flying" }),
            "sport_type",
        ),
        (
            json!({ "input": { "demo": true }, "athlete": { "height_m": 178 } }),
            "athlete.height_m",
        ),
        (
            json!({ "input": { "demo": true }, "athlete": { "height_m": "tall" } }),
            "athlete.height_m",
        ),
        (json!({ "input": { "demo": true }, "quality": "best" }), "quality"),
        (json!({ "input": { "uri": "file:///etc/passwd" } }), "input.uri"),
        (
            json!({ "input": { "uri": "http://169.254.169.254/" } }),
            "input.uri",
        ),
        (json!({ "input": { "camera": "/etc/passwd" } }), "input.camera"),
        (json!({ "input": { "telepathy": true } }), "input"),
        (
            json!({ "input": { "demo": true }, "outputs": [{ "rtmp": "nowhere" }] }),
            "outputs[0].rtmp",
        ),
    ] {
        let problem = post(body.clone()).await.problem(422);
        let named = problem["field"].as_str().unwrap_or_default();
        assert!(named.starts_with(field), "{body}: {problem}");
    }
    post(json!({ "input": { "demo": true }, "sprot_type": "cmj" }))
        .await
        .problem(422);
    post(json!({})).await.problem(422);
    post(json!([])).await.problem(422);
    nothing_is_left(&daemon, folder.path()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_types_sizes_methods_and_names_are_told_apart() {
    let folder = tempfile::tempdir().expect("a folder");
    let daemon = Daemon::start(folder.path(), &[]);
    let large = vec![b'x'; 70_000];
    let unknown = "0199d4c0-0000-7000-8000-000000000001";
    for (method, path, headers, body, status) in [
        ("POST", "/api/v1/analyses", vec![], b"{}".as_slice(), 415),
        (
            "POST",
            "/api/v1/analyses",
            vec![("content-type", "text/plain")],
            b"{}",
            415,
        ),
        ("POST", "/api/v1/analyses", vec![JSON], b"{", 400),
        ("POST", "/api/v1/analyses", vec![JSON], b"\xff\xfe", 400),
        ("POST", "/api/v1/analyses", vec![JSON], &large, 413),
        ("PUT", "/api/v1/analyses", vec![JSON], b"{}", 405),
        ("GET", "/api/v1/analyses?limit=0", vec![], b"", 422),
        ("GET", "/api/v1/analyses?state=asleep", vec![], b"", 422),
        ("GET", "/api/v1/analyses?colour=red", vec![], b"", 422),
        ("GET", "/api/v1/nowhere", vec![], b"", 404),
        ("GET", "/api/v1/analyses/ID", vec![], b"", 404),
        ("PATCH", "/api/v1/analyses/ID", vec![JSON], b"{}", 404),
        ("DELETE", "/api/v1/analyses/ID", vec![], b"", 404),
        ("GET", "/api/v1/analyses/ID/stream", vec![], b"", 404),
        ("GET", "/api/v1/analyses/ID/snapshot.jpg", vec![], b"", 404),
        ("GET", "/api/v1/analyses/ID/results.json", vec![], b"", 404),
        (
            "GET",
            "/api/v1/analyses/..%2f..%2fetc/results.json",
            vec![],
            b"",
            404,
        ),
        ("GET", "/hls/ID/index.m3u8", vec![], b"", 404),
        ("POST", "/whip", vec![], b"v=0", 415),
        ("POST", "/whip", vec![JSON], b"{}", 415),
        ("POST", "/whip", vec![SDP], &large, 413),
        ("POST", "/whip", vec![SDP], b"", 400),
        ("POST", "/whip", vec![SDP], b"no description of any session", 400),
        ("POST", "/whip", vec![SDP], b"\xff\xfe\x00", 400),
        ("POST", "/whip?sport=flying", vec![SDP], b"v=0", 422),
        ("POST", "/whip?spotr=cmj", vec![SDP], b"v=0", 422),
        ("GET", "/whip", vec![], b"", 405),
        ("POST", "/whip/ID", vec![SDP], b"v=0", 404),
        ("PATCH", "/whip/ID", vec![TRICKLE], b"a=candidate", 404),
        ("DELETE", "/whip/ID", vec![], b"", 404),
        ("POST", "/whep/ID", vec![SDP], b"v=0", 404),
        ("DELETE", "/whep/ID/viewer", vec![], b"", 404),
    ] {
        let path = path.replace("ID", unknown);
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        let answer = daemon.public.send(method.clone(), &path, &headers, body).await;
        assert_eq!(answer.status, status, "{method} {path}: {answer:?}");
        answer.problem(status);
    }
    nothing_is_left(&daemon, folder.path()).await;
}

#[test]
fn random_bytes_to_every_endpoint_give_an_error_and_leave_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let daemon = Daemon::start(folder.path(), &[]);
    let document = runtime.block_on(daemon.public.get("/api/v1/openapi.json")).json();
    let paths = document["paths"].as_object().expect("paths").iter();
    let writing: Vec<(Method, String)> = paths
        .flat_map(|(path, item)| {
            let methods = item
                .as_object()
                .expect("an item")
                .keys()
                .map(|method| method.to_uppercase());
            methods.map(|method| {
                (
                    Method::from_bytes(method.as_bytes()).expect("a method"),
                    path.clone(),
                )
            })
        })
        .filter(|(method, path)| *method == Method::POST || *method == Method::PATCH || path.contains('{'))
        .collect();
    let content_types = prop_oneof![Just(JSON.1), Just(SDP.1), Just(TRICKLE.1), Just("text/plain")];
    let request = (
        prop::sample::select(writing),
        "[a-z0-9]{1,20}",
        content_types,
        prop::collection::vec(any::<u8>(), 0..200),
    );
    let mut runner = TestRunner::new(Config::with_cases(300));
    let outcome = runner.run(&request, |((method, path), name, content_type, body)| {
        let mut path = path;
        for part in ["{id}", "{viewer}", "{file}"] {
            path = path.replace(part, &name);
        }
        let headers = [("content-type", content_type)];
        let answer = runtime.block_on(daemon.public.send(method.clone(), &path, &headers, &body));
        prop_assert!((400..500).contains(&answer.status), "{method} {path}: {answer:?}");
        prop_assert_eq!(answer.header("content-type"), "application/problem+json");
        Ok(())
    });
    outcome.expect("every answer is a problem");
    runtime.block_on(nothing_is_left(&daemon, folder.path()));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_http_is_closed_and_harms_nobody() {
    let folder = tempfile::tempdir().expect("a folder");
    let daemon = Daemon::start(folder.path(), &[]);
    for bytes in [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".as_slice(),
        b"GET / HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n",
        b"POST /whip HTTP/1.1\r\nhost: x\r\ncontent-type: application/sdp\r\ncontent-length: 50\r\n\r\nshort",
        b"GET / HTTP/9.9\r\n\r\n",
        &[0; 1000],
    ] {
        let answer = daemon.public.raw(bytes).await;
        assert!(
            answer.is_empty() || answer.starts_with(b"HTTP/1.1 4"),
            "{answer:?}"
        );
    }
    nothing_is_left(&daemon, folder.path()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_web_socket_that_is_none_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let daemon = Daemon::start(folder.path(), &[]);
    let id = daemon.make(&json!({ "input": { "streaming": true } })).await;
    let path = format!("/api/v1/analyses/{id}/stream");
    let headers = [("upgrade", "websocket"), ("connection", "upgrade")];
    let refused = daemon.public.send(Method::GET, &path, &headers, b"").await;
    refused.problem(400);
    let unknown = daemon.public.get(&format!("{path}?types=poses")).await;
    assert_eq!(unknown.problem(422)["field"], "types");
    let wrong = daemon.public.get(&format!("{path}?from_sequence=minus")).await;
    assert_eq!(wrong.problem(422)["field"], "from_sequence");
}
