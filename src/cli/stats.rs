//! `attune stats`: how the service fares over a window that slides, and how moments of truth fare beside all others.
//!
//! Invariant: what is shown is the daemon's. In a table only queues and channels in which something happened or waits.
//! Not here: single queues as they stand (`queues`).

use std::process::ExitCode;

use clap::{Args, ValueEnum};
use tokio::signal::ctrl_c;

use crate::api::pb::{self, statistics_service_client::StatisticsServiceClient};

use super::{
    failure::{Failure, Refusal},
    options::{Format, Options},
    output::{Output, table::Table, time::span},
    session::{self, Session},
};

mod moments;

use moments::share;

/// Shows waits, service levels and handling by queue or channel, and how moments of truth fare beside all other contacts
///
/// In a table IN TIME is the service level by the name that each queue goes by, ASA the average speed of answer, P90 what
/// nine of ten had waited at most when an agent accepted, and AHT the average handling time. With --format json each line
/// is one row with all there is to know, and the last is the answer of GetMomentStatistics.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  attune stats\n  attune stats --by channel --window day\n  \
                        attune stats --queue cards --follow 5")]
pub struct Arguments {
    #[command(flatten)]
    options: Options,

    /// Over how long
    #[arg(long, value_enum, default_value_t = Window::HalfAnHour)]
    window: Window,

    /// A row for each of these
    #[arg(long, value_enum, default_value_t = By::Queue)]
    by: By,

    /// Only this queue; may be given several times
    #[arg(long = "queue", value_name = "NAME", conflicts_with = "by")]
    queues: Vec<String>,

    /// Shows the tenant and the queues named again and again, after so many seconds each, until Ctrl-C
    #[arg(long, value_name = "SECONDS", conflicts_with = "by", value_parser = clap::value_parser!(u32).range(1..=3_600))]
    follow: Option<u32>,
}

/// A stretch of time that ends now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Window {
    #[value(name = "1m")]
    Minute,
    #[value(name = "5m")]
    FiveMinutes,
    #[value(name = "15m")]
    QuarterOfAnHour,
    #[value(name = "30m")]
    HalfAnHour,
    /// Since the day began, as the routing document says
    Day,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum By {
    Queue,
    Channel,
}

impl Window {
    fn wire(self) -> pb::StatisticsWindow {
        match self {
            Self::Minute => pb::StatisticsWindow::OneMinute,
            Self::FiveMinutes => pb::StatisticsWindow::FiveMinutes,
            Self::QuarterOfAnHour => pb::StatisticsWindow::FifteenMinutes,
            Self::HalfAnHour => pb::StatisticsWindow::ThirtyMinutes,
            Self::Day => pb::StatisticsWindow::Day,
        }
    }
}

/// Asks and shows.
pub fn run(arguments: &Arguments) -> ExitCode {
    session::run(&arguments.options, async |session| match arguments.follow {
        Some(seconds) => tokio::select! {
            ended = follow(&session, arguments, seconds) => ended,
            _ = ctrl_c() => Ok(()),
        },
        None => once(&session, arguments).await,
    })
}

async fn once(session: &Session, arguments: &Arguments) -> Result<(), Failure> {
    // A program gets every window.
    let windows = match session.out.format {
        Format::Json => Vec::new(),
        Format::Table => vec![arguments.window.wire().into()],
    };
    let tenant = pb::GetStatisticsRequest { windows: windows.clone(), ..Default::default() };
    let mut rows: Vec<_> = session.client.call(tenant).await?.statistics.into_iter().collect();
    if arguments.queues.is_empty() {
        rows.extend(all(session, arguments.by, &windows).await?);
    }
    for queue in &arguments.queues {
        let request = pb::GetStatisticsRequest { queue: queue.clone(), windows: windows.clone(), ..Default::default() };
        rows.extend(session.client.call(request).await?.statistics);
    }
    let moments = session.client.call(pb::GetMomentStatisticsRequest::default()).await?;
    match session.out.format {
        Format::Json => {
            rows.iter().try_for_each(|row| session.out.json(row))?;
            session.out.json(&moments)
        }
        Format::Table => {
            show(&session.out, &rows)?;
            moments::show(session, &moments)
        }
    }
}

async fn all(session: &Session, by: By, windows: &[i32]) -> Result<Vec<pb::Statistics>, Failure> {
    let by = match by {
        By::Queue => pb::StatisticsRows::Queues,
        By::Channel => pb::StatisticsRows::Channels,
    };
    let (mut rows, mut page_token) = (Vec::new(), String::new());
    loop {
        let windows = windows.to_vec();
        let call = pb::ListStatisticsRequest { rows: by.into(), windows, page_token, ..Default::default() };
        let page = session.client.call(call).await?;
        rows.extend(page.statistics);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return Ok(rows);
        }
    }
}

async fn follow(session: &Session, arguments: &Arguments, seconds: u32) -> Result<(), Failure> {
    let interval = prost_types::Duration { seconds: seconds.into(), nanos: 0 };
    let request = pb::WatchStatisticsRequest {
        tenant: session.client.tenant().to_owned(),
        queues: arguments.queues.clone(),
        windows: vec![arguments.window.wire().into()],
        interval: Some(interval),
    };
    let refused = |status| session.client.failure(Refusal::new("WatchStatistics", "", status));
    let mut client = StatisticsServiceClient::new(session.client.channel());
    let mut stream = client.watch_statistics(request).await.map_err(refused)?.into_inner();
    while let Some(told) = stream.message().await.map_err(refused)? {
        match session.out.format {
            Format::Json => session.out.json(&told)?,
            Format::Table => show(&session.out, &told.statistics)?,
        }
    }
    Ok(())
}

/// The rows as a table, and what the tenant's service level comes to under each name.
fn show(out: &Output, rows: &[pb::Statistics]) -> Result<(), Failure> {
    let mut table = Table::new(&[
        "QUEUE",
        ">ENTERED",
        ">ANSWERED",
        ">IN TIME",
        ">LEFT",
        ">ASA",
        ">P90",
        ">AHT",
        ">WAITING",
        ">LONGEST",
    ]);
    for row in rows {
        let Some(window) = row.windows.first() else { continue };
        let is_tenant = row.queue.is_empty() && row.channel.is_empty();
        if is_tenant || !is_quiet(row, window) {
            table.row(cells(row, window));
        }
    }
    out.table(&table)?;
    match rows.first().and_then(|tenant| Some((tenant, tenant.windows.first()?))) {
        Some((tenant, window)) => show_tenant(out, tenant, window),
        None => Ok(()),
    }
}

fn cells(row: &pb::Statistics, window: &pb::WindowStatistics) -> [String; 10] {
    let name = match (row.queue.as_str(), row.channel.as_str()) {
        ("", "") => "(all)".to_owned(),
        ("", channel) => channel.to_owned(),
        (queue, "") => queue.to_owned(),
        (queue, channel) => format!("{queue} {channel}"),
    };
    let answered = window.answered_after.unwrap_or_default();
    [
        name,
        window.entered.to_string(),
        window.answered.to_string(),
        level(window.service_levels.and_then(|levels| levels.own)),
        share(window.abandoned, window.offered),
        span(answered.mean_duration.as_ref()),
        span(answered.p90_duration.as_ref()),
        span(window.handling.unwrap_or_default().mean_duration.as_ref()),
        row.waiting.map(|waiting| waiting.to_string()).unwrap_or_default(),
        span(row.oldest_waited_duration.as_ref()),
    ]
}

fn is_quiet(row: &pb::Statistics, window: &pb::WindowStatistics) -> bool {
    window.entered + window.offered + window.handling.unwrap_or_default().count + row.waiting.unwrap_or(0) == 0
}

fn show_tenant(out: &Output, tenant: &pb::Statistics, window: &pb::WindowStatistics) -> Result<(), Failure> {
    let levels = window.service_levels.unwrap_or_default();
    let mut names = Table::new(&["SERVICE LEVEL", ">SHARE", ">OF"]);
    for (name, level_of) in [
        ("answered only", levels.answered_only),
        ("abandon ignored", levels.abandon_ignored),
        ("abandon negative", levels.abandon_negative),
        ("abandon positive", levels.abandon_positive),
        ("short abandons excluded", levels.short_abandons_excluded),
        ("event-timed", levels.event_timed),
    ] {
        names.row([name.to_owned(), level(level_of), level_of.unwrap_or_default().whole.to_string()]);
    }
    out.table(&names)?;
    let mut agents =
        Table::new(&["AGENTS", ">OCCUPANCY", ">AWAY BY RONA", ">IDLE SINCE CONTACT", ">IDLE SINCE AVAILABLE"]);
    let idle = tenant.longest_idle.unwrap_or_default();
    let groups = [("empathetic", window.empathetic_agents), ("others", window.other_agents)];
    for (at, (name, group)) in groups.into_iter().enumerate() {
        let occupancy = group.and_then(|group| group.occupancy).map(percent).unwrap_or_default();
        // What is known of all together stands in the first row.
        let all = |text: String| if at == 0 { text } else { String::new() };
        agents.row([
            name.to_owned(),
            occupancy,
            all(window.agents_set_away.to_string()),
            all(span(idle.since_last_contact_duration.as_ref())),
            all(span(idle.since_available_duration.as_ref())),
        ]);
    }
    out.table(&agents)
}

fn level(level: Option<pb::ServiceLevel>) -> String {
    level.and_then(|level| level.ratio).map(percent).unwrap_or_default()
}

fn percent(ratio: f64) -> String {
    format!("{:.1} %", 100.0 * ratio)
}
