//! One publisher: an offer, a `POST`, frames in real time, and what comes back over the data channel.
//!
//! ```no_run
//! # async fn publish() -> Result<(), Box<dyn std::error::Error>> {
//! use std::sync::Arc;
//! use whip_load::{Footage, FootageOptions, Publisher, PublisherOptions};
//!
//! let footage = Arc::new(Footage::encode(&FootageOptions::default())?);
//! let options = PublisherOptions::new("http://127.0.0.1:8080/whip?sport=cmj".parse()?);
//! let mut publishing = Publisher::connect(&options, footage).await?.spawn();
//! while let Some(message) = publishing.next().await {
//!     println!("{}", message.text);
//! }
//! publishing.end().await?; // DELETE; dropping it would be a publisher that vanishes
//! # Ok(())
//! # }
//! ```

mod crypto;
mod drive;
mod peer;
mod publishing;

pub use publishing::{Message, Publishing, Summary};

use crate::footage::{Footage, Reel};
use crate::http::{self, Answer};
use crate::link::{Impairment, Switch};
use crate::{Problem, PublishError};
use hyper::{Method, header};
use peer::{Peer, Sections};
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};
use url::Url;

/// How one publisher publishes.
#[derive(Clone, Debug)]
pub struct PublisherOptions {
    /// Where: `http://…/whip?sport=…` makes an analysis, `http://…/whip/{analysis_id}` takes one that waits.
    pub url: Url,
    /// Bearer token.
    pub token: Option<String>,
    /// Whether the offer has an audio section, in which silence is sent when it is taken.
    pub audio: bool,
    /// Whether the offer has the data channel `metrics`.
    pub data_channel: bool,
    /// What the network does, in either direction.
    pub impairment: Impairment,
    /// Cuts the network for a while.
    pub switch: Switch,
    /// Seed of what the network does.
    pub seed: u64,
    /// The frame of the footage that is sent first, or the key frame after it.
    pub first_frame: usize,
}

impl PublisherOptions {
    /// A publisher with data channel, without audio, over a good network.
    pub fn new(url: Url) -> Self {
        Self {
            url,
            token: None,
            audio: false,
            data_channel: true,
            impairment: Impairment::default(),
            switch: Switch::default(),
            seed: 1,
            first_frame: 0,
        }
    }
}

/// How a publisher goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It says so: `DELETE`.
    Delete,
    /// It vanishes without a word, as a laptop that is closed.
    Abrupt,
}

/// What a publisher hears and does while it publishes.
#[derive(Debug)]
pub enum Heard {
    /// Media and data can flow.
    Connected,
    /// A frame has been sent.
    Sent {
        /// Its RTP timestamp, not wrapped: ticks of [`crate::footage::CLOCK_RATE`].
        ticks: u64,
        /// When it was handed to the network.
        at: Instant,
        /// How much later than it should have been, less than a step.
        behind: Duration,
    },
    /// So many steps went by without a frame, because this program got no processor in time.
    Skipped(u64),
    /// A message of the data channel.
    Message(Message),
    /// The receiver asks for a key frame (PLI or FIR). It is the next frame: at most one frame time later.
    KeyFrameAsked,
}

/// A publisher whose offer has been answered.
pub struct Publisher {
    peer: Peer,
    reel: Reel,
    resource: Url,
    token: Option<String>,
}

impl Publisher {
    /// Makes an offer and posts it.
    ///
    /// # Errors
    /// [`PublishError::Refused`] when the server has no room, other variants for everything else that goes wrong.
    pub async fn connect(options: &PublisherOptions, footage: Arc<Footage>) -> Result<Self, PublishError> {
        let sections = Sections {
            codec: footage.codec(),
            audio: options.audio,
            data_channel: options.data_channel,
        };
        let (peer, offer) = Peer::offer(options, &sections).await?;
        let token = options.token.clone();
        let answer = http::send(Method::POST, &options.url, token.as_deref(), Some(offer)).await?;
        let answer = expect(answer, "POST", 201)?;
        let resource = answer
            .header(header::LOCATION)
            .and_then(|location| options.url.join(location).ok())
            .ok_or_else(|| PublishError::Answer("it has no Location".into()))?;
        let sdp =
            std::str::from_utf8(&answer.body).map_err(|_| PublishError::Answer("it is not text".into()))?;
        Ok(Self {
            peer: peer.accept(sdp)?,
            reel: Reel::new(footage, options.first_frame),
            resource,
            token,
        })
    }

    /// The address that ends it, `Location` of the answer.
    pub fn resource(&self) -> &Url {
        &self.resource
    }

    /// Publishes until `end` says how to go, and says what it hears and does.
    ///
    /// # Errors
    /// [`PublishError`] when the connection never comes about or breaks, or the server does not take the `DELETE`.
    pub async fn run(
        mut self,
        end: impl Future<Output = End>,
        heard: impl FnMut(Heard),
    ) -> Result<(), PublishError> {
        match drive::drive(&mut self.peer, &mut self.reel, end, heard).await? {
            End::Abrupt => Ok(()),
            End::Delete => {
                let answer = http::send(Method::DELETE, &self.resource, self.token.as_deref(), None).await?;
                expect(answer, "DELETE", 200).map(drop)
            }
        }
    }

    /// Publishes in a task of its own.
    pub fn spawn(self) -> Publishing {
        Publishing::start(self)
    }
}

/// An answer with this status, or what it says instead.
fn expect(answer: Answer, action: &'static str, status: u16) -> Result<Answer, PublishError> {
    let retry_after = answer
        .header(header::RETRY_AFTER)
        .and_then(|seconds| Some(Duration::from_secs(seconds.trim().parse().ok()?)));
    match answer.status {
        got if got == status => Ok(answer),
        503 => Err(PublishError::Refused {
            problem: Problem::read(&answer.body).into(),
            retry_after,
            after: answer.took,
        }),
        status => Err(PublishError::Status {
            action,
            status,
            problem: Problem::read(&answer.body),
        }),
    }
}
