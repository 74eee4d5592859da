//! Every byte string has a form; what explains it can be asked everything without a panic; what claims to be cheap is
//! verified, and the answer is the same twice.
#![no_main]

use credaudit::model::{FormKind, Policy};
use credaudit::schemes::{self, Stored};
use libfuzzer_sys::fuzz_target;

/// Verify only what should take less than this, in nanoseconds.
const QUICK: u64 = 1_000_000;

fuzz_target!(|data: &[u8]| {
    let cut = data.iter().position(|&b| b == b'\n').unwrap_or(data.len());
    let (value, candidate) = data.split_at(cut);
    let stored = Stored::new(value).with_salt(Some(candidate)).with_login(Some(candidate));
    assert_eq!(stored.form, schemes::recognise(value));
    assert_eq!(value.is_empty(), stored.form.kind() == FormKind::Empty);
    let policy = Policy::builtin();
    let empty = schemes::is_empty_password(value, stored.form);
    for scheme in schemes::explain(stored.form, true) {
        assert!(scheme.forms().iter().any(|def| std::ptr::eq(*def, stored.form.def)));
        assert!(!scheme.describe(stored.form).is_empty());
        assert!(!scheme.grade(stored.form, &policy).why.is_empty());
        let mut digest = [0; 64];
        assert!(scheme.raw_digest(&stored, &mut digest).is_none_or(|len| len <= digest.len()));
        assert!(scheme.formula().is_none() || scheme.raw_digest(&stored, &mut digest).is_some());
        let work = scheme.work(stored.form);
        if work < QUICK || work > schemes::MAX_WORK {
            assert_eq!(scheme.verify(&stored, candidate), scheme.verify(&stored, candidate));
        }
    }
    if empty && stored.form.def.name.starts_with("hex") {
        let opens = |scheme: &&dyn schemes::Scheme| scheme.verify(&stored, b"") == Ok(true);
        assert!(schemes::explain(stored.form, false).iter().any(opens) || value[..8].eq_ignore_ascii_case(b"aad3b435"));
    }
});
