//! Which step is next: a state machine that knows no clock and no network. Time and what was seen go in, one move comes out.

use crate::backend::Sight;
use crate::judge::Verdict;
use crate::plan::Plan;
use std::time::Duration;

/// What is to be done now.
#[derive(Debug, Clone, PartialEq)]
pub enum Move {
    /// Nothing.
    Wait,
    /// The new version gets this share, percent; [`Course::stands_at`] says that it has it.
    Step(u8),
    /// All steps are behind: the new version stays.
    Promote,
    /// The old version gets everything again: why.
    RollBack(String),
}

/// One rollout under way. Times are durations since one moment, and never go back.
pub struct Course {
    steps: Vec<u8>,
    hold: Duration,
    blind: Duration,
    ready: Duration,
    /// The step that is under way, percent.
    step: u8,
    /// What the new version has, which many servers may make a little different.
    share: u8,
    /// Since when.
    since: Duration,
    /// When it was ready last.
    fit: Duration,
    /// When it was judged last.
    judged: Duration,
}

impl Course {
    /// A rollout that goes on from the share that was found: 0 is the beginning. A step that was under way is watched anew.
    pub fn new(plan: &Plan, found: u8) -> Self {
        Self {
            steps: plan.steps.clone(),
            hold: plan.hold(),
            blind: Duration::from_secs_f64(plan.limits.blind_s),
            ready: Duration::from_secs_f64(plan.limits.ready_s),
            step: found,
            share: found,
            since: Duration::ZERO,
            fit: Duration::ZERO,
            judged: Duration::ZERO,
        }
    }

    /// A step has been made from now on, and has led to a share.
    pub fn stands_at(&mut self, step: u8, share: u8, now: Duration) {
        (self.step, self.share) = (step, share);
        (self.since, self.fit, self.judged) = (now, now, now);
    }

    /// What the new version has, percent.
    pub fn share(&self) -> u8 {
        self.share
    }

    /// The next move, after what the back end showed and what is thought of the new version.
    pub fn next(&mut self, now: Duration, sight: &anyhow::Result<Sight>, verdict: &Verdict) -> Move {
        let has_share = self.share > 0;
        let unknown = match (sight, verdict) {
            (_, Verdict::Bad(why)) if has_share => return Move::RollBack(why.clone()),
            (Err(error), _) => Some(format!("{error:#}")),
            (Ok(sight), _) if sight.share != self.share => {
                let (is, was) = (sight.share, self.share);
                return Move::RollBack(format!("somebody else changed its share from {was} % to {is} %"));
            }
            (
                Ok(Sight {
                    trouble: Some(trouble),
                    ..
                }),
                _,
            ) => {
                let long = now.saturating_sub(self.fit) >= self.ready;
                return match long {
                    true => Move::RollBack(format!("not ready for {}: {trouble}", seconds(self.ready))),
                    false => Move::Wait,
                };
            }
            (Ok(_), Verdict::Unknown(why)) if has_share => Some(why.clone()),
            (Ok(_), _) => None,
        };
        if let Some(why) = unknown {
            let long = now.saturating_sub(self.judged) >= self.blind;
            return match long {
                true => Move::RollBack(format!("cannot be judged for {}: {why}", seconds(self.blind))),
                false => Move::Wait,
            };
        }
        (self.fit, self.judged) = (now, now);
        if has_share && now.saturating_sub(self.since) < self.hold {
            return Move::Wait;
        }
        let next = self.steps.iter().find(|step| **step > self.step);
        next.map_or(Move::Promote, |step| Move::Step(*step))
    }
}

fn seconds(duration: Duration) -> String {
    format!("{} s", duration.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;
    use Verdict::{Bad, Good, Unknown};

    const S: Duration = Duration::from_secs(1);

    /// Holds of 10 s, blind for 30 s at most, not ready for 5 s at most.
    fn plan() -> Plan {
        let mut plan = Plan {
            hold_s: 10.0,
            ..Plan::default()
        };
        (plan.limits.blind_s, plan.limits.ready_s) = (30.0, 5.0);
        plan
    }

    fn fit(share: u8) -> anyhow::Result<Sight> {
        Ok(Sight { share, trouble: None })
    }

    fn unfit(share: u8) -> anyhow::Result<Sight> {
        Ok(Sight {
            share,
            trouble: Some("green is down".into()),
        })
    }

    fn rolled_back(course: &mut Course, at: u32, sight: &anyhow::Result<Sight>, verdict: &Verdict) -> String {
        match course.next(at * S, sight, verdict) {
            Move::RollBack(why) => why,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_good_version_goes_through_every_step_after_its_hold() {
        let mut course = Course::new(&plan(), 0);
        let nothing_yet = Unknown("no answers".into());
        assert_eq!(course.next(Duration::ZERO, &fit(0), &nothing_yet), Move::Step(10));
        for (share, next) in [(10, Move::Step(50)), (50, Move::Step(100)), (100, Move::Promote)] {
            let began = course.since + course.hold;
            course.stands_at(share, share, began);
            assert_eq!(course.next(began + 9 * S, &fit(share), &Good), Move::Wait);
            assert_eq!(course.next(began + 10 * S, &fit(share), &nothing_yet), Move::Wait);
            assert_eq!(course.next(began + 11 * S, &fit(share), &Good), next);
        }
    }

    #[test]
    fn a_rollout_that_was_cut_off_goes_on_from_the_share_that_is_found() {
        for (found, next) in [(5, 10), (10, 50), (30, 50), (50, 100)] {
            let mut course = Course::new(&plan(), found);
            assert_eq!(
                course.next(9 * S, &fit(found), &Good),
                Move::Wait,
                "it is watched anew"
            );
            assert_eq!(course.next(10 * S, &fit(found), &Good), Move::Step(next));
        }
        assert_eq!(
            Course::new(&plan(), 100).next(10 * S, &fit(100), &Good),
            Move::Promote
        );
    }

    #[test]
    fn a_bad_version_is_taken_back_at_once_whatever_else_is_known() {
        for sight in [fit(10), unfit(10), Err(anyhow::anyhow!("haproxy is away"))] {
            let mut course = Course::new(&plan(), 10);
            assert_eq!(rolled_back(&mut course, 1, &sight, &Bad("p95".into())), "p95");
        }
    }

    #[test]
    fn a_version_that_cannot_be_judged_does_not_go_on_and_is_taken_back_after_a_while() {
        let unknown = Unknown("no data".into());
        let mut course = Course::new(&plan(), 10);
        assert_eq!(course.next(20 * S, &fit(10), &unknown), Move::Wait);
        assert_eq!(
            course.next(29 * S, &fit(10), &Good),
            Move::Step(50),
            "it can be judged again"
        );
        course.stands_at(50, 50, 29 * S);
        assert_eq!(course.next(58 * S, &fit(50), &unknown), Move::Wait);
        let why = rolled_back(&mut course, 59, &fit(50), &unknown);
        assert_eq!(why, "cannot be judged for 30 s: no data");
    }

    #[test]
    fn a_back_end_that_is_away_counts_as_not_to_be_judged() {
        let mut course = Course::new(&plan(), 10);
        let away = || Err(anyhow::anyhow!("haproxy is away"));
        assert_eq!(course.next(29 * S, &away(), &Good), Move::Wait);
        assert!(rolled_back(&mut course, 30, &away(), &Good).ends_with("haproxy is away"));
    }

    #[test]
    fn a_version_that_does_not_get_ready_is_taken_back_also_before_its_first_step() {
        for share in [0, 10] {
            let mut course = Course::new(&plan(), share);
            assert_eq!(course.next(4 * S, &unfit(share), &Good), Move::Wait);
            let why = rolled_back(&mut course, 5, &unfit(share), &Good);
            assert_eq!(why, "not ready for 5 s: green is down");
        }
        let mut course = Course::new(&plan(), 10);
        assert_eq!(course.next(4 * S, &fit(10), &Good), Move::Wait);
        assert_eq!(
            course.next(8 * S, &unfit(10), &Good),
            Move::Wait,
            "it was ready meanwhile"
        );
    }

    #[test]
    fn a_step_that_many_servers_make_a_little_less_is_not_made_again() {
        let mut course = Course::new(&plan(), 10);
        course.stands_at(50, 49, Duration::ZERO);
        assert_eq!(course.next(10 * S, &fit(49), &Good), Move::Step(100));
    }

    #[test]
    fn a_share_that_somebody_else_changes_ends_the_rollout() {
        let mut course = Course::new(&plan(), 10);
        let why = rolled_back(&mut course, 1, &fit(0), &Good);
        assert_eq!(why, "somebody else changed its share from 10 % to 0 %");
    }
}
