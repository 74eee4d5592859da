//! `credaudit identify`: what a stored value could be. The value itself is never written anywhere.

use std::io::{self, BufRead, BufWriter, Read, Write};

use credaudit::cli::IdentifyArgs;
use credaudit::error::Error;
use credaudit::model::{DigestKind, FormKind, Secret};
use credaudit::schemes::{self, Candidate, Identified, Protection};
use credaudit::settings::identify::{self, IdentifySettings, ValuesFrom};
use serde::Serialize;

use super::unless_broken_pipe;

/// Longest line that is looked at, in bytes; stored values are shorter, and a longer line is not understood.
const LONGEST: u64 = 64 << 10;

pub(super) fn run(args: &IdentifyArgs) -> Result<u8, Error> {
    let settings = identify::check(args)?;
    let mut understood = true;
    let written = match &settings.values {
        ValuesFrom::Arguments(values) => {
            if !settings.quiet {
                let _ = writeln!(
                    io::stderr(),
                    "credaudit: a value on the command line stays in the shell's history: pipe it in, or leave it out and \
                     type it at the prompt"
                );
            }
            let mut answers = Answers::new(&settings, &mut understood);
            values.iter().try_for_each(|value| answers.push(value.expose())).and_then(|()| answers.finish())
        }
        ValuesFrom::Prompt => {
            let typed = rpassword::prompt_password("Stored value (not shown): ")
                .map_err(|e| Error::system("reading from the terminal", e))?;
            let value = Secret::new(typed.as_bytes());
            let mut answers = Answers::new(&settings, &mut understood);
            answers.push(value.expose()).and_then(|()| answers.finish())
        }
        ValuesFrom::Stdin => {
            let mut answers = Answers::new(&settings, &mut understood);
            let mut input = io::stdin().lock();
            loop {
                let line = match line(&mut input) {
                    Ok(None) => break answers.finish(),
                    Ok(Some(line)) => line,
                    Err(e) => return Err(Error::system("reading standard input", e)),
                };
                if let Err(e) = answers.push(line.expose()) {
                    break Err(e);
                }
            }
        }
    };
    unless_broken_pipe(written).map_err(|e| Error::write(None, e))?;
    Ok(if understood { 0 } else { 2 })
}

/// The next line without its end, cut at [`LONGEST`] and one; `None` at the end.
fn line(input: &mut impl BufRead) -> io::Result<Option<Secret>> {
    let mut bytes = zeroize::Zeroizing::new(Vec::new());
    if input.by_ref().take(LONGEST + 1).read_until(b'\n', &mut bytes)? == 0 {
        return Ok(None);
    }
    let whole = bytes.last() == Some(&b'\n');
    while matches!(bytes.last(), Some(b'\n' | b'\r')) {
        bytes.pop();
    }
    if !whole && bytes.len() as u64 > LONGEST {
        // The rest of the line is passed over.
        let mut rest = zeroize::Zeroizing::new(Vec::new());
        while input.by_ref().take(LONGEST).read_until(b'\n', &mut rest)? > 0 && rest.last() != Some(&b'\n') {
            rest.clear();
        }
    }
    Ok(Some(Secret::new(&bytes)))
}

/// Writes one answer after the other.
struct Answers<'a> {
    to: BufWriter<io::Stdout>,
    settings: &'a IdentifySettings,
    understood: &'a mut bool,
    number: u64,
}

impl<'a> Answers<'a> {
    fn new(settings: &'a IdentifySettings, understood: &'a mut bool) -> Self {
        Self { to: BufWriter::new(io::stdout()), settings, understood, number: 0 }
    }

    fn push(&mut self, value: &[u8]) -> io::Result<()> {
        self.number += 1;
        let too_long = value.len() as u64 > LONGEST;
        let mut found = schemes::identify(if too_long { b"" } else { value }, &self.settings.policy);
        // Text that is not a hash may be a password in plain text; a whole line of 64 KiB is not.
        if found.form.kind() == FormKind::Text && value.len() > schemes::MAX_CANDIDATE {
            found.candidates.clear();
        }
        *self.understood &= !found.candidates.is_empty();
        if self.settings.json {
            serde_json::to_writer(&mut self.to, &AnswerV1::of(self.number, &found))?;
            return writeln!(self.to);
        }
        self.people(&found)
    }

    fn people(&mut self, found: &Identified) -> io::Result<()> {
        if self.number > 1 {
            writeln!(self.to)?;
        }
        writeln!(self.to, "value {}: {}", self.number, found.form.def.name)?;
        if found.candidates.is_empty() {
            return writeln!(self.to, "  not understood: no known scheme has values like this");
        }
        for candidate in &found.candidates {
            let form = found.form;
            write!(self.to, "  {:>2} %  {}", candidate.confidence, candidate.scheme.describe(form))?;
            if let Some(mode) = candidate.hashcat_mode {
                write!(self.to, "; hashcat {mode}")?;
            }
            if let Some(john) = candidate.john_format {
                write!(self.to, "; john {john}")?;
            }
            writeln!(self.to, "; {}", candidate.graded.grade.name())?;
            writeln!(self.to, "        {}; {}", candidate.why, candidate.graded.why)?;
            if let Some(kinds) = asked(candidate) {
                writeln!(self.to, "        a breach source can be asked for its {kinds}")?;
            }
        }
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

/// The kinds of digest that a breach source can be asked for, in words.
fn asked(candidate: &Candidate) -> Option<String> {
    let kinds = kinds(candidate);
    (!kinds.is_empty()).then(|| kinds.join(" or "))
}

fn kinds(candidate: &Candidate) -> Vec<&'static str> {
    let name = |kind: &DigestKind| match kind {
        DigestKind::Sha1 => "SHA-1",
        DigestKind::Ntlm => "NTLM",
        DigestKind::Md5 => "MD5",
        DigestKind::Sha256 => "SHA-256",
        DigestKind::Keccak => "Keccak-512",
    };
    candidate.scheme.asks().iter().map(name).collect()
}

/// One value's answer, as `schemas/identify-v1.json` describes it.
#[derive(Serialize)]
struct AnswerV1 {
    schema_version: u32,
    /// Number of the value, from 1.
    value: u64,
    form: &'static str,
    understood: bool,
    candidates: Vec<CandidateV1>,
}

#[derive(Serialize)]
struct CandidateV1 {
    scheme: &'static str,
    hashcat_mode: Option<u32>,
    john_format: Option<&'static str>,
    /// Percent, 1 to 99.
    confidence: u8,
    grade: &'static str,
    describe: String,
    product: Option<&'static str>,
    why: String,
    grade_why: String,
    /// Kinds of digest that a breach source can be asked for.
    breach: Vec<&'static str>,
    /// What the scheme needs beside value and password.
    needs: Option<&'static str>,
}

impl AnswerV1 {
    fn of(number: u64, found: &Identified) -> Self {
        let candidate = |candidate: &Candidate| CandidateV1 {
            scheme: candidate.scheme.name(),
            hashcat_mode: candidate.hashcat_mode,
            john_format: candidate.john_format,
            confidence: candidate.confidence,
            grade: candidate.graded.grade.name(),
            describe: candidate.scheme.describe(found.form),
            product: candidate.product,
            why: candidate.why.clone(),
            grade_why: candidate.graded.why.clone(),
            breach: kinds(candidate),
            needs: needs(candidate),
        };
        Self {
            schema_version: 1,
            value: number,
            form: found.form.def.name,
            understood: !found.candidates.is_empty(),
            candidates: found.candidates.iter().map(candidate).collect(),
        }
    }
}

fn needs(candidate: &Candidate) -> Option<&'static str> {
    match candidate.scheme.salt_from() {
        schemes::SaltFrom::Neighbour => Some("salt column"),
        schemes::SaltFrom::Login => Some("login"),
        schemes::SaltFrom::Site => Some("secret of the site"),
        schemes::SaltFrom::Nowhere | schemes::SaltFrom::Value => None,
    }
    .filter(|_| candidate.scheme.protection() != Protection::State)
}
