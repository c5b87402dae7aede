//! What waits in a channel, sent many at once.
//!
//! Invariant: nothing waits for company: a message goes out as soon as the connection takes it, with whatever is there
//! then.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use tokio::sync::mpsc;
use tokio_stream::Stream;

/// Most in one message, as the API allows.
const TOGETHER_MAX: usize = 1_024;

/// Messages made of what came through a channel.
pub struct Batches<T, M> {
    items: mpsc::UnboundedReceiver<T>,
    message: fn(Vec<T>) -> M,
}

/// A channel's end for items, and the messages on the other side.
pub fn batches<T, M>(message: fn(Vec<T>) -> M) -> (mpsc::UnboundedSender<T>, Batches<T, M>) {
    let (to, items) = mpsc::unbounded_channel();
    (to, Batches { items, message })
}

impl<T, M> Stream for Batches<T, M> {
    type Item = M;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<M>> {
        let mut together = Vec::new();
        let received = self.items.poll_recv_many(cx, &mut together, TOGETHER_MAX);
        received.map(|many| (many > 0).then(|| (self.message)(together)))
    }
}

#[cfg(test)]
mod tests {
    use tokio_stream::StreamExt;

    use super::*;

    #[tokio::test]
    async fn what_waits_travels_together_and_nothing_is_lost() {
        let (to, mut messages) = batches(|items: Vec<usize>| items);
        (0..1_030).for_each(|item| to.send(item).unwrap());
        assert_eq!(messages.next().await.unwrap().len(), TOGETHER_MAX);
        assert_eq!(messages.next().await.unwrap(), [1_024, 1_025, 1_026, 1_027, 1_028, 1_029]);
        drop(to);
        assert_eq!(messages.next().await, None);
    }
}
