//! A normalised text without the marks of its letters, for patterns that are written without them.
//!
//! Invariant: token by token the same as the text that it was made of. Not here: which languages need it
//! (`Language::has_plain_patterns`).

use unicode_normalization::UnicodeNormalization;

use super::normalise::Normal;

/// The text; kept and used again.
#[derive(Debug, Default)]
pub struct Plain {
    text: String,
    /// Where each token ends.
    ends: Vec<u32>,
}

impl Plain {
    /// Takes in a text.
    pub fn read(&mut self, normal: &Normal) {
        self.text.clear();
        self.ends.clear();
        let mut from = 0;
        for token in &normal.tokens {
            let to = token.end as usize;
            self.text.extend(normal.text[from..to].chars().map(plain));
            self.ends.push(self.text.len() as u32);
            from = to;
        }
        self.text.extend(normal.text[from..].chars().map(plain));
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The token in which a byte of the text lies.
    pub fn token_at(&self, byte: usize) -> usize {
        self.ends.partition_point(|end| (*end as usize) <= byte)
    }
}

fn plain(char: char) -> char {
    match char {
        _ if char.is_ascii() => char,
        'ł' => 'l',
        '\u{c0}'..='\u{24f}' => std::iter::once(char).nfd().next().unwrap_or(char),
        _ => char,
    }
}

#[cfg(test)]
mod tests {
    use super::{super::language::Language, *};

    #[test]
    fn every_token_stands_where_it_stood() {
        let (mut normal, mut plain) = (Normal::default(), Plain::default());
        normal.read("Jeśli nie zwrócicie, pójdę… Źle! 🙁", Language::Pl, |_| false);
        plain.read(&normal);
        assert_eq!(plain.text().trim(), "jesli nie zwrocicie , pojde . zle ! 🙁");
        for (at, token) in normal.tokens.iter().enumerate() {
            let end = plain.ends[at] as usize;
            assert_eq!((plain.token_at(end - 1), normal.token_at(token.end as usize - 1)), (at, at));
        }
    }
}
