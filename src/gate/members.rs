//! Members of archives, searched like the files of a folder.

use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};

use rayon::prelude::*;

use super::lane::{self, Searched};
use crate::audit::Progress;
use crate::settings::GateSettings;
use crate::sources::{Member, ReadError, Unit};

/// Bytes of members searched side by side at a time. So much of them is held in memory, or in the encrypted store.
const HELD: u64 = 8 << 20;

/// Members searched side by side at a time.
const MOST: usize = 256;

/// Searches one unit and, where it is an archive, all that is in it, in the archive's order; `alone` says that all threads
/// are free for it.
pub(super) fn search(settings: &GateSettings, unit: &Unit, alone: bool, progress: &dyn Progress) -> Vec<Searched> {
    let mut found = vec![lane::search(settings, unit, alone, progress)];
    open(settings, unit, alone, progress, &mut found);
    found
}

/// Opens what was searched last, `unit`, if it is an archive, and adds what is in it.
fn open(settings: &GateSettings, unit: &Unit, alone: bool, progress: &dyn Progress, found: &mut Vec<Searched>) {
    let Some(head) = found.last_mut().and_then(|outer| outer.archive.take()) else { return };
    let outer = found.len() - 1;
    let mut batch = Batch { settings, alone, progress, units: Vec::new(), bytes: 0 };
    let limits = &settings.audit.limits;
    // Libraries read what strangers packed.
    let contents = catch_unwind(AssertUnwindSafe(|| {
        let contents = unit.members(&head, unit.open(limits)?, limits, &mut |member| {
            match member {
                Member::Unit(member) => batch.push(member, found),
                Member::Skipped(skip) => {
                    batch.search(found);
                    found.push(Searched {
                        path: skip.what.clone(),
                        target: skip.target,
                        name: skip.what,
                        unread: Some(skip.why),
                        ..Searched::default()
                    });
                }
            }
            Ok(ControlFlow::Continue(()))
        });
        batch.search(found);
        contents
    }));
    let contents = contents.unwrap_or_else(|_| Err(ReadError(lane::BUG.into())));
    let outer = &mut found[outer];
    match contents {
        Ok(contents) => {
            outer.bytes = contents.own;
            outer.unread = contents.error.map(|why| why.0);
        }
        Err(why) => outer.unread = Some(why.0),
    }
}

/// Members waiting to be searched.
struct Batch<'a> {
    settings: &'a GateSettings,
    alone: bool,
    progress: &'a dyn Progress,
    units: Vec<Unit>,
    bytes: u64,
}

impl Batch<'_> {
    fn push(&mut self, unit: Unit, found: &mut Vec<Searched>) {
        self.bytes += unit.size().unwrap_or_default();
        self.units.push(unit);
        if !self.alone || self.bytes >= HELD || self.units.len() == MOST {
            self.search(found);
        }
    }

    /// Searches what waits. Archives among it are opened one after another: they share one budget, and where it ends must not
    /// depend on which thread is quicker.
    fn search(&mut self, found: &mut Vec<Searched>) {
        let Self { settings, alone, progress, .. } = *self;
        let units = std::mem::take(&mut self.units);
        self.bytes = 0;
        let searched: Vec<Searched> = match &units[..] {
            [one] => vec![lane::search(settings, one, alone, progress)],
            many => many.par_iter().map(|unit| lane::search(settings, unit, false, progress)).collect(),
        };
        for (unit, searched) in units.iter().zip(searched) {
            found.push(searched);
            open(settings, unit, alone, progress, found);
        }
    }
}
