//! The run: publishers begin one after the other; they stay until all end together, or come and go.

use super::arguments::Arguments;
use super::record::{Outcome, Record};
use rustix::time::{ClockId, clock_gettime};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;
use whip_load::{End, Footage, PublishError, Publisher, PublisherOptions};

/// Everything that was recorded.
pub struct Run {
    /// What was done and heard in each session, by publisher in the order they began.
    pub records: Vec<Record>,
    /// Length of a turn of the footage, seconds.
    pub turn_s: f64,
    /// How long it took, seconds.
    pub seconds: f64,
    /// Processor time of this process meanwhile, seconds.
    pub cpu_s: f64,
}

/// Publishes as asked. Ctrl-C ends it early, in the same order.
pub async fn run(arguments: &Arguments, footage: &Arc<Footage>) -> anyhow::Result<Run> {
    let (since, cpu) = (Instant::now(), processor_time());
    let (say, ended) = watch::channel(false);
    let mut clients = JoinSet::new();
    for number in 0..arguments.clients {
        let begin = Duration::from_secs_f64(f64::from(number) / arguments.ramp_per_s);
        let mut client = Client {
            options: arguments.publisher(number),
            footage: footage.clone(),
            since,
            ended: ended.clone(),
            how: match arguments.abrupt {
                true => End::Abrupt,
                false => End::Delete,
            },
        };
        let (times, patience) = (arguments.times, arguments.duration);
        clients.spawn(async move {
            let records = match client.is_over_before(since + begin).await {
                true => Vec::new(),
                false => match times {
                    None => vec![client.session(None).await],
                    Some(times) => client.come_and_go(times, patience).await,
                },
            };
            (number, records)
        });
    }
    drop(ended);
    let ramp = Duration::from_secs_f64(f64::from(arguments.clients - 1) / arguments.ramp_per_s);
    let whole = async {
        match arguments.times {
            None => tokio::time::sleep_until((since + ramp + arguments.duration).into()).await,
            Some(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        () = whole => {}
        interrupted = tokio::signal::ctrl_c() => interrupted?,
        // All have ended by themselves, failed or were refused: there is nothing to wait for.
        () = say.closed() => {}
    }
    // Nobody listens when all have ended by themselves.
    let _ = say.send(true);
    let mut records = clients.join_all().await;
    records.sort_by_key(|(number, _)| *number);
    Ok(Run {
        records: records.into_iter().flat_map(|(_, records)| records).collect(),
        turn_s: footage.seconds(),
        seconds: since.elapsed().as_secs_f64(),
        cpu_s: processor_time() - cpu,
    })
}

/// One publisher.
struct Client {
    options: PublisherOptions,
    footage: Arc<Footage>,
    since: Instant,
    ended: watch::Receiver<bool>,
    how: End,
}

impl Client {
    /// Waits for `begin`; whether the load was over before.
    async fn is_over_before(&mut self, begin: Instant) -> bool {
        tokio::select! {
            () = tokio::time::sleep_until(begin.into()) => false,
            _ = self.ended.wait_for(|ended| *ended) => true,
        }
    }

    /// Sessions one after another, each until its first pose; one that has none within `patience` has failed.
    async fn come_and_go(&self, times: u32, patience: Duration) -> Vec<Record> {
        let mut records = Vec::new();
        while records.len() < times as usize && !*self.ended.borrow() {
            let mut record = self.session(Some(patience)).await;
            let silent = record.poses.is_empty() && record.outcome == Outcome::Published;
            if silent && !*self.ended.borrow() {
                let reason = format!("no pose within {} s", patience.as_secs_f64());
                record.outcome = Outcome::Failed(reason);
            }
            records.push(record);
        }
        records
    }

    /// One session, until the load is over; with `patience` until its first pose, or so long without one.
    async fn session(&self, patience: Option<Duration>) -> Record {
        let seconds = || self.since.elapsed().as_secs_f64();
        let mut record = Record {
            posted_s: seconds(),
            ..Record::default()
        };
        let published = self.publish(patience, &mut record).await;
        record.end(seconds(), published.as_ref().err());
        record
    }

    async fn publish(&self, patience: Option<Duration>, record: &mut Record) -> Result<(), PublishError> {
        let publisher = Publisher::connect(&self.options, self.footage.clone()).await?;
        let first_pose = Notify::new();
        let enough = async {
            match patience {
                None => std::future::pending().await,
                // Whether there was one is in the record.
                Some(patience) => drop(timeout(patience, first_pose.notified()).await),
            }
        };
        let mut ended = self.ended.clone();
        let end = async {
            tokio::select! {
                () = enough => {}
                // An error says that the load is over just as well.
                _ = ended.wait_for(|ended| *ended) => {}
            }
            self.how
        };
        let heard = |heard| {
            record.take(self.since, heard);
            if !record.poses.is_empty() {
                first_pose.notify_one();
            }
        };
        publisher.run(end, heard).await
    }
}

/// What this process has used of the processors, seconds.
fn processor_time() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec as f64 + 1e-9 * time.tv_nsec as f64
}
