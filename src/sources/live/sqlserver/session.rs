//! One connection, and the statements that are run over it.

use std::future::Future;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::TryStreamExt as _;
use tiberius::error::Error;
use tiberius::{Client, QueryItem, Row};
use tokio::runtime::Runtime;
use tokio::sync::Notify;
use tokio_util::compat::{Compat, TokioAsyncReadCompatExt as _};

use super::super::manners::Interrupt;
use super::super::{LiveError, Options};
use super::cells;
use super::config::Way;
use super::errors::{Trouble, no_way, trouble};
use super::transport::{self, Link};

/// How often a server may send us on to another address.
const MAX_ROUTES: usize = 3;
/// How long the server may take to acknowledge that a statement is cancelled.
pub(super) const CANCEL: Duration = Duration::from_secs(5);

/// Rows of an answer as texts.
pub(super) type TextRows = Vec<Vec<Option<String>>>;

/// One connection, with the runtime that drives it.
pub(super) struct Session {
    runtime: Runtime,
    client: Client<Compat<Link>>,
    interrupt: Interrupt,
    /// Wakes whoever waits for the server when the audit is to end.
    pub(super) stop: Arc<Notify>,
    pub(super) timeout: Option<Duration>,
}

impl Session {
    pub(super) fn open(way: &mut Way, options: &Options) -> Result<Self, LiveError> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|e| LiveError::connection(format!("no thread to connect with: {e}")))?;
        let timeout = options.manners.connect_timeout;
        let mut routes = 0;
        let client = loop {
            let connecting = tokio_timeout(timeout, transport::open(&way.host, way.port, &way.wanted));
            let link = runtime
                .block_on(connecting)
                .ok_or_else(|| LiveError::connection("the server does not answer in time"))?
                .map_err(no_way)?;
            match runtime.block_on(Client::connect(way.config.clone(), link.compat())) {
                Ok(client) => break client,
                Err(Error::Routing { host, port }) if routes < MAX_ROUTES => {
                    routes += 1;
                    way.host = host;
                    way.port = port;
                }
                Err(error) => return Err(trouble(&Trouble::Server(error), None)),
            }
        };
        Ok(Self {
            runtime,
            client,
            interrupt: options.interrupt.clone(),
            stop: Arc::new(Notify::new()),
            timeout: options.manners.statement_timeout,
        })
    }

    pub(super) fn begin(&mut self, opening: &[String]) -> Result<(), LiveError> {
        opening.iter().try_for_each(|line| self.execute(line))
    }

    pub(super) fn execute(&mut self, sql: &str) -> Result<(), LiveError> {
        self.each(sql, &mut |_| Ok(ControlFlow::Continue(())))
    }

    pub(super) fn rows(&mut self, sql: &str) -> Result<TextRows, LiveError> {
        let mut rows = Vec::new();
        self.each(sql, &mut |row| {
            rows.push(row.cells().map(|(_, value)| cells::text(value)).collect());
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(rows)
    }

    /// Runs one statement and hands on its rows. If `each` breaks, the rest is cancelled on the server.
    pub(super) fn each(
        &mut self,
        sql: &str,
        each: &mut dyn FnMut(&Row) -> Result<ControlFlow<()>, &'static str>,
    ) -> Result<(), LiveError> {
        let Self { runtime, client, interrupt, stop, timeout } = self;
        let ran = runtime.block_on(async {
            let (ran, whole) = run(client, sql, stop, *timeout, each).await;
            if !whole {
                // What was on its way is passed over. Without an answer the connection is of no use any more.
                match tokio_timeout(CANCEL, client.cancel_query()).await {
                    Some(Ok(())) => {}
                    Some(Err(_)) | None => return ran.and(Err(Trouble::Stopped)),
                }
            }
            ran
        });
        ran.map_err(|error| trouble(&error, Some(interrupt)))
    }
}

async fn tokio_timeout<T>(limit: Duration, future: impl Future<Output = T>) -> Option<T> {
    tokio::time::timeout(limit, future).await.ok()
}

/// Waits for the server: not longer than `left`, of which it takes the time that it took, and not once `stop` is told.
async fn wait<T>(
    future: impl Future<Output = Result<T, Error>>,
    left: &mut Option<Duration>,
    stop: &Notify,
) -> Result<T, Trouble> {
    let start = Instant::now();
    let limit = async {
        match *left {
            Some(left) => tokio::time::sleep(left).await,
            None => std::future::pending().await,
        }
    };
    let result = tokio::select! {
        biased;
        () = stop.notified() => Err(Trouble::Stopped),
        result = future => result.map_err(Trouble::Server),
        () = limit => Err(Trouble::Slow),
    };
    if let Some(left) = left {
        *left = left.saturating_sub(start.elapsed());
    }
    result
}

/// Runs a statement; how it ended, and whether all of its answer was read.
async fn run(
    client: &mut Client<Compat<Link>>,
    sql: &str,
    stop: &Notify,
    timeout: Option<Duration>,
    each: &mut dyn FnMut(&Row) -> Result<ControlFlow<()>, &'static str>,
) -> (Result<(), Trouble>, bool) {
    let mut left = timeout;
    // After an error of the server the driver reads what is left of the answer; a broken connection has no rest.
    let failed = |trouble: Trouble| {
        let whole = matches!(trouble, Trouble::Server(_));
        (Err(trouble), whole)
    };
    let mut stream = match wait(client.simple_query(sql), &mut left, stop).await {
        Ok(stream) => stream,
        Err(trouble) => return failed(trouble),
    };
    loop {
        match wait(stream.try_next(), &mut left, stop).await {
            Ok(None) => return (Ok(()), true),
            Ok(Some(QueryItem::Metadata(_))) => {}
            Ok(Some(QueryItem::Row(row))) => match each(&row) {
                Ok(ControlFlow::Continue(())) => {}
                Ok(ControlFlow::Break(())) => return (Ok(()), false),
                Err(why) => return (Err(Trouble::Value(why)), false),
            },
            Err(trouble) => return failed(trouble),
        }
    }
}
