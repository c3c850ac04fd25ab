//! Tokens of an identity provider (RFC 7519): checked by its public keys, read for tenant and roles.

use super::jwks::{KeySet, Wanted};
use super::scopes::Scopes;
use crate::serve::config::Jwt;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde_json::{Map, Value};

/// Signatures that only the provider can make. With the others, whoever can check a token could make one.
const ALGORITHMS: [Algorithm; 9] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
];

/// What a token says that is good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claims {
    /// Who it is.
    pub subject: String,
    /// Whose data they see.
    pub tenant: String,
    /// What they may do.
    pub scopes: Scopes,
}

/// Whether a token looks like one of these: three parts with dots between them.
pub fn is_jwt(token: &str) -> bool {
    let mut parts = token.split('.');
    let part = |text: Option<&str>| text.is_some_and(|text| !text.is_empty());
    part(parts.next()) && part(parts.next()) && part(parts.next()) && parts.next().is_none()
}

/// Whether a token says by what it is signed.
pub fn looks_good(token: &str) -> bool {
    decode_header(token).is_ok()
}

/// Checks a token and reads it.
///
/// # Errors
/// Why it is not good, for whoever sent it.
pub async fn read(token: &str, settings: &Jwt, keys: &KeySet) -> Result<Claims, String> {
    let header = decode_header(token).map_err(|error| error.to_string())?;
    if !ALGORITHMS.contains(&header.alg) {
        return Err(format!("tokens signed by {:?} are not taken", header.alg));
    }
    let wanted = Wanted {
        name: header.kid.as_deref(),
        algorithm: header.alg,
    };
    let key = keys.find(&settings.jwks_url, wanted).await;
    let key = key.ok_or("it is signed by a key that the identity provider does not list")?;
    check(token, settings, header.alg, &key)
}

fn check(token: &str, settings: &Jwt, algorithm: Algorithm, key: &Jwk) -> Result<Claims, String> {
    let key = DecodingKey::from_jwk(key).map_err(|error| format!("its key cannot be used: {error}"))?;
    let mut validation = Validation::new(algorithm);
    validation.set_issuer(&[&settings.issuer]);
    validation.set_audience(&[&settings.audience]);
    validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    validation.validate_nbf = true;
    let read = decode::<Map<String, Value>>(token, &key, &validation);
    claims(&read.map_err(|error| error.to_string())?.claims, settings)
}

fn claims(all: &Map<String, Value>, settings: &Jwt) -> Result<Claims, String> {
    let text = |claim: &str| {
        let value = claimed(all, claim).and_then(Value::as_str);
        let value = value.filter(|text| !text.is_empty());
        value
            .map(str::to_owned)
            .ok_or_else(|| format!("its claim {claim} is no text"))
    };
    Ok(Claims {
        subject: text("sub")?,
        tenant: text(&settings.tenant_claim)?,
        scopes: scopes(claimed(all, &settings.roles_claim), settings),
    })
}

/// The value of a claim. A name like the whole one, with its dots, comes before a path into it.
fn claimed<'a>(all: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    if let Some(value) = all.get(name) {
        return Some(value);
    }
    let (first, rest) = name.split_once('.')?;
    claimed(all.get(first)?.as_object()?, rest)
}

/// What the roles may do together.
fn scopes(roles: Option<&Value>, settings: &Jwt) -> Scopes {
    let names: Vec<&str> = match roles {
        Some(Value::String(names)) => names.split_whitespace().collect(),
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let listed = names.iter().filter_map(|name| settings.roles.get(*name));
    // They were looked at when the configuration was read.
    let listed = listed.filter_map(|scopes| scopes.parse::<Scopes>().ok());
    listed.fold(Scopes::default(), Scopes::union)
}

#[cfg(test)]
mod tests {
    use super::super::scopes::Scope;
    use super::*;
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use ring::rand::SystemRandom;
    use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
    use serde_json::json;
    use std::time::{SystemTime, UNIX_EPOCH};

    fn settings() -> Jwt {
        Jwt {
            issuer: "https://id.example/".into(),
            audience: "kinemotion".into(),
            tenant_claim: "org.id".into(),
            roles_claim: "realm_access.roles".into(),
            ..Jwt::default()
        }
    }

    fn now() -> u64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        since.expect("after 1970").as_secs()
    }

    fn good() -> Value {
        json!({
            "sub": "robin", "iss": "https://id.example/", "aud": ["other", "kinemotion"], "exp": now() + 600,
            "org": { "id": "club" }, "realm_access": { "roles": ["athlete", "king"] },
        })
    }

    /// What the provider signs with.
    struct Signer {
        pair: EcdsaKeyPair,
        random: SystemRandom,
    }

    impl Signer {
        fn new() -> Self {
            let random = SystemRandom::new();
            let kind = &ECDSA_P256_SHA256_FIXED_SIGNING;
            let key = EcdsaKeyPair::generate_pkcs8(kind, &random).expect("a key");
            let pair = EcdsaKeyPair::from_pkcs8(kind, key.as_ref(), &random).expect("a key");
            Self { pair, random }
        }

        /// As it lists its key.
        fn listed(&self) -> Jwk {
            // An uncompressed point: a four, then both coordinates.
            let point = &self.pair.public_key().as_ref()[1..];
            let [x, y] = [&point[..32], &point[32..]].map(|part| URL_SAFE_NO_PAD.encode(part));
            let listed = json!({ "kty": "EC", "crv": "P-256", "alg": "ES256", "kid": "a", "x": x, "y": y });
            serde_json::from_value(listed).expect("a key")
        }

        fn sign(&self, claims: &Value) -> String {
            let said = said("ES256", claims);
            let signature = self
                .pair
                .sign(&self.random, said.as_bytes())
                .expect("a signature");
            format!("{said}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref()))
        }
    }

    /// What is signed of a token.
    fn said(algorithm: &str, claims: &Value) -> String {
        let header = json!({ "alg": algorithm, "typ": "JWT", "kid": "a" });
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        format!("{}.{}", part(&header), part(claims))
    }

    #[test]
    fn a_good_token_says_who_whose_and_what() {
        let signer = Signer::new();
        let token = signer.sign(&good());
        assert!(is_jwt(&token));
        let claims = check(&token, &settings(), Algorithm::ES256, &signer.listed()).expect("it is good");
        assert_eq!(
            (claims.subject.as_str(), claims.tenant.as_str()),
            ("robin", "club")
        );
        assert!(claims.scopes.contain(Scope::ReadHistory), "an athlete may");
        assert!(!claims.scopes.contain(Scope::Keys), "a king is nobody here");
    }

    #[test]
    fn a_token_with_one_thing_wrong_is_refused() {
        let signer = Signer::new();
        let listed = signer.listed();
        for (claim, value) in [
            ("exp", json!(now() - 3600)),
            ("exp", json!("tomorrow")),
            ("exp", Value::Null),
            ("nbf", json!(now() + 3600)),
            ("iss", json!("https://other.example/")),
            ("iss", Value::Null),
            ("aud", json!("other")),
            ("aud", Value::Null),
            ("sub", Value::Null),
            ("sub", json!("")),
            ("org", json!({ "id": 7 })),
        ] {
            let mut claims = good();
            claims[claim] = value.clone();
            if value.is_null() {
                claims.as_object_mut().expect("an object").remove(claim);
            }
            let checked = check(&signer.sign(&claims), &settings(), Algorithm::ES256, &listed);
            assert!(checked.is_err(), "{claim}: {value}");
        }
        let forged = Signer::new().sign(&good());
        assert!(check(&forged, &settings(), Algorithm::ES256, &listed).is_err());
        assert!(check(&forged, &settings(), Algorithm::RS256, &listed).is_err());
    }

    #[tokio::test]
    async fn signatures_that_anybody_could_make_are_refused_before_a_key_is_looked_for() {
        let keys = KeySet::new().expect("a client");
        for algorithm in ["HS256", "HS512", "none", "ES256K"] {
            let token = format!("{}.AAAA", said(algorithm, &good()));
            let refused = read(&token, &settings(), &keys).await.expect_err(algorithm);
            assert!(!refused.contains("does not list"), "{refused}");
        }
    }

    #[test]
    fn only_three_parts_look_like_a_token() {
        for other in ["", "abc", "a.b", "a..c", "a.b.c.d", "km_abc", "..."] {
            assert!(!is_jwt(other), "{other}");
        }
    }
}
