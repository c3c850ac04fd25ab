//! Webhooks: told at least once, in order, signed, also across a crash.

use crate::batch::{ended, name, send};
use crate::client::is;
use crate::clips;
use crate::daemon::Daemon;
use crate::operator;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

const REGISTER: &str = "/api/v1/webhooks/register";
const PRIVATE: (&str, &str) = ("WEBHOOKS__PRIVATE_HOSTS", "true");

/// What was told.
struct Told {
    headers: HeaderMap,
    body: String,
}

impl Told {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("JSON")
    }

    /// Whether it is signed with a secret.
    fn is_signed(&self, secret: &str) -> bool {
        let header = |name: &str| self.headers[name].to_str().expect("text");
        let key = STANDARD
            .decode(secret.strip_prefix("whsec_").expect("a secret"))
            .expect("base64");
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("any length");
        mac.update(
            format!(
                "{}.{}.{}",
                header("webhook-id"),
                header("webhook-timestamp"),
                self.body
            )
            .as_bytes(),
        );
        header("webhook-signature") == format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    }
}

/// A receiver that refuses the first `failures` requests.
struct Receiver {
    address: SocketAddr,
    failures: Arc<AtomicUsize>,
    told: mpsc::UnboundedReceiver<Told>,
}

impl Receiver {
    async fn start(failures: usize) -> Self {
        let (sender, told) = mpsc::unbounded_channel();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let failures = Arc::new(AtomicUsize::new(failures));
        let state = (failures.clone(), sender);
        let take = |State((left, sender)): State<(Arc<AtomicUsize>, mpsc::UnboundedSender<Told>)>,
                    headers: HeaderMap,
                    body: String| async move {
            sender.send(Told { headers, body }).expect("the test listens");
            let fails = left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
            if fails.is_ok() {
                StatusCode::INTERNAL_SERVER_ERROR
            } else {
                StatusCode::NO_CONTENT
            }
        };
        let router = Router::new().route("/hook", post(take)).with_state(state);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self {
            address,
            failures,
            told,
        }
    }

    async fn next(&mut self) -> Told {
        let told = tokio::time::timeout(crate::PATIENCE, self.told.recv()).await;
        told.expect("it is told").expect("the receiver runs")
    }
}

async fn register(daemon: &Daemon, address: SocketAddr, events: &Value) -> Value {
    let request = json!({ "url": format!("http://{address}/hook"), "events": events });
    let registered = daemon.public.post_json(REGISTER, &request).await;
    assert_eq!(registered.status, 201, "{registered:?}");
    registered.json()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_told_is_signed_in_order_and_told_again_when_it_was_not_taken() {
    let folder = tempfile::tempdir().expect("a folder");
    let daemon = Daemon::start(folder.path(), &[PRIVATE]);
    let mut receiver = Receiver::start(1).await;
    let hook = register(
        &daemon,
        receiver.address,
        &json!(["repetition", "analysis_complete"]),
    )
    .await;
    let secret = hook["secret"].as_str().expect("text");
    let id = daemon.make_demo().await;
    let mut lines = daemon
        .public
        .lines(&format!("/api/v1/analyses/{id}/stream"))
        .await;
    let announced = [
        lines.until(is("repetition")).await,
        lines.until(is("repetition")).await,
    ];
    daemon.public.delete(&format!("/api/v1/analyses/{id}")).await;
    let rest = lines.rest().await;

    let (refused, again) = (receiver.next().await, receiver.next().await);
    assert!(refused.is_signed(secret) && again.is_signed(secret));
    assert_eq!(refused.body, again.body, "the same, with the same event_id");
    assert_eq!(refused.headers["webhook-id"], again.headers["webhook-id"]);
    let first = again.json();
    assert_eq!(first["event_type"], "repetition");
    assert_eq!(first["analysis_id"], id.as_str());
    assert_eq!(first["sport_type"], "cmj");
    assert_eq!(first["data"], announced[0]["data"]);
    assert_eq!(first["metrics"], announced[0]["data"]["metrics"]);

    let mut expected: Vec<u64> = announced
        .iter()
        .chain(&rest)
        .filter(|event| {
            ["repetition", "analysis_complete"].contains(&event["type"].as_str().expect("a type"))
        })
        .map(|event| event["sequence"].as_u64().expect("a number"))
        .collect();
    let told = expected.len() as f64;
    expected.remove(0);
    for sequence in expected {
        assert_eq!(receiver.next().await.json()["sequence"], sequence);
    }

    // The receiver knows before the daemon does.
    let deadline = Instant::now() + crate::PATIENCE;
    let tried = loop {
        let numbers = daemon.numbers().await;
        let tried =
            |outcome| numbers[&format!("kinemotion_webhook_deliveries_total{{outcome=\"{outcome}\"}}")];
        if tried("delivered") == told {
            break [tried("failed"), numbers["kinemotion_webhook_delay_seconds_count"]];
        }
        assert!(Instant::now() < deadline, "{numbers:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    assert_eq!(tried, [1.0, told], "one was not taken");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_announced_before_a_crash_is_told_afterwards() {
    let folder = tempfile::tempdir().expect("a folder");
    let daemon = Daemon::start(folder.path(), &[PRIVATE]);
    let mut receiver = Receiver::start(usize::MAX).await;
    register(&daemon, receiver.address, &json!(["repetition"])).await;
    let id = daemon.make_demo().await;
    let mut lines = daemon
        .public
        .lines(&format!("/api/v1/analyses/{id}/stream"))
        .await;
    let announced = lines.until(is("repetition")).await;
    daemon.signal("KILL");
    daemon.wait();

    // What it had said of them before it was killed was not taken.
    while receiver.told.try_recv().is_ok() {}
    receiver.failures.store(0, Ordering::SeqCst);
    let _daemon = Daemon::start(folder.path(), &[PRIVATE]);
    let told = receiver.next().await.json();
    assert_eq!(told["sequence"], announced["sequence"]);
    assert_eq!(told["data"], announced["data"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_is_ordered_with_an_analysis_is_told_of_it_alone_and_goes_with_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let daemon = Daemon::start(folder.path(), &[PRIVATE]);
    let mut receiver = Receiver::start(0).await;
    let order = json!({
        "sport_type": "cmj", "quality": "fast", "overlay": false,
        "webhook_url": format!("http://{}/hook", receiver.address),
    });
    let key = [("idempotency-key", "roster-17")];
    let other = json!({ "quality": "fast", "overlay": false });
    let unheard = name(&send(&daemon, &other, clips::jump(), &[]).await);
    let queued = send(&daemon, &order, clips::jump(), &key).await;
    let id = name(&queued);
    let secret = queued.json()["webhook_secret"].as_str().expect("text").to_owned();
    let again = send(&daemon, &order, clips::jump(), &key).await.json();
    assert_eq!(
        again["webhook_secret"],
        secret.as_str(),
        "the first answer may have been lost"
    );
    ended(&daemon, &unheard).await;
    let view = ended(&daemon, &id).await;
    assert!(!view.to_string().contains(&secret), "{view}");

    let told = [receiver.next().await, receiver.next().await];
    assert!(told.iter().all(|told| told.is_signed(&secret)));
    let told = told.map(|told| told.json());
    assert_eq!(told[0]["event_type"], "repetition", "{told:?}");
    assert_eq!(told[1]["event_type"], "analysis_complete", "{told:?}");
    assert!(
        told.iter().all(|told| told["analysis_id"] == id.as_str()),
        "{told:?}"
    );

    let listed = daemon.public.get("/api/v1/webhooks").await.json();
    assert_eq!(
        listed["webhooks"],
        json!([]),
        "it is none of those that are registered"
    );
    let path = format!(
        "/api/v1/webhooks/{}",
        view["webhook_id"].as_str().expect("a name")
    );
    let shown = daemon.public.get(&path).await.json();
    assert_eq!(shown["analysis_id"], id.as_str(), "{shown}");
    let removed = daemon.public.delete(&format!("/api/v1/analyses/{id}")).await;
    assert_eq!(removed.status, 204);
    daemon.public.get(&path).await.problem(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_may_not_read_an_analysis_cannot_have_it_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let [writer, both, webhooks] = ["analyses:write", "analyses:read analyses:write", "webhooks"]
        .map(|scopes| operator::key(folder.path(), "club", "free", scopes));
    let daemon = Daemon::start(folder.path(), &[]);
    let order = json!({ "input": { "streaming": true }, "webhook_url": "https://93.184.216.34/" });
    let path = "/api/v1/analyses";
    let refused = daemon
        .public
        .ask(&writer, hyper::Method::POST, path, Some(&order))
        .await;
    assert_eq!(refused.problem(403)["field"], "webhook_url");
    let hook = json!({ "url": "https://93.184.216.34/" });
    let register = "/api/v1/webhooks/register";
    let registered = daemon
        .public
        .ask(&webhooks, hyper::Method::POST, register, Some(&hook))
        .await;
    assert_eq!(registered.status, 201, "{registered:?}");
    let made = daemon
        .public
        .ask(&both, hyper::Method::POST, path, Some(&order))
        .await;
    assert_eq!(made.status, 201, "the tier does not count it: {made:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn webhooks_are_registered_looked_at_and_removed() {
    let folder = tempfile::tempdir().expect("a folder");
    let daemon = Daemon::start(folder.path(), &[]);
    for (request, field) in [
        (json!({ "url": "http://127.0.0.1:1/" }), "url"),
        (json!({ "url": "http://[::ffff:10.0.0.1]/" }), "url"),
        (json!({ "url": "ftp://93.184.216.34/" }), "url"),
        (json!({ "url": "https://user:secret@93.184.216.34/" }), "url"),
        (
            json!({ "url": "https://93.184.216.34/", "events": ["pose"] }),
            "events[0]",
        ),
        (
            json!({ "url": "https://93.184.216.34/", "sport_types": ["cmj", "fly"] }),
            "sport_types[1]",
        ),
    ] {
        let problem = daemon.public.post_json(REGISTER, &request).await.problem(422);
        assert_eq!(problem["field"], field, "{problem}");
    }
    let request = json!({ "url": "https://93.184.216.34/", "sport_types": ["cmj"] });
    let made = daemon.public.post_json(REGISTER, &request).await.json();
    let path = format!(
        "/api/v1/webhooks/{}",
        made["webhook_id"].as_str().expect("a name")
    );
    let listed = daemon.public.get("/api/v1/webhooks").await;
    assert_eq!(
        listed.json()["webhooks"][0]["events"],
        json!(["repetition", "analysis_complete", "error"])
    );
    assert!(
        !listed.text().contains(made["secret"].as_str().expect("text")),
        "a secret is said once"
    );
    assert_eq!(daemon.public.delete(&path).await.status, 204);
    daemon.public.get(&path).await.problem(404);
    daemon.public.delete(&path).await.problem(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_is_tested_and_what_was_delivered_is_looked_at_and_sent_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let daemon = Daemon::start(folder.path(), &[PRIVATE]);
    let mut receiver = Receiver::start(1).await;
    let hook = register(&daemon, receiver.address, &json!(["repetition"])).await;
    let path = format!(
        "/api/v1/webhooks/{}",
        hook["webhook_id"].as_str().expect("a name")
    );
    let test = |what: &'static str| {
        let (client, path) = (daemon.public.clone(), format!("{path}/{what}"));
        async move { client.send(hyper::Method::POST, &path, &[], b"").await }
    };
    let refused = test("test").await.json();
    assert_eq!(
        (&refused["delivered"], &refused["status"]),
        (&json!(false), &json!(500)),
        "{refused}"
    );
    let taken = test("test").await.json();
    assert_eq!(
        (&taken["delivered"], &taken["status"]),
        (&json!(true), &json!(204)),
        "{taken}"
    );
    for answer in [refused, taken] {
        let told = receiver.next().await;
        assert!(told.is_signed(hook["secret"].as_str().expect("text")));
        let told = told.json();
        assert_eq!(told["event_type"], "test");
        assert_eq!(told["event_id"], answer["event_id"]);
        assert_eq!(told["data"]["webhook_id"], hook["webhook_id"]);
    }

    let id = daemon.make_demo().await;
    let mut lines = daemon
        .public
        .lines(&format!("/api/v1/analyses/{id}/stream"))
        .await;
    lines.until(is("repetition")).await;
    lines.until(is("repetition")).await;
    daemon.public.delete(&format!("/api/v1/analyses/{id}")).await;
    let count = 2 + lines
        .rest()
        .await
        .into_iter()
        .filter(|event| event["type"] == "repetition")
        .count();
    let mut told = Vec::new();
    for _ in 0..count {
        told.push(receiver.next().await.json());
    }
    // The last one is noted a moment after it is told.
    let deadline = Instant::now() + crate::PATIENCE;
    let log = loop {
        assert!(Instant::now() < deadline, "all of them are noted");
        let log = daemon
            .public
            .get(&format!("{path}/deliveries?state=delivered"))
            .await
            .json();
        if log["deliveries"].as_array().map(Vec::len) == Some(count) {
            break log["deliveries"].clone();
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    assert_eq!(log[0]["analysis_id"], id.as_str());
    assert_eq!(
        (&log[0]["last_status"], &log[0]["attempts"]),
        (&json!(204), &json!(1))
    );
    let first = daemon
        .public
        .get(&format!("{path}/deliveries?limit=1"))
        .await
        .json();
    let cursor = first["next_cursor"].as_str().expect("more");
    let second = daemon
        .public
        .get(&format!("{path}/deliveries?limit=1&cursor={cursor}"))
        .await
        .json();
    assert_eq!(
        [&first["deliveries"][0], &second["deliveries"][0]],
        [&log[0], &log[1]]
    );
    daemon
        .public
        .get(&format!("{path}/deliveries?state=lost"))
        .await
        .problem(422);

    let again = log[1]["delivery_id"].as_str().expect("a name");
    let resend = format!("{path}/deliveries/{again}/resend");
    assert_eq!(
        daemon
            .public
            .send(hyper::Method::POST, &resend, &[], b"")
            .await
            .status,
        202
    );
    let told_again = receiver.next().await.json();
    assert_eq!(told_again["event_id"], log[1]["event_id"]);
    assert!(told.contains(&told_again), "the same as before");
    let nothing = format!("{path}/deliveries/nothing/resend");
    daemon
        .public
        .send(hyper::Method::POST, &nothing, &[], b"")
        .await
        .problem(404);
}
