//! Is this column a stored password? Judged from its name, its values and its neighbours.

use crate::model::{FormKind, Table};

use super::look::{Declared, Look};
use super::names::{Concept, Reading, Says};
use super::shape::Kind;
use super::values::ColumnStats;

/// A table with what its names and values say.
pub(super) struct Context<'a> {
    /// The table's name.
    pub table: Reading,
    pub readings: Vec<Reading>,
    pub looks: Vec<Look<'a>>,
    /// Whether column names are the input's own.
    pub named: bool,
}

impl<'a> Context<'a> {
    /// Reads all names; a column without statistics counts as one without values.
    pub(super) fn new(table: &Table, stats: &'a [ColumnStats], nothing: &'a ColumnStats) -> Self {
        let columns = table.columns.iter().enumerate();
        Self {
            table: Reading::of(&table.name),
            readings: table
                .columns
                .iter()
                .map(|column| if table.named_columns { Reading::of(&column.name) } else { Reading::default() })
                .collect(),
            looks: columns.map(|(at, column)| Look::new(stats.get(at).unwrap_or(nothing), column)).collect(),
            named: table.named_columns,
        }
    }

    /// Whether another column is a login or an email address.
    pub(super) fn beside_account(&self, column: usize) -> bool {
        (0..self.looks.len()).any(|at| at != column && (self.is_email(at) || self.is_named_login(at)))
    }

    pub(super) fn is_email(&self, at: usize) -> bool {
        let (look, reading) = (self.looks[at], &self.readings[at]);
        look.emails() >= 0.8
            || (reading.head.has(Concept::Email)
                && matches!(reading.says(), Says::Else)
                && (look.emails() >= 0.3 || look.is_empty()))
    }

    /// Named like a login, and not contradicted by the values.
    pub(super) fn is_named_login(&self, at: usize) -> bool {
        let (look, reading) = (self.looks[at], &self.readings[at]);
        let number = look.is_integers() && look.n >= 3.0;
        let declared =
            matches!(look.declared, Declared::Bool | Declared::Instant | Declared::Decimal | Declared::Integer);
        let named = reading.head.has(Concept::Login) && reading.says() == Says::Else;
        named && !number && !declared && !look.is_instants() && !look.is_flags()
    }

    /// Whether the table's name says that its rows are accounts.
    pub(super) fn account_table(&self) -> bool {
        // Clients of an interface are programs.
        self.table.all.has(Concept::AccountTable)
            && !self.table.head.has(Concept::ThingTable)
            && !self.table.all.has(Concept::Interface)
    }

    /// Whether the columns beside `column` say that the rows are people, whatever the table is called: at least three tell
    /// different things of a person (login, address, name, last login, state, rights, anything personal). What people own
    /// or did, an order or a release, tells of them by a login and an address.
    fn tells_of_people(&self, column: usize) -> bool {
        const TOLD: [Concept; 6] = [
            Concept::Name,
            Concept::LastLogin,
            Concept::Active,
            Concept::Inactive,
            Concept::Privilege,
            Concept::Personal,
        ];
        let told = |at: usize| {
            let reading = &self.readings[at];
            match (self.is_email(at), self.is_named_login(at)) {
                (true, _) => Some(Concept::Email),
                (_, true) => Some(Concept::Login),
                _ if reading.says() != Says::Else => None,
                _ => TOLD.into_iter().find(|concept| reading.head.has(*concept)),
            }
        };
        let mut things: Vec<Concept> = Vec::new();
        for concept in (0..self.readings.len()).filter(|at| *at != column).filter_map(told) {
            if !things.contains(&concept) {
                things.push(concept);
            }
        }
        things.len() >= 3
    }

    /// Whether the table's name says that its rows are things.
    pub(super) fn thing_table(&self) -> bool {
        self.table.all.any(&[Concept::ThingTable, Concept::Interface, Concept::Token, Concept::Checksum])
            && !self.account_table()
    }

    /// Whether the table has no name that says anything and few columns: a combo list, a hash list, an export.
    fn bare_list(&self) -> bool {
        !self.thing_table() && (self.table.words.is_empty() || !self.named)
    }

    /// Whether `column` holds stored passwords: how sure in percent, and why.
    pub(super) fn credential(&self, column: usize) -> Option<(u8, String)> {
        let look = self.looks[column];
        let says = self.readings[column].says();
        if self.readings[column].salt() == Some(true) {
            return None;
        }
        if look.is_empty() {
            let possible = !matches!(look.declared, Declared::Bool | Declared::Instant | Declared::Decimal);
            return (says == Says::Password && possible)
                .then(|| (60, "named like a password; holds no value to judge by".to_owned()));
        }
        let modular = look.forms(&[FormKind::Modular]);
        let labelled = look.main_form(&[FormKind::Modular]) == Some("other-label");
        let expected = matches!(says, Says::Password | Says::Maybe) || self.beside_account(column);
        // Text behind a label that nobody knows (`{NAME}…`) may be a template.
        if labelled && !expected {
            return None;
        }
        // What a library encrypted may be anything of the account: a phone number, a token.
        let wrapped = look.main_form(&[FormKind::Modular]).is_some_and(|form| form.starts_with("encrypted-"));
        if wrapped && modular >= 0.5 && !matches!(says, Says::Password | Says::Maybe) {
            return None;
        }
        // Told by nothing but how its characters are spread: a code of another kind may be made alike.
        let shaped = look.main_form(&[FormKind::Modular]).and_then(|form| form.strip_suffix("-shaped"));
        if let Some(hash) = shaped.filter(|_| modular >= 0.5) {
            let accounts = expected && !self.thing_table() && !matches!(says, Says::Token | Says::Checksum);
            let sure = if says == Says::Password { 95 } else { 75 };
            return accounts.then(|| (sure, format!("its values are shaped and spread as those of {hash} are")));
        }
        if modular >= 0.5 || (modular >= 0.05 && modular + look.digests() >= 0.5) {
            let form = look.main_form(&[FormKind::Modular]).unwrap_or("a password scheme");
            let sure = if matches!(says, Says::Token | Says::Checksum) { 80 } else { 97 };
            return Some((sure, format!("{} of its values name a password scheme ({form})", percent(modular))));
        }
        if look.digests() >= 0.5 {
            return self.digests(column, says);
        }
        self.plaintext(column, says)
    }

    fn digests(&self, column: usize, says: Says) -> Option<(u8, String)> {
        let look = self.looks[column];
        let form = look.main_form(&[FormKind::Digest, FormKind::SaltedDigest]).unwrap_or("digest");
        // What the digest is made of is known, and is no password.
        if look.digest_of().is_some() && says != Says::Password {
            return None;
        }
        // Where rows are things, one of these may hold a common word and nothing else.
        let things = self.thing_table() || (self.has_paths() && !self.account_table());
        let beside = self.beside_account(column);
        // A handful of values, over and over, are states of a thing.
        let states = look.is_enum() && (things || !beside);
        let (common, different) = (look.common().0, look.opened().filter(|_| !states).unwrap_or(0));
        // A file's checksum is a common password's digest by no accident: one hit is telling, three are proof.
        let proven = different >= 3 || (different >= 1 && !things && (common >= 0.002 || look.n < 100.0));
        let hits = format!("digests ({form}) of {different} different common passwords are among its values");
        match says {
            Says::Password if proven => Some((99, format!("named like a password; {hits}"))),
            Says::Password => Some((95, format!("named like a password; its values are digests ({form})"))),
            Says::Maybe if proven => Some((95, format!("{hits}; the name fits"))),
            Says::Maybe if self.thing_table() => None,
            // The password is there already: this is a confirmation code or the like.
            Says::Maybe if self.other_password(column) => None,
            Says::Maybe if self.account_table() || (beside && self.bare_list()) => {
                Some((85, format!("its values are digests ({form}), named like one, of an account")))
            }
            Says::Maybe if beside && self.tells_of_people(column) => {
                Some((60, format!("its values are digests ({form}), named like one, beside a login")))
            }
            Says::Maybe if self.bare_list() && !self.has_paths() => {
                Some((50, format!("its values are digests ({form}) and nothing in the table says of what else")))
            }
            Says::Nothing if proven => Some((if beside { 95 } else { 90 }, hits)),
            Says::About | Says::Token | Says::Checksum | Says::Else
                if different >= 3 || (different >= 2 && proven && beside) =>
            {
                Some((80, format!("{hits}, although the name says otherwise")))
            }
            Says::Nothing => self.unproven_digests(column, form, beside),
            _ => None,
        }
    }

    /// Digests under a name that says nothing, none of them a common password's.
    fn unproven_digests(&self, column: usize, form: &str, beside: bool) -> Option<(u8, String)> {
        let look = self.looks[column];
        // Of no known digest's length, nothing speaks for a password.
        if self.thing_table() || form.starts_with("other-") {
            return None;
        }
        let repeats = 1.0 - look.distinct_share();
        if beside && look.n >= 200.0 && (0.05..0.6).contains(&repeats) {
            return Some((
                70,
                format!("its values are digests ({form}) beside a login, repeated as often as passwords are"),
            ));
        }
        if beside && look.forms(&[FormKind::SaltedDigest]) >= 0.5 {
            return Some((70, format!("its values are digests with a salt ({form}) beside a login")));
        }
        let salted = self.readings.iter().any(|reading| reading.salt() == Some(true));
        if beside && salted {
            return Some((75, format!("its values are digests ({form}) beside a login and a salt")));
        }
        // The first of several columns of digests; two are often a hash and its salt.
        let first = (0..column).all(|at| self.looks[at].digests() < 0.5);
        if self.other_password(column) || !first {
            return None;
        }
        if beside && (self.account_table() || self.bare_list()) {
            return Some((45, format!("its values are digests ({form}) beside a login; nothing says of what")));
        }
        if beside && look.n < 200.0 && self.tells_of_people(column) {
            return Some((40, format!("its values are digests ({form}) beside a login, too few to tell of what")));
        }
        // A file that holds nothing but digests.
        let alone = !self.named && self.looks.len() == 1;
        alone.then(|| (35, format!("a list of digests ({form}); nothing says of what")))
    }

    fn plaintext(&self, column: usize, says: Says) -> Option<(u8, String)> {
        let look = self.looks[column];
        if look.contradicts_password().is_some() {
            return None;
        }
        let beside = self.beside_account(column);
        let score = self.password_score(column);
        let (common, different) = look.common();
        match says {
            Says::Password => {
                let sure = if look.n < 8.0 { 85 } else { 95 };
                Some((sure, "named like a password; its values name no scheme and are no digests".to_owned()))
            }
            Says::Maybe => {
                let accounts = beside || self.account_table();
                if look.is_pins() {
                    return (accounts && !self.thing_table())
                        .then(|| (70, "named like a PIN or password; its values are digits of one length".to_owned()));
                }
                if look.n < 30.0 {
                    let texts = !look.is_integers() && !look.is_flags() && look.spaces() < 0.5 && !look.is_enum();
                    let random = look.n >= 3.0 && look.main_length() >= Some(16) && look.is_random_of_one_length();
                    return (accounts && texts && !random && !self.thing_table())
                        .then(|| (60, "named like a password, in a table of accounts; few values".to_owned()));
                }
                let enough = if accounts { 3.0 } else { 6.0 };
                (score >= enough).then(|| (80, format!("named like a password; {}", by_values(common, different))))
            }
            Says::Nothing => {
                let enough = 8.0;
                let sure = 50 + 5 * (8..17).filter(|&step| score > f64::from(step)).count() as u8;
                let sure = if look.n < 30.0 { sure.min(65) } else { sure };
                (score >= enough).then(|| (sure, by_values(common, different)))
            }
            // `comment`, `number`, `word`: a name for many things, but not for a person or a place.
            Says::Else => {
                let reading = &self.readings[column];
                let vague = reading.all.has(Concept::Thing)
                    && !reading.all.any(&[Concept::Login, Concept::Name, Concept::Email, Concept::Personal]);
                (vague && score >= 13.0 && different >= 5)
                    .then(|| (60, format!("{}, although the name says otherwise", by_values(common, different))))
            }
            Says::About | Says::Token | Says::Checksum => None,
        }
    }

    /// How much the values look like plaintext passwords: 8 and more is convincing under a name that says nothing.
    ///
    /// Weights are set by the labelled corpus in this family's tests, which also bounds them: no column of logins, names
    /// or codes may reach 8 there, and of the columns of passwords no more than one in fifty may miss it. What tells
    /// passwords from everything else is that they are of *many kinds at once* (words, words with digits, digits, with
    /// capitals and punctuation), of many lengths, and that the commonest are shared.
    pub(super) fn password_score(&self, column: usize) -> f64 {
        let look = self.looks[column];
        if look.n < 5.0 || look.contradicts_password().is_some() {
            return -10.0;
        }
        let n = look.n;
        let other = look.kinds(&[
            Kind::Date,
            Kind::Uuid,
            Kind::Email,
            Kind::Url,
            Kind::Address,
            Kind::Decimal,
            Kind::Numbers,
            Kind::Prose,
            Kind::Structured,
            Kind::Hex,
            Kind::Token,
            Kind::Binary,
        ]) - look.digests();
        // Leaked lists mix passwords with hashes that nobody has opened yet.
        let hashed = look.digests() + look.forms(&[FormKind::Modular]);
        let (same_length, lengths) = look.lengths();
        let mean = look.mean_length();
        let gates = other <= 0.15
            && look.forms(&[FormKind::Text]) + hashed >= 0.8
            && look.spaces() <= 0.2
            && (4.0..=if hashed >= 0.03 { 40.0 } else { 20.0 }).contains(&mean)
            && same_length <= 0.7
            && lengths >= if n < 12.0 { 2 } else { 4 }
            && look.distinct_share() >= 0.2
            && (n < 30.0 || look.distinct() >= 15.0);
        if !gates {
            return -10.0;
        }
        let (common, different) = look.common();
        let mixed = look.kinds(&[Kind::Mixed, Kind::Special, Kind::Code, Kind::Slug]);
        let letters_and_digits = look.kinds(&[Kind::Mixed, Kind::Special]);
        let integers = look.kinds(&[Kind::Integer]);
        let slugs = look.kinds(&[Kind::Slug]);
        let capitals = look.kinds(&[Kind::Capital, Kind::Upper, Kind::Words]);
        let mut score = 0.0;
        score += match (common, different) {
            (share, words) if share >= 0.06 && words >= 3 => 3.0,
            (share, words) if share >= 0.02 && words >= 3 => 2.0,
            (share, words) if share >= 0.02 && words >= 1 && n < 60.0 => 2.0,
            _ => 0.0,
        };
        score += match letters_and_digits {
            share if share >= 0.5 => 3.0,
            share if share >= 0.25 => 2.0,
            share if share < 0.1 => -5.0,
            _ => 0.0,
        };
        score += match look.special() {
            share if share >= 0.15 => 3.0,
            share if share >= 0.03 => 2.0,
            _ => 0.0,
        };
        if common >= 0.01 && look.common_repeats() >= 1.5 {
            score += 2.0;
        }
        if (0.02..0.5).contains(&integers) {
            score += 1.0;
        }
        score += match look.combinations() {
            0 | 1 => -2.0,
            2 => 0.0,
            3 => 1.0,
            _ => 2.0,
        };
        if look.patterns() >= (n / 5.0).min(25.0) {
            score += 1.0;
        }
        if capitals > 0.4 {
            score -= 4.0;
        }
        if look.first_names() > 0.15 {
            score -= 3.0;
        }
        if slugs > 0.2 {
            score -= 3.0;
        }
        if mixed < 0.15 {
            score -= 3.0;
        }
        // What logins do not show, all of them also words with digits: punctuation, nothing but digits, repetition.
        let repeated = look.common_repeats() >= 1.5 && common * n >= 4.0;
        let telling = |share: f64| share >= 0.03 && share * n >= 2.0;
        let few = n < 20.0 && look.special() > 0.0;
        if !telling(look.special()) && !telling(integers) && !repeated && !few {
            score -= 4.0;
        }
        // Logins and keys never repeat; passwords do.
        if n >= 1000.0 && look.unique() && look.common_repeats() < 1.2 {
            score -= 3.0;
        }
        score + if self.beside_account(column) { 2.0 } else { 0.0 }
    }

    /// Whether another column is named like a password and holds values.
    fn other_password(&self, column: usize) -> bool {
        (0..self.looks.len())
            .any(|at| at != column && self.readings[at].says() == Says::Password && !self.looks[at].is_empty())
    }

    /// Whether a column holds paths or file names.
    fn has_paths(&self) -> bool {
        self.looks.iter().any(|look| look.kinds(&[Kind::Url]) >= 0.5)
    }
}

fn by_values(common: f64, different: u64) -> String {
    if different == 0 {
        return "its values are as varied as passwords are".to_owned();
    }
    format!(
        "{} of its values are common passwords ({different} different ones), the others as varied as passwords are",
        percent(common)
    )
}

fn percent(share: f64) -> String {
    let percent = share * 100.0;
    if percent < 1.0 { "under 1 %".to_owned() } else { format!("{percent:.0} %") }
}
