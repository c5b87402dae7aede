//! Laying file, environment and flags over each other.
//!
//! Invariant: every value of every layer is checked, also one that a later layer replaces.

use std::{
    collections::BTreeMap,
    env,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
};

use crate::model::{ids::TenantId, similar::similar};

use super::{
    DocumentSource, Flags, KEYS, Loaded, Origin, Problem, Provenance, Settings, SettingsError,
    file::{self, Entry, Written},
};

const CONFIG_ENV: &str = "ATTUNE_CONFIG";
const TENANTS_ENV: &str = "ATTUNE_TENANTS";
/// The command line's own, which may well be set where the daemon starts.
const OF_THE_COMMAND_LINE: [&str; 2] = ["ATTUNE_SERVER", "ATTUNE_TENANT"];

/// What settings are put together from: kept, so that a running daemon can read its file again.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    flags: Flags,
    env: BTreeMap<String, String>,
}

/// What was read, valid or not.
#[derive(Debug, Clone)]
pub struct Reading {
    /// The settings; where something is wrong, the default stands in.
    pub loaded: Loaded,
    /// Everything that is wrong.
    pub problems: Vec<Problem>,
}

impl Sources {
    /// These flags over this environment, of which only `ATTUNE_…` counts.
    pub fn new(flags: Flags, env: impl IntoIterator<Item = (String, String)>) -> Self {
        let env = env.into_iter().filter(|(name, _)| name.starts_with("ATTUNE_")).collect();
        Self { flags, env }
    }

    /// These flags over the process's own environment.
    pub fn of_process(flags: Flags) -> Self {
        let text = |(name, value): (OsString, OsString)| {
            Some((name.into_string().ok()?, value.to_string_lossy().into_owned()))
        };
        Self::new(flags, env::vars_os().filter_map(text))
    }

    /// Puts the settings together. Reads the settings file, if one is named, and nothing else.
    pub fn load(&self) -> Result<Loaded, SettingsError> {
        let Reading { loaded, problems } = self.read();
        if problems.is_empty() { Ok(loaded) } else { Err(SettingsError(problems)) }
    }

    /// As [`load`](Self::load), for those who want to know what can be known although something is wrong.
    pub fn read(&self) -> Reading {
        let mut load = Load::default();
        if let Some((path, origin)) = config_file(&self.flags, &self.env) {
            load.file(&path, origin);
        }
        load.env(&self.env);
        load.flags(&self.flags);
        load.finish()
    }
}

fn config_file(flags: &Flags, env: &BTreeMap<String, String>) -> Option<(PathBuf, Origin)> {
    let flag = flags.config.clone().map(|path| (path, Origin::Flag("--config".to_owned())));
    let named = || env.get(CONFIG_ENV).map(|path| (PathBuf::from(path), Origin::Env(CONFIG_ENV.to_owned())));
    flag.or_else(named)
}

#[derive(Default)]
struct Load {
    settings: Settings,
    tenants: BTreeMap<TenantId, DocumentSource>,
    provenance: Provenance,
    problems: Vec<Problem>,
}

impl Load {
    fn file(&mut self, path: &Path, named_by: Origin) {
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) => {
                let message = format!("names {}, which cannot be read: {error}", path.display());
                return self.problem(named_by, "", message);
            }
        };
        match file::entries(path, &text) {
            Ok(entries) => entries.into_iter().for_each(|entry| self.entry(path, entry)),
            Err(problems) => self.problems.extend(problems),
        }
    }

    fn entry(&mut self, file: &Path, entry: Entry) {
        let parts: Vec<&str> = entry.path.iter().map(String::as_str).collect();
        let key = entry.path.join(".");
        match (parts.as_slice(), entry.value) {
            (["tenants"], Written::EmptyTable) => {}
            (["tenants", name], Written::EmptyTable) => self.tenant(name, None, entry.origin),
            (["tenants", name, "document"], Written::Text(document)) => {
                // Beside the file, wherever the daemon was started.
                let document = file.parent().unwrap_or(Path::new("")).join(document);
                self.tenant(name, Some(document), entry.origin);
            }
            (["tenants", _, "document"], value) => {
                self.problem(entry.origin, &key, wrong_kind("a text: a file's name", &value));
            }
            (["tenants", _, other, ..], _) => self.problem(entry.origin, &key, unknown(other, ["document"])),
            (["tenants", ..], value) => self.problem(entry.origin, &key, wrong_kind("a table", &value)),
            (_, Written::Text(value)) => self.set(&key, &value, entry.origin),
            (_, value) if KEYS.iter().any(|known| known.name == key) => {
                self.problem(entry.origin, &key, wrong_kind("a text or a number", &value));
            }
            // An empty table of a name that has keys is a table where nobody said anything yet.
            (_, Written::EmptyTable) if KEYS.iter().any(|known| known.name.starts_with(&format!("{key}."))) => {}
            _ => self.problem(entry.origin, &key, unknown_key(&key)),
        }
    }

    fn env(&mut self, env: &BTreeMap<String, String>) {
        for (name, value) in env {
            let origin = Origin::Env(name.clone());
            if name == TENANTS_ENV {
                value.split(',').for_each(|tenant| self.written_tenant(tenant, origin.clone()));
            } else if let Some(key) = KEYS.iter().find(|key| key.env() == *name) {
                self.set(key.name, value, origin);
            } else if name != CONFIG_ENV && !OF_THE_COMMAND_LINE.contains(&name.as_str()) {
                self.foreign_env(name);
            }
        }
    }

    /// Not refused: other programs may name variables so (an orchestrator does, for a service called "attune").
    fn foreign_env(&mut self, name: &str) {
        let known: Vec<String> = KEYS.iter().map(|key| key.env()).chain([TENANTS_ENV.to_owned()]).collect();
        let meant = similar(name, known.iter().map(String::as_str));
        let meant = meant.map(|meant| format!("; did you mean {meant}?")).unwrap_or_default();
        self.provenance.warnings.push(format!("the variable {name} is not a setting{meant}"));
    }

    fn flags(&mut self, flags: &Flags) {
        for (name, value) in flags.given() {
            let key =
                KEYS.iter().find(|key| key.name == name).expect("flags are in the table of keys: a test compares");
            self.set(name, value, Origin::Flag(key.flag()));
        }
        for tenant in &flags.tenants {
            self.written_tenant(tenant, Origin::Flag("--tenant".to_owned()));
        }
    }

    fn set(&mut self, name: &str, value: &str, origin: Origin) {
        let Some(key) = KEYS.iter().find(|key| key.name == name) else {
            return self.problem(origin, name, unknown_key(name));
        };
        match (key.set)(&mut self.settings, value) {
            Ok(()) => drop(self.provenance.origins.insert(name.to_owned(), origin)),
            Err(message) => self.problem(origin, name, message),
        }
    }

    /// `NAME` or `NAME=FILE`.
    fn written_tenant(&mut self, written: &str, origin: Origin) {
        match written.trim().split_once('=') {
            Some((name, document)) => self.tenant(name, Some(document.into()), origin),
            None => self.tenant(written.trim(), None, origin),
        }
    }

    fn tenant(&mut self, name: &str, document: Option<PathBuf>, origin: Origin) {
        match TenantId::new(name) {
            Ok(tenant) => {
                let source = document.map_or(DocumentSource::Embedded, DocumentSource::File);
                self.tenants.insert(tenant, source);
                self.provenance.origins.insert(format!("tenants.{name}.document"), origin);
            }
            Err(error) => self.problem(origin, "tenants", format!("has the name {name:?}, which {error}")),
        }
    }

    fn problem(&mut self, origin: Origin, key: &str, message: String) {
        self.problems.push(Problem { origin, key: key.to_owned(), message });
    }

    fn finish(mut self) -> Reading {
        if !self.tenants.is_empty() {
            self.settings.tenants = self.tenants;
        }
        let Settings { listen, admin_listen, .. } = &self.settings;
        if listen == admin_listen && listen.port() != 0 {
            let message = format!("is {admin_listen}, as is listen; choose another port");
            let key = "admin.listen".to_owned();
            // Whoever set it, or else set the other one to it.
            let set = self.provenance.origins.get(&key).or_else(|| self.provenance.origins.get("listen"));
            let origin = set.cloned().unwrap_or(Origin::Default);
            self.problems.push(Problem { origin, key, message });
        }
        Reading { loaded: Loaded { settings: self.settings, provenance: self.provenance }, problems: self.problems }
    }
}

fn wrong_kind(right: &str, value: &Written) -> String {
    let kind = match value {
        Written::Text(text) => return format!("must be {right}, not {text:?}"),
        Written::EmptyTable => "table",
        Written::Other(kind) => kind,
    };
    format!("must be {right}, not {kind}")
}

fn unknown_key(key: &str) -> String {
    let known = || KEYS.iter().map(|key| key.name).chain(["tenants"]);
    let last = |key: &'static str| key.rsplit('.').next().unwrap_or(key);
    let written_last = key.rsplit('.').next().unwrap_or(key);
    let meant = similar(key, known())
        // The right name in the wrong table, …
        .or_else(|| known().find(|known| last(known) == written_last))
        // … or the beginning of one.
        .or_else(|| known().find(|known| key.len() > 2 && known.starts_with(key)));
    not_a_setting(meant)
}

fn unknown<'k>(key: &str, known: impl IntoIterator<Item = &'k str>) -> String {
    not_a_setting(similar(key, known))
}

fn not_a_setting(meant: Option<&str>) -> String {
    let meant = meant.map(|meant| format!("; did you mean {meant:?}?")).unwrap_or_default();
    format!("is not a setting{meant}")
}
