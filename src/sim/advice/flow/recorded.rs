//! Who came on a day as it was recorded.
//!
//! Invariant: a contact's work counts where it came, whoever it was passed on to; what was cut short is drawn once, as the
//! player draws it. A moment of truth asks the document's empathy and no more: which entry of the catalogue made it one
//! shows when it is played. Not here: rates and traces (`flow`).

use std::sync::Arc;

use rand::{SeedableRng, rngs::StdRng};

use super::{Flow, Hours, Kind, Part, Patience, Way};
use crate::{
    model::{
        requirement::{Condition, Requirement},
        time::Span,
    },
    sim::scenario::{
        Scenario,
        distribution::seconds,
        recorded::{Recorded, Time, Work},
    },
};

type Rows<'s> = Vec<&'s Recorded>;

/// Those who came the same way and asked the same, in the order in which the first of each came.
pub fn flows(scenario: &Scenario, rows: &[Arc<Recorded>], hours: &Hours, empathy: &Condition) -> Vec<Flow> {
    let mut kinds: Vec<((Way, &Requirement), Rows<'_>)> = Vec::new();
    for row in rows {
        let contact = &row.contact;
        let way = Way { class: row.class, queue: contact.queue.clone(), channel: contact.channel.clone() };
        let kind = (way, &contact.requirement);
        match kinds.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, rows)) => rows.push(row),
            None => kinds.push((kind, vec![row])),
        }
    }
    let mut rng = StdRng::seed_from_u64(1);
    let flow = |((way, asks), rows): ((Way, &Requirement), Rows<'_>)| {
        let usual = seconds(scenario.document.queues[&way.queue].wrap_up.time);
        let wrap_ups: Vec<f64> = rows.iter().map(|row| row.wrap_up.map_or(usual, seconds)).collect();
        let kind = Kind {
            way,
            asks,
            moments: Vec::new(),
            takes: mean(&rows.iter().map(|row| takes(&row.work, &mut rng)).collect::<Vec<_>>()),
            wrap_up: Some(mean(&wrap_ups)),
            patience: patience(&rows, &mut rng),
        };
        kind.flow(&scenario.document, empathy, comes(&rows, hours))
    };
    kinds.into_iter().map(flow).collect()
}

fn comes(rows: &Rows<'_>, hours: &Hours) -> Vec<(f64, f64)> {
    let of_hour = |(from, until): &(Span, Span)| {
        let within = || rows.iter().filter(|row| (*from..*until).contains(&row.at));
        let an_hour = 3_600.0 / seconds(Span(until.0 - from.0));
        let moments = within().filter(|row| row.is_moment).count();
        (within().count() as f64 * an_hour, moments as f64 * an_hour)
    };
    hours.all.iter().map(of_hour).collect()
}

/// All that agents had to do with one, in seconds.
fn takes(work: &[Work], rng: &mut StdRng) -> f64 {
    work.iter().filter_map(|work| work.takes.draw(rng)).map(seconds).sum()
}

fn patience(rows: &Rows<'_>, rng: &mut StdRng) -> Patience {
    // Whom the platform took back stays as long as that, whatever the customer would have done.
    let mut stays = |row: &Recorded| match (&row.patience, row.withdrawn) {
        (Some(time), _) => Time::draw(time, rng),
        (None, withdrawn) => withdrawn,
    };
    let known: Vec<f64> = rows.iter().copied().filter_map(&mut stays).map(seconds).collect();
    let mut patience = Patience::default();
    patience.add((rows.len() - known.len()) as f64, Part::Endless);
    if !known.is_empty() {
        patience.add(known.len() as f64, Part::drawn(known));
    }
    patience
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}
