//! Keeps other daemons away from the database on a server: an advisory lock, held as long as its connection lives. Daemons that share the
//! database share the lock as well, and keep away those that want it for themselves.
//!
//! The connection may be lost without the daemon. It is looked after, and the lock is taken again; when another daemon has it by then,
//! this one has to end.

use super::StoreError;
use super::pool::options;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions, Connection};
use std::path::Path;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};
use tokio::sync::{Mutex, watch};

/// The advisory lock a daemon holds on its database; any number will do that nobody else uses.
const LOCK: i64 = 0x6b69_6e65_6d6f;
/// The server forgets a connection that nobody answers at within 20 s, and its locks with it: settings of Postgres, seconds and a count.
const KEEPALIVES: [(&str, &str); 3] = [
    ("tcp_keepalives_idle", "10"),
    ("tcp_keepalives_interval", "5"),
    ("tcp_keepalives_count", "2"),
];

/// How the lock is looked after.
#[derive(Clone, Copy, Debug)]
struct Pace {
    /// Pause between two looks, and the longest time for an answer.
    look: Duration,
    /// Whoever has the lock for so long after it was lost is another daemon, and not the lost connection.
    grace: Duration,
}

/// Longer than [`KEEPALIVES`] take.
const PACE: Pace = Pace {
    look: Duration::from_secs(5),
    grace: Duration::from_secs(30),
};

/// What became of the lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// It is held; so many times it was lost and taken again.
    Held(u32),
    /// Another daemon has it.
    Lost,
}

/// The lock of a database.
#[derive(Debug)]
pub struct Lock {
    /// Goes with the value, and the lock with it.
    _held: Arc<Mutex<Option<PgConnection>>>,
    fate: watch::Receiver<Fate>,
    database: PgConnectOptions,
}

impl Lock {
    /// Takes the lock.
    ///
    /// # Errors
    /// Another daemon has it, or the server is not there.
    pub async fn take(address: &str, shared: bool) -> Result<Self, StoreError> {
        Self::take_at(address, shared, PACE).await
    }

    async fn take_at(address: &str, shared: bool, pace: Pace) -> Result<Self, StoreError> {
        let database = options(address)?.options(KEEPALIVES);
        let Some(held) = attempt(&database, shared).await? else {
            return Err(in_use(&database));
        };
        let held = Arc::new(Mutex::new(Some(held)));
        let (tell, fate) = watch::channel(Fate::Held(0));
        let keeper = Keeper {
            held: Arc::downgrade(&held),
            database: database.clone(),
            shared,
            pace,
            tell,
        };
        tokio::spawn(keeper.run());
        Ok(Self {
            _held: held,
            fate,
            database,
        })
    }

    /// Waits until another daemon has it; says so.
    pub async fn lost(&self) -> StoreError {
        let mut fate = self.fate.clone();
        if fate.wait_for(|fate| *fate == Fate::Lost).await.is_err() {
            // Nobody looks after it any more, which is so when the runtime ends.
            std::future::pending::<()>().await;
        }
        in_use(&self.database)
    }
}

/// Takes the lock if nobody has it, or where it is `shared`, nobody for themselves.
async fn attempt(database: &PgConnectOptions, shared: bool) -> Result<Option<PgConnection>, sqlx::Error> {
    let mut connection = database.connect().await?;
    let take = if shared {
        "SELECT pg_try_advisory_lock_shared($1)"
    } else {
        "SELECT pg_try_advisory_lock($1)"
    };
    let (free,): (bool,) = sqlx::query_as(take).bind(LOCK).fetch_one(&mut connection).await?;
    Ok(free.then_some(connection))
}

fn in_use(database: &PgConnectOptions) -> StoreError {
    let name = database.get_database().unwrap_or_default();
    StoreError::InUse {
        path: Path::new(database.get_host()).join(name),
    }
}

/// Looks after the lock.
struct Keeper {
    held: Weak<Mutex<Option<PgConnection>>>,
    database: PgConnectOptions,
    shared: bool,
    pace: Pace,
    tell: watch::Sender<Fate>,
}

impl Keeper {
    /// Looks now and then until nobody wants the lock any more, or another daemon has it.
    async fn run(self) {
        let mut lost = 0;
        loop {
            tokio::time::sleep(self.pace.look).await;
            let Some(held) = self.held.upgrade() else { return };
            let mut held = held.lock().await;
            if let Some(connection) = held.as_mut()
                && let Ok(Ok(())) = tokio::time::timeout(self.pace.look, connection.ping()).await
            {
                continue;
            }
            tracing::error!(
                event = "database_lock_lost",
                "the connection that holds the lock of the database is lost"
            );
            // Where it was only slow, the server lets go of the lock now.
            *held = None;
            let Some(again) = self.take_again().await else {
                self.tell.send_replace(Fate::Lost);
                return;
            };
            *held = Some(again);
            lost += 1;
            self.tell.send_replace(Fate::Held(lost));
            tracing::info!(
                event = "database_lock_back",
                "the lock of the database is taken again"
            );
        }
    }

    /// Takes the lock again; `None` when another daemon has it. A server that is away is waited for.
    async fn take_again(&self) -> Option<PgConnection> {
        let mut taken_since = None;
        loop {
            match tokio::time::timeout(self.pace.grace, attempt(&self.database, self.shared)).await {
                Ok(Ok(Some(connection))) => return Some(connection),
                Ok(Ok(None)) => {
                    let since = *taken_since.get_or_insert_with(Instant::now);
                    if since.elapsed() >= self.pace.grace {
                        return None;
                    }
                }
                Ok(Err(error)) => {
                    tracing::error!(event = "database_lock_waits", %error, "the lock of the database cannot be taken again yet");
                }
                Err(_) => tracing::error!(
                    event = "database_lock_waits",
                    "the server of the database does not answer"
                ),
            }
            tokio::time::sleep(self.pace.look).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::Place;
    use super::*;

    const QUICK: Pace = Pace {
        look: Duration::from_millis(100),
        grace: Duration::from_millis(500),
    };

    /// Somebody else at the same server, who ends the connection that holds the lock.
    async fn end_holder(other: &mut PgConnection) {
        let end = "SELECT pg_terminate_backend(pid) FROM pg_locks
                   WHERE locktype = 'advisory' AND granted AND pid <> pg_backend_pid()
                     AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
        let ended = sqlx::query(end).execute(other).await.expect("they may");
        assert_eq!(ended.rows_affected(), 1);
    }

    #[tokio::test]
    async fn a_lost_lock_is_taken_again_or_told() {
        for place in Place::all().await {
            let Some(address) = place.server() else { continue };
            let lock = Lock::take_at(address, false, QUICK).await.expect("it is free");
            let twice = Lock::take_at(address, false, QUICK).await;
            assert!(matches!(twice, Err(StoreError::InUse { .. })), "{twice:?}");

            let mut other = options(address)
                .expect("an address")
                .connect()
                .await
                .expect("connects");
            let mut fate = lock.fate.clone();
            end_holder(&mut other).await;
            fate.wait_for(|fate| *fate == Fate::Held(1))
                .await
                .expect("it is kept");

            // Whoever waits in the queue of the server has it next.
            let mut next = options(address)
                .expect("an address")
                .connect()
                .await
                .expect("connects");
            let waits = tokio::spawn(async move {
                let wait = sqlx::query("SELECT pg_advisory_lock($1)").bind(LOCK);
                wait.execute(&mut next).await.expect("it has it in the end");
                next
            });
            let queued = "SELECT COUNT(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
                            AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
            loop {
                let (queued,): (i64,) = sqlx::query_as(queued).fetch_one(&mut other).await.expect("reads");
                if queued == 1 {
                    break;
                }
                tokio::task::yield_now().await;
            }
            end_holder(&mut other).await;
            let _next = waits.await.expect("no panic");
            assert!(matches!(lock.lost().await, StoreError::InUse { .. }));
        }
    }
}
