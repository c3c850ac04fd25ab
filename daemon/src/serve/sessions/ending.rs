//! How analyses end, are removed, and what becomes of all of them when the daemon ends.

use super::{Analysis, News, Sessions, running, states, story};
use crate::serve::problem::Problem;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::task::spawn_blocking;

/// Ended analyses whose poses are remembered, the youngest ones: whoever reads them is late by seconds, and they are most of what an analysis holds.
const WITH_POSES: usize = 8;

impl Sessions {
    /// Ends a running analysis, keeping its results; removes an ended one with its files, and one of a file at any time.
    ///
    /// # Errors
    /// What cannot be removed.
    pub async fn end(&self, analysis: &Arc<Analysis>, reason: &str) -> Result<(), Problem> {
        if analysis.order.is_file() {
            return self.remove_file(analysis, reason).await;
        }
        if !analysis.has_ended() {
            analysis.ask_to_end(reason);
            return Ok(());
        }
        self.0.store.remove(&analysis.id).await?;
        self.write().remove(&analysis.id);
        Ok(())
    }

    /// Removes analyses with everything that belongs to them; of files, also those that wait or run.
    ///
    /// # Errors
    /// A live one of them runs, and nothing is removed; or what cannot be removed.
    pub async fn erase(&self, ids: &[String]) -> Result<(), Problem> {
        let runs = |id: &String| running(&self.read()).any(|analysis| analysis.id == *id);
        if let Some(id) = ids.iter().find(|id| runs(id)) {
            return Err(Problem::conflict(format!("the analysis {id} runs: end it first")));
        }
        self.none_runs_elsewhere(ids).await?;
        for id in ids {
            if let Some(file) = self.open_file(id).await? {
                self.remove_file(&file, "it is erased").await?;
                continue;
            }
            self.0.store.remove(id).await?;
            self.write().remove(id);
        }
        Ok(())
    }

    /// Notes that an analysis has ended and been taken down.
    pub(super) fn ended(&self, analysis: &Analysis) {
        let record = analysis.record();
        let state = states::name(record.state);
        self.0.metrics.analyses.ended(state);
        story::ended(analysis);
        let remembered = match self.cluster() {
            Some(_) => 0,
            None => self.0.config.get().storage.remembered,
        };
        let mut analyses = self.write();
        let ended: Vec<String> = analyses
            .values()
            .filter(|analysis| analysis.has_ended())
            .map(|analysis| analysis.id.clone())
            .collect();
        for id in ended.iter().take(ended.len().saturating_sub(remembered)) {
            analyses.remove(id);
        }
        let beyond = ended.len().saturating_sub(WITH_POSES);
        for analysis in ended.iter().take(beyond).filter_map(|id| analyses.get(id)) {
            analysis.hub.forget_poses();
        }
        self.0.let_go.store(true, Ordering::Relaxed);
        self.0.putting_away.begin(&analysis.id);
    }

    /// Refuses what is new, lets what runs finish within the configured time, and ends what does not. Their keepers take them down;
    /// files on their way into the bucket have as long again.
    pub async fn drain(&self) {
        self.0.draining.store(true, Ordering::SeqCst);
        tracing::info!(
            event = "draining",
            "finishing what runs; the next signal ends at once"
        );
        let limits = self.0.config.get().sessions.clone();
        let running: Vec<Arc<Analysis>> = running(&self.read()).cloned().collect();
        for analysis in &running {
            analysis.ask_to_end("the daemon is about to end");
        }
        let longest = Duration::from_secs(limits.drain_s);
        let all_ended = futures_util::future::join_all(running.iter().map(|analysis| analysis.hub.closed()));
        if tokio::time::timeout(longest, all_ended).await.is_err() {
            for analysis in running.iter().filter(|analysis| !analysis.has_ended()) {
                tracing::warn!(
                    event = "analysis_cut",
                    analysis = analysis.id,
                    "analysis did not finish in time"
                );
                self.tell(
                    analysis,
                    News::failed("the daemon ended before the analysis had finished"),
                );
            }
        }
        let scribe = self.clone();
        let finished = spawn_blocking(move || scribe.0.scribe.finish()).await;
        if finished.is_err() {
            tracing::error!(event = "panicked", "ending the scribe panicked");
        }
        self.0.under_way.close();
        self.0.under_way.wait().await;
        self.0.putting_away.finish(longest).await;
    }
}
