//! The course of a run: daemon, agents, customers, drain, audit, summary.
//!
//! Invariant: the books are closed only after the last call was answered, and the daemon is still there then.

use std::{
    io::{self, Write},
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use futures_util::future::try_join_all;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use crate::{
    model::document::Document,
    sim::{
        bank::{self, Messages},
        compress::compressed,
        day::Day,
        workload::Workload,
    },
};

use super::{
    Arguments, DemoError, Format, audit,
    clock::{Clock, Span, hms},
    customer,
    desktop::Desktop,
    figures::{Figures, Run},
    host::Host,
    ledger::Stage,
    line::Line,
    office::Office,
    show::{Show, Status},
    summary, twice,
};

/// Share of all agents' time that the contacts of a whole day ask for.
const LOAD: f64 = 0.85;
/// A stream is cut about this often, and once at least.
const CUT_EVERY: Duration = Duration::from_secs(10);
/// Signing in takes so long, and so much longer for each agent.
const LEAD: (Duration, Duration) = (Duration::from_millis(200), Duration::from_millis(10));
/// Contacts may be finished for so long after the last has come.
const DRAIN_MAX: Duration = Duration::from_secs(5);
/// How long those who act may take to finish the call under way.
const SETTLE_MAX: Duration = Duration::from_secs(20);

/// Plays, prints and adds up.
pub(super) async fn play(arguments: &Arguments) -> Result<Figures, DemoError> {
    let document = bank::document();
    let messages = messages(arguments, &document)?;
    let profile = bank::profile();
    let span = Span::of(arguments.duration, profile.opens(), profile.closes(), profile.peak());
    let agents = usize::from(arguments.agents);
    let run = Run { span, seed: arguments.seed, takes: arguments.duration, agents, document: &document };
    let hours = (span.from, span.until);
    let workload = Workload::new(arguments.seed, messages.clone(), &document, hours, agents, LOAD);

    let staff = bank::staff(arguments.seed, agents, &messages);
    let played = compressed(&bank::document_toml(), span.scale).expect("the bank's document is valid at any pace");
    let host = Host::start(played).await?;
    announce(arguments, &host, &run, &workload);
    let office = open_office(arguments, &host, span).await?;
    sign_in(&office, &host, staff.clone()).await?;
    live(&office, workload, &run).await?;
    timeout(SETTLE_MAX, office.crew.settled()).await.map_err(|_| DemoError::Unsettled)??;
    audit::look_up_all(&office).await?;
    office.show().end();
    let again = Workload::new(arguments.seed, messages, &document, hours, agents, LOAD).collect();
    let day = Day { from: span.from, until: span.until, contacts: again, staff, seed: arguments.seed };
    let figures = Figures::of(&office.ledger(), &run, &twice::play(&day));
    // The desktops' connections end before the daemon does.
    drop(office);
    conclude(arguments, host, &figures).await;
    Ok(figures)
}

fn messages(arguments: &Arguments, document: &Document) -> Result<Messages, DemoError> {
    let Some(path) = &arguments.messages else { return Ok(Messages::shipped()) };
    let queues: Vec<&str> = document.queues.keys().map(|name| name.as_str()).collect();
    Ok(Messages::read(path, &queues, arguments.seed)?)
}

async fn open_office(arguments: &Arguments, host: &Host, span: Span) -> Result<Arc<Office>, DemoError> {
    let show = if arguments.format == Format::Json { Show::silent() } else { Show::on_stdout() };
    let platform = Line::connect(host.addresses.api).await?;
    let lead = LEAD.0 + LEAD.1 * u32::from(arguments.agents);
    Ok(Arc::new(Office::new(Clock::start_in(lead, span), platform, arguments.seed, show)))
}

async fn sign_in(office: &Arc<Office>, host: &Host, staff: Vec<bank::Agent>) -> Result<(), DemoError> {
    let everybody = staff.into_iter().zip(1..).map(|(agent, number)| async move {
        let line = Line::connect(host.addresses.api).await?;
        Desktop::sign_in(office, line, agent, number).await.map_err(DemoError::from)
    });
    try_join_all(everybody).await.map(drop)
}

/// Lets customers come until the end and those who are there finish.
async fn live(office: &Arc<Office>, workload: Workload, run: &Run<'_>) -> Result<(), DemoError> {
    let closes = office.clock.moment(run.span.until);
    let status = tokio::spawn(keep_status(Arc::clone(office)));
    let cutter = tokio::spawn(cut(Arc::clone(office), run.takes));
    for contact in workload {
        if !office.crew.wait_until(office.clock.moment(contact.at)).await {
            break;
        }
        let contact = Arc::new(contact);
        office.crew.send(customer::play(Arc::clone(office), contact));
    }
    office.crew.wait_until(closes).await;
    let until = Instant::now() + DRAIN_MAX;
    while open(office) > 0 && office.crew.wait_until((Instant::now() + Duration::from_millis(50)).min(until)).await {
        if Instant::now() >= until {
            break;
        }
    }
    office.crew.stop();
    cutter.abort();
    status.abort();
    Ok(())
}

fn open(office: &Office) -> usize {
    office.ledger().entries().iter().filter(|entry| entry.acknowledged && entry.stage() != Stage::Ended).count()
}

/// Has agents' streams cut all along the run, in turn with an offer unanswered and a contact just accepted.
async fn cut(office: Arc<Office>, takes: Duration) {
    let cuts = u32::try_from(takes.as_secs() / CUT_EVERY.as_secs()).unwrap_or(u32::MAX).max(1);
    let mut at = Instant::now() + takes / cuts / 2;
    for number in 0..cuts {
        sleep_until(at).await;
        let next = if number % 2 == 0 { &office.cuts.on_offer } else { &office.cuts.on_engagement };
        next.fetch_add(1, Ordering::Relaxed);
        at += takes / cuts;
    }
}

async fn keep_status(office: Arc<Office>) {
    let every = if office.show().is_live() { Duration::from_millis(200) } else { Duration::from_secs(2) };
    loop {
        sleep(every).await;
        let status = {
            let ledger = office.ledger();
            let count = |stage| {
                let known = ledger.entries().iter().filter(|entry| entry.acknowledged);
                known.filter(|entry| entry.stage() == stage).count()
            };
            let answered = ledger.entries().iter().filter(|entry| entry.answered_at.is_some()).count();
            let abandoned = ledger.entries().iter().filter(|entry| entry.was_abandoned()).count();
            Status {
                at: office.clock.now(),
                waiting: count(Stage::Waiting),
                engaged: count(Stage::Engaged),
                answered,
                abandoned,
            }
        };
        office.show().status(&status);
    }
}

/// What is played, before it is.
fn announce(arguments: &Arguments, host: &Host, run: &Run<'_>, workload: &Workload) {
    let Span { scale, from, until } = run.span;
    let text = format!(
        "attune demo: a bank's day from {} to {}, {:.1} times as fast:\n\
         {} seconds play one hour. Business times run as fast; delivery, keepalive and\n\
         sessions are real. {} agents, {:.0} contacts in a mean hour, seed {}\n{}",
        hms(from),
        hms(until),
        scale,
        (3_600.0 / scale).round(),
        run.agents,
        workload.per_hour(),
        run.seed,
        summary::addresses(host.addresses),
    );
    match arguments.format {
        Format::Text => say(&format!("{text}\n")),
        Format::Json => eprintln!("{text}"),
    }
}

/// Prints the summary and, if asked to, keeps the daemon for a while.
async fn conclude(arguments: &Arguments, host: Host, figures: &Figures) {
    if arguments.format == Format::Text {
        say(&format!("\n{}\n{}", summary::table(figures), summary::addresses(host.addresses)));
        say(if arguments.stay {
            "  until Ctrl-C\n"
        } else {
            "  with --stay the daemon stays for you to look around\n"
        });
    }
    if arguments.stay {
        // If signals cannot be had, there is nothing to wait for.
        let _ = tokio::signal::ctrl_c().await;
    }
    host.stop().await;
    if arguments.format == Format::Json {
        let json = serde_json::to_string(figures).expect("figures are numbers and names");
        say(&format!("{json}\n"));
    }
}

/// Prints; whoever reads may have gone.
fn say(text: &str) {
    let mut out = io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}
