//! The connection to Redis, which comes and goes.
//!
//! There is one, for commands and for what is published. [`Link::beat`] makes it and notices that it is gone; until then commands fail
//! within a second, afterwards at once.

use crate::serve::metrics::Metrics;
use crate::serve::tls;
use redis::aio::MultiplexedConnection;
use redis::{
    AsyncConnectionConfig, Client, Cmd, ErrorKind, FromRedisValue, IntoConnectionInfo, ProtocolVersion,
    PushInfo, PushKind, RedisError, RedisResult, Script, Value,
};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// A server that does not answer within this time does not answer.
const ANSWERS_WITHIN: Duration = Duration::from_secs(1);
/// Messages of a channel that may wait for whoever listens. More are left out, which listeners notice.
const MOST_WAITING: usize = 256;

/// The connection to Redis. Clones belong together.
#[derive(Clone)]
pub struct Link(Arc<Inner>);

struct Inner {
    client: Client,
    metrics: Metrics,
    /// The connection, and since when it is there.
    connection: Mutex<Option<(MultiplexedConnection, Instant)>>,
    channels: Arc<Channels>,
    /// Whether it was told that it is gone.
    missed: AtomicBool,
}

/// Who listens to which channel.
#[derive(Default)]
struct Channels(Mutex<Listeners>);

type Listeners = HashMap<String, mpsc::Sender<Vec<u8>>>;

impl Channels {
    fn lock(&self) -> MutexGuard<'_, Listeners> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, push: PushInfo) {
        if push.kind != PushKind::Message {
            return;
        }
        let mut data = push.data.into_iter();
        if let (Some(Value::BulkString(channel)), Some(Value::BulkString(message))) =
            (data.next(), data.next())
            && let Ok(channel) = std::str::from_utf8(&channel)
            && let Some(listener) = self.lock().get(channel)
        {
            // One that is full finds out by the next message.
            let _ = listener.try_send(message);
        }
    }
}

/// Messages of one channel, as long as somebody holds it.
pub struct Listening {
    link: Link,
    channel: String,
    messages: mpsc::Receiver<Vec<u8>>,
}

impl Listening {
    /// The next message.
    pub async fn next(&mut self) -> Vec<u8> {
        match self.messages.recv().await {
            Some(message) => message,
            // Whoever listens to the same channel now gets them.
            None => std::future::pending().await,
        }
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        // Closed, so that another one who listens meanwhile is told apart.
        self.messages.close();
        self.link
            .0
            .channels
            .lock()
            .retain(|_, listener| !listener.is_closed());
        let (link, channel) = (self.link.clone(), std::mem::take(&mut self.channel));
        // What comes until this is done is for nobody. Where there is no runtime any more, everything ends.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move { link.stop_listening(&channel).await });
        }
    }
}

impl Link {
    /// To the server at an address; nothing is connected yet.
    ///
    /// # Errors
    /// What is no address.
    pub fn new(address: &str, metrics: Metrics) -> RedisResult<Self> {
        tls::choose_provider();
        let info = address.into_connection_info()?;
        // Commands and messages on one connection need the younger protocol.
        let settings = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
        metrics.cluster.redis(false);
        Ok(Self(Arc::new(Inner {
            client: Client::open(info.set_redis_settings(settings))?,
            metrics,
            connection: Mutex::default(),
            channels: Arc::default(),
            missed: AtomicBool::new(false),
        })))
    }

    /// Says that a replica is there, for so many seconds, and connects where that is needed.
    pub async fn beat(&self, key: &str, value: &str, seconds: u64) {
        let mut beat = redis::cmd("SET");
        beat.arg(key).arg(value).arg("EX").arg(seconds);
        let done = match self.connected().await {
            Ok(()) => self.ask::<()>(&beat).await,
            Err(error) => Err(error),
        };
        if let Err(error) = done {
            self.miss(&error);
        }
    }

    /// Connects, where it is not, and listens to everything again.
    async fn connected(&self) -> RedisResult<()> {
        if self.connection().is_ok() {
            return Ok(());
        }
        let channels = self.0.channels.clone();
        let take = move |push: PushInfo| {
            channels.take(push);
            Ok::<(), ()>(())
        };
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(ANSWERS_WITHIN))
            .set_response_timeout(Some(ANSWERS_WITHIN))
            .set_push_sender(take);
        let connecting = self
            .0
            .client
            .get_multiplexed_async_connection_with_config(&config);
        let mut connection = connecting.await?;
        *self.lock() = Some((connection.clone(), Instant::now()));
        self.0.metrics.cluster.redis(true);
        self.0.missed.store(false, Ordering::Relaxed);
        tracing::info!(event = "redis_back", "Redis is there");
        // Whoever comes later subscribes without this.
        let names: Vec<String> = self.0.channels.lock().keys().cloned().collect();
        if names.is_empty() {
            return Ok(());
        }
        let subscribed = connection.subscribe(names).await;
        self.noted(subscribed)
    }

    /// How long it has been there; `None` while it is not.
    pub fn up_for(&self) -> Option<Duration> {
        self.lock().as_ref().map(|(_, since)| since.elapsed())
    }

    /// Sends a command.
    ///
    /// # Errors
    /// What the server says, or that it is not there.
    pub async fn ask<T: FromRedisValue>(&self, command: &Cmd) -> RedisResult<T> {
        let mut connection = self.connection()?;
        let answer = command.query_async(&mut connection).await;
        self.noted(answer)
    }

    /// Runs a script with one key and these numbers.
    ///
    /// # Errors
    /// What the server says, or that it is not there.
    pub async fn run<T: FromRedisValue>(
        &self,
        script: &Script,
        key: &str,
        numbers: &[u64],
    ) -> RedisResult<T> {
        let mut connection = self.connection()?;
        let mut invocation = script.key(key);
        for number in numbers {
            invocation.arg(*number);
        }
        let answer = invocation.invoke_async(&mut connection).await;
        self.noted(answer)
    }

    /// Tells whoever listens to a channel; nobody hears it while the server is not there.
    pub async fn publish(&self, channel: &str, message: &[u8]) {
        let mut publish = redis::cmd("PUBLISH");
        publish.arg(channel).arg(message);
        let told: RedisResult<()> = self.ask(&publish).await;
        // Listeners find out by the next message, or by silence.
        drop(told);
    }

    /// Listens to a channel from now on, alone.
    pub async fn listen(&self, channel: String) -> Listening {
        let (sender, messages) = mpsc::channel(MOST_WAITING);
        self.0.channels.lock().insert(channel.clone(), sender);
        if let Ok(mut connection) = self.connection() {
            let subscribed = connection.subscribe(channel.as_str()).await;
            // One that is not there listens when it comes back.
            let _: RedisResult<()> = self.noted(subscribed);
        }
        Listening {
            link: self.clone(),
            channel,
            messages,
        }
    }

    /// Nobody listens to a channel any more, unless somebody has begun to meanwhile.
    async fn stop_listening(&self, channel: &str) {
        let Ok(mut connection) = self.connection() else {
            return;
        };
        let mut done = connection.unsubscribe(channel).await;
        if self.0.channels.lock().contains_key(channel) {
            done = connection.subscribe(channel).await;
        }
        let _: RedisResult<()> = self.noted(done);
    }

    fn connection(&self) -> RedisResult<MultiplexedConnection> {
        let connection = self.lock().as_ref().map(|(connection, _)| connection.clone());
        connection.ok_or_else(|| RedisError::from((ErrorKind::Io, "Redis is not there")))
    }

    /// Lets go of a connection that does not answer any more.
    fn noted<T>(&self, answer: RedisResult<T>) -> RedisResult<T> {
        if let Err(error) = &answer
            && (error.is_io_error() || error.is_unrecoverable_error())
        {
            *self.lock() = None;
            self.miss(error);
        }
        answer
    }

    /// Says once that it is gone.
    fn miss(&self, error: &RedisError) {
        if self.lock().is_some() || self.0.missed.swap(true, Ordering::Relaxed) {
            return;
        }
        self.0.metrics.cluster.redis(false);
        tracing::warn!(
            event = "redis_lost",
            %error,
            "Redis is out of reach: limits count here alone, and what other replicas say comes from the database, each second"
        );
    }

    fn lock(&self) -> MutexGuard<'_, Option<(MultiplexedConnection, Instant)>> {
        self.0.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
