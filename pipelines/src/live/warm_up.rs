//! What the first session of a process would otherwise wait for.

use super::source::CODECS;
use super::{decoders, intake};
use crate::{AnalysisError, elements};
use gst::prelude::*;

/// What connects a publisher.
const CONNECTION: [&str; 3] = ["whipserversrc", "webrtcbin", "nicesrc"];

/// Loads the plugins that a publisher's video goes through, and has the certificate made that all connections of this process
/// share: an RSA key, which takes between a tenth of a second and one.
///
/// A plugin that is not there is not complained about here: whoever needs it says so.
///
/// # Errors
/// GStreamer does not start.
pub fn warm_up() -> Result<(), AnalysisError> {
    elements::init()?;
    let receiving = CODECS.into_iter().filter_map(intake::out_of_rtp);
    let (depayloaders, media): (Vec<_>, Vec<_>) = receiving.unzip();
    let decoders = media.into_iter().filter_map(|media| {
        decoders::candidates(&gst::Caps::new_empty_simple(media))
            .into_iter()
            .next()
    });
    let named = CONNECTION.into_iter().chain(depayloaders);
    for factory in named.filter_map(gst::ElementFactory::find).chain(decoders) {
        if let Err(error) = factory.load() {
            gst::info!(gst::CAT_RUST, "{} cannot be loaded: {error}", factory.name());
        }
    }
    // The first element of its kind makes the certificate.
    if let Err(error) = elements::make("dtlsdec", "certificate") {
        gst::info!(gst::CAT_RUST, "no certificate was made: {error}");
    }
    Ok(())
}
