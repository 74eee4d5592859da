//! `credaudit rules`.

use std::path::PathBuf;

use clap::Args;

/// Flags and arguments of `rules`.
#[derive(Args, Debug)]
pub struct RulesArgs {
    /// Explain this rule instead of listing all.
    #[arg(value_name = "RULE")]
    pub rule: Option<String>,
    /// Check that every example of every pattern is found and no counter-example is.
    #[arg(long, conflicts_with = "rule", help_heading = "Patterns")]
    pub test: bool,
    /// Patterns of your own beside the built-in ones; may be given several times.
    #[arg(long, value_name = "FILE", help_heading = "Patterns")]
    pub patterns: Vec<PathBuf>,
    /// Settings with patterns of your own [default: `credaudit.toml` in the current folder, if there is one].
    #[arg(long, value_name = "FILE", help_heading = "Patterns")]
    pub config: Option<PathBuf>,
}
