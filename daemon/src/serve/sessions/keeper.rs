//! Looks after one analysis from its start to its end.

use super::Sessions;
use super::analysis::Analysis;
use super::scribe::News;
use crate::serve::config;
use crate::serve::hub::{Class, Types};
use kinemotion_pipelines::live::{SessionState, Worth};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep, sleep_until};

/// Waits for the end of an analysis, enforces its limits, and takes the session down.
pub async fn keep(sessions: Sessions, analysis: Arc<Analysis>) {
    let limits = sessions.0.config.get().sessions.clone();
    let channel = analysis
        .order
        .takes_publisher()
        .then(|| tokio::spawn(feed_data_channel(analysis.clone())));
    tokio::select! {
        () = analysis.hub.closed() => {}
        () = enforce(&sessions, &analysis, &limits) => {}
    }
    if let Some(channel) = channel {
        // It ends by itself with the hub, and must not be the last to hold the session.
        if channel.await.is_err() {
            tracing::error!(
                event = "panicked",
                analysis = analysis.id,
                "feeding a data channel panicked"
            );
        }
    }
    sessions.keep_diagnostics(&analysis).await;
    take_down(&analysis).await;
    sessions.ended(&analysis);
}

/// Lets go of the session where blocking is allowed: the last one to hold it waits for its threads.
async fn take_down(analysis: &Analysis) {
    let live = analysis.set_live(None);
    if spawn_blocking(move || drop(live)).await.is_err() {
        tracing::error!(
            event = "panicked",
            analysis = analysis.id,
            "taking a session down panicked"
        );
    }
}

/// Ends the analysis when a limit is reached or somebody asks. Returns when it has ended.
async fn enforce(sessions: &Sessions, analysis: &Arc<Analysis>, limits: &config::Sessions) {
    let started = Instant::now();
    let (waiting, longest) = (
        started + Duration::from_secs(limits.waiting_s),
        started + Duration::from_secs(limits.duration_s),
    );
    let reason = tokio::select! {
        reason = analysis.asked_to_end() => reason,
        () = unheard(analysis, waiting) => {
            let reason = format!("nobody published within {} s", limits.waiting_s);
            sessions.tell(analysis, News::failed(&reason));
            return analysis.hub.closed().await;
        }
        () = sleep_until(longest) => format!("the longest duration of {} s is reached", limits.duration_s),
    };
    tracing::info!(
        event = "analysis_ending",
        sport = analysis.order.sport_type,
        user_id = analysis.order.tenant,
        analysis = analysis.id,
        reason,
        "analysis is ended"
    );
    finish(analysis).await;
    tokio::select! {
        () = analysis.hub.closed() => {}
        () = sleep(Duration::from_secs(limits.finish_s)) => {
            let reason = format!("{reason}; it did not complete within {} s", limits.finish_s);
            sessions.tell(analysis, News::failed(&reason));
            analysis.hub.closed().await;
        }
    }
}

/// Waits until the time to publish is over and nobody has.
async fn unheard(analysis: &Analysis, deadline: Instant) {
    sleep_until(deadline).await;
    if analysis.state() != SessionState::Waiting {
        std::future::pending::<()>().await;
    }
}

/// Asks the session to complete what is under way.
async fn finish(analysis: &Arc<Analysis>) {
    let own = analysis.clone();
    let asked = spawn_blocking(move || {
        if let Some(live) = own.live() {
            live.finish();
        }
    });
    if asked.await.is_err() {
        tracing::error!(
            event = "panicked",
            analysis = analysis.id,
            "finishing a session panicked"
        );
    }
}

/// Says on the publisher's data channel what every other transport says.
async fn feed_data_channel(analysis: Arc<Analysis>) {
    let mut reader = analysis.hub.read(0, Types::ALL);
    while let Some(deliveries) = reader.next().await {
        // Sending drops when too much is waiting and never waits itself; the session is dropped elsewhere.
        let Some(live) = analysis.live() else { continue };
        for delivery in &deliveries {
            let worth = match delivery.line.kind.class() {
                Class::Pose => Worth::Moment,
                Class::Interim | Class::Kept => Worth::Lasting,
            };
            live.send(&delivery.text(), worth);
        }
    }
}
