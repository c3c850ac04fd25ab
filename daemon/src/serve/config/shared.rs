//! Settings that change while the daemon runs.

use super::{Batch, Config};
use std::sync::{Arc, PoisonError, RwLock};
use toml::{Table, Value};

/// The settings in force. Clones belong together.
#[derive(Clone)]
pub struct SharedConfig(Arc<RwLock<Arc<Config>>>);

impl SharedConfig {
    /// Settings to begin with.
    pub fn new(config: Config) -> Self {
        Self(Arc::new(RwLock::new(Arc::new(config))))
    }

    /// The settings of this moment.
    pub fn get(&self) -> Arc<Config> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes over what may change while the daemon runs. The answer names the other keys that differ; they need a restart.
    pub fn update(&self, new: &Config) -> Vec<String> {
        let mut present = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let merged = with_live_keys(&present, new.clone());
        let waiting = different(&merged, new);
        *present = Arc::new(merged);
        waiting
    }
}

/// The present settings with the new values of keys that may change.
fn with_live_keys(present: &Config, new: Config) -> Config {
    let mut config = present.clone();
    config.server.names = new.server.names;
    config.server.origins = new.server.origins;
    config.server.proxies = new.server.proxies;
    config.log.filter = new.log.filter;
    config.retention = new.retention;
    config.auth = new.auth;
    config.jwt = new.jwt;
    config.tiers = new.tiers;
    config.limits = new.limits;
    config.admission = new.admission;
    config.sessions = new.sessions;
    config.load = new.load;
    config.sources = new.sources;
    config.video = new.video;
    config.decoders = new.decoders;
    config.webrtc = new.webrtc;
    config.batch = Batch {
        workers: config.batch.workers,
        ..new.batch
    };
    config
}

/// Names of the keys whose values differ, in the order of the file.
fn different(a: &Config, b: &Config) -> Vec<String> {
    let (a, b) = (table(a), table(b));
    let mut names = Vec::new();
    for (section, keys) in &a {
        for (key, value) in keys.as_table().into_iter().flatten() {
            if b.get(section).and_then(|other| other.get(key)) != Some(value) {
                names.push(format!("{section}.{key}"));
            }
        }
    }
    names
}

fn table(config: &Config) -> Table {
    match Value::try_from(config) {
        Ok(Value::Table(table)) => table,
        _ => unreachable!("sections of numbers and texts are a table"),
    }
}

/// Names of the keys that may change, found by changing every one of them.
#[cfg(test)]
pub(super) fn live_keys() -> Vec<String> {
    let default = Config::default();
    let mut changed = table(&default);
    for (_, keys) in &mut changed {
        for (_, value) in keys.as_table_mut().into_iter().flatten() {
            *value = other(value.clone());
        }
    }
    let changed: Config = changed.try_into().expect("the same types");
    let live = different(&default, &with_live_keys(&default, changed));
    in_order_of_the_file(live)
}

/// Another value of the same type.
#[cfg(test)]
fn other(value: Value) -> Value {
    match value {
        Value::String(text) if text == "auto" => Value::from("json"),
        Value::String(text) => Value::from(text + "x"),
        Value::Integer(n) => Value::from(n + 1),
        Value::Float(x) => Value::from(x + 1.0),
        Value::Boolean(yes) => Value::from(!yes),
        Value::Array(names) if names.is_empty() => Value::from(vec!["changed"]),
        Value::Array(_) => Value::Array(Vec::new()),
        Value::Table(mut table) => {
            for (_, value) in &mut table {
                *value = other(value.clone());
            }
            Value::Table(table)
        }
        value @ Value::Datetime(_) => panic!("{value} has no other value"),
    }
}

/// Keys sorted as in the commented file.
#[cfg(test)]
fn in_order_of_the_file(mut names: Vec<String>) -> Vec<String> {
    let text = include_str!("../kinemotion.toml");
    let place = |name: &String| {
        let (section, key) = name.split_once('.').expect("section.key");
        let start = text.find(&format!("\n[{section}]")).expect("the section");
        start + text[start..].find(&format!("\n{key} = ")).expect("the key")
    };
    names.sort_by_key(place);
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn live_keys_change_at_once_and_the_others_are_named() {
        let shared = SharedConfig::new(Config::default());
        let clone = shared.clone();
        let mut new = Config::default();
        new.sessions.most = 9;
        new.server.listen = "127.0.0.1:9".into();
        assert_eq!(shared.update(&new), ["server.listen"]);
        assert_eq!(clone.get().sessions.most, 9);
        assert_eq!(clone.get().server.listen, Config::default().server.listen);
    }
}
