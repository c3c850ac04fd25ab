//! A publisher over WebRTC: a browser, OBS, a hardware encoder (WHIP, RFC 9725). HTTP is somebody else's.

mod ingest;

use super::{Intake, Surroundings};
use crate::live::meter::Meter;
use crate::live::webrtc::{Answer, Channel, Fragment, Offer, SLOW_GATHERING, Worth};
use crate::live::{IceServers, LiveError, SessionState, WhipOptions};
use crate::sync::lock;
use gst::prelude::*;
use ingest::Ingest;
pub(crate) use ingest::Loss;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Codecs that are received.
pub(crate) const CODECS: [&str; 3] = ["VP8", "VP9", "H264"];
/// Name of the data channel that results are sent over.
const METRICS: &str = "metrics";

/// A publisher whose video has been missing for so long may be replaced by another: whoever closed a page or lost a network
/// says nothing, and comes back as somebody new.
const MISSING: Duration = Duration::from_secs(3);

/// The place of a publisher in a pipeline. It is taken by one after the other.
pub(crate) struct Whip {
    pipeline: gst::glib::WeakRef<gst::Pipeline>,
    options: WhipOptions,
    ice: IceServers,
    intake: Arc<Intake>,
    meter: Arc<Meter>,
    publisher: Mutex<Publisher>,
    /// Held while the place is being given back.
    clearing: Mutex<()>,
    /// How the present publisher was lost, when it was.
    loss: Arc<Mutex<Option<Loss>>>,
    /// Publishers that were answered so far.
    connections: AtomicU64,
    metrics: Arc<Mutex<Option<Channel>>>,
    reconnect: bool,
    left: Arc<dyn Fn() + Send + Sync>,
    refuse: Arc<dyn Fn(LiveError) + Send + Sync>,
    warn: Arc<dyn Fn(String) + Send + Sync>,
}

enum Publisher {
    None,
    Negotiating,
    Connected {
        ingest: Arc<Ingest>,
        offer: Arc<Offer>,
        since: Instant,
    },
}

/// Who has the place of a publisher.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Nobody.
    Free,
    /// The publisher of this number.
    Taken(u64),
    /// Somebody who was lost.
    Lost(Loss),
}

impl Whip {
    /// A place nobody has taken yet.
    pub fn new(around: &Surroundings<'_>, options: WhipOptions) -> Self {
        Self {
            pipeline: around.pipeline.downgrade(),
            options,
            ice: around.ice.clone(),
            intake: around.intake.clone(),
            meter: around.meter.clone(),
            publisher: Mutex::new(Publisher::None),
            clearing: Mutex::default(),
            loss: Arc::default(),
            connections: AtomicU64::new(0),
            metrics: Arc::default(),
            reconnect: around.reconnect,
            left: around.left.clone(),
            refuse: around.refuse.clone(),
            warn: around.warn.clone(),
        }
    }

    /// Who has the place.
    pub fn place(&self) -> Place {
        match (&*lock(&self.publisher), *lock(&self.loss)) {
            (Publisher::None, _) => Place::Free,
            (Publisher::Connected { .. }, Some(loss)) => Place::Lost(loss),
            _ => Place::Taken(self.connections()),
        }
    }

    /// Publishers that were answered so far.
    pub fn connections(&self) -> u64 {
        self.connections.load(Ordering::Acquire)
    }

    /// Notes that the present publisher is gone; only the first word counts.
    pub fn lose(&self, loss: Loss) {
        note_loss(&self.loss, loss);
        (self.left)();
    }

    /// Takes the connection to a publisher out of the pipeline; the place is free afterwards. Blocks until its threads have
    /// ended, so it is never called on one of them.
    pub fn clear(&self) {
        let _clearing = lock(&self.clearing);
        self.take_out();
    }

    fn take_out(&self) {
        let ingest = {
            let mut publisher = lock(&self.publisher);
            let Publisher::Connected { ingest, .. } = &*publisher else {
                return;
            };
            let ingest = ingest.clone();
            *publisher = Publisher::None;
            ingest
        };
        // The source first: when its threads have ended nothing is under way in what stands behind it.
        self.throw_away(&ingest);
        *lock(&self.metrics) = None;
        self.intake.clear();
    }

    fn throw_away(&self, ingest: &Ingest) {
        ingest.release();
        // Neither can fail in a way that anybody could act on: the connection is being thrown away.
        let _ = ingest.element().set_state(gst::State::Null);
        if let Some(pipeline) = self.pipeline.upgrade() {
            let _ = pipeline.remove(ingest.element());
        }
        ingest.let_go();
    }

    /// Takes the place for a new publisher: from one who was lost, or of whom nothing has been heard for a while.
    fn take_place(&self) -> Result<(), LiveError> {
        let _clearing = lock(&self.clearing);
        if self.reconnect && self.is_abandoned() {
            self.take_out();
        }
        let mut publisher = lock(&self.publisher);
        if !matches!(*publisher, Publisher::None) {
            return Err(LiveError::Busy);
        }
        *publisher = Publisher::Negotiating;
        *lock(&self.loss) = None;
        Ok(())
    }

    fn is_abandoned(&self) -> bool {
        let Publisher::Connected { since, .. } = *lock(&self.publisher) else {
            return false;
        };
        let heard = self.meter.last_arrival().map_or(since, |last| last.max(since));
        lock(&self.loss).is_some() || heard.elapsed() >= MISSING
    }

    /// Connects the publisher who made this offer.
    pub fn answer(&self, offer: &str) -> Result<String, LiveError> {
        let offer = Arc::new(Offer::parse(offer)?);
        if offer.video_formats(&CODECS, &[]).is_empty() {
            return Err(LiveError::Offer {
                reason: format!("its video section has none of the codecs {}", CODECS.join(", ")),
            });
        }
        self.take_place()?;
        let connected = self.connect(&offer);
        *lock(&self.publisher) = match &connected {
            Ok((ingest, _)) => {
                self.connections.fetch_add(1, Ordering::AcqRel);
                Publisher::Connected {
                    ingest: ingest.clone(),
                    offer,
                    since: Instant::now(),
                }
            }
            Err(_) => Publisher::None,
        };
        let (_, answer) = connected?;
        if !answer.complete {
            (self.warn)(SLOW_GATHERING.into());
        }
        Ok(answer.sdp)
    }

    fn connect(&self, offer: &Offer) -> Result<(Arc<Ingest>, Answer), LiveError> {
        let pipeline = self.pipeline.upgrade().ok_or(LiveError::WrongState {
            state: SessionState::Done,
            reason: "it takes no publisher any more",
        })?;
        let ingest = Arc::new(Ingest::new(&self.ice, self.options)?);
        self.observe(&ingest);
        let broken = |error: gst::glib::BoolError| LiveError::Negotiation {
            reason: error.to_string(),
        };
        let element = ingest.element();
        pipeline.add(element).map_err(broken)?;
        let answer = element
            .sync_state_with_parent()
            .map_err(broken)
            .and_then(|()| ingest.answer(offer));
        if answer.is_err() {
            self.throw_away(&ingest);
        }
        Ok((ingest, answer?))
    }

    fn observe(&self, ingest: &Ingest) {
        let metrics = self.metrics.clone();
        ingest.on_data_channel(METRICS, move |channel| {
            *lock(&metrics) = Some(channel);
        });
        let intake = self.intake.clone();
        let refuse = self.refuse.clone();
        ingest.on_stream(move |pad| {
            if let Err(error) = intake.accept(pad) {
                refuse(error);
            }
        });
        let (known, left) = (self.loss.clone(), self.left.clone());
        ingest.on_loss(move |loss| {
            note_loss(&known, loss);
            left();
        });
    }

    /// Adds the candidates of a trickle fragment.
    pub fn candidate(&self, fragment: &str) -> Result<(), LiveError> {
        let (ingest, offer) = match &*lock(&self.publisher) {
            Publisher::Connected { ingest, offer, .. } => (ingest.clone(), offer.clone()),
            Publisher::None | Publisher::Negotiating => {
                return Err(LiveError::WrongState {
                    state: SessionState::Waiting,
                    reason: "candidates come after an offer",
                });
            }
        };
        for (section, candidate) in Fragment::parse(fragment, &offer)?.candidates {
            ingest.add_candidate(section, &candidate);
        }
        Ok(())
    }

    /// Sends text over the publisher's data channel, or drops it when too much is waiting or the channel is not there.
    pub fn send(&self, text: &str, worth: Worth) {
        let channel = lock(&self.metrics).clone();
        if channel.is_some_and(|channel| channel.send(text, worth)) {
            self.meter.channel_dropped.add(1);
        }
    }

    /// Whether an object is part of the connection.
    pub fn contains(&self, object: &gst::Object) -> bool {
        match &*lock(&self.publisher) {
            Publisher::Connected { ingest, .. } => {
                object == ingest.element() || object.has_as_ancestor(ingest.element())
            }
            _ => false,
        }
    }

    /// The pipeline is about to stop: what happens to the connection is no loss any more.
    pub fn release(&self) {
        if let Publisher::Connected { ingest, .. } = &*lock(&self.publisher) {
            ingest.release();
        }
    }

    /// The pipeline has stopped: lets go of what would keep the connection alive.
    pub fn let_go(&self) {
        *lock(&self.metrics) = None;
        if let Publisher::Connected { ingest, .. } = &*lock(&self.publisher) {
            ingest.let_go();
        }
    }
}

fn note_loss(known: &Mutex<Option<Loss>>, loss: Loss) {
    lock(known).get_or_insert(loss);
}
