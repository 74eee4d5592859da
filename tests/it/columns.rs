//! A labelled corpus of generated tables: password columns in eight languages and under neutral names, and columns that
//! look like them and are not. People, words and values are invented.

mod encrypted;
mod generators;
mod hashed_neighbours;
mod known_products;
mod lookalikes;
mod many_lookalikes;
mod merging;
mod not_tried;
mod passwords;
mod shaped;
mod turned;
mod words;

use credaudit::columns::{ColumnStats, assign, may_be_credential};
use credaudit::model::{Assignment, Column, Form, FormDef, FormKind, Role, Table};

use generators::{Random, is_common};

const fn form(name: &'static str, kind: FormKind, digest_len: usize) -> FormDef {
    FormDef { name, kind, digest_len }
}

static EMPTY: FormDef = form("empty", FormKind::Empty, 0);
static STATE: FormDef = form("state", FormKind::State, 0);
static TEXT: FormDef = form("text", FormKind::Text, 0);
static HEX16: FormDef = form("hex16", FormKind::Digest, 8);
static HEX32: FormDef = form("hex32", FormKind::Digest, 16);
static HEX40: FormDef = form("hex40", FormKind::Digest, 20);
static HEX64: FormDef = form("hex64", FormKind::Digest, 32);
static HEX128: FormDef = form("hex128", FormKind::Digest, 64);
static BASE64_20: FormDef = form("base64-20", FormKind::Digest, 20);
static HEX_SALT: FormDef = form("hex32-salt", FormKind::SaltedDigest, 16);
static BCRYPT: FormDef = form("bcrypt", FormKind::Modular, 0);
static PHPASS: FormDef = form("phpass", FormKind::Modular, 0);
static PBKDF2: FormDef = form("pbkdf2", FormKind::Modular, 0);

/// A small recogniser with the habits of the real one.
fn recognise(value: &str) -> Form {
    let hex = |text: &str| text.bytes().all(|b| b.is_ascii_hexdigit());
    let bytes = value.as_bytes();
    Form::plain(match bytes {
        [] => &EMPTY,
        [b'!' | b'*', ..] if bytes.len() < 4 => &STATE,
        [b'$', b'2', ..] if bytes.len() == 60 => &BCRYPT,
        [b'$', b'P' | b'H', ..] if bytes.len() == 34 => &PHPASS,
        _ if value.starts_with("pbkdf2_") => &PBKDF2,
        _ if bytes.len() == 16 && hex(value) && !bytes.iter().all(u8::is_ascii_digit) => &HEX16,
        _ if bytes.len() == 32 && hex(value) => &HEX32,
        _ if bytes.len() == 40 && hex(value) => &HEX40,
        _ if bytes.len() == 64 && hex(value) => &HEX64,
        _ if bytes.len() == 128 && hex(value) => &HEX128,
        _ if bytes.len() == 28 && value.ends_with('=') => &BASE64_20,
        _ if bytes.len() > 34 && bytes[32] == b':' && hex(&value[..32]) => &HEX_SALT,
        _ => &TEXT,
    })
}

/// Makes the cells of a column.
type Maker = fn(&mut Random, usize) -> Option<String>;

/// A generated column and whether it holds passwords.
struct Case {
    name: &'static str,
    maker: Maker,
    credential: bool,
}

const fn no(name: &'static str, maker: Maker) -> Case {
    Case { name, maker, credential: false }
}

const fn yes(name: &'static str, maker: Maker) -> Case {
    Case { name, maker, credential: true }
}

fn table(name: &str, columns: &[Case]) -> Table {
    let unnamed = columns.iter().all(|column| column.name.starts_with("column "));
    Table {
        name: name.to_owned(),
        columns: columns.iter().map(|column| Column::named(column.name)).collect(),
        named_columns: !unnamed,
    }
}

fn observe(stats: &mut ColumnStats, cell: Option<&str>) {
    match cell {
        None => stats.observe(None, Form::plain(&EMPTY), false),
        Some(value) => stats.observe(Some(value.as_bytes()), recognise(value), is_common(value)),
    }
}

/// Statistics of generated columns; and of their first 1,024 rows.
fn generate(seed: &str, columns: &[Case], rows: usize) -> (Vec<ColumnStats>, Vec<ColumnStats>) {
    columns
        .iter()
        .enumerate()
        .map(|(at, column)| {
            let mut random = Random::new(&format!("{seed}/{}/{at}/{rows}", column.name));
            let mut stats = ColumnStats::new();
            let mut first = None;
            for row in 0..rows {
                if row == 1024 {
                    first = Some(stats.clone());
                }
                observe(&mut stats, (column.maker)(&mut random, row).as_deref());
            }
            let first = first.unwrap_or_else(|| stats.clone());
            (stats, first)
        })
        .unzip()
}

/// How a corpus was judged.
#[derive(Default)]
struct Score {
    credentials: usize,
    missed: Vec<String>,
    lookalikes: usize,
    taken: Vec<String>,
    dropped: Vec<String>,
    kept: Vec<String>,
}

impl Score {
    fn judge(&mut self, name: &str, columns: &[Case], rows: usize) -> Vec<Assignment> {
        let table = table(name, columns);
        let (stats, first) = generate(name, columns, rows);
        let roles = assign(&table, &stats);
        assert_eq!(roles.len(), columns.len());
        for (at, (column, role)) in columns.iter().zip(&roles).enumerate() {
            let place =
                format!("{name}({rows}).{}: {} {}: {}", column.name, role.role.name(), role.confidence, role.why);
            let kept = may_be_credential(&table, at, &first[at]);
            if column.credential {
                self.credentials += 1;
                if role.role != Role::Credential {
                    self.missed.push(place.clone());
                }
                if !kept {
                    self.dropped.push(place);
                }
            } else {
                self.lookalikes += 1;
                if role.role == Role::Credential {
                    self.taken.push(place.clone());
                }
                if kept && rows >= 30 {
                    self.kept.push(place);
                }
            }
        }
        roles
    }
}
