#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| credaudit::fuzzing::secrets(data));
