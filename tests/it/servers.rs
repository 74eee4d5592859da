//! Real database servers on sockets of their own, in folders of their own; stopped by process id when dropped.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long a server may take to answer on a busy machine.
const PATIENCE: Duration = Duration::from_secs(90);

/// Runs a command to its end and gives its standard output.
pub(crate) fn run(command: &mut Command, input: Option<&Path>) -> Vec<u8> {
    if let Some(path) = input {
        command.stdin(fs::File::open(path).expect("the input exists"));
    } else {
        command.stdin(Stdio::null());
    }
    let output = command.output().unwrap_or_else(|e| panic!("{command:?}: {e}; run `make setup-test`"));
    assert!(output.status.success(), "{command:?}\n{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// Runs a command with its standard output in a file.
pub(crate) fn run_into(command: &mut Command, path: &Path) {
    let status = command
        .stdin(Stdio::null())
        .stdout(fs::File::create(path).expect("the output can be created"))
        .status()
        .unwrap_or_else(|e| panic!("{command:?}: {e}; run `make setup-test`"));
    assert!(status.success(), "{command:?}");
}

fn is_root() -> bool {
    let id = run(Command::new("id").arg("-u"), None);
    id.starts_with(b"0\n")
}

fn wait_for(what: &str, child: &mut Child, mut ready: impl FnMut() -> bool) {
    let start = Instant::now();
    while !ready() {
        assert!(child.try_wait().expect("the child can be asked").is_none(), "{what} ended while starting");
        assert!(start.elapsed() < PATIENCE, "{what} did not start in {PATIENCE:?}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn terminate(child: &mut Child, signal: &str) {
    let _ = Command::new("kill").args([signal, &child.id().to_string()]).status();
    let _ = child.wait();
}

/// A `PostgreSQL` server.
pub(crate) struct Postgres {
    child: Child,
    folder: PathBuf,
}

impl Postgres {
    pub(crate) fn start() -> Self {
        let bin = newest("/usr/lib/postgresql");
        let folder = std::env::temp_dir().join(format!("credaudit-pg-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).expect("the folder can be created");
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o777)).expect("the folder is ours");
        let data = folder.join("data");
        let user = |program: &Path| {
            // The server refuses to run as root.
            if is_root() {
                let mut command = Command::new("setpriv");
                command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]).arg(program);
                command
            } else {
                Command::new(program)
            }
        };
        run(
            user(&bin.join("initdb")).current_dir(&folder).arg("-D").arg(&data).args([
                "-U",
                "postgres",
                "-A",
                "trust",
                "--no-sync",
            ]),
            None,
        );
        let mut child = user(&bin.join("postgres"))
            .current_dir(&folder)
            .arg("-D")
            .arg(&data)
            .arg("-k")
            .arg(&folder)
            .args(["-c", "listen_addresses=", "-c", "fsync=off", "-c", "max_wal_size=2GB"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the server starts");
        let socket = folder.join(".s.PGSQL.5432");
        let ask = folder.clone();
        wait_for("postgres", &mut child, || {
            socket.exists()
                && Command::new("pg_isready").arg("-q").arg("-h").arg(&ask).status().is_ok_and(|s| s.success())
        });
        Self { child, folder }
    }

    /// A client program pointed at the server.
    pub(crate) fn client(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.arg("-h").arg(&self.folder).args(["-U", "postgres"]).env("PGDATABASE", "postgres");
        command
    }

    /// Runs statements.
    pub(crate) fn sql(&self, sql: &str) {
        run(self.client("psql").args(["-q", "-v", "ON_ERROR_STOP=1", "-c", sql]), None);
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        terminate(&mut self.child, "-INT");
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn newest(folder: &str) -> PathBuf {
    let mut versions: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap_or_else(|e| panic!("{folder}: {e}; run `make setup-test`"))
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .filter(|bin| bin.join("initdb").exists())
        .collect();
    versions.sort();
    versions.pop().expect("a PostgreSQL server is installed")
}

/// A `MariaDB` server.
pub(crate) struct MariaDb {
    child: Child,
    folder: PathBuf,
}

impl MariaDb {
    pub(crate) fn start() -> Self {
        let folder = std::env::temp_dir().join(format!("credaudit-mariadb-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).expect("the folder can be created");
        let data = format!("--datadir={}", folder.join("data").display());
        let user = if is_root() { "--user=root" } else { "--skip-name-resolve" };
        run(
            Command::new("mariadb-install-db").args([
                "--no-defaults",
                user,
                &data,
                "--auth-root-authentication-method=normal",
                "--skip-test-db",
            ]),
            None,
        );
        let socket = folder.join("socket");
        let mut child = Command::new("mariadbd")
            .args(["--no-defaults", user, &data, "--skip-networking", "--innodb-flush-log-at-trx-commit=0"])
            .arg(format!("--socket={}", socket.display()))
            .arg(format!("--pid-file={}", folder.join("pid").display()))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the server starts");
        let ask = socket.clone();
        wait_for("mariadbd", &mut child, || {
            Command::new("mariadb-admin")
                .args(["--no-defaults", "-u", "root", "ping"])
                .arg(format!("--socket={}", ask.display()))
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status()
                .is_ok_and(|s| s.success())
        });
        let server = Self { child, folder };
        server.sql("CREATE DATABASE app CHARACTER SET utf8mb4");
        server
    }

    /// A client program pointed at the server.
    pub(crate) fn client(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.args(["--no-defaults", "-u", "root"]).arg(format!("--socket={}", self.folder.join("socket").display()));
        command
    }

    /// Runs statements.
    pub(crate) fn sql(&self, sql: &str) {
        let mut child = self
            .client("mariadb")
            .arg("--local-infile=1")
            .stdin(Stdio::piped())
            .spawn()
            .expect("the client is installed");
        child.stdin.take().expect("stdin is piped").write_all(sql.as_bytes()).expect("the client reads");
        assert!(child.wait().expect("the client ends").success());
    }
}

impl Drop for MariaDb {
    fn drop(&mut self) {
        terminate(&mut self.child, "-TERM");
        let _ = fs::remove_dir_all(&self.folder);
    }
}
