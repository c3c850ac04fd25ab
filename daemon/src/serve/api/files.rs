//! What an analysis leaves: results, the present picture, a recording, HLS.

use crate::analyze::csv;
use crate::serve::App;
use crate::serve::auth::{Principal, Scope};
use crate::serve::problem::Problem;
use crate::serve::sessions::{Analysis, Order};
use axum::extract::{Extension, Path, Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::value::RawValue;
use std::path::PathBuf;
use tower_http::services::ServeFile;
use utoipa::ToSchema;

/// Name and version of the results document.
const SCHEMA: &str = "kinemotion.live/1";

/// Results of an analysis so far.
#[derive(Serialize, ToSchema)]
pub struct Results {
    /// `kinemotion.live/1`
    schema: &'static str,
    /// The analysis.
    analysis_id: String,
    /// What was ordered.
    #[schema(value_type = Object)]
    order: Order,
    /// Repetitions, as in the results of files.
    #[schema(value_type = Vec<Object>)]
    repetitions: Vec<Box<RawValue>>,
}

/// Results as JSON
///
/// Every repetition so far, with phases, events, metrics, uncertainty and methods.
#[utoipa::path(
    get, path = "/api/v1/analyses/{id}/results.json", tag = "results", params(("id" = String, Path, description = "`analysis_id`")),
    responses((status = 200, description = "The results", body = Results))
)]
pub async fn results_json(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let analysis = app.sessions.find(&id, &principal, Scope::ReadAnalyses).await?;
    let results = Results {
        schema: SCHEMA,
        analysis_id: analysis.id.clone(),
        order: analysis.order.clone(),
        repetitions: analysis.record().results(),
    };
    Ok((attachment(&analysis, "json"), axum::Json(results)).into_response())
}

/// Results as a table
///
/// Comma-separated values: one line per repetition, the columns of `kinemotion analyze --format csv`.
#[utoipa::path(
    get, path = "/api/v1/analyses/{id}/results.csv", tag = "results", params(("id" = String, Path, description = "`analysis_id`")),
    responses((status = 200, description = "The table", body = String, content_type = "text/csv"))
)]
pub async fn results_csv(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let analysis = app.sessions.find(&id, &principal, Scope::ReadAnalyses).await?;
    let text = table(&analysis).map_err(|error| Problem::internal(error.to_string()))?;
    let content_type = [(header::CONTENT_TYPE, "text/csv; charset=utf-8")];
    Ok((attachment(&analysis, "csv"), content_type, text).into_response())
}

fn table(analysis: &Analysis) -> std::io::Result<Vec<u8>> {
    let results = analysis.record().results();
    let repetitions: Vec<serde_json::Value> = results
        .iter()
        .map(|result| serde_json::from_str(result.get()))
        .collect::<Result<_, _>>()?;
    let mut text = Vec::new();
    csv::write_header(&mut text)?;
    csv::write_rows(&mut text, &analysis.id, &repetitions)?;
    Ok(text)
}

fn attachment(analysis: &Analysis, extension: &str) -> [(HeaderName, String); 1] {
    let name = format!("attachment; filename=\"{}.{extension}\"", analysis.id);
    [(header::CONTENT_DISPOSITION, name)]
}

/// The present picture
///
/// A JPEG of the newest frame with overlay.
#[utoipa::path(
    get, path = "/api/v1/analyses/{id}/snapshot.jpg", tag = "video", params(("id" = String, Path, description = "`analysis_id`")),
    responses((status = 200, description = "The picture", body = Vec<u8>, content_type = "image/jpeg"))
)]
pub async fn snapshot(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let analysis = app.sessions.find(&id, &principal, Scope::ReadAnalyses).await?;
    let picture = app.sessions.with_live(&analysis, |live| live.snapshot()).await?;
    let headers = [
        (header::CONTENT_TYPE, "image/jpeg"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, picture).into_response())
}

/// The recording
///
/// An MP4 file of the video that leaves. Ranges are served.
#[utoipa::path(
    get, path = "/api/v1/analyses/{id}/recording.mp4", tag = "video", params(("id" = String, Path, description = "`analysis_id`")),
    responses((status = 200, description = "The recording", body = Vec<u8>, content_type = "video/mp4"))
)]
pub async fn recording(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let analysis = app.sessions.find(&id, &principal, Scope::ReadAnalyses).await?;
    if !analysis.order.record {
        return Err(Problem::not_found("no recording was asked for"));
    }
    file(app.sessions.store().recording(&analysis.id), request).await
}

/// HTTP Live Streaming
///
/// The playlist `index.m3u8` and its segments.
#[utoipa::path(
    get, path = "/hls/{id}/{file}", tag = "video",
    params(("id" = String, Path, description = "`analysis_id`"), ("file" = String, Path, description = "`index.m3u8` or a segment it lists")),
    responses((status = 200, description = "Playlist or segment", body = Vec<u8>))
)]
pub async fn hls(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    Path((id, name)): Path<(String, String)>,
    request: Request,
) -> Result<Response, Problem> {
    let analysis = app.sessions.find(&id, &principal, Scope::ReadAnalyses).await?;
    if !is_segment(&name) {
        return Err(Problem::not_found(
            "there is index.m3u8 and the segments it lists",
        ));
    }
    let mut response = file(app.sessions.store().hls(&analysis.id).join(&name), request).await?;
    if name.ends_with(".m3u8") {
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(PLAYLIST));
        // It changes with every segment.
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    }
    Ok(response)
}

/// Media type of playlists (RFC 8216, section 4).
const PLAYLIST: &str = "application/vnd.apple.mpegurl";

/// Whether a name can be one of a playlist or segment: no folder, nothing hidden.
fn is_segment(name: &str) -> bool {
    let plain = name
        .bytes()
        .all(|c| c.is_ascii_alphanumeric() || b"._-".contains(&c));
    let known = [".m3u8", ".ts", ".m4s", ".mp4"];
    plain && !name.starts_with('.') && known.iter().any(|extension| name.ends_with(extension))
}

async fn file(path: PathBuf, request: Request) -> Result<Response, Problem> {
    let served = ServeFile::new(&path).try_call(request).await.map_err(|error| {
        tracing::error!(path = %path.display(), %error, "a file cannot be read");
        Problem::internal("the file cannot be read")
    })?;
    if served.status() == StatusCode::NOT_FOUND {
        return Err(Problem::not_found("it is not there, or not yet"));
    }
    Ok(served.into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_playlists_and_segments_are_served() {
        for name in ["index.m3u8", "segment00001.ts", "init.mp4"] {
            assert!(is_segment(name), "{name}");
        }
        for name in [
            "..",
            "../events.ndjson",
            ".ts",
            "a/b.ts",
            "events.ndjson",
            "%2e%2e.ts",
            "",
        ] {
            assert!(!is_segment(name), "{name}");
        }
    }
}
