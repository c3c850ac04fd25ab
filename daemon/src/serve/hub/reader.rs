//! Reading along.

use super::log::Position;
use super::{Delivery, Hub, Types};
use std::sync::Arc;
use tokio::sync::watch;

/// Events handed over at once, so that a reader far behind does not hold the log for long.
const AT_ONCE: usize = 64;

/// Reads the events of a hub at its own pace.
pub struct Reader {
    hub: Arc<Hub>,
    types: Types,
    position: Position,
    changed: watch::Receiver<()>,
}

impl Reader {
    pub(super) fn new(hub: Arc<Hub>, from_sequence: u64, types: Types) -> Self {
        let (position, changed) = (hub.log().position(from_sequence), hub.changed.subscribe());
        Self {
            hub,
            types,
            position,
            changed,
        }
    }

    /// The next events, as soon as there are any; `None` behind the last one.
    pub async fn next(&mut self) -> Option<Vec<Delivery>> {
        loop {
            self.changed.mark_unchanged();
            let (deliveries, closed) = {
                let log = self.hub.log();
                (log.read(&mut self.position, self.types, AT_ONCE), log.is_closed())
            };
            if !deliveries.is_empty() {
                return Some(deliveries);
            }
            if closed {
                return None;
            }
            // The sender lives in the hub, which this reader holds.
            let _ = self.changed.changed().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Capacity, Draft, EventType, Line, Log, Turn};
    use super::*;

    fn hub() -> Arc<Hub> {
        let capacity = Capacity {
            interim: 10,
            poses: 10,
        };
        Arc::new(Hub::new("abc", Log::new(capacity)))
    }

    async fn say(hub: &Hub, kind: EventType) {
        let draft = Draft::new(kind, 0.0, &()).expect("JSON");
        hub.number(&draft)
            .await
            .expect("the hub is open")
            .announce(Turn::None);
    }

    async fn rest(mut reader: Reader) -> Vec<u64> {
        let mut sequences = Vec::new();
        while let Some(deliveries) = reader.next().await {
            sequences.extend(deliveries.iter().map(|delivery| delivery.line.sequence));
        }
        sequences
    }

    #[tokio::test]
    async fn a_waiting_reader_is_woken_by_each_event_and_by_the_end() {
        let hub = hub();
        let mut reader = hub.read(0, Types::ALL);
        let waiting = tokio::spawn(async move { (reader.next().await, reader) });
        tokio::task::yield_now().await;
        say(&hub, EventType::State).await;
        let (first, reader) = waiting.await.expect("no panic");
        assert_eq!(first.expect("an event").len(), 1);
        let waiting = tokio::spawn(rest(reader));
        tokio::task::yield_now().await;
        say(&hub, EventType::Repetition).await;
        hub.close();
        assert_eq!(waiting.await.expect("no panic"), [1]);
    }

    #[tokio::test]
    async fn nothing_is_heard_before_what_must_come_before_it_is_done() {
        let hub = hub();
        let mut reader = hub.read(0, Types::ALL);
        let draft = Draft::new(EventType::Repetition, 0.0, &()).expect("JSON");
        let dropped = hub.number(&draft).await.expect("the hub is open");
        assert_eq!(dropped.line().sequence, 0);
        drop(dropped);
        let numbered = hub.number(&draft).await.expect("the hub is open");
        assert_eq!(numbered.line().sequence, 0, "the other has never been");
        assert_eq!(hub.next_sequence(), 0, "not announced yet");
        numbered.announce(Turn::None);
        assert_eq!(reader.next().await.expect("an event").len(), 1);
    }

    #[tokio::test]
    async fn what_was_numbered_elsewhere_is_heard_once_and_what_was_missed_is_counted() {
        let hub = hub();
        let mut reader = hub.read(0, Types::ALL);
        let pass_on = |sequence, kind, turn| hub.pass_on(Line::stored(sequence, kind, "{}"), turn);
        let mut heard = async || {
            let deliveries = reader.next().await.unwrap_or_default();
            let pair = |delivery: &Delivery| (delivery.line.sequence, delivery.dropped);
            deliveries.iter().map(pair).collect::<Vec<_>>()
        };
        pass_on(0, EventType::State, Turn::None);
        pass_on(1, EventType::Pose, Turn::None);
        pass_on(0, EventType::State, Turn::None);
        assert_eq!(heard().await, [(0, 0), (1, 0)]);
        pass_on(5, EventType::Repetition, Turn::None);
        pass_on(4, EventType::Pose, Turn::None);
        assert_eq!(heard().await, [(5, 3)], "2, 3 and 4 were missed");
        pass_on(6, EventType::State, Turn::Anew);
        pass_on(7, EventType::State, Turn::Last);
        pass_on(8, EventType::State, Turn::None);
        assert_eq!(heard().await, [(6, 0), (7, 0)]);
        assert!(hub.is_closed() && heard().await.is_empty());
        assert_eq!(
            rest(hub.read(0, Types::from_iter([EventType::Repetition]))).await,
            [0_u64; 0]
        );
    }

    #[tokio::test]
    async fn a_closed_hub_says_no_more_and_what_it_said_can_still_be_read() {
        let hub = hub();
        say(&hub, EventType::State).await;
        hub.close();
        hub.closed().await;
        let draft = Draft::new(EventType::State, 0.0, &()).expect("JSON");
        assert!(hub.number(&draft).await.is_none());
        assert_eq!(rest(hub.read(0, Types::ALL)).await, [0]);
        assert!(rest(hub.read(1, Types::ALL)).await.is_empty());
    }
}
