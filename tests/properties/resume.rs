//! Offering that goes on slice by slice after a restart: the very offers that one command would make, in the same order
//! and for the same reasons, and never more in a command than a slice has. Whatever takes contacts out of their lines
//! between two slices, nobody behind them waits beside an idle agent when nothing is left to offer.

use attune::{
    engine::{
        Command, Event,
        event::ChoiceRule,
        invariant::{check, check_settled},
    },
    journal::Record,
    model::{
        agent::Presence,
        ids::{AgentId, AgentKey, ContactKey, SessionId},
        time::Span,
    },
    sim::driver::{Driver, Step},
};

use super::{chaos::Chaos, follower::Follower, setting};

const AGENTS: usize = 6;
const CONTACTS: usize = 30;
/// Open offers of agents who were lost are gone after so long.
const RESCINDED_AFTER: Span = Span::from_secs(4);

#[test]
fn slices_make_the_offers_that_one_command_would_make() {
    let (sequences, first): (u64, u64) = (setting("ATTUNE_SEQUENCES", 1_000), setting("ATTUNE_SEED", 1));
    let (mut slices, mut offers) = (0, 0);
    for seed in first..first + sequences {
        match play(seed) {
            Ok(played) => (slices, offers) = (slices + played.0, offers + played.1),
            Err(broken) => panic!("seed {seed} (replay with ATTUNE_SEED={seed} ATTUNE_SEQUENCES=1): {broken}"),
        }
    }
    assert!(slices > sequences as usize, "{slices} slices for {offers} offers: hardly anything was sliced");
}

/// An offer as far as it does not depend on how it was found.
type Offered = (ContactKey, AgentKey, ChoiceRule, u8);

fn offers(step: &Step, most: usize) -> Result<Vec<Offered>, String> {
    let mut all = Vec::new();
    for record in &step.records {
        let made = record.events.iter().filter_map(|event| match event {
            Event::OfferMade { contact, agent, choice, .. } => Some((*contact, *agent, choice.rule, choice.tier)),
            _ => None,
        });
        let made: Vec<Offered> = made.collect();
        if made.len() > most {
            return Err(format!("{} offers in one command, of at most {most}", made.len()));
        }
        all.extend(made);
    }
    Ok(all)
}

#[test]
fn whoever_leaves_between_slices_leaves_nobody_waiting_beside_an_idle_agent() {
    let (sequences, first): (u64, u64) = (setting("ATTUNE_SEQUENCES", 1_000), setting("ATTUNE_SEED", 1));
    let mut taken = 0;
    for seed in first..first + sequences {
        match disturb(seed) {
            Ok(seen) => taken += seen,
            Err(broken) => panic!("seed {seed} (replay with ATTUNE_SEED={seed} ATTUNE_SEQUENCES=1): {broken}"),
        }
    }
    assert!(taken > sequences as usize, "{taken} contacts were taken out of line: hardly any");
}

/// Brings agents and contacts into these worlds, which are alike until then; the agents, and what the first one recorded.
fn people(chaos: &mut Chaos, worlds: &mut [&mut Driver], founding: Record) -> (Vec<AgentId>, Vec<Record>) {
    let mut records = vec![founding];
    let mut call = |command: Command| {
        let steps = worlds.iter_mut().map(|world| (world.call(command.clone()), world.pass(Span::ZERO)));
        let (step, passed) = steps.collect::<Vec<_>>().swap_remove(0);
        records.extend(step.records.into_iter().chain(passed.records));
        step.reply.is_ok()
    };
    let mut agents: Vec<AgentId> = Vec::new();
    while agents.len() < AGENTS {
        let command = chaos.put_agent(&[]);
        let Command::PutAgent { agent, .. } = &command else { unreachable!("it was to put an agent") };
        let agent = agent.clone();
        if call(command) {
            agents.push(agent);
        }
    }
    agents.sort();
    agents.dedup();
    for (number, agent) in agents.iter().enumerate() {
        call(open(agent, number as u64 + 1));
        call(Command::SetPresence { agent: agent.clone(), presence: Presence::Available });
    }
    for _ in 0..CONTACTS {
        call(chaos.enqueue(&[]));
    }
    (agents, records)
}

fn open(agent: &AgentId, connection: u64) -> Command {
    let session = SessionId::new(&format!("s-{agent}")).expect("it obeys the grammar");
    Command::OpenSession { agent: agent.clone(), session, connection }
}

/// Plays one world in which contacts leave and time passes between slices; how many were taken out of line.
fn disturb(seed: u64) -> Result<usize, String> {
    let mut chaos = Chaos::new(seed);
    let (start, document, items) = (chaos.start(), chaos.document(), chaos.slice_items());
    let (mut world, founding) = Driver::new(start, document);
    let (agents, records) = people(&mut chaos, &mut [&mut world], founding);
    world.sweep_by_hand(items);
    world.restart(&records, world.now());
    world.pass(RESCINDED_AFTER);
    let mut taken = 0;
    for (number, agent) in agents.iter().enumerate() {
        world.call(open(agent, 100 + number as u64));
        while world.state().has_slices() {
            if let Some(command) = chaos.take_from_line(&world) {
                taken += usize::from(world.call(command).reply.is_ok());
            }
            if chaos.wants_slice() {
                world.pass(Span::from_millis(chaos.millis(2_000)));
            }
            check(world.state()).map_err(|broken| broken.to_string())?;
            world.slice();
        }
        check_settled(world.state()).map_err(|broken| broken.to_string())?;
    }
    Ok(taken)
}

/// Plays one pair of worlds; how many slices there were, and how many offers they made.
fn play(seed: u64) -> Result<(usize, usize), String> {
    let mut chaos = Chaos::new(seed);
    let (start, document, items) = (chaos.start(), chaos.document(), chaos.slice_items());
    let (mut whole, founding) = Driver::new(start, document.clone());
    let (mut sliced, _) = Driver::new(start, document);
    let (agents, records) = people(&mut chaos, &mut [&mut whole, &mut sliced], founding);

    whole.restart(&records, whole.now());
    sliced.sweep_by_hand(items);
    sliced.restart(&records, sliced.now());
    whole.pass(RESCINDED_AFTER);
    sliced.pass(RESCINDED_AFTER);
    let (mut once, mut bit_by_bit, mut slices) = (Vec::new(), Vec::new(), 0);
    for (number, agent) in agents.iter().enumerate() {
        let command = open(agent, 100 + number as u64);
        once.extend(offers(&whole.call(command.clone()), usize::MAX)?);
        let step = sliced.call(command);
        if sliced.state().offering_held().is_none() {
            bit_by_bit.extend(offers(&step, items)?);
        }
        while sliced.state().has_slices() {
            check(sliced.state()).map_err(|broken| format!("before slice {slices}: {broken}"))?;
            bit_by_bit.extend(offers(&sliced.slice(), items)?);
            slices += 1;
        }
    }
    if once != bit_by_bit {
        return Err(format!("one command offers\n{once:?}\nslices of {items}\n{bit_by_bit:?}"));
    }
    check_settled(sliced.state()).map_err(|broken| broken.to_string())?;
    whole.pass(Span::ZERO);
    sliced.pass(Span::ZERO);
    Follower::new(&sliced).compare(&whole)?;
    Ok((slices, bit_by_bit.len()))
}
