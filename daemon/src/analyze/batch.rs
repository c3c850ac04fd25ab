//! Several analyses at once, delivered in the order of the arguments.

use super::progress::Bars;
use kinemotion_pipelines::{
    Analysis, AnalysisError, AnalysisSpec, EventLines, analyze_file, analyze_file_with_events,
};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

/// What to do with the event stream of each analysis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Events {
    /// Nobody wants it.
    Ignore,
    /// Keep it in an unnamed temporary file until its turn comes.
    Spool,
    /// Write it to standard output as it arises; only for one analysis at a time.
    Stream,
}

/// How one analysis ended.
pub struct Outcome {
    /// The input.
    pub input: PathBuf,
    /// Its result.
    pub result: Result<Analysis, AnalysisError>,
    /// Its spooled event stream.
    pub events: Option<File>,
}

/// Runs `jobs` analyses at a time and delivers each outcome in order. When delivery fails, the rest is cancelled.
pub fn run(
    specs: &[AnalysisSpec],
    jobs: usize,
    events: Events,
    bars: &Bars,
    deliver: &mut dyn FnMut(Outcome) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let next = AtomicUsize::new(0);
    let (sender, outcomes) = mpsc::sync_channel(jobs);
    thread::scope(|scope| {
        for worker in 0..jobs {
            let (sender, next) = (sender.clone(), &next);
            let work = move || {
                while let Some((index, spec)) = take(specs, next) {
                    if sender.send((index, analyze(spec, events, bars))).is_err() {
                        return;
                    }
                }
            };
            if let Err(error) = thread::Builder::new()
                .name(format!("analysis-{worker}"))
                .spawn_scoped(scope, work)
            {
                // Fewer workers do the same work, as long as there is one.
                if worker == 0 {
                    return Err(error.into());
                }
                break;
            }
        }
        drop(sender);
        let delivered = deliver_in_order(&outcomes, deliver);
        if delivered.is_err() {
            specs.iter().for_each(|spec| spec.cancellation.cancel());
            drop(outcomes);
        }
        delivered
    })
}

fn take<'a>(specs: &'a [AnalysisSpec], next: &AtomicUsize) -> Option<(usize, &'a AnalysisSpec)> {
    let index = next.fetch_add(1, Ordering::Relaxed);
    specs.get(index).map(|spec| (index, spec))
}

fn deliver_in_order(
    outcomes: &mpsc::Receiver<(usize, Outcome)>,
    deliver: &mut dyn FnMut(Outcome) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut early = BTreeMap::new();
    let mut turn = 0;
    for (index, outcome) in outcomes {
        early.insert(index, outcome);
        while let Some(outcome) = early.remove(&turn) {
            deliver(outcome)?;
            turn += 1;
        }
    }
    Ok(())
}

fn analyze(spec: &AnalysisSpec, events: Events, bars: &Bars) -> Outcome {
    let bar = bars.start(&spec.input);
    let mut progress = |progress| bar.update(progress);
    let (result, events) = match events {
        Events::Ignore => (analyze_file(spec, &mut progress), None),
        Events::Stream => (
            analyze_file_with_events(spec, Box::new(to_stdout), &mut progress),
            None,
        ),
        Events::Spool => match spool() {
            Ok((file, lines)) => (analyze_file_with_events(spec, lines, &mut progress), Some(file)),
            Err(error) => {
                let reason = error.to_string();
                (
                    Err(AnalysisError::Output {
                        path: std::env::temp_dir(),
                        reason,
                    }),
                    None,
                )
            }
        },
    };
    Outcome {
        input: spec.input.clone(),
        result,
        events,
    }
}

fn to_stdout(lines: &[u8]) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(lines)?;
    stdout.flush()
}

fn spool() -> io::Result<(File, EventLines)> {
    let file = tempfile::tempfile()?;
    let mut writer = file.try_clone()?;
    Ok((file, Box::new(move |lines| writer.write_all(lines))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(name: &str) -> Outcome {
        Outcome {
            input: name.into(),
            result: Err(AnalysisError::Cancelled),
            events: None,
        }
    }

    #[test]
    fn outcomes_are_delivered_in_the_order_of_the_arguments() {
        let (sender, receiver) = mpsc::channel();
        for index in [2, 0, 3, 1] {
            sender.send((index, outcome(&index.to_string()))).expect("open");
        }
        drop(sender);
        let mut order = Vec::new();
        deliver_in_order(&receiver, &mut |outcome| {
            order.push(outcome.input.to_string_lossy().into_owned());
            Ok(())
        })
        .expect("delivery");
        assert_eq!(order, ["0", "1", "2", "3"]);
    }

    #[test]
    fn a_failed_delivery_ends_the_batch() {
        let cancellation = kinemotion_pipelines::Cancellation::default();
        let spec = |n| AnalysisSpec {
            cancellation: cancellation.clone(),
            ..AnalysisSpec::new(format!("/nonexistent/{n}.mp4"))
        };
        let specs: Vec<AnalysisSpec> = (0..20).map(spec).collect();
        let mut delivered = 0;
        let result = run(&specs, 2, Events::Ignore, &Bars::hidden(), &mut |_| {
            delivered += 1;
            anyhow::bail!("disk full")
        });
        assert!(result.is_err());
        assert_eq!(delivered, 1);
        assert!(cancellation.is_cancelled());
    }
}
