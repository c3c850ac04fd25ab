//! Athletes: whose repetitions they are.

use super::moment;
use super::page::{Page, split};
use crate::measuring::{MASS_KG, STATURE_M};
use crate::serve::App;
use crate::serve::auth::{Principal, Scope};
use crate::serve::extract::{Json, Query};
use crate::serve::history::Cursor;
use crate::serve::problem::Problem;
use crate::serve::store::{Athlete, Changed, now_ms};
use axum::extract::{Extension, Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Longest name.
const NAME_BYTES: usize = 200;

/// What is known about an athlete.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "external_id": "roster-17", "name": "Robin", "height_m": 1.8, "mass_kg": 75.0 }))]
pub struct AthleteData {
    /// Their name in your own books; nobody else of yours has it.
    #[schema(example = "roster-17", max_length = 200)]
    external_id: Option<String>,
    /// For people.
    #[schema(example = "Robin", max_length = 200)]
    name: Option<String>,
    /// Stature, metres.
    #[schema(minimum = 0.5, maximum = 2.72, example = 1.8)]
    height_m: Option<f64>,
    /// Body mass, kilograms.
    #[schema(minimum = 10, maximum = 635, example = 75)]
    mass_kg: Option<f64>,
}

/// An athlete.
#[derive(Debug, Serialize, ToSchema)]
pub struct AthleteView {
    /// Their name in addresses.
    athlete_id: String,
    /// Their name in your own books.
    external_id: Option<String>,
    /// For people.
    name: Option<String>,
    /// Stature, metres.
    height_m: Option<f64>,
    /// Body mass, kilograms.
    mass_kg: Option<f64>,
    /// RFC 3339.
    created_at: String,
}

/// A page of athletes.
#[derive(Debug, Serialize, ToSchema)]
pub struct AthleteList {
    /// The athletes, the youngest entry first.
    athletes: Vec<AthleteView>,
    /// `cursor` of the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

/// Enter an athlete
#[utoipa::path(
    post, path = "/api/v1/athletes", tag = "history", operation_id = "create_athlete", request_body = AthleteData,
    responses(
        (status = 201, description = "Entered", body = AthleteView),
        (status = 409, description = "There is one of this `external_id`", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn create(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    Json(data): Json<AthleteData>,
) -> Result<(StatusCode, axum::Json<AthleteView>), Problem> {
    principal.may(Scope::WriteHistory)?;
    data.check()?;
    let athlete = data.athlete(uuid::Uuid::now_v7().to_string(), principal.tenant, now_ms());
    if !app.sessions.store().athletes().add(&athlete).await? {
        return Err(name_taken());
    }
    Ok((StatusCode::CREATED, axum::Json(AthleteView::of(athlete))))
}

/// List athletes
#[utoipa::path(
    get, path = "/api/v1/athletes", tag = "history", operation_id = "list_athletes", params(Page),
    responses((status = 200, description = "A page of athletes", body = AthleteList))
)]
pub async fn list(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    Query(page): Query<Page>,
) -> Result<axum::Json<AthleteList>, Problem> {
    principal.may(Scope::ReadHistory)?;
    let (behind, limit) = page.read()?;
    let athletes = app.sessions.store().athletes();
    let found = athletes
        .list(&principal.tenant, behind.as_ref(), limit + 1)
        .await?;
    let (found, next_cursor) = split(found, limit, |last| Cursor {
        at: last.created_at,
        id: last.id.clone(),
    });
    Ok(axum::Json(AthleteList {
        athletes: found.into_iter().map(AthleteView::of).collect(),
        next_cursor,
    }))
}

/// Look at an athlete
#[utoipa::path(
    get, path = "/api/v1/athletes/{id}", tag = "history", operation_id = "show_athlete",
    params(("id" = String, Path, description = "`athlete_id` or `external_id`")),
    responses((status = 200, description = "The athlete", body = AthleteView))
)]
pub async fn show(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<String>,
) -> Result<axum::Json<AthleteView>, Problem> {
    principal.may(Scope::ReadHistory)?;
    find(&app, &principal, &id)
        .await
        .map(AthleteView::of)
        .map(axum::Json)
}

/// Change an athlete
///
/// What is absent is not known any more.
#[utoipa::path(
    put, path = "/api/v1/athletes/{id}", tag = "history", operation_id = "change_athlete",
    params(("id" = String, Path, description = "`athlete_id` or `external_id`")),
    request_body = AthleteData,
    responses(
        (status = 200, description = "Changed", body = AthleteView),
        (status = 409, description = "Another one has this `external_id`", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn change(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<String>,
    Json(data): Json<AthleteData>,
) -> Result<axum::Json<AthleteView>, Problem> {
    principal.may(Scope::WriteHistory)?;
    data.check()?;
    let before = find(&app, &principal, &id).await?;
    let athlete = data.athlete(before.id, principal.tenant, before.created_at);
    match app.sessions.store().athletes().change(&athlete).await? {
        Changed::One => Ok(axum::Json(AthleteView::of(athlete))),
        Changed::None => Err(none()),
        Changed::NameTaken => Err(name_taken()),
    }
}

/// Erase an athlete
///
/// With every analysis, recording, number and training session of theirs, and what is left to tell others about them. Nothing of it
/// can be had back. Backups are yours to see to; so is what was told already.
#[utoipa::path(
    delete, path = "/api/v1/athletes/{id}", tag = "history", operation_id = "erase_athlete",
    params(("id" = String, Path, description = "`athlete_id` or `external_id`")),
    responses(
        (status = 204, description = "Erased"),
        (status = 409, description = "A live analysis of theirs runs", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn erase(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    principal.may(Scope::WriteHistory)?;
    let athlete = find(&app, &principal, &id).await?;
    let store = app.sessions.store();
    let athletes = store.athletes();
    // Another one may begin meanwhile.
    loop {
        let analyses = athletes.analyses(&principal.tenant, &athlete.id).await?;
        if analyses.is_empty() {
            break;
        }
        app.sessions.erase(&analyses).await?;
    }
    store
        .training_sessions()
        .remove_of(&principal.tenant, &athlete.id)
        .await?;
    athletes.remove(&principal.tenant, &athlete.id).await?;
    store.wipe().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The athlete of this name.
///
/// # Errors
/// There is none.
pub async fn find(app: &App, principal: &Principal, name: &str) -> Result<Athlete, Problem> {
    let found = app
        .sessions
        .store()
        .athletes()
        .find(&principal.tenant, name)
        .await;
    found?.ok_or_else(none)
}

impl AthleteData {
    fn check(&self) -> Result<(), Problem> {
        for (field, name) in [("external_id", &self.external_id), ("name", &self.name)] {
            if name
                .as_ref()
                .is_some_and(|name| name.trim().is_empty() || name.len() > NAME_BYTES)
            {
                return Err(
                    Problem::invalid(format!("give 1 to {NAME_BYTES} bytes, or leave it out")).field(field),
                );
            }
        }
        super::model::within("height_m", self.height_m, STATURE_M, "metres")?;
        super::model::within("mass_kg", self.mass_kg, MASS_KG, "kilograms")
    }

    fn athlete(self, id: String, tenant: String, created_at: i64) -> Athlete {
        Athlete {
            id,
            tenant,
            external_id: self.external_id,
            name: self.name,
            height_m: self.height_m,
            mass_kg: self.mass_kg,
            created_at,
        }
    }
}

impl AthleteView {
    /// As it is stored.
    pub fn of(athlete: Athlete) -> Self {
        Self {
            athlete_id: athlete.id,
            external_id: athlete.external_id,
            name: athlete.name,
            height_m: athlete.height_m,
            mass_kg: athlete.mass_kg,
            created_at: moment(athlete.created_at),
        }
    }
}

fn name_taken() -> Problem {
    Problem::conflict("there is an athlete of this name in your books").field("external_id")
}

fn none() -> Problem {
    Problem::not_found("there is no athlete of this name")
}
