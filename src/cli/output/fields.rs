//! One thing, a fact a line.
//!
//! Invariant: a fact that is not there has no line.

use unicode_width::UnicodeWidthStr;

use super::style::Style;

/// Facts in the order in which they were told.
#[derive(Debug, Clone, Default)]
pub struct Fields {
    lines: Vec<(&'static str, String)>,
}

impl Fields {
    /// A fact, unless it is empty.
    pub fn tell(&mut self, name: &'static str, value: impl Into<String>) -> &mut Self {
        let value = value.into();
        if !value.is_empty() {
            self.lines.push((name, value));
        }
        self
    }

    /// As text: names in one column, values in the other.
    pub fn render(&self, style: Style) -> String {
        let width = self.lines.iter().map(|(name, _)| name.width()).max().unwrap_or_default();
        let line = |(name, value): &(&'static str, String)| {
            let blank = " ".repeat(width - name.width());
            let indent = format!("\n{}", " ".repeat(width + 2));
            format!("{}{blank}  {}\n", style.dim(name), value.replace('\n', &indent))
        };
        self.lines.iter().map(line).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_that_are_not_there_have_no_line() {
        let mut fields = Fields::default();
        fields.tell("agent", "ana").tell("name", "").tell("work", "c1\nc2");
        assert_eq!(fields.render(Style::new(false)), "agent  ana\nwork   c1\n       c2\n");
    }
}
