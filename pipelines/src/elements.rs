//! The GStreamer elements an analysis is made of, and the Debian packages they come in.

use crate::AnalysisError;
use gst::prelude::*;

/// An element we need, and where it comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Requirement {
    /// Factory name.
    pub element: &'static str,
    /// Debian package that has it.
    pub package: &'static str,
    /// What it is for, in a few words.
    pub purpose: &'static str,
}

/// Everything `analyze` and `report` use, in the order of the pipeline. Our own elements are linked in and have no package.
pub const REQUIREMENTS: &[Requirement] = &[
    Requirement {
        element: "filesrc",
        package: "libgstreamer1.0-0",
        purpose: "read files",
    },
    Requirement {
        element: "queue",
        package: "libgstreamer1.0-0",
        purpose: "decode beside inference",
    },
    Requirement {
        element: "tee",
        package: "libgstreamer1.0-0",
        purpose: "several outputs",
    },
    Requirement {
        element: "fakesink",
        package: "libgstreamer1.0-0",
        purpose: "measure without output",
    },
    Requirement {
        element: "filesink",
        package: "libgstreamer1.0-0",
        purpose: "write files",
    },
    Requirement {
        element: "decodebin",
        package: "gstreamer1.0-plugins-base",
        purpose: "choose demuxer and decoder",
    },
    Requirement {
        element: "videoconvert",
        package: "gstreamer1.0-plugins-base",
        purpose: "10-bit and 4:2:2 video",
    },
    Requirement {
        element: "videoscale",
        package: "gstreamer1.0-plugins-base",
        purpose: "odd picture sizes in MP4",
    },
    Requirement {
        element: "appsink",
        package: "gstreamer1.0-plugins-base",
        purpose: "event stream",
    },
    Requirement {
        element: "qtdemux",
        package: "gstreamer1.0-plugins-good",
        purpose: "MP4 and MOV",
    },
    Requirement {
        element: "matroskademux",
        package: "gstreamer1.0-plugins-good",
        purpose: "MKV and WebM",
    },
    Requirement {
        element: "deinterlace",
        package: "gstreamer1.0-plugins-good",
        purpose: "interlaced video",
    },
    Requirement {
        element: "videoflip",
        package: "gstreamer1.0-plugins-good",
        purpose: "phone videos held upright",
    },
    Requirement {
        element: "videocrop",
        package: "gstreamer1.0-plugins-good",
        purpose: "pictures of a report",
    },
    Requirement {
        element: "jpegenc",
        package: "gstreamer1.0-plugins-good",
        purpose: "pictures of a report, snapshots",
    },
    Requirement {
        element: "mp4mux",
        package: "gstreamer1.0-plugins-good",
        purpose: "write MP4",
    },
    Requirement {
        element: "h264parse",
        package: "gstreamer1.0-plugins-bad",
        purpose: "H.264",
    },
    Requirement {
        element: "h265parse",
        package: "gstreamer1.0-plugins-bad",
        purpose: "H.265",
    },
    Requirement {
        element: "x264enc",
        package: "gstreamer1.0-plugins-ugly",
        purpose: "encode the overlay video",
    },
    Requirement {
        element: "avdec_h264",
        package: "gstreamer1.0-libav",
        purpose: "decode H.264",
    },
    Requirement {
        element: "avdec_h265",
        package: "gstreamer1.0-libav",
        purpose: "decode H.265",
    },
];

/// What live sessions use besides, also inside of bins that do not say so.
pub const LIVE_REQUIREMENTS: &[Requirement] = &[
    Requirement {
        element: "webrtcbin",
        package: "gstreamer1.0-plugins-bad",
        purpose: "publishers and viewers over WebRTC",
    },
    Requirement {
        element: "nicesrc",
        package: "gstreamer1.0-nice",
        purpose: "a way through the network for WebRTC",
    },
    Requirement {
        element: "srtpdec",
        package: "gstreamer1.0-plugins-bad",
        purpose: "encrypted WebRTC",
    },
    Requirement {
        element: "dtlsdec",
        package: "gstreamer1.0-plugins-bad",
        purpose: "keys of WebRTC",
    },
    Requirement {
        element: "sctpdec",
        package: "gstreamer1.0-plugins-bad",
        purpose: "data channels of WebRTC",
    },
    Requirement {
        element: "rtpbin",
        package: "gstreamer1.0-plugins-good",
        purpose: "WebRTC and RTSP",
    },
    Requirement {
        element: "rtph264depay",
        package: "gstreamer1.0-plugins-good",
        purpose: "H.264 from the network",
    },
    Requirement {
        element: "rtpvp8depay",
        package: "gstreamer1.0-plugins-good",
        purpose: "VP8 from the network",
    },
    Requirement {
        element: "rtph264pay",
        package: "gstreamer1.0-plugins-good",
        purpose: "video to viewers",
    },
    Requirement {
        element: "vp9parse",
        package: "gstreamer1.0-plugins-bad",
        purpose: "VP9",
    },
    Requirement {
        element: "vp8dec",
        package: "gstreamer1.0-plugins-good",
        purpose: "decode VP8 and VP9",
    },
    Requirement {
        element: "urisourcebin",
        package: "gstreamer1.0-plugins-base",
        purpose: "files and network streams",
    },
    Requirement {
        element: "rtspsrc",
        package: "gstreamer1.0-plugins-good",
        purpose: "RTSP cameras",
    },
    Requirement {
        element: "udpsrc",
        package: "gstreamer1.0-plugins-good",
        purpose: "RTSP cameras",
    },
    Requirement {
        element: "souphttpsrc",
        package: "gstreamer1.0-plugins-good",
        purpose: "streams over HTTP",
    },
    Requirement {
        element: "tsdemux",
        package: "gstreamer1.0-plugins-bad",
        purpose: "SRT and MPEG-TS",
    },
    Requirement {
        element: "srtsrc",
        package: "gstreamer1.0-plugins-bad",
        purpose: "SRT in",
    },
    Requirement {
        element: "srtsink",
        package: "gstreamer1.0-plugins-bad",
        purpose: "SRT out",
    },
    Requirement {
        element: "v4l2src",
        package: "gstreamer1.0-plugins-good",
        purpose: "cameras of this machine",
    },
    Requirement {
        element: "videoconvertscale",
        package: "gstreamer1.0-plugins-base",
        purpose: "one picture size for pushes",
    },
    Requirement {
        element: "jpegdec",
        package: "gstreamer1.0-plugins-good",
        purpose: "Motion JPEG cameras",
    },
    Requirement {
        element: "flvmux",
        package: "gstreamer1.0-plugins-good",
        purpose: "RTMP",
    },
    Requirement {
        element: "rtmp2sink",
        package: "gstreamer1.0-plugins-bad",
        purpose: "RTMP",
    },
    Requirement {
        element: "mpegtsmux",
        package: "gstreamer1.0-plugins-bad",
        purpose: "SRT and HLS",
    },
    Requirement {
        element: "hlssink2",
        package: "gstreamer1.0-plugins-bad",
        purpose: "HLS",
    },
    Requirement {
        element: "splitmuxsink",
        package: "gstreamer1.0-plugins-good",
        purpose: "HLS",
    },
    Requirement {
        element: "giostreamsink",
        package: "gstreamer1.0-plugins-base",
        purpose: "HLS",
    },
];

/// Our own elements.
pub const OWN_ELEMENTS: &[&str] = &["kinepose", "kinephase", "kineoverlay", "kinejson", "kinemotion"];

/// A video decoder that is registered here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoder {
    /// Factory name.
    pub element: String,
    /// Human name of the factory.
    pub name: String,
    /// Whether it uses a device.
    pub hardware: bool,
    /// GStreamer's rank; the highest that fits is chosen.
    pub rank: i32,
}

/// Initialises GStreamer and registers our elements. Idempotent.
pub fn init() -> Result<(), AnalysisError> {
    let failed = |error: gst::glib::Error| AnalysisError::Pipeline {
        element: "GStreamer".into(),
        reason: error.message().to_owned(),
    };
    gst::init().map_err(failed)?;
    static REGISTERED: std::sync::OnceLock<Result<(), String>> = std::sync::OnceLock::new();
    REGISTERED
        .get_or_init(|| {
            gstkinemotion::plugin_register_static()
                .and_then(|()| gstrswebrtc::plugin_register_static())
                .map_err(|error| error.to_string())
        })
        .clone()
        .map_err(|reason| AnalysisError::Pipeline {
            element: "plugins of this program".into(),
            reason,
        })
}

/// What a pad probe returns to drop a buffer or an event. With `Drop` the binding has let go of it when GStreamer 1.22 comes
/// to do so, which is a CRITICAL.
pub(crate) const DROPPED: gst::PadProbeReturn = gst::PadProbeReturn::Handled;

/// Whether an element can be made here: it is, and thrown away. That its plugin is known would not be enough, as some open
/// further libraries when they are used.
pub fn is_available(element: &str) -> bool {
    gst::ElementFactory::make(element).build().is_ok()
}

/// The video decoders registered here, hardware first, then by rank.
pub fn video_decoders() -> Vec<Decoder> {
    let factories = gst::ElementFactory::factories_with_type(
        gst::ElementFactoryType::DECODER | gst::ElementFactoryType::MEDIA_VIDEO,
        gst::Rank::MARGINAL,
    );
    let mut decoders: Vec<Decoder> = factories.iter().map(describe_decoder).collect();
    decoders.sort_by(|a, b| {
        b.hardware
            .cmp(&a.hardware)
            .then(b.rank.cmp(&a.rank))
            .then_with(|| a.element.cmp(&b.element))
    });
    decoders
}

fn describe_decoder(factory: &gst::ElementFactory) -> Decoder {
    Decoder {
        element: factory.name().to_string(),
        name: factory.longname().to_owned(),
        hardware: factory.has_type(gst::ElementFactoryType::HARDWARE),
        rank: factory.rank().into(),
    }
}

/// Makes a named element, or says which package has it.
pub(crate) fn make(element: &str, name: &str) -> Result<gst::Element, AnalysisError> {
    gst::ElementFactory::make(element)
        .name(name)
        .build()
        .map_err(|_| AnalysisError::MissingElement {
            element: element.to_owned(),
            package: REQUIREMENTS
                .iter()
                .chain(LIVE_REQUIREMENTS)
                .find(|requirement| requirement.element == element)
                .map_or("the kinemotion plugin", |requirement| requirement.package),
        })
}

/// Sets a property when the element has it; decoders differ in what they offer.
pub(crate) fn set_if_present(element: &gst::Element, property: &str, value: &str) {
    if element.has_property(property) {
        element.set_property_from_str(property, value);
    }
}

/// Version of the GStreamer that is loaded: major, minor, micro.
pub fn gstreamer_version() -> (u32, u32, u32) {
    let (major, minor, micro, _) = gst::version();
    (major, minor, micro)
}
