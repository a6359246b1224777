//! Address fields as people write them (RFC 5322 section 3.4): `Name <a@b>, "N, M" <c@d>,
//! Team: e@f, g@h;`. Only the address between the brackets, parsed strictly, ever reaches the
//! envelope; a name is never looked into for one. One pass, no recursion.

use super::address::Address;

/// The most addresses of one list.
pub const MAX_LIST: usize = 10_000;
/// How deep comments may nest.
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
        /// Who is in it.
        members: Vec<Mailbox>,
    },
}

/// Parses a list of addresses.
///
/// # Errors
/// What is wrong with it, in words; the words name the place.
pub fn parse_list(text: &str) -> Result<Vec<Entry>, String> {
    if let Some(control) = text.chars().find(|c| c.is_control() && *c != '\t') {
        let control = control.escape_unicode();
        return Err(format!("has the control character {control}"));
    }
    let mut scanner = Scanner { rest: text };
    let (mut list, mut group) = (Vec::new(), None::<(String, Vec<Mailbox>)>);
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
            let (name, members) = group.take().ok_or("has a ; outside of a group")?;
            scanner.advance(1);
            list.push(Entry::Group { name, members });
            scanner.separator(false)?;
            continue;
        }
        count = count.saturating_add(1);
        if count > MAX_LIST {
            return Err(format!("has more than {MAX_LIST} addresses"));
        }
        match (scanner.item()?, &mut group) {
            (Item::Mailbox(mailbox), Some((_, members))) => members.push(mailbox),
            (Item::Mailbox(mailbox), None) => list.push(Entry::Mailbox(mailbox)),
            (Item::GroupStart(_), Some(_)) => return Err("has a group inside a group".to_owned()),
            (Item::GroupStart(name), None) => {
                group = Some((name, Vec::new()));
                continue;
            }
        }
        scanner.separator(group.is_some())?;
    }
    match group {
        Some((name, _)) => Err(format!("has no ; behind the group {name:?}")),
        None => Ok(list),
    }
}

enum Item {
    Mailbox(Mailbox),
    GroupStart(String),
}

struct Scanner<'a> {
    rest: &'a str,
}

impl<'a> Scanner<'a> {
    fn advance(&mut self, octets: usize) {
        self.rest = self.rest.get(octets..).unwrap_or_default();
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

    /// What may stand behind an entry: a comma, the end, or within a group its semicolon.
    fn separator(&mut self, in_group: bool) -> Result<(), String> {
        self.skip()?;
        match self.rest.chars().next() {
            None | Some(',') => Ok(()),
            Some(';') if in_group => Ok(()),
            Some(_) => Err(format!("lacks a comma before {:?}", self.sample())),
        }
    }

    fn sample(&self) -> String {
        self.rest.chars().take(40).collect()
    }

    /// A mailbox, or the name and colon of a group.
    fn item(&mut self) -> Result<Item, String> {
        let start = self.rest;
        let (mut name, mut words) = (String::new(), 0_usize);
        loop {
            let before = self.rest;
            self.skip()?;
            match self.rest.chars().next() {
                Some('<') => return self.bracketed(name).map(Item::Mailbox),
                Some(':') if words > 0 => {
                    self.advance(1);
                    return Ok(Item::GroupStart(name));
                }
                // A bare address: one word, and the @ right behind it.
                Some('@') if words == 1 && before == self.rest => {
                    let local = start.len().saturating_sub(self.rest.len());
                    return self.bare(start, local).map(Item::Mailbox);
                }
                Some(',' | ';' | '@' | ':') | None => {
                    let sample: String = start.chars().take(40).collect();
                    return Err(format!("has no address at {sample:?}"));
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
            let word = word.ok_or_else(|| format!("makes no sense at {:?}", self.sample()))?;
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

    /// `local@domain` without brackets; `local` octets of `start` are the local part.
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
    let shown: String = text.chars().take(80).collect();
    Address::parse(text).map_err(|why| format!("{shown:?} {why}"))
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
