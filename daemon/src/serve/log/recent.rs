//! The last lines that were written, for whoever asks the operators' listener afterwards.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

/// So many bytes of lines are kept, the youngest ones.
const MOST_BYTES: usize = 1 << 20;

/// There is one log, and one of these.
static RECENT: Mutex<Recent> = Mutex::new(Recent {
    lines: VecDeque::new(),
    bytes: 0,
});

/// Lines with their size.
struct Recent {
    lines: VecDeque<String>,
    bytes: usize,
}

impl Recent {
    fn keep(&mut self, line: String, most_bytes: usize) {
        self.bytes += line.len() + 1;
        self.lines.push_back(line);
        while self.bytes > most_bytes {
            let Some(oldest) = self.lines.pop_front() else {
                break;
            };
            self.bytes -= oldest.len() + 1;
        }
    }

    fn text(&self) -> String {
        let mut text = String::with_capacity(self.bytes);
        for line in &self.lines {
            text.push_str(line);
            text.push('\n');
        }
        text
    }
}

/// Keeps a line.
pub fn keep(line: String) {
    let mut recent = RECENT.lock().unwrap_or_else(PoisonError::into_inner);
    recent.keep(line, MOST_BYTES);
}

/// The last lines, each a JSON object, the oldest first.
pub fn recent() -> String {
    RECENT.lock().unwrap_or_else(PoisonError::into_inner).text()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_lines_go_when_there_are_too_many() {
        let mut recent = Recent {
            lines: VecDeque::new(),
            bytes: 0,
        };
        for line in ["one", "two", "three"] {
            recent.keep(line.into(), 10);
        }
        assert_eq!(recent.text(), "two\nthree\n");
        recent.keep("much longer than all".into(), 10);
        assert_eq!(recent.text(), "");
    }
}
