//! Where things go, for any picture size.
//!
//! Lengths are in units of a 360th of the picture's shorter side, so graphics keep their proportions from 360p to 4K and
//! upright.

use super::mask::{Point, Rect};
use crate::meta::FrameGeometry;
use kinemotion_motion::{Landmark, LandmarkId, Pose};

/// Rows or columns below which text would be illegible and panels are left out.
const SMALLEST_WITH_PANELS: usize = 120;
const UNITS_OF_SHORT_SIDE: f32 = 360.0;
const MARGIN: f32 = 12.0;
const COLUMN_WIDTH: f32 = 158.0;
/// Upright pictures: a column leaves at least this share of the width to the athlete.
const WIDEST_COLUMN: f32 = 0.44;
const GAP: f32 = 6.0;
const BANNER_HEIGHT: f32 = 30.0;
/// Inner margin of a panel.
pub(super) const PADDING: f32 = 9.0;
/// Height of a line with a label and a number.
pub(super) const ROW_HEIGHT: f32 = 16.0;
/// Height of the report above its lines: title and the large number.
pub(super) const REPORT_HEAD: f32 = 58.0;

/// Side of the picture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Side {
    #[default]
    Left,
    Right,
}

impl Side {
    pub(super) fn other(self) -> Self {
        match self {
            Side::Left => Side::Right,
            Side::Right => Side::Left,
        }
    }
}

/// The picture's geometry for this frame.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout {
    width: f32,
    height: f32,
    /// Pixels per unit.
    pub(super) unit: f32,
    /// Stored pixels per landmark unit, horizontally and vertically.
    scale: (f32, f32),
    /// Whether panels fit at all.
    pub(super) has_room: bool,
}

impl Layout {
    pub(super) fn new(width: usize, height: usize, landmarks: Option<FrameGeometry>) -> Self {
        let (w, h) = (width as f32, height as f32);
        let scale = landmarks
            .filter(|frame| frame.width > 0 && frame.height > 0)
            .map_or((1.0, 1.0), |frame| {
                (w / frame.square_width(), h / frame.height as f32)
            });
        Self {
            width: w,
            height: h,
            unit: w.min(h) / UNITS_OF_SHORT_SIDE,
            scale,
            has_room: width.min(height) >= SMALLEST_WITH_PANELS,
        }
    }

    /// Units to pixels.
    pub(super) fn px(&self, units: f32) -> f32 {
        units * self.unit
    }

    /// Landmark coordinates to stored pixels.
    pub(super) fn point(&self, x: f32, y: f32) -> Point {
        (x * self.scale.0, y * self.scale.1)
    }

    /// A landmark in stored pixels.
    pub(super) fn landmark(&self, landmark: &Landmark) -> Point {
        self.point(landmark.x, landmark.y)
    }

    /// Bounds in landmark coordinates as a rectangle of stored pixels.
    pub(super) fn bounds(&self, bounds: [f32; 4]) -> Rect {
        let ((left, top), (right, bottom)) =
            (self.point(bounds[0], bounds[1]), self.point(bounds[2], bounds[3]));
        Rect {
            left,
            top,
            right,
            bottom,
        }
    }

    /// The face with some air around it.
    pub(super) fn face(&self, pose: &Pose) -> Rect {
        /// Face landmarks leave out forehead and chin; this share of their extent is added all around.
        const AIR: f32 = 0.8;
        let mut face = Rect {
            left: f32::INFINITY,
            top: f32::INFINITY,
            right: f32::NEG_INFINITY,
            bottom: f32::NEG_INFINITY,
        };
        for landmark in &pose.landmarks[LandmarkId::Nose as usize..=LandmarkId::MouthRight as usize] {
            let (x, y) = self.landmark(landmark);
            face.left = face.left.min(x);
            face.right = face.right.max(x);
            face.top = face.top.min(y);
            face.bottom = face.bottom.max(y);
        }
        face.grown(AIR * face.width().max(face.height()))
    }

    fn column_width(&self) -> f32 {
        self.px(COLUMN_WIDTH).min(self.width * WIDEST_COLUMN)
    }

    fn column_left(&self, side: Side) -> f32 {
        match side {
            Side::Left => self.px(MARGIN),
            Side::Right => self.width - self.px(MARGIN) - self.column_width(),
        }
    }

    /// All that panels can cover on a side.
    pub(super) fn column(&self, side: Side) -> Rect {
        Rect::new(self.column_left(side), 0.0, self.column_width(), self.height)
    }

    pub(super) fn banner(&self, side: Side) -> Rect {
        Rect::new(
            self.column_left(side),
            self.px(MARGIN),
            self.column_width(),
            self.px(BANNER_HEIGHT),
        )
    }

    pub(super) fn live(&self, side: Side, rows: usize) -> Rect {
        let top = self.px(MARGIN + BANNER_HEIGHT + GAP);
        Rect::new(
            self.column_left(side),
            top,
            self.column_width(),
            self.px(panel_height(rows)),
        )
    }

    pub(super) fn report(&self, side: Side, rows: usize) -> Rect {
        let height = self.px(REPORT_HEAD + panel_height(rows));
        let top = self.height - self.px(MARGIN) - height;
        Rect::new(self.column_left(side), top, self.column_width(), height)
    }
}

fn panel_height(rows: usize) -> f32 {
    if rows == 0 {
        PADDING
    } else {
        2.0 * PADDING + ROW_HEIGHT * rows as f32 - (ROW_HEIGHT - 9.0)
    }
}
