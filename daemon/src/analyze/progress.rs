//! Progress bars on standard error, when that is a terminal.

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use kinemotion_pipelines::Progress;
use std::path::Path;

/// Steps of a bar; media time is shown as thousandths of the clip.
const STEPS: u64 = 1000;

/// The bars of all analyses under way.
pub struct Bars(MultiProgress);

impl Bars {
    /// Bars on standard error; nothing is drawn where that is no terminal.
    pub fn on_terminal() -> Self {
        Self(MultiProgress::new())
    }

    /// No bars.
    #[cfg(test)]
    pub fn hidden() -> Self {
        Self(MultiProgress::with_draw_target(
            indicatif::ProgressDrawTarget::hidden(),
        ))
    }

    /// A bar for one file. It disappears when it is dropped.
    pub fn start(&self, input: &Path) -> Bar {
        let name = input
            .file_name()
            .unwrap_or(input.as_os_str())
            .to_string_lossy()
            .into_owned();
        let bar = self.0.add(ProgressBar::new(STEPS));
        let style = ProgressStyle::with_template("{prefix:30!} [{bar:30}] {percent:>3}% {msg}");
        bar.set_style(
            style
                .unwrap_or_else(|_| ProgressStyle::default_bar())
                .progress_chars("=> "),
        );
        bar.set_prefix(name);
        Bar(bar)
    }

    /// Runs something that prints, without the bars in its way.
    pub fn suspend<T>(&self, print: impl FnOnce() -> T) -> T {
        self.0.suspend(print)
    }
}

/// The bar of one file.
pub struct Bar(ProgressBar);

impl Bar {
    /// Shows how far the analysis is.
    pub fn update(&self, progress: Progress) {
        if let Some(duration) = progress.duration_s.filter(|duration| *duration > 0.0) {
            let share = (progress.position_s / duration).clamp(0.0, 1.0);
            self.0.set_position((share * STEPS as f64) as u64);
        }
        let rate = progress.frames as f64 / self.0.elapsed().as_secs_f64().max(f64::EPSILON);
        self.0
            .set_message(format!("{:.1} s, {rate:.0} frames/s", progress.position_s));
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
