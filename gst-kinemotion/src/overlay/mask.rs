//! Antialiased shapes as coverage, one byte per pixel.
//!
//! A shape is rasterised into the [`Mask`], then blended once with a colour. Shapes added to the same mask unite, so
//! strokes that overlap do not double their opacity.

/// A point in pixels; pixel centres lie at halves.
pub(super) type Point = (f32, f32);

/// A rectangle of pixels: left, top, right, bottom.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Rect {
    pub left: f32,
    pub top: f32,
    pub right: f32,
    pub bottom: f32,
}

impl Rect {
    pub(super) fn new(left: f32, top: f32, width: f32, height: f32) -> Self {
        Self {
            left,
            top,
            right: left + width,
            bottom: top + height,
        }
    }

    pub(super) fn width(&self) -> f32 {
        self.right - self.left
    }

    pub(super) fn height(&self) -> f32 {
        self.bottom - self.top
    }

    pub(super) fn grown(&self, by: f32) -> Self {
        Self {
            left: self.left - by,
            top: self.top - by,
            right: self.right + by,
            bottom: self.bottom + by,
        }
    }

    pub(super) fn overlaps(&self, other: &Rect) -> bool {
        self.left < other.right
            && other.left < self.right
            && self.top < other.bottom
            && other.top < self.bottom
    }
}

/// Coverage of a rectangle of pixels inside the picture.
#[derive(Debug, Default)]
pub(super) struct Mask {
    /// Left column in the picture.
    pub(super) x: usize,
    /// Top row in the picture.
    pub(super) y: usize,
    pub(super) width: usize,
    pub(super) height: usize,
    coverage: Vec<u8>,
    /// Columns of each row that may be covered, relative to `x`.
    spans: Vec<(usize, usize)>,
}

impl Mask {
    /// Starts an empty mask for a region, clipped to a picture. False when nothing of it is visible.
    pub(super) fn begin(&mut self, region: &Rect, picture: (usize, usize)) -> bool {
        let clip = |from: f32, to: f32, size: usize| {
            let from = from.floor().clamp(0.0, size as f32) as usize;
            let to = to.ceil().clamp(0.0, size as f32) as usize;
            (from, to.saturating_sub(from))
        };
        // Not-a-number clamps to not-a-number and casts to zero: an empty region.
        (self.x, self.width) = clip(region.left, region.right, picture.0);
        (self.y, self.height) = clip(region.top, region.bottom, picture.1);
        self.coverage.clear();
        self.coverage.resize(self.width * self.height, 0);
        self.spans.clear();
        self.spans.resize(self.height, (usize::MAX, 0));
        self.width > 0 && self.height > 0
    }

    /// The covered part of a row: first column relative to `x`, and coverage. Empty when nothing is covered.
    pub(super) fn row(&self, row: usize) -> (usize, &[u8]) {
        match self.spans.get(row) {
            Some(&(from, to)) if from < to => (
                from,
                &self.coverage[row * self.width + from..row * self.width + to],
            ),
            _ => (0, &[]),
        }
    }

    /// Columns that may be covered in a row.
    pub(super) fn span(&self, row: usize) -> Option<(usize, usize)> {
        self.spans.get(row).copied().filter(|(from, to)| from < to)
    }

    /// Adds a line with round ends; a line without length is a disc.
    pub(super) fn line(&mut self, from: Point, to: Point, radius: f32) {
        let (dx, dy) = (to.0 - from.0, to.1 - from.1);
        let length_squared = dx * dx + dy * dy;
        let inverse = if length_squared > 0.0 {
            length_squared.recip()
        } else {
            0.0
        };
        let reach = radius + 0.5;
        let (left, right) = (from.0.min(to.0) - reach, from.0.max(to.0) + reach);
        // The line lies in a strip of this half width along a row, round ends included.
        let slope = dx / dy;
        let half_strip = reach * length_squared.sqrt() / dy.abs();
        let is_steep_enough = half_strip < right - left;
        self.fill_rows(
            from.1.min(to.1) - reach,
            from.1.max(to.1) + reach,
            |y| {
                if is_steep_enough {
                    let middle = from.0 + (y - from.1) * slope;
                    ((middle - half_strip).max(left), (middle + half_strip).min(right))
                } else {
                    (left, right)
                }
            },
            |x, y| {
                let (px, py) = (x - from.0, y - from.1);
                let along = ((px * dx + py * dy) * inverse).clamp(0.0, 1.0);
                let (ex, ey) = (px - along * dx, py - along * dy);
                // Linear in the squared distance: right at both ends of the edge, and no root to take.
                (reach * reach - (ex * ex + ey * ey)) / (2.0 * radius)
            },
        );
    }

    /// Adds an arc of a circle. Angles in radians, clockwise from the positive x axis.
    pub(super) fn arc(&mut self, centre: Point, radius: f32, from: f32, sweep: f32, half_width: f32) {
        const PIXELS_PER_STEP: f32 = 3.0;
        let steps = ((radius * sweep.abs()) / PIXELS_PER_STEP)
            .ceil()
            .clamp(1.0, 256.0) as usize;
        let point = |step: usize| {
            let angle = from + sweep * step as f32 / steps as f32;
            (centre.0 + radius * angle.cos(), centre.1 + radius * angle.sin())
        };
        for step in 0..steps {
            self.line(point(step), point(step + 1), half_width);
        }
    }

    /// Adds a rectangle with rounded corners.
    pub(super) fn rounded_rect(&mut self, rect: &Rect, radius: f32) {
        let radius = radius.min(rect.width() / 2.0).min(rect.height() / 2.0).max(0.0);
        let (cx, cy) = ((rect.left + rect.right) / 2.0, (rect.top + rect.bottom) / 2.0);
        let (hx, hy) = (rect.width() / 2.0 - radius, rect.height() / 2.0 - radius);
        let coverage = |x: f32, y: f32| {
            let qx = ((x - cx).abs() - hx).max(0.0);
            let qy = ((y - cy).abs() - hy).max(0.0);
            radius + 0.5 - (qx * qx + qy * qy).sqrt()
        };
        // Only the rim needs arithmetic; what lies a pixel inside the corners is full.
        let rim = radius + 1.0;
        let (top, bottom) = (rect.top - 1.0, rect.bottom + 1.0);
        let inner = Rect {
            top: rect.top + 1.0,
            bottom: rect.bottom - 1.0,
            ..rect.grown(-rim)
        };
        self.fill_rows(top, bottom, |_| (rect.left - 1.0, inner.left), coverage);
        self.fill_rows(top, bottom, |_| (inner.right, rect.right + 1.0), coverage);
        self.fill_rows(top, inner.top, |_| (inner.left, inner.right), coverage);
        self.fill_rows(inner.bottom, bottom, |_| (inner.left, inner.right), coverage);
        self.fill_solid(&inner);
    }

    /// Covers whole pixels that touch a rectangle.
    fn fill_solid(&mut self, rect: &Rect) {
        let (first, last) = bounds(rect.top, rect.bottom, self.y, self.height);
        let (from, to) = bounds(rect.left, rect.right, self.x, self.width);
        if from >= to {
            return;
        }
        for row in first..last {
            self.extend_span(row, from, to);
            self.coverage[row * self.width + from..row * self.width + to].fill(255);
        }
    }

    /// Unites with a mask made elsewhere, whose own place in the picture is ignored, at a place of its own.
    pub(super) fn stamp(&mut self, other: &Mask, (left, top): (i64, i64)) {
        for row in 0..other.height {
            let (from, coverage) = other.row(row);
            let Ok(target_row) = usize::try_from(top + row as i64 - self.y as i64) else {
                continue;
            };
            let column = left + from as i64 - self.x as i64;
            let skip = usize::try_from(-column).unwrap_or(0);
            let target = usize::try_from(column).unwrap_or(0);
            let length = coverage
                .len()
                .saturating_sub(skip)
                .min(self.width.saturating_sub(target));
            if target_row >= self.height || length == 0 {
                continue;
            }
            self.extend_span(target_row, target, target + length);
            let start = target_row * self.width + target;
            let cells = &mut self.coverage[start..start + length];
            for (cell, cover) in cells.iter_mut().zip(&coverage[skip..]) {
                *cell = (*cell).max(*cover);
            }
        }
    }

    fn extend_span(&mut self, row: usize, from: usize, to: usize) {
        let span = &mut self.spans[row];
        *span = (span.0.min(from), span.1.max(to));
    }

    /// Unites coverage computed per pixel centre over the rows and columns given, in picture coordinates.
    fn fill_rows(
        &mut self,
        top: f32,
        bottom: f32,
        columns: impl Fn(f32) -> (f32, f32),
        coverage: impl Fn(f32, f32) -> f32,
    ) {
        let (first, last) = bounds(top, bottom, self.y, self.height);
        for row in first..last {
            let y = (self.y + row) as f32 + 0.5;
            let (left, right) = columns(y);
            let (from, to) = bounds(left, right, self.x, self.width);
            if from >= to {
                continue;
            }
            self.extend_span(row, from, to);
            let first_x = (self.x + from) as f32 + 0.5;
            let cells = &mut self.coverage[row * self.width + from..row * self.width + to];
            for (cell, column) in cells.iter_mut().zip(0i32..) {
                *cell = (*cell).max(to_byte(coverage(first_x + column as f32, y)));
            }
        }
    }
}

/// Coverage 0..1 as a byte; not-a-number covers nothing. Written so that compilers turn the loop into SIMD.
fn to_byte(coverage: f32) -> u8 {
    /// Adding 2^23 leaves the whole part of a small number in the lowest bits.
    const SHIFT: f32 = 8_388_608.0;
    let coverage = if coverage > 0.0 { coverage.min(1.0) } else { 0.0 };
    (coverage * 255.0 + SHIFT).to_bits() as u8
}

/// Whole pixels that touch an interval, relative to the mask. Not-a-number gives none.
fn bounds(from: f32, to: f32, origin: usize, size: usize) -> (usize, usize) {
    let first = (from - origin as f32).floor().clamp(0.0, size as f32) as usize;
    let last = (to - origin as f32).ceil().clamp(0.0, size as f32) as usize;
    (first, last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn covered(mask: &Mask) -> f32 {
        (0..mask.height)
            .flat_map(|row| mask.row(row).1.iter())
            .map(|c| f32::from(*c) / 255.0)
            .sum()
    }

    #[test]
    fn a_disc_covers_its_area() {
        let mut mask = Mask::default();
        assert!(mask.begin(&Rect::new(0.0, 0.0, 64.0, 64.0), (64, 64)));
        mask.line((32.3, 31.8), (32.3, 31.8), 10.0);
        let area = std::f32::consts::PI * 100.0;
        assert!(
            (covered(&mask) - area).abs() < 0.02 * area,
            "{} is not {area}",
            covered(&mask)
        );
    }

    #[test]
    fn overlapping_strokes_unite() {
        let mut mask = Mask::default();
        mask.begin(&Rect::new(0.0, 0.0, 64.0, 64.0), (64, 64));
        mask.line((10.0, 32.0), (50.0, 32.0), 3.0);
        let once = covered(&mask);
        mask.line((10.0, 32.0), (50.0, 32.0), 3.0);
        assert_eq!(covered(&mask), once);
    }

    #[test]
    fn shapes_outside_the_picture_or_without_a_place_are_nothing() {
        let mut mask = Mask::default();
        assert!(!mask.begin(&Rect::new(-50.0, -50.0, 20.0, 20.0), (64, 64)));
        assert!(!mask.begin(&Rect::new(f32::NAN, 0.0, f32::NAN, 10.0), (64, 64)));
        assert!(mask.begin(&Rect::new(60.0, 60.0, 100.0, 100.0), (64, 64)));
        mask.line((f32::NAN, 1.0), (2.0, f32::INFINITY), 2.0);
        assert_eq!((mask.width, mask.height), (4, 4));
    }

    #[test]
    fn a_diagonal_line_is_covered_end_to_end() {
        let mut mask = Mask::default();
        mask.begin(&Rect::new(0.0, 0.0, 100.0, 100.0), (100, 100));
        mask.line((10.0, 20.0), (80.0, 90.0), 2.0);
        let length = (70.0f32 * 70.0 * 2.0).sqrt();
        let area = 4.0 * length + std::f32::consts::PI * 4.0;
        // Edges are drawn a little full, see `line`.
        assert!((covered(&mask) - area).abs() < 0.05 * area);
    }
}
