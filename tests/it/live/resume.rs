//! An audit that was interrupted goes on where it stopped: `--state`.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::faults::{interrupt, wait_until};
use super::{READER, mariadb_reader, reader};
use crate::program::{audit, credaudit};
use crate::servers::{MariaDb, Postgres};

const TABLES: [&str; 6] = ["team_a", "team_b", "team_c", "team_d", "team_e", "team_f"];

/// Rows of each table; read slowly they take a second.
const ROWS: u32 = 5000;

/// A server's log, and how often it says that a table was read since the last time it was asked.
struct Log {
    path: PathBuf,
    seen: usize,
}

impl Log {
    fn reads(&mut self, is_read: impl Fn(&str, &str) -> bool) -> Vec<usize> {
        let bytes = fs::read(&self.path).unwrap();
        let text = String::from_utf8_lossy(&bytes[self.seen..]).into_owned();
        self.seen = bytes.len();
        TABLES.iter().map(|table| text.lines().filter(|line| is_read(line, table)).count()).collect()
    }
}

fn is_copy(line: &str, table: &str) -> bool {
    line.contains("COPY (SELECT") && line.contains(&format!("\"{table}\"")) && line.contains("execute ")
}

fn is_select(line: &str, table: &str) -> bool {
    line.contains("SELECT") && line.contains(&format!("`{table}`")) && !line.contains("MIN(")
}

/// Starts a slow audit with a state, and stops it with `stop` once `reading` says that it is in the middle.
fn stopped(url: &str, state: &Path, mut reading: impl FnMut() -> bool, stop: impl FnOnce(&Child)) -> String {
    let rate = ROWS.to_string();
    let mut child = credaudit(&["audit", "--format", "json", "--guess-seconds", "0", "--max-rows-per-second", &rate])
        .args(["--state", state.to_str().unwrap(), "--resets", "/dev/null", url])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    wait_until("reading", || {
        assert!(child.try_wait().unwrap().is_none(), "it ended before it could be stopped");
        reading()
    });
    stop(&child);
    String::from_utf8_lossy(&child.wait_with_output().unwrap().stdout).into_owned()
}

/// The report and the reset list of an audit.
fn whole(url: &str, state: Option<&Path>) -> (serde_json::Value, String) {
    let folder = tempfile::tempdir().unwrap();
    let resets = folder.path().join("resets.csv");
    let mut args = vec!["--guess-seconds", "0", "--resets", resets.to_str().unwrap(), url];
    if let Some(state) = state {
        args.extend(["--state", state.to_str().unwrap()]);
    }
    let (output, report) = audit(&args);
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(report["complete"], true, "{}", report["skipped"]);
    (report, fs::read_to_string(resets).unwrap())
}

fn kill(child: &Child) {
    assert!(Command::new("kill").args(["-KILL", &child.id().to_string()]).status().unwrap().success());
}

/// Nothing of the database can be read from the files of a state, which are their owner's alone.
fn tells_nothing(folder: &Path) {
    let mut names: Vec<String> = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{}", entry.path().display());
        let bytes = fs::read(entry.path()).unwrap();
        // A login, a table, a column, the beginnings of stored values: of the 5,000 of a table, 2,000 are one of these.
        let stored = ["8621ffdbc569", "d8578edf8458"];
        for word in ["user1", "team_", "password", "@mail.example"].iter().chain(&stored) {
            let found = bytes.windows(word.len()).any(|window| window.eq_ignore_ascii_case(word.as_bytes()));
            assert!(!found, "{word} in {}", entry.path().display());
            if let Ok(raw) = hex::decode(word) {
                assert!(!bytes.windows(raw.len()).any(|window| window == raw), "{word} in {}", entry.path().display());
            }
        }
        names.push(entry.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    assert_eq!(names, ["state", "state.key", "state.rows"]);
}

#[test]
fn an_audit_of_postgresql_that_was_stopped_goes_on_and_reports_as_if_it_had_not_been() {
    let server = Postgres::start_with(None, &|folder| {
        let set = |name: &str, value: &str| ["-c".to_owned(), format!("{name}={value}")];
        [
            set("log_statement", "all"),
            set("logging_collector", "on"),
            set("log_directory", folder.to_str().unwrap()),
            set("log_filename", "log"),
            set("autovacuum", "off"),
        ]
        .concat()
    });
    server.sql("CREATE DATABASE teams");
    let tables = TABLES.map(|table| {
        format!(
            "CREATE TABLE {table} (id int primary key, login text, email text, password text); \
             INSERT INTO {table} SELECT n, 'user' || n, 'user' || n || '@mail.example', \
             md5(CASE n % 5 WHEN 0 THEN 'dragon' WHEN 1 THEN 'qwerty' ELSE 'own' || n END) FROM generate_series(1, {ROWS}) n;"
        )
    });
    server.sql_in("teams", &tables.concat());
    reader(&server, "teams");
    server.sql_in("teams", "VACUUM (FREEZE, ANALYZE)");
    let url = server.url(READER, "teams");
    let mut log = Log { path: server.file("log"), seen: 0 };
    log.reads(is_copy);
    let expected = whole(&url, None);
    let once = log.reads(is_copy);
    assert!(once.iter().all(|count| *count >= 1), "{once:?}");

    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    let reads = |table: &str| {
        let sql = format!(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'credaudit' AND query LIKE 'COPY%\"{table}\"%'"
        );
        server.ask("postgres", &sql) != "0"
    };
    // Killed; then interrupted in a table further on; then not.
    assert_eq!(stopped(&url, &state, || reads("team_c"), kill), "");
    tells_nothing(folder.path());
    let told = stopped(&url, &state, || reads("team_e"), interrupt);
    assert!(told.contains("what was read to its end is kept"), "{told}");
    tells_nothing(folder.path());
    let before = log.reads(is_copy);
    assert_eq!(before[..2], once[..2], "what was read to its end is read once: {before:?}");
    assert_eq!(before[3], once[3], "{before:?}");

    // Another audit does not take it for its own.
    let other = credaudit(&["audit", "--state", state.to_str().unwrap(), "--table", "team_a", &url]).output().unwrap();
    let said = String::from_utf8_lossy(&other.stderr);
    assert!(other.status.code() == Some(2) && said.contains("other settings") && said.contains("delete"), "{said}");

    let copy = tempfile::tempdir().unwrap();
    for name in ["state", "state.key", "state.rows"] {
        fs::copy(folder.path().join(name), copy.path().join(name)).unwrap();
    }
    log.reads(is_copy);
    let resumed = whole(&url, Some(&state));
    assert_eq!(log.reads(is_copy)[..4], [0; 4], "what is kept is not read again");
    assert_eq!(resumed.1, expected.1);
    assert_eq!(resumed.0, expected.0);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is left of the state");

    // Where the database has changed meanwhile, the report says which tables are of which moment.
    server.sql_in("teams", "DELETE FROM team_a WHERE id <= 10; DELETE FROM team_f WHERE id <= 10; DROP TABLE team_b");
    let (report, _) = whole(&url, Some(&copy.path().join("state")));
    let notes = report["not_asked"].to_string();
    assert!(notes.contains("not in one moment: team_a at ") && notes.contains("team_f at "), "{notes}");
    assert!(notes.contains("dropped or altered since this audit was interrupted: team_b, read at "), "{notes}");
    let rows = |name: &str| {
        let tables = report["tables"].as_array().unwrap();
        tables.iter().find(|table| table["table"] == name).map(|table| table["rows"].as_u64().unwrap())
    };
    assert_eq!((rows("team_a"), rows("team_f")), (Some(u64::from(ROWS)), Some(u64::from(ROWS) - 10)));
    assert_eq!(rows("team_b"), None);
}

#[test]
fn an_audit_of_mariadb_that_was_killed_goes_on_and_says_that_its_tables_are_not_of_one_moment() {
    let logs = tempfile::tempdir().unwrap();
    let path = logs.path().join("log");
    fs::set_permissions(logs.path(), fs::Permissions::from_mode(0o777)).unwrap();
    let server = MariaDb::start_with(&["--general-log=1", &format!("--general-log-file={}", path.display())]);
    server.sql("CREATE DATABASE teams CHARACTER SET utf8mb4");
    let tables = TABLES.map(|table| {
        format!(
            "CREATE TABLE {table} (id int primary key, login varchar(40), email varchar(60), password varchar(40)); \
             INSERT INTO {table} SELECT seq, CONCAT('user', seq), CONCAT('user', seq, '@mail.example'), \
             MD5(CASE seq % 5 WHEN 0 THEN 'dragon' WHEN 1 THEN 'qwerty' ELSE CONCAT('own', seq) END) FROM seq_1_to_{ROWS};"
        )
    });
    server.sql(&format!("USE teams; {}", tables.concat()));
    mariadb_reader(&server, "teams");
    let url = server.url(READER, "teams");
    let mut log = Log { path, seen: 0 };
    log.reads(is_select);
    let expected = whole(&url, None);
    let once = log.reads(is_select);
    assert!(once.iter().all(|count| *count >= 1), "{once:?}");
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    // Its small tables are sent before anybody could ask the server what it is doing.
    let (path, seen) = (log.path.clone(), log.seen);
    let reads = || {
        let bytes = fs::read(&path).unwrap();
        String::from_utf8_lossy(&bytes[seen..]).lines().any(|line| is_select(line, "team_d"))
    };
    stopped(&url, &state, reads, kill);
    tells_nothing(folder.path());
    log.reads(is_select);
    let resumed = whole(&url, Some(&state));
    assert_eq!(log.reads(is_select)[..3], [0; 3], "what is kept is not read again");
    assert_eq!(resumed.1, expected.1);
    let bare = |mut report: serde_json::Value| {
        report["not_asked"] = serde_json::Value::Null;
        report
    };
    assert!(resumed.0["not_asked"].to_string().contains("not in one moment: team_a, team_b, team_c at "));
    assert_eq!(bare(resumed.0), bare(expected.0));
}

#[test]
fn a_state_that_was_damaged_or_cut_off_is_refused() {
    let server = crate::servers::postgres();
    server.sql("CREATE DATABASE damaged");
    server.sql_in(
        "damaged",
        "CREATE TABLE a_empty (login text, password text); CREATE TABLE a_first (login text, password text); \
         INSERT INTO a_first VALUES ('ann', 'dragon'), ('bob', 'qwerty'); \
         CREATE TABLE z_locked (login text, password text); INSERT INTO z_locked VALUES ('ann', 'dragon');",
    );
    reader(&server, "damaged");
    let url = server.url(READER, "damaged");
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    // A table that cannot be had leaves the state as it does an interruption.
    let mut lock = server
        .client("psql")
        .args(["-q", "-d", "damaged", "-c", "BEGIN; LOCK TABLE z_locked; SELECT pg_sleep(300) AS damaged_lock"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let running = "FROM pg_stat_activity WHERE query LIKE '%damaged_lock%' AND pid <> pg_backend_pid()";
    wait_until("the lock", || server.ask("postgres", &format!("SELECT count(*) {running}")) == "1");
    std::thread::sleep(std::time::Duration::from_millis(300));
    let run =
        || credaudit(&["audit", "--lock-timeout", "1", "--state", state.to_str().unwrap(), &url]).output().unwrap();
    let told = String::from_utf8_lossy(&run().stdout).into_owned();
    assert!(told.contains("holds a lock"), "{told}");
    let rows = folder.path().join("state.rows");
    let kept = fs::read(&rows).unwrap();
    assert!(!kept.is_empty());
    for damaged in [
        kept.iter().enumerate().map(|(at, byte)| byte ^ u8::from(at == kept.len() / 2)).collect(),
        kept[..kept.len() - 1].to_vec(),
        Vec::new(),
    ] {
        fs::write(&rows, &damaged).unwrap();
        let output = run();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2));
        assert!(said.contains("is damaged") && said.contains("delete") && output.stdout.is_empty(), "{said}");
        assert_eq!(fs::read(&rows).unwrap(), damaged, "what is refused is not touched");
    }
    fs::write(&rows, &kept).unwrap();
    server.ask("postgres", &format!("SELECT pg_terminate_backend(pid) {running}"));
    let _ = lock.wait();
    let (output, report) = audit(&["--state", state.to_str().unwrap(), &url]);
    assert_eq!((output.status.code(), &report["complete"]), (Some(1), &true.into()), "{}", report["skipped"]);
    assert_eq!(report["accounts"]["total"], 3, "an empty table before them takes nothing from them");
}
