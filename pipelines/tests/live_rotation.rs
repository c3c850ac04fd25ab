//! A publisher whose camera is held another way says so in a header extension of RTP (CVO); the picture is turned once.

mod support;

use gst::prelude::*;
use kinemotion_pipelines::live::LiveSpec;
use std::ops::{ControlFlow, Range};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Instant;
use support::peer::Offerer;
use support::screen::{Picture, Screen};
use support::{PATIENCE, Started, VP8, start, waiting};

/// Number of the extension in the offer.
const EXTENSION: u8 = 4;
const LINE: &str = "a=extmap:4 urn:3gpp:video-orientation\r\n";

/// Publishes a picture that is black at its top and white at its bottom, with the returned quarter turns in its packets.
fn publish(started: &Started) -> (Offerer, Arc<AtomicU8>) {
    let publisher = Offerer::streams(&format!(
        "videotestsrc is-live=true pattern=gradient ! video/x-raw,width=320,height=240,framerate=30/1 ! {VP8} name=payloader \
         ! peer."
    ));
    let turns = Arc::new(AtomicU8::new(0));
    let held = turns.clone();
    let pad = publisher.element("payloader").static_pad("src").expect("its pad");
    let kinds = gst::PadProbeType::BUFFER | gst::PadProbeType::BUFFER_LIST;
    pad.add_probe(kinds, move |_, info| {
        let turn = held.load(Ordering::Relaxed);
        match &mut info.data {
            Some(gst::PadProbeData::Buffer(packet)) => say(packet, turn),
            Some(gst::PadProbeData::BufferList(packets)) => {
                packets.make_mut().foreach_mut(|mut packet, _| {
                    say(&mut packet, turn);
                    ControlFlow::Continue(Some(packet))
                });
            }
            _ => {}
        }
        gst::PadProbeReturn::Ok
    });
    // Payloaders of GStreamer do not know this extension, so the offer does not name it.
    let (before, video) = {
        let offer = publisher.offer();
        let at = offer.find("m=video").expect("a video section");
        (offer[..at].to_owned(), offer[at..].to_owned())
    };
    let offer = format!(
        "{before}{}",
        video.replacen("a=mid:", &format!("{LINE}a=mid:"), 1)
    );
    let answer = started.session.answer(&offer).expect("an answer");
    assert!(answer.contains(LINE.trim_end()), "{answer}");
    publisher.accept(&answer.replace(LINE, ""));
    (publisher, turns)
}

fn say(packet: &mut gst::Buffer, turn: u8) {
    let mut packet = gst_rtp::RTPBuffer::from_buffer_writable(packet.make_mut()).expect("RTP");
    packet
        .add_extension_onebyte_header(EXTENSION, &[turn])
        .expect("room for it");
}

/// Waits until frames have this size; returns the brightness of their edges.
fn edges(started: &Started, width: usize, height: usize) -> [f64; 4] {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("snapshot.jpg");
    let deadline = Instant::now() + PATIENCE;
    loop {
        let jpeg = started.session.snapshot().expect("a picture");
        std::fs::write(&file, jpeg).expect("a file");
        let screen = Screen::of(&format!("filesrc location={} ! jpegdec", file.display()));
        let picture = screen.next().expect("a picture");
        if (picture.width, picture.height) == (width, height) {
            return brightness(&picture);
        }
        assert!(Instant::now() < deadline, "{:?}", started.session.info());
        started.wait_for_frame();
    }
}

/// Mean brightness of the left, right, upper and lower quarter.
fn brightness(picture: &Picture) -> [f64; 4] {
    let (width, height) = (picture.width, picture.height);
    let mean = |columns: Range<usize>, rows: Range<usize>| {
        let count = (columns.len() * rows.len()) as f64;
        let grey = |row: usize, column: usize| f64::from(picture.rgba[(row * width + column) * 4]);
        let pixels = rows.flat_map(|row| columns.clone().map(move |column| (row, column)));
        pixels.map(|(row, column)| grey(row, column)).sum::<f64>() / count
    };
    let (across, down) = (width / 4, height / 4);
    [
        mean(0..across, 0..height),
        mean(width - across..width, 0..height),
        mean(0..width, 0..down),
        mean(0..width, height - down..height),
    ]
}

#[test]
fn a_camera_that_is_turned_is_followed_and_the_picture_stays_upright() {
    let started = start(LiveSpec {
        overlay: false,
        ..waiting()
    });
    let (_publisher, turns) = publish(&started);
    started.wait_for_frame();
    let [_, _, top, bottom] = edges(&started, 320, 240);
    assert!(top + 50.0 < bottom, "as it came: {top} {bottom}");
    // A quarter turn clockwise brings the top to the right.
    turns.store(1, Ordering::Relaxed);
    let [left, right, ..] = edges(&started, 240, 320);
    assert!(right + 50.0 < left, "a quarter turn: {left} {right}");
    turns.store(2, Ordering::Relaxed);
    let [_, _, top, bottom] = edges(&started, 320, 240);
    assert!(bottom + 50.0 < top, "half a turn: {top} {bottom}");
    turns.store(3, Ordering::Relaxed);
    let [left, right, ..] = edges(&started, 240, 320);
    assert!(left + 50.0 < right, "three quarter turns: {left} {right}");
}
