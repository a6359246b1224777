//! The library is never unloaded: its threads may outlive its last object, and their ends are in its
//! code. Where the linker can mark the library so, it does (`nodelete`, see `capi`); elsewhere the library
//! opens itself once more.

/// Keeps the library, or the program it is linked into, loaded until the process ends.
#[cfg(windows)]
pub(super) fn pin() {
    use windows_sys::Win32::System::LibraryLoader::{
        GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS, GET_MODULE_HANDLE_EX_FLAG_PIN, GetModuleHandleExW,
    };

    let how = GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_PIN;
    let here: fn() = pin;
    let mut module = std::ptr::null_mut();
    // SAFETY: FROM_ADDRESS takes any address of the module in place of a name; the result's place
    // lives for the call.
    unsafe { GetModuleHandleExW(how, here as *const u16, &mut module) };
}

/// Keeps the library, or the program it is linked into, loaded until the process ends.
#[cfg(target_vendor = "apple")]
pub(super) fn pin() {
    use std::mem::MaybeUninit;

    let here: fn() = pin;
    let mut found = MaybeUninit::<libc::Dl_info>::zeroed();
    // SAFETY: the place is large enough, and lives for the call.
    let is_found = unsafe { libc::dladdr(here as *const libc::c_void, found.as_mut_ptr()) } != 0;
    if is_found {
        // SAFETY: all zeros are valid, and dladdr has written over them.
        let name = unsafe { found.assume_init() }.dli_fname;
        // SAFETY: the name lives as long as the image. dlopen opens the image once more, and nothing
        // closes it: so it stays loaded.
        unsafe { libc::dlopen(name, libc::RTLD_NOW | libc::RTLD_NOLOAD) };
    }
}

/// The linker keeps the library loaded.
#[cfg(not(any(windows, target_vendor = "apple")))]
pub(super) fn pin() {}
