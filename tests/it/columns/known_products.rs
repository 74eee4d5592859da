//! Users tables of known products: their column names, from the products' published schemas.

use super::generators as g;
use super::*;

/// Product, table, login, email, credential, how it is stored.
const PRODUCTS: [(&str, &str, &str, &str, &str, Maker); 46] = [
    ("WordPress", "wp_users", "user_login", "user_email", "user_pass", g::phpass),
    ("Drupal 7", "users", "name", "mail", "pass", g::phpass),
    ("Joomla", "jos_users", "username", "email", "password", g::joomla),
    ("Magento 2", "customer_entity", "username", "email", "password_hash", g::hex64),
    ("PrestaShop", "ps_customer", "username", "email", "passwd", g::md5),
    ("OpenCart", "oc_customer", "username", "email", "password", g::hex40),
    ("osCommerce", "customers", "customers_login", "customers_email_address", "customers_password", g::hex32),
    ("Shopware 5", "s_user", "username", "email", "password", g::bcrypt),
    ("FOSUser", "fos_user", "username", "email", "password", g::base64_sha1),
    ("Django", "auth_user", "username", "email", "password", g::pbkdf2),
    ("Devise", "users", "login", "email", "encrypted_password", g::bcrypt),
    ("has_secure_password", "users", "login", "email", "password_digest", g::bcrypt),
    ("Authlogic", "users", "login", "email", "crypted_password", g::hex128),
    ("Laravel", "users", "username", "email", "password", g::bcrypt),
    ("IonAuth", "users", "username", "email", "password", g::hex40),
    ("Yii2", "user", "username", "email", "password_hash", g::bcrypt),
    ("ASP.NET Identity", "AspNetUsers", "UserName", "Email", "PasswordHash", g::base64_sha1),
    ("ASP.NET Membership", "aspnet_Membership", "LoweredUserName", "Email", "Password", g::base64_sha1),
    ("Umbraco", "umbracoUser", "userLogin", "userEmail", "userPassword", g::base64_sha1),
    ("Kentico", "CMS_User", "UserName", "Email", "UserPassword", g::sha1),
    ("vBulletin", "user", "username", "email", "password", g::hex32),
    ("phpBB", "phpbb_users", "username", "user_email", "user_password", g::phpass),
    ("MyBB", "mybb_users", "username", "email", "password", g::hex32),
    ("IPB", "ibf_members", "members_l_username", "email", "members_pass_hash", g::hex32),
    ("SMF", "smf_members", "member_name", "email_address", "passwd", g::hex40),
    ("Discourse", "users", "username", "email", "password_hash", g::hex64),
    ("MediaWiki", "user", "user_name", "user_email", "user_password", g::md5),
    ("Moodle", "mdl_user", "username", "email", "password", g::md5),
    ("Redmine", "users", "login", "mail", "hashed_password", g::hex40),
    ("Gitea", "user", "lower_name", "email", "passwd", g::hex64),
    ("Grafana", "user", "login", "email", "password", g::hex64),
    ("Mattermost", "Users", "Username", "Email", "Password", g::bcrypt),
    ("Odoo", "res_users", "login", "email", "password", g::password),
    ("SuiteCRM", "users", "user_name", "email1", "user_hash", g::md5),
    ("vtiger", "vtiger_users", "user_name", "email1", "user_password", g::md5),
    ("Dolibarr", "llx_user", "login", "email", "pass_crypted", g::md5),
    ("Matomo", "matomo_user", "login", "email", "password", g::bcrypt),
    ("TYPO3", "fe_users", "username", "email", "password", g::md5),
    ("Concrete", "Users", "uName", "uEmail", "uPassword", g::hex32),
    ("Zabbix", "users", "alias", "email", "passwd", g::md5),
    ("OTRS", "customer_user", "login", "email", "pw", g::sha256),
    ("SonarQube", "users", "login", "email", "crypted_password", g::hex40),
    ("FluxBB", "users", "username", "email", "password", g::sha1),
    ("TrinityCore", "account", "username", "email", "sha_pass_hash", g::hex40),
    ("rAthena", "login", "userid", "email", "user_pass", g::password),
    ("L2J", "accounts", "login", "email", "password", g::base64_sha1),
];

#[test]
fn credentials_logins_and_emails_of_known_products_are_found() {
    let mut score = Score::default();
    let mut wrong = Vec::new();
    for (product, table, login, email, credential, maker) in PRODUCTS {
        for rows in [3, 30, 1000] {
            let columns = [no("id", g::id), no(login, g::username), no(email, g::email), yes(credential, maker)];
            let roles = score.judge(table, &columns, rows);
            for (at, expected) in [(0, Role::Id), (1, Role::Login), (2, Role::Email)] {
                if roles[at].role != expected {
                    let why = &roles[at].why;
                    wrong.push(format!("{product}({rows}).{}: {} {why}", columns[at].name, roles[at].role.name()));
                }
            }
        }
    }
    assert_eq!(score.missed, Vec::<String>::new());
    assert_eq!(score.dropped, Vec::<String>::new());
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn companion_columns_of_known_products_have_their_roles() {
    use Role as R;
    let instants: Maker = g::instant;
    let cases: [(&str, &str, Maker, Role, bool); 40] = [
        ("mdl_user", "lastlogin", g::unix_time, R::LastLogin, false),
        ("mdl_user", "deleted", g::flag, R::Active, true),
        ("mdl_user", "suspended", g::flag, R::Active, true),
        ("users", "lastvisitDate", instants, R::LastLogin, false),
        ("users", "block", g::flag, R::Active, true),
        ("users", "last_sign_in_at", instants, R::LastLogin, false),
        ("users", "locked_at", g::maybe_instant, R::Active, true),
        ("users", "last_login_ip", |r, _| Some(format!("192.0.2.{}", r.below(256))), R::Personal, false),
        ("users", "remember_token", g::hex40, R::Token, false),
        ("auth_user", "is_superuser", g::truth, R::Privilege, false),
        ("auth_user", "is_active", g::truth, R::Active, false),
        ("AspNetUsers", "SecurityStamp", g::hex32, R::Token, false),
        ("aspnet_Membership", "PasswordFormat", g::flag, R::Other, false),
        ("aspnet_Membership", "IsLockedOut", g::flag, R::Active, true),
        ("aspnet_Membership", "LastLoginDate", instants, R::LastLogin, false),
        ("aspnet_Membership", "PasswordQuestion", g::full_name, R::Personal, false),
        ("fos_user", "enabled", g::flag, R::Active, false),
        ("be_users", "disable", g::flag, R::Active, true),
        ("wcf1_user", "banned", g::flag, R::Active, true),
        ("phpbb_users", "user_lastvisit", g::unix_time, R::LastLogin, false),
        ("user", "passworddate", instants, R::Other, false),
        ("user", "last_login_unix", g::unix_time, R::LastLogin, false),
        ("user", "prohibit_login", g::flag, R::Active, true),
        ("user", "is_admin", g::flag, R::Privilege, false),
        ("user", "rands", g::hex_salt, R::Token, false),
        ("users", "role", g::role, R::Privilege, false),
        ("users", "usergroup", |r, _| Some(r.below(8).to_string()), R::Privilege, false),
        ("users", "phone", g::phone, R::Personal, false),
        ("users", "date_of_birth", instants, R::Personal, false),
        ("benutzer", "vorname", g::first_name, R::Name, false),
        ("benutzer", "rolle", g::role, R::Privilege, false),
        ("benutzer", "geburtsdatum", instants, R::Personal, false),
        ("utilisateurs", "prénom", g::first_name, R::Name, false),
        ("usuarios", "apellidos", g::last_name, R::Name, false),
        ("usuarios", "dirección", g::street, R::Personal, false),
        ("utenti", "codice_fiscale", |r, _| Some(r.string(g::UPPER, 6) + &r.string(g::DIGITS, 2)), R::Personal, false),
        ("klanten", "achternaam", g::last_name, R::Name, false),
        ("klienci", "nazwisko", g::last_name, R::Name, false),
        ("users", "created_at", instants, R::Other, false),
        ("users", "deleted_at", g::maybe_instant, R::Active, true),
    ];
    let mut wrong = Vec::new();
    for (table, name, maker, expected, inverted) in cases {
        for rows in [3, 100, 1000] {
            let columns = [no("id", g::id), no("email", g::email), yes("password", g::bcrypt), no(name, maker)];
            let roles = Score::default().judge(table, &columns, rows);
            if (roles[3].role, roles[3].inverted) != (expected, inverted) {
                wrong.push(format!("{table}({rows}).{name}: {} {}", roles[3].role.name(), roles[3].why));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn the_schema_of_every_known_product_says_what_its_columns_are_whatever_they_look_like() {
    for product in credaudit::columns::products() {
        for scheme in product.schemes() {
            assert!(credaudit::schemes::by_name(scheme).is_some(), "{} names the scheme {scheme}", product.id);
        }
        for (pattern, columns) in product.tables() {
            let table = Table {
                name: pattern.replace('*', "x7_"),
                columns: columns.iter().map(|(name, _)| Column::named(*name)).collect(),
                named_columns: true,
            };
            let mut random = Random::new(product.id);
            let mut stats = vec![ColumnStats::new(); columns.len()];
            for row in 0..200 {
                for ((_, role), stats) in columns.iter().zip(&mut stats) {
                    let cell = match role {
                        Some(Role::Credential) => g::bcrypt(&mut random, row),
                        // Hashed keys are made like passwords.
                        Some(Role::Token) => g::phpass(&mut random, row),
                        Some(Role::Salt) => g::salt(&mut random, row),
                        Some(Role::LastLogin) => g::instant(&mut random, row),
                        Some(Role::Active) => g::flag(&mut random, row),
                        Some(Role::Email) => g::email(&mut random, row),
                        Some(Role::Id) => g::id(&mut random, row),
                        _ => g::username(&mut random, row),
                    };
                    observe(stats, cell.as_deref());
                }
            }
            for ((name, role), given) in columns.iter().zip(assign(&table, &stats)) {
                if let Some(role) = role {
                    assert_eq!(given.role, *role, "{}: {}.{name}: {}", product.id, table.name, given.why);
                }
            }
        }
    }
}
