//! How long contacts wait for so many servers who do nothing else, in closed form.
//!
//! Contacts come at random, take exponential times and wait as long as their patience lets them: M/M/n+G (Zeltyn and
//! Mandelbaum 2005, "Call centers with impatient customers", §3). With endless patience that is Erlang C (Erlang 1917),
//! with an exponential one Erlang A (Palm 1957; Garnett, Mandelbaum and Reiman 2002). In their words: λ contacts a second,
//! servers who do μ a second each, H(x) = ∫ G(u) du from 0 to x where G is the share whose patience is more than u; then
//!
//! ```text
//! E = 1 / B(n-1), B the loss formula      J(t) = ∫ exp(λ H(x) - n μ x) dx from 0 to t      J = J(∞)
//! P(wait > 0) = λ J / (E + λ J)           P(abandon) = (1 + (λ - n μ) J) / (E + λ J)
//! mean wait = λ ∫ H(x) exp(λ H(x) - n μ x) dx / (E + λ J)
//! ```
//!
//! Invariant: by `exact` alone, so that every machine comes to the same. Not here: whose load it is (`demand`).

use std::sync::Arc;

use rand::{SeedableRng, rngs::StdRng};

use crate::sim::scenario::{Distribution, distribution::seconds, exact::exp};

/// How many times of a distribution without a simple form stand for it.
const DRAWN: usize = 20_000;
/// Steps of an integral; each is far less than what it changes by.
const STEPS: u32 = 600;
/// An integrand this many powers of e below its highest is nothing.
const NOTHING: f64 = 36.0;
/// Nobody looks for more servers than this.
const SERVERS_MAX: u32 = 1_000_000;

/// Contacts that wait in one line for servers who are alike.
#[derive(Debug, Clone)]
pub struct Line {
    /// So many come a second.
    pub per_second: f64,
    /// So long each takes a server, in seconds.
    pub takes: f64,
    /// How long they wait.
    pub patience: Patience,
}

/// How long contacts wait, in shares that are alike.
#[derive(Debug, Clone, Default)]
pub struct Patience(Vec<(f64, Part)>);

/// How long some of them wait.
#[derive(Debug, Clone)]
pub enum Part {
    /// As long as it takes.
    Endless,
    /// Exponentially, with this mean in seconds.
    Exponential(f64),
    /// One of these times in rising order, in seconds, each with the sum of those before it.
    Drawn(Arc<[(f64, f64)]>),
}

/// Times within which contacts are to be answered, in seconds, with the share of contacts of each.
#[derive(Debug, Clone, PartialEq)]
pub struct Within(Vec<(f64, f64)>);

impl Within {
    /// The same for all.
    pub fn all(seconds: f64) -> Self {
        Self(vec![(1.0, seconds)])
    }

    /// So many contacts each; a time below nothing is never kept.
    pub fn of(counts: impl IntoIterator<Item = (f64, f64)>) -> Self {
        let counts: Vec<(f64, f64)> = counts.into_iter().collect();
        let whole: f64 = counts.iter().map(|(count, _)| count).sum();
        Self(counts.into_iter().map(|(count, seconds)| (count / whole, seconds)).collect())
    }

    /// The share that is in time if it is answered at once.
    fn possible(&self) -> f64 {
        self.0.iter().filter(|(_, seconds)| *seconds >= 0.0).map(|(share, _)| share).sum()
    }
}

/// What contacts of a line meet with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Met {
    /// The share that is not answered at once.
    pub delayed: f64,
    /// The share that is answered within the time asked for.
    pub in_time: f64,
    /// The share that leaves.
    pub abandoned: f64,
    /// The mean wait of all of them, in seconds.
    pub wait: f64,
}

impl Part {
    /// Of a patience as scenarios have it.
    pub fn of(patience: Option<&Distribution>) -> Self {
        match patience {
            None => Self::Endless,
            Some(Distribution::Exponential(mean)) => Self::Exponential(*mean),
            Some(Distribution::Constant(seconds)) => Self::drawn(vec![*seconds]),
            Some(Distribution::Empirical(values)) => Self::drawn(values.to_vec()),
            Some(other) => {
                let mut rng = StdRng::seed_from_u64(1);
                Self::drawn((0..DRAWN).map(|_| seconds(other.draw(&mut rng))).collect())
            }
        }
    }

    /// Of times that were seen, one at least.
    pub fn drawn(mut times: Vec<f64>) -> Self {
        times.sort_unstable_by(f64::total_cmp);
        let sums = times.into_iter().scan(0.0, |sum, time| {
            let before = *sum;
            *sum += time;
            Some((time, before))
        });
        Self::Drawn(sums.collect())
    }

    /// H(x): the mean of the smaller of x and the patience.
    fn waited_by(&self, x: f64) -> f64 {
        match self {
            Self::Endless => x,
            Self::Exponential(mean) => mean * (1.0 - exp(-x / mean)),
            Self::Drawn(times) => {
                let over = times.partition_point(|(time, _)| *time <= x);
                let sum = over.checked_sub(1).map_or(0.0, |last| times[last].0 + times[last].1);
                (sum + (times.len() - over) as f64 * x) / times.len() as f64
            }
        }
    }
}

impl Patience {
    /// A share of so much waits so long; shares count against each other.
    pub fn add(&mut self, share: f64, part: Part) {
        if share > 0.0 {
            self.0.push((share, part));
        }
    }

    /// The same for all.
    pub fn all(part: Part) -> Self {
        Self(vec![(1.0, part)])
    }

    /// The shares of both, each times its weight.
    pub fn add_all(&mut self, weight: f64, other: &Self) {
        let whole = other.whole();
        other.0.iter().for_each(|(share, part)| self.add(weight * share / whole, part.clone()));
    }

    fn whole(&self) -> f64 {
        self.0.iter().map(|(share, _)| share).sum::<f64>().max(f64::MIN_POSITIVE)
    }

    fn waited_by(&self, x: f64) -> f64 {
        self.0.iter().map(|(share, part)| share * part.waited_by(x)).sum::<f64>() / self.whole()
    }

    fn endless(&self) -> f64 {
        let endless = self.0.iter().filter(|(_, part)| matches!(part, Part::Endless));
        endless.map(|(share, _)| share).sum::<f64>() / self.whole()
    }
}

/// The share that is lost where nobody waits: Erlang B (Erlang 1917), by its recursion.
pub fn lost(servers: u32, erlangs: f64) -> f64 {
    1.0 / inverse_lost(servers, erlangs)
}

/// One over it, which grows from 1 without rounding away: 1/B(n) = 1 + n/a · 1/B(n-1).
fn inverse_lost(servers: u32, erlangs: f64) -> f64 {
    (1..=servers).fold(1.0, |inverse, server| 1.0 + f64::from(server) / erlangs * inverse)
}

impl Line {
    /// Erlangs: how many servers are at work if nobody leaves.
    pub fn erlangs(&self) -> f64 {
        self.per_second * self.takes
    }

    /// What its contacts meet with where so many serve them, and which of them are answered within so many seconds.
    pub fn met(&self, servers: u32, within: f64) -> Met {
        let (come, done) = (self.per_second, f64::from(servers) / self.takes.max(1e-9));
        if come <= 0.0 {
            return Met { delayed: 0.0, in_time: 1.0, abandoned: 0.0, wait: 0.0 };
        }
        let endless = self.patience.endless();
        if come * endless >= done {
            // Whoever stays waits for ever, and everybody else finds them there.
            return Met { delayed: 1.0, in_time: 0.0, abandoned: 1.0 - endless, wait: f64::INFINITY };
        }
        let (highest, end) = self.span(done);
        let power = |x: f64| exp(come * self.patience.waited_by(x) - done * x - highest);
        let whole = integral(power, end);
        let atom = inverse_lost(servers - 1, self.erlangs()) * exp(-highest) + come * whole;
        let until = within.max(0.0);
        let early = integral(power, until.min(end));
        let delayed = come * whole / atom;
        Met {
            delayed,
            in_time: (1.0 - delayed + (power(until) - power(0.0) + done * early) / atom).clamp(0.0, 1.0),
            abandoned: ((power(0.0) + (come - done) * whole) / atom).clamp(0.0, 1.0),
            wait: come * integral(|x| self.patience.waited_by(x) * power(x), end) / atom,
        }
    }

    /// The share that is answered in time where so many serve.
    pub fn in_time(&self, servers: u32, within: &Within) -> f64 {
        let possible = within.0.iter().filter(|(_, seconds)| *seconds >= 0.0);
        possible.map(|(share, seconds)| share * self.met(servers, *seconds).in_time).sum()
    }

    /// The fewest servers with whom this share is answered in time; none if no number is enough.
    pub fn needed(&self, share: f64, within: &Within) -> Option<u32> {
        let is_enough = |servers: u32| servers > 0 && self.in_time(servers, within) >= share;
        if self.per_second <= 0.0 {
            return Some(0);
        }
        if within.possible() < share {
            return None;
        }
        let mut enough = 1_u32;
        while !is_enough(enough) {
            enough = enough.checked_mul(2).filter(|servers| *servers <= SERVERS_MAX)?;
        }
        let mut few = enough / 2;
        while few + 1 < enough {
            let half = few + (enough - few) / 2;
            if is_enough(half) {
                enough = half;
            } else {
                few = half;
            }
        }
        Some(enough)
    }

    /// The highest exponent of the integrand, and from where on it is nothing.
    fn span(&self, done: f64) -> (f64, f64) {
        // It rises as long as more come than are done and leave, then falls for good.
        let exponent = |x: f64| self.per_second * self.patience.waited_by(x) - done * x;
        let mut end = 1.0 / done;
        while exponent(end) > exponent(end / 2.0).max(0.0) - NOTHING {
            end *= 2.0;
        }
        let (mut low, mut high) = (0.0, end);
        for _ in 0..60 {
            let (left, right) = (low + (high - low) / 3.0, high - (high - low) / 3.0);
            if exponent(left) < exponent(right) {
                low = left;
            } else {
                high = right;
            }
        }
        (exponent(low).max(0.0), end)
    }
}

/// From 0 to `end`, by Simpson's rule.
fn integral(of: impl Fn(f64) -> f64, end: f64) -> f64 {
    let step = end / f64::from(STEPS);
    let inner = |from: u32| (from..STEPS).step_by(2).map(|at| of(f64::from(at) * step)).sum::<f64>();
    step / 3.0 * (of(0.0) + 4.0 * inner(1) + 2.0 * inner(2) + of(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(erlangs: f64, takes: f64, part: Part) -> Line {
        Line { per_second: erlangs / takes, takes, patience: Patience::all(part) }
    }

    fn near(found: f64, expected: f64) {
        assert!((found / expected - 1.0).abs() < 2e-4, "{found}, {expected} was expected");
    }

    #[test]
    fn losses_and_waits_are_those_of_the_tables() {
        near(lost(10, 10.0), 0.214_582);
        // Cooper 1981, "Introduction to Queueing Theory": C(10, 8), and its wait of 300 s over 10 - 8.
        let patient = line(8.0, 300.0, Part::Endless).met(10, 20.0);
        near(patient.delayed, 0.409_180);
        near(patient.wait, 61.377_0);
        near(patient.in_time, 1.0 - 0.409_180 * (-2.0_f64 * 20.0 / 300.0).exp());
        assert!(patient.abandoned < 1e-6);
        let more = line(10.5, 300.0, Part::Endless).met(10, 20.0);
        assert_eq!((more.in_time, more.wait), (0.0, f64::INFINITY));
    }

    #[test]
    fn impatient_customers_are_those_of_the_papers() {
        // Garnett, Mandelbaum and Reiman 2002, table 1: 48 calls a minute of one minute, 50 agents; then with a patience of
        // two minutes.
        let patient = line(48.0, 60.0, Part::Endless).met(50, 20.0);
        assert!((patient.wait - 20.8).abs() < 0.05, "{patient:?}");
        let met = line(48.0, 60.0, Part::Exponential(120.0)).met(50, 20.0);
        assert!((met.wait - 3.7).abs() < 0.05 && (met.abandoned - 0.031).abs() < 5e-4, "{met:?}");
        // The simulator's own reference, by an independent program.
        let met = line(47.5, 300.0, Part::Exponential(180.0)).met(50, 20.0);
        near(met.wait, 7.526_8);
        near(met.abandoned, 0.041_816);
        near(met.in_time, 0.821_555);
        near(met.delayed, 0.334_412);
    }

    #[test]
    fn any_patience_obeys_flow_balance() {
        // Who is answered keeps the servers at work: λ (1 - P(abandon)) = busy servers; here by P(abandon) against the
        // share whose patience is over, which for a constant patience is what waits that long.
        let constant = Part::of(Some(&Distribution::Constant(60.0)));
        let met = line(52.0, 300.0, constant).met(50, 60.0);
        near(met.in_time + met.abandoned, 1.0);
        let drawn = Part::of(Some(&Distribution::Erlang { mean: 180.0, stages: 1 }));
        let exponential = line(47.5, 300.0, Part::Exponential(180.0)).met(50, 20.0);
        let met = line(47.5, 300.0, drawn).met(50, 20.0);
        assert!((met.wait - exponential.wait).abs() < 0.5, "{met:?} {exponential:?}");
        let mut mixed = Patience::default();
        mixed.add(1.0, Part::Exponential(180.0));
        mixed.add(3.0, Part::Exponential(180.0));
        let same = Line { patience: mixed, ..line(47.5, 300.0, Part::Endless) }.met(50, 20.0);
        near(same.wait, exponential.wait);
    }

    #[test]
    fn the_fewest_that_are_enough_are_found_and_one_fewer_is_not() {
        for erlangs in [0.2, 3.8, 47.5, 400.0] {
            for part in [Part::Endless, Part::Exponential(180.0)] {
                let line = line(erlangs, 300.0, part);
                let needed = line.needed(0.8, &Within::all(20.0)).unwrap();
                assert!(line.met(needed, 20.0).in_time >= 0.8, "{line:?} {needed}");
                assert!(needed == 1 || line.met(needed - 1, 20.0).in_time < 0.8, "{line:?} {needed}");
            }
        }
        assert_eq!(line(0.0, 300.0, Part::Endless).needed(0.8, &Within::all(20.0)), Some(0));
        let short = line(30.0, 300.0, Part::drawn(vec![1.0]));
        assert!(
            short.needed(0.9, &Within::all(20.0)).is_some_and(|needed| needed > 30),
            "who leaves at once is not answered"
        );
    }
}
