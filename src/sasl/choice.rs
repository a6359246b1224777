//! The choice of the mechanism: the strongest that both sides allow. The server's offer can end a
//! login, but never lowers the caller's requirements.

use super::{Binding, BindingType, ChannelBinding, CredentialKind, Gs2, Kind};
use crate::error::Cause;

/// The caller's requirements for a login.
#[derive(Debug, Clone, Default)]
pub struct MechanismPolicy {
    /// The kind of the credential.
    pub credential_kind: CredentialKind,
    /// Only these; none named means any.
    pub allowed: Vec<Kind>,
    /// Nothing weaker than this.
    pub minimum: Option<Kind>,
    /// The requirement for channel binding.
    pub binding: ChannelBinding,
    /// The type of channel binding.
    pub binding_type: BindingType,
}

impl MechanismPolicy {
    /// Returns the strongest offered mechanism that the requirements allow; `can_bind` if the channel has
    /// binding data.
    ///
    /// # Errors
    /// There is no such mechanism.
    pub fn choose(&self, offered: &[String], can_bind: bool) -> Result<Kind, Cause> {
        let candidates = Kind::ALL
            .into_iter()
            .filter(|kind| self.allows(*kind) && (can_bind || !kind.is_bound()));
        let found = candidates
            .clone()
            .find(|kind| offered.iter().any(|name| name == kind.name()));
        found.ok_or_else(|| {
            let offered = offered.to_vec();
            if self.binding == ChannelBinding::Require {
                return Cause::NoChannelBinding { offered, can_bind };
            }
            Cause::MechanismMissing {
                offered,
                allowed: candidates.map(Kind::name).collect(),
                minimum: self.minimum.map(Kind::name),
            }
        })
    }

    /// The channel binding flag for an exchange of `kind` (RFC 5802 section 6). A correct server rejects
    /// `y` as a downgrade if it offered binding with any hash.
    #[must_use]
    pub fn gs2(&self, kind: Kind, offered: &[String], binding: Option<Binding>) -> Gs2 {
        let seen = offered
            .iter()
            .any(|name| name.starts_with("SCRAM-") && name.ends_with("-PLUS"));
        match binding {
            Some(binding) if kind.is_bound() => Gs2::Bound(binding),
            Some(_) if self.binding != ChannelBinding::Off && !seen => Gs2::Unseen,
            _ => Gs2::No,
        }
    }

    fn allows(&self, kind: Kind) -> bool {
        kind.credential_kind() == self.credential_kind
            && (self.allowed.is_empty() || self.allowed.contains(&kind))
            && self.minimum.is_none_or(|minimum| kind.reaches(minimum))
            && match self.binding {
                ChannelBinding::Off => !kind.is_bound(),
                ChannelBinding::Prefer => true,
                ChannelBinding::Require => kind.is_bound(),
            }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(list: &str) -> Vec<String> {
        list.split(' ').map(str::to_owned).collect()
    }

    #[track_caller]
    fn chosen(
        mechanism_policy: &MechanismPolicy,
        list: &str,
        can_bind: bool,
    ) -> Option<&'static str> {
        mechanism_policy
            .choose(&names(list), can_bind)
            .ok()
            .map(Kind::name)
    }

    #[test]
    fn every_bound_one_stands_before_every_unbound_one_then_the_hash_counts() {
        let mechanism_policy = MechanismPolicy::default();
        let mut left: Vec<_> = Kind::ALL
            .into_iter()
            .filter(|k| k.credential_kind() == CredentialKind::Password)
            .collect();
        while !left.is_empty() {
            let offered: Vec<_> = left.iter().rev().map(|k| k.name().to_owned()).collect();
            assert_eq!(mechanism_policy.choose(&offered, true), Ok(left.remove(0)));
        }
        let all = "LOGIN SCRAM-SHA-1-PLUS SCRAM-SHA-512 CRAM-MD5";
        assert_eq!(
            chosen(&mechanism_policy, all, true),
            Some("SCRAM-SHA-1-PLUS")
        );
        assert_eq!(chosen(&mechanism_policy, all, false), Some("SCRAM-SHA-512"));
    }

    #[test]
    fn f01_f16_policy_list_and_minimum_each_exclude() {
        let of = |binding, minimum: &str, list: &str| MechanismPolicy {
            binding,
            minimum: Kind::from_name(minimum),
            allowed: list.split(' ').filter_map(Kind::from_name).collect(),
            ..MechanismPolicy::default()
        };
        let offer = "PLAIN SCRAM-SHA-1 SCRAM-SHA-1-PLUS SCRAM-SHA-256";
        use ChannelBinding::{Off, Prefer, Require};
        for (mechanism_policy, expected) in [
            (of(Off, "", ""), Some("SCRAM-SHA-256")),
            (of(Require, "", ""), Some("SCRAM-SHA-1-PLUS")),
            (of(Require, "SCRAM-SHA-256", ""), None),
            (of(Prefer, "SCRAM-SHA-256", ""), Some("SCRAM-SHA-256")),
            (of(Prefer, "SCRAM-SHA-1-PLUS", ""), Some("SCRAM-SHA-1-PLUS")),
            (of(Prefer, "SCRAM-SHA-512", ""), None),
            (of(Prefer, "", "SCRAM-SHA-1"), Some("SCRAM-SHA-1")),
            (of(Off, "SCRAM-SHA-1-PLUS", ""), None),
        ] {
            assert_eq!(
                chosen(&mechanism_policy, offer, true),
                expected,
                "{mechanism_policy:?}"
            );
        }
        let require = of(Require, "", "");
        assert_eq!(
            require.choose(&names(offer), false),
            Err(Cause::NoChannelBinding {
                offered: names(offer),
                can_bind: false
            })
        );
    }

    #[test]
    fn f16_the_flag_says_what_was_seen_and_wished() {
        use ChannelBinding::{Off, Prefer};
        let said = |binding, kind: &str, offered: &str, possible: bool| {
            let mechanism_policy = MechanismPolicy {
                binding,
                ..MechanismPolicy::default()
            };
            let bytes = possible.then(|| Binding::tls_exporter(&[1; 32]));
            match mechanism_policy.gs2(Kind::from_name(kind).unwrap(), &names(offered), bytes) {
                Gs2::No => 'n',
                Gs2::Unseen => 'y',
                Gs2::Bound(_) => 'p',
            }
        };
        let both = "SCRAM-SHA-256 SCRAM-SHA-256-PLUS";
        assert_eq!(said(Prefer, "SCRAM-SHA-256-PLUS", both, true), 'p');
        assert_eq!(said(Prefer, "SCRAM-SHA-256", "SCRAM-SHA-256", true), 'y');
        assert_eq!(said(Prefer, "SCRAM-SHA-256", "SCRAM-SHA-256", false), 'n');
        assert_eq!(said(Prefer, "SCRAM-SHA-256", both, true), 'n');
        let other = "SCRAM-SHA-256 SCRAM-SHA-384-PLUS";
        assert_eq!(said(Prefer, "SCRAM-SHA-256", other, true), 'n');
        assert_eq!(said(Off, "SCRAM-SHA-256", "SCRAM-SHA-256", true), 'n');
    }
}
