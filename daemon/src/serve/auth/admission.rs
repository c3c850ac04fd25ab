//! Asking somebody else before an analysis begins.
//!
//! The operator's service gets a POST with JSON and answers 2xx to let it in or 403 to refuse it. While it does not answer in time, or
//! answers anything else, `admission.required` says what happens: analyses are refused with 503, or let in.

use super::principal::Principal;
use crate::serve::config::{self, SharedConfig};
use crate::serve::outgoing;
use crate::serve::problem::Problem;
use crate::serve::sessions::Order;
use reqwest::{Client, StatusCode, header};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// When it is worth trying again after there was no answer, seconds.
const RETRY_S: u32 = 5;
/// So much of what it says is passed on, characters.
const DETAIL: usize = 500;

/// Who is asked. Clones belong together.
#[derive(Clone)]
pub struct Admission {
    client: Client,
    config: SharedConfig,
}

/// What is asked.
#[derive(Serialize)]
struct Question<'a> {
    tenant: &'a str,
    tier: &'a str,
    actor: String,
    kind: &'a str,
    source: &'a str,
    sport_type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    athlete_id: Option<&'a str>,
}

/// What it may say when it refuses.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Refusal {
    detail: String,
}

impl Admission {
    /// Whoever the settings of the moment name.
    ///
    /// # Errors
    /// No TLS.
    pub fn new(config: SharedConfig) -> reqwest::Result<Self> {
        let client = outgoing::client()?;
        Ok(Self { client, config })
    }

    /// Asks about what somebody orders.
    ///
    /// # Errors
    /// It is refused, or there is no answer where one is required.
    pub async fn ask(&self, order: &Order, by: &Principal) -> Result<(), Problem> {
        let config = self.config.get();
        let settings = &config.admission;
        if settings.url.is_empty() {
            return Ok(());
        }
        let question = Question {
            tenant: &by.tenant,
            tier: &by.tier,
            actor: by.actor.to_string(),
            kind: order.kind(),
            source: &order.source,
            sport_type: &order.sport_type,
            athlete_id: order.athlete_id.as_deref(),
        };
        let limit = Duration::from_millis(settings.timeout_ms);
        let answer = tokio::time::timeout(limit, self.answer(settings, &question)).await;
        let error = match answer {
            Ok(Ok(None)) => return Ok(()),
            Ok(Ok(Some(detail))) => return Err(Problem::forbidden(detail).reason("admission")),
            Ok(Err(error)) => error,
            Err(_) => format!("there was no answer within {} ms", settings.timeout_ms),
        };
        tracing::error!(
            event = "admission_unreachable",
            url = settings.url,
            error,
            "whoever admits analyses cannot be asked"
        );
        if !settings.required {
            return Ok(());
        }
        let problem = Problem::unavailable("whoever admits analyses does not answer");
        Err(problem.reason("admission").retry_after(RETRY_S))
    }

    /// Why it is refused, if it is.
    async fn answer(
        &self,
        settings: &config::Admission,
        question: &Question<'_>,
    ) -> Result<Option<String>, String> {
        let body = serde_json::to_vec(question).expect("texts can be written as JSON");
        let mut request = self
            .client
            .post(&settings.url)
            .header(header::CONTENT_TYPE, "application/json")
            .body(body);
        if !settings.token.is_empty() {
            request = request.bearer_auth(&settings.token);
        }
        let response = request
            .send()
            .await
            .map_err(|error| outgoing::innermost(&error))?;
        let status = response.status();
        if status.is_success() {
            return Ok(None);
        }
        if status != StatusCode::FORBIDDEN {
            return Err(format!("it answered {status}"));
        }
        let body = outgoing::body(response).await?;
        let said: Refusal = serde_json::from_slice(&body).unwrap_or_default();
        let detail: String = said.detail.chars().take(DETAIL).collect();
        Ok(Some(match detail.as_str() {
            "" => "this analysis is not admitted".to_owned(),
            _ => detail,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Actor, Scopes};
    use super::*;
    use crate::serve::config::Config;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    /// Asks somebody who answers this, or nothing.
    async fn asked(answer: Option<&'static str>, required: bool) -> (Result<(), Problem>, String) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let mut config = Config::default();
        let address = listener.local_addr().expect("an address");
        config.admission.url = format!("http://{address}/admit");
        config.admission.token = "secret".into();
        config.admission.timeout_ms = if answer.is_some() { 60_000 } else { 50 };
        config.admission.required = required;
        let heard = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.expect("a connection");
            let mut heard = Vec::new();
            // The question ends with its JSON.
            while !heard.ends_with(b"}") {
                assert_ne!(stream.read_buf(&mut heard).await.expect("bytes"), 0);
            }
            match answer {
                Some(answer) => stream.write_all(answer.as_bytes()).await.expect("written"),
                // It hangs until whoever asked goes.
                None => drop(stream.read_buf(&mut Vec::new()).await),
            }
            String::from_utf8(heard).expect("text")
        });
        let admission = Admission::new(SharedConfig::new(config)).expect("a client");
        let principal = Principal {
            tenant: "club".into(),
            actor: Actor::Key("k".into()),
            scopes: Scopes::ALL,
            tier: "pro".into(),
        };
        let verdict = admission.ask(&Order::of_a_demo(), &principal).await;
        (verdict, heard.await.expect("no panic"))
    }

    #[tokio::test]
    async fn it_is_told_who_wants_what_and_lets_in() {
        let (verdict, heard) = asked(Some("HTTP/1.1 204 No Content\r\n\r\n"), true).await;
        assert_eq!(verdict, Ok(()));
        assert!(heard.contains("Bearer secret"), "{heard}");
        for said in [r#""tenant":"club""#, r#""actor":"key:k""#, r#""source":"demo""#] {
            assert!(heard.contains(said), "{heard}");
        }
    }

    #[tokio::test]
    async fn what_it_says_when_it_refuses_is_passed_on() {
        let refusal = "HTTP/1.1 403 Forbidden\r\ncontent-length: 26\r\n\r\n{\"detail\": \"pay up first\"}";
        let problem = asked(Some(refusal), false).await.0.expect_err("refused");
        assert_eq!((problem.status, problem.detail.as_str()), (403, "pay up first"));
        let silent = asked(Some("HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n"), true)
            .await
            .0;
        assert!(silent.is_err_and(|problem| problem.detail.contains("not admitted")));
    }

    #[tokio::test]
    async fn without_an_answer_the_configuration_decides() {
        for answer in [None, Some("HTTP/1.1 500 Oops\r\ncontent-length: 0\r\n\r\n")] {
            let refused = asked(answer, true).await.0.expect_err("it is required");
            assert_eq!((refused.status, refused.reason), (503, Some("admission")));
            assert_eq!(asked(answer, false).await.0, Ok(()));
        }
    }
}
