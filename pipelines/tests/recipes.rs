//! The recipes for `gst-launch-1.0` do what their headings say.

mod support;

use std::io::{BufRead, BufReader};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use support::PATIENCE;
use support::recipe::{self, Recipe, SIZE, STAGE, camera};
use support::rtsp_camera::RtspCamera;
use support::screen::{DRAWN, Picture, Screen, pictures_of_mp4, srt_receiver};

/// Pixels that happen to have the colours of the skeleton in a picture without graphics.
const CHANCE: usize = 10;
/// The end of a pipeline that keeps the picture.
const INTO_MP4: &str =
    "x264enc tune=zerolatency ! video/x-h264,profile=high ! h264parse ! mp4mux ! filesink location";

/// Pictures with graphics among many; the first ones come before anybody has been found.
fn drawn(pictures: &[Picture]) -> usize {
    pictures
        .iter()
        .filter(|picture| picture.skeleton() >= DRAWN)
        .count()
}

fn assert_nearly_all_are_drawn_on(pictures: &[Picture]) {
    let (all, drawn) = (pictures.len(), drawn(pictures));
    assert!(all >= 10 && drawn * 10 >= all * 9, "{drawn} of {all}");
}

/// A port nobody listens at.
fn free_tcp_port() -> u16 {
    let socket = TcpListener::bind("127.0.0.1:0").expect("a port");
    socket.local_addr().expect("its address").port()
}

#[test]
fn every_recipe_is_in_the_readme() {
    let readme = std::fs::read_to_string(recipe::folder().join("README.md")).expect("a readme");
    for entry in std::fs::read_dir(recipe::folder()).expect("the folder") {
        let name = entry.expect("a file").file_name().into_string().expect("a name");
        assert!(
            name == "README.md" || readme.contains(&name),
            "{name} is not in the readme"
        );
    }
}

#[test]
fn a_camera_reaches_an_srt_receiver_with_graphics() {
    let (screen, address) = srt_receiver();
    let sender = Recipe::new("camera-to-srt.sh")
        .env("SOURCE", camera())
        .env("DESTINATION", address)
        .start();
    let first = screen.next().expect("a picture");
    assert_eq!((first.width, first.height), SIZE);
    let caps = screen.caps_of("stream");
    let profile = caps
        .structure(0)
        .and_then(|caps| caps.get::<&str>("profile").ok());
    assert_eq!(profile, Some("high"), "hardly anything plays the 4:4:4 profile");
    assert_nearly_all_are_drawn_on(&screen.rest());
    sender.wait_for_end();
}

#[test]
fn a_file_becomes_an_mp4_with_graphics_and_no_frame_less() {
    let folder = tempfile::tempdir().expect("a folder");
    let overlay = folder.path().join("overlay.mp4");
    Recipe::new("file-to-mp4.sh").arg(&STAGE.clip).arg(&overlay).run();
    let pictures = pictures_of_mp4(&overlay);
    assert_eq!(pictures.len(), STAGE.frames);
    assert_nearly_all_are_drawn_on(&pictures);
    assert!(
        pictures_of_mp4(&STAGE.clip)
            .iter()
            .all(|picture| picture.skeleton() <= CHANCE)
    );
}

#[test]
fn an_rtsp_camera_becomes_hls_with_graphics() {
    let camera = RtspCamera::start();
    let folder = tempfile::tempdir().expect("a folder");
    Recipe::new("rtsp-to-hls.sh")
        .arg(camera.address())
        .arg(folder.path())
        .run();
    let playlist = std::fs::read_to_string(folder.path().join("index.m3u8")).expect("a playlist");
    let segments = playlist.lines().filter(|line| line.ends_with(".ts"));
    let pictures: Vec<Picture> = segments
        .flat_map(|name| pictures_of_ts(&folder.path().join(name)))
        .collect();
    assert_nearly_all_are_drawn_on(&pictures);
}

fn pictures_of_ts(path: &Path) -> Vec<Picture> {
    let path = path.display();
    Screen::of(&format!(
        "filesrc location={path} ! tsdemux ! h264parse ! avdec_h264"
    ))
    .rest()
}

#[test]
fn a_mixer_gets_the_clean_picture_and_the_graphics_with_alpha() {
    let folder = tempfile::tempdir().expect("a folder");
    let (clean, graphics) = (
        folder.path().join("clean.mp4"),
        folder.path().join("graphics.bgra"),
    );
    Recipe::new("key-and-fill.sh")
        .env("SOURCE", camera())
        .env("CLEAN", format!("{INTO_MP4}={}", clean.display()))
        .env("GRAPHICS", format!("filesink location={}", graphics.display()))
        .run();
    let clean = pictures_of_mp4(&clean);
    assert!(clean.len() >= 20 && clean.iter().all(|picture| picture.skeleton() <= CHANCE));
    let mut graphics = std::fs::read(graphics).expect("graphics");
    let (width, height) = SIZE;
    let pictures: Vec<Picture> = graphics
        .chunks_exact_mut(width * height * 4)
        .map(|bgra| {
            for pixel in bgra.chunks_exact_mut(4) {
                pixel.swap(0, 2);
            }
            Picture {
                width,
                height,
                rgba: bgra.to_vec(),
            }
        })
        .collect();
    assert_nearly_all_are_drawn_on(&pictures);
    for picture in &pictures {
        let transparent = picture.rgba.chunks_exact(4).filter(|pixel| pixel[3] == 0).count();
        assert!(
            transparent * 2 > width * height,
            "only {transparent} pixels show the mixer's picture"
        );
    }
}

#[test]
fn two_keyer_inputs_get_the_graphics_on_black_and_their_opacity() {
    let ((fill, fill_address), (matte, matte_address)) = (srt_receiver(), srt_receiver());
    let sender = Recipe::new("fill-and-matte-to-srt.sh")
        .env("SOURCE", camera())
        .env("FILL", fill_address)
        .env("MATTE", matte_address)
        .start();
    // Both are read as they come, so that neither holds up the other.
    let (fill, matte) = std::thread::scope(|scope| {
        let fill = scope.spawn(|| fill.rest());
        let matte = matte.rest();
        (fill.join().expect("pictures of the fill"), matte)
    });
    sender.wait_for_end();
    assert_nearly_all_are_drawn_on(&fill);
    assert!(!matte.iter().any(Picture::has_colour), "a matte is grey");
    let shown = matte.iter().filter(|picture| picture.brighter_than(220) >= DRAWN);
    assert!(shown.count() * 10 >= matte.len() * 9);
}

#[test]
fn two_cameras_stand_side_by_side_each_with_its_graphics() {
    let folder = tempfile::tempdir().expect("a folder");
    let views = folder.path().join("views.mp4");
    Recipe::new("multi-view.sh")
        .arg(camera())
        .arg(camera())
        .env("OUTPUT", format!("{INTO_MP4}={}", views.display()))
        .run();
    let pictures = pictures_of_mp4(&views);
    let last = pictures.last().expect("a picture");
    assert_eq!((last.width, last.height), (2 * SIZE.0, SIZE.1));
    // The compositor begins before anybody has been found, and repeats pictures on a busy machine.
    let both = pictures.iter().filter(|picture| {
        picture.skeleton_within(0, SIZE.0) >= DRAWN && picture.skeleton_within(SIZE.0, 2 * SIZE.0) >= DRAWN
    });
    let (both, all) = (both.count(), pictures.len());
    assert!(both >= 20 && both * 2 >= all, "{both} of {all}");
}

#[test]
fn whoever_connects_reads_the_jump_as_lines_of_json() {
    let port = free_tcp_port();
    let sender = Recipe::new("metrics-to-tcp.sh")
        .env("SOURCE", camera())
        .env("PORT", port.to_string())
        .start();
    sender.wait_until_it_plays();
    let socket = TcpStream::connect(("127.0.0.1", port)).expect("a connection");
    socket.set_read_timeout(Some(PATIENCE)).expect("a bounded wait");
    let events: Vec<serde_json::Value> = BufReader::new(socket)
        .lines()
        .map(|line| serde_json::from_str(&line.expect("a line")).expect("JSON"))
        .collect();
    sender.wait_for_end();
    let repetition = events.iter().find(|event| event["type"] == "repetition");
    let repetition = repetition.unwrap_or_else(|| panic!("no jump in {events:?}"));
    let height = repetition["data"]["metrics"]["jump_height_m"].as_f64();
    assert!(
        height.is_some_and(|height| (0.30..0.40).contains(&height)),
        "{repetition}"
    );
}
