//! Columns that look like passwords, digests or salts and are not.

use super::generators as g;
use super::*;

fn with(random: &mut Random, prefix: &str, len: usize) -> String {
    format!("{prefix}{}", random.string(g::DIGITS, len))
}

fn digit_groups(random: &mut Random, lens: &[usize], separator: &str) -> String {
    lens.iter().map(|&len| random.string(g::DIGITS, len)).collect::<Vec<_>>().join(separator)
}

#[allow(clippy::too_many_lines)]
/// What it is; the names under which it is met; how it is made.
fn kinds() -> Vec<(&'static str, [&'static str; 3], Maker)> {
    vec![
        ("number", ["customer_no", "ref", "n"], |_, row| Some((row * 7 + 1000).to_string())),
        ("uuid", ["uuid", "external_id", "k"], |r, _| {
            Some(format!("{}-{}-4{}-a{}-{}", r.hex(8), r.hex(4), r.hex(3), r.hex(3), r.hex(12)))
        }),
        ("session", ["session_id", "sid", "PHPSESSID_token"], |r, _| Some(r.string(g::ALNUM, 26))),
        ("hex session", ["session_key", "remember_token", "sess_id"], |r, _| Some(r.hex(40))),
        ("checksum", ["checksum", "md5sum", "file_hash"], |r, _| Some(r.hex(32))),
        ("etag", ["etag", "e_tag", "content_md5"], |r, _| Some(r.hex(32))),
        ("commit", ["commit_sha", "git_hash", "revision"], |r, _| Some(r.hex(40))),
        ("short commit", ["commit", "rev", "build"], |r, _| Some(r.hex(7))),
        ("gravatar", ["gravatar_hash", "email_hash", "avatar_md5"], |r, row| {
            g::email(r, row).map(|mail| g::md5_hex(&mail))
        }),
        ("api key", ["api_key", "access_token", "client_secret"], |r, _| Some(r.string(g::ALNUM, 32))),
        ("device", ["device_id", "device_token", "imei"], |r, _| Some(r.hex(16))),
        ("slug", ["slug", "permalink", "s"], |r, row| {
            Some(format!("{}-{}-{row}", r.pick(&g::WORDS), r.pick(&g::WORDS)))
        }),
        ("phone", ["phone", "telefon", "p"], g::phone),
        ("digits of phone", ["mobile", "handy", "m"], |r, _| Some(with(r, "07", 9))),
        ("product code", ["product_code", "sku", "code"], |r, _| {
            Some(format!("{}-{}", r.string(g::UPPER, 3), r.string(g::DIGITS, 4)))
        }),
        ("article", ["artikelnummer", "item_code", "field1"], |r, _| {
            let prefix = r.pick(&["AB", "CD", "EF"]);
            Some(with(r, prefix, 6))
        }),
        ("UK postcode", ["postcode", "plz", "f"], |r, _| {
            Some(format!("{}{} {}{}", r.string(g::UPPER, 2), r.below(20), r.below(10), r.string(g::UPPER, 2)))
        }),
        ("postcode", ["zip", "code_postal", "a"], |r, _| Some(r.string(g::DIGITS, 5))),
        ("city", ["city", "ort", "b"], g::city),
        ("country", ["country", "land", "c"], |r, _| {
            Some(r.pick(&["Germany", "France", "Spain", "Italy", "Poland"]).to_owned())
        }),
        ("first name", ["first_name", "vorname", "d"], g::first_name),
        ("lower first name", ["firstname", "prenom", "e"], |r, row| {
            g::first_name(r, row).map(|name| name.to_lowercase())
        }),
        ("upper first name", ["nombre", "imie", "v1"], |r, row| g::first_name(r, row).map(|name| name.to_uppercase())),
        ("last name", ["last_name", "nachname", "v2"], g::last_name),
        ("full name", ["name", "full_name", "v3"], g::full_name),
        ("user name", ["username", "login", "pseudo"], g::username),
        ("user name without name", ["v4", "benutzer2", "uname"], g::username),
        ("handle", ["nickname", "v10", "v11"], g::handle),
        ("word", ["word", "tag", "v5"], g::word),
        ("status", ["status", "state", "v6"], |r, _| Some(r.pick(&["active", "pending", "closed", "new"]).to_owned())),
        ("order status", ["order_status", "stage", "v7"], |r, _| {
            Some(r.pick(&["shipped", "paid", "returned1", "lost"]).to_owned())
        }),
        ("colour", ["color", "hex_colour", "v8"], |r, _| Some(format!("#{}", r.hex(6)))),
        ("bare colour", ["background", "farbe", "v9"], |r, _| Some(r.hex(6))),
        ("IBAN", ["iban", "account_number", "w1"], |r, _| Some(with(r, "DE", 20))),
        ("spaced IBAN", ["bank_account", "konto_iban", "w2"], |r, _| {
            Some(format!("DE{} {}", r.string(g::DIGITS, 2), digit_groups(r, &[4, 4, 4, 4, 2], " ")))
        }),
        ("ISBN", ["isbn", "ean", "w3"], |r, _| Some(with(r, "978", 10))),
        ("VIN", ["vin", "chassis", "w4"], |r, _| Some(r.string("ABCDEFGHJKLMNPRSTUVWXYZ0123456789", 17))),
        ("plate", ["license_plate", "kennzeichen", "w5"], |r, _| {
            let place = 1 + r.below(3);
            Some(format!("{}-{} {}", r.string(g::UPPER, place), r.string(g::UPPER, 2), 1 + r.below(9999)))
        }),
        ("date", ["birth_date", "created_at", "w6"], |r, row| g::instant(r, row).map(|text| text[..10].to_owned())),
        ("German date", ["geburtsdatum", "angelegt_am", "w7"], |r, _| {
            Some(format!("{:02}.{:02}.{}", 1 + r.below(28), 1 + r.below(12), 1950 + r.below(60)))
        }),
        ("US date", ["dob", "start_date", "w8"], |r, _| {
            Some(format!("{}/{}/{}", 1 + r.below(12), 1 + r.below(28), 1950 + r.below(60)))
        }),
        ("date in words", ["registered", "date_joined", "w9"], |r, _| {
            Some(format!("{} {} {}", 1 + r.below(28), r.pick(&["Jan", "Feb", "Mar", "May", "Oct"]), 1990 + r.below(30)))
        }),
        ("unix time", ["last_update", "timestamp", "x1"], g::unix_time),
        ("ISO time", ["updated_at", "modified", "x2"], |r, row| {
            g::instant(r, row).map(|text| text.replace(' ', "T") + ".000Z")
        }),
        ("compact date", ["day", "datum", "x3"], |r, row| g::instant(r, row).map(|text| text[..10].replace('-', ""))),
        ("price", ["price", "betrag", "x4"], |r, _| Some(format!("{}.{:02}", r.below(500), r.below(100)))),
        ("amount with sign", ["total", "preis", "x5"], |r, _| Some(format!("€ {},{:02}", r.below(500), r.below(100)))),
        ("file name", ["filename", "bild", "x6"], |r, _| {
            Some(format!("{}_{}.{}", r.pick(&g::WORDS), r.below(1000), r.pick(&["jpg", "pdf", "png"])))
        }),
        ("path", ["path", "datei", "x7"], |r, _| Some(format!("/srv/{}/{}", r.pick(&g::WORDS), r.hex(8)))),
        ("URL", ["url", "homepage", "x8"], |r, _| {
            Some(format!("https://example.org/{}/{}", r.pick(&g::WORDS), r.below(1000)))
        }),
        ("user agent", ["user_agent", "browser", "x9"], |r, _| {
            Some(format!(
                "Mozilla/5.0 (X11; Linux x86_64) Gecko/{} Firefox/{}.0",
                20_100_101 + r.below(9),
                r.below(130)
            ))
        }),
        ("IP", ["ip", "last_login_ip", "y1"], |r, _| Some(format!("192.0.2.{}", r.below(256)))),
        ("MAC", ["mac", "mac_address", "y2"], |r, _| Some((0..6).map(|_| r.hex(2)).collect::<Vec<_>>().join(":"))),
        ("card", ["card_number", "pan", "y3"], |r, _| Some(r.string(g::DIGITS, 16))),
        ("licence key", ["license_key", "serial_key", "y4"], |r, _| {
            Some((0..5).map(|_| r.string("ABCDEFGHJKLMNPQRSTUVWXYZ23456789", 5)).collect::<Vec<_>>().join("-"))
        }),
        ("voucher", ["voucher_code", "coupon", "gutscheincode"], |r, _| {
            Some(r.string("ABCDEFGHJKLMNPQRSTUVWXYZ23456789", 8))
        }),
        ("tracking", ["tracking_number", "shipment", "y5"], |r, _| {
            Some(format!("1Z{}{}", r.string(g::UPPER, 3), r.string(g::DIGITS, 13)))
        }),
        ("sentence", ["description", "bemerkung", "y6"], |r, _| {
            Some((0..8).map(|_| r.pick(&g::WORDS)).collect::<Vec<_>>().join(" "))
        }),
        ("street", ["street", "adresse", "y7"], g::street),
        ("JSON", ["settings", "meta", "y8"], |r, _| Some(format!("{{\"theme\":\"{}\"}}", r.pick(&g::WORDS)))),
        ("flag", ["newsletter", "is_admin", "y9"], g::flag),
        ("password changed", ["password_changed_at", "passwort_geaendert_am", "pwd_expires"], g::instant),
        ("about passwords", ["must_change_password", "pass_count", "password_type"], g::flag),
        ("reset token", ["password_reset_token", "reset_password_token", "activation_code"], |r, _| Some(r.hex(40))),
        ("hint", ["password_hint", "password_question", "security_question"], |r, _| {
            Some(format!("my first {}", r.pick(&g::WORDS)))
        }),
        ("answer", ["security_answer", "antwort", "respuesta_secreta"], g::word),
        ("algorithm", ["password_algorithm", "hash_type", "passwd_hash_algo"], |r, _| {
            Some(r.pick(&["sha1", "bcrypt", "pbkdf2$50000$50"]).to_owned())
        }),
        ("passport", ["passport_no", "reisepassnr", "numero_pasaporte"], |r, _| {
            Some(format!("{}{}", r.string(g::UPPER, 2), r.string(g::DIGITS, 7)))
        }),
        ("model", ["model", "type", "z1"], |r, _| {
            Some(format!("{}-{}{}", r.string(g::UPPER, 2), 100 * (1 + r.below(9)), r.pick(&["", "S", "XL"])))
        }),
        ("version", ["version", "release", "z2"], |r, _| {
            Some(format!("{}.{}.{}", r.below(10), r.below(20), r.below(50)))
        }),
        ("coordinates", ["lat", "longitude", "z3"], |r, _| Some(format!("{}.{}", r.below(90), r.string(g::DIGITS, 6)))),
        ("time of day", ["opening", "time", "z4"], |r, _| Some(format!("{:02}:{:02}", r.below(24), r.below(60)))),
        ("short word", ["lang", "locale", "z5"], |r, _| Some(r.pick(&["en", "de", "fr", "pt-BR"]).to_owned())),
        ("title", ["title", "titel", "z6"], |r, _| {
            Some(format!("{} {}", r.pick(&g::WORDS).to_uppercase(), r.pick(&g::WORDS).to_uppercase()))
        }),
    ]
}

#[test]
fn nothing_that_looks_like_a_password_in_a_table_of_accounts_is_taken_for_one() {
    let mut score = Score::default();
    for rows in [3, 30, 1000] {
        for (_, names, maker) in kinds() {
            for name in names {
                let columns = [no("id", g::id), no("email", g::email), no(name, maker), yes("password", g::bcrypt)];
                score.judge("users", &columns, rows);
                // Alone with an email address: more is suspected.
                score.judge("customers", &[no("id", g::id), no("email", g::email), no(name, maker)], rows);
            }
        }
    }
    for (_, names, maker) in kinds() {
        score.judge("contacts", &[no("email", g::email), no(names[2], maker)], 20_000);
    }
    assert!(score.lookalikes >= 120);
    assert_eq!(score.missed, Vec::<String>::new());
    assert_eq!(score.taken, Vec::<String>::new());
}

#[test]
fn checksums_and_keys_in_tables_of_things_are_no_credentials() {
    let mut score = Score::default();
    for rows in [3, 30, 1000] {
        score.judge("files", &[no("id", g::id), no("name", g::word), no("sha1", g::hex40)], rows);
        score.judge("artifacts", &[no("id", g::id), no("checksum", g::hex64)], rows);
        score.judge("artifacts", &[no("path", g::street), no("hash", g::hex64)], rows);
        score.judge("sessions", &[no("id", g::hex32), no("user_id", g::id), no("data", g::word)], rows);
        score.judge("documents", &[no("id", g::id), no("md5", g::hex32), no("uploaded_by", g::email)], rows);
        score.judge("commits", &[no("hash", g::hex40), no("author", g::full_name), no("email", g::email)], rows);
        score.judge("api_tokens", &[no("id", g::id), no("user", g::username), no("hash", g::hex64)], rows);
        score.judge(
            "password_resets",
            &[no("email", g::email), no("token", g::hex64), no("created_at", g::instant)],
            rows,
        );
        score.judge("blocks", &[no("height", g::id), no("hash", g::hex64), no("prev_hash", g::hex64)], rows);
        score.judge("images", &[no("id", g::id), no("digest", g::hex64), no("salt", g::hex_salt)], rows);
        score.judge(
            "products",
            &[no("id", g::id), no("clave", |r, _| Some(r.string(g::UPPER, 2) + &r.string(g::DIGITS, 4)))],
            rows,
        );
        score.judge("newsletter", &[no("email", g::email), no("hash", g::hex32), no("active", g::flag)], rows);
        score.judge(
            "users",
            &[no("id", g::id), no("email", g::email), yes("password", g::bcrypt), no("hash", g::hex32)],
            rows,
        );
        score.judge("visits", &[no("id", g::id), no("visitor_hash", g::hex32), no("email", g::email)], rows);
    }
    assert_eq!(score.taken, Vec::<String>::new());
}

#[test]
fn the_tables_of_a_film_shop_hold_one_credential() {
    // Columns as in the Sakila sample database (BSD licence); values made up.
    let mut score = Score::default();
    for rows in [30, 1000] {
        score.judge(
            "public.actor",
            &[
                no("actor_id", g::id),
                no("first_name", g::first_name),
                no("last_name", g::last_name),
                no("last_update", g::instant),
            ],
            rows,
        );
        score.judge(
            "public.city",
            &[no("city_id", g::id), no("city", g::city), no("country_id", g::flag), no("last_update", g::instant)],
            rows,
        );
        score.judge(
            "public.address",
            &[
                no("address_id", g::id),
                no("address", g::street),
                no("district", g::city),
                no("postal_code", |r, _| Some(r.string(g::DIGITS, 5))),
                no("phone", g::phone),
            ],
            rows,
        );
        score.judge(
            "public.customer",
            &[
                no("customer_id", g::id),
                no("first_name", g::first_name),
                no("last_name", g::last_name),
                no("email", g::email),
                no("activebool", g::truth),
                no("create_date", g::instant),
            ],
            rows,
        );
        score.judge(
            "public.film",
            &[
                no("film_id", g::id),
                no("title", g::full_name),
                no("rating", |r, _| Some(r.pick(&["G", "PG", "PG-13"]).to_owned())),
            ],
            rows,
        );
    }
    let sha1_of_one: Maker = |_, _| Some(g::sha1_hex("12345"));
    let roles = score.judge(
        "public.staff",
        &[
            no("staff_id", g::id),
            no("first_name", g::first_name),
            no("last_name", g::last_name),
            no("email", g::email),
            no("active", g::truth),
            no("username", g::username),
            yes("password", sha1_of_one),
            no("last_update", g::instant),
        ],
        2,
    );
    assert_eq!(score.missed, Vec::<String>::new());
    assert_eq!(score.taken, Vec::<String>::new());
    let found: Vec<Role> = roles.iter().map(|role| role.role).collect();
    assert_eq!(
        found,
        [Role::Id, Role::Name, Role::Name, Role::Email, Role::Active, Role::Login, Role::Credential, Role::Other]
    );
    assert_eq!(score.kept, Vec::<String>::new(), "every kept column costs time for every row");
}

#[test]
fn the_usual_columns_of_a_users_table_are_dropped_after_the_first_rows() {
    let mut score = Score::default();
    for rows in [30, 1000, 20_000] {
        for named in [true, false] {
            let makers: [(&str, Maker); 16] = [
                ("id", g::id),
                ("first_name", g::first_name),
                ("last_name", g::last_name),
                ("name", g::full_name),
                ("email", g::email),
                ("phone", g::phone),
                ("street", g::street),
                ("city", g::city),
                ("created_at", g::instant),
                ("last_login", g::unix_time),
                ("deleted_at", g::maybe_instant),
                ("active", g::flag),
                ("role", g::role),
                ("is_staff", g::truth),
                ("postcode", |r, _| Some(r.string(g::DIGITS, 5))),
                ("bio", |r, _| Some((0..9).map(|_| r.pick(&g::WORDS)).collect::<Vec<_>>().join(" "))),
            ];
            let unnamed = [
                "column 1",
                "column 2",
                "column 3",
                "column 4",
                "column 5",
                "column 6",
                "column 7",
                "column 8",
                "column 9",
                "column 10",
                "column 11",
                "column 12",
                "column 13",
                "column 14",
                "column 15",
                "column 16",
            ];
            let columns: Vec<Case> = makers
                .iter()
                .zip(unnamed)
                .map(|(&(name, maker), none)| no(if named { name } else { none }, maker))
                .collect();
            score.judge("users", &columns, rows);
        }
    }
    assert_eq!(score.taken, Vec::<String>::new());
    // Thirty postcodes or deletions under no name prove nothing yet.
    score.kept.retain(|place| !place.starts_with("users(30).column"));
    assert_eq!(score.kept, Vec::<String>::new());
}
