//! Who works when and who comes when, as the linter looks at it.
//!
//! Invariant: nothing is drawn: what comes at random counts by its mean, from the scenario's beginning to its end, the
//! warm-up included. Moments of truth count as far as the document knows them for such. Not here: whoever tries again,
//! which nobody knows before it is played.

use std::collections::BTreeMap;

use super::{
    Arrivals, Detector, Length, Message, Row, Scenario, Stream,
    distribution::{seconds, span_of},
};
use crate::{
    lint::{Come, Day, Flow, Group},
    model::{
        ids::{AgentId, ChannelName, QueueName},
        requirement::Condition,
        time::Span,
    },
};

/// Where contacts go, how they come, and what they ask themselves.
type Way = (QueueName, ChannelName, Vec<Condition>);

impl Scenario {
    /// What it says of who is there and who comes at each time, if it was read from a file.
    pub fn day(&self) -> Day {
        let mut flows: BTreeMap<Way, Vec<Come>> = BTreeMap::new();
        let time = (self.run.from, self.ends());
        for stream in &self.streams {
            let way = |row: Option<&Row>| {
                let queue = row.and_then(|row| row.queue.as_ref()).unwrap_or(&stream.queue).clone();
                let channel = row.and_then(|row| row.channel.as_ref()).unwrap_or(&stream.channel).clone();
                (queue, channel, stream.requirement.all.clone())
            };
            match &stream.arrivals {
                Arrivals::Load { per_second, .. } => {
                    flows.entry(way(None)).or_default().extend(self.at_rates(stream, &[(time.0, *per_second)], time));
                }
                Arrivals::Rates(rates) => {
                    flows.entry(way(None)).or_default().extend(self.at_rates(stream, rates, time));
                }
                Arrivals::Trace(rows) => {
                    for row in rows.iter().filter(|row| (time.0..time.1).contains(&row.at)) {
                        flows.entry(way(Some(row))).or_default().push(self.of_row(stream, row));
                    }
                }
                Arrivals::Recorded(_) => unreachable!("what is recorded is played, and not read from a file"),
            }
        }
        let flow = |((queue, channel, asks), comes)| Flow { queue, channel, asks, comes };
        Day { groups: self.groups.iter().map(group).collect(), flows: flows.into_iter().map(flow).collect() }
    }

    fn at_rates(&self, stream: &Stream, rates: &[(Span, f64)], (begins, ends): (Span, Span)) -> Vec<Come> {
        let is_noticed = self.is_noticed(stream, None);
        let shares = stream.moments.iter().flat_map(|moments| moments.share.iter().map(|(from, _)| *from));
        let changes = rates.iter().map(|(from, _)| *from).chain(shares);
        let times = pieces(changes, (begins, ends)).into_iter();
        let come = |(from, until): (Span, Span)| {
            let count = rate_at(rates, from) * seconds(Span(until.0 - from.0));
            let share = stream.moments.as_ref().filter(|_| is_noticed).map_or(0.0, |moments| moments.share_at(from));
            Come { from, until, contacts_milli: milli(count), moments_milli: milli(count * share) }
        };
        times.map(come).filter(|come| come.contacts_milli > 0).collect()
    }

    fn of_row(&self, stream: &Stream, row: &Row) -> Come {
        let share = match row.is_moment {
            _ if !self.is_noticed(stream, row.message.as_ref()) => 0.0,
            Some(is_moment) => f64::from(u8::from(is_moment)),
            None => stream.moments.as_ref().map_or(0.0, |moments| moments.share_at(row.at)),
        };
        Come { from: row.at, until: row.at, contacts_milli: 1_000, moments_milli: milli(share) }
    }

    /// Whether anything of the document makes a moment of truth of what is told of one: of words, as far as anybody
    /// listens, or of the stream's event.
    fn is_noticed(&self, stream: &Stream, message: Option<&Message>) -> bool {
        let in_words = stream.moments.as_ref().is_some_and(|moments| matches!(moments.detector, Detector::Words(_)));
        match message.is_some() || in_words {
            true => self.document.signals.text,
            false => self.document.signals.facts && !stream.triggered(&self.document).is_empty(),
        }
    }

    /// When the last contact comes that counts; where contacts are counted, when so many have come on average.
    fn ends(&self) -> Span {
        let counts_from = self.run.from + self.run.warm_up;
        let mut left = match self.run.length {
            Length::Time(length) => return self.run.from + length,
            Length::Contacts(contacts) => contacts as f64,
        };
        let mut ends = counts_from;
        for (from, until) in pieces(self.streams.iter().flat_map(changes), (counts_from, Span(i64::MAX))) {
            let (mut rate, mut at_once) = (0.0, 0.0);
            for stream in &self.streams {
                match &stream.arrivals {
                    Arrivals::Load { per_second, .. } => rate += per_second,
                    Arrivals::Rates(rates) => rate += rate_at(rates, from),
                    Arrivals::Trace(rows) => {
                        let before = |at: Span| rows.partition_point(|row| row.at < at);
                        at_once += (before(until) - before(from)) as f64;
                    }
                    Arrivals::Recorded(_) => {}
                }
            }
            let come = rate * seconds(Span(until.0 - from.0)) + at_once;
            if come >= left {
                // Rows come as their piece ends.
                let by_rates = if rate > 0.0 { span_of(left / rate) } else { Span(i64::MAX) };
                return from + by_rates.min(Span(until.0 - from.0));
            }
            (left, ends) = (left - come, if until.0 == i64::MAX { from } else { until });
        }
        ends
    }
}

/// When anything changes in who comes.
fn changes(stream: &Stream) -> Vec<Span> {
    match &stream.arrivals {
        Arrivals::Rates(rates) => rates.iter().map(|(from, _)| *from).collect(),
        Arrivals::Trace(rows) => rows.iter().map(|row| Span(row.at.0 + 1)).collect(),
        Arrivals::Load { .. } | Arrivals::Recorded(_) => Vec::new(),
    }
}

/// A time in pieces within which nothing changes.
fn pieces(changes: impl Iterator<Item = Span>, (begins, ends): (Span, Span)) -> Vec<(Span, Span)> {
    let mut bounds: Vec<Span> = changes.filter(|at| begins < *at && *at < ends).chain([begins, ends]).collect();
    bounds.sort_unstable();
    bounds.dedup();
    bounds.windows(2).map(|pair| (pair[0], pair[1])).collect()
}

/// Contacts a second at a time; before the first rate nobody comes.
fn rate_at(rates: &[(Span, f64)], at: Span) -> f64 {
    rates.iter().rev().find(|(from, _)| *from <= at).map_or(0.0, |(_, rate)| *rate)
}

fn milli(count: f64) -> u64 {
    (count * 1_000.0).round() as u64
}

fn group(group: &super::Group) -> Group {
    Group {
        name: AgentId::new(&group.name).expect("groups have names of agents"),
        agents: group.agents.clone(),
        profile: group.profile(),
        shifts: group.shifts.clone(),
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::*;

    const HEAD: &str = r#"
[document]
text = """
[empathy]
[skills]
empathy = ''
cards = ''
[channels.voice]
[queues.main]
[queues.cards]
[moments.stolen]
triggers = [{ event = 'stolen' }]
"""
[agents.desk]
count = 2
empathy = 80
SHIFTS
[streams.calls]
queue = "main"
channel = "voice"
handling = "4m"
"#;

    fn day(text: &str, folder: &Path) -> Day {
        Scenario::read(text, folder, None).unwrap_or_else(|error| panic!("{error}")).day()
    }

    /// Each piece as minutes from and until, contacts and moments.
    fn comes(flow: &Flow) -> Vec<(i64, i64, u64, u64)> {
        let minutes = |at: Span| at.0 / 60_000_000;
        let of = |come: &Come| (minutes(come.from), minutes(come.until), come.contacts_milli, come.moments_milli);
        flow.comes.iter().map(of).collect()
    }

    #[test]
    fn rates_are_cut_where_they_or_moments_change_and_to_the_scenarios_time() {
        let head = HEAD.replace("SHIFTS", "shifts = [{ from = '01:00', until = '02:00' }]");
        let text = format!(
            "run = {{ from = '00:30', until = '03:00', warm_up = '30m' }}\n{head}rates = [{{ from = '00:00', per_hour = \
             60 }}, {{ from = '01:00', per_hour = 120 }}, {{ from = '02:00', per_hour = 0 }}]\nskills = {{ cards = 50 \
             }}\n[streams.calls.moments]\nevent = 'stolen'\nshare = [{{ from = '00:00', share = 0.1 }}, {{ from = \
             '01:30', share = 0.5 }}]\n"
        );
        let read = day(&text, Path::new(""));
        let [flow] = &read.flows[..] else { panic!("one flow: {read:?}") };
        assert_eq!(
            comes(flow),
            [(30, 60, 30_000, 3_000), (60, 90, 60_000, 6_000), (90, 120, 60_000, 30_000)],
            "and nobody comes from 02:00 on"
        );
        assert_eq!((flow.asks[0].skill.as_str(), flow.asks[0].level), ("cards", 50));
        let [group] = &read.groups[..] else { panic!("one group") };
        assert_eq!((group.name.as_str(), group.agents.len(), group.shifts.len()), ("desk", 2, 1));
        assert_eq!(group.profile.skills.values().copied().collect::<Vec<_>>(), [80]);
        // What the document does not know for a moment of truth is none.
        let unknown = day(&text.replace("event = 'stolen'\nshare", "event = 'other'\nshare"), Path::new(""));
        assert!(unknown.flows[0].comes.iter().all(|come| come.moments_milli == 0 && come.contacts_milli > 0));
    }

    #[test]
    fn where_contacts_are_counted_it_ends_when_so_many_have_come() {
        let head = HEAD.replace("SHIFTS", "");
        let rates = "rates = [{ from = '00:00', per_hour = 60 }, { from = '01:00', per_hour = 120 }]";
        let read = day(&format!("run = {{ warm_up = '30m', contacts = 90 }}\n{head}{rates}\n"), Path::new(""));
        assert_eq!(comes(&read.flows[0]), [(0, 60, 60_000, 0), (60, 90, 60_000, 0)]);
        let read = day(&format!("run = {{ contacts = 90 }}\n{head}load = 1\n"), Path::new(""));
        assert_eq!(comes(&read.flows[0]), [(0, 180, 90_000, 0)], "two agents take thirty an hour");
    }

    #[test]
    fn rows_of_a_trace_come_at_their_moments_and_go_their_ways() {
        let folder = tempfile::tempdir().unwrap();
        let rows = "time,queue,moment\n00:10:00,,0\n00:20:00,cards,1\n00:30:00,,1\n";
        fs::write(folder.path().join("trace.csv"), rows).unwrap();
        let head = HEAD.replace("SHIFTS", "");
        let text = format!("run = {{ contacts = 3 }}\n{head}trace = 'trace.csv'\nmoments = {{ event = 'stolen' }}\n");
        let read = day(&text, folder.path());
        let by_queue = |name: &str| comes(read.flows.iter().find(|flow| flow.queue.as_str() == name).unwrap());
        assert_eq!(by_queue("main"), [(10, 10, 1_000, 0), (30, 30, 1_000, 1_000)]);
        assert_eq!(by_queue("cards"), [(20, 20, 1_000, 1_000)]);
        let ends = |contacts: u32, more: &str| {
            let text = text.replace("contacts = 3", &format!("contacts = {contacts}"));
            let scenario = Scenario::read(&format!("{text}{more}"), folder.path(), None);
            scenario.unwrap_or_else(|error| panic!("{error}")).ends().0 / 60_000_000
        };
        assert_eq!([1, 2, 3].map(|contacts| ends(contacts, "")), [10, 20, 30], "with the last that counts");
        let beside = "[streams.beside]\nqueue = 'main'\nchannel = 'voice'\nhandling = '4m'\nper_hour = 60\n";
        assert_eq!([5, 11, 25, 33].map(|contacts| ends(contacts, beside)), [5, 10, 23, 30]);
    }
}
