//! A rollout as it goes: looks, lets [`Course`] decide, does it, tells it.

use crate::backend::{Backend, Change};
use crate::course::{Course, Move};
use crate::judge::{Measured, Verdict, judge};
use crate::plan::Plan;
use crate::prometheus::Prometheus;
use crate::told::{Told, texts};
use std::mem::discriminant;
use std::time::Duration;
use tokio::sync::mpsc::Receiver;
use tokio::time::{Instant, sleep};

/// Names of signals that have come.
pub type Signals = Receiver<&'static str>;

/// How a rollout ended.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Outcome {
    /// The new version has everything.
    Promoted,
    /// The old version has everything again.
    RolledBack,
    /// A signal ended it, and everything stays as it is.
    Left,
}

/// One rollout.
pub struct Rollout<B> {
    /// Who sends requests to the versions.
    pub backend: B,
    /// Who knows how they do.
    pub prometheus: Prometheus,
    /// What is to be done.
    pub plan: Plan,
    /// Whether a signal leaves everything as it is, for a later start that goes on from there.
    pub keep: bool,
    /// Who is told what is decided.
    pub tell: fn(&Told<'_>),
}

impl<B: Backend> Rollout<B> {
    /// Takes the new version into service, or back. Goes on from the share that is found.
    ///
    /// # Errors
    /// The back end cannot be asked to begin with, or the new version could not be taken back.
    pub async fn run(&self, signals: &mut Signals) -> anyhow::Result<Outcome> {
        let found = self.backend.look().await?.share;
        self.say(&Told::Started {
            share: found,
            steps: &self.plan.steps,
        });
        // What was in maintenance is checked from now on.
        let share = self.backend.give(found).await?;
        let mut course = Course::new(&self.plan, share);
        let began = Instant::now();
        let mut first_step = (share > 0).then_some(began);
        let mut judged = None;
        let mut pause = Duration::ZERO;
        loop {
            let window = first_step.map(|since| self.window(since));
            let seen = async {
                sleep(pause).await;
                tokio::join!(self.backend.look(), self.measure(window))
            };
            let (sight, (verdict, measured)) = tokio::select! {
                biased;
                Some(signal) = signals.recv() => {
                    self.say(&Told::Interrupted { signal });
                    let share = course.share();
                    if self.keep {
                        self.say(&Told::Left { share });
                        return Ok(Outcome::Left);
                    }
                    return self.roll_back(&format!("interrupted by {signal}"), share, None, signals).await;
                }
                seen = seen => seen,
            };
            let share = course.share();
            if share > 0 && judged.replace(discriminant(&verdict)) != Some(discriminant(&verdict)) {
                self.say(&Told::Judged {
                    share,
                    verdict: &verdict,
                    measured,
                });
            }
            match course.next(began.elapsed(), &sight, &verdict) {
                Move::Wait => {}
                Move::Step(step) => match self.backend.give(step).await {
                    Ok(share) => {
                        course.stands_at(step, share, began.elapsed());
                        first_step.get_or_insert_with(Instant::now);
                        self.say(&Told::Step { share, measured });
                    }
                    Err(error) => {
                        let why = format!("{step} % could not be set: {error:#}");
                        return self.roll_back(&why, share, measured, signals).await;
                    }
                },
                Move::Promote => {
                    self.say(&Told::Promoted { measured });
                    self.drained(&self.plan.old, signals).await;
                    return Ok(Outcome::Promoted);
                }
                Move::RollBack(why) => return self.roll_back(&why, share, measured, signals).await,
            }
            pause = self.interval();
        }
    }

    /// Gives the old version everything, and lets sessions on the new one end.
    ///
    /// # Errors
    /// It could not be done although it was tried for as long as one may be blind.
    pub async fn roll_back(
        &self,
        why: &str,
        share: u8,
        measured: Option<Measured>,
        signals: &mut Signals,
    ) -> anyhow::Result<Outcome> {
        let decided = Instant::now();
        while let Err(error) = self.backend.give(0).await {
            if decided.elapsed().as_secs_f64() >= self.plan.limits.blind_s {
                return Err(error.context(format!(
                    "do it by hand: the new version is to be taken back ({why})"
                )));
            }
            self.say(&Told::Trouble {
                why: &format!("{error:#}"),
            });
            sleep(self.interval()).await;
        }
        let took_s = decided.elapsed().as_secs_f64();
        self.say(&Told::RolledBack {
            why,
            share,
            measured,
            took_s,
        });
        if self.drained(&self.plan.new, signals).await {
            match self.backend.make(Change::PutAway).await {
                Ok(()) => self.say(&Told::PutAway {
                    servers: &self.plan.new,
                }),
                Err(error) => self.say(&Told::Trouble {
                    why: &format!("{error:#}"),
                }),
            }
        }
        Ok(Outcome::RolledBack)
    }

    /// Waits for sessions to end on servers that get nothing new any more; whether none is left. A signal ends the waiting.
    async fn drained(&self, servers: &[String], signals: &mut Signals) -> bool {
        let began = Instant::now();
        let mut last = None;
        loop {
            let asked = async {
                sleep(self.interval()).await;
                // Nothing that was seen before they got nothing new any more counts.
                self.prometheus.sessions(servers, self.window(began)).await
            };
            let sessions = tokio::select! {
                biased;
                Some(signal) = signals.recv() => {
                    self.say(&Told::Interrupted { signal });
                    return false;
                }
                asked = asked => asked.unwrap_or_else(|error| {
                    self.say(&Told::Trouble { why: &format!("{error:#}") });
                    None
                }),
            };
            if last.replace(sessions) != Some(sessions) {
                self.say(&Told::Draining { servers, sessions });
            }
            if sessions == Some(0.0) {
                return true;
            }
            if began.elapsed().as_secs_f64() >= self.plan.drain_s {
                return false;
            }
        }
    }

    /// Tells how it stands.
    ///
    /// # Errors
    /// The back end cannot be asked.
    pub async fn status(&self) -> anyhow::Result<()> {
        let window = Duration::from_secs_f64(self.plan.limits.window_s);
        let sight = self.backend.look().await?;
        let (verdict, measured) = self.measure(Some(window)).await;
        // Whoever does not answer here has said so in the verdict.
        let sessions =
            async |servers: &[String]| self.prometheus.sessions(servers, window).await.unwrap_or(None);
        self.say(&Told::Status {
            share: sight.share,
            ready: sight.trouble.is_none(),
            trouble: sight.trouble.as_deref(),
            verdict: &verdict,
            measured,
            old_sessions: sessions(&self.plan.old).await,
            new_sessions: sessions(&self.plan.new).await,
        });
        Ok(())
    }

    /// Tells how it stands and what would be sent for each step that is left, and to take it back.
    ///
    /// # Errors
    /// The back end cannot be asked.
    pub async fn dry_run(&self) -> anyhow::Result<()> {
        self.status().await?;
        let share = self.backend.look().await?.share;
        let left = self.plan.steps.iter().filter(|step| **step > share);
        for share in left.copied().chain([0]) {
            let orders = texts(&self.backend.orders(Change::Share(share)).await?);
            self.say(&Told::WouldSend { share, orders });
        }
        Ok(())
    }

    /// What is thought of the new version, and what was measured. Without a window it has had no requests yet.
    async fn measure(&self, window: Option<Duration>) -> (Verdict, Option<Measured>) {
        let Some(window) = window else {
            return (Verdict::Unknown("it has no share yet".into()), None);
        };
        match self.prometheus.measure(&self.plan.new, window).await {
            Ok(measured) => (judge(&self.plan.limits, &measured), Some(measured)),
            Err(error) => (Verdict::Unknown(format!("{error:#}")), None),
        }
    }

    /// The time to look back: the window of the plan, but not beyond a moment.
    fn window(&self, since: Instant) -> Duration {
        Duration::from_secs_f64(self.plan.limits.window_s).min(since.elapsed())
    }

    fn say(&self, told: &Told<'_>) {
        (self.tell)(told);
    }

    fn interval(&self) -> Duration {
        Duration::from_millis(self.plan.prometheus.interval_ms)
    }
}

#[cfg(test)]
#[path = "rollout_tests.rs"]
mod tests;
