//! A composed message as a source: texts in memory, and parts that are read and encoded while they
//! are sent, some sixty thousand bytes at a time.

use std::sync::Arc;

use super::base64_lines::{self, RAW_LINE};
use super::part::Part;
use crate::error::SourceFault;
use crate::message::content::data::{Data, DataReader};
use crate::message::content::properties::Properties;
use crate::message::content::source::{PieceKind, Source, SourceReader};
use crate::message::content::streamed::Streamed;

/// Bytes of a part that are read at a time, at most.
const RAW: usize = RAW_LINE * 840;

/// A stretch of a composed message.
pub(in crate::message) enum Segment {
    /// Header fields, boundaries, encoded texts.
    Text(Vec<u8>),
    /// Base64 lines made before.
    Encoded(Arc<Vec<u8>>),
    /// A part to be read and encoded.
    Part(Part),
    /// A part to be read and sent as it is.
    AsGiven(Arc<Streamed>),
}

/// A composed message.
pub(in crate::message) struct Composed {
    segments: Vec<Segment>,
    properties: Properties,
}

impl Composed {
    /// Makes it of these segments; the size is found by adding up.
    pub(in crate::message) fn new(segments: Vec<Segment>, properties: Properties) -> Self {
        let size = segments.iter().try_fold(0_u64, |sum, segment| {
            let size = match segment {
                Segment::Text(bytes) => bytes.len() as u64,
                Segment::Encoded(bytes) => bytes.len() as u64,
                Segment::Part(part) => base64_lines::encoded_len(part.data.size()?)?,
                Segment::AsGiven(source) => source.properties().size?,
            };
            sum.checked_add(size)
        });
        Self {
            segments,
            properties: Properties { size, ..properties },
        }
    }

    /// True if all of it is in memory.
    pub(in crate::message) fn is_in_memory(&self) -> bool {
        self.segments.iter().all(|segment| match segment {
            Segment::Text(_) | Segment::Encoded(_) => true,
            Segment::Part(part) => matches!(part.data, Data::Memory(_)),
            Segment::AsGiven(source) => source.is_in_memory(),
        })
    }
}

impl Source for Composed {
    fn properties(&self) -> Properties {
        self.properties.clone()
    }

    fn check(&self) -> Result<(), SourceFault> {
        self.segments.iter().try_for_each(|segment| match segment {
            Segment::Text(_) | Segment::Encoded(_) => Ok(()),
            Segment::Part(part) => part.data.check(),
            Segment::AsGiven(source) => source.check(),
        })
    }

    fn open(&self) -> Result<Box<dyn SourceReader + '_>, SourceFault> {
        Ok(Box::new(ComposedReader {
            segments: &self.segments,
            done: 0,
            part: None,
            as_given: None,
            raw: Vec::new(),
        }))
    }
}

struct ComposedReader<'a> {
    /// Those not read to their end.
    segments: &'a [Segment],
    /// Bytes done of the first, if it lies in memory.
    done: usize,
    part: Option<DataReader>,
    as_given: Option<Box<dyn SourceReader + 'a>>,
    raw: Vec<u8>,
}

impl SourceReader for ComposedReader<'_> {
    fn read(&mut self, room: usize, out: &mut Vec<u8>) -> Result<PieceKind, SourceFault> {
        loop {
            let Some((first, others)) = self.segments.split_first() else {
                return Ok(PieceKind::End);
            };
            let (bytes, piece): (&[u8], _) = match first {
                Segment::Text(bytes) => (bytes, PieceKind::Text),
                Segment::Encoded(bytes) => (bytes, PieceKind::Dotless),
                Segment::Part(part) => {
                    if self.encode(part, room, out)? {
                        self.part = None;
                        self.segments = others;
                    }
                    return Ok(PieceKind::Dotless);
                }
                Segment::AsGiven(source) => {
                    let reader = match &mut self.as_given {
                        Some(reader) => reader,
                        none => none.insert(source.open()?),
                    };
                    if reader.read(room, out)? == PieceKind::Text {
                        return Ok(PieceKind::Text);
                    }
                    (self.as_given, self.segments) = (None, others);
                    continue;
                }
            };
            let rest = bytes.get(self.done..).unwrap_or_default();
            if rest.is_empty() {
                (self.segments, self.done) = (others, 0);
                continue;
            }
            let some = rest.get(..room.max(1)).unwrap_or(rest);
            out.extend_from_slice(some);
            self.done += some.len();
            return Ok(piece);
        }
    }
}

/// There is no memory for the next lines of a part.
fn lacking(part: &Part) -> SourceFault {
    SourceFault {
        part: part.label().to_owned(),
        why: "can't be encoded: out of memory".to_owned(),
    }
}

impl ComposedReader<'_> {
    /// Encodes the next whole lines of a part; says whether it ended.
    fn encode(&mut self, part: &Part, room: usize, out: &mut Vec<u8>) -> Result<bool, SourceFault> {
        let reader = match &mut self.part {
            Some(reader) => reader,
            none => none.insert(part.data.open(part.label())?),
        };
        let raw = (room / 78 * RAW_LINE).clamp(RAW_LINE, RAW);
        self.raw.resize(raw, 0);
        let n = reader.fill(&mut self.raw)?;
        base64_lines::encode(&self.raw[..n], out).map_err(|_| lacking(part))?;
        Ok(n < raw)
    }
}
