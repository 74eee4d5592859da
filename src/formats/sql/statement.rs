//! What statements say, read from their whole text: which table and columns an INSERT or COPY fills, which columns a
//! CREATE TABLE declares, how a SET changes the reading.

use super::dialect::{Dialect, Rules};
use super::text::{Kind, Token, Tokens};
use crate::model::Column;

/// Most columns of a table: MySQL's limit; PostgreSQL allows 1600, SQL Server 1024, Oracle 1000.
pub(super) const MAX_COLUMNS: usize = 4096;

/// Most characters of a declared type that are kept; an enum can list thousands of words.
const MAX_TYPE: usize = 64;

/// The table that rows go into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    /// Name with its schema, quotes taken off.
    pub(super) name: String,
    /// Names of the columns, where the statement lists them.
    pub(super) columns: Option<Vec<String>>,
    /// Whether the table's name was written in backquotes or brackets: a hint at the dialect.
    pub(super) quote: Option<u8>,
}

/// `INTO schema.table (a, b)`: everything between INSERT or REPLACE and VALUES; `None` if it reads otherwise.
pub(super) fn insert(text: &[u8], rules: Rules) -> Option<Target> {
    const MODIFIERS: [&str; 10] =
        ["IGNORE", "LOW_PRIORITY", "DELAYED", "HIGH_PRIORITY", "OR", "REPLACE", "ABORT", "ROLLBACK", "FAIL", "ALL"];
    let mut tokens = Tokens::new(text, rules);
    while MODIFIERS.iter().any(|word| tokens.eat_word(word)) {}
    tokens.eat_word("INTO");
    let target = target(&mut tokens)?;
    // OVERRIDING SYSTEM VALUE, WITH (TABLOCK), PARTITION (p), AS alias: all fine; a query is not.
    let query = tokens.any(|token| {
        token.kind == Kind::Word
            && [&b"SELECT"[..], b"SET", b"DEFAULT", b"EXEC"]
                .iter()
                .any(|word| text[token.span.clone()].eq_ignore_ascii_case(word))
    });
    (!query).then_some(target)
}

/// How a COPY gives its rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Copy {
    /// Rows follow in text format.
    Text(Target),
    /// Rows follow in a form that is not read: CSV, binary, another separator.
    OtherForm,
    /// No rows follow.
    Elsewhere,
}

/// `public.users (id, name) FROM stdin`: everything after COPY.
pub(super) fn copy(text: &[u8], rules: Rules) -> Copy {
    let mut tokens = Tokens::new(text, rules);
    let target = target(&mut tokens);
    if !(tokens.eat_word("FROM") && tokens.eat_word("STDIN")) {
        return Copy::Elsewhere;
    }
    match target {
        Some(target) if tokens.next().is_none() => Copy::Text(target),
        _ => Copy::OtherForm,
    }
}

/// `IF NOT EXISTS users (id int, …)`: everything after CREATE … TABLE. `None` if it declares no columns.
pub(super) fn create_table(text: &[u8], rules: Rules) -> Option<(String, Vec<Column>)> {
    let mut tokens = Tokens::new(text, rules);
    while !tokens.eat_word("TABLE") {
        tokens.next()?;
    }
    if tokens.eat_word("IF") {
        tokens.next();
        tokens.next();
    }
    let (name, _) = name(&mut tokens)?;
    if !tokens.eat(b'(') {
        return None;
    }
    let mut columns = Vec::new();
    loop {
        let first = tokens.next()?;
        if let Some(column) = column(&first, &mut tokens, rules.dialect) {
            columns.push(column);
            if columns.len() > MAX_COLUMNS {
                return None;
            }
        }
        if !skip_item(&mut tokens)? {
            break;
        }
    }
    (!columns.is_empty()).then_some((name, columns))
}

/// What a `SET` changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Setting {
    /// MySQL's `sql_mode`, and whether it says `NO_BACKSLASH_ESCAPES`.
    SqlMode { backslash: bool },
    /// MySQL's `sql_mode` back to what a variable remembers.
    SqlModeRestored,
    /// PostgreSQL's `standard_conforming_strings`.
    ConformingStrings(bool),
}

/// Everything after SET.
pub(super) fn set(text: &[u8], rules: Rules) -> Option<Setting> {
    let mut tokens = Tokens::new(text, rules);
    let mut found = None;
    let mut variable = false;
    while let Some(token) = tokens.next() {
        let user_variable = std::mem::replace(&mut variable, token.kind == Kind::Punct(b'@'));
        if tokens.is_word(&token, "standard_conforming_strings") {
            tokens.next();
            let value = tokens.next()?;
            let value = tokens.content(&value).to_ascii_lowercase();
            return Some(Setting::ConformingStrings(!matches!(value.as_slice(), b"off" | b"false" | b"0")));
        }
        if tokens.is_word(&token, "sql_mode") && !user_variable && tokens.eat(b'=') {
            let value = tokens.next()?;
            found = if matches!(value.kind, Kind::Quoted(_)) {
                let modes = tokens.content(&value).to_ascii_uppercase();
                let off = memchr::memmem::find(&modes, b"NO_BACKSLASH_ESCAPES").is_some();
                Some(Setting::SqlMode { backslash: !off })
            } else {
                variable = true;
                Some(Setting::SqlModeRestored)
            };
        }
    }
    found
}

/// A table's name and, in parentheses, its columns.
fn target(tokens: &mut Tokens<'_>) -> Option<Target> {
    let (name, quote) = name(tokens)?;
    let mut target = Target { name, columns: None, quote };
    if tokens.eat(b'(') {
        let mut columns = Vec::new();
        loop {
            let token = tokens.next()?;
            if !matches!(token.kind, Kind::Word | Kind::Quoted(_)) || columns.len() == MAX_COLUMNS {
                return None;
            }
            columns.push(String::from_utf8_lossy(&tokens.content(&token)).into_owned());
            if tokens.eat(b')') {
                break;
            }
            if !tokens.eat(b',') {
                return None;
            }
        }
        target.columns = Some(columns);
    }
    Some(target)
}

/// A name with its schema; and the quote around its last part if that tells the dialect.
fn name(tokens: &mut Tokens<'_>) -> Option<(String, Option<u8>)> {
    let mut parts = String::new();
    loop {
        let token = tokens.next()?;
        if !matches!(token.kind, Kind::Word | Kind::Quoted(_)) {
            return None;
        }
        parts.push_str(&String::from_utf8_lossy(&tokens.content(&token)));
        if !tokens.eat(b'.') {
            let quote = match token.kind {
                Kind::Quoted(quote @ (b'`' | b'[')) => Some(quote),
                _ => None,
            };
            return (!parts.is_empty()).then_some((parts, quote));
        }
        parts.push('.');
        // SQL Server: `database..table`.
        while tokens.eat(b'.') {}
    }
}

/// The column that `first` begins, or `None` if it begins a constraint or an index.
fn column(first: &Token, tokens: &mut Tokens<'_>, dialect: Dialect) -> Option<Column> {
    let quoted = match first.kind {
        Kind::Quoted(_) => true,
        Kind::Word => false,
        _ => return None,
    };
    let name = String::from_utf8_lossy(&tokens.content(first)).into_owned();
    let next = tokens.peek();
    let next_is = |words: &[&str]| next.as_ref().is_some_and(|t| words.iter().any(|w| tokens.is_word(t, w)));
    let next_open = next.as_ref().is_some_and(|t| t.kind == Kind::Punct(b'('));
    let constraint = !quoted
        && match name.to_ascii_uppercase().as_str() {
            "CONSTRAINT" | "EXCLUDE" | "LIKE" => true,
            "PRIMARY" | "FOREIGN" => next_is(&["KEY"]),
            "UNIQUE" => {
                next_open || next_is(&["KEY", "INDEX", "CLUSTERED", "NONCLUSTERED"]) || dialect == Dialect::MySql
            }
            "CHECK" => next_open,
            "FULLTEXT" | "SPATIAL" | "KEY" | "INDEX" => next_open || dialect == Dialect::MySql,
            "PERIOD" => next_is(&["FOR"]),
            _ => false,
        };
    if constraint {
        return None;
    }
    Some(Column { name, declared: declared(tokens) })
}

/// The type that follows a column's name, lower case.
fn declared(tokens: &mut Tokens<'_>) -> Option<String> {
    const AFTER: [&str; 27] = [
        "NOT",
        "NULL",
        "DEFAULT",
        "PRIMARY",
        "UNIQUE",
        "REFERENCES",
        "CHECK",
        "COLLATE",
        "CONSTRAINT",
        "AUTO_INCREMENT",
        "AUTOINCREMENT",
        "COMMENT",
        "GENERATED",
        "AS",
        "ON",
        "CHARSET",
        "IDENTITY",
        "KEY",
        "STORED",
        "VIRTUAL",
        "ENCODE",
        "STORAGE",
        "INVISIBLE",
        "VISIBLE",
        "ROWGUIDCOL",
        "SPARSE",
        "MASKED",
    ];
    let mut text = String::new();
    while let Some(next) = tokens.peek() {
        match next.kind {
            Kind::Word => {
                let more_set = !text.is_empty() && tokens.is_word(&next, "CHARACTER");
                if more_set || AFTER.iter().any(|w| tokens.is_word(&next, w)) {
                    break;
                }
                if !text.is_empty() && !text.ends_with('.') {
                    text.push(' ');
                }
                text.push_str(&String::from_utf8_lossy(tokens.raw(&next)).to_lowercase());
                tokens.next();
            }
            Kind::Quoted(b'[' | b'"' | b'`') => {
                text.push_str(&String::from_utf8_lossy(&tokens.content(&next)).to_lowercase());
                tokens.next();
            }
            Kind::Punct(b'.') if !text.is_empty() => {
                text.push('.');
                tokens.next();
            }
            Kind::Punct(b'[' | b']') if !text.is_empty() => {
                text.push(tokens.raw(&next)[0] as char);
                tokens.next();
            }
            Kind::Punct(b'(') if !text.is_empty() => {
                while let Some(part) = tokens.next() {
                    text.push_str(&String::from_utf8_lossy(tokens.raw(&part)).to_lowercase());
                    if part.kind == Kind::Punct(b')') {
                        break;
                    }
                }
            }
            _ => break,
        }
        if text.len() > MAX_TYPE {
            let cut = (0..=MAX_TYPE).rev().find(|i| text.is_char_boundary(*i)).unwrap_or(0);
            text.truncate(cut);
            break;
        }
    }
    (!text.is_empty()).then_some(text)
}

/// Passes over the rest of an item of a list in parentheses; whether another follows. `None` if the list never ends.
fn skip_item(tokens: &mut Tokens<'_>) -> Option<bool> {
    let mut depth = 0_u32;
    loop {
        match tokens.next()?.kind {
            Kind::Punct(b'(') => depth += 1,
            Kind::Punct(b')') if depth == 0 => return Some(false),
            Kind::Punct(b')') => depth -= 1,
            Kind::Punct(b',') if depth == 0 => return Some(true),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn created(dialect: Dialect, text: &str) -> Vec<(String, String)> {
        let (_, columns) = create_table(text.as_bytes(), Rules::new(dialect)).unwrap();
        columns.into_iter().map(|c| (c.name, c.declared.unwrap_or_default())).collect()
    }

    fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
        list.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
    }

    #[test]
    fn create_table_gives_columns_and_their_types_without_keys_and_constraints() {
        assert_eq!(
            created(
                Dialect::MySql,
                "TABLE `users` (`id` int(10) unsigned NOT NULL AUTO_INCREMENT, -- the key, (sic)\n\
                 `e``mail` varchar(255) CHARACTER SET utf8 DEFAULT 'a,b)', `k` enum('x','y') COLLATE c,\n\
                 PRIMARY KEY (`id`), UNIQUE KEY `e` (`e`), KEY `k` (`k`), CONSTRAINT `f` FOREIGN KEY (`k`) REFERENCES `x` (`y`)\n\
                 ) ENGINE=InnoDB",
            ),
            pairs(&[("id", "int(10) unsigned"), ("e`mail", "varchar(255)"), ("k", "enum('x','y')")])
        );
        assert_eq!(
            created(
                Dialect::Postgres,
                "TABLE public.users (\n id integer DEFAULT nextval('s'::regclass) NOT NULL,\n \"E Mail\" character varying(40),\n\
                 at timestamp without time zone,\n tags text[],\n CONSTRAINT c CHECK ((id > 0))\n)",
            ),
            pairs(&[
                ("id", "integer"),
                ("E Mail", "character varying(40)"),
                ("at", "timestamp without time zone"),
                ("tags", "text[]")
            ])
        );
        assert_eq!(
            created(
                Dialect::SqlServer,
                "TABLE [dbo].[U]([Id] [nvarchar](450) NOT NULL, [Hash] [varbinary](max) NULL,\n CONSTRAINT [PK] PRIMARY KEY CLUSTERED ([Id] ASC)) ON [PRIMARY]",
            ),
            pairs(&[("Id", "nvarchar(450)"), ("Hash", "varbinary(max)")])
        );
        assert_eq!(
            created(Dialect::Sqlite, "TABLE IF NOT EXISTS t(a, key TEXT, b INTEGER PRIMARY KEY, UNIQUE(a))"),
            pairs(&[("a", ""), ("key", "text"), ("b", "integer")])
        );
    }

    #[test]
    fn an_insert_head_gives_table_and_columns_in_every_spelling() {
        let cases = [
            (Dialect::MySql, " INTO `db`.`us``ers` (`a`,`b`) ", "db.us`ers", Some(vec!["a", "b"])),
            (Dialect::MySql, " IGNORE INTO users", "users", None),
            (Dialect::Sqlite, " OR REPLACE INTO \"us ers\"(a)", "us ers", Some(vec!["a"])),
            (Dialect::Postgres, " INTO public.users OVERRIDING SYSTEM VALUE", "public.users", None),
            (Dialect::SqlServer, " INTO [dbo].[a]]b] ([x y])", "dbo.a]b", Some(vec!["x y"])),
            (Dialect::Standard, " INTO \"into\"", "into", None),
        ];
        for (dialect, text, name, columns) in cases {
            let target = insert(text.as_bytes(), Rules::new(dialect)).unwrap();
            assert_eq!(target.name, name);
            let columns: Option<Vec<String>> = columns.map(|c| c.into_iter().map(str::to_owned).collect());
            assert_eq!(target.columns, columns, "{text}");
        }
        let target = insert(b" [dbo].[T] ([a]) ", Rules::new(Dialect::SqlServer)).unwrap();
        assert_eq!(target.name, "dbo.T");
        assert_eq!(insert(b" INTO t SELECT a FROM b ON DUPLICATE KEY UPDATE c = ", Rules::new(Dialect::MySql)), None);
    }

    #[test]
    fn settings_that_change_escapes_are_seen_and_saved_copies_of_them_are_not() {
        let set = |text: &str| set(text.as_bytes(), Rules::new(Dialect::MySql));
        assert_eq!(
            set(" @OLD_SQL_MODE=@@SQL_MODE, SQL_MODE='NO_AUTO_VALUE_ON_ZERO' "),
            Some(Setting::SqlMode { backslash: true })
        );
        assert_eq!(set(" sql_mode = 'ANSI,NO_BACKSLASH_ESCAPES'"), Some(Setting::SqlMode { backslash: false }));
        assert_eq!(set(" SQL_MODE=@OLD_SQL_MODE"), Some(Setting::SqlModeRestored));
        assert_eq!(set(" @saved_sql_mode = @@sql_mode"), None);
        assert_eq!(set(" standard_conforming_strings = off"), Some(Setting::ConformingStrings(false)));
        assert_eq!(set(" NAMES utf8mb4"), None);
    }
}
