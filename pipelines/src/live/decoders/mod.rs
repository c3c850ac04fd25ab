//! Which decoder decodes: hardware first, in a configurable order, and never one that has failed in this process.

mod bin;

pub(crate) use bin::{DecoderBin, Told};

use crate::sync::lock;
use gst::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::Mutex;

/// Stands for every decoder that uses a device.
const HARDWARE: &str = "hardware";
/// Stands for every decoder that uses none.
const SOFTWARE: &str = "software";

/// In which order decoders are tried. Each entry is the name of an element (`vah264dec`), of a plugin (`va`, `nvcodec`,
/// `libav`), or `hardware` or `software`. What no entry names comes last; within an entry GStreamer's rank decides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DecoderOrder(pub Vec<String>);

impl Default for DecoderOrder {
    fn default() -> Self {
        Self(vec![HARDWARE.into(), SOFTWARE.into()])
    }
}

impl DecoderOrder {
    /// Place of a decoder in the order; less is earlier.
    fn place(&self, factory: &gst::ElementFactory) -> usize {
        let hardware = is_hardware(factory);
        let plugin = factory.plugin_name();
        self.0
            .iter()
            .position(|entry| match entry.as_str() {
                HARDWARE => hardware,
                SOFTWARE => !hardware,
                name => name == factory.name() || Some(name) == plugin.as_deref(),
            })
            .unwrap_or(self.0.len())
    }
}

/// The order of this process and the factories that failed in it.
static PRESENT: Mutex<(Option<DecoderOrder>, BTreeSet<String>)> = Mutex::new((None, BTreeSet::new()));

/// Sets the order for decoders that are chosen from now on, in all sessions.
pub fn apply(order: DecoderOrder) {
    lock(&PRESENT).0 = Some(order);
}

/// Names of the decoders that failed in this process and are not tried again, in order of name.
pub fn failed() -> Vec<String> {
    lock(&PRESENT).1.iter().cloned().collect()
}

fn mark_failed(factory: &gst::ElementFactory) {
    lock(&PRESENT).1.insert(factory.name().to_string());
}

/// The decoders for a kind of stream, the one to try first in front. Which exist is found out by looking: an element of a
/// device that is not there is not registered.
pub(crate) fn candidates(caps: &gst::Caps) -> Vec<gst::ElementFactory> {
    let (order, failed) = {
        let present = lock(&PRESENT);
        (present.0.clone().unwrap_or_default(), present.1.clone())
    };
    // Profile and framing are for the parser and the decoder to agree on. Decoders for streams with transparency want those.
    let kinds: gst::Caps = caps
        .iter()
        .map(|structure| {
            gst::Structure::builder(structure.name().as_str())
                .field("codec-alpha", false)
                .build()
        })
        .collect();
    let pictures = gst::ElementFactoryType::MEDIA_VIDEO | gst::ElementFactoryType::MEDIA_IMAGE;
    let all = gst::ElementFactory::factories_with_type(
        gst::ElementFactoryType::DECODER | pictures,
        gst::Rank::MARGINAL,
    );
    let mut fitting: Vec<gst::ElementFactory> = all
        .into_iter()
        .filter(|factory| factory.can_sink_any_caps(&kinds) && !failed.contains(factory.name().as_str()))
        .collect();
    fitting.sort_by_key(|factory| {
        (
            order.place(factory),
            !is_hardware(factory),
            std::cmp::Reverse(factory.rank()),
            factory.name(),
        )
    });
    fitting
}

/// Whether a decoder uses a device.
pub(crate) fn is_hardware(factory: &gst::ElementFactory) -> bool {
    factory.has_type(gst::ElementFactoryType::HARDWARE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(order: &[&str], media: &str) -> Vec<String> {
        let order = DecoderOrder(order.iter().map(ToString::to_string).collect());
        let mut found = candidates(&gst::Caps::new_empty_simple(media));
        found.sort_by_key(|factory| order.place(factory));
        found.iter().map(|factory| factory.name().to_string()).collect()
    }

    #[test]
    fn the_order_names_elements_plugins_and_kinds() {
        gst::init().expect("GStreamer");
        let vp8 = names(&["libav", "software"], "video/x-vp8");
        assert_eq!(vp8.first().map(String::as_str), Some("avdec_vp8"), "{vp8:?}");
        let vp8 = names(&["vp8dec"], "video/x-vp8");
        assert_eq!(vp8.first().map(String::as_str), Some("vp8dec"), "{vp8:?}");
        assert!(vp8.len() > 1, "what no entry names is still there: {vp8:?}");
    }

    #[test]
    fn only_what_decodes_the_stream_is_a_candidate() {
        gst::init().expect("GStreamer");
        assert!(
            names(&[], "video/x-h264")
                .iter()
                .all(|name| !name.contains("vp8"))
        );
        assert!(names(&[], "video/x-nothing-knows-this").is_empty());
    }
}
