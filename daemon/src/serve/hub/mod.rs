//! One analysis' events on their way from one writer to any number of readers.
//!
//! Nothing is queued per reader: the hub keeps a log, each reader has a position in it and pulls. A reader that is slow or
//! gone costs nothing and slows nobody; what it missed is counted and said on the next event it gets
//! ([ADR 10](../../../../docs/adr/0010-readers-pull.md)).
//!
//! | module | job |
//! |---|---|
//! | `line` | an event as text, numbered |
//! | `log` | what is kept and what falls out; positions; pure, without locks or clocks |
//! | `reader` | waiting for what comes next |

mod line;
mod log;
mod reader;

pub use line::{Class, Delivery, Draft, EventType, Line, Types};
pub use log::{Capacity, Log};
pub use reader::Reader;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// An event that has its number and that nobody has heard of: the moment for what must happen before anybody does.
/// One that is dropped unannounced has never been.
#[must_use]
pub struct Numbered<'a> {
    line: Line,
    hub: &'a Hub,
    _writer: tokio::sync::MutexGuard<'a, ()>,
}

impl Numbered<'_> {
    /// The event as it is going to be announced.
    pub fn line(&self) -> &Line {
        &self.line
    }

    /// Lets everybody hear of it.
    pub fn announce(self, turn: Turn) {
        self.hub.pass_on(self.line, turn);
    }
}

/// What an event does to those before and after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Nothing.
    None,
    /// What came before is taken back: nobody hears of it any more. Numbers go on.
    Anew,
    /// Nothing more will come: whoever hears of it finds that it was the last.
    Last,
}

/// The events of one analysis.
pub struct Hub {
    analysis_id: String,
    log: Mutex<Log>,
    /// Held while an event is numbered, stored and announced, so that numbers are announced in their order.
    writer: tokio::sync::Mutex<()>,
    /// Says that the log has changed.
    changed: watch::Sender<()>,
}

impl Hub {
    /// The hub of a log, empty or read back from a file.
    pub fn new(analysis_id: impl Into<String>, log: Log) -> Self {
        Self {
            analysis_id: analysis_id.into(),
            log: Mutex::new(log),
            writer: tokio::sync::Mutex::new(()),
            changed: watch::Sender::new(()),
        }
    }

    /// Gives an event its number, as soon as the one before it is announced. `None` when the hub is closed: it says nothing
    /// more.
    pub async fn number(&self, draft: &Draft) -> Option<Numbered<'_>> {
        let writer = self.writer.lock().await;
        let sequence = {
            let log = self.log();
            (!log.is_closed()).then(|| log.next_sequence())?
        };
        Some(Numbered {
            line: Line::new(&self.analysis_id, sequence, draft),
            hub: self,
            _writer: writer,
        })
    }

    /// Lets everybody hear of an event that has its number already, from here or from another daemon; once, whoever passes it on.
    /// Numbers that are left out belong to poses nobody here has heard of.
    pub fn pass_on(&self, line: Line, turn: Turn) {
        {
            let mut log = self.log();
            if log.is_closed() || line.sequence < log.next_sequence() {
                return;
            }
            if turn == Turn::Anew {
                log.forget();
            }
            log.push(line);
            if turn == Turn::Last {
                log.close();
            }
        }
        self.changed.send_replace(());
    }

    /// The last event has been published: readers end when they have read it.
    pub fn close(&self) {
        self.log().close();
        self.changed.send_replace(());
    }

    /// Lets go of the poses; whoever has not read them yet hears how many there were.
    pub fn forget_poses(&self) {
        self.log().forget_poses();
    }

    /// A reader of these types of event, starting at a sequence number.
    pub fn read(self: &Arc<Self>, from_sequence: u64, types: Types) -> Reader {
        Reader::new(self.clone(), from_sequence, types)
    }

    /// The number the next event gets.
    pub fn next_sequence(&self) -> u64 {
        self.log().next_sequence()
    }

    /// Whether the last event has been published.
    pub fn is_closed(&self) -> bool {
        self.log().is_closed()
    }

    /// Waits until the last event has been published.
    pub async fn closed(&self) {
        let mut changed = self.changed.subscribe();
        while !self.is_closed() {
            // The sender lives as long as `self`.
            let _ = changed.changed().await;
        }
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
