//! The daemon: reads what is asked for and does it, which without a verb is to serve.

use std::process::ExitCode;

use attune::app::Program;
use clap::Parser;

#[cfg(feature = "mimalloc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    Program::parse().run()
}
