//! What one repetition of a movement measured.

use serde::Serialize;
use serde::ser::{SerializeMap, SerializeStruct, Serializer};

/// A stretch of a repetition with one name.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PhaseSpan {
    /// Name as in the movement's phase list, e.g. `flight`.
    pub name: &'static str,
    /// Start, seconds of media time.
    pub start_s: f64,
    /// End, seconds of media time.
    pub end_s: f64,
}

impl PhaseSpan {
    /// Phases that touch each other: one between each two successive bounds. A phase without duration is left out.
    pub(crate) fn tiled(names: &[&'static str], bounds: &[f64]) -> Vec<PhaseSpan> {
        let spans = names.iter().zip(bounds.windows(2)).map(|(name, b)| PhaseSpan {
            name,
            start_s: b[0],
            end_s: b[1],
        });
        spans.filter(|span| span.end_s > span.start_s).collect()
    }
}

/// One contact of a foot in running or walking.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StepSpan {
    /// `left` or `right`; `unknown` when the pose model mixed them up throughout.
    pub side: &'static str,
    /// When the foot meets the ground, seconds of media time.
    pub contact_s: f64,
    /// When it leaves it.
    pub toe_off_s: f64,
    /// `rearfoot`, `midfoot` or `forefoot`, where the foot was seen well enough.
    pub foot_strike: Option<&'static str>,
}

/// One measured quantity. `key` is defined in [`crate::registry`].
#[derive(Clone, Debug, PartialEq)]
pub struct Metric {
    /// Registry key; carries the unit.
    pub key: &'static str,
    /// `None` when withheld.
    pub value: Option<f64>,
    /// Half width of the 95 % interval, in the unit of the value.
    pub uncertainty: Option<f64>,
    /// The method that made the value, e.g. `flight_time`.
    pub method: &'static str,
}

/// Overall verdict on a repetition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[allow(missing_docs)]
pub enum Grade {
    A,
    B,
    C,
    F,
}

impl Grade {
    /// From the best to the worst.
    pub const ALL: [Self; 4] = [Self::A, Self::B, Self::C, Self::F];

    /// As it serialises.
    pub fn name(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::B => "B",
            Self::C => "C",
            Self::F => "F",
        }
    }
}

/// How far the numbers of a repetition can be trusted, with reasons a person can act on.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Quality {
    /// The verdict.
    pub grade: Grade,
    /// Why it is not better. Empty for a flawless A.
    pub reasons: Vec<String>,
    /// Whether it was measured less well than was asked for, because the machine was busy.
    pub degraded: bool,
}

/// One completed repetition. Final: it is never revised.
///
/// Serialises to the public JSON shape: `metrics`, `uncertainty` and `methods` are objects that share keys; a withheld
/// metric is `null` with its reason in `warnings`.
#[derive(Clone, Debug, PartialEq)]
pub struct Repetition {
    /// Movement name, e.g. `cmj`.
    pub movement: &'static str,
    /// Track id of the person.
    pub person: u32,
    /// Start of the first phase, seconds of media time.
    pub start_s: f64,
    /// End of the last phase.
    pub end_s: f64,
    /// Phases in order; they tile `start_s..end_s`.
    pub phases: Vec<PhaseSpan>,
    /// Named instants in seconds of media time, in order of definition, e.g. `takeoff_s`.
    pub events: Vec<(&'static str, f64)>,
    /// Contacts in order; empty for movements without steps.
    pub steps: Vec<StepSpan>,
    /// Metrics in registry order.
    pub metrics: Vec<Metric>,
    /// What a reader should know, one sentence each.
    pub warnings: Vec<String>,
    /// Grade and reasons.
    pub quality: Quality,
}

impl Repetition {
    /// A repetition that lasts from the first to the last of its phases.
    pub(crate) fn of_phases(
        movement: &'static str,
        person: u32,
        phases: Vec<PhaseSpan>,
        events: Vec<(&'static str, f64)>,
        (metrics, warnings, quality): (Vec<Metric>, Vec<String>, Quality),
    ) -> Self {
        Self {
            movement,
            person,
            start_s: phases.first().map_or(f64::NAN, |phase| phase.start_s),
            end_s: phases.last().map_or(f64::NAN, |phase| phase.end_s),
            phases,
            events,
            steps: Vec::new(),
            metrics,
            warnings,
            quality,
        }
    }

    /// The value of a metric, `None` when absent or withheld.
    pub fn metric(&self, key: &str) -> Option<f64> {
        self.metrics.iter().find(|m| m.key == key).and_then(|m| m.value)
    }

    /// The time of an event in seconds, `None` when absent.
    pub fn event(&self, key: &str) -> Option<f64> {
        self.events.iter().find(|(k, _)| *k == key).map(|(_, t)| *t)
    }
}

struct AsMap<I>(I);

impl<K: Serialize, V: Serialize, I: Iterator<Item = (K, V)> + Clone> Serialize for AsMap<I> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (k, v) in self.0.clone() {
            map.serialize_entry(&k, &v)?;
        }
        map.end()
    }
}

impl Serialize for Repetition {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut s = serializer.serialize_struct("Repetition", 12)?;
        s.serialize_field("movement", self.movement)?;
        s.serialize_field("person", &self.person)?;
        s.serialize_field("start_s", &self.start_s)?;
        s.serialize_field("end_s", &self.end_s)?;
        s.serialize_field("phases", &self.phases)?;
        s.serialize_field("events", &AsMap(self.events.iter().map(|(k, t)| (*k, *t))))?;
        if self.steps.is_empty() {
            s.skip_field("steps")?;
        } else {
            s.serialize_field("steps", &self.steps)?;
        }
        s.serialize_field("metrics", &AsMap(self.metrics.iter().map(|m| (m.key, m.value))))?;
        s.serialize_field(
            "uncertainty",
            &AsMap(self.metrics.iter().map(|m| (m.key, m.uncertainty))),
        )?;
        s.serialize_field("methods", &AsMap(self.metrics.iter().map(|m| (m.key, m.method))))?;
        s.serialize_field("warnings", &self.warnings)?;
        s.serialize_field("quality", &self.quality)?;
        s.end()
    }
}
