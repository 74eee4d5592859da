//! What each command does, one file a command: settings are checked, the library works, results go where they belong.

mod audit;
mod check;
mod corpus;
mod download;
mod gate;
mod rules;
mod serve;

use std::io::{self, Write};

use credaudit::cli::{self, Command};
use credaudit::error::Error;

/// Does what was asked; the exit code.
pub(crate) fn run(command: Command) -> Result<u8, Error> {
    match command {
        Command::Audit(args) => audit::run(*args),
        Command::Check(args) => check::run(&args),
        Command::Gate(args) => gate::run(*args),
        Command::Baseline(args) => gate::baseline(*args),
        Command::Rules(args) => rules::run(&args),
        Command::Corpus(args) => corpus::run(args.command),
        Command::Completions { shell } => print(|to| cli::completions(shell, to)),
        Command::Man => print(|to| cli::man(to)),
    }
}

fn print(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<u8, Error> {
    unless_broken_pipe(write(&mut io::stdout()).and_then(|()| io::stdout().flush()))
        .map_err(|e| Error::write(None, e))?;
    Ok(0)
}

/// Who reads the output may stop reading: that is no trouble of this program.
fn unless_broken_pipe(result: io::Result<()>) -> io::Result<()> {
    result.or_else(|e| if e.kind() == io::ErrorKind::BrokenPipe { Ok(()) } else { Err(e) })
}
