//! The synthetic athlete, drawn as time goes by.

use super::Surroundings;
use crate::elements::make;
use crate::live::{Demo, LiveError};
use crate::measuring::movement_name;
use gst::prelude::*;
use kinemotion_motion::MovementChoice;
use std::time::Duration;
use synthetic_athlete::{Clip, Colorimetry, Footage, Movement, Rate};

/// Frames per second.
const FPS: u32 = 30;

/// Adds `appsrc` to the pipeline; its own thread draws each frame and hands it on when it is due.
pub(super) fn build(
    around: &Surroundings<'_>,
    options: Demo,
    movement: MovementChoice,
) -> Result<(), LiveError> {
    let failed = |reason: String| LiveError::Source {
        source_name: "demo".into(),
        reason,
    };
    let footage = footage(movement).map_err(failed)?;
    let caps = gst_video::VideoInfo::builder(gst_video::VideoFormat::I420, footage.width(), footage.height())
        .fps(gst::Fraction::new(FPS as i32, 1))
        .colorimetry(&gst_video::VideoColorimetry::new(
            gst_video::VideoColorRange::Range16_235,
            gst_video::VideoColorMatrix::Bt709,
            gst_video::VideoTransferFunction::Bt709,
            gst_video::VideoColorPrimaries::Bt709,
        ))
        .build()
        .and_then(|layout| layout.to_caps())
        .map_err(|error| failed(error.to_string()))?;
    let source = make("appsrc", "demo")?
        .downcast::<gst_app::AppSrc>()
        .map_err(|_| failed("appsrc is something else here".into()))?;
    source.set_caps(Some(&caps));
    source.set_format(gst::Format::Time);
    source.set_is_live(true);
    let mut artist = Artist {
        footage,
        next: 0,
        last: options.duration.map(frames_in),
        planes: Vec::new(),
    };
    source.set_callbacks(
        gst_app::AppSrcCallbacks::builder()
            .need_data(move |source, _| artist.give_one(source))
            .build(),
    );
    around
        .pipeline
        .add(&source)
        .map_err(|error| failed(error.to_string()))?;
    let pad = source.static_pad("src").expect("appsrc has a src pad");
    around.intake.take(&pad, &caps)
}

fn frames_in(duration: Duration) -> u64 {
    (duration.as_secs_f64() * f64::from(FPS)) as u64
}

/// Draws frames when they are due.
struct Artist {
    footage: Footage,
    next: u64,
    last: Option<u64>,
    planes: Vec<u8>,
}

impl Artist {
    /// Draws the next frame, waits until it is due and hands it on. Called on the thread of the source alone, which is
    /// made for waiting.
    fn give_one(&mut self, source: &gst_app::AppSrc) {
        let (Some(clock), Some(base)) = (source.clock(), source.base_time()) else {
            return;
        };
        // A slow machine leaves frames out, as a camera does.
        let now = clock.time().saturating_sub(base);
        self.next = self.next.max(index_at(now));
        if self.last.is_some_and(|last| self.next >= last) {
            // Fails only when the pipeline is stopping already.
            let _ = source.end_of_stream();
            return;
        }
        let pts = time_of(self.next);
        let frame = (self.next % self.footage.frame_count() as u64) as usize;
        self.footage
            .render_i420(frame, Colorimetry::Bt709, &mut self.planes);
        let mut buffer = gst::Buffer::from_slice(std::mem::take(&mut self.planes));
        if let Some(buffer) = buffer.get_mut() {
            buffer.set_pts(pts);
            buffer.set_duration(time_of(self.next + 1) - pts);
        }
        // Comes back early only when the clock was changed, and then the frame is early: no harm.
        let _ = clock.new_single_shot_id(base + pts).wait();
        self.next += 1;
        // Fails only when the pipeline is stopping.
        let _ = source.push_buffer(buffer);
    }
}

fn time_of(frame: u64) -> gst::ClockTime {
    gst::ClockTime::from_nseconds(frame * 1_000_000_000 / u64::from(FPS))
}

/// The frame that is due at a time, or the next one.
fn index_at(time: gst::ClockTime) -> u64 {
    (time.nseconds() * u64::from(FPS)).div_ceil(1_000_000_000)
}

fn footage(movement: MovementChoice) -> Result<Footage, String> {
    let name = match movement_name(movement) {
        "auto" => "cmj",
        name => name,
    };
    let movement = Movement::named(name)
        .ok_or_else(|| format!("the synthetic athlete does not know the movement {name}"))?;
    let clip = Clip {
        fps: Rate::from(FPS),
        ..Clip::of(movement)
    };
    clip.build().map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_athlete_knows_every_registered_movement() {
        for movement in kinemotion_motion::movements::all() {
            footage(MovementChoice::Named(movement.name)).expect("footage");
        }
    }

    #[test]
    fn frames_are_due_when_their_time_has_come() {
        for frame in [0, 1, 2, 1000, 123_456] {
            assert_eq!(index_at(time_of(frame)), frame);
            assert_eq!(
                index_at(time_of(frame) + gst::ClockTime::from_mseconds(1)),
                frame + 1
            );
        }
    }
}
