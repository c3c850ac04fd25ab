//! The page as HTML, with everything inside.

use super::{Shown, charts};
use kinemotion_motion::{Athlete, Metric, movements, registry};
use kinemotion_pipelines::Analysis;
use std::fmt::Write;

/// The page.
pub fn render(analysis: &Analysis, shown: &[Shown<'_>], athlete: &Athlete) -> String {
    let source = &analysis.source;
    let name = source
        .path
        .file_name()
        .unwrap_or(source.path.as_os_str())
        .to_string_lossy();
    let name = escaped(&name);
    let mut html = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>{name} · kinemotion</title><style>{}</style></head><body>",
        include_str!("page.css")
    );
    let fps = source.average_fps.unwrap_or_default();
    let _ = write!(
        html,
        "<header><h1>{}</h1><div class=\"dim\">{name} · {}×{} · {fps:.0} frames/s · {} frames · model {}</div></header>",
        headline(shown),
        source.width,
        source.height,
        source.frames,
        analysis.model.quality
    );
    for (index, shown) in shown.iter().enumerate() {
        section(&mut html, index + 1, shown, athlete);
    }
    if !analysis.quality.warnings.is_empty() {
        html.push_str("<section><h2>About the clip</h2>");
        list(&mut html, &analysis.quality.warnings);
        html.push_str("</section>");
    }
    html.push_str("<footer class=\"dim\"><small>± is the half width of the 95 % interval. Angles lie in the picture plane: flexion is 0 straight, dorsiflexion 0 at a right angle, trunk lean + forwards.</small></footer></body></html>\n");
    html
}

fn headline(shown: &[Shown<'_>]) -> String {
    let mut counts: Vec<(&str, usize)> = Vec::new();
    for shown in shown {
        let movement = shown.repetition.movement;
        match counts.iter_mut().find(|(name, _)| *name == movement) {
            Some((_, count)) => *count += 1,
            None => counts.push((movement, 1)),
        }
    }
    let parts: Vec<String> = counts
        .iter()
        .map(|(name, count)| format!("{} × {count}", label(name)))
        .collect();
    if parts.is_empty() {
        "No movement found".into()
    } else {
        escaped(&parts.join(", "))
    }
}

fn label(movement: &str) -> &str {
    movements::find(movement).map_or(movement, |movement| movement.label)
}

fn section(html: &mut String, number: usize, shown: &Shown<'_>, athlete: &Athlete) {
    let r = shown.repetition;
    let _ = write!(
        html,
        "<section><div class=\"grade\" title=\"quality\">{:?}</div><h2>{number}. {} <small>person {}, {:.2}–{:.2} s</small></h2>",
        r.quality.grade,
        escaped(label(r.movement)),
        r.person,
        r.start_s,
        r.end_s
    );
    list(html, &r.quality.reasons);
    html.push_str("<div class=\"frames\">");
    for frame in &shown.frames {
        let _ = write!(
            html,
            "<figure><img alt=\"{0}\" src=\"data:image/jpeg;base64,{1}\"><figcaption>{0} · {2:.3} s</figcaption></figure>",
            frame.name,
            base64(&frame.jpeg),
            frame.time_s
        );
    }
    html.push_str("</div>");
    html.push_str(&charts::height(shown, athlete));
    html.push_str(&charts::angles(shown));
    html.push_str("<table>");
    r.metrics.iter().for_each(|metric| row(html, metric));
    html.push_str("</table>");
    list(html, &r.warnings);
    html.push_str("</section>");
}

fn row(html: &mut String, metric: &Metric) {
    let Some(definition) = registry::find(metric.key) else {
        return;
    };
    let decimals = definition.decimals;
    let unit = if definition.unit == "1" {
        ""
    } else {
        definition.unit
    };
    let value = match (metric.value, metric.uncertainty) {
        (Some(value), Some(half)) => format!("{value:.decimals$} ± {half:.decimals$} {unit}"),
        (Some(value), None) => format!("{value:.decimals$} {unit}"),
        (None, _) => "withheld".into(),
    };
    let _ = write!(
        html,
        "<tr><td>{}<br><small>{} Method: {}. {}</small></td><td class=\"value\">{}</td></tr>",
        escaped(definition.label),
        escaped(definition.definition),
        escaped(metric.method),
        escaped(definition.source),
        escaped(&value)
    );
}

fn list(html: &mut String, sentences: &[String]) {
    if sentences.is_empty() {
        return;
    }
    html.push_str("<ul>");
    for sentence in sentences {
        let _ = write!(html, "<li>{}</li>", escaped(sentence));
    }
    html.push_str("</ul>");
}

/// An event's name for people.
pub fn event_label(key: &'static str) -> &'static str {
    match key {
        "takeoff_s" => "take-off",
        "touchdown_s" => "touch-down",
        "dropoff_s" => "step-off",
        "first_contact_s" => "first contact",
        "last_toe_off_s" => "last toe-off",
        other => other.strip_suffix("_s").unwrap_or(other),
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

/// Base64 of RFC 4648 with padding.
fn base64(data: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digits = |chunk: &[u8]| {
        let word =
            chunk.iter().fold(0u32, |word, byte| word << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        let digit = |i: usize| match i <= chunk.len() {
            true => char::from(DIGITS[(word >> (18 - 6 * i)) as usize & 63]),
            false => '=',
        };
        [digit(0), digit(1), digit(2), digit(3)]
    };
    data.chunks(3).flat_map(digits).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_matches_the_vectors_of_the_rfc() {
        for (plain, coded) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(base64(plain.as_bytes()), coded);
        }
    }

    #[test]
    fn names_cannot_break_the_page() {
        assert_eq!(escaped("<b>\"&"), "&lt;b&gt;&quot;&amp;");
    }
}
