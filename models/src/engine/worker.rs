//! A worker thread: runs the jobs that no stream's own thread runs.

use super::schedule::Schedule;

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
