//! `docs/metrics.md` is made from the registry. `KINEMOTION_BLESS=1 cargo test -p kinemotion-motion --test metrics_page`
//! writes it anew.

use kinemotion_motion::movements;
use kinemotion_motion::registry::{METRICS, MetricDefinition};
use std::fmt::Write;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/metrics.md");

fn reported_by(metric: &MetricDefinition) -> String {
    let movements = movements::all().iter();
    let names: Vec<&str> = movements
        .filter(|m| m.metrics.contains(&metric.key))
        .map(|m| m.name)
        .collect();
    if names.is_empty() {
        "live".to_owned()
    } else {
        names.join(", ")
    }
}

fn page() -> String {
    let mut page = String::from(
        "# Metrics\n\nMade from `motion/src/registry.rs` and `motion/src/registry/`; a test keeps it true. Values outside the bounds \
         are withheld as implausible. Every value comes with the half width of its 95 % interval and the method that made it. \
         Metrics that need body mass appear only when it is given (`--athlete-mass`).\n\n",
    );
    page += "## Movements\n\n| name | | phases | events |\n|---|---|---|---|\n";
    for m in movements::all() {
        let (phases, events) = (m.phases.join(", "), m.events.join(", "));
        writeln!(page, "| `{}` | {} | {phases} | {events} |", m.name, m.label).expect("a string takes all");
    }
    page += "\n## Definitions\n\n| key | unit | definition | reported by | bounds | source |\n|---|---|---|---|---|---|\n";
    for m in METRICS {
        let (low, high) = m.bounds;
        writeln!(
            page,
            "| `{}` | {} | **{}.** {} | {} | {low} to {high} | {} |",
            m.key,
            m.unit,
            m.label,
            m.definition.replace('|', "\\|"),
            reported_by(m),
            m.source.replace('|', "\\|")
        )
        .expect("a string takes all");
    }
    page
}

#[test]
fn the_page_of_metrics_is_what_the_registry_says() {
    let made = page();
    if std::env::var_os("KINEMOTION_BLESS").is_some() {
        std::fs::write(PAGE, &made).expect("docs is writable");
    }
    let kept = std::fs::read_to_string(PAGE).unwrap_or_default();
    let differs = made.lines().zip(kept.lines()).find(|(a, b)| a != b);
    assert!(
        made == kept,
        "docs/metrics.md is out of date, first at {differs:?}; KINEMOTION_BLESS=1 writes it anew"
    );
}
