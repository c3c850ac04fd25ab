//! What Prometheus knows of a version. Everything is asked anew each time.
//!
//! Behind haproxy the answers are those that haproxy counted, which is what clients see, broken connections included; haproxy has no
//! percentiles, so the latency is the histogram of the daemons, whose targets need a label `server` with haproxy's names. Behind a
//! HTTPRoute both are the daemons' own, by the label `service` that the Prometheus operator sets.

use crate::judge::Measured;
use crate::plan::Plan;
use anyhow::{Context, ensure};
use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, Url};
use serde::Deserialize;
use std::time::Duration;

/// It answers within this time, or is away.
const PATIENCE: Duration = Duration::from_secs(5);
/// States of analyses that have not ended.
const RUNNING: &str = "waiting|connecting|live|stalled|finishing";

/// A Prometheus server and what it is asked.
pub struct Prometheus {
    client: Client,
    address: Url,
    questions: Questions,
}

/// PromQL with `$servers` and `$window`.
struct Questions {
    requests: String,
    errors: String,
    p95: String,
    sessions: String,
}

#[derive(Deserialize)]
#[serde(tag = "status", rename_all = "lowercase")]
enum Answer {
    Success { data: Data },
    Error { error: String },
}

#[derive(Deserialize)]
struct Data {
    result: Vec<Sample>,
}

/// Time and value.
#[derive(Deserialize)]
struct Sample {
    value: (f64, String),
}

impl Prometheus {
    /// The one of a plan.
    ///
    /// # Errors
    /// An address that is none, or no TLS.
    pub fn of(plan: &Plan) -> anyhow::Result<Self> {
        // An error would mean that one is chosen already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder()
            .timeout(PATIENCE)
            .no_proxy()
            .build()
            .context("no HTTP client")?;
        let url = format!("{}/api/v1/query", plan.prometheus.url.trim_end_matches('/'));
        let address =
            Url::parse(&url).with_context(|| format!("`prometheus.url`: {}", plan.prometheus.url))?;
        Ok(Self {
            client,
            address,
            questions: Questions::of(plan),
        })
    }

    /// How servers did within the last `window`.
    ///
    /// # Errors
    /// Prometheus is away, does not understand, or has no data.
    pub async fn measure(&self, servers: &[String], window: Duration) -> anyhow::Result<Measured> {
        let questions = &self.questions;
        let ask = |question| self.ask(question, servers, window);
        let (requests, errors, p95_s) = tokio::try_join!(
            ask(&questions.requests),
            ask(&questions.errors),
            ask(&questions.p95)
        )?;
        Ok(Measured {
            requests: requests.context("Prometheus has no data of its requests")?,
            errors: errors.context("Prometheus has no data of its errors")?,
            p95_s,
        })
    }

    /// Analyses that run on servers, and with haproxy requests that are open there, as seen within the last `window`. None: nobody has looked.
    ///
    /// # Errors
    /// Prometheus is away or does not understand.
    pub async fn sessions(&self, servers: &[String], window: Duration) -> anyhow::Result<Option<f64>> {
        self.ask(&self.questions.sessions, servers, window).await
    }

    async fn ask(&self, question: &str, servers: &[String], window: Duration) -> anyhow::Result<Option<f64>> {
        let query = fill(question, servers, window);
        let body = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("query", &query)
            .finish();
        let request = self.client.post(self.address.clone()).body(body);
        let request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        let away = || format!("Prometheus at {}", self.address);
        let response = request.send().await.with_context(away)?;
        let text = response.bytes().await.with_context(away)?;
        match serde_json::from_slice(&text).with_context(away)? {
            Answer::Error { error } => anyhow::bail!("Prometheus does not answer {query}: {error}"),
            Answer::Success { data } => {
                ensure!(
                    data.result.len() <= 1,
                    "the answer to {query} is more than one number"
                );
                let Some(sample) = data.result.first() else {
                    return Ok(None);
                };
                let value: f64 = sample
                    .value
                    .1
                    .parse()
                    .with_context(|| format!("the answer to {query}"))?;
                // What is divided by no answers is no number.
                Ok(value.is_finite().then_some(value))
            }
        }
    }
}

impl Questions {
    fn of(plan: &Plan) -> Self {
        let (label, requests, errors, open) = match &plan.haproxy {
            Some(haproxy) => {
                let backend = &haproxy.backend;
                let counted = |name: &str, more: &str| {
                    format!(
                        "sum(increase(haproxy_server_{name}_total{{proxy=\"{backend}\",server=~\"$servers\"{more}}}[$window]))"
                    )
                };
                // Answers that did not come are not among the responses.
                let none = format!(
                    "{} + {}",
                    counted("connection_errors", ""),
                    counted("response_errors", "")
                );
                let responses = |more| format!("{} + {none}", counted("http_responses", more));
                let open = format!(
                    " + sum(last_over_time(haproxy_server_current_sessions{{proxy=\"{backend}\",server=~\"$servers\"}}[$window]))"
                );
                ("server", responses(""), responses(",code=\"5xx\""), open)
            }
            None => {
                let counted = |more: &str| {
                    format!(
                        "sum(increase(kinemotion_http_requests_total{{service=~\"$servers\"{more}}}[$window]))"
                    )
                };
                // There is no series of errors before the first one.
                let errors = format!("({} or vector(0))", counted(",status=~\"5..\""));
                ("service", counted(""), errors, String::new())
            }
        };
        let p95 = format!(
            "histogram_quantile(0.95, sum by (le) (rate(kinemotion_http_request_duration_seconds_bucket{{{label}=~\"$servers\"}}[$window])))"
        );
        let sessions = format!(
            "sum(last_over_time(kinemotion_analyses{{{label}=~\"$servers\",state=~\"{RUNNING}\"}}[$window])){open}"
        );
        let own = |own: &String, other: String| if own.is_empty() { other } else { own.clone() };
        let wanted = &plan.prometheus;
        Self {
            requests: own(&wanted.requests, requests),
            errors: own(&wanted.errors, errors),
            p95: own(&wanted.p95, p95),
            sessions: own(&wanted.sessions, sessions),
        }
    }
}

/// A question about servers and a time.
fn fill(question: &str, servers: &[String], window: Duration) -> String {
    // Of the characters that names may have, only the dot means something.
    let servers = servers.join("|").replace('.', "[.]");
    let window = format!("{}ms", window.as_millis().max(1));
    question.replace("$servers", &servers).replace("$window", &window)
}

#[cfg(test)]
#[path = "prometheus_tests.rs"]
pub mod tests;
