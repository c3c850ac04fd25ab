//! Who collects traces and metrics.

use super::ConfigError;
use super::access::web_address;
use super::sections::{section, value};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

section!(
    /// Traces and metrics for a collector.
    Telemetry {
        endpoint: String = String::new(),
        headers: BTreeMap<String, String> = BTreeMap::new(),
        service_name: String = "kinemotion".into(),
        sample_ratio: f64 = 1.0,
        interval_s: u64 = 60,
    }
);

impl Telemetry {
    /// What is sent with every request. Values are kept out of anything that is shown.
    ///
    /// # Errors
    /// Which is no header.
    pub fn header_map(&self) -> Result<HeaderMap, ConfigError> {
        let mut headers = HeaderMap::new();
        for (name, text) in &self.headers {
            let wrong = |what| value("telemetry.headers", format!("\"{name}\" {what}"));
            let name = HeaderName::try_from(name).map_err(|_| wrong("is no name of a header"))?;
            let mut text =
                HeaderValue::try_from(text).map_err(|_| wrong("has a value no header can have"))?;
            text.set_sensitive(true);
            headers.insert(name, text);
        }
        Ok(headers)
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        if !self.endpoint.is_empty() {
            web_address("telemetry.endpoint", &self.endpoint)?;
        }
        if !(0.0..=1.0).contains(&self.sample_ratio) {
            return Err(value("telemetry.sample_ratio", "give a share between 0 and 1"));
        }
        if self.interval_s == 0 {
            return Err(value("telemetry.interval_s", "give at least 1"));
        }
        if self.service_name.is_empty() {
            return Err(value("telemetry.service_name", "give a name"));
        }
        self.header_map().map(drop)
    }
}
