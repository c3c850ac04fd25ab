//! The machine, as far as it matters here. Not its name, and not who uses it.

use serde::Serialize;
use std::collections::BTreeMap;
use std::thread::available_parallelism;

/// What is known of the machine; what is not is left out.
#[derive(Debug, Serialize)]
pub struct System {
    /// Of the program.
    version: &'static str,
    /// `x86_64` or `aarch64`.
    processor: &'static str,
    /// How many threads may run at once.
    processors: usize,
    /// Version of the kernel.
    #[serde(skip_serializing_if = "Option::is_none")]
    kernel: Option<String>,
    /// Which system it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    system: Option<String>,
    /// Memory of the machine, kB: all of it, and what is free.
    memory_kb: BTreeMap<String, u64>,
}

/// Looks.
pub fn look() -> System {
    let read = |path: &str| std::fs::read_to_string(path).ok();
    let release = read("/etc/os-release").unwrap_or_default();
    let name = release.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="));
    System {
        version: env!("CARGO_PKG_VERSION"),
        processor: std::env::consts::ARCH,
        processors: available_parallelism().map_or(0, usize::from),
        kernel: read("/proc/sys/kernel/osrelease").map(|version| version.trim_end().to_owned()),
        system: name.map(|name| name.trim_matches('"').to_owned()),
        memory_kb: memory(&read("/proc/meminfo").unwrap_or_default()),
    }
}

fn memory(text: &str) -> BTreeMap<String, u64> {
    let wanted = ["MemTotal", "MemAvailable", "SwapTotal", "SwapFree"];
    let line = |line: &str| {
        let (name, value) = line.split_once(':')?;
        let value = value.trim().strip_suffix(" kB")?.parse().ok()?;
        wanted.contains(&name).then(|| (name.to_owned(), value))
    };
    text.lines().filter_map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read_as_the_kernel_writes_it() {
        let text =
            "MemTotal:       16384 kB\nMemFree:  1 kB\nMemAvailable:    8192 kB\nHugePages_Total:       0\n";
        let read = memory(text);
        assert_eq!(read.len(), 2, "{read:?}");
        assert_eq!((read["MemTotal"], read["MemAvailable"]), (16384, 8192));
    }
}
