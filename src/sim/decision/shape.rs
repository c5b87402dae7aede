//! What a world is like: its sizes, what is special about it, and the routing document that follows from both.

use std::fmt::Write;

use crate::model::document::{Document, Format};

/// Skills of every world, the second half of them scarce.
pub const SKILLS: usize = 50;
pub(super) const SCARCE: usize = SKILLS / 2;

/// What is special about a world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Twist {
    /// Nothing.
    Plain,
    /// Membership instead of skills: every agent is assigned to 200 queues.
    Assigned,
    /// Three contacts in ten exclude 16 agents with their skills or wait for one agent alone.
    Personal,
    /// A thousand classes wait under a skill of every agent who frees, each for a second skill that none of them has.
    IneligibleHeads,
    /// Arrivals ask for two skills that many idle agents have, but nobody together.
    NobodyHasBoth,
    /// Ten skills each at any of a hundred levels.
    Unique,
    /// Every fifth agent is empathetic, some of them are kept free, and every twelfth contact is a moment of truth.
    Empathy,
    /// Contacts that smaller ones could pass get a draining agent after 30 s; only the passing of time is measured.
    Draining,
}

/// A world's measures.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// For tables.
    pub name: &'static str,
    /// Agents, idle and busy.
    pub agents: usize,
    /// Contacts in line.
    pub waiting: usize,
    /// Queues; contacts are spread evenly.
    pub queues: usize,
    /// Different requirements that contacts of one queue bring.
    pub own: usize,
    /// Of a hundred agents, so many are idle.
    pub idle_percent: usize,
    /// What is special.
    pub twist: Twist,
}

/// The middle size of the goals.
pub const MIDDLE: Shape = Shape {
    name: "middle",
    agents: 10_000,
    waiting: 100_000,
    queues: 200,
    own: 8,
    idle_percent: 50,
    twist: Twist::Plain,
};

/// Which kind of agents and contacts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Idle,
    Busy,
}

/// The document that a world begins with, or the one that is applied while contacts wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wording {
    First,
    /// With other priorities, steps, costs and skills, and without the last queue.
    Changed,
}

/// Queues that each ask for one common skill and prefer those who have it well.
pub(super) fn document(shape: &Shape, wording: Wording) -> Document {
    let empathy = "empathy = {}\nreserve = { k = 3 }\n[skills]\nempathy = ''\n";
    let mut text = String::from(if shape.twist == Twist::Empathy { empathy } else { "[skills]\n" });
    let mut line = |line: String| writeln!(text, "{line}").expect("a string takes everything");
    (0..SKILLS).for_each(|skill| line(format!("s{skill} = \"\"")));
    let (queues, voice, more) = match wording {
        Wording::First => (shape.queues, 100, 0),
        Wording::Changed => (shape.queues - 1, 90, 5),
    };
    for (channel, cost) in [("voice", voice), ("chat", 34), ("sms", 25), ("email", 20)] {
        line(format!("[channels.{channel}]\ncost = {cost}"));
    }
    for queue in 0..queues {
        let (skill, level) = (queue % SCARCE, [20, 40, 60][queue % 3] + more);
        let drain_after = if shape.twist == Twist::Draining { "30s" } else { "6d" };
        line(format!("[queues.q{queue}]\ndrain_after = \"{drain_after}\"\nmax_wait = {{ after = \"6d\" }}"));
        if wording == Wording::Changed {
            line(format!("priority = \"{}s\"\nsteps = [{{ after = \"5d\", require = {{}} }}]", queue % 120));
        }
        match shape.twist {
            Twist::Assigned => line("members = \"assigned\"".to_owned()),
            Twist::IneligibleHeads | Twist::NobodyHasBoth if queue == 0 => {}
            Twist::IneligibleHeads => {}
            _ => {
                line(format!("require = {{ all = [\"s{skill}>={level}\"] }}"));
                line(format!("prefer = [{{ all = [\"s{skill}>=80\"] }}]"));
            }
        }
    }
    Document::parse(&text, Format::Toml).expect("the bench's document is valid")
}
