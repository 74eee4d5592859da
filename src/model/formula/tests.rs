//! The language, and what its expressions give.

use proptest::prelude::*;

use super::expression::{Case, Coded, Input, Node, Part, Piece, Shown, Times, Wide};
use super::*;

fn given(salt: &'static str) -> Salts<'static> {
    Salts::of(salt.as_bytes())
}

fn hexed(formula: Formula, candidate: &str, salt: &'static str) -> String {
    let mut out = [0; MAX_DIGEST];
    let len = formula.evaluate(candidate.as_bytes(), &given(salt), &mut out);
    hex::encode(&out[..len])
}

/// What `text` makes of `hashcat`, in hexadecimal.
fn said(text: &str, salts: &Salts<'_>) -> String {
    let mut out = [0; MAX_DIGEST];
    let formula = Formula::parse(text).unwrap_or_else(|e| panic!("{text}: {e}"));
    let len = formula.evaluate(b"hashcat", salts, &mut out);
    hex::encode(&out[..len])
}

#[test]
fn digests_are_those_the_standards_publish() {
    use Algorithm::{Md5, Ntlm, Sha1, Sha256, Sha512};
    // RFC 1321 A.5, FIPS 180-4 examples, and the NT hash of "password" that every tool documents.
    assert_eq!(hexed(Formula::Plain(Md5), "abc", "ignored"), "900150983cd24fb0d6963f7d28e17f72");
    assert_eq!(hexed(Formula::Plain(Sha1), "abc", ""), "a9993e364706816aba3e25717850c26c9cd0d89d");
    assert_eq!(
        hexed(Formula::Plain(Sha256), "abc", ""),
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    );
    assert!(hexed(Formula::Plain(Sha512), "abc", "").starts_with("ddaf35a193617abacc417349ae204131"));
    assert_eq!(hexed(Formula::Plain(Ntlm), "password", ""), "8846f7eaee8fb117ad06bdd830b7586c");
    // RFC 2202, test case 2 of HMAC-MD5 and of HMAC-SHA-1.
    let text = "what do ya want for nothing?";
    assert_eq!(hexed(Formula::HmacKeySalt(Md5), text, "Jefe"), "750c783e6ab0b503eaa86e310a5db738");
    assert_eq!(hexed(Formula::HmacKeyPass(Sha1), "Jefe", text), "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
    // MySQL's documented PASSWORD('password'), without the star.
    assert_eq!(hexed(Formula::TwiceRaw(Sha1), "password", ""), "2470c0c06dee42fd1618bb99005adca2ec9d1e19");
}

#[test]
fn keys_longer_than_a_block_are_hashed_first() {
    // RFC 2202, test case 6: a key of 80 bytes.
    let key = "\u{2a}".repeat(80).replace('*', "\u{7f}");
    let text = "Test Using Larger Than Block-Size Key - Hash Key First";
    let salts = Salts::of(vec![0xaa; 80]);
    let mut out = [0; MAX_DIGEST];
    let len = Formula::HmacKeySalt(Algorithm::Md5).evaluate(text.as_bytes(), &salts, &mut out);
    assert_eq!(hex::encode(&out[..len]), "6b1ab7fe4bd7bf8f0b62e6ce61b9d0cd");
    assert_eq!(key.len(), 80);
}

#[test]
fn nested_formulas_are_made_of_lower_case_hex() {
    let plain = |text: &str| hexed(Formula::Plain(Algorithm::Md5), text, "");
    let (p, s) = (plain("hunter2"), plain("salty"));
    let of = |formula: fn(Algorithm) -> Formula| hexed(formula(Algorithm::Md5), "hunter2", "salty");
    assert_eq!(of(Formula::TwiceHex), plain(&p));
    assert_eq!(of(Formula::HexPassSalt), plain(&format!("{p}salty")));
    assert_eq!(of(Formula::SaltHexPass), plain(&format!("salty{p}")));
    assert_eq!(of(Formula::HexSaltHexPass), plain(&format!("{s}{p}")));
    assert_eq!(of(Formula::SaltPassSalt), plain("saltyhunter2salty"));
}

#[test]
fn an_nt_hash_takes_text_beyond_ascii_and_bytes_that_are_no_text() {
    assert_eq!(utf16le("aé€😀".as_bytes()), [0x61, 0, 0xe9, 0, 0xac, 0x20, 0x3d, 0xd8, 0x00, 0xde]);
    assert_eq!(utf16le(&[0x61, 0xe9]), [0x61, 0, 0xe9, 0]);
}

#[test]
fn the_words_of_the_language_do_what_they_say() {
    let plain = |text: &[u8]| {
        let mut out = [0; MAX_DIGEST];
        let len = digest_of(Algorithm::Md5, &[text], &mut out);
        hex::encode(&out[..len])
    };
    let salts = Salts { salt2: b"two".into(), login: b"Ann".into(), ..Salts::of(b"c2FsdA==".as_slice()) };
    for (text, message) in [
        ("md5(upper(login) . \":\" . lower(login))", b"ANN:ann".as_slice()),
        ("md5(utf16be(login))", b"\0A\0n\0n"),
        ("md5(utf16le(upper(login)) . salt2)", b"A\0N\0N\0two"),
        ("md5(unbase64(salt))", b"salt"),
        ("md5(fill(10, unbase64(salt)))", b"saltsaltsa"),
        ("md5(fill(2, salt2))", b"tw"),
        ("md5(\"\\\"\\\\\\x00\\xff\" . pass)", b"\"\\\0\xffhashcat"),
        ("md5(base64(md5(pass)))", b"h0O1IGPNhAl6ZdFjP1x09Q=="),
        ("md5(upper(md5(pass)))", b"8743B52063CD84097A65D1633F5C74F5"),
        ("md5(utf16le(md5(pass)[0..2]))", b"8\x007\x004\x003\0"),
        ("md5(raw: md5(pass)[0..2])", b"\x87\x43"),
    ] {
        assert_eq!(said(text, &salts), plain(message), "{text}");
    }
    assert_eq!(said("md5(pass)[0..8]", &salts), "8743b52063cd8409");
    assert_eq!(said("md5(pass)[4..12]", &salts), "63cd84097a65d163");
    // Text written in hexadecimal, as UTF-16: umlauts are one unit each, and what is too long is none.
    let coded = Salts { salt: b"c3a4c3b6"[..].into(), ..Salts::NONE };
    let plain = Salts { salt: "äö".as_bytes().into(), ..Salts::NONE };
    assert_eq!(said("md5(utf16le(unhex(salt)))", &coded), said("md5(utf16le(salt))", &plain));
    let long = Salts { salt: b"61".repeat(257).into(), ..Salts::NONE };
    assert_eq!(said("md5(utf16le(unhex(salt)))", &long), "");
    // What is no hexadecimal gives no digest, and opens nothing.
    assert_eq!(said("md5(unhex(login) . pass)", &salts), "");
    assert_eq!(said("md5(unbase64(login) . pass)", &salts), "");
}

#[test]
fn repetitions_go_on_from_the_last_round() {
    let once = said("sha1(salt . \"-\" . pass)", &given("s"));
    let salts = Salts::of(once.clone().into_bytes());
    let twice = said("sha1(salt . \"-\" . pass)", &salts);
    assert_eq!(said("2 * sha1(prev . \"-\" . pass) from salt", &given("s")), twice);
    let from_nothing = said("2 * md5(raw: prev . pass)", &Salts::NONE);
    assert_eq!(from_nothing, said("md5(raw: md5(pass) . pass)", &Salts::NONE));
}

#[test]
fn a_shape_is_found_however_it_is_written() {
    for (text, formula) in [
        ("md5(pass)", Formula::Plain(Algorithm::Md5)),
        (" md5 ( md5( pass ) ) ", Formula::TwiceHex(Algorithm::Md5)),
        ("sha1(raw: sha1(pass))", Formula::TwiceRaw(Algorithm::Sha1)),
        ("sha512(salt.pass)", Formula::SaltPass(Algorithm::Sha512)),
        ("whirlpool(pass . salt)", Formula::PassSalt(Algorithm::Whirlpool)),
        ("ntlm(pass)", Formula::Plain(Algorithm::Ntlm)),
        ("md4(utf16le(pass))", Formula::Plain(Algorithm::Ntlm)),
        ("hmac_sha256(key=salt, pass)", Formula::HmacKeySalt(Algorithm::Sha256)),
        ("hmac_sha256(key=pass, salt)", Formula::HmacKeyPass(Algorithm::Sha256)),
        ("md5(md5(salt) . md5(pass))", Formula::HexSaltHexPass(Algorithm::Md5)),
    ] {
        assert_eq!(Formula::parse(text), Ok(formula), "{text}");
        assert_eq!(Formula::parse(&formula.to_string()), Ok(formula), "{formula}");
    }
    for text in ["md5(pass)[0..8]", "md5(sha1(pass))", "md5(md5(pass) . md5(salt))", "md5(upper(pass))"] {
        let formula = Formula::parse(text).unwrap();
        assert!(matches!(formula, Formula::Composed(_)), "{text}");
        assert_eq!(Formula::parse(text), Ok(formula), "the same expression is the same formula");
    }
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    for (text, at, why) in [
        ("", 0, "expected an input"),
        ("pass", 0, "a formula is a digest"),
        ("raw: md5(pass)", 0, "a formula is a digest"),
        ("md6(pass)", 0, "unknown word `md6`"),
        ("md5(passs)", 4, "unknown word `passs`"),
        ("md5(pass", 8, "expected `)`, found the end"),
        ("md5(pass) x", 10, "expected the end"),
        ("md5(raw: pass)", 8, "`raw` takes a digest"),
        ("md5(base64(salt))", 11, "`base64` takes a digest"),
        ("md5(upper(raw: md5(pass)))", 4, "raw bytes"),
        ("md5(lower(md5(pass)))", 4, "no use on a digest"),
        ("md5(utf16le(utf16le(pass)))", 4, "UTF-16 already"),
        ("md5(upper(lower(pass)))", 4, "changed already"),
        ("md5(upper(unhex(salt)))", 4, "raw bytes"),
        ("md5(utf16le(fill(64, salt)))", 4, "raw bytes"),
        ("md5(unhex(md5(pass)))", 10, "takes an input as it comes"),
        ("md5(fill(0, salt))", 10, "makes 1 to 144"),
        ("md5(prev . pass)", 4, "needs a repetition"),
        ("5 * md5(pass)", 13, "no use without `prev`"),
        ("1 * md5(prev)", 1, "2 to 10000 times"),
        ("99999999 * md5(prev)", 8, "2 to 10000 times"),
        ("md5(\"\")", 6, "empty constant"),
        ("md5(\"a)", 7, "last quote"),
        ("md5(\"\\n\")", 6, "after a backslash"),
        ("md5(pass)[8..4]", 14, "no part of a digest of 16 bytes"),
        ("md5(pass)[0..17]", 15, "no part of a digest of 16 bytes"),
        ("hmac_md5(salt, pass)", 9, "expected `key`"),
        ("hmac_mysql323(key=salt, pass)", 0, "no HMAC with mysql323"),
        ("é", 0, "expected an input"),
    ] {
        let error = Expression::parse(text).unwrap_err();
        assert!(error.why.contains(why), "{text}: {error}");
        assert_eq!(error.at, at, "{text}: {error}");
    }
    let deep = "md5(".repeat(1000);
    assert!(Expression::parse(&deep).unwrap_err().why.contains("deep"));
}

fn input() -> impl Strategy<Value = Input> {
    prop_oneof![
        4 => prop::sample::select(Input::WORDS.map(|(_, input)| input).to_vec()),
        1 => prop::collection::vec(any::<u8>(), 1..6).prop_map(|bytes| Input::Constant(bytes.into())),
    ]
}

fn piece() -> impl Strategy<Value = Part> {
    let case = prop::sample::select(vec![Case::AsIs, Case::Upper, Case::Lower]);
    let wide = prop::sample::select(vec![Wide::No, Wide::LittleEndian, Wide::BigEndian]);
    let coded = prop::sample::select(vec![Coded::No, Coded::Hex, Coded::Base64]);
    let text = (input(), case, wide).prop_map(|(input, case, wide)| Piece { case, wide, ..Piece::plain(input) });
    let inputs = prop::sample::select(Input::WORDS.map(|(_, input)| input).to_vec());
    let bytes = (inputs, coded, prop::option::of(1..=144u16)).prop_map(|(input, coded, fill)| Piece {
        coded,
        fill,
        ..Piece::plain(input)
    });
    prop_oneof![3 => text, 1 => bytes].prop_map(Part::Piece)
}

fn shown() -> impl Strategy<Value = (Shown, bool)> {
    let shown = vec![Shown::Raw, Shown::Hex, Shown::UpperHex, Shown::Base64];
    (prop::sample::select(shown), any::<bool>()).prop_map(|(shown, wide)| (shown, wide && shown != Shown::Raw))
}

fn node(part: impl Strategy<Value = Part> + Clone + 'static) -> impl Strategy<Value = Node> {
    let parts = prop::collection::vec(part.clone(), 1..4);
    let key = prop::option::weighted(0.2, prop::collection::vec(part, 1..3));
    (prop::sample::select(Algorithm::ALL.to_vec()), key, parts, prop::option::of((0..7u8, 1..8u8))).prop_map(
        |(algorithm, key, parts, cut)| Node {
            algorithm,
            key: key.filter(|_| algorithm != Algorithm::Mysql323),
            parts,
            cut: cut.map(|(from, len)| (from, (from + len).min(8))).filter(|cut| *cut != (0, 8)),
        },
    )
}

fn part() -> impl Strategy<Value = Part> + Clone {
    piece().boxed().prop_recursive(3, 12, 3, |inner| {
        (node(inner), shown()).prop_map(|(node, (shown, wide))| Part::Digest { node, shown, wide })
    })
}

fn expression() -> impl Strategy<Value = Expression> {
    let times = prop::option::weighted(0.3, (2..=10_000u32, prop::collection::vec(part(), 0..2), shown()));
    (node(part()), times).prop_map(|(mut node, times)| {
        let times = times.map(|(count, from, (shown, wide))| {
            node.parts.push(Part::Previous { shown, wide });
            Times { count, from }
        });
        Expression { times, node }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn what_is_printed_parses_to_the_same_and_prints_the_same(expression in expression()) {
        let text = expression.to_string();
        let parsed = Expression::parse(&text);
        prop_assert_eq!(parsed.as_ref(), Ok(&expression), "{}", text);
        prop_assert_eq!(parsed.unwrap().to_string(), text);
    }

    #[test]
    fn a_formula_gives_what_its_expression_gives(
        algorithm in prop::sample::select(Algorithm::ALL.to_vec()),
        pass in prop::collection::vec(any::<u8>(), 0..80),
        salt in prop::collection::vec(any::<u8>(), 0..80),
    ) {
        let shapes: [fn(Algorithm) -> Formula; 11] = [
            Formula::Plain, Formula::TwiceRaw, Formula::TwiceHex, Formula::SaltPass, Formula::PassSalt,
            Formula::SaltPassSalt, Formula::HexPassSalt, Formula::SaltHexPass, Formula::HexSaltHexPass,
            Formula::HmacKeySalt, Formula::HmacKeyPass,
        ];
        let keyed = |shape: &Formula| matches!(shape, Formula::HmacKeySalt(_) | Formula::HmacKeyPass(_));
        let shapes = shapes.iter().map(|make| make(algorithm));
        for formula in shapes.filter(|shape| algorithm != Algorithm::Mysql323 || !keyed(shape)) {
            let salts = Salts::of(&salt[..]);
            let (mut direct, mut through) = ([0; MAX_DIGEST], [0; MAX_DIGEST]);
            let len = formula.evaluate(&pass, &salts, &mut direct);
            prop_assert_eq!(len, formula.digest_len());
            prop_assert_eq!(formula.expression().evaluate(&pass, &salts, &mut through), len);
            prop_assert_eq!(direct, through, "{}", formula);
        }
    }

    #[test]
    fn evaluation_is_total(
        expression in expression().prop_filter("quick", |e| e.times.as_ref().is_none_or(|times| times.count < 20)),
        inputs in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 6),
    ) {
        let of = |at: usize| std::borrow::Cow::Borrowed(&inputs[at][..]);
        let salts = Salts { salt: of(1), salt2: of(2), login: of(3), email: of(4), pepper: of(5) };
        let len = expression.evaluate(&inputs[0], &salts, &mut [0; MAX_DIGEST]);
        prop_assert!(len == 0 || len == expression.node.len());
    }

    #[test]
    fn parsing_is_total(text in "\\PC{0,40}|[md5sha1(). \"\\\\pasltrw:*0-9\\[\\]]{0,40}") {
        let _ = Expression::parse(&text);
    }
}

#[test]
#[ignore = "prints how long each hash takes: cargo test --release algorithm_speeds -- --ignored --nocapture"]
fn algorithm_speeds() {
    for algorithm in Algorithm::ALL {
        let start = std::time::Instant::now();
        let mut out = [0; MAX_DIGEST];
        for number in 0..100_000u32 {
            digest_of(algorithm, &[&number.to_le_bytes(), b"12345678"], &mut out);
            std::hint::black_box(&out);
        }
        println!("{:>12} {:>6} ns", algorithm.name(), start.elapsed().as_nanos() / 100_000);
    }
}
