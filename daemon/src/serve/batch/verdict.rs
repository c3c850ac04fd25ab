//! How a process that analysed a file ended, in words for whoever ordered it.

use super::memory::Most;
use crate::exit::Exit;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

/// How a child ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// It is through with the file.
    Done,
    /// It says what is wrong with the file; another try would say the same.
    Refused(String),
    /// It was ended by what it did; another try may go differently.
    Broken(String),
}

/// How a process ended, by its status, the end of what it said on standard error, and the memory it held.
pub fn of(status: ExitStatus, said: &str, most: Most) -> End {
    if let Some(Exit::Done | Exit::NothingFound) = status.code().and_then(Exit::of) {
        return End::Done;
    }
    if let Some(limit) = status.signal().and_then(by_limit) {
        return End::Broken(limit.to_owned());
    }
    // Whatever the process made of it: another part of it would have said something else at another moment.
    if lacks_memory(said) {
        return End::Broken("it needed more memory than is allowed".into());
    }
    match (by_itself(status, said), short_of_memory(most)) {
        (End::Refused(reason) | End::Broken(reason), Some(held)) => End::Broken(format!("{reason}; {held}")),
        (end, _) => end,
    }
}

/// What a process makes of its end itself.
fn by_itself(status: ExitStatus, said: &str) -> End {
    let last = || {
        let mut lines = said.lines().rev();
        lines
            .find_map(|line| line.strip_prefix("error: "))
            .map(str::to_owned)
    };
    match (status.code(), status.signal()) {
        (Some(code), _) => match Exit::of(code) {
            Some(Exit::Unreadable | Exit::Usage) => {
                End::Refused(last().unwrap_or_else(|| "the file cannot be read".into()))
            }
            _ => End::Broken(last().unwrap_or_else(|| format!("it ended with code {code}"))),
        },
        (None, Some(signal)) => End::Broken(by_signal(signal).to_owned()),
        (None, None) => End::Broken("it ended without a reason".into()),
    }
}

/// Whether a process said that it got no memory: Rust, C++, GLib and ONNX Runtime, the C library, its loader, and Python.
fn lacks_memory(said: &str) -> bool {
    const WORDS: [&str; 8] = [
        "memory allocation of",
        "bad_alloc",
        "failed to allocate",
        "cannot allocate memory",
        "out of memory",
        "failed to map segment",
        "cannot map zero-fill pages",
        "memoryerror",
    ];
    let said = said.to_lowercase();
    WORDS.iter().any(|words| said.contains(words))
}

/// What may be the reason when a process that has failed held three quarters of what it may: it asks for a picture, a model or a
/// thread's stack at once, and what is refused is never held.
fn short_of_memory(most: Most) -> Option<String> {
    let megabytes = |bytes: u64| bytes / 1_000_000;
    (most.held >= most.allowed / 4 * 3).then(|| {
        format!(
            "it may have needed more memory than is allowed: it held {} of {} MB",
            megabytes(most.held),
            megabytes(most.allowed)
        )
    })
}

/// What a signal says that comes when a limit is reached, and for nothing else.
fn by_limit(signal: i32) -> Option<&'static str> {
    match signal {
        libc::SIGXCPU => Some("it took more processor time than is allowed"),
        libc::SIGXFSZ => Some("what it wrote is longer than is allowed"),
        libc::SIGSYS => Some("it did something that is not allowed, such as reaching for the network"),
        _ => None,
    }
}

/// What another signal says about a file.
fn by_signal(signal: i32) -> &'static str {
    match signal {
        libc::SIGABRT | libc::SIGILL | libc::SIGTRAP | libc::SIGBUS | libc::SIGFPE | libc::SIGSEGV => {
            "the decoder crashed"
        }
        libc::SIGKILL => "it was ended from outside, perhaps for want of memory",
        _ => "it was ended by a signal",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LITTLE: Most = Most {
        held: 383_000_000,
        allowed: 512_000_000,
    };
    const MUCH: Most = Most {
        held: 384_000_000,
        ..LITTLE
    };

    /// Of a wait status as the system gives it: an exit code shifted by eight, or a signal.
    fn end(raw: i32, said: &str, most: Most) -> End {
        of(ExitStatus::from_raw(raw), said, most)
    }

    fn broken(reason: &str) -> End {
        End::Broken(reason.into())
    }

    #[test]
    fn a_crash_may_go_differently_the_next_time_and_a_bad_file_not() {
        assert_eq!(end(0, "", LITTLE), End::Done);
        assert_eq!(end(4 << 8, "", LITTLE), End::Done, "nothing to find is a result");
        assert_eq!(
            end(3 << 8, "error: the file: no video\n", LITTLE),
            End::Refused("the file: no video".into())
        );
        assert_eq!(end(1 << 8, "error: no models\n", LITTLE), broken("no models"));
        assert_eq!(end(101 << 8, "", LITTLE), broken("it ended with code 101"));
        assert_eq!(end(libc::SIGSEGV, "", LITTLE), broken("the decoder crashed"));
    }

    #[test]
    fn want_of_memory_is_named_whoever_says_it() {
        let memory = broken("it needed more memory than is allowed");
        for (raw, said) in [
            (libc::SIGABRT, "memory allocation of 1024 bytes failed\n"),
            (1 << 8, "error: the model: std::bad_alloc\n"),
            (
                libc::SIGTRAP,
                "GLib-ERROR **: gmem.c:136: failed to allocate 49812687 bytes\n",
            ),
            (
                1 << 8,
                "error: Conv: AllocateRawInternal Failed to allocate memory for requested buffer\n",
            ),
            (
                3 << 8,
                "libgstlibav.so: libavutil.so.57: failed to map segment from shared object\n\
                      error: the file needs a decoder that is not installed\n",
            ),
        ] {
            assert_eq!(end(raw, said, LITTLE), memory, "{said}");
        }
        assert_eq!(end(0, "GLib: failed to allocate 3 bytes\n", MUCH), End::Done);
    }

    #[test]
    fn want_of_memory_that_nobody_names_is_seen_by_what_was_held() {
        assert_eq!(
            end(3 << 8, "error: no video\n", MUCH),
            broken("no video; it may have needed more memory than is allowed: it held 384 of 512 MB")
        );
        assert_eq!(
            end(libc::SIGSEGV, "", MUCH),
            broken(
                "the decoder crashed; it may have needed more memory than is allowed: it held 384 of 512 MB"
            )
        );
        assert_eq!(
            end(libc::SIGXCPU, "", MUCH),
            broken("it took more processor time than is allowed"),
            "a signal of a limit leaves no doubt"
        );
    }
}
