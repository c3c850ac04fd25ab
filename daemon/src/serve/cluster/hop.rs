//! A request that one replica passes on to another carries a proof: the moment, signed together with what is asked by the secret all
//! replicas have. Whoever gets it counts nothing, writes nothing into the audit log and asks no third one: the first did.

use crate::serve::store::now_ms;
use axum::http::{HeaderName, Method, Request, Uri};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// The header.
pub const HOP: HeaderName = HeaderName::from_static("kinemotion-hop");
/// What is signed begins with this, so that it is nothing else.
const PURPOSE: &str = "hop";
/// A proof is good for so long, milliseconds; the clocks of replicas may differ by as much.
const GOOD_MS: u64 = 30_000;

/// A proof for a request, at this moment.
pub fn sign(method: &Method, uri: &Uri, secret: &[u8]) -> String {
    let at = now_ms();
    let signature = mac(method, uri, at, secret).finalize().into_bytes();
    format!("{at}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// Whether another replica has passed a request on.
pub fn is_from_replica<B>(request: &Request<B>, secret: &str) -> bool {
    let proof = request.headers().get(HOP).and_then(|value| value.to_str().ok());
    let good = proof.and_then(|proof| {
        let (at, signature) = proof.split_once('.')?;
        let at: i64 = at.parse().ok()?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        let signed = mac(request.method(), request.uri(), at, secret.as_bytes());
        signed.verify_slice(&signature).ok()?;
        Some(now_ms().abs_diff(at) < GOOD_MS)
    });
    good.unwrap_or(false)
}

fn mac(method: &Method, uri: &Uri, at: i64, secret: &[u8]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("any length is taken");
    let asked = uri.path_and_query().map_or("/", |asked| asked.as_str());
    mac.update(format!("{PURPOSE}\n{at}\n{method}\n{asked}").as_bytes());
    mac
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(method: Method, uri: &str, proof: &str) -> Request<()> {
        let request = Request::builder().method(method).uri(uri).header(HOP, proof);
        request.body(()).expect("a request")
    }

    #[test]
    fn a_proof_is_good_for_what_it_was_made_for_and_for_those_who_know_the_secret() {
        let uri: Uri = "/whip/a?x=1".parse().expect("an address");
        let proof = sign(&Method::PATCH, &uri, b"secret");
        let good = request(Method::PATCH, "/whip/a?x=1", &proof);
        assert!(is_from_replica(&good, "secret"));
        assert!(!is_from_replica(&good, "other"));
        for other in [
            request(Method::DELETE, "/whip/a?x=1", &proof),
            request(Method::PATCH, "/whip/b?x=1", &proof),
            request(Method::PATCH, "/whip/a?x=1", "1"),
            request(Method::PATCH, "/whip/a?x=1", "1.AAAA"),
            request(Method::PATCH, "/whip/a?x=1", &format!("1{proof}")),
        ] {
            assert!(!is_from_replica(&other, "secret"), "{other:?}");
        }
        let old = mac(&Method::PATCH, &uri, 1, b"secret").finalize().into_bytes();
        let old = format!("1.{}", URL_SAFE_NO_PAD.encode(old));
        assert!(!is_from_replica(
            &request(Method::PATCH, "/whip/a?x=1", &old),
            "secret"
        ));
    }
}
