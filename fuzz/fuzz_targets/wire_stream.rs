#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| secsmtp_fuzz::stream::stream(data));
