//! Made-up reports for the tests of all outputs.

use crate::model::{
    AccountTotals, BreachReport, ByteTotals, ColumnReport, Commit, Confidence, Evidence, Finding, GateReport, Report,
    ReportSkip, ReportTable, ReportTarget, Role, RuleReport, Severity, Site, Tier, Unasked,
};

fn column(name: &str, role: Role, confidence: u8, rows: u64) -> ColumnReport {
    ColumnReport {
        name: name.into(),
        role,
        confidence: Confidence::new(confidence),
        scheme: None,
        evidence: None,
        grade: None,
        rows,
        distinct: None,
        why: format!("the column's name says {}", role.name()),
    }
}

fn credential(name: &str, scheme: &str, evidence: Evidence, grade: &str, rows: u64) -> ColumnReport {
    ColumnReport {
        scheme: Some(scheme.into()),
        evidence: Some(evidence),
        grade: Some(grade.into()),
        distinct: Some(rows - rows / 8),
        why: "40 hex digits in every row; 1,204 values open with common passwords".into(),
        ..column(name, Role::Credential, 97, rows)
    }
}

fn site() -> Site {
    Site {
        path: "backup/2026-11-01/shop.sql.gz".into(),
        line: 3,
        column: 5,
        offset: 98,
        length: 12,
        fingerprint: "00112233445566778899".into(),
        commit: Some(Commit {
            id: "5d41402abc4b2a76b9719d911017c592aef5d5bc".into(),
            date: "2026-01-02T10:00:00+01:00".into(),
            order: 0,
        }),
    }
}

fn totals(counts: [u64; 7]) -> AccountTotals {
    let mut totals = AccountTotals::default();
    for (tier, n) in Tier::ALL.into_iter().zip(counts) {
        totals.add(tier, n);
    }
    totals
}

/// Something of everything.
pub(super) fn busy() -> Report {
    let accounts = totals([31, 12_345, 704, 2_000, 88, 7, 4_825]);
    Report {
        targets: vec![
            ReportTarget {
                target: "backup".into(),
                unit: "2026-11-01/shop.sql.gz".into(),
                format: "mysqldump, gzip".into(),
                bytes: 812_345_678,
                sha256: Some("ab".repeat(32)),
            },
            ReportTarget {
                target: "backup".into(),
                unit: "logo.png".into(),
                format: "a picture holds no tables".into(),
                bytes: 20_480,
                sha256: Some("cd".repeat(32)),
            },
        ],
        bytes: ByteTotals { read: 5_660_000_000, rows: 5_600_000_000, other: 59_999_000, not_understood: 1_000 },
        tables: vec![
            ReportTable {
                target: "backup".into(),
                unit: "2026-11-01/shop.sql.gz".into(),
                table: "customers".into(),
                rows: 20_000,
                accounts: 20_000,
                columns: vec![
                    credential(
                        "passwd",
                        "unsalted-sha1",
                        Evidence::Proved,
                        "weak: unsalted fast hash, billions of tries a second",
                        19_000,
                    ),
                    credential("passwd", "bcrypt cost 10", Evidence::SelfDescribing, "acceptable: cost 10", 1_000),
                    column("id", Role::Id, 95, 20_000),
                    column("email", Role::Email, 99, 20_000),
                ],
                tiers: accounts,
            },
            ReportTable {
                target: "backup".into(),
                unit: "2026-11-01/shop.sql.gz".into(),
                table: "orders".into(),
                rows: 1_234_567,
                columns: vec![column("phone", Role::Personal, 80, 1_234_567)],
                ..ReportTable::default()
            },
        ],
        accounts,
        breach: vec![
            BreachReport {
                source: "embedded list".into(),
                asked: 19_000,
                seen: 1_204,
                not_seen: 17_796,
                ..Default::default()
            },
            BreachReport {
                source: "https://api.pwnedpasswords.com".into(),
                asked: 16_625,
                seen: 9_021,
                not_seen: 7_597,
                unknown: 7,
                why_unknown: vec![(Unasked::RateLimited, 5), (Unasked::BadAnswer, 2)],
            },
        ],
        findings: vec![
            Finding {
                id: "5f2c9a".into(),
                rule: "unsalted-fast-hash",
                severity: Severity::High,
                confidence: Confidence::PROVED,
                target: "backup".into(),
                locator: "2026-11-01/shop.sql.gz, table customers, column passwd, byte 4711, line 42".into(),
                message: "passwords are stored as unsalted SHA-1, which falls to billions of tries a second".into(),
                accounts: 19_000,
                site: None,
            },
            Finding {
                id: "77aa01".into(),
                rule: "default-credential",
                severity: Severity::Critical,
                confidence: Confidence::new(90),
                target: "backup".into(),
                locator: "2026-11-01/shop.sql.gz, table customers, byte 98, line 3".into(),
                message: "an account has a vendor's default user name and password".into(),
                accounts: 1,
                site: Some(Box::new(site())),
            },
        ],
        skipped: vec![ReportSkip {
            target: "backup".into(),
            what: "old.sql, byte 1000, line 12".into(),
            why: "a quoted value never ends (1,000 bytes); dump the database again".into(),
        }],
        not_asked: vec!["1,000 bcrypt values were tried with 20 common passwords each, not with all".into()],
        gate: None,
    }
}

/// All read, nothing found.
pub(super) fn clean() -> Report {
    Report {
        targets: vec![ReportTarget {
            target: "good.csv".into(),
            format: "CSV".into(),
            bytes: 999,
            ..Default::default()
        }],
        bytes: ByteTotals { read: 999, rows: 990, other: 9, not_understood: 0 },
        accounts: totals([0, 0, 0, 0, 0, 0, 12]),
        tables: vec![ReportTable {
            target: "good.csv".into(),
            rows: 12,
            accounts: 12,
            columns: vec![credential("hash", "bcrypt cost 12", Evidence::SelfDescribing, "acceptable: cost 12", 12)],
            tiers: totals([0, 0, 0, 0, 0, 0, 12]),
            ..Default::default()
        }],
        ..Report::default()
    }
}

/// Names that try to take over whatever shows them, and more of everything than a page holds.
pub(super) fn hostile() -> Report {
    let name = format!("\x1b]0;owned\x07\x1b[2J\u{202e}lqs\r\nT0 \u{9b}31m{}\u{200b}\0", "表x".repeat(300));
    let mut report = busy();
    for target in &mut report.targets {
        target.target.clone_from(&name);
        target.unit.clone_from(&name);
        target.format.clone_from(&name);
    }
    for table in &mut report.tables {
        table.target.clone_from(&name);
        table.unit.clone_from(&name);
        table.table.clone_from(&name);
        for column in &mut table.columns {
            column.name.clone_from(&name);
            column.why.clone_from(&name);
            column.scheme = Some(name.clone());
            column.grade = Some(name.clone());
        }
    }
    for finding in &mut report.findings {
        finding.target.clone_from(&name);
        finding.locator.clone_from(&name);
        finding.message.clone_from(&name);
    }
    report.breach[0].source.clone_from(&name);
    report.skipped[0] = ReportSkip { target: name.clone(), what: name.clone(), why: name.clone() };
    report.not_asked = vec![name];
    for list in 0..40 {
        report.tables.push(report.tables[list % 2].clone());
        report.findings.push(report.findings[list % 2].clone());
        report.skipped.push(report.skipped[0].clone());
        report.not_asked.push(report.not_asked[0].clone());
    }
    report
}

/// What a release gate found, in a folder with a table as well.
pub(super) fn gate() -> Report {
    let busy = busy();
    Report {
        findings: vec![
            busy.findings[1].clone(),
            Finding {
                id: "1b2c".into(),
                rule: "generic-password",
                severity: Severity::High,
                confidence: Confidence::new(78),
                target: "backup".into(),
                locator: "backup/etc/app.ini, line 7, column 12".into(),
                message: "Password in plain text: db_password (letters and digits)".into(),
                accounts: 0,
                site: Some(Box::new(Site {
                    path: "backup/etc/app.ini".into(),
                    line: 7,
                    column: 12,
                    offset: 140,
                    length: 11,
                    fingerprint: "99887766554433221100".into(),
                    commit: None,
                })),
            },
        ],
        targets: busy.targets,
        bytes: ByteTotals { read: 10, rows: 5, other: 5, not_understood: 0 },
        gate: Some(GateReport {
            files: 12,
            searched: 4_711,
            engine: "portable".into(),
            baselined: 3,
            allowed: 2,
            below: 5,
            rules: vec![RuleReport {
                id: "generic-password".into(),
                description: "Password in plain text".into(),
                severity: Severity::High,
                advice: "keep it outside of what ships".into(),
            }],
        }),
        ..Report::default()
    }
}
