//! The report for people: the first sentence and the tiers say what to do; what follows leads an engineer to the row.
//!
//! Plain text of at most the given width; colour only adds to it. Lists are cut after [`MOST`] entries and say so.

use std::fmt::Write as _;
use std::io::{self, Write};

use anstyle::{AnsiColor, Effects};

use super::text::{bytes, clean, columns, counted, name, number, wrap};
use super::{Output, Style};
use crate::model::{
    AccountTotals, BreachReport, ColumnReport, Confidence, Evidence, Finding, GateReport, Report, ReportTable, Role,
    Severity, Tier,
};

/// `--format terminal`.
pub struct Terminal;

/// Entries of a list shown; the rest is counted, and whole in the JSON. About a screen each.
const MOST: usize = 20;

/// Columns of a full bar.
const BAR: usize = 24;

impl Output for Terminal {
    fn name(&self) -> &'static str {
        "terminal"
    }

    fn write(&self, report: &Report, style: Style, to: &mut dyn Write) -> io::Result<()> {
        let mut page = Page { to, color: style.color, width: style.width };
        match &report.gate {
            None => page.headline(report)?,
            Some(gate) => page.gate(report, gate)?,
        }
        page.accounts(report)?;
        page.findings(report)?;
        page.tables(report)?;
        page.breach(report)?;
        page.not_asked(report)?;
        page.skipped(report)?;
        page.read(report)
    }
}

const BOLD: anstyle::Style = anstyle::Style::new().effects(Effects::BOLD);
const DIM: anstyle::Style = anstyle::Style::new().effects(Effects::DIMMED);
const PLAIN: anstyle::Style = anstyle::Style::new();

const fn tinted(color: AnsiColor) -> anstyle::Style {
    anstyle::Style::new().fg_color(Some(anstyle::Color::Ansi(color)))
}

const fn of_tier(tier: Tier) -> anstyle::Style {
    match tier {
        Tier::T0 => tinted(AnsiColor::Red).effects(Effects::BOLD),
        Tier::T1 => tinted(AnsiColor::Red),
        Tier::T2 => tinted(AnsiColor::Yellow),
        Tier::T3 => tinted(AnsiColor::Cyan),
        Tier::T4 => tinted(AnsiColor::Blue),
        Tier::Unknown => tinted(AnsiColor::Magenta),
        Tier::None => tinted(AnsiColor::Green),
    }
}

const fn of_severity(severity: Severity) -> anstyle::Style {
    match severity {
        Severity::Critical => of_tier(Tier::T0),
        Severity::High => of_tier(Tier::T1),
        Severity::Medium => of_tier(Tier::T2),
        Severity::Low => of_tier(Tier::T3),
        Severity::Info => PLAIN,
    }
}

/// What to do with accounts of a tier, in a few words.
const fn act(tier: Tier) -> &'static str {
    match tier {
        Tier::T0 => "reset now",
        Tier::T1 => "reset within 24 hours",
        Tier::T2 => "reset within 72 hours",
        Tier::T3 => "at next login",
        Tier::T4 => "disable or delete",
        Tier::Unknown => "not decided",
        Tier::None => "nothing to do",
    }
}

struct Page<'a> {
    to: &'a mut dyn Write,
    color: bool,
    width: usize,
}

impl Page<'_> {
    fn headline(&mut self, report: &Report) -> io::Result<()> {
        let accounts = &report.accounts;
        let (sentence, style) = if accounts.to_reset() > 0 {
            let urgent = Tier::ALL.into_iter().find(|t| accounts.of(*t) > 0).unwrap_or(Tier::T4);
            (reset_sentence(accounts), of_tier(urgent).effects(Effects::BOLD))
        } else if report.is_incomplete() {
            let sentence = match accounts.total {
                0 => "Nothing to reset was found, but not everything could be read.".into(),
                _ => format!(
                    "No reset is needed among {} judged, but the audit is incomplete.",
                    counted(accounts.total - accounts.unknown, "account")
                ),
            };
            (sentence, of_tier(Tier::Unknown).effects(Effects::BOLD))
        } else if accounts.total == 0 {
            ("No accounts were found: nothing that was read holds passwords in a table.".into(), BOLD)
        } else {
            let sentence = match accounts.total {
                1 => "The one account found needs no password reset.".into(),
                n => format!("None of the {} accounts needs a password reset.", number(n)),
            };
            (sentence, of_tier(Tier::None).effects(Effects::BOLD))
        };
        for line in wrap(&sentence, self.width, 6) {
            self.line(&[(&line, style)])?;
        }
        if report.is_incomplete() {
            let what = incomplete_sentence(report);
            for line in wrap(&what, self.width, 6) {
                self.line(&[(&line, of_tier(Tier::Unknown))])?;
            }
        }
        Ok(())
    }

    /// The first sentences of a gate: how many findings, and what is not among them.
    fn gate(&mut self, report: &Report, gate: &GateReport) -> io::Result<()> {
        let files = counted(gate.files, "file");
        let found = report.findings.len() as u64;
        let (sentence, style) = match found {
            0 if report.is_incomplete() => {
                (format!("Nothing was found in {files}, but not everything could be read."), of_tier(Tier::Unknown))
            }
            0 => (format!("Nothing was found in {files} that must not ship."), of_tier(Tier::None)),
            _ => {
                let by: Vec<String> =
                    [Severity::Critical, Severity::High, Severity::Medium, Severity::Low, Severity::Info]
                        .into_iter()
                        .map(|s| (s, report.findings.iter().filter(|f| f.severity == s).count() as u64))
                        .filter(|(_, n)| *n > 0)
                        .map(|(s, n)| format!("{} {}", number(n), s.name()))
                        .collect();
                let worst = report.findings.iter().map(|f| f.severity).max().unwrap_or(Severity::Info);
                (format!("{} in {files}: {}.", counted(found, "finding"), by.join(", ")), of_severity(worst))
            }
        };
        for line in wrap(&sentence, self.width, 6) {
            self.line(&[(&line, style.effects(Effects::BOLD))])?;
        }
        if report.is_incomplete() {
            for line in wrap(&incomplete_sentence(report), self.width, 6) {
                self.line(&[(&line, of_tier(Tier::Unknown))])?;
            }
        }
        let more: Vec<String> = [
            (gate.baselined, "in the baseline"),
            (gate.allowed, "allowed with a reason"),
            (gate.below, "below the least confidence"),
        ]
        .into_iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, what)| format!("{} {what}", number(n)))
        .collect();
        if !more.is_empty() {
            let text = format!("Not among them: {}.", more.join(", "));
            for line in wrap(&text, self.width, 3) {
                self.line(&[(&line, DIM)])?;
            }
        }
        Ok(())
    }

    fn accounts(&mut self, report: &Report) -> io::Result<()> {
        let accounts = &report.accounts;
        if accounts.total == 0 {
            return Ok(());
        }
        self.title("Accounts", &format!("{} in all", number(accounts.total)))?;
        let digits = number(accounts.total).len().max(5);
        // What stands before the bar takes 44 columns and the digits.
        let room = self.width.saturating_sub(44 + digits).min(BAR);
        for tier in Tier::ALL {
            let n = accounts.of(tier);
            let style = if n == 0 { DIM } else { of_tier(tier) };
            self.line(&[
                (&format!("  {:<7}  {:<21}  ", tier.name(), act(tier)), style),
                (
                    &format!("{:>digits$}  {:>6}  ", number(n), share(n, accounts.total)),
                    if n == 0 { DIM } else { PLAIN },
                ),
                (&bar(n, accounts.total, room), style),
            ])?;
        }
        Ok(())
    }

    fn findings(&mut self, report: &Report) -> io::Result<()> {
        if report.findings.is_empty() {
            return Ok(());
        }
        let mut findings: Vec<&Finding> = report.findings.iter().collect();
        findings.sort_by(|a, b| {
            // Not by id, which depends on the target: the same database is told alike wherever it is.
            (b.severity, &a.target, &a.locator, a.rule).cmp(&(a.severity, &b.target, &b.locator, b.rule))
        });
        self.title("Findings", &number(findings.len() as u64))?;
        for finding in findings.iter().take(MOST) {
            let accounts = match finding.accounts {
                0 => String::new(),
                n => format!(", {}", counted(n, "account")),
            };
            self.line(&[
                (&format!("  {:<8}  ", finding.severity.name()), of_severity(finding.severity)),
                (finding.rule, BOLD),
                (&format!("  {}{accounts}", sureness(finding.confidence)), PLAIN),
            ])?;
            self.paragraph(12, "", &finding.message, PLAIN)?;
            match finding.site.as_deref().filter(|_| report.gate.is_some()) {
                Some(site) => {
                    let place = format!("{}:{}:{}", name(&site.path, 200), site.line, site.column);
                    self.paragraph(12, "at ", &place, PLAIN)?;
                    if let Some(commit) = &site.commit {
                        let first = format!("{} of {}", commit.id, commit.date);
                        self.paragraph(12, "first in commit ", &first, PLAIN)?;
                    }
                    self.paragraph(12, "fingerprint ", &site.fingerprint, DIM)?;
                }
                None => self.paragraph(12, "at ", &place_of(&finding.target, &finding.locator), DIM)?,
            }
        }
        self.more(findings.len())
    }

    fn tables(&mut self, report: &Report) -> io::Result<()> {
        let (mut with, without): (Vec<_>, Vec<_>) =
            report.tables.iter().partition(|t| t.columns.iter().any(|c| c.role == Role::Credential));
        if !with.is_empty() {
            self.title("Tables with passwords", &number(with.len() as u64))?;
            // Most to do first; equal ones in the order of the input.
            with.sort_by_key(|t| std::cmp::Reverse(urgency(&t.tiers)));
            for table in with.iter().take(MOST) {
                self.table(table)?;
            }
            self.more(with.len())?;
        }
        if !without.is_empty() {
            let rows = without.iter().map(|t| t.rows).sum();
            let text = format!(
                "{} without passwords ({}): {}",
                counted(without.len() as u64, "table"),
                counted(rows, "row"),
                listed(&without.iter().map(|t| title_of(t)).collect::<Vec<_>>(), 5),
            );
            self.line(&[])?;
            self.paragraph(2, "", &text, DIM)?;
        }
        Ok(())
    }

    fn table(&mut self, table: &ReportTable) -> io::Result<()> {
        let title = name(&title_of(table), self.width - 2);
        self.line(&[("  ", PLAIN), (&title, BOLD)])?;
        let place = unit_of(&table.target, &table.unit);
        let mut counts = format!("{}, {}", counted(table.rows, "row"), counted(table.accounts, "account"));
        for tier in Tier::ALL.into_iter().filter(|t| table.tiers.of(*t) > 0) {
            let _ = write!(counts, ", {} {}", number(table.tiers.of(tier)), tier.name());
        }
        self.paragraph(4, "", &counts, PLAIN)?;
        if place != title_of(table) {
            self.paragraph(4, "in ", &place, DIM)?;
        }
        let credentials: Vec<_> = table.columns.iter().filter(|c| c.role == Role::Credential).collect();
        for column in credentials.iter().take(MOST) {
            self.credential(column)?;
        }
        self.more(credentials.len())?;
        let others: Vec<String> = table
            .columns
            .iter()
            .filter(|c| !matches!(c.role, Role::Credential | Role::Other))
            .map(|c| format!("{} ({})", name(&c.name, 30), c.role.name()))
            .collect();
        if !others.is_empty() {
            self.paragraph(4, "also ", &listed(&others, 12), DIM)?;
        }
        Ok(())
    }

    fn credential(&mut self, column: &ColumnReport) -> io::Result<()> {
        let scheme = column.scheme.as_deref().unwrap_or("scheme not recognised");
        let evidence = column.evidence.map_or("", Evidence::name);
        let distinct = column.distinct.map_or(String::new(), |d| format!(", {} distinct", number(d)));
        // The margin, the gaps and `(self-describing)` take 26.
        let room = self.width.saturating_sub(26);
        let column_name = name(&column.name, room / 2);
        self.line(&[
            (&format!("    {column_name}  "), BOLD),
            (&name(scheme, room.saturating_sub(columns(&column_name))), graded(column.grade.as_deref())),
            (&format!("  {}", if evidence.is_empty() { String::new() } else { format!("({evidence})") }), PLAIN),
        ])?;
        if let Some(grade) = &column.grade {
            self.paragraph(6, "grade  ", grade, PLAIN)?;
        }
        let values =
            format!("{}{distinct}; a password column: {}", counted(column.rows, "value"), sureness(column.confidence));
        self.paragraph(6, "holds  ", &values, PLAIN)?;
        self.paragraph(6, "why    ", &column.why, DIM)
    }

    fn breach(&mut self, report: &Report) -> io::Result<()> {
        if report.breach.is_empty() {
            return Ok(());
        }
        self.title("Breach sources", "")?;
        for source in report.breach.iter().take(MOST) {
            self.line(&[("  ", PLAIN), (&name(&source.source, self.width - 2), BOLD)])?;
            self.paragraph(4, "", &answers(source), PLAIN)?;
            for (why, n) in &source.why_unknown {
                self.paragraph(4, "", &format!("{} times: {}", number(*n), why.why()), of_tier(Tier::Unknown))?;
            }
        }
        self.more(report.breach.len())
    }

    fn not_asked(&mut self, report: &Report) -> io::Result<()> {
        if report.not_asked.is_empty() {
            return Ok(());
        }
        self.title("Not asked, not tried", "")?;
        for what in report.not_asked.iter().take(MOST) {
            self.paragraph(2, "- ", what, PLAIN)?;
        }
        self.more(report.not_asked.len())
    }

    fn skipped(&mut self, report: &Report) -> io::Result<()> {
        if report.skipped.is_empty() {
            return Ok(());
        }
        self.title("Not read, not understood", &number(report.skipped.len() as u64))?;
        for skip in report.skipped.iter().take(MOST) {
            self.paragraph(2, "- ", &place_of(&skip.target, &skip.what), of_tier(Tier::Unknown))?;
            self.paragraph(4, "", &skip.why, PLAIN)?;
        }
        self.more(report.skipped.len())
    }

    fn read(&mut self, report: &Report) -> io::Result<()> {
        let b = &report.bytes;
        self.title("Bytes read", &bytes(b.read))?;
        for (what, n) in [("rows of tables", b.rows), ("other content", b.other), ("not understood", b.not_understood)]
        {
            let style = if n > 0 && what == "not understood" { of_tier(Tier::Unknown) } else { PLAIN };
            self.line(&[(&format!("  {what:<15}  {:>10}  {:>6}", bytes(n), share(n, b.read)), style)])?;
        }
        for target in report.targets.iter().take(MOST) {
            let size = format!("{}, {}", bytes(target.bytes), target.format);
            self.paragraph(2, "- ", &format!("{}: {size}", unit_of(&target.target, &target.unit)), DIM)?;
            if let Some(hash) = &target.sha256 {
                self.paragraph(4, "", &format!("sha256 {hash}"), DIM)?;
            }
        }
        self.more(report.targets.len())
    }

    fn title(&mut self, what: &str, detail: &str) -> io::Result<()> {
        self.line(&[])?;
        let detail = if detail.is_empty() { String::new() } else { format!("  {detail}") };
        self.line(&[(what, BOLD.effects(Effects::BOLD.insert(Effects::UNDERLINE))), (&detail, DIM)])
    }

    fn more(&mut self, all: usize) -> io::Result<()> {
        if all > MOST {
            let line = format!("  … and {} more: see --format json", number((all - MOST) as u64));
            self.line(&[(&line, DIM)])?;
        }
        Ok(())
    }

    /// Wrapped text from column `indent` on; `lead` stands before its first line.
    fn paragraph(&mut self, indent: usize, lead: &str, text: &str, style: anstyle::Style) -> io::Result<()> {
        let hang = indent + columns(lead);
        for (i, line) in wrap(text, self.width.saturating_sub(hang), 4).iter().enumerate() {
            let before = if i == 0 { format!("{:indent$}{lead}", "") } else { " ".repeat(hang) };
            self.line(&[(&before, DIM), (line, style)])?;
        }
        Ok(())
    }

    /// One line of styled pieces, already harmless. Ends without spaces.
    fn line(&mut self, pieces: &[(&str, anstyle::Style)]) -> io::Result<()> {
        let last = pieces.iter().rposition(|(text, _)| !text.trim_end().is_empty());
        for (i, (text, style)) in pieces.iter().enumerate().take(last.map_or(0, |l| l + 1)) {
            let text = if Some(i) == last { text.trim_end() } else { text };
            if self.color && *style != PLAIN {
                write!(self.to, "{style}{text}{style:#}")?;
            } else {
                self.to.write_all(text.as_bytes())?;
            }
        }
        self.to.write_all(b"\n")
    }
}

/// `14,168 of 20,000 accounts must be reset: 31 now, …, 88 to disable or delete instead.`
fn reset_sentence(accounts: &AccountTotals) -> String {
    let of = counted(accounts.total, "account");
    if accounts.to_reset() == accounts.t4 {
        return format!("{} of {of} should be disabled or deleted; no other needs a reset.", number(accounts.t4));
    }
    let when: Vec<String> = [Tier::T0, Tier::T1, Tier::T2, Tier::T3, Tier::T4]
        .into_iter()
        .filter(|t| accounts.of(*t) > 0)
        .map(|t| match t {
            Tier::T4 => format!("{} to disable or delete instead", number(accounts.t4)),
            _ => format!("{} {}", number(accounts.of(t)), t.when()),
        })
        .collect();
    format!("{} of {of} must be reset: {}.", number(accounts.to_reset()), when.join(", "))
}

fn incomplete_sentence(report: &Report) -> String {
    let mut what = Vec::new();
    if report.accounts.unknown > 0 {
        what.push(format!("{} not decided", counted(report.accounts.unknown, "account")));
    }
    if !report.skipped.is_empty() {
        what.push(format!("{} not read or not understood", counted(report.skipped.len() as u64, "place")));
    }
    if report.bytes.not_understood > 0 {
        what.push(format!("{} not understood", bytes(report.bytes.not_understood)));
    }
    format!("Incomplete: {}.", what.join(", "))
}

/// For sorting: accounts by tier, the most urgent first.
fn urgency(tiers: &AccountTotals) -> [u64; 5] {
    [tiers.t0, tiers.t1, tiers.t2, tiers.t3, tiers.t4]
}

/// The table's name, or what holds it where it has none.
fn title_of(table: &ReportTable) -> String {
    if table.table.is_empty() { unit_of(&table.target, &table.unit) } else { table.table.clone() }
}

/// A unit as a path: the target, and the path below it.
fn unit_of(target: &str, unit: &str) -> String {
    let (target, unit) = (name(target, 200), name(unit, 200));
    match (target.is_empty(), unit.is_empty()) {
        (_, true) => target,
        (true, _) => unit,
        _ => format!("{}/{unit}", target.trim_end_matches('/')),
    }
}

/// A target and a place within, which may name the target itself. Both together fit the lines of a paragraph, so that
/// the end of the place, its offset and line, is never lost.
fn place_of(target: &str, place: &str) -> String {
    let (target, place) = (name(target, 50), name(place, 150));
    if place.is_empty() {
        target
    } else if place.starts_with(&target) {
        place
    } else {
        format!("{target}: {place}")
    }
}

/// The first `most` of `items`, and how many more.
fn listed(items: &[String], most: usize) -> String {
    let mut text = items.iter().take(most).map(|i| name(i, 60)).collect::<Vec<_>>().join(", ");
    if items.len() > most {
        let _ = write!(text, " and {} more", number((items.len() - most) as u64));
    }
    text
}

fn answers(source: &BreachReport) -> String {
    format!(
        "asked {}: {} seen, {} not seen, {} not answered",
        number(source.asked),
        number(source.seen),
        number(source.not_seen),
        number(source.unknown)
    )
}

fn sureness(confidence: Confidence) -> String {
    if confidence == Confidence::PROVED { "proved".into() } else { format!("{confidence} sure") }
}

/// The grade's own word decides the colour.
fn graded(grade: Option<&str>) -> anstyle::Style {
    let word = grade.map(|g| clean(g.split(|c: char| !c.is_ascii_lowercase()).next().unwrap_or_default()));
    match word.as_deref() {
        Some("exposed") => of_tier(Tier::T0),
        Some("weak") => of_tier(Tier::T1),
        Some("legacy") => of_tier(Tier::T3),
        Some("acceptable") => of_tier(Tier::None),
        _ => of_tier(Tier::Unknown),
    }
}

/// A share in percent that is never rounded to nothing or to all.
fn share(n: u64, all: u64) -> String {
    if n == 0 || all == 0 {
        return "–".into();
    }
    let percent = n as f64 * 100.0 / all as f64;
    if percent < 0.1 {
        "<0.1 %".into()
    } else if n < all && percent > 99.9 {
        ">99 %".into()
    } else if percent >= 99.95 {
        "100 %".into()
    } else {
        format!("{percent:.1} %")
    }
}

/// A bar of at most `room` cells that shows at least one for at least one account.
fn bar(n: u64, all: u64, room: usize) -> String {
    if n == 0 || all == 0 || room == 0 {
        return String::new();
    }
    let cells = (u128::from(n) * room as u128 + u128::from(all) / 2) / u128::from(all);
    "█".repeat((cells as usize).clamp(1, room))
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    fn shown(report: &Report, color: bool, width: usize) -> String {
        let mut out = Vec::new();
        Terminal.write(report, Style { color, width }, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    /// `text` without the colour codes this program writes.
    fn without_color(text: &str) -> String {
        let mut parts = text.split("\x1b[");
        let mut plain = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            plain.push_str(part.split_once('m').expect("a colour code ends in m").1);
        }
        plain
    }

    #[test]
    fn the_first_lines_say_how_many_and_how_soon() {
        let text = shown(&sample::busy(), false, 80);
        let head: String = text.lines().take(3).collect::<Vec<_>>().join(" ");
        assert!(head.starts_with("15,168 of 20,000 accounts must be reset: 31 now, 12,345 within 24 hours"), "{head}");
        assert!(head.contains("88 to disable or delete instead"), "{head}");
        assert!(text.contains("Incomplete: 7 accounts not decided, 1 place not read or not understood"), "{text}");
    }

    #[test]
    fn the_page_leads_an_engineer_to_the_row() {
        let text = shown(&sample::busy(), false, 200);
        let order = [
            "Accounts",
            "Findings",
            "critical  default-credential",
            "high      unsalted-fast-hash  proved, 19,000 accounts",
            "line 42",
            "Tables with passwords",
            "customers",
            "passwd  unsalted-sha1  (proved)",
            "grade  weak: unsalted fast hash",
            "why    40 hex digits",
            "passwd  bcrypt cost 10  (self-describing)",
            "also id (id), email (email)",
            "1 table without passwords (1,234,567 rows): orders",
            "Breach sources",
            "5 times: the breach source kept saying",
            "Not asked, not tried",
            "Not read, not understood",
            "old.sql, byte 1000, line 12",
            "Bytes read",
            "not understood",
        ];
        let mut rest = &text[..];
        for piece in order {
            let at = rest.find(piece).unwrap_or_else(|| panic!("{piece:?} is missing or out of order in\n{text}"));
            rest = &rest[at..];
        }
    }

    #[test]
    fn without_colour_there_is_no_escape_and_with_colour_the_same_text() {
        for report in [sample::busy(), sample::clean(), sample::hostile()] {
            let plain = shown(&report, false, 80);
            assert!(!plain.contains('\x1b'));
            let colored = shown(&report, true, 80);
            assert!(colored.contains('\x1b'));
            assert_eq!(without_color(&colored), plain);
        }
    }

    #[test]
    fn no_line_is_wider_than_the_terminal_or_ends_in_spaces() {
        for report in [sample::busy(), sample::clean(), sample::hostile(), sample::gate(), Report::default()] {
            for width in [60, 80, 100] {
                for line in shown(&report, false, width).lines() {
                    assert!(columns(line) <= width, "{} > {width}: {line}", columns(line));
                    assert_eq!(line, line.trim_end());
                }
            }
        }
    }

    #[test]
    fn hostile_names_are_shown_and_not_obeyed() {
        let text = shown(&sample::hostile(), false, 80);
        assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{text:?}");
        assert!(!text.contains(['\u{202e}', '\u{200b}', '\u{9b}']));
        assert!(text.contains("\\u{1b}"));
        assert!(!text.lines().any(|l| l.starts_with("T0")), "a name cannot make a line of its own");
    }

    #[test]
    fn long_lists_are_cut_and_counted() {
        let text = shown(&sample::hostile(), false, 80);
        assert_eq!(text.matches("… and 22 more: see --format json").count(), 1, "findings: {text}");
        assert!(text.contains("… and 21 more: see --format json"), "skips and questions");
        assert!(text.lines().count() < 1200, "{} lines", text.lines().count());
    }

    #[test]
    fn only_a_complete_audit_sounds_clean() {
        let mut report = sample::clean();
        assert!(shown(&report, false, 80).starts_with("None of the 12 accounts needs a password reset."));
        report.bytes.not_understood = 1;
        let text = shown(&report, false, 80);
        assert!(
            text.starts_with("No reset is needed among 12 accounts judged, but the audit is incomplete."),
            "{text}"
        );
        let empty = shown(&Report::default(), false, 80);
        assert!(empty.starts_with("No accounts were found"), "{empty}");
    }

    #[test]
    fn a_gate_says_what_it_found_and_what_it_left_out() {
        let text = shown(&sample::gate(), false, 80);
        assert!(text.starts_with("2 findings in 12 files: 1 critical, 1 high."), "{text}");
        for piece in ["3 in the baseline, 2 allowed with a reason", "backup/etc/app.ini:7:12", "99887766554433221100"] {
            assert!(text.contains(piece), "{piece} is missing in\n{text}");
        }
        let mut none = sample::gate();
        none.findings.clear();
        assert!(shown(&none, false, 80).starts_with("Nothing was found in 12 files that must not ship."));
        none.skipped = sample::busy().skipped;
        assert!(
            shown(&none, false, 80).starts_with("Nothing was found in 12 files, but not everything could be read.")
        );
    }

    #[test]
    fn shares_are_never_rounded_to_nothing_or_all() {
        assert_eq!(share(0, 10), "–");
        assert_eq!(share(1, 1_000_000), "<0.1 %");
        assert_eq!(share(999_999, 1_000_000), ">99 %");
        assert_eq!(share(10, 10), "100 %");
        assert_eq!(share(1, 3), "33.3 %");
        assert_eq!(bar(1, 1_000_000, BAR), "█");
        assert_eq!(bar(0, 10, BAR), "");
        assert_eq!(columns(&bar(10, 10, BAR)), BAR);
    }
}
