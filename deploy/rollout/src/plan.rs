//! What is to be done: a TOML file, over it options of the command line, under it the defaults.

use anyhow::{Context, bail, ensure};
use serde::Deserialize;
use std::path::PathBuf;
use std::time::Duration;

/// A rollout from one version to another.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Plan {
    /// Servers of the version that is in service.
    pub old: Vec<String>,
    /// Servers of the version that is to be.
    pub new: Vec<String>,
    /// Shares of new requests that the new version gets one after the other, percent.
    pub steps: Vec<u8>,
    /// How long each step is watched, seconds.
    pub hold_s: f64,
    /// How long sessions may take to end on the version that gets nothing new any more, seconds.
    pub drain_s: f64,
    /// What makes a version bad.
    pub limits: Limits,
    /// Who knows how the new version does.
    pub prometheus: Prometheus,
    /// Shares are weights of haproxy.
    pub haproxy: Option<Haproxy>,
    /// Shares are weights of a route in Kubernetes.
    pub kubectl: Option<Kubectl>,
}

/// What makes a version bad.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// The greatest share of bad answers, 0 to 1.
    pub error_rate: f64,
    /// The greatest 95th percentile of the time until an answer, milliseconds.
    pub p95_ms: f64,
    /// Fewer answers are no ground for a judgement.
    pub requests: f64,
    /// How far back answers are looked at, seconds.
    pub window_s: f64,
    /// How long it may be impossible to judge, seconds.
    pub blind_s: f64,
    /// How long the new version may be not ready, seconds.
    pub ready_s: f64,
}

/// Where Prometheus is, and what it is asked. A question that is empty is that of the back end.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Prometheus {
    /// Its address.
    pub url: String,
    /// Time between two looks, milliseconds.
    pub interval_ms: u64,
    /// Answers within `$window` by `$servers`.
    pub requests: String,
    /// The bad ones among them.
    pub errors: String,
    /// 95th percentile of the time until an answer, seconds.
    pub p95: String,
    /// Analyses that run on `$servers`, and whatever else would be cut off there.
    pub sessions: String,
}

/// A backend of haproxy.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Haproxy {
    /// The admin socket.
    pub socket: PathBuf,
    /// Name of the backend.
    pub backend: String,
}

/// A route of the Gateway API in Kubernetes.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Kubectl {
    /// The program.
    pub program: PathBuf,
    /// Where everything is.
    pub namespace: String,
    /// Name of the HTTPRoute.
    pub route: String,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            old: Vec::new(),
            new: Vec::new(),
            steps: vec![10, 50, 100],
            hold_s: 300.0,
            drain_s: 60.0,
            limits: Limits::default(),
            prometheus: Prometheus::default(),
            haproxy: None,
            kubectl: None,
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            error_rate: 0.05,
            p95_ms: 200.0,
            requests: 50.0,
            window_s: 60.0,
            blind_s: 300.0,
            ready_s: 30.0,
        }
    }
}

impl Default for Prometheus {
    fn default() -> Self {
        Self {
            url: "http://127.0.0.1:9090".into(),
            interval_ms: 2000,
            requests: String::new(),
            errors: String::new(),
            p95: String::new(),
            sessions: String::new(),
        }
    }
}

impl Default for Haproxy {
    fn default() -> Self {
        Self {
            socket: "/run/haproxy/admin.sock".into(),
            backend: "kinemotion".into(),
        }
    }
}

impl Default for Kubectl {
    fn default() -> Self {
        Self {
            program: "kubectl".into(),
            namespace: "default".into(),
            route: "kinemotion".into(),
        }
    }
}

impl Plan {
    /// The plan that a table says, checked.
    ///
    /// # Errors
    /// The setting that is unknown or makes no sense.
    pub fn of(table: toml::Table) -> anyhow::Result<Self> {
        let plan: Self = table.try_into().context("the plan")?;
        plan.check()?;
        Ok(plan)
    }

    fn check(&self) -> anyhow::Result<()> {
        for (name, servers) in [("old", &self.old), ("new", &self.new)] {
            ensure!(!servers.is_empty(), "`{name}` names no server");
            for server in servers {
                check_name(name, server)?;
            }
        }
        if let Some(both) = self.old.iter().find(|server| self.new.contains(server)) {
            bail!("`{both}` is old and new at once");
        }
        let rising = self.steps.windows(2).all(|pair| pair[0] < pair[1]);
        ensure!(
            rising && self.steps.first() > Some(&0) && self.steps.last() == Some(&100),
            "`steps` must rise from above 0 to 100, and are {:?}",
            self.steps
        );
        let limits = &self.limits;
        ensure!(
            (0.0..1.0).contains(&limits.error_rate),
            "`limits.error_rate` must be from 0 to below 1, and is {}",
            limits.error_rate
        );
        for (name, value, least) in [
            ("hold_s", self.hold_s, 0.0),
            ("drain_s", self.drain_s, 0.0),
            ("limits.p95_ms", limits.p95_ms, f64::MIN_POSITIVE),
            ("limits.requests", limits.requests, 1.0),
            ("limits.window_s", limits.window_s, 1.0),
            ("limits.blind_s", limits.blind_s, 0.0),
            ("limits.ready_s", limits.ready_s, 0.0),
        ] {
            // A year is long enough for everything, and far from what a clock cannot hold.
            ensure!(
                (least..=31_536_000.0).contains(&value),
                "`{name}` makes no sense: {value}"
            );
        }
        ensure!(self.prometheus.interval_ms > 0, "`prometheus.interval_ms` is 0");
        match (&self.haproxy, &self.kubectl) {
            (Some(haproxy), None) => check_name("haproxy.backend", &haproxy.backend),
            (None, Some(_)) => {
                let single = self.old.len() == 1 && self.new.len() == 1;
                ensure!(
                    single,
                    "with `kubectl` a version has one name, of its Service and its Deployment"
                );
                Ok(())
            }
            _ => bail!("one of `haproxy` and `kubectl` must be there, and not both"),
        }
    }

    /// How long each step is watched.
    pub fn hold(&self) -> Duration {
        Duration::from_secs_f64(self.hold_s)
    }
}

/// Names go into commands of haproxy and into PromQL, where other characters would mean something.
fn check_name(setting: &str, name: &str) -> anyhow::Result<()> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    ensure!(
        !name.is_empty() && name.chars().all(plain),
        "`{setting}` has a name with other characters than letters, digits and -_.: {name:?}"
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHIPPED: &str = include_str!("../rollout.toml");

    fn plan(text: &str) -> anyhow::Result<Plan> {
        Plan::of(text.parse().expect("TOML"))
    }

    #[test]
    fn the_plan_that_is_shipped_says_the_defaults() {
        let shipped = plan(SHIPPED).expect("it is valid");
        let least = plan("old = ['blue']\nnew = ['green']\n[haproxy]").expect("it is valid");
        assert_eq!(shipped, least);
        let commented = SHIPPED.split_once("# [kubectl]\n").expect("is there").1;
        let kubectl = commented
            .lines()
            .filter(|line| line.contains(" = "))
            .map(|line| line.trim_start_matches("# "));
        let table: toml::Table = kubectl.collect::<Vec<_>>().join("\n").parse().expect("TOML");
        assert_eq!(
            table.try_into::<Kubectl>().expect("it is valid"),
            Kubectl::default()
        );
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        let good = "old = ['blue']\nnew = ['green']\n";
        for (text, named) in [
            ("new = ['green']\n[haproxy]", "`old`"),
            ("old = ['a b']\nnew = ['green']\n[haproxy]", "a b"),
            ("old = ['a']\nnew = ['a']\n[haproxy]", "`a` is old and new"),
            (&format!("{good}steps = [50, 10, 100]\n[haproxy]"), "`steps`"),
            (&format!("{good}steps = [10, 50]\n[haproxy]"), "`steps`"),
            (&format!("{good}steps = []\n[haproxy]"), "`steps`"),
            (&format!("{good}steps = [0, 100]\n[haproxy]"), "`steps`"),
            (&format!("{good}hold_s = nan\n[haproxy]"), "`hold_s`"),
            (
                &format!("{good}[haproxy]\n[limits]\nerror_rate = 5"),
                "`limits.error_rate`",
            ),
            (
                &format!("{good}[haproxy]\n[limits]\nrequests = 0"),
                "`limits.requests`",
            ),
            (&format!("{good}[haproxy]\n[limits]\nerrors = 5"), "errors"),
            (&format!("{good}[haproxy]\nbackend = 'a;b'"), "`haproxy.backend`"),
            (good, "`haproxy` and `kubectl`"),
            (&format!("{good}[haproxy]\n[kubectl]"), "`haproxy` and `kubectl`"),
            ("old = ['a']\nnew = ['b', 'c']\n[kubectl]", "one name"),
        ] {
            let error = plan(text).expect_err(text);
            assert!(format!("{error:#}").contains(named), "{text}: {error:#}");
        }
    }
}
