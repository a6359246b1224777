//! Pins alone: the server's key or an issuer's, with the strict switch in both positions.

use secsmtp::status::Status::{
    self, Expired, NameMismatch, NotYetValid, PinMismatch, UnknownIssuer,
};
use secsmtp::trust::Policy;
use secsmtp_testservers::{CertKind, CertSpec, ServerIdentity, TlsVersions};

use crate::authority::now;
use crate::matrix::{Case, run};
use crate::world::{UNKNOWN_PIN, World, pin};

/// The server's own key.
pub(crate) fn leaf(_: &World, policy: &mut Policy, identity: &ServerIdentity) {
    pin(policy, &identity.spki_pin());
}

fn leaf_strict(w: &World, policy: &mut Policy, identity: &ServerIdentity) {
    leaf(w, policy, identity);
    policy.strict = true;
}

/// The key of the provider's intermediate.
fn issuer(w: &World, policy: &mut Policy, _: &ServerIdentity) {
    pin(policy, &w.pki.spki_pin(CertKind::Intermediate));
}

pub(crate) fn self_signed(w: &World) -> ServerIdentity {
    w.leaf(CertSpec::self_signed)
}

#[test]
fn pins_alone() {
    run(
        &[
            Case::new("C04 self-signed and pinned", Status::Ok, self_signed, leaf),
            Case::new(
                "C04 self-signed, pinned, strict",
                Status::Ok,
                self_signed,
                leaf_strict,
            ),
            Case::new("C06 another name", Status::Ok, World::good, leaf).host("other.example"),
            Case::new(
                "C06 another name, strict",
                NameMismatch,
                World::good,
                leaf_strict,
            )
            .host("other.example"),
            Case::new(
                "C15 no name",
                Status::Ok,
                |w| w.leaf(CertSpec::without_san),
                leaf,
            ),
            Case::new(
                "C15 no name, strict",
                NameMismatch,
                |w| w.leaf(CertSpec::without_san),
                leaf_strict,
            ),
            Case::new(
                "C14 another IP address, strict",
                NameMismatch,
                World::good,
                leaf_strict,
            )
            .host("127.0.0.2"),
            Case::new(
                "C02 expired",
                Status::Ok,
                |w| w.leaf(CertSpec::expired),
                leaf,
            ),
            Case::new(
                "C02 expired, strict",
                Expired,
                |w| w.leaf(CertSpec::expired),
                leaf_strict,
            ),
            Case::new(
                "C02 not yet valid",
                Status::Ok,
                |w| w.leaf(CertSpec::not_yet_valid),
                leaf,
            ),
            Case::new(
                "C02 not yet valid, strict",
                NotYetValid,
                |w| w.leaf(CertSpec::not_yet_valid),
                leaf_strict,
            ),
            Case::new(
                "C18 a CA as leaf: the key is what counts",
                Status::Ok,
                |w| w.leaf(CertSpec::ca),
                leaf,
            ),
            Case::new("C05 another key", PinMismatch, World::good, |_, p, _| {
                pin(p, UNKNOWN_PIN)
            }),
            Case::new(
                "C05 the key of another server",
                PinMismatch,
                World::good,
                |w, p, _| {
                    pin(p, &w.other.spki_pin(CertKind::Leaf));
                },
            ),
            Case::new(
                "C31 renewed with the same key",
                Status::Ok,
                |w| {
                    let old = w.good();
                    w.leaf(|spec| spec.key_of(&old))
                },
                |w, p, _| pin(p, &w.pki.spki_pin(CertKind::Leaf)),
            ),
            Case::new("C31 one of two pins", Status::Ok, World::good, |w, p, i| {
                pin(p, UNKNOWN_PIN);
                leaf(w, p, i);
            }),
            Case::new(
                "C30 all pins have run out",
                PinMismatch,
                World::good,
                |_, p, i| {
                    p.add_pin_with_window(&i.spki_pin(), 0, now() - 60)
                        .expect("a pin");
                },
            ),
            Case::new(
                "C30 the pin ran out, its backup counts",
                PinMismatch,
                World::good,
                |_, p, i| {
                    p.add_pin_with_window(&i.spki_pin(), 0, now() - 60)
                        .expect("a pin");
                    pin(p, UNKNOWN_PIN);
                },
            ),
            Case::new("C30 in its time", Status::Ok, World::good, |_, p, i| {
                p.add_pin_with_window(&i.spki_pin(), now() - 60, now() + 3600)
                    .expect("a pin");
            }),
            Case::new("C05 over TLS 1.2", PinMismatch, World::good, |_, p, _| {
                pin(p, UNKNOWN_PIN)
            })
            .tls(TlsVersions::Only12),
        ],
        20,
    );
}

#[test]
fn an_issuers_key_alone() {
    run(
        &[
            Case::new(
                "C05 the served issuer is pinned",
                Status::Ok,
                World::good,
                issuer,
            ),
            Case::new(
                "C01 it signed for another name",
                NameMismatch,
                World::good,
                issuer,
            )
            .host("other.example"),
            Case::new(
                "C02 it signed what has expired",
                Expired,
                |w| w.leaf(CertSpec::expired),
                issuer,
            ),
            Case::new(
                "C05 it is not served",
                PinMismatch,
                |w| w.leaf(CertSpec::without_intermediate),
                issuer,
            ),
            Case::new(
                "C05 the root is pinned and not served",
                PinMismatch,
                World::good,
                |w, p, _| {
                    pin(p, &w.pki.spki_pin(CertKind::Root));
                },
            ),
            Case::new(
                "C05 the root is pinned and served",
                Status::Ok,
                |w| {
                    let mut identity = w.good();
                    identity.chain.push(w.pki.der(CertKind::Root));
                    identity
                },
                |w, p, _| pin(p, &w.pki.spki_pin(CertKind::Root)),
            ),
            Case::new(
                "C07 it is served and signed nothing",
                UnknownIssuer,
                |w| {
                    let mut identity = w.other.identity();
                    identity.chain.push(w.pki.der(CertKind::Intermediate));
                    identity
                },
                issuer,
            ),
            Case::new(
                "C07 a self-signed leaf beside it",
                UnknownIssuer,
                |w| {
                    let mut identity = self_signed(w);
                    identity.chain.push(w.pki.der(CertKind::Intermediate));
                    identity
                },
                issuer,
            ),
            Case::new(
                "C07 the pinned leaf of another as decoy",
                UnknownIssuer,
                |w| {
                    let mut identity = w.other.identity();
                    identity.chain.push(w.pki.der(CertKind::Leaf));
                    identity
                },
                |w, p, _| pin(p, &w.pki.spki_pin(CertKind::Leaf)),
            ),
        ],
        9,
    );
}
