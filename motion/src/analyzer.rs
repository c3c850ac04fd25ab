//! The streaming analyzer of one person.

use crate::body::{Facing, Frame, joint_angles};
use crate::history::History;
use crate::movements::{self, Context, Movement, MovementModel, Output};
use crate::strain::Strain;
use crate::view::{Footing, Picture, Setup};
use crate::{Event, EventKind, Pose, PoseSource, WarningCode};
use std::collections::VecDeque;

/// Without a measured pose for this long the person is lost and everything begun is dropped, seconds.
const LOST_AFTER_S: f64 = 0.5;

/// Frame rate below which events cannot be measured, per second.
const MIN_FRAME_RATE_HZ: f64 = 23.0;

/// The frame rate is judged after this many seconds of frames.
const FRAME_RATE_AFTER_S: f64 = 1.0;

/// The phase of a body that does nothing, the same in every movement.
const REST: &str = "standing";

/// Events that wait without growing the queue; a caller who drains after each push never needs more.
const QUEUE_CAPACITY: usize = 64;

/// Which movement to look for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MovementChoice {
    /// Recognise it, repetition by repetition.
    #[default]
    Auto,
    /// Only this one; the name of a registered movement.
    Named(&'static str),
}

/// What is known about the athlete.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Athlete {
    /// Stature in metres.
    pub height_m: Option<f64>,
    /// Body mass in kilograms.
    pub mass_kg: Option<f64>,
}

/// Settings of an [`Analyzer`].
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct AnalyzerConfig {
    /// Which movement.
    pub movement: MovementChoice,
    /// Who.
    pub athlete: Athlete,
    /// How it was filmed.
    pub setup: Setup,
    /// Track id written into every event.
    pub person: u32,
}

/// What is going on right now, for an overlay. Interim by nature.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LiveState {
    /// Movement that seems to be under way, else the one recognised last, or the one chosen.
    pub movement: Option<&'static str>,
    /// Present phase.
    pub phase: Option<&'static str>,
    /// Present knee flexion, hip flexion and trunk lean in degrees where visible, and other live numbers: (registry key, value).
    pub values: Vec<(&'static str, f64)>,
    /// Completed repetitions so far.
    pub repetitions: u32,
}

/// A movement under observation.
struct Watched {
    movement: &'static Movement,
    model: Box<dyn MovementModel>,
}

impl Watched {
    /// Whether this movement seems to be under way. The first phase of a movement that begins from rest is the rest.
    fn is_engaged(&self) -> bool {
        self.model.phase().is_some_and(|phase| phase != REST)
    }
}

/// Turns the poses of one person into events. See the crate documentation for its contract.
///
/// Memory is reserved on construction and stays bounded; a push allocates only when it emits a repetition or a warning.
pub struct Analyzer {
    config: AnalyzerConfig,
    watched: Vec<Watched>,
    history: History,
    footing: Footing,
    strain: Strain,
    events: VecDeque<Event>,
    live: LiveState,
    last_t: Option<f64>,
    /// Time of the last measured pose, while somebody is there.
    seen_t: Option<f64>,
    ignored: u64,
    rate: RateCheck,
    finished: bool,
}

/// Watches whether frames come often enough.
#[derive(Default)]
struct RateCheck {
    began: Option<f64>,
    frames: u32,
    done: bool,
}

impl RateCheck {
    /// The frame rate, once, when it is too low.
    fn observe(&mut self, t: f64) -> Option<f64> {
        let began = *self.began.get_or_insert(t);
        self.frames += 1;
        if self.done || t - began < FRAME_RATE_AFTER_S {
            return None;
        }
        self.done = true;
        let rate = f64::from(self.frames - 1) / (t - began);
        (rate < MIN_FRAME_RATE_HZ).then_some(rate)
    }
}

impl Analyzer {
    /// A fresh analyzer. A movement that is not registered is reported by a warning and nothing is measured.
    pub fn new(config: AnalyzerConfig) -> Self {
        let mut events = VecDeque::with_capacity(QUEUE_CAPACITY);
        let chosen: &[Movement] = match config.movement {
            MovementChoice::Auto => movements::all(),
            MovementChoice::Named(name) => movements::find(name).map_or(&[], std::slice::from_ref),
        };
        if let (MovementChoice::Named(name), []) = (config.movement, chosen) {
            let message = format!("movement {name} is not known; nothing is measured");
            let kind = EventKind::Warning {
                code: WarningCode::NotMeasured,
                message,
            };
            events.push_back(Event {
                t: 0.0,
                person: config.person,
                kind,
            });
        }
        let live = LiveState {
            movement: match chosen {
                [only] => Some(only.name),
                _ => None,
            },
            phase: None,
            values: Vec::with_capacity(8),
            repetitions: 0,
        };
        Self {
            watched: chosen
                .iter()
                .map(|movement| Watched {
                    movement,
                    model: (movement.model)(),
                })
                .collect(),
            config,
            history: History::default(),
            footing: Footing::default(),
            strain: Strain::default(),
            events,
            live,
            last_t: None,
            seen_t: None,
            ignored: 0,
            rate: RateCheck::default(),
            finished: false,
        }
    }

    /// Feeds one frame of which only the pose is known, see [`push_in`](Self::push_in).
    pub fn push(&mut self, t: f64, pose: Option<&Pose>) {
        self.push_in(t, &Picture::default(), pose);
    }

    /// Feeds one frame: its media time in seconds, what is known about the picture, and the pose, or `None` when nobody
    /// was seen.
    ///
    /// A time that is not finite or not later than the one before is ignored and counted, as is any push after
    /// [`finish`](Self::finish). A predicted pose keeps the person present and is measured by nobody.
    pub fn push_in(&mut self, t: f64, picture: &Picture, pose: Option<&Pose>) {
        if self.finished || !t.is_finite() || self.last_t.is_some_and(|last| t <= last) {
            self.ignore();
            return;
        }
        self.last_t = Some(t);
        if picture.degraded {
            self.strain.note(t);
        }
        if let Some(rate) = self.rate.observe(t) {
            let message = format!("{rate:.1} frames per second are too few to time movement; use 60 or more");
            self.warn(t, WarningCode::FrameRateLow, message);
        }
        if self.seen_t.is_some_and(|seen| t - seen > LOST_AFTER_S) {
            self.lose(t);
        }
        let measured = pose.filter(|p| p.source == PoseSource::Measured);
        let Some(mut frame) = measured.and_then(|pose| Frame::seen_in(t, picture, pose)) else {
            return;
        };
        self.seen_t = Some(t);
        if !self.history.accepts(t) {
            return;
        }
        self.footing.settle(&mut frame, picture);
        self.history.push(frame);
        self.observe(t);
        self.update_live(&frame);
    }

    /// Declares the end of the stream: completes or drops what is under way.
    pub fn finish(&mut self) {
        if !std::mem::replace(&mut self.finished, true)
            && let Some(t) = self.last_t
        {
            self.each_model(t, |model, context, output| model.finish(context, output));
        }
    }

    /// Takes the next event, oldest first.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// What is going on right now.
    pub fn live(&self) -> &LiveState {
        &self.live
    }

    /// Pushes ignored so far because their time was not later than the one before or not finite.
    pub fn ignored(&self) -> u64 {
        self.ignored
    }

    fn ignore(&mut self) {
        self.ignored += 1;
        if self.ignored == 1 && !self.finished {
            let t = self.last_t.unwrap_or(0.0);
            let message = "a frame without a later timestamp than the one before was ignored".to_owned();
            self.warn(t, WarningCode::TimestampsNotIncreasing, message);
        }
    }

    fn warn(&mut self, t: f64, code: WarningCode, message: String) {
        self.events.push_back(Event {
            t,
            person: self.config.person,
            kind: EventKind::Warning { code, message },
        });
    }

    /// The person is gone: lets the models complete what is complete, then forgets.
    fn lose(&mut self, t: f64) {
        self.each_model(t, |model, context, output| {
            model.finish(context, output);
            model.reset();
        });
        self.history.clear();
        self.footing.reset();
        self.seen_t = None;
        self.live.phase = None;
        self.live.values.clear();
        self.warn(
            t,
            WarningCode::PersonLost,
            "the person was lost; a movement under way is dropped".to_owned(),
        );
    }

    fn observe(&mut self, t: f64) {
        self.each_model(t, |model, context, output| model.observe(context, output));
    }

    fn each_model(&mut self, t: f64, act: impl Fn(&mut dyn MovementModel, &Context<'_>, &mut Output<'_>)) {
        let person = self.config.person;
        let context = Context {
            history: &self.history,
            athlete: &self.config.athlete,
            setup: &self.config.setup,
            person,
            alone: self.watched.len() == 1,
        };
        for watched in &mut self.watched {
            let before = self.live.repetitions;
            let mut output = Output {
                events: &mut self.events,
                repetitions: &mut self.live.repetitions,
                t,
                person,
                strain: &self.strain,
            };
            act(watched.model.as_mut(), &context, &mut output);
            if self.live.repetitions > before {
                self.live.movement = Some(watched.movement.name);
            }
        }
    }

    fn update_live(&mut self, frame: &Frame) {
        // those registered last are the hardest to mistake: a walker's knees bend too, but nobody walks while jumping
        if let Some(engaged) = self.watched.iter().rev().find(|w| w.is_engaged()) {
            self.live.movement = Some(engaged.movement.name);
        }
        let current = |w: &&Watched| self.live.movement.is_none_or(|name| name == w.movement.name);
        self.live.phase = self.watched.iter().find(current).and_then(|w| w.model.phase());
        self.live.values.clear();
        if let Some(angles) = Facing::of(frame).and_then(|facing| joint_angles(frame, facing)) {
            self.live.values.extend([
                ("knee_angle_deg", angles.knee),
                ("hip_angle_deg", angles.hip),
                ("trunk_angle_deg", angles.trunk),
            ]);
        }
    }
}
