//! One analysis: what was ordered, what it has said, how it is doing.

use super::archive::{EventFile, Stored};
use super::doing::{Complete, Doing};
use super::order::Order;
use super::scribe::News;
use super::{events, states};
use crate::serve::hub::{Capacity, Draft, EventType, Hub, Line, Log};
use kinemotion_pipelines::live::{LiveSession, SessionState};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
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
    file: Mutex<Option<EventFile>>,
    live: Mutex<Option<Arc<LiveSession>>>,
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
    /// Repetitions so far, each the `data` of its event.
    pub results: Vec<Arc<RawValue>>,
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
            results: Vec::new(),
            at_end: None,
            span_ms: None,
        }
    }

    fn now_ms(&self) -> f64 {
        self.span_ms.map_or(0.0, |(_, last)| last)
    }

    fn duration_s(&self) -> f64 {
        self.span_ms.map_or(0.0, |(first, last)| (last - first) / 1e3)
    }
}

impl Analysis {
    /// A new analysis whose events go into this file.
    pub fn new(id: String, order: Order, file: EventFile, capacity: Capacity) -> Self {
        let state = if order.takes_publisher() {
            SessionState::Waiting
        } else {
            SessionState::Connecting
        };
        let hub = Hub::new(id.clone(), Log::new(capacity));
        let record = Record::new(&order, state);
        Self::with(id, order, hub, record, Some(file))
    }

    fn with(id: String, order: Order, hub: Hub, record: Record, file: Option<EventFile>) -> Self {
        Self {
            id,
            order,
            hub: Arc::new(hub),
            record: Mutex::new(record),
            file: Mutex::new(file),
            live: Mutex::new(None),
            asked_to_end: watch::Sender::new(None),
        }
    }

    /// An analysis as it was stored. One that had not ended has failed by now, and the file says so afterwards.
    ///
    /// # Errors
    /// A file that holds something else.
    pub fn restored(id: String, stored: Stored, capacity: Capacity) -> io::Result<Self> {
        let order: Order = serde_json::from_str(&stored.order)?;
        let mut record = Record::new(&order, SessionState::Waiting);
        for line in &stored.lines {
            restore(&mut record, line)?;
        }
        let last = stored.lines.last().map_or(0, |line| line.sequence + 1);
        let (next, file) = if record.state.is_final() {
            (last, None)
        } else {
            // behind the poses that were announced since and are not stored
            (last + UNSTORED_POSES, Some(stored.file))
        };
        let hub = Hub::new(id.clone(), Log::restored(capacity, stored.lines, next));
        let analysis = Self::with(id, order, hub, record, file);
        if !analysis.record().state.is_final() {
            analysis.take_in(&News::failed("the daemon ended while this analysis ran"));
        }
        analysis.hub.close();
        Ok(analysis)
    }

    /// Numbers, stores and announces something. What the stream says is true in [`Analysis::record`] before anybody hears
    /// of it.
    ///
    /// A repetition that cannot be stored is announced all the same, and the analysis fails.
    pub fn take_in(&self, news: &News) {
        if matches!(news, News::State(state, _) if *state == SessionState::Done) {
            self.complete();
        }
        let now_ms = self.lock().now_ms();
        let draft = match news {
            News::Draft(draft) => Ok(Cow::Borrowed(draft)),
            News::State(state, reason) => events::state(now_ms, *state, reason.as_deref()).map(Cow::Owned),
            News::Warning(message) => events::warning(now_ms, message).map(Cow::Owned),
            News::Failure(failure) => events::failure(now_ms, failure).map(Cow::Owned),
        };
        match draft {
            Ok(draft) => self.announce(&draft, news),
            Err(error) => tracing::error!(analysis = self.id, %error, "an event cannot be written as JSON"),
        }
    }

    fn announce(&self, draft: &Draft, news: &News) {
        let mut stored = Ok(());
        self.hub.publish(draft, |line| {
            stored = self.store(line);
            self.note(draft, news);
        });
        let ended = matches!(news, News::State(state, _) if state.is_final());
        if ended {
            self.close();
        }
        if let Err(error) = stored
            && !ended
        {
            self.storage_failed(&error);
        }
    }

    fn store(&self, line: &Line) -> io::Result<()> {
        match self.file().as_mut() {
            Some(file) if line.kind != EventType::Pose => file.write(line.text()),
            _ => Ok(()),
        }
    }

    /// Nothing more can be stored: says so and ends, so that nobody believes otherwise.
    fn storage_failed(&self, error: &io::Error) {
        tracing::error!(analysis = self.id, %error, "results cannot be stored");
        *self.file() = None;
        let message = format!("results cannot be stored: {error}");
        let now_ms = self.lock().now_ms();
        if let Ok(draft) = events::error(now_ms, "storage", &message) {
            self.hub.publish(&draft, |_| {});
        }
        self.take_in(&News::failed(&message));
    }

    fn note(&self, draft: &Draft, news: &News) {
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
            News::Warning(_) | News::Failure(_) => {}
        }
        if draft.kind == EventType::Repetition {
            record.results.push(Arc::from(draft.data.clone()));
        }
    }

    /// Says what was found in sum, as the last event but one.
    fn complete(&self) {
        let doing = self.doing();
        let record = self.record();
        let complete = Complete::new(&doing, record.results.len(), record.duration_s());
        let draft = Draft::new(EventType::AnalysisComplete, record.now_ms(), &complete);
        match draft {
            Ok(draft) => self.announce(&draft, &News::Draft(draft.clone())),
            Err(error) => tracing::error!(analysis = self.id, %error, "an event cannot be written as JSON"),
        }
    }

    /// The last event has been announced.
    fn close(&self) {
        let doing = self.doing();
        self.lock().at_end.get_or_insert(doing);
        if let Some(file) = self.file().take()
            && let Err(error) = file.sync()
        {
            tracing::error!(analysis = self.id, %error, "results may not outlive a loss of power");
        }
        self.hub.close();
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

    fn lock(&self) -> MutexGuard<'_, Record> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn file(&self) -> MutexGuard<'_, Option<EventFile>> {
        self.file.lock().unwrap_or_else(PoisonError::into_inner)
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
        EventType::Repetition => record.results.push(Arc::from(envelope.data.to_owned())),
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
