//! Columns that hold passwords are found: by name in eight languages, by value under any name.

use super::generators as g;
use super::*;

/// Name of the table; its columns for key, login, email, password, last login and state.
const TABLES: [(&str, [&str; 6]); 16] = [
    ("users", ["id", "username", "email", "password", "last_login", "active"]),
    ("public.accounts", ["account_id", "login", "email_address", "passwd", "lastSeenAt", "is_active"]),
    ("benutzer", ["benutzer_id", "benutzername", "e_mail", "passwort", "letzter_login", "aktiv"]),
    ("Kunden", ["KundenNr", "Anmeldename", "EMail", "Kennwort", "LetzteAnmeldung", "Gesperrt"]),
    ("utilisateurs", ["id_utilisateur", "identifiant", "courriel", "mot_de_passe", "derniere_connexion", "actif"]),
    ("membres", ["id", "pseudo", "adresse_mail", "mdp", "date_derniere_connexion", "bloqué"]),
    ("usuarios", ["id_usuario", "usuario", "correo", "contraseña", "ultimo_acceso", "activo"]),
    ("clientes", ["id", "nombre_usuario", "correo_electronico", "contrasena", "ultimaConexion", "bloqueado"]),
    ("utilizadores", ["id", "utilizador", "email", "senha", "ultimo_acesso", "ativo"]),
    ("pessoas", ["id", "nome_usuario", "email", "senha_hash", "ultimo_login", "bloqueado"]),
    ("utenti", ["id_utente", "utente", "indirizzo_email", "parola_chiave", "ultimo_accesso", "attivo"]),
    ("clienti", ["id", "nome_utente", "email", "password", "ultimaVisita", "disabilitato"]),
    ("gebruikers", ["id", "gebruikersnaam", "e-mailadres", "wachtwoord", "laatste_login", "actief"]),
    ("klanten", ["klant_id", "inlognaam", "email", "paswoord", "laatst_ingelogd", "geblokkeerd"]),
    ("uzytkownicy", ["id", "nazwa_użytkownika", "email", "hasło", "ostatnie_logowanie", "aktywny"]),
    ("klienci", ["id_klienta", "login", "adres_email", "haslo", "ostatni_login", "zablokowany"]),
];

/// Names that say nothing, or too little.
const NEUTRAL: [&str; 12] =
    ["code", "field7", "c3", "pin_txt", "x", "kolumna", "wert", "valeur", "dato", "attr_b", "f_07", "col_c"];

const STORED: [(&str, Maker); 8] = [
    ("plain", g::password),
    ("md5", g::md5),
    ("sha1", g::sha1),
    ("sha256", g::sha256),
    ("bcrypt", g::bcrypt),
    ("phpass", g::phpass),
    ("hash:salt", g::joomla),
    ("base64", g::base64_sha1),
];

fn named(at: usize, stored: Maker) -> (&'static str, Vec<Case>) {
    let (name, [id, login, email, password, last_login, active]) = TABLES[at];
    let columns = vec![
        no(id, g::id),
        no(login, g::username),
        no(email, g::email),
        yes(password, stored),
        no(last_login, g::instant),
        no(active, g::flag),
    ];
    (name, columns)
}

#[test]
fn password_columns_are_found_by_name_in_eight_languages_and_their_neighbours_are_known() {
    let mut score = Score::default();
    let mut wrong = Vec::new();
    for at in 0..TABLES.len() {
        for (rows, offset) in [(3, 0), (30, 3), (1000, 5)] {
            let (_, maker) = STORED[(at + offset) % STORED.len()];
            let (name, columns) = named(at, maker);
            let roles = score.judge(name, &columns, rows);
            let expected = [Role::Id, Role::Login, Role::Email, Role::Credential, Role::LastLogin, Role::Active];
            for (column, (role, expected)) in columns.iter().zip(roles.iter().zip(expected)) {
                if role.role != expected {
                    wrong.push(format!("{name}({rows}).{}: {} {}", column.name, role.role.name(), role.why));
                }
            }
            let inverted = ["Gesperrt", "bloqué", "bloqueado", "disabilitato", "geblokkeerd", "zablokowany"];
            assert_eq!(roles[5].inverted, inverted.contains(&columns[5].name), "{}", columns[5].name);
        }
    }
    assert_eq!(score.missed, Vec::<String>::new());
    assert_eq!(score.taken, Vec::<String>::new());
    assert_eq!(score.dropped, Vec::<String>::new());
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn plaintext_under_a_name_that_says_nothing_is_found_by_its_values() {
    let mut score = Score::default();
    for (rows, first) in [(30, 0), (1000, 0), (20_000, 4)] {
        for name in &NEUTRAL[first..] {
            score.judge("parents", &[no("id", g::id), no("email", g::email), yes(name, g::password)], rows);
            score.judge("t1", &[no("nick", g::username), yes(name, g::password), no("since", g::instant)], rows);
        }
    }
    for rows in [30, 1000, 20_000] {
        score.judge("", &[no("column 1", g::email), yes("column 2", g::password)], rows);
        score.judge("", &[no("column 1", g::username), yes("column 2", g::password)], rows);
        score.judge(
            "",
            &[
                no("column 1", g::id),
                no("column 2", g::username),
                no("column 3", g::email),
                yes("column 4", g::password),
            ],
            rows,
        );
    }
    assert_eq!(score.taken, Vec::<String>::new());
    assert_eq!(score.dropped, Vec::<String>::new());
    assert!(
        score.missed.len() * 50 <= score.credentials,
        "{} of {}: {:#?}",
        score.missed.len(),
        score.credentials,
        score.missed
    );
}

#[test]
fn digests_of_passwords_are_found_under_a_name_that_says_nothing() {
    let mut score = Score::default();
    for rows in [30, 1000, 20_000] {
        for maker in [g::md5 as Maker, g::sha1, g::sha256, g::bcrypt, g::phpass, g::joomla] {
            score.judge("members", &[no("id", g::id), no("email", g::email), yes("field7", maker)], rows);
            score.judge("", &[no("column 1", g::email), yes("column 2", maker)], rows);
            score.judge("t", &[no("id", g::id), no("login", g::username), yes("h", maker), no("d", g::instant)], rows);
        }
    }
    assert_eq!(score.taken, Vec::<String>::new());
    assert_eq!(score.dropped, Vec::<String>::new());
    assert!(score.missed.len() <= 2, "{:#?}", score.missed);
}

#[test]
fn common_passwords_digests_are_stronger_than_a_name_that_says_token() {
    let mut score = Score::default();
    for rows in [100, 1000] {
        score.judge("user", &[no("userid", g::id), no("username", g::username), yes("token", g::md5)], rows);
        score.judge("accounts", &[no("id", g::id), no("email", g::email), yes("auth_key", g::sha1)], rows);
    }
    assert_eq!(score.missed, Vec::<String>::new());
}

#[test]
fn a_neutral_column_of_digests_beside_an_email_without_any_hit_is_taken_with_little_confidence() {
    let columns = [no("id", g::id), no("email", g::email), yes("field7", g::hex40)];
    let roles = Score::default().judge("users", &columns, 1000);
    assert_eq!(roles[2].role, Role::Credential);
    assert!(roles[2].confidence.percent() <= 50, "{}", roles[2].confidence);
    let roles = Score::default().judge("uploads", &columns, 1000);
    assert_eq!(roles[2].role, Role::Other);
}

#[test]
fn a_salt_is_found_by_name_and_by_value_and_linked_to_its_credential() {
    for rows in [3, 30, 1000] {
        for salt in ["salt", "members_pass_salt", "PasswordSalt", "sel", "sal", "salz", "zout", "ziarno", "c5"] {
            let columns = [
                no("id", g::id),
                no("email", g::email),
                yes("password", g::hex32),
                no(salt, g::salt),
                no("created", g::instant),
                no("city", g::city),
            ];
            let roles = Score::default().judge("users", &columns, rows);
            assert_eq!(roles[3].role, Role::Salt, "{salt} {rows}: {}", roles[3].why);
            assert_eq!(roles[2].salt, Some(3), "{salt} {rows}");
        }
    }
    let columns = [
        no("id", g::id),
        no("login", g::username),
        no("pin_salt", g::hex_salt),
        no("password_salt", g::hex_salt),
        yes("password_hash", g::hex40),
        yes("pin_hash", g::hex40),
    ];
    let roles = Score::default().judge("users", &columns, 30);
    assert_eq!((roles[4].salt, roles[5].salt), (Some(3), Some(2)));
}

#[test]
fn a_password_column_stays_one_whatever_its_values_look_like_unless_they_are_dates_or_flags() {
    let shared: Maker = |random, _| Some(random.pick(&["word888", "word888", "word777"]).to_owned());
    let pins: Maker = |random, _| Some(random.string(g::DIGITS, 4));
    let names: Maker = g::first_name;
    for rows in [3, 30, 1000] {
        for maker in [shared, pins, names, g::word, g::phone, g::hex40] {
            let roles = Score::default().judge(
                "recorders",
                &[no("host", g::word), no("user", g::role), yes("password", maker)],
                rows,
            );
            assert_eq!(roles[2].role, Role::Credential, "{rows}: {}", roles[2].why);
        }
        for maker in [g::instant as Maker, g::flag, g::unix_time, g::truth] {
            let roles = Score::default().judge(
                "users",
                &[no("id", g::id), no("login", g::username), no("password", maker)],
                rows,
            );
            assert_ne!(roles[2].role, Role::Credential, "{rows}");
        }
    }
}

#[test]
fn an_empty_password_column_is_still_one_and_says_so() {
    let columns = [no("id", g::id), no("login", g::username), yes("password", |_, _| None)];
    let roles = Score::default().judge("users", &columns, 100);
    assert_eq!(roles[2].role, Role::Credential);
    assert!(roles[2].confidence.percent() < 70);
    let table = table("users", &columns);
    assert_eq!(assign(&table, &[])[2].role, Role::Credential, "no statistics at all");
}

#[test]
fn pins_and_secrets_beside_a_login_are_credentials() {
    let pins: Maker = |random, _| Some(random.string(g::DIGITS, 4));
    for rows in [3, 30, 1000] {
        let roles =
            Score::default().judge("clients", &[no("id", g::id), no("login", g::username), yes("pin", pins)], rows);
        assert_eq!(roles[2].role, Role::Credential, "{rows}");
        let roles = Score::default().judge("sipusers", &[no("name", g::username), yes("secret", g::password)], rows);
        assert_eq!(roles[1].role, Role::Credential, "{rows}");
        let base32: Maker = |random, _| Some(random.string("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 32));
        let roles =
            Score::default().judge("users", &[no("id", g::id), no("email", g::email), no("secret", base32)], rows);
        assert_eq!(roles[2].role, Role::Token, "{rows}: {}", roles[2].why);
    }
}

#[test]
fn no_sentence_of_an_assignment_holds_a_value() {
    let columns = [no("id", g::id), no("email", g::email), yes("x", |_, _| Some("hunter2-zebra".to_owned()))];
    let table = table("users", &columns);
    for rows in [1, 3, 100] {
        let (stats, _) = generate("s", &columns, rows);
        for role in assign(&table, &stats) {
            assert!(!role.why.contains("hunter2") && !role.why.contains('@'), "{}", role.why);
        }
    }
}

#[test]
fn a_leaked_list_of_passwords_and_unopened_hashes_is_found() {
    let mixed: Maker = |random, row| if random.below(10) < 3 { g::md5(random, row) } else { g::password(random, row) };
    let mut score = Score::default();
    for rows in [100, 1000, 20_000] {
        score.judge("", &[no("column 1", g::email), yes("column 2", mixed)], rows);
        score.judge("", &[no("email", g::email), yes("x", mixed)], rows);
    }
    assert_eq!((score.missed, score.dropped), (Vec::new(), Vec::new()));
}

#[test]
fn credentials_of_exports_with_nested_names_are_found() {
    for (login, credential, salt) in [
        ("username", "credentials[].secretData.value", "credentials[].secretData.salt"),
        ("users[].email", "users[].passwordHash", "users[].salt"),
        ("sAMAccountName", "sambaNTPassword", "salt"),
        ("login", "nt", "salt"),
        ("emails.address", "services.password.bcrypt", "salt"),
    ] {
        for rows in [3, 30, 1000] {
            let columns = [no("id", g::id), no(login, g::username), yes(credential, g::hex32), no(salt, g::hex_salt)];
            let roles = Score::default().judge("", &columns, rows);
            assert_eq!(roles[2].role, Role::Credential, "{credential} {rows}: {}", roles[2].why);
            assert_eq!(roles[2].salt, Some(3), "{credential} {rows}");
        }
    }
}

#[test]
fn a_list_of_nothing_but_digests_is_taken_with_little_confidence_and_checksum_lists_are_not() {
    let roles = Score::default().judge("", &[yes("column 1", g::hex32)], 1000);
    assert_eq!(roles[0].role, Role::Credential);
    assert!(roles[0].confidence.percent() < 50);
    let roles = Score::default().judge("", &[yes("column 1", g::md5)], 1000);
    assert!(roles[0].confidence.percent() >= 90, "common passwords among them");
    let path: Maker = |random, _| Some(format!("./src/{}.tar", random.pick(&g::WORDS)));
    let roles = Score::default().judge("", &[no("column 1", g::hex32), no("column 2", path)], 1000);
    assert_ne!(roles[0].role, Role::Credential);
}

#[test]
fn a_table_of_twenty_rows_is_judged_by_its_values_and_one_of_ten_in_most_cases() {
    for (rows, most_missed) in [(20, 2), (10, 16)] {
        let mut score = Score::default();
        for name in ["members", "parents", "clients", "logins"] {
            for code in ["code", "field7", "c3", "x", "wert", "dato", "f_07", "col_c", "attr_b", "valeur"] {
                let columns = [no("id", g::id), no("email", g::email), yes(code, g::password), no("v", g::handle)];
                score.judge(name, &columns, rows);
            }
        }
        assert_eq!((score.taken, score.dropped), (Vec::new(), Vec::new()));
        assert!(score.missed.len() <= most_missed, "{rows}: {} of {}", score.missed.len(), score.credentials);
    }
}
