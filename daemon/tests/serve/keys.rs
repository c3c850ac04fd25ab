//! Keys: what they let their holder do, and whose data they show.

use crate::client::Answer;
use crate::daemon::Daemon;
use futures_util::StreamExt;
use http_body_util::BodyExt;
use hyper::Method;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use sqlx::Connection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use std::path::Path;
use tokio_tungstenite::tungstenite::Message;

const LIST: &str = "/api/v1/analyses";
const KEYS: &str = "/api/v1/keys";

/// A key of another tenant, entered by whoever operates the daemon.
pub const OTHERS: &str = "km_another_tenants_key";

/// Enters another tenant with a key that may do everything.
pub async fn enter_another_tenant(folder: &Path) {
    let options = SqliteConnectOptions::new().filename(folder.join("kinemotion.sqlite3"));
    let mut file = SqliteConnection::connect_with(&options)
        .await
        .expect("the file of the daemon");
    let hash: [u8; 32] = Sha256::digest(OTHERS.as_bytes()).into();
    let scopes = "analyses:read analyses:write publish watch history:read history:write webhooks keys";
    for statement in [
        sqlx::query(
            "INSERT INTO tenants (id, name, tier, created_at) VALUES ('other', 'others', 'unlimited', 0)",
        ),
        sqlx::query(
            "INSERT INTO keys (id, tenant, name, prefix, hash, scopes, created_at)
             VALUES ('k', 'other', 'theirs', 'km_another', ?, ?, 0)",
        )
        .bind(hash.to_vec())
        .bind(scopes),
    ] {
        statement.execute(&mut file).await.expect("a row");
    }
}

fn text(value: &Value) -> String {
    value.as_str().expect("text").to_owned()
}

/// Makes a key with a key; with "" on a daemon that is open.
pub async fn make(daemon: &Daemon, with: &str, request: &Value) -> Answer {
    if with.is_empty() {
        return daemon.public.post_json(KEYS, request).await;
    }
    daemon.public.ask(with, Method::POST, KEYS, Some(request)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_key_closes_the_daemon_and_a_key_does_what_its_scopes_say() {
    let folder = tempfile::tempdir().expect("a folder");
    let daemon = Daemon::start(folder.path(), &[]);
    let made = make(&daemon, "", &json!({ "name": "operator" })).await;
    assert_eq!(made.status, 201, "{made:?}");
    let operator = text(&made.json()["key"]);
    assert!(operator.starts_with(made.json()["prefix"].as_str().expect("text")));

    daemon.public.get(LIST).await.problem(401);
    let get = |key: String| {
        let client = daemon.public.clone();
        async move { client.ask(&key, Method::GET, LIST, None).await }
    };
    assert_eq!(get(operator.clone()).await.status, 200);
    get("km_nobody".into()).await.problem(401);

    let reader = json!({ "name": "reader", "scopes": ["analyses:read"], "expires_in_days": 1 });
    let reader = text(&make(&daemon, &operator, &reader).await.json()["key"]);
    assert_eq!(get(reader.clone()).await.status, 200);
    let demo = json!({ "input": { "demo": true } });
    let refused = daemon
        .public
        .ask(&reader, Method::POST, LIST, Some(&demo))
        .await
        .problem(403);
    assert!(
        refused["detail"].to_string().contains("analyses:write"),
        "{refused}"
    );
    make(&daemon, &reader, &json!({ "name": "mine" }))
        .await
        .problem(403);

    let listed = daemon.public.ask(&operator, Method::GET, KEYS, None).await;
    assert_eq!(listed.json()["keys"].as_array().map(Vec::len), Some(2));
    for secret in [&operator, &reader] {
        assert!(!listed.text().contains(secret.as_str()), "a key is shown once");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_rotated_without_a_gap_and_revoked_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let daemon = Daemon::start(folder.path(), &[]);
    let first = make(&daemon, "", &json!({ "name": "operator" })).await.json();
    let (old, id) = (text(&first["key"]), text(&first["key_id"]));
    let rotated = daemon
        .public
        .ask(
            &old,
            Method::POST,
            &format!("{KEYS}/{id}/rotate"),
            Some(&json!({})),
        )
        .await;
    assert_eq!(rotated.status, 201, "{rotated:?}");
    let new = text(&rotated.json()["key"]);
    for key in [&old, &new] {
        assert_eq!(daemon.public.ask(key, Method::GET, LIST, None).await.status, 200);
    }
    let revoked = daemon
        .public
        .ask(&new, Method::DELETE, &format!("{KEYS}/{id}"), None)
        .await;
    assert_eq!(revoked.status, 204, "{revoked:?}");
    daemon
        .public
        .ask(&old, Method::GET, LIST, None)
        .await
        .problem(401);
    assert_eq!(daemon.public.ask(&new, Method::GET, LIST, None).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_rotates_a_key_gets_no_more_than_they_have() {
    let folder = tempfile::tempdir().expect("a folder");
    let daemon = Daemon::start(folder.path(), &[]);
    let all = make(&daemon, "", &json!({ "name": "operator" })).await.json();
    let (all, id) = (text(&all["key"]), text(&all["key_id"]));
    let clerk = json!({ "name": "clerk", "scopes": ["keys"] });
    let clerk = make(&daemon, &all, &clerk).await.json();
    let rotate = async |with: &str, id: &str| {
        let path = format!("{KEYS}/{id}/rotate");
        daemon
            .public
            .ask(with, Method::POST, &path, Some(&json!({})))
            .await
    };
    let with = text(&clerk["key"]);
    rotate(&with, &id).await.problem(403);
    assert_eq!(rotate(&with, &text(&clerk["key_id"])).await.status, 201);
    let listed = daemon.public.ask(&all, Method::GET, KEYS, None).await.json();
    assert_eq!(listed["keys"].as_array().map(Vec::len), Some(3), "{listed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_key_outlives_the_one_it_was_made_with() {
    let folder = tempfile::tempdir().expect("a folder");
    let daemon = Daemon::start(folder.path(), &[]);
    let clerk = json!({ "name": "clerk", "scopes": ["keys"], "expires_in_days": 2 });
    let clerk = make(&daemon, "", &clerk).await.json();
    let (with, end) = (text(&clerk["key"]), &clerk["expires_at"]);
    assert!(end.is_string(), "{clerk}");
    for request in [
        json!({ "name": "a" }),
        json!({ "name": "b", "expires_in_days": 30 }),
    ] {
        let made = make(&daemon, &with, &request).await.json();
        assert_eq!(&made["expires_at"], end, "{made}");
    }
    let sooner = json!({ "name": "c", "expires_in_days": 1 });
    let sooner = make(&daemon, &with, &sooner).await.json();
    assert!(text(&sooner["expires_at"]) < text(end), "{sooner}");
    let path = format!("{KEYS}/{}/rotate", text(&clerk["key_id"]));
    let rotated = daemon
        .public
        .ask(&with, Method::POST, &path, Some(&json!({})))
        .await;
    assert_eq!(&rotated.json()["expires_at"], end, "{rotated:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_read_with_a_key_ends_with_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let daemon = Daemon::start(folder.path(), &[]);
    let client = &daemon.public;
    let operator = text(&make(&daemon, "", &json!({ "name": "operator" })).await.json()["key"]);
    let waiting = json!({ "input": { "streaming": true } });
    let made = client
        .ask(&operator, Method::POST, LIST, Some(&waiting))
        .await
        .json();
    let analysis = format!("{LIST}/{}", text(&made["analysis_id"]));
    let reader = json!({ "name": "reader", "scopes": ["analyses:read"] });
    let reader = make(&daemon, &operator, &reader).await.json();
    let path = |key: &str| format!("{analysis}/stream?access_token={key}");
    let theirs = path(&text(&reader["key"]));
    let lines = client.lines(&theirs).await;
    let server_sent = client
        .begin(Method::GET, &theirs, &[("accept", "text/event-stream")], b"")
        .await;
    let (mut socket, _) = tokio_tungstenite::connect_async(format!("ws://{}{theirs}", client.0))
        .await
        .expect("a WebSocket");
    let others = client.lines(&path(&operator)).await;

    let revoke = format!("{KEYS}/{}", text(&reader["key_id"]));
    let revoked = client.ask(&operator, Method::DELETE, &revoke, None).await;
    assert_eq!(revoked.status, 204, "{revoked:?}");
    let close = loop {
        let message = socket.next().await.expect("a close before the end");
        if let Message::Close(frame) = message.expect("no error before the close") {
            break frame.expect("a code");
        }
    };
    assert_eq!(u16::from(close.code), 1008, "{close:?}");
    assert!(close.reason.contains("not good any more"), "{close:?}");
    let server_sent = server_sent
        .into_body()
        .collect()
        .await
        .expect("it ends in good order");
    let server_sent = String::from_utf8(server_sent.to_bytes().to_vec()).expect("text");
    assert!(server_sent.contains("not good any more"), "{server_sent}");
    lines.rest().await;
    let ended = client.ask(&operator, Method::DELETE, &analysis, None).await;
    assert!(ended.status < 300, "{ended:?}");
    assert!(!others.rest().await.is_empty(), "others go on to the end");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_key_must_not_be_is_refused_with_the_field() {
    let folder = tempfile::tempdir().expect("a folder");
    let daemon = Daemon::start(folder.path(), &[]);
    for (request, field) in [
        (json!({ "name": " " }), "name"),
        (json!({ "name": "a", "scopes": ["fly"] }), "scopes"),
        (json!({ "name": "a", "scopes": [] }), "scopes"),
        (json!({ "name": "a", "expires_in_days": 0 }), "expires_in_days"),
    ] {
        let problem = make(&daemon, "", &request).await.problem(422);
        assert_eq!(problem["field"], field, "{problem}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_tenants_data_is_not_there() {
    let folder = tempfile::tempdir().expect("a folder");
    let daemon = Daemon::start(folder.path(), &[]);
    let id = daemon.make_demo().await;
    let athlete = daemon
        .public
        .post_json("/api/v1/athletes", &json!({ "external_id": "7" }))
        .await
        .json();
    let athlete = text(&athlete["athlete_id"]);
    let own = make(&daemon, "", &json!({ "name": "operator" })).await.json();
    let (own, own_id) = (text(&own["key"]), text(&own["key_id"]));
    enter_another_tenant(folder.path()).await;
    let hook = json!({ "url": "https://93.184.216.34/" });
    let hook = daemon
        .public
        .ask(&own, Method::POST, "/api/v1/webhooks/register", Some(&hook))
        .await
        .json();
    let hook = text(&hook["webhook_id"]);

    for (method, path) in [
        (Method::GET, format!("/api/v1/analyses/{id}")),
        (Method::DELETE, format!("/api/v1/analyses/{id}")),
        (Method::GET, format!("/api/v1/analyses/{id}/stream")),
        (Method::GET, format!("/api/v1/analyses/{id}/snapshot.jpg")),
        (Method::GET, format!("/api/v1/analyses/{id}/results.json")),
        (Method::GET, format!("/api/v1/analyses/{id}/results.csv")),
        (Method::GET, format!("/api/v1/analyses/{id}/events.ndjson")),
        (Method::GET, format!("/api/v1/analyses/{id}/overlay.mp4")),
        (Method::GET, format!("/api/v1/analyses/{id}/report.html")),
        (Method::GET, format!("/api/v1/analyses/{id}/curves_time.parquet")),
        (Method::GET, format!("/api/v1/analyses/{id}/diagnostics")),
        (Method::GET, format!("/api/v1/athletes/{athlete}")),
        (Method::DELETE, format!("/api/v1/athletes/{athlete}")),
        (
            Method::GET,
            format!("/api/v1/athletes/{athlete}/trends?sport_type=cmj"),
        ),
        (
            Method::GET,
            format!("/api/v1/athletes/{athlete}/metrics/jump_height_m"),
        ),
        (Method::GET, format!("/api/v1/webhooks/{hook}")),
        (Method::DELETE, format!("/api/v1/webhooks/{hook}")),
        (Method::DELETE, format!("/api/v1/keys/{own_id}")),
        (Method::POST, format!("/whep/{id}")),
        (Method::POST, format!("/whip/{id}")),
        (Method::DELETE, format!("/whip/{id}")),
    ] {
        let answer = daemon.public.ask(OTHERS, method.clone(), &path, None).await;
        assert_eq!(answer.status, 404, "{method} {path}: {answer:?}");
    }
    for (path, member) in [
        ("/api/v1/analyses", "analyses"),
        ("/api/v1/athletes", "athletes"),
        ("/api/v1/webhooks", "webhooks"),
        ("/api/v1/repetitions", "repetitions"),
    ] {
        let answer = daemon.public.ask(OTHERS, Method::GET, path, None).await;
        assert_eq!(answer.json()[member], json!([]), "{path}: {answer:?}");
    }
    let still_there = daemon
        .public
        .ask(&own, Method::GET, &format!("/api/v1/analyses/{id}"), None)
        .await;
    assert_eq!(still_there.json()["status"], "running", "{still_there:?}");
}
