//! Which execution provider opens the networks: the first of a list that works. Whatever is passed over is told.

use super::{EngineError, ExecutionProvider, lock};
use std::sync::Mutex;

/// A list of providers, the best first, and how far down the list it went.
pub(super) struct Preference {
    list: Vec<ExecutionProvider>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Index of the provider in use.
    current: usize,
    notices: Vec<String>,
}

/// A network that was opened.
pub(super) struct Opened<T> {
    pub session: T,
    /// What was not as it should be all the same.
    pub notice: Option<String>,
}

impl Preference {
    /// # Errors
    /// A list of nothing.
    pub fn new(list: &[ExecutionProvider]) -> Result<Self, EngineError> {
        if list.is_empty() {
            return Err(EngineError::Providers("the list is empty".into()));
        }
        Ok(Self {
            list: list.to_vec(),
            state: Mutex::default(),
        })
    }

    /// Opens a network with the provider in use or the next one that can. What cannot is passed over for good.
    ///
    /// # Errors
    /// Every provider's reason, when none is left that works. The next attempt begins where this one did.
    pub fn open<T>(
        &self,
        mut open: impl FnMut(ExecutionProvider) -> Result<Opened<T>, String>,
    ) -> Result<T, String> {
        let first = lock(&self.state).current;
        let mut failures = Vec::new();
        for (at, &provider) in self.list.iter().enumerate().skip(first) {
            match open(provider) {
                Ok(opened) => {
                    let passed_over = failures
                        .into_iter()
                        .map(|failure| format!("passed over {failure}"));
                    self.settle(at, passed_over.chain(opened.notice));
                    return Ok(opened.session);
                }
                Err(reason) => failures.push(format!("{provider}: {reason}")),
            }
        }
        Err(failures.join("; "))
    }

    /// Whether the list has a provider.
    pub fn lists(&self, provider: ExecutionProvider) -> bool {
        self.list.contains(&provider)
    }

    /// The provider in use: nothing better has worked so far.
    pub fn provider(&self) -> ExecutionProvider {
        self.list[lock(&self.state).current]
    }

    /// What was passed over, and what a provider left to another.
    pub fn notices(&self) -> Vec<String> {
        lock(&self.state).notices.clone()
    }

    /// Several runners open networks at the same time and come to the same conclusions.
    fn settle(&self, at: usize, notices: impl Iterator<Item = String>) {
        let mut state = lock(&self.state);
        state.current = state.current.max(at);
        for notice in notices {
            if !state.notices.contains(&notice) {
                state.notices.push(notice);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ExecutionProvider::{Cpu, Cuda, TensorRt};

    /// Opens with one of `working`, and says which.
    fn open(preference: &Preference, working: &[ExecutionProvider]) -> Result<ExecutionProvider, String> {
        preference.open(|provider| {
            if working.contains(&provider) {
                Ok(Opened {
                    session: provider,
                    notice: None,
                })
            } else {
                Err("not here".into())
            }
        })
    }

    #[test]
    fn the_first_that_works_is_used_and_the_others_are_told_once() {
        let preference = Preference::new(&[TensorRt, Cuda, Cpu]).unwrap();
        assert_eq!(preference.provider(), TensorRt);
        assert_eq!(open(&preference, &[Cuda, Cpu]), Ok(Cuda));
        assert_eq!(
            open(&preference, &[TensorRt, Cuda]),
            Ok(Cuda),
            "passed over for good"
        );
        assert_eq!(preference.provider(), Cuda);
        assert_eq!(preference.notices(), ["passed over tensorrt: not here"]);
    }

    #[test]
    fn when_none_works_the_error_names_all_and_the_next_attempt_may_succeed() {
        let preference = Preference::new(&[Cuda, Cpu]).unwrap();
        let error = open(&preference, &[]).unwrap_err();
        assert!(
            error.contains("cuda: not here") && error.contains("cpu: not here"),
            "{error}"
        );
        assert!(preference.notices().is_empty());
        assert_eq!(open(&preference, &[Cuda]), Ok(Cuda));
    }

    #[test]
    fn what_a_provider_leaves_to_another_is_told() {
        let preference = Preference::new(&[Cuda]).unwrap();
        let half = || {
            preference.open(|_| {
                Ok(Opened {
                    session: (),
                    notice: Some("half of it".into()),
                })
            })
        };
        half().unwrap();
        half().unwrap();
        assert_eq!(preference.notices(), ["half of it"]);
    }

    #[test]
    fn a_list_of_nothing_is_refused() {
        assert!(Preference::new(&[]).is_err());
    }
}
