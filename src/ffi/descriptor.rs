//! What an event loop can wait for: on Unix a descriptor that `net` has, on Windows an event of the
//! system.

use std::io;

use crate::client::jobs::Signal;

/// A signal, with the number that the host waits for.
type New = (Box<dyn Signal>, i64);

#[cfg(unix)]
pub(super) fn new() -> io::Result<New> {
    struct Light(crate::net::Beacon);

    impl Signal for Light {
        fn raise(&mut self) {
            self.0.light();
        }

        fn clear(&mut self) {
            self.0.put_out();
        }
    }

    let beacon = crate::net::Beacon::new()?;
    let number = i64::from(beacon.descriptor());
    Ok((Box::new(Light(beacon)), number))
}

#[cfg(windows)]
pub(super) fn new() -> io::Result<New> {
    use std::os::windows::io::{AsRawHandle as _, FromRawHandle as _, OwnedHandle};

    use windows_sys::Win32::System::Threading::{CreateEventW, ResetEvent, SetEvent};

    struct Event(OwnedHandle);

    impl Signal for Event {
        fn raise(&mut self) {
            // SAFETY: the handle is an event's, and open as long as this lives.
            unsafe { SetEvent(self.0.as_raw_handle()) };
        }

        fn clear(&mut self) {
            // SAFETY: as above.
            unsafe { ResetEvent(self.0.as_raw_handle()) };
        }
    }

    // SAFETY: without attributes and without a name; reset by hand, and not set as it comes.
    let handle = unsafe { CreateEventW(std::ptr::null(), 1, 0, std::ptr::null()) };
    if handle.is_null() {
        return Err(io::Error::last_os_error());
    }
    // A handle is a number of 32 bits that matter, whatever its width (Microsoft's interoperability
    // note), so it survives the way through an integer.
    let number = handle.addr().cast_signed() as i64;
    // SAFETY: it was just made, and nobody else owns it.
    let owned = unsafe { OwnedHandle::from_raw_handle(handle) };
    Ok((Box::new(Event(owned)), number))
}

#[cfg(not(any(unix, windows)))]
pub(super) fn new() -> io::Result<New> {
    Err(io::ErrorKind::Unsupported.into())
}
