//! What a name says of its value, and a path of its file.

use super::patterns::Kind;
use super::value::parts;
use super::words::words;

/// How a file writes its values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Writing {
    /// A programming language: bare words are names of other things.
    Code,
    /// Settings: bare words are values.
    Settings,
    /// Tags and attributes.
    Markup,
    /// A shell's script or a list of commands.
    Shell,
    /// Prose.
    Prose,
}

/// What a path says of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FileKind {
    pub(super) writing: Writing,
    /// Whether folders or the name say that what is in it is made up.
    pub(super) made_up: bool,
}

const CODE: &[&str] = &[
    "c", "h", "cc", "cpp", "cxx", "hpp", "hh", "cs", "java", "kt", "kts", "scala", "groovy", "gradle", "js", "jsx",
    "mjs", "cjs", "ts", "tsx", "vue", "svelte", "py", "pyw", "pyx", "ipynb", "rb", "erb", "php", "go", "rs", "swift",
    "m", "mm", "dart", "lua", "pl", "pm", "r", "jl", "ex", "exs", "erl", "hs", "clj", "fs", "fsx", "vb", "vbs", "pas",
    "d", "nim", "zig", "sql", "sol", "tf", "bicep", "proto", "s", "asm", "y", "l", "awk", "coffee", "elm", "ml", "mli",
    "ada", "adb", "f90", "cob", "abap", "apex", "cls", "dts", "dtsi", "rego", "jsonnet", "nix",
];
const MARKUP: &[&str] = &[
    "xml", "html", "htm", "xhtml", "config", "csproj", "plist", "xaml", "jsp", "aspx", "svg", "wsdl", "xsd", "xsl",
    "resx", "rdf", "pom",
];
const SHELL: &[&str] = &["sh", "bash", "zsh", "fish", "ksh", "ps1", "psm1", "bat", "cmd", "mk", "make"];
const PROSE: &[&str] = &[
    "md", "markdown", "rst", "adoc", "asciidoc", "org", "tex", "wiki", "log", "eml", "mbox", "po", "pot", "texi", "1",
    "2", "3", "4", "5", "6", "7", "8",
];

impl FileKind {
    /// From a path with `/` between its parts.
    pub(super) fn of(path: &str) -> Self {
        let name = path.rsplit('/').next().unwrap_or(path);
        let lower = name.to_ascii_lowercase();
        let lower =
            [".example", ".sample", ".dist", ".template", ".tmpl", ".tpl", ".j2", ".erb", ".bak", ".orig", ".old"]
                .iter()
                .fold(lower.as_str(), |name, end| {
                    name.strip_suffix(end).filter(|rest| rest.contains('.')).unwrap_or(name)
                });
        let ending = lower
            .rsplit_once('.')
            .map_or("", |(stem, ending)| if stem.is_empty() && ending.len() > 4 { "" } else { ending });
        let is = |list: &[&str]| list.contains(&ending);
        let writing = if is(CODE) {
            Writing::Code
        } else if is(MARKUP) {
            Writing::Markup
        } else if is(SHELL)
            || matches!(
                lower,
                "dockerfile"
                    | "makefile"
                    | "vagrantfile"
                    | ".bashrc"
                    | ".zshrc"
                    | ".profile"
                    | ".bash_history"
                    | "jenkinsfile"
                    | "kconfig"
            )
            || lower.starts_with("makefile")
            || lower.starts_with("dockerfile")
        {
            Writing::Shell
        } else if is(PROSE)
            || (ending == "txt" && !lower.contains("password") && !lower.contains("config"))
            || lower.starts_with("commit message of ")
            || lower.starts_with("tag message of ")
            || matches!(lower, "readme" | "copying" | "license" | "changelog" | "news" | "todo" | "maintainers")
        {
            Writing::Prose
        } else {
            Writing::Settings
        };
        let lists = words();
        // Taking names apart costs more than looking whether there is anything in them to find.
        let may_be = |folder: &str| lists.made_up_anywhere.is_match(folder);
        let made_up = may_be(path)
            && path
                .split('/')
                .filter(|folder| may_be(folder))
                .any(|folder| parts(folder).iter().any(|part| lists.made_up.contains(part.as_str())));
        Self { writing, made_up }
    }
}

/// What a name tells of its value, and how surely, in percent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) kind: Kind,
    pub(super) sure: u8,
}

/// Judges a name such as `spring.datasource.password`, `DB_PASS`, `clientSecret`, `Kennwort`. `None` where it tells nothing,
/// or that the value is something about a secret rather than one.
pub(super) fn judge(name: &str) -> Option<Told> {
    let lists = words();
    let parts = parts(name);
    // The last telling part decides; what comes after it says whether the value is it.
    let (at, kind, whole) = parts.iter().enumerate().rev().find_map(|(i, part)| {
        if (part == "key" || part == "keys") && i > 0 && lists.before_key.contains(parts[i - 1].as_str()) {
            return Some((i, Kind::Key, true));
        }
        telling(part).map(|(kind, whole)| (i, kind, whole)).or_else(|| {
            // `motDePasse`, `pass_word`, `api.secret.key`: a word in several parts.
            [2, 1].into_iter().filter(|n| *n <= i).find_map(|n| {
                let joined = parts[i - n..=i].concat();
                lists.names.iter().find(|(word, _)| *word == joined).map(|(_, kind)| (i, *kind, true))
            })
        })
    })?;
    let mut sure: u32 = if whole { 100 } else { 90 };
    for part in &parts[at + 1..] {
        if lists.after.contains(part.as_str()) {
            return None;
        }
        if !part.chars().all(|c| c.is_ascii_digit()) && part.len() > 1 && !is_neutral(part) {
            sure = sure * 8 / 10;
        }
    }
    let start = if kind == Kind::Key && at > 0 { at - 1 } else { at };
    if parts[..start].iter().rev().take(2).any(|part| lists.before.contains(part.as_str())) {
        return None;
    }
    if lists.ambiguous.contains(parts[at].trim_end_matches(|c: char| c.is_ascii_digit())) {
        sure = sure * 7 / 10;
    }
    // `passwordFieldKey`, `token_secret_name`: an earlier telling part changes nothing.
    if kind == Kind::Secret
        && matches!(parts[at].as_str(), "salt" | "pepper" | "creds" | "cred" | "credential" | "credentials" | "secrets")
    {
        sure = sure * 8 / 10;
    }
    if kind == Kind::Token && parts[at] == "tokens" {
        sure = sure * 6 / 10;
    }
    Some(Told { kind, sure: sure as u8 })
}

/// Whether a function of that name is given a value to keep, rather than the name of one to look up.
pub(super) fn hands_over(name: &str) -> bool {
    let parts = parts(name.rsplit('.').next().unwrap_or(name));
    let first = parts.first().map_or("", String::as_str);
    parts.len() <= 1
        || matches!(first, "set" | "with" | "use" | "add" | "put" | "update" | "change" | "create" | "define" | "new")
}

fn is_neutral(part: &str) -> bool {
    matches!(
        part,
        "value"
            | "val"
            | "plain"
            | "default"
            | "prod"
            | "production"
            | "dev"
            | "staging"
            | "live"
            | "new"
            | "old"
            | "root"
            | "admin"
            | "user"
            | "db"
            | "database"
            | "str"
            | "string"
            | "base64"
            | "raw"
            | "clear"
            | "cleartext"
            | "confirm"
            | "repeat"
            | "again"
            | "first"
            | "second"
            | "main"
            | "backup"
            | "const"
            | "hex"
            | "bytes"
            | "for"
            | "of"
            | "sha"
            | "sandbox"
            | "master"
            | "shared"
            | "key"
    )
}

/// Whether one part of a name is a telling word, or ends in one after another word (`dbpass`, `mypassword`).
fn telling(part: &str) -> Option<(Kind, bool)> {
    let part = part.trim_end_matches(|c: char| c.is_ascii_digit());
    for (word, kind) in &words().names {
        if part == word {
            return Some((*kind, true));
        }
        if let Some(before) = part.strip_suffix(word.as_str()) {
            // Short words also end other words: `enclave`, `bypass`.
            let short = word.is_ascii()
                && (word.len() <= 4
                    || matches!(word.as_str(), "clave" | "senha" | "haslo" | "heslo" | "sifre" | "creds" | "passw"));
            let known = matches!(
                before,
                "db" | "my"
                    | "user"
                    | "admin"
                    | "root"
                    | "mysql"
                    | "pg"
                    | "sql"
                    | "ftp"
                    | "sftp"
                    | "smtp"
                    | "imap"
                    | "mail"
                    | "ldap"
                    | "redis"
                    | "auth"
                    | "http"
                    | "ssh"
                    | "wifi"
                    | "wpa"
                    | "vpn"
                    | "sudo"
                    | "login"
                    | "proxy"
                    | "bind"
                    | "key"
                    | "keystore"
                    | "truststore"
                    | "store"
                    | "app"
                    | "api"
                    | "client"
                    | "web"
                    | "jdbc"
                    | "s3"
                    | "rpc"
                    | "svc"
                    | "service"
                    | "rabbitmq"
                    | "mongo"
                    | "email"
            );
            if (!short && before.len() >= 2) || known {
                return Some((*kind, known));
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_their_value_in_eight_languages() {
        for (name, kind) in [
            ("password", Kind::Password),
            ("DB_PASS", Kind::Password),
            ("spring.datasource.password", Kind::Password),
            ("adminPassword2", Kind::Password),
            ("mysqlpass", Kind::Password),
            ("Kennwort", Kind::Password),
            ("contraseña", Kind::Password),
            ("motDePasse", Kind::Password),
            ("senha_banco", Kind::Password),
            ("wachtwoord", Kind::Password),
            ("HASLO_DB", Kind::Password),
            ("пароль", Kind::Password),
            ("数据库密码", Kind::Password),
            ("clientSecret", Kind::Secret),
            ("SECRET_KEY", Kind::Key),
            ("x-api-key", Kind::Key),
            ("stripeApiKey", Kind::Key),
            ("SLACK_BOT_TOKEN", Kind::Token),
        ] {
            assert_eq!(judge(name).map(|told| told.kind), Some(kind), "{name}");
        }
    }

    #[test]
    fn names_about_a_secret_are_not_names_of_one() {
        for name in [
            "password_hash",
            "passwordField",
            "tokenType",
            "api_key_id",
            "public_key",
            "primaryKey",
            "sort_key",
            "passwordResetUrl",
            "bypass",
            "compass",
            "passenger",
            "monkey",
            "keyboard",
            "secret_name",
            "is_password",
            "next_page_token",
            "tokenizer",
            "PASSWORD_MIN_LENGTH",
            "keyPath",
        ] {
            assert_eq!(judge(name), None, "{name}");
        }
    }

    #[test]
    fn files_are_known_by_their_names() {
        let of = |path: &str| FileKind::of(path).writing;
        assert_eq!(of("src/a.rs"), Writing::Code);
        assert_eq!(of(".env"), Writing::Settings);
        assert_eq!(of(".env.example"), Writing::Settings);
        assert_eq!(of("a/Dockerfile"), Writing::Shell);
        assert_eq!(of("web.config"), Writing::Markup);
        assert_eq!(of("docs/index.md"), Writing::Prose);
        assert!(FileKind::of("a/test_data/x.yml").made_up);
        assert!(!FileKind::of("contest/latest.yml").made_up);
    }
}
