//! `attune`: the command line, one verb a module.
//!
//! Invariant: a verb talks to a daemon only as everybody else does, over gRPC. Standard output has what was asked for;
//! everything else goes to standard error. Not here: the daemon's own flags (`attuned`).

use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod demo;

/// Routes contacts to agents: this is its command line; `attuned` is the daemon.
#[derive(Debug, Parser)]
#[command(name = "attune", version)]
pub struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Demo(demo::Arguments),
}

impl Cli {
    /// Does what was asked for.
    pub fn run(self) -> ExitCode {
        match self.verb {
            Verb::Demo(arguments) => demo::run(&arguments),
        }
    }
}
