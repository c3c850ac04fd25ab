//! From an order to the command line of the process that carries it out.

use crate::serve::api::model::{Person, Quality};
use crate::serve::sessions::Order;
use kinemotion_models::ExecutionProvider;

/// What `kinemotion analyze` is told of an order.
pub fn of(order: &Order, providers: &[ExecutionProvider]) -> Vec<String> {
    let providers: Vec<_> = providers.iter().map(|provider| provider.name()).collect();
    let most = order.file.map_or(1, |file| file.max_persons);
    let measured = match order.config.person {
        Some(Person::NearestCentre) => "nearest-centre",
        Some(Person::MostMoving) => "most-moving",
        None if most > 1 => "everybody",
        Some(Person::Largest) | None => "largest",
    };
    let mut arguments = vec![
        format!("--movement={}", order.sport_type),
        format!("--quality={}", quality(order.quality)),
        format!("--provider={}", providers.join(",")),
        format!("--person={measured}"),
        format!("--max-persons={most}"),
        "--jobs=1".into(),
        "--say-progress".into(),
    ];
    let numbers = [
        ("--athlete-height", order.athlete.height_m),
        ("--athlete-mass", order.athlete.mass_kg),
        ("--box-height", order.box_height_m),
        ("--camera-roll", order.camera.roll_deg),
        ("--camera-yaw", order.camera.yaw_deg),
        ("--capture-fps", order.config.capture_fps),
    ];
    // With the sign of equality, as numbers may be negative.
    let numbers = numbers
        .into_iter()
        .filter_map(|(name, value)| Some(format!("{name}={}", value?)));
    arguments.extend(numbers);
    arguments
}

fn quality(quality: Quality) -> &'static str {
    match quality {
        Quality::Fast => "fast",
        Quality::Balanced => "balanced",
        Quality::Accurate => "accurate",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyze::AnalyzeArgs;
    use crate::serve::api::model::{AnalysisConfig, AthleteInfo, Camera};
    use crate::serve::sessions::FileOrder;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: AnalyzeArgs,
    }

    #[test]
    fn the_command_understands_every_order() {
        let order = Order {
            athlete: AthleteInfo {
                height_m: Some(1.8),
                mass_kg: Some(75.0),
            },
            camera: Camera {
                roll_deg: Some(-3.5),
                yaw_deg: Some(2.0),
            },
            box_height_m: Some(0.4),
            config: AnalysisConfig {
                capture_fps: Some(240.0),
                person: Some(Person::MostMoving),
            },
            file: Some(FileOrder {
                overlay: true,
                max_persons: 3,
                report: false,
            }),
            ..Order::of_a_demo()
        };
        let words = of(&order, &[ExecutionProvider::Cuda, ExecutionProvider::Cpu]);
        assert!(
            words.contains(&"--camera-roll=-3.5".into()) && words.contains(&"--provider=cuda,cpu".into())
        );
        for told in ["--person=most-moving", "--max-persons=3", "--capture-fps=240"] {
            assert!(words.contains(&told.into()), "{told}: {words:?}");
        }
        let words = ["analyze".to_owned()]
            .into_iter()
            .chain(words)
            .chain(["--".into(), "video".into()]);
        let line = Line::try_parse_from(words).expect("it understands");
        assert_eq!(line.args.jobs(), 1);
        let subject = line.args.measuring.subject();
        assert_eq!(
            (subject.athlete.height_m, subject.athlete.mass_kg),
            (Some(1.8), Some(75.0))
        );
    }
}
