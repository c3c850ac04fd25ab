//! How far analyses are: bars on standard error when that is a terminal, or lines there for a program.

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use kinemotion_pipelines::Progress;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

/// Steps of a bar; media time is shown as thousandths of the clip.
const STEPS: u64 = 1000;

/// What a line for a program begins with; the share that is done follows, 0 to 1.
pub const SAID: &str = "progress ";

/// The bars of all analyses under way.
pub enum Bars {
    /// For people.
    Drawn(MultiProgress),
    /// For a program.
    Said,
}

impl Bars {
    /// Bars on standard error; nothing is drawn where that is no terminal.
    pub fn on_terminal() -> Self {
        Self::Drawn(MultiProgress::new())
    }

    /// No bars.
    #[cfg(test)]
    pub fn hidden() -> Self {
        Self::Drawn(MultiProgress::with_draw_target(
            indicatif::ProgressDrawTarget::hidden(),
        ))
    }

    /// A bar for one file. It disappears when it is dropped.
    pub fn start(&self, input: &Path) -> Bar {
        let Self::Drawn(bars) = self else {
            return Bar::Said(AtomicU64::new(0));
        };
        let name = input
            .file_name()
            .unwrap_or(input.as_os_str())
            .to_string_lossy()
            .into_owned();
        let bar = bars.add(ProgressBar::new(STEPS));
        let style = ProgressStyle::with_template("{prefix:30!} [{bar:30}] {percent:>3}% {msg}");
        bar.set_style(
            style
                .unwrap_or_else(|_| ProgressStyle::default_bar())
                .progress_chars("=> "),
        );
        bar.set_prefix(name);
        Bar::Drawn(bar)
    }

    /// Runs something that prints, without the bars in its way.
    pub fn suspend<T>(&self, print: impl FnOnce() -> T) -> T {
        match self {
            Self::Drawn(bars) => bars.suspend(print),
            Self::Said => print(),
        }
    }
}

/// The bar of one file.
pub enum Bar {
    /// For people.
    Drawn(ProgressBar),
    /// For a program; the percent that was said last.
    Said(AtomicU64),
}

impl Bar {
    /// Shows how far the analysis is.
    pub fn update(&self, progress: Progress) {
        let duration = progress.duration_s.filter(|duration| *duration > 0.0);
        let share = duration.map(|duration| (progress.position_s / duration).clamp(0.0, 1.0));
        match self {
            Self::Drawn(bar) => {
                if let Some(share) = share {
                    bar.set_position((share * STEPS as f64) as u64);
                }
                let rate = progress.frames as f64 / bar.elapsed().as_secs_f64().max(f64::EPSILON);
                bar.set_message(format!("{:.1} s, {rate:.0} frames/s", progress.position_s));
            }
            Self::Said(last) => {
                let Some(share) = share else { return };
                let percent = (share * 100.0) as u64;
                if percent > last.fetch_max(percent, Ordering::Relaxed) {
                    eprintln!("{SAID}{share:.2}");
                }
            }
        }
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        if let Self::Drawn(bar) = self {
            bar.finish_and_clear();
        }
    }
}
