//! Passwords in statements about users: `CREATE ROLE … PASSWORD '…'`, `CREATE USER … IDENTIFIED BY '…'` and the like.

use super::dialect::{Dialect, Rules};
use super::text::{Kind, Token, Tokens};

/// Name of the table that their rows form.
pub(super) const TABLE: &str = "roles";

/// Its columns.
pub(super) const COLUMNS: [&str; 2] = ["login", "password"];

/// Login and password of a statement; `None` if it is not about a user with a password.
///
/// `text` is everything after the first word (CREATE, ALTER, GRANT).
pub(super) fn read(text: &[u8], rules: Rules) -> Option<(Vec<u8>, Vec<u8>)> {
    let mut tokens = Tokens::new(text, rules);
    let first = tokens.peek()?;
    let named = ["ROLE", "USER", "LOGIN", "GROUP"].iter().any(|w| tokens.is_word(&first, w));
    if named {
        tokens.next();
        if tokens.eat_word("IF") {
            tokens.eat_word("NOT");
            tokens.eat_word("EXISTS");
        }
    } else {
        // GRANT … TO user IDENTIFIED BY
        while !tokens.eat_word("TO") {
            tokens.next()?;
        }
    }
    let name = tokens.next().filter(is_name)?;
    let mut login = tokens.content(&name).into_owned();
    if tokens.eat(b'@') {
        let host = tokens.next().filter(is_name)?;
        login.push(b'@');
        login.extend_from_slice(&tokens.content(&host));
    }
    loop {
        let token = tokens.next()?;
        if tokens.is_word(&token, "PASSWORD") {
            tokens.eat(b'=');
            // PASSWORD EXPIRE and PASSWORD HISTORY 5 are no passwords.
            if let Some(password) = password(&mut tokens.clone(), false) {
                return Some((login, password));
            }
        } else if tokens.is_word(&token, "IDENTIFIED") {
            let unquoted = matches!(rules.dialect, Dialect::Oracle | Dialect::Standard);
            return identified(&mut tokens, unquoted).map(|password| (login, password));
        }
    }
}

/// After IDENTIFIED: `BY '…'`, `BY PASSWORD '…'`, `BY VALUES '…'`, `WITH plugin AS|BY|USING '…'`.
fn identified(tokens: &mut Tokens<'_>, unquoted: bool) -> Option<Vec<u8>> {
    if tokens.eat_word("WITH") || tokens.eat_word("VIA") {
        tokens.next()?;
    }
    if !["BY", "AS", "USING"].iter().any(|word| tokens.eat_word(word)) {
        return None;
    }
    let _ = tokens.eat_word("PASSWORD") || tokens.eat_word("VALUES");
    password(tokens, unquoted)
}

/// A string, a hexadecimal literal, or, where it may stand `unquoted`, Oracle's password that looks like a name.
fn password(tokens: &mut Tokens<'_>, unquoted: bool) -> Option<Vec<u8>> {
    let mut token = tokens.next()?;
    let prefix = tokens.is_word(&token, "N") || tokens.is_word(&token, "E");
    if prefix && tokens.peek().is_some_and(|t| t.kind == Kind::Quoted(b'\'')) {
        token = tokens.next()?;
    }
    if tokens.is_word(&token, "NULL") || !is_name(&token) {
        return None;
    }
    let raw = tokens.raw(&token);
    match raw.strip_prefix(b"0x").filter(|_| token.kind == Kind::Word).and_then(super::value::hex) {
        Some(bytes) => Some(bytes),
        None if token.kind == Kind::Word && !unquoted => None,
        None => Some(tokens.content(&token).into_owned()),
    }
}

fn is_name(token: &Token) -> bool {
    !matches!(token.kind, Kind::Punct(_))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_of_a_user_is_found_in_the_words_of_every_server() {
        #[allow(clippy::type_complexity)]
        let cases: &[(Dialect, &str, Option<(&str, &str)>)] = &[
            (
                Dialect::Postgres,
                "ROLE ann WITH LOGIN PASSWORD 'SCRAM-SHA-256$4096:x'",
                Some(("ann", "SCRAM-SHA-256$4096:x")),
            ),
            (Dialect::Postgres, "ROLE \"a b\" WITH PASSWORD 'md5x' VALID UNTIL 'infinity'", Some(("a b", "md5x"))),
            (Dialect::Postgres, "ROLE ann WITH LOGIN PASSWORD NULL", None),
            (Dialect::Postgres, "ROLE ann", None),
            (Dialect::Postgres, "TABLE t (password text)", None),
            (
                Dialect::MySql,
                "USER 'u'@'%' IDENTIFIED WITH 'mysql_native_password' AS '*AB' REQUIRE NONE",
                Some(("u@%", "*AB")),
            ),
            (Dialect::MySql, "USER IF NOT EXISTS `u`@`h` IDENTIFIED BY 'p\\'w'", Some(("u@h", "p'w"))),
            (
                Dialect::MySql,
                "ALL ON *.* TO `u`@`h` IDENTIFIED BY PASSWORD '*CD' WITH GRANT OPTION",
                Some(("u@h", "*CD")),
            ),
            (Dialect::MySql, "SELECT ON x TO u@h", None),
            (Dialect::MySql, "USER `u`@`h` ACCOUNT LOCK PASSWORD EXPIRE", None),
            (Dialect::MySql, "USER `u`@`h` IDENTIFIED BY RANDOM PASSWORD", None),
            (Dialect::Oracle, "USER scott IDENTIFIED BY VALUES 'S:12;T:34'", Some(("scott", "S:12;T:34"))),
            (Dialect::Oracle, "USER scott IDENTIFIED BY tiger", Some(("scott", "tiger"))),
            (Dialect::SqlServer, "LOGIN [sa2] WITH PASSWORD=N'hunter', CHECK_POLICY=OFF", Some(("sa2", "hunter"))),
            (Dialect::SqlServer, "LOGIN [sa2] WITH PASSWORD = 0x6162 HASHED", Some(("sa2", "ab"))),
        ];
        for (dialect, text, want) in cases {
            let got = read(text.as_bytes(), Rules::new(*dialect));
            let want = want.map(|(l, p)| (l.as_bytes().to_vec(), p.as_bytes().to_vec()));
            assert_eq!(got, want, "{text}");
        }
    }
}
