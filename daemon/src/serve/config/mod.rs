//! Settings of the daemon: one commented file, overrides from the environment, and what may change while it runs.

mod access;
pub mod changes;
mod environment;
mod sections;
mod shared;
mod telemetry;

pub use access::{Admission, Jwt, Limits, Network, Tier, Tiers};
pub use sections::{
    Batch, Cluster, Config, Log, LogFormat, Models, Retention, S3, Server, Sessions, Sources, WebRtc,
};
pub use shared::SharedConfig;
pub use telemetry::Telemetry;

use std::path::{Path, PathBuf};
use thiserror::Error;

/// Why there are no settings.
#[derive(Debug, Error)]
#[allow(missing_docs)] // the messages say it
pub enum ConfigError {
    #[error("cannot read the configuration {path}: {source}", path = path.display())]
    Unreadable { path: PathBuf, source: std::io::Error },
    #[error("{path}: {reason}", path = path.display())]
    File { path: PathBuf, reason: String },
    #[error("environment variable {variable}: {reason}")]
    Environment { variable: String, reason: String },
    #[error("configuration key {key}: {reason}")]
    Value { key: &'static str, reason: String },
}

impl Config {
    /// The settings of a file, or the defaults, with what the environment overrides.
    ///
    /// # Errors
    /// A file that cannot be read, an unknown key, or a value that makes no sense, named by its key.
    pub fn load(
        path: Option<&Path>,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let config = match path {
            Some(path) => Self::of_file(path)?,
            None => Self::default(),
        };
        let config = environment::overlay(&config, environment)?;
        config.check()?;
        Ok(config)
    }

    fn of_file(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Unreadable {
            path: path.into(),
            source,
        })?;
        Self::read(&text).map_err(|reason| ConfigError::File {
            path: path.into(),
            reason,
        })
    }

    /// The settings of a text, whether or not they make sense together.
    ///
    /// # Errors
    /// Where it is no TOML, or has an unknown key or another kind of value.
    pub fn read(text: &str) -> Result<Self, String> {
        toml::from_str(text).map_err(|error| error.to_string().trim_end().to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEFAULTS: &str = include_str!("../kinemotion.toml");

    fn load(text: &str, environment: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let file = tempfile::NamedTempFile::new().expect("a temporary file");
        std::fs::write(file.path(), text).expect("written");
        let environment = environment
            .iter()
            .map(|(name, value)| ((*name).into(), (*value).into()));
        Config::load(Some(file.path()), environment)
    }

    #[test]
    fn the_commented_file_says_every_key_and_its_default() {
        assert_eq!(load(DEFAULTS, &[]).expect("loads"), Config::default());
        let written: toml::Table = toml::from_str(DEFAULTS).expect("TOML");
        let known = toml::Table::try_from(Config::default()).expect("TOML");
        for (section, keys) in &known {
            for key in keys.as_table().expect("sections are tables").keys() {
                assert!(
                    written[section].get(key).is_some(),
                    "{section}.{key} is not in the file"
                );
            }
        }
    }

    #[test]
    fn keys_marked_live_are_those_that_follow_a_change() {
        let mut section = "";
        let mut comment = String::new();
        let mut live = Vec::new();
        for line in DEFAULTS.lines() {
            if let Some(name) = line.strip_prefix('[') {
                section = name.trim_end_matches(']');
            } else if line.starts_with('#') {
                comment.push_str(line);
            } else {
                if let Some((key, _)) = line.split_once(" = ")
                    && comment.ends_with("(live)")
                {
                    live.push(format!("{section}.{key}"));
                }
                comment.clear();
            }
        }
        assert_eq!(live, shared::live_keys());
    }

    #[test]
    fn a_file_needs_only_what_it_changes_and_the_environment_wins() {
        let config = load("[sessions]\nmost = 2\n", &[]).expect("loads");
        assert_eq!(config.sessions.most, 2);
        assert_eq!(config.server, Config::default().server);
        let config = load(
            "[sessions]\nmost = 2\n",
            &[
                ("KINEMOTION_SERVE__SESSIONS__MOST", "7"),
                ("KINEMOTION_SERVE__AUTH__TOKENS", r#"["a", "b"]"#),
                ("KINEMOTION_SERVE__SERVER__LISTEN", "127.0.0.1:0"),
                ("KINEMOTION_CACHE", "/somewhere"),
            ],
        )
        .expect("loads");
        assert_eq!(config.sessions.most, 7);
        assert_eq!(config.auth.tokens, ["a", "b"]);
        assert_eq!(config.server.listen, "127.0.0.1:0");
    }

    #[test]
    fn a_tier_of_the_file_joins_those_there_are() {
        let club = "[tiers.club]\nanalyses_per_month = 5\nlive_streams = 2\nwebhooks = 0\n";
        let config = load(club, &[]).expect("loads");
        assert_eq!(config.tiers.get("club").map(|tier| tier.live_streams), Some(2));
        assert_eq!(config.tiers.get("pro"), Config::default().tiers.get("pro"));
        assert_eq!(config.tiers.get("none"), None);
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        for (text, environment, named) in [
            ("[sessions]\nmoast = 2\n", None, "moast"),
            ("[session]\n", None, "session"),
            ("[sessions]\nmost = \"many\"\n", None, "most"),
            ("[sessions]\nmost = 0\n", None, "sessions.most"),
            ("[server]\nlisten = \"here\"\n", None, "server.listen"),
            ("[sources]\nfolders = [\"videos\"]\n", None, "sources.folders"),
            ("[models]\nproviders = [\"abacus\"]\n", None, "abacus"),
            ("[models]\nproviders = []\n", None, "models.providers"),
            ("[models]\nnice = 20\n", None, "models.nice"),
            ("[webrtc]\nstun = \"example.org\"\n", None, "webrtc.stun"),
            ("[log]\nfilter = \"loud=?\"\n", None, "log.filter"),
            ("[tiers.club]\nwebhooks = 1\n", None, "analyses_per_month"),
            ("[batch]\nmemory_mb = 511\n", None, "batch.memory_mb"),
            ("[limits]\nkey_per_s = -1.0\n", None, "limits.key_per_s"),
            ("[server]\nkey = \"key.pem\"\n", None, "server.key"),
            ("[server]\nproxies = [\"10.0.0.0/33\"]\n", None, "server.proxies"),
            (
                "[jwt]\njwks_url = \"https://id.example/jwks\"\n",
                None,
                "jwt.issuer",
            ),
            ("[admission]\nurl = \"id.example\"\n", None, "admission.url"),
            ("[s3]\nendpoint = \"storage\"\n", None, "s3.endpoint"),
            ("[s3]\naccess_key = \"half\"\n", None, "s3.secret_key"),
            ("[sources]\nbuckets = [\"/videos\"]\n", None, "sources.buckets"),
            ("[cluster]\nredis = \"redis.example\"\n", None, "cluster.redis"),
            (
                "[cluster]\nredis = \"redis://redis.example\"\n",
                None,
                "cluster.address",
            ),
            (
                "[cluster]\nredis = \"redis://r\"\naddress = \"http://10.0.0.5:8080\"\n",
                None,
                "storage.database",
            ),
            (
                "[telemetry]\nendpoint = \"collector:4318\"\n",
                None,
                "telemetry.endpoint",
            ),
            (
                "[telemetry]\nsample_ratio = 1.5\n",
                None,
                "telemetry.sample_ratio",
            ),
            ("[telemetry]\ninterval_s = 0\n", None, "telemetry.interval_s"),
            (
                "[telemetry]\nservice_name = \"\"\n",
                None,
                "telemetry.service_name",
            ),
            (
                "[telemetry]\nheaders = { \"a b\" = \"c\" }\n",
                None,
                "telemetry.headers",
            ),
            ("[auth]\ntokens = [\"\"]\n", None, "auth.tokens"),
            ("[auth]\nsession_secret = \"hush\"\n", None, "auth.session_secret"),
            ("", Some(("KINEMOTION_SERVE__SESSIONS__MOAST", "2")), "MOAST"),
            (
                "",
                Some(("KINEMOTION_SERVE__SESSIONS", "2")),
                "KINEMOTION_SERVE__SESSIONS",
            ),
            (
                "",
                Some(("KINEMOTION_SERVE__SESSIONS__MOST", "many")),
                "SESSIONS__MOST",
            ),
        ] {
            let error = load(text, environment.as_slice()).expect_err(named).to_string();
            assert!(error.contains(named), "{named}: {error}");
        }
        let missing = Config::load(Some(Path::new("/no/such/file.toml")), []).expect_err("missing");
        assert!(missing.to_string().contains("/no/such/file.toml"));
    }
}
