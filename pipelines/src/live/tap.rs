//! Results taken where they arise: on the pad behind `kinephase`.

use super::life::Life;
use super::meter::Meter;
use super::video::Video;
use super::{LiveEvent, LivePose, SessionState};
use crate::sync::lock;
use gst::prelude::*;
use gstkinemotion::{MotionMeta, PoseMeta};
use kinemotion_motion::{Event, EventKind, PoseSource};
use std::sync::Arc;
use std::time::Instant;

/// What looks at every frame and event behind the analysis.
pub(crate) struct Tap {
    pub life: Arc<Life>,
    pub meter: Arc<Meter>,
    pub video: Arc<Video>,
    /// Whether poses are told.
    pub poses: bool,
}

impl Tap {
    /// Looks at what leaves this element from now on; `ended` is called once, when the stream ends.
    pub fn install(self, phase: &gst::Element, ended: impl Fn() + Send + Sync + 'static) {
        let pad = phase.static_pad("src").expect("kinephase has a src pad");
        let kinds = gst::PadProbeType::BUFFER | gst::PadProbeType::EVENT_DOWNSTREAM;
        pad.add_probe(kinds, move |pad, info| {
            match &info.data {
                Some(gst::PadProbeData::Buffer(buffer)) => {
                    // Whoever hears of a frame may ask for its picture.
                    if let Some(caps) = pad.current_caps() {
                        self.video.frame(buffer, &caps);
                    }
                    self.frame(pad, buffer);
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

    fn frame(&self, pad: &gst::Pad, buffer: &gst::BufferRef) {
        let now = Instant::now();
        let arrival = buffer.pts().and_then(|pts| self.meter.arrival(pts));
        let latency_ms = arrival.map(|arrival| (now - arrival).as_secs_f64() * 1e3);
        self.meter
            .frame(now, latency_ms.or_else(|| latency_ms_by_timestamp(pad, buffer)));
        self.life.enter(SessionState::Live, None);
        let motion = MotionMeta::get(buffer);
        if let Some(poses) = PoseMeta::get(buffer) {
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

/// How long ago the frame arrived if it was stamped on its arrival, as by a camera here: milliseconds.
fn latency_ms_by_timestamp(pad: &gst::Pad, buffer: &gst::BufferRef) -> Option<f64> {
    let now = pad.parent_element()?.current_running_time()?;
    let segment = pad.sticky_event::<gst::event::Segment>(0)?;
    let stamped = segment
        .segment()
        .downcast_ref::<gst::ClockTime>()?
        .to_running_time(buffer.pts()?)?;
    Some(now.saturating_sub(stamped).nseconds() as f64 / 1e6)
}
