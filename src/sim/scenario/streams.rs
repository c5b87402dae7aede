//! Reading who comes: streams of customers who are alike, at random or as they came once.
//!
//! Invariant: as in documents, each key is asked for and each fault told; a stream goes to a queue of the document by a
//! channel that it takes.

use super::{
    Announce, Announced, Arrivals, Detector, Moments, Retrial, Stream, WaitingRoom,
    agents::{channel, queue, read_levels},
    distribution::{Distribution, span_of},
    effect::Said,
    load::Work,
    messages::Messages,
    read::{Reading, clock, share},
    trace::{self, Usual},
};
use crate::model::{
    document::{Object, Place},
    ids::{ChannelName, EventName, QueueName, SourceName},
    limits::{ANNOUNCED_AHEAD_SECS_MAX, CONJUNCT_ATOMS_MAX},
    requirement::{Condition, Requirement},
    time::Span,
};

/// What moments of truth are told of as, if nothing else is said.
const EVENT: &str = "moment_of_truth";
/// Flagged from this probability on, if nothing else is said: as the engine takes one for a moment of truth.
const FLAG_AT: f64 = 0.5;
/// How many streams there may be.
const STREAMS_MAX: usize = 1_000;
/// Longest name of a stream: its contacts' ids have a number behind it.
const NAME_BYTES_MAX: usize = 64;
/// Most classes: each has sums and quantiles of its own in every run.
const CLASSES_MAX: usize = 100;
/// How often a customer tries again at most, if nothing else is said.
const RETRIALS: u32 = 3;

/// Streams, and their classes in reports.
#[derive(Default)]
pub(super) struct Streams {
    streams: Vec<Stream>,
    classes: Vec<String>,
}

impl Streams {
    /// Reads `[streams]`.
    pub fn read(&mut self, place: &Place<'_>, reading: &Reading<'_>) {
        let Some(object) = place.object() else { return };
        if object.is_empty() {
            place.fault("is empty; say who comes, such as [streams.calls] with load = 0.95".to_owned());
        }
        object.at_most(STREAMS_MAX, "streams");
        for (name, place) in object.named(QueueName::new) {
            if let Some(stream) = name.and_then(|name| self.read_stream(name.as_str(), &place, reading)) {
                self.streams.push(stream);
            }
        }
        if self.classes.len() > CLASSES_MAX {
            place.fault(format!(
                "has more than {CLASSES_MAX} classes; let several streams, or rows of a trace, have one class together"
            ));
        }
    }

    /// When the last contact of traces comes.
    pub fn last_of_traces(&self) -> Option<Span> {
        let last = |stream: &Stream| match &stream.arrivals {
            Arrivals::Trace(rows) => rows.last().map(|row| row.at),
            _ => None,
        };
        self.streams.iter().filter_map(last).max()
    }

    /// Streams, and the classes' names.
    pub fn into_parts(self) -> (Vec<Stream>, Vec<String>) {
        (self.streams, self.classes)
    }

    fn class(&mut self, name: &str) -> usize {
        let known = self.classes.iter().position(|class| class == name);
        known.unwrap_or_else(|| {
            // One too many is enough to say that there are too many.
            if self.classes.len() <= CLASSES_MAX {
                self.classes.push(name.to_owned());
            }
            self.classes.len() - 1
        })
    }

    fn read_stream(&mut self, name: &str, place: &Place<'_>, reading: &Reading<'_>) -> Option<Stream> {
        let mut table = place.object()?;
        if name.len() > NAME_BYTES_MAX {
            place.fault(format!("has a name of {} bytes; at most {NAME_BYTES_MAX} are allowed", name.len()));
        }
        let to = table.need("queue", "name the queue that they go to").and_then(|p| queue(&p, reading));
        let by = table.need("channel", "name the channel that they come by").and_then(|place| {
            let name = place.name(ChannelName::new)?;
            channel(&place, &name, reading);
            if let (Some(document), Some(to)) = (reading.document, &to)
                && document.queues.get(to).is_some_and(|queue| !queue.takes(&name))
            {
                place.fault(format!("is {:?}, which the queue {:?} does not take", name.as_str(), to.as_str()));
            }
            Some(name)
        });
        let usual = Usual { queue: to.as_ref(), channel: by.as_ref() };
        let mut arrivals = read_arrivals(&mut table, place, usual, reading);
        if let Some(Arrivals::Trace(rows)) = &arrivals {
            rows.iter().filter_map(|row| row.class.as_deref()).for_each(|class| _ = self.class(class));
        }
        let handling = match &arrivals {
            // Every contact of a trace may say for itself how long it took.
            Some(Arrivals::Trace(rows)) if rows.iter().all(|row| row.handling.is_some()) => {
                table.get("handling").map_or(Some(Distribution::Constant(0.0)), |p| Distribution::read(&p))
            }
            _ => table
                .need("handling", "say how long one takes, such as { exponential = \"5m\" }")
                .and_then(|p| Distribution::read(&p)),
        };
        let patience = table.get("patience").and_then(|p| Distribution::read(&p));
        let wrap_up = table.get("wrap_up").and_then(|p| read_wrap_up(&p, to.as_ref(), reading));
        if let (Some(Arrivals::Load { share, per_second }), Some(handling)) = (&mut arrivals, &handling) {
            let (queue, channel) = (to.as_ref(), by.as_ref());
            let work = Work { queue, channel, handling, wrap_up: wrap_up.as_ref() };
            work.check(place, reading);
            *per_second = work.per_second(*share, reading);
        }
        let rooms = [("open", WaitingRoom::Open), ("none", WaitingRoom::None)];
        let waiting_room = table.get("waiting_room").map_or(Some(WaitingRoom::Open), |p| p.choice(&rooms));
        let retrial = table.get("retrial").and_then(|p| read_retrial(&p));
        let given = table.get("moments");
        let moments = given.as_ref().and_then(|p| read_moments(p, arrivals.as_ref(), reading));
        let said = Said { arrivals: arrivals.as_ref(), has_moments: given.is_some() };
        said.check_trace(place);
        let announce = table.get("announce").and_then(|place| {
            let announce = read_announce(&place)?;
            said.check_announce(&place, &announce);
            Some(announce)
        });
        let requirement = table.get("skills").map(|p| read_requirement(&p, reading)).unwrap_or_default();
        let class = table.get("class").and_then(|p| p.text()).unwrap_or(name);
        table.finish();
        Some(Stream {
            name: name.to_owned(),
            queue: to?,
            channel: by?,
            requirement,
            arrivals: arrivals?,
            handling: handling?,
            patience,
            wrap_up,
            waiting_room: waiting_room?,
            retrial,
            moments,
            announce,
            class: self.class(class),
        })
    }
}

fn read_requirement(place: &Place<'_>, reading: &Reading<'_>) -> Requirement {
    let levels = read_levels(place, reading);
    if levels.len() > CONJUNCT_ATOMS_MAX {
        place.fault(format!("has {} skills; at most {CONJUNCT_ATOMS_MAX} are allowed", levels.len()));
    }
    let all = levels.into_iter().map(|(skill, level)| Condition { skill, level }).collect();
    Requirement { all, ..Requirement::default() }
}

fn read_arrivals(
    table: &mut Object<'_>,
    place: &Place<'_>,
    usual: Usual<'_>,
    reading: &Reading<'_>,
) -> Option<Arrivals> {
    let (load, per_hour) = (table.get("load"), table.get("per_hour"));
    let (rates, trace) = (table.get("rates"), table.get("trace"));
    match (load, per_hour, rates, trace) {
        (Some(load), None, None, None) => {
            let share = load.millionths(1..=100_000_000)? as f64 / 1e6;
            // What that is cannot be said before everything about the stream is read.
            Some(Arrivals::Load { share, per_second: 0.0 })
        }
        (None, Some(per_hour), None, None) => {
            let per_second = per_hour_of(&per_hour)? / 3_600.0;
            Some(Arrivals::Rates([(Span::ZERO, per_second)].into()))
        }
        (None, None, Some(rates), None) => {
            let read = |table: &mut Object<'_>| {
                let per_hour = table.need("per_hour", "say how many come in an hour").and_then(|p| per_hour_of(&p));
                per_hour.map(|per_hour| per_hour / 3_600.0)
            };
            read_pieces(&rates, read).map(|pieces| Arrivals::Rates(pieces.into()))
        }
        (None, None, None, Some(trace)) => {
            let path = reading.folder.join(trace.text()?);
            let rows = trace::load(&path, usual, reading.document).map_err(|faults| trace.fault(faults)).ok()?;
            Some(Arrivals::Trace(rows.into()))
        }
        _ => {
            let fault = "must have exactly one of load = 0.95, per_hour = 570, rates = [{ from = \"08:00\", \
                         per_hour = 400 }, …] and trace = \"contacts.csv\"";
            place.fault(fault.to_owned());
            None
        }
    }
}

/// Ten thousand contacts a second at most.
fn per_hour_of(place: &Place<'_>) -> Option<f64> {
    place.millionths(0..=36_000_000_000_000).map(|millionths| millionths as f64 / 1e6)
}

/// Numbers that hold from a time of day on, in rising order.
fn read_pieces(place: &Place<'_>, read: impl Fn(&mut Object<'_>) -> Option<f64>) -> Option<Vec<(Span, f64)>> {
    let piece = |place: &Place<'_>| {
        let mut table = place.object()?;
        let from = table.need("from", "say from when on, such as \"08:00\"").and_then(|p| clock(&p));
        let number = read(&mut table);
        table.finish();
        Some((from?, number?))
    };
    let items = place.items()?;
    let pieces: Vec<(Span, f64)> = items.iter().filter_map(piece).collect();
    if items.is_empty() || !pieces.windows(2).all(|pair| pair[0].0 < pair[1].0) {
        place.fault("must be a list in rising order of from".to_owned());
        return None;
    }
    (pieces.len() == items.len()).then_some(pieces)
}

fn read_wrap_up(place: &Place<'_>, queue: Option<&QueueName>, reading: &Reading<'_>) -> Option<Distribution> {
    let drawn = Distribution::read(place)?;
    let rules = reading.document.zip(queue).and_then(|(document, queue)| document.queues.get(queue));
    if rules.is_some_and(|rules| rules.wrap_up.time == Span::ZERO) {
        place.fault("is given, but the queue gives no wrap-up; set wrap_up.time in the routing document".to_owned());
    }
    Some(drawn)
}

fn read_retrial(place: &Place<'_>) -> Option<Retrial> {
    let mut table = place.object()?;
    let part = table.need("share", "say which share of those who left tries again").and_then(|p| share(&p));
    let after = table
        .need("after", "say how long after, such as { exponential = \"10m\" }")
        .and_then(|p| Distribution::read(&p));
    let most = table.get("most").and_then(|p| p.number(1..=100)).unwrap_or(RETRIALS);
    table.finish();
    Some(Retrial { share: part?, after: after?, most })
}

fn read_moments(place: &Place<'_>, arrivals: Option<&Arrivals>, reading: &Reading<'_>) -> Option<Moments> {
    let mut table = place.object()?;
    let part = match arrivals {
        Some(Arrivals::Trace(rows)) if rows.iter().any(|row| row.is_moment.is_some()) => {
            let moments = rows.iter().filter(|row| row.is_moment == Some(true)).count();
            Some(vec![(Span::ZERO, moments as f64 / rows.len() as f64)])
        }
        _ => table.need("share", "say which share of contacts is one, such as 0.08").and_then(|place| {
            if !place.is_list() {
                return share(&place).map(|share| vec![(Span::ZERO, share)]);
            }
            let read = |table: &mut Object<'_>| table.need("share", "say which share").and_then(|p| share(&p));
            read_pieces(&place, read)
        }),
    };
    let event = table.get("event").map_or_else(|| EventName::new(EVENT).ok(), |p| p.name(EventName::new));
    let detector = table.get("detector").map_or(Some(Detector::Perfect), |p| read_detector(&p, reading));
    table.finish();
    Some(Moments { share: part?.into(), event: event?, detector: detector? })
}

fn read_detector(place: &Place<'_>, reading: &Reading<'_>) -> Option<Detector> {
    let mut table = place.object()?;
    let (positive, negative) = (table.get("true_positive"), table.get("false_positive"));
    let (auc, flag_at) = (table.get("auc"), table.get("flag_at"));
    let (messages, moment) = (table.get("messages"), table.get("moment"));
    table.finish();
    if let Some(given) = flag_at.as_ref().filter(|_| auc.is_none()) {
        given.fault("is given, but only a detector with an auc has it; leave it out".to_owned());
    }
    if let Some(given) = moment.as_ref().filter(|_| messages.is_none()) {
        given.fault("is given, but there are no messages whose field it could name; leave it out".to_owned());
    }
    match (positive, negative, auc, messages) {
        (Some(positive), Some(negative), None, None) => {
            let (true_positive, false_positive) = (share(&positive), share(&negative));
            Some(Detector::Rates { true_positive: true_positive?, false_positive: false_positive? })
        }
        (None, None, Some(auc), None) => {
            let flag_at = flag_at.map_or(Some(FLAG_AT), |p| share(&p));
            let auc = auc.millionths(500_000..=999_999)? as f64 / 1e6;
            Some(Detector::of_auc(auc, flag_at?))
        }
        (None, None, None, Some(messages)) => {
            let path = reading.folder.join(messages.text()?);
            let field = moment.map_or(Some("moment"), |p| p.text())?;
            let read = Messages::load(&path, field).map_err(|faults| messages.fault(faults)).ok()?;
            Some(Detector::Words(read.into()))
        }
        _ => {
            let fault = "must have true_positive and false_positive, or auc, or messages; without a detector the \
                         truth is known";
            place.fault(fault.to_owned());
            None
        }
    }
}

fn read_announce(place: &Place<'_>) -> Option<Announce> {
    let longest = Span::from_secs(ANNOUNCED_AHEAD_SECS_MAX);
    let mut table = place.object()?;
    let ahead =
        table.need("ahead", "say how long before they come, such as \"30s\"").and_then(|p| Distribution::read(&p));
    let whom = [("moments", Announced::Moments), ("everybody", Announced::Everybody)];
    let whom = table.get("whom").map_or(Some(Announced::Moments), |p| p.choice(&whom));
    let no_shows = table.get("no_shows").map_or(Some(0), |p| p.millionths(0..=950_000));
    let probability = table.get("probability").map_or(Some(1_000_000), |p| p.millionths(0..=1_000_000));
    let source = table.get("source").map(|p| p.name(SourceName::new));
    table.finish();
    let ahead = ahead?;
    let ahead_max = match ahead {
        Distribution::Constant(seconds) => span_of(seconds).min(longest),
        _ => longest,
    };
    Some(Announce {
        ahead,
        ahead_max,
        whom: whom?,
        no_shows: no_shows? as f64 / 1e6,
        probability: u16::try_from(probability? / 1_000).expect("at most a thousand"),
        source: source.flatten(),
    })
}
