//! The end of a run, for people.
//!
//! Invariant: the same figures as the JSON, and nothing else.

use std::{fmt::Write, time::Duration};

use crate::app::Addresses;

use super::{
    clock::ms,
    figures::{Figures, KindsFigures, MomentFigures},
    ledger::Counts,
};

/// The summary as a table.
pub fn table(figures: &Figures) -> String {
    let mut text = String::new();
    let time = |millis| ms(Duration::from_millis(millis));
    let mut line = |name: &str, value: String| {
        let _ = writeln!(text, "  {name:<38}{value}");
    };
    let of = |part: u64| format!("{part:>6}  {:>5.1} %", 100.0 * part as f64 / figures.contacts.max(1) as f64);
    let [from, until] = &figures.played;
    line("played", format!("{from} to {until}, {} times as fast; {} agents", round(figures.scale), figures.agents));
    line("offered load", format!("{:.2} of the agents' time", figures.offered_load));
    line("contacts", format!("{:>6}", figures.contacts));
    line("answered", format!("{}   ({} still with an agent)", of(figures.answered), figures.unfinished));
    line("abandoned", of(figures.abandoned));
    line("waited too long", of(figures.timed_out));
    line("still waiting at the end", of(figures.waiting));
    line("lost", of(figures.lost));
    line("offered twice", of(figures.offered_twice));
    line(
        "wait until answered, played time",
        format!("p50 {}   p99 {}", time(figures.wait_p50_ms), time(figures.wait_p99_ms)),
    );
    let dispatch = |micros: u64| format!("{:.2} ms", micros as f64 / 1_000.0);
    let (p50, p99) = (dispatch(figures.dispatch_p50_us), dispatch(figures.dispatch_p99_us));
    line("sent to offered, real time", format!("p50 {p50}   p99 {p99}   (where an agent was free)"));
    let Counts { offers, declined, expired, rescinded, transferred, connect_failed, .. } = figures.counts;
    line("offers", format!("{offers}: {declined} declined, {expired} expired, {rescinded} rescinded"));
    line("passed on, not connected", format!("{transferred}, {connect_failed}"));
    line("streams cut, resumed", format!("{}, {}", figures.counts.streams_cut, figures.counts.streams_resumed));
    let _ = writeln!(
        text,
        "\n  {:<12}{:>9}{:>10}{:>18}{:>12}",
        "queue", "contacts", "answered", "in service level", "mean wait"
    );
    for (name, queue) in figures.queues.iter().filter(|(_, queue)| queue.contacts > 0) {
        let in_time = format!("{:.0} %", 100.0 * queue.in_service_level as f64 / queue.answered.max(1) as f64);
        let wait = time(queue.wait_mean_ms);
        let _ = writeln!(text, "  {name:<12}{:>9}{:>10}{in_time:>18}{wait:>12}", queue.contacts, queue.answered);
    }
    text.push_str(&moments(&figures.moments));
    text
}

/// What moments of truth got, and what the others did.
fn moments(figures: &MomentFigures) -> String {
    type Cell = fn(&KindsFigures) -> String;
    let runs = [&figures.live, &figures.by_moments, &figures.first_come];
    let of_moments: [(&str, Cell); 5] = [
        ("came", |run| run.moments.contacts.to_string()),
        ("with an empathetic agent in 20 s", |run| share(run.moments.empathetic_in_time)),
        ("with any agent in 20 s", |run| share(run.moments.in_time)),
        ("mean wait", |run| secs(run.moments.wait_mean_ms)),
        ("left unanswered", |run| share(run.moments.unanswered)),
    ];
    let of_others: [(&str, Cell); 5] = [
        ("came", |run| run.routine.contacts.to_string()),
        ("with an agent in 20 s", |run| share(run.routine.in_time)),
        ("mean wait", |run| secs(run.routine.wait_mean_ms)),
        ("left unanswered", |run| share(run.routine.unanswered)),
        ("service level of all, 20 s", |run| share(run.service_level)),
    ];
    let mut text = row("", ["over", "by moments,", "longest idle,"].map(str::to_owned));
    text += &row("", ["the wire", "virtual time", "virtual time"].map(str::to_owned));
    for (kind, rows) in [("moments of truth", of_moments), ("all others", of_others)] {
        let _ = writeln!(text, "  {kind}");
        rows.into_iter().for_each(|(name, cell)| text += &row(name, runs.map(cell)));
    }
    format!("\n{text}{}", price(figures))
}

fn row(name: &str, [live, by_moments, first_come]: [String; 3]) -> String {
    format!("    {name:<34}{live:>10}{by_moments:>15}{first_come:>16}\n")
}

fn share(percent: f64) -> String {
    format!("{percent:.1} %")
}

fn secs(millis: u64) -> String {
    format!("{:.1} s", millis as f64 / 1_000.0)
}

/// The price, in a sentence.
fn price(figures: &MomentFigures) -> String {
    let MomentFigures { by_moments, first_come, live: _ } = figures;
    let paid = |with: u64, without: u64| (with as f64 - without as f64) / 1_000.0;
    let waited = paid(by_moments.routine.wait_mean_ms, first_come.routine.wait_mean_ms);
    let level = by_moments.routine.in_time - first_come.routine.in_time;
    format!(
        "\n  What it cost the others, in virtual time: {waited:+.1} s of mean wait, {level:+.1} points\n  \
         within 20 s. Emails, for which nobody holds the line, are not counted.\n"
    )
}

/// Where to look further, while the daemon runs.
pub fn addresses(addresses: Addresses) -> String {
    let Addresses { api, admin } = addresses;
    format!(
        "  metrics  curl http://{admin}/metrics\n  \
           API      grpcurl -plaintext {api} attune.v1.WaitService/ListQueueStatistics\n"
    )
}

fn round(scale: f64) -> String {
    format!("{scale:.1}").trim_end_matches(".0").to_owned()
}
