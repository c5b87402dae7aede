//! Agents in a file: JSON lines, TOML or a spreadsheet's CSV.
//!
//! Invariant: a file is read whole before anything is sent, and everything that is wrong with it is named with its line.

use std::{fmt, path::Path};

use csv::StringRecord;
use serde_json::{Map, Value, json};

use crate::{
    api::pb,
    cli::{arguments::parse_level, output::json::from_json},
};

/// One agent of the file.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Who.
    pub agent: String,
    /// The profile, whole.
    pub profile: pb::AgentProfile,
    /// Where it stands, counted from 1.
    pub line: u64,
}

/// What is wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    line: u64,
    message: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.message)
    }
}

/// Columns of a spreadsheet that mean something by themselves; all others are attributes.
const COLUMNS: [&str; 7] =
    ["agent_id", "display_name", "skills", "queues", "capacity", "channel_limits", "empathy_fixed"];

/// Reads a file by what its name ends in: `.csv`, `.toml`, or else JSON lines.
pub fn read(path: &Path, text: &str) -> Result<Vec<Row>, Vec<Fault>> {
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default().to_lowercase();
    let rows: Vec<Result<Row, Fault>> = match ending.as_str() {
        "csv" => read_csv(text),
        "toml" => read_toml(text),
        _ => read_lines(text),
    };
    let (rows, faults): (Vec<_>, Vec<_>) = rows.into_iter().partition(Result::is_ok);
    let faults: Vec<Fault> = faults.into_iter().filter_map(Result::err).collect();
    if faults.is_empty() { Ok(rows.into_iter().filter_map(Result::ok).collect()) } else { Err(faults) }
}

/// `{"agent_id": "ana", "skills": {"cards": 80}}` on a line each: an id beside the fields of a profile.
fn read_lines(text: &str) -> Vec<Result<Row, Fault>> {
    let lines = (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(line, text)| {
            let fault = |message: String| Fault { line, message };
            let mut object: Map<String, Value> =
                serde_json::from_str(text).map_err(|error| fault(error.to_string()))?;
            let Some(Value::String(agent)) = object.remove("agent_id") else {
                return Err(fault("agent_id is missing: a text".to_owned()));
            };
            // As `attune agents list --format json` writes it: the profile by itself, beside what cannot be imported.
            let profile = object.remove("profile").unwrap_or(Value::Object(object));
            row(agent, &profile, line)
        })
        .collect()
}

/// `[agents.ana]` with the fields of a profile.
fn read_toml(text: &str) -> Vec<Result<Row, Fault>> {
    let line_of = |start: usize| 1 + text.as_bytes()[..start].iter().filter(|byte| **byte == b'\n').count() as u64;
    let table: toml::Table = match text.parse() {
        Ok(table) => table,
        Err(error) => {
            let error: toml::de::Error = error;
            let line = error.span().map_or(1, |span| line_of(span.start));
            return vec![Err(Fault { line, message: error.message().to_owned() })];
        }
    };
    let Some(agents) = table.get("agents").and_then(toml::Value::as_table) else {
        return vec![Err(Fault { line: 1, message: "has no table [agents.…]".to_owned() })];
    };
    let row = |(agent, profile): (&String, &toml::Value)| {
        let line = text.find(&format!("agents.{agent}]")).map_or(1, line_of);
        let profile = serde_json::to_value(profile).map_err(|error| Fault { line, message: error.to_string() })?;
        row(agent.clone(), &profile, line)
    };
    agents.iter().map(row).collect()
}

/// A column each; skills and channel limits as `cards=80 lang_en=100`, queues with blanks between. Other columns are the
/// platform's own facts.
fn read_csv(text: &str) -> Vec<Result<Row, Fault>> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_bytes());
    let at_fault = |error: &csv::Error| Fault {
        line: error.position().map_or(1, csv::Position::line),
        message: error.to_string(),
    };
    let titles = match reader.headers() {
        Ok(titles) if titles.iter().any(|title| title == COLUMNS[0]) => titles.clone(),
        Ok(_) => return vec![Err(Fault { line: 1, message: "has no column agent_id".to_owned() })],
        Err(error) => return vec![Err(at_fault(&error))],
    };
    let rows = reader.records().map(|record| {
        let record = record.map_err(|error| at_fault(&error))?;
        let line = record.position().map_or(1, csv::Position::line);
        csv_row(&titles, &record, line).map_err(|message| Fault { line, message })
    });
    rows.collect()
}

fn csv_row(titles: &StringRecord, record: &StringRecord, line: u64) -> Result<Row, String> {
    let mut agent = String::new();
    let mut profile = pb::AgentProfile::default();
    for (title, cell) in titles.iter().zip(record).filter(|(_, cell)| !cell.is_empty()) {
        match title {
            "agent_id" => cell.clone_into(&mut agent),
            "display_name" => cell.clone_into(&mut profile.display_name),
            "skills" => profile.skills = levels(title, cell)?,
            "channel_limits" => profile.channel_limits = levels(title, cell)?,
            "queues" => profile.queues = cell.split_whitespace().map(str::to_owned).collect(),
            "capacity" => {
                let capacity = cell.parse().map_err(|_| format!("capacity is {cell:?}, which is no whole number"))?;
                profile.capacity = Some(capacity);
            }
            "empathy_fixed" => {
                let fixed = cell.parse().map_err(|_| format!("empathy_fixed is {cell:?}; true or false is right"))?;
                profile.empathy_fixed = fixed;
            }
            other => drop(profile.attributes.insert(other.to_owned(), cell.to_owned())),
        }
    }
    if agent.is_empty() { Err("agent_id is missing".to_owned()) } else { Ok(Row { agent, profile, line }) }
}

fn levels<M: FromIterator<(String, u32)>>(title: &str, cell: &str) -> Result<M, String> {
    let level = |word| parse_level(word).map_err(|error| format!("{title} has {word:?}; {error}"));
    cell.split_whitespace().map(level).collect()
}

fn row(agent: String, profile: &Value, line: u64) -> Result<Row, Fault> {
    let profile = from_json(&json!(profile).to_string()).map_err(|message| Fault { line, message })?;
    Ok(Row { agent, profile, line })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ana() -> pb::AgentProfile {
        pb::AgentProfile {
            display_name: "Ana M.".into(),
            skills: [("cards".into(), 80), ("lang_en".into(), 100)].into(),
            queues: vec!["vip".into()],
            capacity: Some(200),
            channel_limits: [("chat".into(), 3)].into(),
            attributes: [("team".into(), "red".into())].into(),
            empathy_fixed: true,
        }
    }

    #[test]
    fn all_notations_say_the_same() {
        let lines = r#"{"agent_id":"ana","display_name":"Ana M.","skills":{"cards":80,"lang_en":100},"queues":["vip"],"capacity":200,"channel_limits":{"chat":3},"attributes":{"team":"red"},"empathy_fixed":true}"#;
        let toml = "[agents.ana]\ndisplay_name = 'Ana M.'\nskills = { cards = 80, lang_en = 100 }\nqueues = ['vip']\n\
                    capacity = 200\nchannel_limits = { chat = 3 }\nattributes = { team = 'red' }\nempathy_fixed = true\n";
        let csv = "agent_id,display_name,skills,queues,capacity,channel_limits,team,empathy_fixed\n\
                   ana,Ana M.,cards=80 lang_en=100,vip,200,chat=3,red,true\n";
        for (name, text) in [("a.jsonl", lines), ("a.toml", toml), ("a.csv", csv)] {
            let rows = read(Path::new(name), text).unwrap_or_else(|faults| panic!("{name}: {faults:?}"));
            assert_eq!(rows.len(), 1, "{name}");
            assert_eq!((rows[0].agent.as_str(), &rows[0].profile), ("ana", &ana()), "{name}");
        }
    }

    #[test]
    fn every_fault_is_named_with_its_line() {
        let told = |name: &str, text: &str| -> Vec<String> {
            read(Path::new(name), text).unwrap_err().iter().map(Fault::to_string).collect()
        };
        let lines =
            told("a.jsonl", "{\"agent_id\":\"a\"}\n{\"agent_id\":\"b\",\"skils\":{}}\n\nnonsense\n{\"skills\":{}}\n");
        assert_eq!(lines.len(), 3, "{lines:?}");
        assert!(lines[0].starts_with("line 2: ") && lines[0].contains("skils"), "{lines:?}");
        assert!(lines[1].starts_with("line 4: ") && lines[2].starts_with("line 5: agent_id is missing"), "{lines:?}");
        let csv = told("a.csv", "agent_id,skills,capacity\na,cards,1\nb,,many\n");
        assert_eq!(csv[0], "line 2: skills has \"cards\"; say it as name=number, such as cards=80");
        assert_eq!(csv[1], "line 3: capacity is \"many\", which is no whole number");
        assert_eq!(told("a.csv", "id\nana\n"), ["line 1: has no column agent_id"]);
        assert!(told("a.toml", "[agents.ana]\n[agents.b]\nskils = 1\n")[0].starts_with("line 2: "));
        assert!(told("a.toml", "[agents\n")[0].starts_with("line 1: "));
    }
}
