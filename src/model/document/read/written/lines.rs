//! From a place in a text, in bytes, to its line and column.

use super::Position;

/// Where the lines of a text begin.
pub(super) struct Lines(Vec<usize>);

impl Lines {
    pub fn of(text: &str) -> Self {
        let ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        Self(std::iter::once(0).chain(ends.map(|(at, _)| at + 1)).collect())
    }

    /// The position of a byte; the column is counted in bytes, which costs the same on a line of any length.
    pub fn position(&self, byte: usize) -> Position {
        let line = self.0.partition_point(|start| *start <= byte);
        Position { line, column: byte - self.0[line - 1] + 1 }
    }
}
