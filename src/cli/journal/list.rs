//! `attune journal list`: a journal's files with their sizes and ages.

use std::{fs, io, path::Path, time::SystemTime};

use clap::Args;
use serde_json::{Value, json};

use crate::{
    cli::{
        failure::Failure,
        options::Format,
        output::{Output, table::Table, words::counted},
    },
    journal::{
        Seq,
        inspect::{ARCHIVE, others_of},
        vault::KEYS,
        volume::Volume,
    },
    model::time::Span,
};

use super::{Place, told};

/// Lists the files with their sizes and ages, those of the archive and of keys included; reads none of them
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  attune journal list")]
pub(super) struct List {}

struct Listed {
    name: String,
    first: Option<Seq>,
    size: u64,
    /// Since it was last written.
    age: Span,
}

impl List {
    pub(super) fn run(&self, folder: &Path, out: &Output) -> Result<(), Failure> {
        let place = Place::look(folder)?;
        let files = files(&place).map_err(|error| Failure::io(folder.display().to_string(), error))?;
        match out.format {
            Format::Json => {
                let files: Vec<Value> = files.iter().map(as_json).collect();
                out.line(&json!({ "in_use": place.is_in_use, "files": files }).to_string())
            }
            Format::Table => {
                let mut table = Table::new(&["FILE", ">FIRST", ">SIZE", ">AGE"]);
                for Listed { name, first, size, age } in &files {
                    let first = first.map(|first| first.to_string()).unwrap_or_default();
                    table.row([name.clone(), first, told::bytes(*size), told::span(*age)]);
                }
                out.table(&table)?;
                let daemon = if place.is_in_use { "; a daemon has it open" } else { "" };
                let size = told::bytes(files.iter().map(|file| file.size).sum());
                out.line(&format!("\n{}, {size}{daemon}", counted(files.len() as u64, "file")))
            }
        }
    }
}

/// Those that the archive has come first: they are older.
fn files(place: &Place) -> io::Result<Vec<Listed>> {
    let below = |path: &Path| path.strip_prefix(&place.folder).unwrap_or(path).display().to_string();
    let mut files = Vec::new();
    for segment in &place.segments {
        // It may have gone to the archive since the folder was listed.
        for volume in [Some(&segment.volume), segment.archive.as_ref()].into_iter().flatten() {
            let path = volume.path(&segment.name);
            if let Some(found) = listed(&path, below(&path), Some(segment.first))? {
                files.push(found);
                break;
            }
        }
    }
    for (name, _) in &place.others {
        files.extend(listed(&place.folder.join(name), name.clone(), None)?);
    }
    let folders = [ARCHIVE, KEYS].map(|name| place.folder.join(name));
    for folder in folders.iter().filter(|folder| folder.is_dir()) {
        for (name, _) in others_of(folder)? {
            let path = folder.join(name);
            files.extend(listed(&path, below(&path), None)?);
        }
    }
    Ok(files)
}

/// `None` = it went away meanwhile.
fn listed(path: &Path, name: String, first: Option<Seq>) -> io::Result<Option<Listed>> {
    let about = match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        about => about?,
    };
    let age = SystemTime::now().duration_since(about.modified()?).unwrap_or_default();
    let age = Span::from_secs(i64::try_from(age.as_secs()).unwrap_or(i64::MAX));
    Ok(Some(Listed { name, first, size: about.len(), age }))
}

fn as_json(file: &Listed) -> Value {
    let Listed { name, first, size, age } = file;
    json!({ "name": name, "first": first.map(|first| first.0), "size_bytes": size, "age_s": age.0 / 1_000_000 })
}
