//! Tests of batches that are synced apart: which holes are an end, and which are damage.
//!
//! Protects: what a power cut takes of an unsynced end keeps nobody from starting, whatever later frames the disk has; a
//! hole in what was once on the disk is refused. Not here: crashes by the hundred (`tests/sim`).

use std::{ops::Range, time::Duration};

use tempfile::TempDir;

use super::{
    Record, Seq,
    conformance::batch,
    inspect::{self, Finding},
    log::{Log, Making, OpenError, Syncing, name_of, read_segment},
    seal::Plain,
    segment::FRAME_HEAD,
    volume::{Folder, Volume, VolumeFile},
};

const SEGMENT: u64 = 4_096;

struct Place {
    folder: Folder,
    _place: TempDir,
}

impl Place {
    fn new() -> Self {
        let place = tempfile::tempdir().expect("a folder");
        Self { folder: Folder::make(place.path()).expect("it is there"), _place: place }
    }

    fn open(&self) -> Result<(Log<Folder>, Vec<Record>), OpenError> {
        let mut records = Vec::new();
        let mut log = Log::open(self.folder.clone(), None, SEGMENT, Making::WhenNeeded, |record| records.push(record))?;
        log.set_syncing(Syncing::Every(Duration::from_millis(100)));
        Ok((log, records))
    }

    /// A journal of three frames with a record each; it was synced before the frame with this number.
    fn of_three(synced_before: u64) -> Self {
        let place = Self::new();
        let (mut log, _) = place.open().expect("empty");
        for seq in 1..4 {
            if seq == synced_before {
                log.sync().expect("synced");
            }
            log.append(&batch(seq..seq + 1)).expect("room");
            assert!(log.has_unsynced());
        }
        place
    }

    /// The frame with this number becomes zeros.
    fn tear(&self, frame: usize) {
        let Range { start, end } = self.frame(frame);
        let file = self.folder.open(&name_of(Seq::FIRST)).expect("it is there");
        file.write_at(&vec![0; end - start], start as u64).expect("written");
    }

    fn frame(&self, frame: usize) -> Range<usize> {
        let (_, scanned) = read_segment(&self.folder, &name_of(Seq::FIRST)).expect("readable");
        let records = &scanned.frames[frame - 1].1;
        records.start - FRAME_HEAD..records.end
    }

    fn found(&self) -> Finding {
        let files = inspect::segments_of(&self.folder.path("")).expect("listed");
        let survey = inspect::survey(&files, Some(Seq::FIRST), &Plain, |_, _| {});
        survey.segments.last().expect("there is one").finding.clone()
    }
}

#[test]
fn a_hole_in_what_was_not_synced_is_an_end_and_one_in_what_was_is_damage() {
    // Each: before which frame it was synced, which one is missing, and how many records are left.
    for (synced_before, torn, left) in [
        (1, 1, Some(0)),
        (1, 2, Some(1)),
        (1, 3, Some(2)),
        (2, 1, None),
        (2, 2, Some(1)),
        (2, 3, Some(2)),
        (3, 1, None),
        (3, 2, None),
        (3, 3, Some(2)),
    ] {
        let place = Place::of_three(synced_before);
        place.tear(torn);
        let told = format!("synced before {synced_before}, without {torn}");
        let finding = place.found();
        match (place.open(), left) {
            (Ok((mut log, records)), Some(left)) => {
                assert_eq!(records, batch(1..left + 1).to_vec(), "{told}");
                // Of the last frame nothing is left that could be seen.
                let as_found =
                    if torn == 3 { finding == Finding::Whole } else { matches!(finding, Finding::Torn { .. }) };
                assert!(as_found, "{told}: {finding:?}");
                log.append(&batch(left + 1..left + 3)).expect("it goes on");
                drop(log);
                assert_eq!(place.open().expect("whole").1, batch(1..left + 3).to_vec(), "{told}");
            }
            (Err(OpenError::Damaged { .. }), None) => {
                assert!(matches!(finding, Finding::Damaged { .. }), "{told}: {finding:?}");
            }
            (opened, _) => panic!("{told}: {:?}", opened.map(|(_, records)| records.len())),
        }
    }
}

/// One that is begun because the one before is full, or because the disk failed, has nothing unsynced before it.
#[test]
fn a_segment_is_synced_before_another_begins() {
    let place = Place::new();
    let (mut log, _) = place.open().expect("empty");
    let mut seq = 1;
    while super::log::segments(&place.folder).expect("listed").len() < 2 {
        log.append(&batch(seq..seq + 1)).expect("room");
        seq += 1;
    }
    place.tear(2);
    assert!(matches!(place.open(), Err(OpenError::Damaged { .. })), "what is full was synced");
}

#[test]
fn closing_syncs() {
    let place = Place::of_three(1);
    let (mut log, records) = place.open().expect("whole");
    assert_eq!(records.len(), 3);
    log.append(&batch(4..5)).expect("room");
    assert!(log.has_unsynced());
    log.sync().expect("synced");
    assert!(!log.has_unsynced());
    log.close().expect("closed");
}
