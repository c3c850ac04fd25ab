//! Implementation of `kinejson`.

use super::lines::Writer;
use crate::kinephase::announce::LateEvent;
use crate::meta::{MotionMeta, PoseMeta};
use crate::sync::lock;
use gst::glib;
use gst::prelude::*;
use gst::subclass::prelude::*;
use std::sync::{LazyLock, Mutex};

static CAT: LazyLock<gst::DebugCategory> = LazyLock::new(|| {
    gst::DebugCategory::new(
        "kinejson",
        gst::DebugColorFlags::empty(),
        Some("Results as JSON lines"),
    )
});

const MEDIA_TYPE: &str = "application/x-ndjson";

#[derive(Clone, Debug)]
struct Settings {
    poses: bool,
    analysis_id: Option<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            poses: true,
            analysis_id: None,
        }
    }
}

/// What lives from READY to PAUSED and back.
#[derive(Default)]
struct State {
    writer: Writer,
    caps_sent: bool,
    segment_sent: bool,
    /// PTS of the last frame, which lines without a frame have as well: where it ends the segment may end, and sinks throw away what
    /// begins there.
    last: Option<gst::ClockTime>,
}

/// The element.
pub struct KineJson {
    sink: gst::Pad,
    src: gst::Pad,
    settings: Mutex<Settings>,
    state: Mutex<State>,
}

#[glib::object_subclass]
impl ObjectSubclass for KineJson {
    const NAME: &'static str = "GstKineJson";
    type Type = super::KineJson;
    type ParentType = gst::Element;

    fn with_class(class: &Self::Class) -> Self {
        let template = |name| {
            class
                .pad_template(name)
                .expect("the class installs both templates")
        };
        let sink = gst::Pad::builder_from_template(&template("sink"))
            .chain_function(|pad, parent, buffer| {
                Self::catch_panic_pad_function(
                    parent,
                    || Err(gst::FlowError::Error),
                    |this| this.chain(pad, &buffer),
                )
            })
            .event_function(|pad, parent, event| {
                Self::catch_panic_pad_function(parent, || false, |this| this.sink_event(pad, event))
            })
            .query_function(|pad, parent, query| {
                Self::catch_panic_pad_function(parent, || false, |this| this.sink_query(pad, query))
            })
            .build();
        let src = gst::Pad::builder_from_template(&template("src"))
            .flags(gst::PadFlags::FIXED_CAPS)
            .build();
        Self {
            sink,
            src,
            settings: Mutex::default(),
            state: Mutex::default(),
        }
    }
}

impl ObjectImpl for KineJson {
    fn constructed(&self) {
        self.parent_constructed();
        let element = self.obj();
        element
            .add_pad(&self.sink)
            .expect("a new element has no pad of this name");
        element
            .add_pad(&self.src)
            .expect("a new element has no pad of this name");
    }

    fn properties() -> &'static [glib::ParamSpec] {
        static PROPERTIES: LazyLock<Vec<glib::ParamSpec>> = LazyLock::new(|| {
            let default = Settings::default();
            vec![
                glib::ParamSpecBoolean::builder("poses")
                    .nick("Poses")
                    .blurb("Write one line with the poses of each frame, besides the events")
                    .default_value(default.poses)
                    .mutable_playing()
                    .build(),
                glib::ParamSpecString::builder("analysis-id")
                    .nick("Analysis id")
                    .blurb("Written into each line as analysis_id (unset = no such field)")
                    .mutable_ready()
                    .build(),
            ]
        });
        &PROPERTIES
    }

    fn set_property(&self, _id: usize, value: &glib::Value, pspec: &glib::ParamSpec) {
        let mut settings = lock(&self.settings);
        match pspec.name() {
            "poses" => settings.poses = value.get().unwrap_or(settings.poses),
            "analysis-id" => settings.analysis_id = value.get().unwrap_or_default(),
            other => unreachable!("no writable property {other} was installed"),
        }
    }

    fn property(&self, _id: usize, pspec: &glib::ParamSpec) -> glib::Value {
        let settings = lock(&self.settings);
        match pspec.name() {
            "poses" => settings.poses.to_value(),
            "analysis-id" => settings.analysis_id.to_value(),
            other => unreachable!("no property {other} was installed"),
        }
    }
}

impl GstObjectImpl for KineJson {}

impl ElementImpl for KineJson {
    fn metadata() -> Option<&'static gst::subclass::ElementMetadata> {
        static METADATA: LazyLock<gst::subclass::ElementMetadata> = LazyLock::new(|| {
            gst::subclass::ElementMetadata::new(
                "Kinemotion results as JSON",
                "Converter/Metadata",
                "Writes poses, phases, repetitions and warnings as newline-delimited JSON, one line and buffer per event",
                "The kinemotion developers",
            )
        });
        Some(&METADATA)
    }

    fn pad_templates() -> &'static [gst::PadTemplate] {
        static TEMPLATES: LazyLock<Vec<gst::PadTemplate>> = LazyLock::new(|| {
            [
                ("sink", gst::PadDirection::Sink, gst::Caps::new_any()),
                (
                    "src",
                    gst::PadDirection::Src,
                    gst::Caps::new_empty_simple(MEDIA_TYPE),
                ),
            ]
            .into_iter()
            .filter_map(|(name, direction, caps)| {
                gst::PadTemplate::new(name, direction, gst::PadPresence::Always, &caps).ok()
            })
            .collect()
        });
        &TEMPLATES
    }

    fn change_state(
        &self,
        transition: gst::StateChange,
    ) -> Result<gst::StateChangeSuccess, gst::StateChangeError> {
        if transition == gst::StateChange::ReadyToPaused {
            let analysis_id = lock(&self.settings).analysis_id.clone();
            *lock(&self.state) = State {
                writer: Writer::new(analysis_id),
                ..State::default()
            };
        }
        self.parent_change_state(transition)
    }
}

impl KineJson {
    fn chain(&self, _pad: &gst::Pad, frame: &gst::Buffer) -> Result<gst::FlowSuccess, gst::FlowError> {
        let wanted = lock(&self.settings).poses;
        let lines = {
            let mut state = lock(&self.state);
            let state = &mut *state;
            state.last = frame.pts().or(state.last);
            let pose = PoseMeta::get(frame).and_then(|poses| state.writer.poses(poses, wanted));
            let events = MotionMeta::get(frame)
                .map(|motion| state.writer.events(motion))
                .unwrap_or_default();
            pose.into_iter().chain(events).collect::<Vec<_>>()
        };
        for line in lines {
            self.push(line, frame.pts(), frame.duration())?;
        }
        if !lock(&self.state).caps_sent {
            // Nothing to say yet, but downstream must be able to preroll.
            self.prepare();
            self.src
                .push_event(gst::event::Gap::builder(frame.pts().unwrap_or(gst::ClockTime::ZERO)).build());
        }
        Ok(gst::FlowSuccess::Ok)
    }

    fn sink_event(&self, pad: &gst::Pad, event: gst::Event) -> bool {
        gst::log!(CAT, obj = pad, "{event:?}");
        match event.view() {
            // Ours replace the picture's.
            gst::EventView::Caps(_) => return true,
            gst::EventView::Segment(_) => {
                self.send_caps();
                lock(&self.state).segment_sent = true;
            }
            gst::EventView::FlushStop(_) => {
                let mut state = lock(&self.state);
                state.segment_sent = false;
                state.last = None;
            }
            gst::EventView::CustomDownstream(custom) => {
                if let Some(late) = custom.structure().and_then(LateEvent::read) {
                    let (line, at) = {
                        let mut state = lock(&self.state);
                        (state.writer.late(&late), state.last)
                    };
                    self.push_last(line, at);
                }
            }
            gst::EventView::Eos(_) => {
                let (line, at) = {
                    let mut state = lock(&self.state);
                    (state.writer.complete(), state.last)
                };
                self.push_last(line, at);
            }
            _ => {}
        }
        gst::Pad::event_default(pad, Some(&*self.obj()), event)
    }

    fn sink_query(&self, pad: &gst::Pad, query: &mut gst::QueryRef) -> bool {
        match query.view_mut() {
            // Any picture will do; what downstream wants of text is no concern of the picture's maker.
            gst::QueryViewMut::Caps(caps) => {
                let any = caps.filter_owned().unwrap_or_else(gst::Caps::new_any);
                caps.set_result(&any);
                true
            }
            gst::QueryViewMut::AcceptCaps(accept) => {
                accept.set_result(true);
                true
            }
            // Pixels are never touched, so any memory layout will do.
            gst::QueryViewMut::Allocation(allocation) => {
                allocation.add_allocation_meta::<gst_video::VideoMeta>(None);
                true
            }
            _ => gst::Pad::query_default(pad, Some(&*self.obj()), query),
        }
    }

    /// Pushes a line for which an event, not a buffer, was the cause: its failure shows at the next buffer or not at all.
    fn push_last(&self, line: Option<String>, at: Option<gst::ClockTime>) {
        let Some(line) = line else { return };
        if let Err(error) = self.push(line, at, None) {
            gst::info!(CAT, imp = self, "last lines not taken: {error}");
        }
    }

    fn push(
        &self,
        line: String,
        pts: Option<gst::ClockTime>,
        duration: Option<gst::ClockTime>,
    ) -> Result<gst::FlowSuccess, gst::FlowError> {
        self.prepare();
        let mut buffer = gst::Buffer::from_slice(line.into_bytes());
        let fields = buffer.get_mut().expect("a new buffer has one owner");
        fields.set_pts(pts);
        fields.set_duration(duration);
        self.src.push(buffer)
    }

    /// Makes sure that downstream knows caps and segment before the first buffer.
    fn prepare(&self) {
        self.send_caps();
        let missing = !std::mem::replace(&mut lock(&self.state).segment_sent, true);
        if missing {
            self.src.push_event(gst::event::Segment::new(
                &gst::FormattedSegment::<gst::ClockTime>::new(),
            ));
        }
    }

    fn send_caps(&self) {
        let missing = !std::mem::replace(&mut lock(&self.state).caps_sent, true);
        if missing {
            self.src
                .push_event(gst::event::Caps::new(&gst::Caps::new_empty_simple(MEDIA_TYPE)));
        }
    }
}
