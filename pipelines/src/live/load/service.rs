//! What there is to be had: the settings of the ladder, its steps, what a session would like and what it gets.

use kinemotion_models::Quality;
use serde::Serialize;
use std::fmt;

/// How load is dealt with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LoadConfig {
    /// Poses per second that every session keeps.
    pub floor: f64,
    /// Whether lighter landmark models than asked for may be used.
    pub lighter_models: bool,
    /// Whether graphics may be left out of outgoing video.
    pub drop_overlay: bool,
    /// Whether sessions are refused when there is no room for them.
    pub admission: bool,
    /// Share of the processors that sessions may be let in for.
    pub budget: f64,
}

impl Default for LoadConfig {
    fn default() -> Self {
        Self {
            floor: 10.0,
            lighter_models: true,
            drop_overlay: true,
            admission: true,
            budget: 0.9,
        }
    }
}

/// How far down the ladder the process is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Everybody gets what was asked for.
    #[default]
    Full,
    /// Fewer poses per second.
    PoseRate,
    /// No model above `balanced`.
    Balanced,
    /// The lightest model for everybody.
    Fast,
    /// No graphics on outgoing video.
    NoOverlay,
}

impl Step {
    /// From the mildest to the hardest.
    pub const ALL: [Self; 5] = [
        Self::Full,
        Self::PoseRate,
        Self::Balanced,
        Self::Fast,
        Self::NoOverlay,
    ];

    /// As it serialises, and as it is written in metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::PoseRate => "pose_rate",
            Self::Balanced => "balanced",
            Self::Fast => "fast",
            Self::NoOverlay => "no_overlay",
        }
    }

    /// The most exact model that is still used.
    pub(super) fn quality(self, config: &LoadConfig) -> Quality {
        match self {
            _ if !config.lighter_models => Quality::Accurate,
            Self::Full | Self::PoseRate => Quality::Accurate,
            Self::Balanced => Quality::Balanced,
            Self::Fast | Self::NoOverlay => Quality::Fast,
        }
    }

    /// Whether the configuration has this step.
    fn is_allowed(self, config: &LoadConfig) -> bool {
        match self {
            Self::Full | Self::PoseRate => true,
            Self::Balanced | Self::Fast => config.lighter_models,
            Self::NoOverlay => config.drop_overlay,
        }
    }

    /// The next step that takes something away from somebody.
    pub(super) fn harder(self, config: &LoadConfig, demands: &[Demand]) -> Option<Self> {
        let takes = |step: Self| {
            demands.iter().any(|demand| {
                let lighter =
                    demand.quality.min(step.quality(config)) < demand.quality.min(self.quality(config));
                lighter || (step == Self::NoOverlay && demand.overlay)
            })
        };
        Self::ALL
            .into_iter()
            .find(|step| *step > self && step.is_allowed(config) && takes(*step))
    }

    pub(super) fn milder(self, config: &LoadConfig) -> Option<Self> {
        Self::ALL
            .into_iter()
            .rev()
            .find(|step| *step < self && step.is_allowed(config))
    }
}

/// What a session gets.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Service {
    /// Whether that is less than was asked for.
    pub degraded: bool,
    /// Most poses per second; absent when every frame is measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pose_rate: Option<f64>,
    /// The landmark model in use: `fast`, `balanced` or `accurate`.
    pub model: &'static str,
    /// Whether outgoing video may carry graphics.
    pub overlay: bool,
}

impl Service {
    /// All that was asked for.
    pub fn full(quality: Quality) -> Self {
        Self {
            degraded: false,
            pose_rate: None,
            model: quality.name(),
            overlay: true,
        }
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.pose_rate {
            Some(rate) => write!(f, "measured {rate:.1} times per second")?,
            None => f.write_str("every frame is measured")?,
        }
        write!(f, " by the model {}", self.model)?;
        f.write_str(if self.overlay { "" } else { ", no graphics" })
    }
}

/// What a session would like to have.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Demand {
    /// Frames per second that could be measured.
    pub fps: f64,
    /// People looked at in each.
    pub persons: f64,
    /// The landmark model asked for.
    pub quality: Quality,
    /// Whether video with graphics is being sent.
    pub overlay: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_called_as_they_serialise_and_stand_in_their_order() {
        for (place, step) in Step::ALL.into_iter().enumerate() {
            assert_eq!(serde_json::to_value(step).expect("JSON"), step.name());
            assert_eq!(step as usize, place);
        }
    }
}
