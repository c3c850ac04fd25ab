//! What the log and the traces are told of an analysis from its beginning to its end.

use super::analysis::Analysis;
use super::states;
use crate::serve::telemetry::{self, Attributes, text, whole};
use kinemotion_pipelines::live::SessionState;
use kinemotion_pipelines::live::load::Service;
use std::time::{Duration, SystemTime};

/// A live analysis has started, or waits for its publisher; it was begun at that moment.
pub fn started(analysis: &Analysis, begun: SystemTime) {
    tracing::info!(
        event = "analysis_started",
        sport = analysis.order.sport_type,
        user_id = analysis.order.tenant,
        latency_ms = milliseconds(passed(begun)),
        analysis = analysis.id,
        source = analysis.order.source,
        "analysis started"
    );
    telemetry::stage(&analysis.id, "set_up", begun, None, Attributes::new());
}

/// Nothing came of an analysis that was begun at that moment.
pub fn not_started(analysis: &Analysis, begun: SystemTime, reason: &str) {
    tracing::warn!(
        event = "analysis_not_started",
        sport = analysis.order.sport_type,
        user_id = analysis.order.tenant,
        analysis = analysis.id,
        source = analysis.order.source,
        reason,
        "analysis did not start"
    );
    telemetry::stage(&analysis.id, "set_up", begun, Some(reason), Attributes::new());
    whole_of(analysis, Some(reason), Attributes::new());
}

/// There was no place for an analysis, or no more is granted.
pub fn refused(user_id: Option<&str>, sport: Option<&str>, reason: &'static str) {
    tracing::info!(
        event = "analysis_refused",
        sport,
        user_id,
        reason,
        "analysis refused"
    );
}

/// A file waits for a worker.
pub fn queued(analysis: &Analysis) {
    tracing::info!(
        event = "file_queued",
        sport = analysis.order.sport_type,
        user_id = analysis.order.tenant,
        analysis = analysis.id,
        "file queued"
    );
}

/// The first pose is there that somebody waited for.
pub fn first_pose(analysis: &Analysis, waited: Duration) {
    tracing::info!(
        event = "first_pose",
        sport = analysis.order.sport_type,
        user_id = analysis.order.tenant,
        latency_ms = milliseconds(waited),
        analysis = analysis.id,
        "first pose"
    );
    let now = SystemTime::now();
    let since = now.checked_sub(waited).unwrap_or(now);
    telemetry::stage(&analysis.id, "first_pose", since, None, Attributes::new());
}

/// What an analysis gets of the machine has changed.
pub fn served(analysis: &Analysis, service: &Service) {
    let (sport, user_id) = (&analysis.order.sport_type, &analysis.order.tenant);
    if service.degraded {
        tracing::warn!(
            event = "analysis_degraded",
            sport,
            user_id,
            analysis = analysis.id,
            pose_rate = service.pose_rate,
            model = service.model,
            overlay = service.overlay,
            "analysis gets less than it asked for"
        );
    } else {
        tracing::info!(
            event = "analysis_restored",
            sport,
            user_id,
            analysis = analysis.id,
            "analysis gets all it asked for"
        );
    }
}

/// An analysis has ended and been taken down.
pub fn ended(analysis: &Analysis) {
    let (record, doing) = (analysis.record(), analysis.doing());
    let state = states::name(record.state);
    // Of a file nothing is late.
    let latency_ms = (doing.latency.p95_ms > 0.0).then_some(doing.latency.p95_ms);
    tracing::info!(
        event = "analysis_ended",
        sport = record.sport_type,
        user_id = analysis.order.tenant,
        latency_ms,
        analysis = analysis.id,
        state,
        reason = record.reason,
        repetitions = record.count(),
        frames = doing.counts.frames,
        dropped = doing.counts.dropped,
        "analysis ended"
    );
    let failed = record.state == SessionState::Failed;
    let reason = record.reason.as_deref().unwrap_or_default();
    if let Some(since) = analysis.ends_since() {
        telemetry::stage(&analysis.id, "end", since, None, Attributes::new());
    }
    let attributes = vec![
        text("kinemotion.state", state),
        whole("kinemotion.repetitions", record.count()),
        whole("kinemotion.frames", doing.counts.frames),
        whole("kinemotion.frames_dropped", doing.counts.dropped),
    ];
    whole_of(analysis, failed.then_some(reason), attributes);
}

/// The span that everything of an analysis is within.
fn whole_of(analysis: &Analysis, failure: Option<&str>, mut attributes: Attributes) {
    let Some(spans) = telemetry::spans() else { return };
    let order = &analysis.order;
    attributes.extend([
        text("kinemotion.movement", &order.sport_type),
        text("kinemotion.source", &order.source),
        text("kinemotion.tenant", &order.tenant),
    ]);
    let since = humantime::parse_rfc3339(&order.created_at).unwrap_or_else(|_| SystemTime::now());
    spans.analysis(&analysis.id, since, failure, attributes);
}

fn passed(since: SystemTime) -> Duration {
    // A clock that was set back says nothing.
    since.elapsed().unwrap_or_default()
}

/// As a number with tenths.
fn milliseconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e4).round() / 10.0
}
