//! What can go wrong while publishing.

use serde::Deserialize;
use std::time::Duration;

/// Why nothing is published, or no more.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PublishError {
    /// The address is none that can be posted to.
    #[error("`{address}` is no address to publish to: {reason}")]
    Address {
        /// What was given.
        address: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The server cannot be reached, or does not speak HTTP.
    #[error("{action} {address}: {reason}")]
    Http {
        /// The method.
        action: &'static str,
        /// The address.
        address: String,
        /// What failed.
        reason: String,
    },
    /// The server has no room: 503.
    #[error("refused: {problem}{}", retry_text(*.retry_after))]
    Refused {
        /// What it says.
        problem: Box<Problem>,
        /// When to come again, of `Retry-After`.
        retry_after: Option<Duration>,
        /// From the request until the whole answer was there.
        after: Duration,
    },
    /// The server answers with another status than it should.
    #[error("{action} was answered with {status}: {problem}")]
    Status {
        /// The method.
        action: &'static str,
        /// The status of the answer.
        status: u16,
        /// What it says.
        problem: Problem,
    },
    /// The answer to the offer is unusable.
    #[error("the answer cannot be used: {0}")]
    Answer(String),
    /// The connection was not there in time.
    #[error("no connection after {} s", .0.as_secs_f64())]
    NoConnection(Duration),
    /// The connection broke, or the other side closed it.
    #[error("the connection ended: {0}")]
    Lost(&'static str),
    /// The WebRTC machinery gave up.
    #[error("WebRTC failed: {0}")]
    WebRtc(#[from] str0m::RtcError),
    /// The UDP socket failed.
    #[error("the UDP socket failed: {0}")]
    Socket(#[from] std::io::Error),
}

fn retry_text(retry_after: Option<Duration>) -> String {
    match retry_after {
        Some(time) => format!(" (again in {} s)", time.as_secs()),
        None => " (no Retry-After)".into(),
    }
}

/// A problem document (RFC 9457), or what can be told of an answer that is none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Problem {
    /// Which kind of problem, as an address.
    #[serde(rename = "type")]
    pub kind: String,
    /// The kind in words.
    pub title: String,
    /// What happened.
    pub detail: String,
    /// The parameter that is to blame.
    pub field: Option<String>,
}

/// How much of an answer that is no problem document is worth telling, bytes.
const TELL: usize = 200;

impl Problem {
    /// Reads the body of an answer.
    pub fn read(body: &[u8]) -> Self {
        serde_json::from_slice(body).unwrap_or_else(|_| Self {
            detail: String::from_utf8_lossy(&body[..body.len().min(TELL)]).into_owned(),
            ..Self::default()
        })
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let said = [&self.title, &self.detail].map(String::as_str);
        let said: Vec<&str> = said.into_iter().filter(|text| !text.is_empty()).collect();
        match said.is_empty() {
            true => f.write_str("without a word")?,
            false => f.write_str(&said.join(": "))?,
        }
        match &self.field {
            Some(field) => write!(f, " (field {field})"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_says_why_and_when_to_come_again() {
        let problem =
            Problem::read(br#"{"type":"/problems/full","title":"Full","detail":"no room","status":503}"#);
        let retry_after = Some(Duration::from_secs(5));
        let refused = PublishError::Refused {
            problem: problem.into(),
            retry_after,
            after: Duration::from_millis(3),
        };
        assert_eq!(refused.to_string(), "refused: Full: no room (again in 5 s)");
    }

    #[test]
    fn an_answer_that_is_no_problem_document_is_told_as_it_is() {
        assert_eq!(Problem::read(b"Bad Gateway").to_string(), "Bad Gateway");
        assert_eq!(Problem::read(b"").to_string(), "without a word");
        let field = Problem::read(br#"{"title":"Bad value","field":"sport"}"#);
        assert_eq!(field.to_string(), "Bad value (field sport)");
    }
}
