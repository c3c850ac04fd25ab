//! Who gets how much of the inference engine.
//!
//! Contract: pure; [`Ladder::decide`] is called once per tick with what was measured since the one before.

use super::service::{Demand, LoadConfig, Service, Step};

/// Share of the time that inference may be busy in the long run. Jobs come at random: queues grow quickly above.
const TARGET: f64 = 0.88;
/// From this share on the machine is too busy, whatever was planned.
const TOO_BUSY: f64 = 0.95;
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
    /// How often each step was taken on the way down, in the order of [`Step::ALL`].
    taken: [u64; Step::ALL.len()],
}

impl Ladder {
    pub fn new(config: LoadConfig) -> Self {
        Self {
            config,
            step: Step::Full,
            rate: f64::INFINITY,
            busy_ticks: 0,
            roomy_ticks: 0,
            taken: [0; Step::ALL.len()],
        }
    }

    pub fn configure(&mut self, config: LoadConfig) {
        self.config = config;
    }

    pub fn config(&self) -> &LoadConfig {
        &self.config
    }

    pub fn step(&self) -> Step {
        self.step
    }

    /// How often each step was taken on the way down, in the order of [`Step::ALL`].
    pub fn taken(&self) -> [u64; Step::ALL.len()] {
        self.taken
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
        self.taken[step as usize] += u64::from(step > self.step);
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
#[path = "ladder_tests.rs"]
mod tests;
