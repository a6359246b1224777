//! Signals that end the command (SIGINT, SIGTERM, Ctrl-C): the first cancels, so that the outcome can still
//! be printed; the second ends the process at once.

use std::sync::Arc;

use secsmtp::client::Client;

/// Lets the first signal cancel what the client does or begins. If the system refuses the handler, a signal
/// ends the process.
pub(crate) fn cancels(client: &Arc<Client>) {
    let client = Arc::clone(client);
    // A send is the same without the handler, so its failure is no error.
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
            // Registered first, so that it runs before `arrived` is set: only a second signal finds it set
            // and has the effect that it has without a handler, whatever the threads are busy with.
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
