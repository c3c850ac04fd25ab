//! Bodies and queries as types, with errors that name the field.

use super::problem::Problem;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use serde::de::value::{MapDeserializer, StrDeserializer};
use serde::de::{DeserializeOwned, Deserializer, IgnoredAny, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::Value;
use std::borrow::Cow;

/// A JSON body.
pub struct Json<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        json(request, state).await.map(|(value, _)| Self(value))
    }
}

/// A JSON body as a type, and as it came.
pub async fn json<T: DeserializeOwned, S: Send + Sync>(
    request: Request,
    state: &S,
) -> Result<(T, Bytes), Response> {
    expect_media_type(request.headers(), "application/json").map_err(IntoResponse::into_response)?;
    let body = body(request, state).await?;
    let value = from_json(&body).map_err(IntoResponse::into_response)?;
    Ok((value, body))
}

/// A body of one media type as text.
pub async fn text<S: Send + Sync>(
    request: Request,
    state: &S,
    media_type: &'static str,
) -> Result<String, Response> {
    expect_media_type(request.headers(), media_type).map_err(IntoResponse::into_response)?;
    let body = body(request, state).await?;
    String::from_utf8(body.into())
        .map_err(|_| Problem::malformed("the body is not UTF-8 text").into_response())
}

/// The whole body, within the limit on its size.
async fn body<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, Response> {
    Bytes::from_request(request, state)
        .await
        .map_err(BytesRejection::into_response)
}

fn expect_media_type(headers: &HeaderMap, wanted: &'static str) -> Result<(), Problem> {
    let given = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let essence = given
        .and_then(|value| value.split(';').next())
        .unwrap_or_default()
        .trim();
    if essence.eq_ignore_ascii_case(wanted) {
        return Ok(());
    }
    let given = if essence.is_empty() { "nothing" } else { essence };
    Err(Problem::media_type(format!(
        "send Content-Type: {wanted}; this says {given}"
    )))
}

/// JSON as a type.
///
/// # Errors
/// A problem that names the field.
pub fn from_json<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    // A text that is no JSON may hold a wrong value before the place where it breaks off: whether it is comes first.
    serde_json::from_slice::<IgnoredAny>(body).map_err(|error| Problem::malformed(error.to_string()))?;
    can_be_stored(body)?;
    let mut reader = serde_json::Deserializer::from_slice(body);
    serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        invalid(without_position(&error.into_inner()), &path)
    })
}

/// What U+0000 has to be written as in JSON.
const ESCAPED_NUL: &[u8] = br"\u0000";

/// Refuses JSON with a text that no database holds.
fn can_be_stored(body: &[u8]) -> Result<(), Problem> {
    let may_hold = body
        .windows(ESCAPED_NUL.len())
        .any(|window| window == ESCAPED_NUL);
    if !may_hold {
        return Ok(());
    }
    let body: Value = serde_json::from_slice(body).map_err(|error| Problem::malformed(error.to_string()))?;
    match place_of_nul(&body) {
        None => Ok(()),
        Some(place) if place.is_empty() => Err(Problem::unstorable_text()),
        Some(place) => Err(Problem::unstorable_text().field(place)),
    }
}

/// Where U+0000 is in JSON, as a path; that of the object where a name of a member has it.
fn place_of_nul(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => text.contains('\0').then(String::new),
        Value::Array(elements) => elements
            .iter()
            .enumerate()
            .find_map(|(n, element)| Some(joined(&format!("[{n}]"), &place_of_nul(element)?))),
        Value::Object(members) => members.iter().find_map(|(name, member)| {
            if name.contains('\0') {
                return Some(String::new());
            }
            Some(joined(name, &place_of_nul(member)?))
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

/// A path as serde writes it.
fn joined(first: &str, rest: &str) -> String {
    let dot = if rest.is_empty() || rest.starts_with('[') {
        ""
    } else {
        "."
    };
    format!("{first}{dot}{rest}")
}

/// What serde says, without the place in the text: the field says it better.
fn without_position(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rfind(" at line ") {
        Some(end) => text[..end].to_owned(),
        None => text,
    }
}

/// A value that does not fit at a path as serde writes it: a lone dot stands for the whole body. What is missing is
/// named itself.
fn invalid(detail: String, path: &str) -> Problem {
    let place = match path {
        "." | "?" => "",
        path => path,
    };
    let missing = detail
        .strip_prefix("missing field `")
        .and_then(|rest| rest.strip_suffix('`'))
        .map(str::to_owned);
    let problem = Problem::invalid(detail);
    match (place, missing) {
        ("", None) => problem,
        ("", Some(name)) => problem.field(name),
        (place, None) => problem.field(place),
        (place, Some(name)) => problem.field(format!("{place}.{name}")),
    }
}

/// A query string.
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        from_query(parts.uri.query().unwrap_or_default()).map(Self)
    }
}

/// What stands behind the question mark of an address, as a type.
///
/// # Errors
/// A problem that names the parameter.
pub fn from_query<T: DeserializeOwned>(query: &str) -> Result<T, Problem> {
    from_pairs(url::form_urlencoded::parse(query.as_bytes()))
}

fn from_pairs<'a, T: DeserializeOwned>(
    pairs: impl Iterator<Item = (Cow<'a, str>, Cow<'a, str>)>,
) -> Result<T, Problem> {
    // The token has its own reader, and belongs to no request in particular.
    let pairs: Vec<_> = pairs
        .filter(|(name, _)| name != super::auth::QUERY_TOKEN)
        .collect();
    if let Some((name, _)) = pairs.iter().find(|(_, value)| value.contains('\0')) {
        return Err(Problem::unstorable_text().field(&**name));
    }
    let pairs = pairs
        .into_iter()
        .map(|(name, value)| (name.into_owned(), Text(value)));
    let pairs = MapDeserializer::<_, serde_json::Error>::new(pairs);
    serde_path_to_error::deserialize(pairs).map_err(|error| {
        let path = error.path().to_string();
        invalid(error.into_inner().to_string(), &path)
    })
}

/// A value of a query: text, read as whatever is wanted. `17` is a number where one is wanted, and else somebody's name.
struct Text<'a>(Cow<'a, str>);

impl IntoDeserializer<'_, serde_json::Error> for Text<'_> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

/// Reads text as what it can be parsed as; a visitor that gets text instead says what it wanted.
macro_rules! parsed {
    ($($method:ident: $type:ty, $visit:ident;)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
            match self.0.parse::<$type>() {
                Ok(value) => visitor.$visit(value),
                Err(_) => self.deserialize_any(visitor),
            }
        })*
    };
}

impl<'de> Deserializer<'de> for Text<'_> {
    type Error = serde_json::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_str(&self.0)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        let text: StrDeserializer<'_, Self::Error> = (&*self.0).into_deserializer();
        text.deserialize_enum(name, variants, visitor)
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        match self.0.parse::<f64>() {
            Ok(value) if value.is_finite() => visitor.visit_f64(value),
            _ => self.deserialize_any(visitor),
        }
    }

    parsed! {
        deserialize_bool: bool, visit_bool;
        deserialize_i8: i8, visit_i8;
        deserialize_i16: i16, visit_i16;
        deserialize_i32: i32, visit_i32;
        deserialize_i64: i64, visit_i64;
        deserialize_u8: u8, visit_u8;
        deserialize_u16: u16, visit_u16;
        deserialize_u32: u32, visit_u32;
        deserialize_u64: u64, visit_u64;
    }

    forward_to_deserialize_any! {
        char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

/// The fallback of every router: nothing is here.
pub async fn nowhere(request: Request) -> Problem {
    let path = request.uri().path();
    Problem::not_found(format!(
        "{path} is no path of this daemon; /api/v1/docs lists them"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Outer {
        #[serde(default)]
        inner: Inner,
    }

    #[derive(Debug, Default, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        height_m: Option<f64>,
    }

    #[derive(Debug, Deserialize)]
    struct Needy {
        input: String,
    }

    fn problem(body: &str) -> Problem {
        from_json::<Outer>(body.as_bytes()).expect_err(body)
    }

    #[test]
    fn a_wrong_value_is_named_by_its_path() {
        let right = from_json::<Outer>(br#"{"inner":{"height_m":1.8}}"#).expect("fits");
        assert_eq!(right.inner.height_m, Some(1.8));
        let wrong = problem(r#"{"inner":{"height_m":"tall"}}"#);
        assert_eq!(
            (wrong.status, wrong.field.as_deref()),
            (422, Some("inner.height_m"))
        );
        assert!(!wrong.detail.contains("line"), "{}", wrong.detail);
        let unknown = problem(r#"{"inner":{"height":1.8}}"#);
        assert!(unknown.detail.contains("`height`"), "{}", unknown.detail);
        assert_eq!(unknown.field.as_deref(), Some("inner.height"));
    }

    #[test]
    fn what_is_missing_is_named() {
        let missing = from_json::<Needy>(b"{}").expect_err("missing");
        assert_eq!(missing.field.as_deref(), Some("input"));
    }

    #[test]
    fn what_is_no_json_is_malformed() {
        for body in ["", "{", "{} {}", "\u{0}", "[1", r#"{"inner":"#] {
            assert_eq!(problem(body).status, 400, "{body}");
        }
    }

    #[test]
    fn a_text_that_no_database_holds_is_refused_and_named() {
        for (body, field) in [
            (r#"{"inner":{"height_m":"\u0000"}}"#, Some("inner.height_m")),
            (
                r#"{"inner":[1,["x",{"name":"a\u0000b"}]]}"#,
                Some("inner[1][1].name"),
            ),
            (r#"{"in\u0000ner":1}"#, None),
            (r#""\u0000""#, None),
        ] {
            let refused = problem(body);
            assert_eq!((refused.status, refused.field.as_deref()), (422, field), "{body}");
            assert_eq!(refused.detail, Problem::unstorable_text().detail, "{body}");
        }
        let spelled = from_json::<Needy>(br#"{"input":"\\u0000"}"#).expect("a backslash and letters");
        assert_eq!(spelled.input, r"\u0000");
        let asked = from_query::<Needy>("input=a%00b").expect_err("not in a query either");
        assert_eq!((asked.status, asked.field.as_deref()), (422, Some("input")));
        let broken = problem(r#"{"inner":"\u0000"#);
        assert_eq!(broken.status, 400, "what is no JSON is that first");
    }

    #[test]
    fn queries_are_typed_and_say_what_is_wrong() {
        let read = |query: &str| from_pairs::<Inner>(url::form_urlencoded::parse(query.as_bytes()));
        assert_eq!(read("height_m=1.8").expect("fits").height_m, Some(1.8));
        assert_eq!(
            read("height_m=1.8&access_token=x").expect("fits").height_m,
            Some(1.8)
        );
        assert_eq!(
            read("height_m=tall").expect_err("no number").field.as_deref(),
            Some("height_m")
        );
        assert!(read("size=1").expect_err("unknown").detail.contains("`size`"));
        assert_eq!(
            read("height_m=NaN").expect_err("no number").field.as_deref(),
            Some("height_m")
        );
        let needy = from_pairs::<Needy>(url::form_urlencoded::parse(b"input=17"));
        assert_eq!(needy.expect("text").input, "17", "a name may look like a number");
    }
}
