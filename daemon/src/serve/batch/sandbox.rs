//! What a process that reads strangers' files cannot reach: the network.

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
};
use std::collections::BTreeMap;
use std::io;
use std::sync::LazyLock;

/// Families of sockets that lead out of the machine or into its kernel. Sockets between processes are left: libraries ask the
/// name service by them.
const FAMILIES: [i32; 4] = [libc::AF_INET, libc::AF_INET6, libc::AF_NETLINK, libc::AF_PACKET];

/// Made before there is a child, as a child may not allocate.
static FILTER: LazyLock<io::Result<BpfProgram>> = LazyLock::new(|| filter().map_err(io::Error::other));

/// Makes the filter; says early that this machine has none.
///
/// # Errors
/// A kind of processor the filter is not known for.
pub fn prepare() -> io::Result<()> {
    FILTER.as_ref().map(drop).map_err(|error| io::Error::other(error.to_string()))
}

/// Takes the network from this process and all it becomes. Only after [`prepare`].
pub fn without_network() -> io::Result<()> {
    let filter = FILTER.as_ref().map_err(|_| io::Error::from_raw_os_error(libc::ENOSYS))?;
    seccompiler::apply_filter(filter).map_err(|_| io::Error::last_os_error())
}

fn filter() -> Result<BpfProgram, seccompiler::Error> {
    let rules = FAMILIES.map(|family| {
        let is_family =
            SeccompCondition::new(0, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, family.cast_unsigned().into())?;
        SeccompRule::new(vec![is_family])
    });
    let rules = rules.into_iter().collect::<Result<Vec<_>, _>>()?;
    let filter = SeccompFilter::new(
        BTreeMap::from([(libc::SYS_socket, rules)]),
        SeccompAction::Allow,
        // An error and not a signal: libraries that only look for a network live without one.
        SeccompAction::Errno(libc::EACCES.cast_unsigned()),
        std::env::consts::ARCH.try_into()?,
    )?;
    Ok(filter.try_into()?)
}
