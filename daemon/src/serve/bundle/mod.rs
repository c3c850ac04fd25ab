//! `kinemotion support-bundle`: what somebody needs who is to find out what is wrong, in one file that can be handed on.
//!
//! ```text
//! manifest.json   what made it and when, and what is not in it and why
//! doctor.txt      what `kinemotion doctor` says
//! system.json     the machine
//! config.toml     the settings in force, without what is secret
//! database.json   version of the tables, rows of each
//! files.json      files of the storage with their sizes
//! readyz.txt      whether the daemon takes work
//! metrics.txt     what it counts
//! log.ndjson      its last lines
//! ```
//!
//! No name of a person, no result, no address of a client and no secret is in it: what is counted and logged has none, of the database
//! only numbers are taken, and of files only sizes.

mod settings;
mod storage;
mod system;

use super::config::Config;
use super::log::redact;
use super::outgoing;
use super::store::census;
use crate::doctor;
use crate::exit::{Exit, UsageError};
use crate::stdout::print;
use anyhow::Context;
use clap::Args;
use flate2::Compression;
use flate2::write::GzEncoder;
use kinemotion_pipelines::AtomicFile;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fs::Permissions;
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tar::{Builder, Header};

/// Name and version of the layout.
const SCHEMA: &str = "kinemotion.support-bundle/1";
/// The longest the daemon is waited for.
const PATIENCE: Duration = Duration::from_secs(10);
/// What the daemon is asked for, and what that is called in the file.
const ASKED: [(&str, &str); 3] = [
    ("readyz", "readyz.txt"),
    ("metrics", "metrics.txt"),
    ("log", "log.ndjson"),
];

/// Write a file with what somebody needs who is to find out what is wrong. It holds nothing personal and no secret.
#[derive(Args)]
pub struct BundleArgs {
    /// The file, a tar archive with gzip
    #[arg(short, long, value_name = "FILE", default_value = "kinemotion-support.tar.gz")]
    output: PathBuf,

    /// Configuration of the daemon
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,

    /// Where the operators' listener of the daemon is, instead of `admin.listen`
    #[arg(long, value_name = "ADDRESS")]
    admin: Option<String>,
}

/// What the file says of itself.
#[derive(Serialize)]
struct Manifest<'a> {
    schema: &'static str,
    version: &'static str,
    created_at: String,
    /// Why something is not in it, by its name.
    missing: &'a BTreeMap<&'static str, String>,
}

/// What is found, by the name it gets in the file.
#[derive(Default)]
struct Findings {
    there: Vec<(&'static str, String)>,
    missing: BTreeMap<&'static str, String>,
}

impl Findings {
    fn note(&mut self, name: &'static str, found: anyhow::Result<String>) {
        match found {
            Ok(text) => self.there.push((name, clean(&text))),
            Err(error) => {
                self.missing.insert(name, clean(&format!("{error:#}")));
            }
        }
    }
}

/// Runs the command.
pub fn support_bundle(args: &BundleArgs) -> anyhow::Result<Exit> {
    let config = Config::load(args.config.as_deref(), std::env::vars())
        .map_err(|error| UsageError(error.to_string()))?;
    let unwritable = || format!("cannot write {}", args.output.display());
    let mut file = AtomicFile::create(&args.output).with_context(unwritable)?;
    let findings = look(&config, args.admin.as_deref())?;
    let own = file.file().set_permissions(Permissions::from_mode(0o600));
    own.and_then(|()| write(file.file(), &findings))
        .and_then(|()| file.file().sync_all())
        .and_then(|()| file.commit())
        .with_context(unwritable)?;
    let missing = findings.missing.iter();
    let missing: String = missing
        .map(|(name, why)| format!("  without {name}: {why}\n"))
        .collect();
    print(&format!("{} is written\n{missing}", args.output.display()))?;
    Ok(Exit::Done)
}

/// Looks at everything; what cannot be had is noted.
fn look(config: &Config, admin: Option<&str>) -> anyhow::Result<Findings> {
    let mut findings = Findings::default();
    findings.note("doctor.txt", Ok(doctor::text(&config.models.providers)));
    findings.note("system.json", pretty(&system::look()));
    findings.note("config.toml", settings::shown(config));
    let folder = &config.storage.folder;
    findings.note(
        "files.json",
        storage::files(folder)
            .with_context(|| format!("{} cannot be read", folder.display()))
            .and_then(|files| pretty(&files)),
    );
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let server = Some(config.storage.database.as_str()).filter(|server| !server.is_empty());
        let counted = tokio::time::timeout(PATIENCE, census::take(folder, server)).await;
        findings.note(
            "database.json",
            match counted {
                Ok(counted) => counted.map_err(Into::into).and_then(|counted| pretty(&counted)),
                Err(_) => Err(anyhow::anyhow!(
                    "the database does not answer within {PATIENCE:?}"
                )),
            },
        );
        ask(&mut findings, &admin_address(config, admin)).await;
    });
    Ok(findings)
}

/// Where the daemon is asked.
fn admin_address(config: &Config, admin: Option<&str>) -> String {
    let address = admin.unwrap_or(&config.admin.listen);
    if address.contains("://") || address.is_empty() {
        return address.trim_end_matches('/').to_owned();
    }
    format!("http://{address}")
}

/// Asks the daemon, if there is one.
async fn ask(findings: &mut Findings, address: &str) {
    for (path, name) in ASKED {
        let answer = match address {
            "" => Err("admin.listen is empty in the configuration: there is no operators' listener".into()),
            _ => get(&format!("{address}/{path}")).await,
        };
        let answer = answer.map_err(|error| anyhow::anyhow!("the daemon was not asked: {error}"));
        findings.note(name, answer);
    }
}

async fn get(url: &str) -> Result<String, String> {
    let client = outgoing::client().map_err(|error| outgoing::innermost(&error))?;
    let answer = client.get(url).timeout(PATIENCE).send().await;
    let answer = answer.map_err(|error| outgoing::innermost(&error.without_url()))?;
    let body = outgoing::body(answer).await?;
    Ok(String::from_utf8_lossy(&body).into_owned())
}

fn pretty(value: &impl Serialize) -> anyhow::Result<String> {
    Ok(serde_json::to_string_pretty(value)? + "\n")
}

/// A text without what looks like a secret, and without the name of whoever is logged in.
fn clean(text: &str) -> String {
    let lines = text.split_inclusive('\n').map(redact);
    let text: String = lines.collect();
    match std::env::var("HOME") {
        Ok(home) if home.len() > 1 => text.replace(&home, "~"),
        _ => text,
    }
}

fn write(out: &mut impl Write, findings: &Findings) -> io::Result<()> {
    let mut archive = Builder::new(GzEncoder::new(out, Compression::default()));
    let manifest = Manifest {
        schema: SCHEMA,
        version: env!("CARGO_PKG_VERSION"),
        created_at: humantime::format_rfc3339_seconds(SystemTime::now()).to_string(),
        missing: &findings.missing,
    };
    add(
        &mut archive,
        "manifest.json",
        &serde_json::to_string_pretty(&manifest)?,
    )?;
    for (name, text) in &findings.there {
        add(&mut archive, name, text)?;
    }
    archive.into_inner()?.finish()?.flush()
}

fn add(archive: &mut Builder<impl Write>, name: &str, text: &str) -> io::Result<()> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let mut header = Header::new_gnu();
    header.set_size(text.len() as u64);
    header.set_mode(0o600);
    header.set_mtime(since.as_secs());
    archive.append_data(&mut header, name, text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listener_is_asked_at_its_address_or_where_it_is_said_to_be() {
        let mut config = Config::default();
        assert_eq!(admin_address(&config, None), "http://127.0.0.1:8081");
        assert_eq!(admin_address(&config, Some("10.0.0.5:9")), "http://10.0.0.5:9");
        assert_eq!(admin_address(&config, Some("https://admin/")), "https://admin");
        config.admin.listen = String::new();
        assert_eq!(admin_address(&config, None), "");
    }

    #[test]
    fn secrets_are_left_out_of_whatever_is_found() {
        let mut findings = Findings::default();
        findings.note("a", Ok("one\nhttp://user:hush@host/?hush\n".into()));
        findings.note("b", Err(anyhow::anyhow!("cannot reach redis://:hush@host")));
        assert_eq!(findings.there, [("a", "one\nhttp://***@host/?***\n".to_owned())]);
        assert_eq!(findings.missing["b"], "cannot reach redis://***@host");
    }
}
