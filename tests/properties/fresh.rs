//! A document applied to who waits, a few at a time, comes to what a fresh start with it comes to: the same places,
//! steps and lines, the same alerts, the same deadlines, and the same agents for the same contacts.

use std::{collections::BTreeMap, sync::Arc};

use attune::{
    engine::{Command, Proposal, invariant::check_settled},
    model::{
        agent::Presence,
        ids::{AgentId, QueueName, SessionId},
        time::Span,
    },
    sim::driver::Driver,
};

use super::{chaos::Chaos, follower::Follower, setting};

const AGENTS: usize = 6;
const CONTACTS: usize = 14;

#[test]
fn a_finished_sweep_equals_a_fresh_start() {
    let (sequences, first): (u64, u64) = (setting("ATTUNE_SEQUENCES", 2_000), setting("ATTUNE_SEED", 1));
    let mut moved = 0;
    for seed in first..first + sequences {
        match play(seed) {
            Ok(contacts) => moved += contacts,
            Err(broken) => panic!("seed {seed} (replay with ATTUNE_SEED={seed} ATTUNE_SEQUENCES=1): {broken}"),
        }
    }
    assert!(moved > 0, "no contact was in a queue that a document removed");
}

/// Plays one pair of worlds; how many contacts were in the queue that the document removed.
fn play(seed: u64) -> Result<usize, String> {
    let mut chaos = Chaos::new(seed);
    let start = chaos.start();
    let (mail, rest) = (queue("mail"), queue("rest"));
    let (before, after) = (chaos.document(), Arc::new(chaos.document_without(&["mail"])));
    let (mut swept, _) = Driver::new(start, before);
    let (mut fresh, _) = Driver::new(start, (*after).clone());
    swept.sweep_by_hand(chaos.slice_items());

    let mut agents: Vec<AgentId> = Vec::new();
    while agents.len() < AGENTS {
        let command = chaos.put_agent(&[]);
        if let (true, Command::PutAgent { agent, .. }) = (swept.call(command.clone()).reply.is_ok(), &command) {
            agents.push(agent.clone());
            fresh.call(command).reply.map_err(|reject| format!("the fresh world has {reject} of an agent"))?;
        }
    }
    let mut moved = 0;
    for _ in 0..CONTACTS {
        let Command::EnqueueContact(mut contact) = chaos.enqueue(&[]) else { unreachable!("it was to enqueue") };
        // What signals are worth stays as the document of their time has it, until the next one.
        contact.signals.clear();
        if swept.call(Command::EnqueueContact(contact.clone())).reply.is_ok() {
            if contact.queue == mail {
                (contact.queue, moved) = (rest.clone(), moved + 1);
            }
            fresh
                .call(Command::EnqueueContact(contact))
                .reply
                .map_err(|reject| format!("the fresh world has {reject} of a contact"))?;
        }
        // So short that under both documents nobody has yet had somebody sought who drains.
        let pause = Span::from_millis(chaos.millis(350));
        swept.pass(pause);
        fresh.pass(pause);
    }

    let proposal = Proposal { moves: BTreeMap::from([(mail, rest)]), ..Proposal::new(after) };
    let applied = swept.call(Command::ApplyDocument(Box::new(proposal)));
    applied.reply.map_err(|reject| format!("the document was refused: {reject}"))?;
    while swept.state().is_sweeping() {
        swept.slice();
        check_settled(swept.state()).map_err(|broken| broken.to_string())?;
    }
    compare(&mut swept, &mut fresh).map_err(|broken| format!("after the sweep {broken}"))?;
    for (number, agent) in agents.into_iter().enumerate() {
        let session = SessionId::new(&format!("s{number}")).expect("it obeys the grammar");
        let connection = number as u64;
        let open = Command::OpenSession { agent: agent.clone(), session, connection };
        for command in [open, Command::SetPresence { agent, presence: Presence::Available }] {
            swept.call(command.clone());
            fresh.call(command);
        }
        compare(&mut swept, &mut fresh).map_err(|broken| format!("with {number} more agents {broken}"))?;
    }
    for _ in 0..40 {
        let pause = Span::from_millis(chaos.millis(15_000));
        swept.pass(pause);
        fresh.pass(pause);
        compare(&mut swept, &mut fresh).map_err(|broken| format!("as time passed {broken}"))?;
    }
    Ok(moved)
}

fn compare(swept: &mut Driver, fresh: &mut Driver) -> Result<(), String> {
    swept.pass(Span::ZERO);
    fresh.pass(Span::ZERO);
    let is = (swept.state().next_deadline(), fresh.state().next_deadline());
    if is.0 != is.1 {
        return Err(format!("the next deadlines are {is:?}"));
    }
    Follower::new(swept).compare(fresh)
}

fn queue(name: &str) -> QueueName {
    QueueName::new(name).expect("it obeys the grammar")
}
