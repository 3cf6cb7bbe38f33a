//! Whether the allocator keeps memory that a training step frees.

/// Makes glibc's allocator keep freed memory. A step frees buffers of a hundred megabytes and allocates them again soon after;
/// by default they are returned to the system each time, which then clears every page again at the first access. That
/// takes a fifth of a step. The allocators of other systems are not changed.
///
/// Call it before anything large is allocated.
#[allow(unsafe_code, reason = "glibc's allocator has only a C interface")]
pub fn keep_freed_memory() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: mallopt only sets parameters of the allocator, each one word. A thread that allocates at the same time uses the
    // old or the new value, and both are valid.
    unsafe {
        if libc::mallopt(libc::M_MMAP_THRESHOLD, i32::MAX) == 0 {
            // Older versions reject a threshold above 32 MB, but they accept a maximum of 0 mappings.
            libc::mallopt(libc::M_MMAP_MAX, 0);
        }
        libc::mallopt(libc::M_TRIM_THRESHOLD, i32::MAX);
    }
}

/// Returns freed memory to the system, where the allocator is glibc's: the next allocations get new memory, as in a program
/// that has just started.
#[allow(unsafe_code, reason = "glibc's allocator has only a C interface")]
pub fn give_back_freed_memory() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: the function may be called at any time.
    unsafe {
        libc::malloc_trim(0);
    }
}
