//! Accepting connections, with a limit on their number and on the time a request may take to arrive.

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Connections at once; more wait in the operating system's queue.
const MOST_CONNECTIONS: usize = 4096;
/// The head of a request must have arrived within this time.
const HEAD: Duration = Duration::from_secs(10);
/// Connections that are busy when the daemon ends have so long to complete.
const GOOD_BYE: Duration = Duration::from_secs(3);
/// Pause after the operating system refused a connection for lack of descriptors.
const EXHAUSTED: Duration = Duration::from_millis(200);

/// Serves until told to end, then lets answers under way complete.
pub async fn serve(listener: TcpListener, router: Router, end: CancellationToken) {
    let places = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    let open = TaskTracker::new();
    loop {
        let accepted = tokio::select! {
            accepted = accept(&listener, &places) => accepted,
            () = end.cancelled() => break,
        };
        let Some((stream, place)) = accepted else { continue };
        let connection = answer(stream, router.clone(), end.clone());
        open.spawn(async move {
            connection.await;
            drop(place);
        });
    }
    open.close();
    if tokio::time::timeout(GOOD_BYE, open.wait()).await.is_err() {
        tracing::warn!("connections were still busy at the end");
    }
}

/// Answers the requests of a connection until it is closed, or told to end and done with what is under way.
async fn answer(stream: TcpStream, router: Router, end: CancellationToken) {
    let mut server = http1::Builder::new();
    server.timer(TokioTimer::new()).header_read_timeout(HEAD);
    let service = TowerToHyperService::new(router);
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
        tracing::debug!(%error, "connection ended");
    }
}

async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> Option<(TcpStream, OwnedSemaphorePermit)> {
    let place = places.clone().acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, _)) => {
            // Events are small and must not wait for more.
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(%error, "connection stays with delay");
            }
            Some((stream, place))
        }
        Err(error) => {
            tracing::warn!(%error, "a connection cannot be accepted");
            tokio::time::sleep(EXHAUSTED).await;
            None
        }
    }
}
