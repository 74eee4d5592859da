//! Servers and tables that fail while they are read: what was not audited is told, the exit code is not 0, and
//! nothing is left on the server.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::{READER, reader};
use crate::program::{audit, credaudit};
use crate::servers::{MariaDb, Postgres};

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
pub(super) fn sessions(server: &Postgres) -> String {
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

/// Who holds the lock.
const SLEEPERS: &str = "SELECT ID FROM information_schema.PROCESSLIST WHERE INFO LIKE 'SELECT SLEEP%'";

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
        ["zz_gone", "zz_held", "zz_late", "zz_less", "zz_other"].map(small).concat()
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

    // Tables change under the audit: dropped, truncated, altered, locked.
    let mut lock = None;
    let ended = while_reading(
        &url,
        &["--lock-timeout", "1", "--table", "a_big", "--table", "zz_*"],
        || is_selecting(&server),
        |_| {
            let hold = "LOCK TABLES faults.zz_held WRITE; SELECT SLEEP(60)";
            let mut client = server.client("mariadb");
            lock = Some(client.args(["-e", hold]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
            server.sql(
                "DROP TABLE faults.zz_gone; TRUNCATE faults.zz_less; ALTER TABLE faults.zz_other DROP COLUMN password",
            );
            wait_until("the lock", || !server.ask(SLEEPERS).is_empty());
        },
    );
    server.sql(&format!("KILL {}", server.ask(SLEEPERS)));
    let _ = lock.unwrap().wait();
    let told = ended.skipped();
    for (table, why) in
        [("zz_gone", "dropped"), ("zz_less", "altered"), ("zz_other", "altered"), ("zz_held", "holds a lock")]
    {
        assert!(told.lines().any(|line| line.contains(table) && line.contains(why)), "{table}: {told}");
    }
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
