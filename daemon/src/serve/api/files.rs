//! What an analysis leaves: results, the present picture, a recording, HLS.

use super::archived::{self, Wanted};
use crate::analyze::csv;
use crate::analyze::export::mat;
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
    Ok((
        attachment(&analysis.id, "json"),
        axum::Json(Results::of(&analysis)),
    )
        .into_response())
}

impl Results {
    fn of(analysis: &Analysis) -> Self {
        Self {
            schema: SCHEMA,
            analysis_id: analysis.id.clone(),
            order: analysis.order.clone(),
            repetitions: analysis.record().results(),
        }
    }
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
    Ok((attachment(&analysis.id, "csv"), content_type, text).into_response())
}

/// Results for MATLAB and Octave
///
/// The members of `results.json` as variables, in a MAT-file of version 5: `load('results.mat')`, then
/// `repetitions(1).metrics.jump_height_m`. What was not measured is NaN.
#[utoipa::path(
    get, path = "/api/v1/analyses/{id}/results.mat", tag = "results", params(("id" = String, Path, description = "`analysis_id`")),
    responses((status = 200, description = "The variables", body = Vec<u8>, content_type = "application/x-matlab-data"))
)]
pub async fn results_mat(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let analysis = app.sessions.find(&id, &principal, Scope::ReadAnalyses).await?;
    let document =
        serde_json::to_value(Results::of(&analysis)).map_err(|error| Problem::internal(error.to_string()))?;
    let content_type = [(header::CONTENT_TYPE, MATLAB)];
    Ok((
        attachment(&analysis.id, "mat"),
        content_type,
        mat::encode(&document),
    )
        .into_response())
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

fn attachment(id: &str, extension: &str) -> [(HeaderName, String); 1] {
    let name = format!("attachment; filename=\"{id}.{extension}\"");
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
    let order = app.sessions.order(&id, &principal, Scope::ReadAnalyses).await?;
    if !order.record {
        return Err(Problem::not_found("no recording was asked for"));
    }
    let path = app.sessions.store().recording(&id);
    file(&app, &id, path, request).await
}

/// The video with graphics
///
/// Of a file: an MP4 file with skeleton, phase and numbers, when the analysis is completed. Ranges are served.
#[utoipa::path(
    get, path = "/api/v1/analyses/{id}/overlay.mp4", tag = "results", params(("id" = String, Path, description = "`analysis_id`")),
    responses((status = 200, description = "The video", body = Vec<u8>, content_type = "video/mp4"))
)]
pub async fn overlay(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let order = app.sessions.order(&id, &principal, Scope::ReadAnalyses).await?;
    if !order.file.is_some_and(|file| file.overlay) {
        return Err(Problem::not_found("no such video was asked for"));
    }
    let path = app.sessions.store().overlay(&id);
    file(&app, &id, path, request).await
}

/// The report
///
/// Of a file: a self-contained page with pictures of the key instants, curves, and every number with its interval and definition, when
/// the analysis is completed.
#[utoipa::path(
    get, path = "/api/v1/analyses/{id}/report.html", tag = "results", params(("id" = String, Path, description = "`analysis_id`")),
    responses((status = 200, description = "The page", body = String, content_type = "text/html"))
)]
pub async fn report(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let order = app.sessions.order(&id, &principal, Scope::ReadAnalyses).await?;
    if !order.file.is_some_and(|file| file.report) {
        return Err(Problem::not_found("no report was asked for"));
    }
    let path = app.sessions.store().report(&id);
    let mut response = file(&app, &id, path, request).await?;
    let policy = HeaderValue::from_static(REPORT_POLICY);
    response
        .headers_mut()
        .insert(header::CONTENT_SECURITY_POLICY, policy);
    Ok(response)
}

/// What a report may do in a browser: nothing but be looked at. A process wrote it that has read a stranger's file.
const REPORT_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; \
                             frame-ancestors 'none'; sandbox";

/// Joint curves by phase
///
/// Of a file: joint angles and angular velocities of everybody who moved, 150 rows per cycle, as Parquet in the LocoHub layout.
#[utoipa::path(
    get, path = "/api/v1/analyses/{id}/curves_phase.parquet", tag = "results", params(("id" = String, Path, description = "`analysis_id`")),
    responses((status = 200, description = "The table", body = Vec<u8>, content_type = "application/vnd.apache.parquet"))
)]
pub async fn curves_phase(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    curves(&app, &principal, &id, "_phase.parquet", PARQUET, request).await
}

/// Joint curves over time
///
/// Of a file: joint angles and angular velocities of everybody who moved, a row per measured frame of a repetition, as Parquet in the
/// LocoHub layout.
#[utoipa::path(
    get, path = "/api/v1/analyses/{id}/curves_time.parquet", tag = "results", params(("id" = String, Path, description = "`analysis_id`")),
    responses((status = 200, description = "The table", body = Vec<u8>, content_type = "application/vnd.apache.parquet"))
)]
pub async fn curves_time(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    curves(&app, &principal, &id, "_time.parquet", PARQUET, request).await
}

/// Joint curves for MATLAB and Octave
///
/// Of a file: both tables of joint curves as variables `phase` and `time`, in a MAT-file of version 5. Each is a row of structs, one per
/// cycle or repetition: `plot(phase(1).phase_ipsi, phase(1).knee_flexion_angle_ipsi_rad)`.
#[utoipa::path(
    get, path = "/api/v1/analyses/{id}/curves.mat", tag = "results", params(("id" = String, Path, description = "`analysis_id`")),
    responses((status = 200, description = "The variables", body = Vec<u8>, content_type = "application/x-matlab-data"))
)]
pub async fn curves_mat(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    curves(&app, &principal, &id, ".mat", MATLAB, request).await
}

/// One of the files with joint curves.
async fn curves(
    app: &App,
    principal: &Principal,
    id: &str,
    suffix: &str,
    media_type: &'static str,
    request: Request,
) -> Result<Response, Problem> {
    let order = app.sessions.order(id, principal, Scope::ReadAnalyses).await?;
    if order.file.is_none() {
        return Err(Problem::not_found("joint curves are those of files"));
    }
    let mut path = app.sessions.store().curves(id).into_os_string();
    path.push(suffix);
    let mut response = file(app, id, path.into(), request).await?;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    Ok(response)
}

/// Media type of Parquet.
const PARQUET: &str = "application/vnd.apache.parquet";
/// Media type of MAT-files.
const MATLAB: &str = "application/x-matlab-data";

/// Events so far
///
/// Every event but poses as one JSON object per line, as they were announced. Those that come are in the stream.
#[utoipa::path(
    get, path = "/api/v1/analyses/{id}/events.ndjson", tag = "results", params(("id" = String, Path, description = "`analysis_id`")),
    responses((status = 200, description = "The events", body = String, content_type = "application/x-ndjson"))
)]
pub async fn events(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    app.sessions.order(&id, &principal, Scope::ReadAnalyses).await?;
    let stored = app.sessions.store().read(&id).await?;
    let lines = stored.map(|stored| stored.lines).unwrap_or_default();
    let text: String = lines.iter().flat_map(|line| [line.text(), "\n"]).collect();
    let content_type = [(header::CONTENT_TYPE, "application/x-ndjson")];
    Ok((attachment(&id, "ndjson"), content_type, text).into_response())
}

/// HTTP Live Streaming
///
/// The playlist `index.m3u8` and its segments.
#[utoipa::path(
    get, path = "/hls/{id}/{file}", tag = "video",
    params(("id" = String, Path, description = "`analysis_id`"), ("file" = String, Path, description = "`index.m3u8` or a segment it lists")),
    responses((status = 200, description = "Playlist or segment", content(
        (String = "application/vnd.apple.mpegurl"),
        (Vec<u8> = "video/mp2t"),
    )))
)]
pub async fn hls(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    Path((id, name)): Path<(String, String)>,
    request: Request,
) -> Result<Response, Problem> {
    app.sessions.order(&id, &principal, Scope::ReadAnalyses).await?;
    if !is_segment(&name) {
        return Err(Problem::not_found(
            "there is index.m3u8 and the segments it lists",
        ));
    }
    let path = app.sessions.store().hls(&id).join(&name);
    let mut response = file(&app, &id, path, request).await?;
    let headers = response.headers_mut();
    if name.ends_with(".m3u8") {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(PLAYLIST));
        // It changes with every segment.
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    } else if name.ends_with(".ts") {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(SEGMENT));
    }
    Ok(response)
}

/// Media type of playlists (RFC 8216, section 4).
const PLAYLIST: &str = "application/vnd.apple.mpegurl";
/// Media type of segments, which are MPEG-2 transport streams (RFC 3555).
const SEGMENT: &str = "video/mp2t";

/// Whether a name can be one of a playlist or segment: no folder, nothing hidden.
fn is_segment(name: &str) -> bool {
    let plain = name
        .bytes()
        .all(|c| c.is_ascii_alphanumeric() || b"._-".contains(&c));
    let known = [".m3u8", ".ts", ".m4s", ".mp4"];
    plain && !name.starts_with('.') && known.iter().any(|extension| name.ends_with(extension))
}

/// A file in the folder of an analysis, or where it was put away.
async fn file(app: &App, id: &str, path: PathBuf, request: Request) -> Result<Response, Problem> {
    let wanted = Wanted::of(request.method(), request.headers());
    let served = ServeFile::new(&path).try_call(request).await.map_err(|error| {
        tracing::error!(event = "file_unreadable", path = %path.display(), %error, "a file cannot be read");
        Problem::internal("the file cannot be read")
    })?;
    if served.status() != StatusCode::NOT_FOUND {
        return Ok(served.into_response());
    }
    let folders = app.sessions.store().folders();
    let name = path
        .strip_prefix(folders.of(id))
        .ok()
        .and_then(|name| name.to_str());
    if let (Some(archive), Some(name)) = (folders.archive(), name) {
        let archived = archived::serve(archive, id, name, &wanted)
            .await
            .map_err(|error| {
                tracing::error!(event = "file_unreadable", analysis = id, name, %error, "a file that was put away cannot be read");
                Problem::internal("the file cannot be read")
            })?;
        if let Some(response) = archived {
            return Ok(response);
        }
    }
    Err(Problem::not_found("it is not there, or not yet"))
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
