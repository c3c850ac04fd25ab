//! Settings of who may come in, and how much they get.

use super::ConfigError;
use super::sections::{section, value};
use crate::serve::auth::Scopes;
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::str::FromStr;
use url::Url;

section!(
    /// Tokens of an identity provider.
    Jwt {
        jwks_url: String = String::new(),
        issuer: String = String::new(),
        audience: String = String::new(),
        tenant_claim: String = "tenant".into(),
        tier_of_new_tenants: String = String::new(),
        roles_claim: String = "roles".into(),
        roles: BTreeMap<String, String> = roles(),
    }
);

/// What the usual roles may do.
fn roles() -> BTreeMap<String, String> {
    let role = |name: &str, scopes: &str| (name.to_owned(), scopes.to_owned());
    BTreeMap::from([
        role("athlete", "analyses:read watch history:read"),
        role(
            "coach",
            "analyses:read analyses:write publish watch history:read history:write",
        ),
        role("admin", &Scopes::ALL.to_string()),
    ])
}

impl Jwt {
    /// Whether tokens of an identity provider are let in.
    pub fn is_on(&self) -> bool {
        !self.jwks_url.is_empty()
    }

    pub(super) fn check(&self, tiers: &Tiers) -> Result<(), ConfigError> {
        for scopes in self.roles.values() {
            let known: Result<Scopes, _> = scopes.parse();
            known.map_err(|error| value("jwt.roles", error.to_string()))?;
        }
        if !self.tier_of_new_tenants.is_empty() && tiers.get(&self.tier_of_new_tenants).is_none() {
            let reason = format!("there is no section [tiers.{}]", self.tier_of_new_tenants);
            return Err(value("jwt.tier_of_new_tenants", reason));
        }
        if !self.is_on() {
            return Ok(());
        }
        web_address("jwt.jwks_url", &self.jwks_url)?;
        for (key, text) in [
            ("jwt.issuer", &self.issuer),
            ("jwt.audience", &self.audience),
            ("jwt.tenant_claim", &self.tenant_claim),
            ("jwt.roles_claim", &self.roles_claim),
        ] {
            if text.is_empty() {
                return Err(value(key, "tokens of everybody else would be let in without it"));
            }
        }
        Ok(())
    }
}

/// What tenants of a tier may have; 0 is no limit.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Tier {
    /// Analyses that may be begun in a month.
    pub analyses_per_month: u32,
    /// Live analyses at once.
    pub live_streams: u32,
    /// Webhooks that may be registered at once.
    pub webhooks: u32,
}

/// Every tier by its name.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Tiers(BTreeMap<String, Tier>);

impl Default for Tiers {
    fn default() -> Self {
        let tier = |name: &str, analyses_per_month, live_streams, webhooks| {
            let tier = Tier {
                analyses_per_month,
                live_streams,
                webhooks,
            };
            (name.to_owned(), tier)
        };
        Self(BTreeMap::from([
            tier("free", 1_000, 1, 1),
            tier("pro", 50_000, 5, 5),
            tier("enterprise", 0, 0, 0),
            tier("unlimited", 0, 0, 0),
        ]))
    }
}

/// Those of the file join those there are, or take the place of one of the same name.
impl<'de> Deserialize<'de> for Tiers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let given: BTreeMap<String, Tier> = BTreeMap::deserialize(deserializer)?;
        let mut tiers = Self::default();
        tiers.0.extend(given);
        Ok(tiers)
    }
}

impl Tiers {
    /// The tier of this name.
    pub fn get(&self, name: &str) -> Option<&Tier> {
        self.0.get(name)
    }

    /// Names of all of them.
    pub fn names(&self) -> Vec<&str> {
        self.0.keys().map(String::as_str).collect()
    }
}

section!(
    /// How fast requests may come.
    Limits {
        key_per_s: f64 = 100.0,
        key_burst: u32 = 1000,
        address_per_s: f64 = 200.0,
        address_burst: u32 = 2000,
        connections_per_address: u32 = 1024,
    }
);

impl Limits {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        for (key, rate) in [
            ("limits.key_per_s", self.key_per_s),
            ("limits.address_per_s", self.address_per_s),
        ] {
            if rate != 0.0 && !(0.001..=1e6).contains(&rate) {
                return Err(value(key, "give 0.001 to 1000000 requests per second, or 0"));
            }
        }
        for (key, burst) in [
            ("limits.key_burst", self.key_burst),
            ("limits.address_burst", self.address_burst),
        ] {
            if burst == 0 {
                return Err(value(key, "give at least 1"));
            }
        }
        Ok(())
    }
}

section!(
    /// Who is asked before an analysis begins.
    Admission {
        url: String = String::new(),
        token: String = String::new(),
        timeout_ms: u64 = 2000,
        required: bool = true,
    }
);

impl Admission {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        if self.timeout_ms == 0 {
            return Err(value("admission.timeout_ms", "give at least 1"));
        }
        if self.url.is_empty() {
            return Ok(());
        }
        web_address("admission.url", &self.url)
    }
}

/// Whether a text is an address of a web service.
pub(super) fn web_address(key: &'static str, text: &str) -> Result<(), ConfigError> {
    let fits = |url: Url| matches!(url.scheme(), "http" | "https") && url.has_host();
    if Url::parse(text).is_ok_and(fits) {
        return Ok(());
    }
    Err(value(
        key,
        format!("\"{text}\" is no address like https://id.example/path"),
    ))
}

/// Addresses that begin with the same bits, such as `10.0.0.0/8`; a lone address is itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    first: IpAddr,
    bits: u32,
}

impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        let wrong = || format!("\"{text}\" is no network like 10.0.0.0/8");
        let first: IpAddr = address.parse().map_err(|_| wrong())?;
        let all = if first.is_ipv4() { 32 } else { 128 };
        let bits = match bits {
            Some(bits) => bits.parse().map_err(|_| wrong())?,
            None => all,
        };
        if bits > all {
            return Err(wrong());
        }
        Ok(Self { first, bits })
    }
}

impl Network {
    /// Whether an address is one of these.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.first, address.to_canonical()) {
            (IpAddr::V4(first), IpAddr::V4(address)) => {
                let mask = u32::MAX.checked_shl(32 - self.bits).unwrap_or_default();
                first.to_bits() & mask == address.to_bits() & mask
            }
            (IpAddr::V6(first), IpAddr::V6(address)) => {
                let mask = u128::MAX.checked_shl(128 - self.bits).unwrap_or_default();
                first.to_bits() & mask == address.to_bits() & mask
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_contains_what_begins_like_it() {
        for (network, inside, outside) in [
            ("10.0.0.0/8", "10.255.0.1", "11.0.0.1"),
            ("127.0.0.1", "::ffff:127.0.0.1", "127.0.0.2"),
            ("fd00::/8", "fd12::1", "fe80::1"),
            ("0.0.0.0/0", "203.0.113.1", "2001:db8::1"),
        ] {
            let network: Network = network.parse().expect("a network");
            assert!(network.contains(inside.parse().expect("an address")), "{inside}");
            assert!(
                !network.contains(outside.parse().expect("an address")),
                "{outside}"
            );
        }
        for wrong in ["", "10.0.0.0/33", "::/129", "10.0.0.0/x", "example.org/8"] {
            assert!(wrong.parse::<Network>().is_err(), "{wrong}");
        }
    }
}
