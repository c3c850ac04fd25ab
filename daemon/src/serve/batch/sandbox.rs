//! What a process that reads strangers' files cannot reach: the network.

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
};
use std::collections::BTreeMap;
use std::io;
use std::sync::LazyLock;

/// What would lead around the filter: rings of the kernel, which open sockets themselves, and other processes, which have some.
const WAYS_AROUND: [libc::c_long; 5] = [
    libc::SYS_io_uring_setup,
    libc::SYS_pidfd_getfd,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_ptrace,
];

/// Made before there is a child, as a child may not allocate.
static FILTER: LazyLock<io::Result<BpfProgram>> = LazyLock::new(|| filter().map_err(io::Error::other));

/// Makes the filter; says early that this machine has none.
///
/// # Errors
/// A kind of processor the filter is not known for.
pub fn prepare() -> io::Result<()> {
    FILTER
        .as_ref()
        .map(drop)
        .map_err(|error| io::Error::other(error.to_string()))
}

/// Takes the network from this process and all it becomes. Only after [`prepare`].
pub fn without_network() -> io::Result<()> {
    let filter = FILTER
        .as_ref()
        .map_err(|_| io::Error::from_raw_os_error(libc::ENOSYS))?;
    seccompiler::apply_filter(filter).map_err(|_| io::Error::last_os_error())
}

fn filter() -> Result<BpfProgram, seccompiler::Error> {
    // Sockets between processes are left: libraries ask the name service by them.
    let leads_out = SeccompCondition::new(
        0,
        SeccompCmpArgLen::Dword,
        SeccompCmpOp::Ne,
        libc::AF_UNIX.cast_unsigned().into(),
    )?;
    let mut refused = BTreeMap::from([(libc::SYS_socket, vec![SeccompRule::new(vec![leads_out])?])]);
    // Without rules a call is refused whatever it is given.
    refused.extend(WAYS_AROUND.map(|call| (call, Vec::new())));
    let filter = SeccompFilter::new(
        refused,
        SeccompAction::Allow,
        // An error and not a signal: libraries that only look for a network live without one.
        SeccompAction::Errno(libc::EACCES.cast_unsigned()),
        std::env::consts::ARCH.try_into()?,
    )?;
    Ok(filter.try_into()?)
}
