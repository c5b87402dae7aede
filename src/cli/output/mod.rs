//! What a verb prints: tables for people, JSON for programs.
//!
//! Invariant: standard output has only what was asked for; both forms come from the same message, so neither knows more.

use std::{
    env,
    io::{self, ErrorKind, IsTerminal, Write},
};

use prost::Name;
use terminal_size::{Width, terminal_size};

use super::{
    failure::Failure,
    options::{Colour, Format, Options},
};

pub mod fields;
pub mod json;
pub mod shorten;
pub mod style;
pub mod table;
pub mod time;
pub mod words;

use style::Style;
use table::Table;

/// Where and how to print.
#[derive(Debug, Clone, Copy)]
pub struct Output {
    /// For people, or for programs.
    pub format: Format,
    /// With or without colours.
    pub style: Style,
    /// Columns of the terminal; none if nobody looks at one.
    width: Option<usize>,
}

impl Output {
    /// As the options and the terminal have it.
    pub fn new(options: &Options) -> Self {
        Self::with(options.format, options.color)
    }

    /// In this form, with or without colours.
    pub fn with(format: Format, colour: Colour) -> Self {
        let terminal = io::stdout().is_terminal();
        let named = env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
        let width = named.or_else(|| terminal.then(|| terminal_size().map_or(80, |(Width(width), _)| width.into())));
        let plain = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let coloured = match colour {
            Colour::Always => true,
            Colour::Never => false,
            Colour::Auto => terminal && !plain,
        };
        Self { format, style: Style::new(coloured), width }
    }

    /// A line.
    pub fn line(&self, line: &str) -> Result<(), Failure> {
        self.text(&format!("{line}\n"))
    }

    /// Text as it is.
    pub fn text(&self, text: &str) -> Result<(), Failure> {
        let mut out = io::stdout().lock();
        let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
        written.map_err(|error| match error.kind() {
            ErrorKind::BrokenPipe => Failure::NobodyReads,
            _ => Failure::io("standard output", error),
        })
    }

    /// A message as one line of JSON.
    pub fn json<M: Name>(&self, message: &M) -> Result<(), Failure> {
        self.line(&json::to_json(message))
    }

    /// A table, as wide as the terminal.
    pub fn table(&self, table: &Table) -> Result<(), Failure> {
        self.text(&table.render(self.width, self.style))
    }

    /// A message for programs, or what it means in words.
    pub fn say<M: Name>(&self, message: &M, words: impl FnOnce() -> String) -> Result<(), Failure> {
        match self.format {
            Format::Json => self.json(message),
            Format::Table => self.line(&words()),
        }
    }
}
