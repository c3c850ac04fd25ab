//! Whatever a source gives, to upright frames in system memory in front of the analysis.
//!
//! ```text
//! RTP ─► depayloader ─► encoded ─► DecoderBin ─► decoded ─► queue ! (upright)
//! ```
//! A source enters where its stream fits.

use super::decoders::{DecoderBin, Told};
use super::life::Life;
use super::meter::Meter;
use super::timeline::Timeline;
use super::{Dropped, Limits, LiveError, LiveEvent, bitrate, rotation};
use crate::elements::{DROPPED, make, set_if_present};
use crate::sync::lock;
use crate::{AnalysisError, failure, upright};
use gst::prelude::*;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

/// Frames that wait for the analysis of a live stream; the older one is dropped. More would only be latency.
const FRAMES_WAITING: u32 = 2;

/// The entrance to the analysis.
pub(crate) struct Intake {
    pipeline: gst::glib::WeakRef<gst::Pipeline>,
    entry: gst::Pad,
    last: gst::Element,
    life: Arc<Life>,
    meter: Arc<Meter>,
    limits: Limits,
    refuse: Arc<dyn Fn(LiveError) + Send + Sync>,
    timeline: Arc<Timeline>,
    /// What was added behind the pads of the source, in the order of the stream.
    added: Mutex<Vec<gst::Element>>,
}

impl Intake {
    /// Adds the elements to the pipeline. A live stream drops the older frame, a file waits.
    pub fn build(
        pipeline: &gst::Pipeline,
        live: bool,
        limits: Limits,
        life: &Arc<Life>,
        meter: &Arc<Meter>,
        refuse: Arc<dyn Fn(LiveError) + Send + Sync>,
    ) -> Result<Self, AnalysisError> {
        let chain = upright::elements(FRAMES_WAITING)?;
        let [queue, .., last] = &chain;
        let tell_dropped = {
            let (life, meter) = (life.clone(), meter.clone());
            move |reason| {
                meter.dropped.add(1);
                life.tell(LiveEvent::Dropped(reason));
            }
        };
        if live {
            queue.set_property_from_str("leaky", "downstream");
            let replaced = tell_dropped.clone();
            queue.connect("overrun", false, move |_| {
                replaced(Dropped::Replaced);
                None
            });
        }
        pipeline
            .add_many(&chain)
            .and_then(|()| gst::Element::link_many(&chain))
            .map_err(|error| AnalysisError::Pipeline {
                element: "intake".into(),
                reason: error.to_string(),
            })?;
        let entry = queue.static_pad("sink").expect("a queue has a sink pad");
        guard(&entry, limits, tell_dropped, refuse.clone());
        note_decoded(&entry, meter);
        let timeline = Arc::new(Timeline::default());
        if live {
            watch_time(&entry, &timeline, life);
        }
        Ok(Self {
            pipeline: pipeline.downgrade(),
            entry,
            last: last.clone(),
            life: life.clone(),
            meter: meter.clone(),
            limits,
            refuse,
            timeline,
            added: Mutex::default(),
        })
    }

    /// Where frames go in.
    pub fn entry(&self) -> &gst::Pad {
        &self.entry
    }

    /// The element that gives upright frames.
    pub fn last(&self) -> &gst::Element {
        &self.last
    }

    /// Takes the video a pad gives; whatever else it may be is received and thrown away, as is a second video stream.
    ///
    /// # Errors
    /// [`LiveError::NoDecoder`], [`LiveError::Source`].
    pub fn accept(&self, pad: &gst::Pad) -> Result<(), LiveError> {
        let caps = pad.current_caps().unwrap_or_else(|| pad.query_caps(None));
        if is_video(&caps) && !self.entry.is_linked() {
            return self.take(pad, &caps);
        }
        let sink = make("fakesink", &format!("unwanted-{}", pad.name()))?;
        sink.set_property("sync", false);
        sink.set_property("async", false);
        self.insert(pad, &sink)
    }

    /// Takes what a pad gives: RTP, encoded or decoded video.
    ///
    /// # Errors
    /// [`LiveError::NoDecoder`], [`LiveError::Source`].
    pub fn take(&self, pad: &gst::Pad, caps: &gst::CapsRef) -> Result<(), LiveError> {
        let Some(structure) = caps.structure(0) else {
            return Err(unusable("its video has no format"));
        };
        match structure.name().as_str() {
            "video/x-raw" => link(pad, &self.entry),
            "application/x-rtp" => {
                let encoding = structure.get::<&str>("encoding-name").unwrap_or_default();
                let (encoded, caps) = self.depayload(pad, encoding)?;
                rotation::follow(pad, structure, &encoded);
                note_arrivals(&encoded, &self.meter, &self.timeline);
                self.decode(&encoded, &caps)
            }
            _ => self.decode(pad, &caps.to_owned()),
        }
    }

    /// Adds the depayloader for an encoding; returns its pad and the caps to expect there.
    fn depayload(&self, pad: &gst::Pad, encoding: &str) -> Result<(gst::Pad, gst::Caps), LiveError> {
        let (element, media) = out_of_rtp(encoding).ok_or_else(|| LiveError::NoDecoder {
            codec: encoding.to_owned(),
            reason: "nothing here takes it out of RTP".into(),
        })?;
        let depayloader = make(element, "depayloader")?;
        set_if_present(&depayloader, "request-keyframe", "true");
        set_if_present(&depayloader, "wait-for-keyframe", "true");
        self.insert(pad, &depayloader)?;
        let encoded = depayloader
            .static_pad("src")
            .expect("a depayloader has a src pad");
        Ok((encoded, gst::Caps::new_empty_simple(media)))
    }

    fn decode(&self, pad: &gst::Pad, caps: &gst::Caps) -> Result<(), LiveError> {
        bitrate::guard(pad, self.limits.bitrate, self.refuse.clone());
        let (life, meter) = (self.life.clone(), self.meter.clone());
        let told = move |told| match told {
            Told::Decoder { decoder, replaced } => {
                if let Some(replaced) = replaced {
                    let warning = format!("{replaced}; {} goes on", decoder.element);
                    life.tell(LiveEvent::Warning(warning));
                }
                lock(&meter.source).decoder = Some(decoder);
            }
            Told::Stream(caps) => lock(&meter.source).codec = Some(failure::codec_name(&caps)),
        };
        let decoder = DecoderBin::new(caps, told).map_err(|reason| LiveError::NoDecoder {
            codec: failure::codec_name(caps),
            reason,
        })?;
        self.insert(pad, decoder.upcast_ref())?;
        let decoded = decoder.static_pad("src").expect("a decoder has a src pad");
        link(&decoded, &self.entry)
    }

    /// Adds an element to the pipeline behind a pad.
    fn insert(&self, pad: &gst::Pad, element: &gst::Element) -> Result<(), LiveError> {
        let pipeline = self
            .pipeline
            .upgrade()
            .ok_or_else(|| unusable("the session is over"))?;
        pipeline
            .add(element)
            .map_err(|error| unusable(&error.to_string()))?;
        lock(&self.added).push(element.clone());
        element
            .sync_state_with_parent()
            .map_err(|error| unusable(&error.to_string()))?;
        let sink = element.static_pad("sink").expect("it has a sink pad");
        link(pad, &sink)
    }

    /// Takes out what was added for a source that brings nothing any more, so that another can take its place. The analysis
    /// keeps what it has.
    pub fn clear(&self) {
        for element in std::mem::take(&mut *lock(&self.added)) {
            // Neither can fail in a way that anybody could act on: the element is being thrown away.
            let _ = element.set_state(gst::State::Null);
            if let Some(pipeline) = self.pipeline.upgrade() {
                let _ = pipeline.remove(&element);
            }
        }
        self.timeline.begin_anew();
    }

    /// Ends the stream in front of the analysis, so that what is under way is completed.
    pub fn end(&self) {
        self.entry.send_event(gst::event::Eos::new());
    }
}

/// What takes an encoding out of RTP, and the format of what comes out.
pub(super) fn out_of_rtp(encoding: &str) -> Option<(&'static str, &'static str)> {
    match encoding {
        "VP8" => Some(("rtpvp8depay", "video/x-vp8")),
        "VP9" => Some(("rtpvp9depay", "video/x-vp9")),
        "H264" => Some(("rtph264depay", "video/x-h264")),
        "H265" => Some(("rtph265depay", "video/x-h265")),
        _ => None,
    }
}

fn is_video(caps: &gst::CapsRef) -> bool {
    caps.structure(0)
        .is_some_and(|structure| match structure.name().as_str() {
            "application/x-rtp" => structure.get::<&str>("media") == Ok("video"),
            name => name.starts_with("video/") || name.starts_with("image/"),
        })
}

fn link(from: &gst::Pad, to: &gst::Pad) -> Result<(), LiveError> {
    from.link(to)
        .map(drop)
        .map_err(|error| unusable(&format!("its video cannot be linked: {error}")))
}

/// Notes when each frame is there, and has it follow those of publishers before. What comes over a network is stamped by its
/// sender's clock, which cannot tell.
fn note_arrivals(encoded: &gst::Pad, meter: &Arc<Meter>, timeline: &Arc<Timeline>) {
    let (meter, timeline) = (meter.clone(), timeline.clone());
    encoded.add_probe(gst::PadProbeType::BUFFER, move |_, info| {
        if let Some(gst::PadProbeData::Buffer(frame)) = &mut info.data
            && let Some(pts) = frame.pts()
        {
            let placed = timeline.place(pts);
            if placed != pts {
                let dts = frame.dts().map(|dts| dts + (placed - pts));
                let frame = frame.make_mut();
                frame.set_pts(placed);
                frame.set_dts(dts);
            }
            meter.arrived(placed, Instant::now());
        }
        gst::PadProbeReturn::Ok
    });
}

/// Notes when each frame is decoded whose arrival was noted.
fn note_decoded(entry: &gst::Pad, meter: &Arc<Meter>) {
    let meter = meter.clone();
    entry.add_probe(gst::PadProbeType::BUFFER, move |_, info| {
        if let Some(pts) = info.buffer().and_then(|frame| frame.pts()) {
            meter.decoded(pts, Instant::now());
        }
        gst::PadProbeReturn::Ok
    });
}

/// Warns once when media time jumps. The analysis drops what is under way across a jump by itself.
fn watch_time(entry: &gst::Pad, timeline: &Arc<Timeline>, life: &Arc<Life>) {
    let (timeline, life, told) = (timeline.clone(), life.clone(), AtomicBool::new(false));
    entry.add_probe(gst::PadProbeType::BUFFER, move |_, info| {
        if let Some(pts) = info.buffer().and_then(|frame| frame.pts())
            && let Some(jump_s) = timeline.jump(pts, Instant::now())
            && !told.swap(true, Ordering::Relaxed)
        {
            let way = if jump_s < 0.0 { "back" } else { "ahead" };
            life.tell(LiveEvent::Warning(format!(
                "the source's clock jumped {way} by {:.1} s; a movement under way is dropped",
                jump_s.abs()
            )));
        }
        gst::PadProbeReturn::Ok
    });
}

fn unusable(reason: &str) -> LiveError {
    LiveError::Source {
        source_name: "video".into(),
        reason: reason.to_owned(),
    }
}

/// Refuses pictures that are too large and drops frames that come too fast.
fn guard(
    entry: &gst::Pad,
    limits: Limits,
    tell_dropped: impl Fn(Dropped) + Send + Sync + 'static,
    refuse: Arc<dyn Fn(LiveError) + Send + Sync>,
) {
    let thinning = Mutex::new(Thinning::new(limits.fps));
    let kinds = gst::PadProbeType::BUFFER | gst::PadProbeType::EVENT_DOWNSTREAM;
    entry.add_probe(kinds, move |_, info| match &info.data {
        Some(gst::PadProbeData::Buffer(buffer)) => {
            if lock(&thinning).passes(buffer.pts()) {
                return gst::PadProbeReturn::Ok;
            }
            tell_dropped(Dropped::TooFast);
            DROPPED
        }
        Some(gst::PadProbeData::Event(event)) => {
            if let gst::EventView::Caps(caps) = event.view()
                && let Ok(video) = gst_video::VideoInfo::from_caps(caps.caps())
                && u64::from(video.width()) * u64::from(video.height()) > u64::from(limits.pixels)
            {
                refuse(LiveError::TooLarge {
                    width: video.width(),
                    height: video.height(),
                    limit: limits.pixels,
                });
                return DROPPED;
            }
            gst::PadProbeReturn::Ok
        }
        _ => gst::PadProbeReturn::Ok,
    });
}

/// Lets frames pass at no more than a given rate on average. Cameras and browsers send unevenly, so a few may come at once.
struct Thinning {
    interval: gst::ClockTime,
    last: Option<gst::ClockTime>,
    /// When the next frame would come if all came evenly.
    due: gst::ClockTime,
}

/// Frames that may come at once.
const BURST: u64 = 4;

impl Thinning {
    fn new(fps: f64) -> Self {
        Self {
            interval: gst::ClockTime::from_seconds_f64(1.0 / fps.max(1.0)),
            last: None,
            due: gst::ClockTime::ZERO,
        }
    }

    /// A frame without a timestamp passes; the analysis says what is wrong with it.
    fn passes(&mut self, pts: Option<gst::ClockTime>) -> bool {
        let Some(pts) = pts else { return true };
        if self.last.replace(pts).is_some_and(|last| pts < last) {
            self.due = gst::ClockTime::ZERO;
        }
        let passes = pts + BURST * self.interval > self.due;
        if passes {
            self.due = self.due.max(pts) + self.interval;
        }
        passes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passing(fps: f64, limit: f64) -> usize {
        let mut thinning = Thinning::new(limit);
        (0..(10.0 * fps) as u32)
            .filter(|n| thinning.passes(Some(gst::ClockTime::from_seconds_f64(f64::from(*n) / fps))))
            .count()
    }

    #[test]
    fn frames_pass_up_to_the_rate_and_no_faster() {
        assert_eq!(passing(60.0, 60.0), 600);
        assert_eq!(passing(30.0, 60.0), 300);
        let thinned = passing(240.0, 60.0);
        assert!((600..=610).contains(&thinned), "{thinned}");
    }

    #[test]
    fn frames_that_come_unevenly_pass() {
        let mut thinning = Thinning::new(30.0);
        let uneven = (0..300u64).map(|n| gst::ClockTime::from_mseconds(n / 3 * 100 + n % 3 * 5));
        assert_eq!(uneven.filter(|pts| thinning.passes(Some(*pts))).count(), 300);
    }

    #[test]
    fn time_that_jumps_back_does_not_silence_the_stream() {
        let mut thinning = Thinning::new(30.0);
        assert!(thinning.passes(Some(gst::ClockTime::from_seconds(100))));
        assert!(thinning.passes(Some(gst::ClockTime::ZERO)));
        assert!(thinning.passes(None));
    }
}
