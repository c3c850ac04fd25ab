//! Reading an order: JSON, or a file with JSON beside it.

use crate::serve::App;
use crate::serve::api::model::{CreateAnalysis, Input};
use crate::serve::batch::megabytes;
use crate::serve::batch::reception::{Part, disk, fits};
use crate::serve::extract;
use crate::serve::problem::Problem;
use crate::serve::sessions::{NewFile, no_such_upload};
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, header};
use axum::response::{IntoResponse, Response};
use multer::{Constraints, Field, Multipart, SizeLimit};
use serde_json::json;
use sha2::{Digest, Sha256};
use tempfile::TempPath;
use utoipa::ToSchema;
use uuid::Uuid;

/// The header by which an order that is sent twice is known.
pub const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// Longest key.
const KEY_BYTES: usize = 255;

/// The parts of a multipart order.
const REQUEST: &str = "request";
const VIDEO: &str = "video";
/// Beside the parts themselves: boundaries and headers, bytes.
const FRAMING: u64 = 64 << 10;

/// A file with what is to be done with it.
#[derive(ToSchema)]
#[schema(example = json!({ "request": { "sport_type": "cmj", "quality": "fast" }, "video": "the bytes of jump.mp4" }))]
#[allow(dead_code)] // described, and read part by part
pub struct OrderWithFile {
    /// What is to be done; `input` can be left out.
    #[schema(value_type = Option<CreateAnalysis>)]
    request: Option<String>,
    /// The file.
    #[schema(value_type = String, format = Binary)]
    video: Vec<u8>,
}

/// What was asked for.
pub struct Asked {
    /// What is to be done.
    pub request: CreateAnalysis,
    /// The file, when it came along.
    pub video: Option<TempPath>,
    /// SHA-256 of all of it.
    pub fingerprint: [u8; 32],
}

/// The key of an order, if it has one.
///
/// # Errors
/// One that is empty, too long or no text.
pub fn key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(value) = headers.get(IDEMPOTENCY_KEY) else {
        return Ok(None);
    };
    let key = value.to_str().unwrap_or_default();
    if (1..=KEY_BYTES).contains(&key.len()) {
        return Ok(Some(key.to_owned()));
    }
    let detail = format!("give 1 to {KEY_BYTES} visible characters");
    Err(Problem::invalid(detail).field("Idempotency-Key"))
}

/// Whether an order comes with its file.
pub fn carries_file(headers: &HeaderMap) -> bool {
    media_type(headers)
        .to_ascii_lowercase()
        .starts_with("multipart/form-data")
}

fn media_type(headers: &HeaderMap) -> &str {
    let media_type = headers.get(header::CONTENT_TYPE);
    media_type
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}

/// Reads an order.
///
/// # Errors
/// What is wrong with it, as an answer.
pub async fn read(app: &App, request: Request) -> Result<Asked, Response> {
    if carries_file(request.headers()) {
        let media_type = media_type(request.headers()).to_owned();
        let read = multipart(app, &media_type, request.into_body()).await;
        return read.map_err(IntoResponse::into_response);
    }
    let (request, body): (CreateAnalysis, Bytes) = extract::json(request, app).await?;
    Ok(Asked {
        request,
        video: None,
        fingerprint: Sha256::digest(&body).into(),
    })
}

async fn multipart(app: &App, media_type: &str, body: Body) -> Result<Asked, Problem> {
    let boundary = multer::parse_boundary(media_type).map_err(unreadable)?;
    let config = app.config.get();
    let (longest, most) = (config.server.body_bytes as u64, megabytes(config.batch.upload_mb));
    let sizes = SizeLimit::new()
        .whole_stream(most.saturating_add(longest).saturating_add(FRAMING))
        .for_field(REQUEST, longest);
    let constraints = Constraints::new().size_limit(sizes);
    let mut parts = Multipart::with_constraints(body.into_data_stream(), boundary, constraints);
    let (mut request, mut video, mut digest) = (None, None, Sha256::new());
    while let Some(part) = parts.next_field().await.map_err(unreadable)? {
        let name = part.name().unwrap_or_default().to_owned();
        match name.as_str() {
            REQUEST if request.is_none() => {
                let text = part.bytes().await.map_err(unreadable)?;
                // What makes no sense is said before the file comes, where the client sends it behind.
                request = Some((with_file(&text)?, text));
            }
            VIDEO if video.is_none() => video = Some(receive(app, part, most, &mut digest).await?),
            _ => {
                let detail = format!("there is one part {REQUEST} and one part {VIDEO}");
                return Err(Problem::invalid(detail).field(name));
            }
        }
    }
    let video = video.ok_or_else(|| Problem::invalid("the file is missing").field(VIDEO))?;
    let (request, text) = match request {
        Some(request) => request,
        None => (with_file(b"{}")?, Bytes::from_static(b"{}")),
    };
    digest.update(&text);
    Ok(Asked {
        request,
        video: Some(video),
        fingerprint: digest.finalize().into(),
    })
}

/// Takes the file of an order.
async fn receive(
    app: &App,
    mut part: Field<'_>,
    most: u64,
    digest: &mut Sha256,
) -> Result<TempPath, Problem> {
    let folders = app.sessions.store().folders();
    let folder = folders.make_uploads().await?;
    let mut file = Part::create(&folder).await.map_err(|error| disk(&error))?;
    while let Some(bytes) = part.chunk().await.map_err(unreadable)? {
        fits(file.length() + bytes.len() as u64, most).map_err(Problem::too_large)?;
        digest.update(&bytes);
        file.write(&bytes).await.map_err(|error| disk(&error))?;
    }
    file.finish().await.map_err(|error| disk(&error))
}

/// The JSON beside a file, which need not say that there is one.
fn with_file(text: &[u8]) -> Result<CreateAnalysis, Problem> {
    let mut order: serde_json::Value = extract::from_json(text)?;
    if let Some(members) = order.as_object_mut() {
        members.entry("input").or_insert_with(|| json!({ "file": true }));
    }
    let request: CreateAnalysis = extract::from_json(order.to_string().as_bytes())?;
    if !matches!(request.input, Input::File(_)) {
        return Err(Problem::invalid("the file came along: leave it out").field("input"));
    }
    request.check()?;
    Ok(request)
}

#[expect(clippy::needless_pass_by_value, reason = "as `map_err` hands it over")]
fn unreadable(error: multer::Error) -> Problem {
    let detail = error.to_string();
    match error {
        multer::Error::FieldSizeExceeded { .. } | multer::Error::StreamSizeExceeded { .. } => {
            Problem::too_large(detail)
        }
        _ => Problem::malformed(detail),
    }
}

/// The file an order is about; `None` when it is live.
///
/// # Errors
/// There is none.
pub fn file(input: &Input, video: Option<TempPath>) -> Result<Option<NewFile>, Problem> {
    Ok(match (input, video) {
        (Input::VideoPath(address), _) => Some(NewFile::At(address.clone())),
        (Input::Upload(name), _) => {
            // A name that is none of ours must not become one of a file.
            let name = Uuid::try_parse(name).map_err(|_| no_such_upload())?;
            Some(NewFile::Upload(name.to_string()))
        }
        (Input::File(_), Some(video)) => Some(NewFile::Here(video)),
        (Input::File(_), None) => {
            let detail = format!("send multipart/form-data with the file as its part {VIDEO}");
            return Err(Problem::invalid(detail).field("input.file"));
        }
        (Input::Streaming(_) | Input::Uri(_) | Input::Camera(_) | Input::Demo(_), _) => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beside_a_file_only_what_differs_needs_to_be_said() {
        assert_eq!(with_file(b"{}").expect("enough").input, Input::File(true));
        let request = with_file(br#"{"sport_type":"cmj","input":{"file":true}}"#).expect("fits");
        assert_eq!(request.sport_type, "cmj");
        let other = with_file(br#"{"input":{"demo":true}}"#).expect_err("two inputs");
        assert_eq!((other.status, other.field.as_deref()), (422, Some("input")));
        assert_eq!(with_file(b"{").expect_err("no JSON").status, 400);
        assert_eq!(with_file(b"[]").expect_err("no object").status, 422);
    }

    #[test]
    fn names_of_uploads_are_no_paths() {
        for bad in [
            "../kinemotion.sqlite3",
            "",
            "a/b",
            "0199d4c0-0000-7000-8000-00000000000g",
        ] {
            let problem = file(&Input::Upload(bad.into()), None).expect_err(bad);
            assert_eq!(
                (problem.status, problem.field.as_deref()),
                (422, Some("input.upload"))
            );
        }
        let good = file(
            &Input::Upload("0199D4C0-0000-7000-8000-000000000001".into()),
            None,
        )
        .expect("a name");
        assert!(
            matches!(good, Some(NewFile::Upload(name)) if name == "0199d4c0-0000-7000-8000-000000000001")
        );
        assert!(file(&Input::File(true), None).is_err());
        assert!(matches!(file(&Input::Demo(true), None), Ok(None)));
    }

    #[test]
    fn a_key_is_some_text() {
        let key = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(IDEMPOTENCY_KEY, value.parse().expect("a header"));
            key(&headers)
        };
        assert_eq!(super::key(&HeaderMap::new()), Ok(None));
        assert_eq!(key("team-7/42"), Ok(Some("team-7/42".into())));
        assert!(key("").is_err() && key(&"x".repeat(256)).is_err());
    }
}
