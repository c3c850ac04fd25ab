//! DTLS of a connection outlives its timers.
//!
//! `dtlsenc` and `dtlsdec` share a connection whose handshake is repeated by a timer of the system clock. The timer holds the connection until it
//! has run, a second after the handshake began. When the elements go in that second, the clock's thread lets go of the connection while
//! another takes the elements down, and both tear at the signals between them (`g_signal_connect_object` is not made for that): one
//! in thousands of short sessions ended the process. So the elements are held until the timer has run, and then let go of by the
//! clock's thread, which does one thing after the other.

use crate::sync::lock;
use gst::prelude::*;
use std::sync::{Arc, Mutex};

/// So long after a connection its DTLS is let go of: the first repetition is due after one second, the second after two more (RFC 6347, section 4.2.4.1).
const OUTLIVES: gst::ClockTime = gst::ClockTime::from_seconds(4);

/// The DTLS elements of a `webrtcbin`. To be dropped when it has stopped.
#[derive(Debug, Default)]
pub(crate) struct Dtls(Arc<Mutex<Vec<gst::Element>>>);

impl Dtls {
    /// Those that a `webrtcbin` gets from now on.
    pub fn of(webrtcbin: &gst::Element) -> Self {
        let all = Self::default();
        let held = all.0.clone();
        webrtcbin.connect("deep-element-added", false, move |values| {
            let element: gst::Element = values.get(2)?.get().ok()?;
            let is_dtls = element
                .factory()
                .is_some_and(|factory| factory.name().starts_with("dtls"));
            if is_dtls {
                lock(&held).push(element);
            }
            None
        });
        all
    }
}

impl Drop for Dtls {
    fn drop(&mut self) {
        let elements = std::mem::take(&mut *lock(&self.0));
        let clock = gst::SystemClock::obtain();
        let later = clock.new_single_shot_id(clock.time() + OUTLIVES);
        // A clock that does not take it lets go at once, which is what happens without all this.
        let _ = later.wait_async(move |_, _, _| drop(elements));
    }
}
