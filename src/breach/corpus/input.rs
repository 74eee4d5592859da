//! From what people have to a corpus file.

use std::fs::{self, File, Metadata};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use flate2::read::MultiGzDecoder;

use super::builder::{BuildOptions, Builder, Built};
use super::error::CorpusError;
use super::folder::Folder;
use super::header::{RANGES, Variant};
use super::key::Entry;
use super::lines;
use super::sort::Sorter;
use super::{records, text, words};
use crate::breach::RangeStore;
use crate::model::DigestKind;

/// Bytes of a file looked at to tell what it is.
const LOOK: u64 = 16 << 10;
/// Broken ranges that are told one by one.
const TOLD: usize = 10;

/// What to build, and of what.
#[derive(Clone, Debug)]
pub struct Recipe {
    /// Files or folders, at least one; more than one only with `unsorted` or `passwords`.
    pub inputs: Vec<PathBuf>,
    /// The corpus file; replaced when the new one is whole.
    pub output: PathBuf,
    /// What to keep of each digest.
    pub variant: Variant,
    /// What the digests are; told from the input where it can be.
    pub kind: Option<DigestKind>,
    /// The inputs hold a password a line.
    pub passwords: bool,
    /// The inputs hold hashes in any order; counts of equal ones are added up.
    pub unsorted: bool,
    /// Bytes of memory for sorting.
    pub memory: u64,
    /// For sorted runs that do not fit in memory.
    pub temp_dir: PathBuf,
    /// Where the data come from, for people [default: the name of the input].
    pub source: Option<String>,
    /// When they were current, in seconds since 1970 [default: when the input was changed].
    pub date: Option<u64>,
    /// About how many digests there are [default: as many as the input's size lets expect].
    pub expected: Option<u64>,
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct BuildReport {
    /// The corpus.
    pub built: Built,
    /// Ranges that have no file.
    pub missing: u32,
    /// Ranges whose file is no range.
    pub broken: u32,
    /// The first of them: the file's name and what is wrong.
    pub told: Vec<String>,
    /// Files of a folder that are no ranges by their name.
    pub others: u64,
    /// Lines that are no passwords of this kind.
    pub left_out: u64,
}

/// What a file or folder holds.
enum Holds {
    Ranges(Folder),
    /// The file of a download.
    Kept(RangeStore),
    Text {
        gz: bool,
    },
    Records,
}

/// Builds a corpus on the threads of the current pool. `seen` is told how many digests were read so far.
pub fn build(recipe: &Recipe, seen: &(dyn Fn(u64) + Sync)) -> Result<BuildReport, CorpusError> {
    let (Some(first), unsorted) = (recipe.inputs.first(), recipe.unsorted || recipe.passwords) else {
        return Err(CorpusError::new(&recipe.output, "there is nothing to build it from", "name an input"));
    };
    if recipe.inputs.len() > 1 && !unsorted {
        let hint = "build from one input, or add --unsorted to merge several lists of hashes";
        return Err(CorpusError::new(&recipe.inputs[1], "a second input", hint));
    }
    spare(recipe)?;
    let mut work = Work { recipe, seen, read: 0, report: Leftovers::default() };
    let built = if unsorted { work.unsorted()? } else { work.sorted(first)? };
    let Leftovers { missing, broken, told, others, left_out } = work.report;
    Ok(BuildReport { built, missing, broken, told, others, left_out })
}

/// A slip of the hand must not replace the input by the corpus.
fn spare(recipe: &Recipe) -> Result<(), CorpusError> {
    let Ok(output) = fs::canonicalize(&recipe.output) else { return Ok(()) };
    if recipe.inputs.iter().any(|input| fs::canonicalize(input).is_ok_and(|input| input == output)) {
        return Err(CorpusError::new(&recipe.output, "is an input", "name another file with --output"));
    }
    Ok(())
}

#[derive(Default)]
struct Leftovers {
    missing: u32,
    broken: u32,
    told: Vec<String>,
    others: u64,
    left_out: u64,
}

struct Work<'a> {
    recipe: &'a Recipe,
    seen: &'a (dyn Fn(u64) + Sync),
    read: u64,
    report: Leftovers,
}

impl Work<'_> {
    fn sorted(&mut self, input: &Path) -> Result<Built, CorpusError> {
        let (holds, kind) = look(input, self.recipe.kind, false)?;
        let (date, expected) = match &holds {
            Holds::Ranges(folder) => folder.about(),
            Holds::Kept(store) => (changed(&about(input)?), kept_digests(input, store, kind)?),
            Holds::Text { gz } => {
                let about = about(input)?;
                // A line is 45 bytes (SHA-1) or 37 (NTLM), of which gzip leaves half.
                (changed(&about), about.len() * if *gz { 2 } else { 1 } / (2 * kind.len() as u64 + 5))
            }
            Holds::Records => {
                let about = about(input)?;
                (changed(&about), about.len() / records::len(kind) as u64)
            }
        };
        let mut builder = self.builder(kind, date, expected)?;
        let (seen, read) = (self.seen, &mut self.read);
        let mut take = |entries: &[Entry]| {
            *read += entries.len() as u64;
            seen(*read);
            entries.iter().try_for_each(|entry| builder.push(*entry))
        };
        match holds {
            Holds::Text { gz } => text::hashes(input, open(input, gz)?, kind, true, &mut take)?,
            Holds::Records => records::read(input, file(input)?, kind, true, &mut take)?,
            Holds::Kept(store) => {
                for prefix in 0..RANGES {
                    let kept = store.get(kind, prefix).map_err(|error| CorpusError::read(input, &error))?;
                    let Some(kept) = kept else {
                        builder.hole(prefix);
                        self.report.missing += 1;
                        continue;
                    };
                    for (digest, count) in kept.range.each() {
                        builder.push_sorted(&digest, count)?;
                    }
                    *read += kept.range.len() as u64;
                    seen(*read);
                }
            }
            Holds::Ranges(folder) => {
                folder.missing().for_each(|prefix| builder.hole(prefix));
                self.report.missing = folder.missing().count() as u32;
                self.report.others = folder.others;
                let Leftovers { broken, told, .. } = &mut self.report;
                folder.read(kind, &mut |prefix, range| {
                    match range {
                        Ok(entries) => {
                            *read += entries.len() as u64;
                            seen(*read);
                            entries.iter().try_for_each(|entry| builder.push(*entry))?;
                        }
                        Err(why) => {
                            builder.hole(prefix);
                            *broken += 1;
                            if told.len() < TOLD {
                                told.push(why.to_owned());
                            }
                        }
                    }
                    Ok(())
                })?;
            }
        }
        builder.finish()
    }

    fn unsorted(&mut self) -> Result<Built, CorpusError> {
        let recipe = self.recipe;
        let mut sorter = Sorter::new(recipe.memory, recipe.temp_dir.clone());
        let mut date = 0;
        let mut kind = recipe.kind.or(recipe.passwords.then_some(DigestKind::Sha1));
        for input in &recipe.inputs {
            let (seen, read) = (self.seen, &mut self.read);
            let mut take = |entries: &[Entry]| {
                *read += entries.len() as u64;
                seen(*read);
                sorter.push(entries)
            };
            if recipe.passwords {
                let about = about(input)?;
                date = date.max(changed(&about));
                let kind = kind.unwrap_or(DigestKind::Sha1);
                self.report.left_out += words::passwords(input, open(input, is_gz(input)?)?, kind, &mut take)?;
                continue;
            }
            let (holds, found) = look(input, kind, true)?;
            kind = Some(found);
            date = date.max(changed(&about(input)?));
            match holds {
                Holds::Text { gz } => text::hashes(input, open(input, gz)?, found, false, &mut take)?,
                Holds::Records => records::read(input, file(input)?, found, false, &mut take)?,
                Holds::Ranges(_) | Holds::Kept(_) => {
                    let hint = "build from the folder alone, without --unsorted";
                    return Err(CorpusError::new(input, "a folder of ranges among unsorted lists", hint));
                }
            }
        }
        let expected = sorter.len();
        let mut builder = self.builder(kind.unwrap_or(DigestKind::Sha1), date, expected)?;
        sorter.finish(&mut |entry| builder.push(entry))?;
        builder.finish()
    }

    fn builder(&self, kind: DigestKind, date: u64, expected: u64) -> Result<Builder, CorpusError> {
        let names = self.recipe.inputs.iter().map(|input| name(input)).collect::<Vec<_>>();
        let options = BuildOptions {
            kind,
            variant: self.recipe.variant,
            expected: self.recipe.expected.unwrap_or(expected),
            source: self.recipe.source.clone().unwrap_or_else(|| names.join(", ")),
            date: self.recipe.date.unwrap_or(date),
        };
        Builder::create(&self.recipe.output, options)
    }
}

/// The last part of a path: where a file lies is nobody's business who gets the corpus.
fn name(path: &Path) -> String {
    let name =
        fs::canonicalize(path).ok().and_then(|path| path.file_name().map(|name| name.to_string_lossy().into_owned()));
    name.unwrap_or_default()
}

/// When a file was changed, in seconds since 1970.
pub(super) fn changed(about: &Metadata) -> u64 {
    about.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok()).map_or(0, |since| since.as_secs())
}

fn file(path: &Path) -> Result<File, CorpusError> {
    File::open(path).map_err(|error| CorpusError::read(path, &error))
}

fn about(path: &Path) -> Result<Metadata, CorpusError> {
    fs::metadata(path).map_err(|error| CorpusError::read(path, &error))
}

fn open(path: &Path, gz: bool) -> Result<Box<dyn Read + Send>, CorpusError> {
    let file = file(path)?;
    Ok(if gz { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) })
}

fn is_gz(path: &Path) -> Result<bool, CorpusError> {
    let mut magic = Vec::new();
    file(path)?.take(2).read_to_end(&mut magic).map_err(|error| CorpusError::read(path, &error))?;
    Ok(magic == [0x1f, 0x8b])
}

/// About how many digests a download holds: as many ranges as there are, each like one of the first.
fn kept_digests(input: &Path, store: &RangeStore, kind: DigestKind) -> Result<u64, CorpusError> {
    const SAMPLE: u64 = 64;
    let read = |error: std::io::Error| CorpusError::read(input, &error);
    let (mut ranges, mut sampled, mut lines) = (0, 0, 0);
    for prefix in 0..RANGES {
        if store.checked(kind, prefix).map_err(read)?.is_none() {
            continue;
        }
        ranges += 1;
        if sampled < SAMPLE
            && let Some(kept) = store.get(kind, prefix).map_err(read)?
        {
            sampled += 1;
            lines += kept.range.len() as u64;
        }
    }
    Ok((ranges * lines / sampled.max(1)).max(1))
}

/// Tells what a file or folder holds, by its first bytes, and of which kind.
fn look(path: &Path, kind: Option<DigestKind>, unsorted: bool) -> Result<(Holds, DigestKind), CorpusError> {
    if about(path)?.is_dir() {
        let folder = Folder::open(path)?;
        let Some(kind) = kind.or_else(|| folder.kind()) else {
            return Err(CorpusError::new(
                path,
                "the first files of this folder are no ranges",
                "see --kind, or get it again",
            ));
        };
        return Ok((Holds::Ranges(folder), kind));
    }
    if RangeStore::is_one(path) {
        let store =
            RangeStore::open_any(path).map_err(|error| CorpusError::new(path, error, "download the ranges again"))?;
        let begun = |kind: &DigestKind| store.pass(*kind).is_ok_and(|pass| pass.is_some());
        let found = [DigestKind::Sha1, DigestKind::Ntlm].into_iter().find(begun);
        let kind = kind.or(found).unwrap_or(DigestKind::Sha1);
        return Ok((Holds::Kept(store), kind));
    }
    let gz = is_gz(path)?;
    let mut start = Vec::new();
    open(path, gz)?.take(LOOK).read_to_end(&mut start).map_err(|error| CorpusError::read(path, &error))?;
    if start.is_empty() {
        return Err(CorpusError::new(path, "is empty", "name a file of hashes"));
    }
    let line = start.trim_ascii_start();
    let digits = line.iter().take_while(|c| c.is_ascii_hexdigit()).count();
    let ends = line.get(digits).is_none_or(|c| b":\r\n".contains(c));
    let text = |kind| Ok((Holds::Text { gz }, kind));
    match (digits, kind) {
        (40, None | Some(DigestKind::Sha1)) if ends => return text(DigestKind::Sha1),
        (32, Some(DigestKind::Ntlm)) if ends => return text(DigestKind::Ntlm),
        (32, None) if ends => {
            let what = "hashes of 32 hex digits are NT hashes or MD5";
            return Err(CorpusError::new(path, what, "say --kind ntlm if they are NT hashes; MD5 is of no use here"));
        }
        _ => {}
    }
    if !gz {
        for kind in [DigestKind::Sha1, DigestKind::Ntlm].into_iter().filter(|k| kind.is_none_or(|kind| kind == *k)) {
            let binary = start.iter().any(|c| !c.is_ascii()) && start.len() >= records::len(kind);
            if binary && (records::sniff(&start, kind) || unsorted) {
                return Ok((Holds::Records, kind));
            }
        }
    }
    let kind = kind.unwrap_or(DigestKind::Sha1);
    if let Err(bad) = lines::lines(&start, kind, false, &mut Vec::new()).map(drop) {
        let hint = "hashes are lines HASH:COUNT, ranges or binary records; say --passwords if it holds passwords";
        return Err(CorpusError::new(path, format_args!("holds no {} hashes: {bad}", kind.name()), hint));
    }
    text(kind)
}
