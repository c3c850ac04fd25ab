//! What WHIP and WHEP answers have in common.

use super::SDP;
use crate::serve::config::WebRtc;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use url::Url;

/// 201 with an SDP answer: `location` is the address to end or change the session, `tag` names its ICE session.
pub fn created(location: &str, tag: &str, sdp: String, webrtc: &WebRtc) -> Response {
    let headers = [
        (header::CONTENT_TYPE, SDP),
        (header::LOCATION, location),
        (header::ETAG, tag),
    ];
    let mut response = (StatusCode::CREATED, headers, sdp).into_response();
    add_ice_servers(response.headers_mut(), webrtc);
    response
}

/// Tells the client the STUN and TURN servers it may use, a `Link` each.
pub fn add_ice_servers(headers: &mut HeaderMap, webrtc: &WebRtc) {
    let servers = std::iter::once(&webrtc.stun).chain(&webrtc.turn);
    for link in servers.filter_map(|server| ice_server(server)) {
        if let Ok(value) = HeaderValue::from_str(&link) {
            headers.append(header::LINK, value);
        }
    }
}

/// `turn://user:password@host:port` as a link of RFC 9725, section 4.6.
fn ice_server(server: &str) -> Option<String> {
    let url = Url::parse(server).ok()?;
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    let mut link = format!("<{}:{}{port}>; rel=\"ice-server\"", url.scheme(), url.host_str()?);
    if let Some(password) = url.password() {
        let (user, password) = (unescaped(url.username()), unescaped(password));
        link.push_str(&format!(
            "; username=\"{}\"; credential=\"{}\"; credential-type=\"password\"",
            quoted(&user),
            quoted(&password)
        ));
    }
    Some(link)
}

/// The text behind percent signs.
fn unescaped(text: &str) -> String {
    // A plus sign is itself in this part of an address.
    let text = text.replace('+', "%2B");
    url::form_urlencoded::parse(text.as_bytes())
        .next()
        .map(|(text, _)| text.into_owned())
        .unwrap_or_default()
}

/// A text inside quotation marks.
fn quoted(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ice_servers_are_links_with_their_credentials() {
        assert_eq!(
            ice_server("stun://stun.example:3478").as_deref(),
            Some("<stun:stun.example:3478>; rel=\"ice-server\"")
        );
        assert_eq!(
            ice_server("turn://us%20er:p+%22w@turn.example:3478").as_deref(),
            Some(
                "<turn:turn.example:3478>; rel=\"ice-server\"; username=\"us er\"; credential=\"p+\\\"w\"; \
                 credential-type=\"password\""
            )
        );
        assert_eq!(ice_server(""), None);
    }

    #[test]
    fn an_answer_says_where_what_and_which() {
        let webrtc = WebRtc {
            stun: "stun://stun.example:3478".into(),
            ..WebRtc::default()
        };
        let answer = created("/whip/a", "\"a\"", "v=0".into(), &webrtc);
        assert_eq!(answer.status(), StatusCode::CREATED);
        let headers = answer.headers();
        assert_eq!(headers[header::CONTENT_TYPE], "application/sdp");
        assert_eq!(headers[header::LOCATION], "/whip/a");
        assert_eq!(headers[header::ETAG], "\"a\"");
        assert!(headers.contains_key(header::LINK));
    }
}
