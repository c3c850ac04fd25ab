//! What was ordered: the part of a request that is kept with the results, and the specification of its session.

use super::sources::{self, without_credentials};
use crate::serve::api::model::{
    AnalysisConfig, AthleteInfo, Camera, CreateAnalysis, Input, Output, Person, Quality,
};
use crate::serve::auth::{Actor, LOCAL, Principal};
use crate::serve::config::Config;
use crate::serve::problem::Problem;
use crate::serve::store::Store;
use crate::serve::webhooks::{self, Secret};
use kinemotion_models::PersonSelection;
use kinemotion_pipelines::People;
use kinemotion_pipelines::live::{Demo, IceServers, Limits, LiveSource, LiveSpec, Push, WhipOptions};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::time::SystemTime;
use uuid::Uuid;

/// What was ordered, without addresses of outputs, which carry keys.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Order {
    /// When, RFC 3339.
    pub created_at: String,
    /// Movement to look for, or `auto`.
    pub sport_type: String,
    /// `whip`, `uri`, `camera`, `demo` or `file`.
    pub source: String,
    /// Address or device, without credentials.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Landmark model.
    pub quality: Quality,
    /// The athlete.
    pub athlete: AthleteInfo,
    /// The camera.
    pub camera: Camera,
    /// Box of drop jumps, metres.
    pub box_height_m: Option<f64>,
    /// Whether there is a recording.
    pub record: bool,
    /// Whether HLS is sent.
    pub hls: bool,
    /// How a file is worked through; absent of a live analysis.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<FileOrder>,
    /// Whose it is.
    #[serde(default = "local")]
    pub tenant: String,
    /// Who did it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub athlete_id: Option<String>,
    /// The training session it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
    /// What else the measurement was told.
    #[serde(default)]
    pub config: AnalysisConfig,
    /// Who is told of this analysis alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhook: Option<OwnWebhook>,
    /// Who ordered it, as long as the daemon that took the order runs.
    #[serde(skip)]
    pub actor: Option<Actor>,
}

/// A webhook about one analysis alone. Where to and what signs is in the database, and not among what is told of an order.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub struct OwnWebhook {
    /// Its name.
    pub id: String,
    /// Where to.
    #[serde(skip)]
    pub url: String,
    /// What signs, as text.
    #[serde(skip)]
    pub secret: String,
}

impl OwnWebhook {
    /// A new one that leads there.
    fn to(url: &str) -> Result<Self, Problem> {
        let secret = Secret::random();
        let secret = secret.map_err(|error| Problem::internal(format!("no random numbers: {error}")))?;
        Ok(Self {
            id: Uuid::now_v7().to_string(),
            url: url.to_owned(),
            secret: secret.text(),
        })
    }
}

/// How a file is worked through.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub struct FileOrder {
    /// Whether the video with graphics is kept.
    pub overlay: bool,
    /// People followed at once.
    pub max_persons: u32,
    /// Whether a page is made of it.
    #[serde(default)]
    pub report: bool,
}

/// What was stored before there were tenants.
fn local() -> String {
    LOCAL.into()
}

const WHIP: &str = "whip";
/// Source, and kind, of what is about a file.
pub const FILE: &str = "file";

impl Order {
    /// A demo with default settings, for tests of what is done with an order.
    #[cfg(test)]
    pub fn of_a_demo() -> Self {
        Self {
            created_at: "2026-11-25T18:00:00.000Z".into(),
            sport_type: "cmj".into(),
            source: "demo".into(),
            address: None,
            quality: Quality::Balanced,
            athlete: AthleteInfo::default(),
            camera: Camera::default(),
            box_height_m: None,
            record: false,
            hls: false,
            file: None,
            tenant: local(),
            athlete_id: None,
            session_id: None,
            config: AnalysisConfig::default(),
            webhook: None,
            actor: None,
        }
    }

    /// The part of a request that is kept.
    ///
    /// # Errors
    /// The system has no random numbers for a webhook.
    pub fn of(request: &CreateAnalysis, by: &Principal) -> Result<Self, Problem> {
        let (source, address) = match &request.input {
            Input::Streaming(_) => (WHIP, None),
            Input::Uri(uri) => ("uri", Some(without_credentials(uri))),
            Input::Camera(device) => ("camera", Some(device.clone())),
            Input::Demo(_) => ("demo", None),
            Input::VideoPath(uri) => (FILE, Some(without_credentials(uri))),
            Input::Upload(_) | Input::File(_) => (FILE, None),
        };
        let file = request.input.is_file().then_some(FileOrder {
            overlay: request.overlay,
            max_persons: request.max_persons,
            report: request.report,
        });
        let webhook = request.webhook_url.as_deref().map(OwnWebhook::to).transpose()?;
        Ok(Self {
            created_at: humantime::format_rfc3339_millis(SystemTime::now()).to_string(),
            sport_type: request.sport_type.clone(),
            source: source.into(),
            address,
            quality: request.quality,
            athlete: request.athlete,
            camera: request.camera,
            box_height_m: request.box_height_m,
            record: request.record,
            hls: request.outputs.contains(&Output::Hls(true)),
            file,
            tenant: by.tenant.clone(),
            athlete_id: request.athlete_id.clone(),
            session_id: request.training_session_id.clone(),
            config: request.config,
            webhook,
            actor: Some(by.actor.clone()),
        })
    }

    /// `live` or `file`.
    pub fn kind(&self) -> &'static str {
        if self.is_file() { FILE } else { "live" }
    }

    /// Whether it is about a file.
    pub fn is_file(&self) -> bool {
        self.file.is_some()
    }

    /// Whether somebody publishes to it.
    pub fn takes_publisher(&self) -> bool {
        self.source == WHIP
    }
}

/// Looks at a request of a tenant in the light of the configuration.
///
/// # Errors
/// A problem that names the field.
pub fn check(request: &CreateAnalysis, config: &Config, tenant: &str) -> Result<(), Problem> {
    request.check()?;
    sources::check(&request.input, &config.sources, tenant)?;
    if let Some(url) = &request.webhook_url {
        let fits = webhooks::address(url, config.webhooks.private_hosts);
        fits.map_err(|detail| Problem::invalid(detail).field("webhook_url"))?;
    }
    let most = config.video.persons;
    if request.max_persons > most {
        let detail = format!("the configuration allows {most} (video.persons)");
        return Err(Problem::invalid(detail).field("max_persons"));
    }
    Ok(())
}

/// The specification of the session of a request that was looked at.
///
/// # Errors
/// A problem that names the field.
pub fn spec(id: &str, request: &CreateAnalysis, config: &Config, store: &Store) -> Result<LiveSpec, Problem> {
    let people = match request.config.person {
        Some(person) => People::One(person.into()),
        None if request.max_persons > 1 => People::Everybody,
        None => People::One(PersonSelection::Largest),
    };
    let output = |output: &Output| match output {
        Output::Rtmp(uri) => Push::Rtmp(uri.clone()),
        Output::Srt(uri) => Push::Srt(uri.clone()),
        Output::Fill(uri) => Push::Fill(uri.clone()),
        Output::Matte(uri) => Push::Matte(uri.clone()),
        Output::Hls(_) => Push::Hls(store.hls(id)),
    };
    Ok(LiveSpec {
        movement: request.movement()?,
        quality: request.quality.into(),
        athlete: request.athlete(),
        setup: request.setup(),
        people,
        max_persons: request.max_persons,
        engine: config.models.engine(),
        overlay: request.overlay,
        poses: true,
        outputs: request.outputs.iter().map(output).collect(),
        recording: request.record.then(|| store.recording(id)),
        access: sources::access(&config.sources),
        ice: IceServers {
            stun: Some(config.webrtc.stun.clone()).filter(|server| !server.is_empty()),
            turn: config.webrtc.turn.clone(),
        },
        limits: Limits {
            pixels: config.video.pixels,
            fps: config.video.fps,
            bitrate: 1000 * config.video.bitrate_kbps,
            silence_s: config.sessions.silence_s as f64,
            reconnect_s: config.sessions.reconnect_s as f64,
            stuck_s: config.sessions.stuck_s as f64,
            finish_s: config.sessions.finish_s as f64,
        },
        ..LiveSpec::new(id, source(&request.input, config)?)
    })
}

fn source(input: &Input, config: &Config) -> Result<LiveSource, Problem> {
    Ok(match input {
        Input::Streaming(_) => LiveSource::Whip(WhipOptions {
            jitter_ms: config.webrtc.jitter_ms,
        }),
        Input::Uri(uri) => LiveSource::Uri(uri.clone()),
        Input::Camera(device) => LiveSource::Camera(PathBuf::from(device)),
        Input::Demo(_) => LiveSource::Demo(Demo::default()),
        Input::VideoPath(_) | Input::Upload(_) | Input::File(_) => {
            return Err(Problem::internal("a file has no session"));
        }
    })
}

impl From<Person> for PersonSelection {
    fn from(person: Person) -> Self {
        match person {
            Person::Largest => Self::Largest,
            Person::NearestCentre => Self::NearestCentre,
            Person::MostMoving => Self::MostMoving,
        }
    }
}

impl From<Quality> for kinemotion_models::Quality {
    fn from(quality: Quality) -> Self {
        match quality {
            Quality::Fast => Self::Fast,
            Quality::Balanced => Self::Balanced,
            Quality::Accurate => Self::Accurate,
        }
    }
}
