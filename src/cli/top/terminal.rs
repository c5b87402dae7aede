//! The terminal: taken for the wall, and given back as it was however that ends.
//!
//! Invariant: keys are read on a thread of their own, since reading them blocks; it ends with whoever listens.

use std::{thread, time::Duration};

use ratatui::{
    DefaultTerminal, Frame,
    crossterm::event::{self, Event},
};
use tokio::sync::mpsc::{self, Receiver, Sender};

use crate::cli::failure::Failure;

/// How long the thread looks for keys before it looks whether anybody listens.
const LOOK: Duration = Duration::from_millis(200);
/// Keys that may wait.
const KEYS_MAX: usize = 64;

/// A terminal that shows the wall alone.
#[derive(Debug)]
pub struct Screen {
    terminal: DefaultTerminal,
}

impl Screen {
    /// Takes the terminal.
    pub fn open() -> Result<Self, Failure> {
        let terminal = ratatui::try_init().map_err(|error| Failure::io("the terminal", error))?;
        Ok(Self { terminal })
    }

    /// Shows what is drawn, where it differs from what is there.
    pub fn draw(&mut self, draw: impl FnOnce(&mut Frame<'_>)) -> Result<(), Failure> {
        self.terminal.draw(draw).map(drop).map_err(|error| Failure::io("the terminal", error))
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        ratatui::restore();
    }
}

/// Keys and other events of the terminal.
pub fn events() -> Result<Receiver<Event>, Failure> {
    let (to, events) = mpsc::channel(KEYS_MAX);
    let thread = thread::Builder::new().name("keys".to_owned()).spawn(move || read(&to));
    thread.map(|_| events).map_err(|error| Failure::io("a thread for keys", error))
}

fn read(to: &Sender<Event>) {
    while !to.is_closed() {
        let event = match event::poll(LOOK) {
            Ok(false) => continue,
            Ok(true) => event::read(),
            Err(error) => Err(error),
        };
        // A terminal that is gone ends the wall, since nobody listens to its keys any more.
        let Ok(event) = event else { return };
        if to.blocking_send(event).is_err() {
            return;
        }
    }
}
