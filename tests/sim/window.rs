//! Answered before it is on the disk: what a crash may then take, and what never.
//!
//! The real log, its batches synced apart, on a disk that forgets: sectors that were not synced survive each by itself or
//! not, syncs and writes fail, machines end in the middle of any operation. Protects: what is there after a crash is what
//! was appended up to some record, without a hole and without a refusal to start; that record is not before the last sync
//! that succeeded; a process that ends alone takes nothing along that was answered.

use std::time::Duration;

use attune::journal::{
    Record, Seq,
    log::{Log, Making, Syncing},
};
use rand::{RngExt, SeedableRng, rngs::StdRng};

use crate::{
    disk::{At, Crash, Disk, End, Mood, Of},
    journal::SEGMENT_BYTES,
    record, setting,
};

/// Seeds that are played if nothing else is asked for.
const SEEDS: u64 = 300;
/// Machines one after the other over one disk.
const LIVES: usize = 12;
const APPENDS_MAX: u32 = 120;

/// What was appended, and what must be there.
#[derive(Default)]
struct Ledger {
    /// In the order in which it was to be kept.
    appended: Vec<Record>,
    /// So many of them were answered.
    answered: usize,
    /// So many of them were on the disk.
    synced: usize,
    /// So many that had been answered were taken by power cuts.
    taken: usize,
    power_cuts: usize,
}

fn open(disk: &Disk, records: &mut Vec<Record>) -> Result<Log<Disk>, String> {
    let opened = Log::open(disk.clone(), None, SEGMENT_BYTES, Making::WhenNeeded, |record| records.push(record));
    let mut log = opened.map_err(|problem| problem.to_string())?;
    log.set_syncing(Syncing::Every(Duration::from_millis(100)));
    Ok(log)
}

impl Ledger {
    /// Holds what came back against what may be missing.
    fn check(&mut self, found: &[Record], end: End) -> Result<(), String> {
        let (are, were) = (found.len(), self.appended.len());
        if !self.appended.starts_with(found) {
            return Err(format!("{are} records came back that are not the first of {were}"));
        }
        let least = if end == End::Process { self.answered } else { self.synced };
        if are < least {
            return Err(format!("{are} records of {were} came back after {end:?} ended, not {least}"));
        }
        self.taken += self.answered.saturating_sub(are);
        self.appended.truncate(are);
        // Whoever opens a log makes sure of what is there.
        (self.answered, self.synced) = (are, are);
        Ok(())
    }

    /// One machine: it appends, syncs now and then, and ends.
    fn live(&mut self, disk: &Disk, mut log: Log<Disk>, random: &mut StdRng) {
        for _ in 0..random.random_range(0..APPENDS_MAX) {
            let from = self.appended.len() as u64 + 1;
            let batch: Vec<Record> = (from..from + random.random_range(1..5)).map(|seq| record(Seq(seq))).collect();
            self.appended.extend_from_slice(&batch);
            while log.append(&batch).is_err() {
                // A disk that fails is asked again, as a frozen shard does.
                if disk.is_gone() {
                    return;
                }
            }
            self.answered = self.appended.len();
            let is_synced = random.random_range(0..6) == 0 && log.sync().is_ok();
            if is_synced || !log.has_unsynced() {
                self.synced = self.answered;
            }
            if disk.is_gone() {
                return;
            }
        }
    }
}

/// Plays a seed.
fn play(seed: u64) -> Result<Ledger, String> {
    let (disk, mut random) = (Disk::new(seed, None), StdRng::seed_from_u64(seed));
    let (mut ledger, mut end) = (Ledger::default(), End::Process);
    for life in 0..LIVES {
        disk.start(Mood::default(), None);
        let mut found = Vec::new();
        let opened = open(&disk, &mut found).and_then(|log| ledger.check(&found, end).map(|()| log));
        let log = opened.map_err(|wrong| format!("machine {life}: {wrong}"))?;
        disk.start(mood(&mut random), crash(&mut random));
        ledger.live(&disk, log, &mut random);
        end = if random.random_range(0..4) == 0 { End::Process } else { End::Power };
        ledger.power_cuts += usize::from(end == End::Power);
        disk.end(end);
    }
    Ok(ledger)
}

fn mood(random: &mut StdRng) -> Mood {
    match random.random_range(0..4) {
        0 => Mood { sync_fails: random.random_range(3..20), ..Mood::default() },
        1 => Mood { write_fails: random.random_range(6..40), ..Mood::default() },
        _ => Mood::default(),
    }
}

fn crash(random: &mut StdRng) -> Option<Crash> {
    let at = [At::Before, At::Within, At::After][random.random_range(0..3)];
    (random.random_range(0..3) > 0).then(|| Crash { of: Of::All, after: random.random_range(0..200), at })
}

#[test]
fn a_crash_takes_an_end_of_what_was_not_synced_and_nothing_else() {
    let (first, seeds) = (setting("ATTUNE_SEED", 1), setting("ATTUNE_SEEDS", SEEDS));
    let (mut taken, mut power_cuts) = (0, 0);
    for seed in first..first + seeds {
        let ledger = play(seed).unwrap_or_else(|wrong| panic!("seed {seed}: {wrong}"));
        (taken, power_cuts) = (taken + ledger.taken, power_cuts + ledger.power_cuts);
    }
    println!("{seeds} seeds, {power_cuts} power cuts, which took {taken} records that were answered and not synced");
    assert!(taken > 0, "power cuts must have had something to take");
}
