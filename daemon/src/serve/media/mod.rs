//! Video by WebRTC over plain HTTP: WHIP in (RFC 9725), WHEP out (draft-ietf-wish-whep).

mod answer;
mod whep;
mod whip;

use super::auth::Scope;
use super::config::Config;
use super::{App, auth};
use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method};
use axum::middleware::Next;
use axum::response::Response;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Media type of session descriptions.
const SDP: &str = "application/sdp";
/// Media type of further ICE candidates.
const TRICKLE: &str = "application/trickle-ice-sdpfrag";

/// Every route of WHIP and WHEP.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(whip::create_and_publish))
        .routes(routes!(whip::publish, whip::trickle, whip::unpublish))
        .routes(routes!(whep::watch))
        .routes(routes!(whep::unwatch))
}

/// Sites whose pages may publish and watch.
pub fn origins(config: &Config) -> &[String] {
    &config.webrtc.origins
}

/// Middleware: the answer to OPTIONS also says what can be posted, and to those who may publish or watch which STUN and TURN servers they
/// may use, so that a page knows before it makes its offer (RFC 9725, section 4.6).
pub async fn say_what_is_accepted(State(app): State<App>, request: Request, next: Next) -> Response {
    let asked = request.method() == Method::OPTIONS;
    let config = app.config.get();
    let asking = asked.then(|| auth::Asking::of(&request, &config));
    // They carry credentials: those who have no use for them are not told.
    let told = match asking {
        Some(asking) => auth::admit(&app, &asking, origins, &mut auth::Standing::default())
            .await
            .is_ok_and(|by| by.scopes.contain(Scope::Publish) || by.scopes.contain(Scope::Watch)),
        None => false,
    };
    let mut response = next.run(request).await;
    if asked {
        let headers = response.headers_mut();
        if told {
            answer::add_ice_servers(headers, &config.webrtc);
        }
        headers.insert("accept-post", HeaderValue::from_static(SDP));
        headers.insert("accept-patch", HeaderValue::from_static(TRICKLE));
    }
    response
}
