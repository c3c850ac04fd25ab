//! A camera of this machine (V4L2).

use super::Surroundings;
use crate::elements::make;
use crate::live::{Limits, LiveError};
use gst::prelude::*;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

/// Slower modes of a camera are of no use for movement, frames per second.
const LEAST_FPS: i32 = 25;

/// Adds `v4l2src` to the pipeline; the camera's fastest suitable mode is taken, raw or Motion JPEG.
pub(super) fn build(around: &Surroundings<'_>, device: &Path, limits: Limits) -> Result<(), LiveError> {
    let failed = |reason: String| LiveError::Source {
        source_name: device.display().to_string(),
        reason,
    };
    if !device.exists() {
        return Err(failed("there is no such device".into()));
    }
    let source = make("v4l2src", "source")?;
    source.set_property("device", device.to_string_lossy().as_ref());
    let mode = make("capsfilter", "mode")?;
    mode.set_property("caps", wanted(limits));
    around
        .pipeline
        .add_many([&source, &mode])
        .and_then(|()| source.link(&mode))
        .map_err(|error| failed(error.to_string()))?;
    let pad = mode.static_pad("src").expect("capsfilter has a src pad");
    let (intake, refuse) = (around.intake.clone(), around.refuse.clone());
    let taken = AtomicBool::new(false);
    // Only when the camera has chosen a mode is it known whether there is something to decode.
    pad.add_probe(gst::PadProbeType::EVENT_DOWNSTREAM, move |pad, info| {
        if let Some(gst::EventView::Caps(caps)) = info.event().map(|event| event.view())
            && !taken.swap(true, Ordering::Relaxed)
            && let Err(error) = intake.take(pad, caps.caps())
        {
            refuse(error);
        }
        gst::PadProbeReturn::Ok
    });
    Ok(())
}

fn wanted(limits: Limits) -> gst::Caps {
    let fastest = gst::Fraction::new(limits.fps.max(f64::from(LEAST_FPS)) as i32, 1);
    let rate = gst::FractionRange::new(gst::Fraction::new(LEAST_FPS, 1), fastest);
    ["video/x-raw", "image/jpeg"]
        .into_iter()
        .map(|media| gst::Structure::builder(media).field("framerate", rate).build())
        .collect()
}
