//! A customer's words in a column of the terminal.
//!
//! Invariant: what is cut is cut between characters as people see them, and what is left is no wider than asked for:
//! a Chinese character takes two columns, a Bengali vowel sign belongs to its consonant.

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// The text on one line, in at most so many columns; what was left out is an ellipsis.
pub fn shorten(text: &str, columns: usize) -> String {
    let plain: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let plain: String = plain.chars().filter(|c| !c.is_control()).collect();
    if plain.width() <= columns {
        return plain;
    }
    let mut short = String::new();
    let mut width = 0;
    for character in plain.graphemes(true) {
        width += character.width();
        // One column is for the ellipsis.
        if width >= columns {
            break;
        }
        short.push_str(character);
    }
    short.truncate(short.trim_end().len());
    short.push('…');
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_every_script_fit_their_columns() {
        assert_eq!(shorten("where is\n my card?", 20), "where is my card?");
        assert_eq!(shorten("where is my card?", 10), "where is…");
        assert_eq!(shorten("我的卡被偷了怎么办", 9), "我的卡被…");
        let bengali = shorten("আমার কার্ড হারিয়ে গেছে", 8);
        assert!(bengali.ends_with('…') && bengali.width() <= 8, "{bengali}");
        assert!("আমার কার্ড হারিয়ে গেছে".starts_with(bengali.trim_end_matches('…')), "{bengali}");
        assert_eq!(shorten("\u{1b}[31mred", 20), "[31mred", "a message cannot colour the terminal");
    }
}
