//! A publisher in a task of its own.

use super::{End, Heard, Publisher};
use crate::PublishError;
use std::time::Instant;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use url::Url;

/// Messages that may wait for [`Publishing::next`]: half a minute of everything. What comes then is dropped and counted.
const MOST_WAITING: usize = 2_048;

/// A message of the data channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// What it says.
    pub text: String,
    /// When it was there.
    pub at: Instant,
}

/// What a publisher did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Frames that were sent.
    pub frames: u64,
    /// How often the receiver asked for a key frame.
    pub key_frames_asked: u64,
    /// Messages that came over the data channel.
    pub messages: u64,
    /// Messages nobody took in time.
    pub dropped: u64,
}

/// A publisher that publishes. One that is dropped vanishes without a word.
pub struct Publishing {
    resource: Url,
    messages: mpsc::Receiver<Message>,
    end: oneshot::Sender<End>,
    task: JoinHandle<Result<Summary, PublishError>>,
}

impl Publishing {
    pub(super) fn start(publisher: Publisher) -> Self {
        let resource = publisher.resource().clone();
        let (say, messages) = mpsc::channel(MOST_WAITING);
        let (end, ended) = oneshot::channel();
        let task = tokio::spawn(async move {
            let mut summary = Summary::default();
            let end = async { ended.await.unwrap_or(End::Abrupt) };
            let heard = |heard| match heard {
                Heard::Connected | Heard::Skipped(_) => {}
                Heard::Sent { .. } => summary.frames += 1,
                Heard::KeyFrameAsked => summary.key_frames_asked += 1,
                Heard::Message(message) => {
                    summary.messages += 1;
                    summary.dropped += u64::from(say.try_send(message).is_err());
                }
            };
            publisher.run(end, heard).await?;
            Ok(summary)
        });
        Self {
            resource,
            messages,
            end,
            task,
        }
    }

    /// The address that ends it.
    pub fn resource(&self) -> &Url {
        &self.resource
    }

    /// The next message of the data channel; `None` when the connection is over. Then [`Publishing::end`] says why.
    pub async fn next(&mut self) -> Option<Message> {
        self.messages.recv().await
    }

    /// Says that it ends (`DELETE`), and goes.
    ///
    /// # Errors
    /// What broke the connection before, or that the `DELETE` was not taken.
    pub async fn end(self) -> Result<Summary, PublishError> {
        self.go(End::Delete).await
    }

    /// Vanishes without a word.
    ///
    /// # Errors
    /// What broke the connection before.
    pub async fn abandon(self) -> Result<Summary, PublishError> {
        self.go(End::Abrupt).await
    }

    async fn go(self, end: End) -> Result<Summary, PublishError> {
        // One that is over already does not listen; the task says why.
        let _ = self.end.send(end);
        self.task
            .await
            .unwrap_or_else(|failure| std::panic::resume_unwind(failure.into_panic()))
    }
}
