//! A server that speaks as `MongoDB` does as far as an audit goes: `OP_MSG` (and the first question in `OP_QUERY`),
//! SCRAM-SHA-256, catalogue, cursors, errors. It answers reads of a positive list and takes note of everything else.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use mongodb::bson::{Binary, Bson, Document, RawDocumentBuf, Timestamp, doc, oid::ObjectId, spec::BinarySubtype};
use sha2::{Digest as _, Sha256};

/// A collection.
#[derive(Clone)]
pub(crate) struct Collection {
    pub(crate) database: &'static str,
    pub(crate) name: String,
    pub(crate) documents: Vec<Document>,
    pub(crate) trouble: Trouble,
}

/// What happens when a collection is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    None,
    /// An error of this code instead of documents.
    Error(i32),
    /// This error whenever the moment of the audit's beginning is asked for.
    TooOld,
    /// After so many documents the connection is gone.
    Cut(usize),
    /// After so many documents nothing more comes, until the time that the client allows is over.
    Stall(usize),
}

/// What the server is.
#[derive(Clone)]
pub(crate) struct Setup {
    pub(crate) collections: Vec<Collection>,
    /// A replica set that keeps its data of a moment.
    pub(crate) has_snapshots: bool,
    pub(crate) sees_all: bool,
    pub(crate) password: String,
    /// `admin.system.users`, if this user may see it.
    pub(crate) users: Option<Vec<Document>>,
}

/// What was seen of the clients.
#[derive(Default)]
pub(crate) struct Seen {
    /// Commands as the client wrote them, without what its driver adds, as JSON; what drivers send by themselves left out.
    pub(crate) commands: Vec<String>,
    /// What no reader has to send.
    pub(crate) forbidden: Vec<String>,
    pub(crate) applications: Vec<String>,
    pub(crate) killed: usize,
    /// Open cursors.
    pub(crate) cursors: i64,
    /// Documents given out.
    pub(crate) given: usize,
}

/// A running server; its threads end with their connections.
pub(crate) struct Mongod {
    pub(crate) port: u16,
    pub(crate) seen: Arc<Mutex<Seen>>,
}

/// What is kept of an open cursor.
struct Open {
    documents: Vec<Document>,
    at: usize,
    namespace: String,
    trouble: Trouble,
    until: Option<Instant>,
}

struct Shared {
    setup: Setup,
    seen: Arc<Mutex<Seen>>,
    cursors: Mutex<HashMap<i64, Open>>,
    next: AtomicI64,
    port: u16,
}

impl Mongod {
    pub(crate) fn start(setup: Setup) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen = Arc::new(Mutex::new(Seen::default()));
        let shared =
            Arc::new(Shared { setup, seen: seen.clone(), cursors: Mutex::default(), next: AtomicI64::new(1), port });
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (shared, stream) = (shared.clone(), stream.unwrap());
                std::thread::spawn(move || Connection { stream, shared: &shared, scram: None, is_in: false }.serve());
            }
        });
        Self { port, seen }
    }

    pub(crate) fn url(&self, more: &str) -> String {
        format!("mongodb://auditor@127.0.0.1:{}{more}", self.port)
    }

    pub(crate) fn commands(&self) -> Vec<String> {
        self.seen.lock().unwrap().commands.clone()
    }
}

/// Documents of the first answer, and of further ones.
const FIRST: usize = 101;
const MORE: usize = 1000;

struct Scram {
    client_bare: String,
    server_first: String,
}

struct Connection<'a> {
    stream: TcpStream,
    shared: &'a Shared,
    scram: Option<Scram>,
    is_in: bool,
}

const ITERATIONS: u32 = 4096;
const SALT: &[u8] = b"a salt of 16 or ";

fn hmac(key: &[u8], text: &[u8]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(text);
    mac.finalize().into_bytes().into()
}

/// An error document.
fn error(code: i32, name: &str) -> Document {
    doc! {"ok": 0.0, "errmsg": "an error of the server", "code": code, "codeName": name}
}

impl Connection<'_> {
    /// `None` once the client is gone.
    fn serve(mut self) -> Option<()> {
        loop {
            let mut header = [0; 16];
            self.stream.read_exact(&mut header).ok()?;
            let number = |at: usize| i32::from_le_bytes(header[at..at + 4].try_into().unwrap());
            let mut body = vec![0; usize::try_from(number(0)).unwrap() - 16];
            self.stream.read_exact(&mut body).ok()?;
            let (request, kind) = (number(4), number(12));
            let command = match kind {
                // Flags, one section of kind 0, perhaps a checksum.
                2013 => {
                    assert_eq!(body[4], 0, "readers send one document");
                    RawDocumentBuf::from_bytes(document(&body[5..])).unwrap()
                }
                // Flags, the collection's name, two numbers.
                2004 => {
                    let end = 4 + body[4..].iter().position(|byte| *byte == 0).unwrap();
                    RawDocumentBuf::from_bytes(document(&body[end + 9..])).unwrap()
                }
                other => {
                    self.shared.seen.lock().unwrap().forbidden.push(format!("a message of kind {other}"));
                    return None;
                }
            };
            let command = Document::try_from(command.as_ref()).unwrap();
            let answer = self.answer(&command)?;
            let answer = RawDocumentBuf::try_from(&answer).unwrap();
            let head: Vec<u8> = if kind == 2004 {
                // Flags, no cursor, from 0, one document.
                [&8i32.to_le_bytes()[..], &[0; 8], &[0; 4], &1i32.to_le_bytes()].concat()
            } else {
                vec![0; 5]
            };
            let answered = if kind == 2004 { 1 } else { 2013i32 };
            let length = i32::try_from(16 + head.len() + answer.as_bytes().len()).unwrap();
            let fields = [length, 1, request, answered];
            let out: Vec<u8> =
                fields.iter().flat_map(|n| n.to_le_bytes()).chain(head).chain(answer.as_bytes().to_vec()).collect();
            self.stream.write_all(&out).ok()?;
        }
    }

    fn answer(&mut self, command: &Document) -> Option<Document> {
        let name = command.keys().next().unwrap().clone();
        let seen = || self.shared.seen.lock().unwrap();
        match name.as_str() {
            "hello" | "isMaster" | "ismaster" => {
                if let Ok(client) = command.get_document("client") {
                    let application = client.get_document("application").and_then(|a| a.get_str("name"));
                    seen().applications.push(application.unwrap_or_default().to_owned());
                    return Some(self.hello());
                }
                if command.contains_key("lsid") {
                    self.note(command);
                }
                return Some(self.hello());
            }
            "saslStart" | "saslContinue" => return Some(self.sasl(command)),
            "endSessions" => return Some(doc! {"ok": 1.0}),
            _ => {}
        }
        if !self.is_in {
            return Some(error(13, "Unauthorized"));
        }
        let setup = &self.shared.setup;
        match name.as_str() {
            "getMore" => {
                let id = command.get_i64("getMore").unwrap();
                self.more(id, false, usize::MAX)
            }
            "killCursors" => {
                let ids = command.get_array("cursors").unwrap();
                let mut open = self.shared.cursors.lock().unwrap();
                let gone = ids.iter().filter(|id| open.remove(&id.as_i64().unwrap()).is_some()).count();
                let mut seen = seen();
                seen.killed += gone;
                seen.cursors -= i64::try_from(gone).unwrap();
                Some(doc! {"ok": 1.0, "cursorsKilled": ids.clone()})
            }
            "buildInfo" => {
                self.note(command);
                Some(doc! {"ok": 1.0, "version": "7.0.14"})
            }
            "connectionStatus" => {
                self.note(command);
                let collection = if setup.sees_all { "" } else { "users" };
                Some(doc! {"ok": 1.0, "authInfo": {
                    "authenticatedUsers": [{"user": "auditor", "db": "admin"}],
                    "authUserPrivileges": [
                        {"resource": {"db": if setup.sees_all { "" } else { "shop" }, "collection": collection}, "actions": ["find"]},
                    ],
                }})
            }
            "listDatabases" => {
                self.note(command);
                let mut names: Vec<&str> = setup.collections.iter().map(|collection| collection.database).collect();
                names.extend(["admin", "config", "local"]);
                names.sort_unstable();
                names.dedup();
                let databases: Vec<Document> = names.into_iter().map(|name| doc! {"name": name}).collect();
                Some(doc! {"ok": 1.0, "databases": databases})
            }
            "listCollections" => {
                self.note(command);
                let database = command.get_str("$db").unwrap();
                let of = setup.collections.iter().filter(|collection| collection.database == database);
                let listed = of.map(|collection| doc! {"name": &collection.name, "type": "collection"}).collect();
                self.open(listed, format!("{database}.$cmd.listCollections"), Trouble::None, None, 2)
            }
            "count" => {
                self.note(command);
                match self.collection(command, "count") {
                    Some(collection) if collection.trouble == Trouble::Error(13) => Some(error(13, "Unauthorized")),
                    found => {
                        let count = found.map_or(0, |collection| collection.documents.len());
                        Some(doc! {"ok": 1.0, "n": i32::try_from(count).unwrap()})
                    }
                }
            }
            "find" => {
                self.note(command);
                self.find(command)
            }
            _ => {
                seen().forbidden.push(command.to_string());
                Some(error(59, "CommandNotFound"))
            }
        }
    }

    fn hello(&self) -> Document {
        let mut hello = doc! {
            "ok": 1.0, "isWritablePrimary": true, "ismaster": true, "helloOk": true, "maxBsonObjectSize": 16 << 20,
            "maxMessageSizeBytes": 48_000_000, "maxWriteBatchSize": 100_000, "minWireVersion": 0, "maxWireVersion": 21,
            "logicalSessionTimeoutMinutes": 30, "readOnly": false, "saslSupportedMechs": ["SCRAM-SHA-256"],
        };
        if self.shared.setup.has_snapshots {
            let own = format!("127.0.0.1:{}", self.shared.port);
            hello.extend(doc! {
                "setName": "rs0", "setVersion": 1, "me": &own, "primary": &own, "hosts": [&own], "secondary": false,
                "operationTime": Timestamp { time: 1_700_000_000, increment: 3 },
            });
        }
        hello
    }

    /// Takes note of a command, without what drivers add.
    fn note(&self, command: &Document) {
        let mut command = command.clone();
        for added in ["lsid", "$clusterTime", "$readPreference", "apiVersion"] {
            command.remove(added);
        }
        // Where the driver writes the database depends on what else it adds.
        let database = command.remove("$db").unwrap();
        command.insert("$db", database);
        self.shared.seen.lock().unwrap().commands.push(json(&Bson::Document(command)).to_string());
    }

    fn sasl(&mut self, command: &Document) -> Document {
        let payload = command.get_binary_generic("payload").unwrap();
        let text = String::from_utf8(payload.clone()).unwrap();
        let reply = |text: String, done: bool| {
            doc! {
                "ok": 1.0, "conversationId": 1, "done": done,
                "payload": Binary { subtype: BinarySubtype::Generic, bytes: text.into_bytes() },
            }
        };
        if command.contains_key("saslStart") {
            assert_eq!(command.get_str("mechanism").unwrap(), "SCRAM-SHA-256");
            let client_bare = text.strip_prefix("n,,").unwrap().to_owned();
            if !client_bare.starts_with("n=auditor,") {
                return error(18, "AuthenticationFailed");
            }
            let nonce = client_bare.split_once(",r=").unwrap().1;
            let salt = BASE64_STANDARD.encode(SALT);
            let server_first = format!("r={nonce}server,s={salt},i={ITERATIONS}");
            self.scram = Some(Scram { client_bare, server_first: server_first.clone() });
            return reply(server_first, false);
        }
        let Some(Scram { client_bare, server_first }) = self.scram.take() else {
            return reply(String::new(), true);
        };
        let (without_proof, proof) = text.split_once(",p=").unwrap();
        let mut salted = [0; 32];
        pbkdf2::pbkdf2_hmac::<Sha256>(self.shared.setup.password.as_bytes(), SALT, ITERATIONS, &mut salted);
        let client_key = hmac(&salted, b"Client Key");
        let stored = Sha256::digest(client_key);
        let whole = format!("{client_bare},{server_first},{without_proof}");
        let signature = hmac(&stored, whole.as_bytes());
        let expected: Vec<u8> = client_key.iter().zip(signature).map(|(a, b)| a ^ b).collect();
        if BASE64_STANDARD.decode(proof).unwrap() != expected {
            return error(18, "AuthenticationFailed");
        }
        self.is_in = true;
        let server_key = hmac(&salted, b"Server Key");
        reply(format!("v={}", BASE64_STANDARD.encode(hmac(&server_key, whole.as_bytes()))), true)
    }

    fn collection(&self, command: &Document, name: &str) -> Option<&Collection> {
        let (name, database) = (command.get_str(name).unwrap(), command.get_str("$db").unwrap());
        self.shared.setup.collections.iter().find(|c| c.name == name && c.database == database)
    }

    fn find(&mut self, command: &Document) -> Option<Document> {
        let (name, database) = (command.get_str("find").unwrap(), command.get_str("$db").unwrap());
        let namespace = format!("{database}.{name}");
        let concern = command.get_document("readConcern").unwrap();
        let at_moment = concern.contains_key("atClusterTime");
        assert_eq!(concern.get_str("level").unwrap(), if at_moment { "snapshot" } else { "majority" });
        assert!(!at_moment || self.shared.setup.has_snapshots);
        if namespace == "admin.system.users" {
            return match &self.shared.setup.users {
                None => Some(error(13, "Unauthorized")),
                Some(users) => self.open(users.clone(), namespace, Trouble::None, None, FIRST),
            };
        }
        let (mut documents, trouble) = match self.collection(command, "find") {
            Some(found) => (found.documents.clone(), found.trouble),
            None => (Vec::new(), Trouble::None),
        };
        let is_end = command.contains_key("singleBatch");
        match trouble {
            Trouble::Error(code) if !is_end || code == 13 => return Some(error(code, "AnError")),
            Trouble::TooOld if at_moment && !is_end => return Some(error(239, "SnapshotTooOld")),
            _ => {}
        }
        let key = |document: &Document| match document.get("_id").unwrap() {
            Bson::ObjectId(id) => (1, i128::from_be_bytes([&[0; 4][..], &id.bytes()].concat().try_into().unwrap())),
            Bson::Int32(n) => (0, i128::from(*n)),
            Bson::Int64(n) => (0, i128::from(*n)),
            _ => (2, 0),
        };
        if let Ok(filter) = command.get_document("filter") {
            let range = filter.get_document("_id").unwrap();
            let bound = |sign: &str| range.get(sign).map(|value| key(&doc! {"_id": value.clone()}));
            let (from, to) = (bound("$gte"), bound("$lt"));
            documents.retain(|d| from.is_none_or(|from| key(d) >= from) && to.is_none_or(|to| key(d) < to));
        }
        if let Ok(sort) = command.get_document("sort") {
            documents.sort_by_key(key);
            if sort.get_i32("_id").unwrap() < 0 {
                documents.reverse();
            }
        }
        if let Ok(limit) = command.get_i64("limit") {
            documents.truncate(usize::try_from(limit).unwrap());
        }
        let until =
            command.get_i64("maxTimeMS").ok().map(|ms| Instant::now() + Duration::from_millis(ms.unsigned_abs()));
        let trouble = if is_end { Trouble::None } else { trouble };
        self.open(documents, namespace, trouble, until, FIRST)
    }

    fn open(
        &mut self,
        documents: Vec<Document>,
        namespace: String,
        trouble: Trouble,
        until: Option<Instant>,
        first: usize,
    ) -> Option<Document> {
        let id = self.shared.next.fetch_add(1, Ordering::Relaxed);
        self.shared.cursors.lock().unwrap().insert(id, Open { documents, at: 0, namespace, trouble, until });
        self.shared.seen.lock().unwrap().cursors += 1;
        self.more(id, true, first)
    }

    /// The next documents of a cursor.
    fn more(&mut self, id: i64, is_first: bool, most: usize) -> Option<Document> {
        let mut open = self.shared.cursors.lock().unwrap();
        let Some(cursor) = open.get_mut(&id) else { return Some(error(43, "CursorNotFound")) };
        let mut until = (cursor.at + most.min(MORE)).min(cursor.documents.len());
        match cursor.trouble {
            Trouble::Cut(n) if until > n => {
                if cursor.at >= n {
                    let _ = self.stream.shutdown(std::net::Shutdown::Both);
                    return None;
                }
                until = n;
            }
            Trouble::Stall(n) if until > n => {
                if cursor.at >= n {
                    let wait = cursor.until.map_or(Duration::from_secs(100), |until| until - Instant::now());
                    open.remove(&id);
                    drop(open);
                    self.shared.seen.lock().unwrap().cursors -= 1;
                    // A server notices that its client is gone.
                    let _ = self.stream.set_read_timeout(Some(wait));
                    let mut byte = [0];
                    if matches!(self.stream.peek(&mut byte), Ok(0)) {
                        return None;
                    }
                    self.stream.set_read_timeout(None).unwrap();
                    return Some(error(50, "MaxTimeMSExpired"));
                }
                until = n;
            }
            _ => {}
        }
        let batch: Vec<Document> = cursor.documents[cursor.at..until].to_vec();
        cursor.at = until;
        let namespace = cursor.namespace.clone();
        let is_over = until == cursor.documents.len();
        if is_over {
            open.remove(&id);
        }
        let mut seen = self.shared.seen.lock().unwrap();
        seen.given += batch.len();
        seen.cursors -= i64::from(is_over);
        let name = if is_first { "firstBatch" } else { "nextBatch" };
        Some(doc! {"ok": 1.0, "cursor": {"id": if is_over { 0i64 } else { id }, "ns": namespace, name: batch}})
    }
}

/// The document at the start of `bytes`.
fn document(bytes: &[u8]) -> Vec<u8> {
    bytes[..u32::from_le_bytes(bytes[..4].try_into().unwrap()) as usize].to_vec()
}

/// A value in relaxed Extended JSON (`MongoDB`'s specification, version 2), as `mongoexport` writes it.
pub(crate) fn json(value: &Bson) -> serde_json::Value {
    match value {
        Bson::Document(document) => document.iter().map(|(name, value)| (name.clone(), json(value))).collect(),
        Bson::Array(values) => values.iter().map(json).collect(),
        Bson::String(text) => text.as_str().into(),
        Bson::Int32(n) => (*n).into(),
        Bson::Int64(n) => (*n).into(),
        Bson::Boolean(value) => (*value).into(),
        Bson::ObjectId(id) => serde_json::json!({"$oid": id.to_hex()}),
        Bson::Timestamp(time) => serde_json::json!({"$timestamp": {"t": time.time, "i": time.increment}}),
        other => panic!("{other} is not sent here"),
    }
}

/// An object id that begins at a time, and whose last bytes count.
pub(crate) fn object_id(time: u32, number: u64) -> ObjectId {
    let bytes = [&time.to_be_bytes()[..], &number.to_be_bytes()].concat();
    ObjectId::from_bytes(bytes.try_into().unwrap())
}
