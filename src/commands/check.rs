//! `credaudit check`: one password typed at a prompt, or many values on standard input. Counts come out, never a value.

use std::fmt::Write as _;
use std::io::{self, BufRead, BufReader, IsTerminal, Read};

use credaudit::audit::{self, Sources};
use credaudit::cli::CheckArgs;
use credaudit::error::Error;
use credaudit::guess::{self, DigestIndex};
use credaudit::model::{Algorithm, BreachReport, Digest, DigestKind, Exposure, Formula, Secret};
use credaudit::report::{Notes, Progress, Silent};
use credaudit::schemes;
use credaudit::settings::{self, CheckInput, CheckSettings};

use super::corpus::thousands;
use super::print;

/// Nothing was seen.
const CLEAN: u8 = 0;
/// Something was.
const SEEN: u8 = 1;
/// Nothing was seen, and not everything is known.
const UNKNOWN: u8 = 2;
/// Longest value; a line beyond it is none.
const LONGEST: u64 = 1 << 20;
/// Whole digests that a password can be asked about with, the one to prefer first.
const WHOLE: [DigestKind; 4] = [DigestKind::Sha1, DigestKind::Ntlm, DigestKind::Sha256, DigestKind::Md5];

pub(super) fn run(args: &CheckArgs) -> Result<u8, Error> {
    let settings = settings::check_command(args)?;
    let sources = Sources::open(&settings.breach)?;
    let progress: &dyn Progress = if settings.quiet { &Silent } else { &Notes };
    let mut values = Values::new(&settings, &sources);
    values.read().map_err(|e| Error::system("reading the values", e))?;
    let answers = values.ask(&sources, progress);
    for remark in sources.remarks() {
        progress.note(&remark);
    }
    print(|to| to.write_all(answers.told().as_bytes()))?;
    Ok(answers.code())
}

/// What was read: of each value only what a source can be asked.
struct Values<'a> {
    settings: &'a CheckSettings,
    /// The kind that a password is asked about with, if any source takes one.
    whole: Option<DigestKind>,
    /// Whether somebody takes the beginning of a Keccak.
    keccak: bool,
    /// For hashes, against the built-in list.
    index: Option<DigestIndex>,
    /// By value: in the built-in list, whole digest, beginning of a Keccak.
    each: Vec<(bool, Option<Digest>, Option<Digest>)>,
    /// Lines that are no hash, and the first of them.
    not_understood: (u64, u64),
}

impl<'a> Values<'a> {
    fn new(settings: &'a CheckSettings, sources: &Sources) -> Self {
        let taken: Vec<DigestKind> = sources.kinds().collect();
        let hashes = settings.input != CheckInput::Passwords && settings.embedded;
        Self {
            settings,
            whole: WHOLE.into_iter().find(|kind| taken.contains(kind)),
            keccak: taken.contains(&DigestKind::Keccak),
            index: hashes.then(|| {
                let algorithms = [Algorithm::Md5, Algorithm::Ntlm, Algorithm::Sha1, Algorithm::Sha256];
                DigestIndex::build(&algorithms.map(Formula::Plain))
            }),
            each: Vec::new(),
            not_understood: (0, 0),
        }
    }

    fn read(&mut self) -> io::Result<()> {
        if self.settings.input == CheckInput::Passwords && io::stdin().is_terminal() {
            let typed = Secret::from(rpassword::prompt_password("Password (it is not shown): ")?.into_bytes());
            self.password(typed.expose());
            return Ok(());
        }
        let mut input = BufReader::new(io::stdin().lock());
        for number in 1_u64.. {
            let mut line = Vec::new();
            let read = (&mut input).take(LONGEST + 1).read_until(b'\n', &mut line)?;
            if read == 0 {
                break;
            }
            if read as u64 > LONGEST && line.last() != Some(&b'\n') {
                input.skip_until(b'\n')?;
                self.not_understood(number);
                continue;
            }
            while line.last().is_some_and(|end| matches!(end, b'\n' | b'\r')) {
                line.pop();
            }
            let line = Secret::from(line);
            match self.settings.input {
                CheckInput::Passwords => self.password(line.expose()),
                CheckInput::Hashes(kind) => self.hash(number, line.expose().trim_ascii(), kind),
            }
        }
        Ok(())
    }

    fn password(&mut self, password: &[u8]) {
        self.each.push((
            self.settings.embedded && guess::common().rank(password).is_some(),
            self.whole.map(|kind| schemes::digest_of(kind, password)),
            self.keccak.then(|| schemes::digest_of(DigestKind::Keccak, password)),
        ));
    }

    fn hash(&mut self, number: u64, line: &[u8], kind: Option<DigestKind>) {
        let kind = kind.or(match line.len() {
            40 => Some(DigestKind::Sha1),
            64 => Some(DigestKind::Sha256),
            _ => None,
        });
        let bytes = hex::decode(line).unwrap_or_default();
        match kind.filter(|kind| kind.len() == bytes.len()).and_then(|kind| Digest::of(kind, &bytes)) {
            Some(digest) => {
                let listed = self.index.as_ref().is_some_and(|index| index.find(&bytes).is_some());
                self.each.push((listed, Some(digest), None));
            }
            None => self.not_understood(number),
        }
    }

    fn not_understood(&mut self, number: u64) {
        if self.not_understood.0 == 0 {
            self.not_understood.1 = number;
        }
        self.not_understood.0 += 1;
    }

    fn ask(&self, sources: &Sources, progress: &dyn Progress) -> Answers {
        let taken: Vec<DigestKind> = sources.kinds().collect();
        let both = self.each.iter().flat_map(|(_, whole, keccak)| [*whole, *keccak]).flatten();
        let mut digests: Vec<Digest> = both.filter(|digest| taken.contains(&digest.kind())).collect();
        digests.sort_unstable();
        digests.dedup();
        let names =
            sources.list().iter().map(|source| BreachReport { source: source.name(), ..BreachReport::default() });
        let mut reports: Vec<BreachReport> = names.collect();
        let exposures = audit::settle(sources, &digests, &mut reports, progress);
        let find = |digest: &Option<Digest>| {
            let at = digests.binary_search(digest.as_ref()?).ok()?;
            Some(exposures[at])
        };
        let mut answers = Answers { reports, not_understood: self.not_understood, ..Answers::default() };
        for (listed, whole, keccak) in &self.each {
            let told = [find(whole), find(keccak)];
            let told = || told.iter().flatten();
            let seen = told().any(|exposure| matches!(exposure, Exposure::Seen(_)));
            answers.count = answers.count.max(told().filter_map(count).max());
            // A kind that nobody takes and no list knows was asked of nobody.
            let nobody = told().next().is_none() && !self.settings.embedded;
            if *listed || seen {
                answers.seen += 1;
                answers.listed += u64::from(*listed);
            } else if nobody || told().any(|exposure| matches!(exposure, Exposure::Unknown(_))) {
                answers.unknown += 1;
                answers.nobody += u64::from(nobody);
            } else {
                answers.not_seen += 1;
            }
        }
        answers
    }
}

fn count(exposure: &Exposure) -> Option<u64> {
    match exposure {
        Exposure::Seen(count) => *count,
        Exposure::NotSeen | Exposure::Unknown(_) => None,
    }
}

#[derive(Default)]
struct Answers {
    seen: u64,
    not_seen: u64,
    unknown: u64,
    /// Of those seen, in the built-in list.
    listed: u64,
    /// Of those unknown, of a kind that no source takes.
    nobody: u64,
    /// The largest number of times that one was seen.
    count: Option<u64>,
    reports: Vec<BreachReport>,
    not_understood: (u64, u64),
}

impl Answers {
    const fn code(&self) -> u8 {
        if self.seen > 0 {
            SEEN
        } else if self.unknown > 0 || self.not_understood.0 > 0 || self.not_seen == 0 {
            UNKNOWN
        } else {
            CLEAN
        }
    }

    fn told(&self) -> String {
        let mut text = String::new();
        let all = self.seen + self.not_seen + self.unknown;
        let (seen, not_seen, unknown) = (thousands(self.seen), thousands(self.not_seen), thousands(self.unknown));
        let _ = writeln!(text, "checked {}: {seen} seen, {not_seen} not seen, {unknown} unknown", thousands(all));
        if let Some(count) = self.count {
            let _ = writeln!(text, "seen {} times{}", thousands(count), if all > 1 { " at most" } else { "" });
        }
        if self.listed > 0 {
            let _ = writeln!(text, "{} in the built-in list of common passwords", thousands(self.listed));
        }
        for report in &self.reports {
            let [asked, seen, unknown] = [report.asked, report.seen, report.unknown].map(thousands);
            let _ = writeln!(text, "{}: asked {asked}, {seen} seen, {unknown} not answered", report.source);
            for (why, count) in &report.why_unknown {
                let _ = writeln!(text, "  {}: {}", thousands(*count), why.why());
            }
        }
        if self.nobody > 0 {
            let _ = writeln!(text, "{} of a kind that no source named takes", thousands(self.nobody));
        }
        if self.not_understood.0 > 0 {
            let (lines, first) = self.not_understood;
            let _ = writeln!(
                text,
                "not understood: {} lines, the first is line {first} (hashes of 32 digits need --kind)",
                thousands(lines)
            );
        }
        text
    }
}
