//! PBKDF2 (RFC 8018) in every container that a user table holds: Django, passlib, Werkzeug, Atlassian, Spring Security,
//! ASP.NET Identity, 389 Directory Server, `MediaWiki`, web2py, macOS, Cisco, SSPR, GRUB, Dovecot, hashcat's own, and the
//! two that keep a bare digest beside a salt column (Discourse, Gitea with Gogs and Grafana).
//!
//! A form's parameter is the iteration count.

use md5::Md5;
use sha1::Sha1;
use sha2::{Sha256, Sha512};

use super::bare::HEX64;
use super::layout::{self, Coding, Inner, LONGEST_TEXT, Layout, Part, Slot, Value, forms_of};
use super::row::{Cost, Row};
use super::{Family, MAX_CANDIDATE, MAX_WORK, SaltFrom, Unverifiable, codec, fast};
use crate::model::{Form, FormDef, FormKind};

pub(super) const FAMILY: Family = Family {
    file: "pbkdf2",
    prefixes: &[
        "pbkdf2",
        "$pbkdf2",
        "grub.pbkdf2.",
        "{PBKDF2",
        "{pbkdf2",
        "{PKCS5S2}",
        "$ml$",
        "$8$",
        ":pbkdf2:",
        "md5:",
        "sha1:",
        "sha256:",
        "sha512:",
        "AA",
        "AQAAAA",
    ],
    by_prefix: Some(recognise),
    by_shape: Some(by_shape),
    forms: &[&HEX100],
    layouts: LAYOUTS,
    schemes: &[&MD5, &SHA1, &SHA256, &SHA512, &DISCOURSE, &GITEA],
};

const fn form(name: &'static str, digest_len: usize) -> FormDef {
    FormDef { name, kind: FormKind::Modular, digest_len }
}

/// `pbkdf2_sha256$<iterations>$<salt>$<base64>`; the salt is text.
static DJANGO: [FormDef; 3] =
    [form("django-pbkdf2-sha1", 20), form("django-pbkdf2-sha256", 32), form("django-pbkdf2-sha512", 64)];
/// `$pbkdf2-sha256$<iterations>$<salt>$<hash>`; both in base64 with `.` for `+`.
static PASSLIB: [FormDef; 3] =
    [form("passlib-pbkdf2-sha1", 20), form("passlib-pbkdf2-sha256", 32), form("passlib-pbkdf2-sha512", 64)];
/// `pbkdf2:sha256:<iterations>$<salt>$<hex>`; the salt is text.
static WERKZEUG: [FormDef; 3] =
    [form("werkzeug-pbkdf2-sha1", 20), form("werkzeug-pbkdf2-sha256", 32), form("werkzeug-pbkdf2-sha512", 64)];
/// `sha256:<iterations>:<base64>:<base64>`: crackstation's classes, and how hashcat writes any.
static COLONS: [FormDef; 4] =
    [form("pbkdf2:md5", 16), form("pbkdf2:sha1", 20), form("pbkdf2:sha256", 32), form("pbkdf2:sha512", 64)];
/// 389 Directory Server since 2.0: `{PBKDF2-SHA256}<iterations>$<salt>$<hash>`.
static DIRSRV: [FormDef; 3] = [form("{pbkdf2-sha1}", 20), form("{pbkdf2-sha256}", 32), form("{pbkdf2-sha512}", 64)];
/// 389 Directory Server 1.3: `{PBKDF2_SHA256}` and base64 of iterations, 64 bytes of salt, key.
static DIRSRV_PACKED: FormDef = form("{pbkdf2_sha256}", 32);
/// Jira, Confluence, Crowd: 10,000 iterations.
static ATLASSIAN: FormDef = form("{pkcs5s2}", 32);
/// Spring Security's `Pbkdf2PasswordEncoder` by its defaults of version 5.5 (185,000 times SHA-1) and 5.8 (310,000 times
/// SHA-256): the count is not in the value.
static SPRING: [FormDef; 2] = [form("spring-pbkdf2-v5.5", 20), form("spring-pbkdf2-v5.8", 32)];
/// ASP.NET Identity 2 (1,000 times SHA-1), and 3 with SHA-1, SHA-256, SHA-512.
static IDENTITY: [FormDef; 4] = [
    form("aspnet-identity-v2", 20),
    form("aspnet-identity-v3-sha1", 20),
    form("aspnet-identity-v3-sha256", 32),
    form("aspnet-identity-v3-sha512", 64),
];
/// macOS 10.8 and later: `$ml$<iterations>$<hex>$<hex>`.
static MACOS: FormDef = form("macos-pbkdf2", 64);
/// `pbkdf2(<iterations>,<length>,sha512)$<salt>$<hex>`.
static WEB2PY: FormDef = form("web2py-pbkdf2", 64);
/// `:pbkdf2:sha512:<iterations>:<length>:<base64>:<base64>`.
static MEDIAWIKI: [FormDef; 2] = [form("mediawiki-pbkdf2-sha256", 32), form("mediawiki-pbkdf2-sha512", 64)];
/// IOS type 8: 20,000 iterations.
static CISCO: FormDef = form("cisco-type8", 32);
/// `NetIQ` Self Service Password Reset.
static SSPR: [FormDef; 2] = [form("sspr-pbkdf2-sha1", 20), form("sspr-pbkdf2-sha512", 64)];
/// `grub.pbkdf2.sha512.<iterations>.<hex>.<hex>`.
static GRUB: FormDef = form("grub-pbkdf2", 64);
/// `{PBKDF2}$1$<salt>$<iterations>$<hex>`.
static DOVECOT: FormDef = form("{pbkdf2}", 20);
/// Mattermost 11: `$pbkdf2$f=SHA256,w=<iterations>,l=32$<salt>$<hash>`.
static MATTERMOST: FormDef = form("mattermost-pbkdf2", 32);
/// Fifty bytes: Gogs, Gitea and Grafana.
static HEX100: FormDef = FormDef { name: "hex100", kind: FormKind::Digest, digest_len: 50 };

/// Iterations that are not in the value.
const ATLASSIANS: u64 = 10_000;
const SPRINGS: [u64; 2] = [185_000, 310_000];
const IDENTITY2S: u64 = 1_000;
const CISCOS: u64 = 20_000;
/// Gogs', Grafana's, and Gitea's `pbkdf2` until 1.19 (later values name their count in `passwd_hash_algo`).
const GITEAS: u64 = 10_000;
/// Discourse's until February 2023 and since (`users.password_hash`; newer tables name it in `password_algorithm`).
const DISCOURSES: [u64; 2] = [64_000, 600_000];

/// Shortest and longest derived key, in bytes: chance opens the shortest one time in 2^80.
const SHORTEST_KEY: usize = 10;
const LONGEST_KEY: usize = 1024;
/// Most iterations that a `u32` counts, and so the library.
const MOST_ITERATIONS: u64 = u32::MAX as u64;

const SALT: Part = Part::Field(Slot::Salt, Coding::Text, 0, LONGEST_TEXT);
const HEX_SALT: Part = Part::Field(Slot::Salt, Coding::Hex, 0, LONGEST_TEXT);
const AB64_SALT: Part = Part::Field(Slot::Salt, Coding::Ab64, 0, LONGEST_TEXT);
const BASE64_SALT: Part = Part::Field(Slot::Salt, Coding::Base64, 0, LONGEST_TEXT);
const BASE64_KEY: Part = Part::Field(Slot::Key, Coding::Base64, SHORTEST_KEY, LONGEST_KEY);
const AB64_KEY: Part = Part::Field(Slot::Key, Coding::Ab64, SHORTEST_KEY, LONGEST_KEY);
const HEX_KEY: Part = Part::Field(Slot::Key, Coding::Hex, SHORTEST_KEY, LONGEST_KEY);

/// `prefix<iterations>$<salt>$<key>`.
macro_rules! dollars {
    ($form:expr, $prefix:literal, $salt:expr, $key:expr) => {
        Layout { form: &$form, parts: &[Part::Is($prefix), Part::Number(0), Part::Is("$"), $salt, Part::Is("$"), $key] }
    };
}
macro_rules! colons {
    ($form:expr, $prefix:literal) => {
        Layout {
            form: &$form,
            parts: &[Part::Is($prefix), Part::Number(0), Part::Is(":"), BASE64_SALT, Part::Is(":"), BASE64_KEY],
        }
    };
}
macro_rules! identity3 {
    ($form:expr, $prf:literal) => {
        Layout {
            form: &$form,
            parts: &[Part::Packed(
                Coding::Base64,
                &[
                    Inner::Is(&[1, 0, 0, 0, $prf]),
                    Inner::Be32(0),
                    Inner::Is(&[0, 0, 0, 16]),
                    Inner::Field(Slot::Salt, 16),
                    Inner::Field(Slot::Key, 32),
                ],
            )],
        }
    };
}
macro_rules! mediawiki {
    ($form:expr, $prefix:literal) => {
        Layout {
            form: &$form,
            parts: &[
                Part::Is($prefix),
                Part::Number(0),
                Part::Is(":"),
                Part::Number(1),
                Part::Is(":"),
                BASE64_SALT,
                Part::Is(":"),
                BASE64_KEY,
            ],
        }
    };
}
macro_rules! labelled {
    ($form:expr, $label:literal) => {
        Layout {
            form: &$form,
            parts: &[Part::Label($label), Part::Number(0), Part::Is("$"), AB64_SALT, Part::Is("$"), AB64_KEY],
        }
    };
}

static OF_MD5: [Layout; 1] = [colons!(COLONS[0], "md5:")];

static OF_SHA1: [Layout; 11] = [
    dollars!(DJANGO[0], "pbkdf2_sha1$", SALT, BASE64_KEY),
    dollars!(PASSLIB[0], "$pbkdf2$", AB64_SALT, AB64_KEY),
    dollars!(WERKZEUG[0], "pbkdf2:sha1:", SALT, HEX_KEY),
    colons!(COLONS[1], "sha1:"),
    labelled!(DIRSRV[0], "{PBKDF2-SHA1}"),
    Layout {
        form: &ATLASSIAN,
        parts: &[
            Part::Label("{PKCS5S2}"),
            Part::Given(0, ATLASSIANS),
            Part::Packed(Coding::Base64, &[Inner::Field(Slot::Salt, 16), Inner::Field(Slot::Key, 32)]),
        ],
    },
    Layout {
        form: &SPRING[0],
        parts: &[
            Part::Label("{pbkdf2}"),
            Part::Given(0, SPRINGS[0]),
            Part::Packed(Coding::Hex, &[Inner::Field(Slot::Salt, 8), Inner::Field(Slot::Key, 32)]),
        ],
    },
    Layout {
        form: &IDENTITY[0],
        parts: &[
            Part::Given(0, IDENTITY2S),
            Part::Packed(Coding::Base64, &[Inner::Is(&[0]), Inner::Field(Slot::Salt, 16), Inner::Field(Slot::Key, 32)]),
        ],
    },
    identity3!(IDENTITY[1], 0),
    Layout {
        form: &DOVECOT,
        parts: &[
            Part::Label("{PBKDF2}"),
            Part::Is("$1$"),
            SALT,
            Part::Is("$"),
            Part::Number(0),
            Part::Is("$"),
            HEX_KEY,
        ],
    },
    dollars!(SSPR[0], "$pbkdf2-hmac-sha1$", HEX_SALT, HEX_KEY),
];

static OF_SHA256: [Layout; 11] = [
    dollars!(DJANGO[1], "pbkdf2_sha256$", SALT, BASE64_KEY),
    dollars!(PASSLIB[1], "$pbkdf2-sha256$", AB64_SALT, AB64_KEY),
    dollars!(WERKZEUG[1], "pbkdf2:sha256:", SALT, HEX_KEY),
    colons!(COLONS[2], "sha256:"),
    labelled!(DIRSRV[1], "{PBKDF2-SHA256}"),
    Layout {
        form: &DIRSRV_PACKED,
        parts: &[
            Part::Label("{PBKDF2_SHA256}"),
            Part::Packed(
                Coding::Base64,
                &[Inner::Be32(0), Inner::Field(Slot::Salt, 64), Inner::Rest(Slot::Key, 32, 256)],
            ),
        ],
    },
    Layout {
        form: &SPRING[1],
        parts: &[
            Part::Label("{pbkdf2@SpringSecurity_v5_8}"),
            Part::Given(0, SPRINGS[1]),
            Part::Packed(Coding::Hex, &[Inner::Field(Slot::Salt, 16), Inner::Field(Slot::Key, 32)]),
        ],
    },
    identity3!(IDENTITY[2], 1),
    mediawiki!(MEDIAWIKI[0], ":pbkdf2:sha256:"),
    Layout {
        form: &CISCO,
        parts: &[
            Part::Is("$8$"),
            Part::Given(0, CISCOS),
            Part::Field(Slot::Salt, Coding::Crypt, 14, 14),
            Part::Is("$"),
            Part::Field(Slot::Key, Coding::Cisco, 32, 32),
        ],
    },
    Layout {
        form: &MATTERMOST,
        parts: &[
            Part::Is("$pbkdf2$f=SHA256,w="),
            Part::Number(0),
            Part::Is(",l="),
            Part::Number(1),
            Part::Is("$"),
            Part::Field(Slot::Salt, Coding::Base64Bare, 0, LONGEST_TEXT),
            Part::Is("$"),
            Part::Field(Slot::Key, Coding::Base64Bare, SHORTEST_KEY, LONGEST_KEY),
        ],
    },
];

static OF_SHA512: [Layout; 11] = [
    dollars!(DJANGO[2], "pbkdf2_sha512$", SALT, BASE64_KEY),
    dollars!(PASSLIB[2], "$pbkdf2-sha512$", AB64_SALT, AB64_KEY),
    dollars!(WERKZEUG[2], "pbkdf2:sha512:", SALT, HEX_KEY),
    colons!(COLONS[3], "sha512:"),
    labelled!(DIRSRV[2], "{PBKDF2-SHA512}"),
    identity3!(IDENTITY[3], 2),
    mediawiki!(MEDIAWIKI[1], ":pbkdf2:sha512:"),
    dollars!(MACOS, "$ml$", HEX_SALT, HEX_KEY),
    Layout {
        form: &WEB2PY,
        parts: &[
            Part::Is("pbkdf2("),
            Part::Number(0),
            Part::Is(","),
            Part::Number(1),
            Part::Is(",sha512)$"),
            SALT,
            Part::Is("$"),
            HEX_KEY,
        ],
    },
    Layout {
        form: &SSPR[1],
        parts: &[Part::Is("$pbkdf2-hmac-sha512$"), Part::Number(0), Part::Is("."), HEX_SALT, Part::Is("."), HEX_KEY],
    },
    Layout {
        form: &GRUB,
        parts: &[
            Part::Is("grub.pbkdf2.sha512."),
            Part::Number(0),
            Part::Is("."),
            Part::Field(Slot::Salt, Coding::HexUpper, 0, LONGEST_TEXT),
            Part::Is("."),
            Part::Field(Slot::Key, Coding::HexUpper, SHORTEST_KEY, LONGEST_KEY),
        ],
    },
];

static OF_DISCOURSE: [Layout; 1] = [Layout {
    form: &HEX64,
    parts: &[Part::Given(0, DISCOURSES[0] + DISCOURSES[1]), Part::Field(Slot::Key, Coding::Hex, 32, 32)],
}];
static OF_GITEA: [Layout; 1] =
    [Layout { form: &HEX100, parts: &[Part::Given(0, GITEAS), Part::Field(Slot::Key, Coding::Hex, 50, 50)] }];

/// Tried in this order; what users tables hold most stands first.
const LAYOUTS: &[&[Layout]] = &[&OF_SHA256, &OF_SHA512, &OF_SHA1, &OF_MD5, &OF_GITEA];

const COST: [Cost; 4] = [Prf::Md5.cost(), Prf::Sha1.cost(), Prf::Sha256.cost(), Prf::Sha512.cost()];

static MD5: Row = Row::new("pbkdf2-md5", &forms_of(&OF_MD5), &OF_MD5, COST[0], |v, _, p| Prf::Md5.opens(v, p));
static SHA1: Row = Row::new("pbkdf2-sha1", &forms_of(&OF_SHA1), &OF_SHA1, COST[1], |v, _, p| Prf::Sha1.opens(v, p));
static SHA256: Row =
    Row::new("pbkdf2-sha256", &forms_of(&OF_SHA256), &OF_SHA256, COST[2], |v, _, p| Prf::Sha256.opens(v, p));
static SHA512: Row =
    Row::new("pbkdf2-sha512", &forms_of(&OF_SHA512), &OF_SHA512, COST[3], |v, _, p| Prf::Sha512.opens(v, p));
/// The count is not in the value, so the grade is that of the lower one.
static DISCOURSE: Row = Row::new(
    "discourse",
    &[&HEX64],
    &OF_DISCOURSE,
    Cost::Fixed(Prf::Sha256.work(DISCOURSES[0] + DISCOURSES[1]), "64,000 or 600,000 iterations of PBKDF2-HMAC-SHA-256"),
    |value, stored, candidate| {
        let salt = stored.salt.ok_or(Unverifiable::Missing)?;
        for iterations in DISCOURSES {
            if Prf::Sha256.is_key(candidate, salt, iterations, value.key())? {
                return Ok(true);
            }
        }
        Ok(false)
    },
)
.salted_from(SaltFrom::Neighbour)
.ranked(60);
static GITEA: Row = Row::new(
    "gitea",
    &[&HEX100],
    &OF_GITEA,
    // Fifty bytes are two blocks, of which the first is computed.
    Cost::Fixed(Prf::Sha256.work(GITEAS), "10,000 iterations of PBKDF2-HMAC-SHA-256"),
    |value, stored, candidate| {
        Prf::Sha256.is_key(candidate, stored.salt.ok_or(Unverifiable::Missing)?, GITEAS, value.key())
    },
)
.salted_from(SaltFrom::Neighbour)
.ranked(60);

fn recognise(value: &[u8]) -> Option<Form> {
    layout::first(LAYOUTS, value)
}

fn by_shape(value: &[u8]) -> Option<Form> {
    (value.len() == 100 && codec::is_hex(value)).then_some(Form { def: &HEX100, params: GITEAS })
}

/// The hash under PBKDF2's HMAC.
#[derive(Clone, Copy)]
pub(super) enum Prf {
    Md5,
    Sha1,
    Sha256,
    Sha512,
}

impl Prf {
    const fn len(self) -> usize {
        match self {
            Self::Md5 => 16,
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha512 => 64,
        }
    }

    /// Nanoseconds for one block of `iterations`; measured on one core with the library's code: SHA-256 6,400 × 1,000
    /// iterations a second, the others by the cost of their two compressions.
    pub(super) const fn work(self, iterations: u64) -> u64 {
        let each = match self {
            Self::Md5 => 300,
            Self::Sha1 => 160,
            Self::Sha256 => 156,
            Self::Sha512 => 700,
        };
        iterations.saturating_mul(each)
    }

    const fn cost(self) -> Cost {
        Cost::Count("iterations", "iteration count", self.work(1))
    }

    /// Derives the first `out.len()` bytes of the key, within its first block; refuses before it works.
    pub(super) fn derive(self, pass: &[u8], salt: &[u8], iterations: u64, out: &mut [u8]) -> Result<(), Unverifiable> {
        if out.len() > self.len() {
            return Err(Unverifiable::Malformed);
        }
        self.derive_long(pass, salt, iterations, out)
    }

    /// Derives a key of any length; refuses before it works.
    pub(super) fn derive_long(
        self,
        pass: &[u8],
        salt: &[u8],
        iterations: u64,
        out: &mut [u8],
    ) -> Result<(), Unverifiable> {
        if iterations == 0 {
            return Err(Unverifiable::Malformed);
        }
        let blocks = out.len().div_ceil(self.len()) as u64;
        if self.work(iterations).saturating_mul(blocks) > MAX_WORK
            || iterations > MOST_ITERATIONS
            || pass.len() > MAX_CANDIDATE
        {
            return Err(Unverifiable::TooCostly);
        }
        let rounds = iterations as u32;
        match self {
            Self::Md5 => ::pbkdf2::pbkdf2_hmac::<Md5>(pass, salt, rounds, out),
            Self::Sha1 => ::pbkdf2::pbkdf2_hmac::<Sha1>(pass, salt, rounds, out),
            Self::Sha256 => ::pbkdf2::pbkdf2_hmac::<Sha256>(pass, salt, rounds, out),
            Self::Sha512 => ::pbkdf2::pbkdf2_hmac::<Sha512>(pass, salt, rounds, out),
        }
        Ok(())
    }

    /// Whether `key` is derived so. Compares the first block only: blocks of a longer key are independent of each other,
    /// and one is proof enough.
    pub(super) fn is_key(self, pass: &[u8], salt: &[u8], iterations: u64, key: &[u8]) -> Result<bool, Unverifiable> {
        let key = &key[..key.len().min(self.len())];
        let mut derived = [0; codec::MAX_DIGEST];
        let derived = &mut derived[..key.len()];
        self.derive(pass, salt, iterations, derived)?;
        Ok(fast::same(key, derived))
    }

    fn opens(self, value: &Value<'_>, candidate: &[u8]) -> Result<bool, Unverifiable> {
        self.is_key(candidate, value.salt(), value.counts[0], value.key())
    }
}
