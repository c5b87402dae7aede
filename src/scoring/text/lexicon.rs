//! What words mean: a language's terms with class and weight, and the patterns of its events, in one automaton.
//!
//! The files are lines of `term, class, weight` and `event, pattern`, separated by tabs; their grammar is in
//! `data/README.md`. Invariant: embedded files are valid (there is a test), so reading them cannot fail at run time. Not
//! here: what stands around a term (`rules`).

use std::collections::{BTreeMap, BTreeSet};

use daachorse::{CharwiseDoubleArrayAhoCorasick, CharwiseDoubleArrayAhoCorasickBuilder};

use super::{
    language::Language,
    normalise::{normal_term, without_marks},
};

/// What a term stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Class {
    /// Anger, contempt, complaint.
    Anger,
    /// Fear, worry.
    Fear,
    /// Sadness, disappointment, hurt.
    Sadness,
    /// Disgust.
    Disgust,
    /// Something bad, without a named feeling.
    Bad,
    /// Joy, praise.
    Joy,
    /// Thanks, politeness.
    Thanks,
    /// Nothing burns.
    Calm,
    /// It must be now.
    Urgency,
    /// Danger to life or health.
    Safety,
    /// Lost, stolen, gone.
    Loss,
    /// Not for the first time.
    Repeat,
    /// It will be told in public.
    Public,
    /// Courts, regulators, police.
    Legal,
    /// The customer leaves.
    Churn,
    /// Past, solved or only supposed: nothing burns in that sentence.
    Aside,
    /// Turns what stands near it.
    Negator,
    /// Strengthens what follows.
    Booster,
    /// Weakens what follows.
    Damper,
    /// What comes after it counts more.
    Contrast,
}

impl Class {
    /// Those that carry meaning of their own, before the four that change others'.
    pub const MEANINGS: usize = 16;

    const NAMES: [(&'static str, Self); 20] = [
        ("anger", Self::Anger),
        ("fear", Self::Fear),
        ("sadness", Self::Sadness),
        ("disgust", Self::Disgust),
        ("bad", Self::Bad),
        ("joy", Self::Joy),
        ("thanks", Self::Thanks),
        ("calm", Self::Calm),
        ("urgency", Self::Urgency),
        ("safety", Self::Safety),
        ("loss", Self::Loss),
        ("repeat", Self::Repeat),
        ("public", Self::Public),
        ("legal", Self::Legal),
        ("churn", Self::Churn),
        ("aside", Self::Aside),
        ("negator", Self::Negator),
        ("booster", Self::Booster),
        ("damper", Self::Damper),
        ("contrast", Self::Contrast),
    ];

    fn named(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(known, _)| *known == name).map(|(_, class)| *class)
    }

    /// Its name in files and answers.
    pub fn name(self) -> &'static str {
        Self::NAMES[self as usize].0
    }

    /// Whether it has no meaning but for others.
    pub fn is_rule(self) -> bool {
        matches!(self, Self::Negator | Self::Booster | Self::Damper | Self::Contrast)
    }

    /// A bad feeling or a bad state of affairs.
    pub fn is_negative(self) -> bool {
        matches!(self, Self::Anger | Self::Fear | Self::Sadness | Self::Disgust | Self::Bad)
    }

    /// Joy, thanks, calm.
    pub fn is_positive(self) -> bool {
        matches!(self, Self::Joy | Self::Thanks | Self::Calm)
    }
}

/// A term's meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Meaning {
    /// Its class.
    pub class: Class,
    /// 1-5.
    pub weight: u8,
}

/// Where an alternative of a pattern counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// Which pattern.
    pub pattern: u16,
    /// Which of its groups, as a bit.
    pub group: u8,
}

/// An event's pattern: all groups of a sentence but the forbidden ones.
#[derive(Debug, Clone, Copy)]
pub struct Pattern {
    /// The event.
    pub event: u16,
    /// Groups that must be there, as bits.
    pub wanted: u8,
    /// Groups that must not.
    pub forbidden: u8,
}

/// What a string of the automaton stands for.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// A term.
    pub meaning: Option<Meaning>,
    /// Alternatives of patterns.
    pub parts: Vec<Part>,
}

/// Something known, where it stands in a normalised text.
#[derive(Debug, Clone, Copy)]
pub struct Occurrence<'a> {
    /// Its first byte.
    pub start: usize,
    /// Its end, exclusive.
    pub end: usize,
    /// Its number in the lexicon.
    pub number: u32,
    /// What it stands for.
    pub found: &'a Found,
}

/// One language's words.
pub struct Lexicon {
    automaton: CharwiseDoubleArrayAhoCorasick<u32>,
    found: Vec<Found>,
    patterns: Vec<Pattern>,
    events: Vec<String>,
    words: BTreeSet<String>,
}

/// What is wrong with a language file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct FileError {
    /// Counted from 1.
    pub line: usize,
    /// What, and what would be right.
    pub problem: String,
}

impl Lexicon {
    /// Reads a language's two files.
    pub fn read(language: Language, terms: &str, events: &str) -> Result<Self, FileError> {
        let mut building = Building { language, strings: BTreeMap::new(), found: Vec::new(), words: BTreeSet::new() };
        for (line, fields) in lines(terms) {
            building.term(&fields).map_err(|problem| FileError { line, problem })?;
        }
        let (mut patterns, mut names) = (Vec::new(), Vec::<String>::new());
        for (line, fields) in lines(events) {
            let [event, pattern] = fields[..] else {
                return Err(FileError {
                    line,
                    problem: "must be an event and a pattern, separated by a tab".to_owned(),
                });
            };
            let known = names.iter().position(|name| name == event);
            let event = known.unwrap_or_else(|| {
                names.push(event.to_owned());
                names.len() - 1
            });
            let number = u16::try_from(patterns.len()).expect("a file has fewer than 65,536 patterns");
            let pattern = building.pattern(number, event as u16, pattern);
            patterns.push(pattern.map_err(|problem| FileError { line, problem })?);
        }
        let Building { strings, found, words, .. } = building;
        let automaton = CharwiseDoubleArrayAhoCorasickBuilder::new()
            .build_with_values(strings)
            .map_err(|error| FileError { line: 0, problem: error.to_string() })?;
        Ok(Self { automaton, found, patterns, events: names, words })
    }

    /// Everything known in a normalised text, in the order of ends; it may overlap.
    pub fn find<'a>(&'a self, text: &'a str) -> impl Iterator<Item = Occurrence<'a>> + 'a {
        self.automaton.find_overlapping_iter(text).map(move |hit| {
            let bytes = text.as_bytes();
            let start = hit.start() + usize::from(bytes[hit.start()] == b' ');
            let end = hit.end() - usize::from(bytes[hit.end() - 1] == b' ');
            Occurrence { start, end, number: hit.value(), found: &self.found[hit.value() as usize] }
        })
    }

    /// The patterns.
    pub fn patterns(&self) -> &[Pattern] {
        &self.patterns
    }

    /// An event's name.
    pub fn event(&self, number: u16) -> &str {
        &self.events[usize::from(number)]
    }

    /// All events it can name.
    pub fn events(&self) -> &[String] {
        &self.events
    }

    /// Whether a word stands in the lexicon as it is.
    pub fn is_known(&self, word: &str) -> bool {
        self.words.contains(word)
    }

    /// How many terms there are.
    pub fn terms(&self) -> usize {
        self.found.iter().filter(|found| found.meaning.is_some()).count()
    }
}

fn lines(text: &str) -> impl Iterator<Item = (usize, Vec<&str>)> {
    let numbered = (1..).zip(text.lines());
    let written = numbered.filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'));
    written.map(|(number, line)| (number, line.split('\t').map(str::trim).collect()))
}

struct Building {
    language: Language,
    strings: BTreeMap<String, u32>,
    found: Vec<Found>,
    words: BTreeSet<String>,
}

impl Building {
    fn term(&mut self, fields: &[&str]) -> Result<(), String> {
        let (term, class, weight, plain) = match *fields {
            [term, class, weight] => (term, class, weight, false),
            [term, class, weight, "plain"] => (term, class, weight, true),
            _ => {
                return Err("must be a term, a class and a weight, separated by tabs, and perhaps \"plain\"".to_owned());
            }
        };
        let class = Class::named(class).ok_or_else(|| format!("there is no class {class:?}"))?;
        let weight = weight.parse().ok().filter(|weight| (1..=5).contains(weight));
        let weight = weight.ok_or("the weight must be 1 to 5")?;
        let meaning = Meaning { class, weight };
        for string in self.strings_of(term, plain)? {
            let at = self.number(string);
            // The first of two entries stands.
            self.found[at].meaning.get_or_insert(meaning);
        }
        Ok(())
    }

    fn pattern(&mut self, number: u16, event: u16, pattern: &str) -> Result<Pattern, String> {
        let (mut wanted, mut forbidden) = (0, 0);
        for (group, written) in pattern.split('&').enumerate() {
            let bit = 1u8.checked_shl(group as u32).filter(|_| group < 8).ok_or("at most 8 groups")?;
            let written = written.trim();
            let alternatives = written.strip_prefix('!');
            *(if alternatives.is_some() { &mut forbidden } else { &mut wanted }) |= bit;
            for alternative in alternatives.unwrap_or(written).split('|').map(|one| one.trim().trim_start_matches('!'))
            {
                for string in self.strings_of(alternative, true)? {
                    let at = self.number(string);
                    let part = Part { pattern: number, group: bit };
                    if !self.found[at].parts.contains(&part) {
                        self.found[at].parts.push(part);
                    }
                }
            }
        }
        if wanted == 0 {
            return Err("a pattern must ask for something".to_owned());
        }
        Ok(Pattern { event, wanted, forbidden })
    }

    /// A term as the automaton looks for it: with a space where a word must begin or end.
    fn strings_of(&mut self, term: &str, plain: bool) -> Result<Vec<String>, String> {
        let (written, is_stem) = match term.strip_suffix('*') {
            Some(stem) => (stem.trim_end(), true),
            None => (term, false),
        };
        let normal = normal_term(written, self.language);
        if !normal.chars().any(|char| char.is_alphanumeric() || char as u32 >= 0x2190) {
            return Err(format!("{term:?} has neither letters nor a sign"));
        }
        let mut forms = vec![normal];
        if plain {
            let bare = without_marks(&forms[0]);
            if !forms.contains(&bare) {
                forms.push(bare);
            }
        }
        for form in &forms {
            self.words.extend(form.split(' ').filter(|word| has_double(word)).map(str::to_owned));
        }
        let is_han =
            self.language == Language::Zh && forms[0].chars().any(|char| !char.is_ascii() && char.is_alphabetic());
        let framed = |form: String| match (is_han, is_stem) {
            (true, _) => form,
            (false, true) => format!(" {form}"),
            (false, false) => format!(" {form} "),
        };
        Ok(forms.into_iter().map(framed).collect())
    }

    fn number(&mut self, string: String) -> usize {
        let next = self.found.len();
        let number = *self.strings.entry(string).or_insert(next as u32) as usize;
        if number == next {
            self.found.push(Found::default());
        }
        number
    }
}

fn has_double(word: &str) -> bool {
    word.chars().zip(word.chars().skip(1)).any(|(first, second)| first == second)
}
