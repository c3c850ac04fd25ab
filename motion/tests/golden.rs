//! One perfect jump, all its numbers.

mod support;

use support::{cmj, config, footage, recording, the_repetition};

/// Numbers rounded to what the registry prints, so that the snapshot is the same on every machine.
fn rounded(value: &mut serde_json::Value, decimals: usize) {
    match value {
        serde_json::Value::Number(n) => {
            let factor = 10f64.powi(decimals as i32);
            let rounded = (n.as_f64().expect("a number") * factor).round() / factor;
            *value = serde_json::json!(rounded);
        }
        serde_json::Value::Array(items) => items.iter_mut().for_each(|v| rounded(v, decimals)),
        serde_json::Value::Object(fields) => {
            for (key, v) in fields {
                let known = kinemotion_motion::registry::find(key);
                rounded(v, known.map_or(decimals, |m| m.decimals));
            }
        }
        _ => {}
    }
}

#[test]
fn a_35_cm_jump_at_60_frames_per_second() {
    let repetition = the_repetition(&recording(&footage(&cmj(0.35))), config(Some(1.78)));
    let mut json = serde_json::to_value(&*repetition).expect("serialises");
    rounded(&mut json, 3);
    insta::assert_json_snapshot!(json);
}
