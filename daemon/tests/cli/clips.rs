//! Rendered clips, made once per test run.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use synthetic_athlete::video::{EncodeOptions, write};
use synthetic_athlete::{Camera, Clip, Cmj, Movement, Standing, Truth};

/// A clip and what is true about it.
pub struct Sample {
    pub path: PathBuf,
    pub truth: Truth,
}

/// Small enough to be quick, large enough for the pose models.
fn camera() -> Camera {
    Camera {
        width: 426,
        height: 240,
        view_m: 2.7,
        ..Camera::default()
    }
}

fn jump_clip() -> Clip {
    let jump = Cmj {
        lead_s: 0.5,
        tail_s: 0.5,
        ..Cmj::default()
    };
    Clip {
        camera: camera(),
        ..Clip::of(Movement::Cmj(jump))
    }
}

fn render(name: &str, clip: &Clip, options: EncodeOptions) -> Sample {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let footage = clip.build().expect("the clip is possible");
    write(&footage, &path, &options, |_, _| {}).expect("the clip can be encoded");
    Sample {
        path,
        truth: footage.truth(),
    }
}

/// One countermovement jump at 60 frames/s.
pub fn jump() -> &'static Sample {
    static SAMPLE: OnceLock<Sample> = OnceLock::new();
    SAMPLE.get_or_init(|| render("jump.mp4", &jump_clip(), EncodeOptions::default()))
}

/// The same jump, stored lying on its side with a note to turn it.
pub fn turned_jump() -> &'static Sample {
    static SAMPLE: OnceLock<Sample> = OnceLock::new();
    let options = EncodeOptions {
        quarter_turns: 1,
        ..EncodeOptions::default()
    };
    SAMPLE.get_or_init(|| render("turned.mp4", &jump_clip(), options))
}

/// The same jump with a variable frame rate.
pub fn uneven_jump() -> &'static Sample {
    static SAMPLE: OnceLock<Sample> = OnceLock::new();
    let clip = Clip {
        frame_jitter: 0.8,
        ..jump_clip()
    };
    SAMPLE.get_or_init(|| render("uneven.mp4", &clip, EncodeOptions::default()))
}

/// Somebody who stands still for a second.
pub fn still() -> &'static Sample {
    static SAMPLE: OnceLock<Sample> = OnceLock::new();
    let standing = Standing {
        seconds: 1.0,
        ..Standing::default()
    };
    let clip = Clip {
        camera: camera(),
        fps: 30.into(),
        ..Clip::of(Movement::Standing(standing))
    };
    SAMPLE.get_or_init(|| render("still.mp4", &clip, EncodeOptions::default()))
}
