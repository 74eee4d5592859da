//! Parse, run, print the error and its hint, exit code.

mod commands;

use std::io::{self, Write};
use std::panic::{self, AssertUnwindSafe, PanicHookInfo};
use std::process::ExitCode;

use clap::Parser;
use credaudit::cli::Cli;
use credaudit::error::Error;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Anything that kept the program from doing what was asked.
const TROUBLE: u8 = 2;

fn main() -> ExitCode {
    panic::set_hook(Box::new(|panic| say_where(panic, &mut io::stderr())));
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(e) => {
            let _ = e.print();
            return if e.exit_code() == 0 { ExitCode::SUCCESS } else { ExitCode::from(TROUBLE) };
        }
    };
    match panic::catch_unwind(AssertUnwindSafe(|| commands::run(cli.command)))
        .unwrap_or_else(|_| Err(Error::panicked()))
    {
        Ok(code) => ExitCode::from(code),
        Err(e) => {
            let _ = writeln!(io::stderr(), "credaudit: {e}\n  hint: {}", e.hint());
            ExitCode::from(TROUBLE)
        }
    }
}

/// Says where a panic happened. Its payload could hold input, so it is not printed.
fn say_where(panic: &PanicHookInfo<'_>, to: &mut dyn Write) {
    let place = panic.location().map_or("an unknown place".to_owned(), ToString::to_string);
    let _ = writeln!(to, "credaudit: internal error at {place}");
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[test]
    fn a_panic_tells_its_place_and_never_its_payload() {
        let said = Arc::new(Mutex::new(Vec::new()));
        let to = said.clone();
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |panic| say_where(panic, &mut *to.lock().unwrap())));
        let caught = panic::catch_unwind(|| panic!("the password is hunter2"));
        panic::set_hook(before);
        assert!(caught.is_err());
        let said = String::from_utf8(said.lock().unwrap().clone()).unwrap();
        assert!(said.contains("main.rs:") && !said.contains("hunter2"), "{said}");
    }
}
