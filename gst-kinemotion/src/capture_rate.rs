//! Slow motion: from media time to the time of the movement.

/// Frames per second that caps declare. Variable rate (0/1) falls back to the declared maximum.
fn nominal_fps(caps: &gst::StructureRef) -> Option<f64> {
    ["framerate", "max-framerate"].into_iter().find_map(|field| {
        let rate = caps.get::<gst::Fraction>(field).ok()?;
        (rate.numer() > 0).then(|| f64::from(rate.numer()) / f64::from(rate.denom()))
    })
}

/// Real seconds per second of media time for footage filmed at `capture_fps` frames per second; 1 for `capture_fps` 0,
/// which means as stamped. `None` when the caps name no frame rate to compare with.
pub(crate) fn time_scale(caps: &gst::CapsRef, capture_fps: f64) -> Option<f64> {
    if capture_fps <= 0.0 {
        return Some(1.0);
    }
    Some(caps.structure(0).and_then(nominal_fps)? / capture_fps)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scale(caps: &str, capture_fps: f64) -> Option<f64> {
        gst::init().expect("GStreamer");
        let caps: gst::Caps = caps.parse().expect("caps");
        time_scale(&caps, capture_fps)
    }

    #[test]
    fn eightfold_slow_motion_runs_eight_times_as_fast_in_reality() {
        assert_eq!(scale("video/x-raw,framerate=30/1", 240.0), Some(0.125));
        assert_eq!(scale("video/x-raw,framerate=30/1", 0.0), Some(1.0));
        assert_eq!(
            scale("video/x-raw,framerate=0/1,max-framerate=60/1", 120.0),
            Some(0.5)
        );
        assert_eq!(scale("video/x-raw,framerate=0/1", 120.0), None);
        assert_eq!(scale("video/x-raw", 0.0), Some(1.0));
    }
}
