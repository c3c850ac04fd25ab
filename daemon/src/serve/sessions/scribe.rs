//! The one thread that numbers, stores and announces.
//!
//! Sessions speak on streaming threads that must not wait for a disk, so what they say goes into a queue. It is bounded:
//! when [`MOST_WAITING`] wait, poses and interim events are left out and counted. Repetitions, errors and states are
//! always taken: people make few of them. Behind all that a frame made known comes a mark: whoever reaches it knows how
//! late that was.

use super::analysis::Analysis;
use super::story;
use crate::serve::hub::{Class, Draft, EventType};
use crate::serve::metrics::Metrics;
use kinemotion_pipelines::live::load::Service;
use kinemotion_pipelines::live::{FrameTimes, LiveError, SessionState};
use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use tokio::runtime::Handle;

/// Events and marks that may wait: four seconds of 100 sessions, each frame of which has a pose and a mark.
const MOST_WAITING: usize = 24_000;

/// Something an analysis has to say.
#[derive(Debug)]
pub enum News {
    /// An event with its time.
    Draft(Draft),
    /// The session entered a state.
    State(SessionState, Option<String>),
    /// The analysis begins again in this state: what was said before is taken back.
    Anew(SessionState, Option<String>),
    /// What the session gets of the machine changed.
    Service(Service),
    /// Something a person should know.
    Warning(String),
    /// Why the session is about to fail.
    Failure(LiveError),
}

impl News {
    /// The analysis failed for this reason.
    pub fn failed(reason: &str) -> Self {
        Self::State(SessionState::Failed, Some(reason.to_owned()))
    }

    /// The state it says, and why.
    pub fn state(&self) -> Option<(SessionState, Option<&str>)> {
        match self {
            News::State(state, reason) | News::Anew(state, reason) => Some((*state, reason.as_deref())),
            News::Draft(_) | News::Service(_) | News::Warning(_) | News::Failure(_) => None,
        }
    }

    /// Whether it ends the analysis.
    pub fn is_final(&self) -> bool {
        self.state().is_some_and(|(state, _)| state.is_final())
    }

    /// Whether it may be left out when too much waits.
    fn may_be_left_out(&self) -> bool {
        match self {
            News::Draft(draft) => draft.kind.class() != Class::Kept,
            News::Warning(_) | News::Service(_) => true,
            News::State(..) | News::Anew(..) | News::Failure(_) => false,
        }
    }
}

/// Takes news from any thread.
pub struct Scribe {
    queue: Arc<Queue>,
    metrics: Metrics,
    thread: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Default)]
struct Queue {
    waiting: Mutex<Waiting>,
    filled: Condvar,
}

#[derive(Default)]
struct Waiting {
    said: VecDeque<Said>,
    ended: bool,
}

/// What waits for the thread.
enum Said {
    News(Arc<Analysis>, News),
    /// All that a frame made known was said before this.
    Passed(FrameTimes),
}

impl Scribe {
    /// Starts the thread, which works for the runtime it is called in.
    ///
    /// # Errors
    /// When there can be no further thread.
    pub fn start(metrics: Metrics) -> std::io::Result<Self> {
        let queue = Arc::new(Queue::default());
        let (own, counts, runtime) = (queue.clone(), metrics.clone(), Handle::current());
        let thread = std::thread::Builder::new()
            .name("scribe".into())
            .spawn(move || runtime.block_on(run(&own, &counts)))?;
        Ok(Self {
            queue,
            metrics,
            thread: Mutex::new(Some(thread)),
        })
    }

    /// Hands something over; never waits for a disk.
    pub fn tell(&self, analysis: Arc<Analysis>, news: News) {
        let mut waiting = self.queue.lock();
        if waiting.said.len() >= MOST_WAITING && news.may_be_left_out() {
            drop(waiting);
            self.metrics.events.left_out();
            return;
        }
        waiting.said.push_back(Said::News(analysis, news));
        drop(waiting);
        self.queue.filled.notify_one();
    }

    /// All that a frame made known was handed over. Where its pose was left out, so is this.
    pub fn passed(&self, times: FrameTimes) {
        let mut waiting = self.queue.lock();
        if waiting.said.len() >= MOST_WAITING {
            return;
        }
        waiting.said.push_back(Said::Passed(times));
        drop(waiting);
        self.queue.filled.notify_one();
    }

    /// Waits until everything handed over so far is announced, and ends the thread.
    pub fn finish(&self) {
        self.queue.lock().ended = true;
        self.queue.filled.notify_one();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if thread.is_some_and(|thread| thread.join().is_err()) {
            tracing::error!(event = "panicked", "the scribe panicked");
        }
    }
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All that waits, as soon as there is something; `None` when nothing more will come.
    fn take(&self) -> Option<VecDeque<Said>> {
        let idle = |waiting: &mut Waiting| waiting.said.is_empty() && !waiting.ended;
        let mut waiting = self
            .filled
            .wait_while(self.lock(), idle)
            .unwrap_or_else(PoisonError::into_inner);
        let said = std::mem::take(&mut waiting.said);
        (!said.is_empty()).then_some(said)
    }
}

/// Runs on a thread of its own, which may wait for the queue and for sessions that are asked how they are.
async fn run(queue: &Queue, metrics: &Metrics) {
    while let Some(batch) = queue.take() {
        for said in batch {
            let (analysis, news) = match said {
                Said::News(analysis, news) => (analysis, news),
                Said::Passed(times) => {
                    metrics.frames.delivered(&times, times.passed.elapsed());
                    continue;
                }
            };
            metrics.events.taken_in(&news);
            analysis.take_in(&news).await;
            if matches!(&news, News::Draft(draft) if draft.kind == EventType::Pose)
                && let Some(waited) = analysis.waited_for_pose()
            {
                metrics.analyses.first_pose_time.observe(waited.as_secs_f64());
                story::first_pose(&analysis, waited);
            }
        }
    }
}
