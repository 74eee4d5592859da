//! What a database of SQL Server holds, asked of its own catalogue; what of it is not read, and why.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::super::keyed::Keyed;
use super::super::{Catalogue, LiveError, LiveTable, Scope};
use super::cells;
use super::server::quoted;
use super::session::{Session, TextRows};
use crate::model::{Column, Places, Table};

/// Version, edition, whether snapshots are allowed (1), and rights: on all tables, on their definitions, on what
/// masks hide.
pub(super) const SERVER: &str = "SELECT CONVERT(nvarchar(128), SERVERPROPERTY('ProductVersion')), \
     CONVERT(int, SERVERPROPERTY('EngineEdition')), (SELECT snapshot_isolation_state FROM sys.databases \
     WHERE database_id = DB_ID()), HAS_PERMS_BY_NAME(DB_NAME(), 'DATABASE', 'SELECT'), \
     HAS_PERMS_BY_NAME(DB_NAME(), 'DATABASE', 'VIEW DEFINITION'), HAS_PERMS_BY_NAME(DB_NAME(), 'DATABASE', 'UNMASK')";

/// Tables and views: schema, name, kind, number, rows.
const TABLES: &str = "SELECT s.name, o.name, RTRIM(o.type), o.object_id, p.rows FROM sys.objects o \
     JOIN sys.schemas s ON s.schema_id = o.schema_id LEFT JOIN (SELECT object_id, SUM(rows) AS rows FROM sys.partitions \
     WHERE index_id IN (0, 1) GROUP BY object_id) p ON p.object_id = o.object_id \
     WHERE o.type IN ('U', 'V') AND o.is_ms_shipped = 0 ORDER BY s.name, o.name";

/// Columns, with what versions of 2016 and later say more: table, name, type beneath an alias, bytes, the right to read,
/// masked, encrypted by the client.
const fn columns(modern: bool) -> &'static str {
    macro_rules! columns {
        ($more:literal) => {
            concat!(
                "SELECT c.object_id, c.name, COALESCE(b.name, t.name), c.max_length, \
                 HAS_PERMS_BY_NAME(QUOTENAME(s.name) + N'.' + QUOTENAME(o.name), 'OBJECT', 'SELECT', c.name, 'COLUMN'), ",
                $more,
                " FROM sys.columns c JOIN sys.objects o ON o.object_id = c.object_id \
                 JOIN sys.schemas s ON s.schema_id = o.schema_id JOIN sys.types t ON t.user_type_id = c.user_type_id \
                 LEFT JOIN sys.types b ON b.user_type_id = c.system_type_id \
                 WHERE o.type IN ('U', 'V') AND o.is_ms_shipped = 0 ORDER BY c.object_id, c.column_id"
            )
        };
    }
    if modern { columns!("c.is_masked, COALESCE(c.encryption_type, 0)") } else { columns!("0, 0") }
}

/// Columns of primary keys: table, name.
const KEYS: &str = "SELECT c.object_id, c.name FROM sys.indexes i JOIN sys.index_columns k \
     ON k.object_id = i.object_id AND k.index_id = i.index_id JOIN sys.columns c \
     ON c.object_id = k.object_id AND c.column_id = k.column_id WHERE i.is_primary_key = 1 ORDER BY c.object_id";

/// Tables of which a policy hides rows.
const POLICIES: &str = "SELECT DISTINCT p.target_object_id FROM sys.security_predicates p JOIN sys.security_policies s \
     ON s.object_id = p.object_id WHERE s.is_enabled = 1 AND p.predicate_type = 0";

/// Tables whose rows are elsewhere.
const EXTERNAL: &str = "SELECT object_id FROM sys.tables WHERE is_external = 1";

/// Other databases that this login may use.
const OTHERS: &str = "SELECT name FROM sys.databases WHERE HAS_DBACCESS(name) = 1 AND database_id > 4 AND \
     database_id <> DB_ID() ORDER BY name";

/// How many logins there are, and of how many the password's hash is shown.
const LOGINS: &str = "SELECT COUNT(*), COUNT(password_hash) FROM sys.sql_logins";

/// What of the server's logins is read: the columns of their table, and the expressions for them.
const LOGIN: [(&str, &str); 4] = [
    ("login", "name"),
    ("password_hash", "CONVERT(nvarchar(max), password_hash, 1)"),
    ("is_disabled", "is_disabled"),
    ("is_superuser", "IS_SRVROLEMEMBER('sysadmin', name)"),
];

/// What the server said of itself, and of what this login may.
#[allow(clippy::struct_excessive_bools)] // each is one answer
pub(super) struct Server {
    pub(super) version: String,
    pub(super) has_snapshots: bool,
    /// 2016 and later, and all that run in Azure.
    modern: bool,
    sees_all: bool,
    unmasked: bool,
}

impl Server {
    pub(super) fn ask(session: &mut Session) -> Result<Self, LiveError> {
        let rows = session.rows(SERVER)?;
        let row = rows.first().ok_or_else(|| LiveError::connection("the server did not say what it is"))?;
        let cell = |at: usize| row.get(at).cloned().flatten().unwrap_or_default();
        let version = cell(0);
        let major: u32 = version.split('.').next().and_then(|n| n.parse().ok()).unwrap_or(0);
        // EngineEdition of Azure's databases and instances: 5 and more.
        let azure = cell(1).parse().is_ok_and(|edition: u32| edition >= 5);
        Ok(Self {
            version,
            has_snapshots: cell(2) == "1",
            modern: major >= 13 || azure,
            sees_all: cell(3) == "1" || cell(4) == "1",
            unmasked: cell(5) == "1",
        })
    }

    /// What is asked before tables are read.
    pub(super) fn queries(&self, home: bool, whole: bool) -> Vec<&'static str> {
        let mut queries = vec![TABLES, columns(self.modern), KEYS];
        if self.modern {
            queries.extend([POLICIES, EXTERNAL]);
        }
        if !home {
            queries.push(OTHERS);
        }
        if whole {
            queries.push(LOGINS);
        }
        queries
    }
}

/// Lists what is read. `home` says whether the address names a database.
pub(super) fn list(
    session: &mut Session,
    server: &Server,
    scope: &Scope,
    home: bool,
) -> Result<(Catalogue, Vec<Keyed>), LiveError> {
    let mut lister = Lister { server, scope, catalogue: Catalogue::default(), infos: Vec::new() };
    let tables = session.rows(TABLES)?;
    let mut columns = by_first(session.rows(columns(server.modern))?);
    let keys = by_first(session.rows(KEYS)?);
    // A login that may not see policies is not told of them.
    let mut numbers = |query: &str| -> Result<HashSet<String>, LiveError> {
        let rows = if server.modern { session.rows(query)? } else { Vec::new() };
        Ok(rows.into_iter().filter_map(|row| row.into_iter().next().flatten()).collect())
    };
    let (policies, external) = (numbers(POLICIES)?, numbers(EXTERNAL)?);
    if !server.sees_all {
        lister.skip(
            "",
            "this login has rights on single tables: those that the server does not show to it were not audited. Grant \
             SELECT on the database (the role db_datareader)",
        );
    }
    let mut views = 0;
    for row in &tables {
        let cell = |at: usize| row.get(at).cloned().flatten().unwrap_or_default();
        let (schema, name, kind, number) = (cell(0), cell(1), cell(2), cell(3));
        if !scope.has_table(&schema, &name) {
            continue;
        }
        let named = scope.names(&schema, &name);
        if kind == "V" && server.sees_all && !named {
            views += 1;
            continue;
        }
        let shown = format!("{schema}.{name}");
        if external.contains(&number) && !named {
            lister.skip(
                &format!("table {shown}"),
                "its rows are on another server: not audited. Audit that server, or name the table with --table",
            );
            continue;
        }
        if policies.contains(&number) {
            lister.skip(
                &format!("table {shown}"),
                "a security policy may hide rows of it from this login: those were not audited. Use a login that the \
                 policy lets see everything",
            );
        }
        let key = keys.get(&number).filter(|key| key.len() == 1).and_then(|key| key[0].first().cloned().flatten());
        let rows = row.get(4).and_then(Option::as_deref).and_then(|rows| rows.parse().ok());
        let of_table = columns.remove(&number).unwrap_or_default();
        lister.add(&schema, &name, &of_table, key.as_deref(), rows);
    }
    match views {
        0 => {}
        1 => lister.note("1 view not read: it shows rows of tables"),
        n => lister.note(format!("{n} views not read: they show rows of tables")),
    }
    if !home {
        for row in session.rows(OTHERS)? {
            let name = row.into_iter().next().flatten().unwrap_or_default();
            lister.skip(&format!("database {name}"), "not audited: name it in an address of its own");
        }
    }
    if is_whole(scope) {
        lister.logins(session);
    }
    let Lister { catalogue, infos, .. } = lister;
    Ok((catalogue, infos))
}

/// Whether the server's own logins are in scope.
pub(super) fn is_whole(scope: &Scope) -> bool {
    Scope { sample: None, ..scope.clone() }.is_everything()
}

/// Rows by their first cell, the rest of each.
fn by_first(rows: TextRows) -> HashMap<String, TextRows> {
    let mut by: HashMap<String, TextRows> = HashMap::new();
    for mut row in rows {
        let rest = row.split_off(1.min(row.len()));
        by.entry(row.into_iter().next().flatten().unwrap_or_default()).or_default().push(rest);
    }
    by
}

struct Lister<'a> {
    server: &'a Server,
    scope: &'a Scope,
    catalogue: Catalogue,
    infos: Vec<Keyed>,
}

impl Lister<'_> {
    fn skip(&mut self, place: &str, why: impl Into<String>) {
        self.catalogue.skipped.push((place.to_owned(), why.into()));
    }

    fn note(&mut self, note: impl Into<String>) {
        self.catalogue.notes.push(note.into());
    }

    /// Adds one table to what is read; says what of it is not.
    fn add(&mut self, schema: &str, name: &str, all: &TextRows, key: Option<&str>, rows: Option<u64>) {
        let shown = format!("{schema}.{name}");
        let place = format!("table {shown}");
        let cell = |row: &[Option<String>], at: usize| row.get(at).cloned().flatten().unwrap_or_default();
        let (mut read, mut refused, mut masked, mut locked) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for row in all.iter().filter(|row| self.scope.has_column(schema, name, &cell(row, 0))) {
            let list = match (cell(row, 3) == "1", cell(row, 4) == "1", cell(row, 5) == "0") {
                (false, ..) => &mut refused,
                (true, _, false) => &mut locked,
                (true, true, _) if !self.server.unmasked => &mut masked,
                (true, ..) => &mut read,
            };
            list.push(row);
        }
        let names = |rows: &[&Vec<Option<String>>]| rows.iter().map(|row| cell(row, 0)).collect::<Vec<_>>().join(", ");
        if !refused.is_empty() {
            let why = if read.is_empty() {
                format!("no right to read {shown}: not audited. Grant SELECT")
            } else {
                format!("no right to read its columns {}: not audited", names(&refused))
            };
            self.skip(&place, why);
        }
        if !masked.is_empty() {
            let why = format!("its columns {} are masked for this login: not audited. Grant UNMASK", names(&masked));
            self.skip(&place, why);
        }
        if !locked.is_empty() {
            let why = format!(
                "its columns {} are encrypted by the application (Always Encrypted), and the server has no key: not audited",
                names(&locked)
            );
            self.skip(&place, why);
        }
        if read.is_empty() {
            return;
        }
        let key =
            key.filter(|key| read.iter().any(|row| cell(row, 0) == *key && cells::is_whole_number(&cell(row, 1))));
        let columns = read.iter().map(|row| Column { name: cell(row, 0), declared: Some(cell(row, 1)) }).collect();
        self.catalogue.tables.push(LiveTable {
            table: Arc::new(Table { name: shown, columns, named_columns: true }),
            places: key.map_or(Places::Rows, |key| Places::Key(key.to_owned())),
            rows,
            number: self.infos.len(),
        });
        self.infos.push(Keyed {
            from: format!("{}.{}", quoted(schema), quoted(name)),
            columns: read
                .iter()
                .map(|row| {
                    let length = cell(row, 2).parse().unwrap_or(-1);
                    cells::expression(&quoted(&cell(row, 0)), &cell(row, 1), length)
                })
                .collect(),
            key: key.map(quoted),
            rows: rows.unwrap_or(0),
        });
    }

    /// The server's own logins, where this one may see them.
    fn logins(&mut self, session: &mut Session) {
        let counts = session.rows(LOGINS).unwrap_or_default();
        let count =
            |at: usize| -> u64 { counts.first().and_then(|row| row.get(at)?.as_deref()?.parse().ok()).unwrap_or(0) };
        let (all, shown) = (count(0), count(1));
        if shown == 0 {
            self.note("the server's own logins: this one may not see their passwords' hashes");
            return;
        }
        if shown < all {
            self.note(format!("the server's own logins: {} of {all} without a hash to see", all - shown));
        }
        let table = Table {
            name: "sys.sql_logins".into(),
            columns: LOGIN.map(|(name, _)| Column::named(name)).to_vec(),
            named_columns: true,
        };
        self.catalogue.tables.push(LiveTable {
            table: Arc::new(table),
            places: Places::Rows,
            rows: Some(shown),
            number: self.infos.len(),
        });
        self.infos.push(Keyed {
            from: "sys.sql_logins WHERE password_hash IS NOT NULL".into(),
            columns: LOGIN.map(|(_, expression)| expression.to_owned()).to_vec(),
            key: None,
            rows: shown,
        });
    }
}
