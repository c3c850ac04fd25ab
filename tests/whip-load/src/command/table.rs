//! The figures of a run for people.

use super::report::Report;
use comfy_table::presets::NOTHING;
use comfy_table::{CellAlignment, Table};
use std::fmt;
use whip_load::statistics::{quantile, sorted};

fn percent(share: Option<f64>) -> String {
    share.map_or_else(|| "–".into(), |share| format!("{:.1} %", 100.0 * share))
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let done = self.sessions - self.refused - self.failed;
        writeln!(
            f,
            "{} sessions in {:.0} s: {done} published, {} refused, {} failed",
            self.sessions, self.seconds, self.refused, self.failed
        )?;
        for (reason, count) in &self.reasons {
            writeln!(f, "  {count} × {reason}")?;
        }
        let [measured, predicted, nobody] = self.poses;
        writeln!(
            f,
            "{} frames sent, {} skipped; poses heard: {measured} measured, {predicted} predicted, {nobody} of an empty picture",
            self.frames, self.skipped
        )?;
        writeln!(
            f,
            "degraded {}, unmatched {}, unreadable {}; {} repetitions, key frame asked for {} times\n",
            percent(self.degraded),
            percent(self.unmatched_share()),
            self.unreadable,
            self.repetitions,
            self.key_frames_asked
        )?;
        writeln!(f, "{}", self.table())?;
        write!(
            f,
            "\nthis program took {:.3} of a processor, {} for each publisher",
            self.cpu_s / self.seconds,
            match self.published_s > 0.0 {
                true => format!("{:.4}", self.cpu_s / self.published_s),
                false => "–".into(),
            }
        )
    }
}

impl Report {
    fn table(&self) -> Table {
        let mut table = Table::new();
        table.load_preset(NOTHING);
        table.set_header(["", "p50", "p95", "p99", "most", "n"]);
        let mut row = |name: &str, values: &[f64], digits: usize| {
            let figure = |share| {
                quantile(values, share).map_or_else(|| "–".into(), |value| format!("{value:.digits$}"))
            };
            let [p50, p95, p99, most] = [0.5, 0.95, 0.99, 1.0].map(figure);
            table.add_row([name, &p50, &p95, &p99, &most, &values.len().to_string()]);
        };
        row("frame sent → metric received, ms", &self.latencies, 1);
        row("  of frames that were looked at", &self.measured_latencies, 1);
        row("WHIP POST → first metric, ms", &self.setups, 0);
        row("WHIP POST → refused, ms", &self.refusals, 1);
        // The best clients are of no interest: ranks from the other end.
        let lowest = sorted(self.rates.iter().map(|rate| -rate));
        let lowest: Vec<f64> = lowest.into_iter().map(|rate| -rate).collect();
        row("measured poses per second of a session, worst last", &lowest, 1);
        row("longest time without a pose in a session, s", &self.silences, 2);
        row("frame due → frame sent, ms", &self.behind, 1);
        row("media time off its frame's clock, ms", &self.residuals, 2);
        for column in table.column_iter_mut().skip(1) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        table
    }
}
