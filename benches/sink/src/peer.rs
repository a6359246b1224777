//! One connection without its socket: TLS and the dialogue, bytes in and bytes out.

use std::fs::File;
use std::io::{self, Write as _};
use std::sync::{Arc, Mutex};

use rustls::ServerConfig;

use crate::count::Progress;
use crate::smtp::{Offers, Smtp};
use crate::tls::Tls;

/// The file in which content is stored, if any.
pub(crate) type Keep = Option<Arc<Mutex<File>>>;

/// The sink's end of one connection.
pub(crate) struct Peer {
    config: Arc<ServerConfig>,
    tls: Option<Tls>,
    smtp: Smtp,
    keep: Keep,
    replies: Vec<u8>,
    greeted: bool,
    bytes: u64,
}

/// The result of processing a batch of bytes.
pub(crate) struct Taken {
    /// The number of consumed bytes.
    pub(crate) used: usize,
    /// True if the connection has ended in both directions.
    pub(crate) over: bool,
}

impl Peer {
    pub(crate) fn new(config: Arc<ServerConfig>, offers: Offers, keep: Keep) -> Self {
        Self {
            config,
            tls: None,
            smtp: Smtp::new(offers),
            keep,
            replies: Vec::new(),
            greeted: false,
            bytes: 0,
        }
    }

    /// The bytes to send before any have been received.
    pub(crate) fn begin(&mut self, out: &mut Vec<u8>) -> io::Result<()> {
        if self.smtp.offers_starttls() {
            self.smtp.greet(out);
            self.greeted = true;
        } else {
            self.tls = Some(Tls::new(Arc::clone(&self.config))?);
        }
        Ok(())
    }

    /// Processes received bytes, and appends the bytes to send to `out`.
    pub(crate) fn take(&mut self, input: &mut [u8], out: &mut Vec<u8>) -> io::Result<Taken> {
        let (smtp, replies, keep) = (&mut self.smtp, &mut self.replies, &self.keep);
        let mut kept = |text: &[u8]| {
            if let Some(file) = keep
                && let Ok(mut file) = file.lock()
            {
                let _ = file.write_all(text);
            }
        };
        let used = match &mut self.tls {
            None => {
                smtp.push(input, out, &mut kept);
                if smtp.upgrades() {
                    smtp.upgraded();
                    self.tls = Some(Tls::new(Arc::clone(&self.config))?);
                }
                input.len()
            }
            Some(tls) => tls.open(input, out, &mut |plain| {
                smtp.push(plain, replies, &mut kept);
            })?,
        };
        self.bytes += used as u64;
        let mut over = self.smtp.closed();
        if let Some(tls) = &mut self.tls {
            if tls.established && !self.greeted {
                self.greeted = true;
                self.smtp.greet(&mut self.replies);
            }
            if !self.replies.is_empty() {
                tls.seal(&self.replies, out)?;
                self.replies.clear();
            }
            over |= tls.ended;
        }
        Ok(Taken { used, over })
    }

    pub(crate) fn progress(&self) -> Progress {
        Progress {
            records: self.tls.as_ref().map_or(0, |tls| tls.records),
            bytes: self.bytes,
            ..self.smtp.progress()
        }
    }
}
