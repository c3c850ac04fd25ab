//! What a session says, on its way to the scribe. Called on streaming threads: nothing here waits.

use super::{Analysis, News, Sessions, events};
use kinemotion_pipelines::live::{EventSink, LiveEvent};
use std::sync::Arc;

impl Sessions {
    /// Takes what a session says. A sink does not keep its analysis alive.
    pub(super) fn sink(&self, analysis: &Arc<Analysis>) -> EventSink {
        let (sessions, analysis) = (Arc::downgrade(&self.0), Arc::downgrade(analysis));
        Arc::new(move |event| {
            let (Some(sessions), Some(analysis)) = (sessions.upgrade(), analysis.upgrade()) else {
                return;
            };
            let frames = &sessions.metrics.frames;
            let news = match event {
                LiveEvent::Frame(times) => {
                    frames.passed(&times);
                    return sessions.scribe.passed(times);
                }
                LiveEvent::Dropped(reason) => return frames.dropped(reason),
                LiveEvent::Pose(pose) => {
                    frames.poses(&pose);
                    events::pose(&pose).map(News::Draft)
                }
                LiveEvent::Motion(event) => events::motion(&event).map(News::Draft),
                LiveEvent::State { state, reason } => Ok(News::State(state, reason)),
                LiveEvent::Service(service) => Ok(News::Service(service)),
                LiveEvent::Warning(message) => Ok(News::Warning(message)),
                LiveEvent::Error(failure) => Ok(News::Failure(failure)),
            };
            match news {
                Ok(news) => sessions.scribe.tell(analysis, news),
                Err(error) => {
                    tracing::error!(event = "event_not_said", analysis = analysis.id, %error, "an event cannot be written as JSON");
                }
            }
        })
    }
}
