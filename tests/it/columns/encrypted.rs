//! Passwords that are encrypted or encoded instead of hashed: columns of 10,000 generated passwords, stored in every way
//! that is told apart, as a person audits them.

use std::fs;
use std::path::{Path, PathBuf};

use aes::cipher::block_padding::Pkcs7;
use aes::cipher::{BlockModeEncrypt, KeyInit as _, KeyIvInit as _};
use aes_gcm::aead::AeadInOut as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use tempfile::TempDir;

use super::generators::{self as g, Random};
use crate::program::{audit, credaudit, read_csv};

const ROWS: usize = 10_000;

/// Made up; not the key of anything.
const AES_KEY: [u8; 32] = *b"fake-key-for-tests-only-32-bytes";
const DES_KEY: [u8; 24] = *b"fake-3des-key-for-tests!";

/// Encrypted with padding.
fn sealed<M: BlockModeEncrypt>(mode: M, text: &[u8]) -> Vec<u8> {
    let mut room = [text, &[0; 16]].concat();
    mode.encrypt_padded::<Pkcs7>(&mut room, text.len()).unwrap().to_vec()
}

fn aes_cbc(iv: [u8; 16], text: &[u8]) -> Vec<u8> {
    sealed(cbc::Encryptor::<aes::Aes256>::new(&AES_KEY.into(), &iv.into()), text)
}

fn random_bytes<const N: usize>(random: &mut Random) -> [u8; N] {
    std::array::from_fn(|_| random.below(256) as u8)
}

/// How a password is stored.
type Store = fn(&mut Random, &str) -> String;

fn base64_of(_: &mut Random, text: &str) -> String {
    STANDARD.encode(text)
}

fn triple_des_ecb(_: &mut Random, text: &str) -> String {
    let bytes = sealed(ecb::Encryptor::<des::TdesEde3>::new(&DES_KEY.into()), text.as_bytes());
    STANDARD.encode(bytes)
}

fn aes_ecb(_: &mut Random, text: &str) -> String {
    let bytes = sealed(ecb::Encryptor::<aes::Aes256>::new(&AES_KEY.into()), text.as_bytes());
    hex::encode(bytes)
}

fn aes_cbc_random(random: &mut Random, text: &str) -> String {
    let iv = random_bytes(random);
    STANDARD.encode([&iv[..], &aes_cbc(iv, text.as_bytes())].concat())
}

fn aes_cbc_fixed(_: &mut Random, text: &str) -> String {
    let iv = *b"always-the-same!";
    STANDARD.encode([&iv[..], &aes_cbc(iv, text.as_bytes())].concat())
}

fn reused_stream(_: &mut Random, text: &str) -> String {
    let mut stream = Random::new("one stream for all");
    let sealed: Vec<u8> = text.bytes().map(|byte| byte ^ stream.below(256) as u8).collect();
    STANDARD.encode(sealed)
}

fn aes_gcm(random: &mut Random, text: &str) -> String {
    let nonce: [u8; 12] = random_bytes(random);
    let mut sealed = text.as_bytes().to_vec();
    let cipher = aes_gcm::Aes256Gcm::new(&AES_KEY.into());
    let tag = cipher.encrypt_inout_detached(&nonce.into(), b"", sealed.as_mut_slice().into()).unwrap();
    STANDARD.encode([&nonce[..], &sealed, &tag].concat())
}

/// Logins, emails and passwords; every fiftieth account has its login for a password.
fn people(rows: usize) -> Vec<[String; 3]> {
    let mut random = Random::new("people of the encrypted columns");
    (0..rows)
        .map(|row| {
            let login = format!("{}{row}", random.pick(&g::WORDS));
            let password = match row {
                _ if row % 50 == 7 => login.clone(),
                // A long one now and then, as password managers and people with a favourite line have.
                _ if row % 40 == 3 => (0..4).map(|_| random.pick(&g::WORDS)).collect::<Vec<_>>().join("-"),
                _ => g::password(&mut random, row).unwrap(),
            };
            [login, g::email(&mut random, row).unwrap(), password]
        })
        .collect()
}

fn csv(folder: &Path, store: Store, rows: usize) -> PathBuf {
    let mut random = Random::new("ciphertexts");
    let mut text = "id,login,email,password\n".to_owned();
    for (row, [login, email, password]) in people(rows).iter().enumerate() {
        let stored = store(&mut random, password);
        text.push_str(&format!("{row},{login},{email},\"{}\"\n", stored.replace('"', "\"\"")));
    }
    let path = folder.join("users.csv");
    fs::write(&path, text).unwrap();
    path
}

fn sql(folder: &Path, store: Store, rows: usize) -> PathBuf {
    let mut random = Random::new("ciphertexts");
    let mut text = "-- PostgreSQL database dump\nCREATE TABLE public.members (id integer, login text, email text, password text);\n\
                    COPY public.members (id, login, email, password) FROM stdin;\n"
        .to_owned();
    for (row, [login, email, password]) in people(rows).iter().enumerate() {
        let stored = store(&mut random, password);
        text.push_str(&format!("{row}\t{login}\t{email}\t{}\n", stored.replace('\\', "\\\\")));
    }
    text.push_str("\\.\n");
    let path = folder.join("members.sql");
    fs::write(&path, text).unwrap();
    path
}

/// The entries of the report for the column `password`.
fn told(report: &Value) -> Vec<Value> {
    let columns = report["tables"][0]["columns"].as_array().unwrap();
    columns.iter().filter(|column| column["name"] == "password").cloned().collect()
}

fn judged(store: Store, more: &[&str]) -> (Vec<Value>, Value) {
    let folder = TempDir::new().unwrap();
    let file = csv(folder.path(), store, ROWS);
    let (output, report) = audit(&[&[file.to_str().unwrap()], more].concat());
    assert!(matches!(output.status.code(), Some(1 | 2)), "{}", String::from_utf8_lossy(&output.stderr));
    (told(&report), report)
}

#[test]
fn each_way_to_store_ten_thousand_passwords_is_named_for_what_it_is() {
    let hashed: Store = |_, text| g::md5_hex(text);
    // A pepper that nobody knows: no password proves it.
    let salted: Store = |random, text| g::sha256_hex(&format!("{}{text}", random.hex(32)));
    let plain: Store = |_, text| text.to_owned();
    let expected: [(&str, Store, &str, &str); 10] = [
        ("plaintext", plain, "plaintext", "inferred"),
        ("base64", base64_of, "base64 of plaintext", "proved"),
        ("unsalted MD5", hashed, "unsalted-md5", "proved"),
        ("salted hash", salted, "unsalted-sha256", "inferred"),
        ("3DES-ECB", triple_des_ecb, "3DES-ECB", "inferred"),
        ("AES-ECB", aes_ecb, "AES-ECB", "inferred"),
        ("AES-CBC, random vector", aes_cbc_random, "AES-CBC with a random", "inferred"),
        ("AES-CBC, fixed vector", aes_cbc_fixed, "AES-CBC with a fixed initialisation vector in front", "inferred"),
        ("reused key stream", reused_stream, "a stream cipher with a reused key stream", ""),
        ("AES-GCM", aes_gcm, "AES-GCM", "inferred"),
    ];
    let mut wrong = Vec::new();
    for (what, store, name, evidence) in expected {
        let (columns, report) = judged(store, &[]);
        let first = &columns[0];
        let scheme = first["scheme"].as_str().unwrap_or_default();
        let all = columns.iter().map(|c| c["rows"].as_u64().unwrap()).sum::<u64>();
        let right = scheme.starts_with(name) && (evidence.is_empty() || first["evidence"] == evidence);
        // Long values of a stream whose end nobody knows are a second entry, of the same kind.
        let alike = columns.iter().all(|c| c["scheme"].as_str().is_some_and(|s| s.starts_with(name)));
        if !right || !alike || all != ROWS as u64 {
            wrong.push(format!("{what}: {columns:#?}"));
        }
        let reversible = !matches!(what, "unsalted MD5" | "salted hash");
        if reversible {
            assert_eq!(report["accounts"]["T0"], ROWS, "{what}");
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_key_proves_an_encrypted_column_and_every_account_is_on_the_reset_list() {
    let keys = TempDir::new().unwrap();
    let file = |name: &str, text: &[u8]| {
        let path = keys.path().join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let wrong = "00".repeat(32);
    let in_hex = file("hex.keys", format!("{wrong}\n{}\n", hex::encode(AES_KEY)).as_bytes());
    let in_base64 = file("base64.keys", format!("{}\n", STANDARD.encode(DES_KEY)).as_bytes());
    let as_is = file("raw.keys", &AES_KEY);
    let cases: [(Store, &str, &str); 6] = [
        (aes_cbc_random, &in_hex, "AES-256-CBC, initialisation vector in front"),
        (aes_cbc_fixed, &as_is, "AES-256-CBC, initialisation vector in front"),
        (triple_des_ecb, &in_base64, "3DES-ECB"),
        (aes_ecb, &as_is, "AES-256-ECB"),
        (aes_gcm, &in_hex, "AES-256-GCM"),
        (reused_stream, &in_hex, "a stream cipher with a reused key stream"),
    ];
    for (store, key_file, name) in cases {
        for make in [csv as fn(&Path, Store, usize) -> PathBuf, sql] {
            let folder = TempDir::new().unwrap();
            let rows = 3000;
            let (input, resets) = (make(folder.path(), store, rows), folder.path().join("resets.csv"));
            let (output, report) =
                audit(&[input.to_str().unwrap(), "--key-file", key_file, "--resets", resets.to_str().unwrap()]);
            assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
            let column = &told(&report)[0];
            assert_eq!(column["scheme"], name, "{column}");
            assert_eq!(column["evidence"], "proved", "{column}");
            let list = read_csv(&resets);
            assert_eq!(list.len(), rows);
            assert!(list.iter().all(|row| row["tier"] == "T0" && row["reasons"].contains("reversible")), "{name}");
            let with = |reason: &str| list.iter().filter(|row| row["reasons"].split(';').any(|r| r == reason)).count();
            assert_eq!(with("password-is-login"), rows / 50, "{name}");
            assert!(with("common-password") >= rows / 20, "{name}: {}", with("common-password"));
            assert!(with("shared-password") >= rows / 20, "{name}");
            // Neither a key nor a password is in what was written.
            let written = [fs::read(&resets).unwrap(), output.stdout, output.stderr].concat();
            let written = String::from_utf8_lossy(&written);
            for secret in [hex::encode(AES_KEY), STANDARD.encode(DES_KEY), "fake-key".into(), "fake-3des".into()] {
                assert!(!written.contains(&secret), "{name}");
            }
            let people = people(rows);
            let rare = people.iter().map(|p| &p[2]).filter(|p| p.len() >= 10 && p.contains(['!', '#']));
            assert!(rare.clone().count() > 50);
            assert!(rare.into_iter().all(|password| !written.contains(password.as_str())), "{name}");
        }
    }
}

#[test]
fn a_key_that_does_not_fit_proves_nothing() {
    let (columns, _) = judged(aes_cbc_random, &["--key", "00112233445566778899aabbccddeeff"]);
    assert_eq!(columns[0]["evidence"], "inferred");
    assert!(columns[0]["scheme"].as_str().unwrap().starts_with("AES-CBC with a random"), "{columns:#?}");
}

fn xor(key: &[u8], text: &str) -> Vec<u8> {
    text.bytes().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key).collect()
}

/// Stores without drawing anything.
type Code = Box<dyn Fn(&str) -> String>;

#[test]
fn what_everybody_can_turn_back_is_turned_back_without_a_key() {
    let rot13 = |text: &str| -> String {
        let turn = |c: char, a: u8| char::from((c as u8 - a + 13) % 26 + a);
        text.chars()
            .map(|c| match c {
                'a'..='z' => turn(c, b'a'),
                'A'..='Z' => turn(c, b'A'),
                c => c,
            })
            .collect()
    };
    let mut stored: Vec<(&str, Code)> = vec![
        ("hex of plaintext", Box::new(|text| hex::encode(text))),
        ("base64 of plaintext", Box::new(|text| STANDARD.encode(text))),
        ("ROT13", Box::new(rot13)),
        ("reversed text", Box::new(|text| text.chars().rev().collect())),
        ("XOR with one byte", Box::new(|text| hex::encode(xor(&[0x5a], text)))),
        ("XOR with a key of 5 bytes", Box::new(|text| STANDARD.encode(xor(b"\x9a\x31\x07\xc4\x5e", text)))),
    ];
    stored.push((
        "ROT47",
        Box::new(|text| {
            text.bytes()
                .map(|b| if (33..127).contains(&b) { char::from((b - 33 + 47) % 94 + 33) } else { ' ' })
                .collect()
        }),
    ));
    for (name, store) in stored {
        let folder = TempDir::new().unwrap();
        let mut text = "id;login;email;password\n".to_owned();
        let people = people(2000);
        for (row, [login, email, password]) in people.iter().enumerate() {
            text.push_str(&format!("{row};{login};{email};\"{}\"\n", store(password).replace('"', "\"\"")));
        }
        let (input, resets) = (folder.path().join("users.csv"), folder.path().join("resets.csv"));
        fs::write(&input, text).unwrap();
        let (_, report) = audit(&[input.to_str().unwrap(), "--resets", resets.to_str().unwrap()]);
        let column = &told(&report)[0];
        assert_eq!((&column["scheme"], &column["evidence"]), (&name.into(), &"proved".into()), "{column}");
        let list = read_csv(&resets);
        let own = list.iter().filter(|row| row["reasons"].contains("password-is-login")).count();
        assert_eq!((list.len(), own), (2000, 40), "{name}");
    }
}

#[test]
fn published_keys_are_tried_without_being_asked_for() {
    // Group Policy Preferences: base64 without its padding, UTF-16LE, the key of [MS-GPPREF].
    let key: [u8; 32] =
        hex::decode("4e9906e8fcb66cc9faf49310620ffee8f496e806cc057990209b09a433b66c1b").unwrap().try_into().unwrap();
    let folder = TempDir::new().unwrap();
    let mut text = "userName,cpassword\n".to_owned();
    for [login, _, password] in people(40) {
        let wide: Vec<u8> = password.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let bytes = sealed(cbc::Encryptor::<aes::Aes256>::new(&key.into(), &[0; 16].into()), &wide);
        text.push_str(&format!("{login},{}\n", STANDARD.encode(bytes).trim_end_matches('=')));
    }
    let input = folder.path().join("groups.csv");
    fs::write(&input, text).unwrap();
    let (_, report) = audit(&[input.to_str().unwrap()]);
    let column = &report["tables"][0]["columns"][1];
    assert_eq!(column["evidence"], "proved", "{report:#}");
    assert!(column["why"].as_str().unwrap().contains("Group Policy Preferences"), "{column}");
    assert_eq!(report["accounts"]["T0"], 40);
}

#[test]
fn a_file_of_keys_that_is_not_there_is_told_of_before_anything_is_read() {
    let output = credaudit(&["audit", "-", "--key-file", "no such file"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("no such file"));
}
