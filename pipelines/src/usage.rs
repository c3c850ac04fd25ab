//! Time used, on the wall and on the processors.

use std::time::{Duration, Instant};

/// A moment in wall and process time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    wall: Instant,
    cpu: Duration,
}

impl Moment {
    pub fn now() -> Self {
        Self {
            wall: Instant::now(),
            cpu: process_cpu(),
        }
    }

    pub fn wall_s(&self) -> f64 {
        self.wall.elapsed().as_secs_f64()
    }

    pub fn process_cpu_s(&self) -> f64 {
        process_cpu().saturating_sub(self.cpu).as_secs_f64()
    }
}

/// Processor time of this process so far.
pub(crate) fn process_cpu() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::new(
        u64::try_from(time.tv_sec).unwrap_or_default(),
        u32::try_from(time.tv_nsec).unwrap_or_default(),
    )
}
