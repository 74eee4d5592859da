//! A database that answers from the state what an earlier audit read to its end, and keeps what this one reads.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ring::aead::LessSafeKey;

use super::super::batches::Batches;
use super::super::{Catalogue, Database, LiveError, LiveTable, Part, Request, Take};
use super::index::{Kept, KeptPart, KeptRead};
use super::rows::{self, Frames};
use super::{State, random, say};
use crate::model::TableBatch;

/// See the module.
pub(super) struct Resumed {
    state: Arc<State>,
    target: String,
    database: Arc<dyn Database>,
    moment: Option<String>,
    /// By number of the table.
    kept: Mutex<HashMap<usize, Arc<Replay>>>,
    recording: Mutex<Option<Recording>>,
    /// Tables that were kept and are not there any more.
    gone: Mutex<Vec<String>>,
    /// Tables that this audit read.
    read_now: Mutex<Vec<String>>,
}

/// A table that is kept.
struct Replay {
    kept: Kept,
    frames: Frames,
    key: LessSafeKey,
}

/// The table that is being read.
struct Recording {
    table: usize,
    kept: Kept,
    key: LessSafeKey,
    frames: u32,
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether the columns of a table are known before it is read. What gains them on the way (collections of documents) is not
/// kept: it could not be handed on as it was.
fn has_columns(table: &LiveTable) -> bool {
    !table.table.columns.is_empty()
}

fn is_of(kept: &Kept, target: &str, table: &LiveTable) -> bool {
    let columns = table.table.columns.iter().map(|column| (&column.name, &column.declared));
    kept.target == target
        && has_columns(table)
        && kept.table == table.table.name
        && kept.columns.iter().map(|(name, declared)| (name, declared)).eq(columns)
}

impl Resumed {
    pub(super) fn new(state: Arc<State>, target: &str, database: Arc<dyn Database>) -> Self {
        Self {
            state,
            target: target.to_owned(),
            moment: database.moment(),
            database,
            kept: Mutex::default(),
            recording: Mutex::default(),
            gone: Mutex::default(),
            read_now: Mutex::default(),
        }
    }

    fn replay(&self, table: &LiveTable) -> Option<Arc<Replay>> {
        lock(&self.kept).get(&table.number).cloned()
    }

    /// Begins to keep a table.
    fn begin(&self, table: &LiveTable, parts: &[Part]) -> io::Result<Recording> {
        let salt = random()?;
        // What an unfinished table left is written over.
        let from = self.state.end();
        self.state.rows.set_len(from)?;
        let columns = table.table.columns.iter().map(|column| (column.name.clone(), column.declared.clone()));
        let kept = Kept {
            target: self.target.clone(),
            table: table.table.name.clone(),
            columns: columns.collect(),
            moment: self.moment.clone(),
            at: self.state.now,
            parts: parts.iter().map(KeptPart::from).collect(),
            reads: Vec::new(),
            salt: hex::encode(salt),
            from,
            to: from,
        };
        let key = rows::key_of(&self.state.key, &salt);
        Ok(Recording { table: table.number, kept, key, frames: 0 })
    }

    /// The number under which the answer to `request` is kept; `None` if it is kept already, or nothing is.
    fn number(&self, request: &Request<'_>) -> Option<u32> {
        let mut recording = lock(&self.recording);
        let recording = recording.as_mut().filter(|recording| recording.table == request.table.number)?;
        let read = read_of(request);
        if recording.kept.reads.contains(&read) {
            return None;
        }
        recording.kept.reads.push(read);
        Some(recording.kept.reads.len() as u32 - 1)
    }

    fn keep(&self, read: u32, batch: &TableBatch, columns: Option<&[usize]>) {
        let mut recording = lock(&self.recording);
        let Some(now) = recording.as_mut() else { return };
        let number = (read, now.frames);
        match rows::write(&self.state.rows, &now.key, now.kept.to, number, batch, columns) {
            Ok(len) => {
                now.kept.to += len;
                now.frames += 1;
            }
            Err(error) => {
                self.state.give_up(&error);
                *recording = None;
            }
        }
    }
}

fn read_of(request: &Request<'_>) -> KeptRead {
    KeptRead { part: request.part.into(), columns: request.columns.map(<[usize]>::to_vec), limit: request.limit }
}

impl Database for Resumed {
    fn product(&self) -> String {
        self.database.product()
    }

    fn connections(&self) -> usize {
        self.database.connections()
    }

    fn catalogue(&self) -> Result<Catalogue, LiveError> {
        let catalogue = self.database.catalogue()?;
        let mut gone = Vec::new();
        let tables: Vec<Kept> = self.state.index().tables.clone();
        for kept in tables.into_iter().filter(|kept| kept.target == self.target) {
            let Some(table) = catalogue.tables.iter().find(|table| is_of(&kept, &self.target, table)) else {
                gone.push(format!("{}, read at {}", kept.table, say(kept.at)));
                continue;
            };
            let frames = lock(&self.state.frames).remove(&(kept.from, kept.to)).unwrap_or_default();
            let key = rows::key_of(&self.state.key, &kept.salt());
            lock(&self.kept).insert(table.number, Arc::new(Replay { kept, frames, key }));
        }
        *lock(&self.gone) = gone;
        Ok(catalogue)
    }

    fn parts(&self, table: &LiveTable) -> Result<Vec<Part>, LiveError> {
        if let Some(replay) = self.replay(table) {
            return Ok(replay.kept.parts.iter().map(KeptPart::part).collect());
        }
        let parts = self.database.parts(table)?;
        let mut recording = lock(&self.recording);
        if let Some(recording) = recording.as_ref().filter(|recording| recording.table == table.number) {
            // Read again: in the same parts, whatever was added to it meanwhile.
            return Ok(recording.kept.parts.iter().map(KeptPart::part).collect());
        }
        *recording = None;
        if self.state.trouble().is_none() && has_columns(table) {
            match self.begin(table, &parts) {
                Ok(begun) => *recording = Some(begun),
                Err(error) => self.state.give_up(&error),
            }
        }
        Ok(parts)
    }

    fn read(&self, connection: usize, request: &Request<'_>, take: Take<'_>) -> Result<(), LiveError> {
        if let Some(replay) = self.replay(request.table) {
            let read = read_of(request);
            let Some(number) = replay.kept.reads.iter().position(|known| *known == read) else {
                return Err(LiveError::table("the state does not hold what is asked of it: audit without it"));
            };
            let frames = replay.frames.get(&(number as u32)).map_or(&[][..], Vec::as_slice);
            let columns = request.columns.map_or(request.table.table.columns.len(), <[usize]>::len);
            let batches = Batches::new(&request.table.table, request.columns);
            return rows::replay(&self.state.rows, &replay.key, frames, batches, columns, take)
                .map_err(|e| LiveError::table(format!("what was kept of it cannot be read: {e}")));
        }
        let number = self.number(request);
        self.database.read(connection, request, &mut |batch| {
            if let Some(number) = number {
                self.keep(number, &batch, request.columns);
            }
            take(batch)
        })
    }

    fn finished(&self, table: &LiveTable) {
        if self.replay(table).is_some() {
            return;
        }
        lock(&self.read_now).push(table.table.name.clone());
        let done = lock(&self.recording).take().filter(|recording| recording.table == table.number);
        if let Some(Err(error)) = done.map(|recording| self.state.finish(recording.kept)) {
            self.state.give_up(&error);
        }
    }

    fn is_kept(&self, table: &LiveTable) -> bool {
        self.replay(table).is_some()
    }

    fn moment(&self) -> Option<String> {
        self.moment.clone()
    }

    fn remarks(&self) -> Vec<(String, String)> {
        self.database.remarks()
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = self.database.notes();
        // One line for each moment that is not provably this one.
        let mut moments: Vec<(u64, Vec<String>)> = Vec::new();
        let kept = lock(&self.kept);
        let mut replays: Vec<&Kept> = kept.values().map(|replay| &replay.kept).collect();
        replays.sort_by_key(|kept| kept.from);
        for kept in replays {
            if kept.moment.is_some() && kept.moment == self.moment {
                continue;
            }
            match moments.iter_mut().find(|(at, _)| *at == kept.at) {
                Some((_, tables)) => tables.push(kept.table.clone()),
                None => moments.push((kept.at, vec![kept.table.clone()])),
            }
        }
        if !moments.is_empty() {
            moments.push((self.state.now, lock(&self.read_now).clone()));
            let told = moments.iter().filter(|(_, tables)| !tables.is_empty());
            let told: Vec<String> = told.map(|(at, of)| format!("{} at {}", of.join(", "), say(*at))).collect();
            notes.push(format!(
                "this audit was interrupted and went on: its tables were read at different times, not in one moment: {}",
                told.join("; ")
            ));
        }
        let gone = lock(&self.gone);
        notes.extend(gone.iter().map(|table| format!("dropped or altered since this audit was interrupted: {table}")));
        if let Some(why) = self.state.trouble() {
            notes.push(format!("what was read could not all be kept in the state: {why}"));
        }
        notes
    }

    fn statements(&self, table: Option<&LiveTable>) -> Vec<String> {
        self.database.statements(table)
    }

    fn load(&self, connection: usize) -> Result<u64, LiveError> {
        self.database.load(connection)
    }

    fn interrupt(&self) {
        self.database.interrupt();
    }

    fn close(&self) {
        self.database.close();
    }
}
