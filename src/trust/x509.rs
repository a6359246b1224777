//! Reads the fields of a certificate (RFC 5280 section 4.1). They are shown, a login is bound to the hash that
//! its signature names, and they decide trust in two places:
//!
//! - In a strict policy a leaf that is trusted by its key or its bytes must be within its dates, as they are read
//!   here (`verdict`). Without a path nothing else looks at them. Its names are compared by webpki.
//! - A certificate that can't be read here is refused where it is given as a CA or to be trusted, and in a strict
//!   policy where it is served.
//!
//! Where a path is built, webpki reads each certificate for itself. `tests/trust/strict.rs` states what is
//! decided by these fields; the tests here hold the reader to another one, also on damaged certificates.

use std::fmt::{self, Write as _};
use std::net::IpAddr;

use spki::der::asn1::{AnyRef, GeneralizedTime, UtcTime};
use spki::der::{DateTime, Decode, Reader, Result, SliceReader, Tag, TagNumber, Tagged};
use spki::{AlgorithmIdentifierRef, ObjectIdentifier};

/// The types of attributes that have a short name (RFC 4514 section 3, RFC 4519); others are shown
/// by their number.
const TYPES: [(ObjectIdentifier, &str); 17] = [
    (oid("2.5.4.3"), "CN"),
    (oid("2.5.4.10"), "O"),
    (oid("2.5.4.11"), "OU"),
    (oid("2.5.4.6"), "C"),
    (oid("2.5.4.7"), "L"),
    (oid("2.5.4.8"), "ST"),
    (oid("2.5.4.9"), "STREET"),
    (oid("2.5.4.17"), "POSTALCODE"),
    (oid("2.5.4.15"), "BUSINESSCATEGORY"),
    (oid("2.5.4.5"), "SERIALNUMBER"),
    (oid("2.5.4.4"), "SN"),
    (oid("2.5.4.42"), "GN"),
    (oid("2.5.4.12"), "TITLE"),
    (oid("2.5.4.13"), "DESCRIPTION"),
    (oid("0.9.2342.19200300.100.1.25"), "DC"),
    (oid("0.9.2342.19200300.100.1.1"), "UID"),
    (oid("1.2.840.113549.1.9.1"), "EMAIL"),
];
const SUBJECT_ALT_NAME: ObjectIdentifier = oid("2.5.29.17");

const fn oid(text: &str) -> ObjectIdentifier {
    ObjectIdentifier::new_unwrap(text)
}

/// A certificate as it is written (RFC 5280 section 4.1).
pub(crate) struct Certificate<'a> {
    /// The algorithm of its signature.
    pub(crate) signature: AlgorithmIdentifierRef<'a>,
    pub(crate) issuer: Name<'a>,
    pub(crate) subject: Name<'a>,
    pub(crate) not_before: DateTime,
    pub(crate) not_after: DateTime,
    /// The content of the extension subjectAltName.
    alternative: Option<&'a [u8]>,
}

impl<'a> Certificate<'a> {
    /// Parses one in DER, which must end the input.
    pub(crate) fn read(der: &'a [u8]) -> Option<Self> {
        Self::walk(der).ok()
    }

    fn walk(der: &'a [u8]) -> Result<Self> {
        let mut whole = Walk::over(der)?;
        let mut outer = whole.enter(Tag::Sequence)?;
        whole.end()?;
        let mut fields = outer.enter(Tag::Sequence)?;
        let signature = outer.value()?.decode_as()?;
        outer.content(Tag::BitString)?;
        outer.end()?;

        if fields.is_next(TagNumber(0).context_specific(true)) {
            fields.value()?; // the version
        }
        fields.content(Tag::Integer)?; // the serial number
        fields.content(Tag::Sequence)?; // the algorithm again
        let issuer = Name::walk(fields.enter(Tag::Sequence)?)?;
        let mut validity = fields.enter(Tag::Sequence)?;
        let (not_before, not_after) = (time(validity.value()?)?, time(validity.value()?)?);
        validity.end()?;
        let subject = Name::walk(fields.enter(Tag::Sequence)?)?;
        fields.content(Tag::Sequence)?; // the key
        let mut alternative = None;
        while fields.more() {
            let field = fields.value()?;
            match field.tag() {
                // Unique identifiers, which are not used.
                Tag::ContextSpecific {
                    number: TagNumber(1 | 2),
                    ..
                } => {}
                other => {
                    other.assert_eq(TagNumber(3).context_specific(true))?;
                    let mut explicit = Walk::over(field.value())?;
                    alternative = extensions(explicit.enter(Tag::Sequence)?)?;
                    explicit.end()?;
                }
            }
        }
        Ok(Self {
            signature,
            issuer,
            subject,
            not_before,
            not_after,
            alternative,
        })
    }

    /// The DNS names and IP addresses it is for; none if the list can't be parsed.
    pub(crate) fn names(&self) -> Vec<String> {
        let list = self.alternative.map(general_names);
        list.and_then(Result::ok).unwrap_or_default()
    }
}

/// The values of a DER encoding, one after the other.
struct Walk<'a>(SliceReader<'a>);

impl<'a> Walk<'a> {
    fn over(bytes: &'a [u8]) -> Result<Self> {
        SliceReader::new(bytes).map(Self)
    }

    fn more(&self) -> bool {
        !self.0.is_finished()
    }

    fn is_next(&self, tag: Tag) -> bool {
        Tag::peek(&self.0) == Ok(tag)
    }

    fn value(&mut self) -> Result<AnyRef<'a>> {
        AnyRef::decode(&mut self.0)
    }

    /// The content of the next value, which must have this tag.
    fn content(&mut self, tag: Tag) -> Result<&'a [u8]> {
        let value = self.value()?;
        value.tag().assert_eq(tag)?;
        Ok(value.value())
    }

    /// The values within the next one.
    fn enter(&mut self, tag: Tag) -> Result<Self> {
        self.content(tag).and_then(Self::over)
    }

    /// Checks that no bytes are left.
    fn end(self) -> Result<()> {
        self.0.finish()
    }
}

/// A distinguished name; shown as RFC 4514 writes it, the last part first.
pub(crate) struct Name<'a>(Vec<Vec<Attribute<'a>>>);

impl<'a> Name<'a> {
    fn walk(mut parts: Walk<'a>) -> Result<Self> {
        let mut name = Vec::new();
        while parts.more() {
            let mut set = parts.enter(Tag::Set)?;
            let mut part = Vec::new();
            while set.more() {
                part.push(Attribute::walk(set.enter(Tag::Sequence)?)?);
            }
            name.push(part);
        }
        Ok(Self(name))
    }
}

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, part) in self.0.iter().rev().enumerate() {
            for (j, attribute) in part.iter().enumerate() {
                f.write_str(match (i, j) {
                    (0, 0) => "",
                    (_, 0) => ",",
                    _ => "+",
                })?;
                attribute.fmt(f)?;
            }
        }
        Ok(())
    }
}

struct Attribute<'a> {
    kind: ObjectIdentifier,
    value: AnyRef<'a>,
    encoded: &'a [u8],
}

impl<'a> Attribute<'a> {
    fn walk(mut fields: Walk<'a>) -> Result<Self> {
        let kind = fields.value()?.decode_as()?;
        let encoded = fields.0.tlv_bytes()?;
        fields.end()?;
        Ok(Self {
            kind,
            value: AnyRef::from_der(encoded)?,
            encoded,
        })
    }

    fn text(&self) -> Option<&'a str> {
        let value = self.value.value();
        let is_text = match self.value.tag() {
            Tag::Utf8String => true,
            Tag::PrintableString | Tag::Ia5String | Tag::TeletexString => value.is_ascii(),
            _ => false,
        };
        std::str::from_utf8(value).ok().filter(|_| is_text)
    }
}

impl fmt::Display for Attribute<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = TYPES.iter().find(|(kind, _)| *kind == self.kind);
        if let (Some((_, name)), Some(text)) = (known, self.text()) {
            return write_text(f, name, text);
        }
        write!(f, "{}=#", self.kind)?;
        let mut bytes = self.encoded.iter();
        bytes.try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// The value as text, with special characters escaped (RFC 4514 section 2.4).
fn write_text(f: &mut fmt::Formatter<'_>, name: &str, text: &str) -> fmt::Result {
    write!(f, "{name}=")?;
    let last = text.len().saturating_sub(1);
    for (i, c) in text.char_indices() {
        match c {
            '"' | '+' | ',' | ';' | '<' | '>' | '\\' => write!(f, "\\{c}")?,
            '#' if i == 0 => f.write_str("\\#")?,
            ' ' if i == 0 || i == last => f.write_str("\\ ")?,
            '\0'..='\x1f' | '\x7f' => write!(f, "\\{:02x}", u32::from(c))?,
            _ => f.write_char(c)?,
        }
    }
    Ok(())
}

fn time(value: AnyRef<'_>) -> Result<DateTime> {
    Ok(match value.tag() {
        Tag::UtcTime => value.decode_as::<UtcTime>()?.to_date_time(),
        _ => value.decode_as::<GeneralizedTime>()?.to_date_time(),
    })
}

/// The content of the subjectAltName among the extensions. A second one is an error.
fn extensions(mut list: Walk<'_>) -> Result<Option<&[u8]>> {
    let mut found = None;
    while list.more() {
        let mut extension = list.enter(Tag::Sequence)?;
        let kind: ObjectIdentifier = extension.value()?.decode_as()?;
        if extension.is_next(Tag::Boolean) {
            extension.value()?; // the critical flag
        }
        let content = extension.content(Tag::OctetString)?;
        extension.end()?;
        if kind == SUBJECT_ALT_NAME && found.replace(content).is_some() {
            return Err(Tag::Sequence.value_error().into());
        }
    }
    Ok(found)
}

fn general_names(content: &[u8]) -> Result<Vec<String>> {
    let mut whole = Walk::over(content)?;
    let mut list = whole.enter(Tag::Sequence)?;
    whole.end()?;
    let mut names = Vec::new();
    while list.more() {
        names.extend(general_name(list.value()?));
    }
    Ok(names)
}

/// A DNS name or an IP address as text; other kinds are not names of servers.
fn general_name(name: AnyRef<'_>) -> Option<String> {
    let Tag::ContextSpecific { number, .. } = name.tag() else {
        return None;
    };
    match (number.value(), name.value()) {
        (2, dns) if dns.is_ascii() => Some(String::from_utf8_lossy(dns).into_owned()),
        (7, &[a, b, c, d]) => Some(IpAddr::from([a, b, c, d]).to_string()),
        (7, bytes) => <[u8; 16]>::try_from(bytes)
            .ok()
            .map(|ip| IpAddr::from(ip).to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{
        CertificateParams, CustomExtension, DistinguishedName, DnType, DnValue, KeyPair, SanType,
        string,
    };
    use x509_cert::der::oid::db::DB;
    use x509_cert::ext::pkix::SubjectAltName;
    use x509_cert::ext::pkix::name::GeneralName;

    use super::*;

    /// A certificate with every kind of field that is parsed.
    fn certificate() -> Vec<u8> {
        let mut params = CertificateParams::default();
        let mut name = DistinguishedName::new();
        let plain = |text: &str| DnValue::Utf8String(text.to_owned());
        name.push(
            DnType::CountryName,
            DnValue::PrintableString("DE".try_into().unwrap()),
        );
        name.push(
            DnType::OrganizationName,
            plain(" #Müller, Söhne + \"Co\" <x>; \\ "),
        );
        name.push(DnType::OrganizationalUnitName, plain("#1\r\n\u{7f}"));
        name.push(
            DnType::LocalityName,
            DnValue::TeletexString("Bonn".try_into().unwrap()),
        );
        name.push(DnType::CommonName, plain(" "));
        for (kind, _) in TYPES {
            let arcs: Vec<u64> = kind.arcs().map(u64::from).collect();
            name.push(DnType::CustomDnType(arcs), plain("value"));
        }
        let wide = string::BmpString::try_from("wide").unwrap();
        name.push(
            DnType::CustomDnType(vec![2, 5, 4, 13]),
            DnValue::BmpString(wide),
        );
        name.push(
            DnType::CustomDnType(vec![1, 3, 6, 1, 4, 1, 9]),
            plain("private"),
        );
        params.distinguished_name = name;
        params.subject_alt_names = vec![
            SanType::DnsName("mail.example.com".try_into().unwrap()),
            SanType::Rfc822Name("a@example.com".try_into().unwrap()),
            SanType::IpAddress([192, 0, 2, 1].into()),
            SanType::IpAddress([0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1].into()),
            SanType::URI("smtp://mail.example.com".try_into().unwrap()),
        ];
        params.not_before = rcgen::date_time_ymd(1999, 12, 31);
        params.not_after = rcgen::date_time_ymd(2051, 2, 3);
        let mut extra = CustomExtension::from_oid_content(&[1, 3, 6, 1, 4, 1, 9, 1], vec![5, 0]);
        extra.set_criticality(true);
        params.custom_extensions.push(extra);
        let key = KeyPair::generate().unwrap();
        params.self_signed(&key).unwrap().der().to_vec()
    }

    /// The index of the names in the compared values.
    const NAMES: usize = 2;

    /// The fields as the crate x509-cert parses them.
    fn theirs(der: &[u8]) -> Option<[String; 6]> {
        let parsed = x509_cert::Certificate::from_der(der).ok()?;
        let tbs = parsed.tbs_certificate();
        let text = |name: &GeneralName| match name {
            GeneralName::DnsName(dns) => Some(dns.as_str().to_owned()),
            GeneralName::IpAddress(ip) => match *ip.as_bytes() {
                [a, b, c, d] => Some(IpAddr::from([a, b, c, d]).to_string()),
                ref all => <[u8; 16]>::try_from(all)
                    .ok()
                    .map(|ip| IpAddr::from(ip).to_string()),
            },
            _ => None,
        };
        let names: Vec<String> = match tbs.get_extension::<SubjectAltName>() {
            Ok(Some((_, list))) => list.0.iter().filter_map(text).collect(),
            _ => Vec::new(),
        };
        Some([
            tbs.subject().to_string(),
            tbs.issuer().to_string(),
            names.join(" "),
            tbs.validity().not_before.to_string(),
            tbs.validity().not_after.to_string(),
            parsed.signature_algorithm().oid.to_string(),
        ])
    }

    fn ours(der: &[u8]) -> Option<[String; 6]> {
        let read = Certificate::read(der)?;
        Some([
            read.subject.to_string(),
            read.issuer.to_string(),
            read.names().join(" "),
            read.not_before.to_string(),
            read.not_after.to_string(),
            read.signature.oid.to_string(),
        ])
    }

    #[test]
    fn a_certificate_reads_as_others_read_it() {
        let pki = secsmtp_testservers::Pki::new(&["mail.example.com", "192.0.2.1"]);
        let kinds = [
            secsmtp_testservers::CertKind::Root,
            secsmtp_testservers::CertKind::Intermediate,
            secsmtp_testservers::CertKind::Leaf,
        ];
        for der in kinds.map(|kind| pki.der(kind).to_vec()) {
            assert_eq!(ours(&der), theirs(&der));
        }
        let all = certificate();
        assert!(ours(&all).is_some());
        assert_eq!(ours(&all), theirs(&all));
    }

    #[test]
    fn a_name_beyond_ascii_is_not_shown() {
        let named = |name: &[u8]| {
            let mut params = CertificateParams::default();
            let content = [&[0x30, 2 + name.len() as u8, 0x82, name.len() as u8], name].concat();
            let names = CustomExtension::from_oid_content(&[2, 5, 29, 17], content);
            params.custom_extensions.push(names);
            let der = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
            Certificate::read(der.der()).unwrap().names()
        };
        assert_eq!(named(b"mail.example"), ["mail.example"]);
        assert_eq!(named("m\u{e4}il.example".as_bytes()), [""; 0]);
    }

    #[test]
    fn the_short_names_are_the_registered_ones() {
        for (kind, name) in TYPES {
            let mut known = DB.find_names_for_oid(kind);
            assert!(known.any(|n| n.eq_ignore_ascii_case(name)), "{name}");
        }
    }

    /// Truncated, and with one bit flipped: both parsers agree.
    #[test]
    fn c23_a_damaged_certificate_is_read_as_others_read_it_or_not_at_all() {
        let whole = certificate();
        for len in 0..whole.len() {
            assert!(ours(&whole[..len]).is_none(), "cut at {len}");
        }
        assert!(ours(&[&whole[..], &[0]].concat()).is_none());
        let mut more = 0;
        let bits = (0..whole.len() * 8).step_by(3);
        for bit in bits.clone() {
            let mut der = whole.clone();
            der[bit / 8] ^= 1 << (bit % 8);
            let (ours, theirs) = (ours(&der), theirs(&der));
            let Some(theirs) = theirs else {
                more += usize::from(ours.is_some());
                continue;
            };
            let ours = ours.unwrap_or_else(|| panic!("bit {bit}: {theirs:?}"));
            // A type without a short name here, or without text there, is shown as bytes by one parser only.
            let bytes = |text: &str| text.matches("=#").count();
            for (i, (a, b)) in ours.iter().zip(&theirs).enumerate() {
                // A name of a kind that is not shown may be damaged: then the other parser shows no name.
                let fewer = i == NAMES && b.is_empty();
                assert!(
                    a == b || bytes(a) != bytes(b) || fewer,
                    "bit {bit}: {a} and {b}"
                );
            }
        }
        // Serial number, version and key are not compared.
        assert!(more * 50 < bits.len(), "{more}");
    }
}
