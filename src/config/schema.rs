//! The JSON schema of the settings file, made from the table of keys, for editors and for those who write settings by
//! program.
//!
//! Invariant: what the schema takes, the daemon takes, as far as a schema can say; `deploy/schema/settings.schema.json`
//! is this to the byte, which a test holds. A TOML file names its schema by a first line
//! `#:schema ./schema/settings.schema.json`.

use serde_json::{Map, Value, json};

use super::{Change, Form, KEYS, Key};

/// The schema, ending with a newline.
pub fn schema() -> String {
    let mut root = table("Settings of attuned, the daemon that routes contacts.", Map::new());
    for key in KEYS {
        put(&mut root, key.name, property(key));
    }
    put(&mut root, "tenants", tenants());
    let top = [
        ("$schema", json!("https://json-schema.org/draft/2020-12/schema")),
        ("$id", json!("urn:attune:settings")),
        ("title", json!("attuned settings")),
    ];
    let mut schema: Map<String, Value> = top.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    schema.extend(root);
    let text = serde_json::to_string_pretty(&schema).expect("a tree of texts and numbers can be written");
    format!("{text}\n")
}

/// Puts a property below the tables that its dotted name asks for.
fn put(table_of: &mut Map<String, Value>, name: &str, value: Value) {
    let properties = table_of.get_mut("properties").and_then(Value::as_object_mut).expect("a table has properties");
    match name.split_once('.') {
        None => drop(properties.insert(name.to_owned(), value)),
        Some((first, rest)) => {
            let below = properties.entry(first).or_insert_with(|| Value::Object(table("", Map::new())));
            put(below.as_object_mut().expect("a table is an object"), rest, value);
        }
    }
}

fn table(description: &str, properties: Map<String, Value>) -> Map<String, Value> {
    let mut table = Map::new();
    if !description.is_empty() {
        table.insert("description".to_owned(), json!(description));
    }
    table.insert("type".to_owned(), json!("object"));
    table.insert("properties".to_owned(), Value::Object(properties));
    table.insert("additionalProperties".to_owned(), json!(false));
    table
}

fn property(key: &Key) -> Value {
    let reload = match key.change {
        Change::Live => "A running daemon takes a new value on SIGHUP.",
        Change::Restart => "A new value needs a restart.",
    };
    let mut property = match key.form {
        Form::Address => json!({ "type": "string", "pattern": "^(\\[[0-9A-Fa-f:.]+\\]|[0-9.]+):[0-9]{1,5}$" }),
        Form::Number { least, most } => json!({ "type": "integer", "minimum": least, "maximum": most }),
        Form::Word(words) => json!({ "type": "string", "enum": words }),
        Form::Text => json!({ "type": "string", "minLength": 1 }),
    };
    property["description"] = json!(format!("{} {reload}", key.help));
    property["default"] = match key.form {
        Form::Number { .. } => json!(key.default.parse::<u64>().expect("a test reads every default")),
        Form::Address | Form::Word(_) | Form::Text => json!(key.default),
    };
    property
}

fn tenants() -> Value {
    let document = json!({
        "type": "string",
        "minLength": 1,
        "description": "The routing document the tenant starts with, relative to this file. Without it the tenant starts \
                        with the routing of a small bank. A running daemon reads the file again on SIGHUP and applies \
                        it if it has changed.",
    });
    let properties = Map::from_iter([("document".to_owned(), document)]);
    json!({
        "description": "Tenants by name; without any there is one, \"default\". Another set of tenants needs a restart.",
        "type": "object",
        "propertyNames": { "pattern": "^[A-Za-z0-9._:@/+=-]{1,128}$" },
        "additionalProperties": table("", properties),
    })
}
