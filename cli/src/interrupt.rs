//! Ctrl-C and the system's request to end: the first cancels, so that the outcome can still be printed;
//! the second ends the process at once.

use std::sync::Arc;

use secsmtp::client::Client;

/// From here on a signal ends what the client does, and what it is about to begin. Where the system
/// refuses that, a signal ends the process.
pub(crate) fn cancels(client: &Arc<Client>) {
    let client = Arc::clone(client);
    // The library's outcome counts, with and without.
    let _ = platform::on_first(move || client.abandon());
}

#[cfg(unix)]
mod platform {
    use std::io;
    use std::sync::Arc;
    use std::sync::atomic::AtomicBool;
    use std::thread;

    use signal_hook::consts::{SIGINT, SIGTERM};
    use signal_hook::flag;
    use signal_hook::iterator::Signals;

    pub(super) fn on_first(cancel: impl FnOnce() + Send + 'static) -> io::Result<()> {
        let arrived = Arc::new(AtomicBool::new(false));
        let mut signals = Signals::new([SIGINT, SIGTERM])?;
        thread::Builder::new().spawn(move || {
            if signals.forever().next().is_some() {
                cancel();
            }
        })?;
        for signal in [SIGINT, SIGTERM] {
            // In this order: the second one finds that the first has arrived, and does what it would
            // without a handler, whatever the threads are busy with.
            flag::register_conditional_default(signal, Arc::clone(&arrived))?;
            flag::register(signal, Arc::clone(&arrived))?;
        }
        Ok(())
    }
}

#[cfg(windows)]
mod platform {
    use std::process::exit;

    /// STATUS_CONTROL_C_EXIT, as without a handler.
    const CONTROL_C_EXIT: i32 = 0xC000_013A_u32.cast_signed();

    pub(super) fn on_first(cancel: impl FnOnce() + Send + 'static) -> Result<(), ctrlc::Error> {
        let mut cancel = Some(cancel);
        ctrlc::set_handler(move || match cancel.take() {
            Some(cancel) => cancel(),
            None => exit(CONTROL_C_EXIT),
        })
    }
}
