//! A part that goes along with a message: an attachment, or a picture that the HTML shows.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use once_cell::race::{OnceBool, OnceBox};

use super::base64_lines;
use super::field_check::check_text;
use super::media_type::check_type;
use super::message_id::check_id;
use super::parameter::parameter;
use super::utf8::Utf8;
use super::{calendar, media_type};
use crate::error::{Cause, Error, SourceFault};
use crate::memory;
use crate::message::content::data::{Data, Pull};
use crate::status::Status;

/// The longest file name.
const MAX_NAME: usize = 255;
/// The most bytes of a part whose encoding is kept without a word, once a second message has it.
const MOST_SHARED: u64 = 8 << 20;
/// Bytes of a calendar that are looked at for its METHOD, which stands at its beginning.
const CALENDAR_HEAD: usize = 1 << 20;
/// Bytes that are encoded at a time for the cache.
const CHUNK: usize = base64_lines::RAW_LINE * 1024;

/// A part of a message. It can be added to several messages: its bytes are shared, and with
/// [`Part::set_cached`] their encoding too.
#[derive(Clone)]
pub struct Part {
    pub(in crate::message) data: Data,
    pub(in crate::message) name: String,
    content_type: Option<String>,
    pub(in crate::message) content_id: Option<String>,
    /// True if its encoding is kept however large it is, and from the first message on.
    cached: bool,
    shared: Arc<Shared>,
}

/// The state that copies of a part share.
#[derive(Default)]
struct Shared {
    /// True if its bytes are UTF-8, once that was checked.
    utf8: OnceBool,
    /// Messages that were put together with it.
    messages: AtomicUsize,
    /// Its base64 lines, made once, for as long as some message has the part.
    encoded: OnceBox<Arc<Vec<u8>>>,
}

impl fmt::Debug for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Part")
            .field("bytes", &self.data.size())
            .finish_non_exhaustive()
    }
}

impl Part {
    /// A regular file, read anew by each send. Its name is the file's own. When it is gone or has
    /// been written to since, the send fails as "not sent".
    ///
    /// # Errors
    /// [`Status::File`] for what can't be looked at or is no regular file.
    pub fn file(path: &Path) -> Result<Self, Error> {
        let mut part = Self::new(Data::file("attachment", path)?);
        // A name that can't be sent is no reason to refuse the file: another may be set.
        let name = path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned());
        let _ = part.set_name(&name.unwrap_or_default());
        Ok(part)
    }

    /// Bytes in memory.
    #[must_use]
    pub fn memory(bytes: impl Into<Vec<u8>>) -> Self {
        Self::new(Data::Memory(Arc::new(bytes.into())))
    }

    /// Bytes from a function; with their number, if it is known, the size of the message is known
    /// too, and any other number of them fails the send as "not sent".
    #[must_use]
    pub fn pull(pull: Arc<dyn Pull>, size: Option<u64>) -> Self {
        Self::new(Data::Pull(pull, size))
    }

    fn new(data: Data) -> Self {
        Self {
            data,
            name: String::new(),
            content_type: None,
            content_id: None,
            cached: false,
            shared: Arc::default(),
        }
    }

    /// The file name that readers show. What stands before a slash or backslash is cut off, so
    /// that no path of this machine leaves it; the type is guessed from the name unless one is set.
    ///
    /// # Errors
    /// [`Status::Header`] for a control character, a name of dots, or one over 255 bytes.
    pub fn set_name(&mut self, name: &str) -> Result<(), Error> {
        check_text("file name", name)?;
        let base = name.rsplit(['/', '\\']).next().unwrap_or_default();
        let wrong = |why: &str| Err(Error::argument(Status::Header, "file name", why));
        if base.len() > MAX_NAME {
            return wrong("has more than 255 bytes");
        }
        if !name.is_empty() && base.chars().all(|c| c == '.' || c == ' ') {
            return wrong("is the name of a folder, or has only dots");
        }
        self.name = base.to_owned();
        Ok(())
    }

    /// The media type, `image/png` for instance, with its parameters. A text type without `charset` gets
    /// `charset=utf-8` where the bytes are UTF-8 and no function's. A part of a multipart/ or message/ type
    /// is not encoded (RFC 2045 section 6.4): its bytes are the finished content of that type, and go as
    /// they are.
    ///
    /// # Errors
    /// [`Status::Header`] for what is no media type, and for multipart/ without its `boundary`.
    pub fn set_type(&mut self, content_type: &str) -> Result<(), Error> {
        check_type(content_type)?;
        self.content_type = Some(content_type.to_owned());
        Ok(())
    }

    /// Makes it a part that the HTML shows as `cid:ID`; the id without angle brackets.
    ///
    /// # Errors
    /// [`Status::Header`] for what is no id.
    pub fn set_content_id(&mut self, id: &str) -> Result<(), Error> {
        check_id("content id", id)?;
        self.content_id = Some(id.to_owned());
        Ok(())
    }

    /// Keeps the encoding in memory once it is made, for parts that many messages share, however
    /// large it is. Takes 1.37 bytes for each. Without this it is kept from the second message on,
    /// up to 8 MiB before encoding, and not for a part from a function.
    pub fn set_cached(&mut self, cached: bool) {
        self.cached = cached;
        self.shared = Arc::default();
    }

    /// True if its encoding is to be kept.
    fn is_kept(&self) -> bool {
        let others = self.shared.messages.fetch_add(1, Ordering::Relaxed);
        let at_hand = matches!(self.data, Data::Memory(_) | Data::File(_));
        let small = self.data.size().is_some_and(|size| size <= MOST_SHARED);
        self.cached || (others > 0 && at_hand && small)
    }

    /// The media type: as set, else guessed from the name.
    pub(in crate::message) fn media_type(&self) -> String {
        if let Some(content_type) = &self.content_type {
            return content_type.clone();
        }
        let guess = media_type::of_name(&self.name);
        guess.unwrap_or("application/octet-stream").to_owned()
    }

    /// True if its type is known, set or guessed.
    pub(in crate::message) fn has_type(&self) -> bool {
        self.content_type.is_some() || media_type::of_name(&self.name).is_some()
    }

    /// True if it goes into the message as it is.
    pub(in crate::message) fn is_as_given(&self) -> bool {
        let kind = media_type::essence(&self.media_type());
        kind.starts_with("multipart/") || kind.starts_with("message/")
    }

    /// True for text in UTF-8 whose type names no character set. A function's bytes are not looked at.
    pub(in crate::message) fn is_utf8_text(&self) -> Result<bool, SourceFault> {
        let media_type = self.media_type();
        let text = media_type::essence(&media_type).starts_with("text/");
        if !text || parameter(&media_type, "charset").is_some() {
            return Ok(false);
        }
        if let Some(utf8) = self.shared.utf8.get() {
            return Ok(utf8);
        }
        let utf8 = match &self.data {
            Data::Memory(bytes) => Utf8::default().push(bytes).finish(),
            Data::Pull(..) => false,
            Data::File(_) => {
                let mut reader = self.data.open(self.label())?;
                let (mut block, mut utf8) = (vec![0; CHUNK], Utf8::default());
                loop {
                    let n = reader.fill(&mut block)?;
                    utf8 = utf8.push(&block[..n]);
                    if n < block.len() || matches!(utf8, Utf8::Other) {
                        break utf8.finish();
                    }
                }
            }
        };
        Ok(self.shared.utf8.get_or_init(|| utf8))
    }

    /// Checks that the METHOD of a calendar is the one that its type says, if it does. A function's
    /// bytes are not looked at.
    pub(in crate::message) fn check_method(&self) -> Result<(), Error> {
        let media_type = self.media_type();
        let method = parameter(&media_type, "method");
        let Some(method) = method.filter(|_| media_type::essence(&media_type) == "text/calendar")
        else {
            return Ok(());
        };
        if let Data::Pull(..) = self.data {
            return Ok(());
        }
        let failed = |fault| Error::local(Cause::Source(fault));
        let mut reader = self.data.open(self.label()).map_err(failed)?;
        let mut head = vec![0; CALENDAR_HEAD];
        let n = reader.fill(&mut head).map_err(failed)?;
        calendar::check_method(&method, &head[..n])
    }

    /// The name that errors have for it.
    pub(in crate::message) fn label(&self) -> &str {
        match (self.name.as_str(), &self.content_id) {
            ("", Some(id)) => id,
            ("", None) => "attachment",
            (name, _) => name,
        }
    }

    /// Its base64 lines for one more message, if they are kept; they are made the first time.
    pub(in crate::message) fn encoded(&self) -> Result<Option<Arc<Vec<u8>>>, Error> {
        if !self.is_kept() {
            return Ok(None);
        }
        let cache = &self.shared.encoded;
        if let Some(bytes) = cache.get() {
            return Ok(Some(Arc::clone(bytes)));
        }
        let failed = |fault| Error::local(Cause::Source(fault));
        let mut reader = self.data.open(self.label()).map_err(failed)?;
        let size = self.data.size().and_then(base64_lines::encoded_len);
        let size = size.map_or(0, |size| usize::try_from(size).unwrap_or(usize::MAX));
        let (mut raw, mut out) = (vec![0; CHUNK], memory::with_room(size)?);
        loop {
            let n = reader.fill(&mut raw).map_err(failed)?;
            base64_lines::encode(&raw[..n], &mut out)?;
            if n < raw.len() {
                break;
            }
        }
        Ok(Some(Arc::clone(
            cache.get_or_init(|| Box::new(Arc::new(out))),
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_several_messages_share_is_encoded_once() {
        let kept = |part: &Part| part.encoded().unwrap();
        let bytes: Vec<u8> = (0..100_000_u32).map(|n| (n % 251) as u8).collect();
        let part = Part::memory(bytes.clone());
        assert!(
            kept(&part.clone()).is_none(),
            "one message has no use for it"
        );
        let second = kept(&part.clone()).unwrap();
        let third = kept(&part).unwrap();
        assert!(Arc::ptr_eq(&second, &third));
        let mut expected = Vec::new();
        base64_lines::encode(&bytes, &mut expected).unwrap();
        assert_eq!(*third, expected);
        // Another part with the same bytes is another part.
        assert!(kept(&Part::memory(bytes)).is_none());
        // Asked for, it is kept from the first message on.
        let mut asked = part.clone();
        asked.set_cached(true);
        assert!(kept(&asked).is_some());
    }

    #[test]
    fn the_memory_for_what_is_shared_is_bounded() {
        let limit = usize::try_from(MOST_SHARED).unwrap();
        for (size, shared) in [(limit, true), (limit + 1, false)] {
            let part = Part::memory(vec![0; size]);
            let kept = [0; 3].map(|_| part.encoded().unwrap());
            assert_eq!(kept[2].is_some(), shared);
            // It goes with the last that has it.
            let weak = kept[2].as_ref().map(Arc::downgrade);
            drop((part, kept));
            assert!(weak.is_none_or(|weak| weak.upgrade().is_none()));
        }
        // A function may give something else each time.
        let pull = Part::pull(Arc::new(|_, _: &mut [u8]| Ok(0)), Some(0));
        assert!([0; 3].iter().all(|_| pull.encoded().unwrap().is_none()));
    }

    #[test]
    fn the_type_is_guessed_from_the_name() {
        let of = |name: &str| {
            let mut part = Part::memory(*b"");
            part.set_name(name).unwrap();
            part.media_type()
        };
        assert_eq!(of("a.PDF"), "application/pdf");
        assert_eq!(of("a.png"), "image/png");
        assert_eq!(of("a"), "application/octet-stream");
        // A type that may not be base64 is a file like any other.
        assert_eq!(of("a.eml"), "application/octet-stream");
    }

    #[test]
    fn g08_names_types_and_ids_are_checked() {
        let mut part = Part::memory(*b"");
        for bad in [
            "a\r\nb",
            "a\0",
            "..",
            "x/..",
            " ",
            "\u{202e}gpj.exe",
            &"n".repeat(256),
        ] {
            assert!(part.set_name(bad).is_err(), "{bad:?}");
        }
        for (path, name) in [
            ("../../x", "x"),
            ("C:\\a\\b.txt", "b.txt"),
            ("/etc/passwd", "passwd"),
        ] {
            part.set_name(path).unwrap();
            assert_eq!(part.name, name);
        }
        for bad in [
            "",
            "text",
            "a/b\r\nX: y",
            "a b/c",
            "/",
            "multipart/mixed",
            "Multipart/Signed; boundary=\"\"",
            "multipart/mixed; x=\"; boundary=b\"",
        ] {
            assert!(part.set_type(bad).is_err(), "{bad:?}");
        }
        for bad in ["", "a b", "a>\r\nX: y", "<a@b>", "ä", "a\"b"] {
            assert!(part.set_content_id(bad).is_err(), "{bad:?}");
        }
        part.set_content_id("logo@example").unwrap();
        part.set_type("text/csv; charset=utf-8").unwrap();
    }
}
