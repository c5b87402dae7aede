//! The wall on a screen: where panes stand, how wide columns are, what stands out.
//!
//! Invariant: pure: cells in a buffer of any size. Every pane has its title at least, as long as there are lines; on
//! screens of [`TWO_COLUMNS`] columns and more panes stand side by side. Text is cut between characters as people see
//! them. Not here: what the rows say (`panes`), the terminal (`terminal`).

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::{Color, Modifier, Style},
};
use unicode_width::UnicodeWidthStr;

use crate::{
    api::pb,
    cli::output::{shorten::shorten, words::counted},
    model::time::Timestamp,
};

use super::{
    panes::{self, Column, Grid, Room, Row, Side, Tone},
    view::{Pane, View},
    wall::{Line, Wall},
};

/// From this width on there are two columns of panes.
const TWO_COLUMNS: u16 = 132;
/// Between two columns of a pane.
const GAP: u16 = 2;
/// A title, the columns' titles and a row.
const FEWEST_LINES: u16 = 3;
/// The lines above the panes.
const HEAD: u16 = 3;

const KEYS: &str = "q quit  tab pane  ↑↓ scroll  enter zoom  s sort  f filter  ? help";
const HELP: &[&str] = &[
    "tab, shift-tab, ← →   the next pane, the one before",
    "↑ ↓, page up, down    scroll; home and end: to the ends",
    "enter                 gives the pane the whole screen, and takes it back",
    "s                     sorts the pane's rows by something else",
    "f                     only queues with this in their name, their contacts, and",
    "                      agents who serve them; enter: done, esc: all again",
    "q, ctrl-c             leaves",
    "",
    "LEVEL    event-timed service level of the last half hour: waits answered within",
    "         the queue's service level, of all answered, left or longer than that",
    "LONGEST  how long the contact waits that waits the longest in the queue",
    "LOAD     what work takes of an agent's capacity",
    "MOMENTS  how many of an agent's last contacts were moments of truth",
    "WHY      what gives a contact its head start, how much that is, and whether",
    "         words or a voice said so",
    "in time  contacts accepted within their queue's service level, of all that",
    "         were accepted or left, since the daemon began",
];

/// What a screen is drawn with.
#[derive(Debug, Clone, Copy)]
pub struct Look<'a> {
    /// Whom and where.
    pub name: &'a str,
    /// Whether there are colours.
    pub coloured: bool,
}

/// Draws the wall at this time of this machine's clock.
pub fn screen(area: Rect, to: &mut Buffer, wall: &Wall, view: &mut View, look: Look<'_>, now: Timestamp) {
    let now = wall.now(now);
    let mut pen = Pen { to, coloured: look.coloured };
    let head = Rect { height: area.height.min(HEAD), ..area };
    pen.head(head, wall, look.name, now);
    let below = area.height - head.height;
    let body = Rect { y: area.y + head.height, height: below.saturating_sub(1), ..area };
    if below > 0 {
        pen.foot(Rect { y: area.bottom() - 1, height: 1, ..area }, view);
    }
    if view.help {
        return pen.help(body);
    }
    let now = told_until(wall, now);
    for (pane, area) in places(body, wall, view, now) {
        let grid = panes::grid(pane, wall, view, now);
        pen.pane(area, pane, &grid, view);
    }
}

/// Until when what is shown is known to be so.
fn told_until(wall: &Wall, now: Timestamp) -> Timestamp {
    match &wall.line {
        Line::Lost { since, .. } => *since,
        Line::Opening | Line::Reading | Line::Live => now,
    }
}

/// Where each pane stands.
fn places(area: Rect, wall: &Wall, view: &View, now: Timestamp) -> Vec<(Pane, Rect)> {
    if view.zoomed {
        return vec![(view.focus, area)];
    }
    let stack = |area: Rect, panes: &[Pane]| {
        let wants: Vec<u16> = panes.iter().map(|pane| wanted(&panes::grid(*pane, wall, view, now))).collect();
        let focus = panes.iter().position(|pane| *pane == view.focus);
        let mut y = area.y;
        let lines = share_out(area.height, &wants, focus);
        let place = |(pane, height): (&Pane, u16)| {
            let place = Rect { y, height, ..area };
            y += height;
            (*pane, place)
        };
        panes.iter().zip(lines).map(place).collect::<Vec<_>>()
    };
    if area.width < TWO_COLUMNS {
        return stack(area, &Pane::ALL);
    }
    let left = Rect { width: (area.width - GAP) / 2, ..area };
    let right = Rect { x: left.right() + GAP, width: area.width - GAP - left.width, ..area };
    let mut places = stack(left, &[Pane::Queues, Pane::Agents]);
    places.extend(stack(right, &[Pane::Moments, Pane::Waiting, Pane::Alerts]));
    places
}

/// Lines that a pane could fill.
fn wanted(grid: &Grid) -> u16 {
    u16::try_from(1 + usize::from(has_titles(grid)) + grid.rows.len()).unwrap_or(u16::MAX)
}

/// Whether its columns say what they are.
fn has_titles(grid: &Grid) -> bool {
    !grid.rows.is_empty() && grid.columns.iter().any(|column| !column.title.is_empty())
}

/// Lines for each pane of a stack: a row for everybody who has one, then one after the other in turn, the pane that is
/// looked at three at a time; nobody gets more than wanted.
fn share_out(lines: u16, wants: &[u16], focus: Option<usize>) -> Vec<u16> {
    let mut left = lines;
    let mut shares = vec![0; wants.len()];
    let mut give = |share: &mut u16, want: u16, most: u16| {
        let more = most.min(want - *share).min(left);
        *share += more;
        left -= more;
        more > 0
    };
    // Titles first: a screen that is too low still says what there is.
    for most in [1, FEWEST_LINES - 1] {
        for (share, want) in shares.iter_mut().zip(wants) {
            give(share, *want, most);
        }
    }
    loop {
        let mut gave = false;
        for (at, (share, want)) in shares.iter_mut().zip(wants).enumerate() {
            gave |= give(share, *want, if focus == Some(at) { 3 } else { 1 });
        }
        if !gave {
            return shares;
        }
    }
}

/// Puts text into cells.
struct Pen<'a> {
    to: &'a mut Buffer,
    coloured: bool,
}

impl Pen<'_> {
    fn head(&mut self, area: Rect, wall: &Wall, name: &str, now: Timestamp) {
        let clock = time_of_day(now);
        let (state, style) = match &wall.line {
            Line::Opening => (format!("opening  {clock}"), Style::new()),
            Line::Reading => (format!("reading how things stand  {clock}"), Style::new()),
            Line::Live => (format!("live  {clock}"), Style::new()),
            Line::Lost { since, .. } => {
                let lasts = panes::span(now - *since);
                (format!(" LOST since {}, {lasts} ", time_of_day(*since)), self.style(Tone::Bad).reversed())
            }
        };
        let width = u16::try_from(state.width()).unwrap_or(u16::MAX);
        let mut lines = rows(area);
        if let Some(line) = lines.next() {
            self.put(line, &format!("attune top  {name}"), self.style(Tone::Strong));
            let width = width.min(line.width);
            self.put(Rect { x: line.right() - width, width, ..line }, &state, style);
        }
        let then = told_until(wall, now);
        let texts = match &wall.line {
            // What is below is of then: say so where one looks first.
            Line::Lost { why, .. } => [
                format!("The daemon is not heard, what follows is of then; trying again. {why}"),
                summary(wall, then)[0].clone(),
            ],
            _ => summary(wall, now),
        };
        for (line, text) in lines.zip(texts) {
            self.put(line, &text, Style::new());
        }
    }

    fn foot(&mut self, line: Rect, view: &View) {
        let text = match (view.typing, view.filter.as_str()) {
            (true, filter) => format!("queues with: {filter}_   enter: done  esc: all"),
            (false, "") => KEYS.to_owned(),
            (false, filter) => format!("only queues with \"{filter}\"  esc all  q quit  tab pane  ? help"),
        };
        self.put(line, &text, self.style(if view.typing { Tone::Strong } else { Tone::Dim }));
    }

    fn help(&mut self, area: Rect) {
        for (line, text) in rows(area).zip(HELP) {
            self.put(line, text, Style::new());
        }
    }

    fn pane(&mut self, area: Rect, pane: Pane, grid: &Grid, view: &mut View) {
        let has_titles = has_titles(grid);
        let room = usize::from(area.height).saturating_sub(1 + usize::from(has_titles));
        let first = &mut view.first[pane as usize];
        *first = (*first).min(grid.rows.len().saturating_sub(room));
        let first = *first;
        let mut lines = rows(area);
        let Some(title) = lines.next() else { return };
        self.title(title, pane, grid, view, (first, room));
        if has_titles && let Some(line) = lines.next() {
            let titles: Vec<String> = grid.columns.iter().map(|column| column.title.to_owned()).collect();
            self.cells(line, grid.columns, &titles, self.style(Tone::Dim));
        }
        for (line, Row { cells, tone }) in lines.zip(grid.rows.iter().skip(first)) {
            self.cells(line, grid.columns, cells, self.style(*tone));
        }
    }

    /// The title with a rule behind it, and which rows there are to be seen.
    fn title(&mut self, line: Rect, pane: Pane, grid: &Grid, view: &View, (first, room): (usize, usize)) {
        let is_focus = pane == view.focus;
        let order =
            if is_focus && !grid.rows.is_empty() { format!(", {}", view.order(pane).words()) } else { String::new() };
        let mark = if is_focus { "▶" } else { " " };
        let title = format!("{mark}{}{order} ", grid.title);
        let last = (first + room).min(grid.rows.len());
        let seen = match grid.rows.len() {
            rows if rows > room => format!(" {}-{last} of {rows}", first + 1),
            _ => String::new(),
        };
        let rule = usize::from(line.width).saturating_sub(title.width() + seen.width());
        let style = if is_focus { self.style(Tone::Strong) } else { Style::new() };
        self.put(line, &format!("{title}{}{seen}", "─".repeat(rule)), style);
    }

    fn cells(&mut self, line: Rect, columns: &[Column], cells: &[String], style: Style) {
        let mut x = line.x + 1;
        for ((column, width), cell) in columns.iter().zip(widths(columns, line.width - 1)).zip(cells) {
            let text = shorten(cell, width.into());
            let blank = match column.side {
                Side::Left => 0,
                Side::Right => width.saturating_sub(u16::try_from(text.width()).unwrap_or(width)),
            };
            self.put(Rect { x: x + blank, width: width - blank, ..line }, &text, style);
            x += width + GAP;
        }
    }

    fn put(&mut self, line: Rect, text: &str, style: Style) {
        let line = line.intersection(self.to.area);
        if line.height > 0 && line.width > 0 {
            self.to.set_stringn(line.x, line.y, shorten_line(text, line.width), line.width.into(), style);
        }
    }

    fn style(&self, tone: Tone) -> Style {
        match tone {
            Tone::Plain => Style::new(),
            Tone::Dim => Style::new().add_modifier(Modifier::DIM),
            Tone::Strong => Style::new().add_modifier(Modifier::BOLD),
            Tone::Bad if self.coloured => Style::new().fg(Color::Red).add_modifier(Modifier::BOLD),
            Tone::Bad => Style::new().add_modifier(Modifier::BOLD),
        }
    }
}

/// The lines of an area.
fn rows(area: Rect) -> impl Iterator<Item = Rect> {
    (area.y..area.bottom()).map(move |y| Rect { y, height: 1, ..area })
}

/// What everything adds up to, in two lines.
fn summary(wall: &Wall, now: Timestamp) -> [String; 2] {
    let totals = wall.totals(now);
    let longest = totals.longest.map(|longest| format!(", longest {}", panes::span(longest))).unwrap_or_default();
    let offered = (totals.offered > 0).then(|| format!("{} offered", totals.offered));
    let parked = (totals.parked > 0).then(|| format!("{} parked", totals.parked));
    let moments = (totals.moments_waiting > 0).then(|| counted(totals.moments_waiting, "moment"));
    let of_those: Vec<String> = offered.into_iter().chain(parked).chain(moments).collect();
    let of_those = if of_those.is_empty() { String::new() } else { format!(" ({})", of_those.join(", ")) };
    let contacts = format!("{} waiting{of_those}{longest}; {} engaged", totals.waiting, totals.engaged);
    let agents = counted(totals.available, "agent");
    let agents = format!("{agents} available, {} away{}", totals.away, in_time(wall.statistics.as_ref()));
    [contacts, agents]
}

/// How many were accepted in time, of moments of truth and of all others.
fn in_time(statistics: Option<&pb::GetMomentStatisticsResponse>) -> String {
    let Some(statistics) = statistics else { return String::new() };
    let share = |kind: Option<pb::KindStatistics>| {
        let kind = kind.unwrap_or_default();
        let all = kind.accepted + kind.abandoned;
        (all > 0).then(|| format!("{} %", kind.accepted_in_time * 100 / all))
    };
    let moments = share(statistics.moments_of_truth).map(|share| format!("moments {share}"));
    let routine = share(statistics.routine).map(|share| format!("others {share}"));
    let shares: Vec<String> = moments.into_iter().chain(routine).collect();
    if shares.is_empty() { String::new() } else { format!("; in time: {}", shares.join(", ")) }
}

/// The columns' widths: the fixed ones get theirs, the others their parts of the rest.
fn widths(columns: &[Column], width: u16) -> Vec<u16> {
    let gaps = GAP * u16::try_from(columns.len().saturating_sub(1)).unwrap_or_default();
    let (mut fixed, mut parts) = (0, 0);
    for column in columns {
        match column.room {
            Room::Fixed(width) => fixed += width,
            Room::Part(part) => parts += part,
        }
    }
    let mut left = width.saturating_sub(gaps + fixed);
    let mut parts_left = parts;
    let width_of = |column: &Column| match column.room {
        Room::Fixed(width) => width,
        // Each takes its part of what is left, so that nothing is lost by rounding.
        Room::Part(part) => {
            let width = left * part / parts_left;
            left -= width;
            parts_left -= part;
            width
        }
    };
    columns.iter().map(width_of).collect()
}

/// Text as wide as a line, cut with an ellipsis if it is wider; blanks in it stay.
fn shorten_line(text: &str, width: u16) -> String {
    if text.width() <= width.into() { text.to_owned() } else { shorten(text, width.into()) }
}

/// A time of the day, in UTC, as the API tells all times.
fn time_of_day(at: Timestamp) -> String {
    let seconds = (at.0 / 1_000_000).rem_euclid(86_400);
    format!("{:02}:{:02}:{:02}Z", seconds / 3_600, seconds / 60 % 60, seconds % 60)
}

/// The cells as lines of text, without what follows the last letter of each.
pub fn text(buffer: &Buffer) -> String {
    let area = buffer.area;
    let mut text = String::new();
    for y in area.y..area.bottom() {
        let (mut line, mut x) = (String::new(), area.x);
        while x < area.right() {
            let symbol = buffer[(x, y)].symbol();
            line.push_str(symbol);
            // The cells that a wide letter covers are blank.
            x += u16::try_from(symbol.width()).unwrap_or(1).max(1);
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}
