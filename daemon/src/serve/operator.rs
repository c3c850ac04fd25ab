//! `kinemotion keys` and `kinemotion tenants`: for those who operate a daemon, also while it runs. It follows within five seconds.

use super::auth::keys::NewKey;
use super::auth::{Scopes, is_tenant_name};
use super::config::Config;
use super::store::{Accounts, Change, Key, Tenant, now_ms};
use crate::exit::{Exit, UsageError};
use crate::stdout::print;
use anyhow::Context;
use clap::{Args, Subcommand};
use std::fmt::Write;
use std::path::PathBuf;

/// Tier of tenants that are made without one.
const USUAL_TIER: &str = "free";
/// Who is written in the audit log.
const OPERATOR: &str = "operator";

/// Which daemon it is about.
#[derive(Args)]
struct Where {
    /// Configuration of the daemon, which says where its database is
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// Make, list and revoke the keys of tenants.
#[derive(Args)]
pub struct KeysArgs {
    #[command(subcommand)]
    command: KeysCommand,
}

#[derive(Subcommand)]
enum KeysCommand {
    /// Make a key and print it, this once; makes the tenant if there is none of this name
    Create {
        #[command(flatten)]
        at: Where,
        /// Whose key: letters, digits, dots, dashes and underscores
        #[arg(long, value_name = "NAME", default_value = "local")]
        tenant: String,
        /// Tier of the tenant, a section [tiers.NAME] of the configuration; a tenant there is is moved to it. "free" for a new one
        #[arg(long, value_name = "TIER")]
        tier: Option<String>,
        /// What people call the key
        #[arg(long, value_name = "TEXT", default_value = OPERATOR)]
        name: String,
        /// What it may do, as names of scopes with spaces between them; everything when absent
        #[arg(long, value_name = "SCOPES")]
        scopes: Option<String>,
        /// Days until it is not good any more; never when absent
        #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=3650))]
        expires_days: Option<u32>,
    },
    /// List the keys of a tenant, or of all, without their secrets
    List {
        #[command(flatten)]
        at: Where,
        /// Whose keys
        #[arg(long, value_name = "NAME")]
        tenant: Option<String>,
    },
    /// Revoke a key
    Revoke {
        #[command(flatten)]
        at: Where,
        /// Whose key
        #[arg(long, value_name = "NAME", default_value = "local")]
        tenant: String,
        /// Its name, as it is listed
        key: String,
    },
}

/// Make and list tenants, and set their tiers.
#[derive(Args)]
pub struct TenantsArgs {
    #[command(subcommand)]
    command: TenantsCommand,
}

#[derive(Subcommand)]
enum TenantsCommand {
    /// Make a tenant, or move it to another tier
    Set {
        #[command(flatten)]
        at: Where,
        /// Its name: letters, digits, dots, dashes and underscores
        tenant: String,
        /// A section [tiers.NAME] of the configuration
        #[arg(long, value_name = "TIER")]
        tier: String,
    },
    /// List tenants with their tiers
    List {
        #[command(flatten)]
        at: Where,
    },
}

/// Runs `kinemotion keys`.
pub fn keys(args: &KeysArgs) -> anyhow::Result<Exit> {
    match &args.command {
        KeysCommand::Create {
            at,
            tenant,
            tier,
            name,
            scopes,
            expires_days,
        } => {
            let scopes = match scopes {
                Some(names) => names
                    .parse::<Scopes>()
                    .map_err(|error| usage(error.to_string()))?,
                None => Scopes::ALL,
            };
            if scopes.is_empty() {
                return Err(usage("give at least one scope"));
            }
            at.with(async |office: Office| {
                office.set(tenant, tier.as_deref()).await?;
                office.make_key(tenant, name, scopes, *expires_days).await
            })
        }
        KeysCommand::List { at, tenant } => {
            at.with(async |office: Office| office.list_keys(tenant.as_deref()).await)
        }
        KeysCommand::Revoke { at, tenant, key } => {
            at.with(async |office: Office| office.revoke(tenant, key).await)
        }
    }
}

/// Runs `kinemotion tenants`.
pub fn tenants(args: &TenantsArgs) -> anyhow::Result<Exit> {
    match &args.command {
        TenantsCommand::Set { at, tenant, tier } => {
            at.with(async |office: Office| office.set(tenant, Some(tier)).await)
        }
        TenantsCommand::List { at } => at.with(async |office: Office| office.list_tenants().await),
    }
}

fn usage(reason: impl Into<String>) -> anyhow::Error {
    UsageError(reason.into()).into()
}

impl Where {
    /// Does something in the database of the daemon.
    fn with(&self, work: impl AsyncFnOnce(Office) -> anyhow::Result<()>) -> anyhow::Result<Exit> {
        let config = Config::load(self.config.as_deref(), std::env::vars());
        let config = config.map_err(|error| usage(error.to_string()))?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        runtime.block_on(async {
            let server = Some(config.storage.database.as_str()).filter(|server| !server.is_empty());
            let accounts = Accounts::open(&config.storage.folder, server)
                .await
                .context("the database of the daemon cannot be opened")?;
            work(Office { config, accounts }).await
        })?;
        Ok(Exit::Done)
    }
}

/// Where an operator does these things.
struct Office {
    config: Config,
    accounts: Accounts,
}

impl Office {
    /// Makes a tenant, or moves the one there is to a tier.
    async fn set(&self, tenant: &str, tier: Option<&str>) -> anyhow::Result<()> {
        if !is_tenant_name(tenant) {
            let reason = format!(
                "\"{tenant}\" is no name of a tenant: use letters, digits, dots, dashes and underscores"
            );
            return Err(usage(reason));
        }
        if let Some(tier) = tier
            && self.config.tiers.get(tier).is_none()
        {
            let names = self.config.tiers.names().join(", ");
            return Err(usage(format!("there is no tier {tier}; there are {names}")));
        }
        let new = Tenant {
            id: tenant.to_owned(),
            name: tenant.to_owned(),
            tier: tier.unwrap_or(USUAL_TIER).to_owned(),
            created_at: now_ms(),
        };
        if self.accounts.tenants.add(&new).await? {
            eprintln!("made the tenant {tenant} of the tier {}", new.tier);
            return self.note(tenant, "tenants set", &new.tier).await;
        }
        let Some(tier) = tier else {
            return Ok(());
        };
        self.accounts.tenants.set_tier(tenant, tier).await?;
        eprintln!("the tenant {tenant} is of the tier {tier}");
        self.note(tenant, "tenants set", tier).await
    }

    async fn make_key(
        &self,
        tenant: &str,
        name: &str,
        scopes: Scopes,
        expires_days: Option<u32>,
    ) -> anyhow::Result<()> {
        let new = NewKey::make().map_err(|error| anyhow::anyhow!("no random numbers: {error}"))?;
        let now = now_ms();
        let key = Key {
            id: uuid::Uuid::now_v7().to_string(),
            tenant: tenant.to_owned(),
            // That of the tenant, which is not stored here.
            tier: String::new(),
            name: name.to_owned(),
            shown: new.shown,
            scopes: scopes.to_string(),
            created_at: now,
            expires_at: expires_days.map(|days| now + i64::from(days) * 86_400_000),
            last_used_at: None,
            revoked_at: None,
        };
        self.accounts.keys.add(&key, new.hash).await?;
        self.note(tenant, "keys create", &key.id).await?;
        eprintln!("the key {} of the tenant {tenant} is shown this once:", key.id);
        Ok(print(&format!("{}\n", new.text))?)
    }

    async fn list_keys(&self, tenant: Option<&str>) -> anyhow::Result<()> {
        let tenants = match tenant {
            Some(tenant) => vec![tenant.to_owned()],
            None => {
                let all = self.accounts.tenants.all().await?;
                all.into_iter().map(|tenant| tenant.id).collect()
            }
        };
        let mut text = String::new();
        for tenant in tenants {
            for key in self.accounts.keys.of(&tenant).await? {
                let state = if key.is_good(now_ms()) { "good" } else { "ended" };
                // Writing to a String cannot fail. Names are what tenants say: a terminal must not obey them.
                let _ = writeln!(
                    text,
                    "{}  {tenant}  {}…  {state}  {:?}  [{}]",
                    key.id, key.shown, key.name, key.scopes
                );
            }
        }
        Ok(print(&text)?)
    }

    async fn revoke(&self, tenant: &str, key: &str) -> anyhow::Result<()> {
        if !self.accounts.keys.revoke(tenant, key, now_ms()).await? {
            anyhow::bail!("the tenant {tenant} has no key {key}");
        }
        self.note(tenant, "keys revoke", key).await
    }

    async fn list_tenants(&self) -> anyhow::Result<()> {
        let mut text = String::new();
        for Tenant { id, tier, .. } in self.accounts.tenants.all().await? {
            let _ = writeln!(text, "{id}  {tier}");
        }
        Ok(print(&text)?)
    }

    /// Has it in the audit log of the tenant.
    async fn note(&self, tenant: &str, action: &str, subject: &str) -> anyhow::Result<()> {
        let change = Change {
            id: uuid::Uuid::now_v7().to_string(),
            tenant: tenant.to_owned(),
            at: now_ms(),
            actor: OPERATOR.to_owned(),
            action: action.to_owned(),
            subject: subject.to_owned(),
            address: None,
        };
        Ok(self.accounts.audit.add(&change).await?)
    }
}
