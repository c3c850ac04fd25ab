//! Which addresses a session may open. A service that opens what strangers name must not become their way into the network
//! it stands in.

use crate::live::{LiveError, UriAccess};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, ToSocketAddrs};
use std::path::{Path, PathBuf};

/// Schemes that can be opened, with their usual ports.
const NETWORK_SCHEMES: [(&str, u16); 5] = [
    ("rtsp", 554),
    ("rtsps", 322),
    ("srt", 7001),
    ("http", 80),
    ("https", 443),
];

/// Checks an address and gives the one to open: of a name, the address it was resolved to, where the protocol lets it.
///
/// # Errors
/// [`LiveError::Refused`] names the rule.
pub(super) fn check(uri: &str, access: &UriAccess) -> Result<String, LiveError> {
    let refused = |reason: String| LiveError::Refused {
        uri: crate::live::without_secrets(uri),
        reason,
    };
    let (scheme, rest) = uri
        .split_once("://")
        .ok_or_else(|| refused("it is no absolute address".into()))?;
    if scheme == "file" {
        let path = gst::glib::filename_from_uri(uri)
            .map_err(|error| refused(error.to_string()))?
            .0;
        return check_file(&path, access).map_err(refused);
    }
    let (_, port) = NETWORK_SCHEMES
        .iter()
        .find(|(known, _)| *known == scheme)
        .ok_or_else(|| {
            refused(format!(
                "the scheme {scheme} is none of file, rtsp, rtsps, srt, http, https"
            ))
        })?;
    let place = Place::read(rest, *port).map_err(refused)?;
    if access
        .hosts
        .iter()
        .any(|host| host.eq_ignore_ascii_case(&place.host))
    {
        return Ok(uri.to_owned());
    }
    let addresses: Vec<IpAddr> = (place.host.as_str(), place.port)
        .to_socket_addrs()
        .map_err(|error| refused(format!("the name {} cannot be resolved: {error}", place.host)))?
        .map(|address| address.ip())
        .collect();
    if !access.private_hosts
        && let Some(inner) = addresses.iter().find(|address| !is_public(address))
    {
        return Err(refused(format!(
            "{} is {inner}, which is not a public address",
            place.host
        )));
    }
    let first = addresses
        .first()
        .ok_or_else(|| refused(format!("the name {} has no address", place.host)))?;
    // HTTP needs the name, for TLS and for hosts that share an address.
    Ok(match scheme {
        "http" | "https" => uri.to_owned(),
        _ => place.with_address(scheme, first),
    })
}

fn check_file(path: &Path, access: &UriAccess) -> Result<String, String> {
    // Links and dots are followed first, so that they lead nowhere else.
    let real = path
        .canonicalize()
        .map_err(|error| format!("{}: {error}", path.display()))?;
    let within = access
        .folders
        .iter()
        .filter_map(|folder| folder.canonicalize().ok())
        .any(|folder: PathBuf| real.starts_with(folder));
    if !within {
        return Err("it is not in a folder that may be read".into());
    }
    gst::glib::filename_to_uri(&real, None)
        .map(Into::into)
        .map_err(|error| error.to_string())
}

/// Host and port of an address, and what stands around them.
struct Place<'a> {
    user: &'a str,
    host: String,
    port: u16,
    path: &'a str,
}

impl<'a> Place<'a> {
    fn read(rest: &'a str, usual_port: u16) -> Result<Self, String> {
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        let (user, host) = match authority.rfind('@') {
            Some(at) => authority.split_at(at + 1),
            None => ("", authority),
        };
        let (host, port) = match host.strip_prefix('[') {
            Some(bracketed) => {
                let (host, port) = bracketed.split_once(']').ok_or("its host is not closed by ]")?;
                (host, port.strip_prefix(':'))
            }
            None => match host.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (host, None),
            },
        };
        let port = match port {
            Some(port) => port.parse().map_err(|_| format!("{port} is no port"))?,
            None => usual_port,
        };
        if host.is_empty() {
            return Err("it names no host".into());
        }
        Ok(Self {
            user,
            host: host.to_owned(),
            port,
            path,
        })
    }

    fn with_address(&self, scheme: &str, address: &IpAddr) -> String {
        let Self { user, port, path, .. } = self;
        match address {
            IpAddr::V4(address) => format!("{scheme}://{user}{address}:{port}{path}"),
            IpAddr::V6(address) => format!("{scheme}://{user}[{address}]:{port}{path}"),
        }
    }
}

/// Whether an address is one of the internet at large.
pub fn is_public(address: &IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

/// Special-purpose addresses of RFC 6890 aside.
fn is_public_v4(address: &Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_documentation()
        || a == 0
        || a >= 240
        // Shared by carriers (RFC 6598), protocol assignments, benchmarks (RFC 2544).
        || (a == 100 && (64..128).contains(&b))
        || (a, b, c) == (192, 0, 0)
        || (a == 198 && (18..20).contains(&b));
    !special
}

/// Global unicast is 2000::/3; of that, what wraps an IPv4 address is as public as that address.
fn is_public_v6(address: &Ipv6Addr) -> bool {
    let segments = address.segments();
    let v4 = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        is_public_v4(&Ipv4Addr::new(a, b, c, d))
    };
    if let Some(mapped) = address.to_ipv4_mapped() {
        return is_public_v4(&mapped);
    }
    match segments {
        // NAT64 (RFC 6052), 6to4 (RFC 3056).
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => v4(high, low),
        [0x2002, high, low, ..] => v4(high, low),
        // Teredo, documentation.
        [0x2001, 0, ..] | [0x2001, 0xdb8, ..] => false,
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_the_inner_network_are_refused_however_they_are_written() {
        for uri in [
            "http://127.0.0.1/a",
            "http://localhost/a",
            "rtsp://user:word@10.1.2.3:8554/live",
            "http://169.254.169.254/latest/meta-data",
            "https://[::1]/a",
            "https://[::ffff:192.168.0.1]/a",
            "https://[64:ff9b::7f00:1]/a",
            "srt://[fe80::1]:9000",
            "http://0.0.0.0/",
            "http://100.64.1.1/",
            "http://2130706433/",
            "http://name@127.0.0.1@10.0.0.1/",
        ] {
            let error = check(uri, &UriAccess::default()).expect_err(uri);
            assert!(matches!(error, LiveError::Refused { .. }), "{error}");
            assert!(!error.to_string().contains("word"), "{error}");
        }
    }

    #[test]
    fn public_and_permitted_addresses_pass() {
        let open = |uri: &str, access: &UriAccess| check(uri, access).expect("permitted");
        let strict = UriAccess::default();
        assert_eq!(open("rtsp://u:p@8.8.8.8/x", &strict), "rtsp://u:p@8.8.8.8:554/x");
        assert_eq!(open("https://1.1.1.1/x?y", &strict), "https://1.1.1.1/x?y");
        let inner = UriAccess {
            private_hosts: true,
            ..UriAccess::default()
        };
        assert_eq!(
            open("srt://192.168.1.2:9000?mode=caller", &inner),
            "srt://192.168.1.2:9000?mode=caller"
        );
        let named = UriAccess {
            hosts: vec!["camera.local".into()],
            ..UriAccess::default()
        };
        assert_eq!(open("rtsp://CAMERA.local/1", &named), "rtsp://CAMERA.local/1");
    }

    #[test]
    fn other_schemes_and_half_addresses_are_refused() {
        for uri in [
            "ftp://8.8.8.8/",
            "fd://0",
            "playbin://x",
            "8.8.8.8",
            "http://",
            "http://[::1",
            "http://8.8.8.8:x/",
        ] {
            assert!(check(uri, &UriAccess::default()).is_err(), "{uri}");
        }
    }

    #[test]
    fn only_files_in_permitted_folders_are_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let inside = folder.path().join("clip.mp4");
        std::fs::write(&inside, b"x").expect("a file");
        let outside = tempfile::NamedTempFile::new().expect("a file");
        std::os::unix::fs::symlink(outside.path(), folder.path().join("link")).expect("a link");
        let access = UriAccess {
            folders: vec![folder.path().to_owned()],
            ..UriAccess::default()
        };
        let uri = |path: &Path| format!("file://{}", path.display());
        assert!(check(&uri(&inside), &access).is_ok());
        assert!(check(&uri(outside.path()), &access).is_err());
        assert!(check(&uri(&folder.path().join("link")), &access).is_err());
        assert!(check(&uri(&folder.path().join("../../etc/passwd")), &access).is_err());
        assert!(check(&uri(&inside), &UriAccess::default()).is_err());
    }
}
