//! What was typed: flags and arguments as clap reads them, nothing checked yet. What they mean is `settings`; no clap
//! type goes further down than that.

mod audit;
mod breach;
mod check;
mod corpus;
mod download;
mod gate;
mod live;
mod rules;
mod serve;

use std::io;

use clap::{CommandFactory, Parser, Subcommand, ValueEnum};

pub use audit::AuditArgs;
pub use breach::BreachArgs;
pub use check::{CheckArgs, HashArg};
pub use corpus::{CorpusArgs, CorpusBuildArgs, CorpusCommand, CorpusInfoArgs, CorpusVerifyArgs, KindArg, VariantArg};
pub use download::DownloadArgs;
pub use gate::{BaselineArgs, EngineArg, GateArgs, ScanArgs};
pub use live::LiveArgs;
pub use rules::RulesArgs;
pub use serve::ServeArgs;

/// The command line.
#[derive(Debug, Parser)]
#[command(
    name = "credaudit",
    version,
    about = "Finds passwords stored badly in database dumps and names every account to reset, \
             without ever showing a password",
    after_help = EXIT_CODES,
    propagate_version = true,
    arg_required_else_help = true
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

const EXIT_CODES: &str = "Exit codes: 0 all was read and nothing reaches --fail-on; 1 something does; \
                          2 trouble, or nothing does but the audit is incomplete.";

const CHECK_CODES: &str = "Exit codes: 0 not seen; 1 seen; 2 trouble, or not seen but not all is known.";

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Read dumps and files, and say which accounts to reset, how soon and why.
    #[command(after_help = EXIT_CODES)]
    Audit(Box<AuditArgs>),
    /// Say how often a password, or each value on standard input, was seen in breaches; never the value.
    #[command(after_help = CHECK_CODES)]
    Check(Box<CheckArgs>),
    /// Search what ships for keys, tokens and passwords, and audit the tables in it.
    #[command(after_help = EXIT_CODES)]
    Gate(Box<GateArgs>),
    /// Write what the gate finds now into the baseline, so that only new findings are reported; or prune it.
    Baseline(Box<BaselineArgs>),
    /// List, explain and test the patterns of the gate, your own too.
    Rules(RulesArgs),
    /// Keep a breach corpus on this machine: one file that answers without a network.
    Corpus(CorpusArgs),
    /// Print the completion script for a shell.
    Completions {
        /// Which shell.
        shell: clap_complete::Shell,
    },
    /// Print the manual page.
    Man,
}

/// `--color`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ColorArg {
    /// Colour on a terminal, unless `NO_COLOR` is set.
    Auto,
    /// Colour, wherever the report goes.
    Always,
    /// No colour.
    Never,
}

/// Writes the completion script for `shell`.
pub fn completions(shell: clap_complete::Shell, to: &mut dyn io::Write) -> io::Result<()> {
    // The generator panics when it cannot write; a script is some kilobytes, so it is made in memory first.
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "credaudit", &mut script);
    to.write_all(&script)
}

/// Writes the manual page: one page for the program, with the flags of `audit`, and a section for each other command.
pub fn man(to: &mut dyn io::Write) -> io::Result<()> {
    let mut command = Cli::command();
    command.build();
    let audit = command.find_subcommand("audit").expect("the program has an `audit` command").clone();
    let page = clap_mangen::Man::new(command.clone().after_help(None::<&str>));
    let audit = clap_mangen::Man::new(audit.after_help(None::<&str>));
    page.render_title(to)?;
    page.render_name_section(to)?;
    to.write_all(BEFORE_OPTIONS.as_bytes())?;
    audit.render_options_section(to)?;
    for (name, command) in others(&command) {
        writeln!(to, ".SH \"CREDAUDIT {}\"", name.to_uppercase())?;
        let mut section = Vec::new();
        let man = clap_mangen::Man::new(command.clone());
        man.render_description_section(&mut section)?;
        man.render_synopsis_section(&mut section)?;
        man.render_options_section(&mut section)?;
        // The command is the section here, and what would be sections are parts of it.
        let section = String::from_utf8_lossy(&section).replace(".SH ", ".SS ");
        to.write_all(section.replacen(".SS DESCRIPTION\n", "", 1).as_bytes())?;
    }
    to.write_all(AFTER_OPTIONS.as_bytes())?;
    page.render_version_section(to)
}

/// Commands other than `audit` that have flags or arguments of their own, with their names as typed.
fn others(command: &clap::Command) -> Vec<(String, &clap::Command)> {
    let mut found = Vec::new();
    for command in
        command.get_subcommands().filter(|c| !matches!(c.get_name(), "audit" | "help" | "completions" | "man"))
    {
        if command.has_subcommands() {
            let below =
                others(command).into_iter().map(|(name, below)| (format!("{} {name}", command.get_name()), below));
            found.extend(below);
        } else {
            found.push((command.get_name().to_owned(), command));
        }
    }
    found
}

/// In roff, with the macros of `groff_man(7)`.
const BEFORE_OPTIONS: &str = r".SH SYNOPSIS
.B credaudit audit
[\fIOPTIONS\fR] \fITARGET\fR...
.br
.B credaudit corpus build
[\fIOPTIONS\fR] \fIINPUT\fR... \-\-output \fIFILE\fR
.br
.B credaudit corpus info
\fIFILE\fR
.br
.B credaudit corpus verify
\fIFILE\fR
.br
.B credaudit completions
\fISHELL\fR
.br
.B credaudit man
.SH DESCRIPTION
.B credaudit audit
reads database dumps and other files holding tables, finds the columns that hold passwords, grades how they are stored,
and puts every account into a tier: T0 reset now, T1 within 24 hours, T2 within 72 hours, T3 at next login, T4 disable
or delete, none nothing to do, unknown not decided because something was not read, not understood or not answered.
It never shows a password or a stored hash.
.PP
.B credaudit corpus build
makes one file of the official Pwned Passwords text, a folder of ranges, binary records or lists of one's own;
.B info
says what such a file holds and
.B verify
reads it whole and checks every checksum.
Their flags: credaudit corpus build \-\-help.
.PP
.B credaudit completions
prints the completion script for bash, elvish, fish, powershell or zsh.
.B credaudit man
prints this page.
";

const AFTER_OPTIONS: &str = r#".SH "RESET LIST"
The file of \-\-resets is CSV (RFC 4180) with the columns tier, target, table, account_id, login, email, reasons, scheme,
exposure_count, active and locator. It lists accounts of T0 to T4 and those not decided. Reasons are joined by
semicolons; active is yes, no or empty where it is not known. A cell that a spreadsheet would take for a formula gets an
apostrophe in front; invalid UTF-8 and invisible control characters become U+FFFD.
.SH FILES
Report and reset list are written under a hidden name, with mode 0600, and renamed when they are whole. A pipe or a
device is written directly.
.SH ENVIRONMENT
.TP
.B NO_COLOR
Set and not empty: no colour unless \-\-color always.
.TP
.B COLUMNS
Width of the terminal report, from 60 to 120; 80 if not set.
.SH "EXIT STATUS"
.TP
.B 0
Everything was read and understood, and nothing reaches the threshold of \-\-fail\-on.
.TP
.B 1
An account or a finding reaches the threshold.
.TP
.B 2
Trouble; or nothing reaches the threshold, but the audit is incomplete.
"#;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definitions_are_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_flag_has_one_help_sentence_and_a_group() {
        let command = Cli::command();
        let all = others(&command).into_iter().map(|(_, command)| command).chain(command.find_subcommand("audit"));
        for arg in all.flat_map(clap::Command::get_arguments).filter(|a| !a.is_positional()) {
            let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
            assert!(!help.is_empty(), "{}", arg.get_id());
            if !["help", "version"].contains(&arg.get_id().as_str()) {
                assert!(arg.get_help_heading().is_some(), "{}", arg.get_id());
                assert!(!help.replace("e.g. ", "").contains(". "), "one sentence: {help}");
            }
        }
    }

    #[test]
    fn the_manual_page_names_every_flag_that_help_shows() {
        let mut page = Vec::new();
        man(&mut page).unwrap();
        let page = String::from_utf8(page).unwrap();
        let command = Cli::command();
        let others = others(&command);
        for (name, _) in &others {
            let heading = format!(".SH \"CREDAUDIT {}\"", name.to_uppercase());
            assert!(page.contains(&heading), "{name} has no section");
        }
        assert!(others.len() >= 6, "check, and five of corpus");
        let all = others.iter().map(|(_, command)| *command).chain(command.find_subcommand("audit"));
        for arg in all.flat_map(clap::Command::get_arguments).filter(|arg| !arg.is_hide_set()) {
            if let Some(long) = arg.get_long() {
                let roff = format!("\\-\\-{}", long.replace('-', "\\-"));
                assert!(page.contains(&roff), "{long} is not on the manual page");
            }
        }
        assert!(page.contains("EXIT STATUS"));
    }

    #[test]
    fn completions_exist_for_every_shell() {
        for shell in clap_complete::Shell::value_variants() {
            let mut script = Vec::new();
            completions(*shell, &mut script).unwrap();
            let script = String::from_utf8(script).unwrap();
            for flag in ["fail-on", "breach-budget", "max-connections", "hashes", "concurrency"] {
                assert!(script.contains(flag), "{flag} for {shell}");
            }
        }
    }
}
