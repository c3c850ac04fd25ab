//! Frames on their way through live analyses, and the poses in them.

use super::catalogue::{Catalogue, Family, Label, Unit};
use super::movements;
use kinemotion_motion::PoseSource;
use kinemotion_pipelines::live::{Dropped, FrameTimes, LivePose};
use prometheus::{Histogram, HistogramVec, IntCounterVec, Result};
use std::time::Duration;

const STAGES: [&str; 5] = ["end_to_end", "decode", "inference", "analysis", "delivery"];
const STAGE: Label = Label::all("stage", || STAGES.to_vec());
const REASON: Label = Label::all("reason", || Dropped::ALL.map(Dropped::name).to_vec());
const MEASURED: &str = "measured";
const PREDICTED: &str = "predicted";
const KIND: Label = Label::all("kind", || vec![MEASURED, PREDICTED]);
/// Bounds of what a frame takes, seconds: 0.2 is what most frames are to be announced within.
const BOUNDS: [f64; 18] = [
    0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5,
    1.0, 2.5, 10.0,
];

/// What the page of metrics says of the stages.
#[cfg(test)]
pub(super) const STAGES_SAID: &str = "\n## Stages of a frame\n\n| stage | from | until | of |\n|---|---|---|---|\n\
    | `end_to_end` | its arrival: as with `decode`, else the moment of its timestamp, when a camera took it | as with `delivery` | \
    sources that are on now; files at addresses come when they are wanted |\n\
    | `decode` | it was put together from its RTP packets, behind the jitter buffer | the decoder has given it out, its queues and the \
    order of frames included | WHIP and RTSP |\n\
    | `inference` | the stream begins to wait for a network | its answer is there: waiting for a worker is in it, decoding the \
    answer is not; added up over all that the frame asks | \
    frames that networks are asked of: those between measurements are predicted |\n\
    | `analysis` | its poses go into `kinephase` | phases, numbers and repetitions come out | all |\n\
    | `delivery` | these are known | all that the frame made known is stored and announced; the way to clients and webhooks is not in \
    it | all |\n\nWaiting in front of the analysis, cutting out people and following them are in `end_to_end` alone. Of frames whose pose \
    was left out because too much waited (`kinemotion_events_left_out_total`) neither `delivery` nor `end_to_end` is told.\n";

/// See the module.
pub struct Frames {
    end_to_end: Histogram,
    decode: Histogram,
    inference: Histogram,
    analysis: Histogram,
    delivery: Histogram,
    poses: IntCounterVec,
    dropped: IntCounterVec,
}

impl Frames {
    pub(super) fn register(catalogue: &mut Catalogue) -> Result<Self> {
        let latency: HistogramVec = catalogue.histograms(
            &Family::of(
                "frame_latency_seconds",
                "What frames of live analyses take: end_to_end from arrival (RTP: put together from its packets; else: its \
                 timestamp) until all it made known was stored and announced; decode from arrival until decoded (RTP alone); \
                 inference in networks, waiting for a worker included (frames that networks were asked of); analysis from the \
                 pose to phases, numbers and repetitions; delivery from there until all was stored and announced",
            )
            .unit(Unit::Seconds)
            .labels(&[STAGE])
            .buckets(&BOUNDS),
        )?;
        let [end_to_end, decode, inference, analysis, delivery] =
            STAGES.map(|stage| latency.with_label_values(&[stage]));
        Ok(Self {
            end_to_end,
            decode,
            inference,
            analysis,
            delivery,
            poses: catalogue.counters(
                &Family::of(
                    "poses_total",
                    "Poses of people in frames, live and of files: measured, or predicted where there was no time to measure",
                )
                .labels(&[movements::OR_NONE, KIND]),
            )?,
            dropped: catalogue.counters(
                &Family::of(
                    "frames_dropped_total",
                    "Frames of live analyses dropped before the analysis: replaced by a younger one while they waited, or \
                     beyond video.fps of the configuration",
                )
                .labels(&[REASON]),
            )?,
        })
    }

    /// A frame has passed the analysis.
    pub fn passed(&self, times: &FrameTimes) {
        let parts = [
            (&self.decode, times.decode),
            (&self.inference, times.inference),
            (&self.analysis, times.analysis),
        ];
        for (histogram, spent) in parts {
            if let Some(spent) = spent {
                histogram.observe(spent.as_secs_f64());
            }
        }
    }

    /// All that a frame made known has been stored and announced, so long after it was known.
    pub fn delivered(&self, times: &FrameTimes, delivery: Duration) {
        self.delivery.observe(delivery.as_secs_f64());
        if let Some(latency) = times.latency {
            self.end_to_end.observe((latency + delivery).as_secs_f64());
        }
    }

    /// A frame was dropped before the analysis.
    pub fn dropped(&self, reason: Dropped) {
        self.dropped.with_label_values(&[reason.name()]).inc();
    }

    /// The people in a frame of a live analysis, each by the movement they seem to do.
    pub fn poses(&self, pose: &LivePose) {
        let persons = pose.poses.persons.iter();
        for person in persons {
            let motion = pose.motion.iter().find(|motion| motion.id == person.id);
            let movement = motion.and_then(|motion| motion.live.movement);
            let kind = match person.pose.source {
                PoseSource::Measured => MEASURED,
                PoseSource::Predicted => PREDICTED,
            };
            self.poses
                .with_label_values(&[movement.unwrap_or(movements::NONE), kind])
                .inc();
        }
    }

    /// Poses of a file in which a movement is looked for.
    pub fn poses_of_file(&self, sport_type: &str, measured: u64, predicted: u64) {
        let movement = movements::known(sport_type).unwrap_or(movements::NONE);
        for (kind, count) in [(MEASURED, measured), (PREDICTED, predicted)] {
            self.poses.with_label_values(&[movement, kind]).inc_by(count);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    #[test]
    fn a_frame_is_as_late_as_its_analysis_and_its_delivery_together() {
        let mut catalogue = Catalogue::new("test").expect("a prefix");
        let frames = Frames::register(&mut catalogue).expect("registers");
        let mut times = FrameTimes {
            passed: Instant::now(),
            latency: Some(Duration::from_millis(80)),
            decode: Some(Duration::from_millis(10)),
            inference: None,
            analysis: Some(Duration::from_micros(200)),
        };
        frames.passed(&times);
        frames.delivered(&times, Duration::from_millis(20));
        assert!((frames.end_to_end.get_sample_sum() - 0.1).abs() < 1e-9);
        assert!((frames.delivery.get_sample_sum() - 0.02).abs() < 1e-9);
        assert_eq!(frames.decode.get_sample_count(), 1);
        assert_eq!(frames.inference.get_sample_count(), 0, "nothing was asked");
        // A file is never late.
        times.latency = None;
        frames.delivered(&times, Duration::from_millis(20));
        assert_eq!(frames.end_to_end.get_sample_count(), 1);
        assert_eq!(frames.delivery.get_sample_count(), 2);
    }

    #[test]
    fn poses_of_files_are_counted_under_movements_that_there_are() {
        let mut catalogue = Catalogue::new("test").expect("a prefix");
        let frames = Frames::register(&mut catalogue).expect("registers");
        frames.poses_of_file("cmj", 5, 1);
        frames.poses_of_file("auto", 2, 0);
        frames.poses_of_file("made up", 1, 0);
        let count = |movement, kind| frames.poses.with_label_values(&[movement, kind]).get();
        assert_eq!((count("cmj", MEASURED), count("cmj", PREDICTED)), (5, 1));
        assert_eq!(count(movements::NONE, MEASURED), 3);
    }
}
