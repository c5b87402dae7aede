//! Where a stream's contacts come from, one after the other, each with everything that is chance about it.
//!
//! Invariant: routing has no part in it. The n-th contact of a stream draws the same under every document, and what one
//! stream draws moves no other.

use std::sync::Arc;

use rand::{RngExt, rngs::StdRng};

use super::{
    chance,
    guest::{Chance, Guest, Told, Way},
};
use crate::{
    model::{
        ids::ContactId,
        time::{Span, Timestamp},
    },
    sim::scenario::{
        Announced, Arrivals, Detector, Recorded, Row, Scenario, Stream,
        detector::Said,
        distribution::{seconds, span_of},
        exact::exponential,
    },
};

/// What is announced and never comes is expected so long after one that does, on average.
const IN_VAIN_AFTER_SECS: f64 = 300.0;
/// What of a recorded contact's chance its patience follows from.
const PATIENCE: u64 = 4;

/// A stream's contacts.
#[derive(Debug)]
pub struct Source<'s> {
    stream: &'s Stream,
    place: usize,
    begins: Span,
    /// Contacts a second, if that never changes.
    steady: Option<f64>,
    classes: &'s [String],
    arrivals: StdRng,
    contacts: StdRng,
    announcements: StdRng,
    at: Span,
    drawn: u64,
    next: Option<Guest>,
}

impl<'s> Source<'s> {
    /// Of a stream, which is the scenario's so-manieth.
    pub fn new(scenario: &'s Scenario, stream: &'s Stream, place: usize, seed: u64) -> Self {
        let steady = match stream.arrivals {
            Arrivals::Load { per_second, .. } => Some(per_second),
            _ => None,
        };
        let of = |kind: u64| chance(seed, (place as u64 + 1) << 8 | kind);
        let begins = scenario.run.from;
        let mut source = Self {
            stream,
            place,
            begins,
            steady,
            classes: &scenario.classes,
            arrivals: of(1),
            contacts: of(2),
            announcements: of(3),
            at: begins,
            drawn: 0,
            next: None,
        };
        source.next = source.draw();
        source
    }

    /// When the next one is known: when it comes, or as long before as it may be announced.
    pub fn known_at(&self) -> Option<Timestamp> {
        let ahead = self.stream.announce.as_ref().map_or(Span::ZERO, |announce| announce.ahead_max);
        self.next.as_ref().map(|guest| guest.comes_at - ahead)
    }

    /// The next one.
    pub fn take(&mut self) -> Option<Guest> {
        let next = self.draw();
        std::mem::replace(&mut self.next, next)
    }

    fn draw(&mut self) -> Option<Guest> {
        let stream = self.stream;
        if let Arrivals::Trace(rows) = &stream.arrivals {
            // What came before the scenario begins is past.
            let begun = rows.partition_point(|row| row.at < self.begins);
            let row = rows.get(begun + usize::try_from(self.drawn).ok()?)?;
            self.at = row.at;
            return Some(self.guest(Some(row)));
        }
        if let Arrivals::Recorded(rows) = &stream.arrivals {
            let row = rows.get(usize::try_from(self.drawn).ok()?)?;
            self.at = row.at;
            return Some(self.recorded(row));
        }
        self.at = self.next_arrival()?;
        Some(self.guest(None))
    }

    /// The next moment of a Poisson process whose rate changes by steps: a unit of exponential work is used up at the
    /// rate that holds.
    fn next_arrival(&mut self) -> Option<Span> {
        let work = exponential(&mut self.arrivals);
        if let Some(rate) = self.steady {
            return Some(self.at + span_of(work / rate));
        }
        let Arrivals::Rates(rates) = &self.stream.arrivals else { return None };
        let (mut work, mut at) = (work, self.at);
        let begun = rates.partition_point(|(from, _)| *from <= at);
        let rate_before = begun.checked_sub(1).map_or(0.0, |place| rates[place].1);
        let ends = rates[begun..].iter().map(|(from, rate)| (*from, *rate));
        let mut rate = rate_before;
        for (end, next) in ends {
            let room = rate * seconds(Span(end.0 - at.0));
            if work < room {
                break;
            }
            (work, at, rate) = (work - room, end, next);
        }
        (rate > 0.0).then(|| at + span_of(work / rate))
    }

    fn guest(&mut self, row: Option<&Row>) -> Guest {
        self.drawn += 1;
        let (stream, rng) = (self.stream, &mut self.contacts);
        // All of it is drawn whether it is used or not, so that a contact never moves the next one's chance.
        let (handling, patience) = (stream.handling.draw(rng), stream.patience.as_ref().map(|of| of.draw(rng)));
        let wrap_up = stream.wrap_up.as_ref().map(|of| of.draw(rng));
        let (of, own): (f64, u64) = (rng.random(), rng.random());
        let share = stream.moments.as_ref().map_or(0.0, |moments| moments.share_at(self.at));
        let is_moment = row.and_then(|row| row.is_moment).unwrap_or(of < share);
        let told = told(stream, row, is_moment, self.at, own);
        let mut way = Way {
            stream: self.place,
            class: stream.class,
            queue: stream.queue.clone(),
            channel: stream.channel.clone(),
        };
        let mut of = Chance { handling, patience, wrap_up, is_moment, told, chance: own };
        if let Some(row) = row {
            of.handling = row.handling.unwrap_or(of.handling);
            of.patience = row.patience.or(of.patience);
            way.queue = row.queue.clone().unwrap_or(way.queue);
            way.channel = row.channel.clone().unwrap_or(way.channel);
            let class = row.class.as_deref().and_then(|name| self.classes.iter().position(|class| class == name));
            way.class = class.unwrap_or(way.class);
        }
        let id = ContactId::new(&format!("{}-{}", stream.name, self.drawn)).expect("a name and a number are a name");
        let mut guest = Guest::new(id, way, Timestamp(0) + self.at, of);
        self.announce(&mut guest);
        guest
    }

    /// One who came once; chance has a part only in what was cut short then.
    fn recorded(&mut self, row: &Arc<Recorded>) -> Guest {
        self.drawn += 1;
        let own: u64 = self.contacts.random();
        let new = &row.contact;
        let way = Way { stream: self.place, class: row.class, queue: new.queue.clone(), channel: new.channel.clone() };
        let of = Chance {
            handling: Span::ZERO,
            patience: row.patience.as_ref().and_then(|time| time.draw(&mut chance(own, PATIENCE))),
            wrap_up: row.wrap_up,
            is_moment: row.is_moment,
            told: Told::Said(Said::Nothing),
            chance: own,
        };
        Guest { recorded: Some(Arc::clone(row)), ..Guest::new(new.id.clone(), way, Timestamp(0) + self.at, of) }
    }

    fn announce(&mut self, guest: &mut Guest) {
        let Some(announce) = &self.stream.announce else { return };
        let rng = &mut self.announcements;
        let ahead = announce.ahead.draw(rng).min(announce.ahead_max);
        // Words are read when it is time to announce whoever says them.
        if announce.whom == Announced::Moments && !guest.is_flagged && !matches!(guest.told, Told::Words(_)) {
            return;
        }
        guest.announced = Some(ahead);
        // Of all announcements the share that never come, as a row of failures before each that does.
        while rng.random::<f64>() < announce.no_shows {
            guest.in_vain.push(span_of(IN_VAIN_AFTER_SECS * exponential(rng)));
        }
    }
}

/// The same customer once more: of a trace with the same business and the same patience, else as the stream draws them.
pub fn again(before: &Guest, stream: &Stream, comes_at: Timestamp, seed: u64) -> Guest {
    let attempt = before.attempt + 1;
    let mut rng = chance(seed, before.chance.wrapping_add(u64::from(attempt)));
    let (handling, patience) = match &stream.arrivals {
        Arrivals::Trace(_) | Arrivals::Recorded(_) => (before.handling, before.patience),
        Arrivals::Load { .. } | Arrivals::Rates(_) => {
            (stream.handling.draw(&mut rng), stream.patience.as_ref().map(|of| of.draw(&mut rng)))
        }
    };
    let of = Chance {
        handling,
        patience,
        wrap_up: stream.wrap_up.as_ref().map(|of| of.draw(&mut rng)),
        is_moment: before.is_moment,
        told: before.told.clone(),
        chance: rng.random(),
    };
    let id = before.id.as_str();
    // Names of streams may have the mark as well; only after the first time it is the one of retrials.
    let first = id.rsplit_once('/').filter(|_| before.attempt > 0).map_or(id, |(first, _)| first);
    let id = ContactId::new(&format!("{first}/{attempt}")).expect("a name and a number are a name");
    let way = Way {
        stream: before.stream,
        class: before.class,
        queue: before.queue.clone(),
        channel: before.channel.clone(),
    };
    Guest { attempt, ..Guest::new(id, way, comes_at, of) }
}

fn told(stream: &Stream, row: Option<&Row>, is_moment: bool, at: Span, own: u64) -> Told {
    if let Some(message) = row.and_then(|row| row.message.as_ref()) {
        return Told::Words(message.clone());
    }
    let Some(moments) = &stream.moments else { return Told::Said(Said::Nothing) };
    match &moments.detector {
        // Nothing has to be drawn, and a generator of its own would be a good part of a contact's cost.
        Detector::Perfect if !is_moment => Told::Said(Said::Nothing),
        Detector::Words(messages) => Told::Words(messages.draw(is_moment, &mut chance(own, 1)).clone()),
        detector => Told::Said(detector.says(is_moment, moments.share_at(at), &mut chance(own, 1))),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    const STREAM: &str = r#"
run = { length = "1h" }
document = { text = "channels = { voice = {} }\nqueues = { main = {} }\n[skills]\nempathy = ''" }
agents.desk = { count = 10 }
[streams.calls]
queue = "main"
channel = "voice"
rates = [{ from = "00:00", per_hour = 0 }, { from = "01:00", per_hour = 60 }, { from = "02:00", per_hour = 120 }]
handling = "5m"
"#;

    fn drawn(count: usize) -> Vec<Guest> {
        let scenario = Scenario::read(STREAM, Path::new(""), None).unwrap_or_else(|error| panic!("{error}"));
        let mut source = Source::new(&scenario, &scenario.streams[0], 0, 42);
        (0..count).map_while(|_| source.take()).collect()
    }

    #[test]
    fn who_of_a_trace_tries_again_has_the_same_business_and_patience() {
        let folder = tempfile::tempdir().unwrap();
        let rows = "time,handling,patience\n00:10:00,240,35\n00:20:00,90,\n";
        std::fs::write(folder.path().join("trace.csv"), rows).unwrap();
        let (head, _) = STREAM.split_once("rates").unwrap();
        let text = format!("{head}trace = 'trace.csv'\npatience = {{ exponential = '60s' }}\n");
        let scenario = Scenario::read(&text, folder.path(), None).unwrap_or_else(|error| panic!("{error}"));
        let mut source = Source::new(&scenario, &scenario.streams[0], 0, 42);
        let [first, second] = [(); 2].map(|()| source.take().unwrap());
        let retried = |guest: &Guest| again(guest, &scenario.streams[0], guest.comes_at + Span::from_secs(60), 42);
        let once = retried(&first);
        assert_eq!((once.handling, once.patience), (Span::from_secs(240), Some(Span::from_secs(35))));
        assert_eq!(retried(&once).handling, Span::from_secs(240), "however often");
        // What the row left open was drawn as it came.
        assert!(second.patience.is_some_and(|patience| patience > Span::ZERO));
        assert_eq!((retried(&second).handling, retried(&second).patience), (second.handling, second.patience));
    }

    #[test]
    fn whoever_tries_again_has_an_id_that_nobody_else_has_whatever_the_streams_name() {
        let text = STREAM.replace("[streams.calls]", "[streams.\"eu/calls\"]");
        let scenario = Scenario::read(&text, Path::new(""), None).unwrap_or_else(|error| panic!("{error}"));
        let mut source = Source::new(&scenario, &scenario.streams[0], 0, 42);
        let retried = |guest: &Guest| again(guest, &scenario.streams[0], guest.comes_at, 42);
        let ids = [(); 2].map(|()| {
            let guest = source.take().unwrap();
            let (once, twice) = (retried(&guest), retried(&retried(&guest)));
            [guest, once, twice].map(|guest| guest.id.as_str().to_owned())
        });
        assert_eq!(ids[0], ["eu/calls-1", "eu/calls-1/1", "eu/calls-1/2"]);
        assert_eq!(ids[1], ["eu/calls-2", "eu/calls-2/1", "eu/calls-2/2"]);
    }

    #[test]
    fn arrivals_follow_their_rates_by_steps() {
        let guests = drawn(4_000);
        let within = |from: i64, until: i64| {
            let hours = |guest: &&Guest| (from * 3_600..until * 3_600).contains(&(guest.comes_at.0 / 1_000_000));
            guests.iter().filter(hours).count() as f64 / (until - from) as f64
        };
        assert_eq!(within(0, 1), 0.0);
        assert!((within(1, 2) - 60.0).abs() < 31.0, "{}", within(1, 2));
        assert!((within(2, 30) - 120.0).abs() < 9.0, "{}", within(2, 30));
    }
}
