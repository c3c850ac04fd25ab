//! Accepting connections, with a limit on their number, and on the time and the size of what a request begins with.

use super::auth::Peer;
use super::crowd::Crowd;
use super::tls::Tls;
use axum::Router;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Connections at once; more wait in the operating system's queue.
const MOST_CONNECTIONS: usize = 4096;
/// The head of a request must have arrived within this time, and a connection must be encrypted.
const HEAD: Duration = Duration::from_secs(10);
/// Largest head of a request, bytes: tokens of identity providers have some thousand.
const HEAD_BYTES: usize = 32 * 1024;
/// Connections that are busy when the daemon ends have so long to complete.
const GOOD_BYE: Duration = Duration::from_secs(3);
/// Pause after the operating system refused a connection for lack of descriptors.
const EXHAUSTED: Duration = Duration::from_millis(200);

/// Serves until told to end, then lets answers under way complete. With `tls` every connection is encrypted, with a `crowd` each address has
/// only so many.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    tls: Option<Tls>,
    crowd: Option<Crowd>,
    end: CancellationToken,
) {
    let places = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    let open = TaskTracker::new();
    loop {
        let accepted = tokio::select! {
            accepted = accept(&listener, &places) => accepted,
            () = end.cancelled() => break,
        };
        let Some((stream, peer, place)) = accepted else {
            continue;
        };
        let guest = crowd.as_ref().map(|crowd| crowd.enter(peer.ip()));
        if matches!(guest, Some(None)) {
            tracing::debug!(
                event = "connection_refused",
                "an address has all the connections it may have"
            );
            continue;
        }
        let connection = connection(stream, peer, tls.clone(), router.clone(), end.clone());
        open.spawn(async move {
            connection.await;
            drop((place, guest));
        });
    }
    open.close();
    if tokio::time::timeout(GOOD_BYE, open.wait()).await.is_err() {
        tracing::warn!(
            event = "connections_cut",
            "connections were still busy at the end"
        );
    }
}

/// Encrypts a connection where that is wanted, and answers its requests.
async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    tls: Option<Tls>,
    router: Router,
    end: CancellationToken,
) {
    let Some(tls) = tls else {
        return answer(stream, peer, router, end).await;
    };
    match tokio::time::timeout(HEAD, tls.acceptor().accept(stream)).await {
        Ok(Ok(stream)) => answer(stream, peer, router, end).await,
        Ok(Err(error)) => {
            tracing::debug!(event = "connection_failed", %error, "a connection is not encrypted");
        }
        Err(_) => tracing::debug!(
            event = "connection_failed",
            "a connection was not encrypted in time"
        ),
    }
}

/// Answers the requests of a connection until it is closed, or told to end and done with what is under way. Each carries its
/// [`Peer`].
async fn answer<S>(stream: S, peer: SocketAddr, router: Router, end: CancellationToken)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut server = http1::Builder::new();
    server
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_header_size(HEAD_BYTES);
    let router = TowerToHyperService::new(router);
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(Peer(peer.ip()));
        router.call(request)
    });
    let connection = server
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let mut connection = std::pin::pin!(connection);
    let outcome = tokio::select! {
        outcome = connection.as_mut() => outcome,
        () = end.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = outcome {
        tracing::debug!(event = "connection_failed", %error, "connection ended");
    }
}

async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> Option<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let place = places.clone().acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, peer)) => {
            // Events are small and must not wait for more.
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(event = "connection_failed", %error, "connection stays with delay");
            }
            Some((stream, peer, place))
        }
        Err(error) => {
            tracing::warn!(event = "connection_not_accepted", %error, "a connection cannot be accepted");
            tokio::time::sleep(EXHAUSTED).await;
            None
        }
    }
}
