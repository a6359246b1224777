//! The source of a message's content: read again by each send, piece by piece, so that nothing
//! must hold a large attachment whole.

use std::sync::Arc;

use super::properties::Properties;
use crate::error::{Cause, Error, SourceFault};

/// Content in its canonical form: each line ends in CRLF, the last one too; no Bcc field; nothing
/// that [`super::lines::inspect`] refuses. Only where its properties say `binary` it is any
/// bytes at all. One source serves several sends at once.
pub(crate) trait Source: Send + Sync {
    /// The properties that must be known before MAIL.
    fn properties(&self) -> Properties;

    /// All of it, where it lies in memory: to be written without a copy.
    fn bytes(&self) -> Option<&[u8]> {
        None
    }

    /// Checks that it is still there as it was, as far as that can be seen without reading it.
    ///
    /// # Errors
    /// The part that has changed, or can't be looked at.
    fn check(&self) -> Result<(), SourceFault> {
        Ok(())
    }

    /// Begins to read at the first byte.
    ///
    /// # Errors
    /// The part that can't be opened, and why.
    fn open(&self) -> Result<Box<dyn SourceReader + '_>, SourceFault>;
}

/// Finished content, to be sent as often as wanted.
#[derive(Clone)]
pub(crate) struct Content {
    pub(in crate::message) source: Arc<dyn Source>,
    pub(in crate::message) message_id: Option<Arc<str>>,
}

/// One reading of a source.
pub(crate) trait SourceReader {
    /// Appends the next piece to `out`: about `room` bytes, fewer at the end or where it suits.
    ///
    /// # Errors
    /// The part that can't be read, and why. The content is then never finished.
    fn read(&mut self, room: usize, out: &mut Vec<u8>) -> Result<PieceKind, SourceFault>;
}

/// The kind of a piece that was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PieceKind {
    /// Any text.
    Text,
    /// Text without a dot, its line ends CRLF: base64, in which nothing need be looked for.
    Dotless,
    /// The content ended before; nothing was appended.
    End,
}

/// Bytes that are read at a time where the caller does not choose.
const BLOCK: usize = 64 * 1024;

/// Reads a source from its beginning to its end.
///
/// # Errors
/// The part that can't be read, or the error of `take`.
pub(crate) fn write(
    source: &dyn Source,
    take: &mut dyn FnMut(&[u8]) -> Result<(), Error>,
) -> Result<(), Error> {
    if let Some(bytes) = source.bytes() {
        return take(bytes);
    }
    let failed = |fault| Error::local(Cause::Source(fault));
    let mut reader = source.open().map_err(failed)?;
    let mut piece = Vec::with_capacity(BLOCK);
    while reader.read(BLOCK, &mut piece).map_err(failed)? != PieceKind::End {
        take(&piece)?;
        piece.clear();
    }
    Ok(())
}

/// Content held in memory.
pub(crate) struct InMemory {
    bytes: Vec<u8>,
    properties: Properties,
}

impl InMemory {
    /// For canonical content with these properties.
    pub(crate) fn new(bytes: Vec<u8>, properties: Properties) -> Self {
        Self { bytes, properties }
    }
}

impl Source for InMemory {
    fn properties(&self) -> Properties {
        self.properties.clone()
    }

    fn bytes(&self) -> Option<&[u8]> {
        Some(&self.bytes)
    }

    fn open(&self) -> Result<Box<dyn SourceReader + '_>, SourceFault> {
        Ok(Box::new(self.bytes.as_slice()))
    }
}

impl SourceReader for &[u8] {
    fn read(&mut self, room: usize, out: &mut Vec<u8>) -> Result<PieceKind, SourceFault> {
        if self.is_empty() {
            return Ok(PieceKind::End);
        }
        let (piece, rest) = self.split_at_checked(room).unwrap_or((self, &[]));
        out.extend_from_slice(piece);
        *self = rest;
        Ok(PieceKind::Text)
    }
}
