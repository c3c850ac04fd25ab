//! What a hub remembers: numbered events on three shelves.
//!
//! Contract: sequence numbers are pushed in rising order; a position is only used with the log that made it.

use super::line::{Class, Delivery, Line, Types};
use std::collections::VecDeque;

/// How much is remembered of what may be forgotten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capacity {
    /// Events of [`Class::Interim`].
    pub interim: usize,
    /// Events of [`Class::Pose`].
    pub poses: usize,
}

/// Numbered events, each on the shelf of its class.
#[derive(Debug)]
pub struct Log {
    shelves: [Shelf; Class::ALL.len()],
    next_sequence: u64,
    closed: bool,
}

/// Events of one class. Each has an ordinal: how many of its class came before it.
#[derive(Debug)]
struct Shelf {
    lines: VecDeque<Line>,
    /// Ordinal of the first line that is still there, so also how many have fallen out.
    first: u64,
    capacity: usize,
}

/// Where a reader is: the ordinal of the next event on each shelf.
#[derive(Clone, Debug)]
pub struct Position {
    from_sequence: u64,
    next: [u64; Class::ALL.len()],
    dropped: u64,
}

impl Shelf {
    fn new(capacity: usize) -> Self {
        Self {
            lines: VecDeque::new(),
            first: 0,
            capacity,
        }
    }

    fn push(&mut self, line: Line) {
        self.lines.push_back(line);
        while self.lines.len() > self.capacity {
            self.lines.pop_front();
            self.first += 1;
        }
    }

    fn at(&self, ordinal: u64) -> Option<&Line> {
        let index = usize::try_from(ordinal.checked_sub(self.first)?).ok()?;
        self.lines.get(index)
    }

    fn forget(&mut self) {
        self.first += self.lines.len() as u64;
        self.lines.clear();
    }

    /// Ordinal of the first event that is still there and has this number or a higher one.
    fn ordinal_of(&self, sequence: u64) -> u64 {
        self.first + self.lines.partition_point(|line| line.sequence < sequence) as u64
    }

    /// Whether everything from this number on is still there.
    fn reaches_back_to(&self, sequence: u64) -> bool {
        self.first == 0 || self.lines.front().is_some_and(|line| line.sequence <= sequence)
    }
}

impl Log {
    /// A log without events.
    pub fn new(capacity: Capacity) -> Self {
        let shelf = |class| match class {
            Class::Kept => Shelf::new(usize::MAX),
            Class::Interim => Shelf::new(capacity.interim),
            Class::Pose => Shelf::new(capacity.poses),
        };
        Self {
            shelves: Class::ALL.map(shelf),
            next_sequence: 0,
            closed: false,
        }
    }

    /// The log of an analysis that was stored without its poses; `next_sequence` goes on behind everything that was ever
    /// announced.
    pub fn restored(capacity: Capacity, lines: impl IntoIterator<Item = Line>, next_sequence: u64) -> Self {
        let mut log = Self::new(capacity);
        lines.into_iter().for_each(|line| log.push(line));
        log.leave_out(next_sequence);
        log
    }

    /// Adds an event whose number is at least [`Log::next_sequence`]. Numbers before it that are missing were poses.
    pub fn push(&mut self, line: Line) {
        debug_assert!(
            line.sequence >= self.next_sequence,
            "numbers are pushed in rising order"
        );
        self.leave_out(line.sequence);
        self.next_sequence = line.sequence + 1;
        self.shelf_mut(line.kind.class()).push(line);
    }

    /// Goes on at a number. Those before it that are missing were poses, which count as fallen out with all before them.
    fn leave_out(&mut self, next_sequence: u64) {
        let missing = next_sequence.saturating_sub(self.next_sequence);
        if missing > 0 {
            self.forget_poses();
            self.shelf_mut(Class::Pose).first += missing;
            self.next_sequence = next_sequence;
        }
    }

    /// Forgets every event so far. Readers that had not come to them count them as dropped.
    pub fn forget(&mut self) {
        self.shelves.iter_mut().for_each(Shelf::forget);
    }

    /// The number of the next event.
    pub fn next_sequence(&self) -> u64 {
        self.next_sequence
    }

    /// Nothing more will be pushed.
    pub fn close(&mut self) {
        self.closed = true;
    }

    /// Whether nothing more will be pushed.
    pub fn is_closed(&self) -> bool {
        self.closed
    }

    /// Lets go of every pose, as if they had fallen out. More than that an analysis of the day before does not have either.
    pub fn forget_poses(&mut self) {
        let shelf = self.shelf_mut(Class::Pose);
        shelf.first += shelf.lines.len() as u64;
        shelf.lines = VecDeque::new();
    }

    /// The position before a number.
    ///
    /// Where events from that number on have already fallen out, they count as dropped. Numbers have no gaps, so their sum
    /// is exact as long as one class alone has lost any; they are counted as poses, which are by far the most.
    pub fn position(&self, from_sequence: u64) -> Position {
        let mut next = Class::ALL.map(|class| self.shelf(class).ordinal_of(from_sequence));
        if !self.shelf(Class::Pose).reaches_back_to(from_sequence) {
            let others = next[Class::Kept as usize] + next[Class::Interim as usize];
            let pose = &mut next[Class::Pose as usize];
            *pose = from_sequence.saturating_sub(others).min(*pose);
        }
        Position {
            from_sequence,
            next,
            dropped: 0,
        }
    }

    /// The next events of these types, at most so many, and moves the position behind them.
    pub fn read(&self, position: &mut Position, types: Types, most: usize) -> Vec<Delivery> {
        let mut deliveries = Vec::new();
        while deliveries.len() < most {
            position.count_dropped(self, types);
            let Some(line) = self.next(position, types) else {
                break;
            };
            position.next[line.kind.class() as usize] += 1;
            if !types.contains(line.kind) || line.sequence < position.from_sequence {
                continue;
            }
            deliveries.push(Delivery {
                line: line.clone(),
                dropped: std::mem::take(&mut position.dropped),
            });
        }
        deliveries
    }

    /// The event with the lowest number at a position, of the classes in which something is wanted.
    fn next(&self, position: &Position, types: Types) -> Option<&Line> {
        Class::ALL
            .into_iter()
            .filter(|class| types.touches(*class))
            .filter_map(|class| self.shelf(class).at(position.next[class as usize]))
            .min_by_key(|line| line.sequence)
    }

    fn shelf(&self, class: Class) -> &Shelf {
        &self.shelves[class as usize]
    }

    fn shelf_mut(&mut self, class: Class) -> &mut Shelf {
        &mut self.shelves[class as usize]
    }
}

impl Position {
    /// Steps over what has fallen out.
    fn count_dropped(&mut self, log: &Log, types: Types) {
        for class in Class::ALL {
            let (next, first) = (&mut self.next[class as usize], log.shelf(class).first);
            if *next < first {
                self.dropped += if types.touches(class) { first - *next } else { 0 };
                *next = first;
            }
        }
    }
}

#[cfg(test)]
#[path = "log_tests.rs"]
mod tests;
