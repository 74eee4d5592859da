//! What people and programs read. One file per output.

use std::io;

use crate::model::Report;

/// One output format of the whole report.
pub trait Output: Sync {
    /// The word after `--format`.
    fn name(&self) -> &'static str;
    /// Writes the report.
    fn write(&self, report: &Report, style: Style, to: &mut dyn io::Write) -> io::Result<()>;
}

/// How the terminal looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Whether to use colour.
    pub color: bool,
    /// Columns.
    pub width: usize,
}
