//! More is asked for than there is room for: refusals say why, and what is given up is told.

use crate::client::{Answer, is};
use crate::daemon::Daemon;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

fn demo(quality: &str) -> Value {
    json!({ "sport_type": "cmj", "quality": quality, "input": { "demo": true } })
}

async fn order(daemon: &Daemon, quality: &str) -> Answer {
    daemon.public.post_json("/api/v1/analyses", &demo(quality)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_analysis_there_is_no_room_for_is_refused_and_let_in_when_there_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let settings = [
        ("LOAD__ADMISSION", "true"),
        // The most exact model is dearer than this share of any machine the floor could be kept on.
        ("LOAD__BUDGET", "0.1"),
        ("LOAD__POSE_RATE_FLOOR", "500"),
        ("LOAD__LIGHTER_MODELS", "false"),
    ];
    let daemon = Daemon::start(folder.path(), &settings);
    let first = order(&daemon, "fast").await;
    assert_eq!(first.status, 201, "there is always room for one: {first:?}");
    let refused = order(&daemon, "accurate").await;
    assert_eq!(refused.header("retry-after"), "5");
    let problem = refused.problem(503);
    assert_eq!(problem["reason"], "load");
    let detail = problem["detail"].as_str().expect("text");
    assert!(detail.contains("processors"), "{detail}");
    let metrics = daemon.admin.get("/metrics").await.text();
    assert!(
        metrics.contains("kinemotion_analyses_refused_total{reason=\"load\"} 1"),
        "{metrics}"
    );
    assert_eq!(
        daemon.listed().await.len(),
        1,
        "nothing is left of what was refused"
    );
    // Room again.
    let id = first.json()["analysis_id"].as_str().expect("a name").to_owned();
    let mut events = daemon
        .public
        .lines(&format!("/api/v1/analyses/{id}/stream"))
        .await;
    daemon.public.delete(&format!("/api/v1/analyses/{id}")).await;
    while events.next().await.is_some() {}
    let deadline = Instant::now() + crate::PATIENCE;
    while order(&daemon, "accurate").await.status == 503 {
        assert!(Instant::now() < deadline, "there is nothing else");
        // The share is given back when the session has been taken down, which nobody outside is told.
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_given_up_is_told_in_poses_events_answers_and_metrics() {
    let folder = tempfile::tempdir().expect("a folder");
    // Three times the most exact model is more than one worker can do on any machine.
    let daemon = Daemon::start(folder.path(), &[("MODELS__WORKERS", "1")]);
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(daemon.make(&demo("accurate")).await);
    }
    let path = format!("/api/v1/analyses/{}", ids[0]);
    let mut events = daemon.public.lines(&format!("{path}/stream")).await;
    let told = events
        .until(|event| is("service")(event) && event["data"]["degraded"] == true)
        .await;
    // None when a lighter model is all that is given up.
    let rate = told["data"]["pose_rate"].as_f64();
    assert!(
        rate.is_none_or(|rate| rate >= 10.0),
        "not below the floor: {told}"
    );
    events
        .until(|event| is("pose")(event) && event["data"]["quality"]["degraded"] == true)
        .await;
    let view = daemon.public.get(&path).await.json();
    assert_eq!(view["service"]["degraded"], true, "{view}");
    let metrics = daemon.admin.get("/metrics").await.text();
    let gauge = |name: &str| {
        let value = metrics
            .lines()
            .find_map(|line| line.strip_prefix(&format!("kinemotion_{name} ")));
        value
            .unwrap_or_else(|| panic!("no {name} in {metrics}"))
            .parse::<f64>()
            .expect("a number")
    };
    assert!(
        gauge("load_step") >= 1.0 && gauge("analyses_degraded") >= 1.0,
        "{metrics}"
    );
    // With the others gone and a light model there is enough, and that is told too.
    for id in &ids {
        daemon.public.delete(&format!("/api/v1/analyses/{id}")).await;
    }
    let id = daemon.make_demo().await;
    let mut events = daemon
        .public
        .lines(&format!("/api/v1/analyses/{id}/stream"))
        .await;
    events
        .until(|event| is("pose")(event) && event["data"]["quality"]["degraded"] == false)
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_has_no_more_analyses_than_it_may_have() {
    let folder = tempfile::tempdir().expect("a folder");
    let settings = [
        ("AUTH__TOKENS", r#"["first", "second"]"#),
        ("SESSIONS__PER_TOKEN", "1"),
    ];
    let daemon = Daemon::start(folder.path(), &settings);
    let order = |token: &'static str| {
        let client = daemon.public.clone();
        async move {
            let authorization = format!("Bearer {token}");
            let headers = [
                ("content-type", "application/json"),
                ("authorization", &authorization),
            ];
            let body = json!({ "input": { "streaming": true } }).to_string();
            client
                .send(hyper::Method::POST, "/api/v1/analyses", &headers, body.as_bytes())
                .await
        }
    };
    assert_eq!(order("first").await.status, 201);
    assert_eq!(order("first").await.problem(503)["reason"], "token");
    assert_eq!(
        order("second").await.status,
        201,
        "another's places are another's"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_people_are_followed_than_the_configuration_allows() {
    let folder = tempfile::tempdir().expect("a folder");
    let daemon = Daemon::start(folder.path(), &[("VIDEO__PERSONS", "2")]);
    let mut request = json!({ "input": { "streaming": true }, "max_persons": 3 });
    let problem = daemon
        .public
        .post_json("/api/v1/analyses", &request)
        .await
        .problem(422);
    assert_eq!(problem["field"], "max_persons");
    request["max_persons"] = 2.into();
    daemon.make(&request).await;
}
