//! Phase banner, live numbers and the last repetition.

use super::Brush;
use super::color::Color;
use super::display::{Banner, Display, LastRepetition, Live};
use super::font::{Font, Style};
use super::labels::{Report, Row};
use super::layout::{PADDING, REPORT_HEAD, ROW_HEIGHT};
use super::mask::{Point, Rect};
use kinemotion_motion::Grade;

const PANEL_OPACITY: f32 = 0.78;
const CORNER: f32 = 5.0;
const ACCENT_WIDTH: f32 = 3.0;

/// Draws whatever is not faded out.
pub(super) fn draw(brush: &mut Brush<'_, '_>, display: &Display) {
    draw_banner(brush, &display.banner, brush.layout.banner(display.side));
    draw_live(
        brush,
        &display.live,
        brush.layout.live(display.side, display.live.rows.len()),
    );
    draw_last(brush, &display.last, display);
}

fn draw_banner(brush: &mut Brush<'_, '_>, banner: &Banner, area: Rect) {
    let opacity = banner.fade.opacity();
    if opacity == 0.0 {
        return;
    }
    brush.backed(&area, phase_color(&banner.phase), opacity);
    let pad = brush.layout.px(PADDING);
    let small = Style::bold(brush.layout.px(7.0));
    let middle = |style: Style| area.top + (area.height() - style.height) / 2.0;

    let movement_at = (area.left + pad + brush.layout.px(ACCENT_WIDTH), middle(small));
    brush.text(movement_at, &banner.movement, small, (Color::DIM, opacity));
    let mut right = area.right - pad;
    if banner.repetitions > 0 {
        let count = format!("×{}", banner.repetitions);
        right -= Font::width(&count, small);
        brush.text((right, middle(small)), &count, small, (Color::WHITE, opacity));
        right -= brush.layout.px(6.0);
    }
    let left = movement_at.0 + Font::width(&banner.movement, small) + brush.layout.px(8.0);
    let (phase, style) = fitted(&banner.phase, Style::bold(brush.layout.px(10.0)), right - left);
    brush.text((left, middle(style)), &phase, style, (Color::WHITE, opacity));
}

fn draw_live(brush: &mut Brush<'_, '_>, live: &Live, area: Rect) {
    let opacity = live.fade.opacity();
    if opacity == 0.0 {
        return;
    }
    brush.panel(&area, CORNER, (Color::PANEL, PANEL_OPACITY * opacity));
    let top = area.top + brush.layout.px(PADDING);
    for (index, row) in live.rows.iter().enumerate() {
        let top = top + brush.layout.px(ROW_HEIGHT) * index as f32;
        draw_row(brush, &area, top, row, opacity);
    }
}

fn draw_last(brush: &mut Brush<'_, '_>, last: &LastRepetition, display: &Display) {
    let (opacity, Some(report)) = (last.fade.opacity(), &last.report) else {
        return;
    };
    if opacity == 0.0 {
        return;
    }
    let area = brush.layout.report(display.side, report.rows.len());
    brush.backed(&area, grade_color(report.grade), opacity);
    draw_report_head(brush, &area, report, opacity);
    let top = area.top + brush.layout.px(REPORT_HEAD);
    if !report.rows.is_empty() {
        let pad = brush.layout.px(PADDING);
        let y = top - brush.layout.px(1.0);
        let line = Rect::new(
            area.left + pad,
            y,
            area.width() - 2.0 * pad,
            brush.layout.px(0.7).max(1.0),
        );
        brush.panel(&line, 0.0, (Color::DIM, 0.35 * opacity));
    }
    for (index, row) in report.rows.iter().enumerate() {
        let top = top + brush.layout.px(PADDING + ROW_HEIGHT * index as f32);
        draw_row(brush, &area, top, row, opacity);
    }
}

/// Title, grade, and the number that matters most.
fn draw_report_head(brush: &mut Brush<'_, '_>, area: &Rect, report: &Report, opacity: f32) {
    let pad = brush.layout.px(PADDING);
    let left = area.left + pad + brush.layout.px(ACCENT_WIDTH);
    let small = Style::bold(brush.layout.px(7.0));
    let title = match &report.hero {
        Some(hero) => format!("REP {} · {}", report.number, hero.label.to_uppercase()),
        None => format!("REP {}", report.number),
    };

    let badge = brush.layout.px(13.0);
    let badge_area = Rect::new(
        area.right - pad - badge,
        area.top + pad - brush.layout.px(3.0),
        badge,
        badge,
    );
    let (title, style) = fitted(&title, small, badge_area.left - left - brush.layout.px(4.0));
    brush.text((left, area.top + pad), &title, style, (Color::DIM, opacity));
    brush.panel(&badge_area, 3.0, (grade_color(report.grade), opacity));
    let letter = format!("{:?}", report.grade);
    let letter_at = (
        (badge_area.left + badge_area.right - Font::width(&letter, small)) / 2.0,
        (badge_area.top + badge_area.bottom - small.height) / 2.0,
    );
    brush.text(letter_at, &letter, small, (Color::PANEL, opacity));

    let Some(hero) = &report.hero else { return };
    let large = Style::bold(brush.layout.px(20.0));
    let baseline = area.top + brush.layout.px(27.0) + large.height;
    brush.text(
        (left, baseline - large.height),
        &hero.value,
        large,
        (Color::WHITE, opacity),
    );
    let x = left + Font::width(&hero.value, large) + brush.layout.px(5.0);
    let unit = Style::bold(brush.layout.px(9.0));
    brush.text(
        (x, baseline - unit.height),
        hero.unit,
        unit,
        (Color::WHITE, opacity),
    );
    let error = Style::regular(brush.layout.px(7.0));
    let error_at = (
        area.right - pad - Font::width(&hero.error, error),
        baseline - error.height,
    );
    brush.text(error_at, &hero.error, error, (Color::DIM, opacity));
}

/// A label on the left; number, unit and error on the right.
fn draw_row(brush: &mut Brush<'_, '_>, area: &Rect, top: f32, row: &Row, opacity: f32) {
    let pad = brush.layout.px(PADDING);
    let (label, value) = (
        Style::regular(brush.layout.px(7.0)),
        Style::bold(brush.layout.px(8.0)),
    );
    let baseline = top + value.height;
    let mut right = area.right - pad;
    let parts = [
        (&*row.error, label, Color::DIM, 5.0),
        (row.unit, label, Color::DIM, 2.5),
        (&row.value, value, Color::WHITE, 0.0),
    ];
    for (text, style, color, gap) in parts {
        if !text.is_empty() {
            right -= Font::width(text, style);
            brush.text((right, baseline - style.height), text, style, (color, opacity));
            right -= brush.layout.px(gap);
        }
    }
    let left = area.left + pad + brush.layout.px(ACCENT_WIDTH);
    let (text, style) = fitted(&row.label, label, right - left - brush.layout.px(3.0));
    brush.text(
        (left, baseline - style.height),
        &text,
        style,
        (Color::DIM, opacity),
    );
}

/// Makes a text narrower if it must be: smaller type first, then fewer letters.
fn fitted(text: &str, style: Style, width: f32) -> (String, Style) {
    const SMALLEST: f32 = 0.85;
    let needed = Font::width(text, style).max(f32::MIN_POSITIVE);
    let style = Style {
        height: style.height * (width / needed).clamp(SMALLEST, 1.0),
        ..style
    };
    let mut text = text.to_owned();
    while Font::width(&text, style) > width && text.pop().is_some() {}
    (text, style)
}

fn grade_color(grade: Grade) -> Color {
    match grade {
        Grade::A => Color::GREEN,
        Grade::B => Color::TEAL,
        Grade::C => Color::AMBER,
        Grade::F => Color::RED,
    }
}

/// In the air is what everybody waits for; the rest is preparation or over.
fn phase_color(phase: &str) -> Color {
    match phase {
        "FLIGHT" => Color::GREEN,
        "CONCENTRIC" => Color::RIGHT,
        "STANDING" | "" => Color::DIM,
        _ => Color::LEFT,
    }
}

impl Brush<'_, '_> {
    /// A rectangle with rounded corners, given in units.
    pub(super) fn panel(&mut self, area: &Rect, corner: f32, (color, opacity): (Color, f32)) {
        if self.begin(&area.grown(1.0)) {
            self.mask.rounded_rect(area, self.layout.px(corner));
            self.surface.blend(self.mask, color, opacity);
        }
    }

    /// A panel with a coloured edge.
    fn backed(&mut self, area: &Rect, accent: Color, opacity: f32) {
        self.panel(area, CORNER, (Color::PANEL, PANEL_OPACITY * opacity));
        let inset = self.layout.px(CORNER);
        let height = area.height() - 2.0 * inset;
        let edge = Rect::new(area.left, area.top + inset, self.layout.px(ACCENT_WIDTH), height);
        self.panel(&edge, 1.0, (accent, opacity));
    }

    /// Text whose capitals' top left corner is given.
    pub(super) fn text(&mut self, at: Point, text: &str, style: Style, paint: (Color, f32)) {
        self.font.draw(self.surface, self.mask, at, text, style, paint);
    }
}
