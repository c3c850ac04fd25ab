//! The settings in force, as they can be shown to others.

use crate::serve::config::Config;
use toml::{Table, Value};

/// Keys whose values are secret, as a whole.
const SECRET: [&str; 6] = [
    "auth.tokens",
    "auth.session_secret",
    "admission.token",
    "s3.access_key",
    "s3.secret_key",
    "telemetry.headers",
];

/// Stands where something was left out.
const LEFT_OUT: &str = "***";

/// The settings as a file.
///
/// # Errors
/// None: settings can be written as they can be read.
pub fn shown(config: &Config) -> anyhow::Result<String> {
    let mut table = Table::try_from(config)?;
    for (section, keys) in &mut table {
        let keys = keys.as_table_mut().into_iter().flatten();
        for (key, value) in keys {
            if SECRET.contains(&format!("{section}.{key}").as_str()) {
                leave_out(value);
            }
            without_user(value);
        }
    }
    Ok(toml::to_string(&table)?)
}

/// How many there are of something secret, and whether it is there, may be known.
fn leave_out(value: &mut Value) {
    match value {
        Value::String(text) if text.is_empty() => {}
        Value::Array(values) => values.iter_mut().for_each(leave_out),
        Value::Table(table) => table.iter_mut().for_each(|(_, value)| leave_out(value)),
        value => *value = LEFT_OUT.into(),
    }
}

/// Addresses lose user and password, whatever characters these have: where an address ends is known here.
fn without_user(value: &mut Value) {
    match value {
        Value::String(text) => {
            let Some((scheme, rest)) = text.split_once("://") else {
                return;
            };
            let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
            if let Some(at) = rest[..end].rfind('@') {
                *text = format!("{scheme}://{LEFT_OUT}{}", &rest[at..]);
            }
        }
        Value::Array(values) => values.iter_mut().for_each(without_user),
        Value::Table(table) => table.iter_mut().for_each(|(_, value)| without_user(value)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::serve::bundle::clean;

    #[test]
    fn nothing_secret_is_shown_and_what_is_not_stays() {
        let settings = r#"
            [server]
            listen = "127.0.0.1:9"
            [auth]
            tokens = ["hush-1", "hush-2"]
            session_secret = "hush-hush-hush-hush-hush-hush-hush"
            [admission]
            url = "https://user:hush@billing.example/ask?key=hush"
            token = "hush"
            [s3]
            access_key = "hush"
            secret_key = "hush"
            [storage]
            database = "postgres://km:hu'hush<hush@db/km"
            [cluster]
            redis = "redis://:hush@redis:6379/0"
            [webrtc]
            turn = ["turn://user:hush@turn.example:3478"]
            [telemetry]
            endpoint = "http://user:hush@collector:4318"
            headers = { authorization = "hush" }
        "#;
        let config = Config::read(settings).expect("settings");
        let shown = clean(&shown(&config).expect("shown"));
        assert!(!shown.contains("hush"), "{shown}");
        let read = Config::read(&shown).expect("still settings");
        assert_eq!(read.server.listen, "127.0.0.1:9");
        assert_eq!(
            read.auth.tokens,
            [LEFT_OUT, LEFT_OUT],
            "how many there are is known"
        );
        assert_eq!(read.storage.database, "postgres://***@db/km");
        assert_eq!(read.telemetry.headers["authorization"], LEFT_OUT);
        assert_eq!(read.admission.url, "https://***@billing.example/ask?***");
    }

    #[test]
    fn a_key_that_sounds_secret_is_one_or_is_known_not_to_be() {
        // The path of a file, and numbers.
        let known = [
            "server.key",
            "sessions.per_token",
            "limits.key_per_s",
            "limits.key_burst",
        ];
        let table = Table::try_from(Config::default()).expect("a table");
        for (section, keys) in &table {
            for key in keys.as_table().expect("sections are tables").keys() {
                let name = format!("{section}.{key}");
                let sounds = ["token", "secret", "password", "key", "headers", "credential"];
                if sounds.iter().any(|sound| key.contains(sound)) && !known.contains(&name.as_str()) {
                    assert!(SECRET.contains(&name.as_str()), "{name}");
                }
            }
        }
    }
}
