//! Flags of `audit` that are about live databases.

use std::path::PathBuf;

use clap::Args;

/// Flags for targets that are databases.
#[derive(Args, Debug)]
#[command(next_help_heading = "Live databases")]
pub struct LiveArgs {
    /// Read only schemas (of MySQL and `MongoDB`: databases) of this name; `*` and `?` are wildcards, repeat for several.
    #[arg(long, value_name = "NAME")]
    pub schema: Vec<String>,
    /// Read only tables of this name: `users`, `app.users`, `*_log`.
    #[arg(long, value_name = "NAME")]
    pub table: Vec<String>,
    /// Read only columns of this name: `password`, `users.password`.
    #[arg(long, value_name = "NAME")]
    pub column: Vec<String>,
    /// Leave out tables or columns of this name: `audit_log`, `app.audit_log`, `users.photo`.
    #[arg(long, value_name = "NAME")]
    pub exclude: Vec<String>,
    /// Read at most N rows of each table; the report then says that it is incomplete.
    #[arg(long, value_name = "N")]
    pub sample: Option<String>,
    /// Name a column that tells who an account is, instead of finding it: `login=nick`, `email=members.mail`, `id=nr`.
    #[arg(long, value_name = "ROLE=COLUMN")]
    pub identity: Vec<String>,
    /// Read the password from the first line of FILE.
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
    /// Ask for the password on the terminal.
    #[arg(long)]
    pub ask_password: bool,
    /// Connections at a time [default: one for each thread, at most 4].
    #[arg(long, value_name = "N")]
    pub max_connections: Option<String>,
    /// Wait while the server has more than N other active sessions.
    #[arg(long, value_name = "N")]
    pub max_load: Option<String>,
    /// Read at most N rows a second, over all connections.
    #[arg(long, value_name = "N")]
    pub max_rows_per_second: Option<String>,
    /// Give up a statement that takes longer than N seconds; 0 is no limit.
    #[arg(long, value_name = "N", default_value = "0")]
    pub statement_timeout: String,
    /// Give up a table whose lock is not to be had within N seconds.
    #[arg(long, value_name = "N", default_value = "10")]
    pub lock_timeout: String,
    /// Keep what was read of each table in FILE, encrypted, until the audit is over: if it is interrupted, the same command
    /// goes on from there.
    #[arg(long, value_name = "FILE")]
    pub state: Option<PathBuf>,
    /// The key of --state, made if it is not there; best on another medium [default: FILE.key].
    #[arg(long, value_name = "FILE", requires = "state")]
    pub state_key: Option<PathBuf>,
    /// Print every statement that would be sent, and read nothing but the catalogue.
    #[arg(long)]
    pub dry_run: bool,
}
