//! What a tenant may have, by its tier.

use super::principal::Principal;
use crate::serve::config::{Tier, Tiers};
use crate::serve::problem::Problem;
use crate::serve::store::{Allowance, Exhausted};
use std::ops::Range;
use std::time::{Duration, SystemTime};

/// When it is worth asking again whether a live analysis has ended, seconds.
const RETRY_S: u32 = 5;

/// What somebody's tenant may have. The default has no limit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Granted {
    /// Name of the tier.
    pub name: String,
    /// What it says.
    pub tier: Tier,
}

impl Granted {
    /// To the tenant of somebody.
    ///
    /// # Errors
    /// The configuration does not have the tenant's tier any more.
    pub fn to(principal: &Principal, tiers: &Tiers) -> Result<Self, Problem> {
        let name = principal.tier.clone();
        match tiers.get(&name) {
            Some(tier) => Ok(Self { name, tier: *tier }),
            None => {
                let detail =
                    format!("the configuration has no section [tiers.{name}], the tier of this tenant");
                tracing::error!(event = "tier_unknown", user_id = principal.tenant, "{detail}");
                Err(Problem::internal(detail))
            }
        }
    }

    /// What may be begun.
    pub fn allowance(&self) -> Allowance {
        Allowance {
            analyses_per_month: self.tier.analyses_per_month,
            live_streams: self.tier.live_streams,
        }
    }

    /// What is told to those who have used up all of something.
    pub fn refuse(&self, what: Exhausted, now: SystemTime) -> Problem {
        let Tier {
            analyses_per_month,
            live_streams,
            webhooks,
        } = self.tier;
        let name = &self.name;
        match what {
            Exhausted::AnalysesPerMonth => Problem::too_many(format!(
                "all {analyses_per_month} analyses of this month are used up; the tier {name} has no more"
            ))
            .reason("analyses_per_month")
            .retry_after(seconds(until_next_month(now))),
            Exhausted::LiveStreams => Problem::too_many(format!(
                "all {live_streams} live streams of the tier {name} are in use: end one first"
            ))
            .reason("live_streams")
            .retry_after(RETRY_S),
            Exhausted::Webhooks => Problem::forbidden(format!(
                "all {webhooks} webhooks of the tier {name} are in use: remove one first"
            ))
            .reason("webhooks"),
        }
    }
}

fn seconds(duration: Duration) -> u32 {
    u32::try_from(duration.as_secs() + 1).unwrap_or(u32::MAX)
}

/// Until the first moment of the next month, UTC.
fn until_next_month(now: SystemTime) -> Duration {
    let text = humantime::format_rfc3339_seconds(now).to_string();
    let number = |range: Range<usize>| -> u32 { text[range].parse().expect("RFC 3339 begins with numbers") };
    let (year, month) = (number(0..4), number(5..7));
    let (year, month) = if month == 12 {
        (year + 1, 1)
    } else {
        (year, month + 1)
    };
    let next = humantime::parse_rfc3339(&format!("{year:04}-{month:02}-01T00:00:00Z"));
    let next = next.expect("the first of a month is a day");
    next.duration_since(now).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> SystemTime {
        humantime::parse_rfc3339(text).expect("a moment")
    }

    #[test]
    fn a_month_ends_with_its_last_second() {
        for (now, seconds) in [
            ("2026-11-30T23:59:50Z", 10),
            ("2026-12-31T23:59:59Z", 1),
            ("2028-02-28T00:00:00Z", 2 * 86_400),
        ] {
            assert_eq!(until_next_month(at(now)).as_secs(), seconds, "{now}");
        }
    }

    #[test]
    fn whoever_has_used_up_something_is_told_what_and_when_there_is_more() {
        let granted = Granted {
            name: "free".into(),
            tier: *Tiers::default().get("free").expect("a tier"),
        };
        let now = at("2026-11-30T23:59:50Z");
        let month = granted.refuse(Exhausted::AnalysesPerMonth, now);
        assert_eq!((month.status, month.reason), (429, Some("analyses_per_month")));
        assert!(
            month.detail.contains("1000") && month.detail.contains("free"),
            "{}",
            month.detail
        );
        assert_eq!(granted.refuse(Exhausted::LiveStreams, now).status, 429);
        assert_eq!(granted.refuse(Exhausted::Webhooks, now).status, 403);
    }

    #[test]
    fn a_tier_that_is_gone_grants_nothing() {
        let principal = Principal {
            tenant: "a".into(),
            actor: crate::serve::auth::Actor::Anybody,
            scopes: crate::serve::auth::Scopes::ALL,
            tier: "gone".into(),
        };
        let problem = Granted::to(&principal, &Tiers::default()).expect_err("no such tier");
        assert!(problem.detail.contains("[tiers.gone]"), "{}", problem.detail);
    }
}
