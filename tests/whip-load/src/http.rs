//! One HTTP/1.1 request over a connection of its own.

use crate::PublishError;
use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::header::{self, HeaderMap};
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use std::time::{Duration, Instant};
use tokio::net::TcpStream;
use url::Url;

/// How long an answer may take; the daemon takes some seconds when it waits for a STUN server.
const PATIENCE: Duration = Duration::from_secs(30);
/// Longest answer, bytes; SDP has a few thousand. A longer one is an error.
const LONGEST: usize = 256 * 1024;

/// A whole answer.
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Bytes,
    /// From before the connection was made until the whole answer was there.
    pub took: Duration,
}

impl Answer {
    /// A header as text; `None` when it is not there.
    pub fn header(&self, name: header::HeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// `host:port` of an address that can be connected to.
pub fn authority(url: &Url) -> Result<String, PublishError> {
    let wrong = |reason: &str| PublishError::Address {
        address: url.to_string(),
        reason: reason.into(),
    };
    if url.scheme() != "http" {
        return Err(wrong("only http is spoken"));
    }
    let host = url.host_str().ok_or_else(|| wrong("it names no host"))?;
    Ok(format!("{host}:{}", url.port_or_known_default().unwrap_or(80)))
}

/// Sends a request and reads the answer. `offer` is a body of SDP.
pub async fn send(
    method: Method,
    url: &Url,
    token: Option<&str>,
    offer: Option<String>,
) -> Result<Answer, PublishError> {
    let authority = authority(url)?;
    let action = if method == Method::DELETE {
        "DELETE"
    } else {
        "POST"
    };
    let failed = |reason: String| PublishError::Http {
        action,
        address: url.to_string(),
        reason,
    };
    let mut request = Request::builder()
        .method(method)
        .uri(&url[url::Position::BeforePath..url::Position::AfterQuery])
        .header(header::HOST, &authority);
    if offer.is_some() {
        request = request.header(header::CONTENT_TYPE, "application/sdp");
    }
    if let Some(token) = token {
        request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    }
    let request = request
        .body(Full::new(Bytes::from(offer.unwrap_or_default())))
        .map_err(|error| failed(error.to_string()))?;
    let since = Instant::now();
    let stream = TcpStream::connect(&authority)
        .await
        .map_err(|error| failed(error.to_string()))?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|error| failed(error.to_string()))?;
    let exchange = async {
        let answer = sender.send_request(request).await.map_err(|e| e.to_string())?;
        let (parts, body) = answer.into_parts();
        let body = Limited::new(body, LONGEST).collect().await;
        let body = body.map_err(|error| error.to_string())?.to_bytes();
        Ok(Answer {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body,
            took: since.elapsed(),
        })
    };
    tokio::pin!(exchange);
    let answered = async {
        tokio::select! {
            answer = &mut exchange => answer,
            // The connection may be over before its last answer has been looked at.
            _ = connection => exchange.await,
        }
    };
    tokio::time::timeout(PATIENCE, answered)
        .await
        .unwrap_or_else(|_| Err(format!("no answer within {} s", PATIENCE.as_secs())))
        .map_err(failed)
}
