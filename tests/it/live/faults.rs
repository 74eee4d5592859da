//! Servers, tables and networks that fail while they are read: what was not audited is told, the exit code is not 0, and
//! nothing is left on the server.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::{READER, load_postgres, reader};
use crate::people;
use crate::program::{audit, credaudit};
use crate::servers::{self, MariaDb, Postgres};

/// How long a busy machine may take for anything.
const PATIENCE: Duration = Duration::from_mins(1);

/// How a run ended: exit code, report, what was said on standard error.
pub(super) struct Ended {
    pub(super) code: Option<i32>,
    pub(super) report: serde_json::Value,
    stderr: String,
}

impl Ended {
    fn skipped(&self) -> String {
        let of = |skip: &serde_json::Value| {
            format!("{}: {}\n", skip["what"].as_str().unwrap(), skip["why"].as_str().unwrap())
        };
        self.report["skipped"].as_array().unwrap().iter().map(of).collect()
    }
}

pub(super) fn wait_until(what: &str, mut ready: impl FnMut() -> bool) {
    let start = Instant::now();
    while !ready() {
        assert!(start.elapsed() < PATIENCE, "{what} did not happen");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Audits `target` slowly; once `reading` says so, does `act`.
fn while_reading(target: &str, more: &[&str], mut reading: impl FnMut() -> bool, act: impl FnOnce(&Child)) -> Ended {
    let mut child = credaudit(&["audit", "--format", "json", "--max-rows-per-second", "15000", target])
        .args(more)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    wait_until("reading", || {
        assert!(child.try_wait().unwrap().is_none(), "it ended before anything could be done to it");
        reading()
    });
    act(&child);
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    let report = serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("no report ({e}): {stderr}"));
    Ended { code: output.status.code(), report, stderr }
}

pub(super) fn interrupt(child: &Child) {
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
}

/// Sessions of the program on the server, whatever they do.
fn sessions(server: &Postgres) -> String {
    server.ask("postgres", "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'credaudit'")
}

fn is_copying(server: &Postgres) -> bool {
    let sql = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'credaudit' AND query LIKE 'COPY%a_big%'";
    server.ask("postgres", sql) != "0"
}

/// What the server counts of writes, its place in the log, and what transactions cost.
fn writes(server: &Postgres) -> String {
    let counters = "SELECT tup_inserted, tup_updated, tup_deleted, temp_files, temp_bytes, pg_current_wal_lsn() \
                    FROM pg_stat_database WHERE datname = 'faults'";
    server.ask("faults", counters)
}

#[test]
fn an_audit_of_postgresql_writes_nothing_and_every_fault_in_the_middle_is_told() {
    let server = Postgres::start_with(None, &|_| {
        ["-c", "autovacuum=off", "-c", "checkpoint_timeout=1h", "-c", "wal_level=minimal", "-c", "max_wal_senders=0"]
            .map(Into::into)
            .to_vec()
    });
    server.sql("CREATE DATABASE faults");
    let small = |name: &str| {
        format!("CREATE TABLE {name} (login text, password text); INSERT INTO {name} VALUES ('ann', 'dragon');")
    };
    server.sql_in(
        "faults",
        "CREATE TABLE a_big (id int primary key, login text, password text, filler text); \
         INSERT INTO a_big SELECT n, 'user' || n, md5('p' || n % 1000), repeat('x', 300) FROM generate_series(1, 60000) n",
    );
    server.sql_in("faults", &["zz_gone", "zz_late", "zz_less", "zz_other"].map(small).concat());
    reader(&server, "faults");
    server.sql_in("faults", "VACUUM (FREEZE, ANALYZE)");
    server.sql_in("faults", "CHECKPOINT");
    let url = server.url(READER, "faults");

    // Nothing is written. What the server tidies up by itself at a first reading (dead rows of its own catalogue) is done
    // by one before.
    audit(&[&url]);
    wait_until("the counters to settle", || {
        let before = writes(&server);
        std::thread::sleep(Duration::from_millis(300));
        before == writes(&server)
    });
    let before = writes(&server);
    let (output, report) = audit(&[&url]);
    assert_eq!((output.status.code(), &report["complete"]), (Some(1), &true.into()), "{}", report["skipped"]);
    std::thread::sleep(Duration::from_millis(1200));
    assert_eq!(before, writes(&server), "inserted, updated, deleted, temporary files and bytes, place in the log");
    assert_eq!(sessions(&server), "0");

    // Tables change under the audit: dropped, truncated, locked.
    let mut lock = server
        .client("psql")
        .args(["-q", "-d", "faults", "-c", "BEGIN; LOCK TABLE zz_late IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(60)"])
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let ended = while_reading(
        &url,
        &["--lock-timeout", "1", "--table", "a_big", "--table", "zz_*"],
        || is_copying(&server),
        |_| {
            server.sql_in(
                "faults",
                "DROP TABLE zz_gone; TRUNCATE zz_less; ALTER TABLE zz_other ALTER COLUMN password TYPE int USING 0",
            );
        },
    );
    let _ = server.ask("postgres", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)%' AND pid <> pg_backend_pid()");
    let _ = lock.wait();
    let told = ended.skipped();
    for (table, why) in
        [("zz_gone", "dropped"), ("zz_less", "truncated"), ("zz_other", "rewritten"), ("zz_late", "holds a lock")]
    {
        assert!(told.lines().any(|line| line.contains(table) && line.contains(why)), "{table}: {told}");
    }
    assert_eq!((ended.code, &ended.report["complete"]), (Some(1), &false.into()));
    assert!(ended.report["tables"].as_array().unwrap().iter().any(|t| t["table"] == "a_big"), "the rest goes on");

    // A statement takes too long.
    server.sql_in("faults", "CREATE VIEW slow AS SELECT 'ann'::text AS login, 'x'::text AS password, pg_sleep(20)::text AS s; GRANT SELECT ON slow TO auditor");
    let (output, report) = audit(&[&url, "--table", "slow", "--statement-timeout", "1"]);
    assert_eq!(output.status.code(), Some(2), "nothing was audited");
    assert!(report["skipped"].to_string().contains("took too long"), "{}", report["skipped"]);

    // Somebody presses Ctrl-C.
    let ended = while_reading(&url, &[], || is_copying(&server), interrupt);
    assert!(matches!(ended.code, Some(1 | 2)), "{:?}", ended.code);
    assert!(ended.skipped().contains("interrupted"), "{}", ended.skipped());
    assert!(ended.skipped().contains("table zz_late: not audited"), "{}", ended.skipped());
    assert_eq!((sessions(&server).as_str(), ended.stderr.as_str()), ("0", ""));

    // An administrator, or the network, ends the connection.
    let ended = while_reading(
        &url,
        &[],
        || is_copying(&server),
        |_| {
            server.ask(
                "postgres",
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'credaudit'",
            );
        },
    );
    assert!(matches!(ended.code, Some(1 | 2)));
    let told = ended.skipped();
    assert!(
        told.contains("administrator ended the connection") || told.contains("connection to the server was closed")
    );
    assert!(ended.skipped().contains("table zz_late: not audited"), "{}", ended.skipped());
    assert_eq!(sessions(&server), "0");

    // The server dies.
    let ended = while_reading(&url, &[], || is_copying(&server), |_| server.kill());
    assert!(matches!(ended.code, Some(1 | 2)));
    assert!(
        ended.skipped().contains("table a_big") && ended.skipped().contains("table zz_late: not audited"),
        "{}",
        ended.skipped()
    );
    let (output, report) = audit(&[&url]);
    assert_eq!(output.status.code(), Some(2));
    assert!(report["skipped"].to_string().contains("not audited"), "{}", report["skipped"]);
}

fn is_selecting(server: &MariaDb) -> bool {
    let sql =
        "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE USER = 'auditor' AND INFO LIKE 'SELECT %a_big%'";
    server.ask(sql) != "0"
}

fn no_session(server: &MariaDb) -> bool {
    server.ask("SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE USER = 'auditor'") == "0"
}

#[test]
fn an_audit_of_mariadb_writes_nothing_and_every_fault_in_the_middle_is_told() {
    let server = MariaDb::start_with(&["--log-bin", "--server-id=1"]);
    server.sql("CREATE DATABASE faults");
    let small = |name: &str| {
        format!("CREATE TABLE {name} (login text, password text); INSERT INTO {name} VALUES ('ann', 'dragon');")
    };
    server.sql(&format!(
        "USE faults; CREATE TABLE a_big (id int primary key, login varchar(40), password varchar(40), filler varchar(400)); \
         INSERT INTO a_big SELECT seq, CONCAT('user', seq), MD5(CONCAT('p', seq % 1000)), REPEAT('x', 300) FROM seq_1_to_60000; {}",
        ["zz_gone", "zz_late"].map(small).concat()
    ));
    super::mariadb_reader(&server, "faults");
    let url = server.url(READER, "faults");

    let written = || {
        let counters = "SHOW GLOBAL STATUS WHERE Variable_name IN ('Innodb_rows_inserted', 'Innodb_rows_updated', \
                        'Innodb_rows_deleted', 'Handler_write', 'Com_insert', 'Com_update', 'Com_delete')";
        let rows: Vec<String> =
            server.ask(counters).lines().filter(|l| !l.starts_with("Handler")).map(ToOwned::to_owned).collect();
        format!("{} {rows:?}", server.ask("SHOW MASTER STATUS"))
    };
    let before = written();
    let (output, report) = audit(&[&url]);
    assert_eq!((output.status.code(), &report["complete"]), (Some(1), &true.into()), "{}", report["skipped"]);
    assert_eq!(before, written(), "place in the binary log, rows written");
    wait_until("the sessions to end", || no_session(&server));

    let ended = while_reading(
        &url,
        &["--table", "a_big", "--table", "zz_*"],
        || is_selecting(&server),
        |_| {
            server.sql("DROP TABLE faults.zz_gone");
        },
    );
    assert!(ended.skipped().lines().any(|l| l.contains("zz_gone") && l.contains("dropped")), "{}", ended.skipped());
    assert!(ended.report["tables"].as_array().unwrap().iter().any(|t| t["table"] == "zz_late"), "the rest goes on");

    server.sql("CREATE VIEW faults.slow AS SELECT 'ann' AS login, 'x' AS password, SLEEP(20) AS s");
    let (output, report) = audit(&[&url, "--table", "slow", "--statement-timeout", "1"]);
    assert_eq!(output.status.code(), Some(2), "nothing was audited");
    assert!(report["skipped"].to_string().contains("took too long"), "{}", report["skipped"]);

    let ended = while_reading(&url, &[], || is_selecting(&server), interrupt);
    assert!(matches!(ended.code, Some(1 | 2)), "{:?}", ended.code);
    assert!(ended.skipped().contains("interrupted"), "{}", ended.skipped());
    assert!(ended.skipped().contains("table zz_late: not audited"), "{}", ended.skipped());
    wait_until("the sessions to end", || no_session(&server));
    assert_eq!(server.ask("SELECT COUNT(*) FROM information_schema.INNODB_TRX"), "0");

    let ended = while_reading(&url, &[], || is_selecting(&server), |_| server.kill());
    assert!(matches!(ended.code, Some(1 | 2)));
    assert!(ended.skipped().contains("table zz_late: not audited"), "{}", ended.skipped());
    let (output, _) = audit(&[&url]);
    assert_eq!(output.status.code(), Some(2));
}

/// Passes a connection on to `port` and breaks it after so many bytes of answers.
fn breaking_proxy(port: u16, after: usize) -> u16 {
    use std::io::{Read, Write};
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let (mut client, _) = listener.accept().unwrap();
        let mut server = std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
        let (mut from, mut to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
        std::thread::spawn(move || std::io::copy(&mut from, &mut to));
        let mut left = after;
        let mut buf = [0; 4096];
        while left > 0
            && let Ok(n @ 1..) = server.read(&mut buf)
        {
            left = left.saturating_sub(n);
            if client.write_all(&buf[..n]).is_err() {
                return;
            }
        }
        // The other copies of the sockets must not keep them open.
        let _ = client.shutdown(std::net::Shutdown::Both);
        let _ = server.shutdown(std::net::Shutdown::Both);
    });
    at
}

#[test]
fn wrong_passwords_and_certificates_for_another_name_are_told_and_never_shown() {
    let port = servers::free_port();
    let made = rcgen::generate_simple_self_signed(vec!["db.example.test".to_owned(), "localhost".to_owned()]).unwrap();
    let server = Postgres::start_with(Some(port), &|folder| {
        let file = |name: &str, text: &str| {
            let path = folder.join(name);
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
            path.display().to_string()
        };
        let certificate = file("server.crt", &made.cert.pem());
        let key = file("server.key", &made.signing_key.serialize_pem());
        let hba = file("hba", "local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n");
        let set = |name: &str, value: &str| ["-c".to_owned(), format!("{name}={value}")];
        [
            set("listen_addresses", "127.0.0.1"),
            set("ssl", "on"),
            set("ssl_cert_file", &certificate),
            set("ssl_key_file", &key),
            set("hba_file", &hba),
        ]
        .concat()
    });
    let folder = tempfile::tempdir().unwrap();
    let authority = folder.path().join("authority.pem");
    fs::write(&authority, made.cert.pem()).unwrap();
    let tables = people::database(6_000, 3);
    load_postgres(&server, "locked", &tables, folder.path());
    let password = format!("Kanarie{}Vogel", 7919);
    server.sql(&format!("ALTER ROLE {READER} PASSWORD '{password}'"));
    let roots = authority.display();
    let at = |host: &str, more: &str| format!("postgres://{READER}@{host}:{port}/locked?sslrootcert={roots}{more}");
    let try_it = |url: &str, password: &str| {
        let output = credaudit(&["audit", "--format", "json", url]).env("PGPASSWORD", password).output().unwrap();
        let said = [&output.stdout[..], &output.stderr[..]].concat();
        let said = String::from_utf8_lossy(&said).into_owned();
        assert!(!said.contains("Kanarie"), "the password was shown");
        (output.status.code(), said)
    };
    let (code, said) = try_it(&at("127.0.0.1", ""), "wrong");
    assert!(code == Some(2) && said.contains("refuses this user or password"), "{code:?} {said}");
    assert_eq!(
        try_it(&at("127.0.0.1", ""), &password).0,
        Some(1),
        "SCRAM in TLS that is not checked: a loopback address"
    );
    let (code, said) = try_it(&at("127.0.0.1", "&sslmode=verify-full"), &password);
    assert!(code == Some(2) && said.contains("not made out to this name"), "{code:?} {said}");
    assert_eq!(try_it(&at("127.0.0.1", "&sslmode=verify-ca"), &password).0, Some(1));
    assert_eq!(try_it(&at("localhost", "&sslmode=verify-full"), &password).0, Some(1));
    let unknown = format!("postgres://{READER}@localhost:{port}/locked?sslmode=verify-full&sslrootcert=system");
    let (code, said) = try_it(&unknown, &password);
    assert!(code == Some(2) && said.contains("no trusted authority"), "{code:?} {said}");
    let with_password = format!("postgres://{READER}:{password}@127.0.0.1:{port}/locked?sslmode=disable");
    let (code, said) = try_it(&with_password, "");
    assert!(code == Some(1) && said.contains(":***@"), "{code:?}");
    let (code, said) = try_it(&format!("{with_password}x"), "");
    assert!(code == Some(2) && said.contains("sslmode"), "{code:?} {said}");

    // The network breaks in the middle of a table.
    let broken = breaking_proxy(port, 60_000);
    let url = format!("postgres://{READER}@127.0.0.1:{broken}/locked?sslmode=disable");
    let output = credaudit(&["audit", "--format", "json", "--max-connections", "1", &url])
        .env("PGPASSWORD", &password)
        .output()
        .unwrap();
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let told = report["skipped"].to_string();
    assert!(matches!(output.status.code(), Some(1 | 2)) && told.contains("not audited"), "{told}");
    assert!(told.contains("connection to the server"), "{told}");
    wait_until("the sessions to end", || sessions(&server) == "0");
}
