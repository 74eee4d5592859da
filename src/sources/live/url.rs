//! Addresses of databases: `postgres://ann@db.example.org/app?sslmode=verify-full`.
//!
//! What is shown of an address never holds a password: not the one before the `@`, not one given as a parameter.

use std::fmt;

use crate::model::Secret;

/// An address, taken apart. Percent-encoding is undone.
#[derive(Clone)]
pub struct Url {
    /// What stands before `://`, lower case.
    pub scheme: String,
    /// Who logs in.
    pub user: Option<String>,
    /// With what.
    pub password: Option<Secret>,
    /// Name or address, and port; several where a driver tries one after another. May be empty.
    pub hosts: Vec<(String, Option<u16>)>,
    /// What stands after the first `/`.
    pub database: Option<String>,
    /// What stands after `?`, in order.
    pub parameters: Vec<(String, Secret)>,
    shown: String,
}

/// Why an address is none; never holds a part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadUrl(pub &'static str);

impl Url {
    /// Takes `text` apart; `None` if it has no `scheme://`.
    pub fn parse(text: &str) -> Option<Result<Self, BadUrl>> {
        let (scheme, rest) = text.split_once("://")?;
        let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
        is_scheme.then(|| Self::of(&scheme.to_ascii_lowercase(), rest))
    }

    fn of(scheme: &str, rest: &str) -> Result<Self, BadUrl> {
        let rest = rest.split_once('#').map_or(rest, |(before, _)| before);
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, database) = match rest.split_once('/') {
            Some((authority, path)) => (authority, Some(path)),
            None => (rest, None),
        };
        // A password may hold an `@` that nobody encoded: the last one counts.
        let (login, hosts) = match authority.rsplit_once('@') {
            Some((login, hosts)) => (Some(login), hosts),
            None => (None, authority),
        };
        let (user, password) = match login.map(|login| login.split_once(':').unwrap_or((login, ""))) {
            None => (None, None),
            Some((user, password)) => {
                let given = login.is_some_and(|login| login.contains(':'));
                (Some(decode(user)?), given.then(|| decode_bytes(password)).transpose()?.map(Secret::from))
            }
        };
        let hosts = hosts.split(',').filter(|h| !h.is_empty()).map(host).collect::<Result<Vec<_>, _>>()?;
        let database = database.map(decode).transpose()?.filter(|d| !d.is_empty());
        let parameters = query
            .split('&')
            .filter(|pair| !pair.is_empty())
            .map(|pair| {
                let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                Ok((decode(name)?, Secret::from(decode_bytes(value)?)))
            })
            .collect::<Result<Vec<_>, BadUrl>>()?;
        let user = user.filter(|u| !u.is_empty());
        let mut url = Self { scheme: scheme.into(), user, password, hosts, database, parameters, shown: String::new() };
        url.shown = url.show();
        Ok(url)
    }

    /// The value of a parameter; the last one of that name.
    pub fn parameter(&self, name: &str) -> Option<String> {
        let found = self.parameters.iter().rev().find(|(known, _)| known == name)?;
        Some(String::from_utf8_lossy(found.1.expose()).into_owned())
    }

    /// Only what names the place: scheme, user, host, port, database, the folder of a socket.
    fn show(&self) -> String {
        let mut shown = format!("{}://", self.scheme);
        if let Some(user) = &self.user {
            shown.push_str(&encode(user));
        }
        if self.password.is_some() {
            shown.push_str(":***");
        }
        if self.user.is_some() || self.password.is_some() {
            shown.push('@');
        }
        for (number, (host, port)) in self.hosts.iter().enumerate() {
            if number > 0 {
                shown.push(',');
            }
            if host.contains(':') {
                shown.push_str(&format!("[{host}]"));
            } else {
                shown.push_str(&encode(host));
            }
            if let Some(port) = port {
                shown.push_str(&format!(":{port}"));
            }
        }
        shown.push('/');
        shown.push_str(&encode(self.database.as_deref().unwrap_or_default()));
        let place = |name: &String| matches!(name.as_str(), "host" | "socket" | "port" | "service" | "dbname");
        let mut separator = '?';
        for (name, value) in self.parameters.iter().filter(|(name, _)| place(name)) {
            shown.push(separator);
            shown.push_str(&format!("{name}={}", encode(&String::from_utf8_lossy(value.expose()))));
            separator = '&';
        }
        shown
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Url({})", self.shown)
    }
}

impl PartialEq for Url {
    fn eq(&self, other: &Self) -> bool {
        self.shown == other.shown
    }
}

impl Eq for Url {}

fn host(text: &str) -> Result<(String, Option<u16>), BadUrl> {
    let bad = BadUrl("its port is not a number from 1 to 65535");
    let port = |text: &str| text.parse::<u16>().ok().filter(|p| *p > 0).ok_or(bad);
    if let Some(rest) = text.strip_prefix('[') {
        let (address, rest) = rest.split_once(']').ok_or(BadUrl("its address in brackets does not end"))?;
        let port = rest.strip_prefix(':').filter(|p| !p.is_empty()).map(port).transpose()?;
        return Ok((decode(address)?, port));
    }
    let (name, number) = text.split_once(':').unwrap_or((text, ""));
    let number = Some(number).filter(|n| !n.is_empty()).map(port).transpose()?;
    Ok((decode(name)?, number))
}

fn decode(text: &str) -> Result<String, BadUrl> {
    String::from_utf8(decode_bytes(text)?).map_err(|_| BadUrl("it holds bytes that are not UTF-8"))
}

fn decode_bytes(text: &str) -> Result<Vec<u8>, BadUrl> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let mut digit = || bytes.next().and_then(|b| char::from(b).to_digit(16));
            let (Some(high), Some(low)) = (digit(), digit()) else {
                return Err(BadUrl("a `%` in it is not followed by two hexadecimal digits"));
            };
            out.push((high * 16 + low) as u8);
        } else {
            out.push(byte);
        }
    }
    Ok(out)
}

/// Percent-encodes what would change the meaning of an address, and what would not print.
fn encode(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '%' | '@' | ':' | '?' | '#' | '&' | ' ' => format!("%{:02X}", c as u32),
            c if c.is_control() => c.encode_utf8(&mut [0; 4]).bytes().map(|b| format!("%{b:02X}")).collect::<String>(),
            c => c.to_string(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap().unwrap()
    }

    #[test]
    fn an_address_is_taken_apart() {
        let url = url("Postgres://ann%40x:p%2Fw@db-1:6432,[::1]:5433/a%20b?sslmode=require&host=%2Frun%2Fpg");
        assert_eq!(url.scheme, "postgres");
        assert_eq!(url.user.as_deref(), Some("ann@x"));
        assert_eq!(url.password.as_ref().map(Secret::expose), Some(&b"p/w"[..]));
        assert_eq!(url.hosts, [("db-1".to_owned(), Some(6432)), ("::1".to_owned(), Some(5433))]);
        assert_eq!(url.database.as_deref(), Some("a b"));
        assert_eq!(url.parameter("sslmode").as_deref(), Some("require"));
        assert_eq!(url.parameter("host").as_deref(), Some("/run/pg"));
    }

    #[test]
    fn what_is_shown_holds_no_password_wherever_it_was_written() {
        for text in [
            "postgres://ann:hunter2@h/db",
            "postgres://ann:hunter2@extra@h/db",
            "mysql://:hunter2@h/db",
            "postgres:///db?user=ann&password=hunter2",
            "postgres:///db?sslpassword=hunter2&passfile=hunter2",
            "mongodb://h/db?authMechanismProperties=hunter2#hunter2",
        ] {
            let url = url(text);
            for shown in [url.to_string(), format!("{url:?}")] {
                assert!(!shown.contains("hunter2"), "{shown}");
            }
        }
        assert_eq!(url("postgres://ann:x@h:1/db?host=/run").to_string(), "postgres://ann:***@h:1/db?host=/run");
    }

    #[test]
    fn paths_are_not_addresses_and_bad_addresses_say_why_without_showing_themselves() {
        assert!(Url::parse("dump.sql").is_none());
        assert!(Url::parse("./a://b").is_none());
        for text in ["postgres://h:99999/d", "postgres://h:x/d", "postgres://[::1/d", "postgres://%zz/d"] {
            let BadUrl(why) = Url::parse(text).unwrap().unwrap_err();
            assert!(why.contains("it"), "{why}");
        }
    }
}
