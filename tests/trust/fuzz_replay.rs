//! C23: the fuzz targets' corpus, replayed and bent by a fixed seed, so that every run of the tests
//! does a little of what the fuzzer does.

#[path = "../support/replay.rs"]
mod replay;
#[path = "../../fuzz/src/trust.rs"]
#[allow(unreachable_pub, reason = "it is a library's module over there")]
mod targets;

use std::fs;
use std::path::Path;

use secsmtp::trust::{Host, Policy, now_at, verify_pem};

#[test]
fn c23_no_bytes_from_outside_panic() {
    replay::corpus(&targets::ALL, 250);
}

/// The chain's seeds are what they are meant to be, or bending them would teach nothing.
#[test]
fn the_good_seed_is_good() {
    let mut policy = Policy::new();
    let root = include_bytes!("../../fuzz/corpus/trust_ca/root.pem");
    policy.add_ca(root).expect("a CA");
    let lists = include_bytes!("../../fuzz/corpus/trust_crl/two.pem");
    policy.add_crl(lists).expect("lists");
    let chain = include_bytes!("../../fuzz/corpus/trust_chain/good.pem");
    let host = Host::parse("mail.example").expect("a host");
    let verdict = verify_pem(&policy, &host, chain, now_at(Some(2_000_000_000)));
    let verdict = verdict.expect("a chain");
    assert!(verdict.judgement.is_ok(), "{verdict}");
}

/// And so are the clients'.
#[test]
fn the_good_seeds_of_clients_are_good() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/trust_client_certificate");
    for (name, is_good) in [
        ("ed25519", true),
        ("p256", true),
        ("p384", true),
        ("rsa", true),
        ("sec1", true),
        ("other_key", false),
    ] {
        let seed = fs::read(folder.join(name).with_extension("pem")).expect(name);
        let taken = Policy::new().set_client_certificate(&seed, &seed);
        assert_eq!(taken.is_ok(), is_good, "{name}");
    }
}
