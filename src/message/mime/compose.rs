//! From a draft to the message: the fields in order, and the tree that the parts ask for (RFC 2046):
//! text and HTML are alternatives, what the HTML shows is related to it, all else is mixed.

use std::collections::TryReserveError;
use std::sync::Arc;

use ring::rand::{SecureRandom as _, SystemRandom};

use super::as_given;
use super::composed::{Composed, Segment};
use super::field::Header;
use super::media_type;
use super::part::Part;
use super::text;
use crate::error::{Cause, Error};
use crate::memory;
use crate::message::address::Address;
use crate::message::content::properties::Properties;
use crate::message::content::source::{InMemory, Source};
use crate::message::content::streamed::Streamed;
use crate::message::draft::{Date, Draft, Priority, ROOM_OF_FIELD};
use crate::message::mailbox::Entry;
use crate::support::date;

/// Room for what a field has besides its text (its name or an address), and for the fields that each
/// message has.
const FIELD: usize = 1024;
const FIELDS: usize = 4096;

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
/// What is missing, or a part that can't be read.
pub(in crate::message) fn compose(draft: &Draft) -> Result<ComposedMessage, Error> {
    let sender = draft.envelope_sender()?;
    draft.check_one_click()?;
    let message_id = match &draft.message_id {
        Some(id) => format!("<{id}>"),
        None => format!("<{}@{}>", random()?, id_domain(&sender)),
    };
    let subject = draft.subject.as_ref().map_or(0, |subject| subject.len());
    memory::check(subject, ROOM_OF_FIELD)?;
    let mut header = Header::with_room(room_of_fields(draft))?;
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
    crate::message::content::source::write(&composed, &mut |piece| {
        bytes.extend_from_slice(piece);
        Ok(())
    })?;
    Ok(Arc::new(InMemory::new(bytes, properties)))
}

/// More than the header takes, so that it does not grow while it is written: an encoded text has less
/// than three times its bytes.
fn room_of_fields(draft: &Draft) -> usize {
    let lists = [
        &draft.from,
        &draft.sender,
        &draft.reply_to,
        &draft.to,
        &draft.cc,
    ];
    let entries = lists.into_iter().flatten().map(|entry| match entry {
        Entry::Mailbox(mailbox) => mailbox.name.len(),
        Entry::Group { name, members } => members
            .iter()
            .map(|member| member.name.len().saturating_add(FIELD))
            .fold(name.len(), usize::saturating_add),
    });
    let subject = draft.subject.iter().map(|subject| subject.len());
    let custom = draft.custom.iter().map(|field| field.len());
    let ids = draft.in_reply_to.iter().chain(&draft.references);
    let ids = ids.chain(&draft.unsubscribe).map(String::len);
    let texts = entries.chain(subject).chain(ids);
    texts.fold(custom.fold(FIELDS, usize::saturating_add), |room, text| {
        room.saturating_add(text.saturating_mul(3))
            .saturating_add(FIELD)
    })
}

fn write_fields(draft: &Draft, message_id: &str, header: &mut Header) {
    let date = draft.date.unwrap_or_else(|| Date {
        seconds: date::now(),
        offset: 0,
    });
    header.tokens("Date", &date::rfc5322(date.seconds, date.offset));
    header.addresses("From", &draft.from);
    for (name, list) in [
        ("Sender", &draft.sender),
        ("Reply-To", &draft.reply_to),
        ("To", &draft.to),
        ("Cc", &draft.cc),
    ] {
        if !list.is_empty() {
            header.addresses(name, list);
        }
    }
    if draft.to.is_empty() && draft.cc.is_empty() {
        let name = "undisclosed-recipients".to_owned();
        let nobody = Entry::Group {
            name,
            members: Vec::new(),
        };
        header.addresses("To", &[nobody]);
    }
    if let Some(subject) = &draft.subject {
        header.subject(subject);
    }
    header.tokens("Message-ID", message_id);
    for (name, ids) in [
        ("In-Reply-To", &draft.in_reply_to),
        ("References", &draft.references),
    ] {
        if !ids.is_empty() {
            header.tokens(name, &bracketed(ids, " "));
        }
    }
    match draft.priority {
        Some(Priority::High) => {
            header.tokens("X-Priority", "1 (Highest)");
            header.tokens("Importance", "high");
        }
        Some(Priority::Low) => {
            header.tokens("X-Priority", "5 (Lowest)");
            header.tokens("Importance", "low");
        }
        Some(Priority::Normal) | None => {}
    }
    if !draft.unsubscribe.is_empty() {
        header.tokens("List-Unsubscribe", &bracketed(&draft.unsubscribe, ", "));
        if draft.one_click {
            header.tokens("List-Unsubscribe-Post", "List-Unsubscribe=One-Click");
        }
    }
    for field in &draft.custom {
        header.append(field);
    }
    header.tokens("MIME-Version", "1.0");
}

fn bracketed(ids: &[String], between: &str) -> String {
    let ids: Vec<String> = ids.iter().map(|id| format!("<{id}>")).collect();
    ids.join(between)
}

/// A domain that is fit for the right of a Message-ID.
fn id_domain(sender: &Address) -> &str {
    let domain = sender.domain();
    domain
        .strip_prefix('[')
        .and_then(|d| d.strip_suffix(']'))
        .map_or(domain, |_| "localhost.invalid")
}

/// 128 random bits.
fn random() -> Result<String, Error> {
    let mut bytes = [0_u8; 16];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| Error::local(Cause::Random))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// A part of the tree.
enum Node {
    Text {
        kind: &'static str,
        method: Option<String>,
        encoded: text::Encoded,
    },
    Part {
        part: Part,
        role: Role,
        encoding: Encoding,
    },
    Multi {
        kind: &'static str,
        /// The type of the first child, which RFC 2387 asks for.
        root: Option<&'static str>,
        children: Vec<Node>,
    },
}

/// Where a part stands in the message.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    /// A form of the text, beside others.
    Alternative,
    /// Shown by the HTML.
    Inline,
    /// A file for readers to keep.
    Attached,
    /// Built by the caller with all that it holds, and no file.
    Multipart,
}

/// How a part's bytes are written.
enum Encoding {
    Base64 { charset: Option<&'static str> },
    AsGiven(Arc<Streamed>),
}

impl Encoding {
    fn of(part: &Part) -> Result<Self, Error> {
        if part.is_as_given() {
            return as_given::source(part).map(Self::AsGiven);
        }
        part.check_method()?;
        let utf8 = part.is_utf8_text();
        let utf8 = utf8.map_err(|fault| Error::local(Cause::Source(fault)))?;
        let charset = utf8.then_some("utf-8");
        Ok(Self::Base64 { charset })
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Base64 { .. } => "base64",
            Self::AsGiven(source) if source.properties().eight_bit => "8bit",
            Self::AsGiven(_) => "7bit",
        }
    }
}

fn tree(draft: &Draft) -> Result<Node, Error> {
    let text = |kind, text: &str| {
        text::encode(text).map(|encoded| Node::Text {
            kind,
            method: None,
            encoded,
        })
    };
    let html = draft.html.as_ref().map(|html| text("text/html", html));
    let html = html.transpose()?;
    let shows = html.is_some();
    let (inline, attached): (Vec<&Part>, Vec<&Part>) = draft
        .parts
        .iter()
        .partition(|part| part.content_id.is_some() && shows);
    let html = match html {
        Some(html) => {
            let shown = inline
                .into_iter()
                .map(leaf)
                .collect::<Result<Vec<_>, _>>()?;
            let children = std::iter::once(html).chain(shown);
            Some(group("multipart/related", Some("text/html"), children))
        }
        None => None,
    };
    let calendar = draft.calendar.as_ref().map(|(method, calendar)| {
        text::encode(calendar).map(|encoded| Node::Text {
            kind: "text/calendar",
            method: Some(method.clone()),
            encoded,
        })
    });
    // Readers show the last form that they know: calendars behind the HTML, all else before it.
    let (calendars, forms): (Vec<&Part>, Vec<&Part>) = draft
        .alternatives
        .iter()
        .partition(|part| media_type::essence(&part.media_type()) == "text/calendar");
    let alternatives = |parts: Vec<&Part>| -> Result<Vec<Node>, Error> {
        let parts = parts.into_iter();
        parts.map(|part| node(part, Role::Alternative)).collect()
    };
    let plain = draft.text.as_ref().map(|plain| text("text/plain", plain));
    let bodies: Vec<Node> = plain
        .transpose()?
        .into_iter()
        .chain(alternatives(forms)?)
        .chain(html)
        .chain(calendar.transpose()?)
        .chain(alternatives(calendars)?)
        .collect();
    let attached = attached
        .into_iter()
        .map(leaf)
        .collect::<Result<Vec<_>, _>>()?;
    let body = match (bodies.is_empty(), attached.as_slice()) {
        (false, _) => Some(group("multipart/alternative", None, bodies)),
        (true, []) => Some(text("text/plain", "")?),
        (true, _) => None,
    };
    let children: Vec<Node> = body.into_iter().chain(attached).collect();
    match children.as_slice() {
        // A file alone is still an attachment, and not what the message says.
        [
            Node::Part {
                role: Role::Attached | Role::Inline,
                ..
            },
        ] => Ok(Node::Multi {
            kind: "multipart/mixed",
            root: None,
            children,
        }),
        _ => Ok(group("multipart/mixed", None, children)),
    }
}

/// A part that was added as such.
fn leaf(part: &Part) -> Result<Node, Error> {
    let role = match &part.content_id {
        _ if media_type::essence(&part.media_type()).starts_with("multipart/") => Role::Multipart,
        Some(_) => Role::Inline,
        None => Role::Attached,
    };
    node(part, role)
}

fn node(part: &Part, role: Role) -> Result<Node, Error> {
    Ok(Node::Part {
        encoding: Encoding::of(part)?,
        part: part.clone(),
        role,
    })
}

/// Several children in one multipart; an only child by itself.
fn group(
    kind: &'static str,
    root: Option<&'static str>,
    children: impl IntoIterator<Item = Node>,
) -> Node {
    let mut children: Vec<Node> = children.into_iter().collect();
    match (children.len(), children.pop()) {
        (1, Some(only)) => only,
        (_, last) => {
            children.extend(last);
            Node::Multi {
                kind,
                root,
                children,
            }
        }
    }
}

impl Node {
    fn write_header(&self, header: &mut Header, boundary: &str) {
        match self {
            Self::Text {
                kind,
                method,
                encoded,
            } => {
                let mut parameters = vec![("charset", "utf-8")];
                parameters.extend(method.as_deref().map(|method| ("method", method)));
                header.content("Content-Type", kind, &parameters);
                header.tokens("Content-Transfer-Encoding", encoded.encoding);
            }
            Self::Part {
                part,
                role,
                encoding,
            } => {
                let kind = part.media_type();
                // Readers that don't know RFC 2231 find a name there.
                let fallback = ascii_name(&part.name);
                let named = !kind.contains(';') && !fallback.is_empty();
                let mut parameters = Vec::new();
                if let Encoding::Base64 {
                    charset: Some(charset),
                } = encoding
                {
                    parameters.push(("charset", *charset));
                }
                parameters.extend(named.then_some(("name", fallback.as_str())));
                header.content("Content-Type", &kind, &parameters);
                header.tokens("Content-Transfer-Encoding", encoding.name());
                match role {
                    Role::Alternative | Role::Multipart => {}
                    Role::Inline => header.disposition("inline", &part.name),
                    Role::Attached => header.disposition("attachment", &part.name),
                }
                if let Some(id) = &part.content_id {
                    header.tokens("Content-ID", &format!("<{id}>"));
                }
            }
            Self::Multi { kind, root, .. } => {
                let mut parameters = vec![("boundary", boundary)];
                parameters.extend(root.map(|root| ("type", root)));
                header.content("Content-Type", kind, &parameters);
                if self.is_eight_bit() {
                    header.tokens("Content-Transfer-Encoding", "8bit");
                }
            }
        }
    }

    /// Whether a byte above 127 stands in it: then each multipart around it says so too (RFC 2045 section
    /// 6.4).
    fn is_eight_bit(&self) -> bool {
        match self {
            Self::Text { .. } => false,
            Self::Part { encoding, .. } => encoding.name() == "8bit",
            Self::Multi { children, .. } => children.iter().any(Self::is_eight_bit),
        }
    }
}

/// A file name for old readers: ASCII, short, its ending kept.
fn ascii_name(name: &str) -> String {
    let ascii: String = name
        .chars()
        .map(|c| match c {
            ' '..='~' if !"\"\\=".contains(c) => c,
            _ => '_',
        })
        .collect();
    if ascii.len() <= 50 {
        return ascii;
    }
    let ending = ascii.rfind('.').filter(|dot| ascii.len() - dot <= 12);
    let (stem, ending) = ascii.split_at(ending.unwrap_or(ascii.len()));
    format!("{}{ending}", &stem[..stem.len().min(50 - ending.len())])
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
                    let mut header = Header::default();
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
