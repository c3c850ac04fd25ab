//! Tokens that are no keys: short-lived ones for browsers, and those of an identity provider.

use crate::daemon::Daemon;
use crate::operator::{self, key};
use axum::Router;
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hyper::Method;
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair};
use serde_json::{Value, json};
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::net::TcpListener;

const ANALYSES: &str = "/api/v1/analyses";
const TOKENS: &str = "/api/v1/tokens";

fn text(value: &Value) -> String {
    value.as_str().expect("text").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_for_a_browser_is_for_one_analysis_and_nothing_else() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = key(folder.path(), "club", "unlimited", &operator::ALL.join(" "));
    let watcher = key(folder.path(), "club", "unlimited", "watch");
    let daemon = Daemon::start(folder.path(), &[]);
    let ask = async |key: &str, method: Method, path: &str, body: Option<Value>| {
        daemon.public.ask(key, method, path, body.as_ref()).await
    };
    let waiting = json!({ "input": { "streaming": true } });
    let begin = async || {
        text(
            &ask(&server, Method::POST, ANALYSES, Some(waiting.clone()))
                .await
                .json()["analysis_id"],
        )
    };
    let (own, other) = (begin().await, begin().await);
    let request = json!({ "analysis_id": own, "scopes": ["publish", "analyses:read"], "expires_in_s": 60 });
    let made = ask(&server, Method::POST, TOKENS, Some(request.clone())).await;
    assert_eq!(made.status, 201, "{made:?}");
    assert_eq!(made.header("cache-control"), "no-store");
    let token = text(&made.json()["token"]);

    let own = format!("{ANALYSES}/{own}");
    assert_eq!(ask(&token, Method::GET, &own, None).await.status, 200);
    let in_query = daemon.public.get(&format!("{own}?access_token={token}")).await;
    assert_eq!(in_query.status, 200, "{in_query:?}");
    ask(&token, Method::GET, &format!("{ANALYSES}/{other}"), None)
        .await
        .problem(404);
    let listed = ask(&token, Method::GET, ANALYSES, None).await.json();
    assert_eq!(listed["analyses"].as_array().map(Vec::len), Some(1), "{listed}");
    ask(&token, Method::DELETE, &own, None).await.problem(403);
    ask(&token, Method::GET, "/api/v1/usage", None).await.problem(403);
    ask(&token, Method::POST, TOKENS, Some(request.clone()))
        .await
        .problem(403);
    let bearer = format!("Bearer {token}");
    let offer = [
        ("content-type", "application/sdp"),
        ("authorization", bearer.as_str()),
    ];
    daemon
        .public
        .send(Method::POST, "/whip", &offer, b"v=0")
        .await
        .problem(403);
    let mut forged = token.clone();
    forged.truncate(token.len() - 4);
    ask(&(forged + "AAAA"), Method::GET, &own, None)
        .await
        .problem(401);

    ask(&watcher, Method::POST, TOKENS, Some(request))
        .await
        .problem(403);
    for (wrong, field) in [
        (json!({ "analysis_id": other, "scopes": [] }), "scopes"),
        (json!({ "analysis_id": other, "scopes": ["keys"] }), "scopes"),
        (
            json!({ "analysis_id": other, "scopes": ["watch"], "expires_in_s": 1 }),
            "expires_in_s",
        ),
    ] {
        let problem = ask(&server, Method::POST, TOKENS, Some(wrong)).await.problem(422);
        assert_eq!(problem["field"], field, "{problem}");
    }
}

/// An identity provider with one key.
struct Provider {
    pair: Ed25519KeyPair,
    address: String,
}

impl Provider {
    async fn start() -> Self {
        let key = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).expect("a key");
        let pair = Ed25519KeyPair::from_pkcs8(key.as_ref()).expect("a key");
        let x = URL_SAFE_NO_PAD.encode(pair.public_key().as_ref());
        let listed =
            json!({ "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "kid": "k1", "use": "sig", "x": x });
        let document = json!({ "keys": [listed] }).to_string();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = format!("http://{}/jwks.json", listener.local_addr().expect("an address"));
        let router = Router::new().route("/jwks.json", get(move || async move { document }));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { pair, address }
    }

    /// A token that says this, and what they all say.
    fn sign(&self, said: &Value) -> String {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .expect("after 1970")
            .as_secs();
        let mut claims =
            json!({ "iss": "https://id.example/", "aud": "kinemotion", "sub": "robin", "exp": now + 600 });
        for (claim, value) in said.as_object().expect("claims") {
            claims[claim] = value.clone();
        }
        let header = json!({ "alg": "EdDSA", "typ": "JWT", "kid": "k1" });
        let [header, claims] = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
        let signed = format!("{header}.{claims}");
        let signature = URL_SAFE_NO_PAD.encode(self.pair.sign(signed.as_bytes()).as_ref());
        format!("{signed}.{signature}")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_of_the_identity_provider_says_who_whose_and_what() {
    let folder = tempfile::tempdir().expect("a folder");
    let provider = Provider::start().await;
    key(folder.path(), "club", "pro", "keys");
    let daemon = Daemon::start(
        folder.path(),
        &[
            ("JWT__JWKS_URL", provider.address.as_str()),
            ("JWT__ISSUER", "https://id.example/"),
            ("JWT__AUDIENCE", "kinemotion"),
        ],
    );
    let ask = async |claims: Value, path: &str| {
        let token = provider.sign(&claims);
        daemon.public.ask(&token, Method::GET, path, None).await
    };
    let coach = json!({ "tenant": "club", "roles": ["coach"] });
    let usage = ask(coach.clone(), "/api/v1/usage").await;
    assert_eq!(
        (&usage.json()["tenant"], &usage.json()["tier"]),
        (&json!("club"), &json!("pro"))
    );
    ask(coach, "/api/v1/keys").await.problem(403);
    let admin = json!({ "tenant": "club", "roles": "athlete admin" });
    assert_eq!(ask(admin, "/api/v1/keys").await.status, 200);
    ask(json!({ "tenant": "club" }), ANALYSES).await.problem(403);
    ask(json!({ "tenant": "nobody", "roles": ["coach"] }), ANALYSES)
        .await
        .problem(403);
    for wrong in [
        json!({ "tenant": "club", "exp": 1 }),
        json!({ "tenant": "club", "iss": "https://other.example/" }),
        json!({ "tenant": "club", "aud": "other" }),
        json!({ "tenant": 7 }),
    ] {
        ask(wrong, ANALYSES).await.problem(401);
    }
    let stranger = Provider::start()
        .await
        .sign(&json!({ "tenant": "club", "roles": ["admin"] }));
    daemon
        .public
        .ask(&stranger, Method::GET, ANALYSES, None)
        .await
        .problem(401);
    daemon.public.get(ANALYSES).await.problem(401);
}
