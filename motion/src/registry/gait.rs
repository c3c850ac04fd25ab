//! Metrics of running and walking.

use super::MetricDefinition;

const GAIT: &str =
    "Winter 1991, The Biomechanics and Motor Control of Human Gait; Perry & Burnfield, Gait Analysis";
const ROBINSON: &str = "Robinson et al. 1987, symmetry index";
const MORIN: &str = "Morin et al. 2005, doi:10.1123/jab.21.2.167";
const STRIKE: &str = "Altman & Davis 2012, doi:10.1016/j.gaitpost.2011.09.104";

/// In the order in which results list them.
#[rustfmt::skip]
pub const METRICS: [MetricDefinition; 30] = [
    MetricDefinition::new("steps", "Steps", "1", "Complete contacts in the bout.", GAIT, 0, (1.0, 200.0)),
    MetricDefinition::new("cadence_spm", "Cadence", "spm", "Steps per minute: 60 over the mean step time.", GAIT, 1, (30.0, 330.0)),
    MetricDefinition::new("ground_contact_time_left_ms", "Ground contact time, left", "ms", "Time from the contact of the left foot to its toe-off, mean over the bout.", GAIT, 0, (60.0, 1600.0)),
    MetricDefinition::new("ground_contact_time_right_ms", "Ground contact time, right", "ms", "Time from the contact of the right foot to its toe-off, mean over the bout.", GAIT, 0, (60.0, 1600.0)),
    MetricDefinition::new("duty_factor", "Duty factor", "1", "Contact time over stride time.", GAIT, 3, (0.1, 0.8)),
    MetricDefinition::new("stance_percent", "Stance", "%", "Contact time in per cent of the stride time.", GAIT, 1, (40.0, 85.0)),
    MetricDefinition::new("swing_percent", "Swing", "%", "Time of a foot in the air in per cent of the stride time.", GAIT, 1, (15.0, 60.0)),
    MetricDefinition::new("double_support_percent", "Double support", "%", "Time with both feet on the ground, twice in a stride, in per cent of the stride time.", GAIT, 1, (0.0, 70.0)),
    MetricDefinition::new("double_support_ms", "Double support time", "ms", "Time from the contact of a foot to the toe-off of the other, mean over the bout.", GAIT, 0, (0.0, 800.0)),
    MetricDefinition::new("step_time_ms", "Step time", "ms", "Time from the contact of a foot to the next contact of the other, mean over the bout.", GAIT, 0, (150.0, 2000.0)),
    MetricDefinition::new("stride_time_ms", "Stride time", "ms", "Time from the contact of a foot to its next contact, mean over the bout.", GAIT, 0, (300.0, 4000.0)),
    MetricDefinition::new("speed_m_s", "Speed", "m/s", "Speed over the ground or against the belt: how fast the foot on the ground moves back under the hips.", GAIT, 2, (0.1, 13.0)),
    MetricDefinition::new("step_length_m", "Step length", "m", "Way between the contacts of opposite feet: speed times step time.", GAIT, 2, (0.1, 3.0)),
    MetricDefinition::new("stride_length_m", "Stride length", "m", "Way between contacts of the same foot: speed times stride time.", GAIT, 2, (0.2, 6.0)),
    MetricDefinition::new("vertical_oscillation_m", "Vertical oscillation", "m", "Highest minus lowest height of the centre of mass in a step, mean over the bout.", "Folland et al. 2017, doi:10.1249/MSS.0000000000001245", 3, (0.005, 0.25)),
    MetricDefinition::new("vertical_stiffness_kn_m", "Vertical stiffness", "kN/m", "Peak vertical force over the drop of the centre of mass in contact, both from contact and flight time.", MORIN, 1, (3.0, 200.0)),
    MetricDefinition::new("leg_stiffness_kn_m", "Leg stiffness", "kN/m", "Peak vertical force over the compression of the leg, from contact time, flight time, speed and leg length (0.53 of stature).", MORIN, 1, (2.0, 80.0)),
    MetricDefinition::new("foot_angle_at_contact_deg", "Foot angle at contact", "deg", "Foot against the flat foot at contact; positive with the toes up. Above 8 a rearfoot, below -1.6 a forefoot strike.", STRIKE, 0, (-60.0, 60.0)),
    MetricDefinition::new("shank_angle_at_contact_deg", "Shank angle at contact", "deg", "Shank from vertical at contact; positive with the ankle ahead of the knee.", "Own convention, in the picture plane", 0, (-60.0, 60.0)),
    MetricDefinition::new("knee_angle_at_contact_deg", "Knee flexion at contact", "deg", "Knee flexion at contact; 0 when straight, positive in flexion.", super::angle::ANGLES, 0, (-30.0, 120.0)),
    MetricDefinition::new("knee_angle_mid_stance_deg", "Knee flexion in mid-stance", "deg", "Knee flexion halfway between contact and toe-off; 0 when straight, positive in flexion.", super::angle::ANGLES, 0, (-30.0, 120.0)),
    MetricDefinition::new("knee_angle_at_toe_off_deg", "Knee flexion at toe-off", "deg", "Knee flexion at toe-off; 0 when straight, positive in flexion.", super::angle::ANGLES, 0, (-30.0, 120.0)),
    MetricDefinition::new("overstride_m", "Overstride", "m", "Ankle ahead of the hips at contact.", "Own definition", 2, (-0.5, 1.2)),
    MetricDefinition::new("trunk_lean_deg", "Trunk lean", "deg", "Lean of the trunk from vertical, mean over the bout; positive forwards.", super::angle::ANGLES, 0, (-40.0, 80.0)),
    MetricDefinition::new("contact_asymmetry_percent", "Contact time asymmetry", "%", "Contact time right minus left over their mean; positive when the right foot stays longer.", ROBINSON, 1, (-100.0, 100.0)),
    MetricDefinition::new("flight_asymmetry_percent", "Flight time asymmetry", "%", "Flight time after the right foot minus after the left over their mean.", ROBINSON, 1, (-200.0, 200.0)),
    MetricDefinition::new("step_time_asymmetry_percent", "Step time asymmetry", "%", "Step time to the right contact minus to the left over their mean.", ROBINSON, 1, (-100.0, 100.0)),
    MetricDefinition::new("step_length_asymmetry_percent", "Step length asymmetry", "%", "Way to the right contact minus to the left over their mean: what the hips travel and how much farther ahead of them the foot comes down.", ROBINSON, 1, (-100.0, 100.0)),
    MetricDefinition::new("leg_stiffness_asymmetry_percent", "Leg stiffness asymmetry", "%", "Leg stiffness right minus left over their mean, each from its own contact time and the flight after it.", ROBINSON, 1, (-200.0, 200.0)),
    MetricDefinition::new("step_time_variability_percent", "Step time variability", "%", "Standard deviation of the step times of a foot over their mean, both feet.", "Hausdorff 2005, doi:10.1186/1743-0003-2-19", 1, (0.0, 60.0)),
];
