//! Results taken where they arise: on the pad behind `kinephase`.

use super::life::Life;
use super::meter::Meter;
use super::video::Video;
use super::{FrameTimes, LiveEvent, LivePose, SessionState};
use crate::sync::lock;
use gst::prelude::*;
use gstkinemotion::{MotionMeta, PoseMeta};
use kinemotion_motion::{Event, EventKind, PoseSource};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// What looks at every frame and event behind the analysis.
pub(crate) struct Tap {
    pub life: Arc<Life>,
    pub meter: Arc<Meter>,
    pub video: Arc<Video>,
    /// Whether poses are told.
    pub poses: bool,
    /// Whether frames come when they are taken, so that their timestamps say how old they are.
    pub live: bool,
}

impl Tap {
    /// Looks at what leaves this element from now on; `ended` is called once, when the stream ends.
    pub fn install(self, phase: &gst::Element, ended: impl Fn() + Send + Sync + 'static) {
        let pad = phase.static_pad("src").expect("kinephase has a src pad");
        let entered = note_entered(phase);
        let kinds = gst::PadProbeType::BUFFER | gst::PadProbeType::EVENT_DOWNSTREAM;
        pad.add_probe(kinds, move |pad, info| {
            match &info.data {
                Some(gst::PadProbeData::Buffer(buffer)) => {
                    let analysis = lock(&entered).take().map(|entered| entered.elapsed());
                    // Whoever hears of a frame may ask for its picture.
                    if let Some(caps) = pad.current_caps() {
                        self.video.frame(buffer, &caps);
                    }
                    self.frame(pad, buffer, analysis);
                }
                Some(gst::PadProbeData::Event(event)) => {
                    self.event(event);
                    if event.type_() == gst::EventType::Eos {
                        ended();
                    }
                }
                _ => {}
            }
            gst::PadProbeReturn::Ok
        });
    }

    fn frame(&self, pad: &gst::Pad, buffer: &gst::BufferRef, analysis: Option<Duration>) {
        let now = Instant::now();
        let way = buffer.pts().and_then(|pts| self.meter.under_way(pts));
        let latency = way
            .map(|way| now - way.arrived)
            .or_else(|| latency_by_timestamp(pad, buffer));
        self.meter
            .frame(now, latency.map(|latency| latency.as_secs_f64() * 1e3));
        let mut times = FrameTimes {
            passed: now,
            latency: latency.filter(|_| self.live),
            decode: way.and_then(|way| Some(way.decoded? - way.arrived)),
            inference: None,
            analysis,
        };
        self.life.enter(SessionState::Live, None);
        let motion = MotionMeta::get(buffer);
        if let Some(poses) = PoseMeta::get(buffer) {
            times.inference = poses.inference;
            self.meter.persons.set(poses.persons.len() as u64);
            match poses.selected().or(poses.persons.first()) {
                Some(person) if person.pose.source == PoseSource::Predicted => self.meter.predicted.add(1),
                Some(_) => self.meter.poses.add(1),
                None => {}
            }
            if self.poses {
                self.life.tell(LiveEvent::Pose(LivePose {
                    poses: poses.clone(),
                    motion: motion.map(|motion| motion.persons.clone()).unwrap_or_default(),
                }));
            }
        }
        for event in motion.iter().flat_map(|motion| motion.events.iter()) {
            self.motion(event.clone());
        }
        self.life.tell(LiveEvent::Frame(times));
    }

    fn event(&self, event: &gst::EventRef) {
        match event.view() {
            gst::EventView::Caps(caps) => {
                if let Ok(video) = gst_video::VideoInfo::from_caps(caps.caps()) {
                    let mut source = lock(&self.meter.source);
                    (source.width, source.height) = (video.width(), video.height());
                }
            }
            gst::EventView::CustomDownstream(custom) => {
                if let Some(event) = custom.structure().and_then(gstkinemotion::late_event) {
                    self.motion(event);
                }
            }
            _ => {}
        }
    }

    fn motion(&self, event: Event) {
        if matches!(event.kind, EventKind::Repetition(_)) {
            self.meter.repetitions.add(1);
        }
        self.life.tell(LiveEvent::Motion(event));
    }
}

/// Notes when the frame went into `kinephase` that is there; whoever takes it has seen that frame come out.
fn note_entered(phase: &gst::Element) -> Arc<Mutex<Option<Instant>>> {
    let entered = Arc::new(Mutex::new(None));
    let noted = entered.clone();
    let pad = phase.static_pad("sink").expect("kinephase has a sink pad");
    pad.add_probe(gst::PadProbeType::BUFFER, move |_, _| {
        *lock(&noted) = Some(Instant::now());
        gst::PadProbeReturn::Ok
    });
    entered
}

/// How long ago the frame arrived if it was stamped on its arrival, as by a camera here.
fn latency_by_timestamp(pad: &gst::Pad, buffer: &gst::BufferRef) -> Option<Duration> {
    let now = pad.parent_element()?.current_running_time()?;
    let segment = pad.sticky_event::<gst::event::Segment>(0)?;
    let stamped = segment
        .segment()
        .downcast_ref::<gst::ClockTime>()?
        .to_running_time(buffer.pts()?)?;
    Some(now.saturating_sub(stamped).into())
}
