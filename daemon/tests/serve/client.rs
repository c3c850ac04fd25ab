//! A small HTTP client: one connection per request.

use futures_util::StreamExt;
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;

/// Talks to one listener.
#[derive(Clone)]
pub struct Client(pub String);

/// A whole answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.body.to_vec()).expect("text")
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().expect("text"))
    }

    /// The problem document, when the answer is one with this status.
    pub fn problem(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{self:?}");
        assert_eq!(
            self.header("content-type"),
            "application/problem+json",
            "{self:?}"
        );
        let problem = self.json();
        assert_eq!(problem["status"], status);
        for member in ["type", "title", "detail"] {
            assert!(
                problem[member].as_str().is_some_and(|text| !text.is_empty()),
                "{problem}"
            );
        }
        problem
    }
}

impl Client {
    /// Sends a request and waits until the answer begins.
    pub async fn begin(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Response<Incoming> {
        let stream = TcpStream::connect(&self.0).await.expect("it listens");
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
            .await
            .expect("HTTP");
        tokio::spawn(connection);
        let mut request = Request::builder().method(method).uri(path);
        if !headers.iter().any(|(name, _)| *name == "host") {
            request = request.header("host", &self.0);
        }
        for (name, value) in headers {
            request = request.header(
                HeaderName::from_bytes(name.as_bytes()).expect("a name"),
                HeaderValue::from_str(value).expect("a value"),
            );
        }
        let request = request
            .body(Full::new(Bytes::copy_from_slice(body)))
            .expect("a request");
        sender.send_request(request).await.expect("an answer")
    }

    /// Sends a request and reads the whole answer.
    pub async fn send(&self, method: Method, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let (parts, body) = self.begin(method, path, headers, body).await.into_parts();
        Answer {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body: body.collect().await.expect("a body").to_bytes(),
        }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, &[], b"").await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, &[], b"").await
    }

    pub async fn post_json(&self, path: &str, body: &Value) -> Answer {
        let headers = [("content-type", "application/json")];
        self.send(Method::POST, path, &headers, body.to_string().as_bytes())
            .await
    }

    /// Asks with a key, and JSON where there is a body.
    pub async fn ask(&self, key: &str, method: Method, path: &str, body: Option<&Value>) -> Answer {
        let bearer = format!("Bearer {key}");
        let mut headers = vec![("authorization", bearer.as_str())];
        if body.is_some() {
            headers.push(("content-type", "application/json"));
        }
        let body = body.map(Value::to_string).unwrap_or_default();
        self.send(method, path, &headers, body.as_bytes()).await
    }

    /// Sends these bytes as they are and reads until the daemon closes.
    pub async fn raw(&self, bytes: &[u8]) -> Vec<u8> {
        let mut stream = TcpStream::connect(&self.0).await.expect("it listens");
        // The daemon may close before it has read everything.
        let _ = stream.write_all(bytes).await;
        let _ = stream.shutdown().await;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        answer
    }

    /// The lines of an NDJSON stream.
    pub async fn lines(&self, path: &str) -> Lines {
        let answer = self.begin(Method::GET, path, &[], b"").await;
        assert_eq!(answer.headers()["content-type"], "application/x-ndjson");
        Lines {
            body: answer.into_body(),
            text: Vec::new(),
        }
    }

    /// Every event of a stream of Server-Sent Events: id and data.
    pub async fn server_sent(&self, path: &str, headers: &[(&str, &str)]) -> Vec<(u64, Value)> {
        let mut all = vec![("accept", "text/event-stream")];
        all.extend(headers);
        let answer = self.send(Method::GET, path, &all, b"").await;
        assert_eq!(answer.header("content-type"), "text/event-stream", "{answer:?}");
        let text = answer.text();
        let events = text.split("\n\n").filter_map(|event| {
            let field = |name: &str| {
                event
                    .lines()
                    .find_map(|line| line.strip_prefix(name))
                    .map(str::trim)
            };
            let id = field("id:")?.parse().expect("a number");
            Some((id, serde_json::from_str(field("data:")?).expect("JSON")))
        });
        events.collect()
    }

    /// Every message of a WebSocket until it is closed, and the code of the close.
    pub async fn web_socket(&self, path: &str) -> (Vec<Value>, u16) {
        let (mut socket, _) = tokio_tungstenite::connect_async(format!("ws://{}{path}", self.0))
            .await
            .expect("a WebSocket");
        let mut events = Vec::new();
        while let Some(message) = socket.next().await {
            match message.expect("no error before the close") {
                Message::Text(text) => events.push(serde_json::from_str(&text).expect("JSON")),
                Message::Close(frame) => return (events, frame.expect("a code").code.into()),
                _ => {}
            }
        }
        panic!("the WebSocket ended without a close");
    }
}

/// Lines of a stream as they come.
pub struct Lines {
    body: Incoming,
    text: Vec<u8>,
}

impl Lines {
    /// The next event; `None` at the end of the stream.
    pub async fn next(&mut self) -> Option<Value> {
        loop {
            if let Some(end) = self.text.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.text.drain(..=end).collect();
                return Some(serde_json::from_slice(&line).expect("JSON"));
            }
            let frame = self.body.frame().await?.expect("no error within the stream");
            self.text.extend(frame.into_data().expect("data"));
        }
    }

    /// The next event that fits.
    pub async fn until(&mut self, fits: impl Fn(&Value) -> bool) -> Value {
        loop {
            let event = self.next().await.expect("such an event before the end");
            if fits(&event) {
                return event;
            }
        }
    }

    /// Everything until the end.
    pub async fn rest(mut self) -> Vec<Value> {
        let mut events = Vec::new();
        while let Some(event) = self.next().await {
            events.push(event);
        }
        events
    }
}

/// Whether an event says that the session entered a state.
pub fn is_state(state: &str) -> impl Fn(&Value) -> bool {
    move |event| event["type"] == "state" && event["data"]["state"] == state
}

/// Whether an event is of a type.
pub fn is(kind: &str) -> impl Fn(&Value) -> bool {
    move |event| event["type"] == kind
}
