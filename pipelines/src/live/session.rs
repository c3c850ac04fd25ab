//! The handle of a live session.

use super::diagnostics::{Diagnostics, EngineInfo};
use super::intake::Intake;
use super::life::Life;
use super::load::Service;
use super::meter::Meter;
use super::source::{self, Source, Surroundings, Whip};
use super::stations::Stations;
use super::tap::Tap;
use super::video::Video;
use super::webrtc::Worth;
use super::{
    EventSink, LiveDiagnostics, LiveError, LiveEvent, LiveInfo, LiveSource, LiveSpec, Push, SessionState,
    graph, watch,
};
use crate::measuring::{Measuring, movement_name};
use crate::sync::lock;
use crate::{AnalysisError, elements};
use gst::prelude::*;
use kinemotion_motion::MovementChoice;
use serde::Serialize;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

/// Names a viewer within its session.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct ViewerId(pub String);

/// Names a push within its session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct PushId(pub u64);

/// A running session. Dropping it ends it at once and leaves nothing behind.
pub struct LiveSession {
    shared: Arc<Shared>,
    watch: Option<JoinHandle<()>>,
}

/// What the handle and the watch of a session share.
pub(super) struct Shared {
    pub spec: LiveSpec,
    pub life: Arc<Life>,
    pub meter: Arc<Meter>,
    pipeline: gst::Pipeline,
    bus: gst::Bus,
    intake: Arc<Intake>,
    source: Source,
    /// `kinepose` and `kinephase`.
    pub analysis: [gst::Element; 2],
    pub stations: Stations,
    pub diagnostics: Arc<Diagnostics>,
    pub video: Arc<Video>,
    /// What can be changed while running.
    pub present: Mutex<Present>,
    ended: Arc<AtomicBool>,
    stopping: AtomicBool,
}

pub(super) struct Present {
    pub movement: MovementChoice,
    /// Whether graphics are asked for.
    pub overlay: bool,
    /// What the machine has room for.
    pub service: Service,
    /// What of it was told last.
    pub told: Service,
}

impl LiveSession {
    /// Builds and starts a session. Blocks while models are loaded. Events go to `events` from the first state on.
    ///
    /// # Errors
    /// [`LiveError`]: what is missing, or what is wrong with the source.
    pub fn start(spec: LiveSpec, events: EventSink) -> Result<Self, LiveError> {
        elements::init()?;
        let first = match spec.source {
            LiveSource::Whip(_) => SessionState::Waiting,
            _ => SessionState::Connecting,
        };
        let diagnostics = Arc::new(Diagnostics::default());
        let life = Arc::new(Life::begin(first, diagnostics.beside(events)));
        let shared = Arc::new(Shared::build(spec, life, diagnostics)?);
        if let Err(error) = shared.play() {
            shared.stop();
            return Err(error);
        }
        let watch = watch::start(shared.clone()).map_err(|error| LiveError::Source {
            source_name: source::kind(&shared.spec.source).into(),
            reason: format!("no thread to watch it: {error}"),
        });
        let watch = watch.inspect_err(|_| shared.stop())?;
        let session = Self {
            shared,
            watch: Some(watch),
        };
        session.start_outputs()?;
        if let Some(share) = &session.shared.spec.share {
            let shared = Arc::downgrade(&session.shared);
            share.attach(shared);
        }
        watch::wake(&session.shared.bus);
        Ok(session)
    }

    /// Starts what the specification wants from the start.
    fn start_outputs(&self) -> Result<(), LiveError> {
        let Shared { spec, video, .. } = &*self.shared;
        for output in &spec.outputs {
            video.push(output.clone())?;
        }
        if let Some(path) = &spec.recording {
            video.record(path)?;
        }
        Ok(())
    }

    /// Answers the offer of a publisher. Blocks for a bounded time.
    ///
    /// # Errors
    /// [`LiveError::NotPublishable`], [`LiveError::Busy`], [`LiveError::Offer`], [`LiveError::Negotiation`].
    pub fn answer(&self, offer: &str) -> Result<String, LiveError> {
        let shared = &self.shared;
        let answer = self.publisher()?.answer(offer);
        if answer.is_ok() {
            shared.life.enter(SessionState::Connecting, None);
        }
        // The place has changed hands, or is free again after a publisher who was to be replaced.
        watch::wake(&shared.bus);
        answer
    }

    /// Publishers that were answered so far: names the present connection.
    ///
    /// # Errors
    /// [`LiveError::NotPublishable`], [`LiveError::WrongState`].
    pub fn connections(&self) -> Result<u64, LiveError> {
        Ok(self.publisher()?.connections())
    }

    /// Adds the candidates of a trickle fragment (`application/trickle-ice-sdpfrag`, RFC 8840).
    ///
    /// # Errors
    /// [`LiveError::NotPublishable`], [`LiveError::WrongState`], [`LiveError::Fragment`].
    pub fn candidate(&self, fragment: &str) -> Result<(), LiveError> {
        self.publisher()?.candidate(fragment)
    }

    /// Sends text over the publisher's data channel `metrics`. Drops it, and counts that, when more is waiting than it is worth.
    pub fn send(&self, text: &str, worth: Worth) {
        if let Some(publisher) = self.shared.source.publisher() {
            publisher.send(text, worth);
        }
    }

    /// Answers the offer of a viewer. Blocks for a bounded time.
    ///
    /// # Errors
    /// [`LiveError::Offer`], [`LiveError::Negotiation`], [`LiveError::WrongState`], [`LiveError::Output`].
    pub fn watch(&self, offer: &str) -> Result<(ViewerId, String), LiveError> {
        self.running()?;
        self.shared.video.watch(offer)
    }

    /// Ends a viewer; whether there was one of this name.
    pub fn unwatch(&self, viewer: &ViewerId) -> bool {
        self.shared.video.unwatch(viewer)
    }

    /// The present picture with overlay as JPEG.
    ///
    /// # Errors
    /// [`LiveError::WrongState`] when no frame has come, [`LiveError::Output`].
    pub fn snapshot(&self) -> Result<Vec<u8>, LiveError> {
        self.shared.video.snapshot(self.shared.life.state())
    }

    /// Draws the graphics on the video that leaves, or not.
    pub fn set_overlay(&self, on: bool) {
        let mut present = lock(&self.shared.present);
        present.overlay = on;
        self.shared.video.set_overlay(on && present.service.overlay);
    }

    /// Looks for another movement from the next frame on; what is under way is completed first.
    pub fn set_movement(&self, movement: MovementChoice) {
        lock(&self.shared.present).movement = movement;
        let [_, phase] = &self.shared.analysis;
        phase.set_property("movement", movement_name(movement));
    }

    /// Sends the video somewhere from now on.
    ///
    /// # Errors
    /// [`LiveError::WrongState`] when the session is over, [`LiveError::Output`].
    pub fn push(&self, to: Push) -> Result<PushId, LiveError> {
        self.running()?;
        self.shared.video.push(to)
    }

    /// Ends a push; unknown ones are ignored.
    pub fn unpush(&self, push: PushId) {
        self.shared.video.unpush(push);
    }

    /// How the session is doing.
    pub fn info(&self) -> LiveInfo {
        let shared = &self.shared;
        let (state, reason) = shared.life.present();
        let present = lock(&shared.present);
        let meter = &shared.meter;
        LiveInfo {
            id: shared.spec.id.clone(),
            state,
            reason,
            movement: movement_name(present.movement),
            overlay: present.overlay,
            source: meter.source(),
            frames: meter.frames.get(),
            poses: meter.poses.get(),
            predicted: meter.predicted.get(),
            dropped: meter.dropped.get(),
            service: present.service,
            repetitions: meter.repetitions.get(),
            viewers: shared.video.viewers(),
            pushes: shared.video.pushes(),
            channel_dropped: meter.channel_dropped.get(),
            latency: meter.latency(),
        }
    }

    /// What has been noted for whoever has to find out why something went wrong. After a failure it waits a moment for the
    /// graph to be drawn.
    pub fn diagnostics(&self) -> LiveDiagnostics {
        if self.shared.life.state() == SessionState::Failed {
            self.shared.diagnostics.wait_for_graph();
        }
        let [pose, _] = &self.shared.analysis;
        LiveDiagnostics {
            engine: EngineInfo::of(pose),
            ..self.shared.diagnostics.present()
        }
    }

    /// The graph of the pipeline in Graphviz's language, without what may be secret: that of the failure, or of this moment.
    pub fn graph(&self) -> String {
        let kept = self.diagnostics().graph;
        kept.unwrap_or_else(|| graph::of(&self.shared.pipeline))
    }

    /// Ends the session in good order: what is under way is completed and told, files are closed, then the state is `Done`.
    /// Returns at once.
    pub fn finish(&self) {
        self.shared.finish(None);
    }

    /// Refuses what a session that ends cannot do any more.
    fn running(&self) -> Result<(), LiveError> {
        let state = self.shared.life.state();
        if state.is_final() || state == SessionState::Finishing {
            let reason = "it takes nobody any more";
            return Err(LiveError::WrongState { state, reason });
        }
        Ok(())
    }

    /// The place of a publisher in a session that is not over.
    fn publisher(&self) -> Result<&Whip, LiveError> {
        self.running()?;
        let source_name = source::kind(&self.shared.spec.source);
        let publisher = self.shared.source.publisher();
        publisher.ok_or(LiveError::NotPublishable { source_name })
    }
}

impl Drop for LiveSession {
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::Release);
        watch::wake(&self.shared.bus);
        let watched = self.watch.take().map(JoinHandle::join);
        // A watch has stopped everything itself, unless it panicked.
        if !matches!(watched, Some(Ok(()))) {
            self.shared.stop();
        }
    }
}

impl Shared {
    fn build(spec: LiveSpec, life: Arc<Life>, diagnostics: Arc<Diagnostics>) -> Result<Self, LiveError> {
        let pipeline = gst::Pipeline::new();
        let bus = pipeline.bus().expect("a pipeline has a bus");
        let meter = Arc::new(Meter::default());
        lock(&meter.source).kind = source::kind(&spec.source);
        let live = source::is_live(&spec.source);
        let refuse: Arc<dyn Fn(LiveError) + Send + Sync> = {
            let (life, bus) = (life.clone(), bus.clone());
            Arc::new(move |error| {
                life.fail(error);
                watch::wake(&bus);
            })
        };
        let intake = Arc::new(Intake::build(
            &pipeline,
            live,
            spec.limits,
            &life,
            &meter,
            refuse.clone(),
        )?);
        let analysis = analyse(&pipeline, intake.last(), &spec, live)?;
        let stations = stations(&intake, &analysis);
        let [_, phase] = &analysis;
        let ended = Arc::new(AtomicBool::new(false));
        let tell_end = {
            let (ended, bus) = (ended.clone(), bus.clone());
            move || {
                ended.store(true, Ordering::Release);
                watch::wake(&bus);
            }
        };
        let video = Arc::new(video(&spec, &life, &bus));
        let tap = Tap {
            life: life.clone(),
            meter: meter.clone(),
            video: video.clone(),
            poses: spec.poses,
            live,
        };
        tap.install(phase, tell_end);
        let around = Surroundings {
            pipeline: &pipeline,
            intake: &intake,
            meter: &meter,
            ice: &spec.ice,
            reconnect: spec.limits.reconnect_s > 0.0,
            left: {
                let bus = bus.clone();
                Arc::new(move || watch::wake(&bus))
            },
            refuse,
            warn: {
                let life = life.clone();
                Arc::new(move |message| life.tell(LiveEvent::Warning(message)))
            },
        };
        let source = Source::build(&spec, &around)?;
        let service = Service::full(spec.quality);
        let present = Mutex::new(Present {
            movement: spec.movement,
            overlay: spec.overlay,
            service,
            told: service,
        });
        Ok(Self {
            spec,
            life,
            meter,
            pipeline,
            bus,
            intake,
            source,
            analysis,
            stations,
            diagnostics,
            video,
            present,
            ended,
            stopping: AtomicBool::new(false),
        })
    }

    fn play(&self) -> Result<(), LiveError> {
        if self.pipeline.set_state(gst::State::Playing).is_ok() {
            return Ok(());
        }
        let message = self.bus.pop_filtered(&[gst::MessageType::Error]);
        Err(match message.as_ref().map(|message| message.view()) {
            Some(gst::MessageView::Error(error)) => self.explain(error),
            _ => AnalysisError::Pipeline {
                element: "pipeline".into(),
                reason: "it does not start".into(),
            }
            .into(),
        })
    }

    pub fn pipeline(&self) -> &gst::Pipeline {
        &self.pipeline
    }

    pub fn bus(&self) -> &gst::Bus {
        &self.bus
    }

    /// Whether the handle is being dropped.
    pub fn has_to_stop(&self) -> bool {
        self.stopping.load(Ordering::Acquire)
    }

    /// Whether the last frame has passed the analysis.
    pub fn has_ended(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }

    /// Completes what is under way; then the session is done, for this reason.
    pub fn finish(&self, reason: Option<String>) {
        if self.life.enter(SessionState::Finishing, reason) {
            watch::wake(&self.bus);
            self.intake.end();
        }
    }

    /// The place of a publisher, where there is one.
    pub fn publisher(&self) -> Option<&Whip> {
        self.source.publisher()
    }

    /// Stops everything; harmless when done twice.
    pub fn stop(&self) {
        if let Some(publisher) = self.source.publisher() {
            publisher.release();
        }
        // Going to NULL cannot fail in a way that anybody could act on.
        let _ = self.pipeline.set_state(gst::State::Null);
        if let Some(publisher) = self.source.publisher() {
            publisher.let_go();
        }
        self.video.stop();
    }

    /// An error message as an error a person can act on.
    pub fn explain(&self, error: &gst::message::Error) -> LiveError {
        let reason = error.error().message().trim_end_matches('.').to_owned();
        let said = |element: &gst::Element| error.src() == Some(element.upcast_ref());
        if self.analysis.iter().any(said) {
            return AnalysisError::Inference { reason }.into();
        }
        LiveError::Source {
            source_name: source::shown(&self.spec.source),
            reason,
        }
    }
}

/// The video of a session, which asks its watch for help and warns where the session does.
fn video(spec: &LiveSpec, life: &Arc<Life>, bus: &gst::Bus) -> Video {
    let (life, bus) = (life.clone(), bus.clone());
    Video::new(
        spec.ice.clone(),
        spec.overlay,
        Arc::new(move || watch::wake(&bus)),
        Arc::new(move |warning| life.tell(LiveEvent::Warning(warning))),
    )
}

/// The parts of the analysis, in front of what taps it.
fn stations(intake: &Intake, analysis: &[gst::Element; 2]) -> Stations {
    let pad = |element: &gst::Element, name| element.static_pad(name).expect("a filter has both pads");
    let [pose, phase] = analysis;
    let out = pad(phase, "src");
    let end = out.peer().expect("the analysis is linked to its end");
    let parts = [
        ("the intake", intake.entry().clone()),
        ("kinepose", pad(pose, "sink")),
        ("kinephase", pad(phase, "sink")),
        ("the outputs", out),
    ];
    Stations::watch(&parts, &end)
}

/// Adds `kinepose ! kinephase ! fakesink` behind `upstream`; returns the first two. A live stream is analysed as it comes, a
/// file at the speed of life.
fn analyse(
    pipeline: &gst::Pipeline,
    upstream: &gst::Element,
    spec: &LiveSpec,
    live: bool,
) -> Result<[gst::Element; 2], AnalysisError> {
    let measuring = Measuring {
        movement: spec.movement,
        quality: spec.quality,
        athlete: spec.athlete,
        setup: spec.setup,
        capture_fps: None,
        people: spec.people,
        max_persons: spec.max_persons,
        engine: spec.engine.clone(),
    };
    let [pose, phase] = measuring.elements()?;
    let sink = elements::make("fakesink", "end")?;
    sink.set_property("sync", !live);
    sink.set_property("async", false);
    sink.set_property("enable-last-sample", false);
    pipeline
        .add_many([&pose, &phase, &sink])
        .and_then(|()| gst::Element::link_many([upstream, &pose, &phase, &sink]))
        .map_err(|error| AnalysisError::Pipeline {
            element: "analysis".into(),
            reason: error.to_string(),
        })?;
    Ok([pose, phase])
}

#[cfg(test)]
#[path = "session_tests.rs"]
mod tests;
