//! Examples that many operations share: names in addresses, session descriptions, pieces of files. Every operation is described with
//! an example of all that it needs, and a test sends it ([tests/api](../../../../tests/api/README.md)).

use serde_json::Value;
use url::form_urlencoded::Serializer;
use utoipa::openapi::RefOr;
use utoipa::openapi::content::Content;
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn};

/// Names in addresses, and headers that come from an answer.
const NAMES: [(&str, &str); 6] = [
    ("id", "0199d4c0-7f00-7000-8000-000000000001"),
    ("viewer", "0199d4c0-7f00-7000-8000-000000000002"),
    ("delivery", "0199d4c0-7f00-7000-8000-000000000003"),
    ("file", "index.m3u8"),
    ("metric", "jump_height_m"),
    ("If-Match", "\"0199d4c0\""),
];

/// Bodies by the beginning of the address and the media type.
const BODIES: [(&str, &str, &str); 4] = [
    ("/whip", "application/sdp", PUBLISHES),
    ("/whep", "application/sdp", WATCHES),
    ("/whip", "application/trickle-ice-sdpfrag", CANDIDATE),
    (
        "/api/v1/uploads",
        "application/offset+octet-stream",
        "the bytes of jump.mp4",
    ),
];

/// What a browser offers, cut down to one codec: `$direction` is sendonly or recvonly.
macro_rules! offer {
    ($direction:literal) => {
        concat!(
            "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n",
            "m=video 9 UDP/TLS/RTP/SAVPF 102\r\nc=IN IP4 0.0.0.0\r\na=rtcp-mux\r\na=ice-ufrag:F7gI\r\na=ice-pwd:x9cml/YzichV2+XlhiMu8g\r\n",
            "a=fingerprint:sha-256 D2:FA:0E:C3:22:59:5E:14:95:69:92:3D:13:B4:84:24:2C:C2:A2:C0:3E:FD:34:8E:5E:EA:6F:AF:52:CE:E6:0F\r\n",
            "a=setup:actpass\r\na=mid:0\r\na=",
            $direction,
            "\r\na=rtpmap:102 H264/90000\r\n",
            "a=fmtp:102 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f\r\n",
        )
    };
}
const PUBLISHES: &str = offer!("sendonly");
const WATCHES: &str = offer!("recvonly");
const CANDIDATE: &str = concat!(
    "a=ice-ufrag:F7gI\r\na=ice-pwd:x9cml/YzichV2+XlhiMu8g\r\nm=video 9 UDP/TLS/RTP/SAVPF 102\r\na=mid:0\r\n",
    "a=candidate:1 1 UDP 2130706431 127.0.0.1 50000 typ host\r\na=end-of-candidates\r\n",
);

/// Adds to an operation the examples it shares with others. Its own stay.
pub fn add(path: &str, operation: &mut Operation) {
    for parameter in operation.parameters.iter_mut().flatten() {
        if let RefOr::T(parameter) = parameter {
            name(parameter);
        }
    }
    if let Some(RefOr::T(body)) = &mut operation.request_body {
        for (media_type, content) in &mut body.content {
            let shared = BODIES
                .iter()
                .find(|(start, of, _)| path.starts_with(start) && of == media_type);
            if let (Some((.., text)), RefOr::T(content)) = (shared, content) {
                say(content, text);
            }
        }
    }
}

fn name(parameter: &mut Parameter) {
    let from_before = parameter.parameter_in != ParameterIn::Query;
    let shared = NAMES.iter().find(|(name, _)| *name == parameter.name);
    if let (true, Some((_, text))) = (from_before, shared) {
        let named = ParameterBuilder::from(std::mem::take(parameter));
        *parameter = named.example(Some(Value::from(*text))).build();
    }
}

fn say(content: &mut Content, text: &str) {
    content.example = Some(Value::from(text));
}

/// Where a daemon is unless it is said.
const HERE: &str = "http://127.0.0.1:8080";

/// The example of an operation as commands for a shell, one for each media type of its body. Bodies that are no JSON are named as
/// files.
pub fn commands(document: &Value, method: &str, path: &str, operation: &Value) -> Vec<String> {
    let (mut path, mut query) = (path.to_owned(), Serializer::new(String::new()));
    let mut words = match method {
        "get" => vec!["curl".to_owned()],
        "head" => vec!["curl --head".to_owned()],
        method => vec![format!("curl -X {}", method.to_uppercase())],
    };
    for parameter in operation["parameters"].as_array().into_iter().flatten() {
        let (Some(name), Some(value)) = (parameter["name"].as_str(), example(document, parameter)) else {
            continue;
        };
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        match parameter["in"].as_str() {
            Some("path") => path = path.replace(&format!("{{{name}}}"), &value),
            Some("query") => {
                query.append_pair(name, &value);
            }
            _ => words.push(format!("-H '{name}: {value}'")),
        }
    }
    let query = query.finish();
    let question = if query.is_empty() { "" } else { "?" };
    words.push(format!("'{HERE}{path}{question}{query}'"));
    let command = words.join(" ");
    let Some(contents) = operation["requestBody"]["content"].as_object() else {
        return vec![command];
    };
    contents
        .iter()
        .filter_map(|(media_type, content)| {
            let body = example(document, content)?;
            Some(format!("{command} {}", sent(media_type, body)))
        })
        .collect()
}

/// What curl is told of a body.
fn sent(media_type: &str, body: &Value) -> String {
    match media_type {
        "application/json" => format!("-H 'Content-Type: {media_type}' -d '{body}'"),
        "multipart/form-data" => format!("-F 'request={}' -F video=@jump.mp4", body["request"]),
        "application/sdp" => format!("-H 'Content-Type: {media_type}' --data-binary @offer.sdp"),
        "application/trickle-ice-sdpfrag" => {
            format!("-H 'Content-Type: {media_type}' --data-binary @candidates.sdpfrag")
        }
        _ => format!("-H 'Content-Type: {media_type}' --data-binary @jump.mp4"),
    }
}

/// The example of a parameter or body: its own, or that of the schema it refers to.
fn example<'a>(document: &'a Value, described: &'a Value) -> Option<&'a Value> {
    if let Some(own) = described.get("example") {
        return Some(own);
    }
    let schema = &described["schema"];
    let schema = match schema["$ref"].as_str() {
        Some(reference) => document.pointer(reference.trim_start_matches('#'))?,
        None => schema,
    };
    schema.get("example")
}
