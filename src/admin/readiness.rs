//! Readiness: a latch for each part that must be there before calls are welcome, and remarks on what is out of the ordinary.
//!
//! Invariant: ready means that every latch is set; a part clears its own when it can no longer serve. A remark keeps
//! nobody away.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use parking_lot::Mutex;

/// All latches; clones are the same ones.
#[derive(Debug, Clone, Default)]
pub struct Readiness {
    shared: Arc<Mutex<Shared>>,
}

#[derive(Debug, Default)]
struct Shared {
    latches: BTreeMap<&'static str, bool>,
    remarks: BTreeSet<&'static str>,
    was_ready: bool,
}

/// One part's word.
#[derive(Debug, Clone)]
pub struct Latch {
    name: &'static str,
    readiness: Readiness,
}

impl Readiness {
    /// Without latches.
    pub fn new() -> Self {
        Self::default()
    }

    /// A latch that is not set; all must be made before the first is set, or readiness would come too soon.
    pub fn latch(&self, name: &'static str) -> Latch {
        self.shared.lock().latches.insert(name, false);
        Latch { name, readiness: self.clone() }
    }

    /// Latches that are not set, by name.
    pub fn missing(&self) -> Vec<&'static str> {
        let shared = self.shared.lock();
        shared.latches.iter().filter(|(_, set)| !**set).map(|(name, _)| *name).collect()
    }

    /// Notes something worth knowing, or that it is so no more.
    pub fn remark(&self, remark: &'static str, is_so: bool) {
        let mut shared = self.shared.lock();
        if is_so {
            shared.remarks.insert(remark)
        } else {
            shared.remarks.remove(remark)
        };
    }

    /// What is worth knowing now.
    pub fn remarks(&self) -> Vec<&'static str> {
        self.shared.lock().remarks.iter().copied().collect()
    }

    /// Whether all were set at one time.
    pub fn was_ready(&self) -> bool {
        self.shared.lock().was_ready
    }
}

impl Latch {
    /// This part is ready.
    pub fn set(&self) {
        self.turn(true);
    }

    /// This part no longer is.
    pub fn clear(&self) {
        self.turn(false);
    }

    fn turn(&self, set: bool) {
        let mut shared = self.readiness.shared.lock();
        shared.latches.insert(self.name, set);
        shared.was_ready |= shared.latches.values().all(|set| *set);
    }
}
