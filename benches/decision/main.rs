//! The decision alone: who takes an arriving contact, and which contact a freed agent takes.
//!
//! No network, no journal, no shard: commands go straight into the engine's state. All worlds exist at once and are
//! measured in turns, so that whatever else the machine does hits all alike. Beside them, in the same turns: the clock
//! itself, one insert and pop of an ordered set, and the naive peer, a scan over rows.
//!
//! `cargo bench --bench decision` measures everything (minutes, 4 GB); `-- --quick` smaller worlds in fewer turns,
//! `-- --only middle --turns 400` some worlds for longer, as a profiler likes it; `-- --only apply` a document applied.

use std::{env, process::ExitCode, time::Instant};

use attune::sim::decision::{MIDDLE, Measured, Meter, Shape, Site, Twist, histogram};
use hdrhistogram::Histogram;

mod apply;
mod count;
mod floor;

use floor::Floor;

#[global_allocator]
static ALLOCATOR: count::Counting = count::Counting;
const METER: Meter = Meter { asked: count::asked, in_use: count::in_use };

/// Goals at the middle size, in nanoseconds.
const P50_NANOS_MAX: u64 = 2_000;
const P99_NANOS_MAX: u64 = 20_000;
/// From the smallest size to the largest.
const GROWTH_MAX: u64 = 10;
const BYTES_PER_CONTACT_MAX: usize = 1_024;
/// For everything that waiting costs; here only what the engine does of it.
const IDLE_PERCENT_MAX: f64 = 2.0;

/// A world, what was measured in it, and the cost of a minute of waiting there: nanoseconds and events.
struct Row {
    site: Site,
    minute: (u64, usize),
}

fn main() -> ExitCode {
    let quick = env::args().any(|argument| argument == "--quick");
    // Cargo's test runner asks every bench for its tests; there are none.
    if env::args().any(|argument| argument == "--list") {
        return ExitCode::SUCCESS;
    }
    let option = |name| env::args().skip_while(move |argument| argument != name).nth(1);
    let (turns, decisions) = if quick { (8, 100) } else { (100, 250) };
    let turns = option("--turns").and_then(|turns| turns.parse().ok()).unwrap_or(turns);
    let only = option("--only");
    if only.as_deref() == Some("apply") {
        apply::run(quick);
        return ExitCode::SUCCESS;
    }
    let shapes = shapes(quick).into_iter().filter(|shape| only.as_ref().is_none_or(|only| shape.name.contains(only)));

    let began = Instant::now();
    let mut rows: Vec<Row> = shapes
        .map(|shape| {
            let mut site = Site::new(shape, METER);
            let minute = site.idle_minute();
            Row { site, minute }
        })
        .collect();
    let mut floors = floors();
    println!("built {} worlds in {:.1} s", rows.len(), began.elapsed().as_secs_f32());

    for turn in 0..=turns {
        // The first turn warms up.
        for floor in &mut floors {
            floor.turn(decisions / 10);
        }
        for row in &mut rows {
            row.site.turn(decisions);
            if turn == 0 {
                row.site.forget();
            }
        }
        if turn == 0 {
            floors.iter_mut().for_each(|floor| floor.times.reset());
        }
    }
    report(&rows, &floors, turns * decisions);
    drop(rows);
    apply::run(quick);
    println!("\nmeasured in {:.1} s", began.elapsed().as_secs_f32());
    ExitCode::SUCCESS
}

/// The worlds to measure.
fn shapes(quick: bool) -> Vec<Shape> {
    let size = |name, agents, waiting| Shape { name, agents, waiting, ..MIDDLE };
    let hard = |name, agents, waiting, twist| Shape { name, agents, waiting, twist, ..MIDDLE };
    let mut shapes = vec![
        size("size", 100, 1_000),
        size("size", 1_000, 10_000),
        MIDDLE,
        Shape { queues: 2_000, own: 0, ..hard("200 queues per agent", 1_000, 10_000, Twist::Assigned) },
        hard("middle with empathy", 10_000, 100_000, Twist::Empathy),
        hard("drain after 30 s", 10_000, 100_000, Twist::Draining),
        hard("30 % personal", 10_000, 100_000, Twist::Personal),
        hard("1,000 ineligible heads", 1_000, 10_000, Twist::IneligibleHeads),
        Shape { queues: 1, own: 1_000, ..size("1,000 classes in a queue", 10_000, 100_000) },
        Shape { idle_percent: 90, ..hard("nobody has both", 10_000, 10_000, Twist::NobodyHasBoth) },
        Shape { own: 50, idle_percent: 90, ..hard("unique, 10,000 classes", 10_000, 100_000, Twist::Unique) },
    ];
    if !quick {
        shapes.extend([
            // A tenant has at most a million open contacts, those at agents included.
            size("size", 100, 900_000),
            size("size", 100_000, 1_000),
            size("size", 100_000, 900_000),
            Shape { idle_percent: 90, ..hard("nobody has both", 100_000, 10_000, Twist::NobodyHasBoth) },
        ]);
    }
    shapes
}

/// Something to compare with.
struct Measure {
    name: &'static str,
    floor: Floor,
    call: fn(&mut Floor),
    times: Histogram<u64>,
}

impl Measure {
    fn turn(&mut self, decisions: usize) {
        for _ in 0..decisions {
            let (nanos, ..) = METER.measured(|| (self.call)(&mut self.floor));
            self.times.saturating_record(nanos);
        }
    }
}

fn floors() -> Vec<Measure> {
    let measure = |name, call| Measure { name, floor: Floor::new(10_000, 100_000), call, times: histogram() };
    vec![
        measure("the clock itself", Floor::clock),
        measure("ordered set of 100,000: insert and pop first", Floor::ordered_set),
        measure("naive: scan 10,000 agents for a contact", Floor::scan_agents),
        measure("naive: scan 100,000 contacts for an agent", Floor::scan_contacts),
    ]
}

fn report(rows: &[Row], floors: &[Measure], decisions: usize) {
    println!("at most {decisions} decisions of each kind in each world; times in µs, the clock's own included\n");
    println!("{:<46} {:>8} {:>8}", "floor", "p50", "p99");
    for floor in floors {
        let times = &floor.times;
        println!("{:<46} {:>8} {:>8}", floor.name, micros(times, 0.5), micros(times, 0.99));
    }
    for (title, of) in [
        ("contact arrives -> agent", (|row| &row.site.arrives) as fn(&Row) -> &Measured),
        ("agent is free -> contact", |row| &row.site.frees),
    ] {
        println!(
            "\n{title:<25} {:>7} {:>9} | {:>7} {:>7} {:>4} | {:>7} {:>7} {:>5} | {:>5} {:>5} {:>6} | {:>6} goals",
            "agents", "waiting", "search", "p99", "aloc", "command", "p99", "aloc", "exam.", "p99", "max", "made"
        );
        rows.iter().for_each(|row| print_row(&row.site.world.shape, of(row)));
        print_growth(rows, of);
    }
    println!(
        "\n{:<25} {:>7} {:>9} | bytes per waiting contact (at most {BYTES_PER_CONTACT_MAX}), per agent",
        "memory", "", ""
    );
    for row in rows {
        let Shape { name, agents, waiting, .. } = row.site.world.shape;
        // With few contacts it is the classes that count.
        let counts = waiting >= 10_000;
        let verdict = if counts { verdict(row.site.world.bytes_per_contact <= BYTES_PER_CONTACT_MAX) } else { "" };
        let (contact, agent) = (row.site.world.bytes_per_contact, row.site.world.bytes_per_agent);
        println!("{name:<25} {agents:>7} {waiting:>9} | {contact:>6} {verdict:<7} {agent:>6}");
    }
    println!("\n{:<43} | share of a core (at most {IDLE_PERCENT_MAX} %), events a second", "a minute of waiting");
    for row in rows {
        let (Shape { name, agents, waiting, .. }, (nanos, events)) = (row.site.world.shape, row.minute);
        let percent = nanos as f64 / 600_000_000.0;
        let verdict = verdict(percent <= IDLE_PERCENT_MAX);
        println!("{name:<25} {agents:>7} {waiting:>9} | {percent:>6.3} % {verdict:<7} {:>8}", events / 60);
    }
    println!("\n{:<43} | first arrival of a new requirement: command p50, p99, max", "new conditions");
    for row in rows.iter().filter(|row| !row.site.world.first_of_kind.is_empty()) {
        let (Shape { name, agents, waiting, .. }, times) = (row.site.world.shape, &row.site.world.first_of_kind);
        let [p50, p99, max] = [0.5, 0.99, 1.0].map(|quantile| micros(times, quantile));
        println!("{name:<25} {agents:>7} {waiting:>9} | {p50:>8} {p99:>8} {max:>8}");
    }
}

fn print_row(shape: &Shape, measured: &Measured) {
    let Shape { name, agents, waiting, .. } = shape;
    let Measured { search, command, examined, .. } = measured;
    let per = |count: usize, times: &Histogram<u64>| count as f64 / times.len().max(1) as f64;
    let reached = |times: &Histogram<u64>| {
        times.value_at_quantile(0.5) <= P50_NANOS_MAX && times.value_at_quantile(0.99) <= P99_NANOS_MAX
    };
    println!(
        "{name:<25} {agents:>7} {waiting:>9} | {:>7} {:>7} {:>4.1} | {:>7} {:>7} {:>5.1} | {:>5} {:>5} {:>6} | \
         {:>5.0}% search {}, command {}",
        micros(search, 0.5),
        micros(search, 0.99),
        per(measured.search_allocations, search),
        micros(command, 0.5),
        micros(command, 0.99),
        per(measured.command_allocations, command),
        examined.value_at_quantile(0.5),
        examined.value_at_quantile(0.99),
        examined.max(),
        100.0 * measured.found as f64 / command.len().max(1) as f64,
        verdict(reached(search)),
        verdict(reached(command)),
    );
}

/// From the smallest plain world to the largest.
fn print_growth(rows: &[Row], of: fn(&Row) -> &Measured) {
    let plain = || {
        rows.iter().filter(|row| row.site.world.shape.twist == Twist::Plain && row.site.world.shape.own == MIDDLE.own)
    };
    let size = |row: &&Row| row.site.world.shape.agents * row.site.world.shape.waiting;
    let (Some(smallest), Some(largest)) = (plain().min_by_key(size), plain().max_by_key(size)) else { return };
    let ratio = |times: fn(&Measured) -> &Histogram<u64>, quantile| {
        let (small, large) = (times(of(smallest)), times(of(largest)));
        large.value_at_quantile(quantile) as f64 / small.value_at_quantile(quantile).max(1) as f64
    };
    let (search, command) = (ratio(|m| &m.search, 0.5), ratio(|m| &m.command, 0.5));
    println!(
        "growth smallest -> largest: search {search:.1} x (p99 {:.1} x), command {command:.1} x (p99 {:.1} x), \
         examined {:.1} x; at most {GROWTH_MAX} x: {}",
        ratio(|m| &m.search, 0.99),
        ratio(|m| &m.command, 0.99),
        ratio(|m| &m.examined, 0.5),
        verdict(search <= GROWTH_MAX as f64 && command <= GROWTH_MAX as f64),
    );
}

fn micros(times: &Histogram<u64>, quantile: f64) -> String {
    format!("{:.2}", times.value_at_quantile(quantile) as f64 / 1_000.0)
}

fn verdict(reached: bool) -> &'static str {
    if reached { "ok" } else { "MISSED" }
}
