//! The audit log: every request that changed something, whoever made it. Kept here, in one place, so that no endpoint forgets it.

use super::principal::Principal;
use crate::serve::App;
use crate::serve::store::{Change, now_ms};
use axum::extract::{MatchedPath, Request};
use axum::http::{Method, header};
use axum::response::Response;
use std::net::IpAddr;

/// Requests that are parts of something that is already in the log: candidates of a connection, pieces of an upload.
const PARTS: [&str; 2] = ["/whip/{id}", "/api/v1/uploads/{id}"];

/// What a request is about to do.
#[derive(Debug, PartialEq, Eq)]
pub struct Doing {
    action: String,
    path: String,
}

impl Doing {
    /// Of a request that changes something.
    pub fn of(request: &Request) -> Option<Self> {
        let method = request.method();
        let route = request.extensions().get::<MatchedPath>()?.as_str();
        let part = method == Method::PATCH && PARTS.contains(&route);
        if method.is_safe() || part {
            return None;
        }
        Some(Self {
            action: format!("{method} {route}"),
            // Without the query, which may carry a token.
            path: request.uri().path().to_owned(),
        })
    }

    /// What was done, when it was.
    pub fn done(self, by: &Principal, from: Option<IpAddr>, response: &Response) -> Option<Change> {
        if !response.status().is_success() {
            return None;
        }
        // What was made is better known by its own address.
        let made = response.headers().get(header::LOCATION);
        let made = made.and_then(|value| value.to_str().ok()).map(str::to_owned);
        Some(Change {
            id: uuid::Uuid::now_v7().to_string(),
            tenant: by.tenant.clone(),
            at: now_ms(),
            actor: by.actor.to_string(),
            action: self.action,
            subject: made.unwrap_or(self.path),
            address: from.map(|address| address.to_string()),
        })
    }
}

/// Notes a change. A log that cannot be written undoes nothing.
pub async fn note(app: &App, change: &Change) {
    let accounts = app.sessions.store().accounts();
    if let Err(error) = accounts.audit.add(change).await {
        // Who it was and from where is personal, and stays out of this log.
        tracing::error!(
            event = "audit_failed",
            user_id = change.tenant,
            %error,
            change = change.id,
            action = change.action,
            "a change is not in the audit log"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Actor, Scopes};
    use super::*;
    use axum::http::StatusCode;
    use axum::response::IntoResponse;

    fn done(response: impl IntoResponse) -> Option<Change> {
        let doing = Doing {
            action: "POST /api/v1/keys".into(),
            path: "/api/v1/keys".into(),
        };
        let principal = Principal {
            tenant: "club".into(),
            actor: Actor::Key("k".into()),
            scopes: Scopes::ALL,
            tier: "pro".into(),
        };
        doing.done(&principal, Some([192, 0, 2, 1].into()), &response.into_response())
    }

    #[test]
    fn only_what_was_done_is_noted_with_what_was_made() {
        let change = done(StatusCode::NO_CONTENT).expect("it was done");
        assert_eq!((change.tenant.as_str(), change.actor.as_str()), ("club", "key:k"));
        assert_eq!(change.subject, "/api/v1/keys");
        assert_eq!(change.address.as_deref(), Some("192.0.2.1"));
        let made = (StatusCode::CREATED, [(header::LOCATION, "/api/v1/keys/7")]);
        assert_eq!(done(made).expect("it was done").subject, "/api/v1/keys/7");
        assert_eq!(done(StatusCode::FORBIDDEN), None);
    }
}
