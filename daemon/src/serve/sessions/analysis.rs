//! One analysis: what was ordered, what it has said, how it is doing.

use super::doing::{Complete, Doing};
use super::order::Order;
use super::scribe::News;
use super::{events, ledger, states, story};
use crate::serve::hub::{Capacity, Draft, EventType, Hub, Line, Log, Turn};
use crate::serve::store::{Along, Store, StoreError, Stored};
use kinemotion_pipelines::live::{LiveSession, SessionState};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::io;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant, SystemTime};
use tokio::sync::watch;

/// One analysis, running or ended.
pub struct Analysis {
    /// Its name.
    pub id: String,
    /// What was ordered.
    pub order: Order,
    /// What it says.
    pub hub: Arc<Hub>,
    record: Mutex<Record>,
    store: Store,
    live: Mutex<Option<Arc<LiveSession>>>,
    /// Since when somebody waits for its first pose, while somebody does.
    awaited: Mutex<Option<Instant>>,
    /// Why it was asked to end, once it was.
    asked_to_end: watch::Sender<Option<String>>,
    /// Since when what is under way is being completed, or since it has ended.
    ends_since: OnceLock<SystemTime>,
    /// Of a file, how much is done, thousandths.
    progress: AtomicU32,
    /// Of a file, held by the worker that has it, so that it is one at a time, and by whoever removes it.
    working: tokio::sync::Mutex<()>,
}

/// [`Analysis::progress`] of all of it.
const WHOLE: f64 = 1000.0;

/// What is known of an analysis beside its events.
#[derive(Clone)]
pub struct Record {
    /// Where it is in its life.
    pub state: SessionState,
    /// Why, where there is something to say.
    pub reason: Option<String>,
    /// Movement looked for, or `auto`.
    pub sport_type: String,
    /// Repetitions so far: their events, whose text is that of the log.
    repetitions: Vec<Line>,
    /// How it was doing when it ended.
    pub at_end: Option<Doing>,
    /// Media time of the first and last event that has one, milliseconds.
    span_ms: Option<(f64, f64)>,
}

impl Record {
    fn new(order: &Order, state: SessionState) -> Self {
        Self {
            state,
            reason: None,
            sport_type: order.sport_type.clone(),
            repetitions: Vec::new(),
            at_end: None,
            span_ms: None,
        }
    }

    /// How many repetitions there are so far.
    pub fn count(&self) -> usize {
        self.repetitions.len()
    }

    /// Repetitions so far, each the `data` of its event.
    pub fn results(&self) -> Vec<Box<RawValue>> {
        let data = |line: &Line| {
            let event: Envelope<'_> =
                serde_json::from_str(line.text()).expect("an event was written as JSON");
            event.data.to_owned()
        };
        self.repetitions.iter().map(data).collect()
    }

    fn now_ms(&self) -> f64 {
        self.span_ms.map_or(0.0, |(_, last)| last)
    }

    fn duration_s(&self) -> f64 {
        self.span_ms.map_or(0.0, |(first, last)| (last - first) / 1e3)
    }
}

impl Analysis {
    /// A new analysis, to be created in the store before it says anything.
    pub fn new(id: String, order: Order, store: Store, capacity: Capacity) -> Self {
        let state = if order.takes_publisher() || order.is_file() {
            SessionState::Waiting
        } else {
            SessionState::Connecting
        };
        let hub = Hub::new(id.clone(), Log::new(capacity));
        let record = Record::new(&order, state);
        Self::with(id, order, hub, record, store)
    }

    fn with(id: String, order: Order, hub: Hub, record: Record, store: Store) -> Self {
        Self {
            id,
            order,
            hub: Arc::new(hub),
            record: Mutex::new(record),
            store,
            live: Mutex::new(None),
            awaited: Mutex::new(None),
            asked_to_end: watch::Sender::new(None),
            ends_since: OnceLock::new(),
            progress: AtomicU32::new(0),
            working: tokio::sync::Mutex::new(()),
        }
    }

    /// An analysis as it was stored. One that had not ended can still be told its end.
    ///
    /// # Errors
    /// Events that are none.
    pub fn restored(
        id: String,
        stored: Stored,
        store: Store,
        capacity: Capacity,
    ) -> Result<Self, StoreError> {
        Self::of_stored(id, stored, store, capacity, UNSTORED_POSES)
    }

    /// An analysis as it was stored by another daemon, which may go on with the number behind the last event.
    ///
    /// # Errors
    /// Events that are none.
    pub fn of_another(
        id: String,
        stored: Stored,
        store: Store,
        capacity: Capacity,
    ) -> Result<Self, StoreError> {
        Self::of_stored(id, stored, store, capacity, 0)
    }

    fn of_stored(
        id: String,
        stored: Stored,
        store: Store,
        capacity: Capacity,
        unstored: u64,
    ) -> Result<Self, StoreError> {
        let mut record = Record::new(&stored.order, SessionState::Waiting);
        for line in &stored.lines {
            restore(&mut record, line).map_err(|error| StoreError::Broken(error.to_string()))?;
        }
        let ended = record.state.is_final();
        // One that has not ended goes on behind the poses that were announced since and are not stored.
        let silent = ended || stored.lines.is_empty();
        let unstored = if silent { 0 } else { unstored };
        let next = unstored + stored.lines.last().map_or(0, |line| line.sequence + 1);
        let hub = Hub::new(id.clone(), Log::restored(capacity, stored.lines, next));
        if ended {
            hub.close();
        }
        Ok(Self::with(id, stored.order, hub, record, store))
    }

    /// Numbers, stores and announces something. What the stream says is true in [`Analysis::record`] before anybody hears
    /// of it. Asks the session how it was at the end, so it may take a moment.
    ///
    /// A repetition that cannot be stored is announced all the same, and the analysis fails.
    pub async fn take_in(&self, news: &News) {
        if let Err(error) = self.take_in_under(None, news).await {
            tracing::error!(event = "event_not_said", analysis = self.id, %error, "nothing was said of this");
        }
    }

    /// The same for a worker, which holds a lease on the file. What cannot be stored has never been: another attempt begins
    /// instead.
    ///
    /// # Errors
    /// The lease is over, or a disk is full or gone.
    pub async fn take_in_under(&self, lease: Option<i64>, news: &News) -> Result<(), StoreError> {
        let ended_as_asked;
        let news = match news {
            News::State(state @ (SessionState::Finishing | SessionState::Done), None) => {
                ended_as_asked = News::State(*state, self.asked_to_end.borrow().clone());
                &ended_as_asked
            }
            news => news,
        };
        if matches!(news, News::State(state, _) if *state == SessionState::Done) {
            self.complete(lease).await?;
        }
        let now_ms = self.lock().now_ms();
        let draft = match news {
            News::Draft(draft) => Ok(Cow::Borrowed(draft)),
            News::State(state, reason) | News::Anew(state, reason) => {
                events::state(now_ms, *state, reason.as_deref()).map(Cow::Owned)
            }
            News::Service(service) => {
                story::served(self, service);
                events::service(now_ms, service).map(Cow::Owned)
            }
            News::Warning(message) => events::warning(now_ms, message).map(Cow::Owned),
            News::Failure(failure) => events::failure(now_ms, failure).map(Cow::Owned),
        };
        match draft {
            Ok(draft) => self.announce(&draft, news, lease).await,
            Err(error) => Err(StoreError::Broken(format!(
                "an event cannot be written as JSON: {error}"
            ))),
        }
    }

    async fn announce(&self, draft: &Draft, news: &News, lease: Option<i64>) -> Result<(), StoreError> {
        let Some(numbered) = self.hub.number(draft).await else {
            return Ok(());
        };
        let stored = match lease {
            _ if draft.kind == EventType::Pose => Ok(()),
            Some(_) => self.store(numbered.line(), draft, news, lease).await,
            None => self.store_at_last(numbered.line(), draft, news).await,
        };
        if lease.is_some() && stored.is_err() {
            return stored;
        }
        if matches!(stored, Err(StoreError::Ended)) {
            // What others were told counts, and nobody hears anything else.
            tracing::error!(
                event = "analysis_taken",
                analysis = self.id,
                "somebody else has ended this analysis"
            );
            let lost = "this daemon was taken for lost";
            self.note(numbered.line(), draft, &News::failed(lost));
            self.hub.close();
            return Ok(());
        }
        self.note(numbered.line(), draft, news);
        let ended = news.is_final();
        if ended {
            self.settle().await;
        }
        numbered.announce(turn(news));
        if let Err(error) = stored {
            tracing::error!(event = "not_stored", analysis = self.id, %error, "results cannot be stored");
            if !ended {
                // boxed, as it ends up here again
                Box::pin(self.storage_failed()).await;
            }
        }
        Ok(())
    }

    /// Of a live analysis nothing can be measured again: while the database is out of reach it is tried again, and what comes meanwhile
    /// waits in the queue of the scribe. How long is counted from the beginning of the outage, for all analyses together.
    async fn store_at_last(&self, line: &Line, draft: &Draft, news: &News) -> Result<(), StoreError> {
        let outage = self.store.outage();
        let mut told = false;
        loop {
            let asked = Instant::now();
            if outage.is_given_up(asked) {
                return Err(StoreError::OutOfReach("it is not waited for any longer".into()));
            }
            let attempt = tokio::time::timeout(ANSWERS_WITHIN, self.store(line, draft, news, None)).await;
            let error = match attempt {
                Ok(Err(error)) if error.is_outage() => error.to_string(),
                Ok(done) => return done,
                Err(_) => format!("it does not answer within {} s", ANSWERS_WITHIN.as_secs()),
            };
            if !outage.note(asked, Instant::now()) {
                return Err(StoreError::OutOfReach(error));
            }
            if !std::mem::replace(&mut told, true) {
                tracing::warn!(
                    event = "database_lost",
                    analysis = self.id,
                    error,
                    "the database is out of reach: events wait until it is back"
                );
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn store(
        &self,
        line: &Line,
        draft: &Draft,
        news: &News,
        lease: Option<i64>,
    ) -> Result<(), StoreError> {
        let repetition = ledger::repetition(&self.id, &self.order, line, draft);
        let sport = self.lock().sport_type.clone();
        let deliveries = ledger::deliveries(&self.store, &self.id, &self.order, &sport, line, draft).await?;
        let along = Along {
            state: news.state(),
            repetition: repetition.map_err(|error| StoreError::Broken(error.to_string()))?,
            deliveries,
            fence: lease,
            anew: matches!(news, News::Anew(..)),
        };
        self.store.append(&self.id, line, along).await
    }

    /// Something is not stored: says so and ends, so that nobody believes otherwise.
    async fn storage_failed(&self) {
        let message = "results cannot be stored; the log of the daemon says why";
        let now_ms = self.lock().now_ms();
        if let Ok(draft) = events::error(now_ms, "storage", message)
            && let Some(numbered) = self.hub.number(&draft).await
        {
            numbered.announce(Turn::None);
        }
        self.take_in(&News::failed(message)).await;
    }

    fn note(&self, line: &Line, draft: &Draft, news: &News) {
        let mut record = self.lock();
        if matches!(news, News::Anew(..)) {
            *record = Record::new(&self.order, record.state);
        }
        match news {
            News::State(state, reason) | News::Anew(state, reason) => {
                record.state = *state;
                record.reason.clone_from(reason);
                if *state == SessionState::Finishing || state.is_final() {
                    self.ends_since.get_or_init(SystemTime::now);
                }
            }
            News::Draft(draft) => {
                let first = record.span_ms.map_or(draft.timestamp_ms, |(first, _)| first);
                record.span_ms = Some((first, draft.timestamp_ms));
            }
            News::Service(_) | News::Warning(_) | News::Failure(_) => {}
        }
        if draft.kind == EventType::Repetition {
            record.repetitions.push(line.clone());
        }
    }

    /// Says what was found in sum, as the last event but one.
    async fn complete(&self, lease: Option<i64>) -> Result<(), StoreError> {
        let doing = self.doing();
        let record = self.record();
        let complete = Complete::new(&doing, record.count(), record.duration_s());
        let draft = Draft::new(EventType::AnalysisComplete, record.now_ms(), &complete);
        match draft {
            Ok(draft) => self.announce(&draft, &News::Draft(draft.clone()), lease).await,
            Err(error) => Err(StoreError::Broken(format!(
                "an event cannot be written as JSON: {error}"
            ))),
        }
    }

    /// The last event is stored: what answers and files say from now on.
    async fn settle(&self) {
        let doing = self.doing();
        self.lock().at_end.get_or_insert(doing);
        if let Err(error) = self.store.lay_beside_recording(&self.id, &self.order).await {
            tracing::error!(event = "events_not_laid_down", analysis = self.id, %error, "the events do not lie beside the recording");
        }
    }

    /// How it is doing; asks the session, so it may take a moment.
    pub fn doing(&self) -> Doing {
        let at_end = self.lock().at_end.clone();
        match (at_end, self.live()) {
            (Some(at_end), _) => at_end,
            (None, Some(live)) => Doing::of(&live.info()),
            (None, None) => Doing::of_source(&self.order.source),
        }
    }

    /// How it was doing, said by the worker of a file before it says the end.
    pub fn set_doing(&self, doing: Doing) {
        self.lock().at_end = Some(doing);
    }

    /// How much of a file is done, 0 to 1; `None` of a live analysis.
    pub fn progress(&self) -> Option<f64> {
        self.order.is_file().then(|| match self.state() {
            SessionState::Done => 1.0,
            _ => f64::from(self.progress.load(Ordering::Relaxed)) / WHOLE,
        })
    }

    /// So much of a file is done, 0 to 1.
    pub fn set_progress(&self, share: f64) {
        let thousandths = (share.clamp(0.0, 1.0) * WHOLE) as u32;
        self.progress.store(thousandths, Ordering::Relaxed);
    }

    /// Waits until nobody works on the file, and keeps it so.
    pub async fn working(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.working.lock().await
    }

    /// What is known of it at this moment.
    pub fn record(&self) -> Record {
        self.lock().clone()
    }

    /// Where it is in its life.
    pub fn state(&self) -> SessionState {
        self.lock().state
    }

    /// Another movement is looked for from now on.
    pub fn set_sport_type(&self, sport_type: String) {
        self.lock().sport_type = sport_type;
    }

    /// Since when what is under way is being completed, or since it has ended.
    pub fn ends_since(&self) -> Option<SystemTime> {
        self.ends_since.get().copied()
    }

    /// Whether it has ended.
    pub fn has_ended(&self) -> bool {
        self.hub.is_closed()
    }

    /// The running session. Only threads that may block may hold it: whoever lets go of it last takes it down.
    pub fn live(&self) -> Option<Arc<LiveSession>> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Hands the running session over, or takes it away.
    pub fn set_live(&self, live: Option<LiveSession>) -> Option<Arc<LiveSession>> {
        let mut place = self.live.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *place, live.map(Arc::new))
    }

    /// Media was asked for at this moment, and comes: somebody waits for the first pose.
    pub fn await_pose(&self, since: Instant) {
        *self.awaited() = Some(since);
    }

    /// How long the first pose was waited for, said once when it is there.
    pub fn waited_for_pose(&self) -> Option<Duration> {
        self.awaited().take().map(|since| since.elapsed())
    }

    /// Asks for the end: what is under way is completed. Only the first reason counts.
    pub fn ask_to_end(&self, reason: &str) {
        self.asked_to_end.send_if_modified(|asked| {
            let first = asked.is_none();
            asked.get_or_insert_with(|| reason.to_owned());
            first
        });
    }

    /// Waits until somebody asks for the end; the reason.
    pub async fn asked_to_end(&self) -> String {
        let mut asked = self.asked_to_end.subscribe();
        let reason = asked.wait_for(Option::is_some).await;
        reason.ok().and_then(|reason| reason.clone()).unwrap_or_default()
    }

    fn awaited(&self) -> MutexGuard<'_, Option<Instant>> {
        self.awaited.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, Record> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What an event with this news does to those before and after it.
fn turn(news: &News) -> Turn {
    match news {
        News::Anew(..) => Turn::Anew,
        news if news.is_final() => Turn::Last,
        _ => Turn::None,
    }
}

/// A database that has not answered after so long does not answer.
const ANSWERS_WITHIN: Duration = Duration::from_secs(10);
/// Pause until it is asked again.
const PAUSE: Duration = Duration::from_secs(1);

/// Numbers left free for poses that were announced after the last stored event: more than an hour at 240 per second,
/// so that a client who resumes after a restart is behind what it has seen.
const UNSTORED_POSES: u64 = 1 << 20;

/// The envelope of a stored event.
#[derive(serde::Deserialize)]
struct Envelope<'a> {
    timestamp_ms: f64,
    #[serde(borrow)]
    data: &'a RawValue,
}

#[derive(serde::Deserialize)]
struct StateData {
    state: String,
    reason: Option<String>,
}

/// Notes a stored event as if it had just been announced.
fn restore(record: &mut Record, line: &Line) -> io::Result<()> {
    let envelope: Envelope<'_> = serde_json::from_str(line.text())?;
    let first = record.span_ms.map_or(envelope.timestamp_ms, |(first, _)| first);
    record.span_ms = Some((first, envelope.timestamp_ms));
    match line.kind {
        EventType::State => {
            let data: StateData = serde_json::from_str(envelope.data.get())?;
            record.state = states::named(&data.state)
                .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "a state nobody knows"))?;
            record.reason = data.reason;
        }
        EventType::Repetition => record.repetitions.push(line.clone()),
        EventType::AnalysisComplete => {
            let complete: Complete = serde_json::from_str(envelope.data.get())?;
            record.at_end = Some(complete.into());
        }
        _ => {}
    }
    Ok(())
}

#[cfg(test)]
#[path = "analysis_tests.rs"]
mod tests;
