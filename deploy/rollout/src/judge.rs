//! Whether what was measured of the new version is good, bad, or no ground for a judgement. Numbers in, a verdict out.

use crate::plan::Limits;
use serde::Serialize;

/// What Prometheus says of the new version.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Measured {
    /// Answers.
    pub requests: f64,
    /// Bad ones among them.
    pub errors: f64,
    /// 95th percentile of the time until an answer, seconds. None: there is none.
    pub p95_s: Option<f64>,
}

/// What is thought of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "verdict", content = "why", rename_all = "snake_case")]
pub enum Verdict {
    /// Within its limits.
    Good,
    /// Beyond a limit: which, and by how much.
    Bad(String),
    /// It cannot be judged: why.
    Unknown(String),
}

/// Judges. An error rate beyond its limit is bad whether or not there are latencies.
pub fn judge(limits: &Limits, measured: &Measured) -> Verdict {
    let Measured {
        requests,
        errors,
        p95_s,
    } = *measured;
    // So many bad ones are too many, however good those are that a ground for a judgement still lacks.
    let too_many = errors > limits.error_rate * requests.max(limits.requests);
    if requests < limits.requests && !too_many {
        let least = limits.requests;
        return Verdict::Unknown(format!("{requests:.0} answers, {least:.0} are needed"));
    }
    let (rate, most) = (errors / requests, limits.error_rate);
    if rate > most {
        return Verdict::Bad(format!(
            "{:.1} % of answers are bad, {:.1} % may be",
            100.0 * rate,
            100.0 * most
        ));
    }
    match p95_s.map(|seconds| 1000.0 * seconds) {
        None => Verdict::Unknown("there are no latencies".into()),
        Some(p95_ms) if p95_ms > limits.p95_ms => {
            Verdict::Bad(format!("p95 is {p95_ms:.0} ms, {:.0} ms may be", limits.p95_ms))
        }
        Some(_) => Verdict::Good,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_bad_beyond_a_limit_and_unknown_without_ground() {
        let limits = Limits::default();
        for (requests, errors, p95_s, expected) in [
            (100.0, 0.0, Some(0.1), "good"),
            (100.0, 5.0, Some(0.2), "good"),
            (
                100.0,
                5.1,
                Some(0.1),
                "bad: 5.1 % of answers are bad, 5.0 % may be",
            ),
            (
                100.0,
                100.0,
                None,
                "bad: 100.0 % of answers are bad, 5.0 % may be",
            ),
            (100.0, 0.0, Some(0.2001), "bad: p95 is 200 ms, 200 ms may be"),
            (100.0, 0.0, Some(4.0), "bad: p95 is 4000 ms, 200 ms may be"),
            (100.0, 0.0, None, "unknown: there are no latencies"),
            (50.0, 0.0, Some(0.1), "good"),
            (49.0, 2.0, Some(4.0), "unknown: 49 answers, 50 are needed"),
            (49.0, 49.0, None, "bad: 100.0 % of answers are bad, 5.0 % may be"),
            (0.0, 0.0, None, "unknown: 0 answers, 50 are needed"),
        ] {
            let verdict = match judge(
                &limits,
                &Measured {
                    requests,
                    errors,
                    p95_s,
                },
            ) {
                Verdict::Good => "good".into(),
                Verdict::Bad(why) => format!("bad: {why}"),
                Verdict::Unknown(why) => format!("unknown: {why}"),
            };
            assert_eq!(verdict, expected, "{requests} {errors} {p95_s:?}");
        }
    }
}
