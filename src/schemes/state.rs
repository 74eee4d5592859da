//! Markers that stand where a hash could: locked, unusable, kept elsewhere. No password opens such an account here.

use super::{Family, Protection, SaltFrom, Scheme, Stored, Unverifiable, codec, grading, wrapper};
use crate::model::{Form, FormDef, FormKind, Graded, Policy};

pub(super) const FAMILY: Family = Family {
    file: "state",
    prefixes: &["!", "*", "x", "LK", "NP", "NO", "UP", "no", "re", "to", "{C", "{c", "{S", "{s"],
    by_prefix: Some(recognise),
    by_shape: None,
    forms: &[&STATE],
    layouts: &[],
    schemes: &[&State],
};

static STATE: FormDef = FormDef { name: "state", kind: FormKind::State, digest_len: 0 };

/// Whole values. `!`, `*`, `x`: shadow(5); `!!`: Red Hat, never set; `*0`, `*1`: crypt(3)'s failure tokens; `LK`, `*LK*`,
/// `NP`, `UP`: Solaris; `*LOCKED*`: FreeBSD; `not cached`, `restored`, `to be generated`: Moodle's
/// `AUTH_PASSWORD_NOT_CACHED`, backup and upload; the long one: accounts that the `MySQL` server makes for itself.
const STATES: [&[u8]; 18] = [
    b"!",
    b"!!",
    b"*",
    b"**",
    b"!*",
    b"*!",
    b"x",
    b"*0",
    b"*1",
    b"LK",
    b"NP",
    b"UP",
    b"*NP*",
    b"*LOCKED*",
    b"not cached",
    b"restored",
    b"to be generated",
    b"*THISISNOTAVALIDPASSWORDTHATCANBEUSEDHERE",
];

/// The LAN Manager hash of nothing, which Windows writes where it keeps none, and what `pwdump` writes instead.
const NO_LAN_MANAGER: [&str; 2] = ["aad3b435b51404eeaad3b435b51404ee", "NO PASSWORD*********************"];

/// The marker that `hex`, 32 hexadecimal digits, is.
pub(super) fn of_hex(hex: &[u8]) -> Option<&'static FormDef> {
    hex.eq_ignore_ascii_case(NO_LAN_MANAGER[0].as_bytes()).then_some(&STATE)
}

/// Length of the random text behind Django's `!`: `UNUSABLE_PASSWORD_SUFFIX_LENGTH`.
const DJANGO_SUFFIX: usize = 40;

fn recognise(value: &[u8]) -> Option<Form> {
    let is_state = STATES.contains(&value)
        || value == NO_LAN_MANAGER[1].as_bytes()
        || is_locked_hash(value)
        || codec::strip_prefix_any_case(value, "{CRYPT}").is_some_and(|rest| STATES.contains(&rest))
        || codec::strip_prefix_any_case(value, "{SASL}").is_some_and(|rest| !rest.is_empty());
    is_state.then(|| Form::plain(&STATE))
}

/// `!` or `*LK*` or `*LOCKED*` before a hash that is kept for unlocking, and Django's unusable password.
fn is_locked_hash(value: &[u8]) -> bool {
    let rest = match value {
        [b'!', b'!', rest @ ..] | [b'!', rest @ ..] => rest,
        _ => match value.strip_prefix(b"*LOCKED*").or_else(|| value.strip_prefix(b"*LK*")) {
            Some(b"") => return true,
            Some(rest) => rest,
            None => return false,
        },
    };
    (rest.len() == DJANGO_SUFFIX && rest.iter().all(u8::is_ascii_alphanumeric))
        || (rest.starts_with(b"$") && wrapper::by_dollar(rest).is_some())
}

struct State;

impl Scheme for State {
    fn name(&self) -> &'static str {
        "state"
    }
    fn forms(&self) -> &'static [&'static FormDef] {
        const { &[&STATE] }
    }
    fn salt_from(&self) -> SaltFrom {
        SaltFrom::Nowhere
    }
    fn protection(&self) -> Protection {
        Protection::State
    }
    fn policy_key(&self) -> &'static str {
        "state"
    }
    fn describe(&self, _: Form) -> String {
        "locked or unusable".to_owned()
    }
    fn grade(&self, _: Form, policy: &Policy) -> Graded {
        grading::fixed(policy, self.policy_key(), "a marker, no password")
    }
    fn work(&self, _: Form) -> u64 {
        1
    }
    fn verify(&self, _: &Stored<'_>, _: &[u8]) -> Result<bool, Unverifiable> {
        Ok(false)
    }
}
