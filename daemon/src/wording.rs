//! Sentences of results for people: names instead of keys.

use kinemotion_motion::registry;

/// Between the keys of metrics and the reason why they were withheld.
const WITHHELD: &str = ": withheld, ";

/// A warning of a repetition with the labels of metrics instead of their keys.
pub fn for_people(warning: &str) -> String {
    let Some((keys, reason)) = warning.split_once(WITHHELD) else {
        return warning.to_owned();
    };
    let labels: Vec<&str> = keys
        .split(", ")
        .map(|key| registry::find(key).map_or(key, |definition| definition.label))
        .collect();
    format!("Not measured: {}. Reason: {reason}.", labels.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn withheld_metrics_are_called_by_their_labels() {
        assert_eq!(
            for_people("jump_height_m, rsi_modified: withheld, too few frames"),
            "Not measured: Jump height, Modified reactive strength index. Reason: too few frames."
        );
        assert_eq!(for_people("the feet slide"), "the feet slide");
    }
}
