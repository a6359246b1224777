//! The handles of the C ABI: which kind of object each stands for, and the objects behind them.

use std::any::Any;
use std::sync::Arc;

use ring::rand::{SecureRandom, SystemRandom};

use super::fork;
use super::handle_table::{Handle, TABLE, Table};
use crate::error::{Cause, Error};
use crate::status::Status;

/// A type of handle: one of the opaque types of the header.
pub(super) trait HandleKind {
    /// The object behind a handle of this type.
    type Object: Any + Send + Sync;
    /// The object in messages.
    const NOUN: &'static str;
}

/// The table; without random numbers there is none.
fn table() -> Result<&'static Table, Error> {
    TABLE.get_or_try_init(|| {
        let mut bytes = [0_u8; size_of::<usize>()];
        SystemRandom::new()
            .fill(&mut bytes)
            .map_err(|_| Error::local(Cause::Random))?;
        super::pin::pin();
        // Before the table is stored: a fork finds the handlers with the first handle.
        fork::watch()?;
        Ok(Box::new(Table::new(usize::from_ne_bytes(bytes))))
    })
}

/// Puts an object into the table.
pub(super) fn insert<H: HandleKind>(object: H::Object) -> Result<*mut H, Error> {
    Ok(table()?.insert(Arc::new(object))?.as_ptr())
}

/// The object of a handle. It lives for as long as the caller keeps it, also when the handle is freed.
pub(super) fn get<H: HandleKind>(handle: *const H) -> Result<Arc<H::Object>, Error> {
    if handle.is_null() {
        return Err(Error::argument(Status::Null, H::NOUN, "is NULL"));
    }
    table()?.get(Handle::of(handle), H::NOUN)
}

/// Takes an object out of the table; calls that still have it finish with it.
pub(super) fn remove<H: HandleKind>(handle: *const H) -> Result<Arc<H::Object>, Error> {
    table()?.remove(Handle::of(handle), H::NOUN)
}

/// A handle whose object is inserted later; it is given back if none is.
pub(super) struct Reservation(Handle);

/// Reserves a handle.
pub(super) fn reserve() -> Result<Reservation, Error> {
    table()?.insert(Arc::new(())).map(Reservation)
}

impl Reservation {
    /// Puts the object into its place.
    pub(super) fn fill<H: HandleKind>(self, object: H::Object) -> *mut H {
        let handle = self.0;
        std::mem::forget(self);
        if let Ok(table) = table() {
            table.fill(handle, Arc::new(object));
        }
        handle.as_ptr()
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        if let Ok(table) = table() {
            let _ = table.remove::<()>(self.0, "reservation");
        }
    }
}

/// Marks an object in whose call something panicked: each later call with it gives that status.
pub(super) fn poison(handle: Handle) {
    if let Ok(table) = table() {
        table.poison(handle);
    }
}

/// The number of handles that are not freed.
pub(super) fn live() -> usize {
    table().map_or(0, Table::live)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Number;
    struct OtherNumber;

    impl HandleKind for Number {
        type Object = u32;
        const NOUN: &'static str = "number";
    }

    impl HandleKind for OtherNumber {
        type Object = u64;
        const NOUN: &'static str = "other number";
    }

    #[test]
    fn freed_foreign_and_invented_handles_are_a_status() {
        let number: *mut Number = insert(7).unwrap();
        assert_eq!(*get(number).unwrap(), 7);
        let other: *mut OtherNumber = number.cast();
        assert_eq!(get(other).unwrap_err().status(), Status::BadHandle);
        assert_eq!(remove(other).unwrap_err().status(), Status::BadHandle);
        let kept = remove(number).unwrap();
        assert_eq!(*kept, 7);
        for dead in [number.addr(), 1, usize::MAX, 0x7fff_0000] {
            let dead: *const Number = std::ptr::without_provenance(dead);
            assert_eq!(get(dead).unwrap_err().status(), Status::BadHandle);
            assert_eq!(remove(dead).unwrap_err().status(), Status::BadHandle);
        }
        let null: *const Number = std::ptr::null();
        assert_eq!(get(null).unwrap_err().status(), Status::Null);
        let next: *mut Number = insert(8).unwrap();
        assert_ne!(next, number);
        assert!(get(number).is_err());
        remove(next).unwrap();
    }
}
