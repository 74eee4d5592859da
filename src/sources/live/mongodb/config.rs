//! How to reach a server: the address, with the parameters of `MongoDB`'s connection strings that bear on reading.

use std::io::Write as _;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use mongodb::options::{
    AuthMechanism, ClientOptions, ConnectionString, Credential, ReadPreference, ReadPreferenceOptions,
    SelectionCriteria, ServerMonitoringMode, Tls, TlsOptions,
};
use tempfile::NamedTempFile;

use super::super::manners::APPLICATION;
use super::super::{LiveError, Options, Url};
use super::errors::no_way;

/// Parameters that the driver is told, by their names in lower case.
const PASSED_ON: [&str; 6] =
    ["directconnection", "loadbalanced", "replicaset", "serverselectiontimeoutms", "srvmaxhosts", "srvservicename"];
/// Parameters that are met here.
const MET: [&str; 13] = [
    "authmechanism",
    "authsource",
    "password",
    "ssl",
    "sslmode",
    "sslrootcert",
    "tls",
    "tlsallowinvalidcertificates",
    "tlscafile",
    "tlscertificatekeyfile",
    "tlsinsecure",
    "user",
    "username",
];
/// Parameters that say nothing to who only reads, and reads as this program does.
const IDLE: [&str; 16] = [
    "appname",
    "compressors",
    "connecttimeoutms",
    "heartbeatfrequencyms",
    "journal",
    "localthresholdms",
    "maxidletimems",
    "maxpoolsize",
    "minpoolsize",
    "readconcernlevel",
    "retryreads",
    "retrywrites",
    "sockettimeoutms",
    "w",
    "wtimeoutms",
    "zlibcompressionlevel",
];

/// How often the driver looks whether the servers are still there; it cannot be told not to.
const HEARTBEAT: Duration = Duration::from_secs(10);

/// A checked way to the server.
pub(super) struct Way {
    pub(super) options: ClientOptions,
    /// Whom the system trusts, in the one form that the driver takes; gone when this is dropped.
    pub(super) roots: Option<NamedTempFile>,
}

/// The way for `url`. Looks up the servers of a `mongodb+srv` address.
pub(super) async fn way(url: &Url, options: &Options) -> Result<Way, LiveError> {
    let parameter = |name: &str| {
        url.parameters
            .iter()
            .rev()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| String::from_utf8_lossy(value.expose()).into_owned())
    };
    let mut passed = Vec::new();
    for (name, value) in &url.parameters {
        let lower = name.to_ascii_lowercase();
        if PASSED_ON.contains(&lower.as_str()) {
            passed.push(format!("{name}={}", encode(&String::from_utf8_lossy(value.expose()))));
        } else if lower.starts_with("readpreference") || IDLE.contains(&lower.as_str()) {
            // Replicas are read from where there are some.
        } else if !MET.contains(&lower.as_str()) {
            return Err(LiveError::connection("a parameter of the address is none that is known here: leave it out"));
        }
    }
    let is_srv = url.scheme.ends_with("+srv");
    let hosts: Vec<String> = url
        .hosts
        .iter()
        .map(|(host, port)| {
            let host = if host.contains(':') { format!("[{host}]") } else { encode(host) };
            port.map_or(host.clone(), |port| format!("{host}:{port}"))
        })
        .collect();
    let hosts = if hosts.is_empty() { "localhost".to_owned() } else { hosts.join(",") };
    let local = !is_srv && url.hosts.iter().all(|(host, _)| is_local(host));
    let clean = format!("{}://{hosts}/?{}", url.scheme, passed.join("&"));
    let clean = ConnectionString::parse(clean)
        .map_err(|_| LiveError::connection("the address or one of its parameters is not usable"))?;
    let mut found = ClientOptions::parse(clean).await.map_err(|error| no_way(&error))?;
    // What the DNS says of an authentication source is kept where the address says nothing.
    let source = parameter("authSource")
        .or_else(|| found.credential.as_ref().and_then(|credential| credential.source.clone()))
        .or_else(|| url.database.clone());
    found.credential = credential(url, options, source, parameter("authMechanism").as_deref(), parameter("user"))?;
    let (tls, roots) = transport(&parameter, local, is_srv)?;
    found.tls = Some(tls);
    let manners = &options.manners;
    found.app_name = Some(APPLICATION.into());
    found.max_pool_size = Some(manners.max_connections.max(1) as u32);
    found.min_pool_size = Some(0);
    found.connect_timeout = Some(manners.connect_timeout);
    found.server_selection_timeout.get_or_insert(manners.connect_timeout);
    found.heartbeat_freq = Some(HEARTBEAT);
    found.server_monitoring_mode = Some(ServerMonitoringMode::Poll);
    found.retry_reads = Some(false);
    found.retry_writes = Some(false);
    found.selection_criteria = Some(secondary());
    Ok(Way { options: found, roots })
}

/// A replica if there is one, else the server that also writes.
pub(super) fn secondary() -> SelectionCriteria {
    SelectionCriteria::ReadPreference(ReadPreference::SecondaryPreferred {
        options: Some(ReadPreferenceOptions::default()),
    })
}

fn credential(
    url: &Url,
    options: &Options,
    source: Option<String>,
    mechanism: Option<&str>,
    user: Option<String>,
) -> Result<Option<Credential>, LiveError> {
    let Some(user) = url.user.clone().or(user) else { return Ok(None) };
    let given = options.password.as_ref().or(url.password.as_ref());
    let named = url.parameters.iter().rev().find(|(name, _)| name == "password").map(|(_, value)| value);
    let mechanism = match mechanism {
        None | Some("DEFAULT") => None,
        Some("SCRAM-SHA-1") => Some(AuthMechanism::ScramSha1),
        Some("SCRAM-SHA-256") => Some(AuthMechanism::ScramSha256),
        Some("PLAIN") => Some(AuthMechanism::Plain),
        Some("MONGODB-X509") => Some(AuthMechanism::MongoDbX509),
        Some(_) => {
            return Err(LiveError::connection(
                "authMechanism is none of SCRAM-SHA-1, SCRAM-SHA-256, PLAIN, MONGODB-X509",
            ));
        }
    };
    let outside = matches!(mechanism, Some(AuthMechanism::Plain | AuthMechanism::MongoDbX509));
    let mut credential = Credential::default();
    credential.source = Some(source.unwrap_or_else(|| if outside { "$external" } else { "admin" }.into()));
    credential.username = Some(user);
    let certified = matches!(mechanism, Some(AuthMechanism::MongoDbX509));
    credential.mechanism = mechanism;
    if !certified {
        let password = given.or(named).map(|password| String::from_utf8_lossy(password.expose()).into_owned());
        credential.password = Some(password.unwrap_or_default());
    }
    Ok(Some(credential))
}

fn is_local(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// `tls` and its kin as `MongoDB` has them, or `sslmode` as for the other servers. Where nothing is said, a server
/// elsewhere has to prove its name, and one on this machine is spoken to in the clear.
fn transport(
    parameter: &dyn Fn(&str) -> Option<String>,
    local: bool,
    is_srv: bool,
) -> Result<(Tls, Option<NamedTempFile>), LiveError> {
    let truth = |name: &str| match parameter(name).map(|value| value.to_ascii_lowercase()).as_deref() {
        None => Ok(None),
        Some("true") => Ok(Some(true)),
        Some("false") => Ok(Some(false)),
        Some(_) => Err(LiveError::connection(format!("{name} is neither true nor false"))),
    };
    let mode = parameter("sslmode").map(|mode| mode.to_ascii_lowercase().replace('_', "-"));
    let lenient = truth("tlsAllowInvalidCertificates")?.or(truth("tlsInsecure")?).unwrap_or(false);
    let (on, lenient) = match mode.as_deref() {
        Some("disable") => (false, false),
        Some("require") => (true, true),
        Some("verify-full") => (true, false),
        Some(_) => return Err(LiveError::connection("sslmode is none of disable, require, verify-full")),
        None => (truth("tls")?.or(truth("ssl")?).unwrap_or(!local || is_srv), lenient),
    };
    if !on {
        return Ok((Tls::Disabled, None));
    }
    let mut options = TlsOptions::default();
    options.allow_invalid_certificates = Some(lenient);
    options.cert_key_file_path = parameter("tlsCertificateKeyFile").map(PathBuf::from);
    let named = parameter("tlsCAFile").or_else(|| parameter("sslrootcert")).map(PathBuf::from);
    let system = if named.is_none() && !lenient { Some(authorities()?) } else { None };
    options.ca_file_path = named.or_else(|| system.as_ref().map(|file| file.path().to_owned()));
    Ok((Tls::Enabled(options), system))
}

/// Whom the system trusts, as a file: the driver would otherwise trust a list of its own.
fn authorities() -> Result<NamedTempFile, LiveError> {
    let found = rustls_native_certs::load_native_certs().certs;
    if found.is_empty() {
        return Err(LiveError::connection(
            "the system has no trusted certificates: install ca-certificates, or name a file of them (tlsCAFile)",
        ));
    }
    let write = || -> std::io::Result<NamedTempFile> {
        let mut file = NamedTempFile::new()?;
        for certificate in found {
            writeln!(file, "-----BEGIN CERTIFICATE-----")?;
            for line in BASE64_STANDARD.encode(&certificate).as_bytes().chunks(64) {
                file.write_all(line)?;
                writeln!(file)?;
            }
            writeln!(file, "-----END CERTIFICATE-----")?;
        }
        file.flush()?;
        Ok(file)
    };
    write().map_err(|e| LiveError::connection(format!("no room for the system's trusted certificates: {e}")))
}

/// Percent-encodes what is no letter, digit, dot or hyphen.
fn encode(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' | b'_' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(url: &str) -> Result<Way, LiveError> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(way(&Url::parse(url).unwrap().unwrap(), &Options::default()))
    }

    #[test]
    fn a_server_elsewhere_has_to_prove_its_name_unless_told_otherwise() {
        let strict = |url: &str| match found(url).unwrap().options.tls {
            Some(Tls::Enabled(options)) => Some(options.allow_invalid_certificates != Some(true)),
            _ => None,
        };
        assert_eq!(strict("mongodb://a:b@db.example.org/app?tlsCAFile=x.pem"), Some(true));
        assert_eq!(strict("mongodb://a:b@db.example.org/app?tls=true&tlsAllowInvalidCertificates=true"), Some(false));
        assert_eq!(strict("mongodb://a:b@db.example.org/app?sslmode=require"), Some(false));
        assert_eq!(strict("mongodb://a:b@db.example.org/app?tls=false"), None);
        assert_eq!(strict("mongodb://127.0.0.1,localhost/app"), None);
        for bad in ["sslmode=verify-ca", "tls=perhaps", "authMechanism=MONGODB-CR", "fsync=true"] {
            assert!(found(&format!("mongodb://a:b@h/app?{bad}")).is_err(), "{bad}");
        }
    }

    #[test]
    fn who_logs_in_and_where_is_what_the_address_says() {
        let of = |url: &str| {
            let credential = found(url).unwrap().options.credential.unwrap();
            (credential.username.unwrap(), credential.password.unwrap(), credential.source.unwrap())
        };
        let three = |a: &str, b: &str, c: &str| (a.to_owned(), b.to_owned(), c.to_owned());
        assert_eq!(of("mongodb://ann%40x:p%2Fw@127.0.0.1/app"), three("ann@x", "p/w", "app"));
        assert_eq!(of("mongodb://ann:p@127.0.0.1/app?authSource=admin"), three("ann", "p", "admin"));
        assert_eq!(of("mongodb://ann:p@127.0.0.1"), three("ann", "p", "admin"));
        let way = found("mongodb://127.0.0.1:1,127.0.0.1:2/app?replicaSet=rs0&retryWrites=true&w=majority").unwrap();
        assert_eq!((way.options.hosts.len(), way.options.repl_set_name.as_deref()), (2, Some("rs0")));
        assert!(way.options.credential.is_none());
    }
}
