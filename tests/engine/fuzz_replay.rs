//! The steppers' fuzz targets: their corpus, replayed and bent by a fixed seed, so that every run of
//! the tests does a little of what the fuzzer does.

#[path = "../support/replay.rs"]
mod replay;
#[path = "../../fuzz/src/sasl.rs"]
#[allow(unreachable_pub, reason = "a library's module over there")]
mod sasl;

#[test]
fn f04_to_f15_f19_f20_f22_f25_no_words_of_a_server_mislead_a_mechanism() {
    replay::corpus(&sasl::ALL, 40);
}

/// The right seeds are right, or bending them would teach nothing.
#[test]
fn the_right_seeds_log_in() {
    use secsmtp::sasl::{Gs2, Hash, Mechanism as _, Scram};
    let seed = include_bytes!("../../fuzz/corpus/sasl_scram/right_1");
    let parts: Vec<_> = seed.split(|byte| *byte == 0x1e).collect();
    let mut scram = Scram::new(Hash::Sha256, "user", parts[1], Gs2::No, &[7; 24], 4096).unwrap();
    scram.initial();
    scram.step(parts[2]).unwrap();
    scram.step(parts[3]).unwrap();
    assert!(scram.complete());
}
