//! Products' own writing of a fast hash and its salt. The constructions are rows of `patterns/formulas.toml`, which name
//! these forms; here is how the values are taken apart.

use std::borrow::Cow;

use super::formulas::{Container, Opened, Text};
use super::layout::{self, Coding, Inner, LONGEST_TEXT, Layout, Part, Slot};
use super::{Family, codec};
use crate::model::{Form, FormDef, FormKind};

pub(super) const FAMILY: Family = Family {
    file: "containers",
    prefixes: &[
        "$BLAKE2$",
        "$SHA$",
        "$PHPS$",
        "$B$",
        ":B:",
        ":A:",
        "$episerver$*",
        "{MD5}{",
        "{SHA-256}{",
        "{sha256}{",
    ],
    by_prefix: Some(by_prefix),
    by_shape: Some(by_shape),
    forms: &[],
    layouts: &[&NAMED, &SHAPES],
    schemes: &[],
};

const fn form(name: &'static str, kind: FormKind, digest_len: usize) -> FormDef {
    FormDef { name, kind, digest_len }
}

/// hashcat's and John the Ripper's label for BLAKE2.
static BLAKE2B: FormDef = form("$blake2$hex128", FormKind::Modular, 64);
static BLAKE2B_SALT: FormDef = form("$blake2$hex128:salt", FormKind::Modular, 64);
static BLAKE2S: FormDef = form("$blake2$hex64", FormKind::Modular, 32);
static AUTHME: FormDef = form("authme", FormKind::Modular, 32);
static PHPS: FormDef = form("phps", FormKind::Modular, 16);
static MEDIAWIKI_B: FormDef = form("mediawiki-b", FormKind::Modular, 16);
static MEDIAWIKI_A: FormDef = form("mediawiki-a", FormKind::Modular, 16);
static EPISERVER_SHA1: FormDef = form("episerver-sha1", FormKind::Modular, 20);
static EPISERVER_SHA256: FormDef = form("episerver-sha256", FormKind::Modular, 32);
static SPRING_MD5: FormDef = form("spring-salted-md5", FormKind::Modular, 16);
static SPRING_SHA256: FormDef = form("spring-salted-sha256", FormKind::Modular, 32);
/// Four bytes of salt before the digest; six characters of salt before it.
static MACOS_4: FormDef = form("macos-10.4", FormKind::Digest, 20);
static MACOS_7: FormDef = form("macos-10.7", FormKind::Digest, 64);
static HMAILSERVER: FormDef = form("hmailserver", FormKind::Digest, 32);

const TEXT_SALT: Part = Part::Field(Slot::Salt, Coding::Text, 1, LONGEST_TEXT);

/// Prefix, salt, something between, hexadecimal digest.
macro_rules! named {
    ($form:expr, $prefix:literal, $salt:expr, $between:literal, $len:literal) => {
        Layout {
            form: &$form,
            parts: &[Part::Is($prefix), $salt, Part::Is($between), Part::Field(Slot::Key, Coding::Hex, $len, $len)],
        }
    };
}
static NAMED: [Layout; 14] = [
    Layout { form: &BLAKE2B, parts: &[Part::Is("$BLAKE2$"), Part::Field(Slot::Key, Coding::Hex, 64, 64)] },
    Layout { form: &BLAKE2S, parts: &[Part::Is("$BLAKE2$"), Part::Field(Slot::Key, Coding::Hex, 32, 32)] },
    Layout {
        form: &BLAKE2B_SALT,
        parts: &[Part::Is("$BLAKE2$"), Part::Field(Slot::Key, Coding::Hex, 64, 64), Part::Is(":"), TEXT_SALT],
    },
    named!(AUTHME, "$SHA$", TEXT_SALT, "$", 32),
    named!(PHPS, "$PHPS$", Part::Field(Slot::Salt, Coding::Hex, 1, LONGEST_TEXT), "$", 16),
    named!(MEDIAWIKI_B, "$B$", TEXT_SALT, "$", 16),
    named!(MEDIAWIKI_B, ":B:", TEXT_SALT, ":", 16),
    Layout { form: &MEDIAWIKI_A, parts: &[Part::Is(":A:"), Part::Field(Slot::Key, Coding::Hex, 16, 16)] },
    Layout {
        form: &EPISERVER_SHA1,
        parts: &[
            Part::Is("$episerver$*0*"),
            Part::Field(Slot::Salt, Coding::Base64, 1, LONGEST_TEXT),
            Part::Is("*"),
            Part::Field(Slot::Key, Coding::Base64Bare, 20, 20),
        ],
    },
    Layout {
        form: &EPISERVER_SHA256,
        parts: &[
            Part::Is("$episerver$*1*"),
            Part::Field(Slot::Salt, Coding::Base64, 1, LONGEST_TEXT),
            Part::Is("*"),
            Part::Field(Slot::Key, Coding::Base64Bare, 32, 32),
        ],
    },
    named!(SPRING_MD5, "{MD5}{", TEXT_SALT, "}", 16),
    named!(SPRING_SHA256, "{SHA-256}{", TEXT_SALT, "}", 32),
    named!(SPRING_SHA256, "{SHA256}{", TEXT_SALT, "}", 32),
    named!(SPRING_SHA256, "{sha256}{", TEXT_SALT, "}", 32),
];
static SHAPES: [Layout; 3] = [
    Layout {
        form: &MACOS_4,
        parts: &[Part::Packed(Coding::Hex, &[Inner::Field(Slot::Salt, 4), Inner::Field(Slot::Key, 20)])],
    },
    Layout {
        form: &MACOS_7,
        parts: &[Part::Packed(Coding::Hex, &[Inner::Field(Slot::Salt, 4), Inner::Field(Slot::Key, 64)])],
    },
    Layout {
        form: &HMAILSERVER,
        parts: &[Part::Chars(Slot::Salt, Coding::Visible, 6), Part::Field(Slot::Key, Coding::Hex, 32, 32)],
    },
];

/// One for each form.
pub(super) const CONTAINERS: &[Container] = &{
    const fn of(form: &'static FormDef) -> Container {
        Container { form, open }
    }
    [
        of(&BLAKE2B),
        of(&BLAKE2B_SALT),
        of(&BLAKE2S),
        of(&AUTHME),
        of(&PHPS),
        of(&MEDIAWIKI_B),
        of(&MEDIAWIKI_A),
        of(&EPISERVER_SHA1),
        of(&EPISERVER_SHA256),
        of(&SPRING_MD5),
        of(&SPRING_SHA256),
        of(&MACOS_4),
        of(&MACOS_7),
        of(&HMAILSERVER),
    ]
};

fn by_prefix(value: &[u8]) -> Option<Form> {
    layout::first(&[&NAMED], value)
}

fn by_shape(value: &[u8]) -> Option<Form> {
    (matches!(value.len(), 48 | 70 | 136) && codec::is_hex(value)).then(|| layout::first(&[&SHAPES], value)).flatten()
}

fn open<'a>(value: &'a [u8], def: &'static FormDef) -> Option<Opened<'a>> {
    let mut layouts = NAMED.iter().chain(&SHAPES).filter(|layout| std::ptr::eq(layout.form, def));
    let said = layouts.find_map(|layout| layout.read(value))?;
    let salt = match said.salt() {
        [] => None,
        // MediaWiki puts a dash between salt and digest.
        salt if std::ptr::eq(def, &raw const MEDIAWIKI_B) => Some([salt, b"-"].concat()),
        salt => Some(salt.to_vec()),
    };
    let digest = Text::Raw(Cow::Owned(said.key().to_vec()));
    Some(Opened { digest, salt: salt.map(Cow::Owned), two: None, login: None })
}
