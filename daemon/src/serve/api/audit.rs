//! Who changed what.

use super::moment;
use super::page::{Page, split};
use crate::serve::App;
use crate::serve::auth::{Principal, Scope};
use crate::serve::extract::Query;
use crate::serve::history::Cursor;
use crate::serve::problem::Problem;
use crate::serve::store::Change;
use axum::extract::{Extension, State};
use serde::Serialize;
use utoipa::ToSchema;

/// Something that was changed.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChangeView {
    /// Its name.
    change_id: String,
    /// When, RFC 3339.
    at: String,
    /// Who: `key:` with its `key_id`, `subject:` with the subject of a token of the identity provider, `session:` with the
    /// analysis of a token for a browser, `token` of the configuration, `operator` at the command line, or `anybody`.
    #[schema(example = "key:0199d4c0-7f00-7000-8000-000000000001")]
    actor: String,
    /// What was done: method and route, or a command.
    #[schema(example = "POST /api/v1/keys")]
    action: String,
    /// What it was done to.
    #[schema(example = "/api/v1/keys/0199d4c0-7f00-7000-8000-000000000002")]
    subject: String,
    /// From which address.
    #[schema(example = "203.0.113.9")]
    address: Option<String>,
}

/// A page of changes.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChangeList {
    /// The changes, the youngest first.
    changes: Vec<ChangeView>,
    /// `cursor` of the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

/// List what was changed
///
/// Every request that changed something and every command of the operator, the youngest first.
#[utoipa::path(
    get, path = "/api/v1/audit", tag = "keys", operation_id = "list_changes", params(Page),
    responses((status = 200, description = "A page of changes", body = ChangeList))
)]
pub async fn list(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    Query(page): Query<Page>,
) -> Result<axum::Json<ChangeList>, Problem> {
    principal.may(Scope::Keys)?;
    let (behind, limit) = page.read()?;
    let audit = app.sessions.store().accounts().audit;
    // One more than is wanted tells whether there is a next page.
    let found = audit.of(&principal.tenant, behind.as_ref(), limit + 1).await?;
    let place = |change: &Change| Cursor {
        at: change.at,
        id: change.id.clone(),
    };
    let (changes, next_cursor) = split(found, limit, place);
    Ok(axum::Json(ChangeList {
        changes: changes.into_iter().map(ChangeView::of).collect(),
        next_cursor,
    }))
}

impl ChangeView {
    fn of(change: Change) -> Self {
        Self {
            change_id: change.id,
            at: moment(change.at),
            actor: change.actor,
            action: change.action,
            subject: change.subject,
            address: change.address,
        }
    }
}
