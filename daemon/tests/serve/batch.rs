//! Files: queued, analysed in processes of their own, taken up again when those are lost, removed without a trace.

use crate::client::{Answer, is, is_state};
use crate::clips;
use crate::daemon::{Daemon, folders};
use crate::operator::key;
use axum::Router;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::get;
use hyper::Method;
use serde_json::{Value, json};
use sqlx::Connection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use std::path::Path;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const ANALYSES: &str = "/api/v1/analyses";
const BOUNDARY: &str = "----a-boundary-of-this-test";

/// Sends a file with an order.
pub async fn send(daemon: &Daemon, order: &Value, file: &[u8], headers: &[(&str, &str)]) -> Answer {
    let part =
        |name: &str| format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n");
    let mut body = format!("{}{order}\r\n{}", part("request"), part("video")).into_bytes();
    body.extend_from_slice(file);
    body.extend_from_slice(format!("\r\n--{BOUNDARY}--\r\n").as_bytes());
    let media_type = format!("multipart/form-data; boundary={BOUNDARY}");
    let mut all = vec![("content-type", media_type.as_str())];
    all.extend(headers);
    daemon.public.send(Method::POST, ANALYSES, &all, &body).await
}

/// Orders the analysis of a jump that takes a while; its name.
async fn queue_long_jump(daemon: &Daemon) -> String {
    queue(daemon, clips::long_jump()).await
}

async fn queue(daemon: &Daemon, file: &[u8]) -> String {
    let order = json!({ "sport_type": "cmj", "quality": "fast", "overlay": false });
    name(&send(daemon, &order, file, &[]).await)
}

/// The name of an analysis that was queued.
pub fn name(answer: &Answer) -> String {
    assert_eq!(answer.status, 202, "{answer:?}");
    let id = answer.json()["analysis_id"].as_str().expect("a name").to_owned();
    assert_eq!(answer.header("location"), format!("{ANALYSES}/{id}"));
    id
}

async fn events(daemon: &Daemon, id: &str) -> crate::client::Lines {
    daemon.public.lines(&format!("{ANALYSES}/{id}/stream")).await
}

async fn look(daemon: &Daemon, id: &str) -> Value {
    daemon.public.get(&format!("{ANALYSES}/{id}")).await.json()
}

/// Waits for the end; how the analysis is then.
pub async fn ended(daemon: &Daemon, id: &str) -> Value {
    events(daemon, id).await.rest().await;
    look(daemon, id).await
}

fn reason(view: &Value) -> String {
    view["reason"].as_str().unwrap_or_default().to_owned()
}

/// Names of what lies in a folder, in their order.
fn files(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("readable");
    let name = |entry: std::io::Result<std::fs::DirEntry>| entry.expect("readable").file_name();
    let mut names: Vec<_> = entries
        .map(|entry| name(entry).to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

/// Nothing of an analysis is left in the storage of a daemon.
async fn assert_nothing_left(folder: &Path) {
    let left: Vec<_> = folders(folder)
        .into_iter()
        .filter(|name| name != "uploads")
        .collect();
    assert!(left.is_empty(), "{left:?}");
    let uploads = folder.join("uploads");
    if uploads.exists() {
        assert_eq!(std::fs::read_dir(uploads).expect("readable").count(), 0);
    }
    let options = SqliteConnectOptions::new().filename(folder.join("kinemotion.sqlite3"));
    let mut file = SqliteConnection::connect_with(&options)
        .await
        .expect("the file of the daemon");
    let mut tables = 0;
    for count in [
        "SELECT COUNT(*) FROM analyses",
        "SELECT COUNT(*) FROM events",
        "SELECT COUNT(*) FROM jobs",
        "SELECT COUNT(*) FROM uploads",
        "SELECT COUNT(*) FROM repetitions",
        "SELECT COUNT(*) FROM metric_values",
        "SELECT COUNT(*) FROM idempotency",
        "SELECT COUNT(*) FROM deliveries",
        "SELECT COUNT(*) FROM webhooks",
    ] {
        let left: i64 = sqlx::query_scalar(count)
            .fetch_one(&mut file)
            .await
            .expect("a number");
        assert_eq!(left, 0, "{count}");
        tables += 1;
    }
    assert_eq!(tables, 9);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_sent_is_analysed_downloaded_and_removed_without_a_trace() {
    let folder = tempfile::tempdir().expect("a folder");
    let daemon = Daemon::start(folder.path(), &[]);
    let order = json!({ "sport_type": "cmj", "quality": "fast", "athlete": { "height_m": 1.8 }, "report": true,
                        "config": { "person": "largest" } });
    let queued = send(&daemon, &order, clips::jump(), &[("idempotency-key", "1")]).await;
    let id = name(&queued);
    assert_eq!(queued.json()["source"]["kind"], "file");
    let all = events(&daemon, &id).await.rest().await;
    let states = all.iter().filter(|event| event["type"] == "state");
    let states: Vec<&Value> = states.map(|event| &event["data"]["state"]).collect();
    assert_eq!(states, ["connecting", "live", "done"]);
    assert!(all.iter().any(is("pose")) && all.iter().any(is("analysis_complete")));

    let view = look(&daemon, &id).await;
    assert_eq!(
        (&view["status"], &view["progress"]),
        (&"completed".into(), &json!(1.0))
    );
    assert_eq!(view["results"].as_array().map(Vec::len), Some(1), "{view}");
    assert_eq!(view["results"][0]["movement"], "cmj");
    assert!(
        view["counts"]["frames"]
            .as_u64()
            .is_some_and(|frames| frames > 100),
        "{view}"
    );
    let download = |file: &'static str| {
        let client = daemon.public.clone();
        let path = format!("{ANALYSES}/{id}/{file}");
        async move { client.get(&path).await }
    };
    let overlay = download("overlay.mp4").await;
    assert_eq!((overlay.status, &overlay.body[4..8]), (200, b"ftyp".as_slice()));
    let report = download("report.html").await;
    assert_eq!(report.status, 200, "{report:?}");
    assert!(
        report.header("content-type").starts_with("text/html"),
        "{report:?}"
    );
    let policy = report.header("content-security-policy");
    assert!(
        policy.contains("sandbox") && !policy.contains("script"),
        "{policy}"
    );
    let page = report.text();
    assert!(
        page.contains("Jump height") && page.contains("data:image/jpeg;base64,"),
        "{page}"
    );
    assert!(view["report_url"].to_string().contains("/report.html"), "{view}");
    let mut left = files(&folder.path().join(&id));
    left.retain(|name| name != "video");
    let curves = ["curves.mat", "curves_phase.parquet", "curves_time.parquet"];
    assert_eq!(
        left,
        [&curves[..], &["overlay.mp4", "report.html"]].concat(),
        "nothing else is left"
    );
    let lines = download("events.ndjson").await.text();
    assert_eq!(
        lines
            .lines()
            .filter(|line| line.contains("\"repetition\""))
            .count(),
        1,
        "{lines}"
    );
    assert_eq!(
        download("results.json").await.json()["repetitions"],
        view["results"]
    );
    assert!(download("results.csv").await.text().contains("jump_height_m"));
    for table in ["curves_phase.parquet", "curves_time.parquet"] {
        let curves = download(table).await;
        assert_eq!((curves.status, &curves.body[..4]), (200, b"PAR1".as_slice()));
        assert_eq!(curves.header("content-type"), "application/vnd.apache.parquet");
    }
    assert!(
        download("curves.mat")
            .await
            .body
            .starts_with(b"MATLAB 5.0 MAT-file")
    );
    assert!(
        !folder.path().join(&id).join("video").exists(),
        "nobody needs it any more"
    );
    let history = daemon.public.get("/api/v1/repetitions").await.json();
    assert_eq!(
        history["repetitions"].as_array().map(Vec::len),
        Some(1),
        "{history}"
    );

    assert_eq!(
        daemon.public.delete(&format!("{ANALYSES}/{id}")).await.status,
        204
    );
    download("results.json").await.problem(404);
    assert_nothing_left(folder.path()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_is_killed_is_replaced_and_there_is_one_result() {
    let folder = tempfile::tempdir().expect("a folder");
    let daemon = Daemon::start(folder.path(), &[]);
    let id = queue_long_jump(&daemon).await;
    let mut lines = events(&daemon, &id).await;
    lines.until(is("pose")).await;
    let children = daemon.children();
    assert_eq!(children.len(), 1, "{children:?}");
    let killed = std::process::Command::new("kill")
        .args(["-9", &children[0].to_string()])
        .status();
    assert!(killed.expect("kill runs").success());
    let again = lines.until(is_state("waiting")).await;
    assert!(
        again["data"]["reason"].to_string().contains("tried again"),
        "{again}"
    );
    lines.until(is_state("done")).await;
    let view = look(&daemon, &id).await;
    assert_eq!(view["status"], "completed");
    assert_eq!(view["results"].as_array().map(Vec::len), Some(1), "{view}");
    let history = daemon.public.get("/api/v1/repetitions").await.json();
    assert_eq!(
        history["repetitions"].as_array().map(Vec::len),
        Some(1),
        "{history}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_whose_daemon_is_killed_or_told_to_end_is_taken_up_by_the_next_one() {
    for signal in ["KILL", "TERM"] {
        let folder = tempfile::tempdir().expect("a folder");
        let daemon = Daemon::start(folder.path(), &[]);
        let id = queue_long_jump(&daemon).await;
        events(&daemon, &id).await.until(is("pose")).await;
        daemon.signal(signal);
        daemon.wait();
        let daemon = Daemon::start(folder.path(), &[]);
        let view = ended(&daemon, &id).await;
        assert_eq!(view["status"], "completed", "{signal}: {view}");
        assert_eq!(
            view["results"].as_array().map(Vec::len),
            Some(1),
            "{signal}: {view}"
        );
    }
}

/// Has a file analysed where there is too little of something; why it has failed in the end, and nothing goes on.
async fn reason_for_want_of(setting: &str, most: &str, file: &[u8]) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let daemon = Daemon::start(folder.path(), &[(setting, most)]);
    let id = queue(&daemon, file).await;
    let all = events(&daemon, &id).await.rest().await;
    let again = all.iter().filter(|event| event["data"]["state"] == "waiting");
    assert_eq!(again.count(), 2, "{all:?}");
    let view = look(&daemon, &id).await;
    assert_eq!(view["status"], "failed", "{view}");
    assert!(daemon.children().is_empty());
    let reason = reason(&view);
    assert!(reason.contains("3 times"), "{reason}");
    reason
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_takes_too_much_processor_time_has_failed_after_three_attempts() {
    let reason = reason_for_want_of("BATCH__CPU_S", "1", clips::long_jump()).await;
    assert!(reason.contains("more processor time than is allowed"), "{reason}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_takes_too_long_has_failed_after_three_attempts() {
    let reason = reason_for_want_of("BATCH__WALL_S", "1", clips::long_jump()).await;
    assert!(
        reason.contains("longer than the 1 s that are allowed"),
        "{reason}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_needs_too_much_memory_has_failed_after_three_attempts() {
    let reason = reason_for_want_of("BATCH__MEMORY_MB", "512", &clips::vast()).await;
    assert!(reason.contains("more memory than is allowed"), "{reason}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_video_has_failed_at_once_and_says_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let daemon = Daemon::start(folder.path(), &[]);
    let id = name(&send(&daemon, &json!({}), b"hello, I am a text and no film at all", &[]).await);
    let all = events(&daemon, &id).await.rest().await;
    assert!(is_state("failed")(all.last().expect("events")), "{all:?}");
    assert!(
        !all.iter().any(is_state("waiting")),
        "another try would end the same way: {all:?}"
    );
    let reason = reason(&look(&daemon, &id).await);
    assert!(reason.contains("the file"), "{reason}");
    assert!(!reason.contains(&folder.path().display().to_string()), "{reason}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_and_what_runs_is_removed_with_its_process() {
    let folder = tempfile::tempdir().expect("a folder");
    let daemon = Daemon::start(folder.path(), &[]);
    let running = queue_long_jump(&daemon).await;
    let mut lines = events(&daemon, &running).await;
    lines.until(is("pose")).await;
    let waiting = queue_long_jump(&daemon).await;
    let view = look(&daemon, &waiting).await;
    assert_eq!(
        (&view["status"], &view["progress"]),
        (&"queued".into(), &json!(0.0))
    );
    for id in [&waiting, &running] {
        let path = format!("{ANALYSES}/{id}");
        assert_eq!(daemon.public.delete(&path).await.status, 204);
        daemon.public.get(&path).await.problem(404);
    }
    assert!(
        !lines.rest().await.iter().any(is_state("done")),
        "whoever listens hears the end of it"
    );
    assert!(daemon.children().is_empty());
    assert_nothing_left(folder.path()).await;
    let next = queue_long_jump(&daemon).await;
    assert_eq!(
        ended(&daemon, &next).await["status"],
        "completed",
        "the worker goes on"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_athlete_is_erased_with_files_that_wait_and_run() {
    let folder = tempfile::tempdir().expect("a folder");
    let daemon = Daemon::start(folder.path(), &[]);
    let athlete = json!({ "external_id": "roster-17" });
    let entered = daemon.public.post_json("/api/v1/athletes", &athlete).await;
    assert_eq!(entered.status, 201, "{entered:?}");
    let order =
        json!({ "sport_type": "cmj", "quality": "fast", "overlay": false, "athlete_id": "roster-17" });
    let running = name(&send(&daemon, &order, clips::long_jump(), &[]).await);
    let mut lines = events(&daemon, &running).await;
    lines.until(is("pose")).await;
    let waiting = name(&send(&daemon, &order, clips::long_jump(), &[]).await);
    let listed = |status: &'static str| {
        let (client, path) = (daemon.public.clone(), format!("{ANALYSES}?status={status}"));
        async move { client.get(&path).await.json()["analyses"].clone() }
    };
    let queued = listed("queued").await;
    assert_eq!(queued.as_array().map(Vec::len), Some(1), "{queued}");
    assert_eq!(
        (&queued[0]["analysis_id"], &queued[0]["progress"]),
        (&json!(waiting), &json!(0.0))
    );
    assert_eq!(listed("running").await[0]["analysis_id"], json!(running));
    let erased = daemon.public.delete("/api/v1/athletes/roster-17").await;
    assert_eq!(erased.status, 204, "{erased:?}");
    assert!(!lines.rest().await.iter().any(is_state("done")));
    assert!(daemon.children().is_empty());
    assert_nothing_left(folder.path()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_is_sent_again_is_carried_out_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let daemon = Daemon::start(folder.path(), &[]);
    let order = json!({ "sport_type": "cmj" });
    let squad = [("idempotency-key", "squad-7")];
    let id = name(&send(&daemon, &order, b"some bytes", &squad).await);
    let again = send(&daemon, &order, b"some bytes", &squad).await;
    assert_eq!(name(&again), id);
    assert_eq!(again.header("idempotency-replayed"), "true");
    let other = send(&daemon, &order, b"other bytes", &squad).await.problem(422);
    assert_eq!(other["field"], "Idempotency-Key");
    let live = json!({ "input": { "streaming": true } });
    let post = |key: &'static str| {
        let (client, body) = (daemon.public.clone(), live.to_string());
        let headers = [("content-type", "application/json"), ("idempotency-key", key)];
        async move {
            client
                .send(Method::POST, ANALYSES, &headers, body.as_bytes())
                .await
        }
    };
    post("squad-7").await.problem(422);
    let first = post("live").await;
    let second = post("live").await;
    assert_eq!((first.status, second.status), (201, 201));
    assert_eq!(first.json()["analysis_id"], second.json()["analysis_id"]);
    assert_eq!(daemon.listed().await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_fetched_from_an_address_that_may_be_opened() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let files = Router::new().route("/jump.mp4", get(|| async { clips::jump() }));
    tokio::spawn(async move { axum::serve(listener, files).await });
    let folder = tempfile::tempdir().expect("a folder");
    let daemon = Daemon::start(folder.path(), &[("SOURCES__HOSTS", r#"["127.0.0.1"]"#)]);
    let order = |path: String| json!({ "sport_type": "cmj", "quality": "fast", "overlay": false, "input": { "video_path": path } });
    let post = |order: Value| {
        let client = daemon.public.clone();
        async move { client.post_json(ANALYSES, &order).await }
    };
    let id = name(&post(order(format!("http://{address}/jump.mp4?signature=secret"))).await);
    let view = ended(&daemon, &id).await;
    assert_eq!(view["status"], "completed", "{view}");
    assert_eq!(view["address"], format!("http://{address}/jump.mp4"));
    assert!(!view.to_string().contains("secret"));

    let id = name(&post(order(format!("http://{address}/none.mp4"))).await);
    let view = ended(&daemon, &id).await;
    assert!(
        view["status"] == "failed" && reason(&view).contains("404"),
        "{view}"
    );
    for refused in [
        // No bucket is listed.
        "s3://bucket/jump.mp4",
        "https://10.0.0.1/jump.mp4",
        "file:///etc/passwd",
    ] {
        let problem = post(order(refused.into())).await.problem(422);
        assert_eq!(problem["field"], "input.video_path", "{problem}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_of_a_bucket_that_is_the_tenants_is_analysed() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
    let object = |headers: HeaderMap| async move {
        let signature = headers
            .get("authorization")
            .map(|value| value.to_str().expect("text"));
        if signature.is_some_and(|text| text.starts_with("AWS4-HMAC-SHA256 Credential=reader/")) {
            Ok(clips::jump())
        } else {
            Err(StatusCode::FORBIDDEN)
        }
    };
    let storage = Router::new().route("/videos/local/jump.mp4", get(object));
    tokio::spawn(async move { axum::serve(listener, storage).await });
    let folder = tempfile::tempdir().expect("a folder");
    let daemon = Daemon::start(
        folder.path(),
        &[
            ("SOURCES__BUCKETS", r#"["videos/{tenant}"]"#),
            ("S3__ENDPOINT", endpoint.as_str()),
            ("S3__ACCESS_KEY", "reader"),
            ("S3__SECRET_KEY", "hush"),
        ],
    );
    let order = |path: &str| json!({ "sport_type": "cmj", "quality": "fast", "overlay": false, "input": { "video_path": path } });
    let post = async |path: &str| daemon.public.post_json(ANALYSES, &order(path)).await;
    let id = name(&post("s3://videos/local/jump.mp4").await);
    let view = ended(&daemon, &id).await;
    assert_eq!(view["status"], "completed", "{view}");
    assert_eq!(view["address"], "s3://videos/local/jump.mp4");
    let id = name(&post("s3://videos/local/none.mp4").await);
    let reason = reason(&ended(&daemon, &id).await);
    assert!(reason.contains("no such object"), "{reason}");
    post("s3://videos/others/jump.mp4").await.problem(422);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_could_not_be_taken_is_refused_before_it_comes() {
    let folder = tempfile::tempdir().expect("a folder");
    let [reader, club] = ["analyses:read", "analyses:read analyses:write"]
        .map(|scopes| key(folder.path(), "club", "free", scopes));
    let once = "{ analyses_per_month = 1, live_streams = 0, webhooks = 0 }";
    let daemon = Daemon::start(folder.path(), &[("TIERS__FREE", once)]);
    // The head of an order alone: nothing of the file, which is said to be long, follows.
    let begin = async |key: &str| {
        let head = format!(
            "POST {ANALYSES} HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {key}\r\nconnection: close\r\n\
             content-type: multipart/form-data; boundary={BOUNDARY}\r\ncontent-length: 1000000000\r\n\r\n",
            daemon.public.0
        );
        let mut stream = TcpStream::connect(&daemon.public.0).await.expect("it listens");
        stream.write_all(head.as_bytes()).await.expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("an answer");
        answer
    };
    let refused = begin(&reader).await;
    assert!(refused.starts_with("HTTP/1.1 403 "), "{refused}");
    let bearer = format!("Bearer {club}");
    let headers = [("authorization", bearer.as_str()), ("idempotency-key", "first")];
    let order = json!({ "sport_type": "cmj" });
    let first = name(&send(&daemon, &order, b"some bytes", &headers).await);
    let refused = begin(&club).await;
    assert!(refused.starts_with("HTTP/1.1 429 "), "{refused}");
    assert!(refused.contains("analyses_per_month"), "{refused}");
    let again = send(&daemon, &order, b"some bytes", &headers).await;
    assert_eq!(
        name(&again),
        first,
        "what was sent before is answered all the same"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_makes_no_sense_with_a_file_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let daemon = Daemon::start(folder.path(), &[("BATCH__UPLOAD_MB", "1")]);
    for (order, field) in [
        (json!({ "record": true }), "record"),
        (json!({ "outputs": [{ "hls": true }] }), "outputs"),
        (json!({ "input": { "demo": true } }), "input"),
        (json!({ "sport_type": "flying" }), "sport_type"),
        (json!({ "config": { "capture_fps": 0 } }), "config.capture_fps"),
        (
            json!({ "config": { "smoothing_window": 5 } }),
            "config.smoothing_window",
        ),
        (json!({ "webhook_url": "http://10.0.0.1/hook" }), "webhook_url"),
        (json!({ "athlete_id": "nobody" }), "athlete_id"),
    ] {
        let problem = send(&daemon, &order, b"bytes", &[]).await.problem(422);
        assert_eq!(problem["field"], field, "{problem}");
    }
    send(&daemon, &json!({}), &vec![0; 1_000_001], &[])
        .await
        .problem(413);
    let json = json!({ "input": { "file": true } });
    daemon.public.post_json(ANALYSES, &json).await.problem(422);
    assert_nothing_left(folder.path()).await;
    let closed_folder = tempfile::tempdir().expect("a folder");
    let closed = Daemon::start(closed_folder.path(), &[("BATCH__WORKERS", "0")]);
    send(&closed, &json!({}), b"bytes", &[]).await.problem(501);
}
