//! Counters of a session, and when its frames came.

use super::{LatencyInfo, SourceInfo};
use crate::sync::lock;
use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// Frames that latency is told over: ten seconds at 30 frames per second.
const LATENCY_FRAMES: usize = 300;
/// Frames that the frame rate is told over.
const RATE_FRAMES: usize = 60;

/// Frames between their arrival and the end of the analysis whose arrival is remembered: a second at 60 frames per second.
const FRAMES_UNDER_WAY: usize = 64;

/// Counters of a session.
#[derive(Default)]
pub(crate) struct Meter {
    pub frames: Counter,
    pub poses: Counter,
    pub predicted: Counter,
    pub dropped: Counter,
    pub repetitions: Counter,
    /// People in the last frame.
    pub persons: Gauge,
    pub channel_dropped: Counter,
    pub source: Mutex<SourceInfo>,
    recent: Mutex<Recent>,
}

/// A number that only grows.
#[derive(Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub fn add(&self, n: u64) {
        self.0.fetch_add(n, Ordering::Relaxed);
    }

    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// A number that is replaced.
#[derive(Default)]
pub(crate) struct Gauge(AtomicU64);

impl Gauge {
    pub fn set(&self, n: u64) {
        self.0.store(n, Ordering::Relaxed);
    }

    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

#[derive(Default)]
struct Recent {
    arrivals: VecDeque<Instant>,
    latencies_ms: VecDeque<f64>,
    under_way: VecDeque<UnderWay>,
}

/// A frame between its arrival and the end of the analysis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct UnderWay {
    pts: gst::ClockTime,
    /// When it was there, still encoded.
    pub arrived: Instant,
    /// When it was decoded.
    pub decoded: Option<Instant>,
}

impl Meter {
    /// Counts a frame that has passed the analysis.
    pub fn frame(&self, now: Instant, latency_ms: Option<f64>) {
        self.frames.add(1);
        let mut recent = lock(&self.recent);
        push_bounded(&mut recent.arrivals, now, RATE_FRAMES);
        if let Some(latency_ms) = latency_ms {
            push_bounded(&mut recent.latencies_ms, latency_ms, LATENCY_FRAMES);
        }
    }

    /// Notes that the frame with this timestamp is there, still encoded.
    pub fn arrived(&self, pts: gst::ClockTime, now: Instant) {
        let frame = UnderWay {
            pts,
            arrived: now,
            decoded: None,
        };
        push_bounded(&mut lock(&self.recent).under_way, frame, FRAMES_UNDER_WAY);
    }

    /// Notes that the frame with this timestamp is decoded, where its arrival was noted.
    pub fn decoded(&self, pts: gst::ClockTime, now: Instant) {
        let mut recent = lock(&self.recent);
        let mut latest_first = recent.under_way.iter_mut().rev();
        if let Some(frame) = latest_first.find(|frame| frame.pts == pts) {
            frame.decoded = Some(now);
        }
    }

    /// The frame with this timestamp, where its arrival was noted.
    pub fn under_way(&self, pts: gst::ClockTime) -> Option<UnderWay> {
        let recent = lock(&self.recent);
        let mut latest_first = recent.under_way.iter().rev();
        latest_first.find(|frame| frame.pts == pts).copied()
    }

    /// When the last frame arrived, still encoded.
    pub fn last_arrival(&self) -> Option<Instant> {
        lock(&self.recent).under_way.back().map(|frame| frame.arrived)
    }

    /// When the last frame passed.
    pub fn last_frame(&self) -> Option<Instant> {
        lock(&self.recent).arrivals.back().copied()
    }

    /// What comes in, with its present frame rate.
    pub fn source(&self) -> SourceInfo {
        let mut source = lock(&self.source).clone();
        source.fps = rate(&lock(&self.recent).arrivals);
        source
    }

    /// Latency over the last frames.
    pub fn latency(&self) -> LatencyInfo {
        let mut sorted: Vec<f64> = lock(&self.recent).latencies_ms.iter().copied().collect();
        sorted.sort_by(f64::total_cmp);
        let at = |share: f64| {
            let index = (share * sorted.len() as f64) as usize;
            sorted
                .get(index.min(sorted.len().saturating_sub(1)))
                .copied()
                .unwrap_or_default()
        };
        LatencyInfo {
            p50_ms: at(0.5),
            p95_ms: at(0.95),
            max_ms: at(1.0),
        }
    }
}

fn push_bounded<T>(queue: &mut VecDeque<T>, value: T, most: usize) {
    if queue.len() == most {
        queue.pop_front();
    }
    queue.push_back(value);
}

/// Frames per second between the first and the last arrival.
fn rate(arrivals: &VecDeque<Instant>) -> f64 {
    match (arrivals.front(), arrivals.back()) {
        (Some(first), Some(last)) if last > first => {
            (arrivals.len() - 1) as f64 / (*last - *first).as_secs_f64()
        }
        _ => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn latency_and_rate_are_told_over_the_last_frames_only() {
        let meter = Meter::default();
        let start = Instant::now();
        for n in 0..1000u32 {
            let latency = if n < 700 { 500.0 } else { f64::from(n % 100) };
            meter.frame(start + Duration::from_millis(u64::from(n) * 20), Some(latency));
        }
        let latency = meter.latency();
        assert_eq!(latency.p50_ms, 50.0);
        assert_eq!(latency.p95_ms, 95.0);
        assert_eq!(latency.max_ms, 99.0);
        assert!((meter.source().fps - 50.0).abs() < 0.1);
        assert_eq!(meter.frames.get(), 1000);
    }

    #[test]
    fn a_frame_is_found_again_by_its_timestamp_for_a_while() {
        let meter = Meter::default();
        let start = Instant::now();
        let moment = |n: u64| start + Duration::from_millis(n);
        for n in 0..100 {
            meter.arrived(gst::ClockTime::from_mseconds(33 * n), moment(n));
        }
        let at = |n: u64| meter.under_way(gst::ClockTime::from_mseconds(33 * n));
        meter.decoded(gst::ClockTime::from_mseconds(33 * 90), moment(200));
        let frame = at(90).expect("it is under way");
        assert_eq!((frame.arrived, frame.decoded), (moment(90), Some(moment(200))));
        assert_eq!(at(91).and_then(|frame| frame.decoded), None);
        assert_eq!(meter.under_way(gst::ClockTime::from_mseconds(1)), None);
        assert_eq!(at(0), None, "long gone");
    }

    #[test]
    fn a_session_without_frames_has_no_rate() {
        let meter = Meter::default();
        assert_eq!(meter.source().fps, 0.0);
        assert_eq!(meter.latency(), LatencyInfo::default());
        assert_eq!(meter.last_frame(), None);
    }
}
