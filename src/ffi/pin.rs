//! The library is never unloaded: its threads may outlive its last object, and their ends are in its
//! code. Where the linker can say so, it does (`nodelete`, see `capi`); elsewhere it holds itself.

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
    // SAFETY: dladdr fills the place when it answers other than 0; the name in it lives as long as
    // the image. What dlopen opens once more is never closed, which is the purpose.
    unsafe {
        if libc::dladdr(here as *const libc::c_void, found.as_mut_ptr()) != 0 {
            let name = found.assume_init().dli_fname;
            libc::dlopen(name, libc::RTLD_NOW | libc::RTLD_NOLOAD);
        }
    }
}

/// The linker has said so.
#[cfg(not(any(windows, target_vendor = "apple")))]
pub(super) fn pin() {}
