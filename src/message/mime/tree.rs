//! The tree that the parts of a draft ask for (RFC 2046): text and HTML are alternatives, what the HTML shows is
//! related to it, all else is mixed.

use std::sync::Arc;

use super::as_given;
use super::draft::Draft;
use super::header_writer::HeaderWriter;
use super::media_type;
use super::part::Part;
use super::text;
use crate::error::{Cause, Error};
use crate::message::content::source::Source as _;
use crate::message::content::streamed::Streamed;

/// A node of the tree.
pub(super) enum Node {
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

/// The position of a part in the message.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// A form of the text, beside others.
    Alternative,
    /// Shown by the HTML.
    Inline,
    /// A file for readers to keep.
    Attached,
    /// Built by the caller with all that it holds, and no file.
    Multipart,
}

/// The transfer encoding of a part's bytes.
pub(super) enum Encoding {
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

/// The tree of a draft.
///
/// # Errors
/// A part that can't be read, or sent as it is.
pub(super) fn tree(draft: &Draft) -> Result<Node, Error> {
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
    /// Writes the fields of its content.
    pub(super) fn write_header(&self, header: &mut HeaderWriter, boundary: &str) {
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

    /// True if it has a byte above 127: then each multipart around it says so too (RFC 2045 section
    /// 6.4).
    pub(super) fn is_eight_bit(&self) -> bool {
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
