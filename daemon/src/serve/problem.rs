//! What went wrong, as RFC 9457 problem documents. Every answer from 400 up is one.

use super::store::StoreError;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

/// Media type of a problem document.
pub const PROBLEM_JSON: &str = "application/problem+json";

/// An error as the client gets it.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Problem {
    /// Stable name of the kind of problem: `urn:kinemotion:problem:<kind>`.
    #[serde(rename = "type")]
    #[schema(example = "urn:kinemotion:problem:invalid-value")]
    pub kind: String,
    /// The kind in words.
    #[schema(example = "A value is not allowed")]
    pub title: &'static str,
    /// HTTP status code.
    #[schema(example = 422)]
    pub status: u16,
    /// What is wrong in this case, and what would be right.
    #[schema(example = "give metres between 0.5 and 2.72")]
    pub detail: String,
    /// The member of the request it is about, as a path.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "athlete.height_m")]
    pub field: Option<String>,
    /// What there is no room for, with status 503: `full`, `token`, `load`, `memory`, `queue`, `draining`, `admission` or `replica`; what was
    /// used up, with status 429: `rate`, `analyses_per_month`, `live_streams`, `uploads` or `downloads`, and with status 403: `webhooks`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "load")]
    pub reason: Option<&'static str>,
    /// When to try again; also said by `Retry-After`.
    #[serde(skip)]
    retry_after_s: Option<u32>,
}

/// Name and title of the kind of problem a status stands for. Every answer from 400 up is of one of these.
fn kind(status: StatusCode) -> (&'static str, &'static str) {
    match status.as_u16() {
        400 => ("malformed-request", "The request cannot be read"),
        401 => ("unauthorized", "A valid token is needed"),
        403 => ("forbidden", "This may not be done"),
        404 => ("not-found", "There is no such thing here"),
        405 => ("method-not-allowed", "This method does not exist here"),
        408 | 504 => ("timeout", "It took longer than is allowed"),
        409 => ("conflict", "The present state does not allow this"),
        412 => ("other-session", "This is meant for another session"),
        413 => ("body-too-large", "The body is larger than is allowed"),
        415 => ("media-type", "The body has another media type than is needed"),
        416 => ("no-such-range", "There is nothing in this range"),
        421 => ("other-name", "The daemon is not known by this name"),
        422 => ("invalid-value", "A value is not allowed"),
        426 => ("upgrade-required", "A WebSocket handshake is needed"),
        428 => ("which-session", "It must be said which session this is meant for"),
        429 => ("too-many-requests", "More was asked for than is allowed"),
        501 => ("not-offered", "This is not offered here"),
        503 => ("unavailable", "There is no room for this now"),
        500.. => ("internal", "Something failed on this side"),
        _ => ("refused", "The request was refused"),
    }
}

/// A function for each kind of problem that handlers tell.
macro_rules! problems {
    ($($(#[$doc:meta])* $function:ident: $status:ident;)*) => {
        impl Problem {
            $($(#[$doc])*
            pub fn $function(detail: impl Into<String>) -> Self {
                Self::new(StatusCode::$status, detail.into())
            })*
        }
    };
}

problems! {
    /// The body, query or header cannot be read.
    malformed: BAD_REQUEST;
    /// It can be read, but a value in it is not allowed.
    invalid: UNPROCESSABLE_ENTITY;
    /// No token, or not one of those configured.
    unauthorized: UNAUTHORIZED;
    /// A page of another site asks.
    foreign_origin: FORBIDDEN;
    /// Whoever asks may not do that.
    forbidden: FORBIDDEN;
    /// It was sent to a name that is not the daemon's.
    other_name: MISDIRECTED_REQUEST;
    /// There is no such thing.
    not_found: NOT_FOUND;
    /// Not now: the state does not allow it.
    conflict: CONFLICT;
    /// It is meant for another session than the one there is.
    other_session: PRECONDITION_FAILED;
    /// It does not say which session it is meant for.
    which_session: PRECONDITION_REQUIRED;
    /// It is more than is allowed in a time, or at once.
    too_many: TOO_MANY_REQUESTS;
    /// The media type of the body is another one than is needed.
    media_type: UNSUPPORTED_MEDIA_TYPE;
    /// The body is longer than is allowed.
    too_large: PAYLOAD_TOO_LARGE;
    /// Nothing is there of the range that is wanted.
    no_such_range: RANGE_NOT_SATISFIABLE;
    /// It took too long.
    late: GATEWAY_TIMEOUT;
    /// Something failed on this side.
    internal: INTERNAL_SERVER_ERROR;
    /// Not offered by this build or configuration.
    not_offered: NOT_IMPLEMENTED;
    /// All places are taken, or the daemon is about to end.
    unavailable: SERVICE_UNAVAILABLE;
}

impl Problem {
    fn new(status: StatusCode, detail: String) -> Self {
        let (name, title) = kind(status);
        Self {
            kind: format!("urn:kinemotion:problem:{name}"),
            title,
            status: status.as_u16(),
            detail,
            field: None,
            reason: None,
            retry_after_s: None,
        }
    }

    /// The client speaks another version of a protocol.
    pub fn other_version(detail: impl Into<String>) -> Self {
        Self {
            kind: "urn:kinemotion:problem:other-version".into(),
            title: "The client speaks another version of the protocol",
            ..Self::new(StatusCode::PRECONDITION_FAILED, detail.into())
        }
    }

    /// A text holds the one character that Postgres cannot store; no database gets to see it.
    pub fn unstorable_text() -> Self {
        Self::invalid("text must not hold the character U+0000")
    }

    /// About this member of the request.
    pub fn field(self, field: impl Into<String>) -> Self {
        Self {
            field: Some(field.into()),
            ..self
        }
    }

    /// For lack of this.
    pub fn reason(self, reason: &'static str) -> Self {
        Self {
            reason: Some(reason),
            ..self
        }
    }

    /// Worth another try after so many seconds.
    pub fn retry_after(self, seconds: u32) -> Self {
        Self {
            retry_after_s: Some(seconds),
            ..self
        }
    }
}

/// When it is worth another try while the database does not answer, seconds.
const RETRY_S: u32 = 5;

/// What the database and the disk say names folders, servers and statements: it is for the log. Clients are told whether another try may
/// help, and no more.
impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        if error.is_about_text() {
            return Self::unstorable_text();
        }
        tracing::error!(event = "not_stored", %error, "something cannot be stored or looked up");
        if error.may_pass() {
            return Self::unavailable("the database does not answer now").retry_after(RETRY_S);
        }
        Self::internal("something cannot be stored or looked up; the log of the daemon says why")
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&self).expect("strings and numbers can be written as JSON");
        let mut response = (status, [(header::CONTENT_TYPE, PROBLEM_JSON)], body).into_response();
        let headers = response.headers_mut();
        if let Some(seconds) = self.retry_after_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// The longest explanation taken over from elsewhere.
const DETAIL_BYTES: usize = 4096;

/// Makes a problem document of an error answer that is none: those of the router, of extractors and of limits.
pub async fn explain(response: Response) -> Response {
    let status = response.status();
    let media_type = response.headers().get(header::CONTENT_TYPE);
    if status < StatusCode::BAD_REQUEST || media_type.is_some_and(|value| value == PROBLEM_JSON) {
        return response;
    }
    let (parts, body) = response.into_parts();
    let text = to_bytes(body, DETAIL_BYTES).await.unwrap_or_default();
    let detail = match String::from_utf8_lossy(&text).trim() {
        "" => kind(status).1.to_owned(),
        detail => detail.to_owned(),
    };
    let mut explained = Problem::new(status, detail).into_response();
    for (name, value) in &parts.headers {
        if !DESCRIBES_THE_BODY.contains(name) {
            explained.headers_mut().insert(name.clone(), value.clone());
        }
    }
    explained
}

/// Headers that do not hold any more when the body is another.
const DESCRIBES_THE_BODY: [HeaderName; 3] = [
    header::CONTENT_TYPE,
    header::CONTENT_LENGTH,
    header::TRANSFER_ENCODING,
];

/// What a handler that panicked answers. The panic itself is in the log.
pub fn panicked(_: Box<dyn std::any::Any + Send>) -> Response<Body> {
    Problem::internal("the daemon has a bug here; its log says more").into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn json(response: Response) -> serde_json::Value {
        assert_eq!(response.headers()[header::CONTENT_TYPE], PROBLEM_JSON);
        let body = to_bytes(response.into_body(), usize::MAX).await.expect("a body");
        serde_json::from_slice(&body).expect("JSON")
    }

    #[tokio::test]
    async fn a_problem_names_the_field_and_when_to_try_again() {
        let problem = Problem::invalid("too tall").field("athlete.height_m");
        let body = json(problem.into_response()).await;
        assert_eq!(body["field"], "athlete.height_m");
        assert_eq!(body["status"], 422);
        let response = Problem::unavailable("full").retry_after(5).into_response();
        assert_eq!(response.headers()[header::RETRY_AFTER], "5");
        assert!(json(response).await.get("field").is_none());
    }

    #[tokio::test]
    async fn what_the_database_says_stays_here() {
        let secret = "relation keys of server db.inner does not exist";
        let broken = Problem::from(StoreError::Broken(secret.into()));
        assert_eq!(broken.status, 500);
        let away = std::io::Error::other(secret);
        let away = Problem::from(StoreError::Database(sqlx::Error::Io(away)));
        assert_eq!((away.status, away.retry_after_s), (503, Some(RETRY_S)));
        for problem in [broken, away] {
            let body = json(problem.into_response()).await.to_string();
            assert!(!body.contains("db.inner"), "{body}");
        }
    }

    #[tokio::test]
    async fn an_error_answer_of_others_is_explained_and_keeps_its_headers() {
        let bare = (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET")]).into_response();
        let explained = explain(bare).await;
        assert_eq!(explained.headers()[header::ALLOW], "GET");
        assert_eq!(json(explained).await["status"], 405);
        let worded = (StatusCode::PAYLOAD_TOO_LARGE, "length limit exceeded").into_response();
        assert_eq!(
            json(explain(worded).await).await["detail"],
            "length limit exceeded"
        );
    }

    #[tokio::test]
    async fn answers_without_an_error_and_problems_stay_as_they_are() {
        let fine = explain("hello".into_response()).await;
        assert_eq!(fine.status(), StatusCode::OK);
        let problem = explain(Problem::conflict("busy").into_response()).await;
        assert_eq!(json(problem).await["detail"], "busy");
    }
}
