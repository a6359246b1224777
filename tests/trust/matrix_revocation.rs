//! C20: revocation lists, where they are given.

use std::sync::OnceLock;

use rcgen::SerialNumber;
use secsmtp::status::Status::{self, CrlExpired, RevocationUnknown, Revoked};
use secsmtp::trust::{Pin, Policy};
use secsmtp_testservers::ServerIdentity;

use crate::authority::Ca;
use crate::matrix::{Case, run};
use crate::world::{HOST, World, certificate, pin};

/// Serial numbers of the leaf and of the intermediate.
const LEAF: u64 = 7;
const SUB: u64 = 3;

struct Cas {
    root: Ca,
    sub: Ca,
    /// The intermediate's name and another key.
    impostor: Ca,
}

fn cas() -> &'static Cas {
    static CAS: OnceLock<Cas> = OnceLock::new();
    CAS.get_or_init(|| {
        let root = Ca::root("Listed Root");
        let serial =
            |p: &mut rcgen::CertificateParams| p.serial_number = Some(SerialNumber::from(SUB));
        let sub = root.sub("Listed Intermediate", &serial);
        let impostor = Ca::root("Listed Intermediate");
        Cas {
            root,
            sub,
            impostor,
        }
    })
}

fn server(_: &World) -> ServerIdentity {
    cas().sub.leaf(&[HOST], &|p| {
        p.serial_number = Some(SerialNumber::from(LEAF))
    })
}

/// The CA, and these lists.
fn lists(policy: &mut Policy, lists: &[String]) {
    policy.add_ca(&cas().root.der()).expect("a CA");
    for list in lists {
        policy.add_crl(list.as_bytes()).expect("a list");
    }
}

#[test]
fn c20_revocation_lists() {
    run(
        &[
            Case::new("C20 no list is given", Status::Ok, server, |_, p, _| {
                lists(p, &[])
            }),
            Case::new(
                "C20 both lists, without an entry",
                Status::Ok,
                server,
                |_, p, _| {
                    lists(
                        p,
                        &[cas().root.crl(&[1], -1, 9), cas().sub.crl(&[1], -1, 9)],
                    );
                },
            ),
            Case::new(
                "C20 both lists in one text",
                Status::Ok,
                server,
                |_, p, _| {
                    lists(
                        p,
                        &[cas().root.crl(&[], -1, 9) + &cas().sub.crl(&[], -1, 9)],
                    );
                },
            ),
            Case::new("C20 the leaf is revoked", Revoked, server, |_, p, _| {
                lists(
                    p,
                    &[cas().root.crl(&[], -1, 9), cas().sub.crl(&[LEAF], -1, 9)],
                );
            }),
            Case::new(
                "C20 the intermediate is revoked",
                Revoked,
                server,
                |_, p, _| {
                    lists(
                        p,
                        &[cas().root.crl(&[SUB], -1, 9), cas().sub.crl(&[], -1, 9)],
                    );
                },
            ),
            Case::new(
                "C20 no list of the root",
                RevocationUnknown,
                server,
                |_, p, _| {
                    lists(p, &[cas().sub.crl(&[], -1, 9)]);
                },
            ),
            Case::new(
                "C20 no list of the intermediate",
                RevocationUnknown,
                server,
                |_, p, _| {
                    lists(p, &[cas().root.crl(&[], -1, 9)]);
                },
            ),
            Case::new(
                "C20 the list is out of date",
                CrlExpired,
                server,
                |_, p, _| {
                    lists(p, &[cas().root.crl(&[], -1, 9), cas().sub.crl(&[], -9, -1)]);
                },
            ),
            Case::new(
                "C20 the list is signed by an impostor",
                RevocationUnknown,
                server,
                |_, p, _| {
                    lists(
                        p,
                        &[cas().root.crl(&[], -1, 9), cas().impostor.crl(&[], -1, 9)],
                    );
                },
            ),
            Case::new(
                "C20 the later list counts: revoked",
                Revoked,
                server,
                |_, p, _| {
                    lists(
                        p,
                        &[
                            cas().root.crl(&[], -1, 9),
                            cas().sub.crl(&[], -1, 9),
                            cas().sub.crl(&[LEAF], -1, 9),
                        ],
                    );
                },
            ),
            Case::new(
                "C20 the later list counts: fresh",
                Status::Ok,
                server,
                |_, p, _| {
                    lists(
                        p,
                        &[
                            cas().sub.crl(&[], -9, -1),
                            cas().root.crl(&[], -1, 9),
                            cas().sub.crl(&[], -1, 9),
                        ],
                    );
                },
            ),
            Case::new("C20 with a pin on the path", Revoked, server, |_, p, i| {
                lists(
                    p,
                    &[cas().root.crl(&[], -1, 9), cas().sub.crl(&[LEAF], -1, 9)],
                );
                pin(p, &i.spki_pin());
            }),
            Case::new(
                "C20 a pinned leaf has no issuer to ask",
                RevocationUnknown,
                server,
                |_, p, i| {
                    p.add_crl(cas().sub.crl(&[], -1, 9).as_bytes())
                        .expect("a list");
                    pin(p, &i.spki_pin());
                },
            ),
            Case::new(
                "C20 a certificate alone has no issuer to ask",
                RevocationUnknown,
                server,
                |_, p, i| {
                    p.add_crl(cas().sub.crl(&[], -1, 9).as_bytes())
                        .expect("a list");
                    certificate(p, i);
                },
            ),
            Case::new(
                "C20 a pinned issuer is asked: good",
                Status::Ok,
                server,
                |_, p, i| {
                    p.add_crl(cas().sub.crl(&[], -1, 9).as_bytes())
                        .expect("a list");
                    pin(p, &issuers_pin(i));
                },
            ),
            Case::new(
                "C20 a pinned issuer is asked: revoked",
                Revoked,
                server,
                |_, p, i| {
                    p.add_crl(cas().sub.crl(&[LEAF], -1, 9).as_bytes())
                        .expect("a list");
                    pin(p, &issuers_pin(i));
                },
            ),
        ],
        16,
    );
}

/// An OCSP response (RFC 6960 section 4.2.1): the status, and as its bytes these.
fn response(status: u8, basic: &[u8]) -> Vec<u8> {
    let tlv = |tag: u8, value: &[u8]| {
        let length = u8::try_from(value.len()).expect("short");
        [&[tag, length], value].concat()
    };
    // id-pkix-ocsp-basic
    let oid = tlv(6, &[0x2b, 6, 1, 5, 5, 7, 0x30, 1, 1]);
    let bytes = tlv(0x30, &[oid, tlv(4, basic)].concat());
    let enumerated = tlv(10, &[status]);
    tlv(0x30, &[enumerated, tlv(0xa0, &bytes)].concat())
}

fn stapling(staple: Vec<u8>) -> ServerIdentity {
    let mut identity = server(World::get());
    identity.staple = staple;
    identity
}

fn good(_: &World) -> ServerIdentity {
    stapling(response(0, b"certStatus good"))
}

fn revoked(_: &World) -> ServerIdentity {
    stapling(response(0, b"certStatus revoked"))
}

fn later(_: &World) -> ServerIdentity {
    stapling(vec![0x30, 3, 10, 1, 3])
}

fn no_response(_: &World) -> ServerIdentity {
    stapling(b"no DER at all, and much of it ".repeat(500))
}

/// A stapled response has no effect: it does not replace a list, and breaks nothing.
#[test]
fn c21_a_staple_changes_no_verdict() {
    let mut cases = Vec::new();
    for staple in [good, revoked, later, no_response] {
        cases.extend([
            Case::new("C21 trusted by the CA", Status::Ok, staple, |_, p, _| {
                lists(p, &[]);
            }),
            Case::new("C21 revoked by a list", Revoked, staple, |_, p, _| {
                lists(
                    p,
                    &[cas().root.crl(&[], -1, 9), cas().sub.crl(&[LEAF], -1, 9)],
                );
            }),
            Case::new(
                "C21 in the place of a list",
                RevocationUnknown,
                staple,
                |_, p, _| {
                    lists(p, &[cas().root.crl(&[], -1, 9)]);
                },
            ),
        ]);
    }
    run(&cases, 12);
}

fn issuers_pin(identity: &ServerIdentity) -> String {
    let described = secsmtp::trust::Certificate::describe(&identity.chain[1]).expect("readable");
    let pin: Pin = described.spki;
    pin.to_string()
}
