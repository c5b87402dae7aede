//! Taking a new routing document into force while contacts wait.
//!
//! Invariant: no contact loses its queue or channel by it, and none ends up with a requirement that cannot be matched.
//! What stands against a document is found by counts ([`fit`]), and what it would do is told by counts ([`preview`]):
//! neither looks at a single contact.

use std::{collections::BTreeMap, sync::Arc};

use crate::model::{document::Document, ids::QueueName};

use super::{command::Reply, emit::Emit, event::Event, reject::Reject};

mod fit;
mod preview;

pub(super) use fit::matchable;

/// Replaces the document; what is in queues that it removes goes where `moves` says.
pub(super) fn apply_document(
    out: &mut Emit<'_>,
    document: &Arc<Document>,
    expected: Option<u64>,
    moves: &BTreeMap<QueueName, QueueName>,
) -> Result<Reply, Reject> {
    let state = out.state();
    if let Some(reject) = fit::refusals(state, document, expected, moves).into_iter().next() {
        return Err(reject);
    }
    let version = state.version + 1;
    out.emit(Event::DocumentApplied { version, document: Arc::clone(document), moves: moves.clone() });
    Ok(Reply::Document { version })
}
