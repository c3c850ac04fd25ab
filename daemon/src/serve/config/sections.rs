//! The settings as types. `kinemotion.toml` beside this folder says what each means; a test keeps both equal.

use super::ConfigError;
use crate::serve::api::model::Quality;
use kinemotion_pipelines::live::decoders::DecoderOrder;
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::path::PathBuf;
use tracing_subscriber::filter::Targets;

/// A section of the file: its keys with their defaults.
macro_rules! section {
    ($(#[$doc:meta])* $name:ident { $($key:ident: $type:ty = $default:expr,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
        #[serde(default, deny_unknown_fields)]
        #[allow(missing_docs)] // kinemotion.toml says what each key means
        pub struct $name {
            $(pub $key: $type,)*
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $($key: $default,)* }
            }
        }
    };
}

section!(
    /// Everything.
    Config {
        server: Server = Server::default(),
        admin: Admin = Admin::default(),
        log: Log = Log::default(),
        storage: Storage = Storage::default(),
        auth: Auth = Auth::default(),
        sessions: Sessions = Sessions::default(),
        sources: Sources = Sources::default(),
        video: Video = Video::default(),
        models: Models = Models::default(),
        decoders: Decoders = Decoders::default(),
        webrtc: WebRtc = WebRtc::default(),
    }
);

section!(
    /// The listener of studio, API, WHIP and WHEP.
    Server {
        listen: String = "127.0.0.1:8080".into(),
        names: Vec<String> = Vec::new(),
        origins: Vec<String> = Vec::new(),
        body_bytes: usize = 65_536,
        request_s: u64 = 30,
    }
);

section!(
    /// The listener of those who operate the daemon.
    Admin {
        listen: String = "127.0.0.1:8081".into(),
    }
);

section!(
    /// What is written about the daemon's doings.
    Log {
        filter: String = "info".into(),
        format: LogFormat = LogFormat::Auto,
    }
);

section!(
    /// Where results go.
    Storage {
        folder: PathBuf = "kinemotion-data".into(),
        remembered: usize = 1000,
    }
);

section!(
    /// Who may ask.
    Auth {
        tokens: Vec<String> = Vec::new(),
    }
);

section!(
    /// Limits of running analyses.
    Sessions {
        most: usize = 4,
        waiting_s: u64 = 60,
        silence_s: u64 = 10,
        reconnect_s: u64 = 10,
        stuck_s: u64 = 10,
        duration_s: u64 = 14_400,
        finish_s: u64 = 10,
        drain_s: u64 = 20,
        memory_mb: u64 = 0,
        interim_events: usize = 10_000,
        recent_poses: usize = 300,
    }
);

section!(
    /// Where pictures may come from.
    Sources {
        folders: Vec<PathBuf> = Vec::new(),
        hosts: Vec<String> = Vec::new(),
        private_hosts: bool = false,
        cameras: bool = true,
        demo: bool = true,
    }
);

section!(
    /// Limits of pictures.
    Video {
        pixels: u32 = 2_073_600,
        fps: f64 = 60.0,
    }
);

section!(
    /// Landmark models.
    Models {
        loaded: Vec<Quality> = vec![Quality::Balanced],
    }
);

section!(
    /// Choice of decoders.
    Decoders {
        order: DecoderOrder = DecoderOrder::default(),
    }
);

section!(
    /// How media reaches and leaves browsers.
    WebRtc {
        origins: Vec<String> = vec!["*".into()],
        jitter_ms: u32 = 40,
        stun: String = String::new(),
        turn: Vec<String> = Vec::new(),
    }
);

/// How log lines look.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people on a terminal, else for machines.
    Auto,
    /// For people.
    Pretty,
    /// One JSON object per line.
    Json,
}

impl Config {
    /// Looks at what types cannot say.
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        address("server.listen", &self.server.listen)?;
        if !self.admin.listen.is_empty() {
            address("admin.listen", &self.admin.listen)?;
        }
        let filter: Result<Targets, _> = self.log.filter.parse();
        filter.map_err(|error| value("log.filter", error.to_string()))?;
        for origin in &self.server.origins {
            check_origin("server.origins", origin)?;
        }
        for origin in &self.webrtc.origins {
            check_origin("webrtc.origins", origin)?;
        }
        if self.auth.tokens.iter().any(String::is_empty) {
            return Err(value(
                "auth.tokens",
                "an empty token lets everybody in by accident",
            ));
        }
        if let Some(folder) = self.sources.folders.iter().find(|folder| !folder.is_absolute()) {
            let reason = format!("{} does not begin at the root", folder.display());
            return Err(value("sources.folders", reason));
        }
        if !self.webrtc.stun.is_empty() {
            scheme("webrtc.stun", &self.webrtc.stun, &["stun"])?;
        }
        for server in &self.webrtc.turn {
            scheme("webrtc.turn", server, &["turn", "turns"])?;
        }
        if !(self.video.fps.is_finite() && self.video.fps >= 1.0) {
            return Err(value("video.fps", "give at least 1 frame per second"));
        }
        self.check_counts()
    }

    fn check_counts(&self) -> Result<(), ConfigError> {
        let counts = [
            ("server.body_bytes", self.server.body_bytes as u64),
            ("server.request_s", self.server.request_s),
            ("storage.remembered", self.storage.remembered as u64),
            ("sessions.most", self.sessions.most as u64),
            ("sessions.waiting_s", self.sessions.waiting_s),
            ("sessions.silence_s", self.sessions.silence_s),
            ("sessions.stuck_s", self.sessions.stuck_s),
            ("sessions.duration_s", self.sessions.duration_s),
            ("sessions.finish_s", self.sessions.finish_s),
            ("sessions.recent_poses", self.sessions.recent_poses as u64),
            ("sessions.interim_events", self.sessions.interim_events as u64),
            ("video.pixels", self.video.pixels.into()),
        ];
        match counts.into_iter().find(|(_, count)| *count == 0) {
            Some((key, _)) => Err(value(key, "give at least 1")),
            None => Ok(()),
        }
    }
}

fn value(key: &'static str, reason: impl Into<String>) -> ConfigError {
    ConfigError::Value {
        key,
        reason: reason.into(),
    }
}

fn address(key: &'static str, text: &str) -> Result<(), ConfigError> {
    let address: Result<SocketAddr, _> = text.parse();
    address
        .map(drop)
        .map_err(|_| value(key, format!("\"{text}\" is no address like 127.0.0.1:8080")))
}

fn check_origin(key: &'static str, origin: &str) -> Result<(), ConfigError> {
    let parsed = url::Url::parse(origin).map(|url| url.origin().ascii_serialization());
    if origin == "*" || parsed.as_deref() == Ok(origin) {
        return Ok(());
    }
    Err(value(
        key,
        format!("\"{origin}\" is no origin like https://coach.example"),
    ))
}

fn scheme(key: &'static str, server: &str, schemes: &[&str]) -> Result<(), ConfigError> {
    let parsed = url::Url::parse(server);
    let fits = |url: &url::Url| schemes.contains(&url.scheme()) && url.has_host();
    if parsed.as_ref().is_ok_and(fits) {
        return Ok(());
    }
    let example = format!("{}://server.example:3478", schemes[0]);
    Err(value(key, format!("\"{server}\" is no address like {example}")))
}
