//! The tables as text.
//!
//! `== METHOD {…}` begins a section with a request, as JSON, that is accepted. Each row below changes it (JSON without
//! the outer braces; null takes a field away) and says after bars: the code and the reason; then each field at fault
//! with words that its description has, `FIELD: WORDS`; and words of the message, `- WORDS`. The fields named are all
//! that are at fault.
//!
//! In JSON, `"x×129"` is x 129 times; in a list, or as a key of a map, `"a#×17"` is 17 entries a0 … a16; `"$name"` is
//! whatever the world knows by that name; `{"seconds": …, "nanos": …}` is a time or a span that JSON could not write.

use std::fs;

use serde_json::{Map, Value};

const TABLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/refusals/tables");

/// What is refused about one method.
#[derive(Debug, Clone)]
pub struct Section {
    pub place: String,
    pub method: String,
    /// A request that is accepted.
    pub good: Value,
    pub rows: Vec<Row>,
}

/// One bad request.
#[derive(Debug, Clone)]
pub struct Row {
    pub place: String,
    /// What makes it bad.
    pub change: Value,
    pub code: String,
    pub reason: String,
    /// Every field at fault, and words that say what would be right.
    pub fields: Vec<(String, String)>,
    /// Words of the message.
    pub says: Vec<String>,
}

impl Row {
    /// A row that is made and not written.
    pub fn new(change: Value, reason: &str, fields: &[(&str, &str)]) -> Self {
        let code = if reason.ends_with("_UNKNOWN") { "NOT_FOUND" } else { "INVALID_ARGUMENT" };
        let fields = fields.iter().map(|(field, words)| ((*field).to_owned(), (*words).to_owned())).collect();
        let (code, reason) = (code.to_owned(), reason.to_owned());
        Self { place: "every method".to_owned(), change, code, reason, fields, says: Vec::new() }
    }

    /// Bytes that are no request.
    pub fn unreadable(what: &str) -> Self {
        let mut row = Self::new(Value::String(what.to_owned()), "INVALID_REQUEST", &[]);
        row.says.push("the request cannot be read: ".to_owned());
        row
    }

    fn parse(place: String, line: &str) -> Self {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let [change, refusal, said @ ..] = cells.as_slice() else { panic!("{place}: a row has two cells or more") };
        let (code, reason) = refusal.split_once(' ').unwrap_or_else(|| panic!("{place}: a code and a reason"));
        let change = json(&place, &format!("{{{change}}}"));
        let (code, reason) = (code.to_owned(), reason.trim().to_owned());
        let (mut fields, mut says) = (Vec::new(), Vec::new());
        for cell in said {
            match (cell.strip_prefix("- "), cell.split_once(": ")) {
                (Some(words), _) => says.push(words.to_owned()),
                (None, Some((field, words))) => fields.push((field.to_owned(), words.to_owned())),
                (None, None) => panic!("{place}: {cell:?} is neither `FIELD: WORDS` nor `- WORDS`"),
            }
        }
        Self { place, change, code, reason, fields, says }
    }
}

/// Every section of every table.
pub fn read_all() -> Vec<Section> {
    let mut tables: Vec<_> = fs::read_dir(TABLES).expect("a folder of tables").flatten().collect();
    tables.sort_by_key(fs::DirEntry::file_name);
    let text = |table: &fs::DirEntry| fs::read_to_string(table.path()).expect("a table is text");
    tables.iter().flat_map(|table| read(&table.file_name().to_string_lossy(), &text(table))).collect()
}

fn read(name: &str, text: &str) -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let place = format!("{name}:{}", index + 1);
        if let Some(head) = line.strip_prefix("== ") {
            let (method, good) = head.split_once(' ').unwrap_or_else(|| panic!("{place}: a method and a request"));
            let (method, good) = (method.to_owned(), json(&place, good));
            sections.push(Section { place, method, good, rows: Vec::new() });
        } else if !line.is_empty() && !line.starts_with('#') {
            let section = sections.last_mut().unwrap_or_else(|| panic!("{place}: a row below a method"));
            section.rows.push(Row::parse(place, line));
        }
    }
    sections
}

fn json(place: &str, text: &str) -> Value {
    let value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{place}: {error}: {text}"));
    repeated(value)
}

/// A request with a row's changes (RFC 7396).
pub fn merged(request: &Value, change: &Value) -> Value {
    let (Value::Object(request), Value::Object(change)) = (request, change) else { return change.clone() };
    let mut merged = request.clone();
    for (key, value) in change {
        match value {
            Value::Null => drop(merged.remove(key)),
            value => {
                let before = merged.get(key).cloned().unwrap_or_else(|| Value::Object(Map::new()));
                let value = if value.is_object() { self::merged(&before, value) } else { value.clone() };
                merged.insert(key.clone(), value);
            }
        }
    }
    Value::Object(merged)
}

/// Writes out what stands for many.
fn repeated(value: Value) -> Value {
    match value {
        Value::String(text) => match times(&text) {
            Some((text, times)) => Value::String(text.repeat(times)),
            None => Value::String(text),
        },
        Value::Array(items) => Value::Array(items.into_iter().flat_map(entries).collect()),
        Value::Object(fields) => {
            let many = |(key, value): (String, Value)| {
                let keys: Vec<String> = match times(&key).filter(|(key, _)| key.contains('#')) {
                    Some((key, times)) => (0..times).map(|number| key.replace('#', &number.to_string())).collect(),
                    None => vec![times(&key).map_or(key.clone(), |(key, times)| key.repeat(times))],
                };
                let value = repeated(value);
                keys.into_iter().map(move |key| (key, value.clone())).collect::<Vec<_>>()
            };
            Value::Object(fields.into_iter().flat_map(many).collect())
        }
        other => other,
    }
}

/// One item of a list, or the many that it stands for: `"a#×3"`, or `{"×": 3, "of": {…}}`.
fn entries(item: Value) -> Vec<Value> {
    if let Some((text, times)) = item.as_str().and_then(times).filter(|(text, _)| text.contains('#')) {
        return (0..times).map(|number| Value::String(text.replace('#', &number.to_string()))).collect();
    }
    match (item.get("×").and_then(Value::as_u64), item.get("of")) {
        (Some(times), Some(of)) => {
            let text = of.to_string();
            let numbered = (0..times).map(|number| text.replace('#', &number.to_string()));
            numbered.map(|text| repeated(serde_json::from_str(&text).expect("still JSON"))).collect()
        }
        _ => vec![repeated(item)],
    }
}

fn times(text: &str) -> Option<(&str, usize)> {
    let (text, times) = text.rsplit_once('×')?;
    Some((text, times.parse().ok()?))
}
