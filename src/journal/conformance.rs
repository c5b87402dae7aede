//! What every journal must do, whatever it stores in: one suite, run on each of them.
//!
//! Invariant: the suite knows nothing of any journal but the trait.

use std::ops::Range;

use crate::{
    engine::{Command, Event, Request},
    model::{
        ids::{AgentKey, TenantId},
        time::Timestamp,
    },
};

use super::{AppendError, Batch, Journal, Record, Seq};

/// Checks a journal: `storage` makes an empty place, `open` a writer to it.
pub async fn check<S, J: Journal>(storage: impl Fn() -> S, open: impl Fn(&S) -> J) {
    let places: Vec<S> = (0..5).map(|_| storage()).collect();
    an_empty_journal_reads_nothing(open(&places[0]));
    what_was_appended_is_read_in_order(open(&places[1])).await;
    reading_starts_and_stops_where_asked(open(&places[2])).await;
    an_empty_batch_changes_nothing(open(&places[3])).await;
    a_gap_is_refused_and_leaves_nothing(open(&places[4])).await;
}

/// Checks a journal whose place several may open: opening it again fences whoever had it open.
pub async fn check_fencing<S, J: Journal>(storage: impl Fn() -> S, open: impl Fn(&S) -> J) {
    let place = storage();
    a_new_writer_goes_on_and_the_old_one_is_fenced_for_good(|| open(&place)).await;
}

/// Records with these numbers.
pub fn batch(seqs: Range<u64>) -> Batch {
    seqs.map(record).collect()
}

fn record(seq: u64) -> Record {
    let agent = AgentKey(u32::try_from(seq).expect("test numbers are small"));
    Record {
        seq: Seq(seq),
        now: Timestamp(seq as i64),
        tenant: TenantId::new("t").expect("a name"),
        customer: None,
        input: Request { id: None, command: Command::Tick },
        events: vec![Event::SessionEnded { agent }],
    }
}

fn seqs(journal: &impl Journal, from: u64, limit: usize) -> Vec<u64> {
    journal.read(Seq(from), limit).expect("readable").iter().map(|record| record.seq.0).collect()
}

fn an_empty_journal_reads_nothing(journal: impl Journal) {
    assert!(seqs(&journal, 1, 10).is_empty());
}

async fn what_was_appended_is_read_in_order(mut journal: impl Journal) {
    journal.append(batch(1..2)).await.expect("the first record");
    journal.append(batch(2..6)).await.expect("a batch");
    assert_eq!(journal.read(Seq(1), 10).expect("readable"), batch(1..6).to_vec(), "records come back as they were");
}

async fn reading_starts_and_stops_where_asked(mut journal: impl Journal) {
    journal.append(batch(1..4)).await.expect("a batch");
    journal.append(batch(4..9)).await.expect("a batch");
    assert_eq!(seqs(&journal, 3, 3), [3, 4, 5], "across batches");
    assert_eq!(seqs(&journal, 8, 3), [8], "to the end");
    assert!(seqs(&journal, 9, 3).is_empty(), "beyond the end");
    assert!(seqs(&journal, 1, 0).is_empty(), "none wanted");
}

async fn an_empty_batch_changes_nothing(mut journal: impl Journal) {
    journal.append(batch(1..1)).await.expect("nothing to do");
    journal.append(batch(1..2)).await.expect("the first record");
    assert_eq!(seqs(&journal, 1, 10), [1]);
}

async fn a_gap_is_refused_and_leaves_nothing(mut journal: impl Journal) {
    journal.append(batch(1..3)).await.expect("a batch");
    let skips_one: Batch = [3, 5].map(record).into();
    for refused in [batch(4..6), batch(2..4), skips_one] {
        let result = journal.append(refused).await;
        assert!(matches!(result, Err(AppendError::Failed { .. })), "{result:?}");
        assert_eq!(seqs(&journal, 1, 10), [1, 2], "nothing is visible of a failed append");
    }
    journal.append(batch(3..4)).await.expect("what fits is still taken");
}

async fn a_new_writer_goes_on_and_the_old_one_is_fenced_for_good<J: Journal>(open: impl Fn() -> J) {
    let mut old = open();
    old.append(batch(1..3)).await.expect("the only writer");
    let mut new = open();
    assert_eq!(old.append(batch(3..4)).await, Err(AppendError::Fenced));
    new.append(batch(3..5)).await.expect("the new writer goes on");
    assert_eq!(old.append(batch(5..6)).await, Err(AppendError::Fenced), "a fence is final, even for what would fit");
    assert_eq!(seqs(&new, 1, 10), [1, 2, 3, 4]);
}
