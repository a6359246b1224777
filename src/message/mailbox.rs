//! Address fields as people write them (RFC 5322 section 3.4): `Name <a@b>, "N, M" <c@d>,
//! Team: e@f, g@h;`. Only the address between the brackets, parsed strictly, ever reaches the
//! envelope; a name is never looked into for one. One pass, no recursion.

use super::address::Address;
use crate::support::redact;

/// The most addresses of one list.
pub const MAX_LIST: usize = 10_000;
/// The maximum nesting of comments.
const MAX_COMMENT: usize = 8;

/// An address with the name that people read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mailbox {
    /// The display name; empty if there is none.
    pub name: String,
    /// The address.
    pub address: Address,
}

/// An entry of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// One address.
    Mailbox(Mailbox),
    /// A named group, perhaps empty.
    Group {
        /// Its name.
        name: String,
        /// The members.
        members: Vec<Mailbox>,
    },
}

/// Parses a list of addresses.
///
/// # Errors
/// The reason, in words that name the place.
pub fn parse_list(text: &str) -> Result<Vec<Entry>, String> {
    if let Some(control) = text.chars().find(|c| c.is_control() && *c != '\t') {
        let control = u32::from(control);
        return Err(format!("has the control character U+{control:04X}"));
    }
    let mut scanner = Scanner { rest: text };
    let (mut list, mut group) = (Vec::new(), None::<Group<'_>>);
    let mut count = 0_usize;
    loop {
        scanner.skip()?;
        let Some(next) = scanner.rest.chars().next() else {
            break;
        };
        if next == ',' {
            scanner.advance(1);
            continue;
        }
        if next == ';' {
            let Group { name, members, .. } = group.take().ok_or("has a ; outside a group")?;
            scanner.advance(1);
            list.push(Entry::Group { name, members });
            scanner.separator(false)?;
            continue;
        }
        count = count.saturating_add(1);
        if count > MAX_LIST {
            return Err(format!("has more than {MAX_LIST} addresses"));
        }
        let start = scanner.rest;
        let entry = scanner.entry(group.is_some());
        match (entry.map_err(|why| with_advice(why, start))?, &mut group) {
            (ListItem::Mailbox(mailbox), Some(group)) => group.members.push(mailbox),
            (ListItem::Mailbox(mailbox), None) => list.push(Entry::Mailbox(mailbox)),
            (ListItem::GroupStart(_), Some(outer)) => {
                let why = "has a group inside a group".to_owned();
                return Err(with_advice(why, outer.start));
            }
            (ListItem::GroupStart(name), None) => {
                let members = Vec::new();
                group = Some(Group {
                    start,
                    name,
                    members,
                });
            }
        }
    }
    match group {
        Some(Group { start, name, .. }) => {
            let name = shown(&name);
            let why = format!("has a group \"{name}\" without a ; at its end");
            Err(with_advice(why, start))
        }
        None => Ok(list),
    }
}

/// A group whose end is still to come.
struct Group<'a> {
    /// The text from its name on.
    start: &'a str,
    name: String,
    members: Vec<Mailbox>,
}

/// Adds to an error that a name needs quotes, if the text from the faulty entry on looks so. The
/// advice never adds a recipient, nor takes one away: a name that may itself hold an entry of the
/// list gets none.
fn with_advice(why: String, start: &str) -> String {
    let quoted = || {
        let (name, rest) = start.split_once('<')?;
        let (address, _) = rest.split_once('>')?;
        let name = name.trim();
        let is_odd = name.contains([',', ':', ';', '@', '(', ')']) && !name.contains('"');
        let is_several = name.contains('@') && name.contains([',', ';']);
        let fits = is_odd && !is_several && Address::parse(address).is_ok();
        fits.then(|| format!("\"{}\" <{}>", shown(name), shown(address)))
    };
    match quoted() {
        Some(quoted) => format!("{why}; if it is a name, it needs quotes: {quoted}"),
        None => why,
    }
}

/// A piece of the list as shown in an error.
fn shown(text: &str) -> String {
    redact::escape(text.as_bytes(), 80)
}

enum ListItem {
    Mailbox(Mailbox),
    GroupStart(String),
}

struct Scanner<'a> {
    rest: &'a str,
}

impl<'a> Scanner<'a> {
    fn advance(&mut self, bytes: usize) {
        self.rest = self.rest.get(bytes..).unwrap_or_default();
    }

    /// Passes over white space and comments.
    fn skip(&mut self) -> Result<(), String> {
        loop {
            self.rest = self.rest.trim_start_matches([' ', '\t']);
            if !self.rest.starts_with('(') {
                return Ok(());
            }
            let (mut depth, mut escaped, mut end) = (0_usize, false, None);
            for (i, c) in self.rest.char_indices() {
                match c {
                    _ if escaped => escaped = false,
                    '\\' => escaped = true,
                    '(' => depth = depth.saturating_add(1),
                    ')' => depth = depth.saturating_sub(1),
                    _ => {}
                }
                if depth > MAX_COMMENT {
                    return Err("has comments nested too deep".to_owned());
                }
                if depth == 0 {
                    end = Some(i);
                    break;
                }
            }
            let end = end.ok_or("has a comment without an end")?;
            self.advance(end.saturating_add(1));
        }
    }

    /// A mailbox to its end, or the name and colon of a group.
    fn entry(&mut self, in_group: bool) -> Result<ListItem, String> {
        let item = self.item()?;
        if matches!(item, ListItem::Mailbox(_)) {
            self.separator(in_group)?;
        }
        Ok(item)
    }

    /// Checks what follows an entry: a comma, the end, or within a group its semicolon.
    fn separator(&mut self, in_group: bool) -> Result<(), String> {
        self.skip()?;
        match self.rest.chars().next() {
            None | Some(',') => Ok(()),
            Some(';') if in_group => Ok(()),
            // Not "lacks a comma": with one, what is found there could become a recipient.
            Some(_) => Err(format!(
                "has \"{}\" after an address, where its entry must end",
                shown(self.rest)
            )),
        }
    }

    /// A mailbox, or the name and colon of a group.
    fn item(&mut self) -> Result<ListItem, String> {
        let start = self.rest;
        let (mut name, mut words) = (String::new(), 0_usize);
        loop {
            let before = self.rest;
            self.skip()?;
            match self.rest.chars().next() {
                Some('<') => return self.bracketed(name).map(ListItem::Mailbox),
                Some(':') if words > 0 => {
                    self.advance(1);
                    return Ok(ListItem::GroupStart(name));
                }
                // A bare address: one word, directly followed by the @.
                Some('@') if words == 1 && before == self.rest => {
                    let local = start.len().saturating_sub(self.rest.len());
                    return self.bare(start, local).map(ListItem::Mailbox);
                }
                Some(',' | ';' | '@' | ':') | None => {
                    let end = start.len().saturating_sub(self.rest.len());
                    let entry = match start.get(..end).unwrap_or_default().trim_end() {
                        "" => start,
                        entry => entry,
                    };
                    return Err(format!("has no address at \"{}\"", shown(entry)));
                }
                Some(_) => {
                    let word = self.word()?;
                    if words > 0 {
                        name.push(' ');
                    }
                    name.push_str(&word);
                    words = words.saturating_add(1);
                }
            }
        }
    }

    /// A quoted string without its quotes, or a run of other characters.
    fn word(&mut self) -> Result<String, String> {
        let Some(quoted) = self.rest.strip_prefix('"') else {
            let end = self
                .rest
                .find(|c: char| " \t,;:<>@()\"".contains(c))
                .unwrap_or(self.rest.len());
            let word = self.rest.get(..end).filter(|word| !word.is_empty());
            let word = word.ok_or_else(|| format!("has an unexpected \"{}\"", shown(self.rest)))?;
            let word = word.to_owned();
            self.advance(end);
            return Ok(word);
        };
        let (mut out, mut escaped) = (String::new(), false);
        for (i, c) in quoted.char_indices() {
            match c {
                c if escaped => {
                    out.push(c);
                    escaped = false;
                }
                '\\' => escaped = true,
                '"' => {
                    self.advance(i.saturating_add(2));
                    return Ok(out);
                }
                c => out.push(c),
            }
        }
        Err("has a quote without an end".to_owned())
    }

    /// `<address>`.
    fn bracketed(&mut self, name: String) -> Result<Mailbox, String> {
        let inner = self.rest.strip_prefix('<').unwrap_or_default();
        let (mut quoted, mut escaped, mut end) = (false, false, None);
        for (i, c) in inner.char_indices() {
            match c {
                _ if escaped => escaped = false,
                '\\' if quoted => escaped = true,
                '"' => quoted = !quoted,
                '>' if !quoted => {
                    end = Some(i);
                    break;
                }
                _ => {}
            }
        }
        let end = end.ok_or("has a < without its >")?;
        let address = inner.get(..end).unwrap_or_default();
        let address = parse(address.trim_matches([' ', '\t']))?;
        self.advance(end.saturating_add(2));
        Ok(Mailbox { name, address })
    }

    /// `local@domain` without brackets; `local` bytes of `start` are the local part.
    fn bare(&mut self, start: &'a str, local: usize) -> Result<Mailbox, String> {
        let domain = self.rest.get(1..).unwrap_or_default();
        let end = domain
            .find([' ', '\t', ',', ';', '<', '>', '(', '"'])
            .unwrap_or(domain.len());
        let whole = local.saturating_add(1).saturating_add(end);
        let address = parse(start.get(..whole).unwrap_or_default())?;
        self.advance(end.saturating_add(1));
        Ok(Mailbox {
            name: String::new(),
            address,
        })
    }
}

fn parse(text: &str) -> Result<Address, String> {
    Address::parse(text).map_err(|why| format!("\"{}\" {why}", shown(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `name|address` of each, groups flattened.
    fn of(text: &str) -> Result<Vec<String>, String> {
        let show = |m: &Mailbox| format!("{}|{}", m.name, m.address);
        Ok(parse_list(text)?
            .iter()
            .flat_map(|entry| match entry {
                Entry::Mailbox(mailbox) => vec![show(mailbox)],
                Entry::Group { name, members } => std::iter::once(format!("{name}:"))
                    .chain(members.iter().map(show))
                    .collect(),
            })
            .collect())
    }

    #[test]
    fn lists_names_quotes_comments_and_groups_are_understood() {
        for (text, expected) in [
            ("", vec![]),
            ("a@b", vec!["|a@b"]),
            (" a@b , c@d,", vec!["|a@b", "|c@d"]),
            ("Anna B <a@b>", vec!["Anna B|a@b"]),
            ("\"B, A\" <a@b>, <c@d>", vec!["B, A|a@b", "|c@d"]),
            ("\"x@evil\" <a@b>", vec!["x@evil|a@b"]),
            ("Jörg Ä. <a@b>", vec!["Jörg Ä.|a@b"]),
            ("a@b (Anna), (c) C <c@d> (e (f))", vec!["|a@b", "C|c@d"]),
            ("\"a b\"@c.d", vec!["|\"a b\"@c.d"]),
            ("N <\"a>b\"@c.d>", vec!["N|\"a>b\"@c.d"]),
            ("\"a\\\"b\" <c@d>", vec!["a\"b|c@d"]),
            (
                "Team: a@b, N <c@d>; , e@f",
                vec!["Team:", "|a@b", "N|c@d", "|e@f"],
            ),
            ("undisclosed-recipients:;", vec!["undisclosed-recipients:"]),
            ("a@[127.0.0.1]", vec!["|a@[127.0.0.1]"]),
        ] {
            assert_eq!(
                of(text).as_deref(),
                Ok(&expected.iter().map(ToString::to_string).collect::<Vec<_>>()[..]),
                "{text}"
            );
        }
    }

    #[test]
    fn g13_advice_quotes_the_name_and_never_adds_a_recipient() {
        for (text, quoted) in [
            (
                "carol@example.net <bob@example.org>",
                "\"carol@example.net\" <bob@example.org>",
            ),
            (
                "Doe, Bob <bob@example.org>",
                "\"Doe, Bob\" <bob@example.org>",
            ),
            (
                "a@b, Doe, Bob <bob@example.org>, c@d",
                "\"Doe, Bob\" <bob@example.org>",
            ),
            (
                "Acme: Sales <s@example.org>",
                "\"Acme: Sales\" <s@example.org>",
            ),
            (
                "Acme: Sales <s@example.org>, a@b",
                "\"Acme: Sales\" <s@example.org>",
            ),
            ("Re: Acme: A <s@b>", "\"Re: Acme: A\" <s@b>"),
            ("Doe; Bob <b@c>", "\"Doe; Bob\" <b@c>"),
            ("Bob @ Acme <b@c>", "\"Bob @ Acme\" <b@c>"),
            ("bob@acme sales <b@c>", "\"bob@acme sales\" <b@c>"),
            ("Bob (Acme <b@c>", "\"Bob (Acme\" <b@c>"),
        ] {
            let why = parse_list(text).unwrap_err();
            assert!(
                why.ends_with(&format!("it needs quotes: {quoted}")),
                "{why}"
            );
            // The advice is good: it is the one address in angle brackets.
            assert_eq!(parse_list(quoted).unwrap().len(), 1);
        }
        // No name, or one that may hold a recipient.
        for text in [
            "a@b c@d",
            "<a@b> <c@d>",
            "Name a@b",
            "Doe, a@b, Bob <c@d>",
            "a@b; Bob <c@d>",
            "T: a@b, Bob <c@d>",
            "Bob <b@@c>",
            "a@b \"x\" <c@d>",
            "Doe, Bob <bob>",
        ] {
            let why = parse_list(text).unwrap_err();
            assert!(!why.contains("comma") && !why.contains("quotes"), "{why}");
        }
    }

    #[test]
    fn g12_g13_what_is_doubtful_is_an_error_and_never_another_address() {
        for bad in [
            "a",
            "a b",
            "a@b c@d",
            "a@b <c@d>",
            "<a@b> <c@d>",
            "Name a@b",
            "a @b",
            "<a@b",
            "\"a <b@c>",
            "G: H: a@b;;",
            "G: a@b",
            "a@b;",
            ": a@b;",
            "(a@b",
            "<@x:a@b>",
            "<a@b, c@d>",
            "<>",
            "x\r\nBcc: <a@b>",
            "a@b\0",
            "\"x@evil y\"@good@c",
            "<<a@b>>",
            "a@b>",
            "@b",
            "<a@b>c",
        ] {
            assert!(parse_list(bad).is_err(), "{bad:?} gives {:?}", of(bad));
        }
        assert_eq!(of("\"x@evil y\"@good.d").unwrap(), ["|\"x@evil y\"@good.d"]);
        assert!(parse_list(&"(".repeat(1_000_000)).is_err());
        assert!(parse_list(&"a:".repeat(100_000)).is_err());
        assert!(parse_list(&"a@b,".repeat(10_001)).is_err());
        assert_eq!(parse_list(&"a@b,".repeat(10_000)).unwrap().len(), 10_000);
    }
}
