//! Finished content from a file or a function, and never held. It is read once when it is given, to
//! know what a send must know beforehand, and once by each send, which stops where it finds what the
//! first reading did not.

use std::path::Path;
use std::sync::Arc;

use ring::digest::{Context, Digest, SHA256};

use super::data::{Data, DataReader, Pull};
use super::header_envelope::{Envelope, MAX_HEADER, envelope};
use super::lines::{LineNormalizer, bare_line_end};
use super::properties::Properties;
use super::raw::{self, ContentRules};
use super::source::{Content, PieceKind, Source, SourceReader};
use crate::error::{Cause, Error, SourceFault};
use crate::message::header::{RawMessage, header_len, locate_line, without_bcc};
use crate::status::Status;

/// Bytes that are read at a time.
const BLOCK: usize = 64 * 1024;
/// The name that errors have for it.
const NAME: &str = "content";

/// Finished content, and the envelope of its header if that was asked for.
pub(crate) struct RawContent {
    pub(in crate::message) content: Content,
    pub(in crate::message) envelope: Option<Envelope>,
}

impl RawContent {
    /// Takes bytes in memory.
    pub(crate) fn memory(content: &[u8], rules: ContentRules) -> Result<Self, Error> {
        raw::check_beginning(content)?;
        let envelope = rules.envelope.then(|| envelope(content)).transpose()?;
        let content = raw::content(content, rules)?;
        Ok(Self { content, envelope })
    }

    /// Reads a regular file through.
    pub(crate) fn file(path: &Path, rules: ContentRules) -> Result<Self, Error> {
        Self::read(Data::file(NAME, path)?, rules)
    }

    /// Reads the content of a function through; `size` is its number of bytes, if it is known.
    pub(crate) fn pull(
        pull: Arc<dyn Pull>,
        size: Option<u64>,
        rules: ContentRules,
    ) -> Result<Self, Error> {
        Self::read(Data::Pull(pull, size), rules)
    }

    fn read(data: Data, rules: ContentRules) -> Result<Self, Error> {
        let failed = |fault| Error::local(Cause::Source(fault));
        let mut reader = data.open(NAME).map_err(failed)?;
        let mut digest = Context::new(&SHA256);
        let mut block = vec![0; BLOCK];
        let mut head = Vec::new();
        let mut ended = false;
        // Up to the empty line, all of its end included.
        while !ended && matches!(&head[header_len(&head)..], b"" | b"\r") {
            if head.len() > MAX_HEADER {
                let why = format!("has a header of more than {MAX_HEADER} bytes");
                return Err(Error::argument(Status::Content, NAME, why));
            }
            head.try_reserve(BLOCK)?;
            ended = next(&mut reader, &mut block, &mut digest, &mut head).map_err(failed)?;
        }
        raw::check_beginning(&head)?;
        let envelope = rules.envelope.then(|| envelope(&head)).transpose()?;
        let (given, mut body) = head.split_at(header_len(&head));
        // Include one byte of the empty line, with which a line end could be joined.
        let beyond = body.len().min(1);
        let RawMessage {
            bytes: mut kept,
            message_id,
            ..
        } = without_bcc(&head[..given.len() + beyond])?;
        kept.truncate(kept.len() - beyond);
        let bare_header = raw::has_bare_header(&kept, body);
        let (mut lines, mut header) = (LineNormalizer::default(), Vec::new());
        // Each line end may grow by one byte.
        header.try_reserve(kept.len().saturating_mul(2).saturating_add(2))?;
        lines.push(&kept, &mut |bytes| header.extend_from_slice(bytes));
        lines.finish(&mut |bytes| header.extend_from_slice(bytes));
        let (mut bytes, mut text) = (kept.len() as u64, Vec::new());
        loop {
            bytes = bytes.saturating_add(body.len() as u64);
            lines.push(body, &mut |_| ());
            if ended {
                break;
            }
            text.clear();
            ended = next(&mut reader, &mut block, &mut digest, &mut text).map_err(failed)?;
            body = &text;
        }
        lines.finish(&mut |_| ());
        if bytes == 0 {
            return Err(raw::empty());
        }
        if rules.strict {
            let in_body = || lines.bare().map(|line| locate_line(&head, line).0);
            if let Some(line) = bare_line_end(given).or_else(in_body) {
                return Err(raw::bare(line));
            }
        }
        let (properties, lines_end) = match lines.properties() {
            Ok(properties) => (properties, LinesEnd::Crlf),
            Err(_) if rules.binary && bare_header => (raw::binary(lines.size()), LinesEnd::Crlf),
            Err(_) if rules.binary => (raw::binary(bytes), LinesEnd::AsGiven),
            Err(invalid) => return Err(raw::invalid(&head, invalid)),
        };
        let properties = Properties {
            utf8_field: raw::utf8_field(&kept),
            ..properties
        };
        let source = Streamed {
            name: NAME.to_owned(),
            data,
            given: given.len(),
            header: match lines_end {
                LinesEnd::Crlf => header,
                LinesEnd::AsGiven => kept,
            },
            lines_end,
            properties,
            digest: digest.finish(),
        };
        Ok(Self {
            content: Content {
                source: Arc::new(source),
                message_id: message_id.map(Arc::from),
            },
            envelope,
        })
    }
}

/// Appends the next block to `out`. Returns whether it was the last.
fn next(
    reader: &mut DataReader,
    block: &mut [u8],
    digest: &mut Context,
    out: &mut Vec<u8>,
) -> Result<bool, SourceFault> {
    let n = reader.fill(block)?;
    let (filled, room) = block.split_at(n);
    digest.update(filled);
    out.extend_from_slice(filled);
    Ok(!room.is_empty())
}

/// The line ends of the content when it is sent.
#[derive(Clone, Copy, PartialEq, Eq)]
enum LinesEnd {
    Crlf,
    AsGiven,
}

/// The source of the content, and the findings of the first reading.
pub(in crate::message) struct Streamed {
    /// The name that errors have for it.
    name: String,
    data: Data,
    lines_end: LinesEnd,
    /// Bytes of the header as it was given.
    given: usize,
    /// The header as it is sent.
    header: Vec<u8>,
    properties: Properties,
    /// The hash of all bytes as they were given.
    digest: Digest,
}

impl Streamed {
    /// Data that goes into a message with CRLF for each line end and no other change, read through once. `look` is
    /// shown what will be sent; what was found of the lines says whether it can be.
    pub(in crate::message) fn read(
        data: &Data,
        name: &str,
        mut look: impl FnMut(&[u8]),
    ) -> Result<(Self, LineNormalizer), SourceFault> {
        let mut reader = data.open(name)?;
        let (mut digest, mut lines) = (Context::new(&SHA256), LineNormalizer::default());
        let (mut block, mut text, mut sent) = (vec![0; BLOCK], Vec::new(), Vec::new());
        let mut ended = false;
        while !ended {
            text.clear();
            sent.clear();
            ended = next(&mut reader, &mut block, &mut digest, &mut text)?;
            lines.push(&text, &mut |bytes| sent.extend_from_slice(bytes));
            if ended {
                lines.finish(&mut |bytes| sent.extend_from_slice(bytes));
            }
            look(&sent);
        }
        let source = Self {
            name: name.to_owned(),
            data: data.clone(),
            lines_end: LinesEnd::Crlf,
            given: 0,
            header: Vec::new(),
            properties: lines.properties().unwrap_or_default(),
            digest: digest.finish(),
        };
        Ok((source, lines))
    }

    /// True if all of it is in memory.
    pub(in crate::message) fn is_in_memory(&self) -> bool {
        matches!(self.data, Data::Memory(_))
    }
}

impl Source for Streamed {
    fn properties(&self) -> Properties {
        self.properties.clone()
    }

    fn check(&self) -> Result<(), SourceFault> {
        self.data.check()
    }

    fn open(&self) -> Result<Box<dyn SourceReader + '_>, SourceFault> {
        Ok(Box::new(StreamedReader {
            of: self,
            reader: self.data.open(&self.name)?,
            header: &self.header,
            skip: self.given,
            lines: LineNormalizer::default(),
            digest: Some(Context::new(&SHA256)),
            block: Vec::new(),
        }))
    }
}

struct StreamedReader<'a> {
    of: &'a Streamed,
    reader: DataReader,
    /// The rest of the header to be given.
    header: &'a [u8],
    /// Bytes of the header as it was given that are still to be skipped.
    skip: usize,
    lines: LineNormalizer,
    /// Until the end was read.
    digest: Option<Context>,
    block: Vec<u8>,
}

impl SourceReader for StreamedReader<'_> {
    fn read(&mut self, room: usize, out: &mut Vec<u8>) -> Result<PieceKind, SourceFault> {
        if !self.header.is_empty() {
            return self.header.read(room.max(1), out);
        }
        let before = out.len();
        while out.len() == before {
            let Some(digest) = &mut self.digest else {
                return Ok(PieceKind::End);
            };
            self.block.resize(room.clamp(1, BLOCK), 0);
            let n = self.reader.fill(&mut self.block)?;
            let (filled, behind) = self.block.split_at(n);
            digest.update(filled);
            let skipped = self.skip.min(n);
            self.skip -= skipped;
            let body = &filled[skipped..];
            let ended = !behind.is_empty();
            match self.of.lines_end {
                LinesEnd::AsGiven => out.extend_from_slice(body),
                LinesEnd::Crlf => {
                    self.lines
                        .push(body, &mut |bytes| out.extend_from_slice(bytes));
                    if ended {
                        self.lines.finish(&mut |bytes| out.extend_from_slice(bytes));
                    }
                }
            }
            self.compare(ended)?;
        }
        Ok(PieceKind::Text)
    }
}

impl StreamedReader<'_> {
    /// Nothing unfit leaves, and the last piece only if all of it is what was read first.
    fn compare(&mut self, ended: bool) -> Result<(), SourceFault> {
        let properties = &self.of.properties;
        let fit = |found: Properties| properties.eight_bit || !found.eight_bit;
        let mut same = properties.binary || self.lines.properties().is_ok_and(fit);
        if ended && let Some(digest) = self.digest.take() {
            same &= digest.finish().as_ref() == self.of.digest.as_ref();
        }
        match same {
            true => Ok(()),
            false => Err(self
                .reader
                .fault("has changed since it was added".to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    const RULES: ContentRules = ContentRules {
        strict: false,
        binary: false,
        envelope: false,
    };

    /// Gives `content` a few bytes at a time.
    fn dribble(content: Vec<u8>, most: usize) -> Arc<dyn Pull> {
        Arc::new(move |offset: u64, buffer: &mut [u8]| {
            let rest = content
                .get(usize::try_from(offset).unwrap()..)
                .unwrap_or_default();
            let n = rest.len().min(buffer.len()).min(most);
            buffer[..n].copy_from_slice(&rest[..n]);
            Ok(n)
        })
    }

    fn all(source: &dyn Source, room: usize) -> Result<Vec<u8>, SourceFault> {
        let mut reader = source.open()?;
        let mut out = Vec::new();
        while reader.read(room, &mut out)? != PieceKind::End {}
        Ok(out)
    }

    #[test]
    fn g10_g11_h02_h06_a_stream_gives_what_memory_gives() {
        let long = format!(
            "Bcc: h@x\r\nSubject: x\r\n\r\n{}",
            "a line\n.\r\n\r".repeat(30_000)
        );
        let odd = [
            "From: a@b\nBcc: hidden@x,\n more@x\nMessage-ID: <i@x>\n\nbody\n.\nx",
            "A: b\r\nResent-Bcc: x",
            "A: b",
            "\r\nbody only\r",
            "A: b\rBcc: x\r\n\nbody\n",
            "Subject: é\r\n\r\né",
            "no colon\nBcc: x\n\n\n\n",
            &long,
        ];
        for content in odd {
            let whole = raw::content(content.as_bytes(), RULES).unwrap();
            for most in [1, 7, usize::MAX] {
                let pull = dribble(content.as_bytes().to_vec(), most);
                let found = RawContent::pull(pull, None, RULES).unwrap().content;
                assert_eq!(found.message_id, whole.message_id);
                assert_eq!(
                    found.source.properties(),
                    whole.source.properties(),
                    "{content:?}"
                );
                for room in [1, 5, 100_000] {
                    if content.len() < 1000 || room > 5 {
                        let got = all(&*found.source, room).unwrap();
                        let expected = whole.source.bytes().unwrap();
                        assert!(got == expected, "{content:?} by {most} and {room}");
                    }
                }
            }
        }
    }

    #[test]
    fn g10_a_header_ends_where_its_blind_copy_was() {
        // The CR before the field and the LF behind it don't become one line end.
        let content = b"A: b\rBcc: x\r\n\nBcc: body\n";
        let whole = raw::content(content, RULES).unwrap();
        let expected = b"A: b\r\n\r\nBcc: body\r\n";
        assert_eq!(whole.source.bytes(), Some(&expected[..]));
    }

    #[test]
    fn h02_h04_h05_the_rules_are_those_of_memory() {
        let strict = ContentRules {
            strict: true,
            ..RULES
        };
        let binary = ContentRules {
            binary: true,
            ..RULES
        };
        let long = ["A: b\n\nx\n", &"y".repeat(999), "\n"].concat();
        let all_rules = [RULES, strict, binary];
        for content in [
            "",
            "Bcc: x\n",
            "A: b\n\na\0",
            &long,
            "A: b\r\n\r\nx\ny",
            "A: b\n",
        ] {
            for rules in all_rules {
                let whole = raw::content(content.as_bytes(), rules);
                let found = RawContent::pull(dribble(content.into(), 3), None, rules);
                match (whole, found) {
                    (Ok(whole), Ok(found)) => {
                        assert_eq!(found.content.source.properties(), whole.source.properties());
                        let got = all(&*found.content.source, 10).unwrap();
                        assert_eq!(got, whole.source.bytes().unwrap(), "{content:?}");
                    }
                    (Err(whole), Err(found)) => assert_eq!(whole, found, "{content:?}"),
                    _ => panic!("{content:?} {rules:?}"),
                }
            }
        }
    }

    /// Everything that can be said of content that was taken.
    type Taken = (Properties, Vec<u8>, Option<Arc<str>>, Option<Envelope>);

    fn taken(raw: RawContent) -> Taken {
        let RawContent { content, envelope } = raw;
        let bytes = all(&*content.source, 1000).unwrap();
        (
            content.source.properties(),
            bytes,
            content.message_id,
            envelope,
        )
    }

    #[test]
    fn g10_g12_h02_h04_h05_memory_a_function_and_a_file_agree_on_every_input() {
        const PIECES: [&str; 24] = [
            "\r\n",
            "\n",
            "\r",
            "\n\n",
            "\r\n\r\n",
            " ",
            ":",
            "\0",
            "é",
            "\u{feff}",
            ">",
            ".",
            "From ",
            "From alice Mon Nov 23\n",
            "From : f@x\n",
            "From: a@b\r\n",
            "To: c@d\n",
            "Bcc: h@x\r\n",
            "Resent-Bcc: h@x\r",
            "Message-ID: <i@x>\n",
            "LONG",
            "body",
            "LATIN",
            "\t",
        ];
        let path = std::env::temp_dir().join(format!("secsmtp-agree-{}", std::process::id()));
        let mut state = 1_u64;
        let mut below = |most: usize| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 33) as usize % most
        };
        let (mut good, mut bad) = (0, 0);
        for round in 0..4000 {
            let mut content = Vec::new();
            for _ in 0..below(9) {
                match PIECES[below(PIECES.len())] {
                    "LONG" => content.extend_from_slice(&[b'y'; 999]),
                    "LATIN" => content.extend_from_slice(b"J\xf6rg <j@x>"),
                    piece => content.extend_from_slice(piece.as_bytes()),
                }
            }
            let rules = ContentRules {
                strict: below(4) == 0,
                binary: below(2) == 0,
                envelope: below(4) == 0,
            };
            let most = [1, 2, 3, usize::MAX][below(4)];
            let memory = RawContent::memory(&content, rules).map(taken);
            let pulled = RawContent::pull(dribble(content.clone(), most), None, rules).map(taken);
            assert_eq!(memory, pulled, "{content:?} by {rules:?}");
            if round % 20 == 0 {
                std::fs::write(&path, &content).unwrap();
                assert_eq!(
                    memory,
                    RawContent::file(&path, rules).map(taken),
                    "{content:?} by {rules:?}"
                );
            }
            match memory {
                Ok(_) => good += 1,
                Err(_) => bad += 1,
            }
        }
        std::fs::remove_file(&path).unwrap();
        assert!(good > 1000 && bad > 500, "{good} and {bad}");
    }

    #[test]
    fn the_line_of_an_mbox_file_is_refused_wherever_it_comes_from() {
        for first in [
            "From alice Mon Nov 23 10:00:00 2026",
            ">From alice Mon Nov 23",
        ] {
            for end in ["\n", "\r\n", "\r"] {
                let content = [first, "Bcc: x", "From: a@b", "To: c@d", "", "body", ""].join(end);
                for envelope in [false, true] {
                    let rules = ContentRules { envelope, ..RULES };
                    let memory = RawContent::memory(content.as_bytes(), rules).map(taken);
                    let pulled = RawContent::pull(dribble(content.clone().into(), 1), None, rules);
                    assert_eq!(memory, pulled.map(taken));
                    let error = memory.unwrap_err();
                    assert_eq!(error.status(), Status::Content);
                    assert!(
                        error
                            .to_string()
                            .contains("a line \"From ...\" of an mbox file"),
                        "{error}"
                    );
                }
            }
        }
        let old = b"From : a@b\r\nTo: c@d\r\n\r\nFrom x\r\n>From y\r\n";
        let memory = RawContent::memory(old, RULES).map(taken).unwrap();
        assert_eq!(memory.1, old, "an old field, and a body that is left alone");
    }

    #[test]
    fn a_header_without_end_is_refused_and_not_held() {
        let endless = |_: u64, buffer: &mut [u8]| {
            buffer.fill(b'x');
            Ok(buffer.len())
        };
        let Err(error) = RawContent::pull(Arc::new(endless), None, RULES) else {
            panic!("it has no end");
        };
        assert_eq!(error.status(), Status::Content);
        assert!(error.to_string().contains("header of more than 2097152"));
    }

    #[test]
    fn h07_what_changed_between_the_readings_never_ends_and_nothing_unfit_leaves() {
        const FIRST: &[u8] = b"A: b\r\n\r\nplain text\r\nmore\r\n";
        for second in [
            &b"A: b\r\n\r\nplain text\r\nmOre\r\n"[..],
            b"A: b\r\n\r\nplain text\r\nmore\r\n\r\n",
            b"A: b\r\n\r\nplain text\r\n",
            b"A: c\r\n\r\nplain text\r\nmore\r\n",
            b"Bcc: x\r\nplain text\r\nmore\r\nxyz\r\n",
            b"A: b\r\n\r\nplain text\0\nmore\r\n",
            b"A: b\r\n\r\nplain t\xc3\xa9xt\r\nmore",
            b"",
        ] {
            let readings = Arc::new(AtomicUsize::new(0));
            let count = Arc::clone(&readings);
            let pull = move |offset: u64, buffer: &mut [u8]| {
                let offset = usize::try_from(offset).unwrap();
                if offset == 0 {
                    count.fetch_add(1, Ordering::Relaxed);
                }
                let first = count.load(Ordering::Relaxed) == 1;
                let content = if first { FIRST } else { second };
                let rest = content.get(offset..).unwrap_or_default();
                let n = rest.len().min(buffer.len());
                buffer[..n].copy_from_slice(&rest[..n]);
                Ok(n)
            };
            let whole = RawContent::pull(Arc::new(pull), None, RULES).unwrap();
            for room in [1, 4, 1000] {
                readings.store(1, Ordering::Relaxed);
                let mut reader = whole.content.source.open().unwrap();
                let mut left = Vec::new();
                let fault = loop {
                    let mut piece = Vec::new();
                    match reader.read(room, &mut piece) {
                        Ok(PieceKind::End) => panic!("{second:?} was finished"),
                        Ok(_) => left.extend_from_slice(&piece),
                        Err(fault) => break fault,
                    }
                };
                assert!(fault.why.contains("has changed"), "{fault:?}");
                assert!(left.is_ascii() && !left.contains(&0), "{left:?}");
            }
        }
        // Content that does not change can be read any number of times.
        let whole = RawContent::pull(dribble(FIRST.to_vec(), 5), Some(26), RULES).unwrap();
        for _ in 0..3 {
            assert_eq!(all(&*whole.content.source, 9).unwrap(), FIRST);
        }
    }
}
