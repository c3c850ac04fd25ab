//! Big files in pieces, by the protocol tus 1.0 (tus.io/protocols/resumable-upload), so that its clients can be used: creation,
//! expiration and termination beside the core.
#![expect(clippy::result_large_err, reason = "an answer is made once for each request")]

use crate::serve::App;
use crate::serve::auth::{Principal, Scope};
use crate::serve::batch::megabytes;
use crate::serve::batch::reception::{self, disk, fits, no_upload};
use crate::serve::problem::Problem;
use crate::serve::store::{Folders, Upload, now_ms};
use axum::extract::{Extension, Path, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::str::FromStr;
use std::time::{Duration, UNIX_EPOCH};
use tokio::fs::File;
use uuid::Uuid;

/// The version of the protocol.
pub const TUS_RESUMABLE: HeaderName = HeaderName::from_static("tus-resumable");
const TUS_VERSION: HeaderName = HeaderName::from_static("tus-version");
const TUS_EXTENSION: HeaderName = HeaderName::from_static("tus-extension");
const TUS_MAX_SIZE: HeaderName = HeaderName::from_static("tus-max-size");
/// How long the file is.
pub const UPLOAD_LENGTH: HeaderName = HeaderName::from_static("upload-length");
/// How much of it is here.
pub const UPLOAD_OFFSET: HeaderName = HeaderName::from_static("upload-offset");
/// What the client calls it.
pub const UPLOAD_METADATA: HeaderName = HeaderName::from_static("upload-metadata");
/// When it is removed.
pub const UPLOAD_EXPIRES: HeaderName = HeaderName::from_static("upload-expires");

const VERSION: HeaderValue = HeaderValue::from_static("1.0.0");
const EXTENSIONS: HeaderValue = HeaderValue::from_static("creation,expiration,termination");
/// What addresses of uploads begin with.
const HERE: &str = "/api/v1/uploads";
/// Media type of a piece.
pub const PIECE: &str = "application/offset+octet-stream";
/// Longest name that is kept of a file, bytes.
const NAME_BYTES: usize = 200;

/// Begin an upload
///
/// The answer says in `Location` where the pieces go. Its last part is the name for `"input": {"upload": "…"}`.
#[utoipa::path(
    post, path = "/api/v1/uploads", tag = "uploads", operation_id = "create_upload",
    params(
        ("Tus-Resumable" = String, Header, description = "Always 1.0.0", example = "1.0.0"),
        ("Upload-Length" = u64, Header, description = "How long the file is, bytes", example = 52428800),
        ("Upload-Metadata" = Option<String>, Header, description = "`filename` and its name in base64", example = "filename anVtcC5tcDQ="),
    ),
    responses(
        (status = 201, description = "Begun; `Location` is its address, and `Upload-Expires` says when it is removed"),
        (status = 413, description = "It is longer than is taken", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "There are too many already; `reason` is `uploads`", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn create(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    headers: HeaderMap,
) -> Result<Response, Response> {
    allowed(&principal, &headers)?;
    answered(begin(&app, principal, &headers).await)
}

async fn begin(app: &App, principal: Principal, headers: &HeaderMap) -> Result<Response, Problem> {
    let batch = app.config.get().batch.clone();
    let most = megabytes(batch.upload_mb);
    let bytes: u64 = number(headers, &UPLOAD_LENGTH)?;
    fits(bytes, most).map_err(|reason| Problem::too_large(reason).field("Upload-Length"))?;
    let now = now_ms();
    let upload = Upload {
        id: Uuid::now_v7().to_string(),
        tenant: principal.tenant,
        name: file_name(headers),
        bytes,
        received: 0,
        created_at: now,
        expires_at: now.saturating_add(milliseconds(batch.upload_hours)),
    };
    let folders = app.sessions.store().folders();
    folders.make_uploads().await?;
    let path = folders.upload(&upload.id);
    File::create_new(&path).await.map_err(|error| disk(&error))?;
    if !app.sessions.store().uploads().add(&upload, batch.uploads).await? {
        Folders::remove_file(&path).await?;
        let detail = format!(
            "there are {} uploads already: use some, or remove them",
            batch.uploads
        );
        return Err(Problem::too_many(detail).reason("uploads"));
    }
    let location = format!("{HERE}/{}", upload.id);
    let mut response = (StatusCode::CREATED, [(header::LOCATION, location)]).into_response();
    describe(&mut response, &upload);
    response.headers_mut().insert(TUS_MAX_SIZE, most.into());
    Ok(response)
}

/// Middleware: the answer to OPTIONS also says what of the protocol is spoken, and how long a file may be.
pub async fn say_what_is_spoken(State(app): State<App>, request: Request, next: Next) -> Response {
    let asked = request.method() == Method::OPTIONS && request.uri().path().starts_with(HERE);
    let mut response = next.run(request).await;
    if asked {
        let headers = response.headers_mut();
        headers.insert(TUS_RESUMABLE, VERSION);
        headers.insert(TUS_VERSION, VERSION);
        headers.insert(TUS_EXTENSION, EXTENSIONS);
        headers.insert(TUS_MAX_SIZE, megabytes(app.config.get().batch.upload_mb).into());
    }
    response
}

/// Look how much of an upload is here
#[utoipa::path(
    head, path = "/api/v1/uploads/{id}", tag = "uploads", operation_id = "look_at_upload",
    params(
        ("id" = String, Path, description = "The name of the upload"),
        ("Tus-Resumable" = String, Header, description = "Always 1.0.0", example = "1.0.0"),
    ),
    responses((status = 200, description = "`Upload-Offset` is how much is here, `Upload-Length` how long it is"))
)]
pub async fn look(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Response> {
    allowed(&principal, &headers)?;
    let found = find(&app, &principal, &id).await;
    answered(found.map(|upload| {
        let mut response = [(header::CACHE_CONTROL, "no-store")].into_response();
        describe(&mut response, &upload);
        response
    }))
}

/// Send a piece of an upload
///
/// The piece that begins at `Upload-Offset`, which is how much is here already. What arrives is kept, also when the rest does not.
#[utoipa::path(
    patch, path = "/api/v1/uploads/{id}", tag = "uploads", operation_id = "append_to_upload",
    params(
        ("id" = String, Path, description = "The name of the upload"),
        ("Tus-Resumable" = String, Header, description = "Always 1.0.0", example = "1.0.0"),
        ("Upload-Offset" = u64, Header, description = "Where the piece begins", example = 0),
    ),
    request_body(content = Vec<u8>, content_type = "application/offset+octet-stream"),
    responses(
        (status = 204, description = "`Upload-Offset` is how much is here now"),
        (status = 409, description = "Another part of it is here", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn append(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Response> {
    allowed(&principal, request.headers())?;
    answered(add(&app, &principal, &id, request).await)
}

async fn add(app: &App, principal: &Principal, id: &str, request: Request) -> Result<Response, Problem> {
    let media_type = request.headers().get(header::CONTENT_TYPE);
    if media_type.is_none_or(|value| value != PIECE) {
        return Err(Problem::media_type(format!("send Content-Type: {PIECE}")));
    }
    let offset: u64 = number(request.headers(), &UPLOAD_OFFSET)?;
    let (store, tenant, id) = (app.sessions.store().clone(), principal.tenant.clone(), name(id)?);
    // It goes on when the client goes away, so that what has arrived is noted.
    let body = request.into_body();
    let received = tokio::spawn(async move { reception::append(&store, &tenant, &id, offset, body).await });
    let upload = received
        .await
        .unwrap_or_else(|_| Err(Problem::internal("receiving panicked")))?;
    let mut response = StatusCode::NO_CONTENT.into_response();
    describe(&mut response, &upload);
    Ok(response)
}

/// Remove an upload
#[utoipa::path(
    delete, path = "/api/v1/uploads/{id}", tag = "uploads", operation_id = "remove_upload",
    params(
        ("id" = String, Path, description = "The name of the upload"),
        ("Tus-Resumable" = String, Header, description = "Always 1.0.0", example = "1.0.0"),
    ),
    responses((status = 204, description = "Removed"))
)]
pub async fn remove(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Response> {
    allowed(&principal, &headers)?;
    answered(take_away(&app, &principal, &id).await)
}

async fn take_away(app: &App, principal: &Principal, id: &str) -> Result<Response, Problem> {
    let upload = find(app, principal, id).await?;
    let store = app.sessions.store();
    if !store.uploads().remove(&upload.tenant, &upload.id).await? {
        return Err(no_upload());
    }
    let path = store.folders().upload(&upload.id);
    Folders::remove_file(&path).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// An upload of whoever asks.
async fn find(app: &App, principal: &Principal, id: &str) -> Result<Upload, Problem> {
    let found = app
        .sessions
        .store()
        .uploads()
        .find(&principal.tenant, &name(id)?, now_ms())
        .await;
    found?.ok_or_else(no_upload)
}

/// The name of an upload; none that could be one of another file.
fn name(id: &str) -> Result<String, Problem> {
    Uuid::try_parse(id)
        .map(|id| id.to_string())
        .map_err(|_| no_upload())
}

/// Every answer says the version.
fn answered(outcome: Result<Response, Problem>) -> Result<Response, Response> {
    outcome.map(with_version).map_err(refused)
}

fn refused(problem: Problem) -> Response {
    with_version(problem.into_response())
}

fn with_version(mut response: Response) -> Response {
    response.headers_mut().insert(TUS_RESUMABLE, VERSION);
    response
}

/// Whether somebody may upload, in this version.
fn allowed(principal: &Principal, headers: &HeaderMap) -> Result<(), Response> {
    principal.may(Scope::WriteAnalyses).map_err(refused)?;
    speaks_tus(headers)
}

/// Whether the client speaks this version.
fn speaks_tus(headers: &HeaderMap) -> Result<(), Response> {
    if headers.get(TUS_RESUMABLE) == Some(&VERSION) {
        return Ok(());
    }
    let problem = Problem::other_version("send Tus-Resumable: 1.0.0").field("Tus-Resumable");
    let mut response = refused(problem);
    response.headers_mut().insert(TUS_VERSION, VERSION);
    Err(response)
}

/// Says of an upload what clients need to go on.
fn describe(response: &mut Response, upload: &Upload) {
    let headers = response.headers_mut();
    headers.insert(UPLOAD_LENGTH, upload.bytes.into());
    headers.insert(UPLOAD_OFFSET, upload.received.into());
    headers.insert(TUS_EXTENSION, EXTENSIONS);
    let since = Duration::from_millis(u64::try_from(upload.expires_at).unwrap_or_default());
    // The form of RFC 9110, as the protocol wants it.
    if let Ok(moment) = HeaderValue::from_str(&httpdate::fmt_http_date(UNIX_EPOCH + since)) {
        headers.insert(UPLOAD_EXPIRES, moment);
    }
}

/// The number a header says.
///
/// # Errors
/// It says none; names the header.
pub fn number<T: FromStr>(headers: &HeaderMap, header: &HeaderName) -> Result<T, Problem> {
    let value = headers.get(header).and_then(|value| value.to_str().ok());
    let number = value.and_then(|text| text.parse().ok());
    number.ok_or_else(|| Problem::malformed("give a whole number of bytes").field(header.as_str()))
}

/// What the client calls the file: `filename` among pairs of a name and a value in base64.
pub fn file_name(headers: &HeaderMap) -> Option<String> {
    let pairs = headers.get(UPLOAD_METADATA)?.to_str().ok()?;
    let value = pairs
        .split(',')
        .find_map(|pair| pair.trim().strip_prefix("filename "))?;
    let name = String::from_utf8(STANDARD.decode(value.trim()).ok()?).ok()?;
    let fits = !name.is_empty() && name.len() <= NAME_BYTES && !name.contains('\0');
    fits.then_some(name)
}

fn milliseconds(hours: u64) -> i64 {
    i64::try_from(hours.saturating_mul(3_600_000)).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: &HeaderName, value: &str) -> HeaderMap {
        let value = value.parse().expect("a header");
        HeaderMap::from_iter([(name.clone(), value)])
    }

    #[test]
    fn the_name_of_a_file_is_found_among_what_is_said_of_it() {
        let name = |text: &str| file_name(&headers(&UPLOAD_METADATA, text));
        assert_eq!(name("filename anVtcC5tcDQ="), Some("jump.mp4".into()));
        assert_eq!(
            name("filetype dmlkZW8=, filename anVtcC5tcDQ="),
            Some("jump.mp4".into())
        );
        for none in [
            "",
            "filename",
            "filename !",
            "filename /w==",
            "filename AA==",
            "nofilename anVtcC5tcDQ=",
        ] {
            assert_eq!(name(none), None, "{none}");
        }
    }

    #[test]
    fn numbers_are_whole_and_not_below_nothing() {
        let read = |text: &str| number::<u64>(&headers(&UPLOAD_LENGTH, text), &UPLOAD_LENGTH);
        assert_eq!(read("7"), Ok(7));
        for bad in ["", "-1", "1.5", "18446744073709551616", "seven"] {
            let problem = read(bad).expect_err(bad);
            assert_eq!(
                (problem.status, problem.field.as_deref()),
                (400, Some("upload-length"))
            );
        }
    }

    #[test]
    fn only_the_version_that_is_spoken_is_answered() {
        assert!(speaks_tus(&headers(&TUS_RESUMABLE, "1.0.0")).is_ok());
        for other in [HeaderMap::new(), headers(&TUS_RESUMABLE, "0.2.2")] {
            let refused = speaks_tus(&other).expect_err("another version");
            assert_eq!(refused.status(), StatusCode::PRECONDITION_FAILED);
            assert_eq!(refused.headers()[TUS_VERSION], "1.0.0");
        }
    }
}
