//! Files that lie in a bucket, as those of a folder are served: whole, or a range of them.

use crate::serve::problem::Problem;
use crate::serve::store::{Archive, StoreError};
use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::ops::Range;

/// What of a request says what is wanted.
pub struct Wanted {
    method: Method,
    range: Option<String>,
    if_range: Option<HeaderValue>,
}

impl Wanted {
    /// Of this request.
    pub fn of(method: &Method, headers: &HeaderMap) -> Self {
        let range = headers.get(header::RANGE).and_then(|value| value.to_str().ok());
        Self {
            method: method.clone(),
            range: range.map(str::to_owned),
            if_range: headers.get(header::IF_RANGE).cloned(),
        }
    }

    /// The range that is wanted of a file of this length, which is now called `tag`.
    fn range(&self, size: u64, tag: Option<&HeaderValue>) -> Part {
        let same = self.if_range.is_none() || self.if_range.as_ref() == tag;
        match self.range.as_deref().filter(|_| same) {
            Some(text) => part(text, size),
            None => Part::Whole,
        }
    }
}

/// What is sent of a file.
#[derive(Debug, PartialEq, Eq)]
enum Part {
    Whole,
    Range(Range<u64>),
    /// There is nothing in that range.
    Nothing,
}

/// One range of bytes (RFC 9110, section 14.1.2). What is anything else is left alone, which the standard allows.
fn part(text: &str, size: u64) -> Part {
    let Some((first, last)) = text.strip_prefix("bytes=").and_then(|text| text.split_once('-')) else {
        return Part::Whole;
    };
    let range = match (first.trim().parse::<u64>(), last.trim().parse::<u64>()) {
        (Ok(first), Ok(last)) if first <= last => first..last.saturating_add(1).min(size),
        (Ok(first), Err(_)) if last.is_empty() => first..size,
        (Err(_), Ok(last)) if first.is_empty() => size.saturating_sub(last)..size,
        _ => return Part::Whole,
    };
    if range.is_empty() {
        return Part::Nothing;
    }
    Part::Range(range)
}

/// A file of an analysis in the bucket; `None` when it is not there.
///
/// # Errors
/// A bucket that cannot be read.
pub async fn serve(
    archive: &Archive,
    id: &str,
    name: &str,
    wanted: &Wanted,
) -> Result<Option<Response>, StoreError> {
    let Some(found) = archive.look(id, name).await? else {
        return Ok(None);
    };
    let tag = found
        .e_tag
        .as_deref()
        .and_then(|tag| HeaderValue::from_str(tag).ok());
    let part = wanted.range(found.size, tag.as_ref());
    if part == Part::Nothing {
        let range = [(header::CONTENT_RANGE, format!("bytes */{}", found.size))];
        let problem = Problem::no_such_range("the file is shorter").into_response();
        return Ok(Some((range, problem).into_response()));
    }
    let (status, range) = match part {
        Part::Range(range) => (StatusCode::PARTIAL_CONTENT, range),
        _ => (StatusCode::OK, 0..found.size),
    };
    let body = if wanted.method == Method::HEAD {
        Body::empty()
    } else {
        let got = archive.get(id, name, range.clone()).await?;
        Body::from_stream(got.into_stream())
    };
    let mut response = (status, body).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type(name)));
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(header::CONTENT_LENGTH, (range.end - range.start).into());
    if status == StatusCode::PARTIAL_CONTENT {
        let said = format!("bytes {}-{}/{}", range.start, range.end - 1, found.size);
        if let Ok(said) = HeaderValue::from_str(&said) {
            headers.insert(header::CONTENT_RANGE, said);
        }
    }
    if let Some(tag) = tag {
        headers.insert(header::ETAG, tag);
    }
    Ok(Some(response))
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("mp4" | "m4s") => "video/mp4",
        Some("ts") => "video/mp2t",
        Some("html") => "text/html",
        Some("ndjson") => "application/x-ndjson",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::to_bytes;
    use object_store::memory::InMemory;

    #[test]
    fn one_range_of_bytes_is_understood() {
        assert_eq!(part("bytes=0-3", 10), Part::Range(0..4));
        assert_eq!(part("bytes=4-", 10), Part::Range(4..10));
        assert_eq!(part("bytes=-3", 10), Part::Range(7..10));
        assert_eq!(part("bytes=-30", 10), Part::Range(0..10));
        assert_eq!(part("bytes=8-99", 10), Part::Range(8..10));
        for nothing in ["bytes=10-", "bytes=10-12", "bytes=-0"] {
            assert_eq!(part(nothing, 10), Part::Nothing, "{nothing}");
        }
        for other in [
            "",
            "bytes",
            "bytes=-",
            "bytes=3-1",
            "bytes=0-1,3-4",
            "lines=1-2",
            "bytes=a-b",
        ] {
            assert_eq!(part(other, 10), Part::Whole, "{other}");
        }
    }

    #[tokio::test]
    async fn a_file_is_served_whole_or_in_parts() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("video");
        std::fs::write(&path, "0123456789").expect("writes");
        let bucket = InMemory::new();
        let archive = Archive::new(bucket);
        archive
            .put("a", &[("recording.mp4".to_owned(), path)])
            .await
            .expect("puts");
        let ask = async |method: Method, range: Option<&str>, if_range: Option<&str>| {
            let mut headers = HeaderMap::new();
            for (name, value) in [(header::RANGE, range), (header::IF_RANGE, if_range)] {
                if let Some(value) = value {
                    headers.insert(name, value.parse().expect("a header"));
                }
            }
            let wanted = Wanted::of(&method, &headers);
            let response = serve(&archive, "a", "recording.mp4", &wanted)
                .await
                .expect("reads");
            let (parts, body) = response.expect("is there").into_parts();
            let body = to_bytes(body, usize::MAX).await.expect("a body");
            let range = parts.headers.get(header::CONTENT_RANGE);
            let range = range.map(|value| value.to_str().expect("text").to_owned());
            (
                parts.status.as_u16(),
                range,
                String::from_utf8(body.to_vec()).expect("text"),
            )
        };
        assert_eq!(
            ask(Method::GET, None, None).await,
            (200, None, "0123456789".into())
        );
        let middle = (206, Some("bytes 2-4/10".into()), "234".into());
        assert_eq!(ask(Method::GET, Some("bytes=2-4"), None).await, middle);
        let (status, range, _) = ask(Method::GET, Some("bytes=10-"), None).await;
        assert_eq!((status, range.as_deref()), (416, Some("bytes */10")));
        assert_eq!(ask(Method::GET, Some("bytes=2-4"), Some("\"old\"")).await.0, 200);
        assert_eq!(ask(Method::HEAD, None, None).await.2, "");
        let none = serve(
            &archive,
            "a",
            "overlay.mp4",
            &Wanted::of(&Method::GET, &HeaderMap::new()),
        )
        .await;
        assert!(none.expect("reads").is_none());
    }
}
