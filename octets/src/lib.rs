//! What is looked for in each octet of a mail. Plain loops that the compiler turns into vector
//! code; a crate of their own, because Cargo chooses between speed and size by the crate, and the
//! library is built for size.

#![forbid(unsafe_code)]

/// What stands somewhere in a text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Seen {
    /// A CR or LF that is not part of CRLF.
    pub bare: bool,
    /// A NUL.
    pub nul: bool,
    /// An octet above 127.
    pub eight_bit: bool,
}

/// Looks a text through once.
// Inlined, it would be compiled as its caller is: for size.
#[inline(never)]
#[must_use]
pub fn look(text: &[u8]) -> Seen {
    let (mut any, mut nul) = (0_u8, 0_u8);
    for octet in text {
        any |= octet;
        nul |= u8::from(*octet == 0);
    }
    let mut bare = u8::from(text.first() == Some(&b'\n') || text.last() == Some(&b'\r'));
    let behind = text.get(1..).unwrap_or_default();
    for (octet, next) in text.iter().zip(behind) {
        bare |= u8::from(*octet == b'\r') ^ u8::from(*next == b'\n');
    }
    Seen {
        bare: bare > 0,
        nul: nul > 0,
        eight_bit: any > 0x7f,
    }
}

/// Whether each octet is visible ASCII or a space.
#[inline(never)]
#[must_use]
pub fn is_visible(text: &[u8]) -> bool {
    let mut visible = true;
    for octet in text {
        visible &= (b' '..=b'~').contains(octet);
    }
    visible
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One octet after the other.
    fn slowly(text: &[u8]) -> Seen {
        let mut rest = text;
        let mut seen = Seen::default();
        while let [octet, behind @ ..] = rest {
            rest = match rest {
                [b'\r', b'\n', behind @ ..] => behind,
                _ => {
                    seen.bare |= matches!(octet, b'\r' | b'\n');
                    behind
                }
            };
            seen.nul |= *octet == 0;
            seen.eight_bit |= *octet > 127;
        }
        seen
    }

    #[test]
    fn each_odd_octet_is_seen_wherever_it_stands() {
        let octets = [b'a', b'\r', b'\n', 0, 0xe9];
        for i in 0..octets.len().pow(5) {
            let octet = |n: u32| octets[i / octets.len().pow(n) % octets.len()];
            let odd: Vec<u8> = (0..5).map(octet).collect();
            // In short texts, and at each place of those that fill some vectors.
            for before in [0, 1, 15, 29, 63] {
                let text = [vec![b'x'; before], odd.clone(), vec![b'y'; 40]].concat();
                for end in [before + 5, text.len()] {
                    let text = &text[..end];
                    assert_eq!(look(text), slowly(text), "{text:?}");
                }
            }
        }
        assert_eq!(look(b""), Seen::default());
    }

    #[test]
    fn visible_is_from_space_to_tilde() {
        for octet in 0..=255_u8 {
            let text = [b"visible text and ".as_slice(), &[octet], b"more"].concat();
            assert_eq!(is_visible(&text), (b' '..=b'~').contains(&octet), "{octet}");
        }
    }
}
