//! Encoded frames from one encoder to any number of consumers.
//!
//! A consumer begins at a key frame. When its queue is full, everything up to the next key frame is dropped and one is
//! asked for: half a group of pictures is worth nothing.

use crate::live::meter::Counter;
use crate::sync::lock;
use gst::prelude::*;
use gst_app::{AppSink, AppSrc};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

/// Access units a consumer may have waiting: two seconds at 30 frames per second.
const MOST_WAITING: u64 = 60;

/// What time stamps a consumer gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stamps {
    /// Those of the session's events.
    OfSession,
    /// From zero at the first frame it gets.
    FromZero,
}

/// A consumer of encoded video: H.264 access units in byte-stream format.
pub(crate) struct Subscriber {
    pub source: AppSrc,
    stamps: Stamps,
    /// Whether it can take no other picture size.
    one_size: bool,
    started: AtomicBool,
    first: Mutex<Option<gst::ClockTime>>,
    pub sent: Counter,
    pub dropped: Counter,
}

impl Subscriber {
    /// A consumer that begins at the next key frame.
    pub fn new(source: AppSrc, stamps: Stamps, one_size: bool) -> Arc<Self> {
        source.set_format(gst::Format::Time);
        source.set_is_live(true);
        // The fan-out looks before it gives; the queue itself is never full.
        source.set_max_buffers(0);
        source.set_max_bytes(0);
        Arc::new(Self {
            source,
            stamps,
            one_size,
            started: AtomicBool::new(false),
            first: Mutex::default(),
            sent: Counter::default(),
            dropped: Counter::default(),
        })
    }

    /// Takes an access unit, or asks for a key frame by returning true.
    fn give(&self, unit: &Unit) -> bool {
        let Unit { buffer, caps, .. } = unit;
        let key = !buffer.flags().contains(gst::BufferFlags::DELTA_UNIT);
        if !key && !self.started.load(Ordering::Relaxed) {
            return false;
        }
        if self.source.current_level_buffers() >= MOST_WAITING {
            self.dropped.add(1);
            self.started.store(false, Ordering::Relaxed);
            return true;
        }
        self.started.store(true, Ordering::Relaxed);
        if self.source.caps().as_ref() != Some(caps) {
            self.source.set_caps(Some(caps));
        }
        // Fails when the consumer is stopping; it is removed in a moment.
        if self.source.push_buffer(self.stamped(unit)).is_ok() {
            self.sent.add(1);
        }
        false
    }

    fn stamped(&self, Unit { buffer, time, .. }: &Unit) -> gst::Buffer {
        let mut copy = buffer.copy();
        if let Some(copy) = copy.get_mut() {
            let (pts, dts) = match self.stamps {
                Stamps::OfSession => (*time, None),
                Stamps::FromZero => {
                    let first = buffer.dts().or(buffer.pts()).unwrap_or_default();
                    let first = *lock(&self.first).get_or_insert(first);
                    let rebase = |time: gst::ClockTime| time.saturating_sub(first);
                    (buffer.pts().map(rebase), buffer.dts().map(rebase))
                }
            };
            copy.set_pts(pts);
            copy.set_dts(dts);
        }
        copy
    }
}

/// An encoded picture.
struct Unit {
    buffer: gst::Buffer,
    caps: gst::Caps,
    /// When it was in the session; encoders may count from somewhere else.
    time: Option<gst::ClockTime>,
}

impl Unit {
    fn of(sample: &gst::SampleRef) -> Option<Self> {
        let (buffer, caps) = (sample.buffer_owned()?, sample.caps_owned()?);
        let segment = sample.segment()?.downcast_ref::<gst::ClockTime>()?;
        let time = segment.to_running_time(buffer.pts());
        Some(Self { buffer, caps, time })
    }
}

/// The consumers of an encoder.
#[derive(Default)]
pub(crate) struct Fanout {
    subscribers: Mutex<Vec<Arc<Subscriber>>>,
    encoder: Mutex<Option<gst::glib::WeakRef<AppSink>>>,
}

impl Fanout {
    /// Adds a consumer, whose requests for key frames reach the encoder from now on.
    pub fn add(self: &Arc<Self>, subscriber: Arc<Subscriber>) {
        let fanout = Arc::downgrade(self);
        let pad = subscriber.source.static_pad("src").expect("appsrc has a src pad");
        pad.add_probe(gst::PadProbeType::EVENT_UPSTREAM, move |_, info| {
            if info
                .event()
                .is_some_and(|event| gst_video::ForceKeyUnitEvent::is(event))
                && let Some(fanout) = fanout.upgrade()
            {
                fanout.request_key_frame();
            }
            gst::PadProbeReturn::Ok
        });
        lock(&self.subscribers).push(subscriber);
    }

    /// Removes a consumer.
    pub fn remove(&self, subscriber: &Arc<Subscriber>) {
        lock(&self.subscribers).retain(|other| !Arc::ptr_eq(other, subscriber));
    }

    /// Whether nobody takes anything.
    pub fn is_empty(&self) -> bool {
        lock(&self.subscribers).is_empty()
    }

    /// Whether somebody can take no other picture size.
    pub fn needs_one_size(&self) -> bool {
        lock(&self.subscribers)
            .iter()
            .any(|subscriber| subscriber.one_size)
    }

    /// Takes its access units from this sink from now on.
    pub fn feed_from(&self, sink: &AppSink) {
        *lock(&self.encoder) = Some(sink.downgrade());
    }

    /// Gives an access unit to everybody.
    pub fn give(&self, sample: &gst::SampleRef) {
        let Some(unit) = Unit::of(sample) else { return };
        let subscribers = lock(&self.subscribers).clone();
        let mut key_wanted = false;
        for subscriber in &subscribers {
            key_wanted |= subscriber.give(&unit);
        }
        if key_wanted {
            self.request_key_frame();
        }
    }

    /// Asks the encoder for a key frame.
    pub fn request_key_frame(&self) {
        let encoder = lock(&self.encoder).as_ref().and_then(|encoder| encoder.upgrade());
        if let Some(encoder) = encoder {
            let request = gst_video::UpstreamForceKeyUnitEvent::builder()
                .all_headers(true)
                .build();
            encoder.send_event(request);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// x264enc counts from here, so that no time to decode at is below zero.
    const ENCODER_START: gst::ClockTime = gst::ClockTime::from_seconds(1000 * 3600);

    fn unit(key: bool, ms: u64) -> gst::Sample {
        let mut buffer = gst::Buffer::with_size(8).expect("a buffer");
        if let Some(buffer) = buffer.get_mut() {
            buffer.set_pts(ENCODER_START + gst::ClockTime::from_mseconds(ms));
            if !key {
                buffer.set_flags(gst::BufferFlags::DELTA_UNIT);
            }
        }
        let caps = gst::Caps::new_empty_simple("video/x-h264");
        let mut segment = gst::FormattedSegment::<gst::ClockTime>::new();
        segment.set_start(ENCODER_START);
        gst::Sample::builder()
            .buffer(&buffer)
            .caps(&caps)
            .segment(&segment)
            .build()
    }

    fn subscriber() -> (Arc<Fanout>, Arc<Subscriber>) {
        subscriber_with(Stamps::FromZero)
    }

    fn subscriber_with(stamps: Stamps) -> (Arc<Fanout>, Arc<Subscriber>) {
        gst::init().expect("GStreamer");
        let fanout = Arc::<Fanout>::default();
        let subscriber = Subscriber::new(AppSrc::builder().build(), stamps, false);
        fanout.add(subscriber.clone());
        (fanout, subscriber)
    }

    #[test]
    fn a_consumer_begins_at_a_key_frame() {
        let (fanout, subscriber) = subscriber();
        fanout.give(&unit(false, 0));
        assert_eq!(subscriber.sent.get(), 0);
        fanout.give(&unit(true, 33));
        fanout.give(&unit(false, 66));
        assert_eq!(subscriber.sent.get(), 2);
    }

    #[test]
    fn a_slow_consumer_loses_everything_up_to_the_next_key_frame_and_its_queue_stays_bounded() {
        let (fanout, subscriber) = subscriber();
        fanout.give(&unit(true, 0));
        for n in 1..200 {
            fanout.give(&unit(false, n));
        }
        assert_eq!(subscriber.source.current_level_buffers(), MOST_WAITING);
        assert_eq!(subscriber.sent.get(), MOST_WAITING);
        assert!(subscriber.dropped.get() > 0);
    }

    fn stamp(subscriber: &Subscriber, ms: u64) -> Option<gst::ClockTime> {
        let unit = Unit::of(&unit(true, ms)).expect("a unit");
        subscriber.stamped(&unit).pts()
    }

    #[test]
    fn time_of_a_recording_begins_at_zero() {
        let (_, subscriber) = subscriber();
        assert_eq!(stamp(&subscriber, 5000), Some(gst::ClockTime::ZERO));
        assert_eq!(stamp(&subscriber, 5033), Some(gst::ClockTime::from_mseconds(33)));
    }

    #[test]
    fn time_of_a_viewer_is_that_of_the_events_wherever_the_encoder_counts_from() {
        let (_, subscriber) = subscriber_with(Stamps::OfSession);
        assert_eq!(
            stamp(&subscriber, 5000),
            Some(gst::ClockTime::from_mseconds(5000))
        );
    }
}
