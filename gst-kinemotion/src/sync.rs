//! Locking without panics.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks, whatever happened to a previous holder: every critical section here leaves the value whole.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
