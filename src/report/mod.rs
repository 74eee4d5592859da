//! What people and programs read. One file per output.
//!
//! Names of files, tables and columns come from the input and are hostile: every output makes them harmless in its own
//! way. Cells of the input appear in one place only, the reset list, and there only as id, login and email.

mod files;
mod json;
mod progress;
mod resets;
#[cfg(test)]
mod sample;
mod sarif;
mod terminal;
mod text;

pub use files::Destination;
pub use json::Json;
pub use progress::{Meter, Notes, Progress, Silent};
pub use resets::{ResetList, TakeRow};
pub use sarif::Sarif;
pub use terminal::Terminal;

use std::io;

use crate::model::Report;

/// One output format of the whole report.
pub trait Output: Sync {
    /// The word after `--format`.
    fn name(&self) -> &'static str;
    /// Writes the report.
    fn write(&self, report: &Report, style: Style, to: &mut dyn io::Write) -> io::Result<()>;
}

/// Every output format; the first is the default.
pub const ALL: &[&dyn Output] = &[&Terminal, &Json, &Sarif];

/// How the terminal looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Whether to use colour.
    pub color: bool,
    /// Columns.
    pub width: usize,
}
