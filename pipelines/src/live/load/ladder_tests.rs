//! The ladder against a made-up engine whose load follows from what everybody gets.

use super::*;
use kinemotion_models::Quality;

const LITE_S: f64 = 0.0045;

fn athletes(n: usize, quality: Quality) -> Vec<Demand> {
    let demand = Demand {
        fps: 30.0,
        persons: 1.0,
        quality,
        overlay: false,
    };
    vec![demand; n]
}

/// What two seats do when everybody gets this much.
fn work(ladder: &Ladder, demands: &[Demand]) -> Work {
    let seat_s = [LITE_S, 1.9 * LITE_S, 8.0 * LITE_S];
    let seconds: f64 = demands
        .iter()
        .map(|demand| {
            let service = ladder.service(demand);
            let quality = Quality::ALL
                .into_iter()
                .find(|quality| quality.name() == service.model);
            service.pose_rate.unwrap_or(demand.fps) * seat_s[quality.expect("a model") as usize]
        })
        .sum();
    Work {
        seats: 2.0,
        busy: (seconds / 2.0).min(1.0),
        overrun: seconds > 2.0,
        seat_s,
    }
}

fn settled(ladder: &mut Ladder, demands: &[Demand], ticks: u32) -> Vec<Step> {
    let mut steps = vec![ladder.step()];
    for _ in 0..ticks {
        ladder.decide(&work(ladder, demands), demands);
        if steps.last() != Some(&ladder.step()) {
            steps.push(ladder.step());
        }
    }
    steps
}

#[test]
fn everybody_gets_everything_while_there_is_enough() {
    let mut ladder = Ladder::new(LoadConfig::default());
    let demands = athletes(10, Quality::Fast);
    assert_eq!(settled(&mut ladder, &demands, 50), [Step::Full]);
    assert_eq!(ladder.service(&demands[0]), Service::full(Quality::Fast));
}

#[test]
fn the_pose_rate_falls_first_and_uses_what_there_is() {
    let mut ladder = Ladder::new(LoadConfig::default());
    let demands = athletes(20, Quality::Fast);
    assert_eq!(settled(&mut ladder, &demands, 50), [Step::Full, Step::PoseRate]);
    let service = ladder.service(&demands[0]);
    let rate = service.pose_rate.expect("limited");
    assert!(service.degraded && (17.0..20.0).contains(&rate), "{rate}");
}

#[test]
fn below_the_floor_models_get_lighter_then_graphics_go_and_the_floor_stays() {
    let mut ladder = Ladder::new(LoadConfig::default());
    let demands = athletes(15, Quality::Accurate);
    let steps = settled(&mut ladder, &demands, 50);
    assert_eq!(steps, [Step::Full, Step::PoseRate, Step::Balanced]);
    assert_eq!(ladder.service(&demands[0]).model, "balanced");
    let mut demands = athletes(60, Quality::Accurate);
    settled(&mut ladder, &demands, 50);
    assert_eq!(ladder.step(), Step::Fast, "nobody has graphics that could go");
    demands[0].overlay = true;
    settled(&mut ladder, &demands, 50);
    assert_eq!(ladder.step(), Step::NoOverlay);
    let service = ladder.service(&demands[0]);
    assert_eq!((service.pose_rate, service.model), (Some(10.0), "fast"));
}

#[test]
fn steps_the_configuration_does_not_have_are_left_out() {
    let mut ladder = Ladder::new(LoadConfig {
        lighter_models: false,
        ..LoadConfig::default()
    });
    let mut demands = athletes(60, Quality::Accurate);
    demands[0].overlay = true;
    settled(&mut ladder, &demands, 50);
    let service = ladder.service(&demands[0]);
    assert_eq!((ladder.step(), service.model), (Step::NoOverlay, "accurate"));
}

#[test]
fn the_way_back_is_slow_and_does_not_swing() {
    let mut ladder = Ladder::new(LoadConfig::default());
    let mut many = athletes(60, Quality::Accurate);
    many[0].overlay = true;
    settled(&mut ladder, &many, 50);
    let taken = [0, 1, 1, 1, 1];
    assert_eq!(ladder.taken(), taken, "each step was taken once");
    let few = athletes(5, Quality::Fast);
    assert_eq!(
        settled(&mut ladder, &few, TICKS_TO_GIVE_MORE - 1),
        [Step::NoOverlay]
    );
    let back = settled(&mut ladder, &few, 100);
    let way = [
        Step::NoOverlay,
        Step::Fast,
        Step::Balanced,
        Step::PoseRate,
        Step::Full,
    ];
    assert_eq!(back, way);
    assert_eq!(ladder.taken(), taken, "on the way down only");
    // Just enough is not enough to go back and forth.
    let edge = athletes(14, Quality::Fast);
    let steps = settled(&mut ladder, &edge, 400);
    assert!(steps.len() <= 2, "{steps:?}");
}

#[test]
fn who_wants_little_leaves_the_rest_to_the_others() {
    let ladder = Ladder::new(LoadConfig::default());
    let mut demands = athletes(20, Quality::Fast);
    for demand in &mut demands[..5] {
        demand.fps = 5.0;
    }
    let work = work(&ladder, &demands);
    let rate = ladder.affordable(&work, &demands, Step::PoseRate);
    let used: f64 = demands.iter().map(|demand| demand.fps.min(rate) * LITE_S).sum();
    assert!(
        (used - 2.0 * TARGET).abs() < 1e-9,
        "{used} of two seats at {rate}"
    );
}

#[test]
fn nobody_is_nothing() {
    let mut ladder = Ladder::new(LoadConfig::default());
    settled(&mut ladder, &athletes(60, Quality::Fast), 20);
    ladder.decide(&work(&ladder, &[]), &[]);
    assert_eq!(ladder.step(), Step::Full);
}
