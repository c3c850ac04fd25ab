//! Short-lived tokens for browsers: they are about one analysis, and nothing of them is stored.

use super::scopes::{Scope, Scopes};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

/// What these tokens begin with.
const PREFIX: &str = "kms_";

/// What a token says.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub struct BrowserToken {
    /// Whose data it is about.
    pub tenant: String,
    /// The tenant's tier.
    pub tier: String,
    /// The one analysis it is about.
    pub analysis: String,
    /// What may be done with it, as names of scopes.
    pub scopes: String,
    /// Until when, milliseconds since 1970.
    pub until: i64,
}

impl BrowserToken {
    /// What may be done with such a token at all.
    pub fn possible() -> Scopes {
        [Scope::ReadAnalyses, Scope::Publish, Scope::Watch]
            .into_iter()
            .collect()
    }

    /// As a token.
    pub fn sign(&self, secret: &[u8]) -> String {
        let said = serde_json::to_vec(self).expect("texts and a number can be written as JSON");
        let said = URL_SAFE_NO_PAD.encode(said);
        let signature = mac(secret, &said).finalize().into_bytes();
        format!("{PREFIX}{said}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// What a token says that was signed with this secret and is good at this moment.
    pub fn read(token: &str, secret: &[u8], now: i64) -> Option<Self> {
        let (said, signature) = token.strip_prefix(PREFIX)?.split_once('.')?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        mac(secret, said).verify_slice(&signature).ok()?;
        let said: Self = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(said).ok()?).ok()?;
        (now < said.until).then_some(said)
    }
}

/// Whether a token looks like one of these.
pub fn is_browser_token(token: &str) -> bool {
    token.starts_with(PREFIX)
}

fn mac(secret: &[u8], said: &str) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("any length is taken");
    mac.update(PREFIX.as_bytes());
    mac.update(said.as_bytes());
    mac
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_good_until_its_moment_and_for_those_who_know_the_secret() {
        let made = BrowserToken {
            tenant: "a".into(),
            tier: "free".into(),
            analysis: "0199d4c0".into(),
            scopes: "publish".into(),
            until: 1000,
        };
        let token = made.sign(b"secret");
        assert!(is_browser_token(&token) && !super::super::keys::is_key(&token));
        assert_eq!(BrowserToken::read(&token, b"secret", 999), Some(made.clone()));
        assert_eq!(BrowserToken::read(&token, b"secret", 1000), None);
        assert_eq!(BrowserToken::read(&token, b"other", 0), None);
        let other = BrowserToken {
            scopes: "keys".into(),
            ..made
        };
        let (_, signature) = token.split_once('.').expect("two parts");
        let (said, _) = other
            .sign(b"other")
            .split_once('.')
            .map(|(a, b)| (a.to_owned(), b.to_owned()))
            .expect("two parts");
        assert_eq!(
            BrowserToken::read(&format!("{said}.{signature}"), b"secret", 0),
            None
        );
        for wrong in ["", "kms_", "kms_.", "kms_e30.AAAA", "kms_%.%"] {
            assert_eq!(BrowserToken::read(wrong, b"secret", 0), None, "{wrong}");
        }
    }
}
