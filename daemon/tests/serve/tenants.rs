//! Every endpoint that is described, asked by those who may not: without a key, with a key that lacks the scope, with a key of another
//! tenant.

use crate::client::Answer;
use crate::daemon::Daemon;
use crate::description::{Operation, operations};
use crate::operator::{self, key};
use hyper::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The name of nothing.
const NOTHING: &str = "0199d4c0-0000-7000-8000-000000000001";
/// What a key of any scope may ask: it is the same for everybody.
const FOR_EVERYBODY: [&str; 1] = ["GET /api/v1/sports"];

/// An answer says why there is no other one; that to HEAD has no body to say it in.
fn refused(operation: &Operation, answer: &Answer, status: u16) {
    assert_eq!(answer.status, status, "{}: {answer:?}", operation.name());
    if operation.method != Method::HEAD {
        answer.problem(status);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_endpoint_needs_a_key_with_its_scope() {
    let folder = tempfile::tempdir().expect("a folder");
    let one_each = operator::ALL.map(|scope| (scope, key(folder.path(), "ours", "unlimited", scope)));
    let all = key(folder.path(), "ours", "unlimited", &operator::ALL.join(" "));
    let daemon = Daemon::start(folder.path(), &[]);
    for operation in operations(&daemon).await {
        let name = operation.name();
        for nobodys in ["", "km_nobody"] {
            let answer = operation.ask(&daemon.public, nobodys, NOTHING).await;
            refused(&operation, &answer, 401);
        }
        let mut enough = Vec::new();
        for (scope, key) in &one_each {
            let answer = operation.ask(&daemon.public, key, NOTHING).await;
            assert!(
                answer.status < 500 || answer.status == 503,
                "{name} with {scope}: {answer:?}"
            );
            if answer.status != 403 {
                enough.push(*scope);
            }
        }
        if FOR_EVERYBODY.contains(&name.as_str()) {
            assert_eq!(enough, operator::ALL, "{name}");
            continue;
        }
        // Where two are needed, none is enough.
        assert!(enough.len() <= 1, "{name} is done with any of {enough:?}");
        let answer = operation.ask(&daemon.public, &all, NOTHING).await;
        assert_ne!(answer.status, 403, "{name}: {answer:?}");
    }
}

/// What is not listed: whoever has begun it knows its name.
const UPLOAD: &str = "upload";

/// What a tenant has, by the beginning of its addresses.
struct Belongings(BTreeMap<&'static str, String>);

const ADDRESSES: [(&str, &str); 9] = [
    ("/api/v1/analyses/", "analysis"),
    ("/whip/", "analysis"),
    ("/whep/", "analysis"),
    ("/hls/", "analysis"),
    ("/api/v1/uploads/", UPLOAD),
    ("/api/v1/athletes/", "athlete"),
    ("/api/v1/training-sessions/", "training session"),
    ("/api/v1/webhooks/", "webhook"),
    ("/api/v1/keys/", "key"),
];

impl Belongings {
    /// Makes one of each.
    async fn make(daemon: &Daemon, key: &str) -> Self {
        let made = [
            (
                "analysis",
                "/api/v1/analyses",
                json!({ "input": { "streaming": true } }),
                "analysis_id",
            ),
            (
                "athlete",
                "/api/v1/athletes",
                json!({ "external_id": "roster-17" }),
                "athlete_id",
            ),
            (
                "training session",
                "/api/v1/training-sessions",
                json!({ "name": "Tuesday" }),
                "training_session_id",
            ),
            (
                "webhook",
                "/api/v1/webhooks/register",
                json!({ "url": "https://93.184.216.34/" }),
                "webhook_id",
            ),
            ("key", "/api/v1/keys", json!({ "name": "another" }), "key_id"),
        ];
        let mut all = BTreeMap::new();
        for (what, path, request, member) in made {
            let answer = daemon.public.ask(key, Method::POST, path, Some(&request)).await;
            assert_eq!(answer.status, 201, "{answer:?}");
            all.insert(what, answer.json()[member].as_str().expect("a name").to_owned());
        }
        all.insert(UPLOAD, Self::begin_upload(daemon, key).await);
        Self(all)
    }

    async fn begin_upload(daemon: &Daemon, key: &str) -> String {
        let bearer = format!("Bearer {key}");
        let headers = [
            ("authorization", bearer.as_str()),
            ("tus-resumable", "1.0.0"),
            ("upload-length", "3"),
        ];
        let begun = daemon
            .public
            .send(Method::POST, "/api/v1/uploads", &headers, b"")
            .await;
        assert_eq!(begun.status, 201, "{begun:?}");
        let location = begun.header("location");
        location.rsplit('/').next().expect("a name").to_owned()
    }

    /// The name of what an address is about.
    fn at(&self, path: &str) -> &str {
        let what = ADDRESSES
            .iter()
            .find(|(beginning, _)| path.starts_with(beginning));
        let (_, what) =
            what.unwrap_or_else(|| panic!("{path} is about something that this test does not make yet"));
        &self.0[what]
    }

    /// Which of them an answer names.
    fn named_in(&self, answer: &Answer) -> Vec<&'static str> {
        let text = String::from_utf8_lossy(&answer.body);
        let named = self.0.iter().filter(|(_, name)| text.contains(name.as_str()));
        named.map(|(what, _)| *what).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_sees_or_changes_what_another_tenant_has() {
    let folder = tempfile::tempdir().expect("a folder");
    let all = operator::ALL.join(" ");
    let ours = key(folder.path(), "ours", "unlimited", &all);
    let theirs = key(folder.path(), "theirs", "unlimited", &all);
    let daemon = Daemon::start(folder.path(), &[]);
    let belongings = Belongings::make(&daemon, &ours).await;
    let mut listed = Vec::new();
    for operation in operations(&daemon).await {
        let name = operation.name();
        if operation.has_names() {
            let id = belongings.at(&operation.path);
            let answer = operation.ask(&daemon.public, &theirs, id).await;
            refused(&operation, &answer, 404);
            // For the very reason that there is none: there may be no recording of an analysis for other reasons.
            let nothing = operation.ask(&daemon.public, &theirs, NOTHING).await;
            assert_eq!(answer.text(), nothing.text(), "{name}");
        } else if operation.method == Method::GET {
            let answer = operation.ask(&daemon.public, &theirs, "").await;
            assert!(belongings.named_in(&answer).is_empty(), "{name}: {answer:?}");
            let own = operation.ask(&daemon.public, &ours, "").await;
            listed.extend(belongings.named_in(&own));
        }
    }
    for what in belongings.0.keys().filter(|what| **what != UPLOAD) {
        assert!(listed.contains(what), "our own lists have our {what}: {listed:?}");
    }
    // Nor by what they name in a request.
    let (analysis, athlete) = (&belongings.0["analysis"], &belongings.0["athlete"]);
    let ask = async |path: &str, request: Value| {
        daemon
            .public
            .ask(&theirs, Method::POST, path, Some(&request))
            .await
    };
    let token = json!({ "analysis_id": analysis, "scopes": ["watch"] });
    ask("/api/v1/tokens", token).await.problem(404);
    let order = json!({ "input": { "streaming": true }, "athlete_id": athlete });
    ask("/api/v1/analyses", order).await.problem(422);
    let order = json!({ "input": { "upload": belongings.0[UPLOAD] } });
    let refused = ask("/api/v1/analyses", order).await.problem(422);
    assert_eq!(refused["field"], "input.upload");
    let repetitions = format!("/api/v1/repetitions?analysis_id={analysis}");
    let found = daemon.public.ask(&theirs, Method::GET, &repetitions, None).await;
    assert_eq!(found.json()["repetitions"], json!([]), "{found:?}");
    // And everything is as it was.
    let look = async |path: String| daemon.public.ask(&ours, Method::GET, &path, None).await;
    let waiting = look(format!("/api/v1/analyses/{analysis}")).await;
    assert_eq!(waiting.json()["state"], "waiting", "{waiting:?}");
    assert_eq!(
        look(format!("/api/v1/athletes/{athlete}")).await.json()["external_id"],
        "roster-17"
    );
    let webhook = look(format!("/api/v1/webhooks/{}", belongings.0["webhook"])).await;
    assert_eq!(webhook.status, 200, "{webhook:?}");
    let keys = look("/api/v1/keys".into()).await.json();
    let keys = keys["keys"].as_array().expect("a list").clone();
    assert!(keys.iter().all(|key| key["revoked_at"].is_null()), "{keys:?}");
}
