//! Everything that is stored of an athlete, for them to have.

use super::athletes::{AthleteView, find};
use super::training::TrainingSessionView;
use crate::serve::App;
use crate::serve::auth::{Principal, Scope};
use crate::serve::download::{Pipe, download};
use crate::serve::history::Cursor;
use crate::serve::history::table::{self, Pages};
use crate::serve::problem::Problem;
use crate::serve::store::{Athlete, Store, Wanted};
use axum::extract::{Extension, Path, State};
use axum::response::Response;
use futures_util::StreamExt;
use serde::Serialize;
use std::fs::File;
use std::io::{self, Write};
use tokio::runtime::Handle;
use zip::write::{SimpleFileOptions, StreamWriter};
use zip::{CompressionMethod, ZipWriter};

/// Training sessions read at once.
const PAGE: u32 = 500;
/// The events lie beside a recording as well; they are taken from the database.
const EVENTS: &str = "events.ndjson";

type Archive<'a> = ZipWriter<StreamWriter<&'a mut Pipe>>;

/// Everything of an athlete
///
/// A ZIP archive: `athlete.json`, `training_sessions.json`, `repetitions.csv`, and for each analysis a folder with what was ordered, its
/// events and its files, recordings included.
#[utoipa::path(
    get, path = "/api/v1/athletes/{id}/export.zip", tag = "history", operation_id = "export_athlete",
    params(("id" = String, Path, description = "`athlete_id` or `external_id`")),
    responses((status = 200, description = "The archive", body = Vec<u8>, content_type = "application/zip"))
)]
pub async fn export(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    principal.may(Scope::ReadHistory)?;
    principal.may(Scope::ReadAnalyses)?;
    let athlete = find(&app, &principal, &id).await?;
    let (store, name) = (app.sessions.store().clone(), format!("{}.zip", athlete.id));
    let tenant = &principal.tenant;
    download(tenant, "application/zip", &name, move |pipe| {
        write(pipe, &store, athlete)
    })
}

fn write(pipe: &mut Pipe, store: &Store, athlete: Athlete) -> io::Result<()> {
    let mut archive = ZipWriter::new_stream(pipe);
    let (tenant, id) = (athlete.tenant.clone(), athlete.id.clone());
    put_json(&mut archive, "athlete.json", &AthleteView::of(athlete))?;
    let sessions = training_sessions(store, &tenant, &id)?;
    put_json(&mut archive, "training_sessions.json", &sessions)?;
    put_repetitions(&mut archive, store, &tenant, &id)?;
    let analyses = Handle::current().block_on(store.athletes().analyses(&tenant, &id));
    for analysis in analyses.map_err(io::Error::other)? {
        put_analysis(&mut archive, store, &analysis)?;
    }
    archive.finish()?;
    Ok(())
}

fn put_json(archive: &mut Archive<'_>, name: &str, value: &impl Serialize) -> io::Result<()> {
    archive.start_file(name, SimpleFileOptions::default())?;
    serde_json::to_writer_pretty(archive, value).map_err(io::Error::from)
}

fn training_sessions(store: &Store, tenant: &str, id: &str) -> io::Result<Vec<TrainingSessionView>> {
    let (sessions, runtime) = (store.training_sessions(), Handle::current());
    let (mut all, mut behind) = (Vec::new(), None);
    loop {
        let page = runtime.block_on(sessions.list(tenant, Some(id), behind.as_ref(), PAGE));
        let page = page.map_err(io::Error::other)?;
        behind = page.last().map(|last| Cursor {
            at: last.at,
            id: last.id.clone(),
        });
        let ended = page.len() < PAGE as usize;
        all.extend(page.into_iter().map(TrainingSessionView::of));
        if ended {
            return Ok(all);
        }
    }
}

fn put_repetitions(archive: &mut Archive<'_>, store: &Store, tenant: &str, id: &str) -> io::Result<()> {
    let wanted = Wanted {
        tenant: tenant.to_owned(),
        athlete_id: Some(id.to_owned()),
        ..Wanted::default()
    };
    archive.start_file("repetitions.csv", SimpleFileOptions::default())?;
    table::write_csv_header(archive)?;
    let (mut pages, runtime) = (Pages::new(store.history(), wanted), Handle::current());
    loop {
        let rows = runtime.block_on(pages.next())?;
        if rows.is_empty() {
            return Ok(());
        }
        table::write_csv(archive, &rows)?;
    }
}

fn put_analysis(archive: &mut Archive<'_>, store: &Store, id: &str) -> io::Result<()> {
    let stored = Handle::current()
        .block_on(store.read(id))
        .map_err(io::Error::other)?;
    // It may have been removed meanwhile.
    let Some(stored) = stored else { return Ok(()) };
    put_json(archive, &format!("analyses/{id}/order.json"), &stored.order)?;
    archive.start_file(format!("analyses/{id}/{EVENTS}"), SimpleFileOptions::default())?;
    for line in &stored.lines {
        writeln!(archive, "{}", line.text())?;
    }
    let files = store.files(id).map_err(io::Error::other)?;
    for (name, path) in files.into_iter().filter(|(name, _)| name != EVENTS) {
        let mut file = match File::open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            file => file?,
        };
        archive.start_file(format!("analyses/{id}/{name}"), as_it_is())?;
        io::copy(&mut file, archive)?;
    }
    put_archived(archive, store, id)
}

/// Files that were put away.
fn put_archived(zip: &mut Archive<'_>, store: &Store, id: &str) -> io::Result<()> {
    let Some(bucket) = store.folders().archive() else {
        return Ok(());
    };
    let runtime = Handle::current();
    let names = runtime.block_on(bucket.list(id)).map_err(io::Error::other)?;
    for (name, size) in names.into_iter().filter(|(name, _)| name != EVENTS) {
        zip.start_file(format!("analyses/{id}/{name}"), as_it_is())?;
        let file = runtime.block_on(bucket.get(id, &name, 0..size));
        let mut chunks = file.map_err(io::Error::other)?.into_stream();
        while let Some(chunk) = runtime.block_on(chunks.next()) {
            zip.write_all(&chunk.map_err(io::Error::other)?)?;
        }
    }
    Ok(())
}

/// Video is compressed already. It may grow until it is read, so there is room for large files.
fn as_it_is() -> SimpleFileOptions {
    SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .large_file(true)
}
