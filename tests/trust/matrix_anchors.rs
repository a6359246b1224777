//! Anchors: chains, time and version.

use rcgen::{BasicConstraints, ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, NameConstraints};
use secsmtp::status::Status::{self, BadCertificate, Expired, NotYetValid, UnknownIssuer};
use secsmtp::trust::{Clock, MinTls, Policy};
use secsmtp_testservers::{CertKind, CertSpec, KeyKind, ServerIdentity, TlsVersions};

use crate::authority::{Ca, now, set_days};
use crate::matrix::{Case, run};
use crate::world::{HOST, World, ca};

const DAY: u64 = 86_400;

/// The provider's root decides.
pub(crate) fn anchors(w: &World, policy: &mut Policy, _: &ServerIdentity) {
    ca(w, policy);
}

/// The signer of the last served certificate is the anchor: for chains of a CA of the case's own, which
/// serves its root too.
pub(crate) fn served_root(_: &World, policy: &mut Policy, identity: &ServerIdentity) {
    let root = identity.chain.last().expect("a chain");
    policy.add_ca(root).expect("a CA");
}

/// A chain with its root behind it.
fn with_root(mut identity: ServerIdentity, root: &Ca) -> ServerIdentity {
    identity.chain.push(root.der());
    identity
}

/// A leaf of a CA of the case's own.
pub(crate) fn own(
    names: &[&str],
    change: &dyn Fn(&mut rcgen::CertificateParams),
) -> ServerIdentity {
    let root = Ca::root("Own Root");
    with_root(root.leaf(names, change), &root)
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
