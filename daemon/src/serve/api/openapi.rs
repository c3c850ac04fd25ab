//! The API described for programs: OpenAPI 3.1, made from the handlers.

use super::examples;
use crate::serve::problem::{PROBLEM_JSON, Problem};
use crate::serve::{api, media};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use std::sync::LazyLock;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::path::Operation;
use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{OpenApi, Ref, RefOr};
use utoipa::{Modify, OpenApi as _};

/// What the handlers cannot say.
#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "kinemotion",
        description = "Measures how people move, live: video in, phases, repetitions and metrics out.\n\n\
                       Errors are RFC 9457 problem documents; `field` names the member of the request.",
        license(name = "MIT", identifier = "MIT"),
    ),
    tags(
        (name = "analyses", description = "Make, list, look at, change and end analyses"),
        (name = "events", description = "Events as they happen"),
        (name = "results", description = "What was measured"),
        (name = "video", description = "Video in by WHIP, out by WHEP, as a picture, recording or HLS"),
        (name = "sports", description = "What can be measured"),
        (name = "history", description = "Athletes, what they did, and what their numbers do over time"),
        (name = "uploads", description = "Big files in pieces, by the protocol tus 1.0: creation, expiration, termination"),
        (name = "keys", description = "Keys for programs, tokens for browsers, what they used and changed"),
        (name = "webhooks", description = "Other services that are told what was measured"),
    ),
    components(schemas(Problem)),
    modifiers(&EverywhereTheSame),
)]
struct Frame;

/// What holds for every operation: it may want a token, and errors are problem documents.
struct EverywhereTheSame;

const BEARER: &str = "bearer";

impl Modify for EverywhereTheSame {
    fn modify(&self, document: &mut OpenApi) {
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
        let components = document.components.get_or_insert_default();
        components.add_security_scheme(BEARER, SecurityScheme::Http(scheme));
        // Both: without configured tokens everybody may ask.
        document.security = Some(vec![
            SecurityRequirement::default(),
            SecurityRequirement::new(BEARER, Vec::<String>::new()),
        ]);
    }
}

/// The description of every route of studio, API, WHIP and WHEP.
pub static DOCUMENT: LazyLock<OpenApi> = LazyLock::new(|| {
    let routes = api::routes().merge(media::routes());
    let mut document = Frame::openapi();
    document.merge(routes.into_openapi());
    for (path, item) in &mut document.paths.paths {
        let methods = [
            &mut item.get,
            &mut item.head,
            &mut item.post,
            &mut item.put,
            &mut item.patch,
            &mut item.delete,
        ];
        for operation in methods.into_iter().flatten() {
            may_fail(operation);
            examples::add(path, operation);
        }
    }
    document
});

/// Adds the answer of a request that fails.
fn may_fail(operation: &mut Operation) {
    let problem = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name("Problem")))
        .build();
    let response = ResponseBuilder::new()
        .description("What was wrong")
        .content(PROBLEM_JSON, problem)
        .build();
    operation
        .responses
        .responses
        .entry("default".into())
        .or_insert(RefOr::T(response));
}

/// The document.
pub async fn document() -> Response {
    static TEXT: LazyLock<String> = LazyLock::new(|| {
        DOCUMENT
            .to_pretty_json()
            .expect("the description can be written as JSON")
    });
    ([(header::CONTENT_TYPE, "application/json")], TEXT.as_str()).into_response()
}

#[cfg(test)]
#[path = "openapi_tests.rs"]
mod tests;
