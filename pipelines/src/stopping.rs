//! A pipeline that stops on every way out.

use gst::prelude::*;

/// Stops its pipeline when dropped. Its bus is let go of too, so that no closure on it keeps anything alive.
pub(crate) struct Stopping(pub gst::Pipeline);

impl Drop for Stopping {
    fn drop(&mut self) {
        // Going to NULL cannot fail in a way that anybody could act on.
        let _ = self.0.set_state(gst::State::Null);
        if let Some(bus) = self.0.bus() {
            bus.unset_sync_handler();
        }
    }
}
