//! The descriptor that an event loop waits for: on Unix the one of `net`, on Windows an event of the system.

use std::io;

use crate::client::jobs::Signal;

/// A signal, and the number that the caller waits for.
type NumberedSignal = (Box<dyn Signal>, i64);

#[cfg(unix)]
pub(super) fn new() -> io::Result<NumberedSignal> {
    struct BeaconSignal(crate::net::Beacon);

    impl Signal for BeaconSignal {
        fn raise(&mut self) {
            self.0.light();
        }

        fn clear(&mut self) {
            self.0.put_out();
        }
    }

    let beacon = crate::net::Beacon::new()?;
    let number = i64::from(beacon.descriptor());
    Ok((Box::new(BeaconSignal(beacon)), number))
}

#[cfg(windows)]
pub(super) fn new() -> io::Result<NumberedSignal> {
    use std::os::windows::io::{AsRawHandle as _, FromRawHandle as _, OwnedHandle};

    use windows_sys::Win32::System::Threading::{CreateEventW, ResetEvent, SetEvent};

    struct EventSignal(OwnedHandle);

    impl Signal for EventSignal {
        fn raise(&mut self) {
            // SAFETY: the handle is an event's, and open as long as this lives.
            unsafe { SetEvent(self.0.as_raw_handle()) };
        }

        fn clear(&mut self) {
            // SAFETY: the handle is an event's, and open as long as this lives.
            unsafe { ResetEvent(self.0.as_raw_handle()) };
        }
    }

    // SAFETY: NULL means no attributes and no name. It is reset by hand, and not set at first.
    let handle = unsafe { CreateEventW(std::ptr::null(), 1, 0, std::ptr::null()) };
    if handle.is_null() {
        return Err(io::Error::last_os_error());
    }
    // A handle is a number of 32 bits that matter, whatever its width (Microsoft's interoperability
    // note), so it survives the way through an integer.
    let number = handle.addr().cast_signed() as i64;
    // SAFETY: it was just made, and has no other owner.
    let owned = unsafe { OwnedHandle::from_raw_handle(handle) };
    Ok((Box::new(EventSignal(owned)), number))
}

#[cfg(not(any(unix, windows)))]
pub(super) fn new() -> io::Result<NumberedSignal> {
    Err(io::ErrorKind::Unsupported.into())
}
