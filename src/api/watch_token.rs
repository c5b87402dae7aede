//! Resume tokens: a place in a tenant's changes, opaque to callers.
//!
//! Invariant: a token names epoch, record and filter (tenant included), so one that cannot be resumed is known for it.

use crate::{journal::Seq, shard::Position};

/// A place, and the filter under which it was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WatchToken {
    /// The place.
    pub position: Position,
    /// A hash of tenant and filter.
    pub filter: u64,
}

impl WatchToken {
    /// As callers carry it.
    pub fn encode(self) -> String {
        let Position { epoch, seq } = self.position;
        format!("w{epoch:016x}{:016x}{:016x}", seq.0, self.filter)
    }

    /// As it came back; `None` if it is no token.
    pub fn decode(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('w').filter(|digits| digits.len() == 48 && digits.is_ascii())?;
        let number = |at: usize| u64::from_str_radix(&digits[at..at + 16], 16).ok();
        let position = Position { epoch: number(0)?, seq: Seq(number(16)?) };
        Some(Self { position, filter: number(32)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_gives_its_place_back_and_nothing_else_is_one() {
        let token = WatchToken { position: Position { epoch: 7, seq: Seq(u64::MAX) }, filter: 9 };
        assert_eq!(WatchToken::decode(&token.encode()), Some(token));
        let text = token.encode();
        for wrong in ["", "w", &text[1..], &text[..48], &format!("{text}0"), &text.replace('f', "g")] {
            assert_eq!(WatchToken::decode(wrong), None, "{wrong:?}");
        }
    }
}
