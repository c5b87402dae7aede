//! `attune top`: the wall in a terminal. Queues, agents, who waits, moments of truth and alerts, as they change.
//!
//! The tenant's watch stream (`follow`) is taken into rows (`wall`), from which each pane is put together (`panes`,
//! `alerts`) as it is looked at (`view`) and drawn (`draw`) on a terminal (`terminal`). Invariant: what is shown is what the
//! daemon told last, and that nothing is told any more is said. Not here: measures over time (`stats`).

use std::{
    io::{self, IsTerminal},
    process::ExitCode,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use clap::Args;
use ratatui::{buffer::Buffer, crossterm::event::Event, layout::Rect};
use terminal_size::{Height, Width, terminal_size};
use tokio::{
    signal::unix::{SignalKind, signal},
    time::{Instant, sleep_until, timeout},
};

use crate::model::time::Timestamp;

use super::{
    failure::Failure,
    options::{Format, Options},
    session::{self, Session},
};

mod alerts;
mod draw;
mod follow;
mod panes;
mod terminal;
#[cfg(test)]
mod tests;
mod view;
mod wall;
mod why;

use draw::Look;
use follow::Told;
use terminal::Screen;
use view::{Next, View};
use wall::{Line, Wall};

/// The least time between two pictures, but for those that a key asks for.
const FRAME: Duration = Duration::from_millis(250);
/// Waiting grows by the second, also if nothing happens.
const SECOND: Duration = Duration::from_secs(1);
/// What is taken in between two looks at the keys.
const AT_ONCE: usize = 256;

/// Shows queues, agents, who waits, moments of truth and alerts, live and full-screen
///
/// ? explains the keys. Where the connection is lost it says so, shows what was there, and goes on once the daemon is back.
/// Times of the day are UTC, by the daemon's clock.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  attune top\n  attune top --queue cards\n  attune top --once --size 160x50")]
pub struct Arguments {
    #[command(flatten)]
    options: Options,

    /// Only queues with this in their name, their contacts, and agents who serve them
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    queue: String,

    /// Prints one screen as text and ends
    #[arg(long)]
    once: bool,

    /// How large that screen is [default: as the terminal, or 80x24]
    #[arg(long, value_name = "COLUMNSxLINES", requires = "once", value_parser = parse_size)]
    size: Option<(u16, u16)>,
}

fn parse_size(text: &str) -> Result<(u16, u16), String> {
    let size = text.split_once('x').and_then(|(width, height)| Some((width.parse().ok()?, height.parse().ok()?)));
    let range = 10..=1_000;
    size.filter(|(width, height)| range.contains(width) && range.contains(height))
        .ok_or_else(|| "say it as 80x24, each from 10 to 1000".to_owned())
}

/// Shows the wall.
pub fn run(arguments: Arguments) -> ExitCode {
    let Arguments { options, queue, once, size } = arguments;
    session::run(&options, async |session| {
        if session.out.format == Format::Json {
            let instead = "the wall is for people; for programs: attune watch --content rows --format json";
            return Err(Failure::Usage(instead.to_owned()));
        }
        let name = format!("{} at {}", options.tenant, options.server);
        let mut shown = Shown { wall: Wall::default(), view: View::new(queue), name };
        match once {
            true => shown.once(&session, size.unwrap_or_else(size_of_terminal)).await,
            false => shown.live(&session).await,
        }
    })
}

/// The wall and how it is looked at.
struct Shown {
    wall: Wall,
    view: View,
    /// Whom and where.
    name: String,
}

impl Shown {
    /// Prints one screen, as soon as everything was told.
    async fn once(&mut self, session: &Session, (width, height): (u16, u16)) -> Result<(), Failure> {
        let mut told = follow::follow(&session.client);
        let whole = async {
            while self.wall.line != Line::Live || self.wall.statistics.is_none() || self.wall.levels.is_none() {
                match told.recv().await {
                    Some(Told::Lost(why)) => return Err(Failure::Declined(format!("the connection was lost: {why}"))),
                    Some(told) => self.take(told)?,
                    None => break,
                }
            }
            Ok(())
        };
        let longest = session.client.timeout();
        let late = || Failure::Declined(format!("not everything was told within {longest:?}"));
        timeout(longest, whole).await.map_err(|_| late())??;
        let area = Rect::new(0, 0, width, height);
        let mut buffer = Buffer::empty(area);
        let look = Look { name: &self.name, coloured: false };
        draw::screen(area, &mut buffer, &self.wall, &mut self.view, look, now());
        session.out.text(&draw::text(&buffer))
    }

    /// Draws until a key says that it is enough.
    async fn live(&mut self, session: &Session) -> Result<(), Failure> {
        if !io::stdout().is_terminal() {
            return Err(Failure::Usage("the wall needs a terminal; --once prints one screen anywhere".to_owned()));
        }
        let coloured = session.out.style.is_coloured();
        let mut ended = signal(SignalKind::terminate()).map_err(|error| Failure::io("signals", error))?;
        let mut told = follow::follow(&session.client);
        let mut screen = Screen::open()?;
        let mut events = terminal::events()?;
        let (mut news, mut draw_at) = (Vec::new(), Instant::now());
        loop {
            tokio::select! {
                biased;
                event = events.recv() => match event {
                    Some(Event::Key(key)) if key.is_press() => match self.view.press(key) {
                        Next::Quit => return Ok(()),
                        Next::Draw => draw_at = Instant::now(),
                    },
                    Some(_) => draw_at = Instant::now(),
                    None => return Ok(()),
                },
                _ = ended.recv() => return Ok(()),
                () = sleep_until(draw_at) => {
                    let look = Look { name: &self.name, coloured };
                    screen.draw(|frame| {
                        draw::screen(frame.area(), frame.buffer_mut(), &self.wall, &mut self.view, look, now());
                    })?;
                    draw_at = Instant::now() + SECOND;
                }
                _ = told.recv_many(&mut news, AT_ONCE) => {
                    news.drain(..).try_for_each(|told| self.take(told))?;
                    draw_at = draw_at.min(Instant::now() + FRAME);
                }
            }
        }
    }

    fn take(&mut self, told: Told) -> Result<(), Failure> {
        match told {
            Told::Message(message) => self.wall.take(now(), *message),
            Told::Statistics(statistics) => self.wall.statistics = Some(*statistics),
            Told::Levels(levels) => self.wall.levels = Some(levels),
            Told::Lost(why) => self.wall.lose(now(), why),
            Told::Refused(failure) => return Err(failure),
        }
        Ok(())
    }
}

fn size_of_terminal() -> (u16, u16) {
    let size = io::stdout().is_terminal().then(terminal_size).flatten();
    size.map_or((80, 24), |(Width(width), Height(height))| (width, height))
}

/// By this machine's clock.
fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}
