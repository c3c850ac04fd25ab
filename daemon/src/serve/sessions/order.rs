//! What was ordered: the part of a request that is kept with the results, and the specification of its session.

use super::sources::{self, without_credentials};
use crate::serve::api::model::{AthleteInfo, Camera, CreateAnalysis, Input, Output, Quality};
use crate::serve::auth::{Actor, LOCAL, Principal};
use crate::serve::config::Config;
use crate::serve::problem::Problem;
use crate::serve::store::Store;
use kinemotion_pipelines::People;
use kinemotion_pipelines::live::{Demo, IceServers, Limits, LiveSource, LiveSpec, Push, WhipOptions};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::time::SystemTime;

/// What was ordered, without addresses of outputs, which carry keys.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Order {
    /// When, RFC 3339.
    pub created_at: String,
    /// Movement to look for, or `auto`.
    pub sport_type: String,
    /// `whip`, `uri`, `camera` or `demo`.
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
    /// Whose it is.
    #[serde(default = "local")]
    pub tenant: String,
    /// Who did it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub athlete_id: Option<String>,
    /// Who ordered it, as long as the daemon that took the order runs.
    #[serde(skip)]
    pub actor: Option<Actor>,
}

/// What was stored before there were tenants.
fn local() -> String {
    LOCAL.into()
}

const WHIP: &str = "whip";

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
            tenant: local(),
            athlete_id: None,
            actor: None,
        }
    }

    /// The part of a request that is kept.
    pub fn of(request: &CreateAnalysis, by: &Principal) -> Self {
        let (source, address) = match &request.input {
            Input::Streaming(_) => (WHIP, None),
            Input::Uri(uri) => ("uri", Some(without_credentials(uri))),
            Input::Camera(device) => ("camera", Some(device.clone())),
            Input::Demo(_) => ("demo", None),
        };
        Self {
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
            tenant: by.tenant.clone(),
            athlete_id: request.athlete_id.clone(),
            actor: Some(by.actor.clone()),
        }
    }

    /// Whether somebody publishes to it.
    pub fn takes_publisher(&self) -> bool {
        self.source == WHIP
    }
}

/// The specification of a request's session.
///
/// # Errors
/// A problem that names the field.
pub fn spec(id: &str, request: &CreateAnalysis, config: &Config, store: &Store) -> Result<LiveSpec, Problem> {
    request.check()?;
    sources::check(&request.input, &config.sources)?;
    let most = config.video.persons;
    if request.max_persons > most {
        let detail = format!("the configuration allows {most} (video.persons)");
        return Err(Problem::invalid(detail).field("max_persons"));
    }
    let people = if request.max_persons > 1 {
        People::Everybody
    } else {
        People::One(kinemotion_models::PersonSelection::Largest)
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
        ..LiveSpec::new(id, source(&request.input, config))
    })
}

fn source(input: &Input, config: &Config) -> LiveSource {
    match input {
        Input::Streaming(_) => LiveSource::Whip(WhipOptions {
            jitter_ms: config.webrtc.jitter_ms,
        }),
        Input::Uri(uri) => LiveSource::Uri(uri.clone()),
        Input::Camera(device) => LiveSource::Camera(PathBuf::from(device)),
        Input::Demo(_) => LiveSource::Demo(Demo::default()),
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
