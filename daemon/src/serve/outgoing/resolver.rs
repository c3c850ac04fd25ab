//! Where requests may go whose addresses strangers name.

use super::builder;
use kinemotion_pipelines::live::is_public;
use reqwest::ClientBuilder;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use url::{Host, Url};

/// Resolves names and refuses addresses, so that what was checked is what is connected to, wherever a redirect leads.
#[derive(Clone, Debug)]
pub struct Resolver {
    /// Whether every host may be of the inner network.
    private: bool,
    /// Those that may be in any case.
    hosts: Arc<[String]>,
    /// The key of the configuration that would allow what is refused.
    key: &'static str,
}

impl Resolver {
    /// One that lets all hosts of the inner network be asked, or these alone, as a key of the configuration says.
    pub fn new(private: bool, hosts: &[String], key: &'static str) -> Self {
        Self {
            private,
            hosts: hosts.into(),
            key,
        }
    }

    /// The beginning of a client that resolves names by it.
    pub fn client(&self) -> ClientBuilder {
        builder().dns_resolver(Arc::new(self.clone()))
    }

    /// Whether a host may be of the inner network.
    pub fn lets_inside(&self, host: &str) -> bool {
        self.private || self.hosts.iter().any(|entry| entry.eq_ignore_ascii_case(host))
    }

    /// Looks at what it is never asked: addresses in place of names.
    ///
    /// # Errors
    /// Why nothing goes there.
    pub fn check(&self, url: &Url) -> Result<(), String> {
        let host = url.host_str().unwrap_or_default();
        match url.host() {
            Some(Host::Ipv4(address)) => self.permitted(host, address.into()),
            Some(Host::Ipv6(address)) => self.permitted(host, address.into()),
            Some(Host::Domain(_)) => Ok(()),
            None => Err("it names no host".into()),
        }
    }

    fn permitted(&self, host: &str, address: IpAddr) -> Result<(), String> {
        if is_public(&address) || self.lets_inside(host) {
            return Ok(());
        }
        Err(format!("{address} is not a public address ({})", self.key))
    }
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let resolver = self.clone();
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let found: Vec<SocketAddr> = found.collect();
            for address in &found {
                resolver.permitted(name.as_str(), address.ip())?;
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(url: &str, resolver: &Resolver) -> Result<(), String> {
        resolver.check(&url.parse().expect("an address"))
    }

    #[test]
    fn addresses_of_the_inner_network_are_refused_unless_allowed() {
        let (strict, lenient) = (Resolver::new(false, &[], "key"), Resolver::new(true, &[], "key"));
        for inner in [
            "http://127.0.0.1/",
            "https://10.0.0.1:8443/x",
            "http://192.168.1.1/",
            "http://169.254.169.254/latest/meta-data",
            "http://[::1]/",
            "http://[fd00::1]/",
            "http://[::ffff:127.0.0.1]/",
            "http://0x7f000001/",
            "http://2130706433/",
        ] {
            let reason = check(inner, &strict).expect_err(inner);
            assert!(reason.contains("not a public address (key)"), "{reason}");
            assert!(check(inner, &lenient).is_ok(), "{inner}");
        }
        assert!(check("https://93.184.216.34/", &strict).is_ok());
        assert!(check("data:,x", &lenient).is_err(), "no host");
    }

    #[tokio::test]
    async fn a_host_that_is_named_may_be_inside_and_no_other() {
        let resolver = Resolver::new(false, &["LocalHost".into(), "[::1]".into()], "key");
        assert!(check("http://[::1]:9/", &resolver).is_ok());
        assert!(check("http://127.0.0.1/", &resolver).is_err());
        let resolve = |name: &str| resolver.resolve(name.parse().expect("a name"));
        assert!(resolve("localhost").await.is_ok());
        let others = Resolver::new(false, &["other".into()], "key");
        let Err(error) = others.resolve("localhost".parse().expect("a name")).await else {
            panic!("it leads inside");
        };
        assert!(error.to_string().contains("not a public address"), "{error}");
    }
}
