//! A strict policy without a CA: what the fields of the server's own certificate decide, where no path does.

use rcgen::{CertificateParams, KeyPair, PublicKeyData as _, date_time_ymd};
use rustls::pki_types::CertificateDer;
use secsmtp::status::Status;
use secsmtp::trust::{Host, Pin, Policy, TrustBasis, now_at, verify_chain};

use crate::world::HOST;

const DAY: u64 = 86_400;

/// A certificate that signs itself, for [`HOST`], from the first to the second of January of this year, and
/// the first second of them.
fn of_year(year: i32, begin: u64) -> (Server, u64) {
    let mut params = CertificateParams::new(vec![HOST.to_owned()]).expect("a name");
    params.not_before = date_time_ymd(year, 1, 1);
    params.not_after = date_time_ymd(year, 1, 2);
    let key = KeyPair::generate().expect("a key");
    let der = params
        .self_signed(&key)
        .expect("a certificate")
        .der()
        .to_vec();
    (
        Server {
            der,
            pin: Pin::of_spki(&key.subject_public_key_info()),
        },
        begin,
    )
}

struct Server {
    der: Vec<u8>,
    pin: Pin,
}

impl Server {
    /// Policies that trust this server by its key, and by its certificate.
    fn policies(&self, strict: bool) -> [Policy; 2] {
        let (mut by_pin, mut by_certificate) = (Policy::new(), Policy::new());
        by_pin.add_pin(&self.pin.to_string()).expect("a pin");
        by_certificate
            .add_certificate(&self.der)
            .expect("a certificate");
        [by_pin, by_certificate].map(|mut policy| {
            policy.strict = strict;
            policy
        })
    }

    fn judge(&self, policy: &Policy, host: &str, at: u64) -> Result<TrustBasis, Status> {
        let host = Host::parse(host).expect("a host");
        let chain = [CertificateDer::from(self.der.as_slice())];
        let verdict = verify_chain(policy, &host, &chain, now_at(Some(at)));
        verdict.map_err(|rejection| rejection.status())
    }
}

/// Dates are written in two forms: UTCTime before 2050, GeneralizedTime from then on.
#[test]
fn c02_the_dates_of_a_trusted_leaf_decide_to_the_second() {
    for (server, begin) in [of_year(2026, 1_767_225_600), of_year(2051, 2_556_144_000)] {
        for (at, expected) in [
            (begin - 1, Err(Status::NotYetValid)),
            (begin, Ok(())),
            (begin + DAY, Ok(())),
            (begin + DAY + 1, Err(Status::Expired)),
        ] {
            for policy in server.policies(true) {
                let verdict = server.judge(&policy, HOST, at);
                assert_eq!(verdict.map(drop), expected, "at {at}, strict");
            }
            for policy in server.policies(false) {
                let basis = server
                    .judge(&policy, HOST, at)
                    .expect("the key decides alone");
                assert_eq!(basis.remarks.is_empty(), expected.is_ok(), "at {at}");
            }
        }
    }
}

#[test]
fn c06_the_names_of_a_trusted_leaf_decide() {
    let (server, begin) = of_year(2026, 1_767_225_600);
    for (host, expected) in [
        (HOST, Ok(())),
        ("other.example", Err(Status::NameMismatch)),
        ("192.0.2.1", Err(Status::NameMismatch)),
    ] {
        for policy in server.policies(true) {
            assert_eq!(
                server.judge(&policy, host, begin).map(drop),
                expected,
                "{host}, strict"
            );
        }
        for policy in server.policies(false) {
            let basis = server
                .judge(&policy, host, begin)
                .expect("the key decides alone");
            assert_eq!(basis.remarks.is_empty(), expected.is_ok(), "{host}");
        }
    }
}

#[test]
fn c23_dates_that_cannot_be_read_are_never_taken_for_good_ones() {
    let (mut server, begin) = of_year(2026, 1_767_225_600);
    let date = server
        .der
        .windows(13)
        .position(|window| window == b"260101000000Z");
    // There is no month 99. The signature does not match any more, which a pin does not ask for.
    let date = date.expect("the first date");
    server.der[date + 2..date + 4].copy_from_slice(b"99");
    let mut policy = Policy::new();
    policy.add_pin(&server.pin.to_string()).expect("a pin");
    let basis = server
        .judge(&policy, HOST, begin)
        .expect("the key decides alone");
    assert!(
        basis.remarks[0].contains("dates can't be read"),
        "{:?}",
        basis.remarks
    );
    policy.strict = true;
    let verdict = server.judge(&policy, HOST, begin);
    assert_eq!(verdict, Err(Status::BadCertificate));
    for given in [Policy::add_ca, Policy::add_certificate] {
        let error = given(&mut policy, &server.der).expect_err("it can't be read");
        assert_eq!(error.status(), Status::Certificate);
    }
}
