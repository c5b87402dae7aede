//! What customers say, one JSON object a line: the messages that ship with the demo, or anybody's.
//!
//! Invariant: a message has a language and a queue of the document; a line that cannot be used is an error that names
//! it. Files may be long: at most [`MESSAGES_MAX`] messages are kept, a fair sample of all. Not here: what a message
//! means; the label or a few words decide the queue (`label`).

use std::{
    fs::File,
    io::{self, BufRead, BufReader},
    path::{Path, PathBuf},
    sync::Arc,
};

use rand::{Rng, RngExt, SeedableRng, rngs::StdRng, seq::SliceRandom};
use serde::Deserialize;

use super::{Language, queue_of};

/// Messages kept of a file: more than a day needs, and a bound on memory.
pub const MESSAGES_MAX: usize = 20_000;
/// Characters kept of a message: what a desktop shows, well within what a contact may carry.
const TEXT_CHARS_MAX: usize = 1_500;

const SHIPPED: &str = include_str!("messages.jsonl");

/// What one customer says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// In this language.
    pub language: Language,
    /// For this queue.
    pub queue: String,
    /// In these words.
    pub text: String,
}

/// Messages by language, each language's in an order of its own, going round.
#[derive(Debug, Clone)]
pub struct Messages {
    by_language: Vec<(Language, Vec<Arc<Message>>, usize)>,
}

/// Why messages cannot be played.
#[derive(Debug, thiserror::Error)]
pub enum MessagesError {
    /// The file is not to be had.
    #[error("messages cannot be read from {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A line is not a message.
    #[error("{}, line {line}: {problem}", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// What is wrong, and what would be right.
        problem: String,
    },
    /// There is nothing to play.
    #[error("{} has no messages", .0.display())]
    Empty(PathBuf),
}

/// A line; fields that are not named here are ignored.
#[derive(Deserialize)]
struct Line {
    text: String,
    lang: Option<String>,
    queue: Option<String>,
    label: Option<String>,
}

impl Messages {
    /// Those that ship with the demo.
    pub fn shipped() -> Self {
        let lines =
            SHIPPED.lines().map(|line| parse(line, &[]).expect("the shipped messages are valid: a test reads them"));
        Self::of(lines.collect())
    }

    /// Those of a file; `queues` are the names that a line may give. Of a long file a sample, drawn with `seed`.
    ///
    /// # Errors
    /// Fails at the first line that is not a message, or if there is none.
    pub fn read(path: &Path, queues: &[&str], seed: u64) -> Result<Self, MessagesError> {
        let unreadable = |source| MessagesError::Unreadable { path: path.to_owned(), source };
        let file = File::open(path).map_err(unreadable)?;
        let mut rng = StdRng::seed_from_u64(seed);
        let mut kept: Vec<Message> = Vec::new();
        let mut seen = 0;
        for (at, line) in BufReader::new(file).split(b'\n').enumerate() {
            let wrong = |problem| MessagesError::Line { path: path.to_owned(), line: at + 1, problem };
            let line = line.map_err(unreadable)?;
            let line = std::str::from_utf8(&line).map_err(|error| wrong(format!("is not UTF-8: {error}")))?;
            if line.trim().is_empty() {
                continue;
            }
            let message = parse(line, queues).map_err(wrong)?;
            keep(&mut kept, &mut seen, message, &mut rng);
        }
        if kept.is_empty() {
            return Err(MessagesError::Empty(path.to_owned()));
        }
        Ok(Self::of(kept))
    }

    fn of(messages: Vec<Message>) -> Self {
        let mut by_language: Vec<(Language, Vec<Arc<Message>>, usize)> =
            Language::ALL.into_iter().map(|language| (language, Vec::new(), 0)).collect();
        for message in messages {
            let list = by_language.iter_mut().find(|(language, ..)| *language == message.language);
            list.expect("every language has a list").1.push(Arc::new(message));
        }
        by_language.retain(|(_, messages, _)| !messages.is_empty());
        Self { by_language }
    }

    /// The languages there are messages in, each with its share of the customers.
    pub fn languages(&self) -> Vec<(Language, f64)> {
        let all: f64 = self.by_language.iter().map(|(language, ..)| language.share()).sum();
        self.by_language.iter().map(|(language, ..)| (*language, language.share() / all)).collect()
    }

    /// The queues messages of a language are for, each with its share.
    pub fn queues(&self, language: Language) -> Vec<(&str, f64)> {
        let mut shares: Vec<(&str, f64)> = Vec::new();
        let messages = self.by_language.iter().find(|(known, ..)| *known == language).map(|(_, messages, _)| messages);
        let messages = messages.map(Vec::as_slice).unwrap_or_default();
        for message in messages {
            match shares.iter_mut().find(|(queue, _)| *queue == message.queue) {
                Some((_, count)) => *count += 1.0,
                None => shares.push((&message.queue, 1.0)),
            }
        }
        shares.iter_mut().for_each(|(_, count)| *count /= messages.len() as f64);
        shares
    }

    /// Puts them in another order.
    pub fn shuffle(&mut self, rng: &mut impl Rng) {
        for (_, messages, _) in &mut self.by_language {
            messages.shuffle(rng);
        }
    }

    /// The next one in this language; after the last the first again.
    pub fn next(&mut self, language: Language) -> Arc<Message> {
        let list = self.by_language.iter_mut().find(|(known, ..)| *known == language);
        let (_, messages, next) = list.expect("asked for a language that there are messages in");
        let message = Arc::clone(&messages[*next]);
        *next = (*next + 1) % messages.len();
        message
    }
}

fn parse(line: &str, queues: &[&str]) -> Result<Message, String> {
    let line: Line =
        serde_json::from_str(line).map_err(|error| format!("is not a JSON object with a text: {error}"))?;
    if line.text.trim().is_empty() {
        return Err("has an empty text".to_owned());
    }
    let language = match &line.lang {
        None => Language::English,
        Some(tag) => Language::of_tag(tag).ok_or_else(|| {
            let known = Language::ALL.map(Language::tag).join(", ");
            format!("lang {tag:?} is none of {known}")
        })?,
    };
    let queue = match line.queue {
        Some(queue) if queues.is_empty() || queues.contains(&queue.as_str()) => queue,
        Some(queue) => return Err(format!("queue {queue:?} is none of {}", queues.join(", "))),
        None => queue_of(line.label.as_deref().unwrap_or(&line.text)).to_owned(),
    };
    Ok(Message { language, queue, text: line.text.chars().take(TEXT_CHARS_MAX).collect() })
}

/// Reservoir sampling (Vitter 1985, algorithm R).
fn keep(kept: &mut Vec<Message>, seen: &mut usize, message: Message, rng: &mut impl Rng) {
    *seen += 1;
    if kept.len() < MESSAGES_MAX {
        return kept.push(message);
    }
    let place = rng.random_range(0..*seen);
    if let Some(place) = kept.get_mut(place) {
        *place = message;
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use crate::model::document::Document;

    use super::*;

    fn read(content: &str) -> Result<Messages, MessagesError> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(content.as_bytes()).unwrap();
        Messages::read(file.path(), &["cards", "general"], 1)
    }

    #[test]
    fn shipped_messages_cover_all_languages_and_name_queues_of_the_document() {
        let messages = Messages::shipped();
        assert_eq!(messages.languages().len(), Language::ALL.len());
        let document = Document::embedded_default();
        for (language, _) in messages.languages() {
            for (queue, _) in messages.queues(language) {
                assert!(document.queues.keys().any(|known| known.as_str() == queue), "{queue}");
            }
        }
    }

    #[test]
    fn unknown_fields_are_ignored_and_a_missing_queue_is_found_by_the_label() {
        let mut messages = read("{\"text\":\"where is it?\",\"label\":\"card_arrival\",\"x\":1}\n\n").unwrap();
        let message = messages.next(Language::English);
        assert_eq!((message.queue.as_str(), message.text.as_str()), ("cards", "where is it?"));
        assert_eq!(messages.languages(), [(Language::English, 1.0)]);
    }

    #[test]
    fn what_cannot_be_used_is_named_with_its_line() {
        let fine = "{\"text\":\"hello\"}\n";
        for (line, problem) in [
            ("{\"txt\":\"hello\"}", "missing field `text`"),
            ("hello", "is not a JSON object with a text"),
            ("{\"text\":\" \"}", "has an empty text"),
            ("{\"text\":\"a\",\"lang\":\"tlh\"}", "lang \"tlh\" is none of en, zh"),
            ("{\"text\":\"a\",\"queue\":\"crads\"}", "queue \"crads\" is none of cards, general"),
        ] {
            let error = read(&format!("{fine}{line}\n")).unwrap_err().to_string();
            assert!(error.contains("line 2") && error.contains(problem), "{error}");
        }
        assert!(matches!(read("\n"), Err(MessagesError::Empty(_))));
    }
}
