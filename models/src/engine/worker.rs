//! A worker thread: runs the jobs that no stream's own thread runs.

use super::job::Job;
use super::schedule::Schedule;
use rustix::process::{getpriority_process, setpriority_process};

/// Works until the engine stops.
pub(super) fn work(worker: usize, schedule: &Schedule) {
    let mut done = Vec::new();
    schedule.rest(worker, None);
    while let Some(mut seat) = schedule.next(worker) {
        seat.run();
        done.append(&mut seat.jobs);
        schedule.rest(worker, Some(seat));
        done.drain(..).for_each(Job::complete);
    }
}

/// Gives the calling thread a nice value; why not, if not. A value of 0 leaves the thread as it is.
///
/// Linux has one per thread: 0 as the process means the calling thread.
pub(super) fn be_nice(nice: i32) -> Result<(), String> {
    if nice == 0 {
        return Ok(());
    }
    let outcome = setpriority_process(None, nice).and_then(|()| getpriority_process(None));
    match outcome {
        Ok(present) if present == nice => Ok(()),
        Ok(present) => Err(format!(
            "the nice value of a worker thread is {present} instead of {nice}"
        )),
        Err(error) => Err(format!(
            "the nice value of a worker thread cannot be {nice}: {error}"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_is_as_nice_as_it_is_told_and_no_other_is() {
        let before = getpriority_process(None).unwrap();
        let nice = (before + 3).min(19);
        std::thread::spawn(move || {
            be_nice(nice).unwrap();
            assert_eq!(getpriority_process(None).unwrap(), nice);
        })
        .join()
        .unwrap();
        assert_eq!(getpriority_process(None).unwrap(), before);
    }

    #[test]
    fn a_value_that_does_not_exist_is_told() {
        let told = std::thread::spawn(|| be_nice(40)).join().unwrap().unwrap_err();
        assert!(told.contains("40"), "{told}");
    }
}
