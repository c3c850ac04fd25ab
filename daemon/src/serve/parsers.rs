//! What reads bytes of strangers, by name, for tests that send anything: [fuzz](../../../fuzz/README.md), and the replay of what it
//! has found. A parser may refuse whatever it likes; it must neither panic nor take long.

use super::api::model::{CreateAnalysis, PublishQuery};
use super::api::uploads;
use super::auth;
use super::batch::Hearing;
use super::config::Config;
use super::extract::{from_json, from_query};
use super::history::Cursor;
use super::outgoing::Resolver;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, header};
use kinemotion_pipelines::live::look_at;
use url::Url;

/// A parser with its name.
#[derive(Clone, Copy, Debug)]
pub struct Parser {
    /// That of its folder of examples, too.
    pub name: &'static str,
    /// Has it read something.
    pub read: fn(&[u8]),
}

/// Every parser.
pub const PARSERS: [Parser; 9] = [
    Parser {
        name: "sdp",
        read: sdp,
    },
    Parser {
        name: "whip",
        read: whip,
    },
    Parser {
        name: "order",
        read: order,
    },
    Parser {
        name: "config",
        read: config,
    },
    Parser {
        name: "webhook",
        read: webhook,
    },
    Parser {
        name: "upload",
        read: upload,
    },
    Parser {
        name: "worker",
        read: worker,
    },
    Parser {
        name: "token",
        read: token,
    },
    Parser {
        name: "cursor",
        read: cursor,
    },
];

/// What stands between an offer and a fragment of candidates in an example.
const BETWEEN: &str = "\n--\n";

/// A session description, and behind [`BETWEEN`] a fragment of candidates.
fn sdp(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let (offer, fragment) = text.split_once(BETWEEN).unwrap_or((text.as_ref(), ""));
    let _ = look_at(offer, fragment);
}

/// The query of an encoder that publishes.
fn whip(bytes: &[u8]) {
    let query = from_query::<PublishQuery>(&String::from_utf8_lossy(bytes));
    let _ = query.map(|query| CreateAnalysis::from(query).check());
}

/// An order as JSON.
fn order(bytes: &[u8]) {
    let _ = from_json::<CreateAnalysis>(bytes).map(|order| order.check());
}

/// A configuration.
fn config(bytes: &[u8]) {
    let _ = Config::read(&String::from_utf8_lossy(bytes)).map(|config| config.check());
}

/// The address of a webhook.
fn webhook(bytes: &[u8]) {
    if let Ok(url) = Url::parse(&String::from_utf8_lossy(bytes)) {
        let _ = Resolver::new(false, &[], "webhooks.private_hosts").check(&url);
    }
}

/// The headers of an upload.
fn upload(bytes: &[u8]) {
    let Ok(value) = HeaderValue::from_bytes(bytes) else {
        return;
    };
    let mut headers = HeaderMap::new();
    headers.insert(uploads::UPLOAD_METADATA, value.clone());
    headers.insert(uploads::UPLOAD_LENGTH, value);
    let _ = uploads::file_name(&headers);
    let _ = uploads::number::<u64>(&headers, &uploads::UPLOAD_LENGTH);
}

/// Lines of a process that has read a stranger's file.
fn worker(bytes: &[u8]) {
    let mut hearing = Hearing::new();
    for line in String::from_utf8_lossy(bytes).lines() {
        let _ = hearing.hear(line);
    }
}

/// The header that says who asks.
fn token(bytes: &[u8]) {
    let Ok(value) = HeaderValue::from_bytes(bytes) else {
        return;
    };
    let mut request = Request::new(Body::empty());
    request.headers_mut().insert(header::AUTHORIZATION, value);
    let _ = auth::looks_good(&request);
}

/// A place in a list.
fn cursor(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let _ = Cursor::<i64>::read(&text);
    let _ = Cursor::<f64>::read(&text);
    let _ = Cursor::<String>::read(&text);
}
