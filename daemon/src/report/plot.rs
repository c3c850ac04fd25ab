//! Plots as SVG: curves over time, and a row of values with their intervals.
//!
//! Sizes are those of a phone's screen, where a plot is as wide as the page; two stand side by side on a larger one.

use super::html::{escaped, fixed};
use std::fmt::Write;

const WIDTH: f64 = 440.0;
const HEIGHT: f64 = 270.0;
const LEFT: f64 = 44.0;
const RIGHT: f64 = 10.0;
const BOTTOM: f64 = 36.0;
/// Space above the curves: the unit and up to three rows of event names.
const TOP: f64 = 50.0;
/// Space above a row of values, which has no events.
const ROW_TOP: f64 = 26.0;
/// Rows of event names; an event that fits in none has a line without a name.
const EVENT_ROWS: usize = 3;
const ROW_HEIGHT: f64 = 14.0;
/// Width of a letter, about.
const LETTER: f64 = 6.0;

/// A line in a plot: seconds and values, `None` where there is none.
pub struct Curve {
    /// `c1` to `c4`: colour and dashes.
    pub class: &'static str,
    /// Its name.
    pub label: &'static str,
    /// Its points in order of time.
    pub points: Vec<(f64, Option<f64>)>,
}

/// Curves over time with the phases behind and the events above them.
pub struct Plot<'a> {
    /// What is shown.
    pub title: &'a str,
    /// Unit of the values.
    pub unit: &'a str,
    /// First and last instant, seconds.
    pub span: (f64, f64),
    /// Name, start and end.
    pub phases: Vec<(&'a str, f64, f64)>,
    /// Name and instant, in order of time.
    pub events: Vec<(&'a str, f64)>,
    /// The curves.
    pub curves: Vec<Curve>,
}

impl Plot<'_> {
    /// A figure with its caption; nothing when no curve has a value.
    pub fn figure(&self) -> String {
        let values = self
            .curves
            .iter()
            .flat_map(|c| c.points.iter().filter_map(|p| p.1));
        let Some(axis) = Axis::around(values) else {
            return String::new();
        };
        let mut svg = opening(self.title, &self.description(), 0.0);
        self.draw_phases(&mut svg);
        axis.draw(&mut svg, self.unit);
        self.draw_time(&mut svg);
        self.draw_events(&mut svg);
        self.curves
            .iter()
            .for_each(|curve| self.draw_curve(&mut svg, curve, &axis));
        let keys: String = self
            .curves
            .iter()
            .filter(|_| self.curves.len() > 1)
            .map(|curve| format!("<span class=\"key {}\">{}</span> ", curve.class, curve.label))
            .collect();
        format!(
            "<figure class=\"plot\"><figcaption><b>{}, {}</b> {keys}</figcaption>{svg}</svg></figure>",
            escaped(self.title),
            self.unit
        )
    }

    /// The curves in words.
    fn description(&self) -> String {
        let mut text = String::new();
        for curve in &self.curves {
            let seen = || curve.points.iter().filter_map(|(t, v)| v.map(|v| (*t, v)));
            let (low, high) = (
                seen().min_by(|a, b| a.1.total_cmp(&b.1)),
                seen().max_by(|a, b| a.1.total_cmp(&b.1)),
            );
            if let (Some((t_low, low)), Some((t_high, high))) = (low, high) {
                let unit = self.unit;
                let _ = write!(
                    text,
                    "{}: lowest {low:.0} {unit} at {t_low:.2} s, highest {high:.0} {unit} at {t_high:.2} s. ",
                    curve.label
                );
            }
        }
        self.events.iter().for_each(|(name, t)| {
            let _ = write!(text, "{name} at {t:.2} s. ");
        });
        text
    }

    fn x(&self, t: f64) -> f64 {
        LEFT + (WIDTH - LEFT - RIGHT) * (t - self.span.0) / (self.span.1 - self.span.0)
    }

    fn draw_phases(&self, svg: &mut String) {
        for (i, (name, start, end)) in self.phases.iter().enumerate() {
            let (a, b) = (self.x(start.max(self.span.0)), self.x(end.min(self.span.1)));
            if b <= a {
                continue;
            }
            let _ = write!(
                svg,
                r#"<rect class="phase p{}" x="{a:.1}" y="{TOP}" width="{:.1}" height="{:.1}"/>"#,
                i % 2,
                b - a,
                HEIGHT - TOP - BOTTOM
            );
            if name.chars().count() as f64 * LETTER < b - a {
                text(
                    svg,
                    "phase-name",
                    (f64::midpoint(a, b), HEIGHT - BOTTOM - 6.0),
                    "middle",
                    name,
                );
            }
        }
    }

    fn draw_time(&self, svg: &mut String) {
        let (from, to) = self.span;
        let step = tick_step(to - from);
        let decimals = decimals(step);
        let mut tick = (from / step).ceil();
        while tick * step <= to {
            let t = tick * step;
            line(
                svg,
                "axis",
                (self.x(t), HEIGHT - BOTTOM),
                (self.x(t), HEIGHT - BOTTOM + 4.0),
            );
            text(
                svg,
                "tick",
                (self.x(t), HEIGHT - BOTTOM + 16.0),
                "middle",
                &fixed(t, decimals),
            );
            tick += 1.0;
        }
        text(svg, "tick", (WIDTH - RIGHT, HEIGHT - 4.0), "end", "time, s");
    }

    fn draw_events(&self, svg: &mut String) {
        let mut free_from = [f64::NEG_INFINITY; EVENT_ROWS];
        for (name, t) in &self.events {
            let at = self.x(*t);
            let half = 0.5 * LETTER * name.chars().count() as f64;
            let centre = at.clamp(half, WIDTH - half);
            let row = free_from.iter().position(|free| centre - half > *free);
            let top = row.map_or(TOP, |row| (row + 1) as f64 * ROW_HEIGHT + 2.0);
            line(svg, "event", (at, top), (at, HEIGHT - BOTTOM));
            if let Some(row) = row {
                free_from[row] = centre + half + LETTER;
                text(svg, "event-name", (centre, top - 3.0), "middle", name);
            }
        }
    }

    fn draw_curve(&self, svg: &mut String, curve: &Curve, axis: &Axis) {
        let _ = write!(svg, r#"<path class="curve {}" d=""#, curve.class);
        let mut pen = 'M';
        for (t, value) in &curve.points {
            match value {
                Some(value) => {
                    let _ = write!(svg, "{pen}{:.1} {:.1}", self.x(*t), axis.y(*value));
                    pen = 'L';
                }
                None => pen = 'M',
            }
        }
        svg.push_str(r#""/>"#);
    }
}

/// One value of a row: its name on the axis, the value and the half width of its interval.
pub struct Point {
    /// Name.
    pub name: String,
    /// Value and half width; `None` leaves a gap.
    pub value: Option<(f64, f64)>,
}

/// Values side by side with their intervals; nothing when there are none.
pub fn row(title: &str, unit: &str, points: &[Point]) -> String {
    let ends = points
        .iter()
        .filter_map(|p| p.value)
        .flat_map(|(v, half)| [v - half, v + half]);
    let Some(axis) = Axis::around(ends) else {
        return String::new();
    };
    let words: String = points
        .iter()
        .filter_map(|p| {
            p.value
                .map(|(value, half)| format!("{}: {value:.2} plus or minus {half:.2}. ", p.name))
        })
        .collect();
    let mut svg = opening(title, &words, TOP - ROW_TOP);
    axis.draw(&mut svg, unit);
    let pitch = (WIDTH - LEFT - RIGHT) / points.len() as f64;
    for (i, point) in points.iter().enumerate() {
        let x = LEFT + (i as f64 + 0.5) * pitch;
        text(
            &mut svg,
            "tick",
            (x, HEIGHT - BOTTOM + 16.0),
            "middle",
            &point.name,
        );
        if let Some((value, half)) = point.value {
            line(
                &mut svg,
                "interval",
                (x, axis.y(value - half)),
                (x, axis.y(value + half)),
            );
            let _ = write!(
                svg,
                r#"<circle class="dot" cx="{x:.1}" cy="{:.1}" r="4"/>"#,
                axis.y(value)
            );
        }
    }
    text(
        &mut svg,
        "tick",
        (WIDTH - RIGHT, HEIGHT - 4.0),
        "end",
        "repetition",
    );
    let unit = if unit.is_empty() {
        String::new()
    } else {
        format!(", {unit}")
    };
    format!(
        "<figure class=\"plot\"><figcaption><b>{}{unit}</b> with 95 % intervals</figcaption>{svg}</svg></figure>",
        escaped(title)
    )
}

/// The axis of values.
struct Axis {
    low: f64,
    high: f64,
    step: f64,
}

impl Axis {
    fn around(values: impl Iterator<Item = f64>) -> Option<Self> {
        let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| {
            (l.min(v), h.max(v))
        });
        if low > high {
            return None;
        }
        let step = tick_step((high - low).max(1e-3));
        Some(Self {
            low: (low / step).floor() * step,
            high: ((high / step).floor() + 1.0) * step,
            step,
        })
    }

    fn y(&self, value: f64) -> f64 {
        TOP + (HEIGHT - TOP - BOTTOM) * (self.high - value) / (self.high - self.low)
    }

    fn draw(&self, svg: &mut String, unit: &str) {
        let decimals = decimals(self.step);
        let ticks = ((self.high - self.low) / self.step).round() as usize;
        for tick in 0..=ticks {
            let value = self.low + tick as f64 * self.step;
            let y = self.y(value);
            let class = if tick == 0 { "axis" } else { "grid" };
            line(svg, class, (LEFT, y), (WIDTH - RIGHT, y));
            text(svg, "tick", (LEFT - 6.0, y + 4.0), "end", &fixed(value, decimals));
        }
        line(svg, "axis", (LEFT, TOP), (LEFT, HEIGHT - BOTTOM));
        text(svg, "tick", (LEFT - 6.0, TOP - 10.0), "end", unit);
    }
}

/// The beginning of a picture without so much of its upper part.
fn opening(title: &str, description: &str, without: f64) -> String {
    format!(
        r#"<svg viewBox="0 {without} {WIDTH} {:.0}" role="img" aria-label="{}. {}">"#,
        HEIGHT - without,
        escaped(title),
        escaped(description)
    )
}

fn line(svg: &mut String, class: &str, (x1, y1): (f64, f64), (x2, y2): (f64, f64)) {
    // Writing to a String cannot fail.
    let _ = write!(
        svg,
        r#"<line class="{class}" x1="{x1:.1}" y1="{y1:.1}" x2="{x2:.1}" y2="{y2:.1}"/>"#
    );
}

fn text(svg: &mut String, class: &str, (x, y): (f64, f64), anchor: &str, words: &str) {
    let _ = write!(
        svg,
        r#"<text class="{class}" x="{x:.1}" y="{y:.1}" text-anchor="{anchor}">{}</text>"#,
        escaped(words)
    );
}

/// A round distance that puts three to eight lines into a range.
fn tick_step(range: f64) -> f64 {
    let rough = range / 6.0;
    let power = 10f64.powf(rough.log10().floor());
    let factor = [1.0, 2.0, 5.0, 10.0].into_iter().find(|f| f * power >= rough);
    factor.unwrap_or(10.0) * power
}

/// Decimals that tell lines at this distance apart.
fn decimals(step: f64) -> usize {
    (-step.log10().floor()).max(0.0) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plot<'a>(events: &[(&'a str, f64)], values: &[Option<f64>]) -> Plot<'a> {
        let points = values.iter().enumerate().map(|(i, v)| (i as f64, *v)).collect();
        Plot {
            title: "Height",
            unit: "cm",
            span: (0.0, 10.0),
            phases: vec![("flight", 2.0, 9.0)],
            events: events.to_vec(),
            curves: vec![Curve {
                class: "c1",
                label: "hip",
                points,
            }],
        }
    }

    #[test]
    fn a_gap_in_the_values_is_a_gap_in_the_line() {
        let figure = plot(&[], &[Some(1.0), Some(2.0), None, Some(2.0)]).figure();
        let line = figure.split("class=\"curve c1\" d=\"").nth(1).expect("a curve");
        assert_eq!(line.split('"').next().expect("closed").matches('M').count(), 2);
        assert!(plot(&[], &[None]).figure().is_empty());
    }

    #[test]
    fn names_of_events_do_not_run_into_each_other() {
        let events = [
            ("touch-down", 5.0),
            ("lowest", 5.1),
            ("take-off", 5.2),
            ("apex", 5.3),
        ];
        let figure = plot(&events, &[Some(1.0), Some(2.0)]).figure();
        let name = |name: &str| figure.contains(&format!(">{name}</text>"));
        assert!(name("touch-down") && name("lowest") && name("take-off"));
        assert!(!name("apex"), "there is no fourth row");
        assert_eq!(figure.matches("class=\"event\"").count(), 4);
        assert!(figure.contains("apex at 5.30 s"), "but it is said in words");
    }

    #[test]
    fn ticks_are_round_and_told_apart() {
        assert_eq!((tick_step(1.0), decimals(tick_step(1.0))), (0.2, 1));
        assert_eq!((tick_step(130.0), decimals(50.0)), (50.0, 0));
        assert_eq!(decimals(0.05), 2);
    }
}
