//! Real database servers on sockets of their own, in folders of their own; stopped by process id when dropped.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::time::{Duration, Instant};

/// How long a server may take to answer on a busy machine.
const PATIENCE: Duration = Duration::from_secs(90);

/// A folder of a server's own; several may run at a time.
fn folder(name: &str) -> PathBuf {
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let folder = std::env::temp_dir().join(format!("credaudit-{name}-{}-{number}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("the folder can be created");
    folder
}

/// A server that tests share: it runs while one of them holds it.
fn shared<T>(known: &Mutex<Weak<T>>, start: impl FnOnce() -> T) -> Arc<T> {
    // A test that failed while it started one leaves it to the next.
    let mut known = known.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    known.upgrade().unwrap_or_else(|| {
        let server = Arc::new(start());
        *known = Arc::downgrade(&server);
        server
    })
}

/// The `PostgreSQL` server that tests share; each works in a database of its own.
pub(crate) fn postgres() -> Arc<Postgres> {
    static SHARED: Mutex<Weak<Postgres>> = Mutex::new(Weak::new());
    shared(&SHARED, Postgres::start)
}

/// The `MariaDB` server that tests share; each works in a database of its own.
pub(crate) fn mariadb() -> Arc<MariaDb> {
    static SHARED: Mutex<Weak<MariaDb>> = Mutex::new(Weak::new());
    shared(&SHARED, MariaDb::start)
}

/// A port that nobody listens on just now.
pub(crate) fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free").local_addr().expect("it is bound").port()
}

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
    port: u16,
}

impl Postgres {
    pub(crate) fn start() -> Self {
        Self::start_with(None, &|_| Vec::new())
    }

    /// Starts with more arguments, which may name files that the closure writes into the server's folder. The port is
    /// that of the socket's name too.
    pub(crate) fn start_with(port: Option<u16>, more: &dyn Fn(&Path) -> Vec<String>) -> Self {
        let port = port.unwrap_or(5432);
        let bin = newest("/usr/lib/postgresql");
        let folder = folder("pg");
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
        let more = more(&folder);
        if is_root() {
            run(Command::new("chown").args(["-R", "postgres:postgres"]).arg(&folder), None);
        }
        let mut child = user(&bin.join("postgres"))
            .current_dir(&folder)
            .arg("-D")
            .arg(&data)
            .arg("-k")
            .arg(&folder)
            .args(["-p", &port.to_string(), "-c", "listen_addresses=", "-c", "fsync=off", "-c", "max_wal_size=2GB"])
            .args(more)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the server starts");
        let socket = folder.join(format!(".s.PGSQL.{port}"));
        let ask = folder.clone();
        wait_for("postgres", &mut child, || {
            socket.exists()
                && Command::new("pg_isready")
                    .args(["-q", "-p", &port.to_string(), "-h"])
                    .arg(&ask)
                    .status()
                    .is_ok_and(|s| s.success())
        });
        Self { child, folder, port }
    }

    /// A client program pointed at the server.
    pub(crate) fn client(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .arg("-h")
            .arg(&self.folder)
            .args(["-p", &self.port.to_string(), "-U", "postgres"])
            .env("PGDATABASE", "postgres");
        command
    }

    /// Runs statements.
    pub(crate) fn sql(&self, sql: &str) {
        run(self.client("psql").args(["-q", "-v", "ON_ERROR_STOP=1", "-c", sql]), None);
    }

    /// Runs statements in a database.
    pub(crate) fn sql_in(&self, database: &str, sql: &str) {
        run(self.client("psql").args(["-q", "-v", "ON_ERROR_STOP=1", "-d", database, "-c", sql]), None);
    }

    /// One value.
    pub(crate) fn ask(&self, database: &str, sql: &str) -> String {
        let out = run(self.client("psql").args(["-qAtX", "-d", database, "-c", sql]), None);
        String::from_utf8_lossy(&out).trim().to_owned()
    }

    /// The address of a database for `user`.
    pub(crate) fn url(&self, user: &str, database: &str) -> String {
        format!("postgres://{user}@/{database}?host={}&port={}", self.folder.display(), self.port)
    }

    /// A file in the server's folder.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Ends it at once, as a crash would.
    pub(crate) fn kill(&self) {
        let _ = Command::new("kill").args(["-QUIT", &self.child.id().to_string()]).status();
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
        Self::start_with(&[])
    }

    /// Starts with more arguments.
    pub(crate) fn start_with(more: &[&str]) -> Self {
        let folder = folder("mariadb");
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
            .args(more)
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

    /// What a query says, cells separated by tabs.
    pub(crate) fn ask(&self, sql: &str) -> String {
        let out = run(self.client("mariadb").args(["-N", "-B", "-e", sql]), None);
        String::from_utf8_lossy(&out).trim().to_owned()
    }

    /// The address of a database for `user`.
    pub(crate) fn url(&self, user: &str, database: &str) -> String {
        format!("mysql://{user}@/{database}?socket={}", self.folder.join("socket").display())
    }

    /// Ends it at once, as a crash would.
    pub(crate) fn kill(&self) {
        let _ = Command::new("kill").args(["-KILL", &self.child.id().to_string()]).status();
    }
}

impl Drop for MariaDb {
    fn drop(&mut self) {
        terminate(&mut self.child, "-TERM");
        let _ = fs::remove_dir_all(&self.folder);
    }
}
