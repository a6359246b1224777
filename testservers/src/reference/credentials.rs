//! Parses and checks the responses of the SASL mechanisms.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::ReferenceConfig;

/// Decodes the base64 of an AUTH line.
pub(super) fn decode(text: &[u8]) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

/// A server's challenge line.
pub(super) fn challenge(plain: &str) -> String {
    format!("334 {}\r\n", STANDARD.encode(plain))
}

/// The user of a PLAIN response (RFC 4616), when name and password are right.
pub(super) fn plain(config: &ReferenceConfig, response: &[u8]) -> Option<String> {
    let mut parts = response.split(|&byte| byte == 0);
    let (authzid, name, password) = (parts.next()?, parts.next()?, parts.next()?);
    // An authorization identity must be the user's own.
    if parts.next().is_some() || !(authzid.is_empty() || authzid == name) {
        return None;
    }
    password_of(config, name, password)
}

/// The user, when name and password are right.
pub(super) fn password_of(
    config: &ReferenceConfig,
    name: &[u8],
    password: &[u8],
) -> Option<String> {
    find(&config.users, name, password)
}

/// The user of an XOAUTH2 response: `user=NAME^Aauth=Bearer TOKEN^A^A`.
pub(super) fn xoauth2(config: &ReferenceConfig, response: &[u8]) -> Option<String> {
    let response = std::str::from_utf8(response).ok()?;
    let fields = response.strip_suffix("\x01\x01")?;
    let (user, auth) = fields.split_once('\x01')?;
    let token = auth.strip_prefix("auth=Bearer ")?;
    find(
        &config.tokens,
        user.strip_prefix("user=")?.as_bytes(),
        token.as_bytes(),
    )
}

/// The user of an OAUTHBEARER response (RFC 7628): `n,a=NAME,^A...^Aauth=Bearer TOKEN^A^A`.
pub(super) fn oauthbearer(config: &ReferenceConfig, response: &[u8]) -> Option<String> {
    let response = std::str::from_utf8(response).ok()?;
    let fields = response.strip_suffix("\x01\x01")?;
    let (header, fields) = fields.split_once('\x01')?;
    let name = header.strip_prefix("n,")?.strip_suffix(',')?;
    let token = fields
        .split('\x01')
        .find_map(|field| field.strip_prefix("auth=Bearer "))?;
    if name.is_empty() {
        let owner = config.tokens.iter().find(|(_, own)| own == token)?;
        return Some(owner.0.clone());
    }
    let name = name
        .strip_prefix("a=")?
        .replace("=2C", ",")
        .replace("=3D", "=");
    find(&config.tokens, name.as_bytes(), token.as_bytes())
}

fn find(list: &[(String, String)], name: &[u8], secret: &[u8]) -> Option<String> {
    list.iter()
        .find(|(own, right)| own.as_bytes() == name && right.as_bytes() == secret)
        .map(|(own, _)| own.clone())
}
