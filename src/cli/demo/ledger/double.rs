//! Offered twice: was a contact open at two agents at once where its queue asks for one?
//!
//! Invariant: no false alarms. An offer in the hands of one agent may well reach the client before the news that the
//! one before it is over reaches another, since streams race. So only proof counts (see [`Hold`]): a hold made strictly
//! before another one's proven end overlaps it, in the daemon's own clock, whatever the network did. What that misses
//! is an offer withdrawn without having been acknowledged or answered, and of such an offer nobody can say when it
//! ended.
//!
//! Beyond that, three things can never be: one offer shown to two agents; two agents engaged at once; an offer made
//! after the contact's end was acknowledged.

use crate::model::time::Timestamp;

use super::{Entry, Hold};

/// Why a contact counts as offered twice, if it does; `at_once` is how many agents a queue may offer one contact to.
pub fn offered_twice(entry: &Entry, at_once: impl Fn(&str) -> usize) -> Option<String> {
    let ended_at = entry.ending.map(|(_, at)| at);
    twice(&entry.holds, ended_at, at_once)
}

fn twice(holds: &[Hold], ended_at: Option<Timestamp>, at_once: impl Fn(&str) -> usize) -> Option<String> {
    let shown_twice = |(hold, other): (&Hold, &Hold)| {
        (hold.offer == other.offer)
            .then(|| format!("offer {} is shown to {} and {}", hold.offer, hold.agent, other.agent))
    };
    let both_engaged = |(hold, other): (&Hold, &Hold)| {
        let since = hold.engaged_since?.max(other.engaged_since?);
        (since < hold.surely_until.min(other.surely_until))
            .then(|| format!("{} and {} are engaged with it at once", hold.agent, other.agent))
    };
    pairs(holds)
        .find_map(|pair| shown_twice(pair).or_else(|| both_engaged(pair)))
        .or_else(|| holds.iter().find_map(|hold| crowded(hold, holds, &at_once)))
        .or_else(|| {
            let late = holds.iter().find(|hold| ended_at.is_some_and(|ended_at| hold.made_at > ended_at))?;
            Some(format!("it is offered to {} after its end", late.agent))
        })
}

/// Pairs of holds of different agents.
fn pairs(holds: &[Hold]) -> impl Iterator<Item = (&Hold, &Hold)> {
    let others = |(at, hold)| holds[at + 1..].iter().map(move |other| (hold, other));
    holds.iter().enumerate().flat_map(others).filter(|(hold, other)| hold.agent != other.agent)
}

/// Whether more agents than the queue allows had the contact when this offer was made.
fn crowded(new: &Hold, holds: &[Hold], at_once: impl Fn(&str) -> usize) -> Option<String> {
    let held = |hold: &&Hold| hold.agent != new.agent && hold.made_at <= new.made_at && new.made_at < hold.surely_until;
    let mut others: Vec<&Hold> = holds.iter().filter(held).collect();
    // With an engagement there is no room for any offer.
    let engaged = others.iter().find(|hold| hold.engaged_since.is_some_and(|since| since <= new.made_at));
    if let Some(engaged) = engaged {
        return Some(format!("it is offered to {} while {} is engaged with it", new.agent, engaged.agent));
    }
    let allowed = others.iter().map(|hold| at_once(&hold.queue)).chain([at_once(&new.queue)]).max().unwrap_or(1);
    others.sort_unstable_by(|a, b| a.agent.cmp(&b.agent));
    others.dedup_by(|a, b| a.agent == b.agent);
    let names = || others.iter().map(|hold| hold.agent.as_str()).collect::<Vec<_>>().join(", ");
    (others.len() >= allowed).then(|| format!("it is offered to {} while {} has it", new.agent, names()))
}

#[cfg(test)]
mod tests {
    use super::super::{Over, Shown};
    use super::*;

    fn hold(agent: &str, offer: &str, made_at: i64) -> Hold {
        Hold::new(Shown {
            agent: agent.to_owned(),
            offer: offer.to_owned(),
            queue: if offer.starts_with('f') { "fraud" } else { "cards" }.to_owned(),
            made_at: Timestamp(made_at),
            deliver_by: Timestamp(made_at + 2_000),
            seen_at: Timestamp(made_at + 1),
            found_free_agent: true,
        })
    }

    fn delivered(agent: &str, offer: &str, made_at: i64, acked_at: i64, expires_at: i64) -> Hold {
        let mut hold = hold(agent, offer, made_at);
        hold.deliver(Timestamp(acked_at), Timestamp(expires_at));
        hold
    }

    fn check(holds: &[Hold], expected: Option<&str>) {
        let found = twice(holds, Some(Timestamp(90_000)), |queue| if queue == "fraud" { 2 } else { 1 });
        assert_eq!(found.as_deref(), expected);
    }

    #[test]
    fn an_offer_after_another_ones_end_is_no_double_however_late_the_news_arrives() {
        let mut first = delivered("ana", "o1", 100, 110, 500);
        check(&[first.clone(), delivered("ben", "o2", 200, 210, 600)], None);
        first.end(Over::Withdrawn);
        check(&[first.clone(), delivered("ben", "o2", 200, 210, 600)], None);
        let mut expired = delivered("ana", "o1", 100, 110, 500);
        expired.end(Over::Expired);
        check(&[expired, delivered("ben", "o2", 500, 510, 900)], None);
    }

    #[test]
    fn an_offer_before_another_ones_proven_end_is_a_double() {
        let mut expired = delivered("ana", "o1", 100, 110, 500);
        expired.end(Over::Expired);
        check(&[expired, hold("ben", "o2", 499)], Some("it is offered to ben while ana has it"));
        let mut accepted = delivered("ana", "o1", 100, 110, 500);
        accepted.accept(Timestamp(300), Timestamp(301));
        check(&[accepted.clone(), hold("ben", "o2", 299)], Some("it is offered to ben while ana has it"));
        accepted.release(Timestamp(800));
        check(&[accepted, hold("ben", "o2", 700)], Some("it is offered to ben while ana is engaged with it"));
    }

    #[test]
    fn the_same_offer_at_two_agents_is_a_double_at_once() {
        let shown = [hold("ana", "o1", 100), hold("ben", "o1", 100)];
        check(&shown, Some("offer o1 is shown to ana and ben"));
    }

    #[test]
    fn a_queue_may_ask_for_two_but_not_for_three_and_only_one_wins() {
        let [mut ana, mut ben] = [delivered("ana", "f1", 100, 110, 500), delivered("ben", "f2", 100, 111, 500)];
        check(&[ana.clone(), ben.clone()], None);
        ana.accept(Timestamp(300), Timestamp(310));
        check(&[ana.clone(), ben.clone()], None);
        let third = delivered("cid", "f3", 105, 120, 500);
        check(&[ana.clone(), ben.clone(), third], Some("it is offered to cid while ana, ben has it"));
        ana.release(Timestamp(700));
        ben.accept(Timestamp(305), Timestamp(315));
        ben.release(Timestamp(600));
        check(&[ana, ben], Some("ana and ben are engaged with it at once"));
    }

    #[test]
    fn nothing_is_offered_after_its_end() {
        check(&[hold("ana", "o1", 90_001)], Some("it is offered to ana after its end"));
    }
}
