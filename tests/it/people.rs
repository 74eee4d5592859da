//! A database of invented people: tables under different schemes, decoys beside them, and for every account the tier that
//! it must get, worked out here from how its password was made and not by the program under test. Logins end in the
//! number of their row, from 1 on.

use std::fmt::Write as _;

use base64::engine::general_purpose::{NO_PAD, STANDARD, STANDARD_NO_PAD};
use base64::engine::{Engine, GeneralPurpose};
use md5::{Digest, Md5};
use sha1::Sha1;

/// One table as text cells; `None` is NULL.
pub(crate) struct GeneratedTable {
    pub(crate) name: &'static str,
    /// Name and a type that every database understands.
    pub(crate) columns: &'static [(&'static str, &'static str)],
    pub(crate) rows: Vec<Vec<Option<String>>>,
    /// For account tables: tier by row, and the index of the login column.
    pub(crate) expected: Option<(Vec<&'static str>, usize)>,
}

/// `SplitMix64`.
pub(crate) struct Random(pub(crate) u64);

impl Random {
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
        (0..len).map(|_| alphabet[self.below(alphabet.len())] as char).collect()
    }

    fn hex(&mut self, len: usize) -> String {
        self.text(b"0123456789abcdef", len)
    }

    /// `len` random bytes as `engine` writes them.
    fn base64(&mut self, engine: &GeneralPurpose, len: usize) -> String {
        let bytes: Vec<u8> = (0..len).map(|_| self.next() as u8).collect();
        engine.encode(bytes)
    }

    fn uuid(&mut self) -> String {
        format!("{}-{}-4{}-a{}-{}", self.hex(8), self.hex(4), self.hex(3), self.hex(3), self.hex(12))
    }
}

const CRYPT64: &[u8] = b"./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const BCRYPT: GeneralPurpose = GeneralPurpose::new(&base64::alphabet::BCRYPT, NO_PAD);

/// Names with everything that dump formats must escape.
const FIRST: [&str; 14] = [
    "Anna",
    "Zoë",
    "D'Arcy",
    "Jürgen",
    "Back\\slash",
    "Łukasz",
    "Tab\tbed",
    "\"Quoted\"",
    "Семён",
    "New\nline",
    "Comma, Ann",
    "Semi;colon",
    "李",
    "100%",
];
const LAST: [&str; 12] = [
    "Albers",
    "O'Neill",
    "Şahin",
    "García",
    "Kowalski",
    "de la Cruz",
    "Smith",
    "Nowak",
    "Müller",
    "Jansen",
    "Rossi",
    "Weber",
];

/// Common passwords among the hundred commonest of the embedded list, so that salted hashes of them are opened as well.
const COMMON: [&str; 12] = [
    "123456",
    "qwerty",
    "password",
    "111111",
    "abc123",
    "password1",
    "iloveyou",
    "1q2w3e4r5t",
    "monkey",
    "dragon",
    "123123",
    "qwertyuiop",
];

struct Person {
    login: String,
    email: String,
    first: &'static str,
    last: &'static str,
    password: String,
    /// The password is a common one or the login.
    guessable: bool,
    active: bool,
}

/// Whom a password is drawn for decides little; how it is drawn is realistic: a tenth common, some their own login, the
/// rest words with digits.
fn person(random: &mut Random, table: &str, number: usize) -> Person {
    let last = LAST[random.below(LAST.len())];
    let login = format!("{}{number}", table.get(..3).unwrap_or(table));
    let email = format!("{login}@{}.example", ["mail", "post", "corp"][random.below(3)]);
    let (password, guessable) = match random.below(100) {
        0..10 => (COMMON[random.below(COMMON.len())].to_owned(), true),
        10 => (login.clone(), true),
        11 => (email.clone(), true),
        _ => {
            let word = ["Sommer", "river", "Xk", "Blau", "casa", "Maple"][random.below(6)];
            let unique = random.text(b"abcdefghkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789!#", 6);
            (format!("{word}{unique}{number}"), false)
        }
    };
    Person {
        login,
        email,
        first: FIRST[random.below(FIRST.len())],
        last,
        password,
        guessable,
        active: random.below(20) != 0,
    }
}

fn md5(text: &str) -> String {
    hex::encode(Md5::digest(text.as_bytes()))
}

fn ntlm(text: &str) -> String {
    let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    hex::encode(md4::Md4::digest(utf16))
}

/// A tier, for an account that may be switched off.
fn tier(active: bool, tier: &'static str) -> &'static str {
    if active || tier == "none" { tier } else { "T4" }
}

type Cells = Vec<Option<String>>;

#[allow(clippy::unnecessary_wraps)] // It stands for a cell that is not NULL.
fn some(text: impl Into<String>) -> Option<String> {
    Some(text.into())
}

/// About `accounts` accounts in seven tables, with decoy tables beside them.
#[allow(clippy::too_many_lines)] // One table after another.
pub(crate) fn database(accounts: usize, seed: u64) -> Vec<GeneratedTable> {
    let mut random = Random(seed);
    let mut tables = Vec::new();
    let mut add =
        |name, columns, share: usize, login, row: &mut dyn FnMut(&mut Random, usize) -> (Cells, &'static str)| {
            let count = (accounts * share / 100).max(3);
            let (mut rows, mut expected) = (Vec::with_capacity(count), Vec::with_capacity(count));
            for number in 1..=count {
                let (cells, tier) = row(&mut random, number);
                rows.push(cells);
                expected.push(tier);
            }
            let expected = Some((expected, login));
            tables.push(GeneratedTable { name, columns, rows, expected });
        };
    add(
        "members",
        &[
            ("id", "int"),
            ("username", "varchar(80)"),
            ("email", "varchar(120)"),
            ("password", "char(40)"),
            ("first_name", "varchar(80)"),
            ("last_name", "varchar(80)"),
            ("active", "int"),
            ("created", "varchar(30)"),
        ],
        30,
        1,
        &mut |random, n| {
            let p = person(random, "members", n);
            let cells = vec![
                some(n.to_string()),
                some(&*p.login),
                some(&*p.email),
                some(hex::encode(Sha1::digest(p.password.as_bytes()))),
                some(p.first),
                some(p.last),
                some(u8::from(p.active).to_string()),
                some(format!("20{:02}-03-{:02} 10:00:00", 10 + n % 15, 1 + n % 28)),
            ];
            (cells, tier(p.active, "T1"))
        },
    );
    add(
        "shop_customer",
        &[
            ("customer_id", "int"),
            ("login", "varchar(80)"),
            ("mail", "varchar(120)"),
            ("passwd", "char(32)"),
            ("salt", "varchar(12)"),
            ("surname", "varchar(80)"),
            ("phone", "varchar(30)"),
        ],
        20,
        1,
        &mut |random, n| {
            let p = person(random, "shop", n);
            let salt = random.text(b"abcdefghijklmnopqrstuvwxyz0123456789", 9);
            let cells = vec![
                some(n.to_string()),
                some(&*p.login),
                some(&*p.email),
                some(md5(&format!("{salt}{}", p.password))),
                some(salt),
                some(p.last),
                some(format!("+44 {} {}", 100 + random.below(900), 100_000 + random.below(900_000))),
            ];
            (cells, if p.guessable { "T1" } else { "T2" })
        },
    );
    // Every hundredth account has the same stored value as the one before it: copied, so shared.
    let mut copied: Option<String> = None;
    add(
        "portal_user",
        &[
            ("uid", "varchar(40)"),
            ("user_name", "varchar(80)"),
            ("email_address", "varchar(120)"),
            ("hash", "varchar(100)"),
            ("disabled", "int"),
        ],
        15,
        1,
        &mut |random, n| {
            let p = person(random, "portal", n);
            let shared = n % 100 < 2 && n >= 100;
            let (salt, digest) = (random.base64(&BCRYPT, 16), random.base64(&BCRYPT, 23));
            let fresh = format!("$2y${}${salt}{digest}", if n % 3 == 0 { 12 } else { 10 });
            let hash = match copied.take() {
                Some(hash) if shared && n % 100 == 1 => hash,
                _ => fresh,
            };
            if shared && n % 100 == 0 {
                copied = Some(hash.clone());
            }
            let cells = vec![
                some(random.uuid()),
                some(&*p.login),
                some(&*p.email),
                some(hash),
                some(u8::from(!p.active).to_string()),
            ];
            (cells, tier(p.active, if shared { "shared" } else { "none" }))
        },
    );
    add(
        "parents",
        &[
            ("nr", "int"),
            ("parent", "varchar(80)"),
            ("contact", "varchar(120)"),
            ("code", "varchar(80)"),
            ("child", "varchar(80)"),
        ],
        10,
        1,
        &mut |random, n| {
            let p = person(random, "parents", n);
            let cells = vec![some(n.to_string()), some(&*p.login), some(&*p.email), some(&*p.password), some(p.first)];
            (cells, "T0")
        },
    );
    add(
        "staff",
        &[("staff_no", "int"), ("account", "varchar(80)"), ("email", "varchar(120)"), ("nt_hash", "char(32)")],
        10,
        1,
        &mut |random, n| {
            let p = person(random, "staff", n);
            (vec![some(n.to_string()), some(&*p.login), some(&*p.email), some(ntlm(&p.password))], "T1")
        },
    );
    add(
        "forum_user",
        &[
            ("user_id", "int"),
            ("nickname", "varchar(80)"),
            ("user_email", "varchar(120)"),
            ("user_pass", "varchar(60)"),
            ("last_visit", "varchar(30)"),
        ],
        10,
        1,
        &mut |random, n| {
            let p = person(random, "forum", n);
            // `9` is 2^11 rounds, `B` is 2^13: weak and legacy by the policy.
            let (cost, tier) = if n % 4 == 0 { ('9', "T2") } else { ('B', "T3") };
            let hash = format!("$P${cost}{}", random.text(CRYPT64, 30));
            let last_visit = if n % 7 == 0 { None } else { some(format!("2024-{:02}-11 09:30:00", 1 + n % 12)) };
            (vec![some(n.to_string()), some(&*p.login), some(&*p.email), some(hash), last_visit], tier)
        },
    );
    add(
        "app_user",
        &[
            ("id", "int"),
            ("username", "varchar(80)"),
            ("email", "varchar(120)"),
            ("password", "varchar(160)"),
            ("is_active", "int"),
        ],
        5,
        1,
        &mut |random, n| {
            let p = person(random, "app", n);
            let salt = random.base64(&STANDARD_NO_PAD, 16);
            let digest = random.base64(&STANDARD_NO_PAD, 32);
            let key = random.base64(&STANDARD, 32);
            let (hash, grade) = match n % 5 {
                0 => (format!("$argon2id$v=19$m=19456,t=2,p=1${salt}${digest}"), "none"),
                1 => (format!("$argon2id$v=19$m=4096,t=1,p=1${salt}${digest}"), "T2"),
                2 => (format!("pbkdf2_sha256$600000${}${key}", random.text(b"abcdefXYZ0123456789", 12)), "none"),
                3 => (format!("pbkdf2_sha256$260000${}${key}", random.text(b"abcdefXYZ0123456789", 12)), "T3"),
                _ => (
                    format!("!{}", random.text(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", 40)),
                    "none",
                ),
            };
            let cells = vec![
                some(n.to_string()),
                some(&*p.login),
                some(&*p.email),
                some(hash),
                some(u8::from(p.active).to_string()),
            ];
            (cells, tier(p.active, grade))
        },
    );
    for table in &mut tables {
        settle_shared(table);
    }
    tables.extend(decoys(accounts, &mut random));
    tables
}

/// `shared` becomes T2 once it is known which accounts really share (a copied value needs both rows).
fn settle_shared(table: &mut GeneratedTable) {
    let Some((tiers, _)) = &mut table.expected else { return };
    let hash = table.columns.iter().position(|(name, _)| *name == "hash");
    let Some(hash) = hash else { return };
    let mut counts = std::collections::HashMap::new();
    for row in &table.rows {
        *counts.entry(row[hash].clone()).or_insert(0) += 1;
    }
    for (tier, row) in tiers.iter_mut().zip(&table.rows) {
        let shared = counts[&row[hash]] > 1;
        let disabled = row[4].as_deref() == Some("1");
        *tier = match (shared, disabled) {
            (true, true) => "T4",
            (true, false) => "T2",
            (false, _) => "none",
        };
    }
}

/// Tables that look as if they held credentials, and do not.
fn decoys(accounts: usize, random: &mut Random) -> Vec<GeneratedTable> {
    let count = (accounts / 20).max(20);
    let mut table = |name, columns, row: &mut dyn FnMut(&mut Random, usize) -> Cells| GeneratedTable {
        name,
        columns,
        rows: (1..=count).map(|n| row(random, n)).collect(),
        expected: None,
    };
    vec![
        table(
            "files",
            &[("file_id", "int"), ("name", "varchar(80)"), ("sha1", "char(40)"), ("size", "int")],
            &mut |r, n| {
                vec![
                    some(n.to_string()),
                    some(format!("scan_{n}.pdf")),
                    some(r.hex(40)),
                    some(r.below(9_000_000).to_string()),
                ]
            },
        ),
        table(
            "sessions",
            &[("session_id", "char(64)"), ("user_id", "int"), ("ip", "varchar(40)"), ("user_agent", "varchar(120)")],
            &mut |r, n| {
                vec![
                    some(r.hex(64)),
                    some(n.to_string()),
                    some(format!("10.0.{}.{}", r.below(256), r.below(256))),
                    some("Mozilla/5.0 (X11; Linux x86_64)"),
                ]
            },
        ),
        table(
            "devices",
            &[("device_uuid", "char(36)"), ("serial", "varchar(20)"), ("etag", "char(32)")],
            &mut |r, _| vec![some(r.uuid()), some(r.text(b"ABCDEFGHJKLMNPQRSTUVWXYZ0123456789", 12)), some(r.hex(32))],
        ),
        table(
            "products",
            &[("sku", "varchar(20)"), ("slug", "varchar(80)"), ("price", "varchar(12)"), ("image_md5", "char(32)")],
            &mut |r, n| {
                vec![
                    some(format!("SKU-{n:06}")),
                    some(format!("blue-mug-{n}")),
                    some(format!("{}.99", r.below(200))),
                    some(r.hex(32)),
                ]
            },
        ),
        table(
            "reset_tokens",
            &[("user_id", "int"), ("token", "char(40)"), ("expires_at", "varchar(30)")],
            &mut |r, n| vec![some(n.to_string()), some(r.hex(40)), some(format!("2025-01-{:02} 00:00:00", 1 + n % 28))],
        ),
    ]
}

impl GeneratedTable {
    /// The login in row `number`, if it is an account's.
    pub(crate) fn login(&self, number: usize) -> Option<&str> {
        let (_, login) = self.expected.as_ref()?;
        self.rows.get(number)?[*login].as_deref()
    }

    /// `CREATE TABLE` that every database understands.
    pub(crate) fn create(&self) -> String {
        let columns: Vec<String> = self.columns.iter().map(|(name, kind)| format!("{name} {kind}")).collect();
        format!("CREATE TABLE {} ({});", self.name, columns.join(", "))
    }

    /// Rows as `PostgreSQL`'s COPY and `MariaDB`'s LOAD DATA read them.
    pub(crate) fn load_file(&self) -> String {
        let mut out = String::new();
        for row in &self.rows {
            for (at, cell) in row.iter().enumerate() {
                if at > 0 {
                    out.push('\t');
                }
                match cell {
                    None => out.push_str("\\N"),
                    Some(text) => text.chars().for_each(|c| match c {
                        '\\' => out.push_str("\\\\"),
                        '\t' => out.push_str("\\t"),
                        '\n' => out.push_str("\\n"),
                        c => out.push(c),
                    }),
                }
            }
            out.push('\n');
        }
        out
    }

    /// Rows as standard SQL, one transaction.
    pub(crate) fn inserts(&self) -> String {
        let mut out = format!("BEGIN;\n{}\n", self.create());
        for row in &self.rows {
            let _ = write!(out, "INSERT INTO {} VALUES (", self.name);
            for (at, cell) in row.iter().enumerate() {
                let comma = if at > 0 { "," } else { "" };
                match cell {
                    None => {
                        let _ = write!(out, "{comma}NULL");
                    }
                    Some(text) => {
                        let _ = write!(out, "{comma}'{}'", text.replace('\'', "''"));
                    }
                }
            }
            out.push_str(");\n");
        }
        out.push_str("COMMIT;\n");
        out
    }
}
