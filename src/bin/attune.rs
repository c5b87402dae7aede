//! The command line: reads what is asked for and does it.

use std::process::ExitCode;

use attune::{app, cli::Cli};
use clap::Parser;

#[cfg(feature = "mimalloc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    // A verb may run a daemon in this process, and a broken invariant must end that, too.
    app::stop_on_panic();
    cli.run()
}
