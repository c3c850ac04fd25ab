//! Answers that are written while they are sent: however long they get, they take no more memory than a few pieces.

use super::problem::Problem;
use axum::body::{Body, Bytes};
use axum::http::{HeaderName, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use std::collections::HashMap;
use std::io::{self, Write};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, SemaphorePermit, mpsc};
use tokio::task::spawn_blocking;
use tokio::time::{Instant, timeout};

/// Bytes that are handed over at once.
const PIECE_BYTES: usize = 64 * 1024;
/// Pieces that may wait for the client; then the writer waits.
const PIECES: usize = 4;
/// A client that takes nothing for so long has gone. One that is slower than [`SLOWEST`] is waited for so long altogether.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// Bytes per second below which a client uses up what it is waited for, so that a place is held no longer than its file is long.
const SLOWEST: f64 = 64.0 * 1024.0;
/// Downloads under way at once: each holds a thread. More are refused.
const AT_ONCE: usize = 8;
/// Downloads of one tenant under way at once, so that nobody takes every place.
const OF_A_TENANT: usize = 3;
/// When a refused one is worth another try, seconds.
const RETRY_S: u32 = 10;

static PLACES: Semaphore = Semaphore::const_new(AT_ONCE);
/// How many places each tenant has; those without one are not in it.
static TAKEN: LazyLock<Mutex<HashMap<String, usize>>> = LazyLock::new(Mutex::default);

/// A place of a tenant, given back when it is dropped.
#[derive(Debug)]
struct Place {
    tenant: String,
    _permit: SemaphorePermit<'static>,
}

impl Place {
    fn take(tenant: &str) -> Result<Self, Problem> {
        let mut taken = TAKEN.lock().unwrap_or_else(PoisonError::into_inner);
        let own = taken.get(tenant).copied().unwrap_or(0);
        if own >= OF_A_TENANT {
            let detail = format!("{OF_A_TENANT} downloads of yours are under way");
            return Err(Problem::too_many(detail).reason("downloads").retry_after(RETRY_S));
        }
        let permit = PLACES.try_acquire().map_err(|_| {
            Problem::unavailable(format!("{AT_ONCE} downloads are under way")).retry_after(RETRY_S)
        })?;
        taken.insert(tenant.to_owned(), own + 1);
        Ok(Self {
            tenant: tenant.to_owned(),
            _permit: permit,
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = TAKEN.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = taken.get_mut(&self.tenant) {
            *own -= 1;
        }
        taken.retain(|_, own| *own > 0);
    }
}

/// How long a client may still be waited for.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Patience(Duration);

impl Patience {
    /// What is left after waiting for the client to take so many bytes, which earn some again.
    fn after(self, waited: Duration, bytes: usize) -> Self {
        let earned = Duration::from_secs_f64(bytes as f64 / SLOWEST);
        Self((self.0.saturating_sub(waited) + earned).min(LONGEST_WAIT))
    }
}

/// What is written into it is sent. It belongs to a thread that may block.
pub struct Pipe {
    piece: Vec<u8>,
    sender: mpsc::Sender<io::Result<Bytes>>,
    patience: Patience,
    runtime: Handle,
}

impl Pipe {
    /// Waits for something.
    pub fn wait<F: Future>(&self, something: F) -> F::Output {
        self.runtime.block_on(something)
    }

    fn send(&mut self, piece: io::Result<Bytes>) -> io::Result<()> {
        let bytes = piece.as_ref().map_or(0, Bytes::len);
        let began = Instant::now();
        let Patience(longest) = self.patience;
        let sent = async { timeout(longest, self.sender.send(piece)).await };
        match self.runtime.block_on(sent) {
            Ok(Ok(())) => {
                self.patience = self.patience.after(began.elapsed(), bytes);
                Ok(())
            }
            Ok(Err(_)) => Err(io::Error::new(io::ErrorKind::BrokenPipe, "the client has gone")),
            Err(_) => Err(io::Error::new(
                io::ErrorKind::TimedOut,
                "the client takes too little",
            )),
        }
    }
}

impl Write for Pipe {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.piece.extend_from_slice(data);
        if self.piece.len() >= PIECE_BYTES {
            self.flush()?;
        }
        Ok(data.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.piece.is_empty() {
            return Ok(());
        }
        let piece = std::mem::replace(&mut self.piece, Vec::with_capacity(PIECE_BYTES));
        self.send(Ok(piece.into()))
    }
}

/// The answer that `write` writes for a tenant, as a file of this name. When it fails, the answer breaks off, so that nobody takes
/// what there is for all of it.
///
/// # Errors
/// Too many are under way, of this tenant or altogether.
pub fn download(
    tenant: &str,
    content_type: &'static str,
    name: &str,
    write: impl FnOnce(&mut Pipe) -> io::Result<()> + Send + 'static,
) -> Result<Response, Problem> {
    let place = Place::take(tenant)?;
    let (sender, receiver) = mpsc::channel(PIECES);
    let mut pipe = Pipe {
        piece: Vec::with_capacity(PIECE_BYTES),
        sender,
        patience: Patience(LONGEST_WAIT),
        runtime: Handle::current(),
    };
    let file = name.to_owned();
    spawn_blocking(move || {
        let written = write(&mut pipe).and_then(|()| pipe.flush());
        // An empty piece says that all of it is there.
        let written = written.and_then(|()| pipe.send(Ok(Bytes::new())));
        if let Err(error) = written {
            tracing::warn!(event = "download_broken", file, %error, "a download broke off");
            // Nobody may be there to hear of it.
            let _ = pipe.send(Err(error));
        }
        drop(place);
    });
    let pieces = stream::unfold(Some(receiver), |receiver| async move {
        let mut receiver = receiver?;
        match receiver.recv().await {
            Some(Ok(piece)) if piece.is_empty() => None,
            Some(piece) => Some((piece, Some(receiver))),
            // It panicked.
            None => Some((Err(io::Error::other("what there is, is not all of it")), None)),
        }
    });
    let headers: [(HeaderName, String); 3] = [
        (header::CONTENT_TYPE, content_type.into()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{name}\""),
        ),
        (header::CACHE_CONTROL, "no-store".into()),
    ];
    Ok((headers, Body::from_stream(pieces)).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::to_bytes;

    /// One after the other, as the places are everybody's.
    #[tokio::test(flavor = "multi_thread")]
    async fn what_is_written_arrives_whole_and_what_fails_breaks_off() {
        let whole = download("a", "text/plain", "a.txt", |pipe| {
            (0..100_000).try_for_each(|n| writeln!(pipe, "{n}"))
        });
        let body = to_bytes(whole.expect("a place").into_body(), usize::MAX)
            .await
            .expect("a body");
        let text = String::from_utf8(body.to_vec()).expect("text");
        assert!(
            text.lines()
                .map(|line| line.parse::<u32>())
                .eq((0..100_000).map(Ok))
        );

        let broken = download("a", "text/plain", "a.txt", |pipe| {
            pipe.write_all(b"so far")?;
            Err(io::Error::other("no further"))
        });
        to_bytes(broken.expect("a place").into_body(), usize::MAX)
            .await
            .expect_err("it breaks off");

        everybody_is_gone().await;
        // Nobody reads these, so they do not end by themselves.
        let endless = |tenant: &str| {
            download(tenant, "text/plain", "a.txt", |pipe| {
                io::copy(&mut io::repeat(b'x'), pipe).map(drop)
            })
        };
        let mut under_way: Vec<_> = (0..OF_A_TENANT).map(|_| endless("a").expect("a place")).collect();
        assert_eq!(endless("a").expect_err("none of its own is left").status, 429);
        let others = (OF_A_TENANT..AT_ONCE).map(|n| endless(&format!("b{n}")).expect("a place"));
        under_way.extend(others);
        assert_eq!(endless("c").expect_err("no place").status, 503);
        drop(under_way);
        everybody_is_gone().await;
        drop(endless("a").expect("places are given back"));
        everybody_is_gone().await;
    }

    #[test]
    fn a_slow_client_is_waited_for_as_long_as_its_file_and_a_faster_one_for_ever() {
        let pieces = |every: Duration| {
            let waits = std::iter::repeat_n((every, PIECE_BYTES), 10_000);
            let mut patience = Patience(LONGEST_WAIT);
            waits
                .take_while(|(waited, bytes)| {
                    let in_time = *waited <= patience.0;
                    patience = patience.after(*waited, *bytes);
                    in_time
                })
                .count()
        };
        assert_eq!(pieces(Duration::from_millis(900)), 10_000);
        // Every piece costs two seconds and earns one.
        assert_eq!(pieces(Duration::from_secs(2)), 59);
        assert_eq!(pieces(LONGEST_WAIT + Duration::from_secs(1)), 0);
    }

    /// Waits until every writer has noticed that it is done, or that nobody listens.
    async fn everybody_is_gone() {
        let all = PLACES.acquire_many(AT_ONCE as u32).await;
        drop(all.expect("places are never taken away"));
        assert!(TAKEN.lock().expect("nobody panics").is_empty());
    }
}
