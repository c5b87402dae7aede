//! A story as written: lines that do something, each with the indented lines of what comes of it.
//!
//! ```text
//! # The first line says in one sentence what the story protects.
//! 09:00:05  contact c1 claims            a time and what somebody does
//!           offered c1 -> ana            indented: everything that comes of it, in order
//! 09:00:25  time                         nobody does anything; what follows is due at this very moment
//!           expired c1 at ana
//! 09:00:30  why c1                       a question; what follows is the engine's explanation
//!           no agent anywhere has polish>=60 (0 of 3), and waiting will not change that
//! 09:01:00  document                     lines that begin with | are a routing document in TOML
//!         | [queues.claims]
//! 09:02:00  slices of 2                  from now on documents are taken over so many contacts or agents at a time
//! 09:02:00  slice                        the next of them are
//!           document 2 takes over contacts (3 left)
//! ```
//!
//! Not here: what the words mean (`runner`, `happening`).

use attune::model::time::{Span, Timestamp};

/// Midnight of the day on which every story plays.
const MIDNIGHT: Timestamp = Timestamp(1_767_571_200_000_000);
/// Where expectations stand when the runner writes them.
const INDENT: &str = "          ";

/// A story.
pub struct Script {
    pub blocks: Vec<Block>,
    /// Comments after the last block.
    tail: String,
}

/// One line that does something.
pub struct Block {
    pub line: usize,
    pub at: Timestamp,
    /// What is done, word by word; a list with commas is one word.
    pub words: Vec<String>,
    /// The TOML below it.
    pub toml: String,
    /// What should come of it.
    pub expected: Vec<String>,
    /// The block as written up to its expectations, with the comments before it.
    head: String,
}

impl Script {
    /// Reads a story; the error names the line.
    pub fn parse(text: &str) -> Result<Self, String> {
        if !text.starts_with("# ") {
            return Err("1: a story opens with a line \"# what it protects\"".to_owned());
        }
        let (mut blocks, mut before): (Vec<Block>, String) = (Vec::new(), String::new());
        for (number, line) in (1..).zip(text.lines()) {
            let written = format!("{line}\n");
            let trimmed = line.trim();
            if trimmed.is_empty() || trimmed.starts_with('#') {
                before += &written;
                continue;
            }
            if !line.starts_with(' ') {
                blocks.push(Block::parse(number, line, std::mem::take(&mut before) + &written)?);
                continue;
            }
            let block = blocks.last_mut().ok_or(format!("{number}: nothing has been done yet"))?;
            match trimmed.strip_prefix('|') {
                Some(toml) => {
                    block.toml += &format!("{toml}\n");
                    block.head += &written;
                }
                None => block.expected.push(single_spaced(trimmed)),
            }
        }
        Ok(Self { blocks, tail: before })
    }

    /// The story with these blocks instead.
    pub fn written(blocks: &[(String, Vec<String>)], tail: &str) -> String {
        let block = |(head, happened): &(String, Vec<String>)| {
            let lines: String = happened.iter().map(|line| format!("{INDENT}{line}\n")).collect();
            format!("{head}{lines}")
        };
        blocks.iter().map(block).collect::<String>() + tail
    }

    pub fn tail(&self) -> &str {
        &self.tail
    }
}

impl Block {
    fn parse(line: usize, text: &str, head: String) -> Result<Self, String> {
        let (at, words) = text.split_once(' ').ok_or(format!("{line}: a time without anything done"))?;
        let at = parse_time(at).ok_or(format!("{line}: {at:?} is no time; write 09:00:05 or 09:00:05.250"))?;
        let words = in_words(words);
        Ok(Self { line, at, words, toml: String::new(), expected: Vec::new(), head })
    }

    pub fn head(&self) -> &str {
        &self.head
    }
}

fn in_words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for part in text.split_whitespace() {
        match words.last_mut().filter(|word| word.ends_with(',')) {
            Some(list) => list.push_str(part),
            None => words.push(part.to_owned()),
        }
    }
    words
}

/// The text with every run of blanks as one.
pub fn single_spaced(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// `09:00:05` or `09:00:05.250`; hours beyond 23 are the days after.
pub fn parse_time(text: &str) -> Option<Timestamp> {
    let (clock, millis) = text.split_once('.').unwrap_or((text, "0"));
    let parts: Vec<i64> = clock.split(':').map(|part| part.parse().ok()).collect::<Option<_>>()?;
    let [hours, minutes, seconds] = parts[..] else { return None };
    let millis: i64 = millis.parse().ok()?;
    Some(MIDNIGHT + Span::from_millis(((hours * 60 + minutes) * 60 + seconds) * 1_000 + millis))
}

/// The inverse of [`parse_time`].
pub fn written_time(at: Timestamp) -> String {
    let millis = (at - MIDNIGHT).as_millis();
    let (seconds, millis) = (millis / 1_000, millis % 1_000);
    let clock = format!("{:02}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60);
    if millis == 0 { clock } else { format!("{clock}.{millis:03}") }
}

/// `250ms`, `20s`, `5m` or `2h`.
pub fn parse_span(text: &str) -> Option<Span> {
    let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit())?);
    let number: i64 = number.parse().ok()?;
    match unit {
        "ms" => Some(Span::from_millis(number)),
        "s" => Some(Span::from_secs(number)),
        "m" => Some(Span::from_secs(number * 60)),
        "h" => Some(Span::from_secs(number * 3_600)),
        _ => None,
    }
}
