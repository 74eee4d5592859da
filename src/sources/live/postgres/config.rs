//! How to reach a server: the address, then libpq's environment, service file and password file, in that order.
//!
//! After the `PostgreSQL` documentation, chapter "libpq": "Connection Strings", "Environment Variables", "The Password
//! File", "The Connection Service File", "SSL Support". One thing differs: where nothing is said about TLS and the server
//! is not on this machine, its certificate and its name are checked (`verify-full`); libpq would not.

use std::collections::BTreeMap;
use std::env;
use std::ffi::OsString;
use std::fs;
use std::net::IpAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tokio_postgres::Config;
use tokio_postgres::config::SslMode;
use zeroize::Zeroizing;

use super::super::manners::{APPLICATION, Manners};
use super::super::tls::{self, Check};
use super::super::{LiveError, Url};
use crate::model::Secret;

/// Where sockets are, by Debian's and by the sources' default.
const SOCKETS: [&str; 2] = ["/var/run/postgresql", "/tmp"];

/// What is known about a connection, by libpq's parameter names.
type Parameters = BTreeMap<String, Secret>;

/// Environment variables and the parameters they stand for.
const ENVIRONMENT: [(&str, &str); 14] = [
    ("PGHOST", "host"),
    ("PGHOSTADDR", "hostaddr"),
    ("PGPORT", "port"),
    ("PGDATABASE", "dbname"),
    ("PGUSER", "user"),
    ("PGPASSWORD", "password"),
    ("PGPASSFILE", "passfile"),
    ("PGSERVICE", "service"),
    ("PGSSLMODE", "sslmode"),
    ("PGSSLROOTCERT", "sslrootcert"),
    ("PGOPTIONS", "options"),
    ("PGCONNECT_TIMEOUT", "connect_timeout"),
    ("PGTARGETSESSIONATTRS", "target_session_attrs"),
    ("PGCHANNELBINDING", "channel_binding"),
];

/// A checked way to the server.
pub(super) struct Way {
    pub(super) config: Config,
    pub(super) tls: Option<rustls::ClientConfig>,
}

/// What surrounds the process, so that tests can stand in for it.
pub(super) struct Surroundings {
    variable: Variable,
}

/// The value of an environment variable.
type Variable = Box<dyn Fn(&str) -> Option<OsString>>;

impl Surroundings {
    /// The process's own.
    pub(super) fn own() -> Self {
        Self { variable: Box::new(|name| env::var_os(name)) }
    }

    fn text(&self, name: &str) -> Option<String> {
        (self.variable)(name).filter(|v| !v.is_empty()).map(|v| v.to_string_lossy().into_owned())
    }

    fn home(&self) -> Option<PathBuf> {
        (self.variable)("HOME").map(PathBuf::from)
    }
}

/// Finds the way for `url`. `password` was given apart from it and counts more.
pub(super) fn way(
    url: &Url,
    password: Option<&Secret>,
    manners: &Manners,
    around: &Surroundings,
) -> Result<Way, LiveError> {
    let parameters = parameters(url, password, around)?;
    let text = |name: &str| parameters.get(name).map(|v| String::from_utf8_lossy(v.expose()).into_owned());
    let wrong = |name: &str| LiveError::connection(format!("the connection parameter {name} is not usable"));
    let mut config = Config::new();
    config.application_name(APPLICATION);
    let mut options = text("options").unwrap_or_default();
    options.push_str(" -c default_transaction_read_only=on");
    config.options(options.trim());
    let user = text("user").or_else(|| around.text("USER")).ok_or_else(|| {
        LiveError::connection("nobody is named to log in as: write the user into the address, or set PGUSER")
    })?;
    config.user(&user);
    config.dbname(text("dbname").unwrap_or_else(|| user.clone()));

    let hosts: Vec<String> = match text("host").or_else(|| text("hostaddr")) {
        Some(hosts) => hosts.split(',').map(ToOwned::to_owned).collect(),
        None => vec![default_host()],
    };
    let local = hosts.iter().all(|host| is_local(host));
    for host in &hosts {
        config.host(host);
    }
    if let Some(addresses) = text("hostaddr") {
        for address in addresses.split(',') {
            config.hostaddr(address.parse().map_err(|_| wrong("hostaddr"))?);
        }
    }
    let ports = text("port").unwrap_or_else(|| "5432".into());
    for port in ports.split(',') {
        config.port(port.parse().map_err(|_| wrong("port"))?);
    }
    let timeout = match text("connect_timeout") {
        Some(seconds) => std::time::Duration::from_secs(seconds.parse().map_err(|_| wrong("connect_timeout"))?),
        None => manners.connect_timeout,
    };
    if !timeout.is_zero() {
        config.connect_timeout(timeout);
    }
    match text("channel_binding").as_deref() {
        None | Some("prefer") => {}
        Some("disable") => drop(config.channel_binding(tokio_postgres::config::ChannelBinding::Disable)),
        Some("require") => drop(config.channel_binding(tokio_postgres::config::ChannelBinding::Require)),
        Some(_) => return Err(wrong("channel_binding")),
    }
    let tls = transport(&mut config, &text, local, around)?;

    let known = if let Some(password) = parameters.get("password") {
        Some(Zeroizing::new(password.expose().to_vec()))
    } else {
        let database = config.get_dbname().unwrap_or_default().to_owned();
        let file = text("passfile").map(PathBuf::from);
        let file = file.or_else(|| around.home().map(|home| home.join(".pgpass")));
        file.and_then(|file| from_password_file(&file, &hosts[0], &ports, &database, &user).transpose()).transpose()?
    };
    if let Some(password) = known {
        config.password(password.as_slice());
    }
    Ok(Way { config, tls })
}

/// Everything said, the most particular first: the address, its parameters, the environment, the service.
fn parameters(url: &Url, password: Option<&Secret>, around: &Surroundings) -> Result<Parameters, LiveError> {
    let mut known = Parameters::new();
    for (name, value) in &url.parameters {
        known.insert(name.clone(), value.clone());
    }
    let mut say = |name: &str, value: &str| drop(known.insert(name.to_owned(), Secret::new(value.as_bytes())));
    if let Some(user) = &url.user {
        say("user", user);
    }
    if let Some(database) = &url.database {
        say("dbname", database);
    }
    if !url.hosts.is_empty() {
        let hosts: Vec<&str> = url.hosts.iter().map(|(host, _)| host.as_str()).collect();
        say("host", &hosts.join(","));
        if url.hosts.iter().any(|(_, port)| port.is_some()) {
            let ports: Vec<String> = url.hosts.iter().map(|(_, port)| port.unwrap_or(5432).to_string()).collect();
            say("port", &ports.join(","));
        }
    }
    if let Some(password) = password.or(url.password.as_ref()) {
        known.insert("password".into(), password.clone());
    }
    // The service named on the spot counts more than the environment, the environment more than a service named in it.
    let on_the_spot = known.get("service").cloned();
    let by_service = |name: &Secret| service(&String::from_utf8_lossy(name.expose()), around);
    if let Some(name) = &on_the_spot {
        for (name, value) in by_service(name)? {
            known.entry(name).or_insert(value);
        }
    }
    for (variable, parameter) in ENVIRONMENT {
        if let Some(value) = around.text(variable) {
            known.entry(parameter.into()).or_insert_with(|| Secret::new(value.as_bytes()));
        }
    }
    if on_the_spot.is_none()
        && let Some(name) = known.get("service").cloned()
    {
        for (name, value) in by_service(&name)? {
            known.entry(name).or_insert(value);
        }
    }
    Ok(known)
}

/// The parameters of a service: of the user's file, else of the system's.
fn service(name: &str, around: &Surroundings) -> Result<Parameters, LiveError> {
    let own = around.text("PGSERVICEFILE").map(PathBuf::from);
    let own = own.or_else(|| around.home().map(|home| home.join(".pg_service.conf")));
    let system = around.text("PGSYSCONFDIR").unwrap_or_else(|| "/etc/postgresql-common".into());
    for file in own.into_iter().chain([Path::new(&system).join("pg_service.conf")]) {
        let Ok(text) = fs::read_to_string(&file) else { continue };
        let mut found: Option<Parameters> = None;
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
            if let Some(section) = line.strip_prefix('[').and_then(|l| l.strip_suffix(']')) {
                if found.is_some() {
                    break;
                }
                found = (section == name).then(Parameters::new);
            } else if let (Some(found), Some((key, value))) = (&mut found, line.split_once('=')) {
                found.insert(key.trim().to_owned(), Secret::new(value.trim().as_bytes()));
            }
        }
        if let Some(found) = found {
            return Ok(found);
        }
    }
    Err(LiveError::connection("the service named is in no service file: check PGSERVICEFILE or ~/.pg_service.conf"))
}

fn default_host() -> String {
    let folder = SOCKETS.iter().find(|folder| Path::new(folder).join(".s.PGSQL.5432").exists());
    folder.map_or_else(|| "localhost".to_owned(), ToString::to_string)
}

/// Whether a host is this machine: a socket, `localhost`, a loopback address.
fn is_local(host: &str) -> bool {
    host.starts_with('/')
        || host.starts_with('@')
        || host.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Sets the TLS mode, and says how the server's certificate is checked.
fn transport(
    config: &mut Config,
    text: &dyn Fn(&str) -> Option<String>,
    local: bool,
    around: &Surroundings,
) -> Result<Option<rustls::ClientConfig>, LiveError> {
    let mode = text("sslmode").unwrap_or_else(|| if local { "prefer" } else { "verify-full" }.to_owned());
    let named = text("sslrootcert").filter(|file| file != "system").map(PathBuf::from);
    let usual = around.home().map(|home| home.join(".postgresql/root.crt")).filter(|file| file.exists());
    let roots = named.or_else(|| usual.filter(|_| text("sslrootcert").is_none()));
    let (ssl, check) = match mode.as_str() {
        "disable" => (SslMode::Disable, None),
        "allow" | "prefer" => (SslMode::Prefer, Some(Check::Nothing)),
        // As libpq: with a file of authorities at hand, `require` checks them.
        "require" if roots.is_some() => (SslMode::Require, Some(Check::Authority)),
        "require" => (SslMode::Require, Some(Check::Nothing)),
        "verify-ca" => (SslMode::Require, Some(Check::Authority)),
        "verify-full" => (SslMode::Require, Some(Check::Name)),
        _ => {
            return Err(LiveError::connection(
                "sslmode is none of disable, allow, prefer, require, verify-ca, verify-full",
            ));
        }
    };
    config.ssl_mode(ssl);
    check.map(|check| tls::client(check, roots.as_deref())).transpose().map_err(LiveError::connection)
}

/// The password of the first line that fits; lines are `host:port:database:user:password`, `*` fits anything, `\`
/// escapes. A file that others may read is not used, as libpq does not.
fn from_password_file(
    file: &Path,
    host: &str,
    port: &str,
    database: &str,
    user: &str,
) -> Result<Option<Zeroizing<Vec<u8>>>, LiveError> {
    let Ok(found) = fs::metadata(file) else { return Ok(None) };
    if found.permissions().mode() & 0o077 != 0 {
        return Err(LiveError::connection(format!(
            "the password file {} may be read by others: chmod 600 it",
            file.display()
        )));
    }
    let Ok(text) = fs::read_to_string(file).map(Zeroizing::new) else { return Ok(None) };
    let host = if host.starts_with('/') { "localhost" } else { host };
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let mut fields: Vec<Zeroizing<String>> = vec![Zeroizing::new(String::new())];
        let mut chars = line.chars();
        while let Some(c) = chars.next() {
            match c {
                '\\' => fields.last_mut().expect("there is a field").extend(chars.next()),
                ':' if fields.len() < 5 => fields.push(Zeroizing::new(String::new())),
                c => fields.last_mut().expect("there is a field").push(c),
            }
        }
        if let [of_host, of_port, of_database, of_user, password] = &fields[..] {
            let fits = |field: &str, value: &str| field == "*" || field == value;
            if fits(of_host, host) && fits(of_port, port) && fits(of_database, database) && fits(of_user, user) {
                return Ok(Some(Zeroizing::new(password.as_bytes().to_vec())));
            }
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn around(variables: &[(&str, &str)]) -> Surroundings {
        let known: BTreeMap<String, OsString> =
            variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect();
        Surroundings { variable: Box::new(move |name| known.get(name).cloned()) }
    }

    fn found(url: &str, variables: &[(&str, &str)]) -> Result<Way, LiveError> {
        way(&Url::parse(url).unwrap().unwrap(), None, &Manners::default(), &around(variables))
    }

    #[test]
    fn the_address_counts_more_than_the_environment() {
        let variables = [("PGHOST", "other"), ("PGUSER", "bob"), ("PGPASSWORD", "secret"), ("PGDATABASE", "db2")];
        let way = found("postgres://ann@localhost:6000/db1", &variables).unwrap();
        assert_eq!(way.config.get_user(), Some("ann"));
        assert_eq!(way.config.get_dbname(), Some("db1"));
        assert_eq!(way.config.get_ports(), [6000]);
        assert_eq!(way.config.get_password(), Some(&b"secret"[..]));
        let way = found("postgres://", &[("PGHOST", "/run/x"), ("PGUSER", "bob")]).unwrap();
        assert_eq!((way.config.get_user(), way.config.get_dbname()), (Some("bob"), Some("bob")));
        assert!(found("postgres://", &[]).is_err_and(|e| e.why.contains("PGUSER")));
    }

    #[test]
    fn without_a_word_about_tls_a_server_elsewhere_has_to_prove_its_name() {
        let mode = |url: &str, variables: &[(&str, &str)]| found(url, variables).unwrap().config.get_ssl_mode();
        assert_eq!(mode("postgres://a@127.0.0.1/d", &[]), SslMode::Prefer);
        assert_eq!(mode("postgres://a@[::1]/d", &[]), SslMode::Prefer);
        assert_eq!(mode("postgres://a@/d?host=/run/x", &[]), SslMode::Prefer);
        assert_eq!(mode("postgres://a@h/d?sslmode=disable", &[]), SslMode::Disable);
        assert_eq!(mode("postgres://a@h/d", &[("PGSSLMODE", "require")]), SslMode::Require);
        assert_eq!(mode("postgres://a@h/d?sslmode=prefer", &[("PGSSLMODE", "require")]), SslMode::Prefer);
        assert!(found("postgres://a@h/d?sslmode=maybe", &[]).is_err());
    }

    #[test]
    fn passwords_come_from_the_first_fitting_line_of_a_file_that_is_ones_own() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pass");
        fs::write(&file, "# comment\nh:5432:other:ann:no\nh:*:d:ann:a\\:b\\\\c:d\n*:*:*:*:last\n").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        let variables = [("PGPASSFILE", file.to_str().unwrap())];
        let password =
            |url: &str| found(url, &variables).unwrap().config.get_password().map(<[u8]>::to_vec).unwrap_or_default();
        assert_eq!(password("postgres://ann@h/d?sslmode=disable"), b"a:b\\c:d");
        assert_eq!(password("postgres://bob@h/d?sslmode=disable"), b"last");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(found("postgres://ann@h/d?sslmode=disable", &variables).is_err_and(|e| e.why.contains("chmod 600")));
    }

    #[test]
    fn a_service_fills_in_what_nobody_else_said() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("services");
        fs::write(&file, "[one]\nhost=a\n[two]\n# it\nhost = localhost\nport=7000\nuser=sue\n[three]\nport=1\n")
            .unwrap();
        let variables = [("PGSERVICEFILE", file.to_str().unwrap()), ("PGPORT", "8000")];
        let way = found("postgres:///d?service=two", &variables).unwrap();
        assert_eq!((way.config.get_user(), way.config.get_ports()), (Some("sue"), &[7000][..]));
        let in_environment = [variables[0], variables[1], ("PGSERVICE", "two")];
        let way = found("postgres:///d", &in_environment).unwrap();
        assert_eq!((way.config.get_user(), way.config.get_ports()), (Some("sue"), &[8000][..]));
        assert!(found("postgres:///d?service=four", &variables).is_err());
    }
}
