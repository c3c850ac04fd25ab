//! Implementation of `kineoverlay`.

use crate::media_time::media_time;
use crate::meta::{MotionMeta, PoseMeta};
use crate::overlay::{DRAWABLE_FORMATS, Options, Overlay, Scene, Surface};
use crate::sync::lock;
use gst::glib;
use gst::prelude::*;
use gst::subclass::prelude::*;
use gst_base::prelude::*;
use gst_base::subclass::base_transform::BaseTransformMode;
use gst_base::subclass::prelude::*;
use gst_video::{VideoFrameRef, VideoInfo};
use std::sync::{LazyLock, Mutex};

static CAT: LazyLock<gst::DebugCategory> = LazyLock::new(|| {
    gst::DebugCategory::new(
        "kineoverlay",
        gst::DebugColorFlags::empty(),
        Some("Overlay graphics"),
    )
});

/// Where the graphics go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, glib::Enum)]
#[enum_type(name = "GstKinemotionOverlayMode")]
#[repr(i32)]
pub enum OverlayMode {
    /// On the picture.
    #[default]
    #[enum_value(name = "On the picture, in place", nick = "draw")]
    Draw,
    /// On a transparent picture of their own.
    #[enum_value(name = "On a transparent RGBA picture of the same size", nick = "key")]
    Key,
    /// On black, for the fill input of a keyer.
    #[enum_value(name = "On black, for the fill input of a keyer", nick = "fill")]
    Fill,
    /// Their opacity as grey, for the key input of a keyer.
    #[enum_value(name = "Their opacity as grey, for the key input of a keyer", nick = "matte")]
    Matte,
}

#[derive(Clone, Copy, Debug)]
struct Settings {
    enabled: bool,
    mode: OverlayMode,
    options: Options,
}

impl Default for Settings {
    fn default() -> Self {
        let options = Options {
            skeleton: true,
            angles: true,
            banner: true,
            metrics: true,
        };
        Self {
            enabled: true,
            mode: OverlayMode::Draw,
            options,
        }
    }
}

impl Settings {
    fn draws(&self) -> bool {
        self.enabled && !self.options.is_empty()
    }
}

#[derive(Default)]
struct State {
    /// Input and output video.
    video: Option<(VideoInfo, VideoInfo)>,
    overlay: Overlay,
}

/// The element.
#[derive(Default)]
pub struct KineOverlay {
    settings: Mutex<Settings>,
    state: Mutex<Option<State>>,
}

#[glib::object_subclass]
impl ObjectSubclass for KineOverlay {
    const NAME: &'static str = "GstKineOverlay";
    type Type = super::KineOverlay;
    type ParentType = gst_base::BaseTransform;
}

impl ObjectImpl for KineOverlay {
    fn properties() -> &'static [glib::ParamSpec] {
        static PROPERTIES: LazyLock<Vec<glib::ParamSpec>> = LazyLock::new(|| {
            let part = |name, nick, blurb| {
                glib::ParamSpecBoolean::builder(name)
                    .nick(nick)
                    .blurb(blurb)
                    .default_value(true)
                    .mutable_playing()
                    .build()
            };
            vec![
                part(
                    "enabled",
                    "Enabled",
                    "Draw at all; otherwise frames pass through untouched",
                ),
                glib::ParamSpecEnum::builder_with_default("mode", OverlayMode::default())
                    .nick("Mode")
                    .blurb("Draw on the picture, or on one of their own for a mixer")
                    .mutable_ready()
                    .build(),
                part("skeleton", "Skeleton", "Draw the skeletons of all tracked people"),
                part(
                    "angles",
                    "Angles",
                    "Write knee and hip flexion at the athlete's joints",
                ),
                part("banner", "Banner", "Show movement, phase and count"),
                part("metrics", "Metrics", "Show live numbers and the last repetition"),
            ]
        });
        &PROPERTIES
    }

    fn set_property(&self, _id: usize, value: &glib::Value, pspec: &glib::ParamSpec) {
        let settings = {
            let mut settings = lock(&self.settings);
            let flag = || value.get().unwrap_or(true);
            match pspec.name() {
                "enabled" => settings.enabled = flag(),
                "mode" => settings.mode = value.get().unwrap_or_default(),
                "skeleton" => settings.options.skeleton = flag(),
                "angles" => settings.options.angles = flag(),
                "banner" => settings.options.banner = flag(),
                "metrics" => settings.options.metrics = flag(),
                other => unreachable!("no writable property {other} was installed"),
            }
            *settings
        };
        self.apply(&settings);
    }

    fn property(&self, _id: usize, pspec: &glib::ParamSpec) -> glib::Value {
        let settings = *lock(&self.settings);
        match pspec.name() {
            "enabled" => settings.enabled.to_value(),
            "mode" => settings.mode.to_value(),
            "skeleton" => settings.options.skeleton.to_value(),
            "angles" => settings.options.angles.to_value(),
            "banner" => settings.options.banner.to_value(),
            "metrics" => settings.options.metrics.to_value(),
            other => unreachable!("no property {other} was installed"),
        }
    }

    fn constructed(&self) {
        self.parent_constructed();
        let settings = *lock(&self.settings);
        self.apply(&settings);
    }
}

impl GstObjectImpl for KineOverlay {}

impl ElementImpl for KineOverlay {
    fn metadata() -> Option<&'static gst::subclass::ElementMetadata> {
        static METADATA: LazyLock<gst::subclass::ElementMetadata> = LazyLock::new(|| {
            gst::subclass::ElementMetadata::new(
                "Kinemotion overlay",
                "Filter/Effect/Video",
                "Draws skeleton, joint angles, movement phase and numbers on the picture or on one of their own",
                "The kinemotion developers",
            )
        });
        Some(&METADATA)
    }

    fn pad_templates() -> &'static [gst::PadTemplate] {
        static TEMPLATES: LazyLock<Vec<gst::PadTemplate>> = LazyLock::new(|| {
            let caps = gst_video::VideoCapsBuilder::new()
                .format_list(DRAWABLE_FORMATS)
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

impl BaseTransformImpl for KineOverlay {
    // In place when drawing, into a new buffer where the graphics have a picture of their own.
    const MODE: BaseTransformMode = BaseTransformMode::Both;
    const PASSTHROUGH_ON_SAME_CAPS: bool = false;
    const TRANSFORM_IP_ON_PASSTHROUGH: bool = false;

    fn start(&self) -> Result<(), gst::ErrorMessage> {
        *lock(&self.state) = Some(State::default());
        Ok(())
    }

    fn stop(&self) -> Result<(), gst::ErrorMessage> {
        *lock(&self.state) = None;
        Ok(())
    }

    fn transform_caps(
        &self,
        direction: gst::PadDirection,
        caps: &gst::Caps,
        filter: Option<&gst::Caps>,
    ) -> Option<gst::Caps> {
        let mode = lock(&self.settings).mode;
        let other = match mode {
            OverlayMode::Draw => caps.clone(),
            OverlayMode::Key | OverlayMode::Fill | OverlayMode::Matte => key_caps(direction, caps),
        };
        Some(match filter {
            Some(filter) => filter.intersect_with_mode(&other, gst::CapsIntersectMode::First),
            None => other,
        })
    }

    fn set_caps(&self, incaps: &gst::Caps, outcaps: &gst::Caps) -> Result<(), gst::LoggableError> {
        let info = |caps: &gst::Caps| {
            VideoInfo::from_caps(caps)
                .map_err(|_| gst::loggable_error!(CAT, "caps {caps} do not describe video"))
        };
        let video = (info(incaps)?, info(outcaps)?);
        gst::info!(CAT, imp = self, "{incaps} to {outcaps}");
        let mut state = lock(&self.state);
        let state = state
            .as_mut()
            .ok_or_else(|| gst::loggable_error!(CAT, "caps before start"))?;
        state.video = Some(video);
        Ok(())
    }

    fn unit_size(&self, caps: &gst::Caps) -> Option<usize> {
        VideoInfo::from_caps(caps).ok().map(|info| info.size())
    }

    fn propose_allocation(
        &self,
        decide_query: Option<&gst::query::Allocation>,
        query: &mut gst::query::Allocation,
    ) -> Result<(), gst::LoggableError> {
        if lock(&self.settings).mode != OverlayMode::Draw {
            // The picture's pixels are not even looked at.
            query.add_allocation_meta::<gst_video::VideoMeta>(None);
            return self.parent_propose_allocation(decide_query, query);
        }
        // The same buffers travel on, so whatever downstream can take upstream may make.
        if self.obj().src_pad().peer_query(query) {
            Ok(())
        } else {
            Err(gst::loggable_error!(CAT, "downstream proposes no allocation"))
        }
    }

    fn sink_event(&self, event: gst::Event) -> bool {
        if let gst::EventView::FlushStop(_) = event.view()
            && let Some(state) = lock(&self.state).as_mut()
        {
            state.overlay = Overlay::default();
        }
        self.parent_sink_event(event)
    }

    fn transform_ip(&self, buffer: &mut gst::BufferRef) -> Result<gst::FlowSuccess, gst::FlowError> {
        let settings = *lock(&self.settings);
        let poses = PoseMeta::get(buffer).cloned();
        let motion = MotionMeta::get(buffer).cloned();
        if !settings.draws() || (poses.is_none() && motion.is_none()) {
            return Ok(gst::FlowSuccess::Ok);
        }
        let time = self.time(buffer);
        let scene = Scene {
            poses: poses.as_ref(),
            motion: motion.as_ref(),
            time,
        };
        self.with_state(|state| {
            let (_, info) = state.video.as_ref().ok_or(gst::FlowError::NotNegotiated)?;
            let Ok(mut frame) = VideoFrameRef::from_buffer_ref_writable(buffer, info) else {
                return Ok(self.complain_about_frame());
            };
            if let Some(mut surface) = Surface::new(&mut frame) {
                state.overlay.draw(&mut surface, &scene, settings.options);
            }
            Ok(gst::FlowSuccess::Ok)
        })
    }

    fn transform(
        &self,
        inbuf: &gst::Buffer,
        outbuf: &mut gst::BufferRef,
    ) -> Result<gst::FlowSuccess, gst::FlowError> {
        let settings = *lock(&self.settings);
        let scene = Scene {
            poses: PoseMeta::get(inbuf),
            motion: MotionMeta::get(inbuf),
            time: self.time(inbuf),
        };
        self.with_state(|state| {
            let (_, info) = state.video.as_ref().ok_or(gst::FlowError::NotNegotiated)?;
            let Ok(mut frame) = VideoFrameRef::from_buffer_ref_writable(outbuf, info) else {
                return Ok(self.complain_about_frame());
            };
            if let Some(mut surface) = Surface::new(&mut frame) {
                surface.clear();
                if settings.draws() {
                    state.overlay.draw(&mut surface, &scene, settings.options);
                }
                match settings.mode {
                    OverlayMode::Fill => surface.lay_over_black(),
                    OverlayMode::Matte => surface.show_alpha(),
                    OverlayMode::Draw | OverlayMode::Key => {}
                }
            }
            Ok(gst::FlowSuccess::Ok)
        })
    }
}

impl KineOverlay {
    /// Brings the base class in line with the settings.
    fn apply(&self, settings: &Settings) {
        let obj = self.obj();
        let draw = settings.mode == OverlayMode::Draw;
        obj.set_in_place(draw);
        obj.set_passthrough(draw && !settings.draws());
    }

    fn time(&self, buffer: &gst::BufferRef) -> f64 {
        buffer
            .pts()
            .map(|pts| media_time(&self.obj().segment(), pts))
            .unwrap_or_default()
    }

    /// Works with the state without holding its lock.
    fn with_state(
        &self,
        work: impl FnOnce(&mut State) -> Result<gst::FlowSuccess, gst::FlowError>,
    ) -> Result<gst::FlowSuccess, gst::FlowError> {
        let Some(mut state) = lock(&self.state).take() else {
            return Err(gst::FlowError::Flushing);
        };
        let result = work(&mut state);
        *lock(&self.state) = Some(state);
        result
    }

    fn complain_about_frame(&self) -> gst::FlowSuccess {
        gst::element_imp_warning!(
            self,
            gst::ResourceError::Write,
            ("a frame cannot be mapped and passes without graphics")
        );
        gst::FlowSuccess::Ok
    }
}

/// Caps of the other side where the graphics have a picture of their own: any drawable picture in, RGBA of the same size and rate out.
fn key_caps(direction: gst::PadDirection, caps: &gst::Caps) -> gst::Caps {
    let mut other = gst::Caps::new_empty();
    {
        let other = other.get_mut().expect("new caps have one owner");
        for structure in caps.iter() {
            let mut structure = structure.to_owned();
            structure.remove_fields(["format", "colorimetry", "chroma-site"]);
            match direction {
                gst::PadDirection::Sink => structure.set("format", gst_video::VideoFormat::Rgba.to_str()),
                _ => structure.set(
                    "format",
                    gst::List::new(DRAWABLE_FORMATS.map(|format| format.to_str())),
                ),
            }
            other.append_structure(structure);
        }
    }
    other
}
