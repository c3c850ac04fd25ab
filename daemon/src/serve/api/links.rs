//! Addresses of what belongs to an analysis.

use crate::serve::sessions::Order;
use axum::http::{HeaderMap, header};
use serde::Serialize;
use utoipa::ToSchema;

/// Addresses of what belongs to an analysis.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Links {
    /// Publish here by WHIP; only when the analysis takes a publisher.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub whip_url: Option<String>,
    /// Watch the picture with overlay here by WHEP.
    pub whep_url: String,
    /// Events as they happen.
    pub stream_url: String,
    /// Transparent page for the browser source of a mixer.
    pub overlay_url: String,
    /// The present picture with overlay.
    pub snapshot_url: String,
    /// Results so far.
    pub results_url: String,
    /// Results so far as a table.
    pub results_csv_url: String,
    /// Why something went wrong.
    pub diagnostics_url: String,
    /// The recording, when one was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recording_url: Option<String>,
    /// The HLS playlist, when HLS was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hls_url: Option<String>,
}

impl Links {
    /// The addresses as the client of this request sees the daemon.
    pub fn new(id: &str, order: &Order, headers: &HeaderMap) -> Self {
        let base = Base::of(headers);
        let analysis = format!("/api/v1/analyses/{id}");
        Self {
            whip_url: order.takes_publisher().then(|| base.at(&format!("/whip/{id}"))),
            whep_url: base.at(&format!("/whep/{id}")),
            stream_url: base.at(&format!("{analysis}/stream")),
            overlay_url: base.at(&format!("/overlay/{id}")),
            snapshot_url: base.at(&format!("{analysis}/snapshot.jpg")),
            results_url: base.at(&format!("{analysis}/results.json")),
            results_csv_url: base.at(&format!("{analysis}/results.csv")),
            diagnostics_url: base.at(&format!("{analysis}/diagnostics")),
            recording_url: order
                .record
                .then(|| base.at(&format!("{analysis}/recording.mp4"))),
            hls_url: order.hls.then(|| base.at(&format!("/hls/{id}/index.m3u8"))),
        }
    }
}

/// How the client addressed the daemon: scheme and host, empty when it did not say.
struct Base(String);

impl Base {
    fn of(headers: &HeaderMap) -> Self {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let scheme = match text("x-forwarded-proto") {
            Some("https") => "https",
            _ => "http",
        };
        Self(text(header::HOST.as_str()).map_or_else(String::new, |host| format!("{scheme}://{host}")))
    }

    fn at(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }
}
