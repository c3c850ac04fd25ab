//! Who gets how much of the inference engine.
//!
//! Contract: pure; [`Ladder::decide`] is called once per tick with what was measured since the one before.

use kinemotion_models::Quality;
use serde::Serialize;
use std::fmt;

/// Share of the time that inference may be busy in the long run. Jobs come at random: queues grow quickly above.
const TARGET: f64 = 0.85;
/// From this share on the machine is too busy, whatever was planned.
const TOO_BUSY: f64 = 0.93;
/// Ticks in a row that must be too busy before sessions get less.
const TICKS_TO_GIVE_LESS: u32 = 2;
/// Ticks in a row that must have room before a step is taken back: 4 s.
const TICKS_TO_GIVE_MORE: u32 = 8;
/// A step is taken back only when there is room for so many times what it needs.
const ROOM: f64 = 1.15;
/// A pose rate rises by no more than this factor in a tick, as what a pose takes is known only for the rate of the moment, …
const RISE: f64 = 1.15;
/// … and falls by no more than this.
const FALL: f64 = 0.5;

/// How load is dealt with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LoadConfig {
    /// Poses per second that every session keeps.
    pub floor: f64,
    /// Whether lighter landmark models than asked for may be used.
    pub lighter_models: bool,
    /// Whether graphics may be left out of outgoing video.
    pub drop_overlay: bool,
    /// Whether sessions are refused when there is no room for them.
    pub admission: bool,
    /// Share of the processors that sessions may be let in for.
    pub budget: f64,
}

impl Default for LoadConfig {
    fn default() -> Self {
        Self {
            floor: 10.0,
            lighter_models: true,
            drop_overlay: true,
            admission: true,
            budget: 0.9,
        }
    }
}

/// How far down the ladder the process is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Everybody gets what was asked for.
    #[default]
    Full,
    /// Fewer poses per second.
    PoseRate,
    /// No model above `balanced`.
    Balanced,
    /// The lightest model for everybody.
    Fast,
    /// No graphics on outgoing video.
    NoOverlay,
}

impl Step {
    /// From the mildest to the hardest.
    pub const ALL: [Self; 5] = [
        Self::Full,
        Self::PoseRate,
        Self::Balanced,
        Self::Fast,
        Self::NoOverlay,
    ];

    /// The most exact model that is still used.
    fn quality(self, config: &LoadConfig) -> Quality {
        match self {
            _ if !config.lighter_models => Quality::Accurate,
            Self::Full | Self::PoseRate => Quality::Accurate,
            Self::Balanced => Quality::Balanced,
            Self::Fast | Self::NoOverlay => Quality::Fast,
        }
    }

    /// Whether the configuration has this step.
    fn is_allowed(self, config: &LoadConfig) -> bool {
        match self {
            Self::Full | Self::PoseRate => true,
            Self::Balanced | Self::Fast => config.lighter_models,
            Self::NoOverlay => config.drop_overlay,
        }
    }

    /// The next step that takes something away from somebody.
    fn harder(self, config: &LoadConfig, demands: &[Demand]) -> Option<Self> {
        let takes = |step: Self| {
            demands.iter().any(|demand| {
                let lighter =
                    demand.quality.min(step.quality(config)) < demand.quality.min(self.quality(config));
                lighter || (step == Self::NoOverlay && demand.overlay)
            })
        };
        Self::ALL
            .into_iter()
            .find(|step| *step > self && step.is_allowed(config) && takes(*step))
    }

    fn milder(self, config: &LoadConfig) -> Option<Self> {
        Self::ALL
            .into_iter()
            .rev()
            .find(|step| *step < self && step.is_allowed(config))
    }
}

/// What a session gets.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Service {
    /// Whether that is less than was asked for.
    pub degraded: bool,
    /// Most poses per second; absent when every frame is measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pose_rate: Option<f64>,
    /// The landmark model in use: `fast`, `balanced` or `accurate`.
    pub model: &'static str,
    /// Whether outgoing video may carry graphics.
    pub overlay: bool,
}

impl Service {
    /// All that was asked for.
    pub fn full(quality: Quality) -> Self {
        Self {
            degraded: false,
            pose_rate: None,
            model: quality.name(),
            overlay: true,
        }
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.pose_rate {
            Some(rate) => write!(f, "measured {rate:.1} times per second")?,
            None => f.write_str("every frame is measured")?,
        }
        write!(f, " by the model {}", self.model)?;
        f.write_str(if self.overlay { "" } else { ", no graphics" })
    }
}

/// What a session would like to have.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Demand {
    /// Frames per second that could be measured.
    pub fps: f64,
    /// People looked at in each.
    pub persons: f64,
    /// The landmark model asked for.
    pub quality: Quality,
    /// Whether video with graphics is being sent.
    pub overlay: bool,
}

/// What the engine did since the last tick.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Work {
    /// Inferences at the same time.
    pub seats: f64,
    /// Share of their time the seats were busy.
    pub busy: f64,
    /// Whether too many jobs were given up because nobody was free in time.
    pub overrun: bool,
    /// Seconds a seat takes for one pose, by quality.
    pub seat_s: [f64; 3],
}

/// See the module.
#[derive(Debug)]
pub(super) struct Ladder {
    config: LoadConfig,
    step: Step,
    /// Poses per second of each session while the step is above [`Step::Full`].
    rate: f64,
    busy_ticks: u32,
    roomy_ticks: u32,
}

impl Ladder {
    pub fn new(config: LoadConfig) -> Self {
        Self {
            config,
            step: Step::Full,
            rate: f64::INFINITY,
            busy_ticks: 0,
            roomy_ticks: 0,
        }
    }

    pub fn configure(&mut self, config: LoadConfig) {
        self.config = config;
    }

    pub fn step(&self) -> Step {
        self.step
    }

    /// Looks at a tick and takes at most one step.
    pub fn decide(&mut self, work: &Work, demands: &[Demand]) {
        if demands.is_empty() {
            (self.step, self.rate) = (Step::Full, f64::INFINITY);
            (self.busy_ticks, self.roomy_ticks) = (0, 0);
            return;
        }
        let too_busy = work.busy > TOO_BUSY || work.overrun;
        self.busy_ticks = if too_busy { self.busy_ticks + 1 } else { 0 };
        if self.step == Step::Full {
            if self.busy_ticks >= TICKS_TO_GIVE_LESS {
                self.enter(Step::PoseRate);
                self.rate = fastest(demands).min(self.affordable(work, demands, self.step));
                self.rate = self.rate.max(self.config.floor);
            }
            return;
        }
        let affordable = self.affordable(work, demands, self.step);
        self.rate = affordable
            .clamp(self.rate * FALL, self.rate * RISE)
            .max(self.config.floor)
            .min(fastest(demands));
        if affordable < self.config.floor && self.busy_ticks >= TICKS_TO_GIVE_LESS {
            if let Some(harder) = self.step.harder(&self.config, demands) {
                self.enter(harder);
            }
            return;
        }
        self.give_more(work, demands);
    }

    /// Takes a step back when there has been room for it for a while.
    fn give_more(&mut self, work: &Work, demands: &[Demand]) {
        let Some(milder) = self.step.milder(&self.config) else {
            return;
        };
        let needed = match milder {
            Step::Full => fastest(demands),
            _ => self.config.floor,
        };
        let room = self.affordable(work, demands, milder) >= ROOM * needed;
        self.roomy_ticks = if room { self.roomy_ticks + 1 } else { 0 };
        if self.roomy_ticks >= TICKS_TO_GIVE_MORE {
            self.enter(milder);
        }
    }

    fn enter(&mut self, step: Step) {
        self.step = step;
        (self.busy_ticks, self.roomy_ticks) = (0, 0);
        if step == Step::Full {
            self.rate = f64::INFINITY;
        }
    }

    /// Poses per second that every session can have at a step: those who want fewer leave the rest to the others.
    fn affordable(&self, work: &Work, demands: &[Demand], step: Step) -> f64 {
        let mut budget = TARGET * work.seats;
        let mut wanting: Vec<(f64, f64)> = demands
            .iter()
            .map(|demand| {
                let quality = demand.quality.min(step.quality(&self.config));
                (demand.fps, demand.persons * work.seat_s[quality as usize])
            })
            .collect();
        wanting.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut seconds: f64 = wanting.iter().map(|(_, cost)| cost).sum();
        for (fps, cost) in wanting {
            if seconds * fps > budget {
                return budget / seconds;
            }
            budget -= fps * cost;
            seconds -= cost;
        }
        // Everybody can have everything; by how much more matters to the way back.
        let all: f64 = demands
            .iter()
            .map(|d| d.fps * d.persons * work.seat_s[d.quality.min(step.quality(&self.config)) as usize])
            .sum();
        fastest(demands) * TARGET * work.seats / all.max(f64::MIN_POSITIVE)
    }

    /// What a session gets.
    pub fn service(&self, demand: &Demand) -> Service {
        let quality = demand.quality.min(self.step.quality(&self.config));
        let slowed = self.rate < demand.fps;
        let overlay = self.step < Step::NoOverlay;
        Service {
            degraded: slowed || quality < demand.quality || (demand.overlay && !overlay),
            pose_rate: slowed.then_some(self.rate),
            model: quality.name(),
            overlay,
        }
    }
}

fn fastest(demands: &[Demand]) -> f64 {
    demands.iter().map(|demand| demand.fps).fold(0.0, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
