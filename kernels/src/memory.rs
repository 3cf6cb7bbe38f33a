//! What the allocator does with memory that a training step frees.

/// Tells glibc's allocator to keep it. A step frees buffers of a hundred megabytes and asks for them again a moment
/// later; by default they are given back to the system each time, and it clears every page anew when it is touched. That
/// is a fifth of a step. Other systems' allocators are left as they are.
///
/// Call it before anything large is allocated.
#[allow(unsafe_code, reason = "glibc can only be told through its C interface")]
pub fn keep_freed_memory() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: mallopt only sets parameters of the allocator, each one word. A thread that allocates meanwhile uses the old
    // or the new one, and both are right.
    unsafe {
        if libc::mallopt(libc::M_MMAP_THRESHOLD, i32::MAX) == 0 {
            // Older versions refuse a threshold above 32 MB, but not to do without mappings at all.
            libc::mallopt(libc::M_MMAP_MAX, 0);
        }
        libc::mallopt(libc::M_TRIM_THRESHOLD, i32::MAX);
    }
}

/// Gives freed memory back to the system after all, as far as the allocator can be told: what is asked for next is new
/// memory, as it is for a program that has just been started.
#[allow(unsafe_code, reason = "glibc can only be told through its C interface")]
pub fn give_back_freed_memory() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: the function may be called at any time.
    unsafe {
        libc::malloc_trim(0);
    }
}
