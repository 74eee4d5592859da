//! What lies between: passwords that a server refuses, certificates for another name, connections that break in the middle
//! of a table. All of it is told, the password never.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::faults::{sessions, wait_until};
use super::{READER, load_mariadb, load_postgres};
use crate::people;
use crate::program::credaudit;
use crate::servers::{self, MariaDb, Postgres};

/// How a connection ends.
#[derive(Clone, Copy)]
enum End {
    /// As if the other side had said goodbye.
    Closed,
    /// As if the other side were gone: a reset.
    Reset,
}

/// Passes one connection on to `port` and breaks it after so many bytes of answers.
fn breaking_proxy(port: u16, after: usize, end: End) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = listener.local_addr().unwrap().port();
    listener.set_nonblocking(true).unwrap();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
        runtime.block_on(async move {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            let (mut client, _) = listener.accept().await.unwrap();
            let mut server = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
            let (mut left, mut asked, mut answered) = (after, [0; 4096], [0; 4096]);
            while left > 0 {
                tokio::select! {
                    n = client.read(&mut asked) => match n {
                        Ok(n @ 1..) => server.write_all(&asked[..n]).await.unwrap(),
                        _ => return,
                    },
                    n = server.read(&mut answered) => match n {
                        Ok(n @ 1..) if client.write_all(&answered[..n]).await.is_ok() => left = left.saturating_sub(n),
                        _ => return,
                    },
                }
            }
            if let End::Reset = end {
                // A socket that lingers for no time is reset when it is closed.
                client.set_zero_linger().unwrap();
            }
        });
    });
    at
}

/// Audits over one connection, which breaks: that is told, and what was not audited.
fn breaks(url: &str, (name, password): (&str, &str)) {
    let output = credaudit(&["audit", "--format", "json", "--guess-seconds", "0", "--max-connections", "1", url])
        .env(name, password)
        .output();
    let output = output.unwrap();
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let told = report["skipped"].to_string();
    assert!(matches!(output.status.code(), Some(1 | 2)) && told.contains("not audited"), "{told}");
    assert!(told.contains("connection to the server"), "{told}");
}

/// Audits with a password in the environment: exit code, and all that was said.
fn tried(url: &str, (name, password): (&str, &str)) -> (Option<i32>, String) {
    let output =
        credaudit(&["audit", "--format", "json", "--guess-seconds", "0", url]).env(name, password).output().unwrap();
    let said = [&output.stdout[..], &output.stderr[..]].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    assert!(!said.contains("Kanarie"), "the password was shown");
    (output.status.code(), said)
}

/// A password that nobody may see.
fn secret() -> String {
    format!("Kanarie{}Vogel", 7919)
}

type Made = rcgen::CertifiedKey<rcgen::KeyPair>;

fn certificate() -> Made {
    rcgen::generate_simple_self_signed(vec!["db.example.test".to_owned(), "localhost".to_owned()]).unwrap()
}

/// Writes a file that only its owner may read; its path.
fn file(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    path.display().to_string()
}

#[test]
fn a_postgresql_server_that_refuses_cannot_prove_its_name_or_is_cut_off_is_told_without_the_password() {
    let port = servers::free_port();
    let made = certificate();
    let server = Postgres::start_with(Some(port), &|folder| {
        let certificate = file(folder, "server.crt", &made.cert.pem());
        let key = file(folder, "server.key", &made.signing_key.serialize_pem());
        let hba = file(folder, "hba", "local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n");
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
    let password = secret();
    server.sql(&format!("ALTER ROLE {READER} PASSWORD '{password}'"));
    let roots = authority.display();
    let at = |host: &str, more: &str| format!("postgres://{READER}@{host}:{port}/locked?sslrootcert={roots}{more}");
    let try_it = |url: &str, password: &str| tried(url, ("PGPASSWORD", password));
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

    for end in [End::Closed, End::Reset] {
        let broken = breaking_proxy(port, 60_000, end);
        breaks(&format!("postgres://{READER}@127.0.0.1:{broken}/locked?sslmode=disable"), ("PGPASSWORD", &password));
        wait_until("the sessions to end", || sessions(&server) == "0");
    }
}

#[test]
fn a_mariadb_server_that_refuses_cannot_prove_its_name_or_is_cut_off_is_told_without_the_password() {
    let folder = tempfile::tempdir().unwrap();
    let made = certificate();
    let roots = file(folder.path(), "authority.pem", &made.cert.pem());
    let key = file(folder.path(), "server.key", &made.signing_key.serialize_pem());
    let port = servers::free_port();
    let server = MariaDb::start_with(&[
        "--skip-networking=0",
        "--bind-address=127.0.0.1",
        &format!("--port={port}"),
        &format!("--ssl-cert={roots}"),
        &format!("--ssl-key={key}"),
    ]);
    load_mariadb(&server, "locked", &people::database(6_000, 3), folder.path());
    let password = secret();
    server.sql(&format!(
        "CREATE USER prober@'%' IDENTIFIED BY '{password}'; GRANT SELECT ON locked.* TO prober@'%'; \
         GRANT PROCESS ON *.* TO prober@'%'"
    ));
    let at = |host: &str, mode: &str| format!("mysql://prober@{host}:{port}/locked?ssl-mode={mode}&ssl-ca={roots}");
    let try_it = |url: &str, password: &str| tried(url, ("MYSQL_PWD", password));
    let (code, said) = try_it(&at("localhost", "verify_identity"), "wrong");
    assert!(code == Some(2) && said.contains("refuses this user or password"), "{code:?} {said}");
    // The driver checks the name whenever it checks the authority.
    for mode in ["verify_identity", "verify_ca"] {
        let (code, said) = try_it(&at("127.0.0.1", mode), &password);
        assert!(code == Some(2) && said.contains("not made out to this name"), "{code:?} {said}");
        assert!(!said.contains("give up"), "{said}");
    }
    // Without a file of authorities those of the system are trusted.
    let unknown = format!("mysql://prober@localhost:{port}/locked?ssl-mode=verify_identity");
    let (code, said) = try_it(&unknown, &password);
    assert!(code == Some(2) && said.contains("no trusted authority"), "{code:?} {said}");
    let accepted = [
        ("localhost", "verify_identity"),
        ("localhost", "verify_ca"),
        ("127.0.0.1", "required"),
        ("127.0.0.1", "disabled"),
    ];
    for (host, mode) in accepted {
        let (code, said) = try_it(&at(host, mode), &password);
        assert_eq!(code, Some(1), "{host} {mode}: {said}");
    }
    let with_password = format!("mysql://prober:{password}@127.0.0.1:{port}/locked");
    let (code, said) = try_it(&with_password, "");
    assert!(code == Some(1) && said.contains(":***@"), "{code:?} {said}");

    for end in [End::Closed, End::Reset] {
        let broken = breaking_proxy(port, 60_000, end);
        breaks(&format!("mysql://prober@127.0.0.1:{broken}/locked"), ("MYSQL_PWD", &password));
        let probers = "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE USER = 'prober'";
        wait_until("the sessions to end", || server.ask(probers) == "0");
        assert_eq!(server.ask("SELECT COUNT(*) FROM information_schema.INNODB_TRX"), "0");
    }
}
