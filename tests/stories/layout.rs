//! The routing document of a story, from lines such as `queue claims needs=claims>=60 offers=2 offer_time=20s`.
//!
//! A story says what it is about and nothing else: skills are those that its lines name, channels are `voice` alone
//! unless it names others. Whatever has no short form is written as TOML. Not here: any default of the document.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
};

use attune::model::{
    document::{Document, Format},
    ids::QueueName,
};

/// Short forms of queue settings, and where they stand in a document.
const SHORT_FORMS: &[(&str, &str)] = &[
    ("needs", "require.all"),
    ("offers", "offers.at_once"),
    ("offer_time", "offers.time"),
    ("extension", "offers.extension_max"),
    ("acceptance", "offers.acceptance"),
    ("declining", "offers.declining"),
    ("wrap_up", "wrap_up.time"),
    ("wrap_up_max", "wrap_up.max"),
    ("wrap_up_cost", "wrap_up.cost"),
    ("max_wait", "max_wait.after"),
    ("then", "max_wait.then"),
    ("then_to", "max_wait.queue"),
    ("max_size", "max_size.contacts"),
    ("overflow", "max_size.overflow"),
    ("escalate_after", "escalate.after_offers"),
    ("escalate_to", "escalate.queue"),
];
/// Settings that are lists even with one item.
const LISTS: &[&str] = &["needs", "channels"];
/// Channels that a story may name without describing them.
const CHANNELS: &[(&str, &str)] = &[
    ("voice", "cost = 100"),
    ("chat", "cost = 34"),
    ("sms", "cost = 25"),
    ("email", "cost = 20\ninterruptible = true"),
];

/// A routing document in the making.
#[derive(Default)]
pub struct Layout {
    skills: BTreeSet<String>,
    channels: BTreeMap<String, String>,
    queues: BTreeMap<String, String>,
    routing: String,
    toml: String,
    moves: BTreeMap<String, String>,
}

impl Layout {
    /// Declares a skill.
    pub fn skill(&mut self, name: &str) {
        self.skills.insert(name.to_owned());
    }

    /// Whether these words declare something.
    pub fn is_declaration(words: &[String]) -> bool {
        const WORDS: &[&str] = &["document", "routing", "skills", "channels", "channel", "queue", "drop"];
        words.first().is_some_and(|word| WORDS.contains(&word.as_str()))
    }

    /// `routing longest_idle=lowest_load`, `channels voice, chat`, `channel chat cost=50`, `queue …`,
    /// `drop queue … to=…`, `document without … to=…`.
    pub fn declare(&mut self, words: &[String], toml: &str) -> Result<(), String> {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match words[..] {
            ["document"] => self.toml = toml.to_owned(),
            ["document", "without", name, ref settings @ ..] => {
                self.toml = toml.to_owned();
                self.drop_queue(name, settings)?;
            }
            ["routing", ref settings @ ..] => self.routing = in_toml(settings)?,
            ["skills", names] => names.split(',').for_each(|name| self.skill(name)),
            ["channels", names] => {
                for name in names.split(',') {
                    let known = CHANNELS.iter().find(|(known, _)| *known == name);
                    let (_, rules) = known.ok_or(format!("describe channel {name} with \"channel {name} cost=…\""))?;
                    self.channels.insert(name.to_owned(), format!("{rules}\n"));
                }
            }
            ["channel", name, ref settings @ ..] => {
                self.channels.insert(name.to_owned(), in_toml(settings)?);
            }
            ["queue", name, ref settings @ ..] => {
                self.queues.insert(name.to_owned(), in_toml(settings)?);
            }
            ["drop", "queue", name, ref settings @ ..] => self.drop_queue(name, settings)?,
            ["drop", "channel", name] => drop(self.channels.remove(name)),
            _ => return Err(format!("cannot declare {:?}", words.join(" "))),
        }
        Ok(())
    }

    fn drop_queue(&mut self, name: &str, settings: &[&str]) -> Result<(), String> {
        drop(self.queues.remove(name));
        for setting in settings {
            let to = setting.strip_prefix("to=").ok_or(format!("{setting:?} says nothing of a dropped queue"))?;
            self.moves.insert(name.to_owned(), to.to_owned());
        }
        Ok(())
    }

    /// Where the contacts of the queues go that were dropped since the document before.
    pub fn take_moves(&mut self) -> Result<BTreeMap<QueueName, QueueName>, String> {
        let name = |text: &str| QueueName::new(text).map_err(|error| format!("a queue's name {error}"));
        std::mem::take(&mut self.moves).iter().map(|(from, to)| Ok((name(from)?, name(to)?))).collect()
    }

    /// The document.
    pub fn document(&self) -> Result<Document, String> {
        let skills: String = self.skills.iter().map(|skill| format!("{skill} = \"\"\n")).collect();
        let mut text = format!("{}[skills]\n{skills}", self.routing);
        if self.channels.is_empty() {
            text += "[channels.voice]\n";
        }
        for (table, all) in [("channels", &self.channels), ("queues", &self.queues)] {
            text.extend(all.iter().map(|(name, rules)| format!("[{table}.{name}]\n{rules}")));
        }
        Document::parse(&(text + &self.toml), Format::Toml).map_err(|error| error.to_string())
    }
}

fn in_toml(settings: &[&str]) -> Result<String, String> {
    let mut text = String::new();
    for setting in settings {
        let (key, value) = setting.split_once('=').ok_or(format!("{setting:?} is no setting; write key=value"))?;
        let whole = SHORT_FORMS.iter().find(|(short, _)| *short == key).map_or(key, |(_, whole)| *whole);
        let quoted = |value: &str| match value.parse::<u32>() {
            Ok(number) => number.to_string(),
            Err(_) => format!("{value:?}"),
        };
        let value = match LISTS.contains(&key) {
            true => format!("[{}]", value.split(',').map(quoted).collect::<Vec<_>>().join(", ")),
            false => quoted(value),
        };
        writeln!(text, "{whole} = {value}").expect("text grows");
    }
    Ok(text)
}
