//! Colours, sparingly: what stands out, what stands back, what is wrong.
//!
//! Invariant: colour never carries what words do not.

/// With or without colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    coloured: bool,
}

impl Style {
    /// With or without.
    pub fn new(coloured: bool) -> Self {
        Self { coloured }
    }

    /// Whether there are colours.
    pub fn is_coloured(self) -> bool {
        self.coloured
    }

    /// Stands out.
    pub fn bold(self, text: &str) -> String {
        self.paint("1", text)
    }

    /// Stands back.
    pub fn dim(self, text: &str) -> String {
        self.paint("2", text)
    }

    /// Is new, or as it should be.
    pub fn good(self, text: &str) -> String {
        self.paint("32", text)
    }

    /// Is wrong.
    pub fn bad(self, text: &str) -> String {
        self.paint("1;31", text)
    }

    fn paint(self, code: &str, text: &str) -> String {
        if self.coloured { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}
