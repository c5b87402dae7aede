//! Segments made beforehand: one to go on in, and one in reserve for when the disk is full.
//!
//! Invariant: a file under a name of [`READY`] is zeros to its end, on the disk, or has a head that its next use writes
//! again; whatever else is made has another name until then. What a full disk had no room for leaves nothing behind, so
//! that others can use what is left. Not here: when one is taken into use (`log`).

use std::{
    io,
    thread::{self, JoinHandle},
};

use metrics::Gauge;
use tracing::{info, warn};

use super::{
    Room,
    segment::Segment,
    volume::{Volume, VolumeFile},
};
use crate::telemetry::metrics::JOURNAL_SPARES;

const READY: [&str; 2] = ["spare-1.ready", "spare-2.ready"];
const PART: &str = "spare.part";
/// For a batch that is larger than a segment.
const LARGE: &str = "large.part";

/// Who makes segments beforehand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Making {
    /// A thread, while others are written.
    Beforehand,
    /// The one who appends, whenever one is missing.
    WhenNeeded,
}

/// What is at hand of them.
#[derive(Debug)]
pub(super) struct Spares<V: Volume> {
    volume: V,
    segment_bytes: u64,
    making: Making,
    ready: Vec<Spare<V::File>>,
    under_way: Option<JoinHandle<io::Result<Spare<V::File>>>>,
    /// The last attempt to make one failed, and none has succeeded since.
    is_scarce: bool,
    count: Gauge,
}

#[derive(Debug)]
struct Spare<F> {
    name: &'static str,
    file: F,
}

impl<V: Volume> Spares<V> {
    /// Those that an earlier process left, and what is missing, made by and by.
    pub fn open(volume: V, segment_bytes: u64, making: Making) -> Self {
        let ready = READY.into_iter().filter_map(|name| left_behind(&volume, name, segment_bytes)).collect();
        let count = JOURNAL_SPARES.gauge(&[]);
        let mut spares = Self { volume, segment_bytes, making, ready, under_way: None, is_scarce: false, count };
        spares.provide();
        spares
    }

    /// Whether there is one to go on in.
    pub fn room(&self) -> Room {
        if self.is_scarce && self.ready.is_empty() { Room::Reserve } else { Room::Ample }
    }

    /// One of at least so many bytes, and its name; made now if there is none.
    pub fn take(&mut self, bytes: u64) -> io::Result<(String, V::File)> {
        if bytes > self.segment_bytes {
            let made = Segment::prepare(&self.volume, LARGE, bytes).inspect_err(|_| {
                let _ = self.volume.remove(LARGE);
            });
            return Ok((LARGE.to_owned(), made?));
        }
        if self.ready.is_empty() {
            self.finish();
        }
        let Spare { name, file } = match self.ready.pop() {
            Some(spare) => spare,
            None => make(&self.volume, READY[0], self.segment_bytes)?,
        };
        Ok((name.to_owned(), file))
    }

    /// Takes over what was made meanwhile, and has the next one made if there was room for it.
    pub fn collect(&mut self) {
        if self.under_way.as_ref().is_some_and(JoinHandle::is_finished) {
            self.finish();
            if !self.is_scarce {
                self.provide();
            }
        }
    }

    /// The same, and tries again what failed.
    pub fn tend(&mut self) {
        self.collect();
        self.provide();
    }

    /// Has those made that are missing.
    pub fn provide(&mut self) {
        while self.under_way.is_none()
            && let Some(name) = READY.into_iter().find(|name| self.ready.iter().all(|spare| spare.name != *name))
        {
            let (volume, bytes) = (self.volume.clone(), self.segment_bytes);
            match self.making {
                Making::Beforehand => {
                    let thread = thread::Builder::new().name("journal-spare".to_owned());
                    match thread.spawn(move || make(&volume, name, bytes)) {
                        Ok(made) => self.under_way = Some(made),
                        Err(problem) => return self.note(Err(problem)),
                    }
                }
                Making::WhenNeeded => {
                    self.note(make(&volume, name, bytes));
                    if self.is_scarce {
                        return;
                    }
                }
            }
        }
        self.count.set(self.ready.len() as f64);
    }

    /// Waits for what is being made.
    fn finish(&mut self) {
        if let Some(made) = self.under_way.take() {
            self.note(made.join().unwrap_or_else(|_| Err(io::Error::other("the thread that makes segments broke"))));
        }
    }

    fn note(&mut self, made: io::Result<Spare<V::File>>) {
        match made {
            Ok(spare) => {
                if self.is_scarce {
                    info!("the journal's next segment could be made after all");
                }
                self.is_scarce = false;
                self.ready.push(spare);
            }
            Err(problem) => {
                if !self.is_scarce {
                    warn!(%problem, ready = self.ready.len(), "the journal's next segment cannot be made");
                }
                self.is_scarce = true;
            }
        }
        self.count.set(self.ready.len() as f64);
    }
}

/// Waits for the thread that makes them, so that nothing is under way once the log is gone.
impl<V: Volume> Drop for Spares<V> {
    fn drop(&mut self) {
        self.finish();
    }
}

fn left_behind<V: Volume>(volume: &V, name: &'static str, bytes: u64) -> Option<Spare<V::File>> {
    let file = volume.open(name).ok()?;
    file.size().is_ok_and(|size| size >= bytes).then_some(Spare { name, file })
}

fn make<V: Volume>(volume: &V, name: &'static str, bytes: u64) -> io::Result<Spare<V::File>> {
    let made = Segment::prepare(volume, PART, bytes).and_then(|file| {
        volume.rename(PART, name)?;
        volume.sync()?;
        Ok(Spare { name, file })
    });
    if made.is_err() {
        let _ = volume.remove(PART);
    }
    made
}
