//! The texts of the verdict: a mismatch names what was expected and found, its meaning and the advice; a probe
//! proposes pins; the log warns.

use secsmtp::client::Client;
use secsmtp::log::{Level, Log};
use secsmtp::status::Status;
use secsmtp::trust::{Clock, Host, Policy, RELEASED, now_at, verify_pem};
use secsmtp_testservers::{CertKind, ReferenceConfig, ReferenceServer, ServerIdentity};

use crate::authority::{Ca, now, pem, set_days};
use crate::world::{HOST, MODES, UNKNOWN_PIN, World, ca, client, message, pin, send};

fn chain_pem(identity: &ServerIdentity) -> String {
    identity.chain.iter().map(|der| pem(der)).collect()
}

/// A policy's words on a chain.
fn words(policy: &Policy, identity: &ServerIdentity) -> String {
    let host = Host::parse(HOST).expect("a host");
    let pem = chain_pem(identity);
    let verdict = verify_pem(policy, &host, pem.as_bytes(), policy.clock.now());
    verdict.expect("a chain").to_string()
}

#[test]
fn a_pin_mismatch_reports_the_expected_and_the_found_key_and_its_meaning() {
    let w = World::get();
    let server = ReferenceServer::start(ReferenceConfig::new(w.good())).expect("a server");
    let mut policy = Policy::new();
    ca(w, &mut policy);
    pin(&mut policy, UNKNOWN_PIN);
    let error = send(HOST, server.implicit_addr(), &policy).expect_err("another pin");
    let text = error.to_string();
    for part in [
        HOST,
        UNKNOWN_PIN,
        &w.pki.spki_pin(CertKind::Leaf),
        &w.pki.spki_pin(CertKind::Intermediate),
        "Subject: ",
        "issuer: ",
        "Reference Mail Intermediate",
        "The chain is valid otherwise",
        "typical of interception",
        "Could not verify the server: ",
        "Try from another network.",
        "Nothing was sent.",
    ] {
        assert!(text.contains(part), "{part:?} is not in: {text}");
    }
    let mut policy = Policy::new();
    pin(&mut policy, UNKNOWN_PIN);
    let text = words(&policy, &w.good());
    assert!(text.contains("not valid otherwise either"), "{text}");
}

#[test]
fn c30_a_pin_out_of_its_time_is_named() {
    let w = World::get();
    let mut policy = Policy::new();
    let own = w.good().spki_pin();
    policy
        .add_pin_with_window(&own, 0, 1_000_000_000)
        .expect("a pin");
    let text = words(&policy, &w.good());
    for part in [
        "All of the pins are outside their window",
        "usable from 1970-01-01T00:00:00Z to 2001-09-09T01:46:40Z",
        "The key that was found is a pinned one",
    ] {
        assert!(text.contains(part), "{part:?} is not in: {text}");
    }
    pin(&mut policy, UNKNOWN_PIN);
    assert!(
        words(&policy, &w.good()).contains("These pins are outside their window and match nothing")
    );
    // The window of a pin is not the reason where the peer has another key.
    let text = words(&policy, &w.other.identity());
    assert!(!text.contains("that was found is a pinned one"), "{text}");
}

#[test]
fn every_reason_includes_advice() {
    let w = World::get();
    let mut anchored = Policy::new();
    ca(w, &mut anchored);
    let mut late = anchored.clone();
    late.clock = Clock::Fixed(now() + 400 * 86_400);
    let mut early = anchored.clone();
    early.clock = Clock::Fixed(now() - 400 * 86_400);
    let mut exact = Policy::new();
    exact
        .add_certificate(&w.other.der(CertKind::Leaf))
        .expect("a certificate");
    let root = Ca::root("Own Root");
    let numbered = |p: &mut rcgen::CertificateParams| p.serial_number = Some(7_u64.into());
    let mut listed = Policy::new();
    listed.add_ca(&root.der()).expect("a CA");
    let list = root.crl(&[7], -1, 9);
    listed.add_crl(list.as_bytes()).expect("a list");
    for (policy, identity, finding, meaning) in [
        (&Policy::new(), w.good(), "roots to compare with", ""),
        (
            &anchored,
            w.other.identity(),
            "leads to no trusted CA",
            "missing from the policy",
        ),
        (
            &anchored,
            w.named(&["mail.test"]),
            "found one for mail.test",
            "the wrong server",
        ),
        (&late, w.good(), "has expired", "missed a renewal"),
        (&early, w.good(), "not valid yet", ""),
        (
            &anchored,
            w.leaf(|s| s.client_auth_only()),
            "can't be used",
            "",
        ),
        (&exact, w.good(), "another certificate", "the wrong server"),
        (
            &listed,
            root.leaf(&[HOST], &numbered),
            "revoked",
            "have been stolen",
        ),
    ] {
        let text = words(policy, &identity);
        let advice = [
            "Ask the provider",
            "the provider must fix",
            "The provider must fix",
            "confirm",
        ];
        let advises = advice.iter().any(|words| text.contains(words));
        assert!(advises, "{text}");
        for part in [finding, meaning] {
            assert!(text.contains(part), "{part:?} is not in: {text}");
        }
    }
}

#[test]
fn a_probe_proposes_pins_and_explains_them() {
    let w = World::get();
    let server = ReferenceServer::start(ReferenceConfig::new(w.good())).expect("a server");
    for mode in MODES {
        let address = match mode {
            secsmtp::trust::TlsMode::Implicit => server.implicit_addr(),
            secsmtp::trust::TlsMode::Starttls => server.starttls_addr(),
        };
        let mut policy = Policy::new();
        policy.tls_mode = mode;
        let report = client(HOST, address, &policy)
            .expect("a client")
            .probe(Log::off());
        let report = report.expect("a report");
        assert_eq!(report.status(), Status::NoTrust);
        let text = report.to_string();
        for part in [
            format!("--pin {}", w.pki.spki_pin(CertKind::Leaf)),
            format!("--pin {}", w.pki.spki_pin(CertKind::Intermediate)),
            "As a backup".to_owned(),
            "trusts every certificate that this issuer signs for the name".to_owned(),
        ] {
            assert!(text.contains(&part), "{part:?} is not in: {text}");
        }
    }
    assert!(server.wait_idle(crate::world::TIMEOUT));
    for session in server.sessions() {
        let tls = String::from_utf8_lossy(&session.tls);
        assert_eq!(tls, "EHLO [127.0.0.1]\r\nQUIT\r\n");
    }
}

/// The warnings of a send that gets no further than a closed port.
fn warnings(policy: &Policy) -> Vec<String> {
    let client = Client::new("localhost", 1, policy).expect("a client");
    client.set_connect("127.0.0.1", 1).expect("an address");
    let mut lines = Vec::new();
    let mut sink = |level: Level, _, text: &str| {
        if level == Level::Warning {
            lines.push(text.to_owned());
        }
    };
    let _ = client.send(&message(), Log::to(&mut sink, Level::Debug));
    lines
}

#[test]
fn c31_a_lone_pin_and_c03_a_clock_behind_warn() {
    let mut policy = Policy::new();
    ca(World::get(), &mut policy);
    assert!(warnings(&policy).is_empty());
    pin(&mut policy, UNKNOWN_PIN);
    pin(&mut policy, UNKNOWN_PIN);
    let lone = warnings(&policy);
    assert!(
        lone.len() == 1 && lone[0].contains(UNKNOWN_PIN) && lone[0].contains("no backup"),
        "{lone:?}"
    );
    pin(&mut policy, &World::get().good().spki_pin());
    assert!(warnings(&policy).is_empty());
    policy.clock = Clock::Fixed(RELEASED - 1);
    let behind = warnings(&policy);
    assert!(
        behind.len() == 1 && behind[0].contains("clock"),
        "{behind:?}"
    );
}

#[test]
fn the_receipt_names_the_pin_that_matched() {
    let w = World::get();
    let server = ReferenceServer::start(ReferenceConfig::new(w.good())).expect("a server");
    for kind in [CertKind::Leaf, CertKind::Intermediate] {
        let own = w.pki.spki_pin(kind);
        let mut policy = Policy::new();
        pin(&mut policy, &format!("{UNKNOWN_PIN};{own}"));
        let receipt = send(HOST, server.implicit_addr(), &policy).expect("a receipt");
        let peer = receipt.peer.expect("a peer");
        assert_eq!(peer.matched_pin.map(|pin| pin.to_string()), Some(own));
    }
}

#[test]
fn offline_and_at_another_time() {
    let w = World::get();
    let mut policy = Policy::new();
    ca(w, &mut policy);
    let host = Host::parse(HOST).expect("a host");
    let pem = chain_pem(&w.good());
    let at =
        |seconds| verify_pem(&policy, &host, pem.as_bytes(), now_at(seconds)).expect("a chain");
    assert!(at(None).judgement.is_ok());
    let late = at(Some(now() + 400 * 86_400))
        .judgement
        .expect_err("expired");
    assert_eq!(late.status(), Status::Expired);
    assert_eq!(
        at(Some(0)).judgement.expect_err("early").status(),
        Status::NotYetValid
    );
}

/// A chain with one certificate outside its time, and the root of the policy.
fn dated(which: &str, days: (i64, i64)) -> (ServerIdentity, Vec<u8>) {
    let off = |this: &'static str| {
        move |params: &mut rcgen::CertificateParams| {
            if this == which {
                set_days(params, days.0, days.1);
            }
        }
    };
    let root = Ca::root("Own Root");
    // The old one of that name, which is served although nothing needs it.
    let above = match which {
        "root" => root.sub("Own Root", &off("root")),
        _ => root.sub("Upper Intermediate", &off("upper")),
    };
    let sub = above.sub("Own Intermediate", &off("intermediate"));
    (sub.leaf(&[HOST], &off("leaf")), root.der().to_vec())
}

#[test]
fn the_certificate_that_is_outside_its_time_is_named_with_its_own_date() {
    let host = Host::parse(HOST).expect("a host");
    for (which, words) in [
        ("leaf", "the certificate presented for mail.example"),
        (
            "intermediate",
            "the intermediate certificate CN=Own Intermediate of the chain presented for mail.example",
        ),
        (
            "upper",
            "the intermediate certificate CN=Upper Intermediate of the chain presented for mail.example",
        ),
        (
            "root",
            "the root certificate CN=Own Root of the chain presented for mail.example",
        ),
    ] {
        for (days, status, what, end) in [
            (
                (-9, -2),
                Status::Expired,
                "has expired (it was valid until",
                true,
            ),
            (
                (2, 9),
                Status::NotYetValid,
                "is not valid yet (it is valid from",
                false,
            ),
        ] {
            let (served, root) = dated(which, days);
            let chain = chain_pem(&served);
            let mut policy = Policy::new();
            policy.add_ca(&root).expect("a CA");
            let verdict = verify_pem(&policy, &host, chain.as_bytes(), policy.clock.now());
            let rejection = verdict.expect("a chain").judgement.expect_err(which);
            let text = rejection.to_string();
            assert_eq!(rejection.status(), status, "{text}");
            // The date is its own: that of no other certificate of the chain.
            let expected = format!("{words} {what} ");
            let date = text.strip_prefix(&expected).map(|rest| &rest[..20]);
            let own = rejection.chain.iter().map(|c| match end {
                true => &c.not_after,
                false => &c.not_before,
            });
            let of = own.filter(|own| Some(own.as_str()) == date).count();
            assert_eq!(of, 1, "{expected}: {text}");
        }
    }
}

/// The dates of the leaf decide in a strict policy with only pins.
#[test]
fn a_pinned_leaf_that_has_expired_is_named_too() {
    let root = Ca::root("Own Root");
    let leaf = root.leaf(&[HOST], &|params| set_days(params, -9, -2));
    let mut policy = Policy::new();
    policy.strict = true;
    pin(&mut policy, &leaf.spki_pin());
    let text = words(&policy, &leaf);
    let expected = "the certificate presented for mail.example has expired (it was valid until ";
    assert!(text.contains(expected), "{text}");
}

/// RFC 5280 section 4.1.2.5: the validity includes both of its dates.
#[test]
fn a_certificate_is_in_time_from_its_first_to_its_last_second() {
    let (first, last) = (1_893_456_000, 1_896_134_400);
    let dates = |params: &mut rcgen::CertificateParams| {
        params.not_before = rcgen::date_time_ymd(2030, 1, 1);
        params.not_after = rcgen::date_time_ymd(2030, 2, 1);
    };
    let leaf = Ca::root("Own Root").leaf(&[HOST], &dates);
    let host = Host::parse(HOST).expect("a host");
    let mut policy = Policy::new();
    policy.strict = true;
    pin(&mut policy, &leaf.spki_pin());
    for (at, status) in [
        (first - 1, Some(Status::NotYetValid)),
        (first, None),
        (last, None),
        (last + 1, Some(Status::Expired)),
    ] {
        let pem = chain_pem(&leaf);
        let verdict = verify_pem(&policy, &host, pem.as_bytes(), now_at(Some(at)));
        let judgement = verdict.expect("a chain").judgement;
        assert_eq!(judgement.err().map(|r| r.status()), status, "{at}");
    }
}
