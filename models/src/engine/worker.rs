//! A worker thread: runs the jobs that no stream's own thread runs.

use super::schedule::Schedule;

/// Works until the engine stops.
pub(super) fn work(worker: usize, schedule: &Schedule) {
    schedule.rest(worker, None);
    while let Some((mut seat, mut job)) = schedule.next(worker) {
        let result = seat.run(&mut job.parcel);
        let run_time = result.is_ok().then_some(job.parcel.run_time);
        schedule.rest(worker, Some((seat, run_time)));
        job.slot.complete(job.parcel, result);
    }
}
