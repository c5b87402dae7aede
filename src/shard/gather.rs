//! Signals by stream, on their way to the engine: those of a contact are gathered and decided together.
//!
//! Speech analytics say something of each customer ten times a second, and the journal need not hear each of it. What is
//! first heard of a quiet contact is decided with the batch in which it came; from then on one command a second takes what
//! has gathered, until a second has passed in silence. Of several revisions of a signal only the last is taken.
//!
//! Invariant: what waits is bounded for a contact, for a tenant (as much as is still free) and in all; what does not fit is
//! refused with the time after which it does. A signal keeps the time at which it came. Not here: deciding (`core`).

use std::collections::VecDeque;

use rustc_hash::FxHashMap;

use crate::{
    model::{
        ids::{ContactId, ContactKey},
        limits::{SIGNALLED_CONTACTS_MAX, SIGNALS_GATHERED_MAX, SIGNALS_PENDING_MAX},
        signal::{Signal, Source},
        time::{Span, Timestamp},
    },
    scoring::Taken,
};

/// A contact's signals are decided at most so often.
const FOLD_EVERY: Span = Span::from_secs(1);
/// Folds come due together on this grid: a batch for many of them, and not one for each.
const TICK: Span = Span::from_millis(50);

/// What is heard of a contact, as it comes by a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The contact.
    pub contact: ContactId,
    /// What is heard of it.
    pub signals: Vec<Signal>,
}

/// A contact of a tenant, by the tenant's number in the shard.
pub(super) type Place = (usize, ContactKey);

/// What waits of all contacts.
#[derive(Debug, Default)]
pub(super) struct Gatherer {
    contacts: FxHashMap<Place, Gathered>,
    /// Contacts that were quiet and are not any more.
    roused: VecDeque<Place>,
    /// Contacts that were folded within the last second, by when they may be again.
    resting: VecDeque<(Timestamp, Place)>,
    /// Signals that wait, by tenant.
    waiting_of: FxHashMap<usize, usize>,
    waiting: usize,
}

/// What waits of a contact.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Gathered {
    pub contact: ContactId,
    pub signals: Vec<Signal>,
    /// Sources of signals that were replaced by a later revision as they waited.
    pub replaced: Vec<Source>,
    /// When it may be folded next: as it was roused, or a second after the last time.
    due: Timestamp,
}

impl Gatherer {
    /// Takes in what would count of a report, given what would become of each signal now; says what became of it.
    ///
    /// Fails with the time after which there will be room, and then has taken nothing.
    pub fn take(
        &mut self,
        now: Timestamp,
        place: Place,
        report: Report,
        judged: Vec<Taken>,
    ) -> Result<Vec<Taken>, Span> {
        let Report { contact, signals } = report;
        if !judged.iter().any(|taken| taken.counts()) {
            return Ok(judged);
        }
        self.make_room(now, place, &signals, &judged)?;
        let gathered = self.contacts.entry(place).or_insert_with(|| {
            self.roused.push_back(place);
            Gathered { contact, signals: Vec::new(), replaced: Vec::new(), due: now }
        });
        let before = gathered.signals.len();
        let taken = signals.into_iter().zip(judged).map(|(signal, judged)| gathered.add(now, signal, judged)).collect();
        let added = gathered.signals.len() - before;
        self.waiting += added;
        *self.waiting_of.entry(place.0).or_default() += added;
        Ok(taken)
    }

    fn make_room(&self, now: Timestamp, place: Place, signals: &[Signal], judged: &[Taken]) -> Result<(), Span> {
        let gathered = self.contacts.get(&place);
        let is_new = |(signal, judged): &(&Signal, &Taken)| {
            judged.counts() && gathered.is_none_or(|gathered| gathered.find(signal).is_none())
        };
        let added = signals.iter().zip(judged).filter(is_new).count();
        let waiting = gathered.map_or(0, |gathered| gathered.signals.len());
        if waiting + added > SIGNALS_PENDING_MAX {
            return Err(gathered.map_or(FOLD_EVERY, |gathered| (gathered.due - now).max(TICK)));
        }
        let free = SIGNALS_GATHERED_MAX.saturating_sub(self.waiting);
        let of_tenant = self.waiting_of.get(&place.0).copied().unwrap_or(0);
        let is_one_too_many = gathered.is_none() && self.contacts.len() >= SIGNALLED_CONTACTS_MAX;
        if is_one_too_many || added > 0 && of_tenant + added > free {
            return Err(FOLD_EVERY);
        }
        Ok(())
    }

    /// When [`next_due`](Self::next_due) has something next.
    pub fn due_at(&self) -> Option<Timestamp> {
        let roused = self.roused.front().map(|place| self.gathered(*place).due);
        roused.or_else(|| self.resting.front().map(|(due, _)| *due))
    }

    /// Whether anything waits.
    pub fn is_waiting(&self) -> bool {
        self.waiting > 0
    }

    /// What is due by `until`, one contact at a time; the contact rests from `now` on.
    pub fn next_due(&mut self, now: Timestamp, until: Timestamp) -> Option<(Place, Gathered)> {
        loop {
            let place = match self.roused.pop_front() {
                Some(place) => place,
                None => {
                    self.resting.front().filter(|(due, _)| *due <= until)?;
                    self.resting.pop_front()?.1
                }
            };
            // It was silent for a second, and is quiet again; or it was roused and then taken out of turn.
            if self.gathered(place).signals.is_empty() {
                self.contacts.remove(&place);
                continue;
            }
            let due = on_grid(now + FOLD_EVERY);
            self.resting.push_back((due, place));
            return self.take_out(place, due).map(|gathered| (place, gathered));
        }
    }

    /// What waits of a contact, out of turn.
    pub fn take_now(&mut self, place: Place) -> Option<Gathered> {
        let due = self.contacts.get(&place).filter(|gathered| !gathered.signals.is_empty())?.due;
        self.take_out(place, due)
    }

    fn gathered(&self, place: Place) -> &Gathered {
        self.contacts.get(&place).expect("whoever is roused or rests is there")
    }

    fn take_out(&mut self, place: Place, due: Timestamp) -> Option<Gathered> {
        let gathered = self.contacts.get_mut(&place)?;
        let left = Gathered { contact: gathered.contact.clone(), signals: Vec::new(), replaced: Vec::new(), due };
        let out = std::mem::replace(gathered, left);
        self.waiting -= out.signals.len();
        if let Some(waiting) = self.waiting_of.get_mut(&place.0) {
            *waiting -= out.signals.len();
        }
        Some(out)
    }
}

impl Gathered {
    /// Adds a signal that was judged by what is remembered of the contact already.
    fn add(&mut self, now: Timestamp, signal: Signal, judged: Taken) -> Taken {
        if !judged.counts() {
            return judged;
        }
        let observed_at = match (signal.observed_at, judged) {
            (Some(at), _) => Some(at.min(now)),
            // The time of the revision before.
            (None, Taken::Revised) => None,
            (None, _) => Some(now),
        };
        let Some(waits) = self.find(&signal) else {
            self.signals.push(Signal { observed_at, ..signal });
            return judged;
        };
        let waits = &mut self.signals[waits];
        if waits.revision >= signal.revision {
            return Taken::Known;
        }
        let observed_at = if signal.observed_at.is_some() { observed_at } else { waits.observed_at };
        self.replaced.push(waits.source);
        *waits = Signal { observed_at, ..signal };
        Taken::Revised
    }

    /// The one that waits and is the same, in whatever revision; what is declared is remembered apart from feelings.
    fn find(&self, signal: &Signal) -> Option<usize> {
        let is_fact = |signal: &Signal| signal.source == Source::Fact;
        self.signals.iter().position(|waits| waits.key == signal.key && is_fact(waits) == is_fact(signal))
    }
}

fn on_grid(at: Timestamp) -> Timestamp {
    Timestamp(at.0.div_euclid(TICK.0) * TICK.0 + if at.0.rem_euclid(TICK.0) > 0 { TICK.0 } else { 0 })
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng, rngs::StdRng};

    use crate::{
        model::signal::{Content, Feeling, SignalKey},
        scoring::Evidence,
    };

    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp(Span::from_millis(millis).0)
    }

    fn signal(key: u64, revision: u32) -> Signal {
        let feeling = Feeling { valence: -500, arousal: 500, confidence: 500 };
        let content = Some(Content { feeling: Some(feeling), ..Content::default() });
        Signal { key: SignalKey(key), revision, observed_at: None, source: Source::Voice, content }
    }

    fn place(contact: u64) -> Place {
        (0, ContactKey(contact))
    }

    /// Takes signals that the contact does not know.
    fn take(gatherer: &mut Gatherer, now: Timestamp, contact: u64, signals: Vec<Signal>) -> Result<Vec<Taken>, Span> {
        let judged = vec![Taken::New; signals.len()];
        let id = ContactId::new(&format!("c{contact}")).unwrap();
        gatherer.take(now, place(contact), Report { contact: id, signals }, judged)
    }

    fn fold(gatherer: &mut Gatherer, now: Timestamp) -> Vec<(u64, Vec<Signal>)> {
        std::iter::from_fn(|| gatherer.next_due(now, now)).map(|(place, out)| (place.1.0, out.signals)).collect()
    }

    #[test]
    fn the_first_goes_at_once_and_then_one_fold_a_second() {
        let mut gatherer = Gatherer::default();
        let mut folds = Vec::new();
        for millis in (0..3_000).step_by(100) {
            take(&mut gatherer, at(millis), 1, vec![signal(1_000 + millis as u64, 0)]).unwrap();
            folds.extend(fold(&mut gatherer, at(millis)).into_iter().map(|(_, signals)| (millis, signals.len())));
        }
        assert_eq!(folds, [(0, 1), (1_000, 10), (2_000, 10)]);
        assert_eq!(fold(&mut gatherer, at(2_999)), []);
        assert_eq!(fold(&mut gatherer, at(3_000))[0].1.len(), 9);
        assert_eq!((fold(&mut gatherer, at(4_000)), gatherer.due_at()), (vec![], None), "it is quiet again");
        take(&mut gatherer, at(4_001), 1, vec![signal(1, 0)]).unwrap();
        assert_eq!(fold(&mut gatherer, at(4_001)).len(), 1, "and the first goes at once");
    }

    #[test]
    fn a_signal_keeps_its_time_and_of_revisions_the_last_counts() {
        let mut gatherer = Gatherer::default();
        take(&mut gatherer, at(100), 1, vec![signal(1, 0), signal(2, 3)]).unwrap();
        assert_eq!(
            take(&mut gatherer, at(200), 1, vec![signal(1, 1), signal(2, 3)]),
            Ok(vec![Taken::Revised, Taken::Known])
        );
        let future = Signal { observed_at: Some(at(9_000)), ..signal(3, 0) };
        take(&mut gatherer, at(300), 1, vec![future]).unwrap();
        // A fact of the same id is another signal.
        let fact = Signal { source: Source::Fact, ..signal(1, 0) };
        take(&mut gatherer, at(400), 1, vec![fact]).unwrap();
        let (_, out) = gatherer.next_due(at(400), at(400)).unwrap();
        let kept: Vec<_> = out.signals.iter().map(|s| (s.key.0, s.revision, s.observed_at.unwrap())).collect();
        assert_eq!(kept, [(1, 1, at(100)), (2, 3, at(100)), (3, 0, at(300)), (1, 0, at(400))]);
        assert_eq!(out.replaced, [Source::Voice]);
    }

    #[test]
    fn a_revision_of_what_is_remembered_has_the_time_remembered() {
        let mut gatherer = Gatherer::default();
        let report = Report { contact: ContactId::new("c1").unwrap(), signals: vec![signal(1, 1)] };
        gatherer.take(at(500), place(1), report, vec![Taken::Revised]).unwrap();
        assert_eq!(gatherer.take_now(place(1)).unwrap().signals[0].observed_at, None);
        assert!(!gatherer.is_waiting() && gatherer.take_now(place(1)).is_none());
        assert_eq!(fold(&mut gatherer, at(600)), [], "what was taken out of turn is not taken twice");
    }

    fn fold_into(evidence: &mut Evidence, gatherer: &mut Gatherer, now: Timestamp) {
        for (_, signals) in fold(gatherer, now) {
            signals.iter().for_each(|signal| assert!(evidence.take(now, signal).counts()));
        }
    }

    /// Signals with their times, in order.
    fn remembered(evidence: &Evidence) -> Vec<(Timestamp, Signal)> {
        let all = evidence.window().iter().chain(evidence.facts());
        all.map(|kept| (kept.at, Signal { observed_at: None, ..kept.signal.clone() })).collect()
    }

    /// Whatever comes when, gathered or one by one, the same is remembered in the end.
    #[test]
    fn gathering_changes_nothing_of_what_is_remembered() {
        for seed in 0..300 {
            let mut random = StdRng::seed_from_u64(seed);
            let (mut gatherer, mut gathered, mut direct) =
                (Gatherer::default(), Evidence::default(), Evidence::default());
            let mut now = at(0);
            for _ in 0..random.random_range(1..60) {
                now = now + Span::from_millis(random.random_range(0..300));
                fold_into(&mut gathered, &mut gatherer, now);
                let said = signal(random.random_range(0..10), random.random_range(0..6));
                let said = Signal {
                    observed_at: (random.random_range(0..3) == 0).then(|| at(random.random_range(0..20_000))),
                    source: Source::ALL[random.random_range(0..3)],
                    content: said.content.filter(|_| random.random_range(0..5) > 0),
                    ..said
                };
                direct.take(now, &said);
                let judged = vec![gathered.judge(now, &said)];
                let report = Report { contact: ContactId::new("c1").unwrap(), signals: vec![said] };
                gatherer.take(now, place(1), report, judged).expect("there is room");
            }
            now = now + FOLD_EVERY + TICK;
            fold_into(&mut gathered, &mut gatherer, now);
            assert_eq!(remembered(&gathered), remembered(&direct), "seed {seed}");
        }
    }

    #[test]
    fn what_waits_is_bounded_for_a_contact_and_for_a_tenant() {
        let mut gatherer = Gatherer::default();
        let many = |from: u64| (from..from + 32).map(|key| signal(key, 0)).collect::<Vec<_>>();
        take(&mut gatherer, at(10), 1, many(0)).unwrap();
        fold(&mut gatherer, at(10));
        take(&mut gatherer, at(20), 1, many(100)).unwrap();
        assert_eq!(take(&mut gatherer, at(30), 1, vec![signal(200, 0)]), Err(Span::from_millis(1_020)), "until 1.05 s");
        assert_eq!(take(&mut gatherer, at(30), 1, vec![signal(100, 1)]), Ok(vec![Taken::Revised]), "it takes no room");

        let mut refused = |contact: &u64| take(&mut gatherer, at(40), *contact, many(0)) == Err(FOLD_EVERY);
        let flooded = (2..).position(|contact| refused(&contact)).expect("it is bounded");
        assert_eq!((flooded + 1) * 32, SIGNALS_GATHERED_MAX / 2, "the first to flood leaves half to others");
        let other = Report { contact: ContactId::new("c").unwrap(), signals: many(0) };
        assert!(gatherer.take(at(40), (1, ContactKey(1)), other, vec![Taken::New; 32]).is_ok());
    }
}
