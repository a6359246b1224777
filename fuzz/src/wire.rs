//! All parsers of the SMTP dialogue: replies, the EHLO reply, addresses, content for DATA. None may
//! panic, and each input has only one meaning.

use secsmtp::error::ReplyFault;
use secsmtp::message::address::{Address, EhloName};
use secsmtp::message::content::lines::{LineNormalizer, bare_line_end, inspect};
use secsmtp::message::delivery::Options;
use secsmtp::message::mailbox::{Entry, MAX_LIST, Mailbox, parse_list};
use secsmtp::smtp::wire::command::Command;
use secsmtp::smtp::wire::data_encoder::DataEncoder;
use secsmtp::smtp::wire::ehlo::{MAX_MECHANISMS, capabilities};
use secsmtp::smtp::wire::reply::{MAX_LINES, MAX_REPLY, Reply, parse, parse_greeting};
use secsmtp::smtp::wire::transaction_commands;

/// A target: its name, which is also that of its corpus folder, and its function.
pub type Target = (&'static str, fn(&[u8]));

/// All targets of this file.
pub const ALL: [Target; 5] = [
    ("wire_reply", reply),
    ("wire_ehlo", ehlo),
    ("wire_address", address),
    ("wire_mailboxes", mailboxes),
    ("wire_content", content),
];

/// A reply is complete at one byte and at no earlier one; bytes after it change nothing; an error
/// remains one with any continuation; and the reply contains only the bytes that were received.
pub fn reply(data: &[u8]) {
    let whole = parse(data);
    let step = (data.len() / 64).max(1);
    for end in (0..data.len()).step_by(step) {
        match (parse(&data[..end]), &whole) {
            (Ok(None), _) | (Err(_), Err(_)) => {}
            (Ok(Some(early)), Ok(Some(late))) => assert_eq!(early, *late),
            (early, late) => panic!("{early:?} at {end}, then {late:?}"),
        }
    }
    // A greeting parses as a reply, unless it rejects.
    match (parse_greeting(data), &whole) {
        (Ok(Some((refusal, _))), Err(ReplyFault::Mismatch)) => assert!(refusal.code >= 400),
        (Ok(None) | Err(_), Err(ReplyFault::Mismatch)) => {}
        (greeting, whole) => assert_eq!(greeting, *whole),
    }
    let Ok(Some((reply, taken))) = whole else {
        return;
    };
    assert!((200..600).contains(&reply.code) && taken <= MAX_REPLY);
    assert!((1..=MAX_LINES).contains(&reply.lines().count()));
    assert_eq!(parse(&data[..taken]), Ok(Some((reply.clone(), taken))));
    assert_eq!(parse(&data[..taken - 1]), Ok(None));
    assert_eq!(
        without_last_separator(&data[..taken]),
        without_last_separator(&written(&reply))
    );
    if let Some(enhanced) = reply.enhanced() {
        assert!(enhanced.starts_with(&(reply.code / 100).to_string()) && enhanced.len() <= 9);
    }
}

fn written(reply: &Reply) -> Vec<u8> {
    let mut out = Vec::new();
    for (index, line) in reply.lines().enumerate() {
        let last = index + 1 == reply.lines().count();
        out.extend_from_slice(format!("{}{}", reply.code, if last { ' ' } else { '-' }).as_bytes());
        out.extend_from_slice(line);
        out.extend_from_slice(b"\r\n");
    }
    out
}

/// `250` and `250 ` end the same reply.
fn without_last_separator(wire: &[u8]) -> Vec<u8> {
    match wire {
        [head @ .., b' ', b'\r', b'\n'] if ends_in_code(head) => [head, b"\r\n"].concat(),
        _ => wire.to_vec(),
    }
}

/// Returns whether the last line consists of three digits.
fn ends_in_code(head: &[u8]) -> bool {
    let start = head
        .iter()
        .rposition(|b| *b == b'\n')
        .map_or(0, |at| at + 1);
    head.len() - start == 3
}

/// The parsed capabilities are bounded, and parsing their lines again gives equal capabilities.
pub fn ehlo(data: &[u8]) {
    let mut replies = vec![Reply::new(250, data.to_vec())];
    if let Ok(Some((reply, _))) = parse(data) {
        replies.push(reply);
    }
    for reply in replies {
        let Ok(found) = capabilities(&reply) else {
            continue;
        };
        assert!(found.lines.len() < reply.lines().count());
        assert!(found.auth.iter().flatten().count() <= MAX_MECHANISMS);
        for line in &found.lines {
            assert!(
                line.bytes().all(|b| b == b' ' || b.is_ascii_graphic()),
                "{line:?}"
            );
        }
        let says = |word: &str| {
            found.lines.iter().any(|line| {
                let first = line.split(' ').find(|word| !word.is_empty());
                first.is_some_and(|first| first.eq_ignore_ascii_case(word))
            })
        };
        assert_eq!(found.starttls, says("STARTTLS"));
        assert_eq!(found.pipelining, says("PIPELINING"));
        assert_eq!(found.chunking, says("CHUNKING"));
        for name in found.auth.iter().flatten() {
            assert!(
                (1..=20).contains(&name.len()) && !name.contains([' ', '=']),
                "{name:?}"
            );
        }
        let again = format!("host\n{}", found.lines.join("\n"));
        assert_eq!(
            capabilities(&Reply::new(250, again.into_bytes())),
            Ok(found)
        );
    }
}

/// Parsing of an address is idempotent, and its command is one line with that address only.
pub fn address(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    if let Ok(address) = Address::parse(text) {
        let shown = address.to_string();
        assert_eq!(Address::parse(&shown).as_ref(), Ok(&address));
        assert_eq!(shown.is_ascii(), address.is_ascii());
        assert!(!shown.chars().any(char::is_control) && shown.len() <= 254);
        let mut wire = Vec::new();
        transaction_commands::rcpt(&mut wire, &address, 0, &Options::default());
        assert_eq!(wire, format!("RCPT TO:<{shown}>\r\n").into_bytes());
        // A server that parses only quoted strings finds the intended end of the path.
        assert_eq!(path_end(&wire[9..]), shown.len(), "{shown:?}");
    }
    if let Ok(name) = EhloName::parse(text) {
        let wire = Command::ehlo(&name).wire().to_vec();
        let name = wire
            .strip_prefix(b"EHLO ")
            .and_then(|w| w.strip_suffix(b"\r\n"));
        assert!(name.is_some_and(|name| name.iter().all(u8::is_ascii_graphic)));
    }
}

/// The addresses of a list are complete and bounded in number, and the addresses alone parse as an
/// equal list: no display name becomes an address.
pub fn mailboxes(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let Ok(list) = parse_list(text) else {
        return;
    };
    let found = addresses(list);
    assert!(found.len() <= MAX_LIST && found.len() <= text.matches('@').count());
    let written: Vec<String> = found.iter().map(|a| format!("<{a}>")).collect();
    assert_eq!(parse_list(&written.join(", ")).map(addresses), Ok(found));
}

fn addresses(list: Vec<Entry>) -> Vec<Address> {
    let of = |entry| match entry {
        Entry::Mailbox(mailbox) => vec![mailbox],
        Entry::Group { members, .. } => members,
    };
    let all = list.into_iter().flat_map(of);
    all.map(|Mailbox { address, .. }| address).collect()
}

/// The position of the first `>` outside a quoted string.
fn path_end(path: &[u8]) -> usize {
    let (mut quoted, mut escaped) = (false, false);
    for (at, byte) in path.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'>' if !quoted => return at,
            _ => {}
        }
    }
    panic!("the path does not end");
}

/// Content that is split anywhere is encoded as the same bytes for DATA; a server decodes it with
/// each line end as CRLF and nothing else changed; and it ends once. The first two bytes select the
/// split.
pub fn content(data: &[u8]) {
    let [a, b, content @ ..] = data else { return };
    let place = |byte: u8| usize::from(byte) * (content.len() + 1) / 256;
    let (i, j) = (place(*a).min(place(*b)), place(*a).max(place(*b)));
    let wire = encode(&[content]);
    assert_eq!(
        encode(&[&content[..i], &content[i..j], &content[j..]]),
        wire
    );
    let ends = wire.windows(5).filter(|w| w == b"\r\n.\r\n").count();
    assert!(wire == b".\r\n" || ends == 1 && wire.ends_with(b"\r\n.\r\n"));
    let bare = wire.iter().enumerate().any(|(at, byte)| match byte {
        b'\r' => wire.get(at + 1) != Some(&b'\n'),
        b'\n' => at == 0 || wire[at - 1] != b'\r',
        _ => false,
    });
    assert!(!bare, "a bare CR or LF");
    let body = wire.strip_suffix(b".\r\n").unwrap_or_default();
    let mut read = Vec::new();
    for line in body.split_inclusive(|b| *b == b'\n') {
        read.extend_from_slice(line.strip_prefix(b".").unwrap_or(line));
    }
    assert_eq!(read, normal(content));
    if let Ok(properties) = inspect(content) {
        assert_eq!(properties.size, Some(read.len() as u64));
        assert_eq!(properties.eight_bit, !content.is_ascii());
    }
    // Content from a reader is checked and changed like content in memory.
    let (mut lines, mut streamed) = (LineNormalizer::default(), Vec::new());
    for piece in [&content[..i], &content[i..j], &content[j..]] {
        lines.push(piece, &mut |bytes| streamed.extend_from_slice(bytes));
    }
    lines.finish(&mut |bytes| streamed.extend_from_slice(bytes));
    assert_eq!(streamed, read);
    assert_eq!(lines.properties(), inspect(content));
    assert_eq!(lines.bare(), bare_line_end(content));
}

fn encode(pieces: &[&[u8]]) -> Vec<u8> {
    let mut encoder = DataEncoder::default();
    let mut out = Vec::new();
    for piece in pieces {
        encoder.push(piece, &mut out);
    }
    encoder.finish(&mut out);
    out
}

/// Each line end as CRLF, byte by byte.
fn normal(content: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut bytes = content.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\r' => {
                bytes.next_if_eq(&b'\n');
                out.extend_from_slice(b"\r\n");
            }
            b'\n' => out.extend_from_slice(b"\r\n"),
            _ => out.push(byte),
        }
    }
    if !out.is_empty() && !out.ends_with(b"\r\n") {
        out.extend_from_slice(b"\r\n");
    }
    out
}
