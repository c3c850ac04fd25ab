//! The published figures.

use super::{Band, Norm, Population, Sex, TrainingLevel};

/// Table 1 of the paper: comfortable gait speed, mean and standard deviation.
const BOHANNON: &str = "Bohannon 1997, Age and Ageing 26:15–19, doi:10.1093/ageing/26.1.15";
/// The range of each sex, from the abstract; the paper has percentiles.
const SOLE: &str = "Sole, Suchomel & Stone 2018, Sports 6(4):133, doi:10.3390/sports6040133";
/// Means and standard deviations of the abstract, which does not name the sex: impulse, contact and flight time give a mean
/// mass of 86 kg, so they are taken for men.
const SOUTHEY: &str = "Southey et al. 2024, Kinesiology 56(2), doi:10.26582/k.56.2.2";
/// The highest group of 44 sports, from the abstract.
const HAUGEN: &str =
    "Haugen et al. 2021, Int J Sports Physiol Perform 16(2):184–189, doi:10.1123/ijspp.2019-0964";
/// Mean 182.0 and range, from the abstract; no dependence on sex was found.
const BURNS: &str =
    "Burns, Zendler & Zernicke 2019, J Appl Physiol 126(2):462–468, doi:10.1152/japplphysiol.00374.2018";

/// Comfortable walking of a decade of age, m/s.
const fn walking(sex: Sex, description: &'static str, first_age: u8, mean: f64, sd: f64) -> Norm {
    Norm {
        movement: "walking",
        key: "speed_m_s",
        population: Population {
            description,
            ages: Some((first_age, first_age + 9)),
            sex: Some(sex),
            level: None,
        },
        band: Band::Spread { mean, sd },
        measured: "timed over 7.6 m of floor at a comfortable pace",
        source: BOHANNON,
    }
}

/// Countermovement jumps of collegiate athletes.
const fn collegiate(sex: Sex, description: &'static str, least: f64, most: f64) -> Norm {
    Norm {
        movement: "cmj",
        key: "rsi_modified",
        population: Population {
            description,
            ages: None,
            sex: Some(sex),
            level: Some(TrainingLevel::National),
        },
        band: Band::Observed { least, most },
        measured: "force platform",
        source: SOLE,
    }
}

/// Countermovement jumps of sprinters, metres.
const fn sprinter(sex: Sex, description: &'static str, mean: f64, sd: f64) -> Norm {
    Norm {
        movement: "cmj",
        key: "jump_height_m",
        population: Population {
            description,
            ages: None,
            sex: Some(sex),
            level: Some(TrainingLevel::Elite),
        },
        band: Band::Spread { mean, sd },
        measured: "force platform",
        source: HAUGEN,
    }
}

/// Drop jumps and the 10/5 test of professional footballers.
const fn footballer(movement: &'static str, key: &'static str, mean: f64, sd: f64) -> Norm {
    Norm {
        movement,
        key,
        population: Population {
            description: "professional Australian footballers, n = 24",
            ages: None,
            sex: Some(Sex::Male),
            level: Some(TrainingLevel::Elite),
        },
        band: Band::Spread { mean, sd },
        measured: "force platform",
        source: SOUTHEY,
    }
}

const WOMEN: &str = "healthy women of the same decade";
const MEN: &str = "healthy men of the same decade";

/// Every norm.
#[rustfmt::skip] // one row a norm
pub static NORMS: &[Norm] = &[
    sprinter(Sex::Male, "men of national sprint teams, the highest of 44 sports", 0.627, 0.048),
    sprinter(Sex::Female, "women of national sprint teams, the highest of 44 sports", 0.484, 0.060),
    collegiate(Sex::Male, "men of NCAA Division I teams, n = 76", 0.208, 0.704),
    collegiate(Sex::Female, "women of NCAA Division I teams, n = 75", 0.135, 0.553),
    footballer("dropjump", "reactive_strength_index", 2.46, 0.38),
    footballer("dropjump", "ground_contact_time_ms", 209.0, 30.0),
    footballer("dropjump", "flight_time_ms", 500.0, 39.0),
    footballer("repeatedjumps", "best_five_rsi", 2.52, 0.43),
    footballer("repeatedjumps", "ground_contact_time_ms", 180.0, 25.0),
    footballer("repeatedjumps", "flight_time_ms", 444.0, 53.0),
    Norm {
        movement: "running",
        key: "cadence_spm",
        population: Population {
            description: "runners of the 100 km World Championship 2016, n = 20",
            ages: None,
            sex: None,
            level: Some(TrainingLevel::Elite),
        },
        band: Band::Observed { least: 155.4, most: 203.1 },
        measured: "wrist-worn accelerometer, mean over the race",
        source: BURNS,
    },
    walking(Sex::Male, MEN, 20, 1.393, 0.153),
    walking(Sex::Male, MEN, 30, 1.458, 0.094),
    walking(Sex::Male, MEN, 40, 1.462, 0.164),
    walking(Sex::Male, MEN, 50, 1.393, 0.229),
    walking(Sex::Male, MEN, 60, 1.359, 0.205),
    walking(Sex::Male, MEN, 70, 1.330, 0.196),
    walking(Sex::Female, WOMEN, 20, 1.407, 0.175),
    walking(Sex::Female, WOMEN, 30, 1.415, 0.127),
    walking(Sex::Female, WOMEN, 40, 1.391, 0.158),
    walking(Sex::Female, WOMEN, 50, 1.395, 0.151),
    walking(Sex::Female, WOMEN, 60, 1.296, 0.213),
    walking(Sex::Female, WOMEN, 70, 1.272, 0.211),
];
