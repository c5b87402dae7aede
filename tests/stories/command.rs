//! What a line of a story asks of the engine.
//!
//! `agent ana …`, `contact c1 claims …`, `supervisor sam … because …`, `reserve 1 of cards` and `time` begin with their kind; every other line begins with who does it, an
//! agent (`ana accepts c1`) or a contact (`c1 abandons`). Several may do the same (`ana, ben away lunch`), one after
//! the other. A word `id=r1` gives the request an id.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use attune::{
    engine::{Command, command::Destination},
    model::{
        agent::{AgentProfile, Expected, Presence},
        care::{Announced, Care, Grade},
        contact::{CancelReason, ContactDetails, CustomerId, KeepPlace, NewContact, TargetAgent},
        ids::{ActorId, AgentId, ChannelName, ContactId, OfferKey, QueueName, SessionId, SkillName, SourceName},
        requirement::{Condition, Requirement},
        supervision::{Action, PresenceTiming, QueueMode, Supervision},
        time::Span,
    },
    sim::driver::Driver,
};

use super::{
    happening::Cast,
    script::{parse_span, parse_time},
    signal,
};

/// What a story knows of an agent's desktop.
#[derive(Default)]
pub struct Desk {
    /// It does not acknowledge offers by itself.
    pub is_silent: bool,
    connections: Vec<u64>,
}

/// One command of a line.
pub struct Doing {
    pub command: Command,
    /// Happenings that the line itself tells.
    pub told: Vec<String>,
    /// The request id that the line gives.
    pub id: Option<String>,
}

impl From<Command> for Doing {
    fn from(command: Command) -> Self {
        Self { command, told: Vec::new(), id: None }
    }
}

/// The commands of a line, in order.
pub fn understand(
    words: &[String],
    cast: &Cast,
    desks: &mut BTreeMap<String, Desk>,
    driver: &mut Driver,
) -> Result<Vec<Doing>, String> {
    let id = words.iter().find_map(|word| word.strip_prefix("id=")).map(str::to_owned);
    let words: Vec<&str> = words.iter().map(String::as_str).filter(|word| !word.starts_with("id=")).collect();
    let (who, rest) = match words[..] {
        ["time"] => return Ok(Vec::new()),
        ["reserve", k, "of", skill] => {
            let skill = if skill == "rest" { None } else { Some(named(SkillName::new(skill))?) };
            let k = if k == "default" { None } else { Some(number(k)?) };
            return Ok(vec![Command::SetReserve { skill, k }.into()]);
        }
        ["acceptance", queue, channel, usual] => {
            let (queue, channel) = (named(QueueName::new(queue))?, named(ChannelName::new(channel))?);
            let usual = if usual == "unknown" { None } else { Some(length(usual)?) };
            return Ok(vec![Command::LearnAcceptance { queue, channel, usual }.into()]);
        }
        ["overflow", queue, channel, beyond] => {
            let (queue, channel) = (named(QueueName::new(queue))?, named(ChannelName::new(channel))?);
            let beyond = if beyond == "over" { None } else { Some(length(beyond)?) };
            return Ok(vec![Command::SetOverflow { queue, channel, beyond }.into()]);
        }
        ["empathy", who, level] => {
            let level = if level == "record" { None } else { Some(number(level)?) };
            return Ok(vec![Command::LearnEmpathy { agent: named(AgentId::new(who))?, level }.into()]);
        }
        ["source", source, "keeps", percent] => {
            let source = named(SourceName::new(source))?;
            let percent: u16 = number(percent)?;
            return Ok(vec![Command::LearnShowRate { source, thousandths: Some(percent * 10) }.into()]);
        }
        ["agent", who, ref rest @ ..] => (who, ("agent", rest)),
        ["contact", who, ref rest @ ..] => (who, ("contact", rest)),
        ["supervisor", who, ref rest @ ..] => (who, ("supervisor", rest)),
        [who, verb, ref rest @ ..] => (who, (verb, rest)),
        _ => return Err(format!("{:?} is nothing that can be done", words.join(" "))),
    };
    let (verb, rest) = rest;
    let mut all = Vec::new();
    for who in who.split(',') {
        all.extend(match verb {
            "agent" => agent(who, rest, cast, desks, driver)?,
            "contact" => vec![contact(who, rest)?.into()],
            "supervisor" => vec![supervisor(who, rest)?.into()],
            _ if desks.contains_key(who) => agent_does(who, verb, rest, cast, desks, driver)?,
            _ => vec![contact_does(who, verb, rest)?.into()],
        });
    }
    all.iter_mut().for_each(|doing| doing.id = id.clone());
    Ok(all)
}

/// `agent ana skills claims=70 limits chat=2 queues claims, loans capacity 200 fixed offline silent`, and what must be so
/// before: `new` (there is no such agent), `known` (there is) or `put=2` (the profile is that of the second time).
fn agent(
    who: &str,
    words: &[&str],
    cast: &Cast,
    desks: &mut BTreeMap<String, Desk>,
    driver: &mut Driver,
) -> Result<Vec<Doing>, String> {
    let (mut profile, mut section, mut flags) = (AgentProfile::default(), "", BTreeSet::new());
    let mut expected = Expected::Anything;
    for word in words {
        match (section, word.split_once('=')) {
            ("skills", Some((skill, level))) => {
                profile.skills.insert(named(SkillName::new(skill))?, number(level)?);
            }
            ("limits", Some((channel, most))) => {
                profile.channel_limits.insert(named(ChannelName::new(channel))?, number(most)?);
            }
            ("queues", None) if !is_section(word) => {
                profile.queues = list(word, QueueName::new)?;
            }
            ("capacity", None) if !is_section(word) => profile.capacity = number(word)?,
            (_, Some(("put", time))) => expected = Expected::Revision(cast.revision(who, number(time)?)?),
            (_, None) if *word == "new" => expected = Expected::Absent,
            (_, None) if *word == "known" => expected = Expected::Present,
            (_, None) if is_section(word) => section = word,
            (_, None) if *word == "fixed" => profile.empathy_fixed = true,
            (_, None) if ["offline", "silent"].contains(word) => drop(flags.insert(*word)),
            _ => return Err(format!("{word:?} says nothing of an agent")),
        }
    }
    profile.queues.sort();
    let is_new = !desks.contains_key(who);
    let desk = desks.entry(who.to_owned()).or_default();
    let put = Command::PutAgent { agent: named(AgentId::new(who))?, profile: Arc::new(profile), expected };
    let mut all = vec![put.into()];
    if is_new && !flags.contains("offline") {
        desk.is_silent = flags.contains("silent");
        all.extend(connects(who, &format!("{who}-1"), desk, driver)?.map(|mut doing: Doing| {
            doing.told = vec![format!("session of {who} new"), format!("presence of {who} available")];
            doing
        }));
        let available = Command::SetPresence { agent: named(AgentId::new(who))?, presence: Presence::Available };
        all.push(Doing { command: available, told: vec![format!("presence of {who} available")], id: None });
    }
    Ok(all)
}

fn is_section(word: &str) -> bool {
    ["skills", "limits", "queues", "capacity"].contains(&word)
}

fn connects(who: &str, session: &str, desk: &mut Desk, driver: &mut Driver) -> Result<Option<Doing>, String> {
    let connection = driver.next_connection();
    desk.connections.push(connection);
    let (agent, session) = (named(AgentId::new(who))?, named(SessionId::new(session))?);
    Ok(Some(Command::OpenSession { agent, session, connection }.into()))
}

/// `contact c1 claims chat needs=polish>=50 target=ana window=20s exclude=ben,cay arrived=08:59:00 moment hold=10s`
fn contact(who: &str, words: &[&str]) -> Result<Command, String> {
    let [queue, ..] = *words else { return Err("a contact needs a queue".to_owned()) };
    let mut new = NewContact {
        id: named(ContactId::new(who))?,
        queue: named(QueueName::new(queue))?,
        channel: named(ChannelName::new("voice"))?,
        requirement: Requirement::default(),
        target: None,
        excluded: Vec::new(),
        care: Care::default(),
        dynamic: Span::ZERO,
        signals: Vec::new(),
        arrived_at: None,
        details: Arc::default(),
        trace: None,
    };
    let (mut target, mut window) = (None, None);
    let (signals, rest): (Vec<&str>, Vec<&str>) = words[1..].iter().partition(|word| signal::is_one(word));
    new.signals = signals.iter().map(|word| signal::signal(word)).collect::<Result<_, _>>()?;
    let (score, rest): (Vec<&str>, Vec<&str>) = rest.iter().partition(|word| is_score(word));
    (new.care, new.dynamic) = score_of(&score)?;
    for word in rest {
        match word.split_once('=') {
            None => new.channel = named(ChannelName::new(word))?,
            Some(("needs", conditions)) => new.requirement = requirement(conditions)?,
            Some(("target", agent)) => target = Some(named(AgentId::new(agent))?),
            Some(("window", span)) => window = Some(length(span)?),
            Some(("exclude", agents)) => new.excluded = list(agents, AgentId::new)?,
            Some(("customer", customer)) => {
                let details = ContactDetails { customer_id: customer.to_owned(), ..ContactDetails::default() };
                new.details = Arc::new(details);
            }
            Some(("arrived", time)) => new.arrived_at = Some(parse_time(time).ok_or("arrived= takes a time")?),
            Some(_) => return Err(format!("{word:?} says nothing of a contact")),
        }
    }
    new.target = target.map(|agent| TargetAgent { agent, window });
    Ok(Command::EnqueueContact(Box::new(new)))
}

fn agent_does(
    who: &str,
    verb: &str,
    words: &[&str],
    cast: &Cast,
    desks: &mut BTreeMap<String, Desk>,
    driver: &mut Driver,
) -> Result<Vec<Doing>, String> {
    let agent = named(AgentId::new(who))?;
    let desk = desks.get_mut(who).expect("only an agent with a desk was asked");
    let offer = |contact: &str| -> Result<OfferKey, String> {
        cast.offer(who, contact).ok_or(format!("{contact} was never offered to {who}"))
    };
    let command = match (verb, words) {
        ("silent", []) => {
            desk.is_silent = true;
            return Ok(Vec::new());
        }
        ("connects", []) => return Ok(connects(who, &format!("{who}-1"), desk, driver)?.into_iter().collect()),
        ("connects", ["as", session]) => return Ok(connects(who, session, desk, driver)?.into_iter().collect()),
        ("loses", ["stream"]) => {
            let connection = *desk.connections.last().ok_or(format!("{who} never connected"))?;
            Command::LoseSession { agent, connection }
        }
        ("loses", ["first", "stream"]) => {
            let connection = *desk.connections.first().ok_or(format!("{who} never connected"))?;
            Command::LoseSession { agent, connection }
        }
        ("available", []) => Command::SetPresence { agent, presence: Presence::Available },
        ("offline", []) => Command::SetPresence { agent, presence: Presence::Offline },
        ("away", [reason]) => Command::SetPresence { agent, presence: Presence::Away { reason: (*reason).to_owned() } },
        ("deleted", []) => Command::DeleteAgent { agent, expected: Expected::Anything },
        ("deleted", [put]) => {
            let time = put.strip_prefix("put=").ok_or(format!("{put:?} says nothing of an agent who is deleted"))?;
            Command::DeleteAgent { agent, expected: Expected::Revision(cast.revision(who, number(time)?)?) }
        }
        ("shows", [contact]) => Command::AckOffer { agent, offer: offer(contact)? },
        ("accepts", [contact]) => Command::AcceptOffer { agent, offer: offer(contact)? },
        ("declines", [contact, reason @ ..]) => {
            Command::DeclineOffer { agent, offer: offer(contact)?, reason: reason.join(" ") }
        }
        ("extends", [contact, "by", span]) => Command::ExtendOffer { agent, offer: offer(contact)?, by: length(span)? },
        ("extends", ["wrap-up", contact, "by", span]) => {
            Command::ExtendWrapUp { agent, contact: named(ContactId::new(contact))?, by: length(span)? }
        }
        ("ends", ["wrap-up", contact]) => Command::EndWrapUp { agent, contact: named(ContactId::new(contact))? },
        ("cannot", ["reach", contact]) => {
            let (contact, reason) = (named(ContactId::new(contact))?, "no media".to_owned());
            Command::ReportConnectFailed { agent, contact, reason }
        }
        _ => return Err(format!("{who}, an agent, cannot do {:?}", [&[verb], words].concat().join(" "))),
    };
    Ok(vec![command.into()])
}

/// `supervisor sam pulls c1 to ana for 5m because she knows the case`
fn supervisor(who: &str, words: &[&str]) -> Result<Command, String> {
    let because = words.iter().position(|word| *word == "because").ok_or("supervisors say because of what")?;
    let reason = words[because + 1..].join(" ");
    let (words, place) = match &words[..because] {
        [rest @ .., "new", "place"] => (rest, KeepPlace::New),
        rest => (rest, KeepPlace::Keep),
    };
    let contact = |contact: &str| named(ContactId::new(contact));
    let queue = |queue: &str| named(QueueName::new(queue));
    let action = match words {
        ["moves", "queue", from, "to", to] => Action::MoveQueue { from: queue(from)?, to: queue(to)?, place },
        ["moves", who, "to", to] => Action::MoveContact { contact: contact(who)?, queue: queue(to)?, place },
        ["pulls", who, "to", agent, window @ ..] => {
            let window = match window {
                ["for", span] => Some(length(span)?),
                _ => None,
            };
            let to = TargetAgent { agent: named(AgentId::new(agent))?, window };
            Action::PullContact { contact: contact(who)?, to }
        }
        ["puts", who, span, "ahead"] => Action::PrioritiseContact { contact: contact(who)?, head_start: length(span)? },
        ["puts", who, span, "back"] => {
            Action::PrioritiseContact { contact: contact(who)?, head_start: Span(-length(span)?.0) }
        }
        ["sets", agent, presence, rest @ ..] => {
            let agent = named(AgentId::new(agent))?;
            let presence = match *presence {
                "available" => Presence::Available,
                "offline" => Presence::Offline,
                reason => Presence::Away { reason: reason.to_owned() },
            };
            let timing = match rest {
                ["after", "work"] => PresenceTiming::AfterWork,
                _ => PresenceTiming::Immediately,
            };
            Action::ForcePresence { agent, presence, timing }
        }
        ["pauses", name] => Action::SetQueueMode { queue: queue(name)?, mode: QueueMode::Paused },
        ["drains", name] => Action::SetQueueMode { queue: queue(name)?, mode: QueueMode::Draining },
        ["erases", customer] => Action::EraseCustomer { customer: CustomerId((*customer).to_owned()) },
        ["reopens", name] => Action::SetQueueMode { queue: queue(name)?, mode: QueueMode::Open },
        _ => return Err(format!("{who}, a supervisor, cannot do {:?}", words.join(" "))),
    };
    let actor = named(ActorId::new(who))?;
    Ok(Command::Supervise(Arc::new(Supervision { actor, reason, action })))
}

fn contact_does(who: &str, verb: &str, words: &[&str]) -> Result<Command, String> {
    let contact = named(ContactId::new(who))?;
    let (words, place) = match words {
        [rest @ .., "new", "place"] => (rest, KeepPlace::New),
        rest => (rest, KeepPlace::Keep),
    };
    Ok(match (verb, words) {
        ("announced", ["for", time, rest @ ..]) => {
            let expected_at = parse_time(time).ok_or("announced for a time")?;
            let (mut announced, mut source) = (Announced::default(), None);
            for word in rest {
                match word.split_once('=') {
                    None if *word == "moment" => announced.moment_of_truth = true,
                    Some(("probability", percent)) => announced.probability = 10 * number::<u16>(percent)?,
                    Some(("source", name)) => source = Some(named(SourceName::new(name))?),
                    _ => return Err(format!("{word:?} says nothing of an announcement")),
                }
            }
            Command::AnnounceContact { contact, expected_at, announced, source, details: Arc::default() }
        }
        ("abandons", []) => Command::CancelContact { contact, reason: CancelReason::CustomerLeft },
        ("withdrawn", []) => Command::CancelContact { contact, reason: CancelReason::Withdrawn },
        ("completes", []) => Command::CompleteContact { contact },
        ("needs", [conditions]) => {
            Command::UpdateContact { contact, details: None, requirement: Some(requirement(conditions)?) }
        }
        ("scores", score) => {
            let (care, dynamic) = score_of(score)?;
            Command::ScoreContact { contact, dynamic, care }
        }
        ("signals", signals) => {
            let signals = signals.iter().map(|word| signal::signal(word)).collect::<Result<_, _>>()?;
            Command::Signal { contact, signals }
        }
        ("parks", ["for", span]) => Command::ParkContact { contact, longest: length(span)? },
        ("released", []) => Command::ReleaseContact { contact },
        ("requeues", []) => Command::RequeueContact { contact, queue: None, place },
        ("requeues", ["in", queue]) => {
            Command::RequeueContact { contact, queue: Some(named(QueueName::new(queue))?), place }
        }
        ("transfers", ["to", "queue", queue]) => {
            Command::TransferContact { contact, to: Destination::Queue(named(QueueName::new(queue))?), place }
        }
        ("transfers", ["to", "skills", conditions]) => {
            Command::TransferContact { contact, to: Destination::Skills(requirement(conditions)?), place }
        }
        ("transfers", ["to", "agent", agent, window @ ..]) => {
            let window = match window {
                ["for", span] => Some(length(span)?),
                _ => None,
            };
            let target = TargetAgent { agent: named(AgentId::new(agent))?, window };
            Command::TransferContact { contact, to: Destination::Agent(target), place }
        }
        _ => return Err(format!("{who}, a contact, cannot do {:?}", [&[verb], words].concat().join(" "))),
    })
}

fn is_score(word: &str) -> bool {
    let key = word.split_once('=').map_or(word, |(key, _)| key);
    ["moment", "routine", "hold", "empathy", "grade", "ahead"].contains(&key)
}

/// `moment hold=10s empathy=85 grade=4 ahead=90s`, or `routine`.
fn score_of(words: &[&str]) -> Result<(Care, Span), String> {
    let (mut care, mut dynamic) = (Care::default(), Span::ZERO);
    for word in words {
        match word.split_once('=') {
            None if *word == "moment" => care = Care::moment(Span::from_secs(10)),
            None if *word == "routine" => care = Care::default(),
            Some(("hold", span)) => care.hold = length(span)?,
            Some(("empathy", level)) => care.empathy = number(level)?,
            Some(("grade", grade)) => care.grade = Grade::new(number(grade)?).ok_or("grades end with 6")?,
            Some(("ahead", span)) => dynamic = length(span)?,
            _ => return Err(format!("{word:?} says nothing of a score")),
        }
    }
    Ok((care, dynamic))
}

fn requirement(conditions: &str) -> Result<Requirement, String> {
    let condition = |text: &str| {
        let (skill, level) = text.split_once(">=").unwrap_or((text, "1"));
        Ok(Condition { skill: named(SkillName::new(skill))?, level: number(level)? })
    };
    let all = conditions.split(',').map(condition).collect::<Result<_, String>>()?;
    Ok(Requirement { all, ..Requirement::default() })
}

fn named<T, E: std::fmt::Display>(name: Result<T, E>) -> Result<T, String> {
    name.map_err(|error| format!("a name {error}"))
}

fn list<T: Ord, E: std::fmt::Display>(names: &str, new: impl Fn(&str) -> Result<T, E>) -> Result<Vec<T>, String> {
    let mut names = names.split(',').map(|name| named(new(name))).collect::<Result<Vec<T>, String>>()?;
    names.sort();
    Ok(names)
}

fn number<T: std::str::FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("{text:?} is no number that fits"))
}

fn length(text: &str) -> Result<Span, String> {
    parse_span(text).ok_or(format!("{text:?} is no length of time"))
}
