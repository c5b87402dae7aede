//! What is looked at: which pane, in which order, of which queues; and the keys that change it.
//!
//! Invariant: pure; a key changes the view and nothing else. Not here: what the panes show (`panes`).

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// So far PageUp and PageDown go.
const PAGE: usize = 10;

/// The panes, in the order of Tab.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pane {
    /// All queues.
    Queues,
    /// Moments of truth.
    Moments,
    /// Contacts that wait.
    Waiting,
    /// Agents.
    Agents,
    /// Alerts.
    Alerts,
}

impl Pane {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Queues, Self::Moments, Self::Waiting, Self::Agents, Self::Alerts];

    /// The orders in which its rows may stand; the first is the usual one.
    pub fn orders(self) -> &'static [Order] {
        match self {
            Self::Queues => &[Order::Longest, Order::Most, Order::Name],
            Self::Moments | Self::Waiting => &[Order::Longest, Order::Name],
            Self::Agents => &[Order::Presence, Order::Most, Order::Name],
            Self::Alerts => &[Order::Latest],
        }
    }
}

/// How rows stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Who waits the longest first.
    Longest,
    /// With the most first: contacts that wait, or work.
    Most,
    /// By name or id.
    Name,
    /// Those at work first, then those who are free, away, gone.
    Presence,
    /// What happened last first.
    Latest,
}

impl Order {
    /// In words, after the title.
    pub fn words(self) -> &'static str {
        match self {
            Self::Longest => "longest wait first",
            Self::Most => "most first",
            Self::Name => "by name",
            Self::Presence => "by presence",
            Self::Latest => "latest first",
        }
    }
}

/// What is looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// The pane that keys are for.
    pub focus: Pane,
    /// Whether it has the screen for itself.
    pub zoomed: bool,
    /// Whether the keys are explained.
    pub help: bool,
    /// Only queues with this in their name, their contacts, and agents at work for them; empty = all.
    pub filter: String,
    /// Whether the filter is being typed.
    pub typing: bool,
    /// By pane: the first row that is shown. Drawing brings it back to where there are rows.
    pub first: [usize; 5],
    sorted: [usize; 5],
}

/// Whether to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Draw again.
    Draw,
    /// Leave.
    Quit,
}

impl View {
    /// Of everything, or of queues with this in their names.
    pub fn new(filter: String) -> Self {
        let (first, sorted) = ([0; 5], [0; 5]);
        Self { focus: Pane::Queues, zoomed: false, help: false, filter, typing: false, first, sorted }
    }

    /// How a pane's rows stand.
    pub fn order(&self, pane: Pane) -> Order {
        let orders = pane.orders();
        orders[self.sorted[pane as usize] % orders.len()]
    }

    /// Takes a key.
    pub fn press(&mut self, key: KeyEvent) -> Next {
        if key.modifiers.contains(KeyModifiers::CONTROL) && key.code == KeyCode::Char('c') {
            return Next::Quit;
        }
        if self.typing {
            self.type_in(key.code);
            return Next::Draw;
        }
        match key.code {
            KeyCode::Char('q') => return Next::Quit,
            // Steps back from whatever was opened last.
            KeyCode::Esc if self.help => self.help = false,
            KeyCode::Esc if self.zoomed => self.zoomed = false,
            KeyCode::Esc => self.filter.clear(),
            KeyCode::Char('?' | 'h') => self.help = !self.help,
            KeyCode::Char('f' | '/') => self.typing = true,
            KeyCode::Char('s') => self.sorted[self.focus as usize] += 1,
            KeyCode::Enter | KeyCode::Char('z') => self.zoomed = !self.zoomed,
            KeyCode::Tab | KeyCode::Right => self.turn(1),
            KeyCode::BackTab | KeyCode::Left => self.turn(Pane::ALL.len() - 1),
            KeyCode::Down | KeyCode::Char('j') => self.scroll(|first| first + 1),
            KeyCode::Up | KeyCode::Char('k') => self.scroll(|first| first.saturating_sub(1)),
            KeyCode::PageDown | KeyCode::Char(' ') => self.scroll(|first| first + PAGE),
            KeyCode::PageUp => self.scroll(|first| first.saturating_sub(PAGE)),
            KeyCode::Home => self.scroll(|_| 0),
            KeyCode::End => self.scroll(|_| usize::MAX / 2),
            _ => {}
        }
        Next::Draw
    }

    fn type_in(&mut self, code: KeyCode) {
        match code {
            KeyCode::Enter => self.typing = false,
            KeyCode::Esc => {
                self.typing = false;
                self.filter.clear();
            }
            KeyCode::Backspace => drop(self.filter.pop()),
            KeyCode::Char(letter) => self.filter.push(letter),
            _ => {}
        }
    }

    fn turn(&mut self, by: usize) {
        self.focus = Pane::ALL[(self.focus as usize + by) % Pane::ALL.len()];
    }

    fn scroll(&mut self, to: impl FnOnce(usize) -> usize) {
        let first = &mut self.first[self.focus as usize];
        *first = to(*first);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn press(view: &mut View, keys: &[KeyCode]) -> Next {
        keys.iter().fold(Next::Draw, |_, code| view.press(KeyEvent::new(*code, KeyModifiers::NONE)))
    }

    #[test]
    fn keys_move_sort_and_filter() {
        let mut view = View::new(String::new());
        press(&mut view, &[KeyCode::Tab, KeyCode::Tab, KeyCode::Char('s'), KeyCode::Down, KeyCode::Down, KeyCode::Up]);
        assert_eq!((view.focus, view.order(Pane::Waiting), view.first), (Pane::Waiting, Order::Name, [0, 0, 1, 0, 0]));
        press(&mut view, &[KeyCode::Char('s'), KeyCode::BackTab, KeyCode::Left, KeyCode::Left]);
        assert_eq!((view.focus, view.order(Pane::Waiting)), (Pane::Alerts, Order::Longest));

        // What is typed is a name, also q.
        let typed = ['f', 'q', 'x'].map(KeyCode::Char);
        assert_eq!(press(&mut view, &typed), Next::Draw);
        assert_eq!(press(&mut view, &[KeyCode::Backspace, KeyCode::Enter]), Next::Draw);
        assert_eq!((view.filter.as_str(), view.typing), ("q", false));
        press(&mut view, &[KeyCode::Enter, KeyCode::Esc]);
        assert_eq!((view.zoomed, view.filter.as_str()), (false, "q"), "the first Esc leaves the zoom");
        press(&mut view, &[KeyCode::Esc]);
        assert_eq!(view.filter, "");
        assert_eq!(press(&mut view, &[KeyCode::Char('q')]), Next::Quit);
    }

    #[test]
    fn ctrl_c_leaves_from_everywhere() {
        let mut view = View::new(String::new());
        press(&mut view, &[KeyCode::Char('f')]);
        assert_eq!(view.press(KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL)), Next::Quit);
    }
}
