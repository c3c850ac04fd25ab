#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| kinemotion_fuzz::read("whip", bytes));
