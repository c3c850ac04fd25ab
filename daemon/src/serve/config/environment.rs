//! Overrides from the environment.

use super::{Config, ConfigError};
use toml::{Table, Value};

/// What the names of overrides begin with.
const PREFIX: &str = "KINEMOTION_SERVE__";

/// The settings with what the environment says. Variables of other names are none of ours.
pub(super) fn overlay(
    config: &Config,
    environment: impl IntoIterator<Item = (String, String)>,
) -> Result<Config, ConfigError> {
    let mut overrides: Vec<_> = environment
        .into_iter()
        .filter(|(name, _)| name.starts_with(PREFIX))
        .collect();
    overrides.sort();
    let mut config = config.clone();
    for (variable, text) in overrides {
        config = with(&config, &variable, &text)
            .map_err(|reason| ConfigError::Environment { variable, reason })?;
    }
    Ok(config)
}

/// The settings with one override.
fn with(config: &Config, variable: &str, text: &str) -> Result<Config, String> {
    let mut table = Table::try_from(config).map_err(|error| error.to_string())?;
    let path = variable[PREFIX.len()..].to_ascii_lowercase();
    let (section, key) = path
        .split_once("__")
        .ok_or_else(|| format!("names are {PREFIX}SECTION__KEY"))?;
    let keys = table
        .get_mut(section)
        .and_then(Value::as_table_mut)
        .ok_or_else(|| format!("there is no section [{section}]"))?;
    let place = keys
        .get_mut(key)
        .ok_or_else(|| format!("there is no key {key} in [{section}]"))?;
    *place = read(place, text)?;
    table
        .try_into()
        .map_err(|error: toml::de::Error| error.message().to_owned())
}

/// A value of the same kind as the present one. Texts need no quotes.
fn read(present: &Value, text: &str) -> Result<Value, String> {
    if present.is_str() {
        return Ok(Value::String(text.to_owned()));
    }
    let mut table: Table = toml::from_str(&format!("value = {text}"))
        .map_err(|_| format!("\"{text}\" is no {}", present.type_str()))?;
    match table.remove("value") {
        Some(Value::Integer(whole)) if present.is_float() => Ok(Value::Float(whole as f64)),
        Some(value) if value.same_type(present) => Ok(value),
        _ => Err(format!("\"{text}\" is no {}", present.type_str())),
    }
}
