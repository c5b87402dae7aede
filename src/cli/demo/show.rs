//! The live view: what arrives, who takes it and how long it waited.
//!
//! Invariant: at most ten lines a second, so many of each kind; without a terminal no colours, no cursor
//! movement and fewer lines. A screen that cannot be written to is no reason to stop. Not here: figures; the status
//! line's numbers are for the eye, the summary's come from the ledger.

use std::{
    io::{self, IsTerminal, Write},
    time::{Duration, Instant},
};

use crate::{cli::output::shorten::shorten, sim::workload::Contact};

use super::clock::{hms, ms};

/// Columns for a customer's words.
const TEXT_COLUMNS: usize = 28;

/// How much is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Style {
    Silent,
    Plain,
    Terminal { colours: bool },
}

/// The screen.
#[derive(Debug)]
pub struct Show {
    style: Style,
    came: Budget,
    taken: Budget,
    left: Budget,
    status: Option<String>,
}

/// What the status line says.
#[derive(Debug, Clone, Copy)]
pub struct Status {
    /// Time of day.
    pub at: Duration,
    /// Contacts that wait.
    pub waiting: usize,
    /// Contacts with agents.
    pub engaged: usize,
    /// Contacts an agent has answered.
    pub answered: usize,
    /// Customers who left.
    pub abandoned: usize,
}

/// Lines that may still be shown.
#[derive(Debug)]
struct Budget {
    per_second: f64,
    left: f64,
    counted_at: Instant,
}

impl Show {
    /// Nothing is shown.
    pub fn silent() -> Self {
        Self::new(Style::Silent)
    }

    /// On standard output, as it takes it: colours unless NO_COLOR says otherwise (no-color.org).
    pub fn on_stdout() -> Self {
        let colours = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        let style = if io::stdout().is_terminal() { Style::Terminal { colours } } else { Style::Plain };
        Self::new(style)
    }

    fn new(style: Style) -> Self {
        let share = if style == Style::Plain { 0.5 } else { 1.0 };
        let budget = |per_second: f64| Budget::new(per_second * share);
        Self { style, came: budget(3.0), taken: budget(5.0), left: budget(2.0), status: None }
    }

    /// Whether there is a status line to keep up to date.
    pub fn is_live(&self) -> bool {
        matches!(self.style, Style::Terminal { .. })
    }

    /// A contact has come.
    pub fn arrived(&mut self, at: Duration, contact: &Contact) {
        if self.came.take() {
            self.line(at, "2", &about("came", contact, ""));
        }
    }

    /// An agent has taken it.
    pub fn taken(&mut self, at: Duration, contact: &Contact, agent: &str, waited: Duration) {
        if self.taken.take() {
            self.line(at, "32", &about("taken", contact, &format!("{agent} after {}", ms(waited))));
        }
    }

    /// The customer has left.
    pub fn left(&mut self, at: Duration, contact: &Contact) {
        if self.left.take() {
            self.line(at, "33", &about("left", contact, "unanswered"));
        }
    }

    /// An agent did not answer.
    pub fn rona(&mut self, at: Duration, agent: &str) {
        if self.left.take() {
            self.line(at, "33", &format!("  away   {agent} did not answer"));
        }
    }

    /// An agent's stream is cut.
    pub fn cut(&mut self, at: Duration, agent: &str) {
        self.line(at, "31", &format!("  cut    {agent}'s connection, without a goodbye; the session is resumed"));
    }

    /// Brings the status line up to date.
    pub fn status(&mut self, status: &Status) {
        let Status { at, waiting, engaged, answered, abandoned } = status;
        let text =
            format!("{}  waiting {waiting}  engaged {engaged}  answered {answered}  abandoned {abandoned}", hms(*at));
        match self.style {
            Style::Silent => {}
            Style::Plain => print(&format!("{text}\n")),
            Style::Terminal { .. } => {
                print(&format!("\r\x1b[2K{}", self.coloured("1", &text)));
                self.status = Some(text);
            }
        }
    }

    /// Ends the live view; what follows is ordinary output.
    pub fn end(&mut self) {
        if self.status.take().is_some() {
            print("\r\x1b[2K");
        }
    }

    fn line(&mut self, at: Duration, colour: &str, text: &str) {
        let text = format!("{}{text}", hms(at));
        match self.style {
            Style::Silent => {}
            Style::Plain => print(&format!("{text}\n")),
            Style::Terminal { .. } => {
                let status = self.status.as_deref().unwrap_or_default();
                print(&format!("\r\x1b[2K{}\n{}", self.coloured(colour, &text), self.coloured("1", status)));
            }
        }
    }

    fn coloured(&self, colour: &str, text: &str) -> String {
        match self.style {
            Style::Terminal { colours: true } => format!("\x1b[{colour}m{text}\x1b[0m"),
            _ => text.to_owned(),
        }
    }
}

/// What happened to a contact, in a line that fits 100 columns.
fn about(what: &str, contact: &Contact, outcome: &str) -> String {
    let tag = contact.message.language.tag();
    let text = shorten(&contact.message.text, TEXT_COLUMNS);
    let (number, channel) = (contact.number, contact.channel.name);
    format!("  {what:<6} #{number:<5}{channel:<10}{:<11}{outcome:<20}{tag:<8}“{text}”", contact.queue)
}

fn print(text: &str) {
    let mut out = io::stdout().lock();
    // Nobody may be reading any more; the run goes on.
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

impl Budget {
    fn new(per_second: f64) -> Self {
        Self { per_second, left: per_second, counted_at: Instant::now() }
    }

    /// Takes one line, if there is one left.
    fn take(&mut self) -> bool {
        let now = Instant::now();
        let earned = (now - self.counted_at).as_secs_f64() * self.per_second;
        self.left = (self.left + earned).min(self.per_second.max(1.0));
        self.counted_at = now;
        let enough = self.left >= 1.0;
        if enough {
            self.left -= 1.0;
        }
        enough
    }
}
