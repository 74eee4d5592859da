//! A column's statistics as shares and answers to questions; what the verdicts are made from.

use crate::model::{Column, FormKind};

use super::shape::Kind;
use super::values::{ColumnStats, LENGTHS};

/// What the input declares a column to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Declared {
    /// Nothing, or a type not known here.
    Unknown,
    Bool,
    /// Date, time or time stamp.
    Instant,
    Integer,
    Decimal,
    Text,
    Other,
}

impl Declared {
    /// Reads the start of a SQL type.
    pub(super) fn of(column: &Column) -> Self {
        let Some(declared) = column.declared.as_deref() else { return Self::Unknown };
        let declared = declared.trim_start_matches(['[', '"', '`']).to_ascii_lowercase();
        let begins = |starts: &[&str]| starts.iter().any(|start| declared.starts_with(start));
        if begins(&["bool", "bit(1)", "tinyint(1)"]) || declared == "bit" || declared == "bit]" {
            Self::Bool
        } else if begins(&["date", "time", "year", "smalldatetime", "interval"]) {
            Self::Instant
        } else if begins(&["int", "bigint", "smallint", "tinyint", "mediumint", "serial", "bigserial"]) {
            Self::Integer
        } else if begins(&["dec", "numeric", "float", "double", "real", "money"]) {
            Self::Decimal
        } else if begins(&[
            "char",
            "varchar",
            "nvarchar",
            "nchar",
            "text",
            "tinytext",
            "citext",
            "national",
            "character",
        ]) {
            Self::Text
        } else if begins(&[
            "uuid",
            "uniqueidentifier",
            "inet",
            "json",
            "point",
            "geometry",
            "tsvector",
            "xml",
            "enum",
            "set(",
        ]) {
            Self::Other
        } else {
            Self::Unknown
        }
    }
}

/// Seconds of a Unix time from 2000 to 2040; and in milliseconds.
const UNIX_TIMES: [std::ops::RangeInclusive<u64>; 2] =
    [946_684_800..=2_208_988_800, 946_684_800_000..=2_208_988_800_000];

/// One column's statistics, asked.
#[derive(Clone, Copy)]
pub(super) struct Look<'a> {
    stats: &'a ColumnStats,
    /// What the input declares.
    pub declared: Declared,
    /// Values that are not a state marker (`!`, `*`): what shares are shares of.
    pub n: f64,
}

impl<'a> Look<'a> {
    pub(super) fn new(stats: &'a ColumnStats, column: &Column) -> Self {
        let markers: u64 =
            stats.forms.iter().filter(|form| form.def.kind == FormKind::State).map(|form| form.count).sum();
        Self { stats, declared: Declared::of(column), n: (stats.values - markers) as f64 }
    }

    fn share(self, count: u64) -> f64 {
        if self.n < 1.0 { 0.0 } else { (count as f64 / self.n).min(1.0) }
    }

    /// Share of values of these kinds.
    pub(super) fn kinds(self, kinds: &[Kind]) -> f64 {
        self.share(kinds.iter().map(|&kind| self.stats.kinds[kind as usize]).sum())
    }

    /// Share of values whose form is of these kinds.
    pub(super) fn forms(self, kinds: &[FormKind]) -> f64 {
        self.share(self.stats.forms.iter().filter(|form| kinds.contains(&form.def.kind)).map(|form| form.count).sum())
    }

    /// Name of the commonest form of these kinds; ties go by name.
    pub(super) fn main_form(self, kinds: &[FormKind]) -> Option<&'static str> {
        let forms = self.stats.forms.iter().filter(|form| kinds.contains(&form.def.kind));
        forms.max_by_key(|form| (form.count, std::cmp::Reverse(form.def.name))).map(|form| form.def.name)
    }

    /// Share of digests, bare or with their salt.
    pub(super) fn digests(self) -> f64 {
        self.forms(&[FormKind::Digest, FormKind::SaltedDigest])
    }

    /// Share of common passwords, or of their digests, and how many different ones.
    pub(super) fn common(self) -> (f64, u64) {
        (self.share(self.stats.common), self.stats.distinct_common())
    }

    /// How many values are common passwords or their digests, for each different one of these.
    pub(super) fn common_repeats(self) -> f64 {
        self.stats.common as f64 / (self.stats.distinct_common().max(1)) as f64
    }

    /// How many different values likely passwords open here, if that is no accident: words, or numbers that repeat as
    /// passwords do.
    ///
    /// Somebody may hash numbers, too. Codes drawn by lot are in the list once in 1,640 (609 of all numbers of six digits; of
    /// longer ones fewer), and one code in a hundred never; numberings go through stretches that are, but repeat none.
    pub(super) fn opened(self) -> Option<u64> {
        let (common, numbers) = (self.stats.common, self.stats.numbers.min(self.stats.common));
        let repeat = self.share(numbers) >= 0.01 && self.common_repeats() >= 1.5;
        (numbers < common || (numbers > 1 && repeat)).then(|| self.stats.distinct_common())
    }

    /// The column whose values these are the digests of.
    pub(super) fn digest_of(self) -> Option<usize> {
        self.stats.digest_of.map(|column| column as usize)
    }

    /// Distinct values as a share of the values.
    pub(super) fn distinct_share(self) -> f64 {
        self.share(self.stats.distinct())
    }

    /// Distinct values.
    pub(super) fn distinct(self) -> f64 {
        self.stats.distinct() as f64
    }

    /// Whether values do not repeat, as far as the estimate of distinct values can tell: its error is 2.3 %, and a few
    /// values may share a register.
    pub(super) fn unique(self) -> bool {
        self.distinct() >= 0.94 * self.n - 0.5
    }

    /// Distinct patterns of byte classes.
    pub(super) fn patterns(self) -> f64 {
        self.stats.patterns() as f64
    }

    /// Share of the commonest length, and how many lengths have at least 2 % (and at least one value).
    pub(super) fn lengths(self) -> (f64, usize) {
        let most = self.stats.lengths.iter().copied().max().unwrap_or(0);
        let used = self.stats.lengths.iter().filter(|&&count| count > 0 && self.share(count) >= 0.02).count();
        (self.share(most), used)
    }

    /// The length of most values, if `LENGTHS` or less.
    pub(super) fn main_length(self) -> Option<usize> {
        let most = (0..LENGTHS).max_by_key(|&len| (self.stats.lengths[len], std::cmp::Reverse(len)))?;
        (self.stats.lengths[most] > 0).then_some(most)
    }

    /// Shortest and longest value, in bytes.
    pub(super) fn length_range(self) -> (u64, u64) {
        (self.stats.min_len.min(self.stats.max_len), self.stats.max_len)
    }

    /// Mean length in bytes.
    pub(super) fn mean_length(self) -> f64 {
        if self.stats.values == 0 { 0.0 } else { self.stats.sum_len as f64 / self.stats.values as f64 }
    }

    /// How many combinations of lower case, upper case, digits and punctuation have at least 3 % of the values.
    pub(super) fn combinations(self) -> usize {
        self.stats.combinations.iter().filter(|&&count| count > 0 && self.share(count) >= 0.03).count()
    }

    /// Vowels among the ASCII letters: 35–45 % in words, some 23 % in random letters, 33 % in random hex letters.
    pub(super) fn vowels(self) -> f64 {
        if self.stats.letters == 0 { 0.0 } else { self.stats.vowels as f64 / self.stats.letters as f64 }
    }

    pub(super) fn special(self) -> f64 {
        self.share(self.stats.with_special)
    }

    pub(super) fn spaces(self) -> f64 {
        self.share(self.stats.with_space)
    }

    pub(super) fn first_names(self) -> f64 {
        self.share(self.stats.first_names)
    }

    pub(super) fn emails(self) -> f64 {
        self.kinds(&[Kind::Email])
    }

    /// Share of values that are flags or words for states.
    pub(super) fn flags(self) -> f64 {
        self.share(self.stats.flags)
    }

    /// Whether there is nothing but NULLs, empty cells and state markers.
    pub(super) fn is_empty(self) -> bool {
        self.n < 1.0
    }

    /// Dates, time stamps, Unix times.
    pub(super) fn is_instants(self) -> bool {
        self.kinds(&[Kind::Date]) >= 0.8
            || (self.is_empty() && self.declared == Declared::Instant)
            || self.is_unix_times()
    }

    /// Integers that are all Unix times (zeros for "never" aside); digits alone could also be a phone number, so only a
    /// name can say for sure.
    pub(super) fn is_unix_times(self) -> bool {
        self.kinds(&[Kind::Integer]) >= 0.95
            && UNIX_TIMES.iter().any(|range| range.contains(&self.stats.max_int))
            && (self.stats.min_int == 0 || UNIX_TIMES.iter().any(|range| range.contains(&self.stats.min_int)))
    }

    /// Flags: true and false, or a handful of states.
    pub(super) fn is_flags(self) -> bool {
        !self.is_empty() && self.flags() >= 0.9 && self.distinct() <= 6.0
    }

    /// Few different values for many rows.
    pub(super) fn is_enum(self) -> bool {
        self.n >= 20.0 && self.distinct() <= 8.0_f64.max(self.n * 0.01).min(64.0)
    }

    /// Integers and nothing else.
    pub(super) fn is_integers(self) -> bool {
        self.kinds(&[Kind::Integer]) >= 0.97
    }

    /// Integers of one length with leading zeros, or all between four and eight digits: PIN-like.
    pub(super) fn is_pins(self) -> bool {
        self.is_integers()
            && self.lengths().0 >= 0.9
            && self.main_length().is_some_and(|len| (4..=8).contains(&len))
            && (self.n < 30.0 || self.distinct() >= 20.0)
    }

    /// Whether the values are plainly something that no password column holds, whatever its name.
    pub(super) fn contradicts_password(self) -> Option<&'static str> {
        match self.declared {
            Declared::Bool => return Some("declared as a flag"),
            Declared::Instant => return Some("declared as a date"),
            Declared::Decimal => return Some("declared as a decimal number"),
            _ => {}
        }
        if self.is_empty() {
            return None;
        }
        if self.kinds(&[Kind::Date]) >= 0.8 || (self.is_unix_times() && self.n >= 3.0) {
            Some("its values are dates")
        } else if self.flags() >= 0.95 && self.distinct() <= 3.0 && (self.length_range().1 <= 1 || self.n >= 8.0) {
            Some("its values are flags")
        } else if self.is_integers() && self.n >= 20.0 && self.distinct() <= 5.0 && !self.is_factory_numbers() {
            Some("its values are a few numbers")
        } else if self.is_integers() && self.length_range().1 <= 2 {
            Some("its values are small numbers")
        } else if self.kinds(&[Kind::Decimal]) >= 0.8 {
            Some("its values are decimal numbers")
        } else if self.kinds(&[Kind::Uuid]) >= 0.9 {
            Some("its values are UUIDs")
        } else if self.emails() >= 0.9 {
            Some("its values are email addresses")
        } else if self.kinds(&[Kind::Url]) >= 0.8 {
            Some("its values are URLs or paths")
        } else if self.kinds(&[Kind::Prose]) >= 0.5 {
            Some("its values are sentences")
        } else {
            None
        }
    }

    /// Few numbers, but such as people and factories choose: `888888`, `12345`.
    fn is_factory_numbers(self) -> bool {
        self.length_range().0 >= 4 && self.common().0 >= 0.5
    }

    /// Whether the values look like random strings of one length: what salts look like.
    pub(super) fn is_random_of_one_length(self) -> bool {
        let random = [
            Kind::Hex,
            Kind::Token,
            Kind::Code,
            Kind::Mixed,
            Kind::Special,
            Kind::Binary,
            Kind::Camel,
            Kind::Lower,
            Kind::Upper,
            Kind::Capital,
            Kind::Slug,
            Kind::Integer,
            Kind::Words,
            Kind::Numbers,
        ];
        let (same, _) = self.lengths();
        let length = self.main_length().unwrap_or(LENGTHS);
        !self.is_empty()
            && same >= 0.95
            && (2..=64).contains(&length)
            && self.kinds(&random) >= 0.9
            && self.kinds(&[Kind::Integer]) < 0.5
            && (self.vowels() < if self.n < 100.0 { 0.45 } else { 0.36 } || length >= 16)
            && self.distinct_share() >= if length <= 4 { 0.6 } else { 0.9 }
            && (self.n < 30.0 || self.patterns() >= 4.0 || self.digests() >= 0.9)
    }
}
