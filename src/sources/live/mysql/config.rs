//! How to reach a server: the address and the environment, with the parameters of MySQL's own clients.

use std::env;
use std::net::IpAddr;
use std::path::PathBuf;

use mysql_async::{Opts, OptsBuilder, SslOpts};
use zeroize::Zeroizing;

use super::super::manners::APPLICATION;
use super::super::{LiveError, Options, Url};

/// The port registered for MySQL.
const PORT: u16 = 3306;

/// The way for `url`, each session beginning with `opening`.
pub(super) fn way(url: &Url, options: &Options, opening: &[String]) -> Result<Opts, LiveError> {
    let variable = |name: &str| env::var_os(name).map(|v| v.to_string_lossy().into_owned()).filter(|v| !v.is_empty());
    let wrong = |name: &str| LiveError::connection(format!("the connection parameter {name} is not usable"));
    let host = url.hosts.first().map(|(host, _)| host.clone()).or_else(|| url.parameter("host"));
    let host = host.or_else(|| variable("MYSQL_HOST"));
    let socket = url.parameter("socket").or_else(|| {
        let usual = variable("MYSQL_UNIX_PORT");
        usual.filter(|_| host.as_deref().is_none_or(|host| host == "localhost"))
    });
    let port = match url.hosts.first().and_then(|(_, port)| *port) {
        Some(port) => port,
        None => match url.parameter("port").or_else(|| variable("MYSQL_TCP_PORT")) {
            Some(port) => port.parse().map_err(|_| wrong("port"))?,
            None => PORT,
        },
    };
    let host = host.unwrap_or_else(|| "localhost".into());
    let user = url.user.clone().or_else(|| url.parameter("user")).or_else(|| variable("USER"));
    let given = options.password.as_ref().or(url.password.as_ref());
    let named = url.parameters.iter().rev().find(|(name, _)| name == "password").map(|(_, value)| value);
    let password = given.or(named).map(|p| Zeroizing::new(String::from_utf8_lossy(p.expose()).into_owned()));
    let password = password.or_else(|| variable("MYSQL_PWD").map(Zeroizing::new));
    let mut builder = OptsBuilder::default()
        .ip_or_hostname(host.clone())
        .tcp_port(port)
        .user(user)
        .pass(password.map(|p| p.to_string()))
        .db_name(url.database.clone())
        .prefer_socket(false)
        .stmt_cache_size(0)
        .connect_attribute("program_name", APPLICATION)
        .init(opening.to_vec());
    let local = socket.is_some() || is_local(&host);
    if let Some(socket) = socket {
        builder = builder.socket(Some(socket));
    }
    builder = builder.ssl_opts(transport(url, local)?);
    Ok(builder.into())
}

fn is_local(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// `ssl-mode` as MySQL's clients have it. Where nothing is said, a server elsewhere has to prove its name, and one on this
/// machine is spoken to in the clear.
fn transport(url: &Url, local: bool) -> Result<Option<SslOpts>, LiveError> {
    let mode = url.parameter("ssl-mode").or_else(|| url.parameter("sslmode"));
    let mode = mode.unwrap_or_else(|| if local { "disabled" } else { "verify_identity" }.to_owned());
    let roots = url.parameter("ssl-ca").or_else(|| url.parameter("sslrootcert"));
    let mut ssl = SslOpts::default().with_disable_built_in_roots(true);
    match mode.to_ascii_lowercase().replace('-', "_").as_str() {
        "disable" | "disabled" => return Ok(None),
        "require" | "required" => {
            ssl = ssl.with_danger_accept_invalid_certs(true).with_danger_skip_domain_validation(true);
        }
        "verify_ca" => ssl = ssl.with_danger_skip_domain_validation(true),
        "verify_identity" | "verify_full" => {}
        _ => {
            return Err(LiveError::connection(
                "ssl-mode is none of disabled, required, verify_ca, verify_identity (there is no `preferred`: it gives \
                 way to whoever stands between)",
            ));
        }
    }
    let certificates = if let Some(file) = roots {
        vec![PathBuf::from(file).into()]
    } else {
        let found = rustls_native_certs::load_native_certs().certs;
        found.into_iter().map(|certificate| certificate.to_vec().into()).collect()
    };
    Ok(Some(ssl.with_root_certs(certificates)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(url: &str) -> Result<Opts, LiveError> {
        way(&Url::parse(url).unwrap().unwrap(), &Options::default(), &[])
    }

    #[test]
    fn a_server_elsewhere_has_to_prove_its_name_unless_told_otherwise() {
        let verified = |url: &str| {
            let opts = found(url).unwrap();
            opts.ssl_opts().map(|ssl| (!ssl.accept_invalid_certs(), !ssl.skip_domain_validation()))
        };
        assert_eq!(verified("mysql://a@db.example.org/d"), Some((true, true)));
        assert_eq!(verified("mysql://a@127.0.0.1/d"), None);
        assert_eq!(verified("mariadb://a@localhost/d?socket=/run/s"), None);
        assert_eq!(verified("mysql://a@db.example.org/d?ssl-mode=VERIFY_CA"), Some((true, false)));
        assert_eq!(verified("mysql://a@db.example.org/d?ssl-mode=REQUIRED"), Some((false, false)));
        assert_eq!(verified("mysql://a@db.example.org/d?ssl-mode=DISABLED"), None);
        assert!(found("mysql://a@h/d?ssl-mode=preferred").is_err());
    }

    #[test]
    fn port_socket_and_database_are_those_of_the_address() {
        let opts = found("mysql://ann:pw@127.0.0.1:3307/shop").unwrap();
        assert_eq!((opts.tcp_port(), opts.db_name(), opts.user()), (3307, Some("shop"), Some("ann")));
        assert_eq!(found("mysql://ann@/shop?socket=/run/x").unwrap().socket(), Some("/run/x"));
    }
}
