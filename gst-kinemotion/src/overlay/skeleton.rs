//! The skeleton: left and right in their own colours, uncertain parts fainter, nothing on the face.

use super::Brush;
use super::color::Color;
use super::display::Display;
use super::mask::{Point, Rect};
use crate::meta::Poses;
use kinemotion_models::TrackedPose;
use kinemotion_motion::LandmarkId::{
    self, LeftAnkle, LeftElbow, LeftFootIndex, LeftHeel, LeftHip, LeftKnee, LeftShoulder, LeftWrist,
    RightAnkle, RightElbow, RightFootIndex, RightHeel, RightHip, RightKnee, RightShoulder, RightWrist,
};
use kinemotion_motion::PoseSource;

const TRUNK: [(LandmarkId, LandmarkId); 4] = [
    (LeftShoulder, RightShoulder),
    (LeftHip, RightHip),
    (LeftShoulder, LeftHip),
    (RightShoulder, RightHip),
];
const LEFT: [(LandmarkId, LandmarkId); 7] = [
    (LeftShoulder, LeftElbow),
    (LeftElbow, LeftWrist),
    (LeftHip, LeftKnee),
    (LeftKnee, LeftAnkle),
    (LeftAnkle, LeftHeel),
    (LeftHeel, LeftFootIndex),
    (LeftAnkle, LeftFootIndex),
];
const RIGHT: [(LandmarkId, LandmarkId); 7] = [
    (RightShoulder, RightElbow),
    (RightElbow, RightWrist),
    (RightHip, RightKnee),
    (RightKnee, RightAnkle),
    (RightAnkle, RightHeel),
    (RightHeel, RightFootIndex),
    (RightAnkle, RightFootIndex),
];
const JOINTS: [LandmarkId; 12] = [
    LeftShoulder,
    RightShoulder,
    LeftElbow,
    RightElbow,
    LeftWrist,
    RightWrist,
    LeftHip,
    RightHip,
    LeftKnee,
    RightKnee,
    LeftAnkle,
    RightAnkle,
];

/// Half the width of a limb as a share of the body's height, and its limits in units.
const LIMB: f32 = 0.0065;
const LIMB_LIMITS: (f32, f32) = (0.9, 3.2);
/// A predicted pose is drawn this much fainter.
const PREDICTED: f32 = 0.55;
const OUTLINE_OPACITY: f32 = 0.55;
const OTHERS_OPACITY: f32 = 0.6;

/// Draws everybody, the athlete last and so on top.
pub(super) fn draw(brush: &mut Brush<'_, '_>, poses: &Poses, display: &Display) {
    for person in poses.persons.iter().filter(|person| !person.selected) {
        draw_person(brush, person, display);
    }
    if let Some(person) = poses.selected() {
        draw_person(brush, person, display);
    }
}

fn draw_person(brush: &mut Brush<'_, '_>, person: &TrackedPose, display: &Display) {
    let body = brush.layout.bounds(person.bounds);
    let limits = (brush.layout.px(LIMB_LIMITS.0), brush.layout.px(LIMB_LIMITS.1));
    let radius = (body.height() * LIMB).max(limits.0).min(limits.1).max(0.6);
    let mut opacity = if person.pose.source == PoseSource::Predicted {
        PREDICTED
    } else {
        1.0
    };
    let colors = if person.selected {
        [Color::WHITE, Color::LEFT, Color::RIGHT]
    } else {
        opacity *= OTHERS_OPACITY;
        [Color::OTHERS; 3]
    };
    for (limbs, color) in [
        (&TRUNK[..], colors[0]),
        (&LEFT[..], colors[1]),
        (&RIGHT[..], colors[2]),
    ] {
        for (from, to) in limbs {
            draw_limb(brush, person, display, (*from, *to), radius, (color, opacity));
        }
    }
    for joint in JOINTS {
        let color = if (joint as usize) % 2 == 1 {
            colors[1]
        } else {
            colors[2]
        };
        draw_joint(brush, person, display, joint, radius, (color, opacity));
    }
}

fn draw_limb(
    brush: &mut Brush<'_, '_>,
    person: &TrackedPose,
    display: &Display,
    (from, to): (LandmarkId, LandmarkId),
    radius: f32,
    (color, opacity): (Color, f32),
) {
    if !display.shows(person.id, from as usize) || !display.shows(person.id, to as usize) {
        return;
    }
    let ends = [&person.pose[from], &person.pose[to]];
    let confidence = ends[0].visibility.min(ends[1].visibility).clamp(0.0, 1.0);
    let opacity = opacity * (0.3 + 0.7 * confidence);
    let [a, b] = ends.map(|end| brush.layout.landmark(end));
    let outline = radius + brush.layout.px(0.9).max(0.7);
    brush.line(a, b, outline, (Color::OUTLINE, opacity * OUTLINE_OPACITY));
    brush.line(a, b, radius, (color, opacity));
}

fn draw_joint(
    brush: &mut Brush<'_, '_>,
    person: &TrackedPose,
    display: &Display,
    joint: LandmarkId,
    radius: f32,
    (color, opacity): (Color, f32),
) {
    if !display.shows(person.id, joint as usize) {
        return;
    }
    let centre = brush.layout.landmark(&person.pose[joint]);
    brush.disc(centre, radius * 2.3, (Color::OUTLINE, opacity * OUTLINE_OPACITY));
    brush.disc(centre, radius * 1.9, (color, opacity));
    brush.disc(centre, radius * 1.0, (Color::WHITE, opacity));
}

impl Brush<'_, '_> {
    /// A line with round ends.
    pub(super) fn line(&mut self, from: Point, to: Point, radius: f32, (color, opacity): (Color, f32)) {
        let area = Rect {
            left: from.0.min(to.0),
            top: from.1.min(to.1),
            right: from.0.max(to.0),
            bottom: from.1.max(to.1),
        };
        if self.begin(&area.grown(radius + 1.0)) {
            self.mask.line(from, to, radius);
            self.surface.blend(self.mask, color, opacity);
        }
    }

    /// A filled circle.
    pub(super) fn disc(&mut self, centre: Point, radius: f32, paint: (Color, f32)) {
        self.line(centre, centre, radius, paint);
    }

    /// Starts the mask; false when nothing of the area is in the picture.
    pub(super) fn begin(&mut self, area: &Rect) -> bool {
        self.mask
            .begin(area, (self.surface.width(), self.surface.height()))
    }
}
