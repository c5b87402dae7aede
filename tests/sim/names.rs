//! Names on a disk that forgets: where each file is found, and what of that is sure to survive.
//!
//! Invariant: after a crash a folder has what it had at its last sync, and of what came later a part, in the order in which
//! it came about; what moves from one folder to another is in one of the two. A folder's own name is one of the folder that
//! it is in. Not here: what files hold (`disk`).

use std::collections::{BTreeMap, BTreeSet};

use rand::{RngExt, rngs::StdRng};

/// What stands for a folder among the files.
const FOLDER: u64 = 0;

/// The names of all files, with the folders that they are in: `archive/1.journal`.
#[derive(Debug, Clone, Default)]
pub struct Names {
    shown: BTreeMap<String, u64>,
    kept: BTreeMap<String, u64>,
    /// What is not sure to survive, in order.
    pending: Vec<Naming>,
    /// What no sync makes sure of, by a fault that was planted.
    late: Vec<Naming>,
}

/// A change of names.
#[derive(Debug, Clone)]
enum Naming {
    Set { path: String, file: u64 },
    Move { from: String, to: String },
    Remove { path: String },
}

impl Names {
    /// The file of this name.
    pub fn get(&self, path: &str) -> Option<u64> {
        self.shown.get(path).copied()
    }

    /// All files with their names.
    pub fn files(&self) -> impl Iterator<Item = (&str, u64)> {
        self.shown.iter().filter(|(_, file)| **file != FOLDER).map(|(path, file)| (path.as_str(), *file))
    }

    /// The names of a folder's files.
    pub fn of(&self, folder: &str) -> Vec<String> {
        let within = self.files().filter(|(path, _)| folder_of(path) == folder);
        within.map(|(path, _)| path[folder.len()..].to_owned()).collect()
    }

    /// Files that have a name, or may have one after a crash.
    pub fn referenced(&self) -> BTreeSet<u64> {
        let pending = self.pending.iter().filter_map(|naming| match naming {
            Naming::Set { file, .. } => Some(*file),
            Naming::Move { .. } | Naming::Remove { .. } => None,
        });
        self.shown.values().chain(self.kept.values()).copied().chain(pending).collect()
    }

    /// A folder is there; false if it was already.
    pub fn make(&mut self, folder: &str) -> bool {
        let is_new = !self.shown.contains_key(folder);
        if is_new {
            self.change(Naming::Set { path: folder.to_owned(), file: FOLDER });
        }
        is_new
    }

    pub fn set(&mut self, path: String, file: u64) {
        self.change(Naming::Set { path, file });
    }

    /// Gives what has this name another, wherever that is.
    pub fn rename(&mut self, from: String, to: String) {
        self.change(Naming::Move { from, to });
    }

    /// The same, of which no sync makes sure before there is another such change.
    pub fn rename_late(&mut self, from: String, to: String) {
        self.pending.append(&mut self.late);
        let naming = Naming::Move { from, to };
        naming.happen(&mut self.shown);
        self.late.push(naming);
    }

    pub fn remove(&mut self, path: String) {
        self.change(Naming::Remove { path });
    }

    fn change(&mut self, naming: Naming) {
        naming.happen(&mut self.shown);
        self.pending.push(naming);
    }

    /// What is so in a folder is sure to survive, and whatever that needs of others.
    pub fn sync(&mut self, folder: &str) {
        let mut folders = BTreeSet::from([folder.to_owned()]);
        let mut is_kept: Vec<bool> = self
            .pending
            .iter()
            .rev()
            .map(|naming| {
                let touches = naming.folders().any(|touched| folders.contains(touched));
                if touches {
                    folders.extend(naming.folders().map(str::to_owned));
                }
                touches
            })
            .collect();
        is_kept.reverse();
        let mut is_kept = is_kept.into_iter();
        let kept = &mut self.kept;
        self.pending.retain(|naming| {
            let stays = !is_kept.next().expect("one for each");
            if !stays {
                naming.happen(kept);
            }
            stays
        });
    }

    /// The machine ends; whether names are lost.
    pub fn lose(&mut self, random: &mut StdRng) -> bool {
        let mut left: BTreeMap<String, usize> = BTreeMap::new();
        for folder in self.pending.iter().flat_map(Naming::folders) {
            *left.entry(folder.to_owned()).or_default() += 1;
        }
        left.values_mut().for_each(|count| *count = random.random_range(0..=*count));
        let mut is_lost = false;
        for naming in std::mem::take(&mut self.pending) {
            if naming.folders().all(|folder| left[folder] > 0) {
                naming.folders().for_each(|folder| *left.get_mut(folder).expect("it was counted") -= 1);
                naming.happen(&mut self.kept);
            } else {
                is_lost = true;
                naming.folders().for_each(|folder| *left.get_mut(folder).expect("it was counted") = 0);
            }
        }
        let folders: BTreeSet<String> =
            self.kept.iter().filter(|(_, file)| **file == FOLDER).map(|(path, _)| path.clone()).collect();
        self.kept.retain(|path, _| folder_of(path).is_empty() || folders.contains(folder_of(path)));
        self.late.clear();
        self.shown = self.kept.clone();
        is_lost
    }
}

impl Naming {
    fn happen(&self, names: &mut BTreeMap<String, u64>) {
        match self {
            Self::Set { path, file } => drop(names.insert(path.clone(), *file)),
            Self::Remove { path } => drop(names.remove(path)),
            Self::Move { from, to } => {
                if let Some(file) = names.remove(from) {
                    names.insert(to.clone(), file);
                }
            }
        }
    }

    fn folders(&self) -> impl Iterator<Item = &str> {
        let (one, other) = match self {
            Self::Set { path, .. } | Self::Remove { path } => (path, None),
            Self::Move { from, to } => (from, (folder_of(from) != folder_of(to)).then_some(to)),
        };
        [Some(one), other].into_iter().flatten().map(|path| folder_of(path))
    }
}

/// The folder that something is in, with a slash at its end; empty for the disk's own.
fn folder_of(path: &str) -> &str {
    let name = path.strip_suffix('/').unwrap_or(path);
    name.rfind('/').map_or("", |slash| &path[..=slash])
}
