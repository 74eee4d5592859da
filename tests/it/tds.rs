//! A server that speaks as SQL Server does (MS-TDS 7.4) as far as an audit goes: PRELOGIN with or without TLS, LOGIN7, SQL
//! batches, attention; rows, NULLs, long values in chunks, errors. Written from Microsoft's description of the protocol; it
//! answers reads of a positive list and takes note of everything else.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex};

use rustls::{ServerConfig, ServerConnection, StreamOwned};

fn count(of: usize) -> i64 {
    i64::try_from(of).expect("few")
}

/// A cell as the server keeps it.
#[derive(Clone, Debug)]
pub(crate) enum Cell {
    Null,
    Int(i64),
    Text(String),
    Bytes(Vec<u8>),
}

/// A column: name, type in the catalogue, bytes; whether this login may read it.
#[derive(Clone)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) kind: &'static str,
    pub(crate) bytes: i64,
    pub(crate) is_allowed: bool,
    pub(crate) is_masked: bool,
}

pub(crate) fn column(name: &str, kind: &'static str, bytes: i64) -> Column {
    Column { name: name.into(), kind, bytes, is_allowed: true, is_masked: false }
}

/// A table.
#[derive(Clone)]
pub(crate) struct Table {
    pub(crate) name: String,
    pub(crate) columns: Vec<Column>,
    /// The primary key: a column of whole numbers.
    pub(crate) key: Option<&'static str>,
    pub(crate) rows: Vec<Vec<Cell>>,
    pub(crate) trouble: Trouble,
}

/// What happens when a table is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    None,
    /// An error of this number instead of rows.
    Error(i32),
    /// After so many rows the connection is gone.
    Cut(usize),
    /// After so many rows nothing more comes.
    Stall(usize),
}

/// What the server is.
#[derive(Clone)]
pub(crate) struct Setup {
    pub(crate) tables: Vec<Table>,
    pub(crate) has_snapshots: bool,
    pub(crate) sees_all: bool,
    pub(crate) password: String,
    /// Name, hash as hexadecimal digits behind `0x` (not shown to this login if `None`), disabled, administrator.
    pub(crate) logins: Vec<(&'static str, Option<String>, bool, bool)>,
    pub(crate) tls: Option<Arc<ServerConfig>>,
}

/// What was seen of the clients.
#[derive(Default)]
pub(crate) struct Seen {
    /// Every batch, in order.
    pub(crate) statements: Vec<String>,
    /// What no reader has to send.
    pub(crate) forbidden: Vec<String>,
    /// Name of the application, database, whether it said that it only reads.
    pub(crate) logins: Vec<(String, String, bool)>,
    /// Attentions that came.
    pub(crate) cancelled: usize,
    /// Transactions begun and not ended, over all connections that are still open or were closed without an end.
    pub(crate) open_transactions: i64,
    /// Whether some login came over TLS.
    pub(crate) encrypted: bool,
}

/// A running server; its threads end with their connections.
pub(crate) struct SqlServer {
    pub(crate) port: u16,
    pub(crate) seen: Arc<Mutex<Seen>>,
}

impl SqlServer {
    pub(crate) fn start(setup: Setup) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen = Arc::new(Mutex::new(Seen::default()));
        let (setup, notes) = (Arc::new(setup), seen.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (setup, seen) = (setup.clone(), notes.clone());
                let stream = stream.unwrap();
                // A client that goes away ends its thread with an error; tests look at what was seen.
                std::thread::spawn(move || Connection::serve(stream, &setup, &seen));
            }
        });
        Self { port, seen }
    }

    pub(crate) fn url(&self, more: &str) -> String {
        format!("mssql://auditor@127.0.0.1:{}/shop{more}", self.port)
    }

    pub(crate) fn statements(&self) -> Vec<String> {
        self.seen.lock().unwrap().statements.clone()
    }
}

const BATCH: u8 = 1;
const LOGIN: u8 = 16;
const ATTENTION: u8 = 6;
const PRELOGIN: u8 = 18;
const PACKET: usize = 4096;

/// One message of the client: its kind and its packets' contents together; `None` at the end of the connection.
fn message(from: &mut dyn Read) -> Option<(u8, Vec<u8>)> {
    let mut whole = Vec::new();
    loop {
        let mut header = [0; 8];
        from.read_exact(&mut header).ok()?;
        let mut part = vec![0; usize::from(u16::from_be_bytes([header[2], header[3]])) - 8];
        from.read_exact(&mut part).ok()?;
        whole.extend(part);
        if header[1] & 1 == 1 {
            return Some((header[0], whole));
        }
    }
}

/// A message of the server, in packets.
fn packets(kind: u8, payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = payload;
    loop {
        let (now, later) = rest.split_at(rest.len().min(PACKET - 8));
        let length = (now.len() as u16 + 8).to_be_bytes();
        out.extend([kind, u8::from(later.is_empty()), length[0], length[1], 0, 51, 1, 0]);
        out.extend(now);
        rest = later;
        if rest.is_empty() {
            return out;
        }
    }
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

fn b_varchar(text: &str) -> Vec<u8> {
    [vec![text.encode_utf16().count() as u8], utf16(text)].concat()
}

fn us_varchar(text: &str) -> Vec<u8> {
    [(text.encode_utf16().count() as u16).to_le_bytes().to_vec(), utf16(text)].concat()
}

fn token(kind: u8, body: &[u8]) -> Vec<u8> {
    [&[kind][..], &(body.len() as u16).to_le_bytes(), body].concat()
}

fn done(status: u16, rows: usize) -> Vec<u8> {
    [&[0xfd][..], &status.to_le_bytes(), &[0xc1, 0], &(rows as u64).to_le_bytes()].concat()
}

fn error(number: i32, text: &str) -> Vec<u8> {
    let class = if matches!(number, 18_456 | 4060) { 14 } else { 16 };
    let body = [
        &number.to_le_bytes()[..],
        &[1, class],
        &us_varchar(text),
        &b_varchar("fake"),
        &b_varchar(""),
        &1u32.to_le_bytes(),
    ]
    .concat();
    [token(0xaa, &body), done(2, 0)].concat()
}

/// A change of the environment: the beginning or the end of a transaction.
fn transaction(begins: bool) -> Vec<u8> {
    let descriptor = [7, 0, 0, 0, 9, 0, 0, 0];
    let body = if begins { [&[8, 8][..], &descriptor, &[0]].concat() } else { [&[10, 0, 8][..], &descriptor].concat() };
    [token(0xe3, &body), done(0, 0)].concat()
}

/// How a column is sent.
#[derive(Clone, Copy)]
enum Sent {
    Int(u8),
    Bit,
    /// In UTF-16; bytes, or `None` for chunks.
    Wide(Option<u16>),
    /// In Windows-1252.
    Narrow(u16),
    Bytes(Option<u16>),
}

const COLLATION: [u8; 5] = [0x09, 0x04, 0xd0, 0x00, 0x34];

impl Sent {
    fn info(self) -> Vec<u8> {
        let sized = |kind: u8, size: Option<u16>| [&[kind][..], &size.unwrap_or(0xffff).to_le_bytes()].concat();
        match self {
            Self::Int(bytes) => vec![0x26, bytes],
            Self::Bit => vec![0x68, 1],
            Self::Wide(size) => [sized(0xe7, size), COLLATION.to_vec()].concat(),
            Self::Narrow(size) => [sized(0xa7, Some(size)), COLLATION.to_vec()].concat(),
            Self::Bytes(size) => sized(0xa5, size),
        }
    }

    fn value(self, cell: &Cell) -> Vec<u8> {
        let bytes = match (cell, self) {
            (Cell::Null, Self::Int(_) | Self::Bit) => return vec![0],
            (Cell::Null, Self::Wide(None) | Self::Bytes(None)) => return vec![0xff; 8],
            (Cell::Null, _) => return vec![0xff; 2],
            (Cell::Int(n), Self::Int(bytes)) => {
                return [&[bytes][..], &n.to_le_bytes()[..usize::from(bytes)]].concat();
            }
            (Cell::Int(n), Self::Bit) => return vec![1, u8::from(*n != 0)],
            (Cell::Int(n), Self::Wide(_)) => utf16(&n.to_string()),
            (Cell::Text(text), Self::Wide(_)) => utf16(text),
            (Cell::Text(text), Self::Narrow(_)) => text.chars().map(|c| c as u8).collect(),
            (Cell::Bytes(bytes), _) => bytes.clone(),
            (cell, _) => panic!("{cell:?} is not sent like this"),
        };
        match self {
            Self::Wide(None) | Self::Bytes(None) => {
                // Of unknown length, in chunks that cut characters in two.
                let mut out = 0xffff_ffff_ffff_fffe_u64.to_le_bytes().to_vec();
                for chunk in bytes.chunks(1001) {
                    out.extend((chunk.len() as u32).to_le_bytes());
                    out.extend(chunk);
                }
                out.extend([0; 4]);
                out
            }
            _ => [&(bytes.len() as u16).to_le_bytes()[..], &bytes].concat(),
        }
    }
}

type Head = Vec<(String, Sent)>;

fn head(columns: &Head) -> Vec<u8> {
    let mut out = vec![0x81];
    out.extend((columns.len() as u16).to_le_bytes());
    for (name, sent) in columns {
        // User type none, nullable.
        out.extend([0, 0, 0, 0, 1, 0]);
        out.extend(sent.info());
        out.extend(b_varchar(name));
    }
    out
}

/// One row; every second one in the form that leaves NULLs out.
fn row(columns: &Head, number: usize, cells: &[Cell]) -> Vec<u8> {
    if number.is_multiple_of(2) {
        let values = columns.iter().zip(cells).flat_map(|((_, sent), cell)| sent.value(cell));
        return [0xd1].into_iter().chain(values).collect();
    }
    let mut out = vec![0xd2];
    let mut nulls = vec![0; columns.len().div_ceil(8)];
    for (at, cell) in cells.iter().enumerate() {
        nulls[at / 8] |= u8::from(matches!(cell, Cell::Null)) << (at % 8);
    }
    out.extend(nulls);
    let there = columns.iter().zip(cells).filter(|(_, cell)| !matches!(cell, Cell::Null));
    out.extend(there.flat_map(|((_, sent), cell)| sent.value(cell)));
    out
}

/// The packets of a handshake, taken apart and put together.
struct Wrapped {
    tcp: TcpStream,
    wrapping: bool,
    left: usize,
}

impl Read for Wrapped {
    fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
        if !self.wrapping {
            return self.tcp.read(buf);
        }
        if self.left == 0 {
            let mut header = [0; 8];
            self.tcp.read_exact(&mut header)?;
            assert_eq!(header[0], PRELOGIN, "the handshake is in packets of PRELOGIN");
            self.left = usize::from(u16::from_be_bytes([header[2], header[3]])) - 8;
        }
        let now = buf.len().min(self.left);
        let read = self.tcp.read(&mut buf[..now])?;
        self.left -= read;
        Ok(read)
    }
}

impl Write for Wrapped {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if self.wrapping {
            self.tcp.write_all(&packets(PRELOGIN, bytes))?;
        } else {
            self.tcp.write_all(bytes)?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.tcp.flush()
    }
}

enum Wire {
    /// What comes is read on a thread of its own, so that an attention is noticed while rows are sent.
    Clear(TcpStream, Receiver<(u8, Vec<u8>)>),
    Tls(Box<StreamOwned<ServerConnection, Wrapped>>),
}

struct Connection<'a> {
    wire: Wire,
    setup: &'a Setup,
    seen: &'a Mutex<Seen>,
    in_transaction: bool,
}

impl<'a> Connection<'a> {
    /// `None` once the client is gone.
    fn serve(mut tcp: TcpStream, setup: &'a Setup, seen: &'a Mutex<Seen>) -> Option<()> {
        let (kind, asked) = message(&mut tcp)?;
        assert_eq!(kind, PRELOGIN);
        let wants_tls = asked[usize::from(u16::from_be_bytes([asked[6], asked[7]]))] == 1;
        let encryption = u8::from(setup.tls.is_some()) + 2 * u8::from(setup.tls.is_none());
        // Version 16.0, encryption, no instance, no thread, no MARS.
        let answer = [
            &[0, 0, 26, 0, 6, 1, 0, 32, 0, 1, 2, 0, 33, 0, 1, 3, 0, 34, 0, 0, 4, 0, 34, 0, 1, 0xff][..],
            &[16, 0, 0x10, 0, 0, 0, encryption, 0, 0],
        ]
        .concat();
        tcp.write_all(&packets(4, &answer)).ok()?;
        let wire = match &setup.tls {
            Some(config) if wants_tls => {
                let wrapped = Wrapped { tcp, wrapping: true, left: 0 };
                let mut tls = StreamOwned::new(ServerConnection::new(config.clone()).unwrap(), wrapped);
                while tls.conn.is_handshaking() {
                    tls.conn.complete_io(&mut tls.sock).ok()?;
                }
                tls.sock.wrapping = false;
                seen.lock().unwrap().encrypted = true;
                Wire::Tls(Box::new(tls))
            }
            _ => {
                let mut reader = tcp.try_clone().unwrap();
                let (sender, receiver) = mpsc::channel();
                std::thread::spawn(move || {
                    while let Some(message) = message(&mut reader) {
                        if sender.send(message).is_err() {
                            return;
                        }
                    }
                });
                Wire::Clear(tcp, receiver)
            }
        };
        let mut this = Connection { wire, setup, seen, in_transaction: false };
        this.login()?;
        loop {
            let (kind, body) = this.next()?;
            match kind {
                BATCH => {
                    let headers = u32::from_le_bytes(*body.first_chunk()?) as usize;
                    let units: Vec<u16> =
                        body[headers..].as_chunks().0.iter().map(|b| u16::from_le_bytes(*b)).collect();
                    // The header of a batch names the transaction.
                    assert_eq!(body[10] == 7, this.in_transaction, "the driver keeps to its transaction");
                    let sql = String::from_utf16(&units).unwrap();
                    this.seen.lock().unwrap().statements.push(sql.clone());
                    this.batch(&sql)?;
                }
                ATTENTION => this.acknowledge()?,
                other => {
                    this.seen.lock().unwrap().forbidden.push(format!("a message of kind {other}"));
                    return None;
                }
            }
        }
    }

    fn next(&mut self) -> Option<(u8, Vec<u8>)> {
        match &mut self.wire {
            Wire::Clear(_, receiver) => receiver.recv().ok(),
            Wire::Tls(tls) => message(tls),
        }
    }

    fn send(&mut self, payload: &[u8]) -> Option<()> {
        self.raw(&packets(4, payload))
    }

    fn raw(&mut self, bytes: &[u8]) -> Option<()> {
        match &mut self.wire {
            Wire::Clear(tcp, _) => tcp.write_all(bytes).ok(),
            Wire::Tls(tls) => tls.write_all(bytes).and_then(|()| tls.flush()).ok(),
        }
    }

    fn acknowledge(&mut self) -> Option<()> {
        self.seen.lock().unwrap().cancelled += 1;
        self.send(&done(0x20, 0))
    }

    fn login(&mut self) -> Option<()> {
        let (kind, body) = self.next()?;
        assert_eq!(kind, LOGIN);
        let field = |at: usize| {
            let number = |at: usize| usize::from(u16::from_le_bytes([body[at], body[at + 1]]));
            body[number(at)..number(at) + 2 * number(at + 2)].to_vec()
        };
        let text = |bytes: Vec<u8>| {
            let units: Vec<u16> = bytes.as_chunks().0.iter().map(|b| u16::from_le_bytes(*b)).collect();
            String::from_utf16(&units).unwrap()
        };
        let password: Vec<u8> = field(44).iter().map(|byte| (byte ^ 0xa5).rotate_right(4)).collect();
        let reads_only = body[26] & 0x20 != 0;
        self.seen.lock().unwrap().logins.push((text(field(48)), text(field(68)), reads_only));
        if text(field(40)) != "auditor" || text(password) != self.setup.password {
            return self.send(&error(18_456, "Login failed for user 'auditor'.")).and(None);
        }
        let acknowledged = [&[1, 0x74, 0, 0, 4][..], &b_varchar("Microsoft SQL Server"), &[16, 0, 0x10, 0]].concat();
        let size = [&[4][..], &b_varchar("4096"), &b_varchar("4096")].concat();
        self.send(&[token(0xe3, &size), token(0xad, &acknowledged), done(0, 0)].concat())
    }

    fn batch(&mut self, sql: &str) -> Option<()> {
        match sql {
            "IF @@TRANCOUNT = 0 BEGIN TRANSACTION" => {
                if self.in_transaction {
                    return self.send(&done(0, 0));
                }
                self.in_transaction = true;
                self.seen.lock().unwrap().open_transactions += 1;
                self.send(&transaction(true))
            }
            "IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION" => {
                if !self.in_transaction {
                    return self.send(&done(0, 0));
                }
                self.in_transaction = false;
                self.seen.lock().unwrap().open_transactions -= 1;
                self.send(&transaction(false))
            }
            _ if sql.starts_with("SET LOCK_TIMEOUT ")
                || sql.starts_with("SET TEXTSIZE ")
                || sql.starts_with("SET TRANSACTION ISOLATION LEVEL ")
                || sql == "SET DEADLOCK_PRIORITY LOW" =>
            {
                self.send(&done(0, 0))
            }
            _ if sql.starts_with("SELECT ") && !unquoted(sql).contains(" INTO ") && !unquoted(sql).contains(';') => {
                self.select(sql)
            }
            _ => {
                self.seen.lock().unwrap().forbidden.push(sql.to_owned());
                self.send(&error(50_000, "not allowed here"))
            }
        }
    }

    /// What the catalogue says.
    fn catalogue(&self, sql: &str) -> Option<(Head, Vec<Vec<Cell>>)> {
        let text = |name: &str| (name.to_owned(), Sent::Wide(Some(256)));
        let int = |name: &str| (name.to_owned(), Sent::Int(4));
        let flag = |flag: bool| Cell::Int(i64::from(flag));
        let tables = || self.setup.tables.iter().enumerate().map(|(at, table)| (Cell::Int(100 + count(at)), table));
        let name = |text: &str| Cell::Text(text.to_owned());
        Some(if sql.contains("SERVERPROPERTY") {
            let head = vec![text(""), int(""), (String::new(), Sent::Int(1)), int(""), int(""), int("")];
            let sees = flag(self.setup.sees_all);
            let row = vec![
                name("16.0.4135.4"),
                Cell::Int(3),
                flag(self.setup.has_snapshots),
                sees.clone(),
                sees,
                flag(false),
            ];
            (head, vec![row])
        } else if sql.contains("FROM sys.objects o JOIN sys.schemas") {
            let head = vec![
                text("name"),
                text("name"),
                (String::new(), Sent::Narrow(2)),
                int("object_id"),
                ("rows".into(), Sent::Int(8)),
            ];
            let row = |(number, table): (Cell, &Table)| {
                vec![name("dbo"), name(&table.name), name("U"), number, Cell::Int(count(table.rows.len()))]
            };
            (head, tables().map(row).collect())
        } else if sql.contains("FROM sys.columns c JOIN sys.objects") {
            let head = vec![
                int("object_id"),
                text("name"),
                text(""),
                ("max_length".into(), Sent::Int(2)),
                int(""),
                ("is_masked".into(), Sent::Bit),
                int(""),
            ];
            let of = |(number, table): (Cell, &Table)| {
                let row = |column: &Column| {
                    vec![
                        number.clone(),
                        name(&column.name),
                        name(column.kind),
                        Cell::Int(column.bytes),
                        flag(column.is_allowed),
                        flag(column.is_masked),
                        Cell::Int(0),
                    ]
                };
                table.columns.iter().map(row).collect::<Vec<_>>()
            };
            (head, tables().flat_map(of).collect())
        } else if sql.contains("FROM sys.indexes i JOIN sys.index_columns") {
            let of = |(number, table): (Cell, &Table)| Some(vec![number, name(table.key?)]);
            (vec![int("object_id"), text("name")], tables().filter_map(of).collect())
        } else if sql.contains("FROM sys.security_predicates") || sql.contains("is_external = 1") {
            (vec![int("target_object_id")], Vec::new())
        } else if sql.contains("COUNT(password_hash)") {
            let shown = self.setup.logins.iter().filter(|login| login.1.is_some()).count();
            (vec![int(""), int("")], vec![vec![Cell::Int(count(self.setup.logins.len())), Cell::Int(count(shown))]])
        } else if sql.contains("FROM sys.sql_logins WHERE") {
            let head =
                vec![text("name"), (String::new(), Sent::Wide(None)), ("is_disabled".into(), Sent::Bit), int("")];
            let shown = self.setup.logins.iter().filter_map(|(login, hash, disabled, above)| {
                Some(vec![name(login), Cell::Text(hash.clone()?), flag(*disabled), flag(*above)])
            });
            (head, shown.collect())
        } else {
            return None;
        })
    }

    fn select(&mut self, sql: &str) -> Option<()> {
        if let Some((columns, rows)) = self.catalogue(sql) {
            return self.rows(&columns, &rows, Trouble::None);
        }
        let (list, rest) = sql.strip_prefix("SELECT ")?.split_once(" FROM [dbo].")?;
        let (name, _) = bracketed(rest);
        let Some(table) = self.setup.tables.iter().find(|table| table.name == name) else {
            return self.send(&error(208, "Invalid object name."));
        };
        let key = table.key.map(|key| table.columns.iter().position(|column| column.name == key).unwrap());
        let at = |row: &[Cell]| match (key, &row[key.unwrap_or(0)]) {
            (Some(_), Cell::Int(n)) => *n,
            _ => 0,
        };
        if list.starts_with("MIN(") {
            let ends = [table.rows.iter().map(|r| at(r)).min(), table.rows.iter().map(|r| at(r)).max()];
            let row: Vec<Cell> = ends.map(|end| end.map_or(Cell::Null, Cell::Int)).into();
            let kind = || (String::new(), Sent::Int(8));
            return self.rows(&vec![kind(), kind()], &[row], Trouble::None);
        }
        let (list, limit) = match list.strip_prefix("TOP (") {
            Some(rest) => rest.split_once(") ").map(|(n, rest)| (rest, n.parse().unwrap()))?,
            None => (list, usize::MAX),
        };
        let bound = |sign: &str| -> Option<i64> {
            let rest = &rest[rest.find(sign)? + sign.len()..];
            rest.split(' ').next()?.parse().ok()
        };
        let (from, to) = (bound("] >= "), bound("] < "));
        let mut rows: Vec<&Vec<Cell>> = table
            .rows
            .iter()
            .filter(|row| from.is_none_or(|from| at(row) >= from) && to.is_none_or(|to| at(row) < to))
            .collect();
        if key.is_some() {
            assert!(rest.contains(" ORDER BY ["), "rows in the order of the key: {sql}");
            rows.sort_by_key(|row| at(row));
        }
        let mut columns = Vec::new();
        let mut picked = Vec::new();
        for expression in expressions(list) {
            let Some(open) = expression.find('[') else {
                assert_eq!(expression, "NULL");
                columns.push((String::new(), Sent::Int(4)));
                picked.push(None);
                continue;
            };
            let (name, _) = bracketed(&expression[open..]);
            let column = table.columns.iter().position(|column| column.name == name).unwrap();
            let of = &table.columns[column];
            if !of.is_allowed {
                return self.send(&error(230, "The SELECT permission was denied on the column."));
            }
            let chars = u16::try_from(of.bytes).ok();
            let sent = match (of.kind, expression.starts_with("CONVERT(nvarchar(")) {
                (_, true) if expression.starts_with("CONVERT(nvarchar(max)") => Sent::Wide(None),
                (_, true) => Sent::Wide(Some(8000)),
                ("int", _) => Sent::Int(4),
                ("bigint", _) => Sent::Int(8),
                ("bit", _) => Sent::Bit,
                ("nvarchar", _) => Sent::Wide(chars),
                ("varbinary", _) => Sent::Bytes(chars),
                (kind, _) => panic!("{kind} has to be converted by the server"),
            };
            columns.push((of.name.clone(), sent));
            picked.push(Some(column));
        }
        let cell = |row: &Vec<Cell>, column: &Option<usize>| column.map_or(Cell::Null, |column| row[column].clone());
        let rows: Vec<Vec<Cell>> =
            rows.into_iter().take(limit).map(|row| picked.iter().map(|column| cell(row, column)).collect()).collect();
        let trouble = table.trouble;
        self.rows(&columns, &rows, trouble)
    }

    fn rows(&mut self, columns: &Head, rows: &[Vec<Cell>], trouble: Trouble) -> Option<()> {
        if let Trouble::Error(number) = trouble {
            return self.send(&error(number, "an error"));
        }
        let mut buffer = head(columns);
        let mut sent = 0;
        for (number, cells) in rows.iter().enumerate() {
            if trouble == Trouble::Cut(number) {
                self.flush(&mut buffer);
                if let Wire::Clear(tcp, _) = &self.wire {
                    let _ = tcp.shutdown(std::net::Shutdown::Both);
                }
                return None;
            }
            if trouble == Trouble::Stall(number) {
                self.flush(&mut buffer)?;
                let (kind, _) = self.next()?;
                assert_eq!(kind, ATTENTION, "nothing else may come while rows are sent");
                return self.acknowledge();
            }
            buffer.extend(row(columns, number, cells));
            sent += 1;
            if buffer.len() >= PACKET {
                self.flush(&mut buffer)?;
                if let Wire::Clear(_, receiver) = &self.wire
                    && let Ok((kind, _)) = receiver.try_recv()
                {
                    assert_eq!(kind, ATTENTION, "nothing else may come while rows are sent");
                    return self.acknowledge();
                }
            }
        }
        buffer.extend(done(0x10, sent));
        self.send(&buffer)
    }

    /// Sends packets of a message that is not at its end.
    fn flush(&mut self, buffer: &mut Vec<u8>) -> Option<()> {
        for now in std::mem::take(buffer).chunks(PACKET - 8) {
            let mut packet = packets(4, now);
            packet[1] = 0;
            self.raw(&packet)?;
        }
        Some(())
    }
}

/// A statement without what stands in brackets.
fn unquoted(sql: &str) -> String {
    let mut outside = String::new();
    let mut rest = sql;
    while let Some(at) = rest.find('[') {
        outside.push_str(&rest[..at]);
        rest = bracketed(&rest[at..]).1;
    }
    outside + rest
}

/// The name in brackets at the start of `text`, and what follows.
fn bracketed(text: &str) -> (String, &str) {
    let inner = text.strip_prefix('[').expect("a name stands in brackets");
    let mut name = String::new();
    let mut chars = inner.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        if c == ']' {
            if chars.peek().is_some_and(|(_, next)| *next == ']') {
                chars.next();
            } else {
                return (name, &inner[at + 1..]);
            }
        }
        name.push(c);
    }
    panic!("a name in brackets does not end: {text}");
}

/// The expressions of a list: commas in brackets or parentheses are none.
fn expressions(list: &str) -> Vec<&str> {
    let (mut depth, mut quoted, mut start) = (0, false, 0);
    let mut found = Vec::new();
    for (at, c) in list.char_indices() {
        match c {
            '[' => quoted = true,
            // A doubled bracket closes and opens again.
            ']' => quoted = !quoted,
            _ if quoted => {}
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth == 0 => {
                found.push(list[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    found.push(list[start..].trim());
    found
}
