//! The example that `make demo` shows: it is what its generator writes, and the audit says of it what is known of how it
//! was made.

use std::collections::{BTreeMap, BTreeSet};

use crate::program::{audit, read_csv};

#[path = "../../demo/generate.rs"]
#[allow(dead_code)] // `main` is the example's.
mod generate;

const DUMP: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/demo/nursery.sql");

#[test]
fn the_bundled_dump_is_what_the_generator_writes() {
    let bundled = std::fs::read_to_string(DUMP).unwrap();
    assert!(
        bundled == generate::dump(),
        "demo/nursery.sql is out of date: cargo run --example nursery_dump > demo/nursery.sql"
    );
    assert!(bundled.len() < 120 << 10, "{} bytes", bundled.len());
}

/// Tier by account id of one table.
fn tiers(rows: &[std::collections::HashMap<String, String>], table: &str) -> BTreeMap<usize, String> {
    rows.iter()
        .filter(|row| row["table"].split(": ").last() == Some(table))
        .map(|row| (row["account_id"].parse().unwrap(), row["tier"].clone()))
        .collect()
}

#[test]
fn the_audit_of_the_demo_says_what_is_known_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let resets = folder.path().join("resets.csv");
    let (output, report) = audit(&[DUMP, "--resets", resets.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    let rows = read_csv(&resets);

    // Parents: plain text under a name that does not say so; who has left is to be disabled.
    let parents = tiers(&rows, "parents");
    assert_eq!(parents.len(), generate::PARENTS);
    for (id, tier) in &parents {
        assert_eq!(tier, if id % generate::FORMER_PARENT == 0 { "T4" } else { "T0" }, "parent {id}");
    }

    // Recorders: factory passwords under `admin`, the same few everywhere.
    let recorders: Vec<_> = rows.iter().filter(|row| row["table"].ends_with("recorders")).collect();
    assert_eq!(recorders.len(), generate::RECORDERS);
    for row in recorders {
        assert_eq!((row["tier"].as_str(), row["login"].as_str()), ("T0", "admin"));
        for reason in ["plaintext", "default-credential", "shared-password"] {
            assert!(row["reasons"].split(';').any(|r| r == reason), "{reason}: {row:?}");
        }
    }

    // Odoo: `admin` still has the password of a new installation; the others have too few rounds.
    let odoo: Vec<_> = rows.iter().filter(|row| row["table"].ends_with("res_users")).collect();
    assert_eq!(odoo.len(), 10);
    for row in odoo {
        let default = row["reasons"].split(';').any(|r| r == "default-credential");
        assert_eq!(default, row["login"] == "admin", "{row:?}");
        assert_eq!(row["tier"], if default { "T0" } else { "T2" }, "{row:?}");
    }

    // Staff: the old half in SHA-1; of the bcrypt half only who has the login as password.
    let staff = tiers(&rows, "staff");
    let half = generate::STAFF / 2;
    let expected: BTreeMap<usize, String> = (1..=half).chain([half + 4]).map(|id| (id, "T1".to_owned())).collect();
    assert_eq!(staff, expected);

    // The forum: salted MD5, and common passwords among them.
    let forum = tiers(&rows, "forum_user");
    assert_eq!(forum.len(), generate::FORUM);
    for (id, tier) in &forum {
        assert_eq!(tier, if (id - 1) % 4 == 0 { "T1" } else { "T2" }, "forum user {id}");
    }

    let tables: BTreeMap<&str, &serde_json::Value> =
        report["tables"].as_array().unwrap().iter().map(|t| (t["table"].as_str().unwrap(), t)).collect();
    let schemes = |table: &str| -> BTreeSet<String> {
        tables[table]["columns"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|c| c["role"] == "credential")
            .map(|c| {
                let text = |key: &str| c[key].as_str().unwrap_or_default().to_owned();
                format!("{} {} {} {}", text("name"), text("scheme"), text("evidence"), c["rows"])
            })
            .collect()
    };
    let of = |lines: &[&str]| -> BTreeSet<String> { lines.iter().map(ToString::to_string).collect() };
    assert_eq!(schemes("parents"), of(&["code plaintext inferred 120"]));
    assert_eq!(schemes("recorders"), of(&["password plaintext inferred 40"]));
    assert_eq!(schemes("res_users"), of(&["password pbkdf2-sha512 25000 iterations proved 10"]));
    assert_eq!(schemes("forum_user"), of(&["user_password md5(salt.pass) proved 32"]));
    assert_eq!(schemes("staff"), of(&["password bcrypt cost 10 proved 12", "password unsalted-sha1 proved 12"]));
    for decoy in ["cameras", "files", "sessions"] {
        assert_eq!(schemes(decoy), of(&[]), "{decoy}");
    }
    assert_eq!(report["bytes"]["not_understood"], 0);
}
