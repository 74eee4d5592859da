//! Tables whose column of passwords says nothing but its shape: neutral names, 500 accounts, one construction, and salts
//! in the value or in a column beside it. What must be found out is how the digests were made.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use credaudit::guess::common;
use credaudit::model::Salts;
use credaudit::schemes::{self, Scheme};

/// Accounts of a table.
pub(crate) const ROWS: usize = 500;

/// `SplitMix64`.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    fn text(&mut self, alphabet: &[u8], len: usize) -> String {
        (0..len).map(|_| char::from(alphabet[self.below(alphabet.len())])).collect()
    }
}

/// The secret of a site that joins one to its passwords.
pub(crate) const PEPPER: &str = "made-up site secret 41";

/// How a column is written.
#[derive(Clone, Copy)]
pub(crate) enum Writing {
    Hex,
    Base64,
}

/// Constructions that nothing but the shape of their values speaks for, and how those are written.
pub(crate) const SHAPE_ONLY: [(&str, Writing); 68] = {
    use Writing::{Base64, Hex};
    [
        ("mysql323", Hex),
        ("half-md5", Hex),
        ("unsalted-md5", Hex),
        ("ntlm", Hex),
        ("md5(md5(pass))", Hex),
        ("unsalted-md4", Hex),
        ("md5(utf16le(pass))", Hex),
        ("md5(upper(md5(pass)))", Hex),
        ("md5(md5(md5(pass)))", Hex),
        ("md5(sha1(pass))", Hex),
        ("unsalted-sha1", Base64),
        ("mysql41", Hex),
        ("sha1(sha1(pass))", Hex),
        ("sha1(md5(pass))", Hex),
        ("sha1(utf16le(pass))", Base64),
        ("unsalted-ripemd160", Hex),
        ("unsalted-sha224", Hex),
        ("unsalted-sha3-224", Hex),
        ("unsalted-keccak224", Hex),
        ("unsalted-sha256", Base64),
        ("unsalted-sha3-256", Hex),
        ("unsalted-keccak256", Hex),
        ("unsalted-blake2s", Hex),
        ("unsalted-sm3", Hex),
        ("unsalted-streebog256", Hex),
        ("sha256(md5(pass))", Hex),
        ("unsalted-sha384", Hex),
        ("unsalted-sha3-384", Hex),
        ("unsalted-sha512", Hex),
        ("unsalted-whirlpool", Hex),
        ("unsalted-sha3-512", Hex),
        ("unsalted-blake2b", Hex),
        ("md5(salt.pass)", Hex),
        ("md5(pass.salt)", Hex),
        ("md5(md5(pass).salt)", Hex),
        ("md5(salt.md5(pass))", Hex),
        ("md5(md5(salt).md5(pass))", Hex),
        ("md5(salt.pass.salt)", Hex),
        ("hmac-md5(key=salt)", Hex),
        ("md5(md5(pass).md5(salt))", Hex),
        ("md5(utf16le(pass).salt)", Hex),
        ("md5(md5(pass.salt))", Hex),
        ("md5(salt.md5(salt.pass))", Hex),
        ("md5(sha1(salt).md5(pass))", Hex),
        ("md5(salt1.upper(md5(salt2.pass)))", Hex),
        ("sha1(salt.pass)", Hex),
        ("sha1(pass.salt)", Hex),
        ("sha1(salt.sha1(pass))", Hex),
        ("sha1(sha1(pass).salt)", Hex),
        ("sha1(salt.sha1(salt.sha1(pass)))", Hex),
        ("hmac-sha1(key=salt)", Hex),
        ("hmac-sha1(key=pass)", Hex),
        ("sha1(salt.utf16le(pass))", Hex),
        ("sha1(md5(pass).salt)", Hex),
        ("restful-authentication-1", Hex),
        ("sha1(salt1.pass.salt2)", Hex),
        ("sha1(lower(login).pass)", Hex),
        ("aspnet-membership-sha1", Base64),
        ("sha256(salt.pass)", Hex),
        ("sha256(pass.salt)", Hex),
        ("sha256(sha256(pass).salt)", Hex),
        ("hmac-sha256(key=salt)", Hex),
        ("sha256(salt.utf16le(pass))", Hex),
        ("sha384(salt.pass)", Hex),
        ("sha512(salt.pass)", Hex),
        ("sha512(pass.salt)", Hex),
        ("hmac-sha512(key=salt)", Hex),
        ("whirlpool(salt.pass.salt)", Hex),
    ]
};

/// One account.
struct Account {
    login: String,
    password: String,
    salt: String,
    salt2: String,
}

/// What products draw salts from.
fn salt(dice: &mut Dice, kind: usize) -> String {
    const ALNUM: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    match kind {
        0 => dice.text(b"0123456789abcdef", 32),
        1 => dice.text(ALNUM, 8),
        2 => dice.text(b"abcdefghijklmnopqrstuvwxyz0123456789", 5),
        3 => dice.text(ALNUM, 16),
        4 => dice.text(ALNUM, 30),
        _ => dice.text(b"!#%&()*+,-./<=>?@[]^_{|}~ABCDEFabcdef0123456789", 10),
    }
}

/// Passwords as people choose them: one in ten is common, and the commoner the likelier (Zipf); the others are a word of
/// syllables with a number or a sign.
fn password(dice: &mut Dice) -> String {
    if dice.below(10) == 0 {
        let list = common();
        let share = dice.below(1 << 20) as f64 / f64::from(1 << 20);
        #[allow(clippy::cast_sign_loss)] // A power of a positive number.
        let rank = (list.len() as f64).powf(share) as usize;
        return String::from_utf8_lossy(list.word(rank.clamp(1, list.len()) - 1)).into_owned();
    }
    let mut word = String::new();
    for _ in 0..3 + dice.below(2) {
        word.push(char::from(b"bdfgklmnprstvz"[dice.below(14)]));
        word.push(char::from(b"aeiou"[dice.below(5)]));
    }
    write!(word, "{}{}", dice.below(10_000), ["", "!", ".", "x"][dice.below(4)]).expect("a String takes all");
    word
}

fn accounts(dice: &mut Dice) -> Vec<Account> {
    let kind = dice.below(6);
    (0..ROWS)
        .map(|row| Account {
            login: format!("{}{}", dice.text(b"abcdefghijklmnoprstuvw", 6), row),
            password: password(dice),
            salt: salt(dice, kind),
            salt2: salt(dice, 1),
        })
        .collect()
}

/// A value of the construction, its salts beside it.
fn value(scheme: &dyn Scheme, account: &Account, salt: &[u8], writing: Writing) -> String {
    let formula = scheme.formula().expect("a construction");
    let uses = formula.uses();
    let given = |uses: bool, text: &[u8]| if uses { text.to_vec().into() } else { Vec::new().into() };
    let salts = Salts {
        salt: given(uses.salt, salt),
        salt2: given(uses.salt2, account.salt2.as_bytes()),
        login: given(uses.login, account.login.as_bytes()),
        pepper: given(uses.pepper, PEPPER.as_bytes()),
        ..Salts::NONE
    };
    let mut digest = [0; 64];
    let len = formula.evaluate(account.password.as_bytes(), &salts, &mut digest);
    match writing {
        Writing::Hex => hex::encode(&digest[..len]),
        Writing::Base64 => STANDARD.encode(&digest[..len]),
    }
}

/// A table as CSV under one construction or several: row `n` is made by the `n`-th of `names`, over and over. The column
/// `c3` holds the values.
pub(crate) fn table(names: &[(&str, Writing)], seed: u64) -> String {
    let mut dice = Dice(seed);
    let accounts = accounts(&mut dice);
    let schemes: Vec<(&dyn Scheme, Writing)> = names
        .iter()
        .map(|(name, writing)| (schemes::by_name(name).unwrap_or_else(|| panic!("no scheme {name}")), *writing))
        .collect();
    let uses = |scheme: &dyn Scheme| scheme.formula().expect("a construction").uses();
    let decoded = names.iter().any(|(name, _)| name.starts_with("aspnet"));
    // Either place, by the seed; a salt that is not text cannot stand behind a colon.
    let inside = seed.is_multiple_of(2) && !decoded;
    let upper = seed.is_multiple_of(3) && names.iter().all(|(_, writing)| matches!(writing, Writing::Hex));
    let (salted, twice) = (schemes.iter().any(|(s, _)| uses(*s).salt), schemes.iter().any(|(s, _)| uses(*s).salt2));
    let mut text = String::from("c1,c2,c3");
    text.push_str(if salted && !inside { ",c4" } else { "" });
    text.push_str(if twice && !inside { ",c5" } else { "" });
    text.push_str(",c6\n");
    for (row, account) in accounts.iter().enumerate() {
        let (scheme, writing) = schemes[row % schemes.len()];
        let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
        let salt =
            if decoded { STANDARD.encode(&hex::encode(&account.salt).as_bytes()[..16]) } else { account.salt.clone() };
        let mut cell = value(scheme, account, salt.as_bytes(), writing);
        if upper {
            cell.make_ascii_uppercase();
        }
        if inside && uses(scheme).salt {
            write!(cell, ":{salt}").expect("a String takes all");
        }
        if inside && uses(scheme).salt2 {
            write!(cell, ":{}", account.salt2).expect("a String takes all");
        }
        write!(text, "{},{},{}", row + 1, account.login, quoted(&cell)).expect("a String takes all");
        if salted && !inside {
            write!(text, ",{}", if uses(scheme).salt { quoted(&salt) } else { String::new() }).expect("so does this");
        }
        if twice && !inside {
            write!(text, ",{}", account.salt2).expect("and this");
        }
        writeln!(text, ",2026-{:02}-{:02}", 1 + row % 12, 1 + row % 28).expect("and this");
    }
    text
}

/// What a report says of the column `c3`: scheme, evidence and rows, the first first.
pub(crate) fn said(report: &serde_json::Value) -> Vec<(String, String, u64)> {
    let columns = report["tables"][0]["columns"].as_array().cloned().unwrap_or_default();
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    columns
        .iter()
        .filter(|column| column["name"] == "c3" && column["role"] == "credential")
        .map(|column| (text(&column["scheme"]), text(&column["evidence"]), column["rows"].as_u64().unwrap_or(0)))
        .collect()
}
