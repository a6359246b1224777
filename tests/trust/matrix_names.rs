//! Names: anchors decide, and the name is what differs.

use rcgen::SanType;
use secsmtp::status::Status::{self, NameMismatch};
use secsmtp_testservers::{CertSpec, ServerIdentity};

use crate::matrix::{Case, run};
use crate::matrix_anchors::{anchors, own, served_root};
use crate::world::{HOST, World};

/// A leaf with raw DNS names that no issuer should sign.
fn raw_names(names: &[&str]) -> ServerIdentity {
    own(&[], &|params| {
        let dns = |name: &&str| SanType::DnsName((*name).try_into().expect("IA5"));
        params.subject_alt_names = names.iter().map(dns).collect();
    })
}

#[test]
fn names() {
    run(&cases_of_names(), 18);
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
