//! A part that goes into the message as it is: multipart/ and message/ types may not be encoded (RFC 2045
//! section 6.4, RFC 2046 section 5.2.1), and a signature holds for these bytes alone.

use std::sync::Arc;

use super::media_type;
use super::parameter::parameter;
use super::part::Part;
use crate::error::{Cause, Error};
use crate::message::content::lines::{InvalidLine, MAX_LINE};
use crate::message::content::streamed::Streamed;
use crate::status::Status;
use crate::support::redact;

/// Types that a server on the way must not be given a reason to encode (RFC 1847 section 2.1, RFC 2046
/// section 5.2).
const SEVEN_BIT: [&str; 3] = [
    "multipart/signed",
    "message/partial",
    "message/external-body",
];

/// The source of such a part, which is read through once for that. Lines end in CRLF; nothing else of
/// it changes.
///
/// # Errors
/// [`Status::Content`] for what can't be sent as it is, and what can't be read.
pub(in crate::message) fn source(part: &Part) -> Result<Arc<Streamed>, Error> {
    let media_type = part.media_type();
    let kind = media_type::essence(&media_type);
    let signed = kind == "multipart/signed";
    let boundary = parameter(&media_type, "boundary").filter(|_| kind.starts_with("multipart/"));
    let mut delimiters = boundary.map(Delimiters::new);
    let (source, lines) = Streamed::read(&part.data, part.label(), |piece| {
        if let Some(delimiters) = &mut delimiters {
            delimiters.push(piece);
        }
    })
    .map_err(|fault| Error::local(Cause::Source(fault)))?;
    let wrong = |why: String| {
        let name = redact::escape(part.label().as_bytes(), 80);
        Err(Error::argument(
            Status::Content,
            "part",
            format!("{name} {why}"),
        ))
    };
    let before = if signed { " before it is signed" } else { "" };
    let encode = format!("encode its content as quoted-printable or base64{before}");
    match lines.properties() {
        Ok(properties) if properties.eight_bit && SEVEN_BIT.contains(&kind.as_str()) => {
            return wrong(format!(
                "has a byte above 127, and {kind} is 7-bit: {encode}"
            ));
        }
        Ok(_) => {}
        Err(invalid) => {
            let (line, what) = match invalid {
                InvalidLine::Nul { line } => (line, "a NUL".to_owned()),
                InvalidLine::TooLong { line } => (line, format!("more than {MAX_LINE} bytes")),
            };
            return wrong(format!(
                "has {what} in line {line}, and {kind} goes as it is: {encode}"
            ));
        }
    }
    if let Some(line) = lines.mixed().filter(|_| signed) {
        return wrong(format!(
            "has another line end in line {line} than in line 1, and signed content has CRLF at the end of each line"
        ));
    }
    match delimiters.map(Delimiters::finish) {
        Some(Err(line)) => wrong(format!(
            "has no line {line}, which a {kind} of this boundary needs"
        )),
        _ => Ok(Arc::new(source)),
    }
}

/// Looks for the lines that begin and end a multipart (RFC 2046 section 5.1.1).
struct Delimiters {
    delimiter: String,
    line: Vec<u8>,
    begun: bool,
    ended: bool,
}

impl Delimiters {
    fn new(boundary: String) -> Self {
        Self {
            delimiter: format!("--{boundary}"),
            line: Vec::new(),
            begun: false,
            ended: false,
        }
    }

    /// Takes the next piece, in which lines end in CRLF.
    fn push(&mut self, piece: &[u8]) {
        for some in piece.split_inclusive(|byte| *byte == b'\n') {
            let room = MAX_LINE.saturating_sub(self.line.len());
            self.line
                .extend_from_slice(some.get(..room).unwrap_or(some));
            if some.ends_with(b"\n") {
                self.end_line();
            }
        }
    }

    fn end_line(&mut self) {
        match self
            .line
            .strip_prefix(self.delimiter.as_bytes())
            .map(<[u8]>::trim_ascii_end)
        {
            Some(b"") => self.begun = true,
            Some(b"--") => self.ended |= self.begun,
            _ => {}
        }
        self.line.clear();
    }

    /// The line that is missing, if one is.
    fn finish(self) -> Result<(), String> {
        match (self.begun, self.ended) {
            (true, true) => Ok(()),
            (true, false) => Err(format!("{}--", self.delimiter)),
            (false, _) => Err(self.delimiter),
        }
    }
}
