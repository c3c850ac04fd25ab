//! How fast requests may come: a bucket for each key and address, which fills steadily and which every request takes one from.
//! In a cluster all replicas take from the same ones, and from their own while Redis is out of reach.

use super::principal::Actor;
use crate::serve::cluster::{self, Link};
use crate::serve::config::Limits;
use crate::serve::problem::Problem;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use std::collections::HashMap;
use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Buckets that are not full, at once. When there are more, all are forgotten: whoever fills this with addresses must not lock
/// others out.
const MOST_BUCKETS: usize = 100_000;
/// Headers of the IETF draft `draft-ietf-httpapi-ratelimit-headers`, as in its versions up to 07.
pub const LIMIT: HeaderName = HeaderName::from_static("ratelimit-limit");
/// See [`LIMIT`].
pub const REMAINING: HeaderName = HeaderName::from_static("ratelimit-remaining");
/// See [`LIMIT`].
pub const RESET: HeaderName = HeaderName::from_static("ratelimit-reset");

/// Whose bucket it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Who {
    /// An address, or a network that one subscriber has.
    Address(IpAddr),
    /// Somebody who is known.
    Actor(Actor),
}

impl Who {
    /// At an address. Subscribers have 2^64 addresses of IPv6, so their network stands for them.
    pub fn at(address: IpAddr) -> Self {
        Self::Address(match address.to_canonical() {
            IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64)).into(),
            address => address,
        })
    }
}

/// As a bucket is called that others know as well.
impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => write!(f, "address:{address}"),
            // Written out it would be the same for all.
            Self::Actor(Actor::Token(number)) => write!(f, "token:{number:x}"),
            Self::Actor(actor) => write!(f, "{actor}"),
        }
    }
}

/// How fast, and how many at once.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    /// Requests a second; 0 is no limit.
    pub per_s: f64,
    /// Requests at once after a pause.
    pub burst: u32,
    /// The key of the configuration that says so.
    pub named: &'static str,
}

impl Rate {
    /// That of one key.
    pub fn of_key(limits: &Limits) -> Self {
        Self {
            per_s: limits.key_per_s,
            burst: limits.key_burst,
            named: "limits.key_per_s",
        }
    }

    /// That of one address.
    pub fn of_address(limits: &Limits) -> Self {
        Self {
            per_s: limits.address_per_s,
            burst: limits.address_burst,
            named: "limits.address_per_s",
        }
    }
}

impl Rate {
    /// Until there is one more, and until an empty bucket is full; `None` where there is no limit.
    fn times(&self) -> Option<(Duration, Duration)> {
        if self.per_s <= 0.0 {
            return None;
        }
        let each = Duration::from_secs_f64(1.0 / self.per_s);
        Some((each, each * self.burst))
    }

    /// Takes one from a bucket that all replicas share; `None` where there is no limit, and while nobody can say.
    async fn take_shared(self, link: &Link, who: &Who) -> Option<Taken> {
        let (each, whole) = self.times()?;
        let found = cluster::take(link, &who.to_string(), each, whole).await?;
        Some(Taken::of(self, whole, found.full_in, found.retry_after))
    }
}

/// How a bucket was found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Taken {
    rate: Rate,
    /// Requests that could come at once now.
    remaining: u32,
    /// Until the bucket is full.
    reset: Duration,
    /// When there is one again, where there was none.
    retry_after: Option<Duration>,
}

impl Taken {
    /// Of a bucket that is full `whole` after it was empty, and is full again after `reset`.
    fn of(rate: Rate, whole: Duration, reset: Duration, retry_after: Option<Duration>) -> Self {
        let left = whole.saturating_sub(reset).as_secs_f64() * rate.per_s;
        Self {
            rate,
            // A hair of rounding must not cost a request.
            remaining: if retry_after.is_some() {
                0
            } else {
                (left + 1e-6) as u32
            },
            reset,
            retry_after,
        }
    }
}

/// All buckets. Clones belong together.
#[derive(Clone)]
pub struct Limiter(Arc<Buckets>);

struct Buckets {
    /// Where all replicas take from the same ones.
    shared: Option<Link>,
    since: Instant,
    /// When each is full again.
    full_at: Mutex<HashMap<Who, Duration>>,
}

impl Limiter {
    /// Nobody has asked anything yet. Buckets are here, or `shared`.
    pub fn new(shared: Option<Link>) -> Self {
        Self(Arc::new(Buckets {
            shared,
            since: Instant::now(),
            full_at: Mutex::default(),
        }))
    }

    /// Takes one from somebody's bucket; `None` where there is no limit.
    pub async fn take(&self, who: Who, rate: Rate) -> Option<Taken> {
        if let Some(link) = &self.0.shared
            && let Some(taken) = rate.take_shared(link, &who).await
        {
            return Some(taken);
        }
        self.take_at(who, rate, self.0.since.elapsed())
    }

    fn take_at(&self, who: Who, rate: Rate, now: Duration) -> Option<Taken> {
        let (each, whole) = rate.times()?;
        let mut all = self.0.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        let full_at = all.get(&who).copied().unwrap_or_default().max(now);
        let then = full_at + each;
        // The time it takes to fill up is the emptiness.
        if then - now > whole {
            return Some(Taken::of(rate, whole, full_at - now, Some(then - now - whole)));
        }
        make_room(&mut all, now);
        all.insert(who, then);
        Some(Taken::of(rate, whole, then - now, None))
    }
}

/// Full buckets are as those that are not there.
fn make_room(all: &mut HashMap<Who, Duration>, now: Duration) {
    if all.len() < MOST_BUCKETS {
        return;
    }
    all.retain(|_, full_at| *full_at > now);
    if all.len() >= MOST_BUCKETS / 2 {
        all.clear();
    }
}

/// What the answer to a request says about limits: the one that is nearest.
#[derive(Debug, Default)]
pub struct Standing(Option<Taken>);

impl Standing {
    /// Takes note of a bucket.
    ///
    /// # Errors
    /// It was empty.
    pub fn note(&mut self, taken: Option<Taken>) -> Result<(), Problem> {
        let Some(taken) = taken else {
            return Ok(());
        };
        if self.0.is_none_or(|known| taken.remaining <= known.remaining) {
            self.0 = Some(taken);
        }
        let Some(wait) = taken.retry_after else {
            return Ok(());
        };
        let Rate { per_s, named, .. } = taken.rate;
        let detail = format!("requests come too fast: {named} allows {per_s} per second");
        Err(Problem::too_many(detail)
            .reason("rate")
            .retry_after(whole_seconds(wait)))
    }

    /// Says it in headers.
    pub fn say(&self, headers: &mut HeaderMap) {
        if let Some(taken) = &self.0 {
            headers.insert(LIMIT, HeaderValue::from(taken.rate.burst));
            headers.insert(REMAINING, HeaderValue::from(taken.remaining));
            headers.insert(RESET, HeaderValue::from(whole_seconds(taken.reset)));
        }
    }
}

fn whole_seconds(duration: Duration) -> u32 {
    duration.as_secs_f64().ceil().max(1.0) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate {
        per_s: 10.0,
        burst: 3,
        named: "limits.key_per_s",
    };

    fn who(n: u32) -> Who {
        Who::at(IpAddr::from(n.to_be_bytes()))
    }

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn a_burst_is_let_through_then_one_at_a_time() {
        let limiter = Limiter::new(None);
        let remaining = |now| {
            let taken = limiter.take_at(who(1), RATE, now).expect("a limit");
            taken.retry_after.map_or(Ok(taken.remaining), Err)
        };
        assert_eq!(remaining(ms(0)), Ok(2));
        assert_eq!(remaining(ms(0)), Ok(1));
        assert_eq!(remaining(ms(0)), Ok(0));
        assert_eq!(remaining(ms(40)), Err(ms(60)));
        assert_eq!(remaining(ms(100)), Ok(0));
        assert_eq!(remaining(ms(100)), Err(ms(100)));
        assert_eq!(remaining(ms(10_000)), Ok(2), "it holds no more than the burst");
        assert!(
            limiter
                .take_at(who(2), RATE, ms(100))
                .is_some_and(|taken| taken.remaining == 2)
        );
        let unlimited = Rate { per_s: 0.0, ..RATE };
        assert_eq!(limiter.take_at(who(1), unlimited, ms(100)), None);
    }

    #[test]
    fn memory_is_bounded_and_full_buckets_are_forgotten_first() {
        let limiter = Limiter::new(None);
        let slow = Rate { per_s: 0.001, ..RATE };
        limiter.take_at(who(u32::MAX), slow, ms(0));
        for n in 0..MOST_BUCKETS as u32 {
            limiter.take_at(who(n), RATE, ms(u64::from(n)));
        }
        let all = limiter.0.full_at.lock().expect("not poisoned");
        assert!(all.len() < MOST_BUCKETS, "{}", all.len());
        assert!(all.contains_key(&who(u32::MAX)), "it is not full");
    }

    #[test]
    fn neighbours_in_a_network_of_ipv6_share_a_bucket() {
        let at = |text: &str| Who::at(text.parse().expect("an address"));
        assert_eq!(at("2001:db8::1"), at("2001:db8::ffff:1"));
        assert_ne!(at("2001:db8::1"), at("2001:db8:0:1::1"));
        assert_eq!(at("::ffff:192.0.2.1"), at("192.0.2.1"));
        assert_ne!(at("192.0.2.1"), at("192.0.2.2"));
    }

    #[test]
    fn the_nearest_limit_is_told() {
        let limiter = Limiter::new(None);
        let wide = Rate { burst: 100, ..RATE };
        let mut standing = Standing::default();
        standing
            .note(limiter.take_at(who(1), wide, ms(0)))
            .expect("there is one");
        standing
            .note(limiter.take_at(who(2), RATE, ms(0)))
            .expect("there is one");
        standing.note(None).expect("no limit");
        let mut headers = HeaderMap::new();
        standing.say(&mut headers);
        assert_eq!(headers[LIMIT], "3");
        assert_eq!(headers[REMAINING], "2");
        assert_eq!(headers[RESET], "1");
        for _ in 0..2 {
            standing
                .note(limiter.take_at(who(2), RATE, ms(0)))
                .expect("there is one");
        }
        let problem = standing
            .note(limiter.take_at(who(2), RATE, ms(0)))
            .expect_err("empty");
        assert_eq!((problem.status, problem.reason), (429, Some("rate")));
        assert!(problem.detail.contains("limits.key_per_s"), "{}", problem.detail);
    }
}
