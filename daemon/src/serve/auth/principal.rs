//! Who asks.

use super::scopes::{Scope, Scopes};
use crate::serve::problem::Problem;
use std::fmt;

/// The tenant of everybody who is not told apart: those with a token of the configuration, and everybody where there is none.
pub const LOCAL: &str = "local";

/// Longest name of a tenant, bytes.
const TENANT_BYTES: usize = 64;

/// Whether a text can be the name of a tenant: letters and digits of ASCII, dots, dashes and underscores.
pub fn is_tenant_name(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
    (1..=TENANT_BYTES).contains(&text.len()) && text.bytes().all(fits)
}

/// How somebody is known. Says nothing that could be used in their place.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Actor {
    /// Not at all: the daemon is open.
    Anybody,
    /// By a token of the configuration; a number that tells tokens apart as long as the daemon runs.
    Token(u64),
    /// By a key; its name.
    Key(String),
    /// By a token of an identity provider; its subject.
    Subject(String),
    /// By a short-lived token for one analysis; the name of that analysis.
    Browser(String),
}

/// As written in the audit log.
impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anybody => f.write_str("anybody"),
            Self::Token(_) => f.write_str("token"),
            Self::Key(id) => write!(f, "key:{id}"),
            Self::Subject(subject) => write!(f, "subject:{subject}"),
            Self::Browser(analysis) => write!(f, "session:{analysis}"),
        }
    }
}

/// Who asks, and what they may.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// Whose data they see.
    pub tenant: String,
    /// Who they are.
    pub actor: Actor,
    /// What they may do.
    pub scopes: Scopes,
    /// A section `[tiers.NAME]` of the configuration.
    pub tier: String,
}

impl Principal {
    /// Refuses what they may not do.
    ///
    /// # Errors
    /// The scope is not among theirs.
    pub fn may(&self, scope: Scope) -> Result<(), Problem> {
        if self.scopes.contain(scope) {
            return Ok(());
        }
        let detail = format!(
            "this needs the scope {}; there are: {}",
            scope.name(),
            self.scopes
        );
        Err(Problem::forbidden(detail))
    }

    /// Refuses what they may not do with everything of their tenant: whoever has a token for one analysis may do nothing else.
    ///
    /// # Errors
    /// The scope is not among theirs, or only for one analysis.
    pub fn may_everywhere(&self, scope: Scope) -> Result<(), Problem> {
        self.may(scope)?;
        match &self.actor {
            Actor::Browser(analysis) => {
                let detail = format!("this token is only for the analysis {analysis}");
                Err(Problem::forbidden(detail))
            }
            _ => Ok(()),
        }
    }

    /// Whether something of this tenant, and of this analysis where it belongs to one, is for them to see.
    pub fn sees(&self, tenant: &str, analysis: &str) -> bool {
        let own = match &self.actor {
            Actor::Browser(only) => only == analysis,
            _ => true,
        };
        own && self.tenant == tenant
    }
}
