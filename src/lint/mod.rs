//! What a valid routing document says and cannot mean: remarks for whoever writes it, before it is in force.
//!
//! Invariant: a remark never stands in the way; each has its place in the text, says why it matters ([`Kind::why`]) and
//! what would put it right. [`routing`] looks at queues, steps and skills, [`moments`] at the catalogue, [`staffing`] at
//! both beside the agents there are, and [`hours`] at queues beside who is there when ([`Day`]). Not here: what is wrong (`Document::parse`), and what a policy costs (simulation).

use std::fmt;

use crate::model::{
    agent::AgentProfile,
    document::{Document, Violation},
    ids::AgentId,
};

mod day;
mod hours;
mod moments;
mod present;
mod routing;
mod staffing;
mod words;

pub use day::{Come, Day, Flow, Group};

/// One thing to say of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// What sort of thing.
    pub kind: Kind,
    /// Where, and what is to be said.
    pub said: Violation,
}

/// An agent as the platform describes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agent {
    /// Who.
    pub id: AgentId,
    /// With which skills, queues and capacity.
    pub profile: AgentProfile,
}

/// What a sort of remark says: a kind, keys that lead to what it is about, and the words.
type Say<'s> = &'s mut dyn FnMut(Kind, &[&str], String);

macro_rules! kinds {
    ($($(#[doc = $doc:literal])+ $kind:ident = $name:literal: $why:literal;)+) => {
        /// Sorts of remarks.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Kind {
            $($(#[doc = $doc])+ $kind,)+
        }

        impl Kind {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$kind),+];

            /// Its name, for programs.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$kind => $name,)+
                }
            }

            /// Why it matters.
            pub fn why(self) -> &'static str {
                match self {
                    $(Self::$kind => $why,)+
                }
            }
        }
    };
}

kinds! {
    /// The longest wait ends before a step begins.
    StepNeverApplies = "step-never-applies":
        "nobody waits as long as that, so the agents whom the step would let in are never asked";
    /// A step is as what was before.
    StepChangesNothing = "step-changes-nothing":
        "whoever waits so long is served by the very same agents";
    /// A step asks more than what was before.
    StepNarrows = "step-narrows":
        "the longer a contact waits the fewer agents may take it, and some who could have taken it before no longer may";
    /// A tier of preference contradicts the requirement.
    PreferenceNeverMet = "preference-never-met":
        "no agent who may serve the queue is ever in this tier";
    /// A tier of preference leaves nothing to the tiers behind it.
    PreferenceSaysNothing = "preference-says-nothing":
        "a tier behind one that has all of its agents already is never looked at";
    /// The longest wait ends before the one that an overflow waits for.
    OverflowTooLate = "overflow-too-late":
        "contacts leave the queue before they have waited so long, so most are lost before anybody else is let in";
    /// Contacts are sent on until they are back.
    OverflowLoop = "overflow-loop":
        "a contact that nobody takes goes round up to sixteen times, each wait anew, before it ends as expired";
    /// Where contacts are sent on nobody new may take them.
    OverflowAddsNobody = "overflow-adds-nobody":
        "everybody who may take the contact there might have taken it here, so that going there helps no one";
    /// The longest wait ends before an offer does.
    OfferOutlastsWait = "offer-outlasts-wait":
        "the first agent who lets an offer run out has used up the whole wait, and no second one is asked";
    /// The longest wait ends before the service level is missed.
    TargetBeyondWait = "target-beyond-wait":
        "contacts leave the queue before they can be late, so its service level looks better than its customers fare";
    /// The longest wait ends before an agent is drained for a large contact.
    DrainNeverBegins = "drain-never-begins":
        "a contact that takes more capacity than others of these agents' waits for a gap that need not come";
    /// A queue's priority is more than another one may wait.
    PriorityStarves = "priority-starves":
        "of agents who serve both, none takes a contact of the other queue while one of this queue waits";
    /// The reserve keeps routine contacts out for as long as they may wait.
    ReserveStarves = "reserve-starves":
        "where only empathetic agents are free, a routine contact is kept from them until its wait is over";
    /// No queue takes a channel.
    ChannelUnused = "channel-unused":
        "contacts that come by it are refused";
    /// A moment of truth is held beyond a queue's service level.
    HoldTooLong = "hold-too-long":
        "a moment of truth that is held so long is late already when others may take it";

    /// Moments without empathetic agents.
    MomentsWithoutEmpathy = "moments-without-empathy":
        "without empathetic agents moments of truth are only moved up in their lines, which alone does nearly nothing";
    /// Empathetic agents kept free of a queue that nobody else serves.
    ReserveOfAll = "reserve-of-all":
        "routine contacts of this queue wait for a reserve that is kept from nobody else";
    /// A moment's weight, with all else, is too little.
    MomentTooLight = "moment-too-light":
        "the entry never makes a moment of truth, whatever happens";
    /// A moment gives more than is counted.
    MomentGivesTooMuch = "moment-gives-too-much":
        "seconds beyond the cap are promised to whoever reads the catalogue, and never given";
    /// A moment asks no more empathy than any.
    MomentAsksNoMore = "moment-asks-no-more":
        "it looks as if this moment went to better agents, and it goes to the same";
    /// A moment's hold is in vain.
    MomentHold = "moment-hold":
        "it is held in vain: too long to be in time, or for agents of whom nobody is kept free";
    /// A moment's skills are never asked.
    MomentSkillsUnasked = "moment-skills-unasked":
        "it looks as if this moment went to who knows about it, and anyone takes it";
    /// A moment's offers last no longer.
    MomentOfferTime = "moment-offer-time":
        "it looks as if agents had longer to answer, and they have not";
    /// What makes a moment never comes.
    MomentNeverMade = "moment-never-made":
        "evidence that is switched off makes no moment";
    /// An event is nearly one that is known.
    EventMisspelt = "event-misspelt":
        "an event under another name than the platform's or the analyser's never comes";

    /// Nobody can serve a queue, at first or ever.
    QueueNobodyServes = "queue-nobody-serves":
        "its contacts wait for an agent whom there is not";
    /// One agent alone can serve a queue.
    QueueOneAgent = "queue-one-agent":
        "when that agent is ill, at lunch or in a call, nobody takes its contacts";
    /// Nobody has a skill, and nothing asks for it.
    SkillUnused = "skill-unused":
        "it may be misspelt where it should be asked, and nothing goes by it";
    /// No agent has a skill that is asked.
    SkillNobodyHas = "skill-nobody-has":
        "whatever asks for it is served by nobody";
    /// No agent has a skill at the level that is asked.
    LevelNobodyHas = "level-nobody-has":
        "whatever asks for it at that level is served by nobody";
    /// No queue can reach an agent.
    AgentUnreached = "agent-unreached":
        "the agent signs in, waits, and is never offered anything";
    /// An agent's record names a skill or a queue that there is not.
    AgentNamesUnknown = "agent-names-unknown":
        "a name that the document does not have is never asked for; it is often misspelt";
    /// An assignment to a queue that is open to all.
    AssignmentSaysNothing = "assignment-says-nothing":
        "the queue takes every agent who satisfies its requirement, assigned or not";
    /// As many are kept free as there are.
    ReserveKeepsAll = "reserve-keeps-all":
        "routine contacts never reach an empathetic agent before the reserve gives way, however quiet it is";
    /// No empathetic agent serves a queue.
    QueueWithoutEmpathy = "queue-without-empathy":
        "a moment of truth in this queue is held for an agent who cannot come, and then goes to anyone";

    /// Contacts come to a queue while nobody is there who may serve it.
    QueueNobodyThere = "queue-nobody-there":
        "its contacts wait for the next shift, longer than the service level allows, or until their wait is over";
    /// Contacts come to a queue while one agent alone is there who may serve it, beside others who may not.
    QueueOneAgentThere = "queue-one-agent-there":
        "whenever that agent is in a call or at lunch, nobody takes its contacts, however many others are at work";
    /// Moments of truth come to a queue while no empathetic agent is there who may serve it.
    EmpathyNotThere = "empathy-not-there":
        "a moment of truth is held in vain at these times, and then goes to anyone";
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.said, self.kind)
    }
}

/// What is to be said of a document by itself.
pub fn document(document: &Document) -> Vec<Remark> {
    remarks(document, |say| {
        routing::look(document, say);
        moments::look(document, say);
    })
}

/// What is to be said of it beside the agents there are, all of them; nothing that [`document`] says already.
pub fn staffing(document: &Document, agents: &[Agent]) -> Vec<Remark> {
    remarks(document, |say| staffing::look(document, agents, agents, say))
}

/// What is to be said of it beside who works when and who comes when: of all who work together, of groups of them by their
/// names, and hour by hour.
pub fn day(document: &Document, day: &Day) -> Vec<Remark> {
    remarks(document, |say| {
        staffing::look(document, &day.agents(), &day.kinds_of_agents(), say);
        hours::look(document, day, say);
    })
}

/// What `look` has to say, each with its place.
fn remarks(document: &Document, look: impl FnOnce(Say<'_>)) -> Vec<Remark> {
    let mut kinds = Vec::new();
    let said = document.remarks(|place| {
        look(&mut |kind, keys, words| {
            kinds.push(kind);
            place(keys, words);
        });
    });
    // The list is closed by the number of those left off, which is of no kind.
    let mut remarks: Vec<Remark> = kinds.into_iter().zip(said).map(|(kind, said)| Remark { kind, said }).collect();
    remarks.sort_by_key(|remark| remark.said.at);
    remarks
}

#[cfg(test)]
mod tests;
