//! What must not flicker: held numbers, fades, the side of the panels, which joints are shown.

use super::labels::{self, MOST_ROWS, Report, Row};
use super::layout::{Layout, Side};
use super::mask::Rect;
use super::{Options, Scene};
use crate::meta::PersonMotion;
use kinemotion_models::TrackedPose;
use kinemotion_motion::{LANDMARK_COUNT, Repetition};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Live numbers change at most this often, seconds: faster nobody can read.
const NUMBER_HOLD_S: f64 = 0.2;
/// A phase that nothing follows stays this long, seconds.
const PHASE_HOLD_S: f64 = 0.4;
/// Time for a panel to come or go, seconds.
const FADE_S: f64 = 0.15;
/// The other side must be better for this long before the panels move, seconds.
const SIDE_HOLD_S: f64 = 0.6;
/// A joint appears above the first visibility and disappears below the second.
const VISIBLE: (f32, f32) = (0.5, 0.3);
/// Media time that jumps by more than this starts the display afresh, seconds.
const LONGEST_STEP_S: f64 = 1.0;

/// Opacity on its way to shown or hidden.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Fade(f64);

impl Fade {
    fn toward(&mut self, shown: bool, elapsed: f64) {
        let step = elapsed / FADE_S;
        self.0 = if shown { self.0 + step } else { self.0 - step }.clamp(0.0, 1.0);
    }

    pub(super) fn opacity(self) -> f32 {
        self.0 as f32
    }
}

/// Phase banner.
#[derive(Debug, Default)]
pub(super) struct Banner {
    pub movement: String,
    pub phase: String,
    pub repetitions: u32,
    pub fade: Fade,
    phase_seen_at: f64,
}

/// Live numbers.
#[derive(Debug, Default)]
pub(super) struct Live {
    pub rows: Vec<Row>,
    pub fade: Fade,
}

/// Last repetition.
#[derive(Debug, Default)]
pub(super) struct LastRepetition {
    pub report: Option<Report>,
    pub fade: Fade,
    shown: Option<Arc<Repetition>>,
}

/// Flexion of the athlete's joints as shown, degrees.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ShownAngles {
    pub knee: Option<f64>,
    pub hip: Option<f64>,
    /// Whether each joint bends clockwise in the picture; its label stands on the other side.
    pub knee_clockwise: bool,
    pub hip_clockwise: bool,
}

/// The state of the display.
#[derive(Debug, Default)]
pub(super) struct Display {
    pub side: Side,
    pub banner: Banner,
    pub live: Live,
    pub last: LastRepetition,
    pub angles: ShownAngles,
    /// Whether the nearer leg is the left one.
    pub near_left: bool,
    joints: BTreeMap<u32, [bool; LANDMARK_COUNT]>,
    side_wanted_since: Option<f64>,
    time: Option<f64>,
    numbers_changed_at: Option<f64>,
}

impl Display {
    /// Takes in a frame.
    pub(super) fn advance(&mut self, scene: &Scene<'_>, layout: &Layout, options: Options) {
        let elapsed = match self.time {
            Some(before) if (0.0..=LONGEST_STEP_S).contains(&(scene.time - before)) => scene.time - before,
            // The first frame shows at once what there is to show.
            _ => {
                let side = self.side;
                *self = Self {
                    side,
                    ..Self::default()
                };
                FADE_S
            }
        };
        self.time = Some(scene.time);
        let athlete = scene.poses.and_then(|poses| poses.selected());
        // All numbers change together, or the same angle would stand twice with two values.
        let numbers_are_due = self
            .numbers_changed_at
            .is_none_or(|at| scene.time - at >= NUMBER_HOLD_S);
        if numbers_are_due {
            self.numbers_changed_at = Some(scene.time);
        }
        self.update_joints(scene);
        if let Some(person) = scene.motion.and_then(|motion| motion.selected()) {
            self.update_texts(person, scene.time, numbers_are_due);
        }
        if let Some(athlete) = athlete {
            self.update_angles(athlete, scene, numbers_are_due);
        }
        self.update_panels(athlete, layout, options, elapsed);
    }

    /// Whether a joint is shown.
    pub(super) fn shows(&self, person: u32, landmark: usize) -> bool {
        self.joints.get(&person).is_some_and(|joints| joints[landmark])
    }

    fn update_joints(&mut self, scene: &Scene<'_>) {
        let persons = scene.poses.map(|poses| &*poses.persons).unwrap_or_default();
        self.joints
            .retain(|id, _| persons.iter().any(|person| person.id == *id));
        for person in persons {
            let joints = self.joints.entry(person.id).or_insert([false; LANDMARK_COUNT]);
            for (shown, landmark) in joints.iter_mut().zip(&person.pose.landmarks) {
                let threshold = if *shown { VISIBLE.1 } else { VISIBLE.0 };
                *shown = landmark.visibility >= threshold && landmark.x.is_finite() && landmark.y.is_finite();
            }
        }
    }

    fn update_texts(&mut self, person: &PersonMotion, time: f64, numbers_are_due: bool) {
        let banner = &mut self.banner;
        if let Some(movement) = person.live.movement {
            banner.movement = labels::headline(movement);
        }
        match person.live.phase {
            Some(phase) => {
                banner.phase = labels::headline(phase);
                banner.phase_seen_at = time;
            }
            None if time - banner.phase_seen_at > PHASE_HOLD_S => banner.phase.clear(),
            None => {}
        }
        banner.repetitions = person.live.repetitions;

        if numbers_are_due {
            let rows = person
                .live
                .values
                .iter()
                .filter_map(|(key, value)| labels::row(key, *value, None));
            self.live.rows = rows.take(MOST_ROWS).collect();
        }

        if let Some(repetition) = &person.last_repetition
            && !self
                .last
                .shown
                .as_ref()
                .is_some_and(|shown| Arc::ptr_eq(shown, repetition))
        {
            self.last.shown = Some(repetition.clone());
            self.last.report = Some(labels::report(repetition, person.live.repetitions));
        }
    }

    fn update_angles(&mut self, athlete: &TrackedPose, scene: &Scene<'_>, numbers_are_due: bool) {
        let sides = [true, false].map(|left| super::angles::visibility(&athlete.pose, left));
        /// The other leg must be clearly better seen before the angles change legs.
        const CLEARLY: f32 = 0.15;
        let (near, far) = if self.near_left {
            (sides[0], sides[1])
        } else {
            (sides[1], sides[0])
        };
        if far > near + CLEARLY {
            self.near_left = !self.near_left;
        }
        let measured = |key: &str| {
            let person = scene
                .motion?
                .persons
                .iter()
                .find(|person| person.id == athlete.id)?;
            person
                .live
                .values
                .iter()
                .find(|(known, _)| *known == key)
                .map(|(_, value)| *value)
        };
        let (knee, hip) = super::angles::turns(&athlete.pose, self.near_left);
        /// A straight joint has no side; the last clear one stays, radians.
        const CLEARLY_BENT: f32 = 0.2;
        for (turn, clockwise) in [
            (knee, &mut self.angles.knee_clockwise),
            (hip, &mut self.angles.hip_clockwise),
        ] {
            if turn.abs() > CLEARLY_BENT {
                *clockwise = turn > 0.0;
            }
        }
        let degrees = |turn: f32| Some(f64::from(turn.abs().to_degrees()));
        if numbers_are_due {
            self.angles.knee = measured("knee_angle_deg").or(degrees(knee));
            self.angles.hip = measured("hip_angle_deg").or(degrees(hip));
        }
    }

    fn update_panels(
        &mut self,
        athlete: Option<&TrackedPose>,
        layout: &Layout,
        options: Options,
        elapsed: f64,
    ) {
        let face = athlete.map(|athlete| layout.face(&athlete.pose));
        let moving = self.update_side(athlete, face.as_ref(), layout);
        let free = |panel: Rect| !face.is_some_and(|face| face.overlaps(&panel));
        let room = layout.has_room && !moving;
        let side = self.side;
        let banner = options.banner && room && !self.banner.movement.is_empty() && free(layout.banner(side));
        let rows = self.live.rows.len();
        let live = options.metrics && room && rows > 0 && free(layout.live(side, rows));
        let report = self
            .last
            .report
            .as_ref()
            .map(|report| layout.report(side, report.rows.len()));
        let last = options.metrics && room && report.is_some_and(free);
        self.banner.fade.toward(banner, elapsed);
        self.live.fade.toward(live, elapsed);
        self.last.fade.toward(last, elapsed);
    }

    /// Moves the panels to the side away from the athlete, once they have faded. True while they are to fade.
    fn update_side(&mut self, athlete: Option<&TrackedPose>, face: Option<&Rect>, layout: &Layout) -> bool {
        let time = self.time.unwrap_or_default();
        let wanted = match (athlete, face) {
            (Some(athlete), Some(face)) => {
                let body = layout.bounds(athlete.bounds);
                is_in_the_way(&layout.column(self.side), &body, face)
                    && !is_in_the_way(&layout.column(self.side.other()), &body, face)
            }
            _ => false,
        };
        if !wanted {
            self.side_wanted_since = None;
            return false;
        }
        let since = *self.side_wanted_since.get_or_insert(time);
        let invisible = [self.banner.fade, self.live.fade, self.last.fade]
            .iter()
            .all(|fade| fade.opacity() == 0.0);
        if time - since < SIDE_HOLD_S && !invisible {
            return false;
        }
        if invisible {
            self.side = self.side.other();
            self.side_wanted_since = None;
        }
        !invisible
    }
}

/// Whether a column covers the face or a good part of the body.
fn is_in_the_way(column: &Rect, body: &Rect, face: &Rect) -> bool {
    /// Share of the body's width that may lie behind a column.
    const TOLERATED: f32 = 0.35;
    let covered = column.right.min(body.right) - column.left.max(body.left);
    column.overlaps(face) || covered > TOLERATED * body.width().max(1.0)
}
