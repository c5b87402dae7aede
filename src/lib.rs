//! attune: real-time contact routing and queueing.
//!
//! `attuned` is told what reached a contact centre and who works there, and decides who takes what, and when. This page
//! is the architecture: what flows where, which module to read for what, and what must always hold.
//!
//! # The flow
//!
//! ```text
//!  gRPC request ─► api::decode ─► Command ─► shard inbox ─► State::apply(now, command)
//!                  (validated once;            (bounded)        │  decide, emit event by event
//!                   types carry it)                             ▼
//!  reply, agents'   ◄── released ◄── Journal::append ◄── reply and events
//!  streams, watch,      (only then)   (one batch)
//!  metrics
//! ```
//!
//! One way, no way back. A call is decoded into a plain [`Command`](engine::Command) and waits in its shard's inbox.
//! The shard takes all that waits, applies it to the tenant's [`State`](engine::State), appends one batch to the
//! [`journal`], and only when that is kept lets anybody see it: replies, agents' offers, metrics. While the journal is
//! busy the next batch gathers, so the load itself sets the size of batches.
//!
//! Signals by stream alone are not commands each: the shard gathers those of a contact, and one command a second takes
//! them. They are the one exception to "answered means durable": accepted means gathered.
//!
//! A [`Record`](journal::Record) is a command, its time, and the events that followed. Recovery begins with the last
//! snapshot of the worlds, evolves the events behind it and never decides again; replay and simulation apply the
//! commands at their times and must come to the same events.
//!
//! Matching is event-driven in both directions (a contact arrives, an agent becomes free, a requirement relaxes) and
//! never a scan or a poll. Contacts with equal requirements form a class with one line; agents with equal
//! qualifications a signature with one order of idleness. An event touches the heads of the lines that it concerns, and
//! the result is the same as if every eligible agent had been considered.
//!
//! # The modules, in reading order
//!
//! Imports go downwards only: `bin` → `cli` → `app` → {`api`, `admin`, `config`, `sim`} → `shard` → {`journal`,
//! `forecast`} → {`engine`, `lint`} → `scoring` → `model`, with `telemetry` at the side. `tests/tidy.rs` holds this and
//! the other rules that a compiler does not know.
//!
//! 1. [`model`]: the words. Names, times, limits, requirements, and the routing document as typed data, with every
//!    violation of a written one named at once.
//! 2. [`engine`]: the heart, pure. `command`, `event` and `reject` are what it hears and says; `state` and `evolve`
//!    what there is and how it changes; a file for each noun decides (`contact`, `agent`, `offer`, `supervise`, …);
//!    `matching` brings contacts and agents together; `alert` notices who could never be served; `explain` says why,
//!    `change` what outsiders may follow; `invariant` what must always hold. [`scoring`] below it: from signals to how
//!    a customer feels, what is urgent, and seconds of head start, each with its reason; `scoring::text` reads words,
//!    at the edge. [`lint`] beside the engine: what a routing document says and cannot mean, alone, beside the agents
//!    there are, and hour by hour.
//! 3. [`journal`]: the trait that keeps records and its conformance tests; `codec`, records and worlds as bytes;
//!    `volume`, a folder and its files, `log`, segments in it, and `disk`, the thread that writes them; `snapshot`,
//!    where recovery begins, `archive`, where segments then go, and `reading`, all of it as one; and the journal in
//!    memory, which can be told to fail. `seal` and `vault`, personal fields under a key for each customer, so that
//!    erasure reaches every record. `inspect`, `subject`, `copy`, `cut` and `replay` are for `attune journal` and
//!    `attune replay`, which look into a folder without a daemon.
//! 4. [`forecast`], beside it: what is learnt, as a projection of events: how many empathetic agents to keep free by
//!    the live load, how long accepting takes, what announcements are worth, how empathetic agents are; and how long
//!    waits will be. What it finds comes back through the shard as a recorded command, so that no decision reads it and
//!    replay stays exact.
//! 5. [`shard`]: the driver, one writer for a group of tenants. `core` without I/O, `batch` with what waits for the
//!    journal, `run` with the loop, `streams` to agents; `clock` is the one reader of the wall clock; `observe` counts
//!    what is released, for metrics and for `statistics`, which slide over windows.
//! 6. [`api`]: the wire. `decode` and `encode`, one table from refusals to status, a file a service; `pb` is the one
//!    door to generated types.
//! 7. [`config`], [`admin`], [`telemetry`]: settings with their origins; metrics and health; one table of metrics, how
//!    Prometheus reads them, logs, spans.
//! 8. [`app`]: the composition root, which alone knows which journal there is; phases of starting, reloading and
//!    stopping; the daemon's own command line.
//! 9. [`sim`]: virtual time over the very same shard, and workloads: one driver for property tests, stories and demo;
//!    `scenario`, a contact centre in distributions, `player`, which plays it, `study`, what several runs say together, and
//!    `advice`, what to set for it; `history`, a day's records as a scenario that another document can be played on; the
//!    worlds in which the decision alone is measured.
//! 10. [`cli`]: `attune`, a verb a module, over gRPC as everybody else; `cli::top` is the wall in a terminal;
//!     `cli::bench` measures against floors and peers.
//!
//! `src/bin` has the two programs, `attuned` (the daemon) and `attune` (the command line). `tests/` begins with
//! `stories/`, routing told in text for people who know contact centres; `properties/` plays random commands against
//! every invariant; `sim/` breaks machine after machine under a journal that keeps what it acknowledged; the rest goes
//! over the real wire. `benches/` measures the decision and the main path.
//!
//! # What must always hold
//!
//! * Nobody sees a change before the journal has it: no reply, no offer, no read.
//! * A contact is offered to one agent at a time, or to as many as its queue asks for, and exactly one wins it.
//! * What was acknowledged has an end or a place. Every state that is not final has a deadline, or a named owner who
//!   ends it; every collection has a limit ([`model::limits`]).
//! * What names or describes a customer is never plain in a journal on disk.
//! * A refused command leaves no trace; an accepted one is exactly its events; a repeated one has no second effect.
//! * An agent is never offered more than the stated capacity; capacity is held from the offer on.
//! * A broken invariant ends the process. It never limps on.
//!
//! Deliberately absent:
//!
//! * from [`engine`] and [`model`]: clocks, I/O, randomness, logs, floats and the order of hash maps. Time is an
//!   argument, a timer is state, its expiry an event; ties break by sequence.
//! * generated types below the edge: only `api`, `cli` and a journal's codec name them.
//! * locks around routing: a tenant lives wholly in one shard, and a shard has one writer.
//! * a second implementation of routing for tests or simulation.
//! * background tasks that change state: whatever happens is a command with a time, also a deadline.
//!
//! # Where later things get their room
//!
//! No stubs stand for them; each is a folder or a file when it comes.
//!
//! * etcd: a file beside `journal::disk`, under the same conformance tests; `app` chooses.
//! * `cluster`, beside `api`: which node owns which shard; non-owners redirect.
//! * `console`, beside `admin`: the operators' web page, embedded.

#![forbid(unsafe_code)]

pub mod admin;
pub mod api;
pub mod app;
pub mod cli;
pub mod config;
pub mod engine;
pub mod forecast;
pub mod journal;
pub mod lint;
pub mod model;
pub mod scoring;
pub mod shard;
pub mod sim;
pub mod telemetry;
