//! The figures for people: tables of at most 80 columns, bars, and a verdict on each goal.

use std::fmt::{self, Display, Formatter};

use super::figures::{Figures, Goal, Path, Workload};

/// Width of a bar.
const BAR: usize = 34;

/// Figures, to be shown.
pub struct Report<'a>(pub &'a Figures);

impl Display for Report<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let figures = self.0;
        machine(f, figures)?;
        if !figures.decision.is_empty() {
            decision(f, figures)?;
        }
        if !figures.path.is_empty() {
            path(f, figures)?;
            plots(f, figures)?;
        }
        memory(f, figures)?;
        for (letter, workload) in &figures.workloads {
            workload_table(f, *letter, workload, figures.settings.durable)?;
        }
        goals(f, &figures.goals)
    }
}

fn machine(f: &mut Formatter<'_>, figures: &Figures) -> fmt::Result {
    let (machine, settings) = (&figures.machine, &figures.settings);
    write!(f, "attune bench {}: {} cores, {}", settings.version, machine.cores, machine.os)?;
    if !machine.cpu.is_empty() {
        write!(f, ", {}", machine.cpu)?;
    }
    writeln!(f)?;
    write!(
        f,
        "{} {}run, seed {}, {:.0} s",
        if settings.quick { "quick" } else { "full" },
        if settings.durable { "durable " } else { "" },
        settings.seed,
        settings.duration_s
    )?;
    match machine.load_average {
        Some(load) if load > 0.5 => writeln!(f, "; others were at work on this machine (load average {load:.1})"),
        _ => writeln!(f),
    }
}

fn decision(f: &mut Formatter<'_>, figures: &Figures) -> fmt::Result {
    title(f, "The decision alone, 50 skills, 200 queues; µs")?;
    writeln!(f, "{:>42} {:>15} {:>19}", "search", "whole command", "examined")?;
    writeln!(
        f,
        "{:>8} {:>8}  {:<15} {:>7} {:>7} {:>7} {:>7} {:>6} {:>5} {:>6}",
        "agents", "waiting", "", "p50", "p99", "p50", "p99", "p50", "p99", "max"
    )?;
    for row in &figures.decision {
        writeln!(
            f,
            "{:>8} {:>8}  {:<15} {:>7.2} {:>7.2} {:>7.1} {:>7.1} {:>6} {:>5} {:>6}",
            count(row.agents as f64),
            count(row.waiting as f64),
            row.direction.replace('_', " "),
            row.p50_us,
            row.p99_us,
            row.command_p50_us,
            row.command_p99_us,
            row.examined_p50,
            row.examined_p99,
            row.examined_max,
        )?;
    }
    Ok(())
}

fn path(f: &mut Formatter<'_>, figures: &Figures) -> fmt::Result {
    title(f, "The main path: enqueue due -> offer at the agent's stream -> accept -> complete")?;
    writeln!(f, "{:<28} {:>23} {:>14} {:>11}", "", "latency, µs", "CPU, µs", "bytes")?;
    writeln!(
        f,
        "{:<8} {:>9} {:>9} {:>7} {:>7} {:>7} {:>7} {:>6} {:>5} {:>5}",
        "", "rate/s", "done/s", "p50", "p99", "p99.9", "server", "client", "sent", "recv"
    )?;
    for (place, row) in figures.path.iter().enumerate() {
        if place == 0 || (row.mode, row.agents) != (figures.path[place - 1].mode, figures.path[place - 1].agents) {
            writeln!(f, "{}, {} agents", row.mode, count(row.agents as f64))?;
        }
        path_row(f, "attuned", row)?;
        if let Some(toy) = figures.toy.get(place) {
            path_row(f, "toy", toy)?;
        }
        if let Some(echo) = figures.echo.get(place) {
            path_row(f, "echo", echo)?;
        }
    }
    Ok(())
}

fn path_row(f: &mut Formatter<'_>, name: &str, row: &Path) -> fmt::Result {
    let asked = if row.r#loop == "open" { count(row.rate) } else { "highest".into() };
    let cpu = |cpu: Option<f64>| cpu.map_or("-".into(), |us| format!("{us:.1}"));
    write!(
        f,
        "{name:<8} {asked:>9} {:>9} {:>7} {:>7} {:>7} {:>7} {:>6} {:>5.0} {:>5.0}",
        count(row.achieved),
        row.p50_us,
        row.p99_us,
        row.p999_us,
        cpu(row.server_cpu_us),
        cpu(row.client_cpu_us),
        row.sent_bytes,
        row.received_bytes,
    )?;
    for (count, what) in [(row.refused, "refused"), (row.missed, "offers missed"), (row.unfinished, "unfinished")] {
        if count > 0 {
            write!(f, "\n{:>9}{count} {what}", "")?;
        }
    }
    writeln!(f)
}

/// Latency by rate as bars, for each mode at the number of agents that has all rates.
fn plots(f: &mut Formatter<'_>, figures: &Figures) -> fmt::Result {
    let agents = figures.path[0].agents;
    let open = |row: &&Path| row.r#loop == "open";
    let rows = || figures.path.iter().zip(figures.toy.iter().map(Some).chain(std::iter::repeat(None)));
    let all = figures.path.iter().chain(&figures.toy).chain(&figures.echo).filter(open);
    let (least, most) = all.fold((u64::MAX, 1), |(least, most), row| (least.min(row.p50_us), most.max(row.p99_us)));
    let scale = Scale { least: least.max(1) as f64, most: most.max(2) as f64 };
    let mut mode = "";
    for (row, toy) in rows().filter(|(row, _)| row.agents == agents && row.r#loop == "open") {
        if row.mode != mode {
            mode = row.mode;
            let [least, most] = [scale.least, scale.most].map(span);
            title(f, &format!("Latency by rate, {mode}: █ p50, ░ p99; logarithmic, {least} to {most}"))?;
        }
        bar(f, &count(row.rate), "attuned", row, scale)?;
        if let Some(toy) = toy {
            bar(f, "", "toy", toy, scale)?;
        }
        if let Some(echo) = figures.echo.iter().filter(open).find(|echo| echo.rate == row.rate) {
            bar(f, "", "echo", echo, scale)?;
        }
    }
    Ok(())
}

#[derive(Debug, Clone, Copy)]
struct Scale {
    least: f64,
    most: f64,
}

impl Scale {
    /// Length of a bar; the least latency still has one.
    fn length(self, us: u64) -> usize {
        let part = (us.max(1) as f64 / self.least).ln() / (self.most / self.least).ln().max(f64::EPSILON);
        1 + (part.clamp(0.0, 1.0) * (BAR - 1) as f64).round() as usize
    }
}

fn bar(f: &mut Formatter<'_>, rate: &str, name: &str, row: &Path, scale: Scale) -> fmt::Result {
    let (solid, whole) = (scale.length(row.p50_us), scale.length(row.p99_us.max(row.p50_us)));
    let bar = "█".repeat(solid) + &"░".repeat(whole - solid);
    let [p50, p99] = [row.p50_us, row.p99_us].map(|us| span(us as f64));
    writeln!(f, "{rate:>9}  {name:<8} {bar:<BAR$} {p50:>9} {p99:>9}")
}

fn memory(f: &mut Formatter<'_>, figures: &Figures) -> fmt::Result {
    let memory = &figures.memory;
    let rows = [
        ("waiting contact, without context", memory.waiting_contact_bytes, memory.waiting_contacts),
        ("connected agent, 100 on a connection", memory.connected_agent_bytes, memory.connected_agents),
    ];
    if rows.iter().all(|(_, bytes, _)| bytes.is_none()) {
        return Ok(());
    }
    title(f, "Memory of the daemon's process")?;
    for (what, bytes, of) in rows {
        if let Some(bytes) = bytes {
            writeln!(f, "{what:<40} {:>8} bytes   (of {})", count(bytes), count(of as f64))?;
        }
    }
    Ok(())
}

fn workload_table(f: &mut Formatter<'_>, letter: char, workload: &Workload, is_durable: bool) -> fmt::Result {
    writeln!(f)?;
    let mut line = format!("Workload {letter}:");
    for word in workload.what.split(' ') {
        if line.chars().count() + word.chars().count() > 79 {
            writeln!(f, "{line}")?;
            line = "  ".to_owned();
        }
        line = format!("{line} {word}");
    }
    writeln!(f, "{line}")?;
    let mut case = "";
    for finding in &workload.ours {
        let shown = if finding.case == case { "" } else { &finding.case };
        case = &finding.case;
        writeln!(f, "  {shown:<44} {:<16} {:>10}", finding.figure, figure(finding.value))?;
    }
    for peer in workload.peers {
        writeln!(f, "  {}: {}", peer.name, peer.figures)?;
    }
    if letter <= 'D' {
        writeln!(f, "  (theirs carry calls, ours carries none; another machine)")?;
    } else {
        let ours = if is_durable { "on its disk, synced" } else { "in memory" };
        writeln!(f, "  (theirs on another machine; ours keeps its journal {ours})")?;
    }
    Ok(())
}

fn goals(f: &mut Formatter<'_>, goals: &[Goal]) -> fmt::Result {
    if goals.is_empty() {
        return Ok(());
    }
    title(f, "Goals")?;
    for goal in goals {
        let verdict = if goal.reached { "reached" } else { "MISSED" };
        let (found, bound) = (figure(goal.found), figure(goal.bound));
        let mut name = goal.goal.as_str();
        if name.chars().count() > 45
            && let Some((head, rest)) = name.split_once(": ")
        {
            writeln!(f, "{head}:")?;
            name = rest;
        }
        writeln!(f, "{name:<45} {found:>9} {bound:>9}  {verdict} {:>4.2}", goal.ratio)?;
    }
    let reached = goals.iter().filter(|goal| goal.reached).count();
    writeln!(f, "{reached} of {} reached (found, asked, and their ratio: 1 or less is reached)", goals.len())
}

fn title(f: &mut Formatter<'_>, title: &str) -> fmt::Result {
    writeln!(f, "\n{title}")
}

/// A whole number with separators.
fn count(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut grouped = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

fn figure(number: f64) -> String {
    if number < 100.0 { format!("{number:.2}") } else { count(number) }
}

/// Microseconds, in the unit that suits.
fn span(us: f64) -> String {
    match us {
        us if us < 1_000.0 => format!("{us:.0} µs"),
        us if us < 1_000_000.0 => format!("{:.1} ms", us / 1_000.0),
        us => format!("{:.1} s", us / 1_000_000.0),
    }
}
