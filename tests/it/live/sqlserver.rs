//! SQL Server, as a protocol fake answers for it: the same verdicts as from a script, the statements of the dry run and no
//! others, every trouble told.

use std::fs;
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{same_report, verdicts};
use crate::people::{self, GeneratedTable};
use crate::program::{audit, credaudit};
use crate::tds::{Cell, Setup, SqlServer, Table, Trouble, column};

/// A password that nobody may see.
fn secret() -> String {
    format!("Kanarie{}Vogel", 7919)
}

fn setup(tables: Vec<Table>) -> Setup {
    Setup {
        tables,
        has_snapshots: true,
        sees_all: true,
        password: secret(),
        logins: vec![("sa", None, false, true)],
        tls: None,
    }
}

/// A table of the generated database as the server keeps it.
fn served(table: &GeneratedTable) -> Table {
    let columns: Vec<_> = table
        .columns
        .iter()
        .map(|(name, kind)| match *kind {
            "int" => column(name, "int", 4),
            // Texts in every form that the server has.
            "text" => column(name, "varchar", -1),
            kind if kind.starts_with("varchar(1") => column(name, "nvarchar", 400),
            _ => column(name, "varchar", 200),
        })
        .collect();
    let rows = table
        .rows
        .iter()
        .map(|row| {
            let cell = |(text, of): (&Option<String>, &crate::tds::Column)| match text {
                None => Cell::Null,
                Some(text) if of.kind == "int" => Cell::Int(text.parse().unwrap()),
                Some(text) => Cell::Text(text.clone()),
            };
            row.iter().zip(&columns).map(cell).collect()
        })
        .collect();
    let key = table.columns.contains(&("id", "int")).then_some("id");
    Table { name: table.name.into(), columns, key, rows, trouble: Trouble::None }
}

/// A table of accounts under plaintext, `rows` of them.
fn accounts(name: &str, rows: i64, trouble: Trouble) -> Table {
    let row = |n: i64| vec![Cell::Int(n), Cell::Text(format!("user{n}")), Cell::Text(format!("dragon{}", n % 9))];
    Table {
        name: name.into(),
        columns: vec![column("id", "int", 4), column("login", "nvarchar", 80), column("password", "varchar", 40)],
        key: Some("id"),
        rows: (1..=rows).map(row).collect(),
        trouble,
    }
}

fn run(server: &SqlServer, more: &[&str]) -> (Option<i32>, serde_json::Value, String) {
    let mut args = vec!["audit", "--format", "json", "--max-connections", "1"];
    let url = server.url("");
    args.push(&url);
    args.extend(more);
    let output = credaudit(&args).env("SQLCMDPASSWORD", secret()).output().unwrap();
    let said = [&output.stdout[..], &output.stderr[..]].concat();
    assert!(!String::from_utf8_lossy(&said).contains("Kanarie"), "the password was shown");
    let report = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|e| panic!("no report ({e}): {}", String::from_utf8_lossy(&output.stderr)));
    (output.status.code(), report, String::from_utf8_lossy(&output.stderr).into_owned())
}

fn skipped(report: &serde_json::Value) -> String {
    let of =
        |skip: &serde_json::Value| format!("{}: {}\n", skip["what"].as_str().unwrap(), skip["why"].as_str().unwrap());
    report["skipped"].as_array().unwrap().iter().map(of).collect()
}

/// Statements without the list of columns, which the plan of a table decides.
fn shapes(statements: &[String]) -> Vec<String> {
    let shape = |statement: &String| match statement.split_once(" FROM [") {
        Some((list, rest)) if !list.contains("MIN(") => format!("SELECT … FROM [{rest}"),
        _ => statement.clone(),
    };
    statements.iter().map(shape).collect()
}

#[test]
fn a_live_sql_server_database_is_judged_like_its_own_script_account_by_account() {
    let tables = people::database(6_000, 7);
    let folder = tempfile::tempdir().unwrap();
    let dump = folder.path().join("dump.sql");
    fs::write(&dump, tables.iter().map(GeneratedTable::inserts).collect::<String>()).unwrap();
    let (of_dump, expected) = verdicts(dump.to_str().unwrap(), &[]);
    let server = SqlServer::start(setup(tables.iter().map(served).collect()));
    let password = folder.path().join("password");
    fs::write(&password, secret()).unwrap();
    let with = ["--password-file", password.to_str().unwrap()];
    for more in [&["--max-connections", "1"][..], &["--max-connections", "3", "--block-size", "1K"]] {
        let (of_live, got) = verdicts(&server.url(""), &[&with[..], more].concat());
        assert_eq!(of_live["complete"], true, "{}", of_live["skipped"]);
        same_report(&of_live, &of_dump);
        assert!(expected.len() > 2_000 && expected == got, "{} and {} verdicts", expected.len(), got.len());
    }
    let seen = server.seen.lock().unwrap();
    assert_eq!((&seen.forbidden, seen.open_transactions), (&Vec::new(), 0));
    let parts = seen.statements.iter().filter(|sql| sql.contains("[id] >= ") && sql.contains("[id] < ")).count();
    assert!(parts > 20, "{parts} ranges of keys");
    assert!(
        seen.logins.len() == 4
            && seen
                .logins
                .iter()
                .all(|(name, database, reads_only)| { name == "credaudit" && database == "shop" && *reads_only })
    );
}

#[test]
fn the_statements_sent_to_sql_server_are_those_of_the_dry_run() {
    let hostile = Table { name: "a]; drop table x; --'\"\n".into(), ..accounts("", 3, Trouble::None) };
    let small = SqlServer::start(setup(vec![accounts("users", 40, Trouble::None), hostile]));
    let large = SqlServer::start(setup(vec![accounts("users", 3_000, Trouble::None)]));
    for (server, more, exact) in [(&small, &[][..], true), (&large, &["--block-size", "1K"][..], false)] {
        let dry = credaudit(&["audit", "--dry-run", "--max-connections", "1", &server.url("")])
            .args(more)
            .env("SQLCMDPASSWORD", secret())
            .output()
            .unwrap();
        assert!(dry.status.success(), "{}", String::from_utf8_lossy(&dry.stderr));
        let text = String::from_utf8(dry.stdout).unwrap().replace(" -- with the columns that matter, no more", "");
        let printed: Vec<String> = text
            .split(";\n")
            .map(|line| line.lines().filter(|l| !l.starts_with("-- ")).collect::<Vec<_>>().join("\n"))
            .collect();
        let asked = server.statements();
        assert!(!asked.iter().any(|sql| sql.contains("[login]")), "a dry run reads no table");
        let (code, report, _) = run(server, more);
        assert_eq!((code, &report["complete"]), (Some(1), &true.into()), "{}", report["skipped"]);
        let sent = server.statements()[asked.len()..].to_vec();
        let (printed, sent) = if exact { (printed, sent) } else { (shapes(&printed), shapes(&sent)) };
        for statement in asked.iter().chain(&sent) {
            assert!(printed.iter().any(|line| line == statement), "not in the dry run: {statement}\n{text}");
        }
        for line in printed.iter().filter(|line| !line.is_empty()) {
            assert!(sent.contains(line), "printed and not sent: {line}");
        }
        assert_eq!(server.seen.lock().unwrap().forbidden, Vec::<String>::new());
    }
}

#[test]
fn what_of_a_sql_server_cannot_be_read_is_told_and_its_own_logins_are_graded() {
    let mut some = accounts("some", 3, Trouble::None);
    some.columns[2].is_allowed = false;
    let mut none = accounts("none", 3, Trouble::None);
    none.columns.iter_mut().for_each(|column| column.is_allowed = false);
    let mut masked = accounts("masked", 3, Trouble::None);
    masked.columns[2].is_masked = true;
    let mut rich = accounts("rich", 40, Trouble::None);
    rich.columns.extend([
        column("bio", "varchar", -1),
        column("photo", "varbinary", -1),
        column("seen", "datetime", 8),
        column("ok", "bit", 1),
    ]);
    for (n, row) in rich.rows.iter_mut().enumerate() {
        row.extend([
            Cell::Text("ünï€ 🦉 ".repeat(900)),
            Cell::Bytes(vec![n as u8; 9_000]),
            Cell::Text("2021-02-19 17:18:00.000".into()),
            if n % 3 == 0 { Cell::Null } else { Cell::Int(1) },
        ]);
    }
    let hash = |password: &str| {
        use sha2::{Digest, Sha512};
        let wide: Vec<u8> = password.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let digest = Sha512::new().chain_update(&wide).chain_update([1, 2, 3, 4]).finalize();
        format!("0x020001020304{}", digest.iter().map(|byte| format!("{byte:02X}")).collect::<String>())
    };
    let server = SqlServer::start(Setup {
        sees_all: false,
        has_snapshots: false,
        logins: vec![
            ("sa", Some(hash("dragon")), false, true),
            ("app", Some(hash(&secret())), true, false),
            ("##x##", None, true, false),
        ],
        ..setup(vec![
            some,
            none,
            masked,
            rich,
            accounts("gone", 3, Trouble::Error(208)),
            accounts("locked", 3, Trouble::Error(1222)),
            accounts("refused", 3, Trouble::Error(229)),
            accounts("zz", 3, Trouble::None),
        ])
    });
    let (code, report, _) = run(&server, &[]);
    assert_eq!((code, &report["complete"]), (Some(1), &false.into()));
    let told = skipped(&report);
    for (what, why) in [
        ("table dbo.some", "no right to read its columns password"),
        ("table dbo.none", "no right to read dbo.none: not audited"),
        ("table dbo.masked", "columns password are masked"),
        ("table dbo.gone", "dropped or altered"),
        ("table dbo.locked", "holds a lock"),
        ("table dbo.refused", "no right to read it"),
        (": ", "this login has rights on single tables"),
    ] {
        assert!(told.lines().any(|line| line.starts_with(what) && line.contains(why)), "{what}: {why}\n{told}");
    }
    let table = |name: &str| report["tables"].as_array().unwrap().iter().find(|t| t["table"] == name).cloned().unwrap();
    assert_eq!((&table("dbo.rich")["rows"], &table("dbo.zz")["rows"]), (&40.into(), &3.into()));
    let logins = table("sys.sql_logins");
    assert_eq!(logins["rows"], 2);
    assert!(logins.to_string().contains("mssql-2012"), "{logins}");
    assert!(report.to_string().contains("allows no snapshots"), "READ COMMITTED is told");
    assert_eq!(server.seen.lock().unwrap().forbidden, Vec::<String>::new());
}

#[test]
fn faults_of_a_sql_server_in_the_middle_are_told_and_nothing_is_left_behind() {
    // The connection is gone.
    let server =
        SqlServer::start(setup(vec![accounts("a_big", 3_000, Trouble::Cut(1_500)), accounts("zz", 3, Trouble::None)]));
    let (code, report, _) = run(&server, &[]);
    let told = skipped(&report);
    assert!(matches!(code, Some(1 | 2)), "{code:?}");
    assert!(told.contains("table dbo.a_big: ") && told.contains("connection to the server broke"), "{told}");
    assert!(told.contains("table dbo.zz: not audited"), "{told}");

    // A statement takes too long; the next table is read.
    let server =
        SqlServer::start(setup(vec![accounts("a_big", 3_000, Trouble::Stall(50)), accounts("zz", 3, Trouble::None)]));
    let (code, report, _) = run(&server, &["--statement-timeout", "1"]);
    let told = skipped(&report);
    assert!(code == Some(1) && told.contains("table dbo.a_big") && told.contains("took too long"), "{code:?} {told}");
    assert!(report["tables"].as_array().unwrap().iter().any(|table| table["table"] == "dbo.zz"), "the rest goes on");
    let seen = server.seen.lock().unwrap();
    assert_eq!((seen.cancelled, seen.open_transactions), (1, 0), "cancelled on the server, rolled back");
    drop(seen);

    // Somebody presses Ctrl-C while the server says nothing.
    let server =
        SqlServer::start(setup(vec![accounts("a_big", 3_000, Trouble::Stall(50)), accounts("zz", 3, Trouble::None)]));
    let child = credaudit(&["audit", "--format", "json", &server.url("")])
        .env("SQLCMDPASSWORD", secret())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let start = Instant::now();
    while !server.statements().iter().any(|sql| sql.contains("FROM [dbo].[a_big]") && !sql.contains("MIN(")) {
        assert!(start.elapsed() < Duration::from_mins(1), "it does not read");
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let told = skipped(&report);
    assert!(matches!(output.status.code(), Some(1 | 2)), "{:?}", output.status);
    assert!(told.contains("interrupted") && told.contains("table dbo.zz: not audited"), "{told}");
    let seen = server.seen.lock().unwrap();
    assert_eq!((seen.cancelled, seen.open_transactions, &seen.forbidden), (1, 0, &Vec::new()));
}

#[test]
fn a_sql_server_that_refuses_or_cannot_prove_its_name_is_told_without_the_password() {
    let server = SqlServer::start(setup(Vec::new()));
    let (output, report) = audit(&[&server.url("?password=wrong")]);
    assert_eq!(output.status.code(), Some(2));
    assert!(report["skipped"].to_string().contains("refuses this user or password"), "{}", report["skipped"]);

    let made = rcgen::generate_simple_self_signed(vec!["db.example.test".to_owned(), "localhost".to_owned()]).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let server =
        SqlServer::start(Setup { tls: Some(Arc::new(config)), ..setup(vec![accounts("users", 300, Trouble::None)]) });
    let folder = tempfile::tempdir().unwrap();
    let authority = folder.path().join("authority.pem");
    fs::write(&authority, made.cert.pem()).unwrap();
    let roots = format!("sslrootcert={}", authority.display());
    let at = |host: &str, more: &str| format!("mssql://auditor:{}@{host}:{}/shop?{more}", secret(), server.port);
    let try_it = |url: &str| {
        let output = credaudit(&["audit", "--format", "json", url]).output().unwrap();
        let said = String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).into_owned();
        assert!(!said.contains("Kanarie"), "the password was shown");
        (output.status.code(), said)
    };
    let (code, said) = try_it(&at("127.0.0.1", &format!("encrypt=true&{roots}")));
    assert!(code == Some(2) && said.contains("not made out to this name"), "{code:?} {said}");
    let (code, said) = try_it(&at("localhost", "encrypt=true"));
    assert!(code == Some(2) && said.contains("no trusted authority"), "{code:?} {said}");
    assert!(server.seen.lock().unwrap().logins.is_empty(), "nobody logged in to a server without proof");
    for more in [format!("encrypt=true&{roots}"), "trustServerCertificate=true".into(), String::new()] {
        let (code, said) = try_it(&at("localhost", &more));
        assert!(code == Some(1) && said.contains("auditor:***@localhost"), "{more}: {code:?} {said}");
    }
    let seen = server.seen.lock().unwrap();
    assert!(seen.encrypted && seen.logins.len() >= 3);
    drop(seen);
    let server = SqlServer::start(setup(Vec::new()));
    let (output, report) = audit(&[&server.url("?encrypt=true&trustServerCertificate=true")]);
    assert_eq!(output.status.code(), Some(2));
    assert!(report["skipped"].to_string().contains("offers no encryption"), "{}", report["skipped"]);
}
