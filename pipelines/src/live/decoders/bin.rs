//! `parser ! decoder` that changes its decoder in mid-stream when that fails.
//!
//! An error of the decoder stays inside: the next decoder takes its place in the thread that brought the data, a key
//! frame is asked for, and what comes before it is dropped. Only when nothing is left does the bin fail itself.

use super::{candidates, is_hardware, mark_failed};
use crate::elements::{DROPPED, set_if_present};
use crate::live::DecoderInfo;
use gst::glib;
use gst::prelude::*;
use gst::subclass::prelude::*;
use std::sync::OnceLock;

/// Threads of a software decoder. Threads that work on frames at once would each hold one back.
const DECODER_THREADS: &str = "1";

/// What a decoder bin tells its owner.
#[derive(Clone, Debug)]
pub enum Told {
    /// The decoder in use from now on, and what became of the one before.
    Decoder {
        decoder: DecoderInfo,
        replaced: Option<String>,
    },
    /// What the stream turned out to be.
    Stream(gst::Caps),
}

glib::wrapper! {
    /// See the module.
    pub struct DecoderBin(ObjectSubclass<imp::DecoderBin>)
        @extends gst::Bin, gst::Element, gst::Object,
        @implements gst::ChildProxy;
}

impl DecoderBin {
    /// Makes a decoder for encoded video with these caps and tells each choice.
    ///
    /// # Errors
    /// A sentence that says what was tried.
    pub fn new(caps: &gst::Caps, told: impl Fn(Told) + Send + Sync + 'static) -> Result<Self, String> {
        let bin: Self = glib::Object::builder().build();
        bin.imp().told.set(Box::new(told)).ok();
        bin.imp().prepare(caps)?;
        Ok(bin)
    }
}

/// The parser that brings a stream into the form decoders want, when it needs one.
fn parser_for(caps: &gst::Caps) -> Option<&'static str> {
    Some(match caps.structure(0)?.name().as_str() {
        "video/x-h264" => "h264parse",
        "video/x-h265" => "h265parse",
        "video/x-vp9" => "vp9parse",
        "video/x-av1" => "av1parse",
        "video/mpeg" => "mpegvideoparse",
        _ => return None,
    })
}

mod imp {
    use super::*;
    use crate::sync::lock;
    use std::collections::VecDeque;
    use std::sync::Mutex;

    /// What is said of a decoder that says nothing itself.
    const UNUSABLE: &str = "it does not start";

    /// What is said of a decoder that does not take the format of the stream.
    const REFUSED: &str = "it does not take this stream";

    /// The elements in use.
    struct Chain {
        factory: gst::ElementFactory,
        elements: Vec<gst::Element>,
    }

    #[derive(Default)]
    struct State {
        parser: Option<&'static str>,
        candidates: VecDeque<gst::ElementFactory>,
        chain: Option<Chain>,
        waits_for_key: bool,
        /// What the decoder in use said when it failed.
        failure: Option<String>,
    }

    #[derive(Default)]
    pub struct DecoderBin {
        state: Mutex<State>,
        pub(super) told: OnceLock<Box<dyn Fn(Told) + Send + Sync>>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for DecoderBin {
        const NAME: &'static str = "KinemotionDecoderBin";
        type Type = super::DecoderBin;
        type ParentType = gst::Bin;
    }

    impl ObjectImpl for DecoderBin {
        fn constructed(&self) {
            self.parent_constructed();
            let template = |name, direction| {
                gst::PadTemplate::new(name, direction, gst::PadPresence::Always, &gst::Caps::new_any())
                    .expect("names and caps of these templates are constant")
            };
            let sink = gst::GhostPad::builder_from_template(&template("sink", gst::PadDirection::Sink))
                .chain_function(|pad, parent, buffer| {
                    DecoderBin::catch_panic_pad_function(
                        parent,
                        || Err(gst::FlowError::Error),
                        |bin| bin.chain(pad, buffer),
                    )
                })
                .event_function(|pad, parent, event| {
                    DecoderBin::catch_panic_pad_function(parent, || false, |bin| bin.sink_event(pad, event))
                })
                .query_function(|pad, parent, query| {
                    DecoderBin::catch_panic_pad_function(parent, || false, |bin| bin.sink_query(pad, query))
                })
                .build();
            let source =
                gst::GhostPad::builder_from_template(&template("src", gst::PadDirection::Src)).build();
            drop_repeated_starts(&source);
            for pad in [sink, source] {
                self.obj()
                    .add_pad(&pad)
                    .expect("a new bin has no pads of these names");
            }
        }
    }

    impl GstObjectImpl for DecoderBin {}
    impl ElementImpl for DecoderBin {}

    impl BinImpl for DecoderBin {
        fn handle_message(&self, message: gst::Message) {
            if let gst::MessageView::Error(error) = message.view()
                && message.src() != Some(self.obj().upcast_ref())
            {
                gst::debug!(gst::CAT_RUST, imp = self, "decoder failed: {error:?}");
                lock(&self.state).failure = Some(error.error().message().trim_end_matches('.').to_owned());
                return;
            }
            self.parent_handle_message(message);
        }
    }

    impl DecoderBin {
        pub(super) fn prepare(&self, caps: &gst::Caps) -> Result<(), String> {
            {
                let mut state = lock(&self.state);
                state.parser = parser_for(caps);
                state.candidates = candidates(caps).into();
            }
            self.install_next(None)
        }

        fn chain(
            &self,
            pad: &gst::GhostPad,
            buffer: gst::Buffer,
        ) -> Result<gst::FlowSuccess, gst::FlowError> {
            {
                let mut state = lock(&self.state);
                if state.waits_for_key && buffer.flags().contains(gst::BufferFlags::DELTA_UNIT) {
                    return Ok(gst::FlowSuccess::Ok);
                }
                state.waits_for_key = false;
            }
            let result = gst::ProxyPad::chain_default(pad, Some(&*self.obj()), buffer);
            let failure = lock(&self.state).failure.take();
            match (result, failure) {
                (Err(gst::FlowError::Flushing | gst::FlowError::Eos), _) => result,
                (_, Some(failure)) => self.replace(pad, &failure, true),
                // A decoder that does not understand this stream says no more than this.
                (Err(gst::FlowError::NotNegotiated), None) => self.replace(pad, REFUSED, false),
                (result, None) => result,
            }
        }

        /// A decoder that refuses the format of the stream is replaced, too.
        fn sink_event(&self, pad: &gst::GhostPad, event: gst::Event) -> bool {
            let is_format = event.type_() == gst::EventType::Caps;
            let taken = gst::Pad::event_default(pad, Some(&*self.obj()), event);
            if taken || !is_format {
                return taken;
            }
            let failure = lock(&self.state).failure.take();
            let broken = failure.is_some();
            let failure = failure.unwrap_or(REFUSED.to_owned());
            self.replace(pad, &failure, broken).is_ok()
        }

        /// Whether a format is taken shows when it comes: another decoder may take what this one does not.
        fn sink_query(&self, pad: &gst::GhostPad, query: &mut gst::QueryRef) -> bool {
            if let gst::QueryViewMut::AcceptCaps(accept) = query.view_mut() {
                accept.set_result(true);
                return true;
            }
            gst::Pad::query_default(pad, Some(&*self.obj()), query)
        }

        /// Puts the next decoder in the place of the one that failed.
        fn replace(
            &self,
            pad: &gst::GhostPad,
            failure: &str,
            broken: bool,
        ) -> Result<gst::FlowSuccess, gst::FlowError> {
            let old = lock(&self.state).chain.take();
            let replaced = old.map(|chain| {
                if broken {
                    mark_failed(&chain.factory);
                }
                self.remove(&chain.elements);
                format!("decoder {} failed: {failure}", chain.factory.name())
            });
            if let Err(reason) = self.install_next(replaced) {
                gst::element_imp_error!(self, gst::StreamError::CodecNotFound, ("{}", reason));
                return Err(gst::FlowError::Error);
            }
            lock(&self.state).waits_for_key = true;
            // Nobody upstream may be able to make one; then the next regular one has to do.
            pad.push_event(
                gst_video::UpstreamForceKeyUnitEvent::builder()
                    .all_headers(true)
                    .build(),
            );
            Ok(gst::FlowSuccess::Ok)
        }

        /// Installs the first candidate that starts.
        fn install_next(&self, replaced: Option<String>) -> Result<(), String> {
            let mut tried: Vec<String> = replaced.iter().cloned().collect();
            loop {
                let (candidate, parser) = {
                    let mut state = lock(&self.state);
                    (state.candidates.pop_front(), state.parser)
                };
                let Some(factory) = candidate else {
                    return Err(match tried.is_empty() {
                        true => "no decoder for it is installed".to_owned(),
                        false => tried.join("; "),
                    });
                };
                match self.install(parser, &factory) {
                    Ok(elements) => {
                        let decoder = DecoderInfo {
                            element: factory.name().to_string(),
                            hardware: is_hardware(&factory),
                        };
                        let mut state = lock(&self.state);
                        state.chain = Some(Chain { factory, elements });
                        state.failure = None;
                        drop(state);
                        if let Some(told) = self.told.get() {
                            told(Told::Decoder { decoder, replaced });
                        }
                        return Ok(());
                    }
                    Err(reason) => tried.push(format!("{}: {reason}", factory.name())),
                }
            }
        }

        fn install(
            &self,
            parser: Option<&str>,
            factory: &gst::ElementFactory,
        ) -> Result<Vec<gst::Element>, String> {
            let mut elements = Vec::new();
            if let Some(parser) = parser {
                elements.push(crate::elements::make(parser, "parser").map_err(|error| error.to_string())?);
            }
            let decoder = factory
                .create()
                .name("decoder")
                .build()
                .map_err(|error| error.to_string())?;
            set_if_present(&decoder, "max-threads", DECODER_THREADS);
            set_if_present(&decoder, "automatic-request-sync-points", "true");
            self.note_stream(&decoder);
            elements.push(decoder.clone());
            let installed = self
                .obj()
                .add_many(&elements)
                .and_then(|()| gst::Element::link_many(&elements))
                .and_then(|()| self.aim(&elements))
                .map_err(|error| error.to_string())
                // A device that is not there shows now, whatever state the bin is in.
                .and_then(|()| {
                    decoder
                        .set_state(gst::State::Ready)
                        .map(drop)
                        .map_err(|_| UNUSABLE.to_owned())
                })
                .and_then(|()| {
                    elements.iter().try_for_each(|element| {
                        element.sync_state_with_parent().map_err(|_| UNUSABLE.to_owned())
                    })
                });
            match installed {
                Ok(()) => Ok(elements),
                Err(reason) => {
                    self.remove(&elements);
                    Err(lock(&self.state).failure.take().unwrap_or(reason))
                }
            }
        }

        /// Tells what reaches the decoder.
        fn note_stream(&self, decoder: &gst::Element) {
            let Some(pad) = decoder.static_pad("sink") else {
                return;
            };
            let bin = self.obj().downgrade();
            pad.add_probe(gst::PadProbeType::EVENT_DOWNSTREAM, move |_, info| {
                if let Some(gst::EventView::Caps(caps)) = info.event().map(|event| event.view())
                    && let Some(bin) = bin.upgrade()
                    && let Some(told) = bin.imp().told.get()
                {
                    told(Told::Stream(caps.caps_owned()));
                }
                gst::PadProbeReturn::Ok
            });
        }

        /// Points the pads of the bin at the elements.
        fn aim(&self, elements: &[gst::Element]) -> Result<(), glib::BoolError> {
            let ends = [("sink", elements.first()), ("src", elements.last())];
            for (name, element) in ends {
                let target = element.and_then(|element| element.static_pad(name));
                let ghost = self
                    .obj()
                    .static_pad(name)
                    .and_downcast::<gst::GhostPad>()
                    .expect("the bin was made with these pads");
                ghost.set_target(target.as_ref())?;
            }
            Ok(())
        }

        fn remove(&self, elements: &[gst::Element]) {
            for element in elements {
                // Both fail only for elements that never got in.
                let _ = element.set_state(gst::State::Null);
                let _ = self.obj().remove(element);
            }
        }
    }

    /// A new decoder begins its stream anew; downstream it is still the same one, and a movement under way goes on.
    fn drop_repeated_starts(source: &gst::GhostPad) {
        let started = std::sync::atomic::AtomicBool::new(false);
        source.add_probe(gst::PadProbeType::EVENT_DOWNSTREAM, move |_, info| {
            let starts = info
                .event()
                .is_some_and(|event| event.type_() == gst::EventType::StreamStart);
            if starts && started.swap(true, std::sync::atomic::Ordering::Relaxed) {
                return DROPPED;
            }
            gst::PadProbeReturn::Ok
        });
    }
}
