//! The run in figures, all of them from the clients' ledger.
//!
//! Invariant: `contacts` = answered + abandoned + timed_out + waiting + lost. Waits are in played time, dispatch in
//! real time; the names of the fields say which.

use std::{collections::BTreeMap, time::Duration};

use hdrhistogram::Histogram;
use serde::Serialize;

use crate::{
    model::{document::Document, time::Span as Waited},
    sim::{
        bank::EMAIL,
        day,
        tally::{Report, Tally},
    },
};

use super::{
    clock::Span,
    ledger::{Counts, Ending, Entry, Ledger, double::offered_twice},
    twice::Twice,
};

/// What is printed as JSON, and shown as a table.
#[derive(Debug, Serialize)]
pub struct Figures {
    /// Contacts that the daemon acknowledged.
    pub contacts: u64,
    /// Of those, answered by an agent.
    pub answered: u64,
    /// Customers who left before an agent answered.
    pub abandoned: u64,
    /// Contacts that no agent had answered and that had their place when the run ended.
    pub waiting: u64,
    /// Acknowledged, with neither an end nor a place.
    pub lost: u64,
    /// Open at two agents at once where the queue asks for one.
    pub offered_twice: u64,
    /// Median wait until an agent answered, in milliseconds of the played day.
    pub wait_p50_ms: u64,
    /// The wait that 99 in 100 stay below.
    pub wait_p99_ms: u64,
    /// Whose time the waits are in.
    pub wait_clock: &'static str,
    /// Seconds of the played day in a real one.
    pub scale: f64,
    /// When the played part of the day begins and ends.
    pub played: [String; 2],
    /// What the run can be repeated with.
    pub seed: u64,
    /// How long contacts kept coming, in real seconds.
    pub duration_s: f64,
    /// Agents.
    pub agents: usize,
    /// Agent time that the contacts ask for, of all agent time there is.
    pub offered_load: f64,
    /// Answered contacts handled to the end; customers who left after being passed on are not among them.
    pub completed: u64,
    /// Answered contacts that were with an agent, or waited for another one, when the run ended.
    pub unfinished: u64,
    /// Contacts whose queue's longest wait ended before an agent answered.
    pub timed_out: u64,
    /// What was counted without regard to contacts.
    #[serde(flatten)]
    pub counts: Counts,
    /// From sending a contact to its offer on an agent's stream, where an agent was free; microseconds, real.
    pub dispatch_p50_us: u64,
    /// The same for 99 in 100.
    pub dispatch_p99_us: u64,
    /// Contacts by language.
    pub languages: BTreeMap<&'static str, u64>,
    /// Per queue that contacts asked for.
    pub queues: BTreeMap<String, QueueFigures>,
    /// Moments of truth and all others: over the wire, and the same day in virtual time under two documents.
    pub moments: MomentFigures,
    /// What is wrong, contact by contact.
    #[serde(skip)]
    pub faults: Vec<String>,
}

/// One queue.
#[derive(Debug, Default, Serialize)]
pub struct QueueFigures {
    /// Contacts that asked for it.
    pub contacts: u64,
    /// Of those, answered, in whichever queue they were then.
    pub answered: u64,
    /// Answered within the queue's service level.
    pub in_service_level: u64,
    /// Mean wait until answered, in milliseconds of the played day.
    pub wait_mean_ms: u64,
}

/// The three runs of a day; emails are not in them, since nobody holds the line.
#[derive(Debug, Serialize)]
pub struct MomentFigures {
    /// This run, from the clients' ledger, in played time.
    pub live: KindsFigures,
    /// In virtual time, by the bank's document.
    pub by_moments: KindsFigures,
    /// In virtual time, first come, longest idle; moments of truth are those of the run before.
    pub first_come: KindsFigures,
}

/// One run.
#[derive(Debug, Serialize)]
pub struct KindsFigures {
    /// Moments of truth.
    pub moments: KindFigures,
    /// All others.
    pub routine: KindFigures,
    /// Answered within 20 s, of all that came, in percent.
    pub service_level: f64,
}

/// Contacts of one kind in one run; shares in percent of all that came.
#[derive(Debug, Serialize)]
pub struct KindFigures {
    /// How many came.
    pub contacts: u64,
    /// Answered within 20 s by an empathetic agent.
    pub empathetic_in_time: f64,
    /// Answered within 20 s by anyone.
    pub in_time: f64,
    /// Mean wait, those who left included, in milliseconds of the played day.
    pub wait_mean_ms: u64,
    /// Not answered at all.
    pub unanswered: f64,
}

impl KindsFigures {
    fn of(report: &Report) -> Self {
        let (moments, routine) = (KindFigures::of(&report.moments), KindFigures::of(&report.routine));
        Self { moments, routine, service_level: tenths(report.service_level()) }
    }
}

impl KindFigures {
    fn of(tally: &Tally) -> Self {
        Self {
            contacts: tally.offered,
            empathetic_in_time: tenths(tally.empathetic_share()),
            in_time: tenths(tally.in_time_share()),
            wait_mean_ms: millis(Duration::from_secs_f64(tally.mean_wait())),
            unanswered: tenths(tally.abandoned_share()),
        }
    }
}

/// What of the run the ledger does not know.
#[derive(Debug, Clone, Copy)]
pub struct Run<'a> {
    /// The part of the day.
    pub span: Span,
    /// The seed.
    pub seed: u64,
    /// How long contacts came.
    pub takes: Duration,
    /// How many agents there were.
    pub agents: usize,
    /// The routing document in real time.
    pub document: &'a Document,
}

impl Figures {
    /// Adds up.
    pub fn of(ledger: &Ledger, run: &Run<'_>, again: &Twice) -> Self {
        let entries: Vec<&Entry> = ledger.entries().iter().filter(|entry| entry.acknowledged).collect();
        let count = |is: fn(&Entry) -> bool| entries.iter().filter(|entry| is(entry)).count() as u64;
        let at_once = |name: &str| {
            let queue = run.document.queues.iter().find(|(known, _)| known.as_str() == name);
            queue.map_or(1, |(_, queue)| usize::from(queue.offers.at_once))
        };
        let mut faults = Vec::new();
        let (mut lost, mut twice) = (0, 0);
        for entry in &entries {
            let number = entry.contact.number;
            if let Some(why) = &entry.lost {
                lost += 1;
                faults.push(format!("contact c{number} is lost: {why}"));
            }
            if let Some(why) = offered_twice(entry, at_once) {
                twice += 1;
                faults.push(format!("contact c{number} is offered twice: {why}"));
            }
        }
        let played = |real: Duration| real.mul_f64(run.span.scale);
        let waits = quantiles(entries.iter().filter_map(|entry| entry.waited()).map(|waited| millis(played(waited))));
        let dispatch = quantiles(entries.iter().filter_map(|entry| dispatched_in(entry)));
        let work: Duration = entries.iter().map(|entry| entry.contact.work).sum();
        let there_is = (run.span.until - run.span.from).as_secs_f64() * run.agents as f64;
        let mut languages = BTreeMap::new();
        for entry in &entries {
            *languages.entry(entry.contact.message.language.tag()).or_default() += 1;
        }
        Self {
            contacts: entries.len() as u64,
            answered: count(|entry| fate(entry) == Fate::Answered),
            abandoned: count(|entry| fate(entry) == Fate::Abandoned),
            waiting: count(|entry| fate(entry) == Fate::Waiting),
            lost,
            offered_twice: twice,
            wait_p50_ms: waits[0],
            wait_p99_ms: waits[1],
            wait_clock: "played",
            scale: run.span.scale,
            played: [super::clock::hms(run.span.from), super::clock::hms(run.span.until)],
            seed: run.seed,
            duration_s: run.takes.as_secs_f64(),
            agents: run.agents,
            offered_load: (work.as_secs_f64() / there_is * 1_000.0).round() / 1_000.0,
            completed: count(|entry| {
                fate(entry) == Fate::Answered && matches!(entry.ending, Some((Ending::Completed, _)))
            }),
            unfinished: count(|entry| fate(entry) == Fate::Answered && entry.ending.is_none()),
            timed_out: count(|entry| fate(entry) == Fate::TimedOut),
            counts: ledger.counts,
            dispatch_p50_us: dispatch[0],
            dispatch_p99_us: dispatch[1],
            languages,
            queues: by_queue(&entries, run, played),
            moments: MomentFigures {
                live: KindsFigures::of(&live(&entries, played)),
                by_moments: KindsFigures::of(&again.by_moments),
                first_come: KindsFigures::of(&again.first_come),
            },
            faults,
        }
    }
}

/// What became of moments of truth and of all others over the wire.
fn live(entries: &[&Entry], played: impl Fn(Duration) -> Duration) -> Report {
    let mut report = Report::default();
    for entry in entries.iter().filter(|entry| entry.contact.channel.name != EMAIL) {
        let Some(waited) = entry.waited_in_all().map(&played) else { continue };
        let waited = Waited(i64::try_from(waited.as_micros()).unwrap_or(i64::MAX));
        let fate = day::Fate { number: entry.contact.number, is_live: true, waited, answered_by: entry.answered_by };
        fate.count(if entry.is_moment { &mut report.moments } else { &mut report.routine });
    }
    report
}

fn tenths(share: f64) -> f64 {
    (share * 10.0).round() / 10.0
}

/// What became of an acknowledged contact; exactly one of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Answered,
    Abandoned,
    TimedOut,
    Waiting,
    Lost,
}

fn fate(entry: &Entry) -> Fate {
    match entry.ending {
        _ if entry.lost.is_some() => Fate::Lost,
        _ if entry.answered_at.is_some() => Fate::Answered,
        Some((Ending::Abandoned, _)) => Fate::Abandoned,
        Some((Ending::TimedOut, _)) => Fate::TimedOut,
        Some((Ending::Completed, _)) => Fate::Answered,
        None => {
            assert!(entry.has_place, "every contact without an end is looked up before the sums");
            Fate::Waiting
        }
    }
}

fn by_queue(
    entries: &[&Entry],
    run: &Run<'_>,
    played: impl Fn(Duration) -> Duration,
) -> BTreeMap<String, QueueFigures> {
    let mut queues: BTreeMap<String, QueueFigures> = BTreeMap::new();
    for (name, rules) in &run.document.queues {
        let mut figures = QueueFigures::default();
        let level = Duration::from_micros(u64::try_from(rules.service_level.0).unwrap_or(0));
        for entry in entries.iter().filter(|entry| entry.contact.queue == name.as_str()) {
            figures.contacts += 1;
            let Some(waited) = entry.waited().map(&played) else { continue };
            figures.answered += 1;
            figures.in_service_level += u64::from(waited <= level);
            figures.wait_mean_ms += millis(waited);
        }
        figures.wait_mean_ms /= figures.answered.max(1);
        queues.insert(name.as_str().to_owned(), figures);
    }
    queues
}

/// From sending to the first offer on a stream, if an agent was free.
///
/// Not from the acknowledgement: the two leave the daemon together, by different connections.
fn dispatched_in(entry: &Entry) -> Option<u64> {
    let first =
        entry.holds.iter().min_by_key(|hold| (hold.made_at, hold.seen_at)).filter(|hold| hold.found_free_agent)?;
    u64::try_from((first.seen_at - entry.sent_at).0).ok()
}

/// Median and 99th percentile, to three digits.
fn quantiles(values: impl Iterator<Item = u64>) -> [u64; 2] {
    let mut histogram = Histogram::<u64>::new(3).expect("three digits are within its range");
    for value in values {
        histogram.record(value).expect("it grows as needed");
    }
    [histogram.value_at_quantile(0.5), histogram.value_at_quantile(0.99)]
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
