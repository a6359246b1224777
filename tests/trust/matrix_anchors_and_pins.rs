//! Anchors with pins: both must hold, and a pin counts on the validated path alone.

use secsmtp::status::Status::{self, Expired, NameMismatch, PinMismatch, UnknownIssuer};
use secsmtp::trust::Policy;
use secsmtp_testservers::{CertKind, CertSpec, ServerIdentity};

use crate::authority::now;
use crate::matrix::{Case, run};
use crate::world::{UNKNOWN_PIN, World, ca, pin};

const DAY: u64 = 86_400;

#[test]
fn anchors_and_pins() {
    let leaf = |w: &World, p: &mut Policy, i: &ServerIdentity| {
        ca(w, p);
        pin(p, &i.spki_pin());
    };
    run(
        &[
            Case::new("C05 the leaf is pinned", Status::Ok, World::good, leaf),
            Case::new(
                "C05 the intermediate is pinned",
                Status::Ok,
                World::good,
                |w, p, _| {
                    ca(w, p);
                    pin(p, &w.pki.spki_pin(CertKind::Intermediate));
                },
            ),
            Case::new(
                "C05 the root is pinned",
                Status::Ok,
                World::good,
                |w, p, _| {
                    ca(w, p);
                    pin(p, &w.pki.spki_pin(CertKind::Root));
                },
            ),
            Case::new(
                "C05 valid, another key is pinned",
                PinMismatch,
                World::good,
                |w, p, _| {
                    ca(w, p);
                    pin(p, UNKNOWN_PIN);
                },
            ),
            Case::new(
                "C31 the backup is in use",
                Status::Ok,
                World::good,
                |w, p, i| {
                    ca(w, p);
                    pin(p, &format!("{UNKNOWN_PIN};{}", i.spki_pin()));
                },
            ),
            Case::new(
                "C07 the pinned key is on a decoy",
                PinMismatch,
                |w| {
                    let mut identity = w.good();
                    identity.chain.push(w.other.der(CertKind::Intermediate));
                    identity.chain.push(w.other.der(CertKind::Root));
                    identity
                },
                |w, p, _| {
                    ca(w, p);
                    pin(p, &w.other.spki_pin(CertKind::Intermediate));
                    pin(p, &w.other.spki_pin(CertKind::Root));
                },
            ),
            Case::new(
                "C06 pinned, for another host",
                NameMismatch,
                World::good,
                leaf,
            )
            .host("other.example"),
            Case::new(
                "C04 pinned, of another CA",
                UnknownIssuer,
                |w| w.other.identity(),
                leaf,
            ),
            Case::new(
                "C02 pinned and expired",
                Expired,
                |w| w.leaf(CertSpec::expired),
                leaf,
            ),
            Case::new("C30 pinned for now", Status::Ok, World::good, |w, p, i| {
                ca(w, p);
                p.add_pin_with_window(&i.spki_pin(), now() - DAY, now() + DAY)
                    .expect("a pin");
            }),
            Case::new(
                "C30 the pin has run out",
                PinMismatch,
                World::good,
                |w, p, i| {
                    ca(w, p);
                    p.add_pin_with_window(&i.spki_pin(), 0, now() - DAY)
                        .expect("a pin");
                },
            ),
            Case::new(
                "C30 the pin is not in use yet",
                PinMismatch,
                World::good,
                |w, p, i| {
                    ca(w, p);
                    p.add_pin_with_window(&i.spki_pin(), now() + DAY, u64::MAX)
                        .expect("a pin");
                },
            ),
        ],
        12,
    );
}
