//! Requests that only the replica that runs an analysis can answer are passed on to it, with what proves who asks.

use super::Cluster;
use super::hop::{self, HOP};
use crate::serve::App;
use crate::serve::auth::Principal;
use crate::serve::outgoing;
use crate::serve::problem::Problem;
use crate::serve::store::Owner;
use axum::body::{Body, to_bytes};
use axum::extract::{Extension, MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// Which they are. What is stored, any replica says.
const OF_OWNER: [(Method, &str); 10] = [
    (Method::PATCH, "/api/v1/analyses/{id}"),
    (Method::DELETE, "/api/v1/analyses/{id}"),
    (Method::GET, "/api/v1/analyses/{id}/snapshot.jpg"),
    (Method::GET, "/api/v1/analyses/{id}/diagnostics"),
    (Method::GET, "/api/v1/analyses/{id}/diagnostics/pipeline.dot"),
    (Method::POST, "/whip/{id}"),
    (Method::PATCH, "/whip/{id}"),
    (Method::DELETE, "/whip/{id}"),
    (Method::POST, "/whep/{id}"),
    (Method::DELETE, "/whep/{id}/{viewer}"),
];

/// Headers that are about one connection (RFC 9110, section 7.6.1), or that the other side writes itself. `Origin` has been looked at.
const NOT_PASSED_ON: [HeaderName; 8] = [
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::TRANSFER_ENCODING,
    header::TE,
    header::TRAILER,
    header::UPGRADE,
    header::ORIGIN,
    header::VARY,
];

/// When it is worth trying again after a replica did not answer: by then it is there again or its analyses have ended.
const RETRY_S: u32 = 10;

/// Middleware, behind the one that knows who asks: passes on what another replica has to answer.
pub async fn to_owner(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    request: Request,
    next: Next,
) -> Response {
    let (Some(cluster), Some(id)) = (app.sessions.cluster(), analysis_of(&request)) else {
        return next.run(request).await;
    };
    let owner = other(&app, cluster, id, &principal).await;
    match owner {
        Ok(None) => next.run(request).await,
        // It has changed hands on the way.
        Ok(Some(_)) if request.headers().contains_key(HOP) => {
            not_reached("it runs elsewhere now").into_response()
        }
        Ok(Some(owner)) => pass_on(&app, cluster, owner, request)
            .await
            .unwrap_or_else(IntoResponse::into_response),
        Err(problem) => problem.into_response(),
    }
}

/// The analysis whose owner has to answer a request, if it is such a request.
fn analysis_of(request: &Request) -> Option<&str> {
    let route = request.extensions().get::<MatchedPath>()?.as_str();
    let listed = |(method, path): &(Method, &str)| method == request.method() && *path == route;
    if !OF_OWNER.iter().any(listed) {
        return None;
    }
    named(route, request.uri().path())
}

/// What stands in a path where its route has `{id}`.
fn named<'a>(route: &str, path: &'a str) -> Option<&'a str> {
    let place = route.split('/').position(|part| part == "{id}")?;
    path.split('/').nth(place)
}

/// The other replica that runs an analysis they may see.
async fn other(
    app: &App,
    cluster: &Cluster,
    id: &str,
    principal: &Principal,
) -> Result<Option<Owner>, Problem> {
    if app.sessions.remembered(id).is_some() {
        return Ok(None);
    }
    let owner = app.sessions.store().replicas().owner(id).await;
    let owner = owner.map_err(|error| {
        tracing::error!(event = "owner_unknown", analysis = id, %error, "whoever runs an analysis cannot be looked up");
        Problem::internal("whoever runs the analysis cannot be looked up")
    })?;
    Ok(owner.filter(|owner| owner.replica != cluster.replica() && principal.sees(&owner.tenant, id)))
}

fn not_reached(why: &str) -> Problem {
    Problem::unavailable(format!(
        "the daemon that runs this analysis cannot be reached: {why}"
    ))
    .reason("replica")
    .retry_after(RETRY_S)
}

async fn pass_on(app: &App, cluster: &Cluster, owner: Owner, request: Request) -> Result<Response, Problem> {
    let address = owner.address.ok_or_else(|| not_reached("it is gone"))?;
    let config = app.config.get();
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, config.server.body_bytes).await;
    let body = body.map_err(|error| Problem::too_large(error.to_string()))?;
    let asked = parts.uri.path_and_query().map_or("/", |asked| asked.as_str());
    let proof = hop::sign(&parts.method, &parts.uri, config.auth.session_secret.as_bytes());
    let answer = cluster
        .0
        .client
        .request(parts.method.clone(), format!("{address}{asked}"))
        .headers(passed_on(parts.headers))
        .header(HOP, proof)
        .body(body)
        .send()
        .await;
    let answer = answer.map_err(|error| not_reached(&outgoing::innermost(&error.without_url())))?;
    let (status, headers) = (answer.status(), answer.headers().clone());
    let body = answer.bytes().await;
    let body = body.map_err(|error| not_reached(&outgoing::innermost(&error.without_url())))?;
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    *response.headers_mut() = passed_on(headers);
    Ok(response)
}

fn passed_on(mut headers: HeaderMap) -> HeaderMap {
    for name in NOT_PASSED_ON {
        headers.remove(name);
    }
    headers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_analysis_is_named_in_the_path() {
        assert_eq!(named("/whip/{id}", "/whip/a"), Some("a"));
        assert_eq!(named("/whep/{id}/{viewer}", "/whep/a/b"), Some("a"));
        assert_eq!(
            named(
                "/api/v1/analyses/{id}/diagnostics",
                "/api/v1/analyses/a/diagnostics"
            ),
            Some("a")
        );
        assert_eq!(named("/whip", "/whip"), None);
        for (_, route) in OF_OWNER {
            assert!(named(route, route).is_some(), "{route}");
        }
    }

    #[test]
    fn what_is_about_one_connection_stays_there() {
        let mut headers = HeaderMap::new();
        for name in [
            header::CONNECTION,
            header::AUTHORIZATION,
            header::HOST,
            header::ORIGIN,
        ] {
            headers.insert(name, "x".parse().expect("a value"));
        }
        let passed = passed_on(headers);
        let names: Vec<&str> = passed.keys().map(HeaderName::as_str).collect();
        assert_eq!(names.len(), 2, "{names:?}");
        assert!(passed.contains_key(header::AUTHORIZATION) && passed.contains_key(header::HOST));
    }
}
