//! Delivered to a real receiver that fails, hangs, redirects and lies, by a clock that is put forward.

use super::*;
use crate::serve::clock::HeldClock;
use crate::serve::store::{Delivery, Store};
use crate::serve::webhooks::Secret;
use crate::serve::webhooks::places::AT_ONCE;
use futures_util::future::join_all;
use serde_json::Value;
use std::collections::VecDeque;
use std::path::Path;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

const START: i64 = 1_764_000_000_000;
const SECOND: Duration = Duration::from_secs(1);
const DAY: Duration = Duration::from_secs(86_400);
/// Longer than any receiver here takes that answers at all, however busy the machine is.
const PATIENT: Duration = Duration::from_secs(60);

/// What a receiver does with a request.
enum Conduct {
    Take,
    Fail,
    Redirect(String),
    /// Never answers.
    Hang,
    /// Says that more comes than comes.
    Lie,
    /// Says that it has taken it, and goes on talking.
    Chatter,
}

/// Listens on a port of its own and notes every body.
struct Receiver {
    url: String,
    told: mpsc::UnboundedReceiver<String>,
}

impl Receiver {
    /// What it does is up to the body.
    async fn start(mut conduct: impl FnMut(&str) -> Conduct + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/", listener.local_addr().expect("an address"));
        let (tell, told) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let body = body_of(&mut stream).await;
                let conduct = conduct(&body);
                // The test may have heard enough.
                let _ = tell.send(body);
                tokio::spawn(answer(stream, conduct));
            }
        });
        Self { url, told }
    }

    /// Does one thing after another, and takes everything afterwards.
    async fn doing(conducts: impl IntoIterator<Item = Conduct>) -> Self {
        let mut conducts: VecDeque<Conduct> = conducts.into_iter().collect();
        Self::start(move |_| conducts.pop_front().unwrap_or(Conduct::Take)).await
    }

    /// Bodies so far.
    fn told(&mut self) -> Vec<String> {
        std::iter::from_fn(|| self.told.try_recv().ok()).collect()
    }
}

/// The body of a request.
async fn body_of(stream: &mut TcpStream) -> String {
    let mut text = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let whole = String::from_utf8_lossy(&text).into_owned();
        if let Some((head, body)) = whole.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case("content-length")
                    .then(|| value.trim().parse::<usize>())?
                    .ok()
            });
            if body.len() >= length.unwrap_or_default() {
                return body.to_owned();
            }
        }
        let read = stream.read(&mut buffer).await.expect("it is sent");
        assert!(read > 0, "the request is whole");
        text.extend_from_slice(&buffer[..read]);
    }
}

async fn answer(mut stream: TcpStream, conduct: Conduct) {
    let text = match &conduct {
        Conduct::Take => "HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n".to_owned(),
        Conduct::Fail => "HTTP/1.1 500 Oh\r\nconnection: close\r\ncontent-length: 5\r\n\r\nsorry".to_owned(),
        Conduct::Redirect(to) => {
            format!("HTTP/1.1 302 Found\r\nconnection: close\r\nlocation: {to}\r\ncontent-length: 0\r\n\r\n")
        }
        Conduct::Lie => {
            "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 100000\r\n\r\nshort".to_owned()
        }
        Conduct::Hang => return std::future::pending::<()>().await,
        Conduct::Chatter => "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n".to_owned(),
    };
    // Whoever has read enough may go.
    let mut sent = stream.write_all(text.as_bytes()).await;
    while matches!(conduct, Conduct::Chatter) && sent.is_ok() {
        sent = stream.write_all(&[b'x'; 4096]).await;
    }
}

async fn store(folder: &Path) -> Store {
    Store::open(folder, None).await.expect("opens")
}

fn courier(store: &Store, clock: &HeldClock, patience: Duration) -> Courier<Post, HeldClock> {
    Courier {
        webhooks: store.webhooks().clone(),
        deliveries: store.deliveries().clone(),
        carrier: Post::with_patience(true, patience).expect("a client"),
        clock: clock.clone(),
        metrics: Metrics::new().expect("metrics"),
    }
}

async fn register(store: &Store, id: &str, url: &str, events: &[&str]) {
    let webhook = Webhook {
        id: id.into(),
        tenant: "local".into(),
        url: url.into(),
        secret: Secret::random().expect("random numbers").text(),
        events: events.iter().map(|name| (*name).to_owned()).collect(),
        sports: Vec::new(),
        analysis_id: None,
        created_at: START,
        failing_since: None,
        disabled_at: None,
        reason: None,
    };
    store.webhooks().add(&webhook, 0).await.expect("adds");
}

/// Something to deliver to the webhook `w`, whose body says what it is.
async fn due(store: &Store, analysis_id: &str, sequence: u64, at: i64) {
    due_to(store, "w", analysis_id, sequence, at).await;
}

/// The same for any webhook.
async fn due_to(store: &Store, webhook_id: &str, analysis_id: &str, sequence: u64, at: i64) {
    let outbox = Outbox {
        id: Uuid::now_v7().to_string(),
        webhook_id: webhook_id.into(),
        event_id: format!("{analysis_id}/{sequence}"),
        analysis_id: analysis_id.into(),
        sequence,
        kind: "repetition",
        body: format!("{analysis_id}/{sequence}"),
        at,
    };
    store.deliveries().add(vec![outbox]).await.expect("adds");
}

/// The log, the first delivery first.
async fn log(store: &Store) -> Vec<Delivery> {
    let mut log = store
        .deliveries()
        .log("w", None, None, 1000)
        .await
        .expect("reads");
    log.reverse();
    log
}

/// Takes what is due and tries it once; how many that were.
async fn round(courier: &Courier<Post, HeldClock>) -> usize {
    let taken = courier.take(&mut Places::default()).await.expect("takes");
    join_all(taken.into_iter().map(|due| courier.deliver(due)))
        .await
        .len()
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

#[tokio::test]
async fn what_fails_or_leads_elsewhere_is_tried_again_when_its_time_has_come() {
    let (folder, clock) = (folder(), HeldClock::at(START));
    let store = store(folder.path()).await;
    let mut elsewhere = Receiver::doing([]).await;
    let mut receiver = Receiver::doing([Conduct::Fail, Conduct::Redirect(elsewhere.url.clone())]).await;
    register(&store, "w", &receiver.url, &[]).await;
    due(&store, "a", 1, START).await;
    let courier = courier(&store, &clock, PATIENT);

    assert_eq!(round(&courier).await, 1);
    let failed = log(&store).await.remove(0);
    assert_eq!(
        (failed.state.as_str(), failed.attempts, failed.last_status),
        ("waiting", 1, Some(500))
    );
    assert_eq!(failed.last_answer.as_deref(), Some("sorry"));
    assert_eq!(failed.due_at, START + 1000);
    assert_eq!(round(&courier).await, 0, "it is not time yet");

    clock.forward(SECOND);
    assert_eq!(round(&courier).await, 1);
    let led = log(&store).await.remove(0);
    assert!(
        led.last_error
            .as_ref()
            .is_some_and(|error| error.contains(&elsewhere.url)),
        "{led:?}"
    );
    assert_eq!((led.attempts, led.due_at), (2, START + 3000));

    clock.forward(2 * SECOND);
    assert_eq!(round(&courier).await, 1);
    let taken = log(&store).await.remove(0);
    assert_eq!(
        (taken.state.as_str(), taken.attempts, taken.delivered_at),
        ("delivered", 3, Some(START + 3000))
    );
    clock.forward(DAY);
    assert_eq!(round(&courier).await, 0, "it is delivered once");
    assert_eq!(receiver.told(), ["a/1"; 3]);
    assert!(elsewhere.told().is_empty(), "nobody follows");
}

#[tokio::test]
async fn one_that_hangs_is_left_and_tried_again() {
    let (folder, clock) = (folder(), HeldClock::at(START));
    let store = store(folder.path()).await;
    let mut receiver = Receiver::doing([Conduct::Hang]).await;
    register(&store, "w", &receiver.url, &[]).await;
    due(&store, "a", 1, START).await;
    assert_eq!(
        round(&courier(&store, &clock, Duration::from_millis(300))).await,
        1
    );
    let left = log(&store).await.remove(0);
    assert_eq!((left.state.as_str(), left.last_status), ("waiting", None));
    assert!(left.last_error.is_some(), "{left:?}");
    clock.forward(SECOND);
    assert_eq!(round(&courier(&store, &clock, PATIENT)).await, 1);
    assert_eq!(log(&store).await[0].state, "delivered");
    assert!(receiver.told().contains(&"a/1".to_owned()));
}

#[tokio::test]
async fn what_says_200_has_taken_it_whatever_comes_of_the_rest() {
    let (folder, clock) = (folder(), HeldClock::at(START));
    let store = store(folder.path()).await;
    let receiver = Receiver::doing([Conduct::Lie, Conduct::Chatter]).await;
    register(&store, "w", &receiver.url, &[]).await;
    let courier = courier(&store, &clock, PATIENT);
    for sequence in [1, 2] {
        due(&store, "a", sequence, START).await;
        assert_eq!(round(&courier).await, 1);
    }
    let [short, endless] = log(&store).await.try_into().expect("two");
    assert_eq!(
        (short.state.as_str(), short.last_answer.as_deref()),
        ("delivered", Some("short"))
    );
    assert_eq!(endless.state, "delivered");
    assert_eq!(endless.last_answer.map(|answer| answer.len()), Some(1024));
}

#[tokio::test]
async fn an_analysis_is_told_in_its_order_and_others_do_not_wait_for_it() {
    let (folder, clock) = (folder(), HeldClock::at(START));
    let store = store(folder.path()).await;
    let mut refused = false;
    let mut receiver = Receiver::start(move |body| {
        if body == "a/1" && !std::mem::replace(&mut refused, true) {
            Conduct::Fail
        } else {
            Conduct::Take
        }
    })
    .await;
    register(&store, "w", &receiver.url, &[]).await;
    for (analysis_id, sequence) in [("a", 1), ("a", 2), ("b", 1)] {
        due(&store, analysis_id, sequence, START).await;
    }
    let courier = courier(&store, &clock, PATIENT);
    assert_eq!(round(&courier).await, 2, "the first of each analysis");
    assert_eq!(round(&courier).await, 0, "the second waits for the first");
    clock.forward(SECOND);
    assert_eq!(round(&courier).await, 1);
    assert_eq!(round(&courier).await, 1);
    let told = receiver.told();
    assert!(told.contains(&"b/1".to_owned()), "{told:?}");
    let of_a: Vec<_> = told.iter().filter(|body| body.starts_with('a')).collect();
    assert_eq!(of_a, ["a/1", "a/1", "a/2"]);
}

#[tokio::test]
async fn after_a_day_it_is_given_up_and_can_be_sent_again() {
    let (folder, clock) = (folder(), HeldClock::at(START));
    let store = store(folder.path()).await;
    let mut failures = 30;
    let mut receiver = Receiver::start(move |_| {
        failures -= 1;
        if failures >= 0 {
            Conduct::Fail
        } else {
            Conduct::Take
        }
    })
    .await;
    register(&store, "w", &receiver.url, &[]).await;
    due(&store, "a", 1, START).await;
    let courier = courier(&store, &clock, PATIENT);
    while round(&courier).await > 0 {
        let tried = log(&store).await.remove(0);
        if tried.state == "waiting" {
            let wait = u64::try_from(tried.due_at - clock.now_ms()).expect("it is due later");
            clock.forward(Duration::from_millis(wait));
        }
    }
    let given_up = log(&store).await.remove(0);
    assert_eq!((given_up.state.as_str(), given_up.attempts), ("given_up", 30));
    assert_eq!(clock.now_ms(), START + 86_400_000);
    assert_eq!(receiver.told().len(), 30);

    let deliveries = store.deliveries();
    assert!(
        deliveries
            .resend("w", &given_up.id, clock.now_ms())
            .await
            .expect("updates")
    );
    assert!(
        !deliveries
            .resend("w", "nothing", clock.now_ms())
            .await
            .expect("updates")
    );
    assert!(
        !deliveries
            .resend("another", &given_up.id, clock.now_ms())
            .await
            .expect("updates")
    );
    assert_eq!(round(&courier).await, 1);
    let again = log(&store).await.remove(0);
    assert_eq!(
        (again.state.as_str(), again.attempts, again.event_id.as_str()),
        ("delivered", 1, "a/1")
    );
}

#[tokio::test]
async fn one_that_takes_nothing_for_three_days_is_disabled_with_notice_and_can_be_enabled() {
    let (folder, clock) = (folder(), HeldClock::at(START));
    let store = store(folder.path()).await;
    let receiver = Receiver::start(|_| Conduct::Fail).await;
    let mut watcher = Receiver::doing([]).await;
    register(&store, "w", &receiver.url, &[]).await;
    register(&store, "watcher", &watcher.url, &[DISABLED]).await;
    let courier = courier(&store, &clock, PATIENT);
    for day in 0..4 {
        assert!(watcher.told().is_empty(), "day {day}");
        due(&store, &format!("of day {day}"), 1, clock.now_ms()).await;
        while round(&courier).await > 0 {}
        clock.forward(DAY);
    }
    let notice: Value = serde_json::from_str(&watcher.told().remove(0)).expect("JSON");
    assert_eq!(notice["event_type"], DISABLED);
    assert_eq!(notice["data"]["webhook_id"], "w");
    assert!(
        notice["data"]["reason"]
            .as_str()
            .is_some_and(|reason| reason.contains("500")),
        "{notice}"
    );
    let webhook = store.webhooks().get("w").await.expect("reads").expect("is there");
    assert!(
        webhook.disabled_at.is_some() && webhook.reason.is_some(),
        "{webhook:?}"
    );

    due(&store, "later", 1, clock.now_ms()).await;
    assert_eq!(
        round(&courier).await,
        0,
        "nothing is sent to one that is disabled"
    );
    assert!(store.webhooks().enable("local", "w").await.expect("updates"));
    assert!(round(&courier).await > 0);
    assert!(watcher.told().is_empty(), "it has a new chance");
}

#[tokio::test]
async fn what_was_under_way_when_the_daemon_ended_is_delivered_later() {
    let (folder, clock) = (folder(), HeldClock::at(START));
    let mut receiver = Receiver::doing([]).await;
    let first = store(folder.path()).await;
    register(&first, "w", &receiver.url, &[]).await;
    due(&first, "a", 1, START).await;
    let lease = milliseconds(LEASE);
    let taken = first
        .deliveries()
        .take(START, START + lease, &mut Places::default())
        .await
        .expect("takes");
    assert_eq!(taken.len(), 1);
    drop(first);

    let second = store(folder.path()).await;
    let courier = courier(&second, &clock, PATIENT);
    assert_eq!(round(&courier).await, 0, "somebody may be at it");
    clock.forward(LEASE);
    assert_eq!(round(&courier).await, 1);
    assert_eq!(receiver.told(), ["a/1"]);
}

#[tokio::test]
async fn one_that_hangs_holds_up_nobody_else() {
    let (folder, clock) = (folder(), HeldClock::at(START));
    let store = store(folder.path()).await;
    let mut hangs = Receiver::start(|_| Conduct::Hang).await;
    let mut takes = Receiver::doing([]).await;
    register(&store, "w", &hangs.url, &[]).await;
    register(&store, "takes", &takes.url, &[]).await;
    // More than can be under way at once, all due before what the other is to hear.
    for n in 0..AT_ONCE + 8 {
        due(&store, &format!("a{n}"), 1, START - 1).await;
    }
    for sequence in 1..=3 {
        due_to(&store, "takes", "a0", sequence, START).await;
    }
    let end = CancellationToken::new();
    let running = tokio::spawn(courier(&store, &clock, PATIENT).run(end.clone()));
    for sequence in 1..=3 {
        assert_eq!(takes.told.recv().await, Some(format!("a0/{sequence}")));
    }
    let held = log(&store).await;
    assert!(
        held.iter().all(|delivery| delivery.attempts == 0),
        "those that hang still do: {held:?}"
    );
    assert!(hangs.told().len() < AT_ONCE / 2, "it has a few places of its own");
    end.cancel();
    running.await.expect("no panic");
}

#[tokio::test]
async fn many_that_hang_leave_places_to_those_who_do_not() {
    let (folder, clock) = (folder(), HeldClock::at(START));
    let store = store(folder.path()).await;
    let hangs = Receiver::start(|_| Conduct::Hang).await;
    let mut takes = Receiver::doing([]).await;
    for n in 0..2 * AT_ONCE {
        let id = format!("hangs {n}");
        register(&store, &id, &hangs.url, &[]).await;
        // It did so before.
        let noted = store
            .webhooks()
            .note_failure(&id, START, START - 1, "it hangs")
            .await;
        noted.expect("notes");
        due_to(&store, &id, "a", 1, START - 1).await;
    }
    register(&store, "w", &takes.url, &[]).await;
    due(&store, "a", 1, START).await;
    let end = CancellationToken::new();
    let running = tokio::spawn(courier(&store, &clock, PATIENT).run(end.clone()));
    assert_eq!(takes.told.recv().await.as_deref(), Some("a/1"));
    let held = store
        .deliveries()
        .log("hangs 0", None, None, 1)
        .await
        .expect("reads");
    assert_eq!(held[0].attempts, 0, "those that hang still do");
    end.cancel();
    running.await.expect("no panic");
}
