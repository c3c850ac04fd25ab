//! Takes jobs from the queue, one after the other.

use super::child::{self, Confinement, Running, Task};
use super::fetch::{self, Failure};
use super::said::Hearing;
use super::verdict::End;
use super::{Errand, arguments};
use crate::serve::clock::{Clock, milliseconds};
use crate::serve::config::{Batch, SharedConfig};
use crate::serve::metrics::Metrics;
use crate::serve::sessions::{Analysis, FileOrder, News, Sessions};
use crate::serve::store::{Jobs, Leased, StoreError};
use crate::serve::telemetry::{self, whole};
use kinemotion_pipelines::live::SessionState;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

/// How often a file is tried before its analysis has failed.
pub const MOST_ATTEMPTS: u32 = 3;
/// A worker that is not heard of for so long has lost its job.
const LEASE: Duration = Duration::from_secs(30);
/// How often a worker is heard of.
const RENEWED: Duration = Duration::from_secs(10);
/// Jobs that wait for another attempt are looked for this often.
const LOOK: Duration = Duration::from_secs(1);
/// Pause before another attempt, for each that there has been.
const PAUSE: Duration = Duration::from_secs(2);

/// See the module.
pub struct Worker {
    /// For people who look into the table of jobs.
    name: String,
    sessions: Sessions,
    config: SharedConfig,
    metrics: Metrics,
    program: PathBuf,
    end: CancellationToken,
}

/// How an attempt ended.
#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    /// The process says so.
    Ended(End),
    /// It was stopped from here.
    Stopped,
    /// Somebody else has the job, or it is gone.
    Lost,
}

impl From<StoreError> for Outcome {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::LeaseLost => Self::Lost,
            error => {
                tracing::error!(event = "not_stored", %error, "results cannot be stored");
                broken(NOT_STORED)
            }
        }
    }
}

/// Tells the traces of an attempt.
fn tell(analysis: &Analysis, lease: &Leased, outcome: &Outcome, begun: SystemTime) {
    let failure = match outcome {
        Outcome::Ended(End::Refused(reason) | End::Broken(reason)) => Some(reason.as_str()),
        Outcome::Lost => Some("the lease was lost"),
        Outcome::Ended(End::Done) | Outcome::Stopped => None,
    };
    let attributes = vec![whole("kinemotion.attempt", lease.attempts)];
    telemetry::stage(&analysis.id, "batch_file", begun, failure, attributes);
}

/// Why an attempt failed whose results the database did not take; what it said is in the log.
const NOT_STORED: &str = "results cannot be stored";

fn broken(reason: impl Into<String>) -> Outcome {
    Outcome::Ended(End::Broken(reason.into()))
}

impl Worker {
    /// One of the workers of this daemon.
    pub fn new(
        number: usize,
        sessions: Sessions,
        config: SharedConfig,
        metrics: Metrics,
        program: PathBuf,
        end: CancellationToken,
    ) -> Self {
        Self {
            name: sessions.store().jobs().worker(number),
            sessions,
            config,
            metrics,
            program,
            end,
        }
    }

    /// Works until told to end. What is under way then is given back.
    pub async fn run(self) {
        while !self.end.is_cancelled() {
            let now = self.now_ms();
            match self
                .jobs()
                .lease(&self.name, now, now + milliseconds(LEASE))
                .await
            {
                Ok(Some(lease)) => self.work(&lease).await,
                Ok(None) => self.wait().await,
                Err(error) => {
                    tracing::error!(event = "queue_unreachable", %error, "no job can be taken");
                    self.wait().await;
                }
            }
        }
    }

    /// What leases are counted by.
    fn now_ms(&self) -> i64 {
        self.sessions.store().clock().now_ms()
    }

    fn jobs(&self) -> &Jobs {
        self.sessions.store().jobs()
    }

    async fn wait(&self) {
        tokio::select! {
            () = self.end.cancelled() => {}
            () = self.jobs().arrival() => {}
            // Nobody says when a pause is over or a lease runs out.
            () = sleep(LOOK) => {}
        }
    }

    /// Carries a job out, or gives it back.
    async fn work(&self, lease: &Leased) {
        let analysis = match self.sessions.of_job(&lease.analysis_id).await {
            Ok(analysis) => analysis,
            Err(problem) => return self.bury(lease, &problem.detail).await,
        };
        self.work_on(&analysis, lease).await;
        self.sessions.put_down(&analysis);
    }

    async fn work_on(&self, analysis: &Arc<Analysis>, lease: &Leased) {
        // Whoever removes it waits for this, and another worker of this daemon whose lease ran out.
        let _working = analysis.working().await;
        if analysis.has_ended() {
            return self.bury(lease, "its analysis has ended").await;
        }
        let (stop, mut given_back) = (CancellationToken::new(), false);
        let begun = SystemTime::now();
        let outcome = {
            let mut attempt = pin!(self.attempt(analysis, lease, &stop));
            tokio::select! {
                outcome = &mut attempt => outcome,
                () = self.lease_lost(lease) => {
                    stop.cancel();
                    attempt.await;
                    Outcome::Lost
                }
                _ = analysis.asked_to_end() => {
                    stop.cancel();
                    attempt.await;
                    Outcome::Stopped
                }
                () = self.end.cancelled() => {
                    given_back = true;
                    stop.cancel();
                    attempt.await
                }
            }
        };
        tell(analysis, lease, &outcome, begun);
        match outcome {
            Outcome::Ended(end) => self.settle(analysis, lease, end).await,
            Outcome::Stopped if given_back => {
                self.give_back(lease, self.now_ms(), None, false).await;
            }
            Outcome::Stopped => {}
            Outcome::Lost => tracing::warn!(
                event = "lease_lost",
                analysis = analysis.id,
                "another worker has this file now, or it is gone"
            ),
        }
    }

    /// An analysis that cannot be looked at cannot be told its end either.
    async fn bury(&self, lease: &Leased, reason: &str) {
        tracing::error!(
            event = "file_given_up",
            analysis = lease.analysis_id,
            reason,
            "a file cannot be analysed"
        );
        let noted = if lease.attempts < MOST_ATTEMPTS {
            let not_before = self.now_ms() + milliseconds(PAUSE * lease.attempts);
            self.jobs().give_back(lease, not_before, Some(reason), true).await
        } else {
            self.jobs().bury(lease, reason).await
        };
        // One that was removed meanwhile has no job any more.
        if let Err(error) = noted {
            tracing::error!(event = "lease_failed", analysis = lease.analysis_id, %error, "that cannot be noted");
        }
    }

    /// Keeps the lease until it is lost.
    async fn lease_lost(&self, lease: &Leased) {
        let mut held_until = Instant::now() + LEASE;
        loop {
            sleep(RENEWED).await;
            let next = Instant::now() + LEASE;
            match self
                .jobs()
                .renew(lease, self.now_ms() + milliseconds(LEASE))
                .await
            {
                Ok(true) => held_until = next,
                Ok(false) => return,
                Err(error) => {
                    tracing::error!(event = "lease_failed", analysis = lease.analysis_id, %error, "a lease cannot be renewed");
                    if Instant::now() > held_until {
                        return;
                    }
                }
            }
        }
    }

    /// One attempt; tells the analysis everything but how it ended.
    async fn attempt(&self, analysis: &Arc<Analysis>, lease: &Leased, stop: &CancellationToken) -> Outcome {
        if lease.attempts > MOST_ATTEMPTS {
            let reason = lease.last_error.as_deref().unwrap_or("its worker was lost");
            return broken(reason);
        }
        match self.prepare(analysis, lease, stop).await {
            Ok(mut running) => {
                let config = self.config.get();
                let deadline = Instant::now() + Duration::from_secs(config.batch.wall_s);
                let outcome = tokio::select! {
                    outcome = self.listen(analysis, lease, &mut running) => outcome,
                    () = stop.cancelled() => Outcome::Stopped,
                    () = sleep_until(deadline) => {
                        broken(format!("it took longer than the {} s that are allowed", config.batch.wall_s))
                    }
                };
                running.kill().await;
                outcome
            }
            Err(outcome) => outcome,
        }
    }

    /// Has the file here and a process at it.
    async fn prepare(
        &self,
        analysis: &Arc<Analysis>,
        lease: &Leased,
        stop: &CancellationToken,
    ) -> Result<Running, Outcome> {
        let (store, config) = (self.sessions.store(), self.config.get());
        analysis.set_progress(0.0);
        let begins = if analysis.hub.next_sequence() == 0 {
            News::State(SessionState::Connecting, None)
        } else {
            // Somebody was at it before, and perhaps could not take back any more what it had stored.
            News::Anew(SessionState::Connecting, lease.last_error.clone())
        };
        self.take_in(analysis, lease, &begins).await?;
        let file = store.video(&analysis.id);
        store.folders().empty(&analysis.id).await.map_err(|error| {
            tracing::error!(event = "folder_unusable", analysis = analysis.id, %error, "the folder of a file is not as it should be");
            broken("its folder cannot be used")
        })?;
        self.fetch(analysis, lease, &file, stop).await?;
        let wanted = |what: fn(FileOrder) -> bool| analysis.order.file.is_some_and(what);
        let task = Task {
            arguments: arguments::of(&analysis.order, &config.models.providers),
            file,
            overlay: wanted(|file| file.overlay).then(|| store.overlay(&analysis.id)),
            report: wanted(|file| file.report).then(|| store.report(&analysis.id)),
            curves: store.curves(&analysis.id),
        };
        let told = analysis.clone();
        let progress = move |share| told.set_progress(share);
        let started = child::start(&self.program, &task, confinement(&config.batch), progress);
        started.map_err(|error| broken(format!("a process cannot be started: {error}")))
    }

    /// Fetches the file of an analysis where it is not here.
    async fn fetch(
        &self,
        analysis: &Analysis,
        lease: &Leased,
        file: &Path,
        stop: &CancellationToken,
    ) -> Result<(), Outcome> {
        let errand = Errand::read(&lease.task).map_err(|error| broken(format!("its errand: {error}")))?;
        let Some(url) = errand.url else { return Ok(()) };
        let here = tokio::fs::try_exists(file).await;
        if here.map_err(|error| broken(format!("the file cannot be looked for: {error}")))? {
            return Ok(());
        }
        let config = self.config.get();
        let most = megabytes(config.batch.upload_mb);
        let fetched = fetch::fetch(&url, file, most, &config, &analysis.order.tenant);
        let longest = config.batch.wall_s;
        // Whoever sends a byte now and then would have this worker for ever.
        let fetched = timeout(Duration::from_secs(longest), fetched);
        match stop.run_until_cancelled(fetched).await {
            Some(Ok(Ok(()))) => Ok(()),
            Some(Ok(Err(Failure::Refused(reason)))) => Err(Outcome::Ended(End::Refused(reason))),
            Some(Ok(Err(Failure::Broken(reason)))) => Err(broken(reason)),
            Some(Err(_)) => Err(broken(format!(
                "the file did not come within the {longest} s that are allowed"
            ))),
            None => Err(Outcome::Stopped),
        }
    }

    /// Tells the analysis what the process says; how it ended.
    async fn listen(&self, analysis: &Analysis, lease: &Leased, running: &mut Running) -> Outcome {
        match self.hear(analysis, lease, running).await {
            Ok(end) => Outcome::Ended(end),
            Err(outcome) => outcome,
        }
    }

    async fn hear(&self, analysis: &Analysis, lease: &Leased, running: &mut Running) -> Result<End, Outcome> {
        let mut hearing = Hearing::new();
        let nonsense = |reason: String| broken(format!("it does not say what an analysis says: {reason}"));
        while let Some(line) = running
            .next()
            .await
            .map_err(|error| nonsense(error.to_string()))?
        {
            if analysis.state() == SessionState::Connecting {
                let live = News::State(SessionState::Live, None);
                self.take_in(analysis, lease, &live).await?;
            }
            if let Some(news) = hearing.hear(&line).map_err(nonsense)? {
                let (measured, predicted) = hearing.take_poses();
                let sport_type = &analysis.order.sport_type;
                self.metrics.frames.poses_of_file(sport_type, measured, predicted);
                self.take_in(analysis, lease, &news).await?;
            }
        }
        let end = running.end().await;
        match end.map_err(|error| broken(format!("nobody knows how it ended: {error}")))? {
            End::Done if !hearing.complete => Err(nonsense("it ends in the middle".into())),
            End::Done => {
                analysis.set_doing(hearing.doing);
                Ok(End::Done)
            }
            end => Ok(end),
        }
    }

    /// Has the analysis take something in, as long as this worker holds the lease.
    async fn take_in(&self, analysis: &Analysis, lease: &Leased, news: &News) -> Result<(), StoreError> {
        self.metrics.events.taken_in(news);
        analysis.take_in_under(Some(lease.fence), news).await
    }

    /// Tells the analysis how it ended, or has it tried again.
    async fn settle(&self, analysis: &Arc<Analysis>, lease: &Leased, end: End) {
        let last = match end {
            End::Done => News::State(SessionState::Done, None),
            End::Refused(reason) => News::failed(&reason),
            End::Broken(reason) if lease.attempts >= MOST_ATTEMPTS => News::failed(&abnormally(&reason)),
            End::Broken(reason) => return self.try_again(analysis, lease, &reason).await,
        };
        match self.take_in(analysis, lease, &last).await {
            Ok(()) => self.sessions.file_ended(analysis).await,
            Err(StoreError::LeaseLost) => {
                tracing::warn!(
                    event = "lease_lost",
                    analysis = analysis.id,
                    "another worker has this file now, or it is gone"
                );
            }
            Err(error) => {
                tracing::error!(event = "not_stored", analysis = analysis.id, %error, "results cannot be stored");
                self.try_again(analysis, lease, NOT_STORED).await;
            }
        }
    }

    /// Takes back what was stored and puts the job into the queue again.
    async fn try_again(&self, analysis: &Analysis, lease: &Leased, reason: &str) {
        tracing::warn!(
            event = "file_failed",
            sport = analysis.order.sport_type,
            user_id = analysis.order.tenant,
            analysis = analysis.id,
            attempt = lease.attempts,
            reason,
            "an analysis of a file ended abnormally"
        );
        let again = News::Anew(
            SessionState::Waiting,
            Some(format!("{reason}; it is tried again")),
        );
        // If that cannot be stored the next attempt takes it back.
        if let Err(error) = self.take_in(analysis, lease, &again).await {
            tracing::warn!(event = "not_stored", analysis = analysis.id, %error, "what was stored is not taken back yet");
        }
        let not_before = self.now_ms() + milliseconds(PAUSE * lease.attempts);
        self.give_back(lease, not_before, Some(reason), true).await;
    }

    async fn give_back(&self, lease: &Leased, not_before: i64, reason: Option<&str>, counted: bool) {
        match self.jobs().give_back(lease, not_before, reason, counted).await {
            Ok(true) => {}
            Ok(false) => tracing::warn!(
                event = "lease_lost",
                analysis = lease.analysis_id,
                "somebody else has the job, or it is gone"
            ),
            // The lease runs out, which is as good.
            Err(error) => {
                tracing::error!(event = "lease_failed", analysis = lease.analysis_id, %error, "a job cannot be given back");
            }
        }
    }
}

/// Why an analysis has failed that was tried often enough.
fn abnormally(reason: &str) -> String {
    format!("the analysis ended abnormally {MOST_ATTEMPTS} times: {reason}")
}

fn confinement(batch: &Batch) -> Confinement {
    Confinement {
        memory: megabytes(batch.memory_mb),
        cpu_s: batch.cpu_s,
        file: megabytes(batch.output_mb),
    }
}

/// Bytes of megabytes of the configuration.
pub fn megabytes(mb: u64) -> u64 {
    mb.saturating_mul(1_000_000)
}
