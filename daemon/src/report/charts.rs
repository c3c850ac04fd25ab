//! Curves as SVG that follows the colours of the page.

use super::{Shown, page::event_label};
use kinemotion_motion::Athlete;
use kinemotion_motion::body::Side;
use kinemotion_motion::series::Angle;
use std::fmt::Write;

const WIDTH: f64 = 860.0;
const HEIGHT: f64 = 230.0;
const LEFT: f64 = 52.0;
const TOP: f64 = 34.0;
const BOTTOM: f64 = 26.0;
/// Samples of a curve.
const SAMPLES: usize = 240;
/// Shown before and after the repetition, as a part of its length.
const MARGIN: f64 = 0.06;

struct Curve {
    class: &'static str,
    label: &'static str,
    values: Vec<Option<f64>>,
}

/// Height of the centre of mass over the ground, centimetres with a scale, otherwise pixels.
pub fn height(shown: &Shown<'_>, athlete: &Athlete) -> String {
    let series = &shown.mover.series;
    let scale = shown.mover.px_per_m(athlete);
    let ground = series.ground().unwrap_or(0.0);
    let unit = scale.map_or("px", |_| "cm");
    let per_unit = scale.map_or(1.0, |scale| scale / 100.0);
    let values = times(shown).map(|t| series.com(t).map(|fit| (fit.value - ground) / per_unit));
    let curve = Curve {
        class: "c1",
        label: "centre of mass",
        values: values.collect(),
    };
    chart(shown, &format!("Height over the ground, {unit}"), &[curve])
}

/// Hip, knee, ankle and trunk of the leg nearer to the camera, degrees.
pub fn angles(shown: &Shown<'_>) -> String {
    let (series, r) = (&shown.mover.series, shown.repetition);
    let Some(facing) = series.facing(r.start_s, r.end_s) else {
        return String::new();
    };
    let side = series.near_side(r.start_s, r.end_s);
    let curve = |class, label, angle| Curve {
        class,
        label,
        values: times(shown)
            .map(|t| series.angle(angle, side, facing, t).map(|fit| fit.value))
            .collect(),
    };
    let name = if side == Side::Left { "left" } else { "right" };
    let curves = [
        curve("c1", "knee flexion", Angle::Knee),
        curve("c2", "hip flexion", Angle::Hip),
        curve("c3", "ankle dorsiflexion", Angle::Ankle),
        curve("c4", "trunk lean", Angle::Trunk),
    ];
    chart(shown, &format!("Joint angles, {name} side, degrees"), &curves)
}

fn span(shown: &Shown<'_>) -> (f64, f64) {
    let r = shown.repetition;
    let margin = MARGIN * (r.end_s - r.start_s);
    (r.start_s - margin, r.end_s + margin)
}

fn times(shown: &Shown<'_>) -> impl Iterator<Item = f64> {
    let (from, to) = span(shown);
    (0..SAMPLES).map(move |i| from + (to - from) * i as f64 / (SAMPLES - 1) as f64)
}

fn chart(shown: &Shown<'_>, title: &str, curves: &[Curve]) -> String {
    let all = || {
        curves
            .iter()
            .flat_map(|curve| curve.values.iter().flatten().copied())
    };
    let (low, high) = all().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| {
        (l.min(v), h.max(v))
    });
    if low > high {
        return String::new();
    }
    let step = tick_step((high - low).max(1.0));
    let (low, high) = ((low / step).floor() * step, ((high / step).floor() + 1.0) * step);
    let (from, to) = span(shown);
    let x = |t: f64| LEFT + (WIDTH - LEFT - 8.0) * (t - from) / (to - from);
    let y = |v: f64| TOP + (HEIGHT - TOP - BOTTOM) * (high - v) / (high - low);
    let mut svg = format!(r#"<figure><figcaption>{title}"#);
    for curve in curves {
        let _ = write!(
            svg,
            r#" <span class="key {}">{}</span>"#,
            curve.class, curve.label
        );
    }
    let _ = write!(
        svg,
        r#"</figcaption><svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{title}">"#
    );
    for (i, phase) in shown.repetition.phases.iter().enumerate() {
        let (a, b) = (x(phase.start_s), x(phase.end_s));
        let _ = write!(
            svg,
            r#"<rect class="phase p{}" x="{a:.1}" y="{TOP}" width="{:.1}" height="{:.1}"><title>{}</title></rect>"#,
            i % 2,
            b - a,
            HEIGHT - TOP - BOTTOM,
            phase.name
        );
    }
    let ticks = ((high - low) / step).round() as usize;
    for tick in 0..=ticks {
        let value = low + tick as f64 * step;
        let at = y(value);
        let _ = write!(
            svg,
            r#"<line class="grid" x1="{LEFT}" x2="{:.0}" y1="{at:.1}" y2="{at:.1}"/><text class="tick" x="{:.0}" y="{:.1}" text-anchor="end">{value:.0}</text>"#,
            WIDTH - 8.0,
            LEFT - 8.0,
            at + 4.0
        );
    }
    for (i, (key, t)) in shown.repetition.events.iter().enumerate() {
        let at = x(*t);
        let _ = write!(
            svg,
            r#"<line class="event" x1="{at:.1}" x2="{at:.1}" y1="{TOP}" y2="{:.0}"/><text class="tick" x="{at:.1}" y="{}" text-anchor="middle">{}</text><text class="tick" x="{at:.1}" y="{}" text-anchor="middle">{t:.2} s</text>"#,
            HEIGHT - BOTTOM,
            if i % 2 == 0 { 12 } else { 27 },
            event_label(key),
            HEIGHT - 8.0
        );
    }
    for curve in curves {
        let _ = write!(svg, r#"<path class="curve {}" d=""#, curve.class);
        let mut pen = 'M';
        for (t, value) in times(shown).zip(&curve.values) {
            match value {
                Some(value) => {
                    let _ = write!(svg, "{pen}{:.1} {:.1}", x(t), y(*value));
                    pen = 'L';
                }
                None => pen = 'M',
            }
        }
        svg.push_str(r#""/>"#);
    }
    svg + "</svg></figure>"
}

/// A round distance that puts three to seven lines into a range.
fn tick_step(range: f64) -> f64 {
    let rough = range / 5.0;
    let power = 10f64.powf(rough.log10().floor());
    let factor = [1.0, 2.0, 5.0, 10.0].into_iter().find(|f| f * power >= rough);
    factor.unwrap_or(10.0) * power
}
