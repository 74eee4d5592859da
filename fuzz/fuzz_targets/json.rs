//! Any bytes read as JSON: every split gives the same rows, every byte is accounted for.
#![no_main]

use credaudit::formats::testing;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| testing::fuzz("JSON", data));
