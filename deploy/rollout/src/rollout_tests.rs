use super::*;
use crate::backend::{Order, Sight};
use crate::plan::Limits;
use crate::prometheus::tests::{fake, nothing, number};
use anyhow::ensure;
use std::cell::{Cell, RefCell};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use tokio::sync::mpsc;

/// A back end in memory. Its share is also seen by the fake Prometheus.
#[derive(Default)]
struct Memory {
    share: Arc<AtomicU8>,
    ready: bool,
    /// Orders that fail before one is done.
    failing: Cell<u32>,
    sent: RefCell<Vec<String>>,
}

impl Backend for Memory {
    async fn look(&self) -> anyhow::Result<Sight> {
        let trouble = (!self.ready).then(|| "it sleeps".into());
        Ok(Sight {
            share: self.share.load(Ordering::Relaxed),
            trouble,
        })
    }

    async fn orders(&self, change: Change) -> anyhow::Result<Vec<Order>> {
        Ok(vec![Order(match change {
            Change::Share(share) => vec!["share".into(), share.to_string()],
            Change::PutAway => vec!["away".into()],
        })])
    }

    async fn send(&self, order: &Order) -> anyhow::Result<()> {
        self.sent.borrow_mut().push(order.to_string());
        let failing = self.failing.get();
        self.failing.set(failing.saturating_sub(1));
        ensure!(failing == 0, "it is deaf");
        if let [_, share] = &order.0[..] {
            self.share.store(share.parse()?, Ordering::Relaxed);
        }
        Ok(())
    }
}

/// A rollout over `memory`; `answer` says what Prometheus answers at a share to "requests", "errors", "p95" and "sessions".
async fn rollout(memory: Memory, answer: impl Fn(u8, &str) -> String + Send + 'static) -> Rollout<Memory> {
    let share = memory.share.clone();
    let url = fake(move |query| answer(share.load(Ordering::Relaxed), query)).await;
    let mut plan = Plan {
        old: vec!["blue".into()],
        new: vec!["green".into()],
        hold_s: 0.02,
        drain_s: 0.02,
        limits: Limits {
            blind_s: 0.3,
            ready_s: 0.1,
            ..Limits::default()
        },
        ..Plan::default()
    };
    plan.prometheus.url = url;
    plan.prometheus.interval_ms = 1;
    let questions = &mut plan.prometheus;
    for (question, text) in [
        (&mut questions.requests, "requests"),
        (&mut questions.errors, "errors"),
        (&mut questions.p95, "p95"),
        (&mut questions.sessions, "sessions"),
    ] {
        *question = text.into();
    }
    let prometheus = Prometheus::of(&plan).expect("a client");
    Rollout {
        backend: memory,
        prometheus,
        plan,
        keep: false,
        tell: |_| {},
    }
}

fn ready() -> Memory {
    Memory {
        ready: true,
        ..Memory::default()
    }
}

fn good(_share: u8, query: &str) -> String {
    number(match query {
        "requests" => "100",
        "p95" => "0.1",
        _ => "0",
    })
}

/// Runs it without any signal; how it ended, and what was sent.
async fn ended(rollout: &Rollout<Memory>) -> (Outcome, String) {
    let (_nobody, mut signals) = mpsc::channel(1);
    let outcome = rollout.run(&mut signals).await.expect("an outcome");
    (outcome, rollout.backend.sent.borrow().join(", "))
}

#[tokio::test]
async fn a_good_version_is_promoted_step_by_step() {
    let rollout = rollout(ready(), good).await;
    let expected = (Outcome::Promoted, "share 0, share 10, share 50, share 100".into());
    assert_eq!(ended(&rollout).await, expected);
}

#[tokio::test]
async fn a_version_that_gets_bad_is_taken_back_and_put_away_when_nobody_is_on_it() {
    let bad = |share, query: &str| match (share, query) {
        (50, "errors") => number("6"),
        _ => good(share, query),
    };
    let expected = (
        Outcome::RolledBack,
        "share 0, share 10, share 50, share 0, away".into(),
    );
    assert_eq!(ended(&rollout(ready(), bad).await).await, expected);
}

#[tokio::test]
async fn a_version_on_which_sessions_are_left_is_not_put_away() {
    for sessions in [number("1"), nothing()] {
        let slow = move |share, query: &str| match query {
            "p95" => number("0.3"),
            "sessions" => sessions.clone(),
            _ => good(share, query),
        };
        let expected = (Outcome::RolledBack, "share 0, share 10, share 0".into());
        assert_eq!(ended(&rollout(ready(), slow).await).await, expected);
    }
}

#[tokio::test]
async fn a_version_nothing_is_known_of_stays_at_its_step_and_is_taken_back() {
    let mut away = rollout(ready(), |_, _| nothing()).await;
    let expected = (Outcome::RolledBack, "share 0, share 10, share 0".into());
    assert_eq!(ended(&away).await, expected);
    // Nobody listens on port 1.
    away.plan.prometheus.url = "http://127.0.0.1:1".into();
    away.prometheus = Prometheus::of(&away.plan).expect("a client");
    away.backend.sent.borrow_mut().clear();
    assert_eq!(ended(&away).await, expected);
}

#[tokio::test]
async fn a_version_that_does_not_get_ready_gets_nothing() {
    let (outcome, sent) = ended(&rollout(Memory::default(), good).await).await;
    assert_eq!(outcome, Outcome::RolledBack);
    assert_eq!(sent, "share 0, share 0, away");
}

#[tokio::test]
async fn a_signal_takes_it_back_or_leaves_it_as_it_is_and_a_new_start_goes_on() {
    for keep in [false, true] {
        let mut rollout = rollout(ready(), good).await;
        (rollout.keep, rollout.plan.hold_s) = (keep, 3600.0);
        let (sender, mut signals) = mpsc::channel(1);
        let interrupt = async {
            while rollout.backend.share.load(Ordering::Relaxed) != 10 {
                tokio::task::yield_now().await;
            }
            sender.send("SIGTERM").await.expect("it is heard");
        };
        let (outcome, ()) = tokio::join!(rollout.run(&mut signals), interrupt);
        let outcome = outcome.expect("an outcome");
        let share = rollout.backend.share.load(Ordering::Relaxed);
        if !keep {
            assert_eq!((outcome, share), (Outcome::RolledBack, 0));
            continue;
        }
        assert_eq!((outcome, share), (Outcome::Left, 10));
        rollout.plan.hold_s = 0.0;
        rollout.backend.sent.borrow_mut().clear();
        let expected = (Outcome::Promoted, "share 10, share 50, share 100".into());
        assert_eq!(ended(&rollout).await, expected);
    }
}

#[tokio::test]
async fn taking_back_is_tried_again_until_it_is_done_or_told_to_be_done_by_hand() {
    let (_nobody, mut signals) = mpsc::channel(1);
    let memory = Memory {
        failing: Cell::new(3),
        ..ready()
    };
    let some = rollout(memory, good).await;
    let outcome = some.roll_back("it is bad", 10, None, &mut signals).await;
    assert_eq!(outcome.expect("the fourth try"), Outcome::RolledBack);
    let memory = Memory {
        failing: Cell::new(u32::MAX),
        ..ready()
    };
    let never = rollout(memory, good).await;
    let error = never
        .roll_back("it is bad", 10, None, &mut signals)
        .await
        .expect_err("it is deaf");
    assert!(format!("{error:#}").starts_with("do it by hand"), "{error:#}");
}

#[tokio::test]
async fn looking_changes_nothing() {
    let rollout = rollout(ready(), good).await;
    rollout.status().await.expect("told");
    rollout.dry_run().await.expect("told");
    assert_eq!(*rollout.backend.sent.borrow(), [""; 0]);
}
