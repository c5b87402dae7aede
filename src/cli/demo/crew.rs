//! Everybody who acts in the demo: customers, desktops, agents at work.
//!
//! Invariant: who is asked to stop finishes the call under way, so that the ledger knows every outcome; the crew has
//! settled when the last one has. The first failure stops everybody.

use std::{future::Future, sync::Arc};

use parking_lot::Mutex;
use tokio::{
    sync::watch,
    time::{Instant, sleep_until},
};

use super::line::CallError;

/// The acting tasks.
#[derive(Debug, Clone)]
pub struct Crew {
    stop: watch::Sender<bool>,
    acting: watch::Sender<usize>,
    failure: Arc<Mutex<Option<CallError>>>,
}

impl Crew {
    /// Nobody yet.
    pub fn new() -> Self {
        Self { stop: watch::Sender::new(false), acting: watch::Sender::new(0), failure: Arc::default() }
    }

    /// Lets somebody act.
    pub fn send(&self, act: impl Future<Output = Result<(), CallError>> + Send + 'static) {
        let crew = self.clone();
        crew.acting.send_modify(|acting| *acting += 1);
        tokio::spawn(async move {
            if let Err(error) = act.await {
                crew.failure.lock().get_or_insert(error);
                crew.stop();
            }
            crew.acting.send_modify(|acting| *acting -= 1);
        });
    }

    /// Waits until then; false if everybody is asked to stop before.
    pub async fn wait_until(&self, moment: Instant) -> bool {
        tokio::select! {
            () = sleep_until(moment) => !*self.stop.borrow(),
            () = self.stopped() => false,
        }
    }

    /// Waits until everybody is asked to stop.
    pub async fn stopped(&self) {
        let mut stop = self.stop.subscribe();
        // This very crew holds the other end.
        let _ = stop.wait_for(|stop| *stop).await;
    }

    /// Asks everybody to stop.
    pub fn stop(&self) {
        self.stop.send_replace(true);
    }

    /// Waits until nobody acts any more; the first failure, if there was one.
    pub async fn settled(&self) -> Result<(), CallError> {
        let mut acting = self.acting.subscribe();
        let _ = acting.wait_for(|acting| *acting == 0).await;
        self.failure.lock().take().map_or(Ok(()), Err)
    }
}
