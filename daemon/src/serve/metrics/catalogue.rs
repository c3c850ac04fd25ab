//! How a family of metrics is declared: once, with everything that is said of it. Dashboards show the help, the page of metrics the rest.

use prometheus::core::{Collector, MetricVec, MetricVecBuilder};
use prometheus::{
    Error, Gauge, GaugeVec, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge,
    IntGaugeVec, Opts, Registry, Result,
};

/// A declaration.
#[derive(Clone, Debug)]
pub struct Family {
    /// Without the prefix of the registry.
    pub name: &'static str,
    /// What it says, for people.
    pub help: &'static str,
    /// What it is measured in.
    pub unit: Unit,
    /// What tells its series apart.
    pub labels: &'static [Label],
    /// Upper bounds of a histogram.
    pub buckets: &'static [f64],
    /// When it is there, unless it is always.
    pub only: Option<&'static str>,
}

/// A label and what it can say.
#[derive(Clone, Copy, Debug)]
pub struct Label {
    /// Its name.
    pub name: &'static str,
    /// Its values.
    pub values: Values,
}

/// Values of a label. There are never more than a program, a router or a machine has of something: what clients make up is
/// no label.
#[derive(Clone, Copy, Debug)]
pub enum Values {
    /// These, each of them from the start.
    All(fn() -> Vec<&'static str>),
    /// Those that occur.
    Occurring {
        /// What bounds them.
        bound: &'static str,
        /// There from the start, so that a sum is 0 and not nothing.
        first: &'static [&'static str],
    },
}

/// What a number is measured in: what is counted, or a base unit, which the name says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Things.
    Count,
    /// Seconds.
    Seconds,
    /// Bytes.
    Bytes,
    /// A share, 0 to 1.
    Ratio,
}

/// What a family does over time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It only grows, from 0 at the start of the process.
    Counter,
    /// It goes up and down.
    Gauge,
    /// It tells how many observations lie below each bound.
    Histogram,
}

impl Family {
    /// A family of counts without labels.
    pub const fn of(name: &'static str, help: &'static str) -> Self {
        Self {
            name,
            help,
            unit: Unit::Count,
            labels: &[],
            buckets: &[],
            only: None,
        }
    }

    /// In another unit.
    pub const fn unit(self, unit: Unit) -> Self {
        Self { unit, ..self }
    }

    /// With labels.
    pub const fn labels(self, labels: &'static [Label]) -> Self {
        Self { labels, ..self }
    }

    /// With these bounds, of a histogram.
    pub const fn buckets(self, buckets: &'static [f64]) -> Self {
        Self { buckets, ..self }
    }

    /// There at some times only.
    pub const fn only(self, when: &'static str) -> Self {
        Self {
            only: Some(when),
            ..self
        }
    }

    /// Whether the name says kind and unit as Prometheus has it: `_total` of counters, base units in full.
    fn check(&self, kind: Kind) -> Result<()> {
        let (stem, counts) = match self.name.strip_suffix("_total") {
            Some(stem) => (stem, true),
            None => (self.name, false),
        };
        let says = Unit::ALL
            .into_iter()
            .find(|unit| unit.suffix().is_some_and(|suffix| stem.ends_with(suffix)));
        if counts == (kind == Kind::Counter) && says.unwrap_or(Unit::Count) == self.unit {
            return Ok(());
        }
        let (name, kind, unit) = (self.name, kind.name(), self.unit.name());
        Err(Error::Msg(format!("{name} is no name of a {kind} in {unit}")))
    }

    /// The help with what its labels can say.
    fn said(&self) -> String {
        let labels = self.labels.iter();
        let labels: String = labels
            .map(|label| format!(". {}: {}", label.name, label.said()))
            .collect();
        format!("{}{labels}", self.help)
    }

    /// Label values of the series that are there from the start.
    fn first(&self) -> Vec<Vec<&'static str>> {
        let mut rows = vec![Vec::new()];
        if self.only.is_some() {
            rows.clear();
        }
        for label in self.labels {
            let values = label.first();
            rows = rows
                .iter()
                .flat_map(|row| values.iter().map(move |value| [&row[..], &[*value]].concat()))
                .collect();
        }
        rows
    }

    fn opts(&self) -> Opts {
        Opts::new(self.name, self.said())
    }

    fn histogram(&self) -> HistogramOpts {
        HistogramOpts::new(self.name, self.said()).buckets(self.buckets.to_vec())
    }

    fn names(&self) -> Vec<&'static str> {
        self.labels.iter().map(|label| label.name).collect()
    }
}

impl Label {
    /// A label whose values are all known.
    pub const fn all(name: &'static str, values: fn() -> Vec<&'static str>) -> Self {
        Self {
            name,
            values: Values::All(values),
        }
    }

    /// A label whose values are bounded by something; `first` are there from the start.
    pub const fn occurring(name: &'static str, bound: &'static str, first: &'static [&'static str]) -> Self {
        Self {
            name,
            values: Values::Occurring { bound, first },
        }
    }

    /// What it can say, for people.
    pub fn said(&self) -> String {
        match self.values {
            Values::All(values) => values().join(", "),
            Values::Occurring { bound, .. } => bound.to_owned(),
        }
    }

    fn first(&self) -> Vec<&'static str> {
        match self.values {
            Values::All(values) => values(),
            Values::Occurring { first, .. } => first.to_vec(),
        }
    }
}

impl Unit {
    /// Every one.
    pub const ALL: [Self; 4] = [Self::Count, Self::Seconds, Self::Bytes, Self::Ratio];

    /// For people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::Seconds => "seconds",
            Self::Bytes => "bytes",
            Self::Ratio => "ratio",
        }
    }

    fn suffix(self) -> Option<&'static str> {
        match self {
            Self::Count => None,
            Self::Seconds => Some("_seconds"),
            Self::Bytes => Some("_bytes"),
            Self::Ratio => Some("_ratio"),
        }
    }
}

impl Kind {
    /// As `# TYPE` says it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

/// Makes and registers families. Each function makes one kind; those with an `s` at the end have labels.
pub struct Catalogue {
    registry: Registry,
    /// What was declared, in its order.
    #[cfg(test)]
    pub declared: Vec<(Family, Kind)>,
}

impl Catalogue {
    /// An empty one, whose names begin with this.
    ///
    /// # Errors
    /// A prefix that is empty.
    pub fn new(prefix: &str) -> Result<Self> {
        Ok(Self {
            registry: Registry::new_custom(Some(prefix.to_owned()), None)?,
            #[cfg(test)]
            declared: Vec::new(),
        })
    }

    /// What was registered.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// # Errors
    /// A name that does not say its unit, or that there is already; so with all of these.
    pub fn counter(&mut self, family: &Family) -> Result<IntCounter> {
        self.add(family, Kind::Counter, IntCounter::with_opts(family.opts())?)
    }

    /// Of several series.
    pub fn counters(&mut self, family: &Family) -> Result<IntCounterVec> {
        let made = IntCounterVec::new(family.opts(), &family.names())?;
        self.add_with_labels(family, Kind::Counter, made)
    }

    /// Of whole numbers.
    pub fn gauge(&mut self, family: &Family) -> Result<IntGauge> {
        self.add(family, Kind::Gauge, IntGauge::with_opts(family.opts())?)
    }

    /// Of whole numbers.
    pub fn gauges(&mut self, family: &Family) -> Result<IntGaugeVec> {
        let made = IntGaugeVec::new(family.opts(), &family.names())?;
        self.add_with_labels(family, Kind::Gauge, made)
    }

    /// Of numbers that are not whole.
    pub fn real_gauge(&mut self, family: &Family) -> Result<Gauge> {
        self.add(family, Kind::Gauge, Gauge::with_opts(family.opts())?)
    }

    /// Of numbers that are not whole.
    pub fn real_gauges(&mut self, family: &Family) -> Result<GaugeVec> {
        let made = GaugeVec::new(family.opts(), &family.names())?;
        self.add_with_labels(family, Kind::Gauge, made)
    }

    /// One series of observations.
    pub fn histogram(&mut self, family: &Family) -> Result<Histogram> {
        self.add(family, Kind::Histogram, Histogram::with_opts(family.histogram())?)
    }

    /// Several.
    pub fn histograms(&mut self, family: &Family) -> Result<HistogramVec> {
        let made = HistogramVec::new(family.histogram(), &family.names())?;
        self.add_with_labels(family, Kind::Histogram, made)
    }

    fn add_with_labels<B: MetricVecBuilder + 'static>(
        &mut self,
        family: &Family,
        kind: Kind,
        made: MetricVec<B>,
    ) -> Result<MetricVec<B>> {
        for row in family.first() {
            made.get_metric_with_label_values(&row)?;
        }
        self.add(family, kind, made)
    }

    fn add<C: Collector + Clone + 'static>(&mut self, family: &Family, kind: Kind, made: C) -> Result<C> {
        family.check(kind)?;
        self.registry.register(Box::new(made.clone()))?;
        #[cfg(test)]
        self.declared.push((family.clone(), kind));
        Ok(made)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_its_unit_and_whether_it_only_grows() {
        let mut catalogue = Catalogue::new("test").expect("a prefix");
        let mut refused = |family: Family| catalogue.counter(&family).expect_err("refused").to_string();
        assert!(refused(Family::of("frames", "Of a test")).contains("no name of a counter"));
        assert!(refused(Family::of("spent_total", "Of a test").unit(Unit::Seconds)).contains("in seconds"));
        assert!(refused(Family::of("spent_seconds_total", "Of a test")).contains("in count"));
        let mut catalogue = Catalogue::new("test").expect("a prefix");
        assert!(catalogue.gauge(&Family::of("frames_total", "Of a test")).is_err());
        assert!(
            catalogue
                .counter(&Family::of("spent_seconds_total", "Of a test").unit(Unit::Seconds))
                .is_ok()
        );
    }

    #[test]
    fn every_combination_of_what_is_known_is_there_from_the_start() {
        const COLOUR: Label = Label::all("colour", || vec!["red", "blue"]);
        const SHAPE: Label = Label::occurring("shape", "shapes of this world", &["round"]);
        let family = Family::of("things", "Things").labels(&[COLOUR, SHAPE]);
        assert_eq!(family.first(), [["red", "round"], ["blue", "round"]]);
        assert_eq!(
            family.said(),
            "Things. colour: red, blue. shape: shapes of this world"
        );
        assert!(family.only("on Sundays").first().is_empty());
        assert_eq!(Family::of("thing", "A thing").first(), [[""; 0]]);
    }
}
