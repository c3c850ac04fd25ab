//! Files and network streams.

use super::{Surroundings, access};
use crate::elements::{make, set_if_present};
use crate::live::{LiveError, UriAccess};
use gst::prelude::*;

/// What the jitter buffer of RTSP and the receiver of SRT wait for late packets, ms.
const NETWORK_LATENCY_MS: u32 = 80;

/// Adds `urisourcebin` to the pipeline.
pub(super) fn build(around: &Surroundings<'_>, uri: &str, allowed: &UriAccess) -> Result<(), LiveError> {
    let checked = access::check(uri, allowed)?;
    let source = make("urisourcebin", "source")?;
    source.set_property("uri", checked);
    // Elementary streams come out, so that the decoder is ours to choose.
    source.set_property("parse-streams", true);
    source.connect("source-setup", false, |values| {
        let element = values.get(1).and_then(|value| value.get::<gst::Element>().ok())?;
        set_if_present(&element, "latency", &NETWORK_LATENCY_MS.to_string());
        // An address that was permitted must not lead to one that is not.
        set_if_present(&element, "automatic-redirect", "false");
        None
    });
    let (intake, refuse) = (around.intake.clone(), around.refuse.clone());
    source.connect_pad_added(move |_, pad| {
        if let Err(error) = intake.accept(pad) {
            refuse(error);
        }
    });
    refuse_playlists(around, uri);
    around.pipeline.add(&source).map_err(|error| LiveError::Source {
        source_name: crate::live::without_secrets(uri),
        reason: error.to_string(),
    })
}

/// A playlist names addresses that nobody has checked.
fn refuse_playlists(around: &Surroundings<'_>, uri: &str) {
    let refuse = around.refuse.clone();
    let uri = crate::live::without_secrets(uri);
    around.pipeline.connect_deep_element_added(move |_, _, element| {
        let adaptive = element.factory().is_some_and(|factory| {
            factory
                .metadata("klass")
                .is_some_and(|klass| klass.contains("Adaptive"))
        });
        if adaptive {
            refuse(LiveError::Refused {
                uri: uri.clone(),
                reason: "it is a playlist, which names further addresses".into(),
            });
        }
    });
}
