//! The journal: records, frames, segments and folders with mistakes in them.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard},
};

use attune::journal::{
    Record, Seq, codec,
    inspect::{self, SegmentFile, Survey},
    log::{Log, Making, OpenError, first_of, name_of},
    seal::Plain,
    volume::{Volume, VolumeFile},
};

use super::{corpus, play};

const SEGMENT: u64 = 64 << 10;
const HEAD: usize = 32;
const FRAME_HEAD: usize = 16;

/// A folder in memory. An open file stays the same under another name.
#[derive(Debug, Clone, Default)]
struct Memory(Arc<Mutex<BTreeMap<String, MemoryFile>>>);

#[derive(Debug, Clone, Default)]
struct MemoryFile(Arc<Mutex<Vec<u8>>>);

impl Memory {
    fn with(files: &[(String, Vec<u8>)]) -> Self {
        let file = |(name, bytes): &(String, Vec<u8>)| (name.clone(), MemoryFile(Arc::new(Mutex::new(bytes.clone()))));
        Self(Arc::new(Mutex::new(files.iter().map(file).collect())))
    }

    fn named(&self) -> MutexGuard<'_, BTreeMap<String, MemoryFile>> {
        self.0.lock().expect("nobody panics here")
    }

    fn files(&self) -> Vec<SegmentFile<Self>> {
        let names: Vec<String> = self.list().expect("it can be listed");
        let mut files: Vec<_> = names
            .into_iter()
            .filter_map(|name| Some((first_of(&name)?, name)))
            .map(|(first, name)| SegmentFile { volume: self.clone(), name, first, is_archived: false, archive: None })
            .collect();
        files.sort_by_key(|file| file.first);
        files
    }

    fn survey(&self) -> (Survey, Vec<Record>) {
        let mut records = Vec::new();
        let survey = inspect::survey(&self.files(), Some(Seq::FIRST), &Plain, |record, _| records.push(record));
        (survey, records)
    }

    /// What a daemon would read.
    fn opened(&self) -> Result<Vec<Record>, OpenError> {
        let mut records = Vec::new();
        Log::open(self.clone(), None, SEGMENT, Making::WhenNeeded, |record| records.push(record)).map(|_| records)
    }
}

impl Volume for Memory {
    type File = MemoryFile;

    fn list(&self) -> io::Result<Vec<String>> {
        Ok(self.named().keys().cloned().collect())
    }

    fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        Ok(Volume::open(self, name)?.bytes().clone())
    }

    fn create(&self, name: &str) -> io::Result<MemoryFile> {
        self.named().insert(name.to_owned(), MemoryFile::default());
        Volume::open(self, name)
    }

    fn open(&self, name: &str) -> io::Result<MemoryFile> {
        self.named().get(name).cloned().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut files = self.named();
        let file = files.remove(from).ok_or(io::ErrorKind::NotFound)?;
        files.insert(to.to_owned(), file);
        Ok(())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.named().remove(name);
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        Ok(())
    }

    fn path(&self, name: &str) -> PathBuf {
        name.into()
    }
}

impl MemoryFile {
    fn bytes(&self) -> MutexGuard<'_, Vec<u8>> {
        self.0.lock().expect("nobody panics here")
    }
}

impl VolumeFile for MemoryFile {
    fn write_at(&self, from: &[u8], at: u64) -> io::Result<()> {
        let at = usize::try_from(at).expect("small files");
        let mut bytes = self.bytes();
        let end = bytes.len().max(at + from.len());
        bytes.resize(end, 0);
        bytes[at..at + from.len()].copy_from_slice(from);
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        Ok(())
    }

    fn size(&self) -> io::Result<u64> {
        Ok(self.bytes().len() as u64)
    }
}

/// Records of every kind, as the fixtures have them.
fn records() -> Vec<Record> {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/journal/v1");
    let mut records = Vec::new();
    for folder in ["every", "played"] {
        let files = inspect::segments_of(&fixtures.join(folder)).expect("fixtures are there");
        inspect::survey(&files, Some(Seq::FIRST), &Plain, |record, _| records.push(record));
    }
    assert!(records.len() > 100, "there is something to begin with");
    records
}

fn bytes_of(records: &[Record]) -> Vec<u8> {
    let mut bytes = Vec::new();
    codec::put(records, &mut bytes);
    bytes
}

/// A journal of several segments, in one record or a few a frame.
fn journal(records: &[Record]) -> Vec<(String, Vec<u8>)> {
    let memory = Memory::default();
    let mut log = Log::open(memory.clone(), None, 8 << 10, Making::WhenNeeded, drop).expect("it is empty");
    let numbered = (1..).zip(records).map(|(seq, record)| Record { seq: Seq(seq), ..record.clone() });
    let numbered: Vec<Record> = numbered.collect();
    numbered.chunks(2).for_each(|batch| log.append(batch).expect("memory takes it"));
    drop(log);
    let name = |file: SegmentFile<Memory>| (file.name.clone(), file.volume.read(&file.name).expect("it is there"));
    memory.files().into_iter().map(name).collect()
}

/// A frame with these bytes as records, and a checksum that fits.
fn framed(first: Seq, records: &[u8]) -> Vec<u8> {
    let length = u32::try_from(records.len()).expect("small").to_le_bytes();
    let seq = first.0.to_le_bytes();
    let sum = crc32fast::hash(&[&length[..], &seq, records].concat()).to_le_bytes();
    let mut frame = [&length[..], &sum, &seq, records].concat();
    frame.resize(frame.len().next_multiple_of(8), 0);
    frame
}

/// Reads bytes that may be anything; what is read reads again as it is.
fn take(bytes: &[u8]) {
    if let Ok(found) = codec::take(bytes) {
        let again = codec::take(&bytes_of(&found));
        assert_eq!(again.as_ref(), Ok(&found), "what was read is written and read alike");
    }
}

#[test]
fn records_may_be_any_bytes() {
    corpus("journal").iter().for_each(|(_, bytes)| take(bytes));
    let records = records();
    play("records_may_be_any_bytes", 20_000, |mutator| {
        let mut bytes = bytes_of(std::slice::from_ref(mutator.pick(&records)));
        let other = bytes_of(std::slice::from_ref(mutator.pick(&records)));
        match mutator.chance(20) {
            true => bytes = mutator.bytes(512),
            false => mutator.bytes_of(&mut bytes, &other),
        }
        take(&bytes);
    });
}

/// Whoever looks and whoever opens agree, and opening repairs for good.
fn hold_together(files: &Memory) -> (Survey, Result<Vec<Record>, OpenError>) {
    let (survey, seen) = files.survey();
    let opened = files.opened();
    let is_whole = survey.faults().next().is_none();
    assert_eq!(opened.is_ok(), is_whole, "looking and opening disagree: {survey:#?} {:?}", opened.as_ref().err());
    if let Ok(opened) = &opened {
        assert_eq!(*opened, seen);
        assert_eq!(files.opened().expect("it was opened before"), seen, "opening again gives the same");
    }
    (survey, opened)
}

#[test]
fn segments_may_be_any_bytes() {
    for (name, bytes) in corpus("journal") {
        let files = Memory::with(&[(name_of(Seq::FIRST), bytes)]);
        println!("{name}: {:?}", hold_together(&files).0.segments[0].finding);
    }
    let records = records();
    let files = journal(&records);
    assert!(files.len() > 2, "it takes several segments");
    let (_, whole) = Memory::with(&files).survey();
    play("segments_may_be_any_bytes", 600, |mutator| {
        let mut files = files.clone();
        let other = files[mutator.below(files.len())].1.clone();
        let number = mutator.below(files.len());
        mutator.bytes_of(&mut files[number].1, &other);
        if mutator.chance(20) {
            files.remove(mutator.below(files.len()));
        }
        let (_, opened) = hold_together(&Memory::with(&files));
        // A checksum holds whatever is in a frame together, so mistakes leave records out and never change one.
        if let Ok(opened) = opened {
            assert!(whole.starts_with(&opened), "{} records are not those that were written", opened.len());
        }
    });
}

#[test]
fn a_flipped_bit_loses_no_more_than_the_last_frame_without_a_word() {
    let records = records();
    let files = journal(&records[..20]);
    let (_, whole) = Memory::with(&files).survey();
    play("a_flipped_bit_loses_no_more_than_the_last_frame_without_a_word", 1_000, |mutator| {
        let mut files = files.clone();
        let number = mutator.below(files.len());
        let used = files[number].1.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        mutator.flip(&mut files[number].1[..used]);
        let (_, opened) = hold_together(&Memory::with(&files));
        if let Ok(opened) = opened {
            assert!(whole.starts_with(&opened));
            assert!(
                opened.len() + 2 >= whole.len(),
                "{} of {} records were lost in silence",
                opened.len(),
                whole.len()
            );
        }
    });
}

/// Mistakes that a program makes, not a disk: the checksum fits.
#[test]
fn frames_may_have_any_records() {
    let records = records();
    let head = journal(&records[..1])[0].1[..HEAD].to_vec();
    play("frames_may_have_any_records", 4_000, |mutator| {
        let mut segment = head.clone();
        for next in 1..=1 + mutator.below(4) as u64 {
            let found = Record { seq: Seq(next), ..mutator.pick(&records).clone() };
            let mut bytes = bytes_of(&[found]);
            if mutator.chance(2) {
                let other = bytes_of(std::slice::from_ref(mutator.pick(&records)));
                mutator.bytes_of(&mut bytes, &other);
            }
            let first = if mutator.chance(10) { Seq(next + mutator.below(3) as u64) } else { Seq(next) };
            segment.extend(framed(first, &bytes));
        }
        if mutator.chance(3) {
            segment.truncate(HEAD + mutator.below(segment.len() - HEAD));
        }
        segment.resize(segment.len() + FRAME_HEAD, 0);
        drop(hold_together(&Memory::with(&[(name_of(Seq::FIRST), segment)])));
    });
}

/// Writes what the corpus begins with.
#[test]
#[ignore = "writes the corpus"]
fn make_corpus() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus/journal");
    let whole = journal(&records()[..12])[0].1.clone();
    let used = whole.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    let mut later = whole[..used].to_vec();
    later[8] = 2;
    let mut long = whole[..HEAD].to_vec();
    long.extend([0xff; 24]);
    for (name, bytes) in [
        ("whole", &whole[..used]),
        ("torn", &whole[..used - 9]),
        ("head_only", &whole[..HEAD]),
        ("half_a_head", &whole[..HEAD / 2]),
        ("later", &later),
        ("longest_length", &long),
        ("record", &bytes_of(&records()[..1])[..]),
        ("empty", &[]),
    ] {
        fs::write(folder.join(name), bytes).expect("written");
    }
}
