//! Shares are weights of the backendRefs of a HTTPRoute (Gateway API), patched by `kubectl`. Each version has a Service and a
//! Deployment of one name. Never tried on a cluster: what `kubectl` answers is taken from the documentation.

use super::{Backend, Change, Order, Sight, percent};
use crate::plan::{Kubectl, Plan};
use anyhow::{Context, ensure};
use serde::Deserialize;
use serde_json::json;
use std::process::Stdio;
use std::time::Duration;
use tokio::process::Command;
use tokio::time::timeout;

/// `kubectl` has ended within this time, or the cluster is away.
const PATIENCE: Duration = Duration::from_secs(30);

/// The program, and what it is asked about.
pub struct Program {
    kubectl: Kubectl,
    old: String,
    new: String,
}

/// A HTTPRoute, as far as it matters here.
#[derive(Deserialize)]
struct Route {
    spec: RouteSpec,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RouteSpec {
    rules: Vec<Rule>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    #[serde(default)]
    backend_refs: Vec<Reference>,
}

#[derive(Deserialize)]
struct Reference {
    name: String,
    /// Without a word it is 1, says the Gateway API.
    #[serde(default = "one")]
    weight: u32,
}

fn one() -> u32 {
    1
}

/// A Deployment, as far as it matters here.
#[derive(Deserialize)]
struct Deployment {
    metadata: Metadata,
    spec: DeploymentSpec,
    #[serde(default)]
    status: Status,
}

#[derive(Deserialize)]
struct Metadata {
    generation: u64,
}

#[derive(Deserialize)]
struct DeploymentSpec {
    replicas: u32,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Status {
    observed_generation: u64,
    updated_replicas: u32,
    ready_replicas: u32,
}

impl Program {
    /// The back end of a plan; None: the plan has another.
    pub fn of(plan: &Plan) -> Option<Self> {
        Some(Self {
            kubectl: plan.kubectl.clone()?,
            old: plan.old.first()?.clone(),
            new: plan.new.first()?.clone(),
        })
    }

    /// What it writes.
    async fn run(&self, words: &[String]) -> anyhow::Result<Vec<u8>> {
        let program = &self.kubectl.program;
        let ran = Command::new(program)
            .args(words)
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output();
        let ran = timeout(PATIENCE, ran)
            .await
            .with_context(|| format!("{} hangs", program.display()))?;
        let output = ran.with_context(|| format!("cannot run {}", program.display()))?;
        let complaint = String::from_utf8_lossy(&output.stderr);
        ensure!(
            output.status.success(),
            "{} ended with {}: {}",
            program.display(),
            output.status,
            complaint.trim()
        );
        Ok(output.stdout)
    }

    async fn get<T: for<'a> Deserialize<'a>>(&self, kind: &str, name: &str) -> anyhow::Result<T> {
        let order = self.order(&["get", kind, name, "--output=json"]);
        let answer = self.run(&order.0).await?;
        serde_json::from_slice(&answer).with_context(|| format!("{kind} {name}"))
    }

    fn order(&self, words: &[&str]) -> Order {
        let place = format!("--namespace={}", self.kubectl.namespace);
        Order(
            [&[place.as_str()][..], words]
                .concat()
                .into_iter()
                .map(String::from)
                .collect(),
        )
    }

    /// Where the rules of the route name both versions: rule, place of the old one, place of the new one; and the share of the new
    /// one there.
    async fn places(&self) -> anyhow::Result<Vec<([usize; 3], u8)>> {
        let name = &self.kubectl.route;
        let route: Route = self.get("httproute", name).await?;
        let mut places = Vec::new();
        for (n, rule) in route.spec.rules.iter().enumerate() {
            let place = |name: &str| {
                rule.backend_refs
                    .iter()
                    .position(|reference| reference.name == name)
            };
            let (Some(old), Some(new)) = (place(&self.old), place(&self.new)) else {
                continue;
            };
            let (of_old, of_new) = (rule.backend_refs[old].weight, rule.backend_refs[new].weight);
            let all = of_old + of_new;
            ensure!(
                all > 0,
                "rule {n} of HTTPRoute {name} gives neither version a weight"
            );
            places.push(([n, old, new], percent(of_new, all)));
        }
        let (old, new) = (&self.old, &self.new);
        ensure!(
            !places.is_empty(),
            "no rule of HTTPRoute {name} has backendRefs {old} and {new}"
        );
        Ok(places)
    }
}

impl Backend for Program {
    async fn look(&self) -> anyhow::Result<Sight> {
        let places = self.places().await?;
        let (_, share) = places[0];
        let alike = places.iter().all(|(_, other)| *other == share);
        ensure!(
            alike,
            "rules of HTTPRoute {} differ in their weights",
            self.kubectl.route
        );
        let deployment: Deployment = self.get("deployment", &self.new).await?;
        Ok(Sight {
            share,
            trouble: deployment.trouble(&self.new),
        })
    }

    async fn orders(&self, change: Change) -> anyhow::Result<Vec<Order>> {
        let Change::Share(share) = change else {
            return Ok(vec![self.order(&[
                "scale",
                "deployment",
                &self.new,
                "--replicas=0",
            ])]);
        };
        let mut patch = Vec::new();
        for ([rule, old, new], _) in self.places().await? {
            for (place, name, weight) in [(old, &self.old, 100 - share), (new, &self.new, share)] {
                let path = format!("/spec/rules/{rule}/backendRefs/{place}");
                // Somebody may have changed the route meanwhile: then nothing of this is done.
                patch.push(json!({"op": "test", "path": format!("{path}/name"), "value": name}));
                patch.push(json!({"op": "add", "path": format!("{path}/weight"), "value": weight}));
            }
        }
        let patch = serde_json::Value::from(patch).to_string();
        let route = &self.kubectl.route;
        Ok(vec![self.order(&[
            "patch",
            "httproute",
            route,
            "--type=json",
            "--patch",
            &patch,
        ])])
    }

    async fn send(&self, order: &Order) -> anyhow::Result<()> {
        self.run(&order.0).await.map(drop)
    }
}

impl Deployment {
    fn trouble(&self, name: &str) -> Option<String> {
        let (wanted, status) = (self.spec.replicas, &self.status);
        if status.observed_generation < self.metadata.generation {
            Some(format!(
                "the last change of Deployment {name} has not been taken up"
            ))
        } else if wanted == 0 {
            Some(format!("Deployment {name} has no replicas"))
        } else if status.updated_replicas < wanted || status.ready_replicas < wanted {
            let (updated, ready) = (status.updated_replicas, status.ready_replicas);
            Some(format!(
                "of {wanted} replicas of Deployment {name} {updated} are new and {ready} are ready"
            ))
        } else {
            None
        }
    }
}

#[cfg(test)]
#[path = "kubectl_tests.rs"]
mod tests;
