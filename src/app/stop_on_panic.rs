//! What a broken invariant does: it ends the process.

use std::{panic, process};

/// From now on a panic ends the process, whichever task it happens in: going on would be worse.
pub fn stop_on_panic() {
    let report = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        report(info);
        process::abort();
    }));
}
