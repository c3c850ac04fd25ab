//! Which analysis a request is about. Only names of analyses are told: anything else in a path may be a secret.

use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::response::Response;
use uuid::Uuid;

/// What paths about one analysis begin with; its name follows.
const ABOUT: [&str; 4] = ["/api/v1/analyses/", "/whip/", "/whep/", "/hls/"];

/// The analysis that a request names.
pub fn named(request: &Request) -> Option<&str> {
    in_path(request.uri().path())
}

/// The analysis that was made by a request, or that waits for a worker since.
pub fn made(response: &Response) -> Option<&str> {
    if ![StatusCode::CREATED, StatusCode::ACCEPTED].contains(&response.status()) {
        return None;
    }
    in_path(response.headers().get(header::LOCATION)?.to_str().ok()?)
}

fn in_path(path: &str) -> Option<&str> {
    let rest = ABOUT.iter().find_map(|about| path.strip_prefix(about))?;
    let name = rest.split('/').next()?;
    Uuid::parse_str(name).is_ok().then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_analyses_are_told() {
        let id = "0198f2a4-7b1c-7d3e-8f00-0123456789ab";
        for path in [
            "/api/v1/analyses/ID",
            "/whip/ID",
            "/whep/ID/7",
            "/hls/ID/index.m3u8",
        ] {
            assert_eq!(in_path(&path.replace("ID", id)), Some(id), "{path}");
        }
        for path in ["/api/v1/analyses", "/whip/secret", "/", "/api/v1/athletes/ID"] {
            assert_eq!(in_path(&path.replace("ID", id)), None, "{path}");
        }
    }
}
