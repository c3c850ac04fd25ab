//! Keys for programs: shown once, stored as a hash.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

/// What keys begin with, so that scanners of repositories find those that were lost there.
const PREFIX: &str = "km_";
/// Random bytes of a key.
const BYTES: usize = 32;
/// Characters of a key that are kept and shown, so that people can tell keys apart; they say nothing about the rest.
const SHOWN: usize = PREFIX.len() + 8;

/// A key that has just been made, the only time there is all of it.
pub struct NewKey {
    /// The key.
    pub text: String,
    /// Its beginning.
    pub shown: String,
    /// What is stored.
    pub hash: [u8; 32],
}

impl NewKey {
    /// Makes one.
    ///
    /// # Errors
    /// The system has no random numbers.
    pub fn make() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; BYTES];
        getrandom::fill(&mut bytes)?;
        let text = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes));
        Ok(Self {
            shown: text[..SHOWN].to_owned(),
            hash: hash(&text),
            text,
        })
    }
}

/// Whether a token looks like a key.
pub fn is_key(token: &str) -> bool {
    token.starts_with(PREFIX)
}

/// What is stored of a key. It has 256 random bits, so a slow hash would protect nothing more.
pub fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_keys_are_the_same_and_only_the_hash_finds_one() {
        let [a, b] = [NewKey::make(), NewKey::make()].map(|key| key.expect("random numbers"));
        assert_ne!(a.text, b.text);
        assert_eq!(hash(&a.text), a.hash);
        assert!(is_key(&a.text) && a.text.starts_with(&a.shown) && a.text.len() == PREFIX.len() + 43);
        assert!(!is_key("eyJhbGciOi"));
    }
}
