//! What one publisher did and heard.

use std::time::Instant;
use whip_load::event::{Event, Pose, Source};
use whip_load::matching::{self, Arrival, Match, SentFrame};
use whip_load::{Heard, Message, PublishError};

/// How it went.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Outcome {
    /// From the beginning to the end.
    #[default]
    Published,
    /// The daemon had no room.
    Refused(Refusal),
    /// Something went wrong.
    Failed(String),
}

/// How the daemon said that it has no room.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    /// What it said.
    pub reason: String,
    /// How long that took, ms.
    pub after_ms: f64,
    /// Whether it said when to come again.
    pub says_when: bool,
}

/// A pose that was heard.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HeardPose {
    /// What it says.
    pub pose: Pose,
    /// When it was there, seconds.
    pub at_s: f64,
}

/// Everything of one publisher. Times are seconds since the load began.
#[derive(Clone, Debug, Default)]
pub struct Record {
    /// When the offer was posted.
    pub posted_s: f64,
    /// When media could flow.
    pub connected_s: Option<f64>,
    /// When it was over.
    pub over_s: f64,
    /// How it went.
    pub outcome: Outcome,
    /// Frames that were sent.
    pub frames: Vec<SentFrame>,
    /// How much later than it should have been each frame was sent, ms.
    pub behind_ms: Vec<f64>,
    /// Steps that went by without a frame.
    pub skipped: u64,
    /// Poses that were heard.
    pub poses: Vec<HeardPose>,
    /// Finished repetitions that were heard.
    pub repetitions: u64,
    /// How often a key frame was asked for.
    pub key_frames_asked: u64,
    /// Messages that are not as the daemon's event schema has them.
    pub unreadable: u64,
}

impl Record {
    /// Takes what the publisher hears and does. `since` is when the load began.
    pub fn take(&mut self, since: Instant, heard: Heard) {
        let seconds = |at: Instant| at.saturating_duration_since(since).as_secs_f64();
        match heard {
            Heard::Connected => self.connected_s = Some(seconds(Instant::now())),
            Heard::Skipped(steps) => self.skipped += steps,
            Heard::KeyFrameAsked => self.key_frames_asked += 1,
            Heard::Sent { ticks, at, behind } => {
                let at_s = seconds(at);
                self.frames.push(SentFrame { ticks, at_s });
                self.behind_ms.push(1e3 * behind.as_secs_f64());
            }
            Heard::Message(Message { text, at }) => match Event::parse(&text) {
                Ok(Event::Pose(pose)) => {
                    let at_s = seconds(at);
                    self.poses.push(HeardPose { pose, at_s });
                }
                Ok(Event::Repetition) => self.repetitions += 1,
                Ok(Event::Error(message)) => self.outcome = Outcome::Failed(message),
                Ok(Event::Other) => {}
                Err(_) => self.unreadable += 1,
            },
        }
    }

    /// It is over, for this reason if there is one. What the daemon said before weighs more: the rest follows from it.
    pub fn end(&mut self, at_s: f64, error: Option<&PublishError>) {
        self.over_s = at_s;
        if self.outcome == Outcome::Published {
            self.outcome = match error {
                None => Outcome::Published,
                Some(
                    refused @ PublishError::Refused {
                        after, retry_after, ..
                    },
                ) => Outcome::Refused(Refusal {
                    reason: refused.to_string(),
                    after_ms: 1e3 * after.as_secs_f64(),
                    says_when: retry_after.is_some(),
                }),
                Some(error) => Outcome::Failed(error.to_string()),
            };
        }
    }

    /// From POST to the first pose, seconds.
    pub fn setup_s(&self) -> Option<f64> {
        Some(self.poses.first()?.at_s - self.posted_s)
    }

    /// How long media flowed, seconds.
    pub fn live_s(&self) -> f64 {
        self.live().map_or(0.0, |(connected, last)| last - connected)
    }

    /// Measured poses per second from this frame on to the last.
    pub fn measured_per_s(&self, frame: usize) -> Option<f64> {
        let (since, last) = (self.frames.get(frame)?.at_s, self.frames.last()?.at_s);
        let measured = self
            .poses
            .iter()
            .filter(|heard| heard.pose.source == Source::Measured);
        (last > since).then(|| measured.count() as f64 / (last - since))
    }

    /// The longest time without a pose while media flowed, seconds.
    pub fn silence_s(&self) -> Option<f64> {
        let (connected, last) = self.live()?;
        let heard = self.poses.iter().map(|heard| heard.at_s.min(last));
        let times: Vec<f64> = [connected].into_iter().chain(heard).chain([last]).collect();
        times.windows(2).map(|pair| pair[1] - pair[0]).reduce(f64::max)
    }

    /// When media could flow and when the last frame was sent; `DELETE` and its answer come after that.
    fn live(&self) -> Option<(f64, f64)> {
        Some((self.connected_s?, self.frames.last()?.at_s))
    }

    /// The frame of each pose, and the time from frame sent to pose heard, ms.
    pub fn latencies(&self, turn_s: f64) -> Vec<(Match, f64)> {
        let arrivals = self.poses.iter().map(|heard| Arrival {
            timestamp_ms: heard.pose.timestamp_ms,
            at_s: heard.at_s,
        });
        let matches = matching::find(&self.frames, &arrivals.collect::<Vec<_>>(), turn_s);
        let latency = |(found, heard): (Match, &HeardPose)| {
            let sent_s = self.frames[found.frame].at_s;
            (found, 1e3 * (heard.at_s - sent_s))
        };
        matches.into_iter().zip(&self.poses).map(latency).collect()
    }
}
