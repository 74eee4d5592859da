//! What the search must keep for any bytes, for fuzzing: both engines find the same, cutting changes nothing, no report shows a
//! value.

use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use clap::Parser as _;

use crate::cli::{Cli, Command};
use crate::model::Report;
use crate::report::{self, Silent, Style};
use crate::secrets::{self, EngineChoice, Hit, LOOKBACK, MAX_MATCH, Rules, Window};
use crate::settings::{self, GateSettings};
use crate::sources::Target;

/// Names under which a text is searched: of each way of writing one, and files that have patterns of their own.
const NAMES: [&str; 12] = [
    "app.py",
    "app.ini",
    "app.xml",
    "app.sh",
    "notes.md",
    "dump.sql",
    "app.yml",
    ".netrc",
    ".pgpass",
    "my.cnf",
    "hosts",
    "master.key",
];

/// Longest text that an input may stand for, in bytes: longer than a match and what lies before it.
const MOST: usize = 80 << 10;

/// An input written out: after a byte 0xFF come how often, in 256, and which byte is repeated.
fn expanded(data: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    let mut rest = data;
    while let Some((byte, more)) = rest.split_first() {
        rest = more;
        match (byte, more) {
            (0xff, [times, filler, more @ ..]) => {
                text.extend(std::iter::repeat_n(*filler, usize::from(*times) << 8));
                rest = more;
            }
            _ => text.push(*byte),
        }
        if text.len() > MOST {
            break;
        }
    }
    text.truncate(MOST);
    text
}

fn rules(choice: EngineChoice) -> &'static Arc<Rules> {
    static RULES: [OnceLock<Arc<Rules>>; 2] = [OnceLock::new(), OnceLock::new()];
    RULES[usize::from(choice == EngineChoice::Portable)].get_or_init(|| {
        Rules::new(secrets::builtin(), choice, None, super::is_common).expect("built-in patterns make an engine")
    })
}

/// The hits in stretches of `size` bytes, each seen with no more around it than matches may reach.
fn in_windows(rules: &Arc<Rules>, name: &str, text: &[u8], size: usize) -> Vec<Hit> {
    let mut scanner = rules.scanner().expect("there is memory");
    let named = rules.named(name);
    let mut hits = Vec::new();
    for from in (0..text.len()).step_by(size) {
        let to = text.len().min(from + size);
        let (low, high) = (from.saturating_sub(LOOKBACK), text.len().min(to + MAX_MATCH));
        let window = Window { text: &text[low..high], offset: low as u64, from: from - low, to: to - low };
        scanner.scan(&window, &named, &mut hits).expect("the engine works");
    }
    secrets::settle(&mut hits, rules.patterns());
    hits
}

/// Input: a byte that chooses the file's name, a byte that chooses where it is cut, the text as [`expanded`] says.
pub(crate) fn any(data: &[u8]) {
    let [name, cut, rest @ ..] = data else { return };
    let name = NAMES[usize::from(*name) % NAMES.len()];
    let text = expanded(rest);
    let (best, portable) = (rules(EngineChoice::Best), rules(EngineChoice::Portable));
    let scan = |rules: &Arc<Rules>| rules.scan(name, &text).expect("the engine works");
    let whole = scan(best);
    same(best, &whole, &scan(portable), "by the portable engine");
    // At most some forty windows: small ones of a short text, large ones of a long one.
    let size = 1 + usize::from(*cut) * (1 + text.len() / 1024) + text.len() / 40;
    same(best, &whole, &in_windows(best, name, &text, size), "in windows");
    if !whole.is_empty() {
        shows_nothing(name, &text);
    }
}

/// Panics where two searches differ, with the rule and place of the first difference.
fn same(rules: &Rules, whole: &[Hit], other: &[Hit], how: &str) {
    let first = whole.iter().zip(other).position(|(a, b)| a != b).unwrap_or(whole.len().min(other.len()));
    let told = |hits: &[Hit]| {
        hits.get(first).map(|hit| {
            (
                rules.patterns()[hit.pattern].id,
                hit.secret.clone(),
                hit.matched.clone(),
                hit.confidence,
                hit.note.clone(),
            )
        })
    };
    assert!(whole == other, "as a whole {:?}, {how} {:?}", told(whole), told(other));
}

/// The gate's report on a file, in every format.
fn printed(settings: &mut GateSettings, path: &Path) -> (Report, Vec<u8>) {
    settings.audit.targets = vec![Target::Path(path.to_path_buf())];
    let report = super::run(settings, &Silent).expect("nothing outside of the file can fail");
    let mut out = Vec::new();
    for output in report::ALL {
        output.write(&report, Style { color: false, width: 100 }, &mut out).expect("memory takes all");
    }
    (report, out)
}

/// No report holds a value that was found. Left out are values that stand in the text a second time, where they may be a name,
/// and words that reports use whatever is found.
fn shows_nothing(name: &str, text: &[u8]) {
    struct Bench {
        folder: tempfile::TempDir,
        settings: GateSettings,
        words: Vec<u8>,
    }
    static BENCH: OnceLock<Mutex<Bench>> = OnceLock::new();
    let bench = BENCH.get_or_init(|| {
        let folder = tempfile::tempdir().expect("there is a temporary folder");
        let typed = ["credaudit", "gate", ".", "--no-config", "--threads", "1"];
        let Ok(Cli { command: Command::Gate(args), .. }) = Cli::try_parse_from(typed) else {
            panic!("the command is a gate")
        };
        let (mut settings, _) = settings::check_gate(*args).expect("the settings are in order");
        settings.baseline = None;
        let path = folder.path().join("known.ini");
        std::fs::write(&path, "password = Gr4nite!x7\n").expect("the folder can be written");
        let (_, mut words) = printed(&mut settings, &path);
        for pattern in settings.rules.patterns() {
            words.extend_from_slice(pattern.description.as_bytes());
            words.extend_from_slice(pattern.advice.as_deref().unwrap_or_default().as_bytes());
        }
        Mutex::new(Bench { folder, settings, words })
    });
    let mut bench = bench.lock().unwrap_or_else(PoisonError::into_inner);
    let Bench { folder, settings, words } = &mut *bench;
    let path = folder.path().join(name);
    std::fs::write(&path, text).expect("the folder can be written");
    let (report, out) = printed(settings, &path);
    for finding in &report.findings {
        let Some(site) = finding.site.as_deref().filter(|site| site.length >= 8) else { continue };
        let value = &text[site.offset as usize..(site.offset + site.length) as usize];
        let value = secrets::narrow(value);
        let holds = |hay: &[u8]| memchr::memmem::find(hay, &value).is_some();
        if memchr::memmem::find_iter(text, &*value).count() < 2 && !holds(words) {
            assert!(!holds(&out), "a report shows what {} found at {}", finding.rule, site.offset);
        }
    }
}
