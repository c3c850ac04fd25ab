//! Movement names, as users write them.

use kinemotion_motion::{MovementChoice, movements};

/// Recognise the movement.
pub(crate) const AUTO: &str = "auto";

/// Reads the `movement` property.
pub(crate) fn choice(name: &str) -> Result<MovementChoice, String> {
    let name = name.trim();
    if name == AUTO {
        return Ok(MovementChoice::Auto);
    }
    names()
        .find(|known| *known == name)
        .map(MovementChoice::Named)
        .ok_or_else(|| format!("movement=\"{name}\" is none of {}", listed()))
}

/// Description of the `movement` property.
pub(crate) fn blurb() -> String {
    format!("Movement to look for: {}", listed())
}

fn names() -> impl Iterator<Item = &'static str> {
    movements::all().iter().map(|movement| movement.name)
}

fn listed() -> String {
    std::iter::once(AUTO)
        .chain(names())
        .collect::<Vec<_>>()
        .join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registered_movement_and_auto_are_accepted() {
        assert_eq!(choice("auto"), Ok(MovementChoice::Auto));
        assert_eq!(choice("cmj"), Ok(MovementChoice::Named("cmj")));
    }

    #[test]
    fn an_unknown_movement_is_refused_with_the_list() {
        let error = choice("flying").expect_err("must be refused");
        assert!(error.contains("flying") && error.contains("cmj"), "{error}");
    }
}
