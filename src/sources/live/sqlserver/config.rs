//! How to reach a server: the address, with the words of ADO's connection strings beside those of the other servers.

use std::env;
use std::net::IpAddr;
use std::path::Path;

use tiberius::{AuthMethod, Config, EncryptionLevel};
use zeroize::Zeroizing;

use super::super::manners::APPLICATION;
use super::super::tls::{self, Check};
use super::super::{LiveError, Options, Url};
use super::transport::Wanted;

/// The port registered for SQL Server.
const PORT: u16 = 1433;

/// A checked way to the server.
pub(super) struct Way {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) config: Config,
    pub(super) wanted: Wanted,
}

/// The way for `url`.
pub(super) fn way(url: &Url, options: &Options) -> Result<Way, LiveError> {
    let (host, port) = url.hosts.first().cloned().unwrap_or_else(|| ("localhost".into(), None));
    if host.contains('\\') {
        return Err(LiveError::connection(
            "instances are not found by their names: write the port of the instance instead",
        ));
    }
    let port = port.unwrap_or(PORT);
    let variable = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
    // As sqlcmd has it.
    let user = url.user.clone().or_else(|| url.parameter("user")).or_else(|| variable("SQLCMDUSER"));
    let given = options.password.as_ref().or(url.password.as_ref());
    let named = url.parameters.iter().rev().find(|(name, _)| name == "password").map(|(_, value)| value);
    let password = given.or(named).map(|p| Zeroizing::new(String::from_utf8_lossy(p.expose()).into_owned()));
    let password = password.or_else(|| variable("SQLCMDPASSWORD").map(Zeroizing::new)).unwrap_or_default();
    let mut config = Config::new();
    config.host(&host);
    config.port(port);
    config.application_name(APPLICATION);
    // Where there are replicas to read from, one of them is asked.
    config.readonly(true);
    config.authentication(AuthMethod::sql_server(user.unwrap_or_default(), password.as_str()));
    config.encryption(EncryptionLevel::NotSupported);
    config.lossy_utf16_decoding(true);
    config.handshake_timeout(Some(options.manners.connect_timeout));
    // Statements are timed here, without what reading rows costs on this side.
    config.command_timeout(None);
    if let Some(database) = &url.database {
        config.database(database);
    }
    let wanted = transport(url, is_local(&host))?;
    Ok(Way { host, port, config, wanted })
}

fn is_local(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// `sslmode` as for the other servers, or `encrypt` and `trustServerCertificate` as ADO has them. Where nothing is said, a
/// server elsewhere has to prove its name, and one on this machine is spoken to under whatever certificate it has.
fn transport(url: &Url, local: bool) -> Result<Wanted, LiveError> {
    let lower = |name: &str| url.parameter(name).map(|value| value.to_ascii_lowercase());
    let wrong = |why: &str| LiveError::connection(why.to_owned());
    let trust = match lower("trustServerCertificate").as_deref() {
        None | Some("false" | "no") => false,
        Some("true" | "yes") => true,
        Some(_) => return Err(wrong("trustServerCertificate is neither true nor false")),
    };
    let mode = match (lower("sslmode"), lower("encrypt").as_deref()) {
        (Some(mode), _) => mode.replace('_', "-"),
        (None, Some("false" | "no" | "disable")) => "disable".into(),
        (None, Some("true" | "yes" | "mandatory")) => if trust { "require" } else { "verify-full" }.into(),
        (None, Some("strict")) => return Err(wrong("encrypt=strict (TDS 8.0) is not spoken: write encrypt=true")),
        (None, Some(_)) => return Err(wrong("encrypt is neither true nor false")),
        (None, None) if trust => "require".into(),
        (None, None) if local => "offered".into(),
        (None, None) => "verify-full".into(),
    };
    let check = match mode.as_str() {
        "disable" => return Ok(Wanted::Clear),
        "offered" | "require" => Check::Nothing,
        "verify-ca" => Check::Authority,
        "verify-full" => Check::Name,
        _ => return Err(wrong("sslmode is none of disable, require, verify-ca, verify-full")),
    };
    let roots = url.parameter("sslrootcert");
    // Inside the packets of this protocol servers speak TLS 1.2.
    let config = tls::client_of(&[&rustls::version::TLS12], check, roots.as_deref().map(Path::new))
        .map_err(LiveError::connection)?;
    Ok(if mode == "offered" { Wanted::Offered(config) } else { Wanted::Required(config) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(url: &str) -> Result<Way, LiveError> {
        way(&Url::parse(url).unwrap().unwrap(), &Options::default())
    }

    #[test]
    fn a_server_elsewhere_has_to_be_encrypted_unless_told_otherwise() {
        let is = |url: &str| match found(url).unwrap().wanted {
            Wanted::Clear => "clear",
            Wanted::Offered(_) => "offered",
            Wanted::Required(_) => "required",
        };
        assert_eq!(is("mssql://a@db.example.org/d?trustServerCertificate=true"), "required");
        assert_eq!(is("mssql://a@db.example.org/d?sslmode=require"), "required");
        assert_eq!(is("sqlserver://a@127.0.0.1/d"), "offered");
        assert_eq!(is("mssql://a@localhost/d?encrypt=false"), "clear");
        for bad in ["encrypt=strict", "encrypt=perhaps", "sslmode=prefer", "trustServerCertificate=x"] {
            assert!(found(&format!("mssql://a@h/d?{bad}")).is_err(), "{bad}");
        }
        let way = found("mssql://a@10.0.0.1:14330/d?encrypt=false").unwrap();
        assert_eq!((way.host.as_str(), way.port), ("10.0.0.1", 14330));
        assert!(found("mssql://a@host%5CINSTANCE/d").is_err());
    }
}
