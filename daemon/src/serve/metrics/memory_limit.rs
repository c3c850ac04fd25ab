//! How much memory this process may use.

use std::fs;
use std::io;
use std::path::Path;

/// Where control groups of version 2 are, by convention (cgroups(7)).
const GROUPS: &str = "/sys/fs/cgroup";

/// The least limit of the control groups this process is in, and no more than the machine has, bytes.
///
/// # Errors
/// `/proc` does not say how much there is.
pub(super) fn bytes() -> io::Result<u64> {
    let machine = of_machine(&fs::read_to_string("/proc/meminfo")?)
        .ok_or_else(|| io::Error::other("/proc/meminfo names no MemTotal"))?;
    // Without control groups nothing is taken away.
    let own = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let limit = of_groups(Path::new(GROUPS), own_group(&own));
    Ok(limit.map_or(machine, |limit| limit.min(machine)))
}

/// `MemTotal` of proc(5), which is in units of 1024 bytes.
fn of_machine(meminfo: &str) -> Option<u64> {
    let total = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kib: u64 = total.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

/// The group of a process: its line of version 2 in `/proc/self/cgroup`. In a container it is `/`, or begins outside of what is seen.
fn own_group(groups: &str) -> &str {
    let path = groups.lines().find_map(|line| line.strip_prefix("0::/"));
    path.filter(|path| !path.split('/').any(|part| part == ".."))
        .unwrap_or_default()
}

/// The least `memory.max` of a group and those it is in.
fn of_groups(root: &Path, own: &str) -> Option<u64> {
    let own = root.join(own);
    let groups = own.ancestors().take_while(|group| group.starts_with(root));
    // One that says `max`, or has no such file as the outermost, limits nothing.
    groups
        .filter_map(|group| {
            fs::read_to_string(group.join("memory.max"))
                .ok()?
                .trim()
                .parse()
                .ok()
        })
        .min()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_limit_on_the_way_up_counts() {
        let folder = tempfile::tempdir().expect("a folder");
        let (root, pod) = (folder.path(), folder.path().join("pods/a"));
        fs::create_dir_all(pod.join("container")).expect("folders");
        assert_eq!(of_groups(root, "pods/a/container"), None);
        fs::write(pod.join("container/memory.max"), "max\n").expect("written");
        fs::write(pod.join("memory.max"), "2000\n").expect("written");
        assert_eq!(of_groups(root, "pods/a/container"), Some(2000));
        fs::write(pod.join("container/memory.max"), "1000\n").expect("written");
        assert_eq!(of_groups(root, "pods/a/container"), Some(1000));
        assert_eq!(of_groups(root, ""), None, "that of another");
    }

    #[test]
    fn the_group_of_a_process_is_found_and_one_that_is_out_of_sight_is_not_followed() {
        assert_eq!(
            own_group("1:cpu:/x\n0::/system.slice/kinemotion.service\n"),
            "system.slice/kinemotion.service"
        );
        for nothing in ["0::/\n", "0::/../../other\n", "1:memory:/x\n", ""] {
            assert_eq!(own_group(nothing), "", "{nothing}");
        }
    }

    #[test]
    fn the_memory_of_a_machine_is_in_bytes() {
        assert_eq!(
            of_machine("MemTotal:        2048 kB\nMemFree: 1 kB\n"),
            Some(2_097_152)
        );
        assert_eq!(of_machine("MemFree: 1 kB\n"), None);
    }
}
