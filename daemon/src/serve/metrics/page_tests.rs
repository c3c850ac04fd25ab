//! What holds of every family, and `docs/operations/metrics.md`, which is made of their declarations.
//! `KINEMOTION_BLESS=1 cargo test -p kinemotion --lib metrics` writes it anew.

use super::catalogue::{Family, Kind, Values};
use super::*;
use prometheus::proto::MetricType;
use std::collections::BTreeSet;
use std::fmt::Write;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/operations/metrics.md");

fn metrics() -> Metrics {
    Metrics::new().expect("registers")
}

/// Text as a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

fn labels(family: &Family) -> String {
    let label = |label: &catalogue::Label| match label.values {
        Values::All(values) => {
            let values: Vec<String> = values().iter().map(|value| format!("`{value}`")).collect();
            format!("`{}`: {}", label.name, values.join(" "))
        }
        Values::Occurring { bound, .. } => format!("`{}`: {bound}", label.name),
    };
    family.labels.iter().map(label).collect::<Vec<_>>().join("<br>")
}

fn page(metrics: &Metrics) -> String {
    let mut page = String::from(
        "# Metrics of the daemon\n\nMade from `daemon/src/serve/metrics/`; a test keeps it true. `GET /metrics` at the listener for \
         operators (`admin.listen`) has them as text for Prometheus. Units are base units and stand in the names; counters end in \
         `_total` and begin at 0 with the process. Series whose labels are all known are there from the start, so that nothing \
         happened is 0 and not a gap. Labels never name analyses, people or addresses.\n\n\
         | name | type | unit | labels | meaning |\n|---|---|---|---|---|\n",
    );
    for (family, kind) in &metrics.catalogue.declared {
        let only = family.only.map(|when| format!(" (only {when})"));
        writeln!(
            page,
            "| `{PREFIX}_{}` | {} | {} | {} | {}{} |",
            family.name,
            kind.name(),
            family.unit.name(),
            cell(&labels(family)),
            cell(family.help),
            only.unwrap_or_default(),
        )
        .expect("a string takes all");
    }
    page += "\n## Of the process\n\nAs every program names them; processor time is in whole seconds.\n\n| name | type | meaning |\n|---|---|---|\n";
    for family in metrics.process.gather() {
        let kind = match family.get_field_type() {
            MetricType::COUNTER => Kind::Counter,
            _ => Kind::Gauge,
        };
        let help = cell(family.help().trim_end_matches('.'));
        writeln!(page, "| `{}` | {} | {help} |", family.name(), kind.name()).expect("a string takes all");
    }
    page += frames::STAGES_SAID;
    page += "\n## Bounds of the histograms, seconds\n\n| name | bounds |\n|---|---|\n";
    for (family, _) in metrics
        .catalogue
        .declared
        .iter()
        .filter(|(_, kind)| *kind == Kind::Histogram)
    {
        let bounds: Vec<String> = family.buckets.iter().map(ToString::to_string).collect();
        writeln!(page, "| `{PREFIX}_{}` | {} |", family.name, bounds.join(" ")).expect("a string takes all");
    }
    page
}

#[test]
fn the_page_of_metrics_is_what_is_declared() {
    let made = page(&metrics());
    if std::env::var_os("KINEMOTION_BLESS").is_some() {
        std::fs::write(PAGE, &made).expect("docs is writable");
    }
    let kept = std::fs::read_to_string(PAGE).unwrap_or_default();
    let differs = made.lines().zip(kept.lines()).find(|(a, b)| a != b);
    assert!(
        made == kept,
        "docs/operations/metrics.md is out of date, first at {differs:?}; KINEMOTION_BLESS=1 writes it anew"
    );
}

/// A family with this name among those that are told.
fn told<'a>(families: &'a [MetricFamily], name: &str) -> Option<&'a MetricFamily> {
    let name = format!("{PREFIX}_{name}");
    families.iter().find(|family| family.name() == name)
}

#[test]
fn every_family_is_told_from_the_start_with_all_that_is_known_of_its_labels() {
    let metrics = metrics();
    let families = metrics.catalogue.registry().gather();
    for (family, _) in &metrics.catalogue.declared {
        let told = told(&families, family.name);
        assert_eq!(told.is_some(), family.only.is_none(), "{}", family.name);
        let Some(told) = told else { continue };
        for label in family.labels {
            let values: BTreeSet<&str> = told
                .get_metric()
                .iter()
                .flat_map(|metric| metric.get_label())
                .filter(|pair| pair.name() == label.name)
                .map(|pair| pair.value())
                .collect();
            let known: BTreeSet<&str> = match label.values {
                Values::All(values) => values().into_iter().collect(),
                Values::Occurring { first, .. } => first.iter().copied().collect(),
            };
            assert_eq!(values, known, "{} of {}", label.name, family.name);
        }
    }
}

#[test]
fn names_say_their_unit_and_counters_their_total() {
    let metrics = metrics();
    metrics.cluster.redis(true);
    metrics.cluster.replicas(1);
    let families = metrics.catalogue.registry().gather();
    assert_eq!(families.len(), metrics.catalogue.declared.len());
    for family in families.iter().chain(&metrics.process.gather()) {
        let name = family.name();
        let counter = family.get_field_type() == MetricType::COUNTER;
        assert_eq!(name.ends_with("_total"), counter, "{name}");
        assert!(
            !["_ms", "_mb", "_percent"].iter().any(|unit| name.contains(unit)),
            "{name}"
        );
        assert!(!family.help().is_empty(), "{name}");
    }
}

#[test]
fn histograms_are_of_seconds_and_their_bounds_rise() {
    let metrics = metrics();
    let all = metrics.catalogue.declared.iter();
    let histograms: Vec<&Family> = all
        .filter(|(_, kind)| *kind == Kind::Histogram)
        .map(|(family, _)| family)
        .collect();
    assert!(!histograms.is_empty());
    for family in histograms {
        assert!(family.name.ends_with("_seconds"), "{}", family.name);
        assert!(
            family.buckets.windows(2).all(|pair| pair[0] < pair[1]),
            "{}",
            family.name
        );
    }
    for bounds in [
        &SECONDS[..],
        metrics
            .catalogue
            .declared
            .iter()
            .find(|(family, _)| family.name == "frame_latency_seconds")
            .expect("declared")
            .0
            .buckets,
    ] {
        assert!(
            bounds.contains(&0.2),
            "what is promised is a bound, so that it can be told exactly"
        );
    }
}

#[test]
fn numbers_of_the_process_have_the_names_every_program_has() {
    let text = text(&metrics().families()).expect("text");
    let text = String::from_utf8(text).expect("text");
    for name in [
        "process_cpu_seconds_total",
        "process_resident_memory_bytes",
        "process_threads",
        "process_open_fds",
        "process_max_fds",
        "process_start_time_seconds",
    ] {
        assert!(
            text.lines().any(|line| line.starts_with(&format!("{name} "))),
            "{name}: {text}"
        );
    }
}
