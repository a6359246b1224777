//! C23: the fuzz targets' corpus, replayed and bent by a fixed seed, so that every run of the tests
//! does a little of what the fuzzer does.

#[path = "../../fuzz/src/trust.rs"]
#[allow(unreachable_pub, reason = "it is a library's module over there")]
mod targets;

use std::fs;
use std::path::Path;

use secsmtp::tls::{Host, Policy, now_at, verify_pem};

use crate::random::Random;

/// Bent copies of each seed.
const BENT: usize = 250;

#[test]
fn c23_no_octets_from_outside_panic() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    let mut random = Random(0xc23);
    let mut runs = 0;
    for (name, target) in targets::ALL {
        let mut seeds: Vec<_> = fs::read_dir(corpus.join(name))
            .expect(name)
            .map(|entry| entry.expect(name).path())
            .collect();
        seeds.sort();
        assert!(!seeds.is_empty(), "{name} has no seeds");
        for path in seeds {
            let seed = fs::read(&path).expect(name);
            target(&seed);
            for number in 0..BENT {
                let bent = bend(&seed, &mut random);
                let ran = std::panic::catch_unwind(|| target(&bent));
                assert!(
                    ran.is_ok(),
                    "{} bent for the {number}th time: {bent:?}",
                    path.display()
                );
                runs += 1;
            }
        }
    }
    assert!(runs >= 3000, "only {runs} runs");
}

/// One to four changes: a bit, an octet, a length, a cut, a doubled or a strange piece.
fn bend(seed: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bent = seed.to_vec();
    for _ in 0..=random.below(4) {
        let len = bent.len();
        if len == 0 {
            return bent;
        }
        let at = random.below(len);
        match random.below(7) {
            0 => bent[at] ^= 1 << random.below(8),
            1 => bent[at] = random.octet(),
            2 => bent.truncate(at),
            3 => drop(bent.drain(at..(at + 1 + random.below(8)).min(len))),
            4 => {
                let piece = bent[at..(at + 1 + random.below(64)).min(len)].to_vec();
                let place = random.below(len);
                bent.splice(place..place, piece);
            }
            // What lengths, tags and texts trip over.
            5 => bent[at] = [0, 0x7f, 0x80, 0x81, 0x84, 0xff, b'\n', b';'][random.below(8)],
            _ => bent.insert(at, random.octet()),
        }
    }
    bent
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
