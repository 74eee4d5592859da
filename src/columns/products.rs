//! Tables of known products: what each of their columns is, from the products' published schemas.
//!
//! A product is recognised by the name of its table and by columns that no other has; then its schema says what the
//! columns are, and which schemes its passwords may have. Data, one file a product, in `patterns/schemas/`.

use std::sync::OnceLock;

use serde::Deserialize;

use super::verdicts::Context;
use crate::model::{Assignment, Confidence, Role, Table};

/// Every product: its id, which is its file's name, and the file.
const FILES: &[(&str, &str)] = &[
    ("appbuilder", include_str!("../../patterns/schemas/appbuilder.toml")),
    ("aspnet-identity", include_str!("../../patterns/schemas/aspnet-identity.toml")),
    ("aspnet-membership", include_str!("../../patterns/schemas/aspnet-membership.toml")),
    ("authme", include_str!("../../patterns/schemas/authme.toml")),
    ("bugzilla", include_str!("../../patterns/schemas/bugzilla.toml")),
    ("cacti", include_str!("../../patterns/schemas/cacti.toml")),
    ("concrete", include_str!("../../patterns/schemas/concrete.toml")),
    ("crowd", include_str!("../../patterns/schemas/crowd.toml")),
    ("devise", include_str!("../../patterns/schemas/devise.toml")),
    ("directus", include_str!("../../patterns/schemas/directus.toml")),
    ("discourse", include_str!("../../patterns/schemas/discourse.toml")),
    ("django", include_str!("../../patterns/schemas/django.toml")),
    ("dolibarr", include_str!("../../patterns/schemas/dolibarr.toml")),
    ("drupal", include_str!("../../patterns/schemas/drupal.toml")),
    ("ejabberd", include_str!("../../patterns/schemas/ejabberd.toml")),
    ("flarum", include_str!("../../patterns/schemas/flarum.toml")),
    ("fluxbb", include_str!("../../patterns/schemas/fluxbb.toml")),
    ("fosuser", include_str!("../../patterns/schemas/fosuser.toml")),
    ("fusionpbx", include_str!("../../patterns/schemas/fusionpbx.toml")),
    ("ghost", include_str!("../../patterns/schemas/ghost.toml")),
    ("gitea", include_str!("../../patterns/schemas/gitea.toml")),
    ("glpi", include_str!("../../patterns/schemas/glpi.toml")),
    ("gogs", include_str!("../../patterns/schemas/gogs.toml")),
    ("grafana", include_str!("../../patterns/schemas/grafana.toml")),
    ("invision4", include_str!("../../patterns/schemas/invision4.toml")),
    ("ipboard", include_str!("../../patterns/schemas/ipboard.toml")),
    ("joomla", include_str!("../../patterns/schemas/joomla.toml")),
    ("kanboard", include_str!("../../patterns/schemas/kanboard.toml")),
    ("keycloak", include_str!("../../patterns/schemas/keycloak.toml")),
    ("laravel", include_str!("../../patterns/schemas/laravel.toml")),
    ("limesurvey", include_str!("../../patterns/schemas/limesurvey.toml")),
    ("magento2", include_str!("../../patterns/schemas/magento2.toml")),
    ("mangos", include_str!("../../patterns/schemas/mangos.toml")),
    ("mantis", include_str!("../../patterns/schemas/mantis.toml")),
    ("matomo", include_str!("../../patterns/schemas/matomo.toml")),
    ("mattermost", include_str!("../../patterns/schemas/mattermost.toml")),
    ("mediawiki", include_str!("../../patterns/schemas/mediawiki.toml")),
    ("metabase", include_str!("../../patterns/schemas/metabase.toml")),
    ("moodle", include_str!("../../patterns/schemas/moodle.toml")),
    ("mybb", include_str!("../../patterns/schemas/mybb.toml")),
    ("mysql-server", include_str!("../../patterns/schemas/mysql-server.toml")),
    ("nextcloud", include_str!("../../patterns/schemas/nextcloud.toml")),
    ("nopcommerce", include_str!("../../patterns/schemas/nopcommerce.toml")),
    ("odoo", include_str!("../../patterns/schemas/odoo.toml")),
    ("opencart", include_str!("../../patterns/schemas/opencart.toml")),
    ("openfire", include_str!("../../patterns/schemas/openfire.toml")),
    ("oscommerce", include_str!("../../patterns/schemas/oscommerce.toml")),
    ("osticket", include_str!("../../patterns/schemas/osticket.toml")),
    ("phpbb3", include_str!("../../patterns/schemas/phpbb3.toml")),
    ("postfixadmin", include_str!("../../patterns/schemas/postfixadmin.toml")),
    ("postgresql-server", include_str!("../../patterns/schemas/postgresql-server.toml")),
    ("prestashop", include_str!("../../patterns/schemas/prestashop.toml")),
    ("rathena", include_str!("../../patterns/schemas/rathena.toml")),
    ("redmine", include_str!("../../patterns/schemas/redmine.toml")),
    ("shopware5", include_str!("../../patterns/schemas/shopware5.toml")),
    ("shopware6", include_str!("../../patterns/schemas/shopware6.toml")),
    ("smf", include_str!("../../patterns/schemas/smf.toml")),
    ("sonarqube", include_str!("../../patterns/schemas/sonarqube.toml")),
    ("strapi", include_str!("../../patterns/schemas/strapi.toml")),
    ("suitecrm", include_str!("../../patterns/schemas/suitecrm.toml")),
    ("supabase", include_str!("../../patterns/schemas/supabase.toml")),
    ("trinitycore", include_str!("../../patterns/schemas/trinitycore.toml")),
    ("typo3", include_str!("../../patterns/schemas/typo3.toml")),
    ("umbraco", include_str!("../../patterns/schemas/umbraco.toml")),
    ("vbulletin", include_str!("../../patterns/schemas/vbulletin.toml")),
    ("vtiger", include_str!("../../patterns/schemas/vtiger.toml")),
    ("weberp", include_str!("../../patterns/schemas/weberp.toml")),
    ("wordpress", include_str!("../../patterns/schemas/wordpress.toml")),
    ("yii2", include_str!("../../patterns/schemas/yii2.toml")),
    ("zabbix", include_str!("../../patterns/schemas/zabbix.toml")),
];

/// How sure a role is that a product's schema gives.
const SURE: u8 = 98;

/// A product's file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ProductFile {
    /// As its makers write it.
    product: String,
    /// Where its schema is published: repository and file.
    source: String,
    tables: Vec<TableFile>,
}

/// One table of a product.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TableFile {
    /// In lower case, without the schema; a `*` in front stands for any prefix, alone for any name.
    name: String,
    /// Columns by which the table is known: all of them are there.
    signature: Vec<String>,
    id: Option<String>,
    login: Option<String>,
    email: Option<String>,
    #[serde(default)]
    names: Vec<String>,
    credential: Vec<String>,
    /// The salt of the credentials, where it has a column of its own.
    salt: Option<String>,
    #[serde(default)]
    last_login: Vec<String>,
    /// True, or a word for it, means usable.
    active: Option<String>,
    /// True, or a date, means disabled.
    inactive: Option<String>,
    privilege: Option<String>,
    /// Secrets that are no passwords of accounts.
    #[serde(default)]
    token: Vec<String>,
    /// What is named like something that it is not.
    #[serde(default)]
    other: Vec<String>,
    /// Names of the schemes that its versions store passwords under.
    #[serde(default)]
    schemes: Vec<String>,
}

/// A known product.
pub struct Product {
    /// Stable, lower case: the name of its file.
    pub id: &'static str,
    file: ProductFile,
}

impl Product {
    /// As its makers write it.
    pub fn name(&self) -> &str {
        &self.file.product
    }

    /// Where its schema is published.
    pub fn source(&self) -> &str {
        &self.file.source
    }

    /// Names of the schemes that its versions store passwords under.
    pub fn schemes(&self) -> impl Iterator<Item = &str> {
        self.file.tables.iter().flat_map(|table| &table.schemes).map(String::as_str)
    }

    /// Its tables: the pattern of the name, and the columns that the schema names, with their roles; columns of the
    /// signature alone have none.
    pub fn tables(&self) -> impl Iterator<Item = (&str, Vec<(&str, Option<Role>)>)> {
        self.file.tables.iter().map(|table| {
            let mut columns: Vec<(&str, Option<Role>)> =
                table.roles().into_iter().map(|(column, role)| (column, Some(role))).collect();
            for column in &table.signature {
                if !columns.iter().any(|(known, _)| known.eq_ignore_ascii_case(column)) {
                    columns.push((column, None));
                }
            }
            (table.name.as_str(), columns)
        })
    }
}

/// Every known product, in the order of their ids.
pub fn products() -> &'static [Product] {
    static PRODUCTS: OnceLock<Vec<Product>> = OnceLock::new();
    PRODUCTS.get_or_init(|| {
        let parse = |(id, text): &(&'static str, &str)| Product {
            id,
            file: toml::from_str(text).expect("patterns/schemas is part of the program and tested"),
        };
        FILES.iter().map(parse).collect()
    })
}

impl TableFile {
    /// The role of each column that the schema names.
    fn roles(&self) -> Vec<(&str, Role)> {
        let all: [Vec<(&str, Role)>; 11] = [
            one_of(self.id.as_deref(), Role::Id),
            one_of(self.login.as_deref(), Role::Login),
            one_of(self.email.as_deref(), Role::Email),
            many_of(&self.names, Role::Name),
            many_of(&self.credential, Role::Credential),
            one_of(self.salt.as_deref(), Role::Salt),
            many_of(&self.last_login, Role::LastLogin),
            one_of(self.active.as_deref(), Role::Active),
            one_of(self.inactive.as_deref(), Role::Active),
            one_of(self.privilege.as_deref(), Role::Privilege),
            many_of(&self.token, Role::Token),
        ];
        all.into_iter().flatten().chain(many_of(&self.other, Role::Other)).collect()
    }

    /// Whether this is the table: its name fits, or it has none, and the signature is there.
    fn is(&self, table: &Table) -> bool {
        let name = table.name.rsplit('.').next().unwrap_or_default().to_lowercase();
        let fits = match self.name.strip_prefix('*') {
            Some(end) => name.ends_with(end),
            None => name == self.name,
        };
        (fits || table.name.is_empty()) && self.signature.iter().all(|column| find(table, column).is_some())
    }
}

fn one_of(column: Option<&str>, role: Role) -> Vec<(&str, Role)> {
    column.map(|column| (column, role)).into_iter().collect()
}

fn many_of(columns: &[String], role: Role) -> Vec<(&str, Role)> {
    columns.iter().map(|column| (column.as_str(), role)).collect()
}

fn find(table: &Table, column: &str) -> Option<usize> {
    table.columns.iter().position(|known| known.name.eq_ignore_ascii_case(column))
}

/// The product whose table this is, the one with the longest signature.
fn product_of(table: &Table) -> Option<(&'static Product, &'static TableFile)> {
    if !table.named_columns {
        return None;
    }
    let all = products().iter().flat_map(|product| product.file.tables.iter().map(move |file| (product, file)));
    all.filter(|(_, file)| file.is(table))
        .reduce(|best, next| if next.1.signature.len() > best.1.signature.len() { next } else { best })
}

/// Gives the columns of a known product's table the roles that its schema says, where their values do not contradict.
pub(super) fn apply(table: &Table, context: &Context<'_>, roles: &mut [Assignment]) {
    let Some((product, file)) = product_of(table) else { return };
    let mut credentials = Vec::new();
    for (name, role) in file.roles() {
        let Some(at) = find(table, name) else { continue };
        let look = context.looks[at];
        let known = &mut roles[at];
        let contradicted = match role {
            Role::Credential => look.contradicts_password().is_some(),
            // Common passwords' digests are proof, whatever the schema says.
            Role::Token | Role::Other => known.role == Role::Credential && look.common().1 >= 3,
            Role::LastLogin => !look.is_empty() && !look.is_instants() && !look.is_integers(),
            _ => false,
        };
        if contradicted {
            continue;
        }
        if role == Role::Credential {
            credentials.push(at);
        }
        let inverted = file.inactive.as_deref() == Some(name);
        let why = format!("{} of {}", what(role), product.name());
        *known = Assignment { role, confidence: Confidence::new(SURE), inverted, ..Assignment::other(why) };
        if role == Role::Credential {
            known.expects = &file.schemes;
        }
    }
    if let Some(salt) = file.salt.as_deref().and_then(|name| find(table, name)) {
        for at in credentials {
            roles[at].salt = Some(salt);
        }
    }
}

/// What a column is, in words before `of WordPress`.
const fn what(role: Role) -> &'static str {
    match role {
        Role::Id => "the users' key",
        Role::Login => "the login",
        Role::Email => "the email address",
        Role::Name => "a person's name",
        Role::Credential => "the stored password",
        Role::Salt => "the salt",
        Role::LastLogin => "the time of the last login",
        Role::Active => "the state of the account",
        Role::Privilege => "what the account may do",
        Role::Personal => "personal data",
        Role::Token => "a token",
        Role::Other => "something else in the table",
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Products whose schema no public repository of their makers holds.
    const CLOSED: [&str; 4] = ["aspnet-membership", "crowd", "invision4", "ipboard"];

    #[test]
    fn every_file_of_the_folder_is_in_the_list_in_order_and_says_where_it_is_from() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/patterns/schemas");
        let mut files: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
            .collect();
        files.sort();
        assert_eq!(files, FILES.iter().map(|(id, _)| *id).collect::<Vec<_>>());
        assert!(products().len() >= 50, "{}", products().len());
        let names: BTreeSet<&str> = products().iter().map(Product::name).collect();
        assert_eq!(names.len(), products().len());
        for product in products() {
            let (repository, file) = product.source().split_once(": ").unwrap_or_default();
            assert!(!file.is_empty(), "{}: repository and file", product.id);
            let is_public = repository.split('/').filter(|part| !part.is_empty() && !part.contains(' ')).count() == 2;
            assert!(is_public || CLOSED.contains(&product.id), "{}: {repository} is no repository", product.id);
            assert!(!product.file.tables.is_empty(), "{}", product.id);
            for table in &product.file.tables {
                assert!(table.signature.len() >= 2 && !table.credential.is_empty(), "{}", product.id);
                assert_eq!(table.name, table.name.to_lowercase(), "{}", product.id);
                let mut columns: Vec<&str> = table.roles().into_iter().map(|(column, _)| column).collect();
                columns.sort_unstable();
                let all = columns.len();
                columns.dedup();
                assert_eq!(columns.len(), all, "{}: a column has one role", product.id);
            }
        }
    }

    #[test]
    fn a_table_is_known_by_its_name_and_its_signature() {
        let table = |name: &str, columns: &[&str]| Table {
            name: name.to_owned(),
            columns: columns.iter().map(|name| crate::model::Column::named(*name)).collect(),
            named_columns: true,
        };
        let wordpress = ["ID", "user_login", "user_pass", "user_nicename", "user_email", "user_activation_key"];
        let known = |table: &Table| product_of(table).map(|(product, _)| product.id);
        assert_eq!(known(&table("shop.wp7_users", &wordpress)), Some("wordpress"));
        assert_eq!(known(&table("", &wordpress)), Some("wordpress"));
        assert_eq!(known(&table("wp_posts", &wordpress)), None);
        assert_eq!(known(&table("wp_users", &wordpress[..4])), None);
    }
}
