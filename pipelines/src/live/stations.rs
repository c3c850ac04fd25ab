//! Where frames are: which part of the analysis has taken one and does not give it back.

use crate::sync::lock;
use gst::prelude::*;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Frames that must have gone into a part that works on another thread before it is said to give none back: a queue and a
/// deinterlacer may hold one or two for a reason.
const FEW: u32 = 5;

/// The parts of the analysis a frame goes through, in the order of the stream.
pub(crate) struct Stations(Vec<Arc<Station>>);

/// A part between two pads.
struct Station {
    name: &'static str,
    /// Whether it runs on the thread that brings the frame: one that does not come back is one too many.
    same_thread: bool,
    waiting: Mutex<Option<Waiting>>,
}

#[derive(Clone, Copy)]
struct Waiting {
    since: Instant,
    frames: u32,
}

/// A part that gives no frame back.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Stuck {
    /// What the part is called.
    pub part: &'static str,
    /// Since when.
    pub since: Instant,
}

impl Stations {
    /// Watches a stream of parts: the pads where frames go in, where each part but the first runs on the thread of the one
    /// before, and the pad where they leave the last.
    pub fn watch(parts: &[(&'static str, gst::Pad)], end: &gst::Pad) -> Self {
        let outs = parts.iter().skip(1).map(|(_, pad)| pad).chain([end]);
        let stations = parts.iter().zip(outs).enumerate();
        Self(
            stations
                .map(|(n, ((name, into), out))| Station::between(name, n > 0, into, out))
                .collect(),
        )
    }

    /// The part that holds the oldest frame: of two that wait the later, as what is before it waits because of it.
    pub fn waiting(&self) -> Option<Stuck> {
        self.0.iter().rev().find_map(|station| {
            let waiting = (*lock(&station.waiting))?;
            (station.same_thread || waiting.frames >= FEW).then_some(Stuck {
                part: station.name,
                since: waiting.since,
            })
        })
    }

    /// The part that has given nothing back for so long.
    pub fn stuck(&self, limit: Duration) -> Option<Stuck> {
        self.waiting().filter(|stuck| stuck.since.elapsed() >= limit)
    }
}

impl Station {
    fn between(name: &'static str, same_thread: bool, into: &gst::Pad, out: &gst::Pad) -> Arc<Self> {
        let station = Arc::new(Self {
            name,
            same_thread,
            waiting: Mutex::default(),
        });
        let (taking, giving) = (station.clone(), station.clone());
        into.add_probe(gst::PadProbeType::BUFFER, move |_, _| {
            taking.take(Instant::now());
            gst::PadProbeReturn::Ok
        });
        out.add_probe(gst::PadProbeType::BUFFER, move |_, _| {
            giving.give();
            gst::PadProbeReturn::Ok
        });
        station
    }

    fn take(&self, now: Instant) {
        let mut waiting = lock(&self.waiting);
        let waiting = waiting.get_or_insert(Waiting {
            since: now,
            frames: 0,
        });
        waiting.frames = waiting.frames.saturating_add(1);
    }

    fn give(&self) {
        *lock(&self.waiting) = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn station(name: &'static str, same_thread: bool) -> Arc<Station> {
        Arc::new(Station {
            name,
            same_thread,
            waiting: Mutex::default(),
        })
    }

    #[test]
    fn of_parts_that_wait_the_last_is_to_blame() {
        let stations = Stations(vec![station("intake", false), station("kinepose", true)]);
        let long_ago = Instant::now();
        for _ in 0..FEW {
            stations.0[0].take(long_ago);
        }
        let blamed = |stations: &Stations| stations.stuck(Duration::ZERO).map(|stuck| stuck.part);
        assert_eq!(blamed(&stations), Some("intake"));
        stations.0[1].take(long_ago);
        assert_eq!(blamed(&stations), Some("kinepose"));
        assert_eq!(stations.stuck(Duration::from_secs(3600)), None);
        stations.0[1].give();
        stations.0[0].give();
        assert_eq!(blamed(&stations), None);
    }

    #[test]
    fn a_queue_may_hold_a_frame_or_two() {
        let stations = Stations(vec![station("intake", false)]);
        for _ in 1..FEW {
            stations.0[0].take(Instant::now());
        }
        assert_eq!(stations.waiting(), None);
    }
}
