//! A document applied while many wait: how long each slice holds the shard, and how long a decision waits beside it.
//!
//! Fixed worlds of 10,000 agents and 100,000 waiting contacts, in 200 queues and in 10,000, in which a document changes
//! priorities, steps, costs and skills and removes a queue. Between slices an ordinary contact arrives, as a batch of the
//! shard's would bring it.

use std::time::Instant;

use attune::sim::decision::{MIDDLE, Shape, World, histogram};
use hdrhistogram::Histogram;

use crate::{METER, micros, verdict};

/// Goals, in nanoseconds.
const SLICE_NANOS_MAX: u64 = 2_000_000;
const DELAY_NANOS_MAX: u64 = 5_000_000;

/// Applies and prints.
pub fn run(quick: bool) {
    let middle = if quick { Shape { agents: 1_000, waiting: 10_000, ..MIDDLE } } else { MIDDLE };
    apply(middle);
    apply(Shape { queues: if quick { 1_000 } else { 10_000 }, own: 0, ..middle });
}

fn apply(shape: Shape) {
    let mut world = World::new(shape, METER);
    let began = Instant::now();
    let applied = world.apply_changed();
    let (mut slices, mut delays) = (histogram(), histogram());
    let mut busy = applied;
    while world.is_sweeping() {
        let slice = world.slice();
        slices.saturating_record(slice);
        let decision = world.arrive_and_leave();
        delays.saturating_record(slice + decision);
        busy += slice;
    }
    println!(
        "\na document applied to {} waiting, {} agents, {} queues: command {:.2} ms, {} slices, {:.0} ms of work in {:.0} ms",
        shape.waiting,
        shape.agents,
        shape.queues,
        applied as f64 / 1e6,
        slices.len(),
        busy as f64 / 1e6,
        began.elapsed().as_secs_f64() * 1e3,
    );
    let slowest = slices.max().max(applied);
    row("slice", &slices, slowest <= SLICE_NANOS_MAX);
    row("decision behind a slice", &delays, delays.max().max(applied) <= DELAY_NANOS_MAX);
}

fn row(name: &str, times: &Histogram<u64>, reached: bool) {
    let [p50, p99] = [0.5, 0.99].map(|quantile| micros(times, quantile));
    println!("{name:<25} p50 {p50:>8}  p99 {p99:>8}  max {:>8.2} µs  {}", times.max() as f64 / 1e3, verdict(reached));
}
