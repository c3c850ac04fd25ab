//! All contacts and toe-offs of a bout at once.
//!
//! Contact and toe-off of a step follow each other with the body's turning point halfway between, and so do the toe-off
//! of one step and the contact of the next: a thrown body is highest halfway through its flight, and a body on a spring
//! is lowest halfway through its contact (Blickhan 1989, doi:10.1016/0021-9290(89)90224-8). Weighted least squares over
//! this chain uses every mark by its own certainty, and one bad mark is carried by its neighbours.

/// Marks further from the solution than this many standard deviations lose weight (Huber).
const HUBER: f64 = 1.5;

/// Rounds of reweighting.
const ROUNDS: usize = 6;

/// A pivot below this part of the largest weight means that an instant was not observed.
const UNOBSERVED: f64 = 1e-6;

/// What was observed of one step, lags removed, seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Observation {
    /// Contact of this foot.
    pub contact_s: Option<f64>,
    /// Toe-off of this foot.
    pub toe_off_s: Option<f64>,
    /// Middle between contact and toe-off of this foot.
    pub centre_s: Option<f64>,
    /// Middle between the toe-off of the step before and this contact.
    pub between_s: Option<f64>,
    /// Where contact and toe-off of this foot usually lie between the passings: so that none is without any hint.
    pub usual_s: Option<[f64; 2]>,
}

/// Standard deviations of the observations, seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// Of a contact.
    pub contact_s: f64,
    /// Of a toe-off.
    pub toe_off_s: f64,
    /// Of the middle of a contact.
    pub centre_s: f64,
    /// Of the middle between steps.
    pub between_s: f64,
    /// Of the usual places.
    pub usual_s: f64,
}

/// The instants of one step, seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Times {
    /// Contact.
    pub contact_s: f64,
    /// Toe-off.
    pub toe_off_s: f64,
}

/// One equation: the mean of one or two neighbouring unknowns was observed.
#[derive(Clone, Copy)]
struct Equation {
    first: usize,
    pair: bool,
    value: f64,
    deviation: f64,
}

impl Equation {
    fn residual(&self, x: &[f64]) -> f64 {
        let predicted = if self.pair {
            0.5 * (x[self.first] + x[self.first + 1])
        } else {
            x[self.first]
        };
        self.value - predicted
    }
}

/// Solves the chain; `None` when an instant was not observed at all.
pub fn solve(steps: &[Observation], spread: &Spread) -> Option<Vec<Times>> {
    let origin = steps.iter().find_map(|s| s.contact_s.or(s.toe_off_s))?;
    let equations = equations(steps, spread, origin);
    let mut x = vec![0.0; 2 * steps.len()];
    for round in 0..ROUNDS {
        let weight = |e: &Equation| {
            let huber = if round == 0 {
                1.0
            } else {
                (HUBER * e.deviation / e.residual(&x).abs().max(1e-12)).min(1.0)
            };
            huber / (e.deviation * e.deviation)
        };
        let next = tridiagonal(&equations, weight, x.len())?;
        x = next;
    }
    Some(
        x.chunks_exact(2)
            .map(|t| Times {
                contact_s: origin + t[0],
                toe_off_s: origin + t[1],
            })
            .collect(),
    )
}

fn equations(steps: &[Observation], spread: &Spread, origin: f64) -> Vec<Equation> {
    let mut equations = Vec::with_capacity(4 * steps.len());
    let mut add = |first, pair, value: Option<f64>, deviation| {
        equations.extend(value.map(|value| Equation {
            first,
            pair,
            value: value - origin,
            deviation,
        }));
    };
    for (k, step) in steps.iter().enumerate() {
        add(2 * k, false, step.contact_s, spread.contact_s);
        add(2 * k + 1, false, step.toe_off_s, spread.toe_off_s);
        add(2 * k, true, step.centre_s, spread.centre_s);
        for (i, usual) in step.usual_s.into_iter().flatten().enumerate() {
            add(2 * k + i, false, Some(usual), spread.usual_s);
        }
        if k > 0 {
            add(2 * k - 1, true, step.between_s, spread.between_s);
        }
    }
    equations
}

/// Normal equations of a chain by elimination.
fn tridiagonal(equations: &[Equation], weight: impl Fn(&Equation) -> f64, n: usize) -> Option<Vec<f64>> {
    let (mut diagonal, mut beside, mut right) = (vec![0.0; n], vec![0.0; n], vec![0.0; n]);
    for e in equations {
        let w = weight(e);
        if e.pair {
            for i in [e.first, e.first + 1] {
                diagonal[i] += 0.25 * w;
                right[i] += 0.5 * w * e.value;
            }
            beside[e.first] += 0.25 * w;
        } else {
            diagonal[e.first] += w;
            right[e.first] += w * e.value;
        }
    }
    let least = UNOBSERVED * diagonal.iter().copied().fold(0.0, f64::max);
    for i in 1..n {
        if diagonal[i - 1] <= least {
            return None;
        }
        let factor = beside[i - 1] / diagonal[i - 1];
        diagonal[i] -= factor * beside[i - 1];
        right[i] -= factor * right[i - 1];
    }
    let mut x = vec![0.0; n];
    for i in (0..n).rev() {
        if diagonal[i] <= least {
            return None;
        }
        let above = if i + 1 < n { beside[i] * x[i + 1] } else { 0.0 };
        x[i] = (right[i] - above) / diagonal[i];
    }
    x.iter().all(|v| v.is_finite()).then_some(x)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPREAD: Spread = Spread {
        contact_s: 0.012,
        toe_off_s: 0.008,
        centre_s: 0.006,
        between_s: 0.006,
        usual_s: 0.05,
    };

    fn steps() -> Vec<Observation> {
        (0..8)
            .map(|k| {
                let contact = 1000.0 + 0.35 * f64::from(k);
                Observation {
                    contact_s: Some(contact),
                    toe_off_s: Some(contact + 0.22),
                    centre_s: Some(contact + 0.11),
                    between_s: Some(contact - 0.065),
                    usual_s: None,
                }
            })
            .collect()
    }

    #[test]
    fn a_consistent_chain_is_returned_as_it_is_and_a_missing_mark_is_found() {
        let mut observed = steps();
        observed[3].contact_s = None;
        observed[5].toe_off_s = None;
        for (k, t) in solve(&observed, &SPREAD).expect("observed").iter().enumerate() {
            assert!(
                (t.contact_s - 1000.0 - 0.35 * k as f64).abs() < 1e-6,
                "{k}: {t:?}"
            );
            assert!((t.toe_off_s - t.contact_s - 0.22).abs() < 1e-6, "{k}: {t:?}");
        }
    }

    #[test]
    fn one_wild_mark_hardly_moves_its_step() {
        let mut observed = steps();
        observed[3].contact_s = observed[3].contact_s.map(|t| t - 0.15);
        let t = solve(&observed, &SPREAD).expect("observed")[3];
        assert!((t.contact_s - 1001.05).abs() < 0.02, "{t:?}");
    }

    #[test]
    fn an_instant_nobody_saw_is_no_solution() {
        let mut observed = steps();
        observed[7] = Observation::default();
        assert_eq!(solve(&observed, &SPREAD), None);
        assert_eq!(solve(&[], &SPREAD), None);
    }
}
