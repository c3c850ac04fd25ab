//! Tiers, rates, and the log of who changed what.

use crate::batch::{name, send};
use crate::daemon::Daemon;
use crate::operator::{self, key};
use hyper::Method;
use serde_json::{Value, json};
use std::path::Path;

const ANALYSES: &str = "/api/v1/analyses";

fn all_scopes(folder: &Path, tenant: &str, tier: &str) -> String {
    key(folder, tenant, tier, &operator::ALL.join(" "))
}

#[tokio::test(flavor = "multi_thread")]
async fn files_count_as_well_and_an_order_that_is_sent_again_does_not() {
    let folder = tempfile::tempdir().expect("a folder");
    let club = all_scopes(folder.path(), "club", "free");
    let free = "{ analyses_per_month = 1, live_streams = 1, webhooks = 1 }";
    let daemon = Daemon::start(folder.path(), &[("TIERS__FREE", free)]);
    let bearer = format!("Bearer {club}");
    let order = async |key: &str| {
        let headers = [("authorization", bearer.as_str()), ("idempotency-key", key)];
        send(&daemon, &json!({}), b"no film at all", &headers).await
    };
    let first = name(&order("1").await);
    assert_eq!(name(&order("1").await), first);
    let over = order("2").await;
    assert_eq!(over.problem(429)["reason"], "analyses_per_month");
    assert!(!over.header("retry-after").is_empty());
    let usage = daemon.public.ask(&club, Method::GET, "/api/v1/usage", None).await;
    assert_eq!(usage.json()["analyses"], json!({ "used": 1, "limit": 1 }));
    let listed = daemon.public.ask(&club, Method::GET, ANALYSES, None).await;
    let listed = listed.json()["analyses"].as_array().map(Vec::len);
    assert_eq!(listed, Some(1), "nothing is left of the refused one");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_gets_what_its_tier_says_and_is_told_which_limit_it_was() {
    let folder = tempfile::tempdir().expect("a folder");
    let club = all_scopes(folder.path(), "club", "free");
    let other = all_scopes(folder.path(), "other", "free");
    let free = "{ analyses_per_month = 2, live_streams = 1, webhooks = 1 }";
    let daemon = Daemon::start(folder.path(), &[("TIERS__FREE", free)]);
    let ask = async |key: &str, method: Method, path: &str, body: Option<Value>| {
        daemon.public.ask(key, method, path, body.as_ref()).await
    };
    let begin = async |key: &str| {
        let waiting = json!({ "input": { "streaming": true } });
        ask(key, Method::POST, ANALYSES, Some(waiting)).await
    };
    let first = begin(&club).await;
    assert_eq!(first.status, 201, "{first:?}");
    let refused = begin(&club).await;
    assert_eq!(refused.problem(429)["reason"], "live_streams");
    assert!(!refused.header("retry-after").is_empty());
    assert_eq!(begin(&other).await.status, 201, "it is about one tenant");

    let path = format!(
        "{ANALYSES}/{}",
        first.json()["analysis_id"].as_str().expect("a name")
    );
    let end = async || {
        ask(&club, Method::DELETE, &path, None).await;
        let stream = format!("{path}/stream?access_token={club}");
        daemon.public.lines(&stream).await.rest().await;
    };
    end().await;
    // An offer that makes no sense uses up nothing.
    let bearer = format!("Bearer {club}");
    let headers = [
        ("authorization", bearer.as_str()),
        ("content-type", "application/sdp"),
    ];
    daemon
        .public
        .send(Method::POST, "/whip", &headers, b"nonsense")
        .await
        .problem(400);
    let usage = ask(&club, Method::GET, "/api/v1/usage", None).await.json();
    assert_eq!(usage["analyses"], json!({ "used": 1, "limit": 2 }), "{usage}");
    assert_eq!(
        (usage["tier"].as_str(), usage["tenant"].as_str()),
        (Some("free"), Some("club"))
    );

    assert_eq!(begin(&club).await.status, 201);
    let over = begin(&club).await;
    assert_eq!(over.problem(429)["reason"], "analyses_per_month");
    let wait: u64 = over.header("retry-after").parse().expect("seconds");
    assert!((1..=31 * 86_400 + 1).contains(&wait), "{wait}");

    let hook = json!({ "url": "https://93.184.216.34/" });
    let register = async || {
        ask(
            &club,
            Method::POST,
            "/api/v1/webhooks/register",
            Some(hook.clone()),
        )
        .await
    };
    assert_eq!(register().await.status, 201);
    assert_eq!(register().await.problem(403)["reason"], "webhooks");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_comes_too_fast_is_told_when_to_come_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let fast = all_scopes(folder.path(), "club", "free");
    let other = all_scopes(folder.path(), "club", "free");
    let daemon = Daemon::start(
        folder.path(),
        &[("LIMITS__KEY_PER_S", "0.001"), ("LIMITS__KEY_BURST", "3")],
    );
    let ask = async |key: &str| daemon.public.ask(key, Method::GET, ANALYSES, None).await;
    for left in ["2", "1", "0"] {
        let answer = ask(&fast).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(answer.header("ratelimit-limit"), "3");
        assert_eq!(answer.header("ratelimit-remaining"), left);
        assert!(!answer.header("ratelimit-reset").is_empty());
    }
    let refused = ask(&fast).await;
    let problem = refused.problem(429);
    assert_eq!(problem["reason"], "rate");
    assert!(
        problem["detail"].to_string().contains("limits.key_per_s"),
        "{problem}"
    );
    let wait: u64 = refused.header("retry-after").parse().expect("seconds");
    assert!((900..=1000).contains(&wait), "{wait}");
    assert_eq!(ask(&other).await.status, 200, "every key has its own");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_comes_too_fast_is_refused_whatever_it_sends() {
    let folder = tempfile::tempdir().expect("a folder");
    let daemon = Daemon::start(
        folder.path(),
        &[
            ("LIMITS__ADDRESS_PER_S", "0.001"),
            ("LIMITS__ADDRESS_BURST", "2"),
            ("AUTH__TOKENS", r#"["secret"]"#),
            ("SERVER__PROXIES", r#"["127.0.0.0/8"]"#),
        ],
    );
    let from = async |address: &str| {
        let headers = [("x-forwarded-for", address)];
        daemon.public.send(Method::GET, ANALYSES, &headers, b"").await
    };
    from("203.0.113.9").await.problem(401);
    from("203.0.113.9").await.problem(401);
    assert_eq!(from("203.0.113.9").await.problem(429)["reason"], "rate");
    from("203.0.113.10").await.problem(401);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_changed_is_in_the_log_and_what_is_refused_is_not() {
    let folder = tempfile::tempdir().expect("a folder");
    let club = all_scopes(folder.path(), "club", "free");
    let daemon = Daemon::start(folder.path(), &[]);
    let ask = async |method: Method, path: &str, body: Option<Value>| {
        daemon.public.ask(&club, method, path, body.as_ref()).await
    };
    let made = ask(Method::POST, "/api/v1/keys", Some(json!({ "name": "another" }))).await;
    let id = made.json()["key_id"].as_str().expect("a name").to_owned();
    ask(Method::POST, "/api/v1/keys", Some(json!({ "name": "" })))
        .await
        .problem(422);
    ask(Method::DELETE, &format!("/api/v1/keys/{id}"), None).await;
    let log = async |query: &str| {
        ask(Method::GET, &format!("/api/v1/audit{query}"), None)
            .await
            .json()
    };
    let all = log("").await;
    let changes = all["changes"].as_array().expect("a list");
    let actions: Vec<&str> = changes
        .iter()
        .filter_map(|change| change["action"].as_str())
        .collect();
    let expected = [
        "DELETE /api/v1/keys/{id}",
        "POST /api/v1/keys",
        "keys create",
        "tenants set",
    ];
    assert_eq!(actions, expected, "{all}");
    assert_eq!(changes[1]["subject"], format!("/api/v1/keys/{id}"));
    assert_eq!(changes[1]["address"], "127.0.0.1");
    assert!(changes[1]["actor"].to_string().contains("key:"), "{all}");
    assert_eq!(changes[3]["actor"], "operator");
    let first = log("?limit=3").await;
    let rest = log(&format!(
        "?limit=3&cursor={}",
        first["next_cursor"].as_str().expect("a cursor")
    ))
    .await;
    assert_eq!(rest["changes"], json!([changes[3]]));
    assert!(rest["next_cursor"].is_null());
}
