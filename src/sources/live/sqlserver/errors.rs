//! What the errors of driver and server mean to whoever reads the report.

use tiberius::error::Error;

use super::super::manners::Interrupt;
use super::super::{LiveError, tls};
use super::transport::NoWay;

/// Why a statement did not come to its end.
pub(super) enum Trouble {
    Server(Error),
    /// It took too long.
    Slow,
    /// Somebody wanted it to end.
    Stopped,
    /// What was read cannot be used.
    Value(&'static str),
}

/// Why there is no connection.
pub(super) fn no_way(error: NoWay) -> LiveError {
    match error {
        NoWay::Terms(why) => LiveError::connection(why),
        NoWay::Io(io) => LiveError::connection(match io.kind() {
            std::io::ErrorKind::ConnectionRefused | std::io::ErrorKind::NotFound => {
                format!("no server answers there ({io}): check the address, and whether the server runs")
            }
            _ => tls::certificate_trouble(&io).unwrap_or_else(|| format!("no connection to the server: {io}")),
        }),
    }
}

/// What an error means to whoever reads the report. The server's own words are shown only where they cannot hold a value.
pub(super) fn trouble(error: &Trouble, interrupt: Option<&Interrupt>) -> LiveError {
    if interrupt.is_some_and(Interrupt::is_set) {
        return LiveError::interrupted();
    }
    let server = match error {
        Trouble::Server(Error::Server(server)) => server,
        Trouble::Server(Error::Io { kind, .. }) => {
            return LiveError::connection(format!("the connection to the server broke ({kind})"));
        }
        Trouble::Server(_) => return LiveError::connection("the server sent something that cannot be understood"),
        Trouble::Slow => {
            return LiveError::table(
                "the statement took too long: allow more with --statement-timeout, or audit at a quieter time",
            );
        }
        Trouble::Stopped => {
            return LiveError::connection("the server did not let go of a statement that was cancelled");
        }
        Trouble::Value(why) => return LiveError::table(*why),
    };
    let message = server.message().lines().next().unwrap_or_default();
    let told = |why: &str| LiveError::table(format!("{why} (the server says: {message})"));
    let lost = |why: &str| LiveError::connection(why.to_owned());
    match server.code() {
        229 | 230 | 297 | 300 | 916 => told("no right to read it: grant SELECT"),
        207 | 208 | 3961 => told("it was dropped or altered while the audit ran: audit it again"),
        1222 | 1205 => {
            told("somebody else's change of it holds a lock: try again later, or wait longer with --lock-timeout")
        }
        41_332 | 41_368 => LiveError::table(
            "it is kept in memory, and such tables cannot be read within a snapshot of this kind: not audited. Export it",
        ),
        18_452 | 18_456 | 18_470 | 18_486 | 18_487 | 18_488 => {
            lost("the server refuses this user or password: check both, and whether it lets logins of SQL Server in")
        }
        911 | 4060 | 4064 => lost("there is no such database on the server, or this login may not use it"),
        10_928 | 10_929 | 17_809 => {
            lost("the server has no connection to spare: try later, or with a smaller --max-connections")
        }
        596 | 6005 | 40_197 | 40_613 => lost("the server is shutting down, or an administrator ended the connection"),
        // 20 and above end the connection ("Database Engine error severities").
        code if server.class() >= 20 => LiveError::connection(format!("the server ended the connection: error {code}")),
        code => LiveError::table(format!("the server reports the error {code}")),
    }
}
