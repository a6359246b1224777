//! A certificate alone, with the strict switch in both positions, and every kind together.

use secsmtp::status::Status::{
    self, CertificateMismatch, Expired, NameMismatch, PinMismatch, UnknownIssuer,
};
use secsmtp::trust::Policy;
use secsmtp_testservers::{CertKind, CertSpec, ServerIdentity};

use crate::matrix::{Case, run};
use crate::matrix_pins::{leaf, self_signed};
use crate::world::{HOST, UNKNOWN_PIN, World, ca, certificate, pin};

fn exactly(_: &World, policy: &mut Policy, identity: &ServerIdentity) {
    certificate(policy, identity);
}

fn exactly_strict(w: &World, policy: &mut Policy, identity: &ServerIdentity) {
    exactly(w, policy, identity);
    policy.strict = true;
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
                    pin(p, UNKNOWN_PIN);
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
                    pin(p, UNKNOWN_PIN);
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
