//! Passwords made of the row's own words: is a known one the login or the address in disguise, and which ones are worth
//! trying against a hash.

use super::common::ends;

/// Which of the row's own words a password may be made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Own {
    /// The login, or a trivial variant.
    Login,
    /// The email address or its local part, or a trivial variant.
    Email,
}

/// Shortest word that says anything: a login `al` is in too many passwords by chance.
const SHORTEST: usize = 3;
/// Shortest part of an address: `maria.de.la.cruz@` is `maria` and `cruz`.
const SHORTEST_PART: usize = 4;
/// Longest word that is looked at: RFC 5321, section 4.5.3.1, allows an address 254 characters.
const LONGEST: usize = 254;
/// How many digits and signs may stand around the word: a year, or `123!`.
const DECORATION: usize = 4;

/// Whether a *known* password is the login or email, or a trivial variant of it: case changed, reversed, doubled, up to
/// four digits or signs appended or put in front, the local part of an address or one of its parts of at least four
/// letters (between `.`, `_`, `-` and `+`). Only ASCII letters change case. A login that is itself an address counts as
/// one, but is still reported as the login. Words of one or two characters are nobody's own.
pub fn is_own(password: &[u8], login: &[u8], email: &[u8]) -> Option<Own> {
    // A doubled address with its decoration is the longest variant there is.
    if !(SHORTEST..=2 * LONGEST + DECORATION).contains(&password.len()) {
        return None;
    }
    let shape = Shape::of(password);
    if is_variant_of_any(&shape, login) {
        Some(Own::Login)
    } else if is_variant_of_any(&shape, email) {
        Some(Own::Email)
    } else {
        None
    }
}

/// A password, and what of it can be asked quickly.
struct Shape<'a> {
    password: &'a [u8],
    /// Its bytes in lower case, if they are no more than sixteen.
    ends: [u64; 2],
}

impl<'a> Shape<'a> {
    fn of(password: &'a [u8]) -> Self {
        Self { password, ends: ends(password) }
    }

    /// Not 0 if `byte` occurs in the password, in whatever case. Only of use up to sixteen bytes.
    #[inline]
    fn has(&self, byte: u8) -> u64 {
        const ONES: u64 = 0x0101_0101_0101_0101;
        let wanted = u64::from(byte.to_ascii_lowercase()) * ONES;
        // A byte that becomes zero borrows from the bit above it; so may the one after it, which does no harm.
        let zero = |word: u64| word.wrapping_sub(ONES) & !word & (0x80 * ONES);
        zero(self.ends[0] ^ wanted) | zero(self.ends[1] ^ wanted)
    }

    /// Whether `word` is all of the password but its decoration: as it is, reversed or doubled. Nearly every stranger
    /// ends at its length or at one of three letters.
    #[inline]
    fn is_variant_of(&self, word: &[u8]) -> bool {
        // What is left without the word wraps to something huge if the word does not fit.
        let once = self.password.len().wrapping_sub(word.len());
        let twice = once.wrapping_sub(word.len());
        once.min(twice) <= DECORATION && self.holds(word, once, twice)
    }

    /// The same for a word whose length fits; `once` and `twice` are what it, once or doubled, leaves of the password.
    fn holds(&self, word: &[u8], once: usize, twice: usize) -> bool {
        let [first, .., last] = *word else { return false };
        let stranger = self.has(first) == 0 || self.has(last) == 0 || self.has(word[word.len() / 2]) == 0;
        if (stranger && self.password.len() <= 16) || !is_telling(word) {
            return false;
        }
        (once <= DECORATION && self.places(once).any(|core| core.eq_ignore_ascii_case(word) || is_reversed(core, word)))
            || (twice <= DECORATION
                && self.places(twice).any(|core| {
                    let (first, second) = core.split_at(word.len());
                    first.eq_ignore_ascii_case(word) && second.eq_ignore_ascii_case(word)
                }))
    }

    /// The password without `extra` bytes of decoration, some of them in front and the others behind.
    fn places(&self, extra: usize) -> impl Iterator<Item = &'a [u8]> {
        let password = self.password;
        let decoration = |byte: &&u8| byte.is_ascii_digit() || byte.is_ascii_punctuation();
        let front = password.iter().take(extra).take_while(decoration).count();
        let back = password.iter().rev().take(extra).take_while(decoration).count();
        (extra - back..=front).map(move |front| &password[front..password.len() - (extra - front)])
    }
}

/// Whether the password is a variant of a login or address, or of what an address is made of.
fn is_variant_of_any(shape: &Shape<'_>, name: &[u8]) -> bool {
    if name.len() < SHORTEST || name.len() > LONGEST {
        return false;
    }
    if shape.is_variant_of(name) {
        return true;
    }
    let Some(local) = local_part(name) else { return false };
    shape.is_variant_of(local) || parts(local).any(|part| shape.is_variant_of(part) && is_name(part))
}

/// Whether a word is long enough to say anything, and not absurdly long.
fn is_telling(word: &[u8]) -> bool {
    // In UTF-8, only bytes that do not continue a character count; a character has four at most.
    (SHORTEST..=LONGEST).contains(&word.len())
        && (word.len() > 4 * SHORTEST || word.iter().filter(|byte| **byte & 0xc0 != 0x80).count() >= SHORTEST)
}

/// What stands before the last `@`, if there is one.
fn local_part(name: &[u8]) -> Option<&[u8]> {
    memchr::memrchr(b'@', name).map(|at| &name[..at])
}

/// The parts of a local part, unless it is all one.
#[inline]
fn parts(local: &[u8]) -> impl Iterator<Item = &[u8]> {
    local
        .split(|byte| matches!(byte, b'.' | b'_' | b'-' | b'+'))
        .filter(move |part| part.len() < local.len() && part.len() >= SHORTEST_PART)
}

/// Whether a part has letters enough to be a name.
fn is_name(part: &[u8]) -> bool {
    part.iter().filter(|byte| byte.is_ascii_alphabetic() || **byte >= 0xc0).count() >= SHORTEST_PART
}

/// Whether `text` is `word` read backwards: character by character if both are UTF-8, else byte by byte.
fn is_reversed(text: &[u8], word: &[u8]) -> bool {
    if text.len() != word.len() {
        return false;
    }
    match (std::str::from_utf8(text), std::str::from_utf8(word)) {
        (Ok(text), Ok(word)) => text.chars().zip(word.chars().rev()).all(|(a, b)| a.eq_ignore_ascii_case(&b)),
        _ => text.iter().zip(word.iter().rev()).all(|(a, b)| a.eq_ignore_ascii_case(b)),
    }
}

/// How a candidate is made of a word, most likely first.
#[derive(Clone, Copy)]
enum Variant {
    AsIs,
    Lower,
    /// Lower case but for the first letter, with this behind it.
    Capitalised(&'static [u8]),
    /// Lower case, with this behind it.
    Then(&'static [u8]),
    Reversed,
    Doubled,
}

/// Endings in the order in which they are the commonest in published collections: `1`, `123`, then the year. Years are
/// this release's and those before it: a fixed list, so that the same dump gives the same result tomorrow.
const VARIANTS: [Variant; 22] = [
    Variant::AsIs,
    Variant::Lower,
    Variant::Capitalised(b""),
    Variant::Then(b"1"),
    Variant::Then(b"123"),
    Variant::Then(b"!"),
    Variant::Then(b"2026"),
    Variant::Then(b"2025"),
    Variant::Then(b"2024"),
    Variant::Then(b"12"),
    Variant::Then(b"1234"),
    Variant::Capitalised(b"1"),
    Variant::Capitalised(b"123"),
    Variant::Capitalised(b"!"),
    Variant::Capitalised(b"2026"),
    Variant::Capitalised(b"2025"),
    Variant::Capitalised(b"2024"),
    Variant::Capitalised(b"1!"),
    Variant::Capitalised(b"123!"),
    Variant::Then(b"2023"),
    Variant::Reversed,
    Variant::Doubled,
];

impl Variant {
    /// Writes this variant of `word`.
    fn write(self, word: &[u8], out: &mut Vec<u8>) {
        let lower = |out: &mut Vec<u8>| {
            let from = out.len();
            out.extend_from_slice(word);
            out[from..].make_ascii_lowercase();
        };
        match self {
            Self::AsIs => out.extend_from_slice(word),
            Self::Lower => lower(out),
            Self::Capitalised(end) => {
                lower(out);
                out[..1].make_ascii_uppercase();
                out.extend_from_slice(end);
            }
            Self::Then(end) => {
                lower(out);
                out.extend_from_slice(end);
            }
            Self::Reversed => {
                match std::str::from_utf8(word) {
                    Ok(text) => {
                        let mut letter = [0; 4];
                        text.chars().rev().for_each(|c| out.extend_from_slice(c.encode_utf8(&mut letter).as_bytes()));
                    }
                    Err(_) => out.extend(word.iter().rev()),
                }
                out.make_ascii_lowercase();
            }
            Self::Doubled => {
                lower(out);
                lower(out);
            }
        }
    }
}

/// Candidates made of the row's own words for trying against a hash, most likely first, no duplicates, at most `max`:
/// login, email, local part, lower case, capitalised, with `1`, `123`, `!`, the current years' forms. What `out` held
/// before is overwritten, its buffers are used again. [`is_own`] says of every candidate that it is the row's own.
pub fn own_candidates(login: &[u8], email: &[u8], max: usize, out: &mut Vec<(Own, Vec<u8>)>) {
    let mut used = 0;
    // What is absurdly long is no name.
    let [login, email] = [login, email].map(|name| if name.len() > LONGEST { &[] } else { name });
    let login_local = local_part(login).unwrap_or_default();
    let local = local_part(email).unwrap_or_default();
    let whole = [(Own::Login, login), (Own::Login, login_local), (Own::Email, email), (Own::Email, local)];
    'all: for variant in VARIANTS {
        let of_login = parts(login_local).filter(|part| is_name(part)).map(|part| (Own::Login, part));
        let of_email = parts(local).filter(|part| is_name(part)).map(|part| (Own::Email, part));
        for (own, word) in whole.into_iter().filter(|(_, word)| is_telling(word)).chain(of_login).chain(of_email) {
            if used == max {
                break 'all;
            }
            if used == out.len() {
                out.push((own, Vec::with_capacity(word.len() + DECORATION)));
            }
            let (before, rest) = out.split_at_mut(used);
            let (kind, place) = &mut rest[0];
            *kind = own;
            place.clear();
            variant.write(word, place);
            if before.iter().all(|(_, other)| other != place) {
                used += 1;
            }
        }
    }
    out.truncate(used);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of_login(password: &str, login: &str) -> bool {
        is_own(password.as_bytes(), login.as_bytes(), b"") == Some(Own::Login)
    }

    fn of_email(password: &str, email: &str) -> bool {
        is_own(password.as_bytes(), b"", email.as_bytes()) == Some(Own::Email)
    }

    #[test]
    fn trivial_variants_of_a_login_are_its_own() {
        for password in [
            "mlopez",
            "MLOPEZ",
            "Mlopez",
            "zepolm",
            "ZepolM",
            "mlopezmlopez",
            "Mlopez1",
            "mlopez2024",
            "mlopez!!",
            "1mlopez",
            "!mlopez1",
            "mlopez123!",
            "12mlopez34",
            "mlopezMLOPEZ99",
            "123zepolm",
        ] {
            assert!(of_login(password, "mlopez"), "{password}");
        }
        assert!(of_login("maria88!", "maria88"));
        assert!(of_login("!88airam", "maria88"));
        assert!(of_login("1maria88", "maria88"));
        assert!(of_login("123", "123"));
        assert!(of_login("12345", "123"));
        assert!(of_login("josé2024", "José"));
        assert!(of_login("ésoj", "josé"));
    }

    #[test]
    fn what_is_not_trivial_is_not_its_own() {
        for password in
            ["", "m", "mlopez12345", "12345mlopez", "123mlopez45", "mlopezx", "xmlopez", "mlop3z", "mlope", "mlopez1a"]
        {
            assert!(!of_login(password, "mlopez"), "{password}");
        }
        assert!(!of_login("mlopezmlopezmlopez", "mlopez"));
        assert!(!of_login("anything", ""));
        assert_eq!(is_own(b"", b"", b""), None);
    }

    #[test]
    fn logins_of_one_or_two_characters_are_nobodys_own() {
        for (password, login) in [("a", "a"), ("al", "al"), ("al12", "al"), ("alal", "al"), ("éa1", "éa"), ("aaa", "a")]
        {
            assert!(!of_login(password, login), "{password}");
        }
    }

    #[test]
    fn an_address_gives_itself_its_local_part_and_the_parts_of_that() {
        let email = "Maria.Lopez-Vega+shop@example.org";
        for password in [
            "maria.lopez-vega+shop@example.org",
            "maria.lopez-vega+shop",
            "Maria1",
            "lopez2024",
            "VEGA!",
            "airam",
            "shopshop",
            "maria.lopez-vega+shop1",
        ] {
            assert!(of_email(password, email), "{password}");
        }
        for password in ["example", "example.org", "org1", "marialopez", "lop"] {
            assert!(!of_email(password, email), "{password}");
        }
        assert!(!of_email("ana2024", "ana.b@example.org"), "a part of three letters is too little");
        assert!(of_email("ana2024", "ana@example.org"), "a whole local part of three letters is not");
        assert!(!of_email("1984", "1984.m@example.org"), "digits are no name");
        assert!(!of_email("maria", "@example.org"));
    }

    #[test]
    fn a_login_that_is_an_address_is_taken_apart_as_well() {
        assert!(of_login("lopez1", "maria.lopez@example.org"));
        assert_eq!(is_own(b"maria", b"maria", b"maria@example.org"), Some(Own::Login));
        assert_eq!(is_own(b"lopez", b"maria", b"maria.lopez@example.org"), Some(Own::Email));
    }

    #[test]
    fn candidates_come_most_likely_first_without_repetition_and_no_more_than_asked_for() {
        let mut out = vec![(Own::Email, b"left over".to_vec()); 40];
        own_candidates(b"MLopez", b"maria.lopez@example.org", 7, &mut out);
        let texts: Vec<&[u8]> = out.iter().map(|(_, text)| text.as_slice()).collect();
        let expected: [&[u8]; 7] =
            [b"MLopez", b"maria.lopez@example.org", b"maria.lopez", b"maria", b"lopez", b"mlopez", b"Mlopez"];
        assert_eq!(texts, expected);
        own_candidates(b"MLopez", b"maria.lopez@example.org", 1000, &mut out);
        let distinct: std::collections::HashSet<_> = out.iter().map(|(_, text)| text.clone()).collect();
        assert_eq!(distinct.len(), out.len());
        for wanted in [&b"mlopez1"[..], b"mlopez123", b"mlopez!", b"Mlopez2026", b"Maria123!", b"zepolm", b"lopezlopez"]
        {
            assert!(distinct.contains(wanted));
        }
        own_candidates(b"al", b"", 1000, &mut out);
        assert!(out.is_empty());
        own_candidates(b"maria", b"", 0, &mut out);
        assert!(out.is_empty());
    }

    proptest! {
        #[test]
        fn every_candidate_is_the_rows_own_whatever_the_bytes(
            login in prop_oneof![prop::collection::vec(any::<u8>(), 0..20), "\\PC{0,12}".prop_map(String::into_bytes)],
            email in prop_oneof![
                "[a-zA-Z0-9._+-]{0,20}@[a-z]{1,8}".prop_map(String::into_bytes),
                prop::collection::vec(any::<u8>(), 0..300),
            ],
        ) {
            let mut out = Vec::new();
            own_candidates(&login, &email, 200, &mut out);
            for (own, candidate) in &out {
                let said = is_own(candidate, &login, &email);
                // The login goes first, and may explain what was made of the address.
                prop_assert!(said == Some(*own) || said == Some(Own::Login), "{own:?} {said:?} {candidate:?}");
            }
        }

        #[test]
        fn arbitrary_bytes_never_panic(
            password in prop::collection::vec(any::<u8>(), 0..40),
            login in prop::collection::vec(any::<u8>(), 0..40),
            email in prop::collection::vec(any::<u8>(), 0..40),
        ) {
            let _ = is_own(&password, &login, &email);
        }
    }
}
