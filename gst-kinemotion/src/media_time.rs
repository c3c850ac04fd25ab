//! Media time: where a buffer lies in its media, in seconds.
//!
//! It is the stream time of the buffer's PTS: what a player would show as the position. Unlike running time it does not
//! change with playback speed and, unlike the bare PTS, it starts at zero for files with edit lists.

use gst::ClockTime;

/// Media time of a PTS in seconds. Outside a TIME segment the PTS itself counts.
pub(crate) fn media_time(segment: &gst::Segment, pts: ClockTime) -> f64 {
    let stream_time = segment
        .downcast_ref::<ClockTime>()
        .and_then(|segment| segment.to_stream_time_full(pts))
        .map(signed_seconds);
    stream_time.unwrap_or_else(|| seconds(pts))
}

/// Running time of a PTS, for comparison with the pipeline's clock.
pub(crate) fn running_time(segment: &gst::Segment, pts: ClockTime) -> Option<ClockTime> {
    segment.downcast_ref::<ClockTime>()?.to_running_time(pts)
}

/// A clock time in seconds.
pub(crate) fn seconds(time: ClockTime) -> f64 {
    time.nseconds() as f64 / ClockTime::SECOND.nseconds() as f64
}

fn signed_seconds(time: gst::Signed<ClockTime>) -> f64 {
    match time {
        gst::Signed::Positive(time) => seconds(time),
        gst::Signed::Negative(time) => -seconds(time),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn media_time_starts_at_zero_behind_an_edit_list_and_ignores_playback_speed() {
        gst::init().expect("GStreamer");
        let mut segment = gst::FormattedSegment::<ClockTime>::new();
        segment.set_start(ClockTime::from_seconds(2));
        segment.set_time(ClockTime::ZERO);
        segment.set_rate(2.0);
        assert_eq!(
            media_time(segment.upcast_ref(), ClockTime::from_mseconds(2500)),
            0.5
        );
        assert_eq!(
            running_time(segment.upcast_ref(), ClockTime::from_mseconds(2500)),
            Some(ClockTime::from_mseconds(250))
        );
    }

    #[test]
    fn a_frame_before_the_segment_has_a_negative_media_time() {
        gst::init().expect("GStreamer");
        let mut segment = gst::FormattedSegment::<ClockTime>::new();
        segment.set_start(ClockTime::from_seconds(2));
        segment.set_time(ClockTime::ZERO);
        assert_eq!(
            media_time(segment.upcast_ref(), ClockTime::from_mseconds(1500)),
            -0.5
        );
    }

    #[test]
    fn without_a_time_segment_the_pts_counts() {
        gst::init().expect("GStreamer");
        let segment = gst::FormattedSegment::<gst::format::Bytes>::new();
        assert_eq!(
            media_time(segment.upcast_ref(), ClockTime::from_mseconds(40)),
            0.04
        );
    }
}
