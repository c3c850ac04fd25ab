//! What the allocator of the C library is told: GStreamer and libnice allocate with it.
//!
//! It gives each of a session's threads a pool of its own and keeps what is freed there, so every session that comes and goes leaves megabytes behind
//! that no other can use. Fewer pools are shared, and what is free in them is given back when a session has ended.

#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod glibc {
    use std::thread::available_parallelism;

    /// Has all threads share as many pools as can be used at once. To be called before there are threads.
    pub fn share_pools() {
        let processors = available_parallelism().map_or(1, |processors| processors.get());
        let pools = i32::try_from(processors.max(2)).unwrap_or(i32::MAX);
        // SAFETY: mallopt may be called at any time; other pools than there are already are not made from then on.
        let taken = unsafe { libc::mallopt(libc::M_ARENA_MAX, pools) };
        if taken == 0 {
            tracing::warn!(
                event = "allocator_not_told",
                "the allocator does not take the number of its pools: memory will not all be given back"
            );
        }
    }

    /// Gives free memory of all pools back to the system.
    pub fn give_back() {
        // SAFETY: malloc_trim takes the locks of the pools it looks at, and touches free memory alone.
        unsafe { libc::malloc_trim(0) };
    }
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
mod other {
    /// Other allocators look after themselves.
    pub fn share_pools() {}

    /// Other allocators look after themselves.
    pub fn give_back() {}
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub use glibc::{give_back, share_pools};
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub use other::{give_back, share_pools};
