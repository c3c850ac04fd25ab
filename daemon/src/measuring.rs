//! What a clip is and who is in it: the arguments that every command which measures a clip shares.

use clap::{Args, ValueEnum};
use kinemotion_models::{EngineConfig, ExecutionProvider, PersonSelection, Quality};
use kinemotion_motion::norms::{Profile, Sex, TrainingLevel};
use kinemotion_motion::{Athlete, MovementChoice, Setup, movements};
use kinemotion_pipelines::{AnalysisSpec, Cancellation, People};
use std::path::Path;

/// Statures that can be meant: metres, not centimetres or feet. Kinephase has the same upper limit.
pub const STATURE_M: (f64, f64) = (0.5, 2.72);
/// Masses that can be meant, kilograms.
pub const MASS_KG: (f64, f64) = (10.0, 635.0);
/// Boxes of drop jumps, metres.
pub const BOX_M: (f64, f64) = (0.05, 2.0);
/// Angles by which a camera may stand askew, degrees.
pub const CAMERA_DEG: (f64, f64) = (-45.0, 45.0);
/// Capture rates of cameras, frames per second.
pub const CAPTURE_FPS: (f64, f64) = (1.0, 10_000.0);

/// Ages that can be meant, years.
const AGE: std::ops::RangeInclusive<i64> = 3..=120;

/// Which landmark model runs.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum QualityArg {
    /// Lite landmark model
    Fast,
    /// Full landmark model
    Balanced,
    /// Heavy landmark model
    Accurate,
}

impl From<QualityArg> for Quality {
    fn from(quality: QualityArg) -> Self {
        match quality {
            QualityArg::Fast => Self::Fast,
            QualityArg::Balanced => Self::Balanced,
            QualityArg::Accurate => Self::Accurate,
        }
    }
}

/// Sex of the athlete.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum SexArg {
    /// A woman or girl
    Female,
    /// A man or boy
    Male,
}

/// Training level of the athlete: the tiers of McKay et al. 2022, doi:10.1123/ijspp.2021-0451.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum LevelArg {
    /// Not active (tier 0)
    Sedentary,
    /// Active for recreation (tier 1)
    Recreational,
    /// Trains for a sport (tier 2)
    Trained,
    /// Highly trained: national or collegiate competition (tier 3)
    National,
    /// International competition or a professional league (tiers 4 and 5)
    Elite,
}

/// What runs the networks.
#[derive(Args, Debug)]
pub struct ProviderArgs {
    /// What runs the networks, the best first: the first that works of cpu, cuda, tensorrt, openvino, coreml. stub measures nothing
    #[arg(
        long = "provider",
        value_name = "LIST",
        value_delimiter = ',',
        default_value = "cpu"
    )]
    pub providers: Vec<ExecutionProvider>,
}

/// Who moves, how it was filmed, and how closely to look.
#[derive(Args, Debug)]
pub struct MeasuringArgs {
    /// Movement to look for, auto to recognise it
    #[arg(long, default_value = "auto", value_parser = movement)]
    movement: MovementChoice,

    /// Landmark model: more exact costs more time
    #[arg(long, value_enum, default_value_t = QualityArg::Balanced)]
    quality: QualityArg,

    /// Stature of the athlete in metres; gives lengths and speeds their scale
    #[arg(long, value_name = "M", value_parser = within(STATURE_M, "metres"))]
    athlete_height: Option<f64>,

    /// Body mass of the athlete in kilograms; needed for power
    #[arg(long, value_name = "KG", value_parser = within(MASS_KG, "kilograms"))]
    athlete_mass: Option<f64>,

    /// Height of the box of drop jumps in metres; measured when it is not given
    #[arg(long, value_name = "M", value_parser = within(BOX_M, "metres"))]
    box_height: Option<f64>,

    /// Degrees by which the picture is turned clockwise; estimated when it is not given
    #[arg(long, value_name = "DEG", value_parser = within(CAMERA_DEG, "degrees"), allow_negative_numbers = true)]
    camera_roll: Option<f64>,

    /// Degrees by which the camera is off the right angle to the movement; estimated when it is not given
    #[arg(long, value_name = "DEG", value_parser = within(CAMERA_DEG, "degrees"), allow_negative_numbers = true)]
    camera_yaw: Option<f64>,

    /// Degrees by which the camera looks down; taken for level when it is not given
    #[arg(long, value_name = "DEG", value_parser = within(CAMERA_DEG, "degrees"), allow_negative_numbers = true)]
    camera_pitch: Option<f64>,

    /// Frames per second at which a slow-motion file was filmed
    #[arg(long, value_name = "FPS", value_parser = within(CAPTURE_FPS, "frames per second"))]
    capture_fps: Option<f64>,

    #[command(flatten)]
    provider: ProviderArgs,

    /// Whose movement is measured: everybody, largest, nearest-centre, most-moving or id=NUMBER
    #[arg(long, value_name = "WHO", default_value = "everybody", value_parser = people)]
    person: People,

    /// People followed at once
    #[arg(long, value_name = "N", default_value_t = AnalysisSpec::FOLLOWED, value_parser = clap::value_parser!(u32).range(1..=16))]
    max_persons: u32,

    /// Age of the athlete in years; with --sex and --training-level chooses the norms of a report
    #[arg(long, value_name = "YEARS", value_parser = clap::value_parser!(u8).range(AGE))]
    age: Option<u8>,

    /// Sex of the athlete
    #[arg(long, value_enum)]
    sex: Option<SexArg>,

    /// Training level of the athlete
    #[arg(long, value_enum, value_name = "LEVEL")]
    training_level: Option<LevelArg>,
}

/// Who the athlete is, as far as it was given.
#[derive(Clone, Copy, Debug, Default)]
pub struct Subject {
    /// Body.
    pub athlete: Athlete,
    /// What norms depend on.
    pub profile: Profile,
}

impl MeasuringArgs {
    /// The analysis of a file without any output.
    pub fn spec(&self, input: &Path, cancellation: &Cancellation) -> AnalysisSpec {
        AnalysisSpec {
            movement: self.movement,
            quality: self.quality.into(),
            athlete: self.subject().athlete,
            setup: Setup {
                camera_roll_deg: self.camera_roll,
                camera_yaw_deg: self.camera_yaw,
                camera_pitch_deg: self.camera_pitch,
                box_height_m: self.box_height,
            },
            capture_fps: self.capture_fps,
            people: self.person,
            max_persons: self.max_persons,
            engine: EngineConfig {
                providers: self.provider.providers.clone(),
                ..EngineConfig::default()
            },
            cancellation: cancellation.clone(),
            ..AnalysisSpec::new(input)
        }
    }

    /// What is known about the athlete.
    pub fn subject(&self) -> Subject {
        Subject {
            athlete: Athlete {
                height_m: self.athlete_height,
                mass_kg: self.athlete_mass,
            },
            profile: Profile {
                age_years: self.age,
                sex: self.sex.map(|sex| match sex {
                    SexArg::Female => Sex::Female,
                    SexArg::Male => Sex::Male,
                }),
                level: self.training_level.map(|level| match level {
                    LevelArg::Sedentary => TrainingLevel::Sedentary,
                    LevelArg::Recreational => TrainingLevel::Recreational,
                    LevelArg::Trained => TrainingLevel::Trained,
                    LevelArg::National => TrainingLevel::National,
                    LevelArg::Elite => TrainingLevel::Elite,
                }),
            },
        }
    }
}

/// A movement by its name, or auto.
pub fn movement(text: &str) -> Result<MovementChoice, String> {
    if text == "auto" {
        return Ok(MovementChoice::Auto);
    }
    movements::find(text)
        .map(|movement| MovementChoice::Named(movement.name))
        .ok_or_else(|| {
            let names = movements::all().iter().map(|movement| movement.name);
            let known: Vec<&str> = std::iter::once("auto").chain(names).collect();
            format!("known movements: {}", known.join(", "))
        })
}

fn people(text: &str) -> Result<People, String> {
    let one = match text {
        "everybody" => return Ok(People::Everybody),
        "largest" => PersonSelection::Largest,
        "nearest-centre" => PersonSelection::NearestCentre,
        "most-moving" => PersonSelection::MostMoving,
        other => {
            let id = other.strip_prefix("id=").and_then(|id| id.parse().ok());
            PersonSelection::Id(
                id.ok_or("give everybody, largest, nearest-centre, most-moving or id=NUMBER")?,
            )
        }
    };
    Ok(People::One(one))
}

/// A parser of numbers inside limits.
fn within((least, most): (f64, f64), unit: &'static str) -> impl Fn(&str) -> Result<f64, String> + Clone {
    move |text| {
        let value: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
        let fits = (least..=most).contains(&value);
        fits.then_some(value)
            .ok_or_else(|| format!("give {unit} between {least} and {most}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Debug, Parser)]
    struct Wrapper {
        #[command(flatten)]
        args: MeasuringArgs,
    }

    fn parsed(line: &str) -> Result<MeasuringArgs, clap::Error> {
        let words = std::iter::once("kinemotion").chain(line.split_whitespace());
        Wrapper::try_parse_from(words).map(|wrapper| wrapper.args)
    }

    #[test]
    fn implausible_numbers_are_refused() {
        for line in [
            "--athlete-height 178",
            "--athlete-height NaN",
            "--athlete-mass 0",
            "--capture-fps -240",
            "--camera-roll 90",
            "--camera-pitch 60",
            "--box-height 0",
            "--max-persons 17",
            "--provider abacus",
            "--provider cuda,",
            "--movement flying",
            "--person tallest",
            "--age 300",
            "--sex x",
        ] {
            assert!(parsed(line).is_err(), "{line}");
        }
    }

    #[test]
    fn everybody_is_measured_unless_somebody_is_chosen() {
        let cancellation = Cancellation::default();
        let spec = |line| {
            parsed(line)
                .expect("fits")
                .spec(Path::new("a.mp4"), &cancellation)
        };
        let default = spec("");
        assert_eq!(
            (default.people, default.max_persons),
            (People::Everybody, AnalysisSpec::FOLLOWED)
        );
        let chosen = spec("--person id=7 --max-persons 2");
        assert_eq!(
            (chosen.people, chosen.max_persons),
            (People::One(PersonSelection::Id(7)), 2)
        );
    }
}
