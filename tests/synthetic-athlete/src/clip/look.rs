//! Colours, clothes and surroundings.

use serde::{Deserialize, Serialize};

/// Linear red, green and blue, 0 to 1.
pub type Rgb = [f32; 3];

/// Which way the athlete looks in the picture. Facing right, the right side of the body is near the camera.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum Facing {
    #[default]
    Right,
    Left,
}

/// How the athlete is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Body {
    /// A clothed body that pose models track like a real person.
    #[default]
    Full,
    /// Thin grey sticks. A negative control: a test that passes with it proves nothing about pose tracking.
    Stick,
}

/// Colours of a person.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Look {
    pub skin: Rgb,
    pub hair: Rgb,
    pub shirt: Rgb,
    pub shorts: Rgb,
    pub socks: Rgb,
    pub shoes: Rgb,
    pub soles: Rgb,
}

impl Default for Look {
    fn default() -> Self {
        Self {
            skin: [0.78, 0.52, 0.40],
            hair: [0.07, 0.05, 0.04],
            shirt: [0.75, 0.13, 0.12],
            shorts: [0.08, 0.09, 0.14],
            socks: [0.85, 0.85, 0.83],
            shoes: [0.10, 0.25, 0.55],
            soles: [0.9, 0.9, 0.88],
        }
    }
}

impl Look {
    /// Skin tones from light to dark.
    pub const SKINS: [Rgb; 5] = [
        [0.86, 0.64, 0.53],
        [0.78, 0.52, 0.40],
        [0.60, 0.38, 0.26],
        [0.40, 0.24, 0.16],
        [0.22, 0.13, 0.09],
    ];
    /// Hair colours.
    pub const HAIRS: [Rgb; 5] = [
        [0.07, 0.05, 0.04],
        [0.02, 0.02, 0.02],
        [0.25, 0.15, 0.08],
        [0.60, 0.45, 0.22],
        [0.55, 0.55, 0.55],
    ];
    /// Shirt colours.
    pub const SHIRTS: [Rgb; 7] = [
        [0.75, 0.13, 0.12],
        [0.10, 0.25, 0.60],
        [0.85, 0.85, 0.85],
        [0.06, 0.06, 0.07],
        [0.15, 0.50, 0.25],
        [0.85, 0.65, 0.10],
        [0.45, 0.45, 0.47],
    ];
    /// Colours of shorts.
    pub const SHORTS: [Rgb; 5] = [
        [0.08, 0.09, 0.14],
        [0.30, 0.30, 0.32],
        [0.12, 0.18, 0.40],
        [0.70, 0.70, 0.70],
        [0.45, 0.10, 0.12],
    ];
    /// Shoe colours.
    pub const SHOES: [Rgb; 5] = [
        [0.10, 0.25, 0.55],
        [0.85, 0.85, 0.85],
        [0.06, 0.06, 0.06],
        [0.85, 0.30, 0.10],
        [0.40, 0.75, 0.20],
    ];
}

/// What is behind the athlete.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Background {
    /// A gym: painted wall with panels, posters and racks, tiled floor with a line.
    #[default]
    Gym,
    /// Outdoors: sky, trees, a fence and grass.
    Outdoor,
    /// One wall colour and one floor colour.
    Plain {
        /// Wall.
        wall: Rgb,
        /// Floor.
        floor: Rgb,
    },
}

impl Background {
    /// A light grey studio.
    pub const STUDIO: Background = Background::Plain {
        wall: [0.72, 0.74, 0.76],
        floor: [0.50, 0.50, 0.52],
    };
    /// A dark studio.
    pub const DARK: Background = Background::Plain {
        wall: [0.10, 0.11, 0.13],
        floor: [0.16, 0.15, 0.14],
    };
}
