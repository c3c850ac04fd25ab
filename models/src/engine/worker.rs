//! A worker thread: runs the jobs that no stream's own thread runs.

use super::schedule::Schedule;
use rustix::process::{getpriority_process, setpriority_process};

/// Works until the engine stops.
pub(super) fn work(worker: usize, schedule: &Schedule) {
    schedule.rest(worker, None);
    while let Some((mut seat, mut job)) = schedule.next(worker) {
        let result = seat.run(&mut job.parcel);
        let run = result.is_ok().then(|| job.parcel.run());
        schedule.rest(worker, Some((seat, run)));
        job.slot.complete(job.parcel, result);
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
