//! Recognising, explaining, verifying and grading stored values.

use std::collections::BTreeSet;
use std::time::Instant;

use credaudit::model::{Digest, DigestKind, Form, FormKind, Grade, Policy, Reason, Tier};
use credaudit::schemes::{self, MAX_WORK, Protection, SaltFrom, Scheme, Stored, Unverifiable, explain, recognise};
use proptest::prelude::*;

const VECTORS: &str = include_str!("../fixtures/hash_vectors.tsv");

struct Vector {
    scheme: &'static str,
    value: &'static [u8],
    password: &'static [u8],
    salt: Option<&'static [u8]>,
    login: Option<&'static [u8]>,
    pepper: Option<&'static [u8]>,
    source: &'static str,
}

impl Vector {
    fn stored(&self) -> Stored<'static> {
        Stored::new(self.value).with_salt(self.salt).with_login(self.login).with_pepper(self.pepper)
    }

    fn explanation(&self) -> Vec<&'static dyn Scheme> {
        explain(recognise(self.value), self.salt.is_some())
    }
}

/// Our own vectors, then the published ones.
fn vectors() -> impl Iterator<Item = Vector> {
    let published = super::published::working().map(|vector| {
        let stored = vector.stored();
        let source = vector.mode.map_or("documented formula", |_| "hashcat");
        Vector {
            scheme: vector.scheme,
            value: vector.value.as_bytes(),
            password: vector.password.as_bytes(),
            salt: stored.salt,
            login: stored.login,
            pepper: stored.pepper,
            source,
        }
    });
    let own = VECTORS.lines().filter(|line| !line.starts_with('#')).map(|line| {
        let cells: Vec<&'static str> = line.split('\t').collect();
        let [scheme, value, password, salt, login, source] = cells[..] else { panic!("six cells: {}", cells[0]) };
        let given = |cell: &'static str| (!cell.is_empty()).then_some(cell.as_bytes());
        let (value, password) = (value.as_bytes(), password.as_bytes());
        Vector { scheme, value, password, salt: given(salt), login: given(login), pepper: None, source }
    });
    own.chain(published)
}

fn scheme(name: &str) -> &'static dyn Scheme {
    schemes::by_name(name).unwrap_or_else(|| panic!("no scheme {name}"))
}

fn form_name(value: &str) -> &'static str {
    recognise(value.as_bytes()).def.name
}

#[test]
fn the_true_scheme_is_among_the_explanations_of_every_published_vector() {
    for vector in vectors() {
        let names: Vec<&str> = vector.explanation().iter().map(|s| s.name()).collect();
        assert!(names.contains(&vector.scheme), "{} ({}): {names:?}", vector.scheme, vector.source);
    }
}

#[test]
fn the_right_password_opens_every_vector_and_a_wrong_one_opens_none() {
    for vector in vectors() {
        let (scheme, stored) = (scheme(vector.scheme), vector.stored());
        let what = format!("{} ({})", vector.scheme, vector.source);
        assert_eq!(scheme.verify(&stored, vector.password), Ok(true), "{what}");
        let mut wrong = vector.password.to_vec();
        wrong[0] ^= 1;
        assert_eq!(scheme.verify(&stored, &wrong), Ok(false), "{what}");
        assert_eq!(scheme.verify(&stored, b""), Ok(false), "{what}");
    }
}

#[test]
fn no_other_explanation_opens_a_vector() {
    for vector in vectors() {
        for other in vector.explanation().iter().filter(|s| s.name() != vector.scheme) {
            let opened = other.verify(&vector.stored(), vector.password);
            assert_ne!(opened, Ok(true), "{} also opens {} ({})", other.name(), vector.scheme, vector.source);
        }
    }
}

#[test]
fn every_scheme_has_a_vector() {
    let mut seen: BTreeSet<&str> = vectors().map(|vector| vector.scheme).collect();
    seen.append(&mut crate::formulas::covered());
    // A state has no password, and what is encrypted needs a key: columns of these have tests of their own.
    let without = [Protection::State, Protection::Reversible];
    for scheme in schemes::ALL.iter().filter(|scheme| !without.contains(&scheme.protection())) {
        // The same construction with its salt beside it.
        let name = scheme.name().trim_end_matches("/column");
        assert!(seen.contains(name) || seen.contains(scheme.name()), "{}", scheme.name());
    }
}

#[test]
fn fast_schemes_hand_out_digest_and_salt_and_slow_ones_do_not() {
    for vector in vectors() {
        let (scheme, stored) = (scheme(vector.scheme), vector.stored());
        let mut digest = [0; 64];
        let len = scheme.raw_digest(&stored, &mut digest);
        match scheme.formula() {
            Some(formula) => {
                assert_eq!(len, Some(formula.digest_len()), "{}", vector.scheme);
                assert!(scheme.salts(&stored).is_some(), "{}", vector.scheme);
                assert_eq!(formula.is_salted(), scheme.salt_from() != SaltFrom::Nowhere, "{}", vector.scheme);
            }
            None => assert_ne!(scheme.protection(), Protection::SaltedFast, "{}", vector.scheme),
        }
        let work = scheme.work(stored.form);
        assert!((1..MAX_WORK).contains(&work), "{}: {work}", vector.scheme);
    }
}

#[test]
fn only_what_a_breach_source_can_answer_is_made_into_a_question() {
    let asks = |value: &str, name: &str, kind| scheme(name).digest(&Stored::new(value.as_bytes()), kind);
    let ask = |value: &str, name: &str| scheme(name).asks().first().and_then(|kind| asks(value, name, *kind));
    let sha1 = |hex: &str| Some(Digest::Sha1(hex::decode(hex).unwrap().try_into().unwrap()));
    let expected = sha1("b89eaac7e61417341b710b727768294d0e6a277b");
    assert_eq!(ask("b89eaac7e61417341b710b727768294d0e6a277b", "unsalted-sha1"), expected);
    assert_eq!(ask("B89EAAC7E61417341B710B727768294D0E6A277B", "unsalted-sha1"), expected);
    assert_eq!(ask("{SHA}uJ6qx+YUFzQbcQtyd2gpTQ5qJ3s=", "unsalted-sha1"), expected);
    assert_eq!(ask("uJ6qx+YUFzQbcQtyd2gpTQ5qJ3s=", "unsalted-sha1"), expected);
    assert_eq!(ask("sha1$$b89eaac7e61417341b710b727768294d0e6a277b", "unsalted-sha1"), expected);
    assert_eq!(ask("hashcat", "plaintext"), expected);
    assert_eq!(ask("{CLEARTEXT}hashcat", "plaintext"), expected);
    let ntlm = hex::decode("b4b9b02e6f09a9bd760f388b67351e2b").unwrap().try_into().unwrap();
    assert_eq!(ask("b4b9b02e6f09a9bd760f388b67351e2b", "ntlm"), Some(Digest::Ntlm(ntlm)));
    let md5 = hex::decode("8743b52063cd84097a65d1633f5c74f5").unwrap().try_into().unwrap();
    assert_eq!(ask("8743b52063cd84097a65d1633f5c74f5", "unsalted-md5"), Some(Digest::Md5(md5)));
    assert_eq!(asks("8743b52063cd84097a65d1633f5c74f5", "unsalted-md5", DigestKind::Ntlm), None);
    // A password can be asked about in every way; these are published digests of the same one.
    assert_eq!(asks("hashcat", "plaintext", DigestKind::Ntlm), Some(Digest::Ntlm(ntlm)));
    assert_eq!(asks("hashcat", "plaintext", DigestKind::Md5), Some(Digest::Md5(md5)));
    let sha256 = "127e6fbfe24a750e72930c220a8e138275656b8e5d8f48a98c3c92df2caba935";
    assert_eq!(
        asks("hashcat", "plaintext", DigestKind::Sha256),
        Digest::of(DigestKind::Sha256, &hex::decode(sha256).unwrap())
    );
    assert_eq!(ask(sha256, "unsalted-sha256"), asks("hashcat", "plaintext", DigestKind::Sha256));
    // Keccak-512 of nothing begins so (Keccak team, ShortMsgKAT_512, Len = 0, as submitted).
    let keccak = Digest::Keccak([0x0e, 0xab, 0x42, 0xde, 0x4c]);
    assert_eq!(schemes::digest_of(DigestKind::Keccak, b""), keccak);
    assert_eq!(ask("fcf7c1b8749cf99d88e5f34271d636178fb5d130", "mysql41"), None);
    for vector in vectors() {
        let slow = matches!(scheme(vector.scheme).protection(), Protection::PasswordHash | Protection::SaltedFast);
        let mut asked = DigestKind::ALL.iter().filter_map(|kind| scheme(vector.scheme).digest(&vector.stored(), *kind));
        assert!(!slow || asked.next().is_none(), "{}", vector.scheme);
    }
}

#[test]
fn thirty_two_hex_digits_stay_md5_and_ntlm_until_proved() {
    let form = recognise(b"8743b52063cd84097a65d1633f5c74f5");
    let names: Vec<&str> = explain(form, false).iter().map(|s| s.name()).collect();
    assert_eq!(names[..3], ["unsalted-md5", "ntlm", "md5(md5(pass))"]);
    assert!(names.contains(&"unsalted-md4") && names.contains(&"md5(sha1(pass))"));
}

#[test]
fn explanations_beside_a_salt_column_come_in_the_order_of_their_plausibility() {
    let form = recognise(b"8743b52063cd84097a65d1633f5c74f5");
    let names: Vec<&str> = explain(form, true).iter().map(|s| s.name()).collect();
    assert_eq!(names[0], "md5(salt.pass)/column");
    assert_eq!(names[1], "md5(pass.salt)/column");
    let others: Vec<&str> = names.iter().copied().skip_while(|name| name.ends_with("/column")).collect();
    assert_eq!(others[..3], ["unsalted-md5", "ntlm", "md5(md5(pass))"]);
    assert!(others.iter().all(|name| !name.ends_with("/column")));
    let form = recognise(b"sha1$abcd$32ed91c2503f22957db451638beb676e2be0a52d");
    let names: Vec<&str> = explain(form, false).iter().map(|s| s.name()).collect();
    assert_eq!(names[..2], ["sha1(salt.pass)", "hmac-sha1(key=salt)"]);
}

#[test]
fn a_salt_column_or_login_that_was_not_given_is_said_to_be_missing() {
    let stored = Stored::new(b"8743b52063cd84097a65d1633f5c74f5");
    assert_eq!(scheme("md5(salt.pass)/column").verify(&stored, b"x"), Err(Unverifiable::Missing));
    let stored = Stored::new(b"md50a245ea64f49f9aa79fa9c79bbd95c8d");
    assert_eq!(scheme("postgres-md5").verify(&stored, b"hashcat"), Err(Unverifiable::Missing));
}

#[test]
fn look_alikes_are_told_from_password_hashes_as_far_as_one_value_tells() {
    for (value, form) in [
        // UUID, in both spellings with dashes.
        ("6f1c1d3e-8a47-4c2b-9d55-0b6c1f6f2a10", "text"),
        ("{6f1c1d3e-8a47-4c2b-9d55-0b6c1f6f2a10}", "text"),
        // A git commit is a digest without context, and nothing in the value says otherwise.
        ("b4b9c99a1f2e3d4c5b6a79880123456789abcdef", "hex40"),
        // An ETag comes in quotes.
        ("\"33a64df551425fcc55e4d42a148795d9f25f89d4\"", "text"),
        // Mixed case is a base62 token.
        ("8743B52063cd84097a65d1633f5c74f5", "text"),
        // A session id of PHP.
        ("el4ukv0kqbvoirg7nkp4dncpk3", "text"),
        // Base64 tokens of a digest's length.
        ("h0O1IGPNhAl6ZdFjP1x09Q==", "base64-16"),
        ("h0O1IGPNhAl6ZdFjP1x09R==", "text"),
        ("h0O1IGPNhAl6ZdFjP1x09Qab", "text"),
        // Numbers.
        ("4111111111111111", "text"),
        ("7196759210defdc0", "hex16"),
        // Digest and salt that is a digest: the longer is the digest, the first of two equal ones.
        ("8743b52063cd84097a65d1633f5c74f5:9882d0778518b095917eb589f6998441", "hex32:salt"),
        ("c18e826af2a78c7b9b7261452613233417e65817:28246535720688452723483475753333", "hex40:salt"),
        (
            "28246535720688452723483475753333:127e6fbfe24a750e72930c220a8e138275656b8e5d8f48a98c3c92df2caba935",
            "salt:hex64",
        ),
        // Prices, placeholders and templates.
        ("$5", "text"),
        ("$2y$10$", "text"),
        ("{user}", "text"),
        ("{SHA}", "text"),
        ("$ecret$auce", "text"),
        ("pa$$word", "text"),
        ("correct horse battery staple", "text"),
        ("hunter2", "text"),
        ("jane.doe@example.org", "text"),
        ("https://example.org/a?b=c", "text"),
        ("2026-11-22 07:06:06", "text"),
        ("\u{e9}t\u{e9}", "text"),
        ("", "empty"),
    ] {
        assert_eq!(form_name(value), form, "{value}");
    }
}

#[test]
fn schemes_that_nobody_here_knows_are_not_understood_rather_than_plaintext() {
    for value in [
        "$y$j9T$F5Jx5fExrKuPp53xLKQ..1$X3DX6M94c7o.9agCG9G317fhZg9SqC.5i5rd.RhAtQ7",
        "$8$84486783037343$pYNyVrtyMalQrZLxRi7ZLQS1Fl.jkYCgASUi5P8JNb2",
        "$episerver$*0*MjEwNA==*ZUgAmuaYTqAvisD0A427FA3oaWU",
        "{ssha256}06$2715084824104660$1s/s4RZWEcvZ5VuWPXWGUfwSoG07eVSVce8F6ANJ.g4",
        "{PKCS5S2}NTczNTY0NDY2NjQyNzU1Mx8gGiRGobaZYwumctGHbn2ZOHB8LkwzH+Z1gkWfy1zD",
        "{CRYPT}24leDr0hHfb3A",
        "$sspr$0$100000$NONE$2c8586ef492e3c3dd3795395507dc14f",
        ":B:1234:c0693caacea1e51a9ec7f0b178f36b9d",
        "pbkdf2(1000,20,sha512)$744943$c5f8cdef76e3327c908d8d96d4abdb3d8caba14c",
        "sha1:1000:MTYwNTM4MDU4Mzc4MzA=:aGghFQBtQ8+WVlMk5GEaMw==",
        "1130725275da09ca13254957f2314a639818d44c37ef6d558",
        "0x010045083578bf13a6e30ca29c40e540813772754d54a5ffd325",
        "86586886b8bd3c379d2e176243a7225e6aae969d293fe9a9",
        "AQAAAAEAACcQAAAAEAECAwQFBgcICQoLDA0ODxDGOmAwHWtiWqlDtX0EhUORi0vLPC2eVZ8EqR5/aETvOw==",
        // Cut off by a column that is too narrow, and of a digest that Django does not have.
        "pbkdf2_sha256$260000$l3mF7q$k2Zx9Qm",
        "pbkdf2:sha256:260000$l3mF7q$0badc0de1",
        "pbkdf2_blake2$1000$l3mF7q$zzzzzzzzzzzzzzzz",
        "scrypt:32768:8:1$l3mF7q$0badc0de1",
        "bcrypt_sha256$$2b$12$iuPHtP3GA",
    ] {
        let form = recognise(value.as_bytes());
        assert!(!matches!(form.kind(), FormKind::Text | FormKind::Empty | FormKind::State), "{value}");
        assert!(explain(form, true).is_empty(), "{value}: {}", form.def.name);
    }
}

#[test]
fn states_are_no_passwords() {
    for value in [
        "!",
        "!!",
        "*",
        "*0",
        "x",
        "LK",
        "*LK*",
        "NP",
        "not cached",
        "!5AbDh2vvFZyHZfRtwhWgTCnUYX2mYwM4VtVsdmGb",
        "!$6$72820166$U4DVzpcYxgw7MVVDGGvB2/H5lRistD5.Ah4upwENR5UtffLR4X4SxSzfREv8z6wVl0jRFX40/KnYVvK4829kD1",
        "*LK*$1$38652870$DUjsu4TTlTsOe/xxZ05uf/",
        "{CRYPT}!",
        "{SASL}jane@EXAMPLE.ORG",
        "*THISISNOTAVALIDPASSWORDTHATCANBEUSEDHERE",
    ] {
        let form = recognise(value.as_bytes());
        assert_eq!(form.kind(), FormKind::State, "{value}");
        assert_eq!(explain(form, true)[0].protection(), Protection::State);
        assert_eq!(explain(form, true)[0].verify(&Stored::new(value.as_bytes()), value.as_bytes()), Ok(false));
        assert!(!schemes::is_empty_password(value.as_bytes(), form));
    }
    for value in
        ["xavier", "!secret", "*star*", "notcached", "Summer!", "LKJ", "!password!password!password!password!pass"]
    {
        assert_eq!(form_name(value), "text", "{value}");
    }
}

#[test]
fn an_empty_password_shows_in_every_unsalted_form() {
    for value in [
        "",
        "d41d8cd98f00b204e9800998ecf8427e",
        "D41D8CD98F00B204E9800998ECF8427E",
        "31d6cfe0d16ae931b73c59d7e0c089c0",
        "da39a3ee5e6b4b0d3255bfef95601890afd80709",
        "*BE1BDEC0AA74B4DCB079943E70528096CCA985F8",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "1B2M2Y8AsgTpgAmY7PhCfg==",
        "2jmj7l5rSw0yVb/vlWAYkK/YBwk=",
        "{SHA}2jmj7l5rSw0yVb/vlWAYkK/YBwk=",
        "{MD5}1B2M2Y8AsgTpgAmY7PhCfg==",
        "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
        "sha1$$da39a3ee5e6b4b0d3255bfef95601890afd80709",
        "{noop}",
    ] {
        assert!(schemes::is_empty_password(value.as_bytes(), recognise(value.as_bytes())), "{value}");
    }
    for vector in vectors() {
        assert!(!schemes::is_empty_password(vector.value, recognise(vector.value)), "{}", vector.scheme);
    }
    // What the constants claim is what the schemes compute.
    for (name, value) in [
        ("unsalted-md5", "d41d8cd98f00b204e9800998ecf8427e"),
        ("ntlm", "31d6cfe0d16ae931b73c59d7e0c089c0"),
        ("md5(md5(pass))", "74be16979710d4c4e7c6647856088456"),
        ("mysql41", "be1bdec0aa74b4dcb079943e70528096cca985f8"),
        ("sha1(sha1(pass))", "10a34637ad661d98ba3344717656fcc76209c2f8"),
        (
            "unsalted-sha384",
            "38b060a751ac96384cd9327eb1b1e36a21fdb71114be07434c0cc7bf63f6e1da274edebfe76f65fbd51ad2f14898b95b",
        ),
        (
            "unsalted-sha512",
            "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f63b931bd\
             47417a81a538327af927da3e",
        ),
    ] {
        assert_eq!(scheme(name).verify(&Stored::new(value.as_bytes()), b""), Ok(true), "{name}");
        assert!(schemes::is_empty_password(value.as_bytes(), recognise(value.as_bytes())), "{name}");
    }
}

fn grade_of(value: &str) -> (Grade, String) {
    let form = recognise(value.as_bytes());
    let scheme = *explain(form, false).first().unwrap_or_else(|| panic!("nobody explains {value}"));
    let graded = scheme.grade(form, &Policy::builtin());
    (graded.grade, format!("{}: {}", scheme.describe(form), graded.why))
}

#[test]
fn grades_change_at_the_policys_thresholds_and_nowhere_else() {
    use Grade::{Acceptable, Legacy, Weak};
    let bcrypt = |cost: u32| format!("$2y${cost:02}$abcdefghijklmnopqrstuue7WioG73cE72MdmPnBltkHfQZI9xMsG");
    let django = |prf: &str, n: u64| format!("pbkdf2_{prf}${n}$saltsalt$QXt3HtAHvnxZ7a3tfkJ0bT9Ll0y7rSmV2o8M++XL6Ag=");
    let argon2 = |kind: &str, m: u32, t: u32, p: u32| {
        format!(
            "$argon2{kind}$v=19$m={m},t={t},p={p}$AQIDBAUGBwgJCgsMDQ4PEA$CiEQ9rL+Go1X9RAh0Pnem0aZMAS3saVDYMEQxRGxNpU"
        )
    };
    let scrypt =
        |n: u32, r: u32, p: u32| format!("scrypt:{n}:{r}:{p}$saltsalt$9ddd2e819ff76dfc8978fdbeb2a13332f4d9e67c");
    let sha_crypt = |n: u32| {
        format!(
            "$6$rounds={n}$72820166$U4DVzpcYxgw7MVVDGGvB2/H5lRistD5.Ah4upwENR5UtffLR4X4SxSzfREv8z6wVl0jRFX40/KnYVvK4829kD1"
        )
    };
    let phpass = |cost: char| format!("$P${cost}46647711V1klyitUYhtB8Yw5DMA/w.");
    let scram = |n: u64| {
        format!(
            "SCRAM-SHA-256${n}:AQIDBAUGBwgJCgsMDQ4PEA==$wciSC3LWR41jWvZiPXPHI9reo1UPlRoqCP01V6546ms=:\
             GHJQVzuRSNu7k2iOkHbxtU2FrJ0vH03jx9tuVUwDG9E="
        )
    };
    for (value, expected) in [
        (bcrypt(4), Weak),
        (bcrypt(7), Weak),
        (bcrypt(8), Legacy),
        (bcrypt(9), Legacy),
        (bcrypt(10), Acceptable),
        (bcrypt(31), Acceptable),
        (django("sha1", 99_999), Weak),
        (django("sha1", 100_000), Legacy),
        (django("sha1", 1_399_999), Legacy),
        (django("sha1", 1_400_000), Acceptable),
        (django("sha256", 99_999), Weak),
        (django("sha256", 100_000), Legacy),
        (django("sha256", 599_999), Legacy),
        (django("sha256", 600_000), Acceptable),
        (django("sha512", 49_999), Weak),
        (django("sha512", 50_000), Legacy),
        (django("sha512", 219_999), Legacy),
        (django("sha512", 220_000), Acceptable),
        (scram(4095), Weak),
        (scram(4096), Legacy),
        (scram(600_000), Acceptable),
        (sha_crypt(4999), Weak),
        (sha_crypt(5000), Legacy),
        (sha_crypt(5_000_000), Legacy),
        (phpass('A'), Weak),
        (phpass('B'), Legacy),
        (phpass('S'), Legacy),
        (argon2("id", 7167, 5, 1), Weak),
        (argon2("id", 7168, 5, 1), Acceptable),
        (argon2("id", 7168, 4, 1), Legacy),
        (argon2("id", 7168, 2, 1), Legacy),
        (argon2("id", 9216, 4, 1), Acceptable),
        (argon2("id", 12_288, 3, 4), Acceptable),
        (argon2("id", 19_455, 2, 1), Legacy),
        (argon2("id", 19_456, 2, 1), Acceptable),
        (argon2("id", 47_103, 1, 1), Weak),
        (argon2("id", 47_104, 1, 1), Acceptable),
        (argon2("i", 65_536, 3, 1), Legacy),
        (argon2("i", 7167, 9, 1), Weak),
        (argon2("d", 65_536, 3, 1), Legacy),
        (scrypt(8192, 8, 1), Weak),
        (scrypt(8192, 8, 9), Weak),
        (scrypt(8192, 8, 10), Acceptable),
        (scrypt(16_384, 8, 1), Legacy),
        (scrypt(16_384, 8, 5), Acceptable),
        (scrypt(16_384, 7, 5), Weak),
        (scrypt(32_768, 8, 2), Legacy),
        (scrypt(32_768, 8, 3), Acceptable),
        (scrypt(65_536, 8, 1), Legacy),
        (scrypt(65_536, 8, 2), Acceptable),
        (scrypt(131_072, 8, 1), Acceptable),
    ] {
        let (grade, why) = grade_of(&value);
        assert_eq!(grade, expected, "{why}");
    }
    assert_eq!(grade_of("hunter2").0, Grade::Exposed);
    for weak in [
        "8743b52063cd84097a65d1633f5c74f5",
        "57ab8499d08c59a7211c77f557bf9425:4247",
        "$1$38652870$DUjsu4TTlTsOe/xxZ05uf/",
        "{SSHA}FLzWcQqyle6Mo7NvrwXCMAmRzXQxNjYxMTYzNw==",
        "md50a245ea64f49f9aa79fa9c79bbd95c8d",
    ] {
        assert_eq!(grade_of(weak).0, Weak, "{weak}");
    }
}

#[test]
fn descriptions_name_the_scheme_with_its_parameters() {
    for (value, expected) in [
        ("$2a$05$MBCzKhG1KhezLh.0LRa0Kuw12nLJtpHy6DIaU.JAnqJUDYspHC.Ou", "bcrypt cost 5"),
        (
            "$argon2id$v=19$m=65536,t=3,p=1$FBMjI4RJBhIykCgol1KEJA$2ky5GAdhT1kH4kIgPN/oERE3Taiy43vNN70a3HpiKQU",
            "argon2id m=65536 t=3 p=1",
        ),
        (
            "pbkdf2_sha256$10000$1135411628$bFYX62rfJobJ07VwrUMXfuffLfj2RDM2G6/BrTrUWkE=",
            "pbkdf2-sha256 10000 iterations",
        ),
        ("$P$946647711V1klyitUYhtB8Yw5DMA/w.", "phpass cost 11"),
        ("$5$7777657035274252$XftMj84MW.New1/ViLY5V4CM4Y7EBvfETaZsCW9vcJ8", "sha256crypt 5000 rounds"),
        ("57ab8499d08c59a7211c77f557bf9425:4247", "md5(salt.pass)"),
        ("8743b52063cd84097a65d1633f5c74f5", "unsalted-md5"),
    ] {
        let form = recognise(value.as_bytes());
        assert_eq!(explain(form, false)[0].describe(form), expected);
    }
}

/// Values whose parameters ask for years, petabytes or nothing at all.
const HOSTILE: [&str; 18] = [
    "$2y$31$abcdefghijklmnopqrstuue7WioG73cE72MdmPnBltkHfQZI9xMsG",
    "$2y$99$abcdefghijklmnopqrstuue7WioG73cE72MdmPnBltkHfQZI9xMsG",
    "$2y$00$abcdefghijklmnopqrstuue7WioG73cE72MdmPnBltkHfQZI9xMsG",
    "$argon2id$v=19$m=4294967295,t=1,p=1$AQIDBAUGBwgJCgsMDQ4PEA$CiEQ9rL+Go1X9RAh0Pnem0aZMAS3saVDYMEQxRGxNpU",
    "$argon2id$v=19$m=8,t=4294967295,p=1$AQIDBAUGBwgJCgsMDQ4PEA$CiEQ9rL+Go1X9RAh0Pnem0aZMAS3saVDYMEQxRGxNpU",
    "$argon2id$v=19$m=8,t=999999999999999999,p=999999999999999999$AQIDBAUGBwgJCgsMDQ4PEA$CiEQ9rL+Go1X9RAh0Pnem0aZMAS3saVDYMEQxRGxNpU",
    "$argon2id$v=19$m=0,t=0,p=0$AQIDBAUGBwgJCgsMDQ4PEA$CiEQ9rL+Go1X9RAh0Pnem0aZMAS3saVDYMEQxRGxNpU",
    "$argon2id$v=19$m=64,t=1,p=16777216$AQIDBAUGBwgJCgsMDQ4PEA$CiEQ9rL+Go1X9RAh0Pnem0aZMAS3saVDYMEQxRGxNpU",
    "$scrypt$ln=62,r=8,p=1$AQIDBAUGBwgJCgsMDQ4PEA$CiEQ9rL+Go1X9RAh0Pnem0aZMAS3saVDYMEQxRGxNpU",
    "scrypt:1024:4294967295:4294967295$s$9ddd2e819ff76dfc8978fdbeb2a13332f4d9e67c",
    "scrypt:2:1:1073741824$s$9ddd2e819ff76dfc8978fdbeb2a13332f4d9e67c",
    "scrypt:0:0:0$s$9ddd2e819ff76dfc8978fdbeb2a13332f4d9e67c",
    "scrypt:1000:8:1$s$9ddd2e819ff76dfc8978fdbeb2a13332f4d9e67c",
    "pbkdf2_sha256$999999999999999999$s$QXt3HtAHvnxZ7a3tfkJ0bT9Ll0y7rSmV2o8M++XL6Ag=",
    "pbkdf2_sha256$0$s$QXt3HtAHvnxZ7a3tfkJ0bT9Ll0y7rSmV2o8M++XL6Ag=",
    "$6$rounds=999999999999$72820166$U4DVzpcYxgw7MVVDGGvB2/H5lRistD5.Ah4upwENR5UtffLR4X4SxSzfREv8z6wVl0jRFX40/KnYVvK4829kD1",
    "$S$SC20340258nzjDWpoQthrdNTR02f0pmev0K/5/Nx80WSkOQcPEQRh",
    "SCRAM-SHA-256$999999999999:AQIDBAUGBwgJCgsMDQ4PEA==$wciSC3LWR41jWvZiPXPHI9reo1UPlRoqCP01V6546ms=:GHJQVzuRSNu7k2iOkHbxtU2FrJ0vH03jx9tuVUwDG9E=",
];

#[test]
fn no_stored_parameter_can_stall_or_exhaust_an_audit() {
    let start = Instant::now();
    for value in HOSTILE {
        for scheme in schemes::ALL.iter() {
            let stored = Stored::new(value.as_bytes());
            assert_ne!(scheme.verify(&stored, b"hunter2"), Ok(true), "{}", scheme.name());
        }
    }
    assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
    let refused = |value: &str, name: &str| scheme(name).verify(&Stored::new(value.as_bytes()), b"x");
    assert_eq!(refused(HOSTILE[0], "bcrypt"), Err(Unverifiable::TooCostly));
    assert_eq!(refused(HOSTILE[3], "argon2id"), Err(Unverifiable::TooCostly));
    assert_eq!(refused(HOSTILE[8], "scrypt"), Err(Unverifiable::TooCostly));
    assert_eq!(refused(HOSTILE[13], "pbkdf2-sha256"), Err(Unverifiable::TooCostly));
    assert_eq!(refused(HOSTILE[15], "sha512crypt"), Err(Unverifiable::TooCostly));
    assert_eq!(refused(HOSTILE[17], "scram-sha-256"), Err(Unverifiable::TooCostly));
    for vector in vectors().filter(|v| scheme(v.scheme).protection() == Protection::PasswordHash) {
        let long = vec![b'a'; 1 << 20];
        let answer = scheme(vector.scheme).verify(&vector.stored(), &long);
        assert_eq!(answer, Err(Unverifiable::TooCostly), "{}", vector.scheme);
    }
}

#[test]
fn what_says_that_it_is_too_costly_is_not_also_said_to_be_cheap() {
    for value in HOSTILE {
        let stored = Stored::new(value.as_bytes());
        for scheme in explain(stored.form, false) {
            if scheme.verify(&stored, b"x") == Err(Unverifiable::TooCostly) && !value.contains("m=4294967295") {
                assert!(scheme.work(stored.form) > MAX_WORK, "{}", scheme.describe(stored.form));
            }
        }
    }
}

#[test]
fn every_reason_has_the_tier_of_the_built_in_policy() {
    let policy = Policy::builtin();
    assert_eq!(policy.breached_often_from, 1000);
    for (reason, tier) in [
        (Reason::Plaintext, Tier::T0),
        (Reason::Reversible, Tier::T0),
        (Reason::EmptyPassword, Tier::T0),
        (Reason::DefaultCredential, Tier::T0),
        (Reason::UnsaltedFastHash, Tier::T1),
        (Reason::WeakScheme, Tier::T2),
        (Reason::LegacyScheme, Tier::T3),
        (Reason::CommonPassword, Tier::T1),
        (Reason::BreachedOften, Tier::T1),
        (Reason::Breached, Tier::T2),
        (Reason::PasswordIsLogin, Tier::T1),
        (Reason::PasswordIsEmail, Tier::T1),
        (Reason::SharedPassword, Tier::T2),
        (Reason::SharedWithPrivileged, Tier::T1),
        (Reason::InactiveAccount, Tier::T4),
        (Reason::NotUnderstood, Tier::Unknown),
        (Reason::NotAnswered, Tier::Unknown),
        (Reason::NoCredential, Tier::None),
        (Reason::Locked, Tier::None),
        (Reason::Privileged, Tier::None),
    ] {
        assert_eq!(policy.tier(reason), tier, "{}", reason.name());
    }
}

#[test]
fn a_policy_with_a_gap_or_a_stray_line_is_refused_by_name() {
    let text = include_str!("../../patterns/policy.toml");
    let refusal = |from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        Policy::parse(&text.replace(from, to)).expect_err("refused").to_string()
    };
    assert!(refusal("reversible = ", "reversable = ").contains("reversible"));
    assert!(refusal("locked = \"none\"", "locked = \"never\"").contains("locked"));
    assert!(refusal("[tiers]", "[tiers]\nprose = \"T0\"").contains("prose"));
    assert!(refusal("weak_below = 13", "weak_under = 13").contains("weak_under"));
    assert!(refusal("grade = \"exposed\"", "grade = \"fine\"").contains("fine"));
}

/// A form without its slow parameters, so that random verification stays quick.
fn is_quick(scheme: &dyn Scheme, form: Form) -> bool {
    let work = scheme.work(form);
    !(20_000_000..=MAX_WORK).contains(&work)
}

fn mangled() -> impl Strategy<Value = Vec<u8>> {
    let values: Vec<&'static [u8]> = vectors().map(|v| v.value).chain(HOSTILE.iter().map(|v| v.as_bytes())).collect();
    let value = proptest::sample::select(values);
    (value, any::<proptest::sample::Index>(), any::<proptest::sample::Index>(), any::<u8>(), 0..4_u8).prop_map(
        |(value, at, to, byte, how)| {
            let mut value = value.to_vec();
            let (at, to) = (at.index(value.len()), to.index(value.len()));
            match how {
                0 => value[at] = byte,
                1 => value.truncate(at),
                2 => value.swap(at, to),
                _ => value.insert(at, byte % 10 + b'0'),
            }
            value
        },
    )
}

fn survives(value: &[u8], candidate: &[u8], salt: Option<&[u8]>) {
    let stored = Stored::new(value).with_salt(salt).with_login(salt);
    let policy = Policy::builtin();
    schemes::is_empty_password(value, stored.form);
    for scheme in schemes::ALL.iter().filter(|scheme| is_quick(**scheme, stored.form)) {
        let own = explain(stored.form, true).iter().any(|s| s.name() == scheme.name());
        if own {
            let _ = scheme.verify(&stored, candidate);
        }
        let _ = (
            scheme.describe(stored.form),
            scheme.grade(stored.form, &policy),
            scheme.asks().iter().filter(|kind| scheme.digest(&stored, **kind).is_some()).count(),
        );
        let _ = (scheme.raw_digest(&stored, &mut [0; 64]), scheme.salts(&stored), scheme.password(&stored));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    #[test]
    fn any_bytes_have_a_form_and_survive_every_question(
        value in proptest::collection::vec(any::<u8>(), 0..200),
        candidate in proptest::collection::vec(any::<u8>(), 0..100),
    ) {
        survives(&value, &candidate, Some(&candidate));
    }

    #[test]
    fn mangled_vectors_survive_every_question(value in mangled(), candidate in proptest::collection::vec(any::<u8>(), 0..80)) {
        survives(&value, &candidate, None);
    }

    #[test]
    fn a_hash_made_of_any_password_is_opened_by_it(
        password in proptest::collection::vec(any::<u8>(), 0..100),
        salt in "[!-9;-~]{1,20}",
    ) {
        use md5::Digest as _;
        let digest = hex::encode(md5::Md5::new().chain_update(&password).chain_update(&salt).finalize());
        let value = format!("{digest}:{salt}");
        let stored = Stored::new(value.as_bytes());
        prop_assert_eq!(stored.form.def.name, "hex32:salt");
        prop_assert_eq!(scheme("md5(pass.salt)").verify(&stored, &password), Ok(true));
    }
}

/// Nanoseconds of one recognition; run with `--ignored --nocapture`.
#[test]
#[ignore = "a measurement"]
fn time_of_recognition() {
    for value in [
        "8743b52063cd84097a65d1633f5c74f5",
        "b89eaac7e61417341b710b727768294d0e6a277b",
        "$2a$05$MBCzKhG1KhezLh.0LRa0Kuw12nLJtpHy6DIaU.JAnqJUDYspHC.Ou",
        "hunter2",
        "sunshine1",
        "jane.doe@example.org",
        "6f1c1d3e-8a47-4c2b-9d55-0b6c1f6f2a10",
        "57ab8499d08c59a7211c77f557bf9425:4247",
        "{SSHA}FLzWcQqyle6Mo7NvrwXCMAmRzXQxNjYxMTYzNw==",
        "pbkdf2_sha256$10000$1135411628$bFYX62rfJobJ07VwrUMXfuffLfj2RDM2G6/BrTrUWkE=",
        "A longer piece of text, such as a comment that somebody wrote into a form and that nobody reads.",
    ] {
        // The best of many short batches: what other programs do on the machine shows in the others.
        let (batches, rounds) = (200, 10_000_u32);
        let best = (0..batches)
            .map(|_| {
                let start = Instant::now();
                for _ in 0..rounds {
                    std::hint::black_box(recognise(std::hint::black_box(value.as_bytes())));
                }
                start.elapsed()
            })
            .min()
            .expect("there are batches");
        println!("{:>7.1} ns  {}", best.as_nanos() as f64 / f64::from(rounds), form_name(value));
    }
}

/// Measured against claimed work of one verification; run with `--ignored --nocapture`.
#[test]
#[ignore = "a measurement"]
fn time_of_verification() {
    for vector in vectors() {
        let (scheme, stored) = (scheme(vector.scheme), vector.stored());
        let claimed = scheme.work(stored.form);
        let rounds = (200_000_000 / claimed).clamp(1, 200_000);
        let start = Instant::now();
        for _ in 0..rounds {
            let _ = std::hint::black_box(scheme.verify(&stored, std::hint::black_box(vector.password)));
        }
        let measured = start.elapsed().as_nanos() as f64 / rounds as f64;
        println!("{:>6.2} {measured:>12.0} ns {}", measured / claimed as f64, scheme.describe(stored.form));
    }
}
