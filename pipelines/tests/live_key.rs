//! The graphics of a session for the two inputs of a keyer.

mod support;

use kinemotion_pipelines::live::{LiveSpec, Push, PushState};
use support::screen::{DRAWN, Picture, Screen, srt_receiver};
use support::{demo, start};

/// The first picture in which `wanted` finds what it looks for; there is one before the session ends.
fn first(screen: &Screen, wanted: impl Fn(&Picture) -> bool) -> Picture {
    std::iter::from_fn(|| screen.next())
        .find(wanted)
        .expect("such a picture")
}

#[test]
fn a_keyer_gets_the_graphics_on_black_and_their_opacity_whatever_the_picture_shows() {
    let ((fill, fill_address), (matte, matte_address)) = (srt_receiver(), srt_receiver());
    let started = start(LiveSpec {
        overlay: false,
        outputs: vec![Push::Fill(fill_address), Push::Matte(matte_address)],
        ..demo()
    });
    // Both are read as they come, so that neither holds up the other.
    let (fill, matte) = std::thread::scope(|scope| {
        let fill = scope.spawn(|| first(&fill, |picture| picture.skeleton() >= DRAWN));
        let matte = first(&matte, |picture| picture.brighter_than(220) >= DRAWN);
        (fill.join().expect("pictures of the fill"), matte)
    });
    for (name, picture) in [("fill", &fill), ("matte", &matte)] {
        let black = picture.width * picture.height - picture.brighter_than(24);
        assert!(
            black * 2 > picture.width * picture.height,
            "{name}: {black} black"
        );
    }
    assert!(!matte.has_colour(), "a matte is grey");
    let info = started.session.info();
    let kinds: Vec<_> = info.pushes.iter().map(|push| (push.kind, push.state)).collect();
    assert_eq!(
        kinds,
        [("fill", PushState::Running), ("matte", PushState::Running)],
        "{info:?}"
    );
}
