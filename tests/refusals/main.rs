//! Bad input of every kind, as tables: each refusal has its code, its reason and every field at fault, says what would
//! be right, and changes nothing.
//!
//! `tables/*.table` are for people to read and to add to (`table.rs` says how). What is wrong in the same way with every
//! method (its tenant, its request id, a message that is too large or is none) is generated. Every method of every
//! service has a section; unchanged, its request is accepted, so that a refusal is due to the row's change alone.

mod call;
mod odd_time;
mod repeats;
mod table;
mod world;

use std::{collections::BTreeSet, path::Path, sync::Arc};

use attune::{
    api::pb,
    app::Daemon,
    config::{DocumentSource, Durability, Settings},
    engine::HoldRules,
    model::{
        document::{Document, Format},
        ids::TenantId,
        time::Span,
    },
};
use prost_reflect::{DescriptorPool, MethodDescriptor};
use serde_json::json;

use self::{
    call::Refusal,
    table::{Row, Section, merged},
    world::World,
};

/// Reasons that no call to a healthy daemon can provoke at will.
const REASONS_NOT_HERE: &[(&str, &str)] = &[
    ("DOCUMENT_SWEEPING", "lasts milliseconds while thousands wait: tests/config_api.rs"),
    ("DISK_FULL", "needs a journal that is full: tests/shard.rs"),
    ("FROZEN", "needs a journal that fails: tests/shard.rs"),
    ("INTERNAL", "a defect; there is none that we know of"),
    ("OUTCOME_UNKNOWN", "needs a journal that fails: tests/shard.rs"),
    ("OVERLOADED", "needs more calls than fit into the inbox: tests/python/test_overload.py"),
    ("SIGNAL_LATE", "needs more signals than are remembered one by one: tests/signals.rs"),
    ("SHUTTING_DOWN", "ends the daemon: tests/python/test_drain.py"),
];

/// Fields that no value makes wrong by itself.
const FIELDS_NEVER_WRONG: &[(&str, &str)] = &[
    ("AnnounceContact", "moment_of_truth"),
    ("ApplyDocument", "validate_only"),
    ("ImportAgents", "validate_only"),
    ("RollBackDocument", "validate_only"),
];

/// Larger than any message of the service may be.
fn too_large(method: &MethodDescriptor) -> usize {
    if method.parent_service().name() == "ConfigService" { 17 << 20 } else { 1 << 20 }
}

#[tokio::test]
async fn every_refusal_is_as_its_table_says_and_changes_nothing() {
    let sections = table::read_all();
    let daemon = start(sections.len()).await;
    let mut failures = Vec::new();
    for (number, section) in sections.iter().enumerate() {
        let world = World::open(&daemon.addresses().api.to_string(), &tenant(number)).await;
        check_section(&world, section, &mut failures).await;
    }
    assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
    daemon.shutdown().await;
}

async fn check_section(world: &World, section: &Section, failures: &mut Vec<String>) {
    let method = world.method(&section.method);
    let before = world.picture().await;
    for row in section.rows.iter().chain(&rows_of_every_method(&method)) {
        let request = world.encode(&method, &merged(&section.good, &row.change));
        check_row(world, &method, row, request, failures).await;
        let after = world.picture().await;
        if after != before {
            failures.push(format!("{}: {}: changed something\n{before:#}\n{after:#}", row.place, method.name()));
            return;
        }
    }
    let good = world.encode(&method, &section.good);
    for (what, bytes) in [("no message", vec![0x0a, 0x01, 0xff]), ("too large", padding(too_large(&method)))] {
        let row = Row::unreadable(what);
        check_row(world, &method, &row, [good.clone(), bytes].concat(), failures).await;
    }
    if world.picture().await != before {
        failures.push(format!("{}: an unreadable request changed something", method.name()));
    }
    if let Some(refusal) = world.refusal_of(&method, good).await {
        failures.push(format!("{}: {}: as it stands it is refused: {refusal:?}", section.place, method.name()));
    }
}

async fn check_row(world: &World, method: &MethodDescriptor, row: &Row, request: Vec<u8>, failures: &mut Vec<String>) {
    let problem = match world.refusal_of(method, request).await {
        Some(refusal) => mismatch(row, &refusal),
        None => Some("was accepted".to_owned()),
    };
    failures.extend(problem.map(|problem| format!("{}: {} {}: {problem}", row.place, method.name(), row.change)));
}

/// What is not as the row says.
fn mismatch(row: &Row, refusal: &Refusal) -> Option<String> {
    let expected: BTreeSet<&str> = row.fields.iter().map(|(field, _)| field.as_str()).collect();
    let named: BTreeSet<&str> = refusal.fields.iter().map(|(field, _)| field.as_str()).collect();
    let says = |field: &str, words: &str| refusal.fields.iter().any(|(at, why)| at == field && why.contains(words));
    let good = (&refusal.code, &refusal.reason) == (&row.code, &row.reason)
        && expected == named
        && row.fields.iter().all(|(field, words)| says(field, words))
        && row.says.iter().all(|words| refusal.message.contains(words.as_str()))
        && !refusal.message.is_empty()
        && refusal.domain == "attune.v1";
    (!good).then(|| format!("found {refusal:?}"))
}

/// What is wrong with every method in the same way.
fn rows_of_every_method(method: &MethodDescriptor) -> Vec<Row> {
    let has = |field: &str| method.input().get_field_by_name(field).is_some();
    let mut rows = Vec::new();
    if has("tenant") {
        rows.push(Row::new(json!({"tenant": "no body"}), "INVALID_REQUEST", &[("tenant", "contains ' '")]));
        rows.push(Row::new(json!({"tenant": "x".repeat(129)}), "INVALID_REQUEST", &[("tenant", "at most 128")]));
        rows.push(Row::new(json!({"tenant": "nobody"}), "TENANT_UNKNOWN", &[("tenant", "names nothing that exists")]));
    }
    if has("request_id") {
        rows.push(Row::new(json!({"request_id": ""}), "INVALID_REQUEST", &[("request_id", "is required")]));
        rows.push(Row::new(
            json!({"request_id": "x".repeat(129)}),
            "INVALID_REQUEST",
            &[("request_id", "at most 128")],
        ));
        rows.push(Row::new(json!({"request_id": "a b"}), "INVALID_REQUEST", &[("request_id", "allowed are letters")]));
    }
    if has("request_id") && !method.is_client_streaming() {
        let reused = &[("request_id", "was used before for another command")];
        rows.push(Row::new(json!({"request_id": "used"}), "REQUEST_REUSED", reused));
    }
    rows
}

/// A field that nobody knows, of so many bytes.
fn padding(bytes: usize) -> Vec<u8> {
    let mut field = Vec::with_capacity(bytes + 8);
    prost::encoding::bytes::encode(1_000, &vec![0_u8; bytes], &mut field);
    field
}

#[test]
fn every_method_has_a_section() {
    let methods: BTreeSet<String> = methods().iter().map(|method| method.name().to_owned()).collect();
    let sections: BTreeSet<String> = table::read_all().iter().map(|section| section.method.clone()).collect();
    assert_eq!(sections, methods, "tests/refusals/tables");
    let empty: Vec<String> =
        table::read_all().into_iter().filter(|section| section.rows.is_empty()).map(|section| section.method).collect();
    assert!(empty.is_empty(), "{empty:?} have no rows of their own");
}

#[test]
fn every_reason_has_a_row() {
    let reasons = pool().get_enum_by_name("attune.v1.ErrorReason").expect("the reasons are declared");
    let names = reasons.values().filter(|value| value.number() != 0);
    let declared: BTreeSet<String> = names.map(|value| value.name().replace("ERROR_REASON_", "")).collect();
    let methods = methods();
    let generated = methods.iter().flat_map(rows_of_every_method);
    let rows = table::read_all().into_iter().flat_map(|section| section.rows).chain(generated);
    let provoked: BTreeSet<String> = rows.map(|row| row.reason).collect();
    let excused: BTreeSet<String> = REASONS_NOT_HERE.iter().map(|(reason, _)| (*reason).to_owned()).collect();
    assert_eq!(&provoked | &excused, declared);
    assert!(provoked.is_disjoint(&excused), "what has a row needs no excuse");
}

#[test]
fn every_field_is_wrong_in_some_row() {
    let mut missing = Vec::new();
    for section in table::read_all() {
        let method = methods().into_iter().find(|method| method.name() == section.method).expect("a method");
        let rows = section.rows.iter().cloned().chain(rows_of_every_method(&method));
        let wrong: BTreeSet<String> = rows
            .flat_map(|row| row.fields)
            .map(|(field, _)| field.split(['.', '[']).next().unwrap_or_default().to_owned())
            .collect();
        for field in method.input().fields() {
            let excused = FIELDS_NEVER_WRONG.contains(&(method.name(), field.name()));
            if wrong.contains(field.name()) == excused {
                missing.push(format!("{}.{}", method.name(), field.name()));
            }
        }
    }
    assert!(missing.is_empty(), "{missing:?}");
}

fn pool() -> DescriptorPool {
    DescriptorPool::decode(pb::DESCRIPTORS).expect("the descriptors are whole")
}

fn methods() -> Vec<MethodDescriptor> {
    let services: Vec<_> = pool().services().filter(|service| service.package_name() == "attune.v1").collect();
    services.iter().flat_map(|service| service.methods().collect::<Vec<_>>()).collect()
}

fn tenant(number: usize) -> String {
    format!("section-{number}")
}

async fn start(tenants: usize) -> Daemon {
    start_with(tenants, Settings::passing()).await
}

/// One whose journal is in this folder.
async fn start_in(folder: &Path, tenants: usize) -> Daemon {
    let journal_folder = folder.to_owned();
    // The agents do not come back here, and what the end of the hold offers is nobody's repetition.
    let hold = HoldRules { longest: Span::from_secs(600), ..HoldRules::default() };
    start_with(tenants, Settings { durability: Durability::Sync, journal_folder, hold, ..Settings::passing() }).await
}

async fn start_with(tenants: usize, settings: Settings) -> Daemon {
    let document = Document::parse(world::OFFICE, Format::Toml).expect("the office's document is valid");
    let document = DocumentSource::Given(Arc::new(document));
    let named = |number| (TenantId::new(&tenant(number)).expect("a name"), document.clone());
    let tenants = (0..tenants).map(named).collect();
    let settings = Settings { tenants, ..settings };
    Daemon::start(settings).await.expect("the daemon starts")
}
