//! What somebody may do.

use std::fmt;
use std::str::FromStr;

/// A scope for each kind of thing that can be done.
macro_rules! scopes {
    ($($(#[$doc:meta])* $scope:ident = $name:literal,)*) => {
        /// One kind of thing that somebody may do.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Scope {
            $($(#[$doc])* $scope,)*
        }

        impl Scope {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$scope),*];

            /// As written in keys and tokens.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$scope => $name,)*
                }
            }
        }
    };
}

scopes! {
    /// Look at analyses and hear their events.
    ReadAnalyses = "analyses:read",
    /// Make, change, end and remove analyses.
    WriteAnalyses = "analyses:write",
    /// Publish video.
    Publish = "publish",
    /// Watch video.
    Watch = "watch",
    /// Look at athletes, repetitions and trends.
    ReadHistory = "history:read",
    /// Change athletes, and erase them.
    WriteHistory = "history:write",
    /// Register webhooks.
    Webhooks = "webhooks",
    /// Make keys, and look at the audit log.
    Keys = "keys",
}

/// A set of scopes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scopes(u16);

/// A scope that does not exist.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no scope {0}; there are {names}", names = Scopes::ALL)]
pub struct UnknownScope(String);

impl Scopes {
    /// All of them.
    pub const ALL: Self = Self(u16::MAX >> (16 - Scope::ALL.len()));

    /// Whether one is among them.
    pub fn contain(self, scope: Scope) -> bool {
        self.0 & (1 << scope as u8) != 0
    }

    /// Whether all of others are among them: nobody gives away what they do not have.
    pub fn contain_all(self, others: Self) -> bool {
        self.0 & others.0 == others.0
    }

    /// Those of both together.
    pub fn union(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self(scopes.into_iter().fold(0, |set, scope| set | 1 << scope as u8))
    }
}

/// Names with spaces between them.
impl FromStr for Scopes {
    type Err = UnknownScope;

    fn from_str(text: &str) -> Result<Self, UnknownScope> {
        let named = |name: &str| {
            let found = Scope::ALL.iter().copied().find(|scope| scope.name() == name);
            found.ok_or_else(|| UnknownScope(name.to_owned()))
        };
        text.split_whitespace().map(named).collect()
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for scope in Scope::ALL.iter().filter(|scope| self.contain(**scope)) {
            write!(f, "{separator}{}", scope.name())?;
            separator = " ";
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_written_and_read_back() {
        for &scope in Scope::ALL {
            let one = Scopes::from_iter([scope]);
            assert_eq!(one.to_string(), scope.name());
            assert_eq!(scope.name().parse(), Ok(one));
            assert!(
                Scopes::ALL.contain(scope) && Scopes::ALL.contain_all(one) && !one.contain_all(Scopes::ALL)
            );
        }
        assert_eq!(Scopes::ALL.to_string().parse(), Ok(Scopes::ALL));
        assert!(Scopes::default().is_empty());
        let error = "watch fly"
            .parse::<Scopes>()
            .expect_err("no such scope")
            .to_string();
        assert!(error.contains("fly") && error.contains("history:read"), "{error}");
    }
}
