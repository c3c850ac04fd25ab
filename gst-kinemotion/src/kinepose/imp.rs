//! Implementation of `kinepose`.

use super::pacing::{Arrival, Decision, Pace, Pacer};
use super::settings::{self, Settings, cure};
use super::stream::{Failure, Stream};
use crate::capture_rate;
use crate::media_time::{media_time, running_time};
use crate::meta::{PoseMeta, Poses, custom};
use crate::sync::lock;
use crate::video::READABLE_FORMATS;
use gst::glib;
use gst::prelude::*;
use gst::subclass::prelude::*;
use gst_base::prelude::*;
use gst_base::subclass::base_transform::BaseTransformMode;
use gst_base::subclass::prelude::*;
use kinemotion_models::{Engine, EstimatorError, EstimatorStats, PoseEstimator};
use std::sync::{LazyLock, Mutex};
use std::time::Duration;

static CAT: LazyLock<gst::DebugCategory> = LazyLock::new(|| {
    gst::DebugCategory::new("kinepose", gst::DebugColorFlags::empty(), Some("Pose estimation"))
});

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
    /// The streaming thread takes it out while the model runs, so that no lock is held.
    stream: Mutex<Option<Stream>>,
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
        let wrong = |error: String| gst::error_msg!(gst::LibraryError::Settings, ("{error}"));
        let config = settings.estimator().map_err(wrong)?;
        let engine_config = settings.engine().map_err(wrong)?;
        // A missing runtime or model shows now, not at the first frame.
        let engine = Engine::shared(&engine_config)
            .and_then(|engine| engine.warm_up(config.quality).map(|()| engine))
            .map_err(|error| {
                let cure = cure(&error);
                gst::error_msg!(
                    gst::LibraryError::Init,
                    ("pose estimation cannot start: {error}; {cure}")
                )
            })?;
        gst::info!(CAT, imp = self, "networks are run by {}", engine.provider());
        for notice in engine.notices() {
            gst::element_imp_warning!(self, gst::LibraryError::Settings, ("inference: {notice}"));
        }
        let estimator = PoseEstimator::new(engine, config.clone());
        *lock(&self.stream) = Some(Stream::new(estimator, config, settings.revision));
        *lock(&self.counters) = Counters::default();
        self.forget_pace();
        Ok(())
    }

    fn stop(&self) -> Result<(), gst::ErrorMessage> {
        *lock(&self.stream) = None;
        Ok(())
    }

    fn set_caps(&self, incaps: &gst::Caps, _outcaps: &gst::Caps) -> Result<(), gst::LoggableError> {
        let info = gst_video::VideoInfo::from_caps(incaps)
            .map_err(|_| gst::loggable_error!(CAT, "caps {incaps} do not describe video"))?;
        gst::info!(CAT, imp = self, "reading {incaps}");
        let format = info.format();
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
        let mut stream = lock(&self.stream);
        let stream = stream
            .as_mut()
            .ok_or_else(|| gst::loggable_error!(CAT, "caps before start"))?;
        stream
            .set_video(info, scale)
            .ok_or_else(|| gst::loggable_error!(CAT, "format {format} cannot be read"))
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
        let Some(mut stream) = lock(&self.stream).take() else {
            return Err(gst::FlowError::Flushing);
        };
        let result = self.handle(&mut stream, buffer);
        lock(&self.counters).estimator = stream.stats();
        *lock(&self.stream) = Some(stream);
        result
    }
}

impl KinePose {
    fn handle(
        &self,
        stream: &mut Stream,
        buffer: &mut gst::BufferRef,
    ) -> Result<gst::FlowSuccess, gst::FlowError> {
        let Some(pts) = buffer.pts() else {
            self.complain_about_timestamp(stream);
            return Ok(gst::FlowSuccess::Ok);
        };
        let segment = self.obj().segment();
        let time = media_time(&segment, pts);
        self.configure(stream);
        if stream.jumps_to(time) {
            gst::info!(
                CAT,
                imp = self,
                "media time jumps to {time:.3} s, tracks are forgotten"
            );
            self.forget_pace();
        }
        let now = self.live_now();
        let arrival = Arrival {
            media_time: time,
            running_time: running_time(&segment, pts),
            now,
        };
        let decision = lock(&self.pacer).decide(&arrival, &self.pace());
        if decision == Decision::Late {
            lock(&self.counters).skipped_late += 1;
            gst::debug!(CAT, imp = self, "frame at {time:.3} s is late, pose predicted");
        }
        let patience = now.map(|_| Duration::from_millis(lock(&self.settings).latency_ms.into()));
        let before = stream.stats();
        let poses = stream.poses(buffer, time, decision, patience);
        let after = stream.stats();
        let missed = after.given_up > before.given_up;
        if missed {
            lock(&self.pacer).missed();
        }
        match poses {
            Ok(mut poses) => {
                poses.degraded =
                    missed || decision == Decision::Late || lock(&self.settings).is_degraded(stream.fps());
                let inference = Duration::from_secs_f64((after.inference_s - before.inference_s).max(0.0));
                poses.inference = Some(inference).filter(|spent| !spent.is_zero());
                attach(buffer, poses);
            }
            Err(Failure::NotNegotiated) => return Err(gst::FlowError::NotNegotiated),
            Err(Failure::Unreadable(reason)) => {
                lock(&self.counters).unreadable += 1;
                gst::element_imp_warning!(
                    self,
                    gst::StreamError::Format,
                    ("the frame at {time:.3} s gets no pose: {reason}")
                );
            }
            Err(Failure::Estimator(error)) => return Err(self.fail(&error)),
        }
        Ok(gst::FlowSuccess::Ok)
    }

    fn fail(&self, error: &EstimatorError) -> gst::FlowError {
        let cure = match error {
            EstimatorError::Engine(engine) => cure(engine),
            _ => "the debug log of the kinepose category tells more",
        };
        gst::element_imp_error!(
            self,
            gst::LibraryError::Failed,
            ("pose estimation failed: {error}; {cure}")
        );
        gst::FlowError::Error
    }

    /// Applies settings changed since the last frame.
    fn configure(&self, stream: &mut Stream) {
        let config = {
            let settings = lock(&self.settings);
            if settings.revision == stream.revision {
                return;
            }
            stream.revision = settings.revision;
            settings.estimator()
        };
        match config {
            Ok(config) => stream.configure(config),
            Err(error) => {
                gst::element_imp_warning!(
                    self,
                    gst::LibraryError::Settings,
                    ("{error}; the last valid setting stays")
                );
            }
        }
    }

    fn complain_about_timestamp(&self, stream: &mut Stream) {
        lock(&self.counters).without_timestamp += 1;
        if !std::mem::replace(&mut stream.warned_no_timestamp, true) {
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
            rate: settings.permitted_pose_rate(),
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
        if let Some(stream) = lock(&self.stream).as_mut() {
            stream.forget();
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
            .field("given-up", estimator.given_up)
            .field("inference-seconds", estimator.inference_s)
            .field("overhead-seconds", estimator.overhead_s)
            .build()
    }
}

fn attach(buffer: &mut gst::BufferRef, poses: Poses) {
    // A pose from further upstream is an earlier opinion; the newest wins.
    if let Some(old) = buffer.meta_mut::<PoseMeta>() {
        let _ = old.remove();
    }
    if let Ok(old) = gst::meta::CustomMeta::from_mut_buffer(buffer, custom::NAME) {
        let _ = old.remove();
    }
    custom::attach_pose(buffer, &poses);
    #[cfg(feature = "analytics")]
    crate::meta::analytics::attach(buffer, &poses);
    PoseMeta::add(buffer, poses);
}
