//! Rows in columns.
//!
//! Invariant: columns line up whatever the script; a table is no wider than the terminal as long as its wide columns
//! have anything to give. Without a terminal nothing is shortened.

use unicode_width::UnicodeWidthStr;

use super::{shorten::shorten, style::Style};

/// Between two columns.
const GAP: &str = "  ";
/// A column is not made narrower than this.
const NARROWEST: usize = 8;

/// A table in the making.
#[derive(Debug, Clone)]
pub struct Table {
    columns: Vec<Column>,
    rows: Vec<Vec<String>>,
}

#[derive(Debug, Clone)]
struct Column {
    title: &'static str,
    side: Side,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Left,
    Right,
}

impl Table {
    /// With these columns; a title that begins with `>` is of numbers, which stand on the right.
    pub fn new(titles: &[&'static str]) -> Self {
        let column = |title: &&'static str| match title.strip_prefix('>') {
            Some(title) => Column { title, side: Side::Right },
            None => Column { title, side: Side::Left },
        };
        Self { columns: titles.iter().map(column).collect(), rows: Vec::new() }
    }

    /// One more row, with a cell for each column.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        let cells: Vec<String> = cells.into_iter().collect();
        assert_eq!(cells.len(), self.columns.len(), "a row has a cell for each column");
        self.rows.push(cells);
    }

    /// As text, a line a row, below a line of titles.
    pub fn render(&self, width: Option<usize>, style: Style) -> String {
        let widths = self.widths(width);
        let titles: Vec<String> = self.columns.iter().map(|column| column.title.to_owned()).collect();
        let mut text = format!("{}\n", style.dim(&self.line(&titles, &widths)));
        for row in &self.rows {
            text.push_str(&self.line(row, &widths));
            text.push('\n');
        }
        text
    }

    /// As wide as their widest cells; if that is too wide, the widest give first.
    fn widths(&self, width: Option<usize>) -> Vec<usize> {
        let widest = |at: usize, column: &Column| {
            self.rows.iter().map(|row| row[at].width()).max().unwrap_or(0).max(column.title.width())
        };
        let mut widths: Vec<usize> = self.columns.iter().enumerate().map(|(at, column)| widest(at, column)).collect();
        let gaps = GAP.len() * widths.len().saturating_sub(1);
        let Some(room) = width.map(|width| width.saturating_sub(gaps)) else { return widths };
        while widths.iter().sum::<usize>() > room {
            let texts = self.columns.iter().zip(&mut widths).filter(|(column, _)| column.side == Side::Left);
            match texts.map(|(_, width)| width).max_by_key(|width| **width).filter(|width| **width > NARROWEST) {
                Some(width) => *width -= 1,
                None => break,
            }
        }
        widths
    }

    fn line(&self, cells: &[String], widths: &[usize]) -> String {
        let cell = |((column, cell), width): ((&Column, &String), &usize)| {
            let text = shorten(cell, *width);
            let blank = " ".repeat(width.saturating_sub(text.width()));
            match column.side {
                Side::Left => format!("{text}{blank}"),
                Side::Right => format!("{blank}{text}"),
            }
        };
        let cells: Vec<String> = self.columns.iter().zip(cells).zip(widths).map(cell).collect();
        cells.join(GAP).trim_end().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let mut table = Table::new(&["AGENT", ">LOAD", "NAME"]);
        table.row(["ana", "5", "Ana María Fernández de la Vega"].map(str::to_owned));
        table.row(["b", "100", "李小龙"].map(str::to_owned));
        table
    }

    #[test]
    fn columns_line_up() {
        let expected = "AGENT  LOAD  NAME\nana       5  Ana María Fernández de la Vega\nb       100  李小龙\n";
        assert_eq!(table().render(None, Style::new(false)), expected);
    }

    #[test]
    fn a_narrow_terminal_shortens_the_widest() {
        let narrow = table().render(Some(30), Style::new(false));
        assert!(narrow.lines().all(|line| line.width() <= 30), "{narrow}");
        assert!(narrow.contains("ana       5  Ana María") && narrow.contains('…'), "{narrow}");
        let hopeless = table().render(Some(5), Style::new(false));
        assert!(hopeless.contains("Ana Mar…"), "{hopeless}");
    }
}
