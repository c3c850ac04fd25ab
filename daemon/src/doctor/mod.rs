//! `kinemotion doctor`: is this machine ready, and if not, what to do.

mod checks;

use crate::exit::Exit;
use crate::measuring::ProviderArgs;
use crate::stdout::print;
use clap::Args;
use kinemotion_models::ExecutionProvider;
use std::fmt::Write;

/// Check that this machine has everything, and say how to fix what is missing.
#[derive(Args)]
pub struct DoctorArgs {
    /// Look at what `serve` needs too: WebRTC, RTSP, SRT, RTMP, HLS
    #[arg(long)]
    live: bool,
    #[command(flatten)]
    provider: ProviderArgs,
}

/// How a check came out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// As it should be.
    Good,
    /// Worth knowing, nothing to fix.
    Note,
    /// Missing or broken, with the cure.
    Bad {
        /// What to do.
        cure: String,
    },
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Check {
    /// What was looked at.
    subject: String,
    /// What was found.
    finding: String,
    /// How it came out.
    verdict: Verdict,
}

impl Check {
    fn good(subject: &str, finding: impl Into<String>) -> Self {
        Self {
            subject: subject.into(),
            finding: finding.into(),
            verdict: Verdict::Good,
        }
    }

    fn note(subject: &str, finding: impl Into<String>) -> Self {
        Self {
            subject: subject.into(),
            finding: finding.into(),
            verdict: Verdict::Note,
        }
    }

    fn bad(subject: &str, finding: impl Into<String>, cure: impl Into<String>) -> Self {
        Self {
            subject: subject.into(),
            finding: finding.into(),
            verdict: Verdict::Bad { cure: cure.into() },
        }
    }

    fn is_bad(&self) -> bool {
        matches!(self.verdict, Verdict::Bad { .. })
    }
}

/// Runs every check and prints what was found.
pub fn run(args: &DoctorArgs) -> anyhow::Result<Exit> {
    let checks = checks::all(&args.provider.providers, args.live);
    print(&report(&checks))?;
    Ok(if checks.iter().any(Check::is_bad) {
        Exit::NotReady
    } else {
        Exit::Done
    })
}

/// What was found with these execution providers, also of what `serve` needs, as it is printed.
pub(crate) fn text(providers: &[ExecutionProvider]) -> String {
    report(&checks::all(providers, true))
}

fn report(checks: &[Check]) -> String {
    let width = checks
        .iter()
        .map(|check| check.subject.chars().count())
        .max()
        .unwrap_or_default();
    let mut text = String::new();
    for Check {
        subject,
        finding,
        verdict,
    } in checks
    {
        let mark = match verdict {
            Verdict::Good => "ok  ",
            Verdict::Note => "note",
            Verdict::Bad { .. } => "MISS",
        };
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{mark}  {subject:width$}  {finding}");
        if let Verdict::Bad { cure } = verdict {
            let _ = writeln!(text, "      {:width$}  fix: {cure}", "");
        }
    }
    let bad = checks.iter().filter(|check| check.is_bad()).count();
    let summary = match bad {
        0 => "everything is ready".to_owned(),
        1 => "one thing to fix".to_owned(),
        more => format!("{more} things to fix"),
    };
    text + "\n" + &summary + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_miss_is_reported_with_its_cure() {
        let checks = [
            Check::good("GStreamer", "1.22.0"),
            Check::bad("mp4mux", "missing", "apt-get install it"),
        ];
        let text = report(&checks);
        assert!(text.contains("ok    GStreamer  1.22.0"), "{text}");
        assert!(text.contains("MISS  mp4mux"), "{text}");
        assert!(text.contains("fix: apt-get install it"), "{text}");
        assert!(text.ends_with("one thing to fix\n"), "{text}");
    }
}
