//! `MongoDB`.
//!
//! A replica set of version 5 or later keeps its data of a moment for some minutes: all reading names that moment, so that
//! any number of connections see one snapshot. Elsewhere, and once the server no longer keeps it, what a majority has
//! confirmed is read as it is when its turn comes; either is told. Collections are read whole documents at a time: nothing
//! says before what fields there are. Large ones are cut into ranges of `_id` where that is an object id or a whole number.
//!
//! Every command is written here, so that a dry run can print it; the driver adds sessions and preferences, and sends by
//! itself what opens and closes connections and goes on with cursors.

#[cfg(feature = "mongodb")]
mod command;
#[cfg(feature = "mongodb")]
mod config;
#[cfg(feature = "mongodb")]
mod documents;
#[cfg(feature = "mongodb")]
mod errors;
#[cfg(feature = "mongodb")]
mod server;
#[cfg(feature = "mongodb")]
mod users;

use super::{Database, Kind, LiveError, Options, Url};

/// The kind.
pub(super) struct MongoDb;

impl Kind for MongoDb {
    fn name(&self) -> &'static str {
        "MongoDB"
    }

    fn schemes(&self) -> &'static [&'static str] {
        &["mongodb", "mongodb+srv"]
    }

    fn about(&self) -> (&'static str, &'static str) {
        (
            "`mongodb://`, `mongodb+srv://`, versions 4.2 and later: collections of the database named, else of all \
             databases, nested documents as columns with dotted names; with the rights for it the server's own accounts",
            "one snapshot for all connections on replica sets since version 5 for as long as the server keeps it (5 \
             minutes unless it is told otherwise), else what a majority has confirmed; whole documents; large \
             collections in ranges of `_id`; a secondary if there is one; SCRAM, X.509, LDAP; TLS, with the name \
             checked unless the server is on this machine",
        )
    }

    fn connect(&self, url: &Url, options: &Options) -> Result<Box<dyn Database>, LiveError> {
        #[cfg(feature = "mongodb")]
        return server::connect(url, options);
        #[cfg(not(feature = "mongodb"))]
        {
            let _ = (url, options);
            Err(super::left_out(self.name(), "mongodb"))
        }
    }
}
