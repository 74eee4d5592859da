//! A role for every column of a table.

use crate::model::{Assignment, Confidence, FormKind, Role, Table};

use super::look::{Declared, Look};
use super::names::{Concept, Reading, Says};
use super::shape::Kind;
use super::values::ColumnStats;
use super::verdicts::Context;

/// Gives every column of `table` a role; `stats` has one entry a column. Never panics; works on three rows as on three
/// million (fewer rows: names weigh more and the confidence is lower).
pub fn assign(table: &Table, stats: &[ColumnStats]) -> Vec<Assignment> {
    assigned(table, stats, None)
}

/// [`assign`], if `column` held credentials: which columns would be its salts, which the login? Asked in order to look for
/// a proof, which alone can tell.
pub fn suppose(table: &Table, stats: &[ColumnStats], column: usize) -> Vec<Assignment> {
    assigned(table, stats, Some(column))
}

/// Whether most values of a column are digests, salted or not, and its name does not say of what: if a likely password
/// opens some, they are stored passwords.
pub fn may_be_proved(table: &Table, index: usize, stats: &ColumnStats) -> bool {
    let Some(column) = table.columns.get(index) else { return false };
    let says = if table.named_columns { Reading::of(&column.name).says() } else { Says::Nothing };
    let look = Look::new(stats, column);
    matches!(says, Says::Nothing | Says::Maybe) && look.n >= 5.0 && look.digests() >= 0.5 && look.digest_of().is_none()
}

/// Whether a column of digests is worth comparing with what stands beside it: digests of addresses name pictures, those of
/// numbers are links. Under a name for passwords they are passwords all the same, and those of a login a bad one.
pub fn may_be_digest_of(table: &Table, index: usize, stats: &ColumnStats) -> bool {
    let Some(column) = table.columns.get(index) else { return false };
    let says = if table.named_columns { Reading::of(&column.name).says() } else { Says::Nothing };
    says != Says::Password && Look::new(stats, column).forms(&[FormKind::Digest]) >= 0.5
}

fn assigned(table: &Table, stats: &[ColumnStats], supposed: Option<usize>) -> Vec<Assignment> {
    let nothing = ColumnStats::new();
    let context = Context::new(table, stats, &nothing);
    let mut roles: Vec<Assignment> = (0..table.columns.len())
        .map(|column| match context.credential(column) {
            Some((sure, why)) => given(Role::Credential, sure, why),
            None if supposed == Some(column) => given(Role::Credential, 50, "supposed"),
            None => beside_credentials(&context, column),
        })
        .collect();
    if roles.iter().any(|assignment| assignment.role == Role::Credential) {
        salts(&context, &mut roles);
        logins(&context, &mut roles);
    }
    key(&context, &mut roles);
    super::products::apply(table, &context, &mut roles);
    if stats.iter().map(ColumnStats::rows).max().unwrap_or(0) < 8 {
        for assignment in &mut roles {
            // Few rows: what the values show may be chance.
            let sure = assignment.confidence.percent();
            assignment.confidence = Confidence::new(if sure >= 97 { sure } else { sure - sure / 10 });
        }
    }
    roles
}

/// Whether a column could still turn out to be a credential or a salt, so that every row of it must be kept: asked after
/// the first rows of a table. Errs on the side of yes; dates, flags, emails, names, sequences and prose are a no.
pub fn may_be_credential(table: &Table, index: usize, stats: &ColumnStats) -> bool {
    let Some(column) = table.columns.get(index) else { return false };
    // The column alone: what its neighbours show is not asked.
    let alone = Table { name: table.name.clone(), columns: vec![column.clone()], named_columns: table.named_columns };
    let stats = std::slice::from_ref(stats);
    let context = Context::new(&alone, stats, &stats[0]);
    let (look, reading) = (context.looks[0], &context.readings[0]);
    let says = reading.says();
    let hashed = look.digests() + look.forms(&[FormKind::Modular]);
    if look.forms(&[FormKind::Modular]) >= 0.02 {
        return true;
    }
    if hashed >= 0.03 {
        // Checksums and tokens by name: only common passwords among them could tell otherwise.
        return !matches!(says, Says::Token | Says::Checksum) || look.n < 500.0 || look.common().1 > 0;
    }
    if reading.salt().is_some() {
        return !matches!(look.declared, Declared::Bool | Declared::Instant) && look.kinds(&[Kind::Date]) < 0.5;
    }
    match says {
        Says::Password | Says::Maybe => look.contradicts_password().is_none(),
        // Not a value yet: digests may follow.
        Says::Token | Says::Checksum => look.is_empty(),
        Says::About => false,
        Says::Else => context.password_score(0) >= 9.0,
        Says::Nothing => may_be_by_values(look),
    }
}

/// Under a name that says nothing.
fn may_be_by_values(look: Look<'_>) -> bool {
    use Kind as K;
    if matches!(
        look.declared,
        Declared::Bool | Declared::Instant | Declared::Decimal | Declared::Integer | Declared::Other
    ) {
        return false;
    }
    if look.n < 5.0 {
        return look.contradicts_password().is_none() && look.emails() < 0.5 && !look.is_flags();
    }
    let other =
        [K::Date, K::Uuid, K::Email, K::Url, K::Address, K::Decimal, K::Numbers, K::Prose, K::Structured, K::Words];
    if look.contradicts_password().is_some() || look.is_enum() || look.is_flags() || look.kinds(&other) > 0.3 {
        return false;
    }
    let few = look.n < 30.0;
    let salt = look.is_random_of_one_length();
    let words = look.kinds(&[K::Lower, K::Upper, K::Capital, K::Camel, K::Words]);
    let with_digits = look.kinds(&[K::Mixed, K::Special, K::Hex, K::Token, K::Binary, K::Code]);
    // Mostly words: names, cities, statuses. A password column has digits in a third of its values or more.
    if words >= 0.7 && with_digits < 0.1 && !salt {
        return false;
    }
    if !few && (look.is_integers() || look.first_names() >= 0.3) {
        return false;
    }
    // Codes made to a pattern.
    if !few && look.kinds(&[K::Code]) >= 0.9 && look.patterns() <= 3.0 {
        return false;
    }
    few || look.kinds(&[K::Slug]) < 0.8 || look.common().1 > 0
}

fn given(role: Role, sure: u8, why: impl Into<String>) -> Assignment {
    Assignment { role, confidence: Confidence::new(sure), ..Assignment::other(why) }
}

/// The role of a column that holds no passwords.
fn beside_credentials(context: &Context<'_>, column: usize) -> Assignment {
    use Concept as C;
    let (look, reading) = (context.looks[column], &context.readings[column]);
    let says = reading.says();
    if look.digest_of().is_some() && says != Says::Password {
        return Assignment::other("its values are digests of what stands in another column");
    }
    // Users log in by address, and somebody is called `admin`: that one is who matters most.
    let mixed_login = context.is_named_login(column) && look.emails() < 1.0 && look.distinct_share() >= 0.6;
    if context.is_email(column) && !mixed_login {
        let by_values = look.emails() >= 0.8;
        let why = if by_values { "its values are email addresses" } else { "named like an email address" };
        return given(Role::Email, if by_values { 97 } else { 75 }, why);
    }
    match says {
        Says::Token => return given(Role::Token, 80, "named like a token, session or key"),
        Says::Checksum => return Assignment::other("named like the digest of a thing, not of a password"),
        Says::About => return Assignment::other("about a password, and not one"),
        Says::Password | Says::Maybe => {
            if let Some(why) = look.contradicts_password() {
                return Assignment::other(format!("named like a password, but {why}"));
            }
            if says == Says::Maybe && look.is_random_of_one_length() && look.main_length() >= Some(16) {
                return given(Role::Token, 60, "named like a secret; its values are random and of one length");
            }
        }
        Says::Nothing | Says::Else => {}
    }
    let all = reading.all;
    if all.has(C::LastLogin) && !all.has(C::Personal) && (look.is_instants() || look.is_empty()) {
        return given(Role::LastLogin, if look.is_empty() { 60 } else { 92 }, "named like the time of the last login");
    }
    // `city_id` is a key and no city.
    let foreign =
        reading.head.has(C::Id) && (look.is_empty() || look.is_integers() || look.kinds(&[Kind::Uuid]) >= 0.9);
    if !foreign && let Some(assignment) = state_or_privilege(look, context, column) {
        return assignment;
    }
    if all.has(C::Personal) && !foreign {
        return given(Role::Personal, 80, "named like personal data");
    }
    if context.is_named_login(column) && look.spaces() < 0.5 && (look.is_empty() || look.distinct_share() >= 0.6) {
        return given(Role::Login, if look.is_empty() { 65 } else { 90 }, "named like a login");
    }
    if reading.head.has(C::Name) && !all.any(&[C::Thing, C::ThingTable]) && !context.thing_table() && is_words(look) {
        return given(Role::Name, 85, "named like a person's name");
    }
    by_values(look, says)
}

fn state_or_privilege(look: Look<'_>, context: &Context<'_>, column: usize) -> Option<Assignment> {
    use Concept as C;
    let all = context.readings[column].all;
    if all.any(&[C::Active, C::Inactive]) && !all.any(&[C::Personal, C::Thing]) {
        let inverted = all.has(C::Inactive);
        let states = look.is_empty() || look.flags() >= 0.8 || look.distinct() <= 8.0;
        if states || (inverted && look.is_instants()) {
            let why =
                if inverted { "named like a mark of disabled accounts" } else { "named like the state of an account" };
            let sure = if look.is_empty() { 55 } else { 85 };
            return Some(Assignment { inverted, ..given(Role::Active, sure, why) });
        }
    }
    let small = look.is_empty() || look.n < 30.0 || look.distinct() <= 50.0 || look.kinds(&[Kind::Structured]) >= 0.5;
    if all.any(&[C::Privilege, C::PrivilegeFlag]) && !all.has(C::Thing) && small && !look.is_instants() {
        return Some(given(Role::Privilege, 80, "named like a role or right"));
    }
    None
}

/// Letters, as names are; also Latin-1, which is no text in UTF-8.
fn is_words(look: Look<'_>) -> bool {
    let words = [
        Kind::Lower,
        Kind::Upper,
        Kind::Capital,
        Kind::Camel,
        Kind::Words,
        Kind::Slug,
        Kind::Binary,
        Kind::Prose,
        Kind::Mixed,
    ];
    look.is_empty() || look.kinds(&words) >= 0.6
}

/// Values alone.
fn by_values(look: Look<'_>, says: Says) -> Assignment {
    if says != Says::Nothing {
        return Assignment::other("its name says that it is something else");
    }
    if look.is_empty() {
        return Assignment::other("holds no value to judge by");
    }
    if look.first_names() >= 0.3 && look.n >= 5.0 {
        return given(Role::Name, 70, "its values are names of people");
    }
    if look.kinds(&[Kind::Address]) >= 0.8 {
        return given(Role::Personal, 60, "its values are network addresses");
    }
    if look.kinds(&[Kind::Numbers]) >= 0.8 && look.n >= 5.0 && look.mean_length() >= 9.0 {
        return given(Role::Personal, 50, "its values look like phone numbers");
    }
    Assignment::other("neither name nor values say more")
}

/// Finds the salts of the table's credentials and links them.
fn salts(context: &Context<'_>, roles: &mut [Assignment]) {
    let credentials: Vec<usize> = (0..roles.len()).filter(|&at| roles[at].role == Role::Credential).collect();
    let mut found: Vec<usize> = Vec::new();
    for at in 0..roles.len() {
        let (look, says) = (context.looks[at], context.readings[at].salt());
        let free = roles[at].role == Role::Other || (says.is_some() && roles[at].role != Role::Credential);
        let possible = !look.is_instants() && !matches!(look.declared, Declared::Bool | Declared::Decimal);
        let named = match says {
            Some(true) => possible,
            // `sel`, `sal`: an everyday word.
            Some(false) => possible && (look.n < 30.0 || look.distinct_share() >= 0.5) && !look.is_integers(),
            None => false,
        };
        if free && named {
            roles[at] = given(Role::Salt, 92, "named like a salt, beside a credential");
            found.push(at);
        } else if free && is_salt_by_values(context, roles, &credentials, at) {
            roles[at] = given(Role::Salt, 65, "random values of one length beside a column of digests");
            found.push(at);
        }
    }
    for &salt in &found {
        let related = |&credential: &usize| {
            let shared = context.readings[credential].shared_words(&context.readings[salt]);
            (std::cmp::Reverse(shared), credential.abs_diff(salt), credential)
        };
        let Some(&nearest) = credentials.iter().filter(|&&at| roles[at].salt.is_none()).min_by_key(|at| related(at))
        else {
            continue;
        };
        roles[nearest].salt = Some(salt);
    }
    // One salt may serve several columns of digests (`sha_pass`, `md5_pass`, `salt`).
    if let [salt] = found[..] {
        for &credential in &credentials {
            if context.looks[credential].digests() >= 0.5 && context.readings[salt].words.len() == 1 {
                roles[credential].salt.get_or_insert(salt);
            }
        }
    }
}

/// Whether a column of no name is a salt: near a credential that is a bare digest and has no salt by name.
fn is_salt_by_values(context: &Context<'_>, roles: &[Assignment], credentials: &[usize], at: usize) -> bool {
    let named_salt = context.readings.iter().any(|reading| reading.salt() == Some(true));
    let neighbour = credentials
        .iter()
        .any(|&credential| context.looks[credential].forms(&[FormKind::Digest]) >= 0.5 && credential.abs_diff(at) <= 2);
    !named_salt
        && neighbour
        && roles[at].role == Role::Other
        && context.readings[at].says() == Says::Nothing
        && context.looks[at].n >= 3.0
        && context.looks[at].is_random_of_one_length()
}

/// A table with credentials whose login has a name of its own: the key of a person (`uid`), a `name` without spaces, or
/// in a table without names the column that looks most like one.
fn logins(context: &Context<'_>, roles: &mut [Assignment]) {
    if roles.iter().any(|assignment| assignment.role == Role::Login) {
        return;
    }
    // Devices of one make all have the same login.
    let shared = |at: usize| context.is_named_login(at) && context.looks[at].spaces() < 0.5;
    if let Some(at) = (0..roles.len()).find(|&at| roles[at].role == Role::Other && shared(at)) {
        roles[at] = given(Role::Login, 75, "named like a login, beside a credential");
        return;
    }
    let usable = |at: usize| {
        let look = context.looks[at];
        let texts =
            look.kinds(&[Kind::Integer, Kind::Uuid, Kind::Email, Kind::Date, Kind::Hex, Kind::Words, Kind::Prose]);
        !look.is_empty() && texts < 0.3 && look.unique() && look.digests() < 0.1
    };
    let by_name = (0..roles.len()).find(|&at| {
        let reading = &context.readings[at];
        let key = matches!(reading.words.concat().as_str(), "uid" | "userid" | "memberid" | "accountid");
        let name = roles[at].role == Role::Name && reading.words.last().is_some_and(|word| word == "name");
        (key || (name && context.account_table())) && usable(at)
    });
    if let Some(at) = by_name {
        roles[at] =
            given(Role::Login, 70, "named like a key or a name; unique and without spaces, beside a credential");
        return;
    }
    let by_values = (0..roles.len()).find(|&at| {
        let look = context.looks[at];
        let words = [Kind::Lower, Kind::Slug, Kind::Mixed, Kind::Capital, Kind::Camel, Kind::Upper];
        roles[at].role == Role::Other
            && context.readings[at].says() == Says::Nothing
            && look.n >= 5.0
            && usable(at)
            && look.kinds(&words) >= 0.8
            && look.lengths().0 < 0.9
    });
    if let Some(at) = by_values {
        roles[at] = given(Role::Login, 55, "unique words without spaces, beside a credential");
    }
}

/// Picks the column that identifies the row, if there is one: at most one.
fn key(context: &Context<'_>, roles: &mut [Assignment]) {
    let rank = |at: usize| -> Option<u8> {
        let (look, reading) = (context.looks[at], &context.readings[at]);
        if roles[at].role != Role::Other || !(look.is_empty() || look.unique()) {
            return None;
        }
        let ids = [
            Kind::Integer,
            Kind::Uuid,
            Kind::Hex,
            Kind::Code,
            Kind::Mixed,
            Kind::Lower,
            Kind::Binary,
            Kind::Slug,
            Kind::Token,
        ];
        if !look.is_empty() && look.kinds(&ids) < 0.9 || look.is_instants() && look.n >= 3.0 && at > 0 {
            return None;
        }
        let named = reading.head.has(Concept::Id) || reading.all.has(Concept::Id) && reading.says() == Says::Else;
        if !named {
            let sequence = look.is_integers() || look.kinds(&[Kind::Uuid]) >= 0.9;
            return (at == 0 && !look.is_empty() && sequence && reading.says() == Says::Nothing).then_some(1);
        }
        let own = reading.words.iter().any(|word| {
            context.table.words.iter().any(|table| table.trim_end_matches('s') == word.trim_end_matches('s'))
        });
        Some(match reading.words.as_slice() {
            [word] if word == "id" => 5,
            _ if own => 4,
            _ if at == 0 => 3,
            [_] => 2,
            // The key of another table.
            _ => return None,
        })
    };
    // The first of the best.
    let best = (0..roles.len()).filter_map(|at| rank(at).map(|rank| (rank, std::cmp::Reverse(at)))).max();
    if let Some((rank, std::cmp::Reverse(at))) = best {
        let why = if rank > 1 { "named like a key, its values unique" } else { "first column, its values unique" };
        roles[at] = given(Role::Id, if rank >= 4 { 92 } else { 70 }, why);
    }
}
