//! One analysis: what was ordered, what it has said, how it is doing.

use super::doing::{Complete, Doing};
use super::order::Order;
use super::scribe::News;
use super::{events, ledger, states};
use crate::serve::hub::{Capacity, Draft, EventType, Hub, Line, Log};
use crate::serve::store::{Along, Store, StoreError, Stored};
use kinemotion_pipelines::live::{LiveSession, SessionState};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
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
}

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
        let state = if order.takes_publisher() {
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
        let mut record = Record::new(&stored.order, SessionState::Waiting);
        for line in &stored.lines {
            restore(&mut record, line).map_err(|error| StoreError::Broken(error.to_string()))?;
        }
        let ended = record.state.is_final();
        // One that has not ended goes on behind the poses that were announced since and are not stored.
        let unstored = if ended { 0 } else { UNSTORED_POSES };
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
        let ended_as_asked;
        let news = match news {
            News::State(state @ (SessionState::Finishing | SessionState::Done), None) => {
                ended_as_asked = News::State(*state, self.asked_to_end.borrow().clone());
                &ended_as_asked
            }
            news => news,
        };
        if matches!(news, News::State(state, _) if *state == SessionState::Done) {
            self.complete().await;
        }
        let now_ms = self.lock().now_ms();
        let draft = match news {
            News::Draft(draft) => Ok(Cow::Borrowed(draft)),
            News::State(state, reason) => events::state(now_ms, *state, reason.as_deref()).map(Cow::Owned),
            News::Service(service) => events::service(now_ms, service).map(Cow::Owned),
            News::Warning(message) => events::warning(now_ms, message).map(Cow::Owned),
            News::Failure(failure) => events::failure(now_ms, failure).map(Cow::Owned),
        };
        match draft {
            Ok(draft) => self.announce(&draft, news).await,
            Err(error) => tracing::error!(analysis = self.id, %error, "an event cannot be written as JSON"),
        }
    }

    async fn announce(&self, draft: &Draft, news: &News) {
        let Some(numbered) = self.hub.number(draft).await else {
            return;
        };
        let stored = self.store(numbered.line(), draft, news).await;
        self.note(numbered.line(), draft, news);
        let ended = matches!(news, News::State(state, _) if state.is_final());
        if ended {
            self.settle().await;
            numbered.announce_last();
        } else {
            numbered.announce();
        }
        if let Err(error) = stored {
            tracing::error!(analysis = self.id, %error, "results cannot be stored");
            if !ended {
                // boxed, as it ends up here again
                Box::pin(self.storage_failed(&error)).await;
            }
        }
    }

    async fn store(&self, line: &Line, draft: &Draft, news: &News) -> Result<(), StoreError> {
        if line.kind == EventType::Pose {
            return Ok(());
        }
        let state = match news {
            News::State(state, reason) => Some((*state, reason.as_deref())),
            News::Draft(_) | News::Service(_) | News::Warning(_) | News::Failure(_) => None,
        };
        let repetition = ledger::repetition(&self.id, &self.order, line, draft);
        let sport = self.lock().sport_type.clone();
        let deliveries =
            ledger::deliveries(self.store.webhooks(), &self.id, &self.order, &sport, line, draft).await?;
        let along = Along {
            state,
            repetition: repetition.map_err(|error| StoreError::Broken(error.to_string()))?,
            deliveries,
        };
        self.store.append(&self.id, line, along).await
    }

    /// Something is not stored: says so and ends, so that nobody believes otherwise.
    async fn storage_failed(&self, error: &StoreError) {
        let message = format!("results cannot be stored: {error}");
        let now_ms = self.lock().now_ms();
        if let Ok(draft) = events::error(now_ms, "storage", &message)
            && let Some(numbered) = self.hub.number(&draft).await
        {
            numbered.announce();
        }
        self.take_in(&News::failed(&message)).await;
    }

    fn note(&self, line: &Line, draft: &Draft, news: &News) {
        let mut record = self.lock();
        match news {
            News::State(state, reason) => {
                record.state = *state;
                record.reason.clone_from(reason);
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
    async fn complete(&self) {
        let doing = self.doing();
        let record = self.record();
        let complete = Complete::new(&doing, record.count(), record.duration_s());
        let draft = Draft::new(EventType::AnalysisComplete, record.now_ms(), &complete);
        match draft {
            Ok(draft) => self.announce(&draft, &News::Draft(draft.clone())).await,
            Err(error) => tracing::error!(analysis = self.id, %error, "an event cannot be written as JSON"),
        }
    }

    /// The last event is stored: what answers and files say from now on.
    async fn settle(&self) {
        let doing = self.doing();
        self.lock().at_end.get_or_insert(doing);
        if let Err(error) = self.store.lay_beside_recording(&self.id, &self.order).await {
            tracing::error!(analysis = self.id, %error, "the events do not lie beside the recording");
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
