//! What the errors of driver and server mean to whoever reads the report.

use mongodb::error::{Error, ErrorKind};

use super::super::LiveError;
use super::super::manners::Interrupt;

/// Why a command was given up.
pub(super) const SLOW: &str =
    "the command took too long: allow more with --statement-timeout, or audit at a quieter time";
/// Why what was begun cannot be gone on with.
pub(super) const TOO_OLD: &str = "the server no longer keeps the data of the moment at which the audit began";

/// Why there is no connection.
pub(super) fn no_way(error: &Error) -> LiveError {
    LiveError::connection(trouble(error, None).why)
}

/// What an error means to whoever reads the report. The server's own words are not shown: they may hold values.
pub(super) fn trouble(error: &Error, interrupt: Option<&Interrupt>) -> LiveError {
    if interrupt.is_some_and(Interrupt::is_set) {
        return LiveError::interrupted();
    }
    let lost = |why: &str| LiveError::connection(why.to_owned());
    match error.kind.as_ref() {
        ErrorKind::Command(command) => match command.code {
            13 => LiveError::table("no right to read it: grant the role read"),
            11 | 18 => lost(REFUSED),
            26 | 175 | 237 => LiveError::table("it was dropped or altered while the audit ran: audit it again"),
            43 => LiveError::table(
                "the server gave up its cursor, as it does after some minutes without a question: audit it again, \
                 without a limit on the rows a second",
            ),
            50 => LiveError::table(SLOW),
            239 | 246 => LiveError::table(TOO_OLD),
            91 | 189 | 10_107 | 11_600 | 11_602 | 13_435 | 13_436 => {
                lost("the server is shutting down, or another one has taken its place: audit again")
            }
            code => LiveError::table(format!("the server reports the error {code}")),
        },
        ErrorKind::Authentication { .. } => lost(REFUSED),
        ErrorKind::Io(io) => lost(&format!("the connection to the server broke ({})", io.kind())),
        ErrorKind::ConnectionPoolCleared { .. } => lost("the connection to the server broke"),
        ErrorKind::ServerSelection { message, .. } => {
            // The driver tells of servers in words only.
            let has = |word: &str| message.contains(word);
            lost(if has("NotValidForName") || has("not valid for name") {
                "the server's certificate is not made out to this name: dial the name in the certificate"
            } else if has("UnknownIssuer") {
                "no trusted authority signed the server's certificate: name the file of its authority (tlsCAFile)"
            } else if has("certificate") {
                "the server's certificate was refused: is it still valid?"
            } else {
                "no server answers there in time: check the address, whether the server runs, and whether it speaks TLS"
            })
        }
        ErrorKind::DnsResolve { .. } => lost("the servers of this address are not found in the DNS"),
        ErrorKind::InvalidTlsConfig { .. } => {
            lost("the file of trusted certificates, or of the own one, cannot be used")
        }
        ErrorKind::InvalidArgument { .. } => lost("the address or one of its parameters is not usable"),
        ErrorKind::IncompatibleServer { .. } => lost("the server is too old: MongoDB 4.2 or later is needed"),
        _ => lost("the server sent something that cannot be understood"),
    }
}

const REFUSED: &str = "the server refuses this user or password: check both, and the database that knows the user \
                       (authSource)";
