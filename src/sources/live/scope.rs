//! Which tables and columns are read: what `--schema`, `--table`, `--column`, `--exclude` and `--sample` mean.

/// What to read of a database. Empty lists allow everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// Schemas, as patterns.
    pub schemas: Vec<Pattern>,
    /// Tables, as patterns: `users` or `app.users`.
    pub tables: Vec<Pattern>,
    /// Columns, as patterns: `password`, `users.password` or `app.users.password`.
    pub columns: Vec<Pattern>,
    /// What is left out whatever else is said: tables or columns, as in the lists above.
    pub exclude: Vec<Pattern>,
    /// At most so many rows of each table; the report is then incomplete.
    pub sample: Option<u64>,
}

/// A name in which `*` stands for any characters and `?` for one. Upper and lower case differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern(String);

impl Pattern {
    /// Any text is a pattern.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Whether the whole of `name` fits.
    pub fn fits(&self, name: &str) -> bool {
        let (pattern, name): (Vec<char>, Vec<char>) = (self.0.chars().collect(), name.chars().collect());
        let (mut p, mut n) = (0, 0);
        // Where to go on when what follows the last `*` does not fit.
        let mut again: Option<(usize, usize)> = None;
        while n < name.len() {
            if p < pattern.len() && pattern[p] == '*' {
                again = Some((p + 1, n));
                p += 1;
            } else if p < pattern.len() && (pattern[p] == '?' || pattern[p] == name[n]) {
                p += 1;
                n += 1;
            } else if let Some((after, from)) = again {
                p = after;
                n = from + 1;
                again = Some((after, from + 1));
            } else {
                return false;
            }
        }
        pattern[p..].iter().all(|c| *c == '*')
    }

    fn fits_any(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.fits(name))
    }
}

impl Scope {
    /// Whether everything is read.
    pub fn is_everything(&self) -> bool {
        *self == Self::default()
    }

    /// Whether `table` of `schema` was named by hand: such a table is read even if it would be left out by itself.
    pub fn names(&self, schema: &str, table: &str) -> bool {
        let whole = format!("{schema}.{table}");
        self.tables.iter().any(|pattern| pattern.fits_any(&[table, &whole]))
    }

    /// Whether a table is to be read.
    pub fn has_table(&self, schema: &str, table: &str) -> bool {
        let whole = format!("{schema}.{table}");
        (self.schemas.is_empty() || self.schemas.iter().any(|pattern| pattern.fits(schema)))
            && (self.tables.is_empty() || self.names(schema, table))
            && !self.exclude.iter().any(|pattern| pattern.fits_any(&[table, &whole]))
    }

    /// Whether a column of a table is to be read.
    pub fn has_column(&self, schema: &str, table: &str, column: &str) -> bool {
        let of_table = format!("{table}.{column}");
        let whole = format!("{schema}.{of_table}");
        let names = [column, &of_table, &whole];
        (self.columns.is_empty() || self.columns.iter().any(|pattern| pattern.fits_any(&names)))
            && !self.exclude.iter().any(|pattern| pattern.fits_any(&names[1..]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patterns(of: &[&str]) -> Vec<Pattern> {
        of.iter().map(|p| Pattern::new(*p)).collect()
    }

    #[test]
    fn a_star_stands_for_any_characters_and_a_question_mark_for_one() {
        for (pattern, name, fits) in [
            ("users", "users", true),
            ("users", "user", false),
            ("*", "", true),
            ("u*s", "users", true),
            ("u*s", "usersx", false),
            ("*_log*", "access_log_2021", true),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("*a*b*c", "xxaxxbxxabc", true),
            ("Users", "users", false),
            ("é?", "éé", true),
        ] {
            assert_eq!(Pattern::new(pattern).fits(name), fits, "{pattern} {name}");
        }
    }

    #[test]
    fn tables_and_columns_are_named_with_or_without_what_holds_them() {
        let scope = Scope {
            schemas: patterns(&["app*"]),
            tables: patterns(&["users", "app.p*"]),
            columns: patterns(&["id", "users.password"]),
            exclude: patterns(&["app.people_old"]),
            sample: None,
        };
        assert!(scope.has_table("app", "users") && scope.has_table("app", "people"));
        assert!(!scope.has_table("app", "people_old") && !scope.has_table("other", "users"));
        assert!(!scope.has_table("app2", "people"));
        assert!(scope.has_column("app", "people", "id") && !scope.has_column("app", "people", "password"));
        assert!(scope.has_column("app", "users", "password"));
        assert!(Scope::default().has_table("x", "y") && Scope::default().has_column("x", "y", "z"));
        // A pattern for a table does not leave out a column of that name.
        let scope = Scope { exclude: patterns(&["code"]), ..Scope::default() };
        assert!(scope.has_column("app", "parents", "code") && !scope.has_table("app", "code"));
    }
}
