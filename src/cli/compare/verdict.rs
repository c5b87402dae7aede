//! What a difference comes to, in a word or three.
//!
//! Invariant: only what chance would hardly make is good or bad news. Not here: how clear a difference is (`sim::study`).

/// What a difference comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Chance alone may make it.
    Unclear,
    /// Clearly more, which is neither good nor bad by itself.
    More,
    /// Clearly less, which is neither good nor bad by itself.
    Less,
    /// Clearly, and good news.
    Better,
    /// Clearly, and bad news.
    Worse,
}

impl Verdict {
    /// Of a difference that is clear.
    pub fn of_clear(difference: f64, more_is_better: Option<bool>) -> Self {
        let is_more = difference > 0.0;
        match more_is_better {
            None if is_more => Self::More,
            None => Self::Less,
            Some(more) if more == is_more => Self::Better,
            Some(_) => Self::Worse,
        }
    }

    /// For people.
    pub fn word(self) -> &'static str {
        match self {
            Self::Unclear => "no clear difference",
            Self::More => "more",
            Self::Less => "less",
            Self::Better => "better",
            Self::Worse => "worse",
        }
    }

    /// On a page, in the colour of good and bad news.
    pub fn marked(self) -> String {
        match self {
            Self::Better | Self::Worse => format!("<span class='{word}'>{word}</span>", word = self.word()),
            Self::Unclear | Self::More | Self::Less => self.word().to_owned(),
        }
    }
}
