//! Puts a draft together: the fields, and the parts as segments.

use std::collections::TryReserveError;
use std::sync::Arc;

use super::composed::{Composed, Segment};
use super::draft::Draft;
use super::field_check::ROOM_OF_FIELD;
use super::fields::{room_of_fields, write_fields};
use super::header_writer::HeaderWriter;
use super::message_id::{random, random_id};
use super::part::Part;
use super::tree::{Encoding, Node, tree};
use crate::error::Error;
use crate::memory;
use crate::message::address::Address;
use crate::message::content::properties::Properties;
use crate::message::content::source::{self, InMemory, Source};

/// Messages up to this size, all of it in memory already, are put together once and for all.
const SMALL: u64 = 256 * 1024;

/// A draft made into a message: nothing of it changes any more, however often it is sent.
pub(in crate::message) struct ComposedMessage {
    pub(in crate::message) source: Arc<dyn Source>,
    pub(in crate::message) message_id: Arc<str>,
    pub(in crate::message) sender: Address,
    pub(in crate::message) recipients: Arc<Vec<Address>>,
    pub(in crate::message) parts: Vec<Part>,
}

/// Puts a message together. Files are not read yet, unless their encoding is to be kept, or the text or
/// finished content that they hold must be known.
///
/// # Errors
/// The part that is missing, or can't be read.
pub(in crate::message) fn compose(draft: &Draft) -> Result<ComposedMessage, Error> {
    let sender = draft.envelope_sender()?;
    draft.check_one_click()?;
    let message_id = match &draft.message_id {
        Some(id) => format!("<{id}>"),
        None => random_id(&sender)?,
    };
    let subject = draft.subject.as_ref().map_or(0, |subject| subject.len());
    memory::check(subject, ROOM_OF_FIELD)?;
    let mut header = HeaderWriter::with_room(room_of_fields(draft))?;
    write_fields(draft, &message_id, &mut header);
    let mut writer = Writer {
        seed: random()?,
        multiparts: 0,
        segments: Vec::new(),
        tail: Vec::new(),
    };
    let tree = tree(draft)?;
    tree.write_header(&mut header, &writer.next_boundary());
    let utf8_field = header.utf8.take();
    writer.tail = header.finish();
    memory::append(&mut writer.tail, b"\r\n")?;
    writer.body(&tree)?;
    let composed = Composed::new(
        writer.finish(),
        Properties {
            eight_bit: utf8_field.is_some() || tree.is_eight_bit(),
            utf8_field,
            ..Properties::default()
        },
    );
    Ok(ComposedMessage {
        source: flat(composed)?,
        message_id: message_id.into(),
        sender,
        recipients: Arc::new(draft.envelope_recipients()?),
        parts: draft.all_parts().cloned().collect(),
    })
}

/// Small messages lie in memory whole, so that they are written without being read piece by piece.
fn flat(composed: Composed) -> Result<Arc<dyn Source>, Error> {
    let properties = composed.properties();
    if !composed.is_in_memory() || properties.size.is_none_or(|size| size > SMALL) {
        return Ok(Arc::new(composed));
    }
    let mut bytes = Vec::new();
    source::write(&composed, &mut |piece| {
        bytes.extend_from_slice(piece);
        Ok(())
    })?;
    Ok(Arc::new(InMemory::new(bytes, properties)))
}

/// Writes the tree as segments.
struct Writer {
    seed: String,
    multiparts: usize,
    segments: Vec<Segment>,
    tail: Vec<u8>,
}

impl Writer {
    /// The next multipart's. It can't stand in any part: no encoded line holds `=_`, and in plain
    /// text it would have to be guessed.
    fn next_boundary(&self) -> String {
        format!("=_{}_{}", self.seed, self.multiparts)
    }

    fn body(&mut self, node: &Node) -> Result<(), Error> {
        match node {
            Node::Text { encoded, .. } => memory::append(&mut self.tail, &encoded.bytes)?,
            Node::Part { part, encoding, .. } => self.part(part, encoding)?,
            Node::Multi { children, .. } => {
                let boundary = self.next_boundary();
                self.multiparts += 1;
                for (i, child) in children.iter().enumerate() {
                    if i > 0 {
                        memory::append(&mut self.tail, b"\r\n")?;
                    }
                    self.line(&["--", &boundary])?;
                    let mut header = HeaderWriter::default();
                    child.write_header(&mut header, &self.next_boundary());
                    memory::append(&mut self.tail, &header.finish())?;
                    self.line(&[])?;
                    self.body(child)?;
                }
                self.line(&[])?;
                self.line(&["--", &boundary, "--"])?;
            }
        }
        Ok(())
    }

    fn part(&mut self, part: &Part, encoding: &Encoding) -> Result<(), Error> {
        if let Encoding::AsGiven(source) = encoding {
            self.cut();
            self.segments.push(Segment::AsGiven(Arc::clone(source)));
            return Ok(());
        }
        let cached = part.encoded()?;
        self.cut();
        self.segments.push(match cached {
            Some(bytes) => Segment::Encoded(bytes),
            None => Segment::Part(part.clone()),
        });
        Ok(())
    }

    fn line(&mut self, words: &[&str]) -> Result<(), TryReserveError> {
        let mut words = words.iter().chain(&["\r\n"]);
        words.try_for_each(|word| memory::append(&mut self.tail, word.as_bytes()))
    }

    fn cut(&mut self) {
        let tail = std::mem::take(&mut self.tail);
        if !tail.is_empty() {
            self.segments.push(Segment::Text(tail));
        }
    }

    fn finish(mut self) -> Vec<Segment> {
        self.cut();
        self.segments
    }
}
