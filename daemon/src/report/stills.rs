//! Which pictures to take of a repetition, and of which part of the clip.

use super::section::event_label;
use kinemotion_motion::Repetition;
use kinemotion_pipelines::{Analysis, Crop, KeyFrame};

/// Width of a picture over its height.
const ASPECT: f64 = 0.75;
/// Air above and below the athlete, as a part of the height of everything they reach.
const AIR: f64 = 0.12;

/// A picture to take.
pub struct Still {
    /// What it shows.
    pub name: &'static str,
    /// When, seconds of the movement's time.
    pub time_s: f64,
    /// Where in the file.
    pub frame: KeyFrame,
}

/// Left, top, right and bottom of somebody, as parts of the picture, and its width over its height.
type Bounds = ([f64; 4], f64);

/// The pictures of a repetition. All show the same heights, so that a rise is seen, and each follows the athlete sideways.
pub fn of(analysis: &Analysis, repetition: &Repetition) -> Vec<Still> {
    let instants = instants(repetition);
    let seen: Vec<Option<Bounds>> = instants
        .iter()
        .map(|(_, t)| bounds(analysis, repetition.person, *t))
        .collect();
    let window = Window::around(seen.iter().flatten());
    let still = |((name, time_s), seen): ((&'static str, f64), Option<Bounds>)| Still {
        name,
        time_s,
        frame: KeyFrame {
            position_s: analysis.source.position_s(time_s),
            crop: match (&window, seen) {
                (Some(window), Some((bounds, _))) => window.at(f64::midpoint(bounds[0], bounds[2])),
                _ => Crop::WHOLE,
            },
        },
    };
    instants.into_iter().zip(seen).map(still).collect()
}

/// The instants worth a picture: the events, or contact, middle and end of the second step of a gait.
fn instants(repetition: &Repetition) -> Vec<(&'static str, f64)> {
    match repetition.steps.get(1).or(repetition.steps.first()) {
        Some(step) => vec![
            ("contact", step.contact_s),
            ("mid-stance", step.contact_s.midpoint(step.toe_off_s)),
            ("toe-off", step.toe_off_s),
        ],
        None => {
            let named = |(key, t): &(&'static str, f64)| (event_label(key), *t);
            let mut events: Vec<_> = repetition.events.iter().map(named).collect();
            events.sort_by(|a, b| a.1.total_cmp(&b.1));
            events
        }
    }
}

/// Where somebody is at an instant, in the frame nearest to it.
fn bounds(analysis: &Analysis, person: u32, at: f64) -> Option<Bounds> {
    let distance = |time_s: f64| (time_s - at).abs();
    let here = analysis.poses.iter().filter_map(|frame| {
        let size = frame.picture.size?;
        let found = frame.persons.iter().find(|p| p.id == person)?;
        Some((frame.time_s, size, found.bounds))
    });
    let (_, [width, height], [left, top, right, bottom]) =
        here.min_by(|a, b| distance(a.0).total_cmp(&distance(b.0)))?;
    let part = |value: f32, side: f32| f64::from(value) / f64::from(side);
    let bounds = [
        part(left, width),
        part(top, height),
        part(right, width),
        part(bottom, height),
    ];
    Some((bounds, f64::from(width) / f64::from(height)))
}

/// Heights of the picture that are shown, and how wide.
struct Window {
    y: (f64, f64),
    width: f64,
}

impl Window {
    /// Around everything that these reach.
    fn around<'a>(seen: impl Iterator<Item = &'a Bounds> + Clone) -> Option<Self> {
        let aspect = seen.clone().next()?.1;
        let (top, bottom) = seen
            .clone()
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(top, bottom), (b, _)| {
                (top.min(b[1]), bottom.max(b[3]))
            });
        let widest = seen.fold(0.0, |widest: f64, (b, _)| widest.max(b[2] - b[0]));
        let tall = ((bottom - top) * (1.0 + 2.0 * AIR))
            .max(widest * (1.0 + AIR) * aspect / ASPECT)
            .min(1.0);
        let width = (tall * ASPECT / aspect).min(1.0);
        Some(Self {
            y: slid_inside(f64::midpoint(top, bottom), tall),
            width,
        })
    }

    fn at(&self, x: f64) -> Crop {
        Crop {
            x: slid_inside(x, self.width),
            y: self.y,
        }
    }
}

/// An interval of a length about a centre, moved into 0..1.
fn slid_inside(centre: f64, length: f64) -> (f64, f64) {
    let from = (centre - 0.5 * length).clamp(0.0, 1.0 - length);
    (from, from + length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_holds_everybody_with_air_and_stays_in_the_picture() {
        // 16:9; standing low, then high and to the right
        let seen = [
            ([0.40, 0.5, 0.46, 0.9], 16.0 / 9.0),
            ([0.90, 0.3, 0.98, 0.7], 16.0 / 9.0),
        ];
        let window = Window::around(seen.iter()).expect("somebody");
        assert!(window.y.0 < 0.3 && window.y.1 > 0.9, "{:?}", window.y);
        let right = window.at(0.94);
        assert!(right.x.1 <= 1.0 && right.x.0 < 0.90, "{right:?}");
        let shape = (right.x.1 - right.x.0) * 16.0 / 9.0 / (right.y.1 - right.y.0);
        assert!((shape - ASPECT).abs() < 1e-9, "{shape}");
    }
}
