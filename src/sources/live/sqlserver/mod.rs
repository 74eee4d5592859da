//! SQL Server, and what speaks as it does in Azure.
//!
//! Where the database allows snapshots, each connection reads in a transaction of that kind: what it reads twice is twice
//! the same. The server cannot hand a snapshot from one connection to another; those of several are opened within moments
//! of each other, and each row is read over one of them. Where snapshots are not allowed, rows are read as they are when
//! their turn comes (READ COMMITTED). Either is told.
//!
//! Large tables are read in ranges of the primary key where that is one whole number.

#[cfg(feature = "sqlserver")]
mod catalogue;
#[cfg(feature = "sqlserver")]
mod cells;
#[cfg(feature = "sqlserver")]
mod config;
#[cfg(feature = "sqlserver")]
mod errors;
#[cfg(feature = "sqlserver")]
mod server;
#[cfg(feature = "sqlserver")]
mod session;
#[cfg(feature = "sqlserver")]
mod transport;

use super::{Database, Kind, LiveError, Options, Url};

/// The kind.
pub(super) struct SqlServer;

impl Kind for SqlServer {
    fn name(&self) -> &'static str {
        "SQL Server"
    }

    fn schemes(&self) -> &'static [&'static str] {
        &["mssql", "sqlserver"]
    }

    fn about(&self) -> (&'static str, &'static str) {
        (
            "`mssql://`, `sqlserver://`, versions 2012 and later: tables of the database named, else of the login's own; \
             with the rights for it the server's own logins",
            "a snapshot for each connection where the database allows snapshots, else READ COMMITTED; large tables in \
             ranges of the primary key over several connections; a replica if there is one (ApplicationIntent=ReadOnly); \
             logins of SQL Server, not of Windows; TLS, with the name checked unless the server is on this machine",
        )
    }

    fn connect(&self, url: &Url, options: &Options) -> Result<Box<dyn Database>, LiveError> {
        #[cfg(feature = "sqlserver")]
        return server::connect(url, options);
        #[cfg(not(feature = "sqlserver"))]
        {
            let _ = (url, options);
            Err(super::left_out(self.name(), "sqlserver"))
        }
    }
}
