//! Who asks.

use super::scopes::{Scope, Scopes};
use crate::serve::problem::Problem;
use std::fmt;

/// The tenant of everybody who is not told apart: those with a token of the configuration, and everybody where there is none.
pub const LOCAL: &str = "local";

/// How somebody is known. Says nothing that could be used in their place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// Not at all: the daemon is open.
    Anybody,
    /// By a token of the configuration; a number that tells tokens apart as long as the daemon runs.
    Token(u64),
    /// By a key; its name.
    Key(String),
}

/// As written in the audit log.
impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anybody => f.write_str("anybody"),
            Self::Token(_) => f.write_str("token"),
            Self::Key(id) => write!(f, "key:{id}"),
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

    /// Whether something of this tenant is for them to see.
    pub fn sees(&self, tenant: &str) -> bool {
        self.tenant == tenant
    }
}
