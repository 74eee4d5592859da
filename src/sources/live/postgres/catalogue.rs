//! What a server holds, from its own catalogue: tables, columns, rights, and the server's own secrets.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write as _;
use std::sync::Arc;

use super::super::{Catalogue, LiveError, LiveTable, Scope, ServerFault};
use super::copy::As;
use super::{Session, quoted};
use crate::model::{Column, Places, Severity, Table};

/// Relations that may hold rows, without the server's own. `relkind` as in `pg_class`: r table, p partitioned, v view, m
/// materialised view, f foreign table. Nothing here waits for a lock on one of them.
pub(super) const RELATIONS: &str = "SELECT c.oid, n.nspname, c.relname, c.relkind, c.relispartition, \
    row_security_active(c.oid), has_schema_privilege(n.oid, 'USAGE'), has_table_privilege(c.oid, 'SELECT'), \
    has_any_column_privilege(c.oid, 'SELECT'), c.reltuples::bigint, \
    pg_relation_filenode(c.oid), coalesce(a.amname, '') = 'heap' \
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_am a ON a.oid = c.relam \
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname NOT IN ('pg_catalog', 'information_schema') \
    AND n.nspname !~ '^pg_(toast|temp_)' ORDER BY n.nspname, c.relname";

/// Their columns: `typsend` says what the binary form is (a domain has that of its base).
pub(super) const COLUMNS: &str = "SELECT a.attrelid, a.attname, format_type(a.atttypid, a.atttypmod), \
    t.typsend::text, has_column_privilege(a.attrelid, a.attnum, 'SELECT') \
    FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid JOIN pg_class c ON c.oid = a.attrelid \
    JOIN pg_namespace n ON n.oid = c.relnamespace \
    WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'v', 'm', 'f') \
    AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp_)' \
    ORDER BY a.attrelid, a.attnum";

/// Keys that are one whole number.
pub(super) const KEYS: &str = "SELECT i.indrelid, a.attname FROM pg_index i \
    JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0] \
    WHERE i.indisprimary AND i.indnatts = 1 AND a.atttypid IN (20, 21, 23)";

/// Which partition is of which table.
pub(super) const PARTITIONS: &str = "SELECT i.inhrelid, i.inhparent FROM pg_inherits i \
    JOIN pg_class c ON c.oid = i.inhrelid WHERE c.relispartition";

/// What views are made from.
pub(super) const VIEWS: &str = "SELECT DISTINCT r.ev_class, d.refobjid FROM pg_rewrite r \
    JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid \
    WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid <> r.ev_class";

/// What of the server's own secrets this role may see.
pub(super) const SERVER: &str = "SELECT has_table_privilege('pg_catalog.pg_authid', 'SELECT'), \
    (SELECT rolsuper FROM pg_roles WHERE rolname = current_user), current_setting('password_encryption'), \
    has_column_privilege('pg_catalog.pg_subscription', 'subconninfo', 'SELECT')";

/// What is known of a table beside what is handed on.
pub(super) struct Info {
    /// What stands after FROM.
    pub(super) from: String,
    /// By column: what stands in the list of the SELECT, and how it is decoded.
    pub(super) columns: Vec<(String, As)>,
    /// The key: what stands in the list.
    pub(super) key: Option<String>,
    /// Whether rows can be asked for by page.
    pub(super) by_page: bool,
    /// The relation and the file it was in when the catalogue was read.
    pub(super) file: Option<(u32, String)>,
}

/// One relation as the server tells it.
#[allow(clippy::struct_excessive_bools)] // Each is one column of the catalogue.
struct Relation {
    oid: u32,
    schema: String,
    name: String,
    kind: char,
    is_partition: bool,
    row_security: bool,
    may_use_schema: bool,
    may_read: bool,
    may_read_some: bool,
    rows: Option<u64>,
    file: Option<String>,
    is_heap: bool,
}

/// A column as the server tells it.
struct Attribute {
    name: String,
    declared: String,
    send: String,
    may_read: bool,
}

fn yes(text: Option<&str>) -> bool {
    text == Some("t")
}

/// How a column is asked for and decoded.
///
/// Types whose output function says something else than a cast to text (`inet` without its mask) go through `format`,
/// which calls the output function.
fn asked(name: &str, send: &str) -> (String, As) {
    let name = quoted(name);
    let function = send.rsplit('.').next().unwrap_or(send).trim_matches('"');
    match function {
        "textsend" | "varcharsend" | "bpcharsend" | "namesend" | "citextsend" | "charsend" | "enum_send"
        | "json_send" | "byteasend" | "unknownsend" => (name, As::Bytes),
        "boolsend" => (name, As::Bool),
        "int2send" | "int4send" | "int8send" => (name, As::Integer),
        "uuid_send" => (name, As::Uuid),
        "jsonb_send" => (name, As::Jsonb),
        "inet_send" => (format!("CASE WHEN {name} IS NOT NULL THEN format('%s', {name}) END"), As::Bytes),
        _ => (format!("{name}::text"), As::Bytes),
    }
}

/// Reads the catalogue. `home` is the schema whose tables are named without it.
pub(super) fn read(
    session: &mut Session,
    scope: &Scope,
    home: Option<&str>,
) -> Result<(Catalogue, Vec<Info>), LiveError> {
    let mut catalogue = Catalogue::default();
    let mut infos = Vec::new();
    let relations: Vec<Relation> = session.rows(RELATIONS)?.iter().filter_map(|row| relation(row)).collect();
    let mut attributes: HashMap<u32, Vec<Attribute>> = HashMap::new();
    for row in session.rows(COLUMNS)? {
        let Some(oid) = row[0].as_deref().and_then(|oid| oid.parse().ok()) else { continue };
        let text = |at: usize| row[at].clone().unwrap_or_default();
        let may_read = yes(row[4].as_deref());
        let column = Attribute { name: text(1), declared: text(2).to_lowercase(), send: text(3), may_read };
        attributes.entry(oid).or_default().push(column);
    }
    let pairs = |rows: Vec<Vec<Option<String>>>| -> Vec<(u32, String)> {
        rows.into_iter().filter_map(|row| Some((row[0].as_deref()?.parse().ok()?, row[1].clone()?))).collect()
    };
    let keys: HashMap<u32, String> = pairs(session.rows(KEYS)?).into_iter().collect();
    let number = |(a, b): (u32, String)| Some((a, b.parse::<u32>().ok()?));
    let parents: HashMap<u32, u32> = pairs(session.rows(PARTITIONS)?).into_iter().filter_map(number).collect();
    let mut made_from: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for (view, of) in pairs(session.rows(VIEWS)?).into_iter().filter_map(number) {
        made_from.entry(view).or_default().push(of);
    }
    let choice = choose(&relations, &parents, &made_from, scope);

    let mut views = 0;
    for relation in &relations {
        let shown = shown(relation, home);
        let place = format!("table {shown}");
        match choice.get(&relation.oid) {
            None => continue,
            Some(Choice::Covered) => {
                views += usize::from(relation.kind == 'v');
                continue;
            }
            Some(Choice::NoRight) => {
                let schema = if relation.may_use_schema { "" } else { " (nor to use its schema)" };
                catalogue.skipped.push((
                    place,
                    format!(
                        "no right to read {}.{}{schema}: not audited. Grant SELECT, or audit as its owner",
                        relation.schema, relation.name
                    ),
                ));
                continue;
            }
            Some(Choice::Elsewhere) => {
                catalogue.skipped.push((
                    place,
                    "a foreign table, its rows are on another server: not audited. Audit that server, or name the \
                     table with --table"
                        .into(),
                ));
                continue;
            }
            Some(Choice::Read) => {}
        }
        let none = Vec::new();
        let all = attributes.get(&relation.oid).unwrap_or(&none);
        let key = keys.get(&relation.oid).filter(|key| all.iter().any(|c| c.name == **key && c.may_read));
        add(&mut catalogue, &mut infos, relation, shown, all, key, scope);
    }
    if views > 0 {
        catalogue.notes.push(match views {
            1 => "1 view not read: it shows rows of tables".to_owned(),
            n => format!("{n} views not read: they show rows of tables"),
        });
    }
    if (Scope { sample: None, ..scope.clone() }).is_everything() {
        server(session, &mut catalogue, &mut infos)?;
    }
    Ok((catalogue, infos))
}

/// Adds one relation to what is read; says what of it is not.
fn add(
    catalogue: &mut Catalogue,
    infos: &mut Vec<Info>,
    relation: &Relation,
    shown: String,
    all: &[Attribute],
    key: Option<&String>,
    scope: &Scope,
) {
    let place = format!("table {shown}");
    let in_scope = || all.iter().filter(|column| scope.has_column(&relation.schema, &relation.name, &column.name));
    let columns: Vec<&Attribute> = in_scope().filter(|column| column.may_read).collect();
    let refused: Vec<&str> = in_scope().filter(|column| !column.may_read).map(|c| c.name.as_str()).collect();
    if !refused.is_empty() {
        catalogue
            .skipped
            .push((place.clone(), format!("no right to read its columns {}: not audited", refused.join(", "))));
    }
    if relation.row_security {
        catalogue.skipped.push((
            place,
            "row-level security is in force: rows that this role may not see were not audited. Audit as a role \
             with BYPASSRLS"
                .into(),
        ));
    }
    if columns.is_empty() {
        return;
    }
    let name = format!("{}.{}", quoted(&relation.schema), quoted(&relation.name));
    // A parent by inheritance shows its children's rows as well, and they are read by themselves.
    let from = if relation.kind == 'r' { format!("ONLY {name}") } else { name };
    // A right to columns is none to the row addresses.
    let by_page = relation.is_heap && relation.may_read;
    let places = match key {
        Some(key) => Places::Key(key.clone()),
        None if by_page => Places::Tid,
        None => Places::Rows,
    };
    let table = Table {
        name: shown,
        columns: columns.iter().map(|c| Column { name: c.name.clone(), declared: Some(c.declared.clone()) }).collect(),
        named_columns: true,
    };
    catalogue.tables.push(LiveTable {
        table: Arc::new(table),
        rows: relation.rows,
        number: infos.len(),
        places: places.clone(),
    });
    infos.push(Info {
        from,
        columns: columns.iter().map(|c| asked(&c.name, &c.send)).collect(),
        key: match places {
            Places::Key(key) => Some(quoted(&key)),
            Places::Tid => Some("ctid".into()),
            _ => None,
        },
        by_page,
        file: relation.file.clone().map(|file| (relation.oid, file)),
    });
}

fn relation(row: &[Option<String>]) -> Option<Relation> {
    let text = |at: usize| row[at].clone().unwrap_or_default();
    Some(Relation {
        oid: row[0].as_deref()?.parse().ok()?,
        schema: text(1),
        name: text(2),
        kind: text(3).chars().next()?,
        is_partition: yes(row[4].as_deref()),
        row_security: yes(row[5].as_deref()),
        may_use_schema: yes(row[6].as_deref()),
        may_read: yes(row[6].as_deref()) && yes(row[7].as_deref()),
        may_read_some: yes(row[6].as_deref()) && yes(row[8].as_deref()),
        rows: row[9].as_deref().and_then(|rows| rows.parse().ok()),
        file: row[10].clone(),
        is_heap: yes(row[11].as_deref()),
    })
}

/// `users` in the schema that is searched first, `other.users` elsewhere.
fn shown(relation: &Relation, home: Option<&str>) -> String {
    if home == Some(relation.schema.as_str()) {
        relation.name.clone()
    } else {
        format!("{}.{}", relation.schema, relation.name)
    }
}

/// What becomes of a relation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Choice {
    Read,
    /// Its rows are those of others that are read.
    Covered,
    NoRight,
    /// Its rows are on another server.
    Elsewhere,
}

/// Chooses what is read, so that every row is read once where that can be.
///
/// Partitions are read and not the table they make up, unless the role may read only that. A view is read where
/// something it is made from is not read, or nothing is known of what it is made from; else it shows nothing new.
fn choose(
    relations: &[Relation],
    parents: &HashMap<u32, u32>,
    made_from: &BTreeMap<u32, Vec<u32>>,
    scope: &Scope,
) -> HashMap<u32, Choice> {
    let mut choice: HashMap<u32, Choice> = HashMap::new();
    let wanted: Vec<&Relation> = relations.iter().filter(|r| scope.has_table(&r.schema, &r.name)).collect();
    let by_oid: HashMap<u32, &Relation> = relations.iter().map(|r| (r.oid, r)).collect();
    // Partitioned tables of which some partition may not be read, and which may be read themselves.
    let mut through_parent: BTreeSet<u32> = BTreeSet::new();
    let ancestors = |oid: u32| std::iter::successors(parents.get(&oid).copied(), |oid| parents.get(oid).copied());
    for relation in relations.iter().filter(|r| r.is_partition && r.kind != 'p') {
        let named = scope.names(&relation.schema, &relation.name);
        let elsewhere = relation.kind == 'f' && !named;
        if !relation.may_read_some || elsewhere || !scope.has_table(&relation.schema, &relation.name) {
            let may = |oid: &u32| {
                by_oid.get(oid).is_some_and(|r| r.may_read && !elsewhere && scope.has_table(&r.schema, &r.name))
            };
            through_parent.extend(ancestors(relation.oid).filter(may).last());
        }
    }
    for relation in wanted.iter().filter(|r| r.kind != 'v') {
        let covered = ancestors(relation.oid).any(|parent| through_parent.contains(&parent));
        let of = match relation.kind {
            _ if covered => Choice::Covered,
            'p' if !through_parent.contains(&relation.oid) => Choice::Covered,
            'f' if !scope.names(&relation.schema, &relation.name) => Choice::Elsewhere,
            _ if !relation.may_read_some => Choice::NoRight,
            _ => Choice::Read,
        };
        choice.insert(relation.oid, of);
    }
    // Views upon views: what is known to be covered may cover another.
    let mut open: Vec<&&Relation> = wanted.iter().filter(|r| r.kind == 'v').collect();
    loop {
        let before = open.len();
        open.retain(|view| {
            let of = made_from.get(&view.oid).map_or(&[][..], Vec::as_slice);
            let known = |oid: &u32| match by_oid.get(oid) {
                // A table of the server itself.
                None => true,
                Some(_) => matches!(choice.get(oid), Some(Choice::Read | Choice::Covered)),
            };
            let covered = !of.is_empty() && of.iter().all(known) && !scope.names(&view.schema, &view.name);
            if covered {
                choice.insert(view.oid, Choice::Covered);
            }
            !covered
        });
        if open.len() == before {
            break;
        }
    }
    for view in open {
        choice.insert(view.oid, if view.may_read_some { Choice::Read } else { Choice::NoRight });
    }
    choice
}

/// The server's own secrets, where the role may see them.
fn server(session: &mut Session, catalogue: &mut Catalogue, infos: &mut Vec<Info>) -> Result<(), LiveError> {
    let rows = session.rows(SERVER)?;
    let Some(row) = rows.first() else { return Ok(()) };
    let may = |at: usize| yes(row[at].as_deref());
    if row[2].as_deref() == Some("md5") {
        catalogue.faults.push(ServerFault {
            rule: "password-encryption",
            severity: Severity::Medium,
            place: "password_encryption".into(),
            message: "new passwords of the server's own roles are stored as MD5: set password_encryption to \
                      scram-sha-256 and let the roles set their passwords again"
                .into(),
        });
    }
    let mut add = |name: &str, from: &str, columns: &[(&str, &str, As)]| {
        let table = Table {
            name: name.into(),
            columns: columns.iter().map(|(name, ..)| Column::named(*name)).collect(),
            named_columns: true,
        };
        catalogue.tables.push(LiveTable {
            table: Arc::new(table),
            rows: None,
            number: infos.len(),
            places: Places::Rows,
        });
        infos.push(Info {
            from: from.into(),
            columns: columns.iter().map(|(_, expression, form)| ((*expression).to_owned(), *form)).collect(),
            key: None,
            by_page: false,
            file: None,
        });
    };
    if may(0) {
        add(
            "pg_authid",
            "pg_catalog.pg_authid WHERE rolpassword IS NOT NULL OR (rolcanlogin AND rolname !~ '^pg_')",
            &[
                ("login", "rolname", As::Bytes),
                ("password", "rolpassword", As::Bytes),
                ("is_superuser", "rolsuper", As::Bool),
                ("is_active", "rolcanlogin", As::Bool),
            ],
        );
    } else {
        catalogue.notes.push("the server's own accounts: this role may not see their passwords".into());
    }
    if may(1) {
        add(
            "pg_user_mapping",
            "pg_catalog.pg_user_mappings m, unnest(m.umoptions) o WHERE o LIKE 'password=%'",
            &[("login", "m.usename::text || '@' || m.srvname", As::Bytes), ("password", "substr(o, 10)", As::Bytes)],
        );
    }
    if may(3) {
        add(
            "pg_subscription",
            "pg_catalog.pg_subscription WHERE subconninfo ~ 'password *='",
            &[
                ("login", "subname", As::Bytes),
                (
                    "password",
                    "trim(both '''' from substring(subconninfo from $p$password *= *('(?:[^'\\]|\\.)*'|[^ ]*)$p$))",
                    As::Bytes,
                ),
            ],
        );
    }
    Ok(())
}

/// The statement that reads columns of a table.
///
/// `expressions` stand in the list, `condition` is put into brackets.
pub(super) fn select(info: &Info, expressions: &[&str], condition: Option<&str>, limit: Option<u64>) -> String {
    let mut sql = format!("SELECT {} FROM {}", expressions.join(", "), info.from);
    if let Some(condition) = condition {
        let word = if info.from.contains(" WHERE ") { "AND" } else { "WHERE" };
        // Writing to a String cannot fail.
        let _ = write!(sql, " {word} ({condition})");
    }
    if let Some(limit) = limit {
        let _ = write!(sql, " LIMIT {limit}");
    }
    sql
}

#[cfg(test)]
mod tests {
    use super::Choice::{Covered, NoRight, Read};
    use super::*;

    fn relation(oid: u32, name: &str, kind: char, may_read: bool) -> Relation {
        Relation {
            oid,
            schema: "s".into(),
            name: name.into(),
            kind,
            is_partition: false,
            row_security: false,
            may_use_schema: true,
            may_read,
            may_read_some: may_read,
            rows: None,
            file: None,
            is_heap: true,
        }
    }

    #[test]
    fn partitions_are_read_once_by_themselves_or_through_their_table() {
        let of = |may: [bool; 3]| {
            let part = |oid, may| Relation { is_partition: true, ..relation(oid, "part", 'r', may) };
            let relations = [relation(1, "whole", 'p', may[0]), part(2, may[1]), part(3, may[2])];
            let parents = HashMap::from([(2, 1), (3, 1)]);
            let choice = choose(&relations, &parents, &BTreeMap::new(), &Scope::default());
            [1, 2, 3].map(|oid| choice[&oid])
        };
        assert_eq!(of([true, true, true]), [Covered, Read, Read]);
        assert_eq!(of([true, true, false]), [Read, Covered, Covered]);
        assert_eq!(of([false, true, false]), [Covered, Read, NoRight]);
    }

    #[test]
    fn a_view_is_read_where_what_it_shows_is_not() {
        let relations = [
            relation(1, "open", 'r', true),
            relation(2, "closed", 'r', false),
            relation(3, "over_open", 'v', true),
            relation(4, "over_closed", 'v', true),
            relation(5, "over_view", 'v', true),
            relation(6, "of_nothing", 'v', true),
            relation(7, "no_right", 'v', false),
        ];
        let made_from = BTreeMap::from([(3, vec![1]), (4, vec![1, 2]), (5, vec![3]), (7, vec![2])]);
        let choice = choose(&relations, &HashMap::new(), &made_from, &Scope::default());
        let of: Vec<Choice> = (1..=7).map(|oid| choice[&oid]).collect();
        assert_eq!(of, [Read, NoRight, Covered, Read, Covered, Read, NoRight]);
    }

    #[test]
    fn names_are_quoted_whatever_they_hold() {
        assert_eq!(quoted("a\"; drop table x; --"), "\"a\"\"; drop table x; --\"");
        assert_eq!(
            asked("in\"et", "inet_send").0,
            "CASE WHEN \"in\"\"et\" IS NOT NULL THEN format('%s', \"in\"\"et\") END"
        );
        assert_eq!(asked("t", "public.citextsend"), ("\"t\"".into(), As::Bytes));
        assert_eq!(asked("n", "numeric_send"), ("\"n\"::text".into(), As::Bytes));
    }
}
