//! `kinemotion serve` as its clients meet it: the real program, over HTTP.

mod athlete;
mod client;
mod daemon;
mod events;
mod life;
/// The other side of a WebRTC connection, shared with the tests of pipelines.
#[allow(dead_code)]
#[path = "../../../pipelines/tests/support/peer.rs"]
mod peer;
mod publishing;
mod refusals;
mod surface;
mod whip;

/// Longer than any event of these tests may take to come, on a machine that is busy with other things.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(60);

/// Makes GStreamer ready.
fn init() {
    gst::init().expect("GStreamer");
}
