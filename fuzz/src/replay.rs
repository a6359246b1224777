//! Replays the corpus of each fuzz target, each seed as it is and changed at random by a fixed seed, so that
//! every run of the tests does a little of what the fuzzer does.

use std::fs;
use std::path::Path;

use secsmtp::trust::{Host, Policy, now_at, verify_pem};

use crate::random::Random;
use crate::{abi, dialogue, framing, sasl, stream, trust, wire};

/// A target's name, which is its corpus folder's, and its function.
type Target = (&'static str, fn(&[u8]));

const CORPUS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/corpus");

/// Bytes that mean something in lengths, tags, digits and line ends.
const ODD: [u8; 11] = [
    0, 0x7f, 0x80, 0x81, 0x84, 0xff, b'\n', b'\r', b'|', b'-', b';',
];

/// Runs each target on each of its seeds, and on this many changed copies.
fn replay(targets: &[Target], copies: usize) {
    let corpus = Path::new(CORPUS);
    let mut random = Random(0xc23);
    for (name, target) in targets {
        let mut seeds: Vec<_> = fs::read_dir(corpus.join(name))
            .expect(name)
            .map(|entry| entry.expect(name).path())
            .collect();
        seeds.sort();
        assert!(!seeds.is_empty(), "{name} has no seeds");
        for path in seeds {
            let seed = fs::read(&path).expect(name);
            target(&seed);
            for number in 0..copies {
                let changed = change(&seed, &mut random);
                let ran = std::panic::catch_unwind(|| target(&changed));
                assert!(
                    ran.is_ok(),
                    "{} changed for the {number}th time: {changed:?}",
                    path.display()
                );
            }
        }
    }
}

fn byte(random: &mut Random) -> u8 {
    u8::try_from(random.below(256)).expect("a byte")
}

/// One to four changes: a bit, a byte, a cut, a doubled or a strange piece.
fn change(seed: &[u8], random: &mut Random) -> Vec<u8> {
    let mut changed = seed.to_vec();
    for _ in 0..=random.below(4) {
        let len = changed.len();
        if len == 0 {
            return changed;
        }
        let at = random.below(len);
        match random.below(7) {
            0 => changed[at] ^= 1 << random.below(8),
            1 => changed[at] = byte(random),
            2 => changed.truncate(at),
            3 => drop(changed.drain(at..(at + 1 + random.below(8)).min(len))),
            4 => {
                let piece = changed[at..(at + 1 + random.below(64)).min(len)].to_vec();
                let place = random.below(len);
                changed.splice(place..place, piece);
            }
            5 => changed[at] = ODD[random.below(ODD.len())],
            _ => changed.insert(at, byte(random)),
        }
    }
    changed
}

#[test]
fn e01_e13_g01_g12_h01_h03_no_bytes_of_a_peer_panic_or_change_their_meaning() {
    replay(&wire::ALL, 300);
}

#[test]
fn i07_i08_no_arguments_of_the_c_functions_crash() {
    replay(&abi::ALL, 300);
}

#[test]
fn a13_b07_e14_h17_no_dialogue_ends_in_a_wrong_outcome_or_leaks() {
    replay(&dialogue::ALL, 100);
}

#[test]
fn h01_h03_h09_no_content_comes_out_of_a_session_as_another() {
    replay(&framing::ALL, 60);
}

#[test]
fn h14_h15_no_answers_to_a_stream_end_in_a_wrong_outcome() {
    replay(&stream::ALL, 200);
}

#[test]
fn f04_to_f15_f19_f20_f22_f25_no_words_of_a_server_mislead_a_mechanism() {
    replay(&sasl::ALL, 40);
}

/// The seeds of a valid exchange log in.
#[test]
fn the_right_seeds_log_in() {
    use secsmtp::sasl::{Gs2, Hash, Mechanism as _, Scram};
    let seed = include_bytes!("../corpus/sasl_scram/right_1");
    let parts: Vec<_> = seed.split(|byte| *byte == 0x1e).collect();
    let mut scram = Scram::new(Hash::Sha256, "user", parts[1], Gs2::No, &[7; 24], 4096).unwrap();
    scram.initial();
    scram.step(parts[2]).unwrap();
    scram.step(parts[3]).unwrap();
    assert!(scram.complete());
}

#[test]
fn c23_no_bytes_from_outside_panic() {
    replay(&trust::ALL, 250);
}

/// The seeds of a valid chain are trusted.
#[test]
fn the_good_seed_is_good() {
    let mut policy = Policy::new();
    let root = include_bytes!("../corpus/trust_ca/root.pem");
    policy.add_ca(root).expect("a CA");
    let lists = include_bytes!("../corpus/trust_crl/two.pem");
    policy.add_crl(lists).expect("lists");
    let chain = include_bytes!("../corpus/trust_chain/good.pem");
    let host = Host::parse("mail.example").expect("a host");
    let verdict = verify_pem(&policy, &host, chain, now_at(Some(2_000_000_000)));
    let verdict = verdict.expect("a chain");
    assert!(verdict.judgement.is_ok(), "{verdict}");
}

/// The seeds of client certificates are valid as their names say.
#[test]
fn the_good_seeds_of_clients_are_good() {
    let folder = Path::new(CORPUS).join("trust_client_certificate");
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

/// Each function of a table has its corpus, its target and its entry in the fuzzer's package.
#[test]
fn each_fuzz_function_has_a_target_that_calls_it() {
    let package = include_str!("../Cargo.toml");
    let tables = [
        ("abi", &abi::ALL[..]),
        ("dialogue", &dialogue::ALL),
        ("framing", &framing::ALL),
        ("sasl", &sasl::ALL),
        ("stream", &stream::ALL),
        ("trust", &trust::ALL),
        ("wire", &wire::ALL),
    ];
    let mut names = Vec::new();
    for (module, table) in tables {
        for (name, _) in table {
            let path = format!("{CORPUS}/../fuzz_targets/{name}.rs");
            let target = fs::read_to_string(&path).expect(&path);
            assert!(
                target.contains(&format!("secsmtp_fuzz::{module}::")),
                "{path}"
            );
            assert!(
                package.contains(&format!("path = \"fuzz_targets/{name}.rs\"")),
                "{name}"
            );
            names.push(format!("{name}.rs"));
        }
    }
    let mut targets: Vec<_> = fs::read_dir(format!("{CORPUS}/../fuzz_targets"))
        .expect("the targets")
        .map(|entry| {
            entry
                .expect("a target")
                .file_name()
                .into_string()
                .expect("UTF-8")
        })
        .collect();
    targets.sort();
    names.sort();
    assert_eq!(names, targets);
}
