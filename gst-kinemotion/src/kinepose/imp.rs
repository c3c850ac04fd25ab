//! Implementation of `kinepose`.

use super::pacing::{Arrival, Decision, Pace, Pacer};
use super::settings::{self, Settings, cure};
use crate::media_time::{media_time, running_time};
use crate::meta::{FrameGeometry, PoseMeta, Poses, custom};
use crate::sync::lock;
use crate::video::{self, PixelLayout, READABLE_FORMATS};
use gst::glib;
use gst::prelude::*;
use gst::subclass::prelude::*;
use gst_base::prelude::*;
use gst_base::subclass::base_transform::BaseTransformMode;
use gst_base::subclass::prelude::*;
use kinemotion_models::{Engine, EngineError, EstimatorError, EstimatorStats, PoseEstimator};
use std::sync::{LazyLock, Mutex};

static CAT: LazyLock<gst::DebugCategory> = LazyLock::new(|| {
    gst::DebugCategory::new("kinepose", gst::DebugColorFlags::empty(), Some("Pose estimation"))
});

/// A pause in media time after which nobody is assumed to be where they were, seconds.
const LONGEST_GAP_S: f64 = 1.0;

/// The video being read, known once caps are.
struct Video {
    info: gst_video::VideoInfo,
    layout: PixelLayout,
    geometry: FrameGeometry,
}

/// What lives from start to stop. The streaming thread takes it out while the model runs, so that no lock is held.
struct State {
    estimator: PoseEstimator,
    video: Option<Video>,
    revision: u64,
    last_time: Option<f64>,
    warned_no_timestamp: bool,
}

/// Counters of the element itself.
#[derive(Clone, Copy, Debug, Default)]
struct Counters {
    estimator: EstimatorStats,
    skipped_late: u64,
    without_timestamp: u64,
    unreadable: u64,
}

/// The element.
#[derive(Default)]
pub struct KinePose {
    settings: Mutex<Settings>,
    state: Mutex<Option<State>>,
    counters: Mutex<Counters>,
    pacer: Mutex<Pacer>,
    /// Whether upstream is live, once it was asked.
    live: Mutex<Option<bool>>,
}

#[glib::object_subclass]
impl ObjectSubclass for KinePose {
    const NAME: &'static str = "GstKinePose";
    type Type = super::KinePose;
    type ParentType = gst_base::BaseTransform;
}

impl ObjectImpl for KinePose {
    fn properties() -> &'static [glib::ParamSpec] {
        settings::properties()
    }

    fn set_property(&self, _id: usize, value: &glib::Value, pspec: &glib::ParamSpec) {
        gst::debug!(CAT, imp = self, "{} = {value:?}", pspec.name());
        let old_latency = {
            let mut settings = lock(&self.settings);
            let old_latency = settings.latency_ms;
            settings.set(pspec.name(), value);
            (old_latency != settings.latency_ms).then_some(old_latency)
        };
        if old_latency.is_some() {
            let message = gst::message::Latency::builder().src(&*self.obj()).build();
            // Fails only without a bus, and then nobody needs to know.
            let _ = self.obj().post_message(message);
        }
    }

    fn property(&self, _id: usize, pspec: &glib::ParamSpec) -> glib::Value {
        match pspec.name() {
            "stats" => self.stats().to_value(),
            name => lock(&self.settings).get(name),
        }
    }
}

impl GstObjectImpl for KinePose {}

impl ElementImpl for KinePose {
    fn metadata() -> Option<&'static gst::subclass::ElementMetadata> {
        static METADATA: LazyLock<gst::subclass::ElementMetadata> = LazyLock::new(|| {
            gst::subclass::ElementMetadata::new(
                "Kinemotion pose estimation",
                "Filter/Analyzer/Video",
                "Finds people in video and attaches their 33 body landmarks to each frame, without touching the picture",
                "The kinemotion developers",
            )
        });
        Some(&METADATA)
    }

    fn pad_templates() -> &'static [gst::PadTemplate] {
        static TEMPLATES: LazyLock<Vec<gst::PadTemplate>> = LazyLock::new(|| {
            let caps = gst_video::VideoCapsBuilder::new()
                .format_list(READABLE_FORMATS)
                .build();
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

impl BaseTransformImpl for KinePose {
    // In place means a writable buffer, for the meta; its memory stays shared and is never mapped for writing.
    const MODE: BaseTransformMode = BaseTransformMode::AlwaysInPlace;
    const PASSTHROUGH_ON_SAME_CAPS: bool = false;
    const TRANSFORM_IP_ON_PASSTHROUGH: bool = false;

    fn start(&self) -> Result<(), gst::ErrorMessage> {
        let settings = lock(&self.settings).clone();
        let config = settings
            .estimator()
            .map_err(|error| gst::error_msg!(gst::LibraryError::Settings, ("{error}")))?;
        let engine = Engine::shared(&settings.engine()).map_err(|error| {
            gst::error_msg!(
                gst::LibraryError::Init,
                ("pose estimation cannot start: {error}; {}", cure(&error))
            )
        })?;
        *lock(&self.state) = Some(State {
            estimator: PoseEstimator::new(engine, config),
            video: None,
            revision: settings.revision,
            last_time: None,
            warned_no_timestamp: false,
        });
        *lock(&self.counters) = Counters::default();
        self.forget_pace();
        Ok(())
    }

    fn stop(&self) -> Result<(), gst::ErrorMessage> {
        *lock(&self.state) = None;
        Ok(())
    }

    fn set_caps(&self, incaps: &gst::Caps, _outcaps: &gst::Caps) -> Result<(), gst::LoggableError> {
        let info = gst_video::VideoInfo::from_caps(incaps)
            .map_err(|_| gst::loggable_error!(CAT, "caps {incaps} do not describe video"))?;
        let layout = video::pixel_layout(&info)
            .ok_or_else(|| gst::loggable_error!(CAT, "format {} cannot be read", info.format()))?;
        let geometry = FrameGeometry::from_info(&info);
        gst::info!(CAT, imp = self, "reading {layout:?}, {geometry:?}");
        let mut state = lock(&self.state);
        let state = state
            .as_mut()
            .ok_or_else(|| gst::loggable_error!(CAT, "caps before start"))?;
        state.video = Some(Video {
            info,
            layout,
            geometry,
        });
        Ok(())
    }

    fn query(&self, direction: gst::PadDirection, query: &mut gst::QueryRef) -> bool {
        if direction == gst::PadDirection::Src
            && let gst::QueryViewMut::Latency(latency) = query.view_mut()
        {
            return self.answer_latency(latency);
        }
        BaseTransformImplExt::parent_query(self, direction, query)
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
            gst::EventView::FlushStop(_) => {
                self.forget_people();
                self.forget_pace();
            }
            gst::EventView::StreamStart(_) => self.forget_pace(),
            _ => {}
        }
        self.parent_sink_event(event)
    }

    fn src_event(&self, event: gst::Event) -> bool {
        if let gst::EventView::Qos(qos) = event.view() {
            let (_, _, jitter, timestamp) = qos.get();
            if let Some(timestamp) = timestamp {
                let jitter = gst::Signed::<gst::ClockTime>::from(jitter);
                lock(&self.pacer).set_earliest(timestamp, jitter);
            }
        }
        self.parent_src_event(event)
    }

    fn transform_ip(&self, buffer: &mut gst::BufferRef) -> Result<gst::FlowSuccess, gst::FlowError> {
        let Some(mut state) = lock(&self.state).take() else {
            return Err(gst::FlowError::Flushing);
        };
        let result = self.handle(&mut state, buffer);
        lock(&self.counters).estimator = state.estimator.stats();
        *lock(&self.state) = Some(state);
        result
    }
}

impl KinePose {
    fn handle(
        &self,
        state: &mut State,
        buffer: &mut gst::BufferRef,
    ) -> Result<gst::FlowSuccess, gst::FlowError> {
        let Some(pts) = buffer.pts() else {
            self.complain_about_timestamp(state);
            return Ok(gst::FlowSuccess::Ok);
        };
        let segment = self.obj().segment();
        let time = media_time(&segment, pts);
        self.configure(state);
        if state
            .last_time
            .is_some_and(|last| time < last || time - last > LONGEST_GAP_S)
        {
            gst::info!(
                CAT,
                imp = self,
                "media time jumps to {time:.3} s, tracks are forgotten"
            );
            state.estimator.reset();
            self.forget_pace();
        }
        state.last_time = Some(time);

        let arrival = Arrival {
            media_time: time,
            running_time: running_time(&segment, pts),
            now: self.live_now(),
        };
        let decision = lock(&self.pacer).decide(&arrival, &self.pace());
        if decision == Decision::Late {
            lock(&self.counters).skipped_late += 1;
            gst::debug!(CAT, imp = self, "frame at {time:.3} s is late, pose predicted");
        }
        match self.poses(state, buffer, time, decision)? {
            Some(poses) => attach(buffer, poses),
            None => lock(&self.counters).unreadable += 1,
        }
        Ok(gst::FlowSuccess::Ok)
    }

    /// The people in this frame; `None` when the frame cannot be read.
    fn poses(
        &self,
        state: &mut State,
        buffer: &gst::BufferRef,
        time: f64,
        decision: Decision,
    ) -> Result<Option<Poses>, gst::FlowError> {
        let State {
            estimator,
            video: Some(video),
            ..
        } = state
        else {
            return Err(gst::FlowError::NotNegotiated);
        };
        let persons = match decision {
            Decision::NotDue | Decision::Late => estimator.predict(time),
            Decision::Measure => {
                let Ok(frame) = gst_video::VideoFrameRef::from_buffer_ref_readable(buffer, &video.info)
                else {
                    gst::element_imp_warning!(
                        self,
                        gst::StreamError::Decode,
                        ("the frame at {time:.3} s cannot be mapped and gets no pose")
                    );
                    return Ok(None);
                };
                let view = match video::view(&frame, &video.layout) {
                    Ok(view) => view,
                    Err(error) => {
                        gst::element_imp_warning!(
                            self,
                            gst::StreamError::Format,
                            ("the frame at {time:.3} s gets no pose: {error}")
                        );
                        return Ok(None);
                    }
                };
                match estimator.process(&view, time) {
                    Ok(persons) => persons,
                    Err(error) => return Err(self.fail(&error)),
                }
            }
        };
        let persons = crate::meta::into_square_pixels(persons, &video.geometry);
        Ok(Some(Poses {
            persons,
            frame: video.geometry,
            time,
        }))
    }

    fn fail(&self, error: &EstimatorError) -> gst::FlowError {
        let cure = match error {
            EstimatorError::Engine(engine @ EngineError::Runtime(_) | engine @ EngineError::Model { .. }) => {
                cure(engine)
            }
            EstimatorError::Engine(engine) => cure(engine),
            _ => "see the debug log of the kinepose category",
        };
        gst::element_imp_error!(
            self,
            gst::LibraryError::Failed,
            ("pose estimation failed: {error}; {cure}")
        );
        gst::FlowError::Error
    }

    /// Applies settings changed since the last frame.
    fn configure(&self, state: &mut State) {
        let config = {
            let settings = lock(&self.settings);
            if settings.revision == state.revision {
                return;
            }
            state.revision = settings.revision;
            settings.estimator()
        };
        match config {
            Ok(config) => state.estimator.configure(config),
            Err(error) => {
                gst::element_imp_warning!(
                    self,
                    gst::LibraryError::Settings,
                    ("{error}; the last valid setting stays")
                );
            }
        }
    }

    fn complain_about_timestamp(&self, state: &mut State) {
        lock(&self.counters).without_timestamp += 1;
        if !std::mem::replace(&mut state.warned_no_timestamp, true) {
            gst::element_imp_warning!(
                self,
                gst::StreamError::Format,
                ("buffers without a timestamp get no pose: movement is measured by time; \
                     put a parser or `appsrc do-timestamp=true` upstream")
            );
        }
    }

    fn pace(&self) -> Pace {
        let settings = lock(&self.settings);
        Pace {
            rate: settings.pose_rate,
            permitted_backlog_s: settings
                .skip_late
                .then_some(f64::from(settings.latency_ms) / 1000.0),
        }
    }

    /// Running time now if upstream is live, asking it on the first frame of a stream.
    fn live_now(&self) -> Option<gst::ClockTime> {
        let known = *lock(&self.live);
        let live = known.unwrap_or_else(|| {
            let mut query = gst::query::Latency::new();
            let live = self.obj().sink_pad().peer_query(&mut query) && query.result().0;
            *lock(&self.live) = Some(live);
            live
        });
        if live {
            self.obj().current_running_time()
        } else {
            None
        }
    }

    fn answer_latency(&self, answer: &mut gst::query::Latency) -> bool {
        let mut upstream = gst::query::Latency::new();
        if !self.obj().sink_pad().peer_query(&mut upstream) {
            return false;
        }
        let (live, min, max) = upstream.result();
        *lock(&self.live) = Some(live);
        let own = if live {
            gst::ClockTime::from_mseconds(lock(&self.settings).latency_ms.into())
        } else {
            gst::ClockTime::ZERO
        };
        gst::debug!(CAT, imp = self, "latency: live {live}, upstream {min}, own {own}");
        answer.set(live, min + own, max.map(|max| max + own));
        true
    }

    fn forget_people(&self) {
        if let Some(state) = lock(&self.state).as_mut() {
            state.estimator.reset();
            state.last_time = None;
        }
    }

    fn forget_pace(&self) {
        *lock(&self.pacer) = Pacer::default();
        *lock(&self.live) = None;
    }

    fn stats(&self) -> gst::Structure {
        let counters = *lock(&self.counters);
        let estimator = counters.estimator;
        gst::Structure::builder("kinepose-stats")
            .field("frames", estimator.frames)
            .field("with-pose", estimator.with_pose)
            .field("predicted", estimator.predicted)
            .field("skipped-late", counters.skipped_late)
            .field("without-timestamp", counters.without_timestamp)
            .field("unreadable", counters.unreadable)
            .field("detector-runs", estimator.detector_runs)
            .field("landmarker-runs", estimator.landmarker_runs)
            .field("not-finite", estimator.not_finite)
            .field("inference-seconds", estimator.inference_s)
            .field("overhead-seconds", estimator.overhead_s)
            .build()
    }
}

fn attach(buffer: &mut gst::BufferRef, poses: Poses) {
    // A pose from further upstream belongs to an earlier opinion; the newest wins.
    if let Some(old) = buffer.meta_mut::<PoseMeta>() {
        let _ = old.remove();
    }
    custom::attach_pose(buffer, &poses);
    #[cfg(feature = "analytics")]
    crate::meta::analytics::attach(buffer, &poses);
    PoseMeta::add(buffer, poses);
}
