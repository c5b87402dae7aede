//! Damaged, cut, spliced and invented input for everything that reads bytes: the journal, the wire, the configuration.
//!
//! Invariant: a run is decided by its seed. Protects: nothing that is read panics, hangs or is taken for something else;
//! what is refused is refused with a documented reason or with its place. `corpus/` has inputs to begin with, and each that
//! ever broke something. `ATTUNE_FUZZ` sets how many cases each target plays, `ATTUNE_SEED` the first seed; a failure names
//! its own.

use std::{
    fs,
    panic::{self, AssertUnwindSafe},
    path::Path,
};

use prost_reflect::{DescriptorPool, MethodDescriptor};

use mutate::Mutator;

mod documents;
mod journal;
mod mutate;
mod wire;

#[path = "../refusals/call.rs"]
#[expect(dead_code, reason = "refusals are not compared here")]
mod call;
#[path = "../refusals/odd_time.rs"]
mod odd_time;
#[path = "../refusals/table.rs"]
#[expect(dead_code, reason = "rows are not played here")]
mod table;
#[path = "../refusals/world.rs"]
#[expect(dead_code, reason = "its pictures are not taken here")]
mod world;

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().expect("a whole number"))
}

/// Plays cases of a target, each from a seed of its own.
fn play(target: &str, cases: u64, mut case: impl FnMut(&mut Mutator)) {
    let (first, cases) = (setting("ATTUNE_SEED").unwrap_or(1), setting("ATTUNE_FUZZ").unwrap_or(cases));
    for seed in first..first + cases {
        let played = panic::catch_unwind(AssertUnwindSafe(|| case(&mut Mutator::new(seed))));
        if let Err(panic) = played {
            eprintln!(
                "{target}: seed {seed} (again with ATTUNE_SEED={seed} ATTUNE_FUZZ=1 cargo test --test fuzz {target})"
            );
            panic::resume_unwind(panic);
        }
    }
}

/// What the corpus has for a target, by name.
fn corpus(target: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus").join(target);
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<_> = entries.map(|entry| entry.expect("readable").path()).collect();
    files.sort();
    let name = |path: &Path| path.file_name().expect("a file").to_string_lossy().into_owned();
    files.iter().map(|path| (name(path), fs::read(path).expect("readable"))).collect()
}

fn pool() -> DescriptorPool {
    DescriptorPool::decode(attune::api::pb::DESCRIPTORS).expect("the descriptors are whole")
}

fn methods() -> Vec<MethodDescriptor> {
    let services: Vec<_> = pool().services().filter(|service| service.package_name() == "attune.v1").collect();
    services.iter().flat_map(|service| service.methods().collect::<Vec<_>>()).collect()
}
