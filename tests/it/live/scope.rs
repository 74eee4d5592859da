//! What is read and what is not: names however hostile, rights, partitions, views, policies, the server's own secrets, and
//! what the flags say.

use super::{READER, mariadb_reader, reader};
use crate::program::{audit, credaudit, read_csv};
use crate::servers;

/// Names that a careless program would trip over: quotes, comments, newlines, emoji, 63 bytes, reserved words.
const HOSTILE: [&str; 8] = [
    "\"; drop table x; --",
    "'; drop table x; --",
    "back`tick",
    "back\\slash",
    "new\nline",
    "🐘🔑 naïve",
    "a123456789b123456789c123456789d123456789e123456789f123456789abc",
    "select",
];

fn tables(report: &serde_json::Value) -> Vec<String> {
    let mut names: Vec<String> =
        report["tables"].as_array().unwrap().iter().map(|t| t["table"].as_str().unwrap().to_owned()).collect();
    names.sort_unstable();
    names
}

fn told(report: &serde_json::Value) -> String {
    let of =
        |skip: &serde_json::Value| format!("{}: {}\n", skip["what"].as_str().unwrap(), skip["why"].as_str().unwrap());
    report["skipped"].as_array().unwrap().iter().map(of).collect()
}

#[test]
fn tables_and_columns_of_hostile_names_are_read_like_others() {
    let postgres = servers::postgres();
    postgres.sql("CREATE DATABASE hostile");
    let mariadb = servers::mariadb();
    mariadb.sql("CREATE DATABASE hostile CHARACTER SET utf8mb4");
    let double = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
    let back = |name: &str| format!("`{}`", name.replace('`', "``"));
    let mut of_postgres = "CREATE TABLE x (n int);".to_owned();
    let mut of_mariadb = "SET NAMES utf8mb4; USE hostile; CREATE TABLE x (n int);".to_owned();
    // MariaDB's names are of the characters up to U+FFFF.
    let of_server = |name: &str, mariadb: bool| !mariadb || name.chars().all(|c| c <= '\u{ffff}');
    for name in HOSTILE {
        for (sql, quote) in [(&mut of_postgres, &double as &dyn Fn(&str) -> String), (&mut of_mariadb, &back)] {
            if !of_server(name, quote("") == "``") {
                continue;
            }
            let name = quote(name);
            sql.push_str(&format!(
                "CREATE TABLE {name} (id int primary key, login varchar(20), password varchar(40), {name} varchar(20)); \
                 INSERT INTO {name} VALUES (1, 'ann', 'dragon', 'x'), (2, 'bob', 'qwerty', 'y');"
            ));
        }
    }
    // In SQL for MariaDB a backslash within quotes of names stands for itself.
    postgres.sql_in("hostile", &of_postgres);
    mariadb.sql(&of_mariadb);
    reader(&postgres, "hostile");
    mariadb_reader(&mariadb, "hostile");
    for url in [postgres.url(READER, "hostile"), mariadb.url(READER, "hostile")] {
        let names: Vec<&str> = HOSTILE.into_iter().filter(|name| of_server(name, url.starts_with("mysql"))).collect();
        let folder = tempfile::tempdir().unwrap();
        let resets = folder.path().join("resets.csv");
        let (output, report) = audit(&[&url, "--resets", resets.to_str().unwrap()]);
        assert_eq!(output.status.code(), Some(1));
        assert_eq!(report["complete"], true, "{url}: {}", told(&report));
        assert_eq!(report["accounts"]["T0"], 2 * names.len(), "{url}");
        assert_eq!(read_csv(&resets).len(), 2 * names.len());
        for name in names {
            assert!(tables(&report).contains(&name.to_owned()), "{name}: {:?}", tables(&report));
        }
    }
    assert_eq!(postgres.ask("hostile", "SELECT count(*) FROM x"), "0", "it is still there");
    assert_eq!(mariadb.ask("SELECT COUNT(*) FROM hostile.x"), "0", "it is still there");
}

#[test]
fn what_may_not_be_read_is_told_and_what_is_read_twice_is_not() {
    let server = servers::postgres();
    server.sql("CREATE DATABASE rights");
    server.sql_in(
        "rights",
        "CREATE SCHEMA app; CREATE SCHEMA closed; CREATE TABLE app.secrets (login text, password text); \
         CREATE TABLE closed.members (login text, password text); \
         CREATE TABLE plain (login text, password text, note text); INSERT INTO plain VALUES ('ann', 'dragon', 'n'); \
         CREATE TABLE parted (login text, password text, at int) PARTITION BY RANGE (at); \
         CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (10); \
         CREATE TABLE parted_2 PARTITION OF parted FOR VALUES FROM (10) TO (20); \
         INSERT INTO parted VALUES ('ann', 'dragon', 1), ('bob', 'qwerty', 11); \
         CREATE TABLE old (login text, password text); CREATE TABLE older () INHERITS (old); \
         INSERT INTO older VALUES ('eve', 'monkey'); \
         CREATE VIEW shown AS SELECT login, password FROM plain; \
         CREATE MATERIALIZED VIEW copied AS SELECT login, password FROM plain; \
         CREATE TABLE hidden (login text, password text); INSERT INTO hidden VALUES ('joe', 'dragon'); \
         CREATE VIEW through AS SELECT login, password FROM hidden; \
         CREATE TABLE rows_of (login text, password text, who text); \
         INSERT INTO rows_of VALUES ('ann', 'dragon', 'auditor'), ('bob', 'qwerty', 'bob'); \
         ALTER TABLE rows_of ENABLE ROW LEVEL SECURITY; CREATE POLICY own ON rows_of USING (who = current_user);",
    );
    reader(&server, "rights");
    server.sql_in(
        "rights",
        "GRANT USAGE ON SCHEMA app TO auditor; REVOKE ALL ON hidden FROM auditor; REVOKE ALL ON plain FROM auditor; \
         GRANT SELECT (login, password) ON plain TO auditor;",
    );
    let (output, report) = audit(&[&server.url(READER, "rights")]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(report["complete"], false);
    let told = told(&report);
    for line in [
        "table app.secrets: no right to read app.secrets: not audited",
        "table closed.members: no right to read closed.members (nor to use its schema): not audited",
        "table plain: no right to read its columns note",
        "table hidden: no right to read public.hidden",
        "table rows_of: row-level security is in force",
    ] {
        assert!(told.contains(line), "{line}\n{told}");
    }
    assert_eq!(tables(&report), ["copied", "older", "parted_1", "parted_2", "plain", "rows_of", "through"]);
    let notes = report["not_asked"].to_string();
    assert!(notes.contains("1 view not read") && notes.contains("may not see their passwords"), "{notes}");

    // Nothing to read and something to tell is never a clean result.
    let (output, report) = audit(&[&server.url(READER, "rights"), "--table", "app.secrets"]);
    assert_eq!((output.status.code(), report["accounts"]["total"].as_u64()), (Some(2), Some(0)));
}

#[test]
fn what_a_mariadb_user_may_not_read_is_told() {
    let server = servers::mariadb();
    server.sql(
        "CREATE DATABASE rights; USE rights; CREATE TABLE secrets (login text, password text); \
         CREATE TABLE plain (login text, password text, note text); INSERT INTO plain VALUES ('ann', 'dragon', 'n'); \
         CREATE USER narrow@localhost; GRANT SELECT (login, password), UPDATE (note) ON rights.plain TO narrow@localhost; \
         GRANT INSERT ON rights.secrets TO narrow@localhost;",
    );
    let (output, report) = audit(&[&server.url("narrow", "rights")]);
    assert_eq!((output.status.code(), &report["complete"]), (Some(1), &false.into()));
    let told = told(&report);
    for line in [
        "table secrets: no right to read rights.secrets: not audited",
        "table plain: no right to read its columns note",
        "this user has rights on single tables",
    ] {
        assert!(told.contains(line), "{line}\n{told}");
    }
    assert_eq!(tables(&report), ["plain"]);
    let (output, _) = audit(&[&server.url("narrow", "rights"), "--table", "secrets"]);
    assert_eq!(output.status.code(), Some(2), "nothing to read and something to tell is never a clean result");
}

#[test]
fn partitions_that_may_not_be_read_are_read_through_their_table() {
    let server = servers::postgres();
    server.sql("CREATE DATABASE parts");
    server.sql_in(
        "parts",
        "CREATE TABLE parted (login text, password text, at int) PARTITION BY RANGE (at); \
         CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (10); \
         CREATE TABLE parted_2 PARTITION OF parted FOR VALUES FROM (10) TO (20); \
         INSERT INTO parted VALUES ('ann', 'dragon', 1), ('bob', 'qwerty', 11);",
    );
    reader(&server, "parts");
    server.sql_in("parts", "REVOKE ALL ON parted_1, parted_2 FROM auditor");
    let (_, report) = audit(&[&server.url(READER, "parts")]);
    assert_eq!((tables(&report), &report["complete"]), (vec!["parted".to_owned()], &true.into()), "{}", told(&report));
    assert_eq!(report["accounts"]["total"], 2);
}

#[test]
fn the_servers_own_secrets_are_graded_where_the_role_may_see_them() {
    let server = servers::postgres();
    server.sql("CREATE DATABASE own");
    server.sql_in(
        "own",
        "SET password_encryption = 'md5'; CREATE ROLE own_old LOGIN PASSWORD 'dragon'; \
         SET password_encryption = 'scram-sha-256'; CREATE ROLE own_new LOGIN PASSWORD 'correct horse battery'; \
         CREATE EXTENSION postgres_fdw; CREATE SERVER elsewhere FOREIGN DATA WRAPPER postgres_fdw; \
         CREATE USER MAPPING FOR own_old SERVER elsewhere OPTIONS (user 'x', password 'hunter2'); \
         CREATE FOREIGN TABLE far (login text, password text) SERVER elsewhere; \
         ALTER DATABASE own SET password_encryption = 'md5';",
    );
    let folder = tempfile::tempdir().unwrap();
    let resets = folder.path().join("resets.csv");
    let (_, report) = audit(&[&server.url("postgres", "own"), "--resets", resets.to_str().unwrap()]);
    let lines = std::fs::read_to_string(&resets).unwrap();
    assert!(lines.contains("own_old") && lines.contains("elsewhere") && !lines.contains("hunter2"), "{lines}");
    let text = report.to_string();
    assert!(text.contains("scram-sha-256") || text.contains("SCRAM"), "{text}");
    assert!(text.contains("\"rule\":\"password-encryption\""), "{text}");
    assert!(told(&report).contains("a foreign table, its rows are on another server"), "{}", told(&report));

    let mariadb = servers::mariadb();
    mariadb.sql("CREATE DATABASE own; CREATE USER own_user@localhost IDENTIFIED BY 'dragon';");
    let (_, report) = audit(&[&mariadb.url("root", "own"), "--resets", resets.to_str().unwrap()]);
    let lines = std::fs::read_to_string(&resets).unwrap();
    let line = lines.lines().find(|line| line.contains("own_user@localhost")).unwrap_or_else(|| panic!("{lines}"));
    assert!(line.contains("common-password"), "{line}");
    assert!(tables(&report).contains(&"mysql.user".to_owned()));
}

#[test]
fn flags_say_what_is_read_and_a_sample_is_never_complete() {
    let server = servers::postgres();
    server.sql("CREATE DATABASE scope");
    server.sql_in(
        "scope",
        "CREATE SCHEMA app; CREATE TABLE users (nr int primary key, nick text, login text, password text, old_password text); \
         INSERT INTO users SELECT n, 'nick' || n, 'x' || n % 3, 'pass' || n, 'dragon' FROM generate_series(1, 5000) n; \
         CREATE TABLE users_log (login text, password text); INSERT INTO users_log VALUES ('a', 'b'); \
         CREATE TABLE app.users (login text, password text); INSERT INTO app.users VALUES ('a', 'b');",
    );
    reader(&server, "scope");
    server.sql_in("scope", "ANALYZE");
    server.sql_in("scope", "GRANT USAGE ON SCHEMA app TO auditor; GRANT SELECT ON app.users TO auditor;");
    let url = server.url(READER, "scope");
    let of = |more: &[&str]| audit(&[&[&*url], more].concat()).1;
    assert_eq!(tables(&of(&["--table", "users"])), ["app.users", "users"]);
    assert_eq!(tables(&of(&["--table", "users*", "--schema", "public"])), ["users", "users_log"]);
    assert_eq!(tables(&of(&["--exclude", "*_log", "--exclude", "app.*"])), ["users"]);
    let report = of(&["--table", "public.users", "--column", "nr", "--column", "password"]);
    let columns = report["tables"][0]["columns"].to_string();
    assert!(columns.contains("\"password\"") && !columns.contains("old_password"), "{columns}");
    let report = of(&["--table", "public.users", "--exclude", "users.password"]);
    assert!(!report["tables"][0]["columns"].to_string().contains("\"name\":\"password\""));

    let (output, report) = audit(&[&url, "--sample", "100", "--fail-on", "never"]);
    assert_eq!((output.status.code(), &report["complete"]), (Some(2), &false.into()));
    assert!(
        told(&report).contains("table users: 100 rows of about 5000 were read, as --sample asks"),
        "{}",
        told(&report)
    );

    let folder = tempfile::tempdir().unwrap();
    let resets = folder.path().join("resets.csv");
    audit(&[&url, "--table", "public.users", "--identity", "login=nick", "--resets", resets.to_str().unwrap()]);
    assert!(read_csv(&resets).iter().all(|row| row["login"].starts_with("nick")));

    let output = credaudit(&["audit", "--dry-run", &url]).output().unwrap();
    let lines = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(0));
    for line in ["READ ONLY", "COPY (SELECT", "FROM ONLY \"public\".\"users\"", "pg_export_snapshot", "SAVEPOINT"] {
        assert!(lines.contains(line), "{line}\n{lines}");
    }
    let writes = ["INSERT", "UPDATE", "DELETE", "CREATE", "DROP", "ALTER", "LOCK TABLE", "FOR SHARE"];
    assert!(writes.iter().all(|word| !lines.contains(word)), "{lines}");

    let output = credaudit(&["audit", "--sample", "5", "."]).output().unwrap();
    assert!(String::from_utf8_lossy(&output.stderr).contains("without a database"));
}
