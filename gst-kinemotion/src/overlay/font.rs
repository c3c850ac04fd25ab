//! Text: glyph paths, rasterised once per size and kept.

use super::color::Color;
use super::glyphs::{BLANK, CAP_HEIGHT, SPACING, glyph};
use super::mask::{Mask, Point, Rect};
use super::surface::Surface;
use std::collections::HashMap;

/// Thickness of strokes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Weight {
    Regular,
    Bold,
}

impl Weight {
    /// Half of the stroke's width in path units.
    fn radius(self) -> f32 {
        match self {
            Weight::Regular => 4.0,
            Weight::Bold => 6.2,
        }
    }
}

/// Size and thickness of text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Style {
    /// Height of capitals in pixels.
    pub height: f32,
    pub weight: Weight,
}

impl Style {
    pub(super) fn regular(height: f32) -> Self {
        Self {
            height,
            weight: Weight::Regular,
        }
    }

    pub(super) fn bold(height: f32) -> Self {
        Self {
            height,
            weight: Weight::Bold,
        }
    }

    fn scale(&self) -> f32 {
        self.height / CAP_HEIGHT
    }

    /// Half of the stroke's width in pixels. Thinner than this a line fades instead of getting finer.
    fn stroke(&self) -> f32 {
        const THINNEST: f32 = 0.55;
        (self.weight.radius() * self.scale()).max(THINNEST)
    }

    /// Whole pixels that strokes reach beyond the outline.
    fn margin(&self) -> f32 {
        (self.stroke() + 1.0).ceil()
    }
}

/// A glyph flattened to lines in pixels, relative to its left end on the line of capital tops.
type Outline = Vec<(Point, Point)>;

/// Beyond this many texts most are out of date.
const MOST_TEXTS: usize = 256;

/// Draws text. A text is rasterised when it first appears and kept, since most stand for many frames.
#[derive(Default)]
pub(super) struct Font {
    texts: HashMap<(u32, Weight), HashMap<String, Mask>>,
    kept: usize,
}

impl Font {
    /// Width of a text in pixels.
    pub(super) fn width(text: &str, style: Style) -> f32 {
        let units: f32 = text.chars().map(advance).sum();
        (units - SPACING).max(0.0) * style.scale()
    }

    /// Draws a text whose capitals' top left corner is given; it is moved to whole pixels, which keeps it crisp.
    pub(super) fn draw(
        &mut self,
        surface: &mut Surface<'_>,
        mask: &mut Mask,
        at: Point,
        text: &str,
        style: Style,
        (color, opacity): (Color, f32),
    ) {
        if !(at.0.is_finite() && at.1.is_finite()) {
            return;
        }
        let margin = style.margin();
        let (left, top) = (at.0.round() - margin, at.1.round() - margin);
        let rasterised = self.rasterised(text, style);
        let area = Rect::new(left, top, rasterised.width as f32, rasterised.height as f32);
        if mask.begin(&area, (surface.width(), surface.height())) {
            mask.stamp(rasterised, (left as i64, top as i64));
            surface.blend(mask, color, opacity);
        }
    }

    fn rasterised(&mut self, text: &str, style: Style) -> &Mask {
        if self.kept > MOST_TEXTS {
            self.texts.clear();
            self.kept = 0;
        }
        let texts = self
            .texts
            .entry((style.height.to_bits(), style.weight))
            .or_default();
        if !texts.contains_key(text) {
            texts.insert(text.to_owned(), rasterise(text, style));
            self.kept += 1;
        }
        &texts[text]
    }
}

/// Draws a text into a mask of its own, with a margin all around.
fn rasterise(text: &str, style: Style) -> Mask {
    /// Room for descenders and commas, in heights of capitals.
    const BELOW: f32 = 0.32;
    let margin = style.margin();
    let width = Font::width(text, style) + 2.0 * margin;
    let height = style.height * (1.0 + BELOW) + 2.0 * margin;
    let mut mask = Mask::default();
    mask.begin(
        &Rect::new(0.0, 0.0, width, height),
        (width.ceil() as usize, height.ceil() as usize),
    );
    let mut x = margin;
    for character in text.chars() {
        if character != ' ' {
            for (from, to) in flatten(glyph(character).1, style.scale()) {
                mask.line(
                    (x + from.0, margin + from.1),
                    (x + to.0, margin + to.1),
                    style.stroke(),
                );
            }
        }
        x += advance(character) * style.scale();
    }
    mask
}

fn advance(character: char) -> f32 {
    let width = if character == ' ' {
        BLANK
    } else {
        glyph(character).0
    };
    width + SPACING
}

/// Reads a path into lines. The language is described with the glyphs.
fn flatten(path: &str, scale: f32) -> Outline {
    let mut words = path.split_ascii_whitespace();
    let mut lines = Outline::new();
    let mut pen: Option<Point> = None;
    while let Some(command) = words.next() {
        let mut number = || {
            words
                .next()
                .and_then(|word| word.parse::<f32>().ok())
                .unwrap_or_default()
        };
        match command {
            "M" => pen = Some((number() * scale, number() * scale)),
            "L" => draw_to(&mut lines, &mut pen, (number() * scale, number() * scale)),
            _ => {
                if command == "a" {
                    pen = None;
                }
                let (centre, radii) = ((number(), number()), (number(), number()));
                let (from, to) = (number().to_radians(), number().to_radians());
                let steps = arc_steps(radii.0.max(radii.1) * scale * (to - from).abs());
                for step in 0..=steps {
                    let angle = from + (to - from) * step as f32 / steps as f32;
                    let point = (
                        (centre.0 + radii.0 * angle.cos()) * scale,
                        (centre.1 + radii.1 * angle.sin()) * scale,
                    );
                    draw_to(&mut lines, &mut pen, point);
                }
            }
        }
    }
    lines
}

/// Pieces for an arc of this length in pixels: few enough to be quick, enough to look round.
fn arc_steps(length: f32) -> usize {
    const PIXELS_PER_STEP: f32 = 3.0;
    ((length / PIXELS_PER_STEP).ceil() as usize).clamp(6, 64)
}

fn draw_to(lines: &mut Outline, pen: &mut Option<Point>, to: Point) {
    if let Some(from) = pen.replace(to) {
        lines.push((from, to));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_their_width_while_they_change() {
        let style = Style::bold(20.0);
        let width = Font::width("0.111", style);
        for text in ["0.352", "0.888", "1.740"] {
            assert_eq!(Font::width(text, style), width);
        }
    }

    #[test]
    fn every_printable_character_has_strokes_inside_its_box() {
        for character in ('!'..='~').chain("±°×·²³".chars()) {
            let (width, path) = glyph(character);
            let lines = flatten(path, 1.0);
            assert!(!lines.is_empty(), "{character} is blank");
            for (x, y) in lines.iter().flat_map(|(from, to)| [*from, *to]) {
                assert!(
                    (-2.0..=width + 4.0).contains(&x),
                    "{character} leaves its width at {x}"
                );
                assert!((-12.0..=92.0).contains(&y), "{character} leaves its line at {y}");
            }
        }
    }
}
