//! Values of options, each parsed once. An error is the middle of a sentence: the option stands before it,
//! the value behind it.

use std::fmt::Display;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use secsmtp::message::delivery::ByMode;

/// An address to dial.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) host: String,
    pub(crate) port: u16,
}

/// Messages in a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct MessageRate {
    pub(crate) messages: u32,
    pub(crate) per: Duration,
}

/// A time limit for delivery, and what becomes of a message that exceeds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TimeLimit {
    pub(crate) seconds: i32,
    pub(crate) mode: ByMode,
}

/// A header field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HeaderField {
    pub(crate) name: String,
    pub(crate) value: String,
}

/// A file and what stands before it: a type, a content id, a method.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LabelledFile {
    pub(crate) label: String,
    pub(crate) path: PathBuf,
}

/// A port.
pub(crate) fn port(text: &str) -> Result<u16, String> {
    in_range(text, 1, u16::MAX)
}

/// A number from 1 to `max`.
pub(crate) fn count<N>(max: N) -> impl Fn(&str) -> Result<N, String> + Clone + Send + Sync
where
    N: FromStr + PartialOrd + From<u8> + Copy + Display + Send + Sync + 'static,
{
    move |text| in_range(text, N::from(1), max)
}

fn in_range<N: FromStr + PartialOrd + Copy + Display>(
    text: &str,
    min: N,
    max: N,
) -> Result<N, String> {
    let number = text.parse().ok();
    let number = number.filter(|number| (min..=max).contains(number));
    number.ok_or_else(|| format!("takes a number from {min} to {max}"))
}

/// A whole number.
pub(crate) fn number<N: FromStr>(text: &str) -> Result<N, String> {
    text.parse().map_err(|_| "takes a whole number".to_owned())
}

/// A time above 0 in seconds.
pub(crate) fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse::<f64>().ok().filter(|seconds| *seconds > 0.0);
    let time = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    let time = time.filter(|time| !time.is_zero());
    time.ok_or_else(|| "takes a number of seconds above 0".to_owned())
}

/// `ADDRESS:PORT` or `[IPV6]:PORT`.
pub(crate) fn address(text: &str) -> Result<Address, String> {
    let wrong = || "takes ADDRESS:PORT, or [ADDRESS]:PORT for IPv6".to_owned();
    let (host, number) = text.rsplit_once(':').ok_or_else(wrong)?;
    let bracketed = host.starts_with('[') && host.ends_with(']');
    if host.is_empty() || (host.contains(':') && !bracketed) {
        return Err(wrong());
    }
    Ok(Address {
        host: host.to_owned(),
        port: port(number).map_err(|_| wrong())?,
    })
}

/// `MESSAGES/SECONDS`.
pub(crate) fn rate(text: &str) -> Result<MessageRate, String> {
    let wrong = || "takes MESSAGES/SECONDS, for example 60/60".to_owned();
    let (messages, per) = text.split_once('/').ok_or_else(wrong)?;
    Ok(MessageRate {
        messages: in_range(messages, 1, 1_000_000).map_err(|_| wrong())?,
        per: seconds(per).map_err(|_| wrong())?,
    })
}

/// `SECONDS:return` or `SECONDS:notify`.
pub(crate) fn time_limit(text: &str) -> Result<TimeLimit, String> {
    let wrong = || "takes SECONDS:return or SECONDS:notify".to_owned();
    let (seconds, mode) = text.split_once(':').ok_or_else(wrong)?;
    Ok(TimeLimit {
        seconds: seconds.parse().map_err(|_| wrong())?,
        mode: match mode {
            "return" => ByMode::Return,
            "notify" => ByMode::Notify,
            _ => return Err(wrong()),
        },
    })
}

/// `NAME: VALUE`.
pub(crate) fn header_field(text: &str) -> Result<HeaderField, String> {
    let (name, value) = text.split_once(':').ok_or("takes 'NAME: VALUE'")?;
    Ok(HeaderField {
        name: name.to_owned(),
        value: value.trim_matches(' ').to_owned(),
    })
}

/// `ID=FILE`: the first `=` ends the id.
pub(crate) fn identified_file(text: &str) -> Result<LabelledFile, String> {
    labelled(text.split_once('='), "takes ID=FILE")
}

/// `METHOD=FILE`: the first `=` ends the method.
pub(crate) fn calendar_file(text: &str) -> Result<LabelledFile, String> {
    labelled(text.split_once('='), "takes METHOD=FILE")
}

/// `TYPE=FILE`: the type may have parameters, so the last `=` ends it.
pub(crate) fn typed_file(text: &str) -> Result<LabelledFile, String> {
    labelled(text.rsplit_once('='), "takes TYPE=FILE")
}

fn labelled(split: Option<(&str, &str)>, form: &str) -> Result<LabelledFile, String> {
    let (label, path) = split.ok_or(form)?;
    Ok(LabelledFile {
        label: label.to_owned(),
        path: path.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_have_a_port_and_ipv6_brackets() {
        let address_of = |text| address(text).map(|address| (address.host, address.port));
        assert_eq!(address_of("[::1]:25"), Ok(("[::1]".to_owned(), 25)));
        assert_eq!(address_of("10.0.0.1:465"), Ok(("10.0.0.1".to_owned(), 465)));
        for wrong in ["::1:25", "a", ":25", "a:0", "a:65536", "a:x"] {
            assert!(address(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn times_and_rates_are_above_0() {
        assert_eq!(seconds("1.5"), Ok(Duration::from_millis(1500)));
        for wrong in ["0", "-1", "nan", "inf", "1e30", "1e-30", "x"] {
            assert!(seconds(wrong).is_err(), "{wrong}");
        }
        let ten_a_minute = MessageRate {
            messages: 10,
            per: Duration::from_secs(60),
        };
        assert_eq!(rate("10/60"), Ok(ten_a_minute));
        for wrong in ["5", "0/1", "1/0", "1000001/1", "a/b"] {
            assert!(rate(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_type_may_hold_an_equals_sign_and_an_id_may_not() {
        let typed = typed_file("multipart/signed; boundary=\"b\"=file").expect("a file");
        assert_eq!(
            (&*typed.label, typed.path),
            ("multipart/signed; boundary=\"b\"", "file".into())
        );
        let identified = identified_file("logo=a=b.png").expect("a file");
        assert_eq!(
            (&*identified.label, identified.path),
            ("logo", "a=b.png".into())
        );
        assert!(identified_file("logo").is_err());
    }
}
