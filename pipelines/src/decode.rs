//! From a file to upright, progressive, system-memory frames.
//!
//! ```text
//! filesrc ! decodebin ! (upright)
//! ```
//!
//! Only the video stream is decoded: sound, subtitles and data tracks end at the demuxer. What follows is in `upright`.

use crate::elements::{make, set_if_present};
use crate::sync::lock;
use crate::upright;
use crate::{AnalysisError, AnalysisSpec};
use gst::prelude::*;
use std::sync::{Arc, Mutex};

/// Frames decoded ahead of inference. A few even out slow frames; more would only cost memory.
const FRAMES_AHEAD: u32 = 3;
/// Threads a software decoder may use. Frame threads each hold pictures, and inference is what takes the time.
const DECODER_THREADS: &str = "2";
/// Name of the message that says that the file has no video stream.
pub(crate) const NO_VIDEO_MESSAGE: &str = "kinemotion-no-video-stream";

/// What the demuxer and decoder said about the video stream.
#[derive(Clone, Debug, Default)]
pub(crate) struct StreamFacts {
    /// Factory name of the decoder in use.
    pub decoder: Option<String>,
    /// Caps of the compressed stream.
    pub codec: Option<gst::Caps>,
    /// Name of the container format.
    pub container: Option<String>,
    /// Clockwise degrees by which the stored picture must be turned.
    pub rotation_deg: u32,
    /// Nominal frames per second.
    pub nominal_fps: Option<f64>,
}

/// The decoding half of a pipeline.
pub(crate) struct Decode {
    source: gst::Element,
    decodebin: gst::Element,
    queue: gst::Element,
    last: gst::Element,
    facts: Arc<Mutex<StreamFacts>>,
}

impl Decode {
    /// Adds the decoding elements to a pipeline.
    pub fn build(pipeline: &gst::Pipeline, spec: &AnalysisSpec) -> Result<Self, AnalysisError> {
        let source = make("filesrc", "source")?;
        source.set_property("location", &spec.input);
        let decodebin = make("decodebin", "decode")?;
        let [queue, convert, deinterlace, flip] = upright::elements(FRAMES_AHEAD)?;
        let chain = [&queue, &convert, &deinterlace, &flip];
        let added = pipeline
            .add_many([&source, &decodebin])
            .and_then(|()| pipeline.add_many(chain));
        added
            .and_then(|()| source.link(&decodebin))
            .and_then(|()| gst::Element::link_many(chain))
            .map_err(|error| AnalysisError::Pipeline {
                element: "decode".into(),
                reason: error.to_string(),
            })?;

        let facts = Arc::new(Mutex::new(StreamFacts::default()));
        keep_video_only(&decodebin);
        link_first_video(&decodebin, &queue, &facts);
        observe_decoder(pipeline, &facts);
        Ok(Self {
            source,
            decodebin,
            queue,
            last: flip,
            facts,
        })
    }

    /// The element that gives upright frames.
    pub fn last(&self) -> &gst::Element {
        &self.last
    }

    /// What is known about the stream by now.
    pub fn facts(&self) -> StreamFacts {
        lock(&self.facts).clone()
    }

    /// Whether nothing is being read any more although no video stream has turned up.
    ///
    /// While decodebin connects a demuxer it swallows that demuxer's errors. A file that is broken right at its start can
    /// fail in that moment, and then no message ever says so.
    pub fn has_given_up(&self) -> bool {
        let target = self.queue.static_pad("sink");
        if target.is_none_or(|pad| pad.is_linked()) {
            return false;
        }
        let mut works = false;
        for element in [&self.source, &self.decodebin] {
            for_each_leaf(element, &mut |leaf| {
                works |= leaf
                    .pads()
                    .iter()
                    .any(|pad| pad.task_state() == gst::TaskState::Started);
            });
        }
        !works
    }

    /// Ends the stream behind a source that broke, so that what was read is completed like any other clip. Returns
    /// false when the end is on its way already.
    pub fn end_stream(&self) -> bool {
        self.queue
            .static_pad("sink")
            .is_some_and(|pad| pad.send_event(gst::event::Eos::new()))
    }
}

fn for_each_leaf(element: &gst::Element, visit: &mut dyn FnMut(&gst::Element)) {
    match element.downcast_ref::<gst::Bin>() {
        Some(bin) => bin
            .children()
            .iter()
            .for_each(|child| for_each_leaf(child, visit)),
        None => visit(element),
    }
}

/// Stops autoplugging at everything that is not part of the video stream.
fn keep_video_only(decodebin: &gst::Element) {
    decodebin.connect("autoplug-continue", false, |values| {
        let caps = values.get(2).and_then(|value| value.get::<gst::Caps>().ok());
        let unwanted = caps.is_some_and(|caps| {
            caps.structure(0).is_some_and(|s| {
                let name = s.name().as_str();
                ["audio/", "text/", "subpicture/", "closedcaption/", "meta/"]
                    .iter()
                    .any(|kind| name.starts_with(kind))
            })
        });
        Some((!unwanted).to_value())
    });
}

/// Links the first video stream, or posts [`NO_VIDEO_MESSAGE`] when the file turns out to have none.
fn link_first_video(decodebin: &gst::Element, queue: &gst::Element, facts: &Arc<Mutex<StreamFacts>>) {
    let target = queue.static_pad("sink").expect("queue has a sink pad");
    let facts = facts.clone();
    let linked = target.clone();
    decodebin.connect_pad_added(move |decodebin, pad| {
        let caps = pad.current_caps().unwrap_or_else(|| pad.query_caps(None));
        let is_video = caps.structure(0).is_some_and(|s| s.name() == "video/x-raw");
        if !is_video || target.is_linked() {
            return;
        }
        note_stream(pad, &facts);
        if let Err(error) = pad.link(&target) {
            gst::element_error!(
                decodebin,
                gst::CoreError::Negotiation,
                ("decoded video cannot be linked: {error}")
            );
        }
    });
    decodebin.connect_no_more_pads(move |decodebin| {
        if !linked.is_linked() {
            let structure = gst::Structure::new_empty(NO_VIDEO_MESSAGE);
            let message = gst::message::Application::builder(structure)
                .src(decodebin)
                .build();
            // Fails only on a bus that is flushing, and then nobody waits for an answer.
            let _ = decodebin.post_message(message);
        }
    });
}

/// Takes frame rate and tags from the events that pass the pad of decoded video.
fn note_stream(pad: &gst::Pad, facts: &Arc<Mutex<StreamFacts>>) {
    let note = {
        let facts = facts.clone();
        move |event: &gst::EventRef| match event.view() {
            gst::EventView::Caps(caps) => {
                let structure = caps.caps().structure(0);
                let rate = structure.and_then(|s| s.get::<gst::Fraction>("framerate").ok());
                lock(&facts).nominal_fps = rate.and_then(frames_per_second);
            }
            gst::EventView::Tag(tag) => note_tags(tag.tag(), &mut lock(&facts)),
            _ => {}
        }
    };
    pad.sticky_events_foreach(|event| {
        note(event);
        std::ops::ControlFlow::Continue(gst::EventForeachAction::Keep)
    });
    pad.add_probe(gst::PadProbeType::EVENT_DOWNSTREAM, move |_, info| {
        if let Some(event) = info.event() {
            note(event);
        }
        gst::PadProbeReturn::Ok
    });
}

fn note_tags(tags: &gst::TagListRef, facts: &mut StreamFacts) {
    if let Some(orientation) = tags.get::<gst::tags::ImageOrientation>() {
        facts.rotation_deg = rotation_degrees(orientation.get());
    }
    if let Some(container) = tags.get::<gst::tags::ContainerFormat>() {
        facts.container = Some(container.get().to_owned());
    }
}

/// Degrees of an `image-orientation` tag, mirroring left aside.
fn rotation_degrees(orientation: &str) -> u32 {
    orientation
        .rsplit('-')
        .next()
        .and_then(|degrees| degrees.parse().ok())
        .unwrap_or(0)
}

fn frames_per_second(rate: gst::Fraction) -> Option<f64> {
    (rate.numer() > 0 && rate.denom() > 0).then(|| f64::from(rate.numer()) / f64::from(rate.denom()))
}

/// Notes which decoder was chosen and keeps it within our thread budget. Damaged data costs frames, not the analysis.
fn observe_decoder(pipeline: &gst::Pipeline, facts: &Arc<Mutex<StreamFacts>>) {
    let facts = facts.clone();
    pipeline.connect_deep_element_added(move |_, _, element| {
        let Some(factory) = element.factory() else { return };
        if !factory.has_type(gst::ElementFactoryType::DECODER) || element.is::<gst::Bin>() {
            return;
        }
        set_if_present(element, "max-threads", DECODER_THREADS);
        set_if_present(element, "max-errors", "-1");
        lock(&facts).decoder = Some(factory.name().to_string());
        let Some(sink) = element.static_pad("sink") else {
            return;
        };
        let facts = facts.clone();
        sink.add_probe(gst::PadProbeType::EVENT_DOWNSTREAM, move |_, info| {
            if let Some(gst::EventView::Caps(caps)) = info.event().map(|event| event.view()) {
                lock(&facts).codec = Some(caps.caps_owned());
            }
            gst::PadProbeReturn::Ok
        });
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rotation_comes_from_the_orientation_tag() {
        assert_eq!(rotation_degrees("rotate-90"), 90);
        assert_eq!(rotation_degrees("flip-rotate-270"), 270);
        assert_eq!(rotation_degrees("rotate-0"), 0);
        assert_eq!(rotation_degrees("sideways"), 0);
    }
}
