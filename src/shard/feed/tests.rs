//! Readers at their own pace: nothing missed, or told so.

use crate::{engine::change::Happening, model::limits::FEED_ROWS_MAX};

use super::*;

const LAST: Seq = Seq(10);

fn change(happenings: usize) -> Change {
    Change {
        at: Timestamp(1),
        happenings: vec![Happening::default(); happenings],
        contacts: Vec::new(),
        agents: Vec::new(),
        gone: Vec::new(),
        queues: Vec::new(),
    }
}

fn tenant() -> TenantId {
    TenantId::new("t").unwrap()
}

fn seqs(item: Option<FeedItem>) -> Vec<u64> {
    match item {
        Some(FeedItem::Changes(entries)) => entries.iter().map(|entry| entry.seq.0).collect(),
        other => panic!("changes, not {other:?}"),
    }
}

#[tokio::test]
async fn a_reader_that_was_cut_off_goes_on_where_it_stopped() {
    let mut feeds = Feeds::new(Timestamp(7));
    let mut feed = feeds.open(&tenant(), None, LAST);
    assert_eq!((feed.beginning(), feed.position().seq), (Beginning::Present, LAST));
    for seq in [12, 15, 16] {
        feeds.tell(&tenant(), Seq(seq), change(1));
    }
    assert_eq!(seqs(Some(feed.next().await)), [12, 15, 16]);
    assert_eq!(feed.ready(), None);
    let stopped = feed.position();
    drop(feed);
    feeds.tell(&tenant(), Seq(20), change(1));
    assert!(feeds.let_go(Instant::now()).is_empty(), "it is held for a while");
    let mut feed = feeds.open(&tenant(), Some(stopped), Seq(20));
    assert_eq!(feed.beginning(), Beginning::Resumed);
    assert_eq!(seqs(feed.ready()), [20]);
}

#[tokio::test]
async fn another_counting_and_what_is_no_longer_held_begin_anew() {
    let mut feeds = Feeds::new(Timestamp(7));
    let feed = feeds.open(&tenant(), None, LAST);
    let known = feed.position();
    let elsewhere = Position { epoch: 8, ..known };
    assert_eq!(feeds.open(&tenant(), Some(elsewhere), LAST).beginning(), Beginning::OtherEpoch);
    for seq in [Seq(9), Seq(11)] {
        let unknown = Position { seq, ..known };
        assert_eq!(feeds.open(&tenant(), Some(unknown), LAST).beginning(), Beginning::TooOld, "{seq}");
    }
}

#[tokio::test]
async fn who_falls_behind_is_told_and_the_ring_stays_bounded() {
    let mut feeds = Feeds::new(Timestamp(7));
    let mut feed = feeds.open(&tenant(), None, LAST);
    let half = FEED_ROWS_MAX / 2 + 1;
    feeds.tell(&tenant(), Seq(11), change(half));
    feeds.tell(&tenant(), Seq(12), change(half));
    assert_eq!(feed.ready(), Some(FeedItem::Behind));
    assert_eq!(feed.position().seq, Seq(12));
    feeds.tell(&tenant(), Seq(13), change(FEED_ROWS_MAX + 1));
    assert_eq!(seqs(feed.ready()), [13], "the newest is held whatever its size");
}

#[tokio::test]
async fn a_ring_that_nobody_reads_is_let_go_of() {
    let mut feeds = Feeds::new(Timestamp(7));
    let (first, second) = (feeds.open(&tenant(), None, LAST), feeds.open(&tenant(), None, LAST));
    drop(first);
    assert!(feeds.let_go(Instant::now() + KEPT).is_empty(), "somebody reads");
    let position = second.position();
    drop(second);
    assert_eq!(feeds.let_go(Instant::now() + KEPT), [tenant()]);
    feeds.tell(&tenant(), Seq(11), change(1));
    let feed = feeds.open(&tenant(), Some(position), Seq(11));
    assert_eq!(feed.beginning(), Beginning::TooOld, "what came meanwhile was not made");
}

#[tokio::test]
async fn the_end_comes_after_what_was_told_before_it() {
    let mut feeds = Feeds::new(Timestamp(7));
    let mut feed = feeds.open(&tenant(), None, LAST);
    feeds.tell(&tenant(), Seq(11), change(1));
    drop(feeds);
    assert_eq!(seqs(Some(feed.next().await)), [11]);
    assert_eq!(feed.next().await, FeedItem::Ended);
}
