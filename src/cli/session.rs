//! A verb at work: its connection and its output, from the first call to the exit code.

use std::process::ExitCode;

use tokio::runtime;

use super::{client::Client, failure::Failure, options::Options, output::Output};

/// What a verb works with.
#[derive(Debug, Clone)]
pub struct Session {
    /// The daemon.
    pub client: Client,
    /// Where to print.
    pub out: Output,
}

/// Connects, works, and says what went wrong.
pub fn run(options: &Options, work: impl AsyncFnOnce(Session) -> Result<(), Failure>) -> ExitCode {
    run_unconnected(options, async |out| {
        let client = Client::connect(options).await?;
        work(Session { client, out }).await
    })
}

/// As [`run`], for work that needs no daemon, or not always.
pub fn run_unconnected(options: &Options, work: impl AsyncFnOnce(Output) -> Result<(), Failure>) -> ExitCode {
    let out = Output::new(options);
    let runtime = runtime::Builder::new_current_thread().enable_all().build();
    let done = match runtime {
        Ok(runtime) => runtime.block_on(work(out)),
        Err(error) => Err(Failure::io("a runtime", error)),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            failure.tell(out.format, out.style);
            failure.exit_code()
        }
    }
}
