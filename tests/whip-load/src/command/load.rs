//! The run: publishers begin one after the other and end together.

use super::arguments::Arguments;
use super::record::Record;
use rustix::time::{ClockId, clock_gettime};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio::task::JoinSet;
use whip_load::{End, Footage, Publisher, PublisherOptions};

/// Everything that was recorded.
pub struct Run {
    /// What each publisher did and heard, in the order they began.
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
    let how = if arguments.abrupt {
        End::Abrupt
    } else {
        End::Delete
    };
    for number in 0..arguments.clients {
        let options = arguments.publisher(number);
        let begin = Duration::from_secs_f64(f64::from(number) / arguments.ramp_per_s);
        let client = client(options, footage.clone(), since, since + begin, ended.clone(), how);
        clients.spawn(async move { (number, client.await) });
    }
    let ramp = Duration::from_secs_f64(f64::from(arguments.clients - 1) / arguments.ramp_per_s);
    tokio::select! {
        () = tokio::time::sleep_until((since + ramp + arguments.duration).into()) => {}
        interrupted = tokio::signal::ctrl_c() => interrupted?,
        // All have failed or were refused: there is nothing to wait for.
        () = say.closed() => {}
    }
    drop(ended);
    // Nobody listens when all have ended by themselves.
    let _ = say.send(true);
    let mut records = clients.join_all().await;
    records.sort_by_key(|(number, _)| *number);
    Ok(Run {
        records: records.into_iter().map(|(_, record)| record).collect(),
        turn_s: footage.seconds(),
        seconds: since.elapsed().as_secs_f64(),
        cpu_s: processor_time() - cpu,
    })
}

/// One publisher, from `begin` on.
async fn client(
    options: PublisherOptions,
    footage: Arc<Footage>,
    since: Instant,
    begin: Instant,
    mut ended: watch::Receiver<bool>,
    how: End,
) -> Record {
    let mut record = Record::default();
    let over = tokio::select! {
        () = tokio::time::sleep_until(begin.into()) => false,
        _ = ended.wait_for(|ended| *ended) => true,
    };
    record.posted_s = since.elapsed().as_secs_f64();
    let published = match over {
        true => Ok(()),
        false => publish(&options, footage, since, ended, how, &mut record).await,
    };
    record.end(since.elapsed().as_secs_f64(), published.as_ref().err());
    record
}

async fn publish(
    options: &PublisherOptions,
    footage: Arc<Footage>,
    since: Instant,
    mut ended: watch::Receiver<bool>,
    how: End,
    record: &mut Record,
) -> Result<(), whip_load::PublishError> {
    let publisher = Publisher::connect(options, footage).await?;
    let end = async move {
        // An error says that the load is over just as well.
        let _ = ended.wait_for(|ended| *ended).await;
        how
    };
    publisher.run(end, |heard| record.take(since, heard)).await
}

/// What this process has used of the processors, seconds.
fn processor_time() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec as f64 + 1e-9 * time.tv_nsec as f64
}
