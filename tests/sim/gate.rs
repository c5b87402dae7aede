//! A gate at which a thread of a simulated machine waits until it is its turn.
//!
//! Invariant: while the gate is closed, either the thread runs or whoever drives it, never both: the same seed is the same
//! order of everything that they do.

use parking_lot::{Condvar, Mutex};

#[derive(Debug, Default)]
pub struct Gate {
    turn: Mutex<Turn>,
    changed: Condvar,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Turn {
    /// The thread runs, up to the gate or to its end.
    #[default]
    Thread,
    /// It waits at the gate.
    Driver,
    /// It has ended.
    Nobody,
}

/// Says that the thread has ended, also if it broke.
pub struct End<'a>(&'a Gate);

impl Gate {
    /// Waits until the driver lets the thread through.
    pub fn wait(&self) {
        let mut turn = self.turn.lock();
        *turn = Turn::Driver;
        self.changed.notify_all();
        self.changed.wait_while(&mut turn, |turn| *turn == Turn::Driver);
    }

    /// What a thread holds as long as it runs.
    pub fn held(&self) -> End<'_> {
        End(self)
    }

    /// Waits until the thread stands at the gate; whether it does, and has not ended.
    pub fn settle(&self) -> bool {
        let mut turn = self.turn.lock();
        self.changed.wait_while(&mut turn, |turn| *turn == Turn::Thread);
        *turn == Turn::Driver
    }

    /// Lets the thread through, and waits until it stands there again; whether it does, and has not ended.
    pub fn let_through(&self) -> bool {
        let mut turn = self.turn.lock();
        if *turn == Turn::Driver {
            *turn = Turn::Thread;
            self.changed.notify_all();
        }
        drop(turn);
        self.settle()
    }
}

impl Drop for End<'_> {
    fn drop(&mut self) {
        *self.0.turn.lock() = Turn::Nobody;
        self.0.changed.notify_all();
    }
}
