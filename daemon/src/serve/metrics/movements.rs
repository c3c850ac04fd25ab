//! Movements as labels.

use super::catalogue::Label;
use kinemotion_motion::movements;

/// Of somebody who does no movement that is known.
pub const NONE: &str = "none";
/// Whatever the registry does not know.
pub const OTHER: &str = "other";

/// The movement of what was measured.
pub const MOVEMENT: Label = Label::all("movement", || with(OTHER));
/// The movement somebody seems to do.
pub const OR_NONE: Label = Label::all("movement", || with(NONE));

fn with(rest: &'static str) -> Vec<&'static str> {
    let names = movements::all().iter().map(|movement| movement.name);
    names.chain([rest]).collect()
}

/// The movement of this name.
pub fn known(name: &str) -> Option<&'static str> {
    movements::find(name).map(|movement| movement.name)
}
