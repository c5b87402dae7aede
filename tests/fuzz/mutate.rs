//! Bytes and texts made wrong, in the ways in which disks, networks and people make them wrong.

use rand::{RngExt, SeedableRng, rngs::StdRng};

/// Longest piece that is moved, repeated or invented.
const PIECE: usize = 64;
/// Values at which lengths and numbers turn over.
const EDGES: [u64; 9] = [0, 1, 0x7f, 0x80, 0xff, 0xffff, u32::MAX as u64, i64::MAX as u64, u64::MAX];

/// A source of mistakes.
pub struct Mutator {
    random: StdRng,
}

impl Mutator {
    pub fn new(seed: u64) -> Self {
        Self { random: StdRng::seed_from_u64(seed) }
    }

    pub fn below(&mut self, end: usize) -> usize {
        if end == 0 { 0 } else { self.random.random_range(0..end) }
    }

    pub fn chance(&mut self, of: usize) -> bool {
        self.below(of) == 0
    }

    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }

    pub fn bytes(&mut self, most: usize) -> Vec<u8> {
        let length = self.below(most + 1);
        (0..length).map(|_| self.random.random()).collect()
    }

    /// Makes a mistake, and maybe more; `other` is what pieces come from.
    pub fn bytes_of(&mut self, bytes: &mut Vec<u8>, other: &[u8]) {
        self.mistake(bytes, other);
        while self.chance(3) {
            self.mistake(bytes, other);
        }
    }

    fn mistake(&mut self, bytes: &mut Vec<u8>, other: &[u8]) {
        let at = self.below(bytes.len());
        match self.below(10) {
            0 | 1 => self.flip(bytes),
            2 => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = *EDGES.map(|edge| edge as u8).get(self.random.random_range(0..5)).unwrap_or(&0);
                }
            }
            3 => bytes.truncate(at),
            4 => {
                let end = (at + self.below(PIECE)).min(bytes.len());
                bytes.drain(at..end);
            }
            5 => {
                let piece = self.piece(bytes);
                let to = self.below(bytes.len() + 1);
                bytes.splice(to..to, piece);
            }
            6 => {
                let piece = self.piece(other);
                let end = (at + piece.len()).min(bytes.len());
                bytes.splice(at..end, piece);
            }
            7 => {
                let piece = self.bytes(PIECE);
                bytes.splice(at..at, piece);
            }
            8 => self.number(bytes),
            _ => {
                let to = self.below(bytes.len());
                if !bytes.is_empty() {
                    bytes.swap(at, to);
                }
            }
        }
    }

    /// Flips one bit.
    pub fn flip(&mut self, bytes: &mut [u8]) {
        let at = self.below(bytes.len());
        let bit = self.below(8);
        if let Some(byte) = bytes.get_mut(at) {
            *byte ^= 1 << bit;
        }
    }

    /// Writes a number where one may be: of four or eight bytes, or as protobuf does.
    fn number(&mut self, bytes: &mut Vec<u8>) {
        let value = match self.below(3) {
            0 => self.random.random(),
            1 => self.random.random_range(0..1_000),
            _ => *self.pick(&EDGES),
        };
        let number = match self.below(3) {
            0 => (value as u32).to_le_bytes().to_vec(),
            1 => value.to_le_bytes().to_vec(),
            _ => varint(value),
        };
        let at = match self.below(2) {
            0 => self.below(bytes.len()),
            _ => self.below(bytes.len()) / 4 * 4,
        };
        let end = (at + number.len()).min(bytes.len());
        bytes.splice(at..end, number);
    }

    fn piece(&mut self, of: &[u8]) -> Vec<u8> {
        let at = self.below(of.len());
        let end = (at + 1 + self.below(PIECE)).min(of.len());
        of.get(at..end).unwrap_or_default().to_vec()
    }

    /// Makes one to four mistakes in a text, of which words are `words`.
    pub fn text_of(&mut self, text: &str, other: &str, words: &[&str]) -> String {
        let mut text = text.to_owned();
        for _ in 0..=self.below(4) {
            text = match self.below(4) {
                0 => self.lines(&text, other),
                1 => {
                    let at = self.boundary(&text);
                    format!("{}{}{}", &text[..at], self.pick(words), &text[at..])
                }
                2 => {
                    let (from, to) = (self.boundary(&text), self.boundary(&text));
                    let (from, to) = (from.min(to), from.max(to).min(from.min(to) + PIECE));
                    let to = (to..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len());
                    format!("{}{}{}", &text[..from], self.pick(words), &text[to..])
                }
                _ => {
                    let mut bytes = text.into_bytes();
                    self.mistake(&mut bytes, other.as_bytes());
                    String::from_utf8_lossy(&bytes).into_owned()
                }
            };
        }
        text
    }

    /// A line away, twice there, or one of another text.
    fn lines(&mut self, text: &str, other: &str) -> String {
        let mut lines: Vec<&str> = text.lines().collect();
        let others: Vec<&str> = other.lines().collect();
        if lines.is_empty() || others.is_empty() {
            return text.to_owned();
        }
        let at = self.below(lines.len());
        match self.below(3) {
            0 => drop(lines.remove(at)),
            1 => lines.insert(at, lines[at]),
            _ => lines.insert(at, others[self.below(others.len())]),
        }
        lines.join("\n")
    }

    fn boundary(&mut self, text: &str) -> usize {
        let at = self.below(text.len() + 1);
        (at..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len())
    }
}

/// A number as protobuf writes it.
pub fn varint(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}
