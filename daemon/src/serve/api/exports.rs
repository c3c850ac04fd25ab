//! Repetitions for other programs, as many as there are.

use super::history::{Filter, wanted};
use crate::analyze::export::columns::append;
use crate::analyze::export::parquet;
use crate::serve::App;
use crate::serve::auth::{Principal, Scope};
use crate::serve::download::{Pipe, download};
use crate::serve::extract::Query;
use crate::serve::history::table::{self, Pages};
use crate::serve::problem::Problem;
use axum::extract::{Extension, State};
use axum::response::Response;
use std::io;
use tokio::runtime::Handle;

/// Rows of a group of a Parquet file, which is what of it is in memory at once; a group may have up to a page more.
const ROWS_OF_A_GROUP: usize = 10_000;

/// Repetitions as comma-separated values
///
/// One line each, the oldest first: which one it is, then the columns of `kinemotion analyze --format csv`. It is sent while it is
/// read, so it may be as long as it gets; an answer that breaks off is not whole.
#[utoipa::path(
    get, path = "/api/v1/exports/repetitions.csv", tag = "history", operation_id = "export_repetitions_csv", params(Filter),
    responses((status = 200, description = "The table", body = String, content_type = "text/csv"))
)]
pub async fn repetitions_csv(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    Query(filter): Query<Filter>,
) -> Result<Response, Problem> {
    let pages = pages(&app, &principal, filter).await?;
    let tenant = &principal.tenant;
    download(tenant, "text/csv; charset=utf-8", "repetitions.csv", |pipe| {
        write_csv(pipe, pages)
    })
}

/// Repetitions as Parquet
///
/// One row each, the oldest first: which one it is, instants in seconds of media time, numbers with half the width of their 95 %
/// interval. What was not measured is null.
#[utoipa::path(
    get, path = "/api/v1/exports/repetitions.parquet", tag = "history", operation_id = "export_repetitions_parquet",
    params(Filter),
    responses((status = 200, description = "The table", body = Vec<u8>, content_type = "application/vnd.apache.parquet"))
)]
pub async fn repetitions_parquet(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    Query(filter): Query<Filter>,
) -> Result<Response, Problem> {
    let mut pages = pages(&app, &principal, filter).await?;
    download(
        &principal.tenant,
        "application/vnd.apache.parquet",
        "repetitions.parquet",
        move |pipe| {
            let runtime = Handle::current();
            let mut group = table::table(&[]);
            let mut writer = parquet::Writer::new(pipe, &group).map_err(io::Error::other)?;
            loop {
                let rows = runtime.block_on(pages.next())?;
                let ended = rows.is_empty();
                append(&mut group, table::table(&rows));
                let waiting = group[0].values.len();
                if waiting >= ROWS_OF_A_GROUP || (ended && waiting > 0) {
                    writer.add(&group).map_err(io::Error::other)?;
                    group = table::table(&[]);
                }
                if ended {
                    return writer.finish().map(drop).map_err(io::Error::other);
                }
            }
        },
    )
}

/// Writes all that is wanted as comma-separated values.
fn write_csv(pipe: &mut Pipe, mut pages: Pages) -> io::Result<()> {
    table::write_csv_header(pipe)?;
    loop {
        let rows = pipe.wait(pages.next())?;
        if rows.is_empty() {
            return Ok(());
        }
        table::write_csv(pipe, &rows)?;
    }
}

/// What is wanted, from the beginning.
async fn pages(app: &App, principal: &Principal, filter: Filter) -> Result<Pages, Problem> {
    principal.may(Scope::ReadHistory)?;
    let wanted = wanted(app, principal, filter).await?;
    Ok(Pages::new(app.sessions.store().history(), wanted))
}
