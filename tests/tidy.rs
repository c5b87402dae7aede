//! The house rules that neither the compiler nor clippy knows, checked on the source as tokens.
//!
//! Invariant: every rule here has a test that plants its fault and expects its message, so that no check can silently
//! stop working. Tokens and not syntax trees, since an import can also hide in a macro's arguments, which a syntax tree
//! leaves as tokens; `syn` reads what needs grammar: `use` trees and literals.
//!
//! Not here: what clippy checks (`[lints]` in Cargo.toml, `clippy.toml`), licences (`tests/licences.rs`), the README's
//! commands (`tests/readme.rs`).

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use proc_macro2::{Delimiter, Group, Literal, TokenStream, TokenTree};
use syn::{ItemUse, Lit, UseTree};

// ---------------------------------------------------------------------------------------------------------------------
// The rules, as data.

/// Layers from top to bottom: a module may name those further down, never its neighbours and never those above.
const LAYERS: &[&[&str]] = &[
    &["bin"],
    &["cli"],
    &["app"],
    &["api", "admin", "console", "cluster", "config", "sim"],
    &["shard"],
    &["journal", "forecast"],
    &["engine", "lint"],
    &["scoring"],
    &["model"],
];

/// Same input, same output, on every machine and for ever: replay, failover and simulation stand on it.
const PURE: &[&str] = &["src/engine/", "src/model/", "src/scoring/", "src/lint/", "src/forecast/"];

/// Stands beside `model`: it names nobody, and everybody may name it but the pure modules.
const BESIDE: &str = "telemetry";
const NOT_BESIDE: &[&str] = &["model", "scoring", "lint", "engine", "forecast"];

/// Paths that only some may name, tests excepted.
const DOORS: &[Door] = &[
    Door {
        matches: |path| path.starts_with(&["api".into(), "pb".into()]),
        users: &["src/api/", "src/cli/", "src/journal/codec"],
        message: "generated types stay at the edge: only api, cli and the journal's codec name them",
    },
    Door {
        // A path into a module of `journal`, not to one of the names that it exports itself.
        matches: |path| path.len() > 1 && path[0] == "journal" && path[1].starts_with(char::is_lowercase),
        // `attune journal` and `attune replay` look into the folder of a daemon that may not even start.
        users: &["src/app/", "src/journal/", "src/cli/journal/", "src/cli/replay/"],
        message: "only app knows which journals there are; everybody else goes by the trait",
    },
];

struct Door {
    matches: fn(&[String]) -> bool,
    users: &'static [&'static str],
    message: &'static str,
}

/// Words that may not stand in the source, tests excepted.
const BANS: &[Ban] = &[
    Ban { word: Word::Name("unwrap"), only_in: &[], except: &[], message: "`expect` names what makes it impossible" },
    Ban { word: Word::Macro("todo"), only_in: &[], except: &[], message: "nothing is declared that is not there" },
    Ban {
        word: Word::Macro("unimplemented"),
        only_in: &[],
        except: &[],
        message: "nothing is declared that is not there",
    },
    Ban { word: Word::Macro("dbg"), only_in: &[], except: &[], message: "logs go through tracing" },
    Ban {
        word: Word::Attribute("allow"),
        only_in: &[],
        // Generated code: what it triggers is the generator's choice and changes with it, so nothing can be expected.
        except: &["src/api/pb.rs"],
        message: "`#[expect(…, reason)]` says when it is no longer needed",
    },
    Ban {
        word: Word::Macro("include_proto"),
        only_in: &[],
        except: &["src/api/pb.rs", "src/journal/codec"],
        message: "generated code has one door for each package",
    },
    Ban {
        word: Word::Call("SystemTime", "now"),
        only_in: &[],
        // The command line and the simulator's workloads stand for the world outside, which has clocks of its own.
        except: &["src/shard/clock.rs", "src/cli/", "src/sim/"],
        message: "the wall clock is read in shard/clock.rs only",
    },
    Ban { word: Word::Float, only_in: PURE, except: FLOATS, message: "pure: integers in fixed point" },
    Ban { word: Word::Name("f32"), only_in: PURE, except: FLOATS, message: "pure: integers in fixed point" },
    Ban { word: Word::Name("f64"), only_in: PURE, except: FLOATS, message: "pure: integers in fixed point" },
    Ban { word: Word::Name("Instant"), only_in: PURE, except: &[], message: "pure: time is an argument" },
    Ban { word: Word::Name("SystemTime"), only_in: PURE, except: &[], message: "pure: time is an argument" },
    Ban { word: Word::Name("HashMap"), only_in: PURE, except: &[], message: "pure: hash order is chance" },
    Ban { word: Word::Name("HashSet"), only_in: PURE, except: &[], message: "pure: hash order is chance" },
    // The newtype without iteration that all others use.
    Ban {
        word: Word::Name("FxHashMap"),
        only_in: PURE,
        except: &["src/engine/table.rs"],
        message: "pure: use `Table`",
    },
    Ban {
        word: Word::Name("FxHashSet"),
        only_in: PURE,
        except: &["src/engine/table.rs"],
        message: "pure: use `Table`",
    },
    Ban { word: Word::Crate("rand"), only_in: PURE, except: &[], message: "pure: no randomness" },
    Ban { word: Word::Crate("tracing"), only_in: PURE, except: &[], message: "pure: events are the one output" },
    Ban { word: Word::Crate("metrics"), only_in: PURE, except: &[], message: "pure: events are the one output" },
    Ban { word: Word::Crate("tokio"), only_in: PURE, except: &[], message: "pure: nothing waits" },
];

/// Reading a document means being shown floats: this one refuses them. The analyser reads text, at the edge, and rounds
/// what it says before any decision hears of it. What is forecast is rounded into a recorded command.
const FLOATS: &[&str] = &["src/model/document/read/written/json.rs", "src/scoring/text/", "src/forecast/"];

struct Ban {
    word: Word,
    /// Path prefixes; none = everywhere.
    only_in: &'static [&'static str],
    /// Path prefixes, each with its reason beside it.
    except: &'static [&'static str],
    message: &'static str,
}

enum Word {
    /// An identifier.
    Name(&'static str),
    /// A macro's call.
    Macro(&'static str),
    /// An associated function, by its type and name.
    Call(&'static str, &'static str),
    /// The root of a path.
    Crate(&'static str),
    /// An attribute with arguments, also inside `cfg_attr`.
    Attribute(&'static str),
    /// A literal such as `1.0` or `1f64`.
    Float,
}

/// Documents whose relative links must lead somewhere.
const DOCUMENTS: &[&str] = &["README.md", "CHANGELOG.md", "deploy/runbook.md"];

// ---------------------------------------------------------------------------------------------------------------------
// The house as it stands.

#[test]
fn the_source_keeps_the_rules() {
    let sources = sources();
    assert!(sources.len() > 50, "only {} source files found", sources.len());
    let faults = check_sources(&sources);
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn every_dependency_says_what_it_is_for() {
    let faults = check_dependencies(&read("Cargo.toml"));
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn links_in_documents_lead_somewhere() {
    for document in DOCUMENTS {
        let folder = Path::new(document).parent().expect("a document is in a folder");
        let faults = check_links(document, &read(document), |target| root().join(folder).join(target).exists());
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Every source file by its path from the root.
fn sources() -> BTreeMap<String, String> {
    let mut sources = BTreeMap::new();
    let mut folders = vec![PathBuf::from("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(root().join(&folder)).expect("a folder can be read") {
            let entry = entry.expect("its entries can be read");
            let path = folder.join(entry.file_name());
            if entry.path().is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let path = path.to_str().expect("paths of sources are text").to_owned();
                let text = read(&path);
                sources.insert(path, text);
            }
        }
    }
    sources
}

// ---------------------------------------------------------------------------------------------------------------------
// Sources.

fn check_sources(sources: &BTreeMap<String, String>) -> Vec<String> {
    let mut files = Vec::new();
    let mut faults = Vec::new();
    for (path, text) in sources {
        if !text.starts_with("//!") {
            faults.push(format!("{path}:1: a file opens with `//!`: its purpose, what is invariant, what is not here"));
        }
        match text.parse::<TokenStream>() {
            Ok(tokens) => files.push((path.as_str(), module_of(path), tokens.into_iter().collect::<Vec<_>>())),
            Err(error) => faults.push(format!("{path}:1: cannot be read as Rust: {error}")),
        }
    }
    let tests: BTreeSet<_> = files.iter().flat_map(|(_, module, tokens)| test_modules(module, tokens)).collect();
    for (path, module, tokens) in &files {
        let mut visit = Visit::new(path, module.clone(), &mut faults);
        visit.in_tests = (1..=module.len()).any(|length| tests.contains(&module[..length]));
        visit.learn_aliases(tokens, &mut module.clone());
        visit.tokens(tokens);
    }
    faults
}

/// `src/engine/matching/mod.rs` is `engine::matching`; binaries are modules of `bin`.
fn module_of(path: &str) -> Vec<String> {
    let inner = path.trim_start_matches("src/").trim_end_matches(".rs");
    let inner = inner.strip_suffix("/mod").unwrap_or(inner);
    match inner {
        "lib" => Vec::new(),
        _ => inner.split('/').map(str::to_owned).collect(),
    }
}

/// Modules in files of their own that are only compiled for tests.
fn test_modules(module: &[String], tokens: &[TokenTree]) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let end = test_item_end(tokens, at).unwrap_or(at + 1);
        let name = tokens[at..end].windows(3).find_map(|window| match window {
            [keyword, TokenTree::Ident(name), end] if is_ident(keyword, "mod") && is_punct(end, ';') => Some(name),
            _ => None,
        });
        found.extend(name.map(|name| [module, &[name.to_string()]].concat()));
        at = end;
    }
    found
}

/// Where the item ends that starts here with `#[cfg(test)]` or `#[test]`, if one does.
fn test_item_end(tokens: &[TokenTree], start: usize) -> Option<usize> {
    let mut at = start;
    let mut is_test = false;
    while let (Some(hash), Some(TokenTree::Group(group))) = (tokens.get(at), tokens.get(at + 1)) {
        if !is_punct(hash, '#') || group.delimiter() != Delimiter::Bracket {
            break;
        }
        let text: String = group.stream().into_iter().map(|token| token.to_string()).collect();
        is_test |=
            text == "cfg(test)" || text == "test" || text.starts_with("cfg(all(test,") || text.ends_with("::test");
        at += 2;
    }
    let ends = |token: &TokenTree| is_punct(token, ';') || is_group(token, Delimiter::Brace);
    is_test.then(|| tokens[at..].iter().position(ends).map_or(tokens.len(), |length| at + length + 1))
}

/// One file on its way through all rules.
struct Visit<'a> {
    path: &'a str,
    /// Where the tokens stand, inline modules included.
    module: Vec<String>,
    /// Names of this file that stand for modules of the house: `use crate::journal;` makes `journal::memory` a path.
    aliases: BTreeMap<String, Vec<String>>,
    in_tests: bool,
    faults: &'a mut Vec<String>,
}

impl<'a> Visit<'a> {
    fn new(path: &'a str, module: Vec<String>, faults: &'a mut Vec<String>) -> Self {
        Self { path, module, aliases: BTreeMap::new(), in_tests: false, faults }
    }

    fn fault(&mut self, line: usize, message: &str) {
        let fault = format!("{}:{line}: {message}", self.path);
        if self.faults.last() != Some(&fault) {
            self.faults.push(fault);
        }
    }

    fn learn_aliases(&mut self, tokens: &[TokenTree], module: &mut Vec<String>) {
        for at in 0..tokens.len() {
            if let Some((item, _)) = use_item(tokens, at) {
                for (path, name) in leaves(&item.tree) {
                    if let (Some(path), Some(name)) = (resolve(module, &BTreeMap::new(), &path), name) {
                        self.aliases.insert(name, path);
                    }
                }
            }
            if let TokenTree::Group(group) = &tokens[at] {
                let inline = inline_module(tokens, at);
                module.extend(inline.clone());
                self.learn_aliases(&trees(group), module);
                module.truncate(module.len() - usize::from(inline.is_some()));
            }
        }
    }

    fn tokens(&mut self, tokens: &[TokenTree]) {
        let mut at = 0;
        while at < tokens.len() {
            if let Some(end) = test_item_end(tokens, at).filter(|_| !self.in_tests) {
                self.in_tests = true;
                self.tokens(&tokens[at..end]);
                self.in_tests = false;
                at = end;
                continue;
            }
            self.words(tokens, at);
            if let Some((item, end)) = use_item(tokens, at) {
                for (path, _) in leaves(&item.tree) {
                    self.named(&path, item.use_token.span.start().line);
                }
                // What the words' rules say of imports is said before the item is left.
                (at + 1..end).for_each(|at| self.imported(&tokens[..end], at));
                at = end;
                continue;
            }
            if let Some(path) = inline_path(tokens, at) {
                self.named(&path, tokens[at].span().start().line);
            }
            if let TokenTree::Group(group) = &tokens[at] {
                let inline = inline_module(tokens, at);
                self.module.extend(inline.clone());
                self.tokens(&trees(group));
                self.module.truncate(self.module.len() - usize::from(inline.is_some()));
            }
            at += 1;
        }
    }

    fn imported(&mut self, tokens: &[TokenTree], at: usize) {
        self.words(tokens, at);
        if let TokenTree::Group(group) = &tokens[at] {
            let inner = trees(group);
            (0..inner.len()).for_each(|at| self.imported(&inner, at));
        }
    }

    /// The bans, at one token.
    fn words(&mut self, tokens: &[TokenTree], at: usize) {
        if self.in_tests {
            return;
        }
        for ban in BANS {
            let concerned = ban.only_in.is_empty() || starts_with_any(self.path, ban.only_in);
            if !concerned || starts_with_any(self.path, ban.except) {
                continue;
            }
            if let Some(what) = ban.word.found(tokens, at) {
                self.fault(tokens[at].span().start().line, &format!("{what}: {}", ban.message));
            }
        }
    }

    /// A path, written where this visit stands.
    fn named(&mut self, path: &[String], line: usize) {
        let Some(path) = resolve(&self.module, &self.aliases, path) else { return };
        let own = self.module.first().cloned();
        let (Some(own), Some(target)) = (own, path.first()) else {
            if path.is_empty() && self.module.len() > 1 {
                self.fault(line, "names the crate's root as a whole; name the module that is meant");
            }
            return;
        };
        if let Some(message) = against_direction(&own, target) {
            self.fault(line, &message);
        }
        for door in DOORS {
            if !self.in_tests && (door.matches)(&path) && !starts_with_any(self.path, door.users) {
                self.fault(line, &format!("{}: {}", path.join("::"), door.message));
            }
        }
    }
}

/// Why a module may not name another; none if it may.
fn against_direction(own: &str, target: &str) -> Option<String> {
    let layer = |name: &str| LAYERS.iter().position(|layer| layer.contains(&name));
    if own == target {
        return None;
    }
    for name in [own, target] {
        if name != BESIDE && layer(name).is_none() {
            return Some(format!("{name} is in no layer: give it one in LAYERS (tests/tidy.rs) and in src/lib.rs"));
        }
    }
    let allowed = match (own, target) {
        (BESIDE, _) => false,
        (_, BESIDE) => !NOT_BESIDE.contains(&own),
        _ => layer(own) < layer(target),
    };
    (!allowed).then(|| format!("{own} must not name {target}: imports go downwards only"))
}

/// The path from the crate's root; none if it leads out of the crate.
fn resolve(module: &[String], aliases: &BTreeMap<String, Vec<String>>, path: &[String]) -> Option<Vec<String>> {
    let (first, rest) = path.split_first()?;
    let (mut absolute, mut rest) = match first.as_str() {
        "crate" if module.first().is_some_and(|own| own == "bin") => return None,
        "crate" | "attune" => (Vec::new(), rest),
        "self" => (module.to_vec(), rest),
        "super" => (module.to_vec(), path),
        name => (aliases.get(name)?.clone(), rest),
    };
    while let Some((first, others)) = rest.split_first().filter(|(first, _)| *first == "super") {
        debug_assert_eq!(first, "super");
        absolute.pop()?;
        rest = others;
    }
    absolute.extend(rest.iter().filter(|name| *name != "self").cloned());
    Some(absolute)
}

impl Word {
    fn found(&self, tokens: &[TokenTree], at: usize) -> Option<String> {
        let is = |offset: usize, name: &str| tokens.get(at + offset).is_some_and(|token| is_ident(token, name));
        let punct = |offset: usize, c: char| tokens.get(at + offset).is_some_and(|token| is_punct(token, c));
        match self {
            Self::Name(name) => is(0, name).then(|| format!("`{name}`")),
            Self::Macro(name) => (is(0, name) && punct(1, '!')).then(|| format!("`{name}!`")),
            Self::Call(of, name) => {
                (is(0, of) && punct(1, ':') && punct(2, ':') && is(3, name)).then(|| format!("`{of}::{name}`"))
            }
            Self::Crate(name) => {
                let rooted = !(at > 0 && is_punct(&tokens[at - 1], ':')) && punct(1, ':') && punct(2, ':');
                let imported = at > 0 && is_ident(&tokens[at - 1], "use");
                (is(0, name) && (rooted || imported)).then(|| format!("`{name}`"))
            }
            Self::Attribute(name) => {
                let TokenTree::Group(group) = &tokens[at] else { return None };
                let hash = |back: usize, c: char| at >= back && is_punct(&tokens[at - back], c);
                let attribute = hash(1, '#') || (hash(1, '!') && hash(2, '#'));
                (attribute && group.delimiter() == Delimiter::Bracket && calls(group, name))
                    .then(|| format!("`#[{name}(…)]`"))
            }
            Self::Float => match &tokens[at] {
                TokenTree::Literal(literal) if is_float(literal) && !is_tuple_index(tokens, at) => {
                    Some(format!("`{literal}`"))
                }
                _ => None,
            },
        }
    }
}

/// Whether `name(…)` stands in the group, at whatever depth.
fn calls(group: &Group, name: &str) -> bool {
    let tokens = trees(group);
    let here = tokens.windows(2).any(|pair| is_ident(&pair[0], name) && is_group(&pair[1], Delimiter::Parenthesis));
    here || tokens.iter().any(|token| matches!(token, TokenTree::Group(inner) if calls(inner, name)))
}

fn is_float(literal: &Literal) -> bool {
    match Lit::new(literal.clone()) {
        Lit::Float(_) => true,
        Lit::Int(whole) => matches!(whole.suffix(), "f32" | "f64"),
        _ => false,
    }
}

/// `pair.0.1` reads like a float after a dot; `0..1.5` has two dots before one.
fn is_tuple_index(tokens: &[TokenTree], at: usize) -> bool {
    let dot = |back: usize| at >= back && is_punct(&tokens[at - back], '.');
    dot(1) && !dot(2)
}

/// A path that starts here and is no import: at least two names.
fn inline_path(tokens: &[TokenTree], start: usize) -> Option<Vec<String>> {
    let preceded = |c| start > 0 && is_punct(&tokens[start - 1], c);
    if preceded(':') && start > 1 && is_punct(&tokens[start - 2], ':') || preceded('.') {
        return None;
    }
    let mut path = Vec::new();
    let mut at = start;
    while let Some(TokenTree::Ident(name)) = tokens.get(at) {
        path.push(name.to_string());
        match tokens.get(at + 1..at + 3) {
            Some([first, second]) if is_punct(first, ':') && is_punct(second, ':') => at += 3,
            _ => break,
        }
    }
    (path.len() > 1).then_some(path)
}

/// The import that starts here, and where it ends.
fn use_item(tokens: &[TokenTree], start: usize) -> Option<(ItemUse, usize)> {
    if !is_ident(&tokens[start], "use") {
        return None;
    }
    let length = tokens[start..].iter().position(|token| is_punct(token, ';'))? + 1;
    let item = syn::parse2(tokens[start..start + length].iter().cloned().collect()).ok()?;
    Some((item, start + length))
}

/// Every path that an import names, with the name it gets here.
fn leaves(tree: &UseTree) -> Vec<(Vec<String>, Option<String>)> {
    match tree {
        UseTree::Path(path) => {
            let first = path.ident.to_string();
            let mut inner = leaves(&path.tree);
            for (rest, name) in &mut inner {
                // `use crate::journal::{self}` brings the name before it.
                if rest.first().is_some_and(|only| only == "self") && name.as_deref() == Some("self") {
                    *name = Some(first.clone());
                }
                rest.insert(0, first.clone());
            }
            inner
        }
        UseTree::Name(name) => vec![(vec![name.ident.to_string()], Some(name.ident.to_string()))],
        UseTree::Rename(rename) => vec![(vec![rename.ident.to_string()], Some(rename.rename.to_string()))],
        UseTree::Glob(_) => vec![(Vec::new(), None)],
        UseTree::Group(group) => group.items.iter().flat_map(leaves).collect(),
    }
}

/// The name of the inline module whose body stands here.
fn inline_module(tokens: &[TokenTree], at: usize) -> Option<String> {
    let [keyword, TokenTree::Ident(name)] = tokens.get(at.checked_sub(2)?..at)? else { return None };
    (is_ident(keyword, "mod") && is_group(&tokens[at], Delimiter::Brace)).then(|| name.to_string())
}

fn trees(group: &Group) -> Vec<TokenTree> {
    group.stream().into_iter().collect()
}

fn is_ident(token: &TokenTree, name: &str) -> bool {
    matches!(token, TokenTree::Ident(ident) if ident == name)
}

fn is_punct(token: &TokenTree, c: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == c)
}

fn is_group(token: &TokenTree, delimiter: Delimiter) -> bool {
    matches!(token, TokenTree::Group(group) if group.delimiter() == delimiter)
}

fn starts_with_any(path: &str, prefixes: &[&str]) -> bool {
    prefixes.iter().any(|prefix| path.starts_with(prefix))
}

// ---------------------------------------------------------------------------------------------------------------------
// Cargo.toml and documents.

/// A dependency has a comment above it, or above the unbroken group of lines that it stands in.
fn check_dependencies(manifest: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let (mut in_dependencies, mut explained) = (false, false);
    for (index, line) in manifest.lines().enumerate() {
        match line.trim() {
            section if section.starts_with('[') => {
                in_dependencies = section.ends_with("dependencies]");
                explained = false;
            }
            "" => explained = false,
            comment if comment.starts_with('#') => explained = true,
            dependency if in_dependencies && !explained => {
                let name = dependency.split(['=', ' ', '.']).next().unwrap_or_default();
                faults.push(format!("Cargo.toml:{}: {name}: say above it what it is for", index + 1));
            }
            _ => {}
        }
    }
    faults
}

fn check_links(document: &str, text: &str, exists: impl Fn(&str) -> bool) -> Vec<String> {
    let mut faults = Vec::new();
    for (index, line) in text.lines().enumerate() {
        for link in line.split("](").skip(1).filter_map(|rest| rest.split([')', ' ']).next()) {
            let outside = link.contains("://") || link.starts_with("mailto:");
            let target = link.split('#').next().unwrap_or_default();
            if !outside && !target.is_empty() && !exists(target) {
                faults.push(format!("{document}:{}: the link to {target} leads nowhere", index + 1));
            }
        }
    }
    faults
}

// ---------------------------------------------------------------------------------------------------------------------
// Planted faults: every rule must notice its own.

/// The faults of one file with a proper head.
fn faults_of(path: &str, body: &str) -> Vec<String> {
    faults_among(&[(path, body)])
}

fn faults_among(files: &[(&str, &str)]) -> Vec<String> {
    let with_head = |(path, body): &(&str, &str)| ((*path).to_owned(), format!("//! Head.\n{body}"));
    check_sources(&files.iter().map(with_head).collect())
}

#[track_caller]
fn expect_fault(path: &str, body: &str, fault: &str) {
    let found = faults_of(path, body);
    assert!(found.iter().any(|found| found.contains(fault)), "{body}\nexpected {fault:?}, found {found:?}");
    assert!(found[0].starts_with(&format!("{path}:")), "{found:?}");
}

#[track_caller]
fn expect_clean(path: &str, body: &str) {
    assert_eq!(faults_of(path, body), Vec::<String>::new(), "{body}");
}

#[test]
fn planted_imports_against_the_direction() {
    let upwards = "engine must not name shard: imports go downwards only";
    for body in [
        "use crate::shard::Directory;",
        "use crate::{model::ids::AgentId, shard::{self, clock}};",
        "use super::super::shard;",
        "use crate::shard as driver;",
        "pub use crate::shard::*;",
        "use attune::shard::Directory;",
        "fn f() { crate::shard::clock::now(); }",
        "fn f(at: super::super::shard::Clock) {}",
        "fn f() { println!(\"{}\", crate::shard::clock::now()); }",
        "macro_rules! now { () => { $crate::shard::clock::now() }; }",
        "mod inner { fn f() { super::super::super::shard::clock::now(); } }",
        "#[cfg(test)] mod tests { use crate::shard::Directory; }",
        "#[derive(Debug)] struct S { at: Option<Vec<crate::shard::Directory>> }",
    ] {
        expect_fault("src/engine/offer.rs", body, upwards);
    }
    assert_eq!(
        faults_of("src/engine/offer.rs", "\nuse crate::shard::x;")[0].split(' ').next(),
        Some("src/engine/offer.rs:3:")
    );
    expect_fault("src/api/mod.rs", "use crate::config::Settings;", "api must not name config");
    expect_fault("src/journal/mod.rs", "use crate::forecast::Rate;", "journal must not name forecast");
    expect_fault("src/telemetry/logs.rs", "use crate::model::ids;", "telemetry must not name model");
    expect_fault("src/forecast/mod.rs", "use crate::telemetry::metrics;", "forecast must not name telemetry");
    expect_fault("src/shard/mod.rs", "use crate::helpers::x;", "helpers is in no layer");
    expect_fault("src/helpers/mod.rs", "use crate::model::x;", "helpers is in no layer");
    expect_fault("src/engine/offer.rs", "use crate as house;", "names the crate's root");
    expect_fault("src/engine/offer.rs", "use crate::*;", "names the crate's root");
}

#[test]
fn imports_along_the_direction_are_fine() {
    expect_clean("src/engine/offer.rs", "use crate::model::ids; use super::state::State; use std::fmt;");
    expect_clean("src/engine/mod.rs", "pub(crate) use self::state::State; mod a { use super::state; }");
    expect_clean("src/shard/run.rs", "use crate::{engine::State, journal::Journal, telemetry::metrics};");
    expect_clean("src/bin/attuned.rs", "use attune::{app, config}; mod x; use crate::x::shard;");
    expect_clean("src/lib.rs", "pub mod engine; pub mod shard;");
    // A module's own child may bear the name of a layer.
    expect_clean("src/engine/mod.rs", "mod shard; fn f() { self::shard::g(); }");
}

#[test]
fn planted_uses_of_closed_doors() {
    let generated = "only api, cli and the journal's codec name them";
    expect_fault("src/app/mod.rs", "use crate::api::pb::Contact;", generated);
    expect_fault("src/app/mod.rs", "use crate::api; fn f(c: api::pb::Contact) {}", generated);
    expect_fault("src/bin/attune.rs", "use attune::api::pb;", generated);
    expect_clean("src/cli/mod.rs", "use crate::api::pb::Contact;");
    expect_clean("src/api/decode.rs", "use super::pb;");
    expect_clean("src/app/mod.rs", "#[cfg(test)] mod tests { use crate::api::pb; }");

    let concrete = "everybody else goes by the trait";
    expect_fault("src/shard/run.rs", "use crate::journal::memory::MemoryStorage;", concrete);
    expect_fault(
        "src/shard/run.rs",
        "use crate::journal::{self, Journal}; fn f() { journal::memory::open() }",
        concrete,
    );
    expect_clean("src/shard/run.rs", "use crate::journal::{Journal, Record};");
    expect_clean("src/shard/run.rs", "#[cfg(test)] mod tests { use crate::journal::memory; }");
    expect_clean("src/app/mod.rs", "use crate::journal::memory::MemoryStorage;");
}

#[test]
fn planted_missing_head() {
    let file = ("src/model/x.rs".to_owned(), "// Not a head.\n".to_owned());
    assert_eq!(
        check_sources(&[file].into()),
        ["src/model/x.rs:1: a file opens with `//!`: its purpose, what is invariant, what is not here"],
    );
}

#[test]
fn planted_words() {
    expect_fault("src/shard/run.rs", "fn f() { g().unwrap(); }", "`unwrap`: `expect` names what makes it impossible");
    expect_fault("src/shard/run.rs", "fn f() { assert!(g().unwrap()); }", "`unwrap`");
    expect_fault("src/shard/run.rs", "fn f() { g().map(Option::unwrap) }", "`unwrap`");
    expect_fault("src/shard/run.rs", "#[cfg(not(test))] fn f() { g().unwrap(); }", "`unwrap`");
    expect_clean("src/shard/run.rs", "#[cfg(test)] mod tests { fn f() { g().unwrap(); } }");
    expect_clean("src/shard/run.rs", "#[cfg(test)]\n#[derive(Debug)] fn f() { g().unwrap(); }");
    expect_clean("src/shard/run.rs", "fn f() { g().unwrap_or_default(); /* unwrap() */ }");
    expect_fault("src/shard/run.rs", "#[cfg(test)] mod tests {} fn f() { g().unwrap(); }", "`unwrap`");
    expect_fault("src/shard/run.rs", "fn f() { todo!() }", "`todo!`");
    expect_fault("src/shard/run.rs", "fn f() { unimplemented!(\"later\") }", "`unimplemented!`");
    expect_fault("src/shard/run.rs", "fn f() { dbg!(1); }", "`dbg!`");
    let expect = "`#[allow(…)]`: `#[expect(…, reason)]` says when it is no longer needed";
    expect_fault("src/shard/run.rs", "#[allow(dead_code)] fn f() {}", expect);
    expect_fault("src/shard/run.rs", "#![allow(dead_code)]", expect);
    expect_fault("src/shard/run.rs", "#[cfg_attr(unix, allow(dead_code))] fn f() {}", expect);
    expect_clean("src/shard/run.rs", "#[expect(dead_code, reason = \"soon\")] fn allow() { allow() }");
    expect_fault("src/shard/run.rs", "tonic::include_proto!(\"attune.v1\");", "`include_proto!`");
}

#[test]
fn test_files_are_told_by_who_declares_them() {
    let parent = ("src/shard/run.rs", "#[cfg(test)]\nmod tests;\nmod other;");
    let unwraps = "fn f() { g().unwrap(); }";
    assert_eq!(faults_among(&[parent, ("src/shard/run/tests.rs", unwraps)]), Vec::<String>::new());
    assert_eq!(faults_among(&[parent, ("src/shard/run/tests/deep.rs", unwraps)]), Vec::<String>::new());
    assert_eq!(faults_among(&[parent, ("src/shard/run/other.rs", unwraps)]).len(), 1);
    assert_eq!(faults_among(&[("src/shard/run/tests.rs", unwraps)]).len(), 1, "a name alone makes no test");
}

#[test]
fn planted_clocks() {
    let message = "`SystemTime::now`: the wall clock is read in shard/clock.rs only";
    expect_fault("src/api/mod.rs", "fn f() { std::time::SystemTime::now(); }", message);
    expect_clean("src/shard/clock.rs", "fn f() { SystemTime::now(); }");
    expect_clean("src/api/mod.rs", "#[test] fn f() { SystemTime::now(); }");
    expect_fault("src/model/time.rs", "use std::time::Instant;", "`Instant`: pure: time is an argument");
    expect_fault("src/engine/tick.rs", "use std::time::{Duration, SystemTime};", "`SystemTime`: pure");
    expect_clean("src/shard/run.rs", "use tokio::time::Instant;");
}

#[test]
fn planted_impurities() {
    for pure in ["src/engine/x.rs", "src/model/x.rs", "src/scoring/x.rs"] {
        expect_fault(pure, "const HALF: i64 = 0.5;", "`0.5`: pure: integers in fixed point");
        expect_fault(pure, "fn f() { g(1e3) }", "`1e3`");
        expect_fault(pure, "fn f() { g(2f64) }", "`2f64`");
        expect_fault(pure, "fn f() { for x in 0..1.5 {} }", "`1.5`");
        expect_fault(pure, "fn f(x: f64) {}", "`f64`");
        expect_fault(pure, "fn f(x: Vec<f32>) {}", "`f32`");
        expect_fault(pure, "use std::collections::HashMap;", "`HashMap`: pure: hash order is chance");
        expect_fault(pure, "use std::collections::{BTreeMap, HashSet};", "`HashSet`");
        expect_fault(pure, "use rustc_hash::FxHashMap;", "`FxHashMap`: pure: use `Table`");
        expect_fault(pure, "use rustc_hash::{FxHashSet as Set};", "`FxHashSet`");
        expect_fault(pure, "fn f() { rand::random() }", "`rand`: pure: no randomness");
        expect_fault(pure, "use tracing::info;", "`tracing`: pure: events are the one output");
        expect_fault(pure, "use {std::fmt, tracing::info};", "`tracing`");
        expect_fault(pure, "use metrics;", "`metrics`");
        expect_fault(pure, "fn f() { metrics::counter!(\"x\"); }", "`metrics`");
        expect_fault(pure, "async fn f() { tokio::time::sleep(x).await }", "`tokio`: pure: nothing waits");
        expect_clean(pure, "fn f(pair: P, metrics: M) -> u8 { metrics.g(); for _ in 0..10 {} pair.0.1 }");
        expect_clean(pure, "#[cfg(test)] mod tests { use std::collections::HashSet; }");
    }
    expect_clean("src/engine/table.rs", "use rustc_hash::FxHashMap;");
    expect_clean("src/shard/observe.rs", "fn f(x: f64) { g(x * 0.5); metrics::counter!(\"x\"); }");
}

#[test]
fn planted_dependency_without_a_reason() {
    let manifest = "[package]\nname = \"x\"\n\n[dependencies]\n# Why.\na = \"1\"\nb = \"1\"\n\nc = { version = \"1\" }\n\n\
                    [dev-dependencies]\nd = \"1\"\n\n[profile.release]\ndebug = 1\n";
    assert_eq!(
        check_dependencies(manifest),
        ["Cargo.toml:9: c: say above it what it is for", "Cargo.toml:12: d: say above it what it is for"],
    );
}

#[test]
fn planted_dead_link() {
    let text = "See [a](a.md) and [b](b/c.md#part), [here](#part), [there](https://example.org/x).\n";
    let exists = |target: &str| target == "a.md";
    assert_eq!(check_links("README.md", text, exists), ["README.md:1: the link to b/c.md leads nowhere"]);
}
