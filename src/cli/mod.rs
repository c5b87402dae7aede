//! `attune`: the command line, one verb a module.
//!
//! Invariant: a verb talks to a daemon only as everybody else does, over gRPC (`journal`, `replay`, `lint`, `simulate`,
//! `compare` and `advise` talk to none). Standard output has what was asked for; everything else goes to standard error.
//! Exit codes are in one table, `failure::EXIT_CODES`. Not here: the daemon's own command line (`attuned`, `app::program`).

use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod adapt;
mod advise;
mod agents;
mod analyze;
mod arguments;
mod bench;
mod calls;
mod client;
mod compare;
mod config;
mod contacts;
mod demo;
mod explain;
mod failure;
mod journal;
mod lint;
mod moments;
mod options;
mod output;
mod pages;
mod queues;
mod replay;
mod report;
mod session;
mod simulate;
mod stats;
mod supervise;
mod top;
mod waits;
mod watch;

/// Routes contacts to agents: this is its command line; `attuned` is the daemon.
#[derive(Debug, Parser)]
#[command(name = "attune", version, after_help = failure::EXIT_CODES)]
pub struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Contacts(contacts::Arguments),
    Agents(agents::Arguments),
    Queues(queues::Arguments),
    Waits(waits::Arguments),
    Moments(moments::Arguments),
    Config(config::Arguments),
    Stats(stats::Arguments),
    Explain(explain::Arguments),
    Watch(watch::Arguments),
    Top(top::Arguments),
    Journal(journal::Arguments),
    Lint(lint::Arguments),
    Analyze(analyze::Arguments),
    Adapt(adapt::Arguments),
    Simulate(simulate::Arguments),
    Compare(compare::Arguments),
    Advise(advise::Arguments),
    Replay(replay::Arguments),
    Bench(bench::Arguments),
    /// Serves for `attune bench`.
    #[command(hide = true)]
    BenchServer(bench::ServerArguments),
    Demo(demo::Arguments),
    Completions(pages::Completions),
    Man(pages::Man),
}

impl Cli {
    /// Does what was asked for.
    pub fn run(self) -> ExitCode {
        match self.verb {
            Verb::Contacts(arguments) => contacts::run(arguments),
            Verb::Agents(arguments) => agents::run(arguments),
            Verb::Queues(arguments) => queues::run(arguments),
            Verb::Waits(arguments) => waits::run(arguments),
            Verb::Moments(arguments) => moments::run(&arguments),
            Verb::Config(arguments) => config::run(arguments),
            Verb::Stats(arguments) => stats::run(&arguments),
            Verb::Explain(arguments) => explain::run(arguments),
            Verb::Watch(arguments) => watch::run(arguments),
            Verb::Top(arguments) => top::run(arguments),
            Verb::Journal(arguments) => journal::run(arguments),
            Verb::Lint(arguments) => lint::run(&arguments),
            Verb::Analyze(arguments) => analyze::run(&arguments),
            Verb::Adapt(arguments) => adapt::run(&arguments),
            Verb::Simulate(arguments) => simulate::run(&arguments),
            Verb::Compare(arguments) => compare::run(&arguments),
            Verb::Advise(arguments) => advise::run(&arguments),
            Verb::Replay(arguments) => replay::run(&arguments),
            Verb::Bench(arguments) => bench::run(&arguments),
            Verb::BenchServer(arguments) => bench::serve(&arguments),
            Verb::Demo(arguments) => demo::run(&arguments),
            Verb::Completions(arguments) => pages::completions(&arguments),
            Verb::Man(arguments) => pages::man(&arguments),
        }
    }
}
