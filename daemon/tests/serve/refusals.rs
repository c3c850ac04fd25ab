//! Requests that make no sense: a clear answer, and nothing is left behind.

use crate::daemon::{Daemon, folders};
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
    assert!(folders(folder).is_empty());
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

/// An operation of the description.
#[derive(Clone, Debug)]
struct Operation {
    method: Method,
    path: String,
    /// Media type of its body, where it takes one.
    body: Option<String>,
    /// Parameters it cannot do without, as a query.
    query: String,
    /// Headers it cannot do without, but those that say which session is meant.
    headers: Vec<(String, String)>,
}

/// Everything that is described: what comes new is covered by itself.
async fn operations(daemon: &Daemon) -> Vec<Operation> {
    let document = daemon.public.get("/api/v1/openapi.json").await.json();
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("an item") {
            let contents = operation["requestBody"]["content"].as_object();
            let parameters = operation["parameters"].as_array().into_iter().flatten();
            let required = parameters
                .filter(|parameter| parameter["in"] == "query" && parameter["required"] == true)
                .map(|parameter| {
                    let example = parameter["example"].as_str().expect("an example");
                    format!("{}={example}", parameter["name"].as_str().expect("a name"))
                });
            let query: Vec<String> = required.collect();
            operations.push(Operation {
                method: Method::from_bytes(method.to_uppercase().as_bytes()).expect("a method"),
                path: path.clone(),
                body: contents.and_then(|contents| contents.keys().next().cloned()),
                query: query.join("&"),
                headers: headers(operation),
            });
        }
    }
    assert!(operations.len() > 10);
    operations
}

/// The headers an operation cannot do without and that have an example.
fn headers(operation: &Value) -> Vec<(String, String)> {
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let required =
        parameters.filter(|parameter| parameter["in"] == "header" && parameter["required"] == true);
    let pair = |parameter: &Value| {
        let value = match &parameter["example"] {
            Value::Null => return None,
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        Some((parameter["name"].as_str()?.to_owned(), value))
    };
    required.filter_map(pair).collect()
}

/// Any bytes are a piece of an upload.
const PIECE: &str = "application/offset+octet-stream";

impl Operation {
    /// Its path with this name for everything that has one.
    fn path_of(&self, name: &str) -> String {
        let mut parts: Vec<&str> = self.path.split('/').collect();
        for part in parts.iter_mut().filter(|part| part.starts_with('{')) {
            *part = name;
        }
        match self.query.as_str() {
            "" => parts.join("/"),
            query => format!("{}?{query}", parts.join("/")),
        }
    }

    /// The least that is understood, so that a refusal is for something else.
    fn smallest_body(&self) -> Vec<u8> {
        if self.path.contains("training-sessions") {
            return br#"{"name":"x"}"#.to_vec();
        }
        b"{}".to_vec()
    }

    fn has_names(&self) -> bool {
        self.path.contains('{')
    }
}

/// A daemon that has had a session, so that what all sessions share is there.
async fn used(folder: &Path) -> Daemon {
    let daemon = Daemon::start(folder, &[]);
    let id = daemon.make(&waiting()).await;
    remove(&daemon, &id).await;
    daemon
}

fn waiting() -> Value {
    json!({ "input": { "streaming": true } })
}

/// Ends an analysis and removes it.
async fn remove(daemon: &Daemon, id: &str) {
    let path = format!("/api/v1/analyses/{id}");
    assert_eq!(daemon.public.delete(&path).await.status, 204);
    daemon.public.lines(&format!("{path}/stream")).await.rest().await;
    assert_eq!(daemon.public.delete(&path).await.status, 204);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_refuses_unknown_names_wrong_types_and_bodies_that_are_none() {
    let folder = tempfile::tempdir().expect("a folder");
    let daemon = used(folder.path()).await;
    let before = daemon.holdings();
    let operations = operations(&daemon).await;
    let large = vec![b' '; 70_000];
    for operation in &operations {
        let send = |name: &str, media_type: &str, body: Vec<u8>| {
            let (client, method, path) = (
                daemon.public.clone(),
                operation.method.clone(),
                operation.path_of(name),
            );
            let (media_type, tag) = (media_type.to_owned(), format!("\"{name}.0\""));
            let own = operation.headers.clone();
            async move {
                let mut headers = vec![("content-type", media_type.as_str()), ("if-match", tag.as_str())];
                headers.extend(own.iter().map(|(name, value)| (name.as_str(), value.as_str())));
                client.send(method, &path, &headers, &body).await
            }
        };
        let own_type = operation.body.clone().unwrap_or_default();
        if operation.has_names() {
            for name in [
                "unknown",
                "%00",
                "%ff",
                "..%2f..%2fetc",
                "0199d4c0-0000-7000-8000-000000000001",
            ] {
                let answer = send(name, &own_type, operation.smallest_body()).await;
                assert!(
                    matches!(answer.status, 400 | 404),
                    "{operation:?} {name}: {answer:?}"
                );
                // Answers to HEAD have no body.
                if operation.method != Method::HEAD {
                    answer.problem(answer.status);
                }
            }
        }
        if operation.body.is_none() {
            continue;
        }
        let id = daemon.make(&waiting()).await;
        for (media_type, body, statuses) in [
            ("text/plain", Vec::new(), [415].as_slice()),
            ("", Vec::new(), &[415]),
            (own_type.as_str(), large.clone(), &[413]),
            (own_type.as_str(), vec![0xff; 100], &[400]),
            (own_type.as_str(), b"{".to_vec(), &[400, 409]),
        ] {
            let answer = send(&id, media_type, body).await;
            // What is wrong with a piece is that there is no such upload.
            let statuses: &[u16] = if media_type == PIECE { &[404] } else { statuses };
            assert!(
                statuses.contains(&answer.status),
                "{operation:?} {media_type}: {answer:?}"
            );
            answer.problem(answer.status);
        }
        let still = daemon.public.get(&format!("/api/v1/analyses/{id}")).await.json();
        assert_eq!(still["state"], "waiting", "{operation:?}");
        remove(&daemon, &id).await;
    }
    nothing_is_left(&daemon, folder.path()).await;
    daemon.let_go(&before).await;
}

#[test]
fn random_bytes_to_every_endpoint_give_an_error_and_leave_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let daemon = runtime.block_on(used(folder.path()));
    let before = daemon.holdings();
    let mut operations = runtime.block_on(operations(&daemon));
    operations.retain(|operation| operation.body.is_some() || operation.has_names());
    let media_types = prop_oneof![Just(JSON.1), Just(SDP.1), Just(TRICKLE.1), Just("text/plain")];
    let name = prop_oneof!["[a-z0-9]{1,20}", "(%[0-9a-f]{2}){1,20}"];
    let bytes = prop::collection::vec(any::<u8>(), 0..200);
    let request = (prop::sample::select(operations), name, media_types, bytes);
    let mut runner = TestRunner::new(Config::with_cases(300));
    let outcome = runner.run(&request, |(operation, name, media_type, body)| {
        let (method, path) = (operation.method.clone(), operation.path_of(&name));
        let headers = [("content-type", media_type)];
        let answer = runtime.block_on(daemon.public.send(method, &path, &headers, &body));
        prop_assert!(
            (400..500).contains(&answer.status),
            "{operation:?} {path}: {answer:?}"
        );
        prop_assert_eq!(answer.header("content-type"), "application/problem+json");
        Ok(())
    });
    outcome.expect("every answer is a problem");
    runtime.block_on(nothing_is_left(&daemon, folder.path()));
    runtime.block_on(daemon.let_go(&before));
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
