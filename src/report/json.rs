//! The report for programs: version 1 of the public JSON, described by `schemas/report-v1.json`.
//!
//! The types here are that document and nothing else. They are frozen: a field may be added, none renamed or removed
//! without a new `schema_version`. Written as a stream, indented, in the order of the report, so that the same report
//! gives the same bytes.

use std::io;

use serde::{Serialize, Serializer};
use serde_json::ser::{CharEscape, Formatter, PrettyFormatter};

use super::{Output, Style};
use crate::model::{
    AccountTotals, BreachReport, ByteTotals, ColumnReport, Finding, GateReport, Report, ReportSkip, ReportTable,
    ReportTarget, RuleReport, Site, Tier,
};

/// `--format json`.
pub struct Json;

impl Output for Json {
    fn name(&self) -> &'static str {
        "json"
    }

    fn write(&self, report: &Report, _: Style, to: &mut dyn io::Write) -> io::Result<()> {
        let mut serializer = serde_json::Serializer::with_formatter(&mut *to, Visible(PrettyFormatter::new()));
        V1::from(report).serialize(&mut serializer).map_err(io::Error::from)?;
        to.write_all(b"\n")
    }
}

#[derive(Serialize)]
struct V1<'a> {
    schema_version: u32,
    tool: V1Tool,
    targets: Each<'a, ReportTarget, V1Target<'a>>,
    bytes: V1Bytes,
    tables: Each<'a, ReportTable, V1Table<'a>>,
    accounts: V1Accounts,
    breach: V1Breach<'a>,
    breach_sources: Each<'a, BreachReport, V1BreachSource<'a>>,
    findings: Each<'a, Finding, V1Finding<'a>>,
    skipped: Each<'a, ReportSkip, V1Skip<'a>>,
    not_asked: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    gate: Option<V1Gate<'a>>,
    complete: bool,
}

impl<'a> From<&'a Report> for V1<'a> {
    fn from(report: &'a Report) -> Self {
        Self {
            schema_version: 1,
            tool: V1Tool { name: "credaudit", version: env!("CARGO_PKG_VERSION") },
            targets: Each(&report.targets, V1Target::from),
            bytes: report.bytes.into(),
            tables: Each(&report.tables, V1Table::from),
            accounts: V1Accounts { total: report.accounts.total, tiers: report.accounts.into() },
            breach: main_source(&report.breach).into(),
            breach_sources: Each(&report.breach, V1BreachSource::from),
            findings: Each(&report.findings, V1Finding::from),
            skipped: Each(&report.skipped, V1Skip::from),
            not_asked: &report.not_asked,
            gate: report.gate.as_ref().map(V1Gate::from),
            complete: !report.is_incomplete(),
        }
    }
}

/// The source that weighs most: a server rather than the built-in list.
fn main_source(sources: &[BreachReport]) -> Option<&BreachReport> {
    sources.iter().find(|s| s.source.contains("://")).or_else(|| sources.first())
}

#[derive(Serialize)]
struct V1Tool {
    name: &'static str,
    version: &'static str,
}

#[derive(Serialize)]
struct V1Target<'a> {
    target: &'a str,
    unit: &'a str,
    format: &'a str,
    bytes: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    sha256: Option<&'a str>,
}

impl<'a> From<&'a ReportTarget> for V1Target<'a> {
    fn from(t: &'a ReportTarget) -> Self {
        Self { target: &t.target, unit: &t.unit, format: &t.format, bytes: t.bytes, sha256: t.sha256.as_deref() }
    }
}

#[derive(Serialize)]
struct V1Bytes {
    read: u64,
    rows: u64,
    other: u64,
    not_understood: u64,
}

impl From<ByteTotals> for V1Bytes {
    fn from(b: ByteTotals) -> Self {
        Self { read: b.read, rows: b.rows, other: b.other, not_understood: b.not_understood }
    }
}

#[derive(Serialize)]
struct V1Table<'a> {
    target: &'a str,
    unit: &'a str,
    table: &'a str,
    rows: u64,
    accounts: u64,
    tiers: V1Tiers,
    columns: Each<'a, ColumnReport, V1Column<'a>>,
}

impl<'a> From<&'a ReportTable> for V1Table<'a> {
    fn from(t: &'a ReportTable) -> Self {
        Self {
            target: &t.target,
            unit: &t.unit,
            table: &t.table,
            rows: t.rows,
            accounts: t.accounts,
            tiers: t.tiers.into(),
            columns: Each(&t.columns, V1Column::from),
        }
    }
}

#[derive(Serialize)]
struct V1Column<'a> {
    name: &'a str,
    role: &'static str,
    confidence: u8,
    scheme: Option<&'a str>,
    evidence: Option<&'static str>,
    grade: Option<&'a str>,
    rows: u64,
    distinct: Option<u64>,
    why: &'a str,
}

impl<'a> From<&'a ColumnReport> for V1Column<'a> {
    fn from(c: &'a ColumnReport) -> Self {
        Self {
            name: &c.name,
            role: c.role.name(),
            confidence: c.confidence.percent(),
            scheme: c.scheme.as_deref(),
            evidence: c.evidence.map(crate::model::Evidence::name),
            grade: c.grade.as_deref(),
            rows: c.rows,
            distinct: c.distinct,
            why: &c.why,
        }
    }
}

#[derive(Serialize)]
struct V1Accounts {
    total: u64,
    #[serde(flatten)]
    tiers: V1Tiers,
}

#[derive(Serialize)]
struct V1Tiers {
    #[serde(rename = "T0")]
    t0: u64,
    #[serde(rename = "T1")]
    t1: u64,
    #[serde(rename = "T2")]
    t2: u64,
    #[serde(rename = "T3")]
    t3: u64,
    #[serde(rename = "T4")]
    t4: u64,
    none: u64,
    unknown: u64,
}

impl From<AccountTotals> for V1Tiers {
    fn from(a: AccountTotals) -> Self {
        Self {
            t0: a.of(Tier::T0),
            t1: a.of(Tier::T1),
            t2: a.of(Tier::T2),
            t3: a.of(Tier::T3),
            t4: a.of(Tier::T4),
            none: a.of(Tier::None),
            unknown: a.of(Tier::Unknown),
        }
    }
}

#[derive(Serialize)]
struct V1Breach<'a> {
    source: &'a str,
    asked: u64,
    seen: u64,
    not_seen: u64,
    unknown: u64,
}

impl<'a> From<Option<&'a BreachReport>> for V1Breach<'a> {
    fn from(b: Option<&'a BreachReport>) -> Self {
        b.map_or(Self { source: "none", asked: 0, seen: 0, not_seen: 0, unknown: 0 }, |b| Self {
            source: &b.source,
            asked: b.asked,
            seen: b.seen,
            not_seen: b.not_seen,
            unknown: b.unknown,
        })
    }
}

#[derive(Serialize)]
struct V1BreachSource<'a> {
    #[serde(flatten)]
    totals: V1Breach<'a>,
    why_unknown: Vec<V1Why>,
}

#[derive(Serialize)]
struct V1Why {
    why: &'static str,
    count: u64,
}

impl<'a> From<&'a BreachReport> for V1BreachSource<'a> {
    fn from(b: &'a BreachReport) -> Self {
        let why_unknown = b.why_unknown.iter().map(|(why, count)| V1Why { why: why.why(), count: *count }).collect();
        Self { totals: Some(b).into(), why_unknown }
    }
}

#[derive(Serialize)]
struct V1Finding<'a> {
    id: &'a str,
    rule: &'static str,
    severity: &'static str,
    confidence: u8,
    target: &'a str,
    locator: &'a str,
    message: &'a str,
    accounts: u64,
    #[serde(flatten)]
    site: Option<V1Site<'a>>,
}

#[derive(Serialize)]
struct V1Site<'a> {
    path: &'a str,
    line: u64,
    column: u64,
    offset: u64,
    length: u64,
    fingerprint: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    commit: Option<V1Commit<'a>>,
}

#[derive(Serialize)]
struct V1Commit<'a> {
    id: &'a str,
    date: &'a str,
}

impl<'a> From<&'a Site> for V1Site<'a> {
    fn from(s: &'a Site) -> Self {
        Self {
            path: &s.path,
            line: s.line,
            column: s.column,
            offset: s.offset,
            length: s.length,
            fingerprint: &s.fingerprint,
            commit: s.commit.as_ref().map(|commit| V1Commit { id: &commit.id, date: &commit.date }),
        }
    }
}

#[derive(Serialize)]
struct V1Gate<'a> {
    files: u64,
    searched: u64,
    engine: &'a str,
    baselined: u64,
    allowed: u64,
    below: u64,
    rules: Each<'a, RuleReport, V1Rule<'a>>,
}

impl<'a> From<&'a GateReport> for V1Gate<'a> {
    fn from(g: &'a GateReport) -> Self {
        Self {
            files: g.files,
            searched: g.searched,
            engine: &g.engine,
            baselined: g.baselined,
            allowed: g.allowed,
            below: g.below,
            rules: Each(&g.rules, V1Rule::from),
        }
    }
}

#[derive(Serialize)]
struct V1Rule<'a> {
    id: &'a str,
    description: &'a str,
    severity: &'static str,
    advice: &'a str,
}

impl<'a> From<&'a RuleReport> for V1Rule<'a> {
    fn from(r: &'a RuleReport) -> Self {
        Self { id: &r.id, description: &r.description, severity: r.severity.name(), advice: &r.advice }
    }
}

impl<'a> From<&'a Finding> for V1Finding<'a> {
    fn from(f: &'a Finding) -> Self {
        Self {
            id: &f.id,
            rule: f.rule,
            severity: f.severity.name(),
            confidence: f.confidence.percent(),
            target: &f.target,
            locator: &f.locator,
            message: &f.message,
            accounts: f.accounts,
            site: f.site.as_deref().map(V1Site::from),
        }
    }
}

#[derive(Serialize)]
struct V1Skip<'a> {
    target: &'a str,
    what: &'a str,
    why: &'a str,
}

impl<'a> From<&'a ReportSkip> for V1Skip<'a> {
    fn from(s: &'a ReportSkip) -> Self {
        Self { target: &s.target, what: &s.what, why: &s.why }
    }
}

/// A list whose items become their public form one at a time, while they are written.
struct Each<'a, T, V>(&'a [T], fn(&'a T) -> V);

impl<T, V: Serialize> Serialize for Each<'_, T, V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(self.1))
    }
}

/// Indented JSON in which everything invisible is written as `\uXXXX`: the same text to a program, and harmless to a
/// terminal it is shown on. JSON itself asks for that only below U+0020.
struct Visible(PrettyFormatter<'static>);

impl Formatter for Visible {
    fn write_string_fragment<W: ?Sized + io::Write>(&mut self, to: &mut W, fragment: &str) -> io::Result<()> {
        let mut rest = fragment;
        while let Some(at) = rest.find(is_invisible) {
            to.write_all(&rest.as_bytes()[..at])?;
            let c = rest[at..].chars().next().expect("find gave the place of a character");
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(to, "\\u{unit:04x}")?;
            }
            rest = &rest[at + c.len_utf8()..];
        }
        to.write_all(rest.as_bytes())
    }
    fn write_char_escape<W: ?Sized + io::Write>(&mut self, to: &mut W, escape: CharEscape) -> io::Result<()> {
        self.0.write_char_escape(to, escape)
    }
    fn begin_array<W: ?Sized + io::Write>(&mut self, to: &mut W) -> io::Result<()> {
        self.0.begin_array(to)
    }
    fn end_array<W: ?Sized + io::Write>(&mut self, to: &mut W) -> io::Result<()> {
        self.0.end_array(to)
    }
    fn begin_array_value<W: ?Sized + io::Write>(&mut self, to: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_array_value(to, first)
    }
    fn end_array_value<W: ?Sized + io::Write>(&mut self, to: &mut W) -> io::Result<()> {
        self.0.end_array_value(to)
    }
    fn begin_object<W: ?Sized + io::Write>(&mut self, to: &mut W) -> io::Result<()> {
        self.0.begin_object(to)
    }
    fn end_object<W: ?Sized + io::Write>(&mut self, to: &mut W) -> io::Result<()> {
        self.0.end_object(to)
    }
    fn begin_object_key<W: ?Sized + io::Write>(&mut self, to: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_object_key(to, first)
    }
    fn begin_object_value<W: ?Sized + io::Write>(&mut self, to: &mut W) -> io::Result<()> {
        self.0.begin_object_value(to)
    }
    fn end_object_value<W: ?Sized + io::Write>(&mut self, to: &mut W) -> io::Result<()> {
        self.0.end_object_value(to)
    }
}

/// Control characters (DEL and C1 too), line and paragraph separators, and Unicode's invisible formatting characters.
fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value};

    use super::super::sample;
    use super::*;

    const SCHEMA: &str = include_str!("../../schemas/report-v1.json");

    fn json(report: &Report) -> String {
        let mut out = Vec::new();
        Json.write(report, Style { color: true, width: 80 }, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    fn parsed(report: &Report) -> Value {
        serde_json::from_str(&json(report)).unwrap()
    }

    /// As much of JSON Schema as the file uses; any other keyword fails the test.
    fn check(value: &Value, schema: &Map<String, Value>, root: &Value, path: &str) {
        for (keyword, rule) in schema {
            match keyword.as_str() {
                "$schema" | "$id" | "$defs" | "title" | "description" => {}
                "$ref" => {
                    let target = rule.as_str().unwrap().strip_prefix('#').unwrap();
                    check(value, root.pointer(target).unwrap().as_object().unwrap(), root, path);
                }
                "type" => {
                    let kind = match value {
                        Value::Null => "null",
                        Value::Bool(_) => "boolean",
                        Value::Number(_) => "integer",
                        Value::String(_) => "string",
                        Value::Array(_) => "array",
                        Value::Object(_) => "object",
                    };
                    let one = [rule.clone()];
                    let kinds = rule.as_array().map_or(&one[..], |k| k);
                    assert!(kinds.iter().any(|k| k == kind), "{path} is {kind}, not {rule}");
                }
                "const" => assert_eq!(value, rule, "{path}"),
                "enum" => assert!(rule.as_array().unwrap().contains(value), "{path}: {value}"),
                "minimum" => assert!(value.as_i64().is_none_or(|v| v >= rule.as_i64().unwrap()), "{path}"),
                "maximum" => assert!(value.as_u64().is_none_or(|v| v <= rule.as_u64().unwrap()), "{path}"),
                "pattern" => assert_eq!(rule, "^[0-9a-f]{64}$", "{path}: the test knows no other pattern"),
                "required" => {
                    for name in rule.as_array().unwrap() {
                        assert!(value.get(name.as_str().unwrap()).is_some(), "{path} lacks {name}");
                    }
                }
                "additionalProperties" => {
                    assert_eq!(rule, false);
                    for name in value.as_object().unwrap().keys() {
                        assert!(schema["properties"].get(name).is_some(), "{path}.{name} is not in the schema");
                    }
                }
                "properties" => {
                    for (name, rule) in rule.as_object().unwrap() {
                        if let Some(value) = value.get(name) {
                            check(value, rule.as_object().unwrap(), root, &format!("{path}.{name}"));
                        }
                    }
                }
                "items" => {
                    for (i, value) in value.as_array().unwrap().iter().enumerate() {
                        check(value, rule.as_object().unwrap(), root, &format!("{path}[{i}]"));
                    }
                }
                _ => panic!("{path}: the test does not know the keyword {keyword}"),
            }
        }
    }

    #[test]
    fn the_report_keeps_to_its_published_schema() {
        let schema: Value = serde_json::from_str(SCHEMA).unwrap();
        for report in [sample::busy(), sample::clean(), sample::hostile(), sample::gate(), Report::default()] {
            check(&parsed(&report), schema.as_object().unwrap(), &schema, "$");
        }
    }

    #[test]
    fn every_field_of_the_schema_occurs_in_a_full_report() {
        fn walk(value: &Value, schema: &Value, root: &Value, path: &str) {
            let schema = schema.get("$ref").map_or(schema, |r| root.pointer(&r.as_str().unwrap()[1..]).unwrap());
            if let Some(properties) = schema.get("properties") {
                for (name, rule) in properties.as_object().unwrap() {
                    let value = value.get(name).unwrap_or_else(|| panic!("{path}.{name} never occurs"));
                    walk(value, rule, root, &format!("{path}.{name}"));
                }
            }
            if let Some(items) = schema.get("items") {
                let last = value.as_array().unwrap().last().unwrap_or_else(|| panic!("{path} is empty"));
                walk(last, items, root, &format!("{path}[last]"));
            }
        }
        let schema: Value = serde_json::from_str(SCHEMA).unwrap();
        let full = Report { gate: sample::gate().gate, ..sample::busy() };
        walk(&parsed(&full), &schema, &schema, "$");
    }

    #[test]
    fn the_same_report_gives_the_same_bytes() {
        assert_eq!(json(&sample::busy()), json(&sample::busy()));
    }

    #[test]
    fn an_incomplete_audit_says_so() {
        assert_eq!(parsed(&sample::busy())["complete"], false);
        assert_eq!(parsed(&sample::clean())["complete"], true);
    }

    #[test]
    fn the_main_breach_source_is_the_server_and_none_is_said() {
        assert_eq!(parsed(&sample::busy())["breach"]["source"], "https://api.pwnedpasswords.com");
        assert_eq!(parsed(&sample::busy())["breach_sources"].as_array().unwrap().len(), 2);
        assert_eq!(parsed(&Report::default())["breach"]["source"], "none");
    }

    #[test]
    fn hostile_names_are_harmless_and_read_back_as_they_were() {
        let report = sample::hostile();
        let text = json(&report);
        assert!(text.chars().all(|c| c == '\n' || !is_invisible(c)), "{text}");
        assert_eq!(parsed(&report)["tables"][0]["table"], report.tables[0].table);
        assert_eq!(parsed(&report)["targets"][0]["target"], report.targets[0].target);
    }
}
