//! One form for all the ways to type the same: what lexicon and model read.
//!
//! The result is words between single spaces (`" my card is gone , help ! "`), Chinese without spaces, each token with
//! where it stood in the text. Case, zero-width characters, stretched letters and repeated sentences leave no trace, so
//! that nobody gains a place in line by them. Invariant: bounded by [`TEXT_CHARS_MAX`] whatever comes; no panic on any
//! text. Not here: what words mean.

use std::{
    hash::{Hash, Hasher},
    sync::LazyLock,
};

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

use super::language::Language;

/// Of a longer text the beginning and the end are read.
pub const TEXT_CHARS_MAX: usize = 4096;
/// So much of the beginning.
const HEAD_CHARS: usize = 3072;
/// Sentences that are told apart from repeated ones.
const SENTENCES_MAX: usize = 256;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A word, or one Han character.
    Word,
    /// The end of a sentence.
    Stop,
    /// A break inside one: a comma, a dash.
    Pause,
    /// An emoji or another sign.
    Sign,
}

/// A token and where it stood.
#[derive(Debug, Clone, Copy)]
pub struct Token {
    /// Bytes of the normalised text.
    pub start: u32,
    /// Its end there, exclusive.
    pub end: u32,
    /// Bytes of the original.
    pub from: u32,
    /// Its end there, exclusive.
    pub to: u32,
    /// What it is.
    pub kind: Kind,
    /// The sentence it belongs to, from 0.
    pub sentence: u32,
}

/// A text in the one form; kept and used again, so that nothing is allocated after warm-up.
#[derive(Debug, Default)]
pub struct Normal {
    /// The text.
    pub text: String,
    /// Its tokens, in order.
    pub tokens: Vec<Token>,
    /// Whether a sentence ended with more than one exclamation or question mark.
    pub is_emphatic: bool,
    /// Sentences.
    pub sentences: u32,
    seen: Vec<u64>,
    sentence_start: usize,
    is_joined: bool,
    word: Stretch,
}

/// A run of equal characters inside a word.
#[derive(Debug, Default)]
struct Stretch {
    last: Option<char>,
    run: usize,
    /// Where in the text a run of three or more was cut to two.
    cut: Option<usize>,
}

/// The first character that may have a simplified form.
const HAN_FIRST: u32 = 0x3400;

/// By character from [`HAN_FIRST`] on, what stands for it; 0 = itself.
static SIMPLIFIED: LazyLock<Vec<u16>> = LazyLock::new(|| {
    let mut table = vec![0; 0xa000 - HAN_FIRST as usize];
    for line in include_str!("data/traditional.txt").lines().filter(|line| !line.starts_with('#')) {
        let mut chars = line.chars();
        let (Some(traditional), Some(simplified)) = (chars.next(), chars.next()) else { continue };
        if let Some(slot) = table.get_mut((traditional as u32).wrapping_sub(HAN_FIRST) as usize) {
            *slot = u16::try_from(simplified as u32).expect("both are of the basic plane");
        }
    }
    table
});

fn simplified(char: char) -> char {
    let found = SIMPLIFIED.get((char as u32).wrapping_sub(HAN_FIRST) as usize).copied().filter(|found| *found != 0);
    found.and_then(|found| char::from_u32(u32::from(found))).unwrap_or(char)
}

impl Normal {
    /// Takes in a text that is read as this language. `is_known` tells whether a word with a doubled letter is one, for
    /// words whose letters were stretched.
    pub fn read(&mut self, original: &str, language: Language, is_known: impl Fn(&str) -> bool) {
        self.text.clear();
        self.tokens.clear();
        self.seen.clear();
        (self.is_emphatic, self.sentences, self.sentence_start, self.is_joined) = (false, 0, 0, false);
        self.word = Stretch::default();
        self.text.push(' ');
        let (head, tail) = capped(original);
        self.read_part(original, head, language, &is_known);
        if let Some(tail) = tail {
            self.end_sentence(&is_known);
            self.read_part(original, tail, language, &is_known);
        }
        self.end_sentence(&is_known);
    }

    fn read_part(
        &mut self,
        original: &str,
        (from, to): (usize, usize),
        language: Language,
        is_known: &impl Fn(&str) -> bool,
    ) {
        let part = &original[from..to];
        let mut chars = part.char_indices().filter(|(_, char)| !is_invisible(*char)).peekable();
        let mut skip_to = 0;
        while let Some((at, char)) = chars.next() {
            if at < skip_to {
                continue;
            }
            let at_word = !self.is_joined;
            if at_word && let Some(length) = masked(&part[at..]) {
                skip_to = at + length;
                continue;
            }
            let here = from + at;
            let has_marks = chars.peek().is_some_and(|(_, next)| is_mark(*next));
            if !has_marks && is_stable(char) {
                self.take(char, here, here + char.len_utf8(), language, is_known);
                continue;
            }
            // A base and its marks are normalised together. Two marks make a letter (ế); more make none.
            let mut marks = [' '; 2];
            let mut count = 0;
            while let Some((_, mark)) = chars.next_if(|(_, next)| is_mark(*next)) {
                if let Some(slot) = marks.get_mut(count) {
                    *slot = mark;
                }
                count += 1;
            }
            let latin = char.is_ascii() || ('\u{c0}'..'\u{250}').contains(&char);
            let kept = if latin && count > 2 { 0 } else { count.min(2) };
            let end = from + chars.peek().map_or(part.len(), |(next, _)| *next);
            for normal in std::iter::once(char).chain(marks[..kept].iter().copied()).nfkc() {
                if !('\u{300}'..='\u{36f}').contains(&normal) {
                    self.take(normal, here, end, language, is_known);
                }
            }
        }
    }

    /// Takes one normalised character.
    fn take(&mut self, char: char, from: usize, to: usize, language: Language, is_known: &impl Fn(&str) -> bool) {
        match char {
            'a'..='z' => self.letter(char, from, to),
            'A'..='Z' => self.letter(char.to_ascii_lowercase(), from, to),
            // All numbers are alike.
            '0'..='9' if self.is_joined && self.text.ends_with('0') => self.extend(to),
            '0'..='9' => self.letter('0', from, to),
            '\'' | '\u{2019}' | '\u{2bc}' | '`' if self.is_joined => self.letter('\'', from, to),
            '\n' | '.' | '!' | '?' | '\u{2026}' | '。' | '।' => {
                self.end_word(is_known);
                self.mark(char, from, to, Kind::Stop);
                self.end_sentence(is_known);
            }
            ',' | ';' | ':' | '(' | ')' | '"' | '、' | '，' | '；' | '：' | '–' | '—' | '“' | '”' | '/' => {
                self.end_word(is_known);
                self.mark(',', from, to, Kind::Pause);
            }
            _ if is_han(char) => {
                self.han(simplified(char), from, to);
            }
            _ if char.is_alphanumeric() || is_mark(char) => {
                if language == Language::En && ('\u{c0}'..'\u{1f00}').contains(&char) && !is_bengali(char) {
                    let base = std::iter::once(char).nfd().next().unwrap_or(char);
                    base.to_lowercase().for_each(|lower| self.letter(lower, from, to));
                } else {
                    char.to_lowercase().for_each(|lower| self.letter(lower, from, to));
                }
            }
            _ if char as u32 >= 0x2190 && !char.is_whitespace() => {
                self.end_word(is_known);
                if !matches!(char, '\u{1f3fb}'..='\u{1f3ff}') {
                    self.mark(char, from, to, Kind::Sign);
                }
            }
            _ => self.end_word(is_known),
        }
    }

    fn letter(&mut self, char: char, from: usize, to: usize) {
        if !self.is_joined {
            self.space();
            self.open(from, Kind::Word);
            self.is_joined = true;
            self.word = Stretch::default();
        }
        self.push_stretched(char, to);
    }

    /// A Han character is a token of its own, and stands next to its neighbours.
    fn han(&mut self, char: char, from: usize, to: usize) {
        if self.is_joined {
            self.is_joined = false;
        }
        let follows = self.text.chars().next_back().is_some_and(is_han);
        if !follows {
            self.space();
            self.word = Stretch::default();
        }
        let run = if self.word.last == Some(char) { self.word.run + 1 } else { 1 };
        (self.word.last, self.word.run) = (Some(char), run);
        if run > 2 {
            return self.extend(to);
        }
        self.open(from, Kind::Word);
        self.text.push(char);
        self.extend(to);
    }

    fn push_stretched(&mut self, char: char, to: usize) {
        let run = if self.word.last == Some(char) { self.word.run + 1 } else { 1 };
        (self.word.last, self.word.run) = (Some(char), run);
        if run <= 2 {
            self.text.push(char);
        } else if run == 3 && char != '0' {
            self.word.cut = Some(self.text.len() - char.len_utf8());
        }
        self.extend(to);
    }

    /// A word that was stretched is the known one with the letter doubled, or else the one with the letter once.
    fn end_word(&mut self, is_known: &impl Fn(&str) -> bool) {
        if !std::mem::take(&mut self.is_joined) {
            return;
        }
        let Some(token) = self.tokens.last() else { return };
        if let Some(cut) = self.word.cut.take()
            && !is_known(&self.text[token.start as usize..])
        {
            self.text.remove(cut);
        }
        // Of the same word three times or more in a row, two stay.
        if is_third(&self.text, &self.tokens) {
            let dropped = self.tokens.pop().expect("there are three");
            self.text.truncate(dropped.start as usize);
            if self.text.ends_with(' ') && self.text.len() > 1 {
                self.text.pop();
            }
            self.extend(dropped.to as usize);
        } else {
            let end = self.text.len();
            self.tokens.last_mut().expect("a word was open").end = end as u32;
        }
    }

    fn mark(&mut self, char: char, from: usize, to: usize, kind: Kind) {
        if let Some(last) = self.tokens.last_mut()
            && last.kind == kind
            && (kind != Kind::Sign || self.text.ends_with(char))
        {
            // Marks in a row are one; so are equal signs.
            self.is_emphatic |= kind == Kind::Stop && matches!(char, '!' | '?') && last.to as usize == from;
            last.to = to as u32;
            return;
        }
        let char = match kind {
            Kind::Stop => {
                if matches!(char, '!' | '?') {
                    char
                } else {
                    '.'
                }
            }
            _ => char,
        };
        self.space();
        self.open(from, kind);
        self.text.push(char);
        self.extend(to);
    }

    fn space(&mut self) {
        if !self.text.ends_with(' ') {
            self.text.push(' ');
        }
    }

    fn open(&mut self, from: usize, kind: Kind) {
        let start = self.text.len() as u32;
        self.tokens.push(Token {
            start,
            end: start,
            from: from as u32,
            to: from as u32,
            kind,
            sentence: self.sentences,
        });
    }

    fn extend(&mut self, to: usize) {
        let end = self.text.len() as u32;
        if let Some(last) = self.tokens.last_mut() {
            (last.end, last.to) = (end, last.to.max(to as u32));
        }
    }

    /// Ends a sentence; one that was said before is dropped.
    fn end_sentence(&mut self, is_known: &impl Fn(&str) -> bool) {
        self.end_word(is_known);
        let first = self.tokens.iter().rposition(|token| token.sentence != self.sentences).map_or(0, |last| last + 1);
        if !self.tokens[first..].iter().any(|token| matches!(token.kind, Kind::Word | Kind::Sign)) {
            return;
        }
        self.space();
        let start = self.tokens[first].start as usize;
        let last_word = self.tokens.iter().rev().find(|token| token.kind != Kind::Stop).expect("it has a word");
        let mut hasher = std::hash::DefaultHasher::new();
        self.text[start..last_word.end as usize].hash(&mut hasher);
        let hash = hasher.finish();
        if self.seen.contains(&hash) {
            self.tokens.truncate(first);
            self.text.truncate(start);
            return;
        }
        if self.seen.len() < SENTENCES_MAX {
            self.seen.push(hash);
        }
        self.sentences += 1;
    }

    /// The token in which a byte of the normalised text lies.
    pub fn token_at(&self, byte: usize) -> usize {
        self.tokens.partition_point(|token| (token.end as usize) <= byte)
    }
}

/// Whether the last word stands there for the third time in a row.
fn is_third(text: &str, tokens: &[Token]) -> bool {
    let [.., first, second, last] = tokens else { return false };
    let word = &text[last.start as usize..];
    let is_same = |token: &Token| token.kind == Kind::Word && &text[token.start as usize..token.end as usize] == word;
    is_same(first) && is_same(second)
}

/// The parts of a text that are read, as ranges of bytes.
fn capped(text: &str) -> ((usize, usize), Option<(usize, usize)>) {
    if text.len() <= TEXT_CHARS_MAX {
        return ((0, text.len()), None);
    }
    let Some((head, _)) = text.char_indices().nth(HEAD_CHARS) else { return ((0, text.len()), None) };
    let tail = text.char_indices().rev().nth(TEXT_CHARS_MAX - HEAD_CHARS - 1).map_or(0, |(at, _)| at);
    if tail <= head { ((0, text.len()), None) } else { ((0, head), Some((tail, text.len()))) }
}

/// How many bytes an address or a name of somebody takes; their letters mean nothing.
fn masked(text: &str) -> Option<usize> {
    let is_name = text.starts_with('@');
    let starts = |prefix: &str| text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
    if !is_name && !starts("http://") && !starts("https://") && !starts("www.") {
        return None;
    }
    Some(text.find(|char: char| char.is_whitespace() || !char.is_ascii()).unwrap_or(text.len()).max(1))
}

/// Most characters stand before the first mark; a table is asked for the others.
fn is_mark(char: char) -> bool {
    char >= '\u{300}' && !is_han(char) && is_combining_mark(char)
}

fn is_invisible(char: char) -> bool {
    !char.is_ascii()
        && matches!(char,
        '\u{ad}' | '\u{34f}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}'
        | '\u{2066}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}

fn is_han(char: char) -> bool {
    matches!(char, '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

fn is_bengali(char: char) -> bool {
    ('\u{980}'..='\u{9ff}').contains(&char)
}

/// Characters that are their own normal form: nearly all that people type.
fn is_stable(char: char) -> bool {
    matches!(char,
        '\0'..='\u{7f}' | '\u{c0}'..='\u{131}' | '\u{134}'..='\u{13e}' | '\u{141}'..='\u{148}' | '\u{14a}'..='\u{17e}'
        | '\u{180}'..='\u{1c3}' | '\u{985}'..='\u{9b9}' | '\u{1ea0}'..='\u{1ef9}' | '\u{4e00}'..='\u{9fff}'
        | '\u{1f300}'..='\u{1faff}')
}

/// A term of a language file in the same form, without the outer spaces.
pub fn normal_term(term: &str, language: Language) -> String {
    let mut normal = Normal::default();
    normal.read(term, language, |_| true);
    normal.text.trim().to_owned()
}

/// The same letters without their marks, as many type Vietnamese and Polish.
pub fn without_marks(text: &str) -> String {
    let base = text.nfd().filter(|char| !('\u{300}'..='\u{36f}').contains(char));
    let plain: String = base
        .map(|char| match char {
            'đ' => 'd',
            'ł' => 'l',
            other => other,
        })
        .collect();
    plain.nfc().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normal(text: &str) -> String {
        let mut normal = Normal::default();
        normal.read(text, Language::En, |word| ["good", "soo"].contains(&word));
        for token in &normal.tokens {
            assert!(token.from < token.to && token.to as usize <= text.len(), "{token:?} of {text:?}");
            assert!(text.is_char_boundary(token.from as usize), "{token:?} of {text:?}");
            assert!(token.start < token.end && token.end as usize <= normal.text.len(), "{token:?} of {text:?}");
        }
        normal.text
    }

    #[test]
    fn all_ways_to_type_the_same_are_one() {
        for typed in [
            "My card is GONE, help!",
            "my  card is gone , help !!!!",
            "m\u{200b}y ca\u{200d}rd is go\u{ad}ne, help!",
            "my caaaard is goneeeee, help!",
            "my card is gone, help! My card is gone, help!",
            "ｍｙ ｃａｒｄ is gone, help!",
            "m\u{300}\u{316}\u{317}\u{318}y card is gone, help!",
        ] {
            assert_eq!(normal(typed), " my card is gone , help ! ", "{typed:?}");
        }
    }

    #[test]
    fn stretched_words_are_the_known_ones() {
        assert_eq!(normal("goooood"), " good ");
        assert_eq!(normal("angryyyy"), " angry ");
        assert_eq!(normal("no no no no no"), " no no ");
    }

    #[test]
    fn numbers_addresses_and_names_are_masked() {
        assert_eq!(normal("see https://example.org/a?b=1 @somebody 12345"), " see 0 ");
    }

    #[test]
    fn traditional_characters_are_read_as_simplified_ones() {
        let mut text = Normal::default();
        text.read("我的卡壞了！救命啊啊啊啊", Language::Zh, |_| false);
        assert_eq!(text.text, " 我的卡坏了 ! 救命啊啊 ");
    }

    #[test]
    fn of_a_long_text_beginning_and_end_are_read() {
        let long = format!("begin {} finish", "x y ".repeat(5000));
        let text = normal(&long);
        assert!(text.starts_with(" begin ") && text.ends_with(" finish "), "{}", text.len());
        assert!(text.len() <= TEXT_CHARS_MAX + 8);
    }
}
