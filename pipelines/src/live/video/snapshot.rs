//! One analysed frame as JPEG.

use crate::elements::make;
use crate::live::LiveError;
use crate::stopping::Stopping;
use gst::prelude::*;
use gst_app::{AppSink, AppSrc};

/// JPEG quality, 0..100: a still picture to look at.
const QUALITY: i32 = 90;
/// The longest one picture may take.
const LONGEST: gst::ClockTime = gst::ClockTime::from_seconds(5);

/// Draws the graphics, if wanted, and encodes.
pub(super) fn jpeg(sample: &gst::Sample, overlay: bool) -> Result<Vec<u8>, LiveError> {
    let failed = |reason: String| LiveError::Output {
        reason: format!("snapshot: {reason}"),
    };
    let source = AppSrc::builder().format(gst::Format::Time).build();
    let graphics = make("kineoverlay", "overlay")?;
    graphics.set_property("enabled", overlay);
    let convert = make("videoconvert", "convert")?;
    let encoder = make("jpegenc", "encoder")?;
    encoder.set_property("quality", QUALITY);
    let sink = AppSink::builder().sync(false).build();
    let pipeline = Stopping(gst::Pipeline::new());
    let chain = [
        source.upcast_ref(),
        &graphics,
        &convert,
        &encoder,
        sink.upcast_ref(),
    ];
    pipeline
        .0
        .add_many(chain)
        .and_then(|()| gst::Element::link_many(chain))
        .map_err(|error| failed(error.to_string()))?;
    pipeline
        .0
        .set_state(gst::State::Playing)
        .map_err(|_| failed("its pipeline does not start".into()))?;
    source
        .push_sample(sample)
        .map_err(|error| failed(error.to_string()))?;
    let picture = sink
        .try_pull_sample(LONGEST)
        .ok_or_else(|| failed("it took too long".into()))?;
    let data = picture.buffer().and_then(|buffer| buffer.map_readable().ok());
    data.map(|data| data.as_slice().to_vec())
        .ok_or_else(|| failed("the picture is empty".into()))
}
