//! Where a request comes from.

use crate::serve::config::Network;
use axum::extract::Request;
use axum::http::HeaderMap;
use std::net::IpAddr;

/// Who is at the other end of the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer(pub IpAddr);

/// The address of whoever sent a request: at the other end of the connection, or in front of the proxies it came through.
pub fn of(request: &Request, proxies: &[String]) -> Option<IpAddr> {
    let Peer(peer) = *request.extensions().get::<Peer>()?;
    // They were looked at when the configuration was read.
    let proxies: Vec<Network> = proxies.iter().filter_map(|proxy| proxy.parse().ok()).collect();
    Some(in_front_of(&proxies, peer, request.headers()))
}

/// The last address that is no proxy's. What clients write into the header themselves is further to the left, and need not be text.
fn in_front_of(proxies: &[Network], peer: IpAddr, headers: &HeaderMap) -> IpAddr {
    let is_proxy = |address: IpAddr| proxies.iter().any(|proxy| proxy.contains(address));
    let forwarded = headers.get_all("x-forwarded-for").iter();
    let said: Vec<&[u8]> = forwarded
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
        .collect();
    let mut address = peer.to_canonical();
    for text in said.into_iter().rev() {
        if !is_proxy(address) {
            break;
        }
        match read(text) {
            Some(further) => address = further.to_canonical(),
            None => break,
        }
    }
    address
}

fn read(text: &[u8]) -> Option<IpAddr> {
    std::str::from_utf8(text).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn address(peer: &str, said: &[&str]) -> String {
        let proxies: [Network; 2] = ["10.0.0.0/8", "::1"].map(|proxy| proxy.parse().expect("a network"));
        let mut headers = HeaderMap::new();
        for value in said {
            let value = HeaderValue::from_bytes(value.as_bytes()).expect("a header");
            headers.append("x-forwarded-for", value);
        }
        in_front_of(&proxies, peer.parse().expect("an address"), &headers).to_string()
    }

    #[test]
    fn only_proxies_are_believed_and_only_about_who_is_in_front_of_them() {
        assert_eq!(address("192.0.2.1", &["203.0.113.9"]), "192.0.2.1");
        assert_eq!(address("10.0.0.1", &["203.0.113.9"]), "203.0.113.9");
        assert_eq!(address("::ffff:10.0.0.1", &["203.0.113.9"]), "203.0.113.9");
        assert_eq!(
            address("10.0.0.1", &["127.0.0.1, 203.0.113.9", "10.0.0.2"]),
            "203.0.113.9"
        );
        assert_eq!(address("10.0.0.1", &["ü, 203.0.113.9"]), "203.0.113.9");
        assert_eq!(address("10.0.0.1", &["unknown"]), "10.0.0.1");
        assert_eq!(address("10.0.0.1", &[]), "10.0.0.1");
    }
}
