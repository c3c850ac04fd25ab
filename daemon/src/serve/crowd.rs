//! How many connections each address has open, so that nobody takes all of them.
//!
//! One more than `limits.connections_per_address` is closed at once, before anything is read from it or encrypted. This machine itself and the
//! proxies of the configuration are not counted: through them comes everybody.

use super::auth::Who;
use super::config::{Config, Network, SharedConfig};
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Who is connected. Clones belong together.
#[derive(Clone)]
pub struct Crowd {
    config: SharedConfig,
    /// Those with a connection, so there are no more of them than there are connections.
    open: Arc<Mutex<HashMap<Who, u32>>>,
}

/// A connection as long as it is open.
pub struct Guest {
    crowd: Crowd,
    /// `None` where nobody counts.
    who: Option<Who>,
}

impl Crowd {
    /// Nobody is connected yet.
    pub fn new(config: SharedConfig) -> Self {
        Self {
            config,
            open: Arc::default(),
        }
    }

    /// Lets one more in from an address; `None` when it has all it may have.
    pub fn enter(&self, address: IpAddr) -> Option<Guest> {
        let config = self.config.get();
        let who = counts(address, &config).then(|| Who::at(address));
        if let Some(who) = &who {
            let most = config.limits.connections_per_address;
            let mut open = self.lock();
            let own = open.get(who).copied().unwrap_or_default();
            if own >= most {
                return None;
            }
            open.insert(who.clone(), own + 1);
        }
        let crowd = self.clone();
        Some(Guest { crowd, who })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Who, u32>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether connections of an address are counted.
fn counts(address: IpAddr, config: &Config) -> bool {
    let address = address.to_canonical();
    // They were looked at when the configuration was read.
    let networks = config.server.proxies.iter().map(|proxy| proxy.parse::<Network>());
    let is_proxy = networks.flatten().any(|network| network.contains(address));
    config.limits.connections_per_address > 0 && !address.is_loopback() && !is_proxy
}

impl Drop for Guest {
    fn drop(&mut self) {
        let Some(who) = &self.who else { return };
        let mut open = self.crowd.lock();
        if let Some(own) = open.get_mut(who) {
            *own -= 1;
            if *own == 0 {
                open.remove(who);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn crowd(most: u32) -> Crowd {
        let mut config = Config::default();
        config.limits.connections_per_address = most;
        config.server.proxies = vec!["10.0.0.0/8".into()];
        Crowd::new(SharedConfig::new(config))
    }

    fn enter(crowd: &Crowd, address: &str) -> Option<Guest> {
        crowd.enter(address.parse().expect("an address"))
    }

    #[test]
    fn an_address_has_so_many_connections_and_others_have_their_own() {
        let crowd = crowd(2);
        let first = enter(&crowd, "192.0.2.1").expect("room");
        let _second = enter(&crowd, "::ffff:192.0.2.1").expect("room");
        assert!(enter(&crowd, "192.0.2.1").is_none());
        let _other = enter(&crowd, "192.0.2.2").expect("room");
        drop(first);
        assert!(enter(&crowd, "192.0.2.1").is_some(), "one has gone");
        let _network = enter(&crowd, "2001:db8::1").expect("room");
        let _network = enter(&crowd, "2001:db8::2").expect("room");
        assert!(
            enter(&crowd, "2001:db8::3").is_none(),
            "one subscriber has all of it"
        );
    }

    #[test]
    fn whoever_has_gone_takes_no_memory() {
        let crowd = crowd(2);
        drop(enter(&crowd, "192.0.2.1"));
        assert!(crowd.lock().is_empty());
    }

    #[test]
    fn proxies_and_this_machine_are_not_counted_and_nobody_where_there_is_no_limit() {
        let (limited, open) = (crowd(1), crowd(0));
        let mut guests = Vec::new();
        for (crowd, address) in [
            (&limited, "127.0.0.1"),
            (&limited, "::1"),
            (&limited, "10.1.2.3"),
            (&open, "192.0.2.1"),
        ] {
            for _ in 0..3 {
                guests.push(enter(crowd, address).expect("room"));
            }
        }
    }
}
