//! The wire's fuzz targets: their corpus, replayed and bent by a fixed seed, so that every run of the
//! tests does a little of what the fuzzer does.

#[path = "../../fuzz/src/abi.rs"]
#[allow(
    unsafe_code,
    unreachable_pub,
    reason = "a library's module over there; what it tests is the C interface"
)]
mod abi;
#[path = "../../fuzz/src/dialogue.rs"]
#[allow(unreachable_pub, reason = "a library's module over there")]
mod dialogue;
#[path = "../../fuzz/src/framing.rs"]
#[allow(unreachable_pub, reason = "a library's module over there")]
mod framing;
#[path = "../support/replay.rs"]
mod replay;
#[path = "../../fuzz/src/stream.rs"]
#[allow(unreachable_pub, reason = "a library's module over there")]
mod stream;
#[path = "../../fuzz/src/wire.rs"]
#[allow(unreachable_pub, reason = "a library's module over there")]
mod wire;

#[test]
fn e01_e13_g01_g12_h01_h03_no_bytes_of_a_peer_panic_or_change_their_meaning() {
    replay::corpus(&wire::ALL, 300);
}

#[test]
fn i07_i08_no_arguments_of_the_c_functions_crash() {
    replay::corpus(&abi::ALL, 300);
}

#[test]
fn a13_b07_e14_h17_no_dialogue_ends_in_a_wrong_outcome_or_leaks() {
    replay::corpus(&dialogue::ALL, 100);
}

#[test]
fn h01_h03_h09_no_content_comes_out_of_a_session_as_another() {
    replay::corpus(&framing::ALL, 60);
}

#[test]
fn h14_h15_no_answers_to_a_stream_end_in_a_wrong_outcome() {
    replay::corpus(&stream::ALL, 200);
}
