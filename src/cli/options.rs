//! What every verb that calls a daemon takes: where, whose, how long, and how to show it.

use std::time::Duration;

use clap::{Args, ValueEnum};

use super::arguments::parse_span;

/// Heading in `--help`.
const HEADING: &str = "Options of every call";

/// Options that stand behind every verb which calls a daemon.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// The daemon
    #[arg(long, global = true, env = "ATTUNE_SERVER", hide_env_values = true, help_heading = HEADING,
        default_value = "http://127.0.0.1:7700", value_name = "URL")]
    pub server: String,

    /// Whose contacts, agents and document
    #[arg(long, global = true, env = "ATTUNE_TENANT", hide_env_values = true, help_heading = HEADING,
        default_value = "default", value_name = "NAME")]
    pub tenant: String,

    /// How long a call may take, tries included, such as 500ms, 10s or 1m
    #[arg(long, global = true, default_value = "10s", value_name = "TIME", value_parser = parse_span,
        help_heading = HEADING)]
    pub timeout: Duration,

    /// The id under which a change may be repeated without a second effect; without one, a random one is drawn
    #[arg(long, global = true, value_name = "ID", help_heading = HEADING)]
    pub request_id: Option<String>,

    /// Tables for people, or JSON for programs: one object a line, with the API's own names
    #[arg(long, global = true, value_enum, default_value_t = Format::Table, help_heading = HEADING)]
    pub format: Format,

    /// Whether tables have colours; auto: on a terminal, unless NO_COLOR is set
    #[arg(long, global = true, value_enum, default_value_t = Colour::Auto, value_name = "WHEN", help_heading = HEADING)]
    pub color: Colour,
}

/// How to show it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Table,
    /// For programs.
    Json,
}

/// Whether to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Colour {
    /// On a terminal.
    Auto,
    /// In any case.
    Always,
    /// In no case.
    Never,
}
