//! Plays a story in virtual time and compares what happens with what it expects.
//!
//! Invariant: everything that happens is expected or reported, at its very moment; after every step the engine's own
//! rules are checked. Desktops show offers at once unless the story calls them silent.

use std::{collections::BTreeMap, sync::Arc};

use attune::{
    engine::{
        Command, Event, Proposal, Reply, Request,
        explain::view::{Explain, Explained},
        history::DocumentVersion,
        invariant::{check, check_explained, check_settled},
        view::{Answer, Query, SweepView},
    },
    journal::Record,
    model::{
        document::{Document, Origin},
        ids::{AgentId, ContactId, RequestId},
        time::Timestamp,
    },
    sim::driver::{Driver, Step},
};

use super::{
    command::{Desk, Doing, understand},
    happening::{Cast, Happening},
    layout::Layout,
    script::{Block, Script, parse_span, written_time},
};

/// A story that has been played.
pub struct Played {
    /// Everything that did not go as expected, each beginning with its line.
    pub faults: Vec<String>,
    /// The story with what really happened.
    pub rewritten: String,
}

/// Plays a story; the error says what in it cannot be understood.
pub fn play(text: &str) -> Result<Played, String> {
    let script = Script::parse(text)?;
    let mut stage = Stage::default();
    script.blocks.iter().for_each(|block| stage.learn_skills(block));
    let (mut faults, mut rewritten) = (Vec::new(), Vec::new());
    for block in &script.blocks {
        let happened = stage.act(block).map_err(|problem| format!("{}: {problem}", block.line))?;
        let (before, now): (Vec<_>, Vec<_>) = happened.into_iter().partition(|happening| happening.at < block.at);
        faults.extend(before.iter().map(|unlisted| {
            format!("{}: before this, at {}: {}", block.line, written_time(unlisted.at), unlisted.whole())
        }));
        if !is_as_expected(&block.expected, &now) {
            faults.push(difference(block, &now));
        }
        rewritten.extend(before.chunk_by(|a, b| a.at == b.at).map(|together| {
            let head = format!("{}  time\n", written_time(together[0].at));
            (head, together.iter().map(Happening::whole).collect())
        }));
        rewritten.push((block.head().to_owned(), written(&block.expected, &now)));
    }
    faults.extend(stage.broken);
    Ok(Played { faults, rewritten: Script::written(&rewritten, script.tail()) })
}

fn is_as_expected(expected: &[String], happened: &[Happening]) -> bool {
    expected.len() == happened.len() && expected.iter().zip(happened).all(|(line, happening)| happening.is(line))
}

fn difference(block: &Block, happened: &[Happening]) -> String {
    let list = |lines: Vec<String>| match lines.is_empty() {
        true => "        (nothing)\n".to_owned(),
        false => lines.iter().map(|line| format!("        {line}\n")).collect(),
    };
    let (said, expected) = (block.words.join(" "), list(block.expected.clone()));
    let happened = list(happened.iter().map(Happening::whole).collect());
    format!("{}: {said}\n      expected\n{expected}      happened\n{happened}", block.line)
}

/// What happened, in the words of the expectation where that holds already.
fn written(expected: &[String], happened: &[Happening]) -> Vec<String> {
    let kept = |happening: &Happening| expected.iter().find(|line| happening.is(line)).cloned();
    happened.iter().map(|happening| kept(happening).unwrap_or_else(|| happening.whole())).collect()
}

/// The world of a story.
#[derive(Default)]
struct Stage {
    layout: Layout,
    driver: Option<Driver>,
    journal: Vec<Record>,
    cast: Cast,
    desks: BTreeMap<String, Desk>,
    /// Answers by the request ids that the story itself gives.
    answers: BTreeMap<String, Reply>,
    /// Documents are taken over by lines `slice`, so many items each.
    is_sliced: bool,
    broken: Vec<String>,
}

impl Stage {
    /// Lets time pass until the block, and what it says happen.
    fn act(&mut self, block: &Block) -> Result<Vec<Happening>, String> {
        let (etag, words): (Vec<String>, Vec<String>) =
            block.words.iter().cloned().partition(|word| word.starts_with("etag="));
        let back = match words.as_slice() {
            [document, back, to] if document == "document" && back == "back" => Some(version(to, "to=")?),
            _ => None,
        };
        if back.is_none() && Layout::is_declaration(&words) {
            self.layout.declare(&words, &block.toml)?;
            if self.driver.is_none() {
                return Ok(Vec::new());
            }
        } else if self.driver.is_none() {
            let (driver, founding) = Driver::new(block.at, self.layout.document()?);
            (self.driver, self.journal) = (Some(driver), vec![founding]);
        }
        let mut happened = match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            ["attuned", "back", "after", absent] => self.restart(block, absent)?,
            _ => self.pass_until(block, block.at)?,
        };
        if Layout::is_declaration(&block.words) {
            let mut proposal = match back {
                Some(version) => self.restored(version)?,
                None => Proposal::new(Arc::new(self.layout.document()?)),
            };
            proposal.moves = self.layout.take_moves()?;
            if let Some(etag) = etag.first() {
                let version = version(etag, "etag=")?;
                let known = self.version(version).ok_or(format!("there is no version {version}"))?;
                proposal.expected = Some(known.etag());
            }
            happened.extend(self.call(block, None, Command::ApplyDocument(Box::new(proposal)))?);
            happened.extend(self.is_sliced.then(|| self.how_far()));
        } else if let ["slices", "of", items] = words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            let items = items.parse().map_err(|_| format!("{items:?} is no number"))?;
            self.driver().sweep_by_hand(items);
            self.is_sliced = true;
        } else if words == ["slice"] {
            let step = self.driver().slice();
            happened.extend(self.settle(block, step)?);
            happened.push(self.how_far());
        } else if words == ["waits", "are", "estimated"] {
            let founding = self.journal[0].clone();
            self.driver().learn(&founding);
        } else if words[0] == "attuned" {
            // Back it is.
        } else if let ["why", asked @ ..] = block.words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            happened.push(self.why(asked)?);
        } else {
            let driver = self.driver.as_mut().expect("the world was founded above");
            for Doing { command, told, id } in understand(&block.words, &self.cast, &mut self.desks, driver)? {
                let said = self.call(block, id, command)?;
                // What the line itself says is not told again.
                happened.extend(said.into_iter().filter(|happening| !told.iter().any(|told| happening.is(told))));
            }
        }
        happened.extend(self.pass_until(block, block.at)?);
        Ok(joined(happened))
    }

    fn version(&mut self, version: u64) -> Option<Arc<DocumentVersion>> {
        let now = self.driver().now();
        match self.driver().state().query(now, &Query::Document { version: Some(version), field: "version" }) {
            Ok(Answer::Document { version, .. }) => Some(version),
            _ => None,
        }
    }

    /// How far the document is that is being taken over.
    fn how_far(&mut self) -> Happening {
        let now = self.driver().now();
        let words = match self.driver().state().query(now, &Query::Document { version: None, field: "version" }) {
            Ok(Answer::Document { sweep: Some(SweepView { version, stage, left }), .. }) => {
                format!("document {version} takes over {} ({left} left)", format!("{stage:?}").to_lowercase())
            }
            Ok(Answer::Document { version, sweep: None }) => format!("document {} has taken over", version.version),
            other => format!("{other:?}"),
        };
        Happening::of(now, words)
    }

    /// An earlier document; one that is not remembered is asked for all the same.
    fn restored(&mut self, version: u64) -> Result<Proposal, String> {
        let document = match self.version(version) {
            Some(known) => Document::parse(&known.source.text, known.source.format).map_err(|e| e.to_string())?,
            None => self.layout.document()?,
        };
        let origin = Origin { restores: Some(version), ..Origin::default() };
        Ok(Proposal { origin, ..Proposal::new(Arc::new(document)) })
    }

    fn learn_skills(&mut self, block: &Block) {
        let mut words = block.words.iter().skip_while(|word| *word != "skills").skip(1);
        if block.words[0] == "agent" {
            let named = words.by_ref().map_while(|word| word.split_once('='));
            named.for_each(|(skill, _)| self.layout.skill(skill));
        }
        let asked = block.words.iter().filter_map(|word| word.strip_prefix("needs="));
        for condition in asked.flat_map(|list| list.split(',')) {
            self.layout.skill(condition.split_once(">=").map_or(condition, |(skill, _)| skill));
        }
    }

    /// `why c1`, `why ana`, `why ana c1`: the engine's explanation, in its own words.
    fn why(&mut self, asked: &[&str]) -> Result<Happening, String> {
        let agent = |text: &str| AgentId::new(text).map_err(|error| format!("an agent {error}"));
        let contact = |text: &str| ContactId::new(text).map_err(|error| format!("a contact {error}"));
        let question = match *asked {
            [who] if self.desks.contains_key(who) => Explain::Agent { agent: agent(who)?, after: None, limit: 1 },
            [what] => Explain::Contact(contact(what)?),
            [who, what] => Explain::Pair { agent: agent(who)?, contact: contact(what)? },
            _ => return Err("ask why c1, why ana, or why ana c1".to_owned()),
        };
        let now = self.driver().now();
        let told = match self.driver().state().query(now, &Query::Explain(question)) {
            Ok(Answer::Explained(explained)) => match *explained {
                Explained::Contact(contact) => contact.summary,
                Explained::Agent(agent) => agent.summary,
                Explained::Pair(pair) => pair.summary,
                other => return Err(format!("explained with {other:?}")),
            },
            Ok(other) => return Err(format!("explained with {other:?}")),
            Err(reject) => format!("refused {}", reject.name().to_uppercase()),
        };
        Ok(Happening::of(now, told))
    }

    fn driver(&mut self) -> &mut Driver {
        self.driver.as_mut().expect("the world was founded before anything else")
    }

    /// `attuned back after 1h`: the process was gone until now, and goes on with its journal.
    fn restart(&mut self, block: &Block, absent: &str) -> Result<Vec<Happening>, String> {
        let absent = parse_span(absent).ok_or(format!("{absent:?} is no length of time"))?;
        let mut happened = self.pass_until(block, block.at - absent)?;
        let journal = std::mem::take(&mut self.journal);
        let step = self.driver().restart(&journal, block.at);
        self.journal = journal;
        happened.extend(self.settle(block, step)?);
        Ok(happened)
    }

    /// Every deadline until then at its own time, so that desktops answer when they are asked.
    fn pass_until(&mut self, block: &Block, until: Timestamp) -> Result<Vec<Happening>, String> {
        let mut happened = Vec::new();
        while let Some(due) = self.driver().state().next_deadline().filter(|due| *due <= until) {
            let step = self.driver().pass_until(due);
            happened.extend(self.settle(block, step)?);
        }
        if self.driver().now() > until {
            return Err(format!("time runs backwards: it is {} already", written_time(self.driver().now())));
        }
        let step = self.driver().pass_until(until);
        happened.extend(self.settle(block, step)?);
        Ok(happened)
    }

    fn call(&mut self, block: &Block, id: Option<String>, command: Command) -> Result<Vec<Happening>, String> {
        let asked = command.clone();
        let now = self.driver().now();
        let step = match &id {
            Some(text) => {
                let request = RequestId::new(text).map_err(|error| format!("request id {error}"))?;
                self.driver().request(Request { id: Some(request), command })
            }
            None => self.driver().call(command),
        };
        let refused = step.reply.as_ref().err().map(|reject| format!("refused {}", reject.name().to_uppercase()));
        let repeated = match (&id, &step.reply) {
            (Some(id), Ok(reply)) => match self.answers.insert(id.clone(), reply.clone()) {
                Some(first) if first == *reply && step.records.is_empty() => Some("answered as before".to_owned()),
                Some(first) => Some(format!("answered {reply:?} after {first:?}")),
                None => None,
            },
            _ => None,
        };
        let mut happened = self.settle(block, step)?;
        if let Command::EnqueueContact(new) = asked {
            // That it is in the queue it asked for is no news.
            happened.retain(|happening| !happening.is(&format!("queued {} in {}", new.id, new.queue)));
        }
        happened.extend(refused.into_iter().chain(repeated).map(|words| Happening::of(now, words)));
        Ok(happened)
    }

    /// Tells what a step led to, lets desktops show their offers, and checks the engine's own rules.
    fn settle(&mut self, block: &Block, step: Step) -> Result<Vec<Happening>, String> {
        let (mut happened, mut shown) = (Vec::new(), Vec::new());
        self.journal.extend_from_slice(&step.records);
        for record in &step.records {
            for event in &record.events {
                self.cast.learn(event);
                let state = self.driver.as_ref().expect("the world was founded").state();
                happened.extend(self.cast.tell(record.now, event, state));
                if let Event::OfferMade { offer, .. } = event {
                    shown.push(*offer);
                }
            }
        }
        let driver = self.driver();
        let (state, now) = (driver.state(), driver.now());
        let broken =
            [check(state), check_settled(state), check_explained(state, now)].into_iter().filter_map(Result::err);
        let broken: Vec<String> = broken.map(|broken| format!("{}: rule broken: {broken}", block.line)).collect();
        self.broken.extend(broken);
        for offer in shown {
            let agent = self.cast.offered_to(offer).to_owned();
            if self.desks.get(&agent).is_some_and(|desk| desk.is_silent) {
                continue;
            }
            let agent = AgentId::new(&agent).map_err(|error| error.to_string())?;
            let step = self.driver().call(Command::AckOffer { agent, offer });
            let answered = self.settle(block, step)?;
            happened.extend(answered.into_iter().filter(|happening| !happening.whole().starts_with("rings ")));
        }
        Ok(happened)
    }
}

fn version(word: &str, key: &str) -> Result<u64, String> {
    let number = word.strip_prefix(key).and_then(|number| number.parse().ok());
    number.ok_or(format!("{word:?} names no version; write {key}2"))
}

fn joined(happened: Vec<Happening>) -> Vec<Happening> {
    let mut lines: Vec<Happening> = Vec::new();
    for happening in happened {
        if !lines.last_mut().is_some_and(|last| last.join(&happening)) {
            lines.push(happening);
        }
    }
    lines
}
