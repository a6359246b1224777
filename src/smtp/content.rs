//! The content on its way: behind DATA with its final dot, or by BDAT in counted chunks.

use crate::error::{Cause, Error, Record, SourceFault};
use crate::message::{Piece, Read, Source};
use crate::net::Transport;
use crate::proto::content::DataEncoder;
use crate::proto::transaction::bdat;

use super::context::Context;
use super::flight::Asked;
use super::pipeline::{BACKLOG, Broken, Own, Pipeline};

/// Octets of content in one BDAT; as many go along with the envelope before it is answered.
const CHUNK: usize = 256 * 1024;

/// Octets of content encoded and handed over at a time.
const BLOCK: usize = 256 * 1024;

/// Content being read: where it lies in memory, without a copy.
pub(super) enum Supply<'m> {
    Octets(&'m [u8]),
    Reading {
        source: Box<dyn Read + 'm>,
        chunk: Vec<u8>,
        last: bool,
    },
}

/// What one BDAT carries.
struct Chunk<'a> {
    octets: &'a [u8],
    last: bool,
}

impl<'m> Supply<'m> {
    pub(super) fn open(content: &'m dyn Source) -> Result<Self, SourceFault> {
        Ok(match content.octets() {
            Some(octets) => Self::Octets(octets),
            None => Self::Reading {
                source: content.open()?,
                chunk: Vec::new(),
                last: false,
            },
        })
    }

    /// Reads the next chunk whole: a BDAT that was begun can only be finished.
    pub(super) fn fill(&mut self) -> Result<(), SourceFault> {
        if let Self::Reading {
            source,
            chunk,
            last,
        } = self
        {
            chunk.clear();
            while chunk.len() < CHUNK && !*last {
                let room = CHUNK.saturating_sub(chunk.len());
                *last = source.read(room, chunk)? == Piece::End;
            }
        }
        Ok(())
    }

    /// The chunk that is at hand.
    fn chunk(&mut self) -> Chunk<'_> {
        match self {
            Self::Octets(rest) => {
                let (octets, behind) = rest.split_at_checked(CHUNK).unwrap_or((rest, &[]));
                *rest = behind;
                let last = behind.is_empty();
                Chunk { octets, last }
            }
            Self::Reading { chunk, last, .. } => Chunk {
                octets: chunk,
                last: *last,
            },
        }
    }

    /// The next block of DATA's form, appended to `out`, with the final dot if it is the last. Adds
    /// up in `written` what that was of the content; tells whether more follows.
    fn block(
        &mut self,
        encoder: &mut DataEncoder,
        plain: &mut Vec<u8>,
        out: &mut Vec<u8>,
        written: &mut u64,
    ) -> Result<bool, SourceFault> {
        match self {
            Self::Octets(rest) => {
                let (block, behind) = rest.split_at_checked(BLOCK).unwrap_or((rest, &[]));
                encoder.push(block, out);
                *written = written.saturating_add(block.len() as u64);
                *rest = behind;
                if !behind.is_empty() {
                    return Ok(true);
                }
            }
            Self::Reading { source, .. } => {
                while out.len() < BLOCK {
                    plain.clear();
                    let piece = source.read(BLOCK.saturating_sub(out.len()), plain)?;
                    *written = written.saturating_add(plain.len() as u64);
                    match piece {
                        Piece::Text => encoder.push(plain, out),
                        Piece::Dotless => encoder.push_dotless(plain, out),
                        Piece::End => break,
                    }
                }
                if out.len() >= BLOCK {
                    return Ok(true);
                }
            }
        }
        encoder.finish(out);
        Ok(false)
    }
}

impl<T: Transport, S: FnMut(u64, Result<Record, Error>)> Pipeline<'_, T, S> {
    /// Writes content behind 354, dot included. The dot follows only if nothing was said meanwhile.
    pub(super) fn data(
        &mut self,
        cx: &mut Context<'_>,
        mut supply: Supply<'_>,
        size: Option<u64>,
    ) -> Result<(), Broken> {
        let mut encoder = DataEncoder::default();
        let (mut plain, mut out) = (Vec::new(), Vec::new());
        self.mark_content();
        let (mut more, mut written) = (true, 0);
        while more {
            cx.progress(written, size);
            out.clear();
            let block = supply.block(&mut encoder, &mut plain, &mut out, &mut written);
            more = block.map_err(|fault| self.fall(cx, Cause::Source(fault), Own::Latest))?;
            // A refusal is heard before more is said. And what lies in memory here is no content
            // that left: it is given up with the connection.
            self.settle(cx, |pipeline| pipeline.session.channel.backlog() < BACKLOG)?;
            self.turn(cx)?;
            self.push(cx, &out)?;
        }
        let end = self.session.channel.pushed();
        self.close_question(end);
        self.end_content(end);
        // Whatever the answer to the dot, it ends the transaction (RFC 5321 section 4.1.1.4).
        self.session.open = false;
        Ok(())
    }

    /// Writes content by BDAT, the chunk at hand at once. What is behind it waits until the
    /// envelope is accepted; no chunk is begun after a refusal.
    pub(super) fn bdat(
        &mut self,
        cx: &mut Context<'_>,
        mut supply: Supply<'_>,
        size: Option<u64>,
    ) -> Result<(), Broken> {
        let mut more = true;
        let mut begun = false;
        let mut written = 0_u64;
        while more {
            if begun {
                self.settle(cx, Self::envelope_is_answered)?;
                let filled = supply.fill();
                filled.map_err(|fault| self.fall(cx, Cause::Source(fault), Own::Latest))?;
                self.settle(cx, |pipeline| pipeline.session.channel.backlog() < BACKLOG)?;
                self.turn(cx)?;
                if self.is_refused() {
                    return Ok(());
                }
            }
            begun = true;
            let chunk = supply.chunk();
            more = !chunk.last;
            self.write_chunk(cx, &chunk)?;
            written = written.saturating_add(chunk.octets.len() as u64);
            if more {
                cx.progress(written, size);
            }
        }
        Ok(())
    }

    fn write_chunk(&mut self, cx: &mut Context<'_>, chunk: &Chunk<'_>) -> Result<(), Broken> {
        let mut line = std::mem::take(&mut self.line);
        line.clear();
        bdat(&mut line, chunk.octets.len(), chunk.last);
        let asked = match chunk.last {
            true => Asked::End,
            false => Asked::Chunk,
        };
        self.announce(cx, asked, &line)?;
        self.push(cx, &line)?;
        self.line = line;
        self.mark_content();
        let end = self.session.channel.pushed();
        let end = end.saturating_add(chunk.octets.len() as u64);
        self.question(asked, end);
        if chunk.last {
            self.end_content(end);
        }
        for block in chunk.octets.chunks(BLOCK) {
            self.push(cx, block)?;
            if self.session.channel.backlog() >= BACKLOG {
                self.settle(cx, |pipeline| pipeline.session.channel.backlog() < BACKLOG)?;
            }
        }
        if self.lockstep {
            self.settle(cx, Self::is_quiet)?;
        }
        Ok(())
    }

    /// The content begins here, unless it has begun.
    fn mark_content(&mut self) {
        let begin = self.session.channel.pushed();
        if let Some(flight) = self.current() {
            flight.content.get_or_insert(begin);
        }
    }

    fn end_content(&mut self, end: u64) {
        if let Some(flight) = self.current() {
            flight.end = Some(end);
        }
    }
}
