//! What `credaudit identify` was asked.

use std::fs;
use std::io::IsTerminal;

use crate::cli::{IdentifyArgs, IdentifyFormat};
use crate::error::Error;
use crate::model::{Policy, Secret};

/// Where the values come from.
pub enum ValuesFrom {
    /// The command line.
    Arguments(Vec<Secret>),
    /// Standard input, one a line.
    Stdin,
    /// A prompt that does not show what is typed.
    Prompt,
}

/// A question that makes sense.
pub struct IdentifySettings {
    /// Where the values come from.
    pub values: ValuesFrom,
    /// Whether the answer is JSON.
    pub json: bool,
    /// What is graded by.
    pub policy: Policy,
    /// Whether standard error stays silent.
    pub quiet: bool,
}

/// Checks what was typed.
pub fn check(args: &IdentifyArgs) -> Result<IdentifySettings, Error> {
    let policy = match &args.policy {
        None => Policy::builtin(),
        Some(path) => {
            let text = fs::read_to_string(path).map_err(|e| Error::read(path, e))?;
            Policy::parse(&text).map_err(|e| Error::policy(path, e))?
        }
    };
    let stdin = args.values.iter().any(|value| value == "-");
    if stdin && args.values.len() > 1 {
        return Err(Error::usage("`-` stands beside other values", "pipe all values in, one a line"));
    }
    let values = if stdin || args.values.is_empty() && !std::io::stdin().is_terminal() {
        ValuesFrom::Stdin
    } else if args.values.is_empty() {
        ValuesFrom::Prompt
    } else {
        ValuesFrom::Arguments(args.values.iter().map(|value| Secret::new(value.as_encoded_bytes())).collect())
    };
    let json = args.format == IdentifyFormat::Json;
    Ok(IdentifySettings { values, json, policy, quiet: args.quiet })
}
