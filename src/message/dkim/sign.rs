//! A signed message: its content read through once for the hash of its body, and again by each send,
//! which ends only if the body was the same.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::digest::{Context, Digest, SHA256};

use super::canonical;
use super::canonical::{Body, HeaderFault, SignatureTags};
use super::signer::Signer;
use crate::error::{Cause, Error, SourceFault};
use crate::memory;
use crate::message::content::properties::Properties;
use crate::message::content::source::{InMemory, PieceKind, Source, SourceReader};
use crate::message::header::header_len;
use crate::status::Status;

/// Messages up to this size lie in memory whole if they did before.
const SMALL: usize = 256 * 1024;
/// The longest header of a message that is signed, and the most memory that a byte of it takes meanwhile.
const MAX_HEADER: usize = 4 << 20;
const ROOM_OF_HEADER: usize = 16;
/// Bytes that are read at a time.
const BLOCK: usize = 64 * 1024;

/// A message with its signatures.
pub(in crate::message) struct SignedMessage {
    pub(in crate::message) source: Arc<dyn Source>,
    /// When the first of the signatures is no longer valid, in seconds since 1970.
    pub(in crate::message) expires: Option<i64>,
}

/// Signs a message.
///
/// # Errors
/// Content that can't be signed, or read.
pub(in crate::message) fn sign(
    source: &Arc<dyn Source>,
    signers: &[Signer],
    now: i64,
) -> Result<SignedMessage, Error> {
    let properties = source.properties();
    if properties.binary {
        return Err(unsignable(
            "it needs BINARYMIME, which DKIM does not support",
        ));
    }
    let (header, body) = match source.bytes() {
        Some(bytes) => {
            let len = header_len(bytes);
            check_header(len)?;
            let mut body = BodyHash::behind(len);
            body.push(bytes);
            (memory::copy(&bytes[..len])?, body.finish())
        }
        None => read(&**source)?,
    };
    let hash = STANDARD.encode(body);
    let (mut fields, mut expires) = (String::new(), None);
    for signer in signers {
        let own = signer.lifetime.map(|seconds| now + i64::from(seconds));
        expires = [expires, own].into_iter().flatten().min();
        let covered = canonical::select_fields(&header, &signer.fields, &signer.absent);
        let covered = covered.map_err(|flaw| match flaw {
            HeaderFault::NoFrom => unsignable("it has no From field"),
            HeaderFault::SeveralFrom => unsignable("it has more than one From field"),
            HeaderFault::Line(line) => {
                unsignable(&format!("line {line} of its header is not a field"))
            }
        })?;
        let tags = SignatureTags {
            algorithm: signer.algorithm(),
            domain: &signer.domain,
            selector: &signer.selector,
            time: now,
            expires: own,
            body_hash: &hash,
        };
        let unsigned = tags.unsigned(&covered);
        let signature = signer.sign(&canonical::signed(&covered, &unsigned))?;
        fields.push_str(&canonical::complete(&unsigned, &STANDARD.encode(signature)));
    }
    let properties = Properties {
        size: properties.size.map(|size| size + fields.len() as u64),
        ..properties
    };
    let signed: Arc<dyn Source> = match source.bytes().filter(|bytes| bytes.len() <= SMALL) {
        Some(bytes) => Arc::new(InMemory::new(
            [fields.as_bytes(), bytes].concat(),
            properties,
        )),
        None => Arc::new(SignedSource {
            fields: fields.into_bytes(),
            source: Arc::clone(source),
            header: header.len(),
            body,
            properties,
        }),
    };
    Ok(SignedMessage {
        source: signed,
        expires,
    })
}

fn unsignable(why: &str) -> Error {
    Error::argument(
        Status::Content,
        "content",
        format!("can't be signed: {why}"),
    )
}

/// Makes sure that a header is not too long to be signed, and that its canonical forms find room.
fn check_header(len: usize) -> Result<(), Error> {
    if len > MAX_HEADER {
        let why = format!("its header has more than {MAX_HEADER} bytes");
        return Err(unsignable(&why));
    }
    Ok(memory::check(len, ROOM_OF_HEADER)?)
}

/// The header, and the hash of the body.
fn read(source: &dyn Source) -> Result<(Vec<u8>, Digest), Error> {
    let failed = |fault| Error::local(Cause::Source(fault));
    let mut reader = source.open().map_err(failed)?;
    let mut head = Vec::new();
    let mut ended = false;
    while !ended && header_len(&head) == head.len() {
        check_header(head.len())?;
        head.try_reserve(BLOCK)?;
        ended = reader.read(BLOCK, &mut head).map_err(failed)? == PieceKind::End;
    }
    let len = header_len(&head);
    let mut body = BodyHash::behind(len);
    body.push(&head);
    head.truncate(len);
    let mut piece = Vec::new();
    while !ended {
        piece.clear();
        ended = reader.read(BLOCK, &mut piece).map_err(failed)? == PieceKind::End;
        body.push(&piece);
    }
    Ok((head, body.finish()))
}

/// Hashes the body of content that comes piece by piece.
struct BodyHash {
    /// Bytes before the body.
    skip: usize,
    body: Body,
    digest: Context,
}

impl BodyHash {
    /// Makes a hash for content whose header has so many bytes; an empty line follows it.
    fn behind(header: usize) -> Self {
        Self {
            skip: header + 2,
            body: Body::default(),
            digest: Context::new(&SHA256),
        }
    }

    fn push(&mut self, piece: &[u8]) {
        let skipped = self.skip.min(piece.len());
        self.skip -= skipped;
        let digest = &mut self.digest;
        self.body
            .push(&piece[skipped..], |bytes| digest.update(bytes));
    }

    fn finish(mut self) -> Digest {
        let digest = &mut self.digest;
        self.body.finish(|bytes| digest.update(bytes));
        self.digest.finish()
    }
}

/// The fields of the signatures, and behind them a message that is read anew by each send.
struct SignedSource {
    fields: Vec<u8>,
    source: Arc<dyn Source>,
    /// Bytes of the message's own header.
    header: usize,
    body: Digest,
    properties: Properties,
}

impl Source for SignedSource {
    fn properties(&self) -> Properties {
        self.properties.clone()
    }

    fn check(&self) -> Result<(), SourceFault> {
        self.source.check()
    }

    fn open(&self) -> Result<Box<dyn SourceReader + '_>, SourceFault> {
        // Content in memory is the same each time.
        let again = self.source.bytes().is_none();
        Ok(Box::new(SignedReader {
            fields: &self.fields,
            body: again.then(|| (BodyHash::behind(self.header), &self.body)),
            reader: self.source.open()?,
        }))
    }
}

struct SignedReader<'a> {
    fields: &'a [u8],
    reader: Box<dyn SourceReader + 'a>,
    /// The hash of the body as it is read, and the one that was signed.
    body: Option<(BodyHash, &'a Digest)>,
}

impl SourceReader for SignedReader<'_> {
    fn read(&mut self, room: usize, out: &mut Vec<u8>) -> Result<PieceKind, SourceFault> {
        if !self.fields.is_empty() {
            return self.fields.read(room.max(1), out);
        }
        let before = out.len();
        let piece = self.reader.read(room, out)?;
        if let Some((body, _)) = &mut self.body {
            body.push(&out[before..]);
        }
        if piece == PieceKind::End
            && let Some((body, signed)) = self.body.take()
            && body.finish().as_ref() != signed.as_ref()
        {
            return Err(SourceFault {
                part: "content".to_owned(),
                why: "has changed since it was signed".to_owned(),
            });
        }
        Ok(piece)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use ring::signature::{
        ED25519, RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY as RSA, UnparsedPublicKey,
    };

    use super::*;
    use crate::message::dkim::canonical::SignedFields;
    use crate::message::{ContentRules, Field, Message, Part};

    /// RFC 8463 appendix A.
    const SEED: &str = "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=";
    const PUBLIC: &str = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
    /// A SubjectPublicKeyInfo, as the DNS has it.
    const PUBLIC_RSA: &str = "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6NpP3idY6W\
        k08a5qhdR6wy5bdOKb2jLQiY/J16JYi0Qvx/byYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+\
        PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB";
    const MAIL: &str = "From: Joe SixPack <joe@football.example.com>\r\n\
        To: Suzie Q <suzie@shopping.example.net>\r\n\
        Subject: Is dinner ready?\r\n\
        Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r\n\
        Message-ID: <20030712040037.46341.5F8J@football.example.com>\r\n\
        \r\n\
        Hi.\r\n\
        \r\n\
        We lost the game.  Are you hungry yet?\r\n\
        \r\n\
        Joe.\r\n";
    const BODY_HASH: &str = "2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=";
    const BY_ED25519: &str = "DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;\r\n \
        d=football.example.com; i=@football.example.com;\r\n \
        q=dns/txt; s=brisbane; t=1528637909; h=from : to :\r\n \
        subject : date : message-id : from : subject : date;\r\n \
        bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n b=";
    const ED25519_SIGNATURE: &str = "/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11BusFa3\
        bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==";
    const BY_RSA: &str = "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;\r\n \
        d=football.example.com; i=@football.example.com;\r\n \
        q=dns/txt; s=test; t=1528637909; h=from : to : subject :\r\n \
        date : message-id : from : subject : date;\r\n \
        bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n b=";
    const RSA_SIGNATURE: &str = "F45dVWDfMbQDGHJFlXUNB2HKfbCeLRyhDXgFpEL8GwpsRe0IeIixNTe3DhCVlUr\
        SjV4BwcVcOF6+FF3Zo9Rpo1tFOeS9mPYQTnGdaSGsgeefOsk2JzdA+L10TeYt9BgDfQNZtKdN1WO//K\
        gIqXP7OdEFE4LjFYNcUxZQ4FADY+8=";

    fn decoded(text: &str) -> Vec<u8> {
        STANDARD.decode(text).unwrap()
    }

    fn signer() -> Signer {
        let pkcs8 = b"\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20";
        let key = [&pkcs8[..], &decoded(SEED)].concat();
        Signer::new("football.example.com", "brisbane", &key).unwrap()
    }

    fn bytes(message: &Message) -> Result<Vec<u8>, Error> {
        let mut bytes = Vec::new();
        message.preview(&mut |piece| {
            bytes.extend_from_slice(piece);
            Ok(())
        })?;
        Ok(bytes)
    }

    #[test]
    fn the_example_of_rfc_8463_is_made_and_holds() {
        let header = header_len(MAIL.as_bytes());
        let mut body = BodyHash::behind(header);
        body.push(MAIL.as_bytes());
        assert_eq!(STANDARD.encode(body.finish()), BODY_HASH);
        let covered = SignedFields {
            fields: MAIL[..header]
                .split_inclusive("\r\n")
                .map(str::as_bytes)
                .collect(),
            names: Vec::new(),
        };
        let signed = canonical::signed(&covered, BY_ED25519);
        assert_eq!(
            STANDARD.encode(signer().sign(&signed).unwrap()),
            ED25519_SIGNATURE
        );
        let hash = ring::digest::digest(&SHA256, &signed);
        UnparsedPublicKey::new(&ED25519, decoded(PUBLIC))
            .verify(hash.as_ref(), &decoded(ED25519_SIGNATURE))
            .unwrap();
        // Behind the 22 bytes that say what it is stands the key.
        UnparsedPublicKey::new(&RSA, &decoded(PUBLIC_RSA)[22..])
            .verify(
                &canonical::signed(&covered, BY_RSA),
                &decoded(RSA_SIGNATURE),
            )
            .unwrap();
    }

    #[test]
    fn memory_and_stream_are_signed_alike() {
        let long = "a  line \r\n\r\n".repeat(100_000);
        for body in ["", "x", "a \r\n\r\n\r\n", &long] {
            let content = format!("From: a@b\r\nSubject: s\r\n\r\n{body}");
            let from = content.clone().into_bytes();
            let pull = move |offset: u64, buffer: &mut [u8]| {
                let rest = &from[usize::try_from(offset).unwrap()..];
                let n = rest.len().min(buffer.len());
                buffer[..n].copy_from_slice(&rest[..n]);
                Ok(n)
            };
            let rules = ContentRules::default();
            let whole = crate::message::RawContent::memory(content.as_bytes(), rules).unwrap();
            let stream = crate::message::RawContent::pull(Arc::new(pull), None, rules).unwrap();
            let of = |source: &Arc<dyn Source>| {
                let signed = sign(source, &[signer(), signer()], 1_528_637_909).unwrap();
                let mut out = Vec::new();
                crate::message::content::source::write(&*signed.source, &mut |piece| {
                    out.extend_from_slice(piece);
                    Ok(())
                })
                .unwrap();
                assert_eq!(signed.source.properties().size, Some(out.len() as u64));
                out
            };
            let text = of(&whole.content.source);
            assert!(text == of(&stream.content.source), "{}", body.len());
            assert!(text.starts_with(b"DKIM-Signature: v=1; a=ed25519-sha256;"));
        }
    }

    #[test]
    fn h07_what_changed_since_it_was_signed_is_never_finished() {
        static OTHER: AtomicBool = AtomicBool::new(false);
        let pull = |offset: u64, buffer: &mut [u8]| {
            let left = usize::try_from(300_000_u64.saturating_sub(offset)).unwrap();
            let n = left.min(buffer.len());
            buffer[..n].fill(b'x' + u8::from(OTHER.load(Ordering::Relaxed)));
            Ok(n)
        };
        let mut message = Message::new();
        message.add_address(Field::From, "a@b.c", "").unwrap();
        message
            .add_part(&Part::pull(Arc::new(pull), Some(300_000)))
            .unwrap();
        message.add_signer(&signer()).unwrap();
        let first = bytes(&message).unwrap();
        assert_eq!(message.size().unwrap(), Some(first.len() as u64));
        assert_eq!(bytes(&message.clone()).unwrap(), first);
        OTHER.store(true, Ordering::Relaxed);
        let error = bytes(&message).unwrap_err();
        assert_eq!(error.status(), Status::Source);
        assert!(error.to_string().contains("since it was signed"), "{error}");
        // A change of the message has it signed anew.
        message.set_subject("changed").unwrap();
        assert_ne!(bytes(&message).unwrap(), first);
    }

    #[test]
    fn no_name_of_a_field_becomes_another_tag() {
        let mut signer = signer();
        for names in ["subject;l=0", "to:x;", ";"] {
            let error = signer.set_fields(names).unwrap_err();
            assert_eq!(error.status(), Status::Header, "{names}");
        }
        // A signer that refused signs as it did before.
        assert_eq!(signer.fields, canonical::FIELDS);
        signer.set_fields("Subject: x!#$%&'*+=").unwrap();
        assert_eq!(signer.fields, ["from", "subject", "x!#$%&'*+="]);
    }

    #[test]
    fn absent_fields_are_named_as_the_caller_wants() {
        let named = |signer: &Signer| {
            let whole =
                crate::message::RawContent::memory(MAIL.as_bytes(), ContentRules::default());
            let signed = sign(
                &whole.unwrap().content.source,
                std::slice::from_ref(signer),
                1,
            )
            .unwrap();
            let mut out = Vec::new();
            crate::message::content::source::write(&*signed.source, &mut |piece| {
                out.extend_from_slice(piece);
                Ok(())
            })
            .unwrap();
            let text: String = String::from_utf8(out)
                .unwrap()
                .split_ascii_whitespace()
                .collect();
            text.split("h=")
                .nth(1)
                .unwrap()
                .split(';')
                .next()
                .unwrap()
                .to_owned()
        };
        let mut signer = signer();
        let usual = named(&signer);
        for name in ["cc", "reply-to"] {
            assert!(usual.split(':').any(|n| n == name), "{usual}");
        }
        assert!(!usual.contains("sender"), "{usual}");
        for (names, status) in [
            ("date", Status::Header),
            ("cc:Message-ID", Status::Header),
            ("Sender", Status::Header),
            ("to", Status::Header),
            ("x-other", Status::Header),
            ("cc:", Status::Header),
        ] {
            let error = signer.set_absent_fields(names).unwrap_err();
            assert_eq!(error.status(), status, "{names}");
            assert_eq!(named(&signer), usual, "a refused setter changes nothing");
        }
        signer.set_absent_fields("").unwrap();
        assert!(!named(&signer).contains("cc"));
        signer.set_absent_fields("CC: list-id").unwrap();
        let names = named(&signer);
        assert!(
            names.contains("cc:") && names.contains("list-id"),
            "{names}"
        );
        assert!(!names.contains("reply-to"), "{names}");
        signer.set_fields("subject:list-id").unwrap();
        assert_eq!(named(&signer), "from:from:subject:subject:list-id");
        signer.set_fields("to").unwrap();
        assert_eq!(named(&signer), "from:from:to:to");
    }

    #[test]
    fn a_signer_tells_nothing_and_ten_are_enough() {
        let signer = signer();
        assert_eq!(format!("{signer:?}"), "Signer(key not shown)");
        let mut message = Message::new();
        for _ in 0..10 {
            message.add_signer(&signer).unwrap();
        }
        assert_eq!(
            message.add_signer(&signer).unwrap_err().status(),
            Status::Length
        );
        assert_eq!(bytes(&message).unwrap_err().status(), Status::NoContent);
    }
}
