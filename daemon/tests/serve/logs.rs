//! The log, as machines read it.

use crate::client::is_state;
use crate::daemon::Daemon;
use hyper::Method;
use serde_json::{Value, json};

/// In every line, in this order.
const MEMBERS: [&str; 8] = [
    "timestamp",
    "level",
    "message",
    "event",
    "sport",
    "user_id",
    "latency_ms",
    "target",
];

#[tokio::test(flavor = "multi_thread")]
async fn every_line_has_its_members_and_none_has_a_name_a_token_or_a_password() {
    let folder = tempfile::tempdir().expect("a folder");
    let settings = [
        ("LOG__FORMAT", "json"),
        ("LOG__FILTER", "info,kinemotion=debug"),
        ("AUTH__TOKENS", r#"["hush-token"]"#),
        ("SOURCES__HOSTS", r#"["127.0.0.1"]"#),
        ("WEBHOOKS__PRIVATE_HOSTS", "true"),
        // Nobody listens there.
        ("ADMISSION__URL", "http://user:hush@127.0.0.1:9/ask?key=hush"),
        ("ADMISSION__TOKEN", "hush-admission"),
        ("ADMISSION__REQUIRED", "false"),
    ];
    let (daemon, log) = Daemon::start_heard(folder.path(), &settings);
    let ask = async |method: Method, path: &str, body: Option<Value>| {
        daemon.public.ask("hush-token", method, path, body.as_ref()).await
    };
    let wrong = daemon
        .public
        .ask("hush-wrong", Method::GET, "/api/v1/analyses", None)
        .await;
    wrong.problem(401);
    let athlete = json!({ "external_id": "hush-roster", "name": "Hush Name", "height_m": 1.8 });
    let made = ask(Method::POST, "/api/v1/athletes", Some(athlete)).await;
    assert_eq!(made.status, 201, "{made:?}");
    let order = json!({
        "sport_type": "cmj", "quality": "fast", "athlete_id": made.json()["athlete_id"],
        "input": { "uri": "http://user:hush@127.0.0.1:9/clip.mp4?token=hush" },
        "webhook_url": "http://127.0.0.1:9/hook?key=hush"
    });
    let begun = ask(Method::POST, "/api/v1/analyses", Some(order)).await;
    assert_eq!(begun.status, 201, "{begun:?}");
    let id = begun.json()["analysis_id"].as_str().expect("a name").to_owned();
    let stream = format!("/api/v1/analyses/{id}/stream?access_token=hush-token");
    daemon.public.lines(&stream).await.until(is_state("failed")).await;
    let mut lines = log.until("webhook_failed");
    let shown = daemon.admin.get("/log").await;
    assert_eq!(shown.header("content-type"), "application/x-ndjson");
    daemon.signal("TERM");
    assert!(daemon.wait().success());
    lines.extend(log.rest());

    assert!(!lines.concat().to_lowercase().contains("hush"), "{lines:#?}");
    // Libraries in C write what they like.
    let ours: Vec<&String> = lines.iter().filter(|line| line.starts_with('{')).collect();
    let parsed: Vec<Value> = ours
        .iter()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect();
    for (line, parsed) in ours.iter().zip(&parsed) {
        let places = MEMBERS.map(|name| line.find(&format!("\"{name}\":")).expect(name));
        assert!(places.is_sorted(), "{line}");
        for name in ["event", "sport", "user_id"] {
            assert!(parsed[name].is_string() || parsed[name].is_null(), "{line}");
        }
        let latency = &parsed["latency_ms"];
        assert!(latency.is_number() || latency.is_null(), "{line}");
    }
    let happened = |event: &str| {
        let found = parsed.iter().find(|line| line["event"] == event);
        found.unwrap_or_else(|| panic!("no {event} in {lines:#?}"))
    };
    for event in ["ready", "request", "admission_unreachable", "draining"] {
        happened(event);
    }
    let refused = happened("request_refused");
    assert_eq!(
        (&refused["status"], &refused["route"]),
        (&json!(401), &json!("/api/v1/analyses"))
    );
    assert!(refused["latency_ms"].is_number(), "{refused}");
    for event in ["analysis_started", "analysis_ended"] {
        let told = happened(event);
        assert_eq!(
            (&told["sport"], &told["user_id"]),
            (&json!("cmj"), &json!("local")),
            "{told}"
        );
        assert_eq!(told["analysis"], id.as_str());
    }
    assert_eq!(happened("analysis_ended")["state"], "failed");
    assert_eq!(happened("webhook_failed")["user_id"], "local");
    let first = shown.text().lines().next().map(str::to_owned);
    assert_eq!(
        first.as_ref(),
        lines.first(),
        "what was written is there for who comes later"
    );
}
