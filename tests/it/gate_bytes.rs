//! The gate on what is no plain text: UTF-16, strings of programs, keys in DER and in keystores, symbolic links.

use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_ED25519};
use serde_json::Value;

use crate::gate::{Release, password, places, stripe};

fn utf16(text: &str, little: bool) -> Vec<u8> {
    text.encode_utf16().flat_map(|unit| if little { unit.to_le_bytes() } else { unit.to_be_bytes() }).collect()
}

/// The bytes of the file that a finding is about.
fn found(release: &Release, finding: &Value) -> Vec<u8> {
    let bytes = std::fs::read(release.path(finding["path"].as_str().unwrap())).unwrap();
    let number = |name: &str| usize::try_from(finding[name].as_u64().unwrap()).unwrap();
    bytes[number("offset")..number("offset") + number("length")].to_vec()
}

#[test]
fn text_in_utf16_is_searched_and_places_are_those_of_the_file() {
    let release = Release::new(&[]);
    let text = format!("; Schlüssel 🔑\r\n[db]\r\nuser = ägir\r\npassword = {}\r\n", password());
    let plain = format!("colour = blue\r\npassword = {}\r\n", password());
    let marked = |mark: &[u8], text: Vec<u8>| [mark, &text].concat();
    for (name, bytes, secret, line) in [
        ("le.ini", marked(b"\xff\xfe", utf16(&text, true)), utf16(&password(), true), 4),
        ("be.ini", marked(b"\xfe\xff", utf16(&text, false)), utf16(&password(), false), 4),
        ("bare-le.ini", utf16(&plain, true), utf16(&password(), true), 2),
        ("bare-be.ini", utf16(&plain, false), utf16(&password(), false), 2),
        ("utf8.ini", marked(b"\xef\xbb\xbf", text.clone().into_bytes()), password().into_bytes(), 4),
    ] {
        release.write(name, &bytes);
        let output = release.run(&["gate", &format!("in/{name}"), "--format", "json"]);
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(places(&report), [format!("generic-password in/{name}:{line}")]);
        let finding = &report["findings"][0];
        assert_eq!(found(&release, finding), secret, "{name}: {finding}");
        assert_eq!(finding["column"], 12, "{name}");
    }
    // Whatever the encoding, it is the same value: one line of a baseline knows them all.
    let (_, report) = release.gate(&[]);
    let prints: Vec<&Value> = report["findings"].as_array().unwrap().iter().map(|f| &f["fingerprint"]).collect();
    assert!(prints.len() == 5 && prints.iter().all(|print| *print == prints[0]), "{prints:?}");
}

#[test]
fn a_long_text_in_utf16_has_its_places_right_to_the_end() {
    let release = Release::new(&[]);
    let mut text = "\u{feff}".to_owned();
    for n in 0..40_000 {
        text.push_str(&format!("zeile {n} 🔑 ä\r\n"));
        if n % 9_999 == 5 {
            text.push_str(&format!("db_password = {}{n}\r\n", password()));
        }
    }
    release.write("long.ini", &utf16(&text, true));
    let (_, report) = release.gate(&["--block-size", "65536"]);
    let findings = report["findings"].as_array().unwrap();
    assert_eq!(findings.len(), 4, "{}", report["findings"]);
    for finding in findings {
        let secret = String::from_utf16(
            &found(&release, finding).chunks(2).map(|unit| u16::from_le_bytes([unit[0], unit[1]])).collect::<Vec<_>>(),
        )
        .unwrap();
        assert!(secret.starts_with(&password()), "{finding}");
    }
}

#[test]
fn strings_of_a_windows_program_are_searched() {
    let release = Release::new(&[]);
    // The head of a program, then odd and even places, as the linker packs strings.
    let mut program = b"MZ\x90\0\x03\0\0\0".to_vec();
    program.resize(0x3c, 0);
    program.extend(0x80_u32.to_le_bytes());
    program.resize(0x80, 0);
    program.extend(b"PE\0\0\x64\x86");
    program.resize(4096, 0xcc);
    for (n, text) in [
        format!("Server=db.example.org;User Id=app;Password={};Encrypt=true", password()),
        "Please enter your password:".to_owned(),
        format!("key {}", stripe()),
    ]
    .iter()
    .enumerate()
    {
        program.extend(std::iter::repeat_n(1, 11 + n));
        program.extend(utf16(text, true));
        program.extend([0, 0]);
    }
    program.resize(3 << 20, 0);
    program.push(7);
    program.extend(utf16(&format!("admin_password={}2", password()), true));
    release.write("setup.exe", &program);
    let (code, report) = release.gate(&[]);
    let rules: Vec<&str> = report["findings"].as_array().unwrap().iter().map(|f| f["rule"].as_str().unwrap()).collect();
    assert!(rules.contains(&"stripe-secret-key") && rules.len() == 3, "{}", report["findings"]);
    assert_eq!(code, 1);
    for finding in report["findings"].as_array().unwrap() {
        let secret: Vec<u8> = found(&release, finding).into_iter().step_by(2).collect();
        let secret = String::from_utf8(secret).unwrap();
        assert!(secret == stripe() || secret.starts_with(&password()), "{finding}");
    }
    assert_eq!(release.gate(&["--engine", "portable"]).1["findings"], report["findings"]);
    // The value is known by what it is, not by how it is written.
    release.write("app.ini", format!("key = {}\n", stripe()).as_bytes());
    let (_, both) = release.gate(&[]);
    let prints: Vec<&Value> = both["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|f| f["rule"] == "stripe-secret-key")
        .map(|f| &f["fingerprint"])
        .collect();
    assert!(prints.len() == 2 && prints[0] == prints[1], "{prints:?}");
}

/// A DER element.
fn der(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let len = content.len();
    let header = match len {
        0..=0x7f => vec![tag, len as u8],
        0x80..=0xff => vec![tag, 0x81, len as u8],
        _ => vec![tag, 0x82, (len >> 8) as u8, len as u8],
    };
    [header, content].concat()
}

/// Bytes that look random and are the same each time.
fn noise(len: usize, seed: u32) -> Vec<u8> {
    let mut state = seed;
    std::iter::repeat_with(|| {
        // Numerical Recipes' generator.
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8 & 0x7f | 1
    })
    .take(len)
    .collect()
}

/// An RSA key as `openssl genrsa -traditional` and `openssl pkcs8 -topk8 -nocrypt` write it in DER, of numbers that are none.
fn rsa() -> (Vec<u8>, Vec<u8>) {
    let number = |len: usize, seed: u32| der(2, &[&[0], &noise(len, seed)]);
    let (n, d) = (number(256, 1), number(255, 2));
    let primes: Vec<Vec<u8>> = (3..8).map(|seed| number(128, seed)).collect();
    let primes: Vec<u8> = primes.concat();
    let pkcs1 = der(0x30, &[&der(2, &[&[0]]), &n, &der(2, &[b"\x01\x00\x01"]), &d, &primes]);
    let algorithm = der(0x30, &[&der(6, &[b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01"]), &der(5, &[])]);
    let pkcs8 = der(0x30, &[&der(2, &[&[0]]), &algorithm, &der(4, &[&pkcs1])]);
    (pkcs1, pkcs8)
}

/// A key under a passphrase, as PKCS #8 and keystores hold it.
fn encrypted() -> Vec<u8> {
    let derivation = der(0x30, &[&der(6, &[b"\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0c"]), &der(4, &[&noise(16, 9)])]);
    let cipher = der(0x30, &[&der(6, &[b"\x60\x86\x48\x01\x65\x03\x04\x01\x2a"]), &der(4, &[&noise(16, 10)])]);
    let algorithm =
        der(0x30, &[&der(6, &[b"\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0d"]), &der(0x30, &[&derivation, &cipher])]);
    der(0x30, &[&algorithm, &der(4, &[&noise(1232, 11)])])
}

fn pkcs12(bag: u8) -> Vec<u8> {
    let data = b"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01";
    let kind = [b"\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x0a\x01".as_slice(), &[bag]].concat();
    // Of the third kind are bags of certificates.
    let held = if bag == 3 { noise(900, 13) } else { encrypted() };
    let bags = der(0x30, &[&der(0x30, &[&der(6, &[&kind]), &der(0xa0, &[&held])])]);
    let content = der(0x30, &[&der(0x30, &[&der(6, &[data]), &der(0xa0, &[&der(4, &[&bags])])])]);
    der(0x30, &[&der(2, &[&[3]]), &der(0x30, &[&der(6, &[data]), &der(0xa0, &[&der(4, &[&content])])])])
}

/// A keystore as Java's keytool wrote it until version 8, with one entry.
fn jks(magic: u32, entry: u32) -> Vec<u8> {
    let mut store = [magic.to_be_bytes(), 2_u32.to_be_bytes(), 1_u32.to_be_bytes(), entry.to_be_bytes()].concat();
    store.extend(b"\0\x06server\0\0\x01\x90\x12\x34\x56\x78");
    if entry == 2 {
        store.extend(b"\0\x05X.509");
    }
    let held = noise(1300, 14);
    store.extend((held.len() as u32).to_be_bytes());
    store.extend(held);
    store.extend(noise(20, 12));
    store
}

#[test]
fn private_keys_in_bytes_and_in_keystores_are_found_wherever_they_lie() {
    let release = Release::new(&[]);
    let (pkcs1, pkcs8) = rsa();
    let curve = |algorithm| KeyPair::generate_for(algorithm).unwrap().serialize_der();
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        ("pkcs1.der", pkcs1, "private-key-der"),
        ("pkcs8.key", pkcs8.clone(), "private-key-der"),
        ("p256.key", curve(&PKCS_ECDSA_P256_SHA256), "private-key-der"),
        ("p384.key", curve(&PKCS_ECDSA_P384_SHA384), "private-key-der"),
        ("ed25519.key", curve(&PKCS_ED25519), "private-key-der"),
        ("firmware.bin", [noise(70_001, 3), pkcs8, noise(500, 4)].concat(), "private-key-der"),
        ("hidden.p8", encrypted(), "private-key-der-encrypted"),
        ("server.jks", jks(0xfeed_feed, 1), "java-keystore"),
        ("server.jceks", jks(0xcece_cece, 1), "java-keystore"),
        ("server.p12", pkcs12(2), "pkcs12-keystore"),
        (
            "server.bks",
            [b"\0\0\0\x02\0\0\0\x14".as_slice(), &noise(20, 5), b"\0\0\x04\x80\x04\0\x06server", &noise(300, 6)]
                .concat(),
            "bouncy-castle-keystore",
        ),
    ];
    for (name, bytes, _) in &cases {
        release.write(name, bytes);
    }
    // Nothing of these is secret.
    release.write("cacerts", &jks(0xfeed_feed, 2));
    release.write("trust.p12", &pkcs12(3));
    let public = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
    release.write("public.der", &rcgen::PublicKeyData::subject_public_key_info(&public));
    let (code, report) = release.gate(&["--fail-on", "low"]);
    let mut expected: Vec<(String, String)> =
        cases.iter().map(|(name, _, rule)| (format!("in/{name}"), (*rule).to_owned())).collect();
    expected.sort();
    let text = |f: &Value, name: &str| f[name].as_str().unwrap().to_owned();
    let mut seen: Vec<(String, String)> =
        report["findings"].as_array().unwrap().iter().map(|f| (text(f, "path"), text(f, "rule"))).collect();
    seen.sort();
    assert_eq!(seen, expected);
    assert_eq!(code, 1);
    assert_eq!(release.gate(&["--engine", "portable"]).1["findings"], report["findings"]);
}

#[test]
fn a_link_out_of_a_release_is_told_in_one_line_and_is_no_gap() {
    let release = Release::new(&[("a.py", "print(1)\n".into())]);
    std::fs::write(release.path("outside.ini"), format!("password = {}\n", password())).unwrap();
    release.sh("cd in && ln -s ../outside.ini settings.ini && ln -s nowhere gone && ln -s a.py b.py");
    let (code, report) = release.gate(&[]);
    assert_eq!((code, places(&report), report["skipped"].as_array().unwrap().len()), (0, vec![], 0), "{report}");
    let notes = report["not_asked"].as_array().unwrap();
    assert_eq!(notes.len(), 1, "{notes:?}");
    let told = notes[0].as_str().unwrap();
    assert!(told.contains("in/settings.ini") && told.contains("in/gone") && !told.contains("b.py"), "{told}");
    assert_eq!(report["gate"]["files"], 1);
    // An audit, whose answer is about what is read, still says what is missing.
    assert_eq!(release.run(&["audit", "in", "--quiet"]).status.code(), Some(2));
    // What ships of a link is where it leads.
    release.sh(&format!("cd in && ln -s 'https://ann:{}@git.example.org/x' remote", "hx82k-LmQ7"));
    let (code, report) = release.gate(&[]);
    assert_eq!((code, places(&report).len()), (1, 1), "{report}");
    assert!(places(&report)[0].ends_with("in/remote:1"), "{:?}", places(&report));
}
