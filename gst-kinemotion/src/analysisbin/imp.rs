//! Implementation of the `kinemotion` bin.

use crate::kineoverlay::KineOverlay;
use crate::kinephase::KinePhase;
use crate::kinepose::{KinePose, PoseQuality};
use gst::glib;
use gst::prelude::*;
use gst::subclass::prelude::*;
use std::sync::LazyLock;

/// A property of the bin and the child property behind it.
struct Proxy {
    name: &'static str,
    child: Child,
    child_property: &'static str,
}

enum Child {
    Pose,
    Phase,
    Overlay,
}

const PROXIES: [Proxy; 5] = [
    Proxy {
        name: "movement",
        child: Child::Phase,
        child_property: "movement",
    },
    Proxy {
        name: "quality",
        child: Child::Pose,
        child_property: "quality",
    },
    Proxy {
        name: "athlete-height",
        child: Child::Phase,
        child_property: "athlete-height",
    },
    Proxy {
        name: "person",
        child: Child::Pose,
        child_property: "person",
    },
    Proxy {
        name: "overlay",
        child: Child::Overlay,
        child_property: "enabled",
    },
];

/// The bin.
pub struct KinemotionBin {
    pose: KinePose,
    phase: KinePhase,
    overlay: KineOverlay,
}

#[glib::object_subclass]
impl ObjectSubclass for KinemotionBin {
    const NAME: &'static str = "GstKinemotionBin";
    type Type = super::KinemotionBin;
    type ParentType = gst::Bin;

    fn new() -> Self {
        Self {
            pose: glib::Object::builder().property("name", "pose").build(),
            phase: glib::Object::builder().property("name", "phase").build(),
            overlay: glib::Object::builder().property("name", "overlay").build(),
        }
    }
}

impl KinemotionBin {
    fn child(&self, child: &Child) -> &gst::Element {
        match child {
            Child::Pose => self.pose.upcast_ref(),
            Child::Phase => self.phase.upcast_ref(),
            Child::Overlay => self.overlay.upcast_ref(),
        }
    }

    fn target(&self, property: &str) -> (&gst::Element, &'static str) {
        let proxy = PROXIES
            .iter()
            .find(|proxy| proxy.name == property)
            .expect("only proxied properties are installed");
        (self.child(&proxy.child), proxy.child_property)
    }
}

impl ObjectImpl for KinemotionBin {
    fn properties() -> &'static [glib::ParamSpec] {
        static PROPERTIES: LazyLock<Vec<glib::ParamSpec>> = LazyLock::new(|| {
            let pose = glib::Class::<KinePose>::from_type(KinePose::static_type());
            let phase = glib::Class::<KinePhase>::from_type(KinePhase::static_type());
            let overlay = glib::Class::<KineOverlay>::from_type(KineOverlay::static_type());
            PROXIES
                .iter()
                .filter_map(|proxy| {
                    let spec = match proxy.child {
                        Child::Pose => pose.as_ref()?.find_property(proxy.child_property)?,
                        Child::Phase => phase.as_ref()?.find_property(proxy.child_property)?,
                        Child::Overlay => overlay.as_ref()?.find_property(proxy.child_property)?,
                    };
                    Some(renamed(&spec, proxy.name))
                })
                .collect()
        });
        &PROPERTIES
    }

    fn set_property(&self, _id: usize, value: &glib::Value, pspec: &glib::ParamSpec) {
        let (child, property) = self.target(pspec.name());
        child.set_property_from_value(property, value);
    }

    fn property(&self, _id: usize, pspec: &glib::ParamSpec) -> glib::Value {
        let (child, property) = self.target(pspec.name());
        child.property_value(property)
    }

    fn constructed(&self) {
        self.parent_constructed();
        let bin = self.obj();
        let children: [&gst::Element; 3] = [
            self.pose.upcast_ref(),
            self.phase.upcast_ref(),
            self.overlay.upcast_ref(),
        ];
        bin.add_many(children).expect("a new bin has no children");
        gst::Element::link_many(children).expect("the elements' templates fit each other");
        for (name, child) in [("sink", children[0]), ("src", children[2])] {
            let target = child.static_pad(name).expect("every transform has both pads");
            let template = bin.pad_template(name).expect("the class installs both templates");
            let ghost = gst::GhostPad::builder_from_template_with_target(&template, &target)
                .expect("the child's pad is free")
                .name(name)
                .build();
            bin.add_pad(&ghost).expect("a new bin has no pads");
        }
    }
}

/// A copy of a property under another name. Covers the types that are proxied.
fn renamed(spec: &glib::ParamSpec, name: &str) -> glib::ParamSpec {
    let (nick, blurb, flags) = (spec.nick(), spec.blurb().unwrap_or_default(), spec.flags());
    if let Some(spec) = spec.downcast_ref::<glib::ParamSpecString>() {
        let builder = glib::ParamSpecString::builder(name)
            .nick(nick)
            .blurb(blurb)
            .flags(flags);
        return builder.default_value(spec.default_value()).build();
    }
    if let Some(spec) = spec.downcast_ref::<glib::ParamSpecBoolean>() {
        let builder = glib::ParamSpecBoolean::builder(name)
            .nick(nick)
            .blurb(blurb)
            .flags(flags);
        return builder.default_value(spec.default_value()).build();
    }
    if let Some(spec) = spec.downcast_ref::<glib::ParamSpecDouble>() {
        let builder = glib::ParamSpecDouble::builder(name)
            .nick(nick)
            .blurb(blurb)
            .flags(flags);
        return builder
            .minimum(spec.minimum())
            .maximum(spec.maximum())
            .default_value(spec.default_value())
            .build();
    }
    // `quality` is the one enumeration among them.
    glib::ParamSpecEnum::builder_with_default(name, PoseQuality::default())
        .nick(nick)
        .blurb(blurb)
        .flags(flags)
        .build()
}

impl GstObjectImpl for KinemotionBin {}

impl ElementImpl for KinemotionBin {
    fn metadata() -> Option<&'static gst::subclass::ElementMetadata> {
        static METADATA: LazyLock<gst::subclass::ElementMetadata> = LazyLock::new(|| {
            gst::subclass::ElementMetadata::new(
                "Kinemotion",
                "Filter/Analyzer/Effect/Video",
                "Measures how people move and draws it on the picture: kinepose, kinephase and kineoverlay in one",
                "The kinemotion developers",
            )
        });
        Some(&METADATA)
    }

    fn pad_templates() -> &'static [gst::PadTemplate] {
        static TEMPLATES: LazyLock<Vec<gst::PadTemplate>> = LazyLock::new(|| {
            let caps = gst_video::VideoCapsBuilder::new()
                .format_list(crate::video::READABLE_FORMATS)
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

impl BinImpl for KinemotionBin {}
