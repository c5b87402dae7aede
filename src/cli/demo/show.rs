//! The live view: what arrives, who takes it and how long it waited.
//!
//! Invariant: at most twelve lines a second, so many of each kind; without a terminal no colours, no cursor
//! movement and fewer lines. A line has at most 80 columns. A screen that cannot be written to is no reason to stop. Not here: figures; the status
//! line's numbers are for the eye, the summary's come from the ledger.

use std::{
    io::{self, IsTerminal, Write},
    time::{Duration, Instant},
};

use crate::{
    cli::output::shorten::shorten,
    sim::{bank::Agent, workload::Contact},
};

use super::clock::{hms, ms};

/// Columns for a customer's words.
const TEXT_COLUMNS: usize = 26;
/// Columns for a moment's name.
const NAME_COLUMNS: usize = 11;

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
    moments: Budget,
    reached: Budget,
    taken: Budget,
    left: Budget,
    status: Option<String>,
}

/// Who took a contact.
#[derive(Debug, Clone, Copy)]
pub struct Taken<'a> {
    /// The agent.
    pub agent: &'a Agent,
    /// After so long in the played day.
    pub waited: Duration,
    /// Whether it is a moment of truth.
    pub is_moment: bool,
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
        Self {
            style,
            came: budget(2.0),
            moments: budget(2.0),
            reached: budget(2.0),
            taken: budget(4.0),
            left: budget(2.0),
            status: None,
        }
    }

    /// Whether there is a status line to keep up to date.
    pub fn is_live(&self) -> bool {
        matches!(self.style, Style::Terminal { .. })
    }

    /// A contact has come.
    pub fn arrived(&mut self, at: Duration, contact: &Contact) {
        if self.came.take() {
            let tag = contact.message.language.tag();
            let text = shorten(&contact.message.text, TEXT_COLUMNS);
            self.line(at, "2", &about("came", contact, &format!("{:<11}{tag:<8}“{text}”", contact.queue)));
        }
    }

    /// A contact is a moment of truth, by this name and with this head start.
    pub fn moment(&mut self, at: Duration, contact: &Contact, name: &str, head_start: Duration) {
        if self.moments.take() {
            let (name, text) = (shorten(name, NAME_COLUMNS), shorten(&contact.message.text, TEXT_COLUMNS));
            let (width, gives) = (NAME_COLUMNS + 1, format!("+{}", ms(head_start)));
            self.line(at, "1;35", &about("MOMENT", contact, &format!("{name:<width$}{gives:<7}“{text}”")));
        }
    }

    /// An agent has taken it.
    pub fn taken(&mut self, at: Duration, contact: &Contact, taken: &Taken<'_>) {
        let Taken { agent, waited, is_moment } = *taken;
        let budget = if is_moment { &mut self.reached } else { &mut self.taken };
        if budget.take() {
            let by = format!("{:<11}{} after {}", contact.queue, agent.id, ms(waited));
            match is_moment {
                true => self.line(at, "35", &about("taken", contact, &format!("{by}, empathy {}", agent.empathy()))),
                false => self.line(at, "32", &about("taken", contact, &by)),
            }
        }
    }

    /// The customer has left.
    pub fn left(&mut self, at: Duration, contact: &Contact) {
        if self.left.take() {
            self.line(at, "33", &about("left", contact, &format!("{:<11}unanswered", contact.queue)));
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
        self.line(at, "31", &format!("  cut    {agent}'s connection, without a goodbye; it is resumed"));
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

/// What happened to a contact, in a line.
fn about(what: &str, contact: &Contact, more: &str) -> String {
    let (number, channel) = (contact.number, contact.channel.name);
    format!("  {what:<6} #{number:<5}{channel:<10}{more}")
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
