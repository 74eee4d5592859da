//! What a name says. Names are cut into words (`snake_case`, `camelCase`, `kebab-case`, spaces), folded (accents, case)
//! and looked up as phrases in `patterns/columns.toml`; nothing here looks at values.

use std::collections::{BTreeMap, HashMap};
use std::sync::OnceLock;

/// The dictionary file, read once.
const DICTIONARY: &str = include_str!("../../patterns/columns.toml");

/// Longest phrase, in words: `customers info date of last logon` has six.
const LONGEST_PHRASE: usize = 6;

/// What one phrase can stand for; a set of them fits in a [`Concepts`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(super) enum Concept {
    Credential,
    CredentialMaybe,
    NotCredential,
    Token,
    Checksum,
    Salt,
    SaltMaybe,
    Id,
    Login,
    Email,
    Name,
    LastLogin,
    Active,
    Inactive,
    Privilege,
    PrivilegeFlag,
    Personal,
    Date,
    Thing,
    AccountTable,
    ThingTable,
    /// What programs speak to.
    Interface,
}

impl Concept {
    /// Every concept with its section in the dictionary.
    const SECTIONS: [(&'static str, Self); 22] = [
        ("credential", Self::Credential),
        ("credential_maybe", Self::CredentialMaybe),
        ("not_credential", Self::NotCredential),
        ("token", Self::Token),
        ("checksum", Self::Checksum),
        ("salt", Self::Salt),
        ("salt_maybe", Self::SaltMaybe),
        ("id", Self::Id),
        ("login", Self::Login),
        ("email", Self::Email),
        ("name", Self::Name),
        ("last_login", Self::LastLogin),
        ("active", Self::Active),
        ("inactive", Self::Inactive),
        ("privilege", Self::Privilege),
        ("privilege_flag", Self::PrivilegeFlag),
        ("personal", Self::Personal),
        ("date", Self::Date),
        ("thing", Self::Thing),
        ("account_table", Self::AccountTable),
        ("thing_table", Self::ThingTable),
        ("interface", Self::Interface),
    ];
}

/// A set of concepts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Concepts(u32);

impl Concepts {
    /// Whether `concept` is among them.
    pub(super) const fn has(self, concept: Concept) -> bool {
        self.0 & (1 << concept as u32) != 0
    }

    /// Whether any of `concepts` is among them.
    pub(super) fn any(self, concepts: &[Concept]) -> bool {
        concepts.iter().any(|&concept| self.has(concept))
    }

    fn add(&mut self, concept: Concept) {
        self.0 |= 1 << concept as u32;
    }

    fn join(&mut self, other: Self) {
        self.0 |= other.0;
    }
}

/// What a name says about credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Says {
    /// Nothing either way.
    Nothing,
    /// A stored password.
    Password,
    /// Perhaps one: `hash`, `pin`, `secret`.
    Maybe,
    /// Something about a password that is not one: when it changed, how often it failed.
    About,
    /// A token, session or key.
    Token,
    /// The digest of a thing: a checksum, a revision, a gravatar.
    Checksum,
    /// Something else that has a name of its own.
    Else,
}

/// A name, read.
#[derive(Clone, Debug, Default)]
pub(super) struct Reading {
    /// Concepts of all phrases found.
    pub all: Concepts,
    /// Concepts of the last phrase found.
    pub head: Concepts,
    /// The words, folded.
    pub words: Vec<String>,
}

impl Reading {
    /// Reads the name of a column or a table.
    pub(super) fn of(name: &str) -> Self {
        let words = words(name);
        let dictionary = dictionary();
        let mut reading = Self::default();
        let mut at = 0;
        while at < words.len() {
            let longest = LONGEST_PHRASE.min(words.len() - at);
            let found = (1..=longest).rev().find_map(|count| {
                let phrase = &words[at..at + count];
                dictionary.phrase(phrase).map(|concepts| (count, concepts))
            });
            if let Some((count, concepts)) = found {
                reading.all.join(concepts);
                reading.head = concepts;
                at += count;
            } else {
                if let Some(concepts) = dictionary.compound(&words[at]) {
                    reading.all.join(concepts);
                    reading.head = concepts;
                }
                at += 1;
            }
        }
        reading.words = words;
        reading
    }

    /// What it says about credentials.
    pub(super) fn says(&self) -> Says {
        use Concept as C;
        let all = self.all;
        if all.has(C::Credential) {
            if all.has(C::Token) {
                return Says::Token;
            }
            if all.any(&[C::NotCredential, C::Date, C::LastLogin, C::Checksum]) {
                return Says::About;
            }
            return Says::Password;
        }
        if all.has(C::Token) {
            return Says::Token;
        }
        if all.has(C::Checksum) {
            return Says::Checksum;
        }
        if all.has(C::CredentialMaybe) {
            if all.any(&[C::Email, C::Name, C::Personal, C::Thing, C::ThingTable, C::Id]) && !self.exactly_maybe() {
                return Says::Checksum;
            }
            if all.any(&[C::Date, C::NotCredential, C::LastLogin]) {
                return Says::About;
            }
            return Says::Maybe;
        }
        let other = [
            C::Id,
            C::Login,
            C::Email,
            C::Name,
            C::LastLogin,
            C::Active,
            C::Inactive,
            C::Privilege,
            C::PrivilegeFlag,
            C::Personal,
            C::Date,
            C::Thing,
        ];
        if all.any(&other) { Says::Else } else { Says::Nothing }
    }

    /// Whether the name is nothing but the ambiguous word.
    fn exactly_maybe(&self) -> bool {
        self.words.len() == 1
    }

    /// Whether the name says salt, and whether it says so beyond doubt.
    pub(super) fn salt(&self) -> Option<bool> {
        if self.all.has(Concept::Salt) {
            Some(true)
        } else if self.head.has(Concept::SaltMaybe) {
            Some(false)
        } else {
            None
        }
    }

    /// How many words two names share, the words for password and salt aside.
    pub(super) fn shared_words(&self, other: &Self) -> usize {
        self.words.iter().filter(|word| other.words.contains(word)).count()
    }
}

/// Cuts a name into folded words: at separators, at camel humps, and digits apart from letters stay with the word before.
pub(super) fn words(name: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let chars: Vec<char> = name.chars().take(256).collect();
    for (at, &c) in chars.iter().enumerate() {
        if !c.is_alphanumeric() {
            push(&mut words, &mut word);
            continue;
        }
        let before = at.checked_sub(1).map(|before| chars[before]);
        let after = chars.get(at + 1);
        let hump = c.is_uppercase()
            && (before.is_some_and(|b| b.is_lowercase() || b.is_ascii_digit())
                || (before.is_some_and(char::is_uppercase) && after.is_some_and(|a| a.is_lowercase())));
        if hump {
            push(&mut words, &mut word);
        }
        fold(c, &mut word);
    }
    push(&mut words, &mut word);
    words
}

fn push(words: &mut Vec<String>, word: &mut String) {
    if !word.is_empty() {
        words.push(std::mem::take(word));
    }
}

/// Lower case without accents, for the alphabets of the dictionary's languages.
fn fold(c: char, into: &mut String) {
    for c in c.to_lowercase() {
        let plain = match c {
            'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' | 'ą' | 'ă' => 'a',
            'ç' | 'ć' | 'č' => 'c',
            'ď' => 'd',
            'è' | 'é' | 'ê' | 'ë' | 'ę' | 'ě' => 'e',
            'ì' | 'í' | 'î' | 'ï' | 'ı' => 'i',
            'ł' => 'l',
            'ñ' | 'ń' | 'ň' => 'n',
            'ò' | 'ó' | 'ô' | 'õ' | 'ö' | 'ø' | 'ő' => 'o',
            'ř' => 'r',
            'ś' | 'š' | 'ş' | 'ș' => 's',
            'ť' | 'ț' => 't',
            'ù' | 'ú' | 'û' | 'ü' | 'ů' | 'ű' => 'u',
            'ý' | 'ÿ' => 'y',
            'ź' | 'ż' | 'ž' => 'z',
            'ß' => {
                into.push_str("ss");
                continue;
            }
            // Combining marks of decomposed text (and of `İ` in lower case).
            '\u{300}'..='\u{36f}' => continue,
            other => other,
        };
        into.push(plain);
    }
}

/// The dictionary.
struct Dictionary {
    /// Concepts by phrase, its words joined without separators.
    phrases: HashMap<String, Concepts>,
    /// Words for password long enough to be looked for inside an unseparated name.
    stems: Vec<String>,
}

/// Shortest word that is looked for inside another: `senha` and `pass` occur in words of their own (`resenha`, `passage`).
const STEM: usize = 6;

impl Dictionary {
    /// The concepts of a phrase; digits at its end are dropped if it is not found with them (`address2`, `md5`).
    fn phrase(&self, words: &[String]) -> Option<Concepts> {
        let joined = words.concat();
        self.phrases.get(&joined).or_else(|| self.phrases.get(strip_digits(&joined)?)).copied()
    }

    /// The concepts of a word with a word for password inside (`userpasswordhash`).
    fn compound(&self, word: &str) -> Option<Concepts> {
        let (start, stem) = self.stems.iter().find_map(|stem| word.find(stem.as_str()).map(|at| (at, stem)))?;
        let mut concepts = *self.phrases.get(stem)?;
        for part in [&word[..start], &word[start + stem.len()..]] {
            if let Some(&more) = self.phrases.get(part) {
                concepts.join(more);
            }
        }
        Some(concepts)
    }
}

fn strip_digits(word: &str) -> Option<&str> {
    let stripped = word.trim_matches(|c: char| c.is_ascii_digit());
    (!stripped.is_empty() && stripped.len() < word.len()).then_some(stripped)
}

/// The dictionary file: section, language, phrases.
type Sections = BTreeMap<String, BTreeMap<String, Vec<String>>>;

fn sections() -> &'static Sections {
    static SECTIONS: OnceLock<Sections> = OnceLock::new();
    SECTIONS
        .get_or_init(|| toml::from_str(DICTIONARY).expect("patterns/columns.toml is part of the program and tested"))
}

fn dictionary() -> &'static Dictionary {
    static DICTIONARY: OnceLock<Dictionary> = OnceLock::new();
    DICTIONARY.get_or_init(|| {
        let mut phrases: HashMap<String, Concepts> = HashMap::new();
        let mut stems = Vec::new();
        for (section, concept) in Concept::SECTIONS {
            for phrase in sections().get(section).into_iter().flat_map(BTreeMap::values).flatten() {
                let words = words(phrase);
                let joined = words.concat();
                if concept == Concept::Credential && words.len() == 1 && joined.len() >= STEM {
                    stems.push(joined.clone());
                }
                phrases.entry(joined).or_default().add(concept);
            }
        }
        stems.sort_by_key(|stem| std::cmp::Reverse(stem.len()));
        stems.dedup();
        Dictionary { phrases, stems }
    })
}

/// Values that are first names, as written in the dictionary: lower case, with accents.
pub(super) fn first_names() -> impl Iterator<Item = &'static str> {
    list("first_names")
}

/// Values that are flags or states, in lower case.
pub(super) fn flags() -> impl Iterator<Item = &'static str> {
    list("flags")
}

fn list(section: &'static str) -> impl Iterator<Item = &'static str> {
    sections().get(section).into_iter().flat_map(BTreeMap::values).flatten().map(String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_section_of_the_dictionary_is_read_and_every_concept_has_a_section() {
        let read: Vec<&str> = Concept::SECTIONS.iter().map(|(section, _)| *section).collect();
        for section in sections().keys() {
            assert!(
                read.contains(&section.as_str()) || ["first_names", "flags"].contains(&section.as_str()),
                "{section} is never read"
            );
        }
        for section in read {
            assert!(sections().contains_key(section), "{section} is missing");
        }
    }

    #[test]
    fn no_phrase_is_longer_than_the_search_looks() {
        for phrase in sections().values().flat_map(BTreeMap::values).flatten() {
            assert!((1..=LONGEST_PHRASE).contains(&words(phrase).len()), "{phrase}");
        }
    }

    #[test]
    fn names_are_cut_at_separators_and_humps_and_lose_their_accents() {
        assert_eq!(words("passwordHash"), ["password", "hash"]);
        assert_eq!(words("MOT_DE_PASSE"), ["mot", "de", "passe"]);
        assert_eq!(words("Letzter Login-Zeitpunkt"), ["letzter", "login", "zeitpunkt"]);
        assert_eq!(words("contraseña"), ["contrasena"]);
        assert_eq!(words("UserID"), ["user", "id"]);
        assert_eq!(words("HTMLTitle"), ["html", "title"]);
        assert_eq!(words("hasło"), ["haslo"]);
        assert_eq!(words(""), Vec::<String>::new());
        assert_eq!(words("***"), Vec::<String>::new());
    }

    #[test]
    fn password_columns_are_known_by_name_in_every_language() {
        for name in [
            "password",
            "passwd",
            "user_pass",
            "UserPassword",
            "encrypted_password",
            "crypted_password",
            "PasswordHash",
            "passwordHash",
            "password_digest",
            "password2",
            "uPassword",
            "members_pass_hash",
            "pw_passwd",
            "rolpassword",
            "customers_password",
            "kennwort",
            "Passwort",
            "benutzerpasswort",
            "mot_de_passe",
            "motDePasse",
            "mdp",
            "contraseña",
            "contrasena",
            "senha",
            "senha_hash",
            "parola_chiave",
            "wachtwoord",
            "hasło",
            "haslo",
            "lösenord",
            "adgangskode",
            "user_newpassword",
            "userpasswordhash",
            "sha_pass_hash",
            "plainPassword",
            "temp password",
            "mot de passe utilisateur",
            "hashed_password",
            "user_pwd",
        ] {
            assert_eq!(Reading::of(name).says(), Says::Password, "{name}");
        }
        for name in ["pass", "pwd", "pw", "pin", "secret", "hash", "clave", "md5", "user_hash", "parola_", "ww"] {
            assert!(matches!(Reading::of(name).says(), Says::Maybe | Says::Password), "{name}");
        }
    }

    #[test]
    fn columns_about_passwords_are_not_passwords() {
        for name in [
            "password_changed_at",
            "password_hint",
            "pass_count",
            "password_expires",
            "must_change_password",
            "password_algorithm",
            "hash_type",
            "password_question",
            "PasswordFormat",
            "passworddate",
            "last_passwd_gen",
            "PasswordChangedDate",
            "password_reset_sent_at",
            "passwort_geaendert_am",
            "mot_de_passe_expire_le",
            "hasło_zmienione",
            "senha_alterada_em",
            "failed_password_attempts",
            "lastpasswordchange",
            "passage",
            "passenger",
            "passport_no",
            "reisepass",
            "password_reset_token",
            "reset_password_token",
            "password_salt",
            "forgotten_password_code",
            "PasswordAnswer",
            "compass",
            "pass_rate",
            "UserPasswordFormat",
        ] {
            let reading = Reading::of(name);
            assert!(!matches!(reading.says(), Says::Password | Says::Maybe) || reading.salt().is_some(), "{name}");
        }
        for name in
            ["gravatar_hash", "email_hash", "commit_sha", "md5sum", "etag", "avatar_md5", "file_sha1", "image_hash"]
        {
            assert_eq!(Reading::of(name).says(), Says::Checksum, "{name}");
        }
        for name in ["api_key", "remember_token", "session_id", "otp_secret", "tfa_secret", "auth_key", "token"] {
            assert_eq!(Reading::of(name).says(), Says::Token, "{name}");
        }
        for name in ["field7", "column 3", "f1", "x", "kolumna", "h"] {
            assert_eq!(Reading::of(name).says(), Says::Nothing, "{name}");
        }
    }

    #[test]
    fn salts_are_known_by_name() {
        for name in ["salt", "members_pass_salt", "PasswordSalt", "password_salt", "salz", "user_form_salt"] {
            assert_eq!(Reading::of(name).salt(), Some(true), "{name}");
        }
        assert_eq!(Reading::of("sel").salt(), Some(false));
        assert_eq!(Reading::of("salary").salt(), None);
    }
}
