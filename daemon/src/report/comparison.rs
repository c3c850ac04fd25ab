//! Values beside what others measured.

use super::html::escaped;
use super::section::unit;
use kinemotion_motion::norms::{self, Band, Norm, Place, Profile};
use kinemotion_motion::{Metric, Repetition, registry};
use std::fmt::Write;

/// Size of the picture of a band.
const WIDTH: f64 = 200.0;
const HEIGHT: f64 = 30.0;

/// The values of a repetition that have a norm for somebody, as a table; nothing when the profile is empty.
pub fn section(repetition: &Repetition, profile: &Profile) -> String {
    if profile.is_empty() {
        return String::new();
    }
    let rows: String = repetition
        .metrics
        .iter()
        .flat_map(|metric| {
            norms::of(repetition.movement, metric.key, profile).map(move |norm| (metric, norm))
        })
        .filter_map(|(metric, norm)| row(metric, norm))
        .collect();
    if rows.is_empty() {
        return "<h3>Compared with others</h3><p>No published reference values that fit this age, sex and training \
                level are known to this program for what was measured here.</p>"
            .into();
    }
    format!(
        "<h3>Compared with others</h3><div class=\"scroll\"><table class=\"norms\"><thead><tr><th scope=\"col\">Metric</th>\
         <th scope=\"col\">Value and band</th><th scope=\"col\">Reading</th></tr></thead><tbody>{rows}</tbody></table></div>"
    )
}

fn row(metric: &Metric, norm: &Norm) -> Option<String> {
    let definition = registry::find(metric.key)?;
    let (value, half) = (metric.value?, metric.uncertainty?);
    let decimals = definition.decimals;
    let unit = unit(definition.unit);
    let (low, high) = norm.band.limits();
    let band = match norm.band {
        Band::Spread { mean, sd } => {
            format!("mean {mean:.decimals$}, standard deviation {sd:.decimals$} {unit}")
        }
        Band::Observed { .. } => {
            format!("all measured between {low:.decimals$} and {high:.decimals$} {unit}")
        }
    };
    let people = &norm.population.description;
    let mut html = format!(
        "<tr><th scope=\"row\">{}<small>{value:.decimals$} ± {half:.decimals$} {unit}</small></th><td>{}<small>{low:.decimals$} \
         – {high:.decimals$} {unit}</small></td>",
        escaped(definition.label),
        picture(norm, value, half)
    );
    let _ = write!(
        html,
        "<td>{}<small>{}: {}; {}. {}</small></td></tr>",
        reading(norm.places(value, half)),
        escaped(people),
        band.trim_end(),
        escaped(norm.measured),
        escaped(norm.source)
    );
    Some(html)
}

/// Where a value lies, in words that do not claim more than its interval allows.
fn reading(places: (Place, Place)) -> &'static str {
    match places {
        (Place::Below, Place::Below) => "Below the band.",
        (Place::Within, Place::Within) => "Inside the band.",
        (Place::Above, Place::Above) => "Above the band.",
        (Place::Below, Place::Within) => {
            "Below or inside the band: the 95 % interval straddles its lower end, so this measurement cannot tell."
        }
        (Place::Within, Place::Above) => {
            "Inside or above the band: the 95 % interval straddles its upper end, so this measurement cannot tell."
        }
        _ => "The 95 % interval is wider than the band: this measurement cannot tell.",
    }
}

/// The band, the value and its interval on one line.
fn picture(norm: &Norm, value: f64, half: f64) -> String {
    let (low, high) = norm.band.limits();
    let (from, to) = (low.min(value - half), high.max(value + half));
    let margin = 0.1 * (to - from);
    let x = |v: f64| WIDTH * (v - from + margin) / (to - from + 2.0 * margin);
    let middle = 0.5 * HEIGHT;
    format!(
        "<svg class=\"band\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" aria-hidden=\"true\"><line class=\"axis\" x1=\"0\" x2=\"{WIDTH}\" \
         y1=\"{middle}\" y2=\"{middle}\"/><rect x=\"{:.1}\" y=\"5\" width=\"{:.1}\" height=\"20\"/><line class=\"interval\" \
         x1=\"{:.1}\" x2=\"{:.1}\" y1=\"{middle}\" y2=\"{middle}\"/><circle class=\"dot\" cx=\"{:.1}\" cy=\"{middle}\" r=\"5\"/></svg>",
        x(low),
        x(high) - x(low),
        x(value - half),
        x(value + half),
        x(value)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use kinemotion_motion::norms::Sex;

    #[test]
    fn a_value_at_the_end_of_a_band_is_not_put_on_one_side() {
        let profile = Profile {
            age_years: Some(33),
            sex: Some(Sex::Female),
            level: None,
        };
        let norm = norms::of("walking", "speed_m_s", &profile)
            .next()
            .expect("a norm");
        let row = |value, half| {
            let metric = Metric {
                key: "speed_m_s",
                value: Some(value),
                uncertainty: Some(half),
                method: "test",
            };
            row(&metric, norm).expect("a row")
        };
        assert!(row(1.40, 0.05).contains("Inside the band."));
        assert!(row(1.52, 0.05).contains("straddles its upper end"));
        assert!(row(1.80, 0.05).contains("Above the band."));
        assert!(row(1.40, 0.60).contains("wider than the band"));
        assert!(row(1.40, 0.05).contains("doi:10.1093/ageing/26.1.15"));
    }
}
