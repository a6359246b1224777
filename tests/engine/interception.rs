//! The hotel of the founding story: a proxy that hides STARTTLS, or answers with a certificate from
//! a CA that the machine trusts and the owner did not choose.

use secsmtp::error::{Outcome, Stage};
use secsmtp::status::Status;
use secsmtp::trust::{Policy, TlsMode};
use secsmtp_testservers::{CertKind, Hotel, HotelConfig, ReferenceServer, Trick};

use crate::support::*;

fn hotel(trick: Trick, server: &ReferenceServer) -> Hotel {
    Hotel::start(HotelConfig::new(
        trick,
        server.implicit_addr(),
        server.starttls_addr(),
    ))
    .unwrap()
}

#[test]
fn a01_b01_starttls_hidden() {
    let pki = pki();
    let server = ReferenceServer::start(reference_config(&pki)).unwrap();
    let hotel = hotel(Trick::HideStarttls, &server);
    let client = client(&policy(&pki, TlsMode::Starttls), hotel.starttls_addr());
    fails(
        &client,
        &message(),
        Status::StarttlsMissing,
        Stage::Starttls,
        Outcome::NotSent,
    );
    assert!(hotel.wait_idle(LONG));
    assert!(!hotel.captured_clear().is_empty());
    assert_nothing_leaked(&hotel.captured_clear());
    assert_nothing_leaked(&hotel.captured_decrypted());
}

#[test]
fn a02_a03_c26_interception_with_a_ca_that_the_machine_trusts() {
    let pki = pki();
    let server = ReferenceServer::start(reference_config(&pki)).unwrap();
    let hotel = hotel(Trick::OwnCertificate, &server);
    for mode in BOTH {
        let address = match mode {
            TlsMode::Implicit => hotel.implicit_addr().unwrap(),
            TlsMode::Starttls => hotel.starttls_addr(),
        };
        // Our own CA alone; and the hotel's CA trusted too, as a poisoned store would have it, with
        // our pin beside it.
        let own = policy(&pki, mode);
        let mut poisoned = policy(&pki, mode);
        poisoned.add_ca(hotel.ca_pem().as_bytes()).unwrap();
        poisoned.add_pin(&pki.spki_pin(CertKind::Leaf)).unwrap();
        let mut pinned = Policy::new();
        pinned.tls_mode = mode;
        pinned.add_pin(&pki.spki_pin(CertKind::Leaf)).unwrap();
        for (policy, status) in [
            (own, Status::UnknownIssuer),
            (poisoned, Status::PinMismatch),
            (pinned, Status::PinMismatch),
        ] {
            let anchored = policy.has_anchors();
            let error = fails(
                &client(&policy, address),
                &message(),
                status,
                Stage::Tls,
                Outcome::NotSent,
            );
            if status == Status::PinMismatch && anchored {
                assert!(
                    error.to_string().contains("typical of interception"),
                    "{error}"
                );
            }
        }
    }
    assert!(hotel.wait_idle(LONG));
    assert_nothing_leaked(&hotel.captured_clear());
    assert!(hotel.captured_decrypted().is_empty());
    assert_eq!(server.mail_count(), 0);
}
