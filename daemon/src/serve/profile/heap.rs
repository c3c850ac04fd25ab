//! Who has taken memory that is not given back. The allocator of the C library does not know; jemalloc does, and is in the program only
//! when it was built with the feature `heap-profile`.

#[cfg(feature = "heap-profile")]
mod jemalloc {
    use crate::serve::problem::Problem;
    use std::ffi::{CString, c_char};
    use std::io;
    use std::os::unix::ffi::OsStrExt;
    use tikv_jemallocator::Jemalloc;

    #[global_allocator]
    static ALLOCATOR: Jemalloc = Jemalloc;

    /// Read by jemalloc before the first allocation: notes one allocation for each 512 KiB that are taken.
    // SAFETY: nothing else in the program has this name but the weak symbol of jemalloc it is for.
    #[unsafe(export_name = "malloc_conf")]
    pub static SETTINGS: Option<&'static c_char> =
        // SAFETY: the text is there for good, and ends in zero.
        Some(unsafe { &*c"prof:true,prof_active:true,lg_prof_sample:19".as_ptr() });

    /// A heap profile in the format of jemalloc, which `pprof` and `jeprof` read.
    ///
    /// # Errors
    /// A temporary file that cannot be written.
    pub fn dump() -> Result<Vec<u8>, Problem> {
        profile().map_err(|error| Problem::internal(format!("there is no heap profile: {error}")))
    }

    fn profile() -> io::Result<Vec<u8>> {
        let file = tempfile::NamedTempFile::new()?;
        let path = CString::new(file.path().as_os_str().as_bytes())?;
        // SAFETY: prof.dump takes a pointer to a text that ends in zero, and reads it until it returns.
        let written = unsafe { tikv_jemalloc_ctl::raw::write(b"prof.dump\0", path.as_ptr()) };
        written.map_err(|error| io::Error::other(error.to_string()))?;
        std::fs::read(file.path())
    }
}

#[cfg(not(feature = "heap-profile"))]
mod none {
    use crate::serve::problem::Problem;

    /// There is none.
    ///
    /// # Errors
    /// Always, with what to do.
    pub fn dump() -> Result<Vec<u8>, Problem> {
        Err(Problem::not_offered(
            "this program was built without heap profiles: cargo build --release -p kinemotion --features heap-profile",
        ))
    }
}

#[cfg(feature = "heap-profile")]
pub use jemalloc::dump;
#[cfg(not(feature = "heap-profile"))]
pub use none::dump;
