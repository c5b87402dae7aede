//! The JSON Schema of the routing document: the one checked in is the one the code generates, and it says what the reader
//! does, key by key, value by value and default by default.
//!
//! `SCHEMA_UPDATE=1 cargo test --test schema` writes the file anew.

use std::{fs, path::Path};

use attune::model::document::{DEFAULT_TOML, Document, Format};
use jsonschema::Validator;
use serde_json::{Value, json};

const FILE: &str = "deploy/schema/routing-document.schema.json";

fn validator() -> Validator {
    jsonschema::draft202012::new(&Document::schema()).expect("the schema is one")
}

fn read(document: &Value) -> Result<Document, String> {
    Document::parse(&document.to_string(), Format::Json).map_err(|error| error.to_string())
}

/// A document with room for every key, whose own values stand in the way of none.
fn base() -> Value {
    json!({
        "refusal_pause": { "first": 0 },
        "empathy": {},
        "assist": { "distress": 100 },
        "head_start": { "max": 3_600 },
        "skills": { "rest": "", "empathy": "" },
        "channels": { "rest": { "cost": 10_000 } },
        "queues": { "main": { "max_wait": {}, "steps": [{ "after": "1s" }] }, "rest": {} },
    })
}

/// A place in a document: keys, and `[0]` for the first item of a list.
type Keys = Vec<String>;

/// The value at a place, made if it is not there.
fn at<'v>(document: &'v mut Value, keys: &[String]) -> &'v mut Value {
    keys.iter().fold(document, |value, key| match key.as_str() {
        "[0]" if value.is_array() => &mut value[0],
        "[0]" => {
            *value = json!([null]);
            &mut value[0]
        }
        key if value.is_object() => &mut value[key],
        key => {
            *value = json!({});
            &mut value[key]
        }
    })
}

/// What a table must have beside this key of it.
fn beside(table: Option<&String>, key: &str) -> Option<(&'static str, Value)> {
    match (table.map(String::as_str), key) {
        (Some("escalate"), "after_offers") => Some(("queue", json!("rest"))),
        (Some("escalate"), "queue") => Some(("after_offers", json!(1))),
        (Some("max_wait"), "queue") => Some(("then", json!("overflow"))),
        (Some("max_size"), "overflow") => Some(("contacts", json!(5))),
        (Some("at_least"), "count") => Some(("of", json!(["rest"]))),
        (
            Some("rest"),
            "description" | "weight" | "half_life" | "head_start" | "empathy" | "hold" | "skills" | "offer_time"
            | "handling" | "off",
        ) => Some(("triggers", json!([{ "event": "rest" }]))),
        (Some("[0]"), "attributes" | "from") => Some(("event", json!("rest"))),
        (Some("at_least"), "of") => Some(("count", json!(1))),
        _ => None,
    }
}

/// The document with this value at this place.
fn with(keys: &[String], value: &Value) -> Value {
    let mut document = base();
    for end in 1..=keys.len() {
        let (key, table) = keys[..end].split_last().expect("one key at least");
        if let Some((needed, given)) = beside(table.last(), key) {
            at(&mut document, &[table, &[needed.to_owned()]].concat()).clone_from(&given);
        }
    }
    at(&mut document, keys).clone_from(value);
    document
}

/// Visits every place that the schema knows, with what it says there.
fn visit(root: &Value, schema: &Value, keys: &Keys, see: &mut impl FnMut(&Keys, &Value)) {
    let below = |key: &str| [keys.as_slice(), &[key.to_owned()]].concat();
    if let Some(reference) = schema["$ref"].as_str() {
        let name = reference.rsplit('/').next().expect("a reference has a name");
        return visit(root, &root["$defs"][name], keys, see);
    }
    see(keys, schema);
    for (key, schema) in schema["properties"].as_object().into_iter().flatten() {
        visit(root, schema, &below(key), see);
    }
    if schema["additionalProperties"].is_object() {
        let name = if keys == &["queues"] { "main" } else { "rest" };
        visit(root, &schema["additionalProperties"], &below(name), see);
    }
    if schema["items"].is_object() {
        visit(root, &schema["items"], &below("[0]"), see);
    }
}

fn every_place(see: &mut impl FnMut(&Keys, &Value)) {
    let schema = Document::schema();
    visit(&schema, &schema, &Keys::new(), see);
}

/// Values around every limit that the schema states for a place, and one of every kind.
fn candidates(schema: &Value) -> Vec<Value> {
    let mut values = vec![json!(null), json!(true), json!(7.5), json!("rest"), json!("no good"), json!([]), json!({})];
    values.extend([
        json!("20s"),
        json!("20 s"),
        json!("rest>=60"),
        json!("rest >= 100"),
        json!("rest>=101"),
        json!(["rest"]),
    ]);
    let numbers = schema["anyOf"].as_array().into_iter().flatten().chain([schema]);
    for limits in numbers.filter(|limits| limits["type"] == "integer") {
        let (least, most) = (limits["minimum"].as_i64().unwrap(), limits["maximum"].as_i64().unwrap());
        values.extend([least - 1, least, most, most + 1].map(Value::from));
    }
    let words = schema["anyOf"].as_array().into_iter().flatten().filter_map(|way| way.get("const"));
    values.extend(words.cloned());
    values.extend(schema["enum"].as_array().into_iter().flatten().cloned());
    if let Some(most) = schema["maxItems"].as_u64() {
        let many = |count: u64| (1..=count).map(|second| json!({ "after": second })).collect::<Value>();
        let tiers = |count: u64| (0..count).map(|_| json!({})).collect::<Value>();
        values.extend([many(most), many(most + 1), tiers(most), tiers(most + 1)]);
    }
    values
}

#[test]
fn the_file_is_what_the_code_generates() {
    let generated = serde_json::to_string_pretty(&Document::schema()).unwrap() + "\n";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(FILE);
    if std::env::var_os("SCHEMA_UPDATE").is_some() {
        fs::write(&path, &generated).unwrap();
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == generated, "{FILE} is out of date: SCHEMA_UPDATE=1 cargo test --test schema writes it anew");
}

#[test]
fn the_shipped_document_is_valid_by_it() {
    let document: Value = toml::from_str(DEFAULT_TOML).unwrap();
    let faults: Vec<String> = validator().iter_errors(&document).map(|fault| fault.to_string()).collect();
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn it_knows_the_keys_that_the_reader_knows() {
    let mut tables = 0;
    every_place(&mut |keys, schema| {
        let Some(known) = schema["properties"].as_object() else { return };
        tables += 1;
        let planted = [keys.as_slice(), &["qqqqqqqqqq".to_owned()]].concat();
        let error = read(&with(&planted, &json!(1))).expect_err("an unknown key is refused");
        let (_, asked) = error.split_once("known here are ").unwrap_or_else(|| panic!("{keys:?}: {error}"));
        let mut asked: Vec<&str> = asked.lines().next().unwrap().split(", ").collect();
        asked.sort_unstable();
        assert_eq!(asked, known.keys().map(String::as_str).collect::<Vec<_>>(), "{keys:?}");
    });
    assert!(tables > 15, "only {tables} tables seen");
}

#[test]
fn it_takes_what_the_reader_takes_and_nothing_else() {
    let validator = validator();
    let mut disagreements = Vec::new();
    let mut tried = 0;
    every_place(&mut |keys, schema| {
        if keys.is_empty() {
            return;
        }
        for candidate in candidates(schema) {
            let document = with(keys, &candidate);
            let (by_schema, by_reader) = (validator.is_valid(&document), read(&document));
            tried += 1;
            if by_schema != by_reader.is_ok() && !is_beyond_a_schema(&by_reader) {
                disagreements.push(format!(
                    "{} = {candidate}: {by_schema} here, {:?}",
                    keys.join("."),
                    by_reader.err()
                ));
            }
        }
    });
    assert!(disagreements.is_empty(), "{} of {tried}:\n{}", disagreements.len(), disagreements.join("\n"));
    assert!(tried > 500, "only {tried} documents tried");
}

/// Whether all that the reader says against a document is of a kind that a schema cannot say.
fn is_beyond_a_schema(read: &Result<Document, String>) -> bool {
    let beyond = ["which is not defined under", "can never hold", "names a skill twice"];
    let Err(faults) = read else { return false };
    faults.lines().all(|fault| beyond.iter().any(|kind| fault.contains(kind)))
}

#[test]
fn its_defaults_are_the_reader_s() {
    let mut defaults = 0;
    every_place(&mut |keys, schema| {
        let Some(default) = schema.get("default") else { return };
        let given = with(keys, default);
        let mut without = given.clone();
        let (key, table) = keys.split_last().expect("the document as a whole has no default");
        at(&mut without, table).as_object_mut().map(|table| table.remove(key));
        let (given, without) = (read(&given).unwrap(), read(&without).unwrap());
        let without = Document { source: given.source.clone(), ..without };
        assert_eq!(given, without, "{} = {default}", keys.join("."));
        defaults += 1;
    });
    assert!(defaults > 12, "only {defaults} defaults seen");
}
