//! Pins alone, and a certificate alone, each with the strict switch in both positions.

use secsmtp::status::Status::{
    self, CertificateMismatch, Expired, NameMismatch, NotYetValid, PinMismatch, UnknownIssuer,
};
use secsmtp::tls::Policy;
use secsmtp_testservers::{CertKind, CertSpec, ServerIdentity, TlsVersions};

use crate::authority::now;
use crate::matrix::{Case, run};
use crate::world::{HOST, NOBODYS, World, ca, certificate, pin};

/// The server's own key.
fn leaf(_: &World, policy: &mut Policy, identity: &ServerIdentity) {
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

fn exactly(_: &World, policy: &mut Policy, identity: &ServerIdentity) {
    certificate(policy, identity);
}

fn exactly_strict(w: &World, policy: &mut Policy, identity: &ServerIdentity) {
    exactly(w, policy, identity);
    policy.strict = true;
}

fn self_signed(w: &World) -> ServerIdentity {
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
                pin(p, NOBODYS)
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
                pin(p, NOBODYS);
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
                    pin(p, NOBODYS);
                },
            ),
            Case::new("C30 in its time", Status::Ok, World::good, |_, p, i| {
                p.add_pin_with_window(&i.spki_pin(), now() - 60, now() + 3600)
                    .expect("a pin");
            }),
            Case::new("C05 over TLS 1.2", PinMismatch, World::good, |_, p, _| {
                pin(p, NOBODYS)
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

#[test]
fn a_certificate_alone() {
    let renewed = |w: &World| {
        let old = w.good();
        w.leaf(|spec| spec.key_of(&old))
    };
    run(
        &[
            Case::new("C00 exactly this one", Status::Ok, World::good, exactly),
            Case::new(
                "C00 exactly this one, strict",
                Status::Ok,
                World::good,
                exactly_strict,
            ),
            Case::new("C04 self-signed", Status::Ok, self_signed, exactly),
            Case::new(
                "C05 the same key in another certificate",
                CertificateMismatch,
                renewed,
                |w, p, _| {
                    certificate(p, &w.good());
                },
            ),
            Case::new(
                "C05 another server's",
                CertificateMismatch,
                |w| w.other.identity(),
                |w, p, _| {
                    certificate(p, &w.good());
                },
            ),
            Case::new(
                "C07 as a decoy behind another leaf",
                CertificateMismatch,
                |w| {
                    let mut identity = w.other.identity();
                    identity.chain.push(w.pki.der(CertKind::Leaf));
                    identity
                },
                |w, p, _| certificate(p, &w.good()),
            ),
            Case::new(
                "C05 its issuer's certificate",
                CertificateMismatch,
                World::good,
                |w, p, _| {
                    p.add_certificate(&w.pki.der(CertKind::Intermediate))
                        .expect("a certificate");
                },
            ),
            Case::new("C31 one of two", Status::Ok, World::good, |w, p, i| {
                certificate(p, &w.other.identity());
                exactly(w, p, i);
            }),
            Case::new("C06 another name", Status::Ok, World::good, exactly).host("other.example"),
            Case::new(
                "C06 another name, strict",
                NameMismatch,
                World::good,
                exactly_strict,
            )
            .host("other.example"),
            Case::new(
                "C02 expired",
                Status::Ok,
                |w| w.leaf(CertSpec::expired),
                exactly,
            ),
            Case::new(
                "C02 expired, strict",
                Expired,
                |w| w.leaf(CertSpec::expired),
                exactly_strict,
            ),
        ],
        12,
    );
}

#[test]
fn every_kind_that_is_given_must_hold() {
    run(
        &[
            Case::new("certificate and pin", Status::Ok, World::good, |w, p, i| {
                exactly(w, p, i);
                leaf(w, p, i);
            }),
            Case::new(
                "certificate, wrong pin",
                PinMismatch,
                World::good,
                |w, p, i| {
                    exactly(w, p, i);
                    pin(p, NOBODYS);
                },
            ),
            Case::new(
                "pin, wrong certificate",
                CertificateMismatch,
                World::good,
                |w, p, i| {
                    certificate(p, &w.other.identity());
                    leaf(w, p, i);
                },
            ),
            Case::new("certificate and CA", Status::Ok, World::good, |w, p, i| {
                exactly(w, p, i);
                ca(w, p);
            }),
            Case::new(
                "certificate, wrong CA",
                UnknownIssuer,
                |w| w.other.identity(),
                |w, p, i| {
                    exactly(w, p, i);
                    ca(w, p);
                },
            ),
            Case::new(
                "certificate and CA, another name",
                NameMismatch,
                World::good,
                |w, p, i| {
                    exactly(w, p, i);
                    ca(w, p);
                },
            )
            .host("other.example"),
            Case::new("all three", Status::Ok, World::good, |w, p, i| {
                exactly(w, p, i);
                leaf(w, p, i);
                ca(w, p);
            }),
            Case::new(
                "all three, wrong pin",
                PinMismatch,
                World::good,
                |w, p, i| {
                    exactly(w, p, i);
                    pin(p, NOBODYS);
                    ca(w, p);
                },
            ),
            Case::new(
                "C08 nothing matches the name by itself",
                NameMismatch,
                |w| w.named(&["mail.test"]),
                |w, p, i| {
                    leaf(w, p, i);
                    ca(w, p);
                },
            )
            .host(HOST),
        ],
        9,
    );
}
