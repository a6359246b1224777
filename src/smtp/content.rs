//! Reads content for sending: by BDAT in counted chunks, or after DATA with its final dot.

use super::wire::data_encoder::DataEncoder;
use crate::error::SourceFault;
use crate::message::{PieceKind, Source, SourceReader};

/// Bytes of content in one BDAT, or in one block of DATA.
const SIZE: usize = 256 * 1024;

/// A part of the content in the form in which it is sent.
pub(super) struct Piece<'a> {
    pub(super) bytes: &'a [u8],
    /// True if the content ends with it.
    pub(super) last: bool,
}

/// Reads content piece by piece. A piece is read whole before any of it is sent, because a BDAT that
/// was begun can only be finished.
pub(super) struct ContentReader<'m> {
    input: Input<'m>,
    /// For DATA; `None` for BDAT.
    encoder: Option<DataEncoder>,
    /// The next piece, unless it lies in memory and needs no encoding.
    piece: Vec<u8>,
    /// True if a piece was read and not yet sent.
    is_filled: bool,
    /// True if it is the last.
    is_last: bool,
    size: Option<u64>,
    /// Bytes of content in the pieces that were read.
    bytes_read: u64,
    pieces_taken: u64,
}

enum Input<'m> {
    Memory(&'m [u8]),
    Reader(Box<dyn SourceReader + 'm>, Vec<u8>),
}

impl<'m> ContentReader<'m> {
    /// Opens the content. For BDAT the first piece is read too: it may go together with the envelope.
    ///
    /// # Errors
    /// The content can't be opened or read.
    pub(super) fn open(content: &'m dyn Source, chunking: bool) -> Result<Self, SourceFault> {
        let mut reader = Self {
            input: match content.bytes() {
                Some(bytes) => Input::Memory(bytes),
                None => Input::Reader(content.open()?, Vec::new()),
            },
            encoder: (!chunking).then(DataEncoder::default),
            piece: Vec::new(),
            is_filled: false,
            is_last: false,
            size: content.properties().size,
            bytes_read: 0,
            pieces_taken: 0,
        };
        if chunking {
            reader.fill()?;
        }
        Ok(reader)
    }

    /// Returns whether the next piece is the first one.
    pub(super) fn is_at_start(&self) -> bool {
        self.pieces_taken == 0
    }

    /// Bytes of the whole content, where they are known.
    pub(super) fn size(&self) -> Option<u64> {
        self.size
    }

    /// Bytes of content in the pieces that were read.
    pub(super) fn bytes_read(&self) -> u64 {
        self.bytes_read
    }

    /// Reads the next piece, unless one was read already. Returns whether a source was read for it.
    ///
    /// # Errors
    /// The content can't be read.
    pub(super) fn fill(&mut self) -> Result<bool, SourceFault> {
        if self.is_filled {
            return Ok(false);
        }
        self.piece.clear();
        match (&mut self.input, &mut self.encoder) {
            // The slice is the piece.
            (Input::Memory(rest), None) => {
                self.is_last = rest.len() <= SIZE;
                self.bytes_read += rest.len().min(SIZE) as u64;
            }
            (Input::Memory(rest), Some(encoder)) => {
                let (block, behind) = rest.split_at_checked(SIZE).unwrap_or((rest, &[]));
                encoder.push(block, &mut self.piece);
                self.bytes_read += block.len() as u64;
                *rest = behind;
                self.is_last = behind.is_empty();
            }
            (Input::Reader(reader, _), None) => {
                while self.piece.len() < SIZE && !self.is_last {
                    let room = SIZE - self.piece.len();
                    self.is_last = reader.read(room, &mut self.piece)? == PieceKind::End;
                }
                self.bytes_read += self.piece.len() as u64;
            }
            (Input::Reader(reader, raw), Some(encoder)) => {
                while self.piece.len() < SIZE && !self.is_last {
                    raw.clear();
                    let kind = reader.read(SIZE - self.piece.len(), raw)?;
                    self.bytes_read += raw.len() as u64;
                    match kind {
                        PieceKind::Text => encoder.push(raw, &mut self.piece),
                        PieceKind::Dotless => encoder.push_dotless(raw, &mut self.piece),
                        PieceKind::End => self.is_last = true,
                    }
                }
            }
        }
        if let (true, Some(encoder)) = (self.is_last, &mut self.encoder) {
            (*encoder).finish(&mut self.piece);
        }
        self.is_filled = true;
        Ok(matches!(self.input, Input::Reader(..)))
    }

    /// The current piece.
    pub(super) fn take(&mut self) -> Piece<'_> {
        self.is_filled = false;
        self.pieces_taken += 1;
        let bytes = match (&mut self.input, &self.encoder) {
            (Input::Memory(rest), None) => {
                let (chunk, behind) = rest.split_at_checked(SIZE).unwrap_or((rest, &[]));
                *rest = behind;
                chunk
            }
            _ => &self.piece,
        };
        Piece {
            bytes,
            last: self.is_last,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::content::properties::Properties;

    /// Content that is read in pieces of some 100,000 bytes, and never of more than is asked for.
    struct Streamed(Vec<u8>);

    impl Source for Streamed {
        fn properties(&self) -> Properties {
            Properties::default()
        }

        fn open(&self) -> Result<Box<dyn SourceReader + '_>, SourceFault> {
            Ok(Box::new(Blocks(&self.0)))
        }
    }

    struct Blocks<'a>(&'a [u8]);

    impl SourceReader for Blocks<'_> {
        fn read(&mut self, room: usize, out: &mut Vec<u8>) -> Result<PieceKind, SourceFault> {
            assert!(room > 0);
            self.0.read(room.min(100_000), out)
        }
    }

    /// The lengths of the pieces, and all of them in a row.
    fn pieces(content: &dyn Source, chunking: bool) -> (Vec<usize>, Vec<u8>) {
        let mut reader = ContentReader::open(content, chunking).unwrap();
        let (mut lengths, mut all) = (Vec::new(), Vec::new());
        loop {
            let is_first = lengths.is_empty();
            assert_eq!(reader.is_at_start(), is_first);
            reader.fill().unwrap();
            assert!(!reader.fill().unwrap(), "a piece is read once");
            let piece = reader.take();
            lengths.push(piece.bytes.len());
            all.extend_from_slice(piece.bytes);
            if piece.last {
                assert_eq!(
                    reader.bytes_read() as usize,
                    all.len() - 3 * usize::from(!chunking)
                );
                return (lengths, all);
            }
        }
    }

    #[test]
    fn a_chunk_is_full_before_the_next_one_begins() {
        let line = [&[b'x'; 98][..], b"\r\n"].concat();
        let content = line.repeat(6_000);
        let full = vec![SIZE, SIZE, 600_000 - 2 * SIZE];
        let streamed = Streamed(content.clone());
        assert_eq!(pieces(&streamed, true), (full.clone(), content.clone()));
        let ended = [&content[..], b".\r\n"].concat();
        let (lengths, all) = pieces(&streamed, false);
        assert_eq!(lengths, [SIZE, SIZE, 600_000 - 2 * SIZE + 3]);
        assert!(all == ended);
    }
}
