//! Every package of the tree may be shipped: its licence is allowed in `deny.toml`, and it comes from the public registry.
//!
//! Not here: advisories and duplicates, which `cargo deny check` tells from the same file.

use std::{collections::BTreeSet, env, fs, path::Path, process::Command};

use serde_json::Value;

#[test]
fn every_package_has_an_allowed_licence_and_source() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let deny: toml::Table = fs::read_to_string(root.join("deny.toml")).expect("deny.toml is there").parse().unwrap();
    let allowed = deny["licenses"]["allow"].as_array().expect("a list of licences").iter();
    let allowed: BTreeSet<String> = allowed.map(|licence| licence.as_str().unwrap().to_owned()).collect();

    let metadata = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked", "--all-features"])
        .current_dir(root)
        .output()
        .expect("cargo runs");
    assert!(metadata.status.success(), "{}", String::from_utf8_lossy(&metadata.stderr));
    let metadata: Value = serde_json::from_slice(&metadata.stdout).expect("cargo writes JSON");
    let packages = metadata["packages"].as_array().expect("packages");
    assert!(packages.len() > 50, "only {} packages found", packages.len());
    let faults: Vec<_> = packages.iter().filter_map(|package| fault(package, &allowed)).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// What is wrong with a package, if anything is.
fn fault(package: &Value, allowed: &BTreeSet<String>) -> Option<String> {
    let name = format!("{} {}", package["name"].as_str()?, package["version"].as_str()?);
    let licence = package["license"].as_str().unwrap_or_default();
    if !satisfied(licence, allowed) {
        return Some(format!("{name}: deny.toml does not allow its licence, {licence:?}"));
    }
    match package["source"].as_str() {
        // The crate itself, which has a path instead.
        None if package["name"] == "attune" => None,
        Some(source) if source.starts_with("registry+") && source.ends_with("/rust-lang/crates.io-index") => None,
        other => Some(format!("{name}: comes from {other:?}, not from the public registry")),
    }
}

/// Whether an SPDX expression can be satisfied with the allowed licences. `/` is the old way to write `OR`.
fn satisfied(expression: &str, allowed: &BTreeSet<String>) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let tokens: Vec<_> = spaced.split_whitespace().collect();
    let mut rest = tokens.as_slice();
    let satisfied = either(&mut rest, allowed);
    satisfied && rest.is_empty()
}

fn either(rest: &mut &[&str], allowed: &BTreeSet<String>) -> bool {
    let mut satisfied = both(rest, allowed);
    while let Some(("OR", after)) = split(rest) {
        *rest = after;
        satisfied |= both(rest, allowed);
    }
    satisfied
}

fn both(rest: &mut &[&str], allowed: &BTreeSet<String>) -> bool {
    let mut satisfied = term(rest, allowed);
    while let Some(("AND", after)) = split(rest) {
        *rest = after;
        satisfied &= term(rest, allowed);
    }
    satisfied
}

fn term(rest: &mut &[&str], allowed: &BTreeSet<String>) -> bool {
    let Some((first, after)) = split(rest) else { return false };
    *rest = after;
    if first == "(" {
        let inner = either(rest, allowed);
        let Some((")", after)) = split(rest) else { return false };
        *rest = after;
        return inner;
    }
    let mut licence = first.to_owned();
    if let ["WITH", exception, after @ ..] = *rest {
        licence = format!("{licence} WITH {exception}");
        *rest = after;
    }
    allowed.contains(&licence)
}

fn split<'a, 'b>(rest: &'b [&'a str]) -> Option<(&'a str, &'b [&'a str])> {
    rest.split_first().map(|(first, after)| (*first, after))
}

#[test]
fn expressions_are_read_as_spdx_does() {
    let allowed = ["MIT", "Zlib", "Apache-2.0 WITH LLVM-exception"].map(str::to_owned).into();
    for (expression, expected) in [
        ("MIT", true),
        ("GPL-3.0-only", false),
        ("", false),
        ("MIT OR GPL-3.0-only", true),
        ("GPL-3.0-only OR MIT", true),
        ("MIT/GPL-3.0-only", true),
        ("MIT AND GPL-3.0-only", false),
        ("MIT AND Zlib", true),
        ("GPL-3.0-only AND MIT OR Zlib", true),
        ("GPL-3.0-only AND (MIT OR Zlib)", false),
        ("(MIT OR GPL-3.0-only) AND Zlib", true),
        ("Apache-2.0", false),
        ("Apache-2.0 WITH LLVM-exception OR GPL-3.0-only", true),
        ("MIT Zlib", false),
        ("(MIT", false),
    ] {
        assert_eq!(satisfied(expression, &allowed), expected, "{expression:?}");
    }
}

#[test]
fn a_planted_package_is_refused() {
    let allowed = ["MIT".to_owned()].into();
    let registry = "registry+https://example.org/rust-lang/crates.io-index";
    let package = |licence: &str, source: &str| serde_json::json!({ "name": "planted", "version": "1.0.0", "license": licence, "source": source });
    assert_eq!(fault(&package("MIT", registry), &allowed), None);
    let refused = fault(&package("AGPL-3.0-only", registry), &allowed).unwrap();
    assert_eq!(refused, "planted 1.0.0: deny.toml does not allow its licence, \"AGPL-3.0-only\"");
    assert!(
        fault(&package("MIT", "git+https://example.org/planted"), &allowed)
            .unwrap()
            .contains("not from the public registry")
    );
}
