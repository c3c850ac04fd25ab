//! What other people measured: published reference values, each with its population and its source.
//!
//! A norm is a description of the people somebody measured, not a target and not a plausibility bound (those are in
//! [`crate::registry`]). Only figures that can be cited are here, so most metrics of most people have none.

mod table;

pub use table::NORMS;

/// Sex, as the publications divide their samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sex {
    /// Women and girls.
    Female,
    /// Men and boys.
    Male,
}

/// Training level, the tiers of McKay et al. 2022, doi:10.1123/ijspp.2021-0451.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrainingLevel {
    /// Tier 0: does not meet the activity guidelines.
    Sedentary,
    /// Tier 1: recreationally active.
    Recreational,
    /// Tier 2: trains for a sport, local competition.
    Trained,
    /// Tier 3: highly trained, national or collegiate competition.
    National,
    /// Tiers 4 and 5: international competition or a professional league.
    Elite,
}

/// What is known about somebody that norms depend on.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Profile {
    /// Age in completed years.
    pub age_years: Option<u8>,
    /// Sex.
    pub sex: Option<Sex>,
    /// Training level.
    pub level: Option<TrainingLevel>,
}

impl Profile {
    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// The people a norm was measured on. What is `None` was not a criterion.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Population {
    /// Who they were and how many, for people.
    pub description: &'static str,
    /// First and last age, completed years.
    pub ages: Option<(u8, u8)>,
    /// Sex.
    pub sex: Option<Sex>,
    /// Training level.
    pub level: Option<TrainingLevel>,
}

impl Population {
    /// Whether somebody is one of these people. A criterion that is not known about them is not met.
    pub fn includes(&self, profile: &Profile) -> bool {
        let age_fits =
            |(first, last): (u8, u8)| profile.age_years.is_some_and(|age| (first..=last).contains(&age));
        self.ages.is_none_or(age_fits)
            && self.sex.is_none_or(|sex| profile.sex == Some(sex))
            && self.level.is_none_or(|level| profile.level == Some(level))
    }
}

/// The part of a population that a norm marks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Band {
    /// Mean and standard deviation; about two thirds of the population lie within one of the other.
    Spread {
        /// Mean.
        mean: f64,
        /// Standard deviation.
        sd: f64,
    },
    /// Everybody who was measured.
    Observed {
        /// The least of them.
        least: f64,
        /// The most.
        most: f64,
    },
}

impl Band {
    /// Lower and upper end, in the unit of the metric: one standard deviation about the mean, or all that was seen.
    pub fn limits(self) -> (f64, f64) {
        match self {
            Self::Spread { mean, sd } => (mean - sd, mean + sd),
            Self::Observed { least, most } => (least, most),
        }
    }
}

/// Where a value lies against a band.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// Less than its lower end.
    Below,
    /// Inside.
    Within,
    /// More than its upper end.
    Above,
}

impl Place {
    fn of(value: f64, (low, high): (f64, f64)) -> Self {
        if value < low {
            Self::Below
        } else if value > high {
            Self::Above
        } else {
            Self::Within
        }
    }
}

/// One published reference value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Norm {
    /// Name of the movement.
    pub movement: &'static str,
    /// Registry key of the metric, whose unit the band has.
    pub key: &'static str,
    /// The people.
    pub population: Population,
    /// Their values.
    pub band: Band,
    /// How they were measured.
    pub measured: &'static str,
    /// Publication.
    pub source: &'static str,
}

impl Norm {
    /// Where the ends of the interval `value ± half_width` lie: the same place twice, or the interval straddles an end of
    /// the band and the value cannot be said to be on one side of it.
    pub fn places(&self, value: f64, half_width: f64) -> (Place, Place) {
        let limits = self.band.limits();
        (
            Place::of(value - half_width, limits),
            Place::of(value + half_width, limits),
        )
    }
}

/// The norms of a metric that fit somebody.
pub fn of<'a>(
    movement: &'a str,
    key: &'a str,
    profile: &'a Profile,
) -> impl Iterator<Item = &'static Norm> + 'a {
    NORMS
        .iter()
        .filter(move |norm| norm.movement == movement && norm.key == key && norm.population.includes(profile))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{movements, registry};

    #[test]
    fn every_norm_is_about_a_metric_of_its_movement_within_its_bounds_and_has_a_source() {
        for norm in NORMS {
            let movement = movements::find(norm.movement).expect(norm.movement);
            assert!(movement.metrics.contains(&norm.key), "{norm:?}");
            let bounds = registry::find(norm.key).expect(norm.key).bounds;
            let (low, high) = norm.band.limits();
            assert!(bounds.0 < low && low < high && high < bounds.1, "{norm:?}");
            assert!(norm.source.contains("doi:10."), "{norm:?}");
        }
    }

    #[test]
    fn nobody_is_compared_with_people_they_are_not_known_to_be_like() {
        let man = |age_years| Profile {
            age_years,
            sex: Some(Sex::Male),
            level: None,
        };
        let means = |profile: &Profile| -> Vec<f64> {
            let mean = |norm: &Norm| norm.band.limits().0.midpoint(norm.band.limits().1);
            of("walking", "speed_m_s", profile).map(mean).collect()
        };
        assert_eq!(means(&man(Some(45))), [1.462]);
        assert_eq!(means(&man(Some(49))).len(), 1);
        assert!(means(&man(Some(85))).is_empty());
        assert!(means(&man(None)).is_empty());
        assert!(means(&Profile::default()).is_empty());
    }

    #[test]
    fn an_interval_over_the_end_of_a_band_is_in_two_places() {
        let norm = Norm {
            band: Band::Spread { mean: 10.0, sd: 2.0 },
            ..NORMS[0]
        };
        assert_eq!(norm.places(10.0, 1.0), (Place::Within, Place::Within));
        assert_eq!(norm.places(11.5, 1.0), (Place::Within, Place::Above));
        assert_eq!(norm.places(4.0, 1.0), (Place::Below, Place::Below));
        assert_eq!(norm.places(10.0, 5.0), (Place::Below, Place::Above));
    }
}
