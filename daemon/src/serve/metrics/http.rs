//! Requests and their answers.

use super::SECONDS;
use super::catalogue::{Catalogue, Family, Label, Unit};
use prometheus::{HistogramVec, IntCounterVec, Result};

const METHOD: Label = Label::occurring(
    "method",
    "GET, HEAD, POST, PATCH, PUT, DELETE, OPTIONS, or other",
    &["GET"],
);
const ROUTE: Label = Label::occurring(
    "route",
    "routes of the API with their placeholders, or none of an address that there is not",
    &["none"],
);
/// An error that has not happened is there from the start: a share of errors is 0 then, and not unknown.
const STATUS: Label = Label::occurring("status", "codes of HTTP that were answered", &["404", "500"]);

/// See the module.
pub struct Http {
    requests: IntCounterVec,
    time: HistogramVec,
}

impl Http {
    pub(super) fn register(catalogue: &mut Catalogue) -> Result<Self> {
        Ok(Self {
            requests: catalogue
                .counters(&Family::of("http_requests_total", "Requests").labels(&[METHOD, ROUTE, STATUS]))?,
            time: catalogue.histograms(
                &Family::of("http_request_duration_seconds", "Time until an answer began")
                    .unit(Unit::Seconds)
                    .labels(&[ROUTE])
                    .buckets(&SECONDS),
            )?,
        })
    }

    /// A request was answered, after so many seconds.
    pub fn answered(&self, method: &str, route: &str, status: &str, seconds: f64) {
        self.requests.with_label_values(&[method, route, status]).inc();
        self.time.with_label_values(&[route]).observe(seconds);
    }
}
