//! Hashes that look like text one by one: a column of them is named for what it is, and a column of passwords of the same
//! length stays one of passwords.

use std::fs;
use std::io::Write as _;
use std::process::{Command, Stdio};

use md5::{Digest as _, Md5};
use serde_json::Value;
use tempfile::TempDir;

use super::generators::{self as g, Random};
use crate::program::audit;

const ROWS: usize = 500;
const CRYPT: &str = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Logins and passwords; every tenth is one of the commonest.
fn people() -> Vec<[String; 2]> {
    let mut random = Random::new("people of the shaped columns");
    (0..ROWS)
        .map(|row| {
            let password = match row % 10 {
                3 => random.pick(&["123456", "password", "12345678", "qwerty", "abc123"]).to_owned(),
                _ => format!("{}{}", g::password(&mut random, row).unwrap(), random.string(CRYPT, 2)),
            };
            [format!("{}{row}", random.pick(&g::WORDS)), password]
        })
        .collect()
}

/// What perl's `crypt`, which is the system's, makes of each password with its setting.
fn crypt(pairs: &[(String, String)]) -> Vec<String> {
    let script = r#"while (<STDIN>) { chomp; my ($word, $setting) = split /\t/; print crypt($word, $setting), "\n"; }"#;
    let mut perl =
        Command::new("perl").args(["-e", script]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let lines: String = pairs.iter().map(|(word, setting)| format!("{word}\t{setting}\n")).collect();
    let mut stdin = perl.stdin.take().unwrap();
    let writer = std::thread::spawn(move || stdin.write_all(lines.as_bytes()).unwrap());
    let output = perl.wait_with_output().unwrap();
    writer.join().unwrap();
    let made: Vec<String> = String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect();
    assert_eq!(made.len(), pairs.len());
    made
}

fn descrypt(people: &[[String; 2]]) -> Vec<String> {
    let mut random = Random::new("salts");
    crypt(&people.iter().map(|[_, word]| (word.clone(), random.string(CRYPT, 2))).collect::<Vec<_>>())
}

fn bsdicrypt(people: &[[String; 2]]) -> Vec<String> {
    let mut random = Random::new("salts");
    let setting = |random: &mut Random| format!("_/...{}", random.string(CRYPT, 4));
    crypt(&people.iter().map(|[_, word]| (word.clone(), setting(&mut random))).collect::<Vec<_>>())
}

fn tripcode(people: &[[String; 2]]) -> Vec<String> {
    let setting = |word: &str| -> String {
        let moved = |c: u8| match c {
            b'.'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => c,
            b':'..=b'@' => c - b':' + b'A',
            b'['..=b'`' => c - b'[' + b'a',
            _ => b'.',
        };
        format!("{word}H.").bytes().skip(1).take(2).map(|c| char::from(moved(c))).collect()
    };
    let made = crypt(&people.iter().map(|[_, word]| (word.clone(), setting(word))).collect::<Vec<_>>());
    made.into_iter().map(|made| made[3..].to_owned()).collect()
}

/// Six bits a character of three bytes in each four of an MD5 of the password, filled up with zeros.
fn pix_of(word: &str) -> String {
    let mut filled = word.as_bytes().to_vec();
    filled.resize(if word.len() > 16 { 32 } else { 16 }, 0);
    let digest = Md5::digest(&filled);
    let four = |bytes: &[u8]| u32::from(bytes[0]) | u32::from(bytes[1]) << 8 | u32::from(bytes[2]) << 16;
    let alphabet = CRYPT.as_bytes();
    let six = |bits: u32| (0..4).map(move |i| char::from(alphabet[(bits >> (6 * i) & 63) as usize]));
    digest.chunks_exact(4).flat_map(|bytes| six(four(bytes))).collect()
}

fn pix(people: &[[String; 2]]) -> Vec<String> {
    people.iter().map(|[_, word]| pix_of(word)).collect()
}

fn asa(people: &[[String; 2]]) -> Vec<String> {
    people.iter().map(|[login, word]| pix_of(&format!("{word}{}", &login[..4]))).collect()
}

/// Progress' ENCODE, from the published description: five rounds of CRC-16 over sixteen bytes.
fn openedge(people: &[[String; 2]]) -> Vec<String> {
    let crc = |mut sum: u16| {
        for _ in 0..8 {
            sum = if sum & 1 == 1 { sum >> 1 ^ 0xa001 } else { sum >> 1 };
        }
        sum
    };
    let encode = |word: &str| -> String {
        let (mut scratch, mut hash) = ([0_u8; 16], 17_u16);
        for _ in 0..5 {
            word.bytes().enumerate().for_each(|(at, byte)| scratch[15 - at % 16] ^= byte);
            for pair in (0..16).step_by(2) {
                for at in (0..16).rev() {
                    hash = hash >> 8 ^ crc(hash & 255) ^ crc(u16::from(scratch[at]));
                }
                scratch[pair] = hash as u8;
                scratch[pair + 1] = (hash >> 8) as u8;
            }
        }
        let letter = |byte: u8| match byte & 127 {
            low @ (b'a'..=b'z' | b'A'..=b'Z') => char::from(low),
            _ => char::from((byte >> 4) + b'a'),
        };
        scratch.map(letter).iter().collect()
    };
    people.iter().map(|[_, word]| encode(word)).collect()
}

fn of_length(length: usize) -> impl Fn(&[[String; 2]]) -> Vec<String> {
    move |people| {
        let mut random = Random::new("long passwords");
        let long = |word: &str, random: &mut Random| {
            let mut long = word.to_owned();
            while long.len() < length {
                long.push_str(random.pick(&g::WORDS));
                long.push_str(&random.below(90).to_string());
            }
            long.chars().take(length).collect()
        };
        people.iter().map(|[_, word]| long(&word.replace(['"', ','], "x"), &mut random)).collect()
    }
}

/// A password manager's.
fn generated(people: &[[String; 2]]) -> Vec<String> {
    let mut random = Random::new("generated passwords");
    people.iter().map(|_| random.string(&CRYPT[2..], 16)).collect()
}

/// The report about a table of accounts with `values` in a column of this name.
fn report(name: &str, values: &[String], people: &[[String; 2]]) -> Value {
    let folder = TempDir::new().unwrap();
    let mut text = format!("id,login,{name}\n");
    for (row, ([login, _], value)) in people.iter().zip(values).enumerate() {
        text.push_str(&format!("{row},{login},\"{}\"\n", value.replace('"', "\"\"")));
    }
    let path = folder.path().join("accounts.csv");
    fs::write(&path, text).unwrap();
    audit(&[path.to_str().unwrap()]).1
}

fn entries<'a>(report: &'a Value, name: &str) -> Vec<&'a Value> {
    report["tables"][0]["columns"].as_array().unwrap().iter().filter(|column| column["name"] == name).collect()
}

#[test]
fn a_column_of_hashes_that_look_like_text_is_named_for_what_it_is() {
    type Make = fn(&[[String; 2]]) -> Vec<String>;
    let makes: [(&str, Make); 6] = [
        ("descrypt", descrypt),
        ("bsdicrypt", bsdicrypt),
        ("cisco-pix", pix),
        ("cisco-asa", asa),
        ("openedge", openedge),
        ("tripcode", tripcode),
    ];
    let people = people();
    for (scheme, make) in makes {
        let values = make(&people);
        for name in ["password", "c3"] {
            let report = report(name, &values, &people);
            let found = entries(&report, name);
            assert!(!found.is_empty(), "{scheme} as {name}: {report:#}");
            let rows: u64 = found.iter().map(|entry| entry["rows"].as_u64().unwrap()).sum();
            assert_eq!(rows, ROWS as u64, "{scheme} as {name}");
            for entry in found {
                let named = entry["scheme"].as_str().is_some_and(|named| named.starts_with(scheme));
                assert!(named && entry["evidence"] == "proved", "{scheme} as {name}: {entry:#}");
            }
            assert_eq!(report["accounts"]["unknown"], 0, "{scheme}");
            assert_eq!(report["accounts"]["none"], 0, "{scheme}");
        }
    }
}

#[test]
fn where_no_likely_password_opens_one_the_shape_alone_names_it() {
    let people: Vec<[String; 2]> =
        people().into_iter().enumerate().map(|(row, [login, _])| [login, format!("{row}: nobody's guess")]).collect();
    for (scheme, values) in
        [("descrypt", descrypt(&people)), ("openedge", openedge(&people)), ("cisco-pix", pix(&people))]
    {
        let report = report("password", &values, &people);
        for entry in entries(&report, "password") {
            assert!(entry["scheme"].as_str().is_some_and(|named| named.starts_with(scheme)), "{entry:#}");
            assert_eq!(entry["evidence"], "inferred", "{scheme}");
        }
    }
}

#[test]
fn passwords_of_the_same_length_stay_plain_text() {
    let people = people();
    let ten = of_length(10);
    let (thirteen, sixteen) = (of_length(13), of_length(16));
    for (what, values) in [
        ("10 characters", ten(&people)),
        ("13 characters", thirteen(&people)),
        ("16 characters", sixteen(&people)),
        ("generated", generated(&people)),
    ] {
        let report = report("password", &values, &people);
        for entry in entries(&report, "password") {
            assert_eq!(entry["scheme"], "plaintext", "{what}: {entry:#}");
        }
        assert_eq!(report["accounts"]["T0"], ROWS, "{what}");
    }
}
