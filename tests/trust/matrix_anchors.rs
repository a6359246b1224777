//! Anchors, and anchors with pins.

use rcgen::{
    BasicConstraints, ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, NameConstraints, SanType,
};
use secsmtp::status::Status::{
    self, BadCertificate, Expired, NameMismatch, NotYetValid, PinMismatch, UnknownIssuer,
};
use secsmtp::tls::{Clock, MinTls, Policy};
use secsmtp_testservers::{CertKind, CertSpec, KeyKind, ServerIdentity, TlsVersions};

use crate::authority::{Ca, now, set_days};
use crate::matrix::{Case, run};
use crate::world::{HOST, NOBODYS, World, ca, pin};

const DAY: u64 = 86_400;

/// The provider's root decides.
fn anchors(w: &World, policy: &mut Policy, _: &ServerIdentity) {
    ca(w, policy);
}

/// Whoever signed what is served last is the anchor: for chains of a CA of the case's own, which
/// serves its root too.
fn served_root(_: &World, policy: &mut Policy, identity: &ServerIdentity) {
    let root = identity.chain.last().expect("a chain");
    policy.add_ca(root).expect("a CA");
}

/// A chain with its root behind it.
fn with_root(mut identity: ServerIdentity, root: &Ca) -> ServerIdentity {
    identity.chain.push(root.der());
    identity
}

/// A leaf of a CA of the case's own.
fn own(names: &[&str], change: &dyn Fn(&mut rcgen::CertificateParams)) -> ServerIdentity {
    let root = Ca::root("Own Root");
    with_root(root.leaf(names, change), &root)
}

/// A leaf with raw DNS names that no issuer should sign.
fn raw_names(names: &[&str]) -> ServerIdentity {
    own(&[], &|params| {
        let dns = |name: &&str| SanType::DnsName((*name).try_into().expect("IA5"));
        params.subject_alt_names = names.iter().map(dns).collect();
    })
}

/// Under a CA that may only issue below example.
fn constrained(names: &[&str]) -> ServerIdentity {
    let root = Ca::root("Own Root");
    let sub = root.sub("Constrained", &|params| {
        params.name_constraints = Some(NameConstraints {
            permitted_subtrees: vec![GeneralSubtree::DnsName("example".to_owned())],
            excluded_subtrees: Vec::new(),
        });
    });
    with_root(sub.leaf(names, &|_| ()), &root)
}

#[test]
fn anchors_alone() {
    run(&cases_of_chains(), 20);
    run(&cases_of_names(), 18);
    run(&cases_of_time_and_version(), 8);
}

fn cases_of_chains() -> Vec<Case> {
    vec![
        Case::new("C00 a good certificate", Status::Ok, World::good, anchors),
        Case::new(
            "C04 self-signed",
            UnknownIssuer,
            |w| w.leaf(CertSpec::self_signed),
            anchors,
        ),
        Case::new(
            "C04 another root",
            UnknownIssuer,
            |w| w.other.identity(),
            anchors,
        ),
        Case::new(
            "C04 the intermediate is missing",
            UnknownIssuer,
            |w| w.leaf(CertSpec::without_intermediate),
            anchors,
        ),
        Case::new(
            "C04 signed by the root itself",
            Status::Ok,
            |w| w.leaf(CertSpec::signed_by_root),
            anchors,
        ),
        Case::new(
            "C04 Mozilla's roots don't know it",
            UnknownIssuer,
            World::good,
            |_, p, _| p.add_mozilla_roots(),
        ),
        Case::new("C04 one of two CAs", Status::Ok, World::good, |w, p, _| {
            p.add_ca(w.other.pem(CertKind::Root).as_bytes())
                .expect("a CA");
            ca(w, p);
        }),
        Case::new(
            "C04 the anchor is the intermediate",
            Status::Ok,
            World::good,
            |w, p, _| {
                p.add_ca(&w.pki.der(CertKind::Intermediate)).expect("a CA");
            },
        ),
        Case::new(
            "C04 the impostor has the CA's name",
            UnknownIssuer,
            |_| {
                let root = Ca::root("Own Root");
                with_root(root.leaf(&[HOST], &|_| ()), &root)
            },
            |_, p, _| p.add_ca(&Ca::root("Own Root").der()).expect("a CA"),
        ),
        Case::new(
            "C11 name constraints hold",
            Status::Ok,
            |_| constrained(&[HOST]),
            served_root,
        ),
        Case::new(
            "C11 name constraints are broken",
            BadCertificate,
            |_| constrained(&[HOST, "mail.test"]),
            served_root,
        ),
        Case::new(
            "C11 the path is longer than allowed",
            BadCertificate,
            |_| {
                let root = Ca::root("Own Root");
                let sub = root.sub("Last", &|p| {
                    p.is_ca = IsCa::Ca(BasicConstraints::Constrained(0))
                });
                let below = sub.sub("One too many", &|_| ());
                with_root(below.leaf(&[HOST], &|_| ()), &root)
            },
            served_root,
        ),
        Case::new(
            "C11 a leaf signed by a leaf",
            BadCertificate,
            |_| {
                let root = Ca::root("Own Root");
                let sub = root.sub("No CA", &|p| p.is_ca = IsCa::NoCa);
                with_root(sub.leaf(&[HOST], &|_| ()), &root)
            },
            served_root,
        ),
        Case::new(
            "C18 for clients alone",
            BadCertificate,
            |w| w.leaf(CertSpec::client_auth_only),
            anchors,
        ),
        Case::new(
            "C18 no extended key usage",
            Status::Ok,
            |w| w.leaf(CertSpec::without_eku),
            anchors,
        ),
        Case::new(
            "C18 any usage is not server usage",
            BadCertificate,
            |_| {
                own(&[HOST], &|p| {
                    p.extended_key_usages = vec![ExtendedKeyUsagePurpose::Any];
                })
            },
            served_root,
        ),
        Case::new(
            "C18 servers among others",
            Status::Ok,
            |_| {
                own(&[HOST], &|p| {
                    p.extended_key_usages
                        .insert(0, ExtendedKeyUsagePurpose::ClientAuth);
                })
            },
            served_root,
        ),
        Case::new(
            "C18 a CA as leaf",
            BadCertificate,
            |w| w.leaf(CertSpec::ca),
            anchors,
        ),
        Case::new(
            "C22 chain out of order, twice, with decoys",
            Status::Ok,
            |w| {
                let mut identity = w.good();
                identity
                    .chain
                    .insert(1, w.other.der(CertKind::Intermediate));
                identity.chain.push(w.pki.der(CertKind::Root));
                identity.chain.push(w.pki.der(CertKind::Intermediate));
                identity
            },
            anchors,
        ),
        Case::new(
            "C22 a maze of issuers",
            UnknownIssuer,
            |_| {
                let maze = Ca::root("Maze");
                let mut identity = maze.leaf(&[HOST], &|_| ());
                identity.chain.extend(maze.doubles("Maze", 15));
                identity
            },
            anchors,
        ),
        Case::new(
            "C22 the issuer behind 20 decoys is not looked for",
            UnknownIssuer,
            |w| {
                let mut identity = w.good();
                let decoys = vec![w.other.der(CertKind::Root); 20];
                identity.chain.splice(1..1, decoys);
                identity
            },
            anchors,
        ),
        Case::new(
            "C19 P-384",
            Status::Ok,
            |w| w.leaf(|s| s.key_kind(KeyKind::P384)),
            anchors,
        ),
        Case::new(
            "C19 Ed25519",
            Status::Ok,
            |w| w.leaf(|s| s.key_kind(KeyKind::Ed25519)),
            anchors,
        ),
    ]
}

fn cases_of_names() -> Vec<Case> {
    let wild = |w: &World| w.named(&["*.wild.example"]);
    vec![
        Case::new("C01 another host", NameMismatch, World::good, anchors).host("other.example"),
        Case::new("C01 a host below", NameMismatch, World::good, anchors).host("x.mail.example"),
        Case::new("C12 wildcard as the whole label", Status::Ok, wild, anchors)
            .host("a.wild.example"),
        Case::new("C12 wildcard for two labels", NameMismatch, wild, anchors)
            .host("a.b.wild.example"),
        Case::new("C12 wildcard for no label", NameMismatch, wild, anchors).host("wild.example"),
        Case::new(
            "C12 part of a label",
            NameMismatch,
            |_| raw_names(&["m*.example"]),
            served_root,
        ),
        Case::new(
            "C12 the end of a label",
            NameMismatch,
            |_| raw_names(&["*il.example"]),
            served_root,
        ),
        Case::new(
            "C12 not the leftmost label",
            NameMismatch,
            |_| raw_names(&["mail.*"]),
            served_root,
        ),
        Case::new(
            "C12 a label in the middle",
            NameMismatch,
            |_| raw_names(&["mail.*.example"]),
            served_root,
        )
        .host("mail.a.example"),
        Case::new(
            "C13 IDN as A-label",
            Status::Ok,
            |w| w.named(&["xn--bcher-kva.example"]),
            anchors,
        )
        .host("BÜCHER.example"),
        Case::new("C13 a homograph", NameMismatch, World::good, anchors).host("m\u{430}il.example"),
        Case::new("C14 IP address", Status::Ok, World::good, anchors).host("127.0.0.1"),
        Case::new("C14 IPv6 address", Status::Ok, World::good, anchors).host("[0::1]"),
        Case::new("C14 another IP address", NameMismatch, World::good, anchors).host("127.0.0.2"),
        Case::new(
            "C14 IP address as a DNS name",
            NameMismatch,
            |_| raw_names(&["127.0.0.1"]),
            served_root,
        )
        .host("127.0.0.1"),
        Case::new(
            "C14 an IP address no wildcard covers",
            NameMismatch,
            |_| raw_names(&["*.0.0.1"]),
            served_root,
        )
        .host("127.0.0.1"),
        Case::new(
            "C15 the name in the CN alone",
            NameMismatch,
            |w| w.leaf(CertSpec::without_san),
            anchors,
        ),
        Case::new(
            "C15 the name in the CN beside another SAN",
            NameMismatch,
            |w| {
                w.pki
                    .issue(&CertSpec::new(&["mail.test"]).common_name(HOST))
            },
            anchors,
        ),
        Case::new(
            "C16 NUL in a name",
            NameMismatch,
            |_| raw_names(&["mail.example\0.evil.test"]),
            served_root,
        ),
        Case::new(
            "C17 case and trailing dot",
            Status::Ok,
            World::good,
            anchors,
        )
        .host("MAIL.Example."),
    ]
}

fn cases_of_time_and_version() -> Vec<Case> {
    vec![
        Case::new(
            "C02 expired",
            Expired,
            |w| w.leaf(CertSpec::expired),
            anchors,
        ),
        Case::new(
            "C02 not yet valid",
            NotYetValid,
            |w| w.leaf(CertSpec::not_yet_valid),
            anchors,
        ),
        Case::new(
            "C02 expired intermediate",
            Expired,
            |_| {
                let root = Ca::root("Own Root");
                let sub = root.sub("Old", &|p| set_days(p, -9, -2));
                with_root(sub.leaf(&[HOST], &|_| ()), &root)
            },
            served_root,
        ),
        Case::new(
            "C03 the clock is a year ahead",
            Expired,
            World::good,
            |w, p, _| {
                ca(w, p);
                p.clock = Clock::Fixed(now() + 365 * DAY);
            },
        ),
        Case::new(
            "C03 the clock is a year behind",
            NotYetValid,
            World::good,
            |w, p, _| {
                ca(w, p);
                p.clock = Clock::Fixed(now() - 365 * DAY);
            },
        ),
        Case::new(
            "C03 expired now, good then",
            Status::Ok,
            |_| own(&[HOST], &|p| set_days(p, -9, -2)),
            |w, p, i| {
                served_root(w, p, i);
                p.clock = Clock::Fixed(now() - 5 * DAY);
            },
        ),
        Case::new(
            "D02 the server has 1.2 alone",
            Status::Ok,
            World::good,
            anchors,
        )
        .tls(TlsVersions::Only12),
        Case::new(
            "D02 1.2, and 1.3 is demanded",
            Status::Handshake,
            World::good,
            |w, p, _| {
                ca(w, p);
                p.min_tls = MinTls::V1_3;
            },
        )
        .tls(TlsVersions::Only12),
        Case::new("D02 1.3 as demanded", Status::Ok, World::good, |w, p, _| {
            ca(w, p);
            p.min_tls = MinTls::V1_3;
        })
        .tls(TlsVersions::Only13),
    ]
}

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
                    pin(p, NOBODYS);
                },
            ),
            Case::new(
                "C31 the backup is in use",
                Status::Ok,
                World::good,
                |w, p, i| {
                    ca(w, p);
                    pin(p, &format!("{NOBODYS};{}", i.spki_pin()));
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
