//! The mechanisms by name and strength.

/// The hash of a SCRAM mechanism, strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hash {
    /// SHA-512.
    Sha512,
    /// SHA-256 (RFC 7677).
    Sha256,
    /// SHA-1 (RFC 5802): as a keyed hash still without a practical attack.
    Sha1,
}

/// The kind of a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CredentialKind {
    /// A password.
    #[default]
    Password,
    /// An OAuth 2.0 access token.
    Token,
    /// The client certificate of the TLS handshake.
    Certificate,
}

impl CredentialKind {
    /// The name in error messages.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Token => "token",
            Self::Certificate => "client certificate",
        }
    }
}

/// A mechanism. NTLM, CRAM-MD5 and DIGEST-MD5 are not here: each provides an eavesdropper or an
/// impostor something to guess the password from at MD4's or MD5's speed, and proves no server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// SCRAM tied to the TLS channel: `-PLUS` (RFC 5802 section 6), for a password.
    ScramPlus(Hash),
    /// SCRAM on its own (RFC 5802), for a password.
    Scram(Hash),
    /// RFC 7628, for a token.
    OAuthBearer,
    /// The older form of it, for a token.
    XOAuth2,
    /// RFC 4422 appendix A, for a client certificate: the channel itself is the login.
    External,
    /// RFC 4616, for a password.
    Plain,
    /// The older form of it, for a password.
    Login,
}

impl Kind {
    /// All, strongest first: a mechanism that binds the login to the channel precedes every larger hash,
    /// because it is what a relay in the middle can't pass on.
    pub const ALL: [Self; 11] = [
        Self::ScramPlus(Hash::Sha512),
        Self::ScramPlus(Hash::Sha256),
        Self::ScramPlus(Hash::Sha1),
        Self::Scram(Hash::Sha512),
        Self::Scram(Hash::Sha256),
        Self::Scram(Hash::Sha1),
        Self::OAuthBearer,
        Self::XOAuth2,
        Self::External,
        Self::Plain,
        Self::Login,
    ];

    /// The registered name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ScramPlus(Hash::Sha512) => "SCRAM-SHA-512-PLUS",
            Self::ScramPlus(Hash::Sha256) => "SCRAM-SHA-256-PLUS",
            Self::ScramPlus(Hash::Sha1) => "SCRAM-SHA-1-PLUS",
            Self::Scram(Hash::Sha512) => "SCRAM-SHA-512",
            Self::Scram(Hash::Sha256) => "SCRAM-SHA-256",
            Self::Scram(Hash::Sha1) => "SCRAM-SHA-1",
            Self::OAuthBearer => "OAUTHBEARER",
            Self::XOAuth2 => "XOAUTH2",
            Self::External => "EXTERNAL",
            Self::Plain => "PLAIN",
            Self::Login => "LOGIN",
        }
    }

    /// The mechanism of a name, in any case.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.name().eq_ignore_ascii_case(name))
    }

    /// The kind of credential that it uses.
    #[must_use]
    pub fn credential_kind(self) -> CredentialKind {
        match self {
            Self::OAuthBearer | Self::XOAuth2 => CredentialKind::Token,
            Self::External => CredentialKind::Certificate,
            Self::ScramPlus(_) | Self::Scram(_) | Self::Plain | Self::Login => {
                CredentialKind::Password
            }
        }
    }

    /// Returns whether it binds the login to the TLS channel.
    #[must_use]
    pub fn is_bound(self) -> bool {
        matches!(self, Self::ScramPlus(_))
    }

    /// Returns whether the server must prove that it knows the password too.
    #[must_use]
    pub fn is_mutual(self) -> bool {
        self.hash().is_some()
    }

    /// Returns whether it is in no respect weaker than `minimum`: neither unbound where that is bound, nor
    /// with a smaller hash. So SCRAM-SHA-1-PLUS does not reach the minimum SCRAM-SHA-256, though it
    /// precedes it: a minimum hash is a requirement of its own.
    #[must_use]
    pub fn reaches(self, minimum: Self) -> bool {
        let place = |kind: Self| Self::ALL.iter().position(|other| *other == kind);
        match (self.hash(), minimum.hash()) {
            (Some(own), Some(least)) => {
                own as u8 <= least as u8 && (self.is_bound() || !minimum.is_bound())
            }
            _ => place(self) <= place(minimum),
        }
    }

    fn hash(self) -> Option<Hash> {
        match self {
            Self::ScramPlus(hash) | Self::Scram(hash) => Some(hash),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f01_a_minimum_lets_nothing_weaker_through() {
        let reach = |minimum: &str| -> Vec<&str> {
            let minimum = Kind::from_name(minimum).unwrap();
            let all = Kind::ALL
                .into_iter()
                .filter(|kind| kind.credential_kind() == CredentialKind::Password);
            all.filter(|kind| kind.reaches(minimum))
                .map(Kind::name)
                .collect()
        };
        assert_eq!(
            reach("SCRAM-SHA-256-PLUS"),
            ["SCRAM-SHA-512-PLUS", "SCRAM-SHA-256-PLUS"]
        );
        assert_eq!(
            reach("scram-sha-256"),
            [
                "SCRAM-SHA-512-PLUS",
                "SCRAM-SHA-256-PLUS",
                "SCRAM-SHA-512",
                "SCRAM-SHA-256"
            ]
        );
        assert_eq!(reach("SCRAM-SHA-1").len(), 6);
        assert_eq!(reach("PLAIN").len(), 7);
        assert_eq!(reach("LOGIN").len(), 8);
        assert!(!Kind::XOAuth2.reaches(Kind::OAuthBearer));
    }

    #[test]
    fn f24_mechanisms_of_md5_are_not_there() {
        for name in ["NTLM", "CRAM-MD5", "DIGEST-MD5", "SCRAM-SHA-224"] {
            assert_eq!(Kind::from_name(name), None);
        }
    }
}
