//! The studio and the overlay page, embedded in the program.

use super::problem::Problem;
use axum::Router;
use axum::extract::Path;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use rust_embed::{EmbeddedFile, RustEmbed};

#[derive(RustEmbed)]
#[folder = "$OUT_DIR/pages"]
struct Pages;

/// Names of files under `assets/` carry a hash of what is in them.
const FOR_EVER: &str = "public, max-age=31536000, immutable";
/// Others are asked about again, which costs a 304.
const ASK_AGAIN: &str = "no-cache";

/// What the pages may do: load from here, talk to here, use the camera.
const POLICY: &str = "default-src 'self'; connect-src 'self' ws: wss:; img-src 'self' data: blob:; \
    media-src 'self' blob: mediastream:; style-src 'self' 'unsafe-inline'; object-src 'none'; base-uri 'none'; \
    form-action 'none'; frame-ancestors 'self'";

/// Routes of the pages and what they load.
pub fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    let named = |name: &'static str| get(move |headers: HeaderMap| async move { file(name, &headers) });
    let asset = |Path(path): Path<String>, headers: HeaderMap| async move {
        file(&format!("assets/{path}"), &headers)
    };
    Router::new()
        .route("/", named("index.html"))
        .route("/overlay/{id}", named("overlay.html"))
        .route("/favicon.svg", named("favicon.svg"))
        .route("/assets/{*path}", get(asset))
}

fn file(name: &str, asked: &HeaderMap) -> Response {
    let Some(file) = Pages::get(name) else {
        return Problem::not_found("the pages have no such file").into_response();
    };
    let tag = tag(&file);
    let caching = if name.starts_with("assets/") {
        FOR_EVER
    } else {
        ASK_AGAIN
    };
    let mut response = if asked.get(header::IF_NONE_MATCH) == Some(&tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let media_type = file.metadata.mimetype().to_owned();
        ([(header::CONTENT_TYPE, media_type)], file.data).into_response()
    };
    let headers = response.headers_mut();
    headers.insert(header::ETAG, tag);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    response
}

/// Names what is in a file.
fn tag(file: &EmbeddedFile) -> HeaderValue {
    let hash = file.metadata.sha256_hash();
    let digits: String = hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    HeaderValue::from_str(&format!("\"{digits}\"")).expect("digits and quotation marks fit into a header")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    /// The pages as `make web` built them, when it has.
    fn built() -> Option<PathBuf> {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../web/dist");
        folder.join("index.html").is_file().then_some(folder)
    }

    #[test]
    fn the_pages_that_were_built_are_the_ones_inside() {
        for name in ["index.html", "overlay.html"] {
            let embedded = Pages::get(name).expect("there is always a page");
            match built() {
                Some(folder) => assert_eq!(
                    embedded.data,
                    std::fs::read(folder.join(name)).expect("readable"),
                    "{name} is not the one in web/dist"
                ),
                None => assert!(String::from_utf8_lossy(&embedded.data).contains("make build")),
            }
        }
    }

    #[test]
    fn a_page_that_is_known_is_not_sent_again() {
        let first = file("index.html", &HeaderMap::new());
        assert_eq!(first.status(), StatusCode::OK);
        let mut asked = HeaderMap::new();
        asked.insert(header::IF_NONE_MATCH, first.headers()[header::ETAG].clone());
        assert_eq!(file("index.html", &asked).status(), StatusCode::NOT_MODIFIED);
        assert_eq!(file("../Cargo.toml", &asked).status(), StatusCode::NOT_FOUND);
    }
}
