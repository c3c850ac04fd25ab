//! The page: what was filmed, an overview, the repetitions, and what the words mean.

use super::html::{escaped, list};
use super::section::{grade, label, unit};
use super::{Report, charts, section};
use kinemotion_motion::norms::{Sex, TrainingLevel};
use kinemotion_motion::{Repetition, movements, registry};
use std::fmt::Write;

/// With more repetitions than this each one shows its details on demand.
const UNFOLDED: usize = 3;

/// The page.
pub fn render(report: &Report<'_>) -> String {
    let name = escaped(&report.file_name());
    let mut html = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>{name} · kinemotion</title><style>{}</style></head><body>",
        include_str!("page.css")
    );
    html.push_str(&header(report));
    html.push_str("<main>");
    html.push_str(&overview(report));
    let folded = report.shown.len() > UNFOLDED;
    for (index, shown) in report.shown.iter().enumerate() {
        html.push_str(&section::render(report, index + 1, shown, folded));
    }
    html.push_str(&about_the_clip(report));
    html.push_str(&reading(report));
    html.push_str(&glossary(report));
    html + "</main></body></html>\n"
}

impl Report<'_> {
    fn file_name(&self) -> String {
        let path = &self.analysis.source.path;
        path.file_name()
            .unwrap_or(path.as_os_str())
            .to_string_lossy()
            .into_owned()
    }

    /// Whether the repetitions are those of several people.
    pub fn several_people(&self) -> bool {
        let mut people = self.shown.iter().map(|shown| shown.repetition.person);
        let first = people.next();
        people.any(|person| Some(person) != first)
    }

    /// The movements in the order in which they first happen, each with its numbered repetitions.
    fn movements(&self) -> Vec<(&'static str, Vec<(usize, &Repetition)>)> {
        let mut all: Vec<(&'static str, Vec<(usize, &Repetition)>)> = Vec::new();
        for (index, shown) in self.shown.iter().enumerate() {
            let numbered = (index + 1, shown.repetition);
            match all
                .iter_mut()
                .find(|(name, _)| *name == shown.repetition.movement)
            {
                Some((_, repetitions)) => repetitions.push(numbered),
                None => all.push((shown.repetition.movement, vec![numbered])),
            }
        }
        all
    }

    /// What is known about the athlete, in words.
    fn athlete(&self) -> String {
        let (athlete, profile) = (&self.subject.athlete, &self.subject.profile);
        let level = profile.level.map(|level| match level {
            TrainingLevel::Sedentary => "sedentary",
            TrainingLevel::Recreational => "active for recreation",
            TrainingLevel::Trained => "trained",
            TrainingLevel::National => "national level",
            TrainingLevel::Elite => "elite",
        });
        let sex = profile
            .sex
            .map(|sex| if sex == Sex::Female { "female" } else { "male" });
        let parts = [
            athlete.height_m.map(|height| format!("{height:.2} m")),
            athlete.mass_kg.map(|mass| format!("{mass:.1} kg")),
            profile.age_years.map(|age| format!("{age} years")),
            sex.map(str::to_owned),
            level.map(str::to_owned),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}

fn header(report: &Report<'_>) -> String {
    let source = &report.analysis.source;
    let mut facts = vec![("Clip", report.file_name())];
    let fps = source.average_fps.unwrap_or_default();
    let mut video = format!(
        "{}×{}, {fps:.0} frames/s, {} frames",
        source.width, source.height, source.frames
    );
    if let Some(capture) = source.capture_fps {
        let _ = write!(video, ", slow motion filmed at {capture:.0} frames/s");
    }
    facts.push(("Video", video));
    let athlete = report.athlete();
    if !athlete.is_empty() {
        facts.push(("Athlete", athlete));
    }
    facts.push(("Pose model", report.analysis.model.quality.to_owned()));
    let facts: String = facts
        .iter()
        .map(|(name, value)| format!("<div><dt>{name}</dt><dd>{}</dd></div>", escaped(value)))
        .collect();
    let version = env!("CARGO_PKG_VERSION");
    format!(
        "<header><p class=\"brand\">kinemotion {version} · movement report</p><h1>{}</h1><dl class=\"facts\">{facts}</dl></header>",
        headline(report)
    )
}

fn headline(report: &Report<'_>) -> String {
    let part = |(name, repetitions): &(&'static str, Vec<_>)| match repetitions.len() {
        1 => escaped(label(name)),
        count => format!("{} × {count}", escaped(label(name))),
    };
    let parts: Vec<String> = report.movements().iter().map(part).collect();
    if parts.is_empty() {
        "No movement found".into()
    } else {
        parts.join(", ")
    }
}

/// The repetitions side by side, movement by movement, where there are several.
fn overview(report: &Report<'_>) -> String {
    let several = report
        .movements()
        .into_iter()
        .filter(|(_, repetitions)| repetitions.len() > 1);
    let tables: String = several
        .map(|(name, repetitions)| {
            let headline = movements::find(name).map_or(&[][..], |movement| movement.headline);
            // a few values are read faster in the table
            let first = headline.first().filter(|_| repetitions.len() > UNFOLDED);
            let chart = first.and_then(|key| registry::find(key));
            format!(
                "<section><h2>{}: all repetitions</h2><div class=\"plots\">{}</div>{}</section>",
                escaped(label(name)),
                chart.map_or(String::new(), |definition| charts::over_repetitions(
                    definition,
                    &repetitions
                )),
                table(report, headline, &repetitions)
            )
        })
        .collect();
    tables
}

fn table(report: &Report<'_>, headline: &[&str], repetitions: &[(usize, &Repetition)]) -> String {
    let several = report.several_people();
    let definitions: Vec<_> = headline.iter().filter_map(|key| registry::find(key)).collect();
    let mut html = String::from("<div class=\"scroll\"><table><thead><tr><th scope=\"col\">#</th>");
    if several {
        html.push_str("<th scope=\"col\">Person</th>");
    }
    html.push_str("<th scope=\"col\" class=\"value\">Start, s</th><th scope=\"col\">Grade</th>");
    for definition in &definitions {
        let unit = Some(unit(definition.unit)).filter(|unit| !unit.is_empty());
        let unit = unit.map(|unit| format!(", {unit}")).unwrap_or_default();
        let _ = write!(
            html,
            "<th scope=\"col\" class=\"value\">{}{unit}</th>",
            escaped(definition.label)
        );
    }
    html.push_str("</tr></thead><tbody>");
    for (number, r) in repetitions {
        let _ = write!(html, "<tr><th scope=\"row\">{number}</th>");
        if several {
            let _ = write!(html, "<td>{}</td>", r.person);
        }
        let _ = write!(
            html,
            "<td class=\"value\">{:.2}</td><td>{:?}</td>",
            r.start_s, r.quality.grade
        );
        for definition in &definitions {
            let decimals = definition.decimals;
            let metric = r.metrics.iter().find(|metric| metric.key == definition.key);
            let value = match metric.map(|m| (m.value, m.uncertainty.unwrap_or_default())) {
                Some((Some(value), half)) => format!("{value:.decimals$} ± {half:.decimals$}"),
                _ => "–".into(),
            };
            let _ = write!(html, "<td class=\"value\">{value}</td>");
        }
        html.push_str("</tr>");
    }
    html + "</tbody></table></div>"
}

fn about_the_clip(report: &Report<'_>) -> String {
    let warnings = &report.analysis.quality.warnings;
    if warnings.is_empty() {
        return String::new();
    }
    format!("<section><h2>About the clip</h2>{}</section>", list(warnings))
}

/// How to read the page.
fn reading(report: &Report<'_>) -> String {
    if report.shown.is_empty() {
        return String::new();
    }
    let mut html = String::from(
        "<section><h2>How to read this page</h2><p><b>±</b> is the half width of the 95 % interval: of a hundred such numbers about \
         ninety-five true values lie inside. It covers the frame rate, how well body and feet were seen, the scale and the view; it \
         does not cover how much somebody varies from one day to the next.</p><p><b>Angles</b> lie in the plane of the picture and have OpenSim's signs: \
         flexion is 0 when straight, dorsiflexion 0 at a right angle, trunk lean positive forwards. Grey stripes in a curve are phases, \
         dashed lines events.</p><p><b>Grades</b> say how well it could be measured, not how well it was done:</p><div class=\"grades\">",
    );
    use kinemotion_motion::Grade::{A, B, C, F};
    [A, B, C, F]
        .into_iter()
        .for_each(|each| html.push_str(&grade(each)));
    html.push_str("</div>");
    if !report.subject.profile.is_empty() {
        html.push_str(
            "<p><b>Bands</b> describe the people somebody else measured. Where a mean and a standard deviation were published, the band \
             reaches one standard deviation to each side: about two thirds of those people lie inside, one in six above and one in six \
             below. Where only a range was published, the band is that range. A band is neither a target nor a diagnosis, and other \
             equipment measures a little differently. The dot is the value, the bar through it its 95 % interval.</p>",
        );
        if report.several_people() {
            html.push_str("<p>Age, sex and training level were taken for everybody in the clip.</p>");
        }
    }
    html + "</section>"
}

/// Every metric of the page with its definition and source; angles are explained with the rest of the reading.
fn glossary(report: &Report<'_>) -> String {
    let on_page = |key: &str| {
        let mut metrics = report.shown.iter().flat_map(|shown| &shown.repetition.metrics);
        metrics.any(|metric| metric.key == key)
    };
    let entries: String = registry::METRICS
        .iter()
        .filter(|definition| on_page(definition.key) && section::angle_at(definition.key).is_none())
        .map(|definition| {
            format!(
                "<dt>{}</dt><dd>{} <small>{}</small></dd>",
                escaped(definition.label),
                escaped(definition.definition),
                escaped(definition.source)
            )
        })
        .collect();
    if entries.is_empty() {
        return String::new();
    }
    format!("<section class=\"glossary\"><h2>Definitions and sources</h2><dl>{entries}</dl></section>")
}
