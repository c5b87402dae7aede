//! A limit on everything, each with the reason for its number.
//!
//! Invariant: every collection in state is bounded by one of these; a full one refuses by name
//! ([`Reject::LimitReached`](crate::engine::reject::Reject)) and forgets nothing early.

/// Open contacts of a tenant (announced, waiting, engaged): the size one shard is built for, and its memory bound.
pub const CONTACTS_OPEN_MAX: usize = 1_000_000;
/// Closed contacts remembered for [`CLOSED_CONTACT_KEPT_SECS`]: as many as may be open.
pub const CONTACTS_CLOSED_MAX: usize = 1_000_000;
/// How long a closed contact is kept whole: as long as a caller may retry.
pub const CLOSED_CONTACT_KEPT_SECS: i64 = 600;
/// How long a contact's id and an offer's still answer for how they ended: whoever was cut off is back by then.
pub const TOMBSTONE_KEPT_SECS: i64 = 86_400;
/// Contacts that ended within [`TOMBSTONE_KEPT_SECS`], beyond which new ones are refused: several times the largest day we
/// know of; some 1.2 GB if all are there.
pub const CONTACTS_ENDED_MAX: usize = 10_000_000;
/// Offers that ended within it, beyond which new contacts are refused: four for each of those contacts, 16 bytes each.
pub const OFFERS_ENDED_MAX: usize = 4 * CONTACTS_ENDED_MAX;
/// Agents of a tenant: the largest operation we know of, twice.
pub const AGENTS_MAX: usize = 100_000;
/// Queues ever named by a tenant's documents.
pub const QUEUES_MAX: usize = 10_000;
/// Skills ever named by a tenant's documents.
pub const SKILLS_MAX: usize = 10_000;
/// Channels ever named by a tenant's documents.
pub const CHANNELS_MAX: usize = 32;
/// Distinct (channel, cost) pairs in use: one bit each in an agent's readiness mask.
pub const LANES_MAX: usize = 64;
/// Distinct (queue, lane, own requirement, step) combinations in use.
pub const CLASSES_MAX: usize = 65_536;
/// Distinct (skill, level) pairs in use: one bit each in an agent's signature.
pub const ATOMS_MAX: usize = 16_384;
/// Alternatives of a requirement after expansion; each is looked up on its own.
pub const CONJUNCTS_MAX: usize = 8;
/// Conditions in one alternative of a requirement.
pub const CONJUNCT_ATOMS_MAX: usize = 16;
/// Tiers of a queue's preference, the last being everybody else.
pub const TIERS_MAX: usize = 16;
/// Steps of a queue.
pub const STEPS_MAX: usize = 16;
/// Agents in one batch of an import: put one after the other they take a millisecond, and never two.
pub const AGENTS_PER_BATCH_MAX: usize = 100;
/// Skills of one agent.
pub const AGENT_SKILLS_MAX: usize = 256;
/// Queues one agent is assigned to.
pub const AGENT_QUEUES_MAX: usize = 1_024;
/// Contacts at one agent at once, offered or engaged, in wrap-up or not.
pub const AGENT_WORK_MAX: usize = 32;
/// Total capacity of an agent.
pub const CAPACITY_MAX: u32 = 10_000;
/// Agents a contact excludes.
pub const EXCLUDED_AGENTS_MAX: usize = 16;
/// Agents whose declines a contact remembers; beyond it the one that would return soonest is forgotten.
pub const REFUSALS_MAX: usize = 32;
/// Offers of one contact open at once.
pub const OFFERS_AT_ONCE_MAX: u8 = 16;
/// Runners-up that an offer's event keeps: enough to answer "who else", in three times 24 bytes.
pub const RUNNERS_UP_MAX: usize = 3;
/// Conditions whose counts an offer's event keeps: nearly every requirement asks fewer.
pub const MET_MAX: usize = 4;
/// Contacts named as standing before one that is explained.
pub const AHEAD_NAMED_MAX: usize = 5;
/// Contacts looked at in one pass of alerts, half a millisecond's work; a mass change goes on after a pause.
pub const ALERTS_PER_PASS_MAX: usize = 1_000;
/// Classes or contacts for whom an agent is sought in one pass of alerts: some 10 µs each at worst.
pub const WITNESSES_PER_PASS_MAX: usize = 32;
/// The pause before the next pass, in which other work gets its turn.
pub const ALERTS_PAUSE_MILLIS: i64 = 1;
/// Times one contact may change its queue by overflow or escalation: a document may send it round a loop.
pub const HOPS_MAX: u8 = 16;
/// Attributes of a contact or agent.
pub const ATTRIBUTES_MAX: usize = 64;
/// Bytes of a contact's context and attributes together.
pub const CONTEXT_BYTES_MAX: usize = 8_192;
/// Bytes of a free-text reason.
pub const REASON_BYTES_MAX: usize = 256;
/// How long an accepted request id is remembered.
pub const REQUEST_KEPT_SECS: i64 = 600;
/// Accepted request ids remembered at once; a full window refuses with a retry hint.
pub const REQUESTS_MAX: usize = 4_000_000;
/// Items one pass of timers handles before other work gets its turn.
pub const TIMERS_PER_TICK_MAX: usize = 1_000;
/// Requests, ended contacts or ended offers that one pass forgets: some 30 µs, whatever came together a day ago …
pub const FORGOTTEN_PER_PASS_MAX: usize = 256;
/// … and the time between two passes, in which other work gets its turn.
pub const FORGET_PAUSE_MILLIS: i64 = 1;
/// What one command forgets of each table that is tidied as more is entered, so that no command pays for a whole night.
pub const FORGOTTEN_AT_ONCE_MAX: usize = 16;
/// Agents, queues or contacts that one slice of a document's sweep takes over, and offers that one slice makes when
/// offering goes on after a restart: 0.1 to 0.5 ms of a shard's time, so that whatever else waits gets its turn.
pub const SWEEP_ITEMS_MAX: usize = 64;
/// Longest configurable span: a week.
pub const SPAN_SECS_MAX: i64 = 7 * 86_400;
/// Longest a contact may stay parked before it is released by itself: every state has an end.
pub const PARKED_SECS_MAX: i64 = 86_400;
/// An announced contact that does not come is forgotten this long after its expected time.
pub const ANNOUNCED_GRACE_SECS: i64 = 30;
/// Farthest ahead a contact may be announced.
pub const ANNOUNCED_AHEAD_SECS_MAX: i64 = 3_600;
/// An offer whose delivery nobody acknowledges is rescinded after this, without blame.
pub const DELIVERY_MILLIS: i64 = 2_000;
/// Open offers of a lost session are rescinded after this, without blame.
pub const SESSION_RESCIND_MILLIS: i64 = 3_000;
/// Expired offers within [`STORM_WINDOW_SECS`] that suspend the RONA rule: a stalled gateway, not idle people …
pub const STORM_EXPIRIES_MIN: u32 = 8;
/// … if they are also at least one in this many of the agents with a session.
pub const STORM_SHARE: u32 = 10;
/// The window of the two above …
pub const STORM_WINDOW_SECS: i64 = 10;
/// … and how long the rule stays suspended after it: longer than the next wave of offers takes to expire too.
pub const STORM_SUSPENDS_SECS: i64 = 60;
/// Head start a supervisor may give a contact, either way: an hour passes every wait that a centre still answers for,
/// and bounds how much later somebody can arrive who passes a contact.
pub const HEAD_START_SECS_MAX: i64 = 3_600;
/// The most empathetic agents that are kept free for a skill: far more than the mathematics ever asks for.
pub const RESERVE_MAX: u32 = 1_000;
/// With fewer agents than this nobody is kept free unless the document asks for it: it would cost routine too much.
pub const RESERVE_AGENTS_MIN: usize = 15;
/// Dynamic head start that a score may give; documents set a far lower cap.
pub const DYNAMIC_HEAD_START_SECS_MAX: i64 = 3_600;
/// Signals about a customer's feelings that a contact remembers one by one; older ones count in sum, and can no longer
/// be revised. From speech they come 1-10 a second, so a correction has three seconds at least.
pub const SIGNALS_KEPT_MAX: usize = 32;
/// Facts that a contact remembers, each for good.
pub const FACTS_MAX: usize = 32;
/// Bytes of a customer's words that are analysed: a long letter; the analyser reads the beginning and the end of it.
pub const TEXT_BYTES_MAX: usize = 65_536;
/// Bytes of a language tag: as long as BCP 47 asks everybody to take.
pub const LANGUAGE_BYTES_MAX: usize = 35;
/// Categories in one signal.
pub const SIGNAL_CATEGORIES_MAX: usize = 64;
/// Places in the words that one signal points to.
pub const EVIDENCE_SPANS_MAX: usize = 64;
/// Events in one signal.
pub const SIGNAL_EVENTS_MAX: usize = 16;
/// Signals in one command: what a second brings, and a revision of each.
pub const SIGNALS_AT_ONCE_MAX: usize = 64;
/// Entries of a catalogue of moments: the largest we ship, sixteen times.
pub const MOMENTS_MAX: usize = 256;
/// Skills that a moment asks: together with empathy and what the queue asks they are still an ordinary requirement.
pub const MOMENT_SKILLS_MAX: usize = 8;
/// Triggers of a moment.
pub const MOMENT_TRIGGERS_MAX: usize = 64;
/// Moments of one contact that count; each decays by itself.
pub const MOMENTS_COUNTED_MAX: usize = 4;
/// A contact repeats another of its customer within this.
pub const REPEATED_WITHIN_SECS: i64 = 48 * 3_600;
/// Customers remembered for [`REPEATED_WITHIN_SECS`]: as many as contacts that may be open; some 150 MB if all are there.
pub const CUSTOMERS_MAX: usize = 1_000_000;
/// What a customer's feelings and words give in the line is counted over this.
pub const BUDGET_WITHIN_SECS: i64 = 24 * 3_600;
/// Contacts of a customer that are counted within two days; more are as many.
pub const REPEATS_MAX: u8 = 8;
/// Supervisors' actions remembered for reading; older ones are in the journal alone.
pub const ACTIONS_MAX: usize = 1_000;
/// Queues that are emptied into others at once; their contacts go by turns.
pub const MOVES_MAX: usize = 100;
/// Contacts that one slice of a move takes, so that it stays below 2 ms …
pub const MOVE_SLICE_MAX: usize = 200;
/// … and the time between two slices, in which other work gets its turn.
pub const MOVE_PAUSE_MILLIS: i64 = 2;
/// Rows and happenings of a tenant's newest changes that are held for followers: seconds at full load, some 40 MB.
pub const FEED_ROWS_MAX: usize = 131_072;
/// Changes that a follower takes at a time.
pub const FEED_READ_MAX: usize = 64;
/// How long changes are still held after the last follower has gone: long enough to come back.
pub const FEED_KEPT_SECS: u64 = 60;
/// Names of a kind in a follower's filter.
pub const FILTER_NAMES_MAX: usize = 100;
/// Rows on a page of a follower's first picture: far below 2 ms of the shard's time.
pub const SNAPSHOT_PAGE_ROWS: usize = 200;
/// Rows on one page of a list.
pub const PAGE_MAX: usize = 500;
/// Rows a filtered list looks at before it hands out a (possibly short) page with a token.
pub const PAGE_EXAMINED_MAX: usize = 10_000;
/// Who announces contacts, as far as what they promise is compared with what comes: flows of a large centre.
pub const SOURCES_MAX: usize = 256;
/// The longest that accepting an offer can usually take.
pub const ACCEPTANCE_SECS_MAX: i64 = 300;
/// Most places of which one call asks how long a customer would wait there.
pub const WAIT_OPTIONS_MAX: usize = 32;
/// Queues and channels that these come to, where one without a channel stands for all that its queue takes.
pub const WAIT_PLACES_MAX: usize = 64;
/// Rows of statistics that all streams together may tell again and again: some ten walls of a hundred rows. A shard puts
/// each together from some fifty slices, at most once a second.
pub const STATISTICS_WATCHED_ROWS_MAX: usize = 1_024;
/// Commands waiting in a shard's inbox; beyond it calls are refused with a retry hint.
pub const INBOX_MAX: usize = 8_192;
/// Signals by stream that wait for the next fold of their contact: more would push each other out of what a contact
/// remembers one by one.
pub const SIGNALS_PENDING_MAX: usize = SIGNALS_KEPT_MAX;
/// Contacts of a shard of which signals wait, or were folded within the last second: six times the 10,000 customers who
/// are spoken with at once in the largest operation we know of …
pub const SIGNALLED_CONTACTS_MAX: usize = 65_536;
/// … and signals that wait in a shard: what ten a second from each of the 10,000 come to, two and a half times.
pub const SIGNALS_GATHERED_MAX: usize = 262_144;
/// Commands in one batch: bounds how far state runs ahead of the journal.
pub const BATCH_MAX: usize = 1_024;
/// Messages waiting for one agent's stream before it is closed as too slow.
pub const STREAM_BUFFER_MAX: usize = 256;
/// Contacts or frames in one message of a stream: as much as one batch takes.
pub const STREAM_ITEMS_MAX: usize = 1_024;
/// Contacts or frames of one stream that are unanswered before no more of it is read: enough to fill batches while
/// answers travel, and half of what the inbox holds.
pub const STREAM_UNANSWERED_MAX: usize = 4_096;
/// Frames that wait for one gateway, brought up to date as they wait, before its call is closed as too slow: some for
/// each of [`AGENTS_MAX`] agents.
pub const GATEWAY_BUFFER_MAX: usize = 262_144;
/// Violations of a document listed one by one; the rest are counted, so that a hostile document gets a short answer.
pub const VIOLATIONS_MAX: usize = 1_000;
/// Versions of a tenant's document that are remembered; beyond it the oldest is forgotten. A change every noon for three
/// months …
pub const DOCUMENT_VERSIONS_MAX: usize = 100;
/// … and bytes of all their texts: four of the largest, or a hundred of 600 KiB. The one in force is always remembered.
pub const DOCUMENT_HISTORY_BYTES_MAX: usize = 64 << 20;
/// Differences between two documents listed one by one; the rest are counted.
pub const DIFFERENCES_MAX: usize = 1_000;
/// Bytes of a value in a difference; the rest of it is cut off.
pub const DIFFERENCE_VALUE_BYTES_MAX: usize = 1_024;
/// Bytes of who applied a document.
pub const AUTHOR_BYTES_MAX: usize = 128;
/// Bytes of why a document was applied: a few sentences.
pub const NOTE_BYTES_MAX: usize = 1_024;
/// Bytes of a routing document's text.
pub const DOCUMENT_BYTES_MAX: usize = 16 << 20;
