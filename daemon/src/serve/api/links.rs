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
    /// Every event that is kept, one JSON object per line.
    pub events_url: String,
    /// Of a file, the video with graphics, when it was asked for; it is there when the analysis is completed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub overlay_video_url: Option<String>,
    /// Of a file, the page about it, when it was asked for; it is there when the analysis is completed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub report_url: Option<String>,
    /// The HLS playlist, when HLS was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hls_url: Option<String>,
}

impl Links {
    /// The addresses as the client of this request sees the daemon, which encrypts connections itself or does not.
    pub fn new(id: &str, order: &Order, headers: &HeaderMap, encrypted: bool) -> Self {
        let base = Base::of(headers, encrypted);
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
            events_url: base.at(&format!("{analysis}/events.ndjson")),
            overlay_video_url: order
                .file
                .filter(|file| file.overlay)
                .map(|_| base.at(&format!("{analysis}/overlay.mp4"))),
            report_url: order
                .file
                .filter(|file| file.report)
                .map(|_| base.at(&format!("{analysis}/report.html"))),
            hls_url: order.hls.then(|| base.at(&format!("/hls/{id}/index.m3u8"))),
        }
    }
}

/// How the client addressed the daemon: scheme and host, empty when it did not say.
struct Base(String);

impl Base {
    fn of(headers: &HeaderMap, encrypted: bool) -> Self {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let scheme = if encrypted || text("x-forwarded-proto") == Some("https") {
            "https"
        } else {
            "http"
        };
        Self(text(header::HOST.as_str()).map_or_else(String::new, |host| format!("{scheme}://{host}")))
    }

    fn at(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn addresses_are_encrypted_where_the_way_to_the_daemon_is() {
        let mut headers = HeaderMap::new();
        assert_eq!(Base::of(&headers, true).at("/whip"), "/whip");
        headers.insert(header::HOST, HeaderValue::from_static("studio.example"));
        let at = |headers: &HeaderMap, encrypted| Base::of(headers, encrypted).at("/whip");
        assert_eq!(at(&headers, false), "http://studio.example/whip");
        assert_eq!(at(&headers, true), "https://studio.example/whip");
        headers.insert("x-forwarded-proto", HeaderValue::from_static("https"));
        assert_eq!(at(&headers, false), "https://studio.example/whip");
    }
}
