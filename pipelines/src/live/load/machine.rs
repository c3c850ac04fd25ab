//! How busy the processors and the inference engine are.

use super::ladder::Work;
use crate::usage::process_cpu;
use kinemotion_models::store::Network;
use kinemotion_models::{Engine, EngineStats, NetworkStats, Quality};
use std::sync::Arc;
use std::time::Instant;

/// What a landmark model takes compared with the lightest, by quality, before it has run here: 4.5, 8.5 and 36 ms on one core
/// of the machine the models were chosen on.
const RELATIVE: [f64; 3] = [1.0, 1.9, 8.0];
/// Seconds of the lightest on that core, until anything has run.
const LIGHTEST_S: f64 = 0.0045;
/// Weight of a tick in a running mean: what happened is forgotten within some 2 s.
const WEIGHT: f64 = 0.3;
/// Runs in a tick that say what a run takes; of fewer a single slow one would.
const TELLING_RUNS: u64 = 5;

/// Jobs that come at random are given up now and then; more than this share is too many.
const OVERRUN: f64 = 0.1;

/// What was measured since the tick before, smoothed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Load {
    /// Processors this process may use.
    pub cores: f64,
    /// How many of them are busy, whoever uses them.
    pub busy: f64,
    /// How many this process uses.
    pub own: f64,
    /// How many of those run networks.
    pub inference: f64,
    /// Processor seconds of one pose, by quality.
    pub pose_cpu_s: [f64; 3],
    /// What the engine did.
    pub work: Work,
}

/// Looks at the processors and the engine.
pub(super) struct Machine {
    engine: Arc<Engine>,
    last: Sample,
    load: Load,
    /// Whether anything has been measured.
    begun: bool,
}

/// Counters that only grow.
struct Sample {
    at: Instant,
    own_s: f64,
    ticks: Option<Ticks>,
    engine: EngineStats,
}

/// Of all processors of the machine, in units of the kernel.
#[derive(Clone, Copy)]
struct Ticks {
    busy: u64,
    all: u64,
}

impl Machine {
    pub fn new(engine: Arc<Engine>) -> Self {
        let last = Sample::take(&engine);
        let cores = std::thread::available_parallelism().map_or(1.0, |n| n.get() as f64);
        let work = Work {
            seats: last.engine.workers as f64,
            busy: 0.0,
            overrun: false,
            seat_s: RELATIVE.map(|relative| relative * LIGHTEST_S),
        };
        let load = Load {
            cores,
            busy: 0.0,
            own: 0.0,
            inference: 0.0,
            pose_cpu_s: work.seat_s,
            work,
        };
        let mut machine = Self {
            engine,
            last,
            load,
            begun: false,
        };
        // What has run before, as in a warm-up, is better than nothing.
        let so_far = machine.last.engine;
        machine.learn(&EngineStats::default(), &so_far, 1.0);
        machine
    }

    /// What was measured at the last tick.
    pub fn load(&self) -> Load {
        self.load
    }

    /// Looks again. So many jobs were given up since the last time because nobody was free in time.
    pub fn look(&mut self, given_up: u64) -> Load {
        let now = Sample::take(&self.engine);
        let seconds = (now.at - self.last.at).as_secs_f64().max(1e-3);
        let weight = if self.begun { WEIGHT } else { 1.0 };
        self.begun = true;
        let own = (now.own_s - self.last.own_s) / seconds;
        mix(&mut self.load.own, own, weight);
        let busy = self.busy(&now, own);
        mix(&mut self.load.busy, busy, weight);
        let (before, engine) = (self.last.engine, now.engine);
        let cpu_s: f64 = networks(&before, &engine).map(|network| network.cpu_s).sum();
        mix(&mut self.load.inference, cpu_s / seconds, weight);
        let seats = engine.workers as f64;
        self.load.work.seats = seats;
        // What is said of a moment that is over is not smoothed: the ladder counts moments.
        self.load.work.busy = (engine.run_s - before.run_s) / seconds / seats;
        let done = engine.runs - before.runs;
        self.load.work.overrun = given_up as f64 > OVERRUN * (given_up + done) as f64;
        self.learn(&before, &engine, weight);
        self.last = now;
        self.load
    }

    /// Processors in use. Inside a quota the machine's idle processors are not all ours.
    fn busy(&self, now: &Sample, own: f64) -> f64 {
        let machine = match (self.last.ticks, now.ticks) {
            (Some(before), Some(now)) if now.all > before.all => {
                self.load.cores * (now.busy - before.busy) as f64 / (now.all - before.all) as f64
            }
            _ => 0.0,
        };
        machine.max(own).min(self.load.cores)
    }

    /// Learns what a pose takes. Detections are counted in with the poses they lead to.
    fn learn(&mut self, before: &EngineStats, now: &EngineStats, weight: f64) {
        let spent: Vec<NetworkStats> = networks(before, now).collect();
        let detector = spent[Network::Detector.index()];
        let poses = Quality::ALL.map(|quality| spent[Network::Landmarker(quality).index()]);
        let all: f64 = poses.iter().map(|pose| pose.cpu_s).sum();
        // An empty picture is looked at and gives no pose: at most doubled.
        let looks = 1.0 + (detector.cpu_s / all.max(1e-6)).min(1.0);
        for (quality, pose) in poses.into_iter().enumerate() {
            if pose.runs >= TELLING_RUNS {
                let runs = pose.runs as f64;
                mix(
                    &mut self.load.work.seat_s[quality],
                    looks * pose.run_s / runs,
                    weight,
                );
                mix(
                    &mut self.load.pose_cpu_s[quality],
                    looks * pose.cpu_s / runs,
                    weight,
                );
            }
        }
        // Models that do not run are as much dearer than the lightest that does as ever.
        let known = (0..poses.len()).find(|&quality| poses[quality].runs >= TELLING_RUNS);
        if let Some(known) = known {
            for quality in (0..poses.len()).filter(|&quality| poses[quality].runs < TELLING_RUNS) {
                let relative = RELATIVE[quality] / RELATIVE[known];
                self.load.work.seat_s[quality] = relative * self.load.work.seat_s[known];
                self.load.pose_cpu_s[quality] = relative * self.load.pose_cpu_s[known];
            }
        }
    }
}

impl Sample {
    fn take(engine: &Engine) -> Self {
        Self {
            at: Instant::now(),
            own_s: process_cpu().as_secs_f64(),
            ticks: std::fs::read_to_string("/proc/stat")
                .ok()
                .as_deref()
                .and_then(ticks),
            engine: engine.stats(),
        }
    }
}

/// What each network did in between, in the order of [`Network::ALL`].
fn networks<'a>(before: &'a EngineStats, now: &'a EngineStats) -> impl Iterator<Item = NetworkStats> + 'a {
    before
        .networks
        .iter()
        .zip(&now.networks)
        .map(|(before, now)| NetworkStats {
            runs: now.runs - before.runs,
            batches: now.batches - before.batches,
            run_s: now.run_s - before.run_s,
            cpu_s: now.cpu_s - before.cpu_s,
        })
}

fn mix(mean: &mut f64, value: f64, weight: f64) {
    *mean += weight * (value - *mean);
}

/// The first line of `/proc/stat`: user, nice, system, idle, iowait, irq, softirq, steal, and guests, which are in user.
fn ticks(stat: &str) -> Option<Ticks> {
    let numbers = stat.lines().next()?.strip_prefix("cpu ")?.split_whitespace();
    let numbers: Vec<u64> = numbers.take(8).map_while(|number| number.parse().ok()).collect();
    let idle = numbers.get(3)? + numbers.get(4)?;
    let all: u64 = numbers.iter().sum();
    Some(Ticks {
        busy: all - idle,
        all,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_for_a_disk_is_not_being_busy() {
        let ticks = ticks("cpu  10 1 5 100 20 2 3 4 9 9\ncpu0 1 1 1 1 1 1 1 1 0 0\n").expect("counted");
        assert_eq!((ticks.busy, ticks.all), (25, 145));
        assert!(super::ticks("intr 5").is_none());
    }
}
