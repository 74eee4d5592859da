//! Thousands of columns that look like stored passwords and are none, under names that say nothing and under names that
//! mislead, in tables where such columns stand: beside logins and email addresses.

use credaudit::columns::{ColumnStats, assign};
use credaudit::model::{Column, FormKind, Role, Table};
use credaudit::schemes;

use super::generators::{self as g, Random};

/// Makes one value.
type Make = fn(&mut Random, usize) -> String;

const UNAMBIGUOUS: &str = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

/// What it is; names that say nothing, or something else; how it is made.
const KINDS: [(&str, [&str; 4], Make); 24] = [
    ("MD5 of a file", ["h1", "sum", "digest", "md5"], |r, _| r.hex(32)),
    ("SHA-1 of a file", ["v", "sha", "hash", "file_sha1"], |r, _| r.hex(40)),
    ("SHA-256 of a file", ["x2", "sha256", "hash_value", "content"], |r, _| r.hex(64)),
    ("SHA-512 of a file", ["k3", "sha512", "integrity", "digest"], |r, _| r.hex(128)),
    ("git id", ["rev", "object", "hash", "head"], |r, _| r.hex(40)),
    ("short git id", ["build", "c1", "ref", "hash"], |r, _| r.hex(8)),
    ("ETag", ["etag", "tag", "cache_key", "w"], |r, _| format!("\"{}\"", r.hex(32))),
    ("session id", ["sid", "session", "s", "phpsess"], |r, _| r.string(g::ALNUM, 26)),
    ("hexadecimal session id", ["sid", "session_hash", "sess", "q"], |r, _| r.hex(32)),
    ("gravatar", ["gravatar", "avatar_hash", "avatar", "picture"], |r, row| {
        g::md5_hex(&g::email(r, row).unwrap_or_default())
    }),
    ("UUID", ["uuid", "guid", "external", "u"], |r, _| {
        format!("{}-{}-4{}-a{}-{}", r.hex(8), r.hex(4), r.hex(3), r.hex(3), r.hex(12))
    }),
    ("UUID without dashes", ["uuid", "guid", "external_ref", "n1"], |r, _| r.hex(32)),
    ("API key", ["api_key", "key", "client", "access"], |r, _| format!("ak_{}", r.string(g::ALNUM, 32))),
    ("API key in base64", ["api_key", "consumer", "app_key", "z"], |r, _| r.string(g::ALNUM, 43) + "="),
    ("short code", ["code", "short", "link_code", "p"], |r, _| r.string(g::ALNUM, 7)),
    ("product key", ["product_key", "serial", "cd_key", "licence"], |r, _| {
        (0..5).map(|_| r.string(UNAMBIGUOUS, 5)).collect::<Vec<_>>().join("-")
    }),
    ("licence key", ["license_key", "activation", "lic", "m2"], |r, _| r.hex(16).to_uppercase()),
    ("order number", ["order_no", "number", "ref", "o"], |r, row| {
        format!("R{}-{}", 100_000 + row, r.string(g::DIGITS, 3))
    }),
    ("phone number", ["phone", "tel", "contact", "b4"], |r, row| g::phone(r, row).unwrap_or_default()),
    ("slug", ["slug", "handle_path", "permalink", "y"], |r, row| {
        format!("{}-{}-{row}", r.pick(&g::WORDS), r.pick(&g::WORDS))
    }),
    ("verification token", ["verification_token", "confirm", "token", "verify_code"], |r, _| r.string(g::ALNUM, 32)),
    ("password reset token", ["reset_token", "password_reset_token", "forgot_code", "reset"], |r, _| r.hex(64)),
    ("one-time code", ["otp", "sms_code", "verify", "login_code_sent"], |r, _| r.string(g::DIGITS, 6)),
    ("voucher", ["voucher", "coupon_code", "promo", "g5"], |r, _| r.string(UNAMBIGUOUS, 10)),
];

/// Tables where such columns stand; whether the rows are accounts with a password of their own.
const TABLES: [(&str, bool); 16] = [
    ("users", true),
    ("customers", true),
    ("members", true),
    ("app.accounts", true),
    ("files", false),
    ("uploads", false),
    ("sessions", false),
    ("orders", false),
    ("commits", false),
    ("downloads", false),
    ("invitations", false),
    ("licenses", false),
    ("deployments", false),
    ("audit_log", false),
    ("email_verifications", false),
    ("api_clients", false),
];

fn observe(stats: &mut ColumnStats, value: &str) {
    let form = schemes::recognise(value.as_bytes());
    let common = matches!(form.kind(), FormKind::Text | FormKind::Digest) && g::is_common(value);
    stats.observe(Some(value.as_bytes()), form, common);
}

/// Judges the look-alikes of these numbers; those that were called credentials, and the real passwords beside them that were not.
fn judge(numbers: impl Iterator<Item = usize>) -> (Vec<String>, Vec<String>) {
    let (mut wrong, mut missed) = (Vec::new(), Vec::new());
    for number in numbers {
        let (what, names, make) = KINDS[number % KINDS.len()];
        let (table, accounts) = TABLES[number / KINDS.len() % TABLES.len()];
        let name = names[number / (KINDS.len() * TABLES.len()) % names.len()];
        let rows = [60, 250, 900][number % 3];
        let mut random = Random::new(&format!("look-alike {number}"));
        let mut columns: Vec<(&str, Make)> = vec![("id", |_, row| (row + 1).to_string())];
        if random.below(3) > 0 || accounts {
            columns.push(("login", |r, row| g::username(r, row).unwrap_or_default()));
        }
        if random.below(3) > 0 {
            columns.push((random.pick(&["email", "user_email", "author_email"]).to_owned().leak(), |r, row| {
                g::email(r, row).unwrap_or_default()
            }));
        }
        if accounts {
            columns.push(("password", |r, row| g::bcrypt(r, row).unwrap_or_default()));
        }
        columns.push((name, make));
        columns.push(("created_at", |r, row| g::instant(r, row).unwrap_or_default()));
        let table = Table {
            name: table.to_owned(),
            columns: columns.iter().map(|(name, _)| Column::named(*name)).collect(),
            named_columns: true,
        };
        let mut stats = vec![ColumnStats::new(); columns.len()];
        for row in 0..rows {
            for (column, (_, make)) in columns.iter().enumerate() {
                observe(&mut stats[column], &make(&mut random, row));
            }
        }
        for ((column, _), role) in columns.iter().zip(assign(&table, &stats)) {
            let place = || format!("{what} as {}.{column} ({rows} rows): {}", table.name, role.why);
            match (*column == "password", role.role == Role::Credential) {
                (true, false) => missed.push(place()),
                (false, true) => wrong.push(place()),
                _ => {}
            }
        }
    }
    (wrong, missed)
}

#[test]
fn hundreds_of_lookalikes_beside_logins_are_no_credentials() {
    let (wrong, missed) = judge((0..5000).step_by(11));
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(missed.is_empty(), "{missed:#?}");
}

/// `cargo test --test it -- --ignored --nocapture five_thousand_lookalikes`; `benches/schemes.sh` runs it.
#[test]
#[ignore = "counts: a minute of work"]
fn five_thousand_lookalikes_hold_at_most_five_credentials() {
    let (wrong, missed) = judge(0..5000);
    for place in &wrong {
        println!("{place}");
    }
    println!("figures: lookalikes_wrong={}", wrong.len());
    assert!(wrong.len() <= 5 && missed.is_empty(), "{} wrong, {} missed", wrong.len(), missed.len());
}
