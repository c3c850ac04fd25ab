//! `kinemotion serve`: live sessions over HTTP.
//!
//! | module | job |
//! |---|---|
//! | `cluster` | several daemons as one |
//! | `config` | one commented file, environment, what may change while running |
//! | `sessions` | every analysis: made, found, ended, stored |
//! | `store` | the database, and files beside it |
//! | `batch` | analyses of files, in processes of their own |
//! | `webhooks` | telling other services |
//! | `history` | what was measured before |
//! | `retention` | what is old goes |
//! | `backup` | everything in one file, and back |
//! | `hub` | one analysis' events, from one writer to any number of readers |
//! | `api` | resources: analyses, events, results, sports, the description |
//! | `media` | WHIP and WHEP |
//! | `pages` | studio and overlay page, embedded |
//! | `admin`, `metrics`, `log`, `telemetry`, `profile`, `bundle`, `signals` | for those who operate it |
//! | `outgoing`, `objects` | requests this daemon makes, and storage that is reached by them |
//! | `clock` | what time it is, for tests another one |
//! | `allocator` | memory that sessions leave is given back |
//! | `router`, `listener`, `crowd`, `tls`, `layers`, `auth`, `extract`, `download`, `problem` | HTTP |
//! | `operator` | `kinemotion keys` and `kinemotion tenants` |
//! | `parsers` | what reads bytes of strangers, for tests that send anything |

mod admin;
mod allocator;
mod api;
mod auth;
mod backup;
mod batch;
mod bundle;
mod clock;
mod cluster;
mod config;
mod crowd;
mod download;
mod extract;
mod history;
mod hub;
mod layers;
mod listener;
mod log;
mod media;
mod metrics;
mod objects;
pub mod operator;
mod outgoing;
mod pages;
pub mod parsers;
mod problem;
mod profile;
mod retention;
mod router;
mod sessions;
mod signals;
mod store;
mod telemetry;
mod tls;
mod webhooks;

pub use backup::{BackupArgs, RestoreArgs, backup, restore};
pub use bundle::{BundleArgs, support_bundle};

use crate::exit::{Exit, UsageError};
use crate::stdout::print;
use anyhow::Context;
use auth::{Authenticator, Limiter};
use clap::Args;
use clock::{SharedClock, SystemClock};
use config::{Config, ConfigError, Models, SharedConfig};
use crowd::Crowd;
use kinemotion_models::Engine;
use kinemotion_pipelines::live::load::Governor;
use kinemotion_pipelines::live::{decoders, warm_up};
use metrics::Metrics;
use retention::Sweep;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use sessions::Sessions;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use telemetry::Telemetry;
use tls::Tls;
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, spawn_blocking};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use webhooks::{Courier, Post};

/// Measure live: WebRTC, cameras and streams in; numbers and video with overlay out.
#[derive(Args)]
pub struct ServeArgs {
    /// Configuration; kinemotion.toml (daemon/src/serve, or the examples of the package) has every key with its default and a comment
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,

    /// Where the studio and the API are, instead of `server.listen`; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
}

/// What requests are answered with. Clones belong together.
#[derive(Clone)]
pub struct App {
    /// The settings in force.
    pub config: SharedConfig,
    /// Who may ask.
    pub auth: Authenticator,
    /// How fast they may.
    pub limiter: Limiter,
    /// Every analysis.
    pub sessions: Sessions,
    /// Sends to webhooks.
    pub post: Post,
    /// What is counted.
    pub metrics: Metrics,
}

impl ServeArgs {
    /// The settings: defaults, then the file, then the environment, then the command line.
    fn load(&self) -> Result<Config, ConfigError> {
        let mut config = Config::load(self.config.as_deref(), std::env::vars())?;
        if let Some(listen) = self.listen {
            config.server.listen = listen.to_string();
        }
        Ok(config)
    }
}

/// Runs the command.
pub fn run(args: &ServeArgs) -> anyhow::Result<Exit> {
    let config = args.load().map_err(|error| UsageError(error.to_string()))?;
    let filter = log::start(&config.log)?;
    raise_descriptor_limit();
    allocator::share_pools();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_name("serve")
        .build()?;
    let outcome = runtime.block_on(async { serve(open(config).await?, args, &filter).await });
    // Blocking work that hangs must not keep the process.
    runtime.shutdown_background();
    outcome
}

/// A session holds some thirty descriptors, and the usual soft limit is 1024. What the system permits is taken.
fn raise_descriptor_limit() {
    let limit = getrlimit(Resource::Nofile);
    let permitted = Rlimit {
        current: limit.maximum,
        ..limit
    };
    if let Err(error) = setrlimit(Resource::Nofile, permitted) {
        tracing::warn!(event = "descriptors_limited", %error, limit = limit.current, "the limit of open files cannot be raised");
    }
}

/// Everything but the listeners.
async fn open(config: Config) -> anyhow::Result<App> {
    let folder = config.storage.folder.clone();
    decoders::apply(config.decoders.order.clone());
    let (config, metrics) = (SharedConfig::new(config), Metrics::new()?);
    let sessions = Sessions::open(config.clone(), metrics.clone())
        .await
        .with_context(|| format!("results cannot be stored in {}", folder.display()))?;
    Ok(App {
        auth: Authenticator::new(sessions.store().accounts())?,
        limiter: Limiter::new(sessions.cluster().map(|cluster| cluster.link().clone())),
        post: Post::new(config.get().webhooks.private_hosts)?,
        config,
        sessions,
        metrics,
    })
}

async fn serve(app: App, args: &ServeArgs, filter: &log::Filter) -> anyhow::Result<Exit> {
    let config = app.config.get();
    let mut signals = signals::Signals::new()?;
    let models = config.models.clone();
    let ready = async {
        // Beside the models, which take about as long.
        let plugins = spawn_blocking(warm_up);
        let engine = spawn_blocking(move || load_models(&models)).await;
        let engine = engine.context("loading models panicked")??;
        plugins.await.context("loading plugins panicked")??;
        anyhow::Ok(engine)
    };
    let engine = tokio::select! {
        engine = ready => engine?,
        () = signals.end() => return Ok(Exit::Interrupted),
    };
    app.metrics.machine.watch(&engine);
    app.sessions
        .govern(Governor::start((&config.load).into(), engine)?);
    let end = CancellationToken::new();
    let public = bind(&config.server.listen).await?;
    let studio = public.local_addr()?;
    let tls = Tls::open(&config.server).context("connections cannot be encrypted")?;
    if let Some(tls) = &tls {
        tls.follow()
            .context("the files of server.certificate and server.key cannot be watched")?;
    }
    let mut listeners = vec![tokio::spawn(listener::serve(
        public,
        router::router(&app),
        tls.clone(),
        Some(Crowd::new(app.config.clone())),
        end.clone(),
    ))];
    let courier = tokio::spawn(courier(&app).run(end.clone()));
    let sweep = tokio::spawn(sweep(&app).run(end.clone()));
    let all_is_over = CancellationToken::new();
    let telemetry = report(&app, &all_is_over)?;
    let end_of_work = CancellationToken::new();
    let workers = batch::start(&app.sessions, &app.config, &app.metrics, &end_of_work)?;
    let mut admin = None;
    if !config.admin.listen.is_empty() {
        let listener = bind(&config.admin.listen).await?;
        admin = Some(listener.local_addr()?);
        let router = admin::router(app.clone());
        listeners.push(tokio::spawn(listener::serve(
            listener,
            router,
            None,
            None,
            end.clone(),
        )));
    }
    print(&announcement(studio, tls.is_some(), admin))?;
    tracing::info!(event = "ready", %studio, "ready");
    tokio::select! {
        told = signals::until_told_to_end(&mut signals, &app, tls.as_ref(), args, filter) => told?,
        // What runs cannot be stored any more, as the other one stores.
        lost = app.sessions.store().lost() => return Err(lost).context("the lock of the database is lost"),
    }
    end_of_work.cancel();
    tokio::select! {
        ((), ()) = async { tokio::join!(app.sessions.drain(), workers.wait()) } => {}
        () = signals.end() => return Ok(Exit::Interrupted),
    }
    end.cancel();
    for listener in listeners {
        listener.await?;
    }
    courier.await?;
    sweep.await?;
    if let Some(cluster) = app.sessions.cluster() {
        cluster.leave(&app.sessions.store().replicas()).await;
    }
    all_is_over.cancel();
    if let Some(telemetry) = telemetry {
        tokio::select! {
            sent = telemetry => sent?,
            () = signals.end() => return Ok(Exit::Interrupted),
        }
    }
    Ok(Exit::Done)
}

/// Sends traces and what is counted to whoever collects them.
fn report(app: &App, end: &CancellationToken) -> anyhow::Result<Option<JoinHandle<()>>> {
    let cluster = app.sessions.cluster();
    let instance = cluster.map_or_else(|| Uuid::now_v7().to_string(), |cluster| cluster.replica().into());
    let telemetry = Telemetry::start(&app.config.get().telemetry, &instance)?;
    let run = |telemetry: Telemetry| telemetry.run(app.metrics.clone(), app.sessions.clone(), end.clone());
    Ok(telemetry.map(|telemetry| tokio::spawn(run(telemetry))))
}

/// Who removes what is old.
fn sweep(app: &App) -> Sweep<SystemClock> {
    Sweep {
        sessions: app.sessions.clone(),
        config: app.config.clone(),
        clock: SystemClock,
    }
}

/// Who delivers to webhooks.
fn courier(app: &App) -> Courier<Post, SharedClock> {
    let store = app.sessions.store();
    Courier {
        webhooks: store.webhooks().clone(),
        deliveries: store.deliveries().clone(),
        carrier: app.post.clone(),
        clock: store.clock().clone(),
        metrics: app.metrics.clone(),
    }
}

/// Loads models, which stay loaded as long as the engine is held: an analysis uses the one there is.
fn load_models(models: &Models) -> anyhow::Result<Arc<Engine>> {
    let engine = Engine::shared(&models.engine()).context(NO_MODELS)?;
    for quality in &models.loaded {
        engine.warm_up((*quality).into()).context(NO_MODELS)?;
    }
    let workers = engine.stats().workers;
    tracing::info!(
        event = "inference_ready",
        provider = engine.provider(),
        workers,
        "inference"
    );
    for notice in engine.notices() {
        tracing::warn!(event = "inference_notice", "inference: {notice}");
    }
    Ok(engine)
}

const NO_MODELS: &str = "pose estimation cannot start; kinemotion doctor says how to mend it";

async fn bind(address: &str) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address)
        .await
        .with_context(|| format!("cannot listen at {address}"))
}

/// What a person needs to begin.
fn announcement(studio: SocketAddr, encrypted: bool, admin: Option<SocketAddr>) -> String {
    let http = if encrypted { "https" } else { "http" };
    let operators =
        admin.map(|admin| format!("operators  http://{admin}/readyz and http://{admin}/metrics\n"));
    format!(
        "studio     {http}://{studio}/\n\
         API        {http}://{studio}/api/v1/docs\n\
         WHIP       {http}://{studio}/whip?sport=auto\n\
         {}\
         Ctrl-C finishes what runs and ends\n",
        operators.unwrap_or_default()
    )
}
