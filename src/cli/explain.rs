//! `attune explain`: why this agent, why not that one, why nobody yet.
//!
//! Invariant: the reasons are the daemon's, from the state as it is; this only lays them out.

use std::process::ExitCode;

use clap::{Args, Subcommand};

use crate::api::pb;

use super::{
    failure::Failure,
    options::{Format, Options},
    output::{
        Output,
        table::Table,
        time::{span, time},
        words::word,
    },
    session::{self, Session},
};

/// Says why: why a contact waits, why it has the agent it has, why an agent is not offered more
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    options: Options,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Why a contact waits or has the agent it has; with --agent, why that agent has, may get, or does not get it
    #[command(after_help = "Examples:\n  attune explain contact c1\n  attune explain contact c1 --agent ana")]
    Contact(Contact),
    /// Why an agent is not offered more, what is next, and which queues the agent may serve
    #[command(after_help = "Example:\n  attune explain agent ana")]
    Agent(Agent),
    /// Why an offer went to its agent
    #[command(after_help = "Example:\n  attune explain offer o17")]
    Offer(Offer),
}

#[derive(Debug, Args)]
struct Contact {
    /// The contact
    contact: String,

    /// Why this agent has, may get, or does not get it
    #[arg(long, conflicts_with = "candidates")]
    agent: Option<String>,

    /// Lists agents too, each with everything that keeps the contact away
    #[arg(long)]
    candidates: bool,

    /// At most so many candidates
    #[arg(long, default_value_t = 100, value_name = "NUMBER", requires = "candidates")]
    limit: usize,
}

#[derive(Debug, Args)]
struct Agent {
    /// The agent
    agent: String,
}

#[derive(Debug, Args)]
struct Offer {
    /// The offer
    offer: String,
}

/// Does what was asked for.
pub fn run(arguments: Arguments) -> ExitCode {
    session::run(&arguments.options, async |session| match arguments.verb {
        Verb::Contact(Contact { contact, agent: Some(agent), .. }) => pair(&session, contact, agent).await,
        Verb::Contact(Contact { contact, candidates, limit, .. }) => {
            explain_contact(&session, contact.clone()).await?;
            if candidates { list_candidates(&session, contact, limit).await } else { Ok(()) }
        }
        Verb::Agent(Agent { agent }) => explain_agent(&session, agent).await,
        Verb::Offer(Offer { offer }) => explain_offer(&session, offer).await,
    })
}

async fn explain_contact(session: &Session, contact_id: String) -> Result<(), Failure> {
    let answer = session.client.call(pb::ExplainContactRequest { contact_id, ..Default::default() }).await?;
    let out = &session.out;
    if out.format == Format::Json {
        return out.json(&answer);
    }
    out.line(&out.style.bold(&answer.summary))?;
    if let Some(place) = &answer.place {
        out.line(&in_line(place))?;
    }
    if let Some(terms) = &answer.terms {
        let asked = if terms.requirement.is_empty() { "anyone" } else { &terms.requirement };
        out.line(&format!("asks for {asked}; takes {} of an agent's capacity by {}", terms.cost, terms.channel))?;
    }
    if !answer.conditions.is_empty() {
        let mut table = Table::new(&["CONDITION", ">REMOVES", ">LEAVES"]);
        for condition in &answer.conditions {
            table.row([condition.condition.clone(), condition.removed.to_string(), condition.left.to_string()]);
        }
        out.line("")?;
        out.table(&table)?;
    }
    if !answer.prospects.is_empty() {
        let mut table = Table::new(&[">IN", "WHAT", "QUEUE", "THEN ASKS FOR", ">AGENTS", ">AVAILABLE"]);
        for prospect in &answer.prospects {
            let kind = word(prospect.kind().as_str_name(), "PROSPECT_KIND_");
            table.row([
                span(prospect.begin_remaining.as_ref()),
                if prospect.step > 0 { format!("{kind} {}", prospect.step) } else { kind },
                prospect.queue.clone(),
                prospect.requirement.clone(),
                prospect.agents.to_string(),
                prospect.available.to_string(),
            ]);
        }
        out.line("")?;
        out.table(&table)?;
    }
    choices(out, &answer.choices)
}

fn in_line(place: &pb::ContactPlace) -> String {
    let number = place.ahead + 1;
    let mut told = format!("number {number} of {} in {}", place.waiting, place.queue);
    if !place.ahead_contact_ids.is_empty() {
        told.push_str(&format!(", behind {}", place.ahead_contact_ids.join(", ")));
    }
    told
}

fn choices(out: &Output, choices: &[pb::ChoiceExplanation]) -> Result<(), Failure> {
    for choice in choices {
        out.line("")?;
        out.line(&format!("{} {}", out.style.bold(&choice.offer_id), choice.summary))?;
        if choice.runners_up.is_empty() {
            continue;
        }
        let mut table = Table::new(&["NEXT WOULD BE", ">TIER", ">LOAD", "IDLE SINCE"]);
        for next in &choice.runners_up {
            let agent = if next.agent_id.is_empty() { "(deleted)" } else { &next.agent_id };
            table.row([
                agent.to_owned(),
                next.tier.to_string(),
                next.load.to_string(),
                time(next.idle_since_time.as_ref()),
            ]);
        }
        out.table(&table)?;
    }
    Ok(())
}

async fn list_candidates(session: &Session, contact_id: String, limit: usize) -> Result<(), Failure> {
    let (mut candidates, mut page_token) = (Vec::new(), String::new());
    while candidates.len() < limit {
        let contact_id = contact_id.clone();
        let call = pb::ListCandidatesRequest { contact_id, page_size: 500, page_token, ..Default::default() };
        let page = session.client.call(call).await?;
        candidates.extend(page.candidates);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    candidates.truncate(limit);
    let out = &session.out;
    if out.format == Format::Json {
        return candidates.iter().try_for_each(|candidate| out.json(candidate));
    }
    let mut table = Table::new(&["AGENT", ">TIER", "KEPT AWAY BY"]);
    for candidate in &candidates {
        table.row([candidate.agent_id.clone(), candidate.tier.to_string(), obstacles(&candidate.obstacles)]);
    }
    out.line("")?;
    out.table(&table)
}

fn obstacles(obstacles: &[pb::Obstacle]) -> String {
    match obstacles {
        [] => "nothing".to_owned(),
        some => some.iter().map(|obstacle| obstacle.summary.as_str()).collect::<Vec<_>>().join("; "),
    }
}

async fn pair(session: &Session, contact_id: String, agent_id: String) -> Result<(), Failure> {
    let call = pb::ExplainPairRequest { contact_id, agent_id, ..Default::default() };
    let answer = session.client.call(call).await?;
    let out = &session.out;
    if out.format == Format::Json {
        return out.json(&answer);
    }
    out.line(&out.style.bold(&answer.summary))?;
    for obstacle in answer.candidate.iter().flat_map(|candidate| &candidate.obstacles) {
        let until = time(obstacle.until_time.as_ref());
        let until = if until.is_empty() { until } else { format!(", until {until}") };
        out.line(&format!("  {}{until}", obstacle.summary))?;
    }
    if !answer.earlier_contact_id.is_empty() {
        out.line(&format!("  {} stands before it for this agent", answer.earlier_contact_id))?;
    }
    choices(out, &answer.choices)
}

async fn explain_agent(session: &Session, agent_id: String) -> Result<(), Failure> {
    let (mut page_token, mut first) = (String::new(), true);
    let mut table = Table::new(&["QUEUE", ">WAITING", "MAY SERVE", "LACKS"]);
    loop {
        let agent = agent_id.as_str();
        let call =
            pb::ExplainAgentRequest { agent_id: agent_id.clone(), page_size: 500, page_token, ..Default::default() };
        let answer = session.client.call(call).await?;
        let out = &session.out;
        if out.format == Format::Json {
            out.json(&answer)?;
        } else if first {
            out.line(&out.style.bold(&answer.summary))?;
            if !answer.next_contact_id.is_empty() {
                let not_yet = match answer.next_obstacles.as_slice() {
                    [] => String::new(),
                    all => format!(", but {} {}", agent, obstacles(all)),
                };
                out.line(&format!("next: {}{not_yet}", answer.next_contact_id))?;
            }
            for room in &answer.channels {
                let what = if room.has_room { "room".to_owned() } else { obstacles(&room.obstacles) };
                out.line(&format!("{} ({}): {what}", room.channel, room.cost))?;
            }
        }
        first = false;
        for queue in &answer.queues {
            let from = match queue.eligible_from_step {
                Some(0) => "at once".to_owned(),
                Some(step) => format!("from step {step}"),
                None => "never".to_owned(),
            };
            let lacks = if queue.obstacles.is_empty() { String::new() } else { obstacles(&queue.obstacles) };
            table.row([queue.queue.clone(), queue.waiting.to_string(), from, lacks]);
        }
        page_token = answer.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    match session.out.format {
        Format::Json => Ok(()),
        Format::Table => {
            session.out.line("")?;
            session.out.table(&table)
        }
    }
}

async fn explain_offer(session: &Session, offer_id: String) -> Result<(), Failure> {
    let answer = session.client.call(pb::ExplainOfferRequest { offer_id, ..Default::default() }).await?;
    let out = &session.out;
    if out.format == Format::Json {
        return out.json(&answer);
    }
    let outcome = match answer.outcome() {
        pb::OfferOutcome::Unspecified => "open".to_owned(),
        outcome => word(outcome.as_str_name(), "OFFER_OUTCOME_"),
    };
    out.line(&format!("{} in {}: {outcome}", answer.contact_id, answer.queue))?;
    choices(out, answer.choice.as_slice())
}
