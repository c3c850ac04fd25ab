//! Implementation of `kinephase`.

use super::announce;
use super::crowd::Crowd;
use super::settings::{self, Analyse, Settings};
use crate::capture_rate;
use crate::meta::{Motion, MotionMeta, PoseMeta, Poses, custom};
use crate::sync::lock;
use gst::glib;
use gst::prelude::*;
use gst::subclass::prelude::*;
use gst_base::prelude::*;
use gst_base::subclass::base_transform::BaseTransformMode;
use gst_base::subclass::prelude::*;
use kinemotion_motion::{Event, EventKind};
use std::sync::{LazyLock, Mutex};

static CAT: LazyLock<gst::DebugCategory> = LazyLock::new(|| {
    gst::DebugCategory::new(
        "kinephase",
        gst::DebugColorFlags::empty(),
        Some("Movement phases and metrics"),
    )
});

/// What lives from start to stop. The streaming thread takes it out while analysing, so that no lock is held.
struct State {
    crowd: Crowd,
    revision: u64,
    last_time: Option<f64>,
    seen_poses: bool,
    warned_no_poses: bool,
}

impl State {
    fn new(settings: &Settings) -> Result<Self, String> {
        Ok(Self {
            crowd: Crowd::new(settings.analyzer()?),
            revision: settings.revision,
            last_time: None,
            seen_poses: false,
            warned_no_poses: false,
        })
    }
}

/// The element.
#[derive(Default)]
pub struct KinePhase {
    settings: Mutex<Settings>,
    state: Mutex<Option<State>>,
    /// Real seconds per second of media time; not 1 for slow motion.
    time_scale: Mutex<Option<f64>>,
}

#[glib::object_subclass]
impl ObjectSubclass for KinePhase {
    const NAME: &'static str = "GstKinePhase";
    type Type = super::KinePhase;
    type ParentType = gst_base::BaseTransform;
}

impl ObjectImpl for KinePhase {
    fn properties() -> &'static [glib::ParamSpec] {
        settings::properties()
    }

    fn set_property(&self, _id: usize, value: &glib::Value, pspec: &glib::ParamSpec) {
        gst::debug!(CAT, imp = self, "{} = {value:?}", pspec.name());
        lock(&self.settings).set(pspec.name(), value);
    }

    fn property(&self, _id: usize, pspec: &glib::ParamSpec) -> glib::Value {
        lock(&self.settings).get(pspec.name())
    }
}

impl GstObjectImpl for KinePhase {}

impl ElementImpl for KinePhase {
    fn metadata() -> Option<&'static gst::subclass::ElementMetadata> {
        static METADATA: LazyLock<gst::subclass::ElementMetadata> = LazyLock::new(|| {
            gst::subclass::ElementMetadata::new(
                "Kinemotion movement analysis",
                "Filter/Analyzer/Video",
                "Turns the poses of kinepose into movement phases, repetitions and metrics",
                "The kinemotion developers",
            )
        });
        Some(&METADATA)
    }

    fn pad_templates() -> &'static [gst::PadTemplate] {
        static TEMPLATES: LazyLock<Vec<gst::PadTemplate>> = LazyLock::new(|| {
            let caps = gst::Caps::new_any();
            [("sink", gst::PadDirection::Sink), ("src", gst::PadDirection::Src)]
                .into_iter()
                .filter_map(|(name, direction)| {
                    gst::PadTemplate::new(name, direction, gst::PadPresence::Always, &caps).ok()
                })
                .collect()
        });
        &TEMPLATES
    }
}

impl BaseTransformImpl for KinePhase {
    const MODE: BaseTransformMode = BaseTransformMode::AlwaysInPlace;
    const PASSTHROUGH_ON_SAME_CAPS: bool = false;
    const TRANSFORM_IP_ON_PASSTHROUGH: bool = false;

    fn start(&self) -> Result<(), gst::ErrorMessage> {
        let state = State::new(&lock(&self.settings))
            .map_err(|error| gst::error_msg!(gst::LibraryError::Settings, ("{error}")))?;
        *lock(&self.state) = Some(state);
        Ok(())
    }

    fn stop(&self) -> Result<(), gst::ErrorMessage> {
        *lock(&self.state) = None;
        Ok(())
    }

    fn set_caps(&self, incaps: &gst::Caps, _outcaps: &gst::Caps) -> Result<(), gst::LoggableError> {
        let capture_fps = lock(&self.settings).capture_fps;
        let scale = capture_rate::time_scale(incaps, capture_fps).unwrap_or_else(|| {
            gst::element_imp_warning!(
                self,
                gst::LibraryError::Settings,
                ("capture-fps={capture_fps} has no effect: the caps name no frame rate to compare it with; \
                     put `videorate` upstream")
            );
            1.0
        });
        *lock(&self.time_scale) = Some(scale);
        Ok(())
    }

    fn propose_allocation(
        &self,
        _decide_query: Option<&gst::query::Allocation>,
        query: &mut gst::query::Allocation,
    ) -> Result<(), gst::LoggableError> {
        // The same buffers travel on, so whatever downstream can take upstream may make.
        if self.obj().src_pad().peer_query(query) {
            Ok(())
        } else {
            Err(gst::loggable_error!(CAT, "downstream proposes no allocation"))
        }
    }

    fn sink_event(&self, event: gst::Event) -> bool {
        match event.view() {
            // What is under way must get out before the end does.
            gst::EventView::Eos(_) | gst::EventView::StreamStart(_) => self.finish(),
            gst::EventView::FlushStop(_) => {
                let settings = lock(&self.settings).clone();
                if let (Some(state), Ok(fresh)) = (lock(&self.state).as_mut(), State::new(&settings)) {
                    *state = State {
                        seen_poses: state.seen_poses,
                        ..fresh
                    };
                }
            }
            _ => {}
        }
        self.parent_sink_event(event)
    }

    fn transform_ip(&self, buffer: &mut gst::BufferRef) -> Result<gst::FlowSuccess, gst::FlowError> {
        let Some(mut state) = lock(&self.state).take() else {
            return Err(gst::FlowError::Flushing);
        };
        match PoseMeta::get(buffer).cloned() {
            Some(poses) => {
                let motion = self.analyse(&mut state, &poses);
                attach(buffer, motion);
            }
            None => self.complain_about_missing_poses(&mut state, buffer),
        }
        *lock(&self.state) = Some(state);
        Ok(gst::FlowSuccess::Ok)
    }
}

impl KinePhase {
    fn analyse(&self, state: &mut State, poses: &Poses) -> Motion {
        state.seen_poses = true;
        let mut events = Vec::new();
        let everybody = self.refresh(state, &mut events);
        let time = poses.time * lock(&self.time_scale).unwrap_or(1.0);
        if state.last_time.is_some_and(|last| time < last) {
            gst::info!(
                CAT,
                imp = self,
                "media time goes back to {time:.3} s, analysis starts afresh"
            );
            state.crowd.finish(&mut events);
        }
        state.last_time = Some(time);
        state.crowd.push(time, poses, everybody, &mut events);
        self.announce(&events, false);
        Motion {
            time,
            persons: state.crowd.snapshot(poses),
            events: events.into(),
        }
    }

    /// Applies settings changed since the last frame; tells whether everybody is analysed.
    fn refresh(&self, state: &mut State, events: &mut Vec<Event>) -> bool {
        let (config, everybody) = {
            let settings = lock(&self.settings);
            let changed = settings.revision != state.revision;
            state.revision = settings.revision;
            (
                changed.then(|| settings.analyzer()),
                settings.analyse == Analyse::All,
            )
        };
        match config {
            None => {}
            Some(Ok(config)) => {
                state.crowd.finish(events);
                state.crowd = Crowd::new(config);
            }
            Some(Err(error)) => {
                gst::element_imp_warning!(
                    self,
                    gst::LibraryError::Settings,
                    ("{error}; the last valid setting stays")
                );
            }
        }
        everybody
    }

    fn finish(&self) {
        let Some(mut state) = lock(&self.state).take() else {
            return;
        };
        let mut events = Vec::new();
        state.crowd.finish(&mut events);
        state.last_time = None;
        *lock(&self.state) = Some(state);
        self.announce(&events, true);
    }

    /// Posts and sends events. Called without any lock.
    fn announce(&self, events: &[Event], late: bool) {
        for event in events {
            gst::debug!(CAT, imp = self, "{event:?}");
            if announce::belongs_on_the_bus(event)
                && let Some(structure) = announce::message_structure(event)
            {
                let message = gst::message::Element::builder(structure)
                    .src(&*self.obj())
                    .build();
                // Fails only without a bus, and then nobody needs to know.
                let _ = self.obj().post_message(message);
            }
            if (late || matches!(event.kind, EventKind::Repetition(_)))
                && let Some(structure) = announce::downstream_structure(event, late)
            {
                self.obj()
                    .src_pad()
                    .push_event(gst::event::CustomDownstream::new(structure));
            }
        }
    }

    fn complain_about_missing_poses(&self, state: &mut State, buffer: &gst::BufferRef) {
        // Without a timestamp kinepose has said why there is no pose.
        let expected = buffer.pts().is_some() && !state.seen_poses;
        if expected && !std::mem::replace(&mut state.warned_no_poses, true) {
            gst::element_imp_warning!(
                self,
                gst::StreamError::Format,
                ("buffers carry no pose meta: put `kinepose` upstream, without an encoder in between")
            );
        }
    }
}

fn attach(buffer: &mut gst::BufferRef, motion: Motion) {
    if let Some(old) = buffer.meta_mut::<MotionMeta>() {
        let _ = old.remove();
    }
    if let Some(person) = motion.selected() {
        custom::attach_motion(buffer, person);
    }
    MotionMeta::add(buffer, motion);
}
