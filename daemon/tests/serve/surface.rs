//! What is there without any analysis: pages, description, sports, health; who may ask.

use crate::daemon::Daemon;
use hyper::Method;
use serde_json::json;

fn daemon(settings: &[(&str, &str)]) -> (tempfile::TempDir, Daemon) {
    let folder = tempfile::tempdir().expect("a folder");
    let daemon = Daemon::start(folder.path(), settings);
    (folder, daemon)
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_description_and_sports_are_served_with_secure_headers() {
    let (_folder, daemon) = daemon(&[]);
    for (path, content_type) in [
        ("/", "text/html"),
        ("/overlay/x", "text/html"),
        ("/api/v1/docs", "text/html; charset=utf-8"),
        ("/api/v1/openapi.json", "application/json"),
        ("/api/v1/sports", "application/json"),
    ] {
        let answer = daemon.public.get(path).await;
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(answer.header("content-type"), content_type, "{path}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
    }
    let policy = daemon.public.get("/").await;
    assert!(
        policy
            .header("content-security-policy")
            .starts_with("default-src 'self'")
    );
    let sports = daemon.public.get("/api/v1/sports").await.json();
    let cmj = sports["sports"]
        .as_array()
        .expect("a list")
        .iter()
        .find(|sport| sport["name"] == "cmj");
    let cmj = cmj.expect("countermovement jumps");
    assert_eq!(cmj["headline"][0], "jump_height_m");
    for key in cmj["metrics"].as_array().expect("a list") {
        let metrics = sports["metrics"].as_array().expect("a list");
        assert!(metrics.iter().any(|metric| metric["key"] == *key), "{key}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_that_is_described_exists() {
    let (_folder, daemon) = daemon(&[]);
    let document = daemon.public.get("/api/v1/openapi.json").await.json();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for method in item.as_object().expect("an item").keys() {
            let path = path
                .replace("{id}", "unknown")
                .replace("{viewer}", "unknown")
                .replace("{file}", "index.m3u8");
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).expect("a method");
            let answer = daemon.public.send(method.clone(), &path, &[], b"").await;
            assert_ne!(answer.status, 405, "{method} {path}");
            // Answers to HEAD have no body.
            if answer.status == 404 && method != Method::HEAD {
                let detail = answer.problem(404)["detail"].to_string();
                assert!(
                    !detail.contains("no path of this daemon"),
                    "{method} {path}: {detail}"
                );
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn with_tokens_only_those_who_know_one_may_ask() {
    let (_folder, daemon) = daemon(&[("AUTH__TOKENS", r#"["secret"]"#)]);
    let list = |headers: Vec<(&'static str, &'static str)>| {
        let client = daemon.public.clone();
        async move { client.send(Method::GET, "/api/v1/analyses", &headers, b"").await }
    };
    let refused = list(vec![]).await;
    refused.problem(401);
    assert_eq!(refused.header("www-authenticate"), "Bearer");
    list(vec![("authorization", "Bearer wrong")]).await.problem(401);
    assert_eq!(list(vec![("authorization", "Bearer secret")]).await.status, 200);
    assert_eq!(
        daemon
            .public
            .get("/api/v1/analyses?access_token=secret")
            .await
            .status,
        200
    );
    let offer = [("content-type", "application/sdp")];
    daemon
        .public
        .send(Method::POST, "/whip", &offer, b"v=0")
        .await
        .problem(401);
    assert_eq!(
        daemon.public.get("/").await.status,
        200,
        "the page itself is for everybody"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_other_sites_may_publish_but_not_look_unless_allowed() {
    let (_folder, strict) = daemon(&[]);
    let from_elsewhere = [("origin", "https://elsewhere.example")];
    let get = |daemon: &Daemon| {
        let client = daemon.public.clone();
        async move {
            client
                .send(Method::GET, "/api/v1/analyses", &from_elsewhere, b"")
                .await
        }
    };
    get(&strict).await.problem(403);
    let ask = [
        ("origin", "https://elsewhere.example"),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "content-type,authorization"),
    ];
    let preflight = strict.public.send(Method::OPTIONS, "/whip", &ask, b"").await;
    assert_eq!(preflight.status, 200);
    assert_eq!(
        preflight.header("access-control-allow-origin"),
        "https://elsewhere.example"
    );
    assert_eq!(preflight.header("accept-post"), "application/sdp");
    assert!(preflight.header("access-control-allow-methods").contains("PATCH"));
    let (_folder, open) = daemon(&[("SERVER__ORIGINS", r#"["https://elsewhere.example"]"#)]);
    let allowed = get(&open).await;
    assert_eq!(allowed.status, 200);
    assert_eq!(
        allowed.header("access-control-allow-origin"),
        "https://elsewhere.example"
    );
}

/// As a page does whose name was made to lead to this machine.
#[tokio::test(flavor = "multi_thread")]
async fn under_a_name_that_is_not_its_own_the_daemon_says_nothing() {
    let stranger = [
        ("host", "evil.example:8080"),
        ("origin", "http://evil.example:8080"),
    ];
    let (_folder, unlisted) = daemon(&[]);
    let list = |daemon: &Daemon| {
        let client = daemon.public.clone();
        async move { client.send(Method::GET, "/api/v1/analyses", &stranger, b"").await }
    };
    list(&unlisted).await.problem(421);
    let (_folder, listed) = daemon(&[("SERVER__NAMES", r#"["evil.example"]"#)]);
    assert_eq!(list(&listed).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_may_publish_is_told_the_ice_servers_before_the_offer() {
    let (_folder, daemon) = daemon(&[
        ("WEBRTC__STUN", "stun://stun.example:3478"),
        ("WEBRTC__TURN", r#"["turn://user:password@turn.example:3478"]"#),
        ("AUTH__TOKENS", r#"["secret"]"#),
    ]);
    let ask = |headers: &'static [(&'static str, &'static str)]| {
        let client = daemon.public.clone();
        async move { client.send(Method::OPTIONS, "/whip", headers, b"").await }
    };
    assert_eq!(ask(&[]).await.header("link"), "", "they carry credentials");
    let told = ask(&[("authorization", "Bearer secret")]).await;
    let links: Vec<_> = told.headers.get_all("link").iter().collect();
    assert_eq!(links.len(), 2, "{told:?}");
    assert_eq!(told.header("accept-post"), "application/sdp");
    for (scope, links) in [("analyses:read", 0), ("publish", 2), ("watch", 2)] {
        let key = json!({ "name": scope, "scopes": [scope] });
        let key = daemon
            .public
            .ask("secret", Method::POST, "/api/v1/keys", Some(&key))
            .await
            .json();
        let key = key["key"].as_str().expect("a key");
        let told = daemon.public.ask(key, Method::OPTIONS, "/whip", None).await;
        assert_eq!(
            told.headers.get_all("link").iter().count(),
            links,
            "{scope}: {told:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn counters_have_bounded_labels_whatever_is_asked_for() {
    let (_folder, daemon) = daemon(&[]);
    for n in 0..20 {
        daemon.public.get(&format!("/api/v1/analyses/unknown-{n}")).await;
        daemon.public.get(&format!("/nowhere-{n}")).await;
        let method = Method::from_bytes(format!("MADEUP{n}").as_bytes()).expect("a method");
        daemon.public.send(method, "/", &[], b"").await;
    }
    let metrics = daemon.admin.get("/metrics").await;
    assert!(metrics.header("content-type").starts_with("text/plain"));
    let text = metrics.text();
    let series = text
        .lines()
        .filter(|line| line.starts_with("kinemotion_http_requests_total{"))
        .count();
    // Two of them are there from the start.
    assert!(series <= 6, "{text}");
    assert!(!text.contains("unknown-") && !text.contains("nowhere") && !text.contains("MADEUP"));
    daemon.admin.get("/elsewhere").await.problem(404);
}

/// Settings that make no sense end the program with a word about them.
#[test]
fn settings_that_make_no_sense_are_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let run = |arguments: &[&str], variable: Option<(&str, &str)>| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_kinemotion"));
        command.arg("serve").args(arguments).envs(variable);
        command.env("KINEMOTION_SERVE__STORAGE__FOLDER", folder.path());
        let output = command.output().expect("the program runs");
        (
            output.status.code(),
            String::from_utf8_lossy(&output.stderr).into_owned(),
        )
    };
    let (code, text) = run(&["--config", "/no/such.toml"], None);
    assert!(code == Some(2) && text.contains("/no/such.toml"), "{text}");
    let (code, text) = run(&[], Some(("KINEMOTION_SERVE__SESSIONS__MOAST", "1")));
    assert!(code == Some(2) && text.contains("moast"), "{text}");
    let (code, text) = run(&["--listen", "203.0.113.1:80"], None);
    assert!(code == Some(1) && text.contains("203.0.113.1:80"), "{text}");
}
