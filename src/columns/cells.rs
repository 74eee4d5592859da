//! What the cells of flag columns say: whether an account can be used, whether it is privileged.

use super::names::{Concept, Reading};
use crate::model::find_short;

/// Whether an account is usable, from the cell of an active column; `inverted` as in the column's
/// [`Assignment`](crate::model::Assignment): a true value means disabled.
///
/// Words for a state (`banned`, `gesperrt`, `former`) say what they say in either kind of column. In an inverted column
/// NULL, an empty cell and a zero date mean usable and a date means disabled (`deleted_at`). `None` where the cell says
/// nothing understood: the state is unknown.
pub fn active_value(cell: Option<&[u8]>, inverted: bool) -> Option<bool> {
    let Some(cell) = cell.map(<[u8]>::trim_ascii) else { return inverted.then_some(true) };
    if cell.is_empty() {
        return inverted.then_some(true);
    }
    // MySQL's bit(1) and BSON's booleans may arrive as one raw byte.
    match cell {
        [0] => return Some(inverted),
        [1] => return Some(!inverted),
        _ => {}
    }
    if cell.len() > 40 {
        return None;
    }
    let word = String::from_utf8_lossy(cell).to_lowercase();
    let word = word.trim_matches(|c: char| matches!(c, '\'' | '"'));
    match word {
        "1" | "t" | "true" | "y" | "yes" | "on" | "j" | "ja" | "oui" | "si" | "sì" | "sí" | "sim" | "s" | "tak"
        | "wahr" | "vrai" | "verdadero" | "b'1'" | "-1" => Some(!inverted),
        "0" | "f" | "false" | "n" | "no" | "off" | "nein" | "non" | "não" | "nao" | "nee" | "nie" | "falsch"
        | "faux" | "falso" | "b'0'" => Some(inverted),
        "active" | "enabled" | "activated" | "approved" | "confirmed" | "verified" | "normal" | "valid" | "current"
        | "open" | "ok" | "live" | "aktiv" | "actif" | "active user" | "activo" | "activa" | "ativo" | "ativa"
        | "attivo" | "attiva" | "actief" | "aktywny" | "aktywna" | "aktywne" | "freigeschaltet" | "habilitado"
        | "abilitato" | "unlocked" | "unblocked" => Some(true),
        "inactive" | "disabled" | "deactivated" | "banned" | "blocked" | "deleted" | "removed" | "suspended"
        | "former" | "left" | "locked" | "archived" | "closed" | "terminated" | "cancelled" | "canceled"
        | "expired" | "inaktiv" | "gesperrt" | "geloescht" | "gelöscht" | "deaktiviert" | "ehemalig"
        | "ausgeschieden" | "inactif" | "bloqué" | "bloque" | "supprimé" | "supprime" | "suspendu" | "désactivé"
        | "desactive" | "inactivo" | "bloqueado" | "eliminado" | "suspendido" | "baja" | "inativo" | "excluído"
        | "excluido" | "suspenso" | "desativado" | "inattivo" | "disattivo" | "disattivato" | "bloccato"
        | "eliminato" | "sospeso" | "inactief" | "geblokkeerd" | "verwijderd" | "geschorst" | "nieaktywny"
        | "zablokowany" | "usunięty" | "usuniety" | "zawieszony" => Some(false),
        "null" | "none" | "never" if inverted => Some(true),
        _ if inverted && is_instant(word) => Some(is_zero_instant(word)),
        _ => None,
    }
}

/// A date, a time stamp or a Unix time: begins with at least four digits, or with a day, and holds nothing else.
fn is_instant(word: &str) -> bool {
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    let others =
        word.bytes().filter(|b| !b.is_ascii_digit()).all(|b| b" -/.:,+tzutcgmt".contains(&b.to_ascii_lowercase()));
    digits >= 6 && others && word.as_bytes()[0].is_ascii_digit()
}

/// `0000-00-00 00:00:00`, and .NET's and Go's first instant `0001-01-01`.
fn is_zero_instant(word: &str) -> bool {
    word.starts_with("0001-01-01") || word.bytes().all(|b| !b.is_ascii_digit() || b == b'0')
}

/// Whether a privilege column, by its name, is a flag (`is_admin`), so that a bare true means privileged. Ask once a
/// column.
pub fn is_privilege_flag(column: &str) -> bool {
    Reading::of(column).all.has(Concept::PrivilegeFlag)
}

/// Whether the cell of a privilege column gives the rights of an administrator: by its words (`admin`, `root`, `owner`,
/// also in a list or a serialised array), or, in a `flag` column ([`is_privilege_flag`]), by being true.
/// Numbers in other columns mean nothing known and give `false`.
pub fn is_privileged(cell: Option<&[u8]>, flag: bool) -> bool {
    let Some(cell) = cell.map(<[u8]>::trim_ascii) else { return false };
    if flag && (cell == [1] || active_value(Some(cell), false) == Some(true)) {
        return true;
    }
    // Lists of roles are short; what lies beyond is not a role.
    let head = &cell[..cell.len().min(512)];
    head.split(|b| !b.is_ascii_alphanumeric() && *b < 0x80).any(|word| {
        PRIVILEGED.iter().any(|known| {
            // `ROLE_ADMIN` is split at the underscore; `superadmin2` is the same as `superadmin`.
            let end = word.iter().rposition(|b| !b.is_ascii_digit()).map_or(0, |last| last + 1);
            word[..end].eq_ignore_ascii_case(known)
        })
    })
}

/// Words for administrators, in the dictionary's languages.
const PRIVILEGED: [&[u8]; 24] = [
    b"admin",
    b"admins",
    b"administrator",
    b"administrators",
    b"administrateur",
    b"administrador",
    b"administradora",
    b"amministratore",
    b"beheerder",
    b"superuser",
    b"superadmin",
    b"superadministrator",
    b"siteadmin",
    b"sysadmin",
    b"sysop",
    b"sysdba",
    b"dba",
    b"root",
    b"owner",
    b"webmaster",
    b"wheel",
    b"inhaber",
    b"eigenaar",
    b"poweruser",
];

/// Whether a login is one that products give to their administrator or service account.
pub fn is_privileged_login(login: &[u8]) -> bool {
    let login = login.trim_ascii();
    // Asked for every row: most names begin with two letters that no known one begins with.
    let may_be = |name: &[u8]| name.first_chunk::<2>().is_some_and(|[first, second]| begins_known(*first, *second));
    let plain = may_be(login);
    if !plain && find_short(login, b'\\').is_none() {
        return false;
    }
    // `DOMAIN\Administrator` and `admin@example.org` are the same account name with a place.
    let name = memchr::memrchr(b'\\', login).map_or(login, |at| &login[at + 1..]);
    let name = memchr::memchr(b'@', name).map_or(name, |at| &name[..at]);
    let end = name.iter().rposition(|b| !b.is_ascii_digit()).map_or(0, |last| last + 1);
    let name = &name[..end];
    may_be(name) && PRIVILEGED_LOGINS.iter().any(|known| name.eq_ignore_ascii_case(known))
}

/// Whether a known login begins with these two, in either case; some other pairs pass, too.
#[inline]
fn begins_known(first: u8, second: u8) -> bool {
    BEGINNINGS[usize::from(first.to_ascii_lowercase())] & 1 << (second & 31) != 0
}

/// By first letter: a bit for the last five bits, which are the same in both cases, of each second letter.
static BEGINNINGS: [u32; 256] = {
    let mut beginnings = [0; 256];
    let mut at = 0;
    while at < PRIVILEGED_LOGINS.len() {
        let known = PRIVILEGED_LOGINS[at];
        beginnings[known[0] as usize] |= 1 << (known[1] & 31);
        at += 1;
    }
    beginnings
};

const PRIVILEGED_LOGINS: [&[u8]; 26] = [
    b"admin",
    b"administrator",
    b"administrateur",
    b"administrador",
    b"amministratore",
    b"beheerder",
    b"root",
    b"sa",
    b"sys",
    b"system",
    b"sysadmin",
    b"sysdba",
    b"superuser",
    b"superadmin",
    b"super",
    b"postgres",
    b"mysql",
    b"oracle",
    b"dba",
    b"dbadmin",
    b"webmaster",
    b"webadmin",
    b"siteadmin",
    b"krbtgt",
    b"toor",
    b"owner",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn active(cell: &str, inverted: bool) -> Option<bool> {
        active_value(Some(cell.as_bytes()), inverted)
    }

    #[test]
    fn flags_are_understood_in_eight_languages() {
        for yes in ["1", "t", "TRUE", "Yes", "ja", "oui", "sí", "si", "sim", "tak", "active", "Enabled", "aktiv"] {
            assert_eq!(active(yes, false), Some(true), "{yes}");
        }
        for no in
            ["0", "f", "False", "no", "nein", "non", "não", "nee", "nie", "inactive", "banned", "gesperrt", "former"]
        {
            assert_eq!(active(no, false), Some(false), "{no}");
        }
        for unknown in ["", "7", "maybe", "pending review", "2020-01-01"] {
            assert_eq!(active(unknown, false), None, "{unknown}");
        }
        assert_eq!(active_value(None, false), None);
    }

    #[test]
    fn in_an_inverted_column_true_and_a_date_mean_disabled() {
        assert_eq!(active("1", true), Some(false));
        assert_eq!(active("0", true), Some(true));
        assert_eq!(active("2021-02-19 17:18:00", true), Some(false));
        assert_eq!(active("2021-02-19T17:18:00Z", true), Some(false));
        assert_eq!(active("1613755080", true), Some(false));
        assert_eq!(active("0000-00-00 00:00:00", true), Some(true));
        assert_eq!(active("deleted", true), Some(false));
        assert_eq!(active("", true), Some(true));
        assert_eq!(active_value(None, true), Some(true));
        assert_eq!(active_value(Some(&[1]), true), Some(false));
    }

    #[test]
    fn administrators_are_known_by_role_by_flag_and_by_login() {
        for cell in ["admin", "Administrator", "ROLE_ADMIN", "user,admin", "a:1:{s:13:\"administrator\";b:1;}", "root"]
        {
            assert!(is_privileged(Some(cell.as_bytes()), false), "{cell}");
        }
        for cell in ["user", "1", "true", "subscriber", "badminton", "", "editor"] {
            assert!(!is_privileged(Some(cell.as_bytes()), false), "{cell}");
        }
        assert!(is_privileged(Some(b"1"), true) && is_privileged(Some(b"t"), true) && !is_privileged(Some(b"0"), true));
        assert!(!is_privileged(None, true));
        assert!(is_privilege_flag("is_admin") && is_privilege_flag("isSuperuser") && !is_privilege_flag("role"));
        for login in
            ["admin", "Administrator", "root", "sa", "postgres", "admin2", "CORP\\Administrator", "admin@x.org"]
        {
            assert!(is_privileged_login(login.as_bytes()), "{login}");
        }
        for login in ["anna", "sam", "rooted", "", "adminton"] {
            assert!(!is_privileged_login(login.as_bytes()), "{login}");
        }
    }

    #[test]
    fn any_bytes_are_a_cell() {
        for cell in [&b"\xff\xfe"[..], b"\0", b"'", b" ", b"\xc3", &[b'9'; 4000]] {
            active_value(Some(cell), true);
            active_value(Some(cell), false);
            is_privileged(Some(cell), true);
            is_privileged_login(cell);
        }
    }
}
