//! What the flags about live databases mean.

use std::fs;
use std::io::{self, BufRead, BufReader, IsTerminal, Read};
use std::time::Duration;

use zeroize::Zeroizing;

use super::count;
use crate::cli::LiveArgs;
use crate::error::Error;
use crate::model::{Assignment, Confidence, Role, Secret, Table};
use crate::sources::Target;
use crate::sources::live::{Interrupt, Manners, Options, Pattern, Scope, StateFile};

/// Most connections by default: a server has others to serve.
const CONNECTIONS: usize = 4;

/// Blocks of a part: with blocks of 512 KiB the default of [`live::PART`](crate::sources::live::PART).
const PARTS_OF_BLOCKS: u64 = 32;

/// Longest password file that is read.
const MAX_PASSWORD: u64 = 4096;

/// Columns that the user named by hand: who an account is.
#[derive(Clone, Debug, Default)]
pub struct Identity {
    named: Vec<(Role, Option<Pattern>, String)>,
}

impl Identity {
    /// Puts what the user says over what the values say.
    pub fn apply(&self, table: &Table, roles: &mut [Assignment]) {
        for (role, of_table, name) in &self.named {
            let bare = table.name.rsplit('.').next().unwrap_or(&table.name);
            if of_table.as_ref().is_some_and(|of| !of.fits(&table.name) && !of.fits(bare)) {
                continue;
            }
            let Some(at) = table.columns.iter().position(|column| column.name == *name) else { continue };
            for other in roles.iter_mut().filter(|other| other.role == *role) {
                *other = Assignment::other("another column was named for this by hand");
            }
            let named = Assignment::other("named by hand");
            roles[at] = Assignment { role: *role, confidence: Confidence::PROVED, ..named };
        }
    }

    fn parse(typed: &[String]) -> Result<Self, Error> {
        let hint = "write login=COLUMN, email=COLUMN or id=COLUMN, the column with or without its table";
        let mut named = Vec::new();
        for typed in typed {
            let wrong = || Error::usage(format!("--identity {typed:?} is not understood"), hint);
            let (role, column) = typed.split_once('=').ok_or_else(wrong)?;
            let role = match role.to_ascii_lowercase().as_str() {
                "login" => Role::Login,
                "email" => Role::Email,
                "id" => Role::Id,
                _ => return Err(wrong()),
            };
            let (table, column) = column.rsplit_once('.').map_or((None, column), |(t, c)| (Some(Pattern::new(t)), c));
            if column.is_empty() {
                return Err(wrong());
            }
            named.push((role, table, column.to_owned()));
        }
        Ok(Self { named })
    }
}

/// Checks the flags; reads a password where one is promised.
pub(super) fn check(
    args: &LiveArgs,
    targets: &[Target],
    threads: usize,
    block: u64,
) -> Result<(Options, Identity), Error> {
    let any = targets.iter().any(|target| matches!(target, Target::Database(_)));
    if !any {
        let stray = [
            ("--schema", !args.schema.is_empty()),
            ("--table", !args.table.is_empty()),
            ("--column", !args.column.is_empty()),
            ("--exclude", !args.exclude.is_empty()),
            ("--sample", args.sample.is_some()),
            ("--password-file", args.password_file.is_some()),
            ("--ask-password", args.ask_password),
            ("--max-connections", args.max_connections.is_some()),
            ("--max-load", args.max_load.is_some()),
            ("--max-rows-per-second", args.max_rows_per_second.is_some()),
            ("--state", args.state.is_some()),
            ("--dry-run", args.dry_run),
        ];
        if let Some((flag, _)) = stray.into_iter().find(|(_, given)| *given) {
            return Err(Error::usage(
                format!("{flag} means nothing without a database among the targets"),
                "name one by its address, e.g. postgres://user@host/database",
            ));
        }
    }
    let patterns = |typed: &[String]| typed.iter().map(Pattern::new).collect();
    let some = |flag: &str, typed: &Option<String>| typed.as_deref().map(|n| count(flag, n, 1, u64::MAX)).transpose();
    let scope = Scope {
        schemas: patterns(&args.schema),
        tables: patterns(&args.table),
        columns: patterns(&args.column),
        exclude: patterns(&args.exclude),
        sample: some("--sample", &args.sample)?,
    };
    let connections = args.max_connections.as_deref().map(|n| count("--max-connections", n, 1, 64)).transpose()?;
    let seconds = |flag: &str, typed: &str| count(flag, typed, 0, 1_000_000).map(Duration::from_secs);
    let manners = Manners {
        max_connections: connections.map_or_else(|| threads.min(CONNECTIONS), |n| n as usize),
        max_load: args.max_load.as_deref().map(|n| count("--max-load", n, 0, u64::MAX)).transpose()?,
        max_rows_per_second: some("--max-rows-per-second", &args.max_rows_per_second)?,
        statement_timeout: Some(seconds("--statement-timeout", &args.statement_timeout)?).filter(|t| !t.is_zero()),
        lock_timeout: Duration::from_secs(count("--lock-timeout", &args.lock_timeout, 1, 1_000_000)?),
        ..Manners::default()
    };
    // A part is to a table what a block is to a file.
    let part = block.saturating_mul(PARTS_OF_BLOCKS);
    let state = args.state.clone().map(|path| StateFile::new(path, args.state_key.clone()));
    let options = Options { scope, manners, password: password(args)?, part, interrupt: Interrupt::default(), state };
    Ok((options, Identity::parse(&args.identity)?))
}

fn password(args: &LiveArgs) -> Result<Option<Secret>, Error> {
    if let Some(file) = &args.password_file {
        let open = fs::File::open(file).map_err(|e| Error::read(file, e))?;
        let mut line = Zeroizing::new(Vec::new());
        let read = BufReader::new(open.take(MAX_PASSWORD)).read_until(b'\n', &mut line);
        read.map_err(|e| Error::read(file, e))?;
        while line.last().is_some_and(|b| matches!(b, b'\n' | b'\r')) {
            line.pop();
        }
        return Ok(Some(Secret::new(&line)));
    }
    if !args.ask_password {
        return Ok(None);
    }
    if !io::stdin().is_terminal() {
        return Err(Error::usage(
            "--ask-password needs a terminal to ask on",
            "use --password-file, or PGPASSWORD, MYSQL_PWD or SQLCMDPASSWORD in the environment",
        ));
    }
    let typed = rpassword::prompt_password("Password: ").map_err(|e| Error::system("asking for the password", e))?;
    Ok(Some(Secret::from(Zeroizing::new(typed).as_bytes().to_vec())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Column;

    #[test]
    fn a_column_named_by_hand_takes_the_role_from_all_others() {
        let table = Table {
            name: "shop.members".into(),
            columns: ["nr", "nick", "login"].map(Column::named).to_vec(),
            named_columns: true,
        };
        let login = Assignment { role: Role::Login, ..Assignment::other("") };
        let roles = || vec![Assignment::other(""), Assignment::other(""), login.clone()];
        for (typed, expected) in [
            ("login=nick", [Role::Other, Role::Login, Role::Other]),
            ("login=members.nick", [Role::Other, Role::Login, Role::Other]),
            ("login=shop.members.nick", [Role::Other, Role::Login, Role::Other]),
            ("login=others.nick", [Role::Other, Role::Other, Role::Login]),
            ("id=nr", [Role::Id, Role::Other, Role::Login]),
            ("login=nosuch", [Role::Other, Role::Other, Role::Login]),
        ] {
            let mut roles = roles();
            Identity::parse(&[typed.to_owned()]).unwrap().apply(&table, &mut roles);
            assert_eq!(roles.iter().map(|r| r.role).collect::<Vec<_>>(), expected, "{typed}");
        }
        for typed in ["login", "password=x", "login=", "login=t."] {
            assert!(Identity::parse(&[typed.to_owned()]).is_err(), "{typed}");
        }
    }
}
