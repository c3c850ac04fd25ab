//! From decoded frames to upright, progressive ones in a format the pose estimator reads.
//!
//! ```text
//! queue ! videoconvert ! deinterlace ! videoflip
//! ```
//!
//! The three elements after the queue pass frames through untouched unless the stream needs them: a pixel format nobody
//! here reads, interlaced fields, or rotation metadata, which is thereby applied exactly once. The queue is what lets the
//! decoder work on the next frames while a model looks at this one.

use crate::AnalysisError;
use crate::elements::make;
use gst::prelude::*;

/// Makes the elements in the order of the stream; the queue holds so many frames.
pub(crate) fn elements(frames_waiting: u32) -> Result<[gst::Element; 4], AnalysisError> {
    let queue = make("queue", "decoded")?;
    queue.set_property("max-size-buffers", frames_waiting);
    queue.set_property("max-size-bytes", 0u32);
    queue.set_property("max-size-time", 0u64);
    let convert = make("videoconvert", "convert")?;
    let deinterlace = make("deinterlace", "progressive")?;
    let flip = make("videoflip", "upright")?;
    flip.set_property_from_str("video-direction", "auto");
    Ok([queue, convert, deinterlace, flip])
}
