//! Routing stories: what contact-centre people expect of the engine, each a text file that they can review.
//!
//! A story under `tests/stories` lists everything that happens, so that nothing unexpected slips through. With
//! `STORIES_UPDATE=1` the expectations are rewritten to what happened: read every difference before you keep it.

use std::{fs, path::Path};

#[path = "stories/command.rs"]
mod command;
#[path = "stories/happening.rs"]
mod happening;
#[path = "stories/layout.rs"]
mod layout;
#[path = "stories/runner.rs"]
mod runner;
#[path = "stories/script.rs"]
mod script;
#[path = "stories/signal.rs"]
mod signal;

/// Plays one story; everything that went otherwise, with file and line.
fn check(path: &Path) -> Vec<String> {
    let name = path.file_name().expect("a story is a file").to_string_lossy();
    let text = fs::read_to_string(path).expect("a story can be read");
    let played = match runner::play(&text) {
        Ok(played) => played,
        Err(problem) => return vec![format!("{name}:{problem}")],
    };
    if std::env::var_os("STORIES_UPDATE").is_some() && played.rewritten != text {
        fs::write(path, &played.rewritten).expect("a story can be written");
    }
    played.faults.iter().map(|fault| format!("{name}:{fault}")).collect()
}

#[test]
fn every_story_happens_as_told() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stories");
    let files = fs::read_dir(folder).expect("the stories are there").map(|file| file.expect("a file").path());
    let mut stories: Vec<_> = files.filter(|path| path.extension().is_some_and(|kind| kind == "story")).collect();
    stories.sort();
    assert!(!stories.is_empty(), "there are stories");
    let faults: Vec<String> = stories.iter().flat_map(|path| check(path)).collect();
    assert!(faults.is_empty(), "{} of {} stories' lines:\n\n{}", faults.len(), stories.len(), faults.join("\n\n"));
}
