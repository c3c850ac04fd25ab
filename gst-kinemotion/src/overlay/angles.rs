//! Joint angles, drawn at the joints of the leg that is seen better.
//!
//! The number is the flexion, as the metrics define it: 0° when the joint is straight. The arc spans from the
//! prolongation of the upper segment to the lower one, so what is drawn is what is written.

use super::Brush;
use super::color::Color;
use super::display::Display;
use super::font::{Font, Style};
use super::mask::{Point, Rect};
use crate::meta::Poses;
use kinemotion_models::TrackedPose;
use kinemotion_motion::{LandmarkId, Pose, PoseSource};

/// Shoulder, hip, knee, ankle of one side.
fn leg(left: bool) -> [LandmarkId; 4] {
    use LandmarkId::{
        LeftAnkle, LeftHip, LeftKnee, LeftShoulder, RightAnkle, RightHip, RightKnee, RightShoulder,
    };
    if left {
        [LeftShoulder, LeftHip, LeftKnee, LeftAnkle]
    } else {
        [RightShoulder, RightHip, RightKnee, RightAnkle]
    }
}

/// How well a side is seen: its least visible joint.
pub(super) fn visibility(pose: &Pose, left: bool) -> f32 {
    leg(left)
        .iter()
        .map(|joint| pose[*joint].visibility)
        .fold(1.0, f32::min)
}

/// Turn of knee and hip in the picture plane, radians, positive clockwise; the amount is the flexion.
pub(super) fn turns(pose: &Pose, left: bool) -> (f32, f32) {
    let [shoulder, hip, knee, ankle] = leg(left).map(|joint| (pose[joint].x, pose[joint].y));
    (bend(hip, knee, ankle).1, bend(shoulder, hip, knee).1)
}

/// Direction of the upper segment's prolongation, and the turn from it to the lower segment; radians.
fn bend(upper: Point, joint: Point, lower: Point) -> (f32, f32) {
    use std::f32::consts::{PI, TAU};
    let prolonged = (joint.1 - upper.1).atan2(joint.0 - upper.0);
    let lower = (lower.1 - joint.1).atan2(lower.0 - joint.0);
    (prolonged, (lower - prolonged + PI).rem_euclid(TAU) - PI)
}

/// Draws the athlete's angles.
pub(super) fn draw(brush: &mut Brush<'_, '_>, poses: &Poses, display: &Display) {
    let Some(athlete) = poses.selected() else { return };
    let [shoulder, hip, knee, ankle] = leg(display.near_left);
    let angles = &display.angles;
    draw_angle(
        brush,
        athlete,
        display,
        [hip, knee, ankle],
        (angles.knee, angles.knee_clockwise),
    );
    draw_angle(
        brush,
        athlete,
        display,
        [shoulder, hip, knee],
        (angles.hip, angles.hip_clockwise),
    );
}

fn draw_angle(
    brush: &mut Brush<'_, '_>,
    athlete: &TrackedPose,
    display: &Display,
    joints: [LandmarkId; 3],
    (degrees, clockwise): (Option<f64>, bool),
) {
    let Some(degrees) = degrees.filter(|degrees| degrees.is_finite()) else {
        return;
    };
    if joints
        .iter()
        .any(|joint| !display.shows(athlete.id, *joint as usize))
    {
        return;
    }
    let [upper, joint, lower] = joints.map(|joint| brush.layout.landmark(&athlete.pose[joint]));
    let body = brush.layout.bounds(athlete.bounds);
    let opacity = if athlete.pose.source == PoseSource::Predicted {
        0.5
    } else {
        0.95
    };
    let (prolonged, turn) = bend(upper, joint, lower);
    let radius = (body.height() * 0.06)
        .max(brush.layout.px(10.0))
        .min(brush.layout.px(28.0));
    let on_circle =
        |angle: f32, radius: f32| (joint.0 + radius * angle.cos(), joint.1 + radius * angle.sin());

    let around = Rect {
        left: joint.0,
        top: joint.1,
        right: joint.0,
        bottom: joint.1,
    };
    if brush.begin(&around.grown(1.3 * radius + brush.layout.px(2.0) + 1.0)) {
        let width = brush.layout.px(0.8).max(0.6);
        brush.mask.arc(joint, radius, prolonged, turn, width);
        brush.mask.line(joint, on_circle(prolonged, 1.3 * radius), width);
        brush.surface.blend(brush.mask, Color::AMBER, opacity);
    }
    // The label stands on the side to which the joint does not bend, clear of both segments.
    let sideways = std::f32::consts::FRAC_PI_2 * if clockwise { -1.0 } else { 1.0 };
    let distance = brush.layout.px(24.0);
    draw_label(
        brush,
        on_circle(prolonged + turn / 2.0 + sideways, distance),
        degrees,
        opacity,
    );
}

fn draw_label(brush: &mut Brush<'_, '_>, centre: Point, degrees: f64, opacity: f32) {
    let text = format!("{:.0}°", degrees.abs());
    let style = Style::bold(brush.layout.px(7.5).max(6.0));
    let (width, pad) = (Font::width(&text, style), brush.layout.px(4.0));
    let label = Rect::new(
        centre.0 - width / 2.0 - pad,
        centre.1 - style.height / 2.0 - pad,
        width + 2.0 * pad,
        style.height + 2.0 * pad,
    );
    brush.panel(&label, 4.0, (Color::PANEL, 0.7 * opacity));
    brush.text(
        (label.left + pad, label.top + pad),
        &text,
        style,
        (Color::AMBER, opacity),
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_straight_leg_has_no_flexion_and_a_right_angle_ninety_degrees() {
        let mut pose = Pose::default();
        for (joint, (x, y)) in leg(true)
            .into_iter()
            .zip([(0.0, 0.0), (0.0, 10.0), (0.0, 20.0), (10.0, 20.0)])
        {
            pose.landmarks[joint as usize].x = x;
            pose.landmarks[joint as usize].y = y;
        }
        let (knee, hip) = turns(&pose, true);
        assert!((knee + std::f32::consts::FRAC_PI_2).abs() < 1e-4, "{knee}");
        assert!(hip.abs() < 1e-4, "{hip}");
    }
}
