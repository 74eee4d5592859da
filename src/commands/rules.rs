//! `credaudit rules`.

use std::io::{self, BufWriter, Write};

use credaudit::cli::RulesArgs;
use credaudit::error::Error;
use credaudit::secrets::{DEFAULT_CONFIDENCE, EngineChoice, Pattern};
use credaudit::settings;

use super::unless_broken_pipe;

pub(super) fn run(args: &RulesArgs) -> Result<u8, Error> {
    let patterns = settings::check_rules(args)?;
    let mut to = BufWriter::new(io::stdout());
    let (written, code) = if args.test {
        test(patterns, &mut to)?
    } else if let Some(id) = &args.rule {
        let Some(pattern) = patterns.iter().find(|pattern| pattern.id == id.as_str()) else {
            return Err(Error::usage(format!("there is no rule {id:?}"), "`credaudit rules` lists them"));
        };
        (explain(pattern, &mut to), 0)
    } else {
        (list(&patterns, &mut to), 0)
    };
    unless_broken_pipe(written.and_then(|()| to.flush())).map_err(|e| Error::write(None, e))?;
    Ok(code)
}

fn list(patterns: &[Pattern], to: &mut dyn Write) -> io::Result<()> {
    let mut sorted: Vec<&Pattern> = patterns.iter().collect();
    sorted.sort_by_key(|pattern| pattern.id);
    for pattern in sorted {
        writeln!(to, "{:<40} {:<9} {}", pattern.id, pattern.severity.name(), pattern.description)?;
    }
    writeln!(to, "\n{} rules; `credaudit rules RULE` explains one", patterns.len())
}

fn explain(pattern: &Pattern, to: &mut dyn Write) -> io::Result<()> {
    writeln!(to, "{}\n  {}\n", pattern.id, pattern.description)?;
    writeln!(to, "  severity    {}", pattern.severity.name())?;
    writeln!(to, "  confidence  {} % before its value is judged", pattern.confidence)?;
    if !pattern.keywords.is_empty() {
        let written = if pattern.bytes { " (hexadecimal)" } else { "" };
        writeln!(to, "  keywords    {}{written}", pattern.keywords.join("  "))?;
    }
    if !pattern.files.is_empty() {
        writeln!(to, "  files       {}", pattern.files.join("  "))?;
    }
    if let Some(before) = &pattern.before {
        writeln!(to, "  before      {before}")?;
    }
    if pattern.generic.is_some() {
        writeln!(to, "  found by    the name of a value; name and value are judged")?;
    } else {
        writeln!(to, "  regex       {}", pattern.regex)?;
    }
    if let Some(check) = pattern.check {
        writeln!(to, "  check       {}", check.name())?;
    }
    if let Some(entropy) = pattern.entropy {
        writeln!(to, "  entropy     at least {entropy} bits a character")?;
    }
    if let Some(source) = &pattern.source {
        writeln!(to, "  source      {source}")?;
    }
    let advice = pattern.advice.as_deref().unwrap_or("revoke it, and hand the next one over at run time");
    writeln!(to, "  to do       {advice}")
}

/// Runs every example; names those that fail, and ends in 1 if there are any.
fn test(patterns: Vec<Pattern>, to: &mut dyn Write) -> Result<(io::Result<()>, u8), Error> {
    let rules = settings::prepare(patterns, EngineChoice::Best)?;
    let mut failed = Vec::new();
    let mut examples = 0;
    for (index, pattern) in rules.patterns().iter().enumerate() {
        let path = pattern.example_file.as_deref().unwrap_or("text");
        let all = pattern
            .examples
            .iter()
            .map(|text| (text, true))
            .chain(pattern.counter_examples.iter().map(|text| (text, false)));
        for (nth, (text, wanted)) in all.enumerate() {
            examples += 1;
            let hits =
                rules.scan(path, text).map_err(|e| Error::system("searching an example", io::Error::other(e)))?;
            let found = hits.iter().any(|hit| hit.pattern == index && hit.confidence >= DEFAULT_CONFIDENCE);
            if found != wanted {
                let (kind, nth) =
                    if wanted { ("example", nth) } else { ("counter-example", nth - pattern.examples.len()) };
                let what = if wanted { "is not found" } else { "is found" };
                failed.push(format!("{}: {kind} {} {what}", pattern.id, nth + 1));
            }
        }
        if pattern.examples.is_empty() {
            failed.push(format!("{}: it has no example", pattern.id));
        }
    }
    let code = u8::from(!failed.is_empty());
    let written = failed.iter().try_for_each(|line| writeln!(to, "{line}")).and_then(|()| {
        writeln!(to, "{} patterns, {examples} examples, {} failed", rules.patterns().len(), failed.len())
    });
    Ok((written, code))
}
