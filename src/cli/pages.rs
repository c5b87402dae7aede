//! `attune completions` and `attune man`: made from the same definitions as `--help`.
//!
//! Invariant: every verb of both programs that can be seen has its page.

use std::{fs, io, path::PathBuf, process::ExitCode};

use clap::{Args, Command, CommandFactory};
use clap_complete::Shell;

use crate::app::Program;

use super::Cli;

/// Prints completions for a shell
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  attune completions bash > /usr/share/bash-completion/completions/attune")]
pub struct Completions {
    /// For which shell
    #[arg(value_enum)]
    shell: Shell,

    /// For the daemon's command line instead
    #[arg(long)]
    attuned: bool,
}

/// Writes the manual pages of attune and attuned, one for each verb
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  attune man /usr/share/man/man1")]
pub struct Man {
    /// Where to; it is made if it is not there
    directory: PathBuf,
}

/// Prints completions.
pub fn completions(arguments: &Completions) -> ExitCode {
    let (mut command, name) =
        if arguments.attuned { (Program::command(), "attuned") } else { (Cli::command(), "attune") };
    clap_complete::generate(arguments.shell, &mut command, name, &mut io::stdout());
    ExitCode::SUCCESS
}

/// Writes manual pages.
pub fn man(arguments: &Man) -> ExitCode {
    match write_pages(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {}: {error}", arguments.directory.display());
            ExitCode::FAILURE
        }
    }
}

fn write_pages(arguments: &Man) -> io::Result<()> {
    fs::create_dir_all(&arguments.directory)?;
    for mut command in [Cli::command(), Program::command()] {
        command.build();
        pages(&command, &mut |name, page| fs::write(arguments.directory.join(name), page))?;
    }
    Ok(())
}

/// A page for a command and each below it: `attune-contacts-list.1`.
fn pages(command: &Command, write: &mut impl FnMut(String, Vec<u8>) -> io::Result<()>) -> io::Result<()> {
    let name = command.get_display_name().unwrap_or(command.get_name()).to_owned();
    let mut page = Vec::new();
    clap_mangen::Man::new(command.clone()).title(name.to_uppercase()).render(&mut page)?;
    write(format!("{name}.1"), page)?;
    command
        .get_subcommands()
        .filter(|below| !below.is_hide_set() && below.get_name() != "help")
        .try_for_each(|below| pages(below, write))
}
