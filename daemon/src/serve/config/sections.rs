//! The settings as types. `kinemotion.toml` beside this folder says what each means; a test keeps both equal.

use super::ConfigError;
use super::access::{Admission, Jwt, Limits, Network, Tiers, web_address};
use super::telemetry::Telemetry;
use crate::serve::api::model::Quality;
use kinemotion_models::{EngineConfig, ExecutionProvider};
use kinemotion_pipelines::live::WhipOptions;
use kinemotion_pipelines::live::decoders::DecoderOrder;
use kinemotion_pipelines::live::load::LoadConfig;
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;
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

pub(super) use section;

section!(
    /// Everything.
    Config {
        server: Server = Server::default(),
        admin: Admin = Admin::default(),
        log: Log = Log::default(),
        telemetry: Telemetry = Telemetry::default(),
        storage: Storage = Storage::default(),
        retention: Retention = Retention::default(),
        auth: Auth = Auth::default(),
        jwt: Jwt = Jwt::default(),
        tiers: Tiers = Tiers::default(),
        limits: Limits = Limits::default(),
        admission: Admission = Admission::default(),
        sessions: Sessions = Sessions::default(),
        load: Load = Load::default(),
        sources: Sources = Sources::default(),
        s3: S3 = S3::default(),
        video: Video = Video::default(),
        models: Models = Models::default(),
        decoders: Decoders = Decoders::default(),
        webrtc: WebRtc = WebRtc::default(),
        webhooks: Webhooks = Webhooks::default(),
        batch: Batch = Batch::default(),
        cluster: Cluster = Cluster::default(),
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
        certificate: PathBuf = PathBuf::new(),
        key: PathBuf = PathBuf::new(),
        proxies: Vec<String> = Vec::new(),
    }
);

impl Server {
    /// Whether connections are encrypted here, and not by a proxy in front.
    pub fn is_encrypted(&self) -> bool {
        !self.certificate.as_os_str().is_empty()
    }
}

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
        database: String = String::new(),
        bucket: String = String::new(),
        remembered: usize = 1000,
    }
);

section!(
    /// How long things are kept; 0 is for ever.
    Retention {
        recordings_days: u32 = 0,
        analyses_days: u32 = 0,
        deliveries_days: u32 = 30,
        audit_days: u32 = 365,
        idempotency_days: u32 = 1,
    }
);

section!(
    /// Who may ask.
    Auth {
        tokens: Vec<String> = Vec::new(),
        session_secret: String = String::new(),
    }
);

/// Shortest secret that signs: as long as what HMAC makes of it (RFC 2104, section 3). Whoever has a token can try shorter ones.
const SECRET_BYTES: usize = 32;

impl Auth {
    fn check(&self) -> Result<(), ConfigError> {
        if self.tokens.iter().any(String::is_empty) {
            let reason = "an empty token lets everybody in by accident";
            return Err(value("auth.tokens", reason));
        }
        if (1..SECRET_BYTES).contains(&self.session_secret.len()) {
            let reason = format!("give at least {SECRET_BYTES} bytes, or none");
            return Err(value("auth.session_secret", reason));
        }
        Ok(())
    }
}

section!(
    /// Limits of running analyses.
    Sessions {
        most: usize = 100,
        per_token: usize = 0,
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
    /// What happens when there is too little of the machine for everybody.
    Load {
        pose_rate_floor: f64 = 10.0,
        lighter_models: bool = true,
        drop_overlay: bool = true,
        admission: bool = true,
        budget: f64 = 0.9,
    }
);

impl From<&Load> for LoadConfig {
    fn from(load: &Load) -> Self {
        Self {
            floor: load.pose_rate_floor,
            lighter_models: load.lighter_models,
            drop_overlay: load.drop_overlay,
            admission: load.admission,
            budget: load.budget,
        }
    }
}

section!(
    /// Where pictures may come from.
    Sources {
        folders: Vec<PathBuf> = Vec::new(),
        hosts: Vec<String> = Vec::new(),
        private_hosts: bool = false,
        buckets: Vec<String> = Vec::new(),
        cameras: bool = true,
        demo: bool = true,
    }
);

section!(
    /// Storage of objects.
    S3 {
        endpoint: String = String::new(),
        region: String = "us-east-1".into(),
        access_key: String = String::new(),
        secret_key: String = String::new(),
    }
);

impl S3 {
    fn check(&self) -> Result<(), ConfigError> {
        if !self.endpoint.is_empty() {
            web_address("s3.endpoint", &self.endpoint)?;
        }
        if self.access_key.is_empty() != self.secret_key.is_empty() {
            return Err(value(
                "s3.secret_key",
                "s3.access_key and s3.secret_key go together",
            ));
        }
        Ok(())
    }
}

section!(
    /// Limits of pictures.
    Video {
        pixels: u32 = 2_073_600,
        fps: f64 = 60.0,
        bitrate_kbps: u64 = 20_000,
        persons: u32 = 16,
    }
);

section!(
    /// Landmark models and what runs them.
    Models {
        loaded: Vec<Quality> = vec![Quality::Balanced],
        providers: Vec<ExecutionProvider> = vec![ExecutionProvider::Cpu],
        workers: usize = 0,
        nice: i32 = 5,
        live_on_workers: bool = true,
        batch_delay_ms: u32 = 0,
    }
);

/// Nice values of Linux.
const NICE: std::ops::RangeInclusive<i32> = -20..=19;
/// The most inference workers and milliseconds of delay that `kinepose` takes.
const MOST_WORKERS: usize = 256;
const MOST_BATCH_DELAY_MS: u32 = 1_000;
/// Least memory of a process that analyses a file, MB: Full HD with graphics and a report was seen to hold 462.
const LEAST_BATCH_MEMORY_MB: u64 = 512;

impl Models {
    /// Settings of the engine that every analysis shares.
    pub fn engine(&self) -> EngineConfig {
        EngineConfig {
            providers: self.providers.clone(),
            workers: self.workers,
            nice: self.nice,
            live_on_workers: self.live_on_workers,
            batch_delay: Duration::from_millis(self.batch_delay_ms.into()),
            ..EngineConfig::default()
        }
    }

    fn check(&self) -> Result<(), ConfigError> {
        if self.providers.is_empty() {
            return Err(value("models.providers", "name at least one, such as cpu"));
        }
        if self.workers > MOST_WORKERS {
            return Err(value("models.workers", format!("give at most {MOST_WORKERS}")));
        }
        if !NICE.contains(&self.nice) {
            return Err(value("models.nice", "give -20 to 19"));
        }
        if self.batch_delay_ms > MOST_BATCH_DELAY_MS {
            let reason = format!("give at most {MOST_BATCH_DELAY_MS}");
            return Err(value("models.batch_delay_ms", reason));
        }
        Ok(())
    }
}

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
        jitter_ms: u32 = WhipOptions::default().jitter_ms,
        stun: String = String::new(),
        turn: Vec<String> = Vec::new(),
    }
);

section!(
    /// Where events may be sent.
    Webhooks {
        private_hosts: bool = false,
    }
);

section!(
    /// Analyses of files.
    Batch {
        workers: usize = 1,
        queued: u64 = 1000,
        memory_mb: u64 = 4096,
        cpu_s: u64 = 3600,
        wall_s: u64 = 3600,
        output_mb: u64 = 4096,
        upload_mb: u64 = 2048,
        uploads: u64 = 100,
        upload_hours: u64 = 24,
        request_s: u64 = 3600,
    }
);

section!(
    /// Several daemons as one.
    Cluster {
        redis: String = String::new(),
        address: String = String::new(),
    }
);

impl Cluster {
    /// Whether there are several.
    pub fn is_on(&self) -> bool {
        !self.redis.is_empty()
    }
}

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
    ///
    /// # Errors
    /// A value that makes no sense, named by its key.
    pub fn check(&self) -> Result<(), ConfigError> {
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
        self.auth.check()?;
        if let Some(folder) = self.sources.folders.iter().find(|folder| !folder.is_absolute()) {
            let reason = format!("{} does not begin at the root", folder.display());
            return Err(value("sources.folders", reason));
        }
        if self
            .sources
            .buckets
            .iter()
            .any(|entry| entry.is_empty() || entry.starts_with('/'))
        {
            return Err(value(
                "sources.buckets",
                "an entry begins with the name of a bucket",
            ));
        }
        self.s3.check()?;
        if !self.webrtc.stun.is_empty() {
            scheme("webrtc.stun", &self.webrtc.stun, &["stun"])?;
        }
        for server in &self.webrtc.turn {
            scheme("webrtc.turn", server, &["turn", "turns"])?;
        }
        if !(self.video.fps.is_finite() && self.video.fps >= 1.0) {
            return Err(value("video.fps", "give at least 1 frame per second"));
        }
        if !(self.load.pose_rate_floor.is_finite() && self.load.pose_rate_floor >= 1.0) {
            return Err(value("load.pose_rate_floor", "give at least 1 pose per second"));
        }
        if !(0.1..=1.0).contains(&self.load.budget) {
            return Err(value("load.budget", "give a share between 0.1 and 1"));
        }
        if self.server.certificate.as_os_str().is_empty() != self.server.key.as_os_str().is_empty() {
            return Err(value(
                "server.key",
                "TLS needs both server.certificate and server.key",
            ));
        }
        for proxy in &self.server.proxies {
            let network: Result<Network, String> = proxy.parse();
            network.map_err(|reason| value("server.proxies", reason))?;
        }
        self.telemetry.check()?;
        self.models.check()?;
        self.jwt.check(&self.tiers)?;
        self.limits.check()?;
        self.admission.check()?;
        self.check_cluster()?;
        self.check_counts()
    }

    /// What replicas need so that each can answer for the others.
    fn check_cluster(&self) -> Result<(), ConfigError> {
        if !self.cluster.is_on() {
            return Ok(());
        }
        scheme("cluster.redis", &self.cluster.redis, &["redis", "rediss"])?;
        scheme("cluster.address", &self.cluster.address, &["http", "https"])?;
        if self.storage.database.is_empty() {
            return Err(value(
                "storage.database",
                "a cluster shares a database on a Postgres server",
            ));
        }
        if self.auth.session_secret.is_empty() {
            return Err(value(
                "auth.session_secret",
                "replicas of a cluster need the same one",
            ));
        }
        Ok(())
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
            ("video.persons", self.video.persons.into()),
            ("batch.memory_mb", self.batch.memory_mb),
            ("batch.cpu_s", self.batch.cpu_s),
            ("batch.wall_s", self.batch.wall_s),
            ("batch.output_mb", self.batch.output_mb),
            ("batch.upload_mb", self.batch.upload_mb),
            ("batch.upload_hours", self.batch.upload_hours),
            ("batch.request_s", self.batch.request_s),
        ];
        match counts.into_iter().find(|(_, count)| *count == 0) {
            Some((key, _)) => Err(value(key, "give at least 1")),
            None if self.batch.memory_mb < LEAST_BATCH_MEMORY_MB => Err(value(
                "batch.memory_mb",
                format!("give at least {LEAST_BATCH_MEMORY_MB}: models and decoders alone take most of that"),
            )),
            None => Ok(()),
        }
    }
}

pub(super) fn value(key: &'static str, reason: impl Into<String>) -> ConfigError {
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
