//! A guest: it waits while the server is busy, and asks for a password where nobody sees it.

use std::io::Write;
use std::process::{Command, Stdio};

use super::faults::wait_until;
use super::{READER, reader};
use crate::program::{audit, credaudit};
use crate::servers::{self, MariaDb, Postgres};

const ACCOUNTS: &str =
    "CREATE TABLE users (login varchar(20), password varchar(40)); INSERT INTO users VALUES ('ann', 'dragon');";

#[test]
fn while_the_server_is_busier_than_allowed_the_audit_waits() {
    let server = Postgres::start();
    server.sql_in("postgres", ACCOUNTS);
    reader(&server, "postgres");
    let url = server.url(READER, "postgres");
    let mut busy =
        server.client("psql").args(["-q", "-c", "SELECT pg_sleep(6)"]).stdout(Stdio::null()).spawn().unwrap();
    let count = "SELECT count(*) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(6)' AND state = 'active'";
    wait_until("the work", || server.ask("postgres", count) == "1");
    let (output, _) = audit(&[&url, "--max-load", "1"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(busy.try_wait().unwrap().is_none(), "one other session is allowed for");
    let (output, report) = audit(&[&url, "--max-load", "0"]);
    assert_eq!(server.ask("postgres", count), "0", "it did not wait until the other session was idle");
    assert_eq!((output.status.code(), &report["accounts"]["total"]), (Some(1), &1.into()));
    let _ = busy.wait();

    let server = MariaDb::start();
    server.sql(&format!("USE app; {ACCOUNTS}"));
    super::mariadb_reader(&server, "app");
    let url = server.url(READER, "app");
    let mut busy = server.client("mariadb").args(["-e", "SELECT SLEEP(6)"]).stdout(Stdio::null()).spawn().unwrap();
    let count = "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE INFO = 'SELECT SLEEP(6)'";
    wait_until("the work", || server.ask(count) == "1");
    let (output, _) = audit(&[&url, "--max-load", "20"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(busy.try_wait().unwrap().is_none());
    let (output, report) = audit(&[&url, "--max-load", "0"]);
    assert_eq!(server.ask(count), "0", "it did not wait until the other session was idle");
    assert_eq!((output.status.code(), &report["accounts"]["total"]), (Some(1), &1.into()));
    let _ = busy.wait();
}

#[test]
fn a_password_is_asked_for_on_the_terminal_and_does_not_appear_on_it() {
    let port = servers::free_port();
    let server = Postgres::start_with(Some(port), &|folder| {
        let hba = folder.join("hba");
        std::fs::write(&hba, "local all postgres trust\nlocal all all scram-sha-256\n").unwrap();
        vec!["-c".into(), format!("hba_file={}", hba.display())]
    });
    server.sql_in("postgres", ACCOUNTS);
    reader(&server, "postgres");
    let password = format!("Kanarie{}Vogel", 7919);
    server.sql(&format!("ALTER ROLE {READER} PASSWORD '{password}'"));
    let url = server.url(READER, "postgres");
    let ask = |typed: &str| {
        // util-linux's script gives the program a terminal and types what comes in.
        let line = format!("'{}' audit --ask-password --color never '{url}'", env!("CARGO_BIN_EXE_credaudit"));
        let mut child = Command::new("script")
            .args(["-qec", &line, "/dev/null"])
            .env("SHELL", "/bin/sh")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program script is installed");
        let mut keyboard = child.stdin.take().unwrap();
        // Typed ahead it would be echoed by a terminal that does not know yet that it must not.
        std::thread::sleep(std::time::Duration::from_secs(2));
        keyboard.write_all(format!("{typed}\n").as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        drop(keyboard);
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(!said.contains("Kanarie"), "the password was shown");
        assert!(said.contains("Password: "), "{said}");
        (output.status.code(), said)
    };
    let (code, said) = ask(&password);
    assert!(code == Some(1) && said.contains("users"), "{code:?} {said}");
    let (code, said) = ask("Kanarie");
    assert!(code == Some(2) && said.contains("refuses this user or password"), "{code:?} {said}");
    // Without a terminal nobody can be asked.
    let output = credaudit(&["audit", "--ask-password", &url]).stdin(Stdio::null()).output().unwrap();
    assert!(output.status.code() == Some(2) && String::from_utf8_lossy(&output.stderr).contains("--password-file"));
}
