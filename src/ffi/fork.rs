//! Handlers for fork(): the locks of the whole process are held across it, so that what they guard is
//! consistent in the child. The child's handler releases them and counts the fork; anything else is done
//! by later calls.

#[cfg(unix)]
pub(super) use handlers::watch;

#[cfg(unix)]
mod handlers {
    use std::cell::Cell;
    use std::io;
    use std::mem::ManuallyDrop;

    use crate::error::{Cause, Error};
    use crate::ffi::handle_table::{self, TableLock};
    use crate::net::{self, LookupsGuard};
    use crate::process;
    use crate::sync::MutexGuard;

    /// The locks of the table, of the look-ups and of what is inherited.
    type Locks = (Option<TableLock>, LookupsGuard, MutexGuard<'static, ()>);

    thread_local! {
        /// The locks, while this thread forks. Without a destructor: a thread may fork at its end.
        static HELD: Cell<Option<ManuallyDrop<Locks>>> = const { Cell::new(None) };
    }

    /// Installs the handlers. Two threads may both call this.
    ///
    /// # Errors
    /// [`Cause::Resource`] when there is no room for the handlers.
    pub(in crate::ffi) fn watch() -> Result<(), Error> {
        // SAFETY: the functions live as long as the process, for the library is never unloaded.
        let failed = unsafe { libc::pthread_atfork(Some(hold), Some(release), Some(begin)) };
        if failed != 0 {
            return Err(Error::local(Cause::Resource {
                what: "fork handler",
                kind: io::Error::from_raw_os_error(failed).kind(),
            }));
        }
        process::count_forks();
        Ok(())
    }

    extern "C" fn hold() {
        let held = HELD.take();
        let hold =
            || ManuallyDrop::new((handle_table::lock(), net::hold_lookups(), process::hold()));
        HELD.set(Some(held.unwrap_or_else(hold)));
    }

    extern "C" fn release() {
        drop(HELD.take().map(ManuallyDrop::into_inner));
    }

    extern "C" fn begin() {
        release();
        process::forked();
    }
}

/// There is no fork.
#[cfg(not(unix))]
pub(super) fn watch() -> Result<(), crate::error::Error> {
    Ok(())
}
