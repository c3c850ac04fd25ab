//! A decoder of higher rank that fails in mid-stream.

mod support;

use gst::glib;
use gst::prelude::*;
use gst::subclass::prelude::*;
use kinemotion_pipelines::live::{LiveEvent, LiveSource, LiveSpec, SessionState, WhipOptions, decoders};
use support::peer::Offerer;
use support::{start, waiting};

/// Frames the fake decodes before it fails.
const GOOD_FRAMES: u32 = 5;

mod fake {
    use super::*;
    use gst_video::prelude::*;
    use gst_video::subclass::prelude::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    /// Makes black pictures, then fails as a device does that was taken away.
    #[derive(Default)]
    pub struct Fake {
        frames: AtomicU32,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for Fake {
        const NAME: &'static str = "FakeHardwareDecoder";
        type Type = super::Fake;
        type ParentType = gst_video::VideoDecoder;
    }

    impl ObjectImpl for Fake {}
    impl GstObjectImpl for Fake {}

    impl ElementImpl for Fake {
        fn metadata() -> Option<&'static gst::subclass::ElementMetadata> {
            static METADATA: std::sync::LazyLock<gst::subclass::ElementMetadata> =
                std::sync::LazyLock::new(|| {
                    gst::subclass::ElementMetadata::new(
                        "Fake",
                        "Codec/Decoder/Video/Hardware",
                        "Fails",
                        "tests",
                    )
                });
            Some(&METADATA)
        }

        fn pad_templates() -> &'static [gst::PadTemplate] {
            static TEMPLATES: std::sync::LazyLock<Vec<gst::PadTemplate>> = std::sync::LazyLock::new(|| {
                let template = |name, direction, caps: &str| {
                    let caps: gst::Caps = caps.parse().expect("caps");
                    gst::PadTemplate::new(name, direction, gst::PadPresence::Always, &caps)
                        .expect("a template")
                };
                vec![
                    template("sink", gst::PadDirection::Sink, "video/x-vp8"),
                    template("src", gst::PadDirection::Src, "video/x-raw,format=I420"),
                ]
            });
            &TEMPLATES
        }
    }

    impl VideoDecoderImpl for Fake {
        fn set_format(
            &self,
            state: &gst_video::VideoCodecState<'static, gst_video::video_codec_state::Readable>,
        ) -> Result<(), gst::LoggableError> {
            let (width, height) = (state.info().width(), state.info().height());
            let decoder = self.obj();
            let output = decoder.set_output_state(gst_video::VideoFormat::I420, width, height, Some(state));
            let output = output.map_err(|_| gst::loggable_error!(gst::CAT_RUST, "no output"))?;
            decoder
                .negotiate(output)
                .map_err(|_| gst::loggable_error!(gst::CAT_RUST, "no agreement"))
        }

        fn handle_frame(
            &self,
            mut frame: gst_video::VideoCodecFrame<'_>,
        ) -> Result<gst::FlowSuccess, gst::FlowError> {
            if self.frames.fetch_add(1, Ordering::Relaxed) >= GOOD_FRAMES {
                gst::element_imp_error!(self, gst::ResourceError::Failed, ("the device is gone"));
                return Err(gst::FlowError::Error);
            }
            self.obj().allocate_output_frame(&mut frame, None)?;
            self.obj().finish_frame(frame)
        }
    }
}

glib::wrapper! {
    pub struct Fake(ObjectSubclass<fake::Fake>)
        @extends gst_video::VideoDecoder, gst::Element, gst::Object;
}

#[test]
fn a_decoder_that_fails_is_replaced_and_not_tried_again() {
    support::init();
    let rank = gst::Rank::PRIMARY + 100;
    gst::Element::register(None, "fakehardwaredec", rank, Fake::static_type()).expect("registered");
    let started = start(waiting());
    let publisher = Offerer::publisher(&format!("{} ! {}", support::PICTURE, support::VP8));
    let answer = started.session.answer(&publisher.offer()).expect("an answer");
    publisher.accept(&answer);
    let warning = started.wait_for(|event| match event {
        LiveEvent::Warning(warning) => Some(warning.clone()),
        _ => None,
    });
    assert!(
        warning.contains("fakehardwaredec") && warning.contains("the device is gone"),
        "{warning}"
    );
    started.wait_for_frame();
    let info = started.session.info();
    assert_eq!(info.state, SessionState::Live);
    let decoder = info.source.decoder.expect("a decoder");
    assert!(
        decoder.element != "fakehardwaredec" && !decoder.hardware,
        "{decoder:?}"
    );
    assert_eq!(decoders::failed(), ["fakehardwaredec"]);

    let again = start(LiveSpec {
        id: "again".into(),
        source: LiveSource::Whip(WhipOptions::default()),
        ..waiting()
    });
    let publisher = Offerer::publisher(&format!("{} ! {}", support::PICTURE, support::VP8));
    publisher.accept(&again.session.answer(&publisher.offer()).expect("an answer"));
    again.wait_for_frame();
    let decoder = again.session.info().source.decoder.expect("a decoder");
    assert_ne!(decoder.element, "fakehardwaredec");
}
