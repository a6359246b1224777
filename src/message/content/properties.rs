//! The properties of content that must be known before MAIL.

use std::sync::Arc;

/// Properties of content, which decide the parameters of MAIL and how the content is sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Properties {
    /// Bytes with normalised line ends, without dot-stuffing: what SIZE counts (RFC 1870); `None`
    /// where only reading it would tell.
    pub size: Option<u64>,
    /// True if a byte is above 127.
    pub eight_bit: bool,
    /// The first header field that is UTF-8 beyond ASCII (RFC 6532): then the server must know
    /// SMTPUTF8.
    pub utf8_field: Option<Arc<str>>,
    /// True if only BDAT with BINARYMIME can carry it (RFC 3030 section 3): a NUL, a bare CR or LF,
    /// a line over 998 bytes, or no line end at the end. It is sent byte by byte.
    pub binary: bool,
}
