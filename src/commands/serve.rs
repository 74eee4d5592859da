//! `credaudit corpus serve`.

use std::io::{self, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;

use credaudit::breach::corpus::Corpus;
use credaudit::breach::{self, FullCorpus, RangeStore, Ranges};
use credaudit::cli::ServeArgs;
use credaudit::error::Error;
use credaudit::model::DigestKind;
use credaudit::settings;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

pub(super) fn run(args: ServeArgs) -> Result<u8, Error> {
    let settings = settings::serve(args)?;
    let mut ranges: Vec<Arc<dyn Ranges>> = Vec::new();
    for file in &settings.files {
        ranges.push(open(file)?);
    }
    let listener = TcpListener::bind(settings.listen).map_err(|e| {
        Error::usage(format!("cannot listen on {}: {e}", settings.listen), "name another address or port with --listen")
    })?;
    if !settings.quiet {
        let kinds = [DigestKind::Sha1, DigestKind::Ntlm].into_iter().filter(|kind| ranges.has(*kind));
        let kinds: Vec<&str> = kinds.map(DigestKind::name).collect();
        let at = listener.local_addr().unwrap_or(settings.listen);
        let _ = writeln!(io::stderr(), "serving {} ranges on http://{at}/range/", kinds.join(" and "));
    }
    let (stop, stopped) = watch::channel(false);
    // One thread waits for signals; the server's own are busy with answers.
    let waiting = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|e| Error::system("waiting for signals", e))?;
    let signals = {
        let _inside = waiting.enter();
        (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    };
    let (Ok(mut terminate), Ok(mut interrupt)) = signals else {
        return Err(Error::system("waiting for signals", io::Error::other("the system does not let us")));
    };
    std::thread::spawn(move || {
        waiting.block_on(async {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
        });
        let _ = stop.send(true);
    });
    breach::serve(&listener, Arc::new(ranges), settings.options, &stopped)
        .map_err(|e| Error::system("serving ranges", e))?;
    Ok(0)
}

fn open(file: &Path) -> Result<Arc<dyn Ranges>, Error> {
    if RangeStore::is_one(file) {
        let store = RangeStore::open_any(file)
            .map_err(|e| Error::corpus(format!("{}: {e}", file.display()), "check the path"))?;
        return Ok(Arc::new(store));
    }
    let corpus = Corpus::open(file).map_err(|e| Error::corpus(e.to_string(), e.hint()))?;
    match FullCorpus::new(corpus) {
        Some(corpus) => Ok(Arc::new(corpus)),
        None => Err(Error::corpus(
            format!("{}: does not keep whole digests, so no ranges can be served from it", file.display()),
            "build it with --variant full, or serve the file of a download",
        )),
    }
}
