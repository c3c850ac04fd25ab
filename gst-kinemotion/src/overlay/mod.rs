//! Broadcast graphics: skeleton, joint angles, phase banner, live numbers, last repetition.
//!
//! [`Overlay`] knows no GStreamer element: it draws a [`Scene`] on a [`Surface`], and remembers between frames what must
//! not flicker.

mod angles;
mod color;
mod display;
mod font;
mod glyphs;
mod labels;
mod layout;
mod mask;
mod panels;
mod skeleton;
mod surface;

pub use labels::{short_label, shown_rank};
pub(crate) use surface::{DRAWABLE_FORMATS, Surface};

use crate::meta::{Motion, Poses};
use display::Display;
use font::Font;
use layout::Layout;
use mask::Mask;

/// What is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Options {
    pub skeleton: bool,
    pub angles: bool,
    pub banner: bool,
    pub metrics: bool,
}

impl Options {
    /// Whether nothing at all is drawn.
    pub(crate) fn is_empty(self) -> bool {
        !(self.skeleton || self.angles || self.banner || self.metrics)
    }
}

/// What is known at a frame.
#[derive(Clone, Copy)]
pub(crate) struct Scene<'a> {
    pub poses: Option<&'a Poses>,
    pub motion: Option<&'a Motion>,
    /// Media time, seconds; only differences matter.
    pub time: f64,
}

/// Draws scenes of one stream.
#[derive(Default)]
pub(crate) struct Overlay {
    display: Display,
    font: Font,
    mask: Mask,
}

/// The tools every part draws with.
struct Brush<'a, 's> {
    surface: &'a mut Surface<'s>,
    font: &'a mut Font,
    mask: &'a mut Mask,
    layout: Layout,
}

impl Overlay {
    /// Draws on a picture.
    pub(crate) fn draw(&mut self, surface: &mut Surface<'_>, scene: &Scene<'_>, options: Options) {
        let layout = Layout::new(
            surface.width(),
            surface.height(),
            scene.poses.map(|poses| poses.frame),
        );
        self.display.advance(scene, &layout, options);
        let mut brush = Brush {
            surface,
            font: &mut self.font,
            mask: &mut self.mask,
            layout,
        };
        if let Some(poses) = scene.poses {
            if options.skeleton {
                skeleton::draw(&mut brush, poses, &self.display);
            }
            if options.angles {
                angles::draw(&mut brush, poses, &self.display);
            }
        }
        panels::draw(&mut brush, &self.display);
    }
}
