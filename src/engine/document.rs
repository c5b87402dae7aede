//! Taking a new routing document into force while contacts wait.
//!
//! Invariant: no contact loses its queue or channel by it, and none ends up with a requirement that cannot be matched.
//! What stands against a document is found by counts ([`fit`]), and what it would do is told by counts ([`preview`]):
//! neither looks at a single contact.

use std::sync::Arc;

use crate::model::document::DocumentEtag;

use super::{
    command::{Proposal, Reply},
    emit::Emit,
    event::Event,
    reject::Reject,
    sweep,
};

mod fit;
mod preview;

pub(super) use fit::matchable;

/// Replaces the document; what is in queues that it removes goes where its moves say.
pub(super) fn apply_document(out: &mut Emit<'_>, proposal: &Proposal) -> Result<Reply, Reject> {
    let state = out.state();
    if let Some(reject) = fit::refusals(state, proposal).into_iter().next() {
        return Err(reject);
    }
    let version = state.version + 1;
    // The first document keeps nobody waiting.
    let items = if state.version == 0 { usize::MAX } else { state.slice_items };
    let Proposal { document, moves, origin, .. } = proposal;
    let etag = DocumentEtag { version, digest: document.source.digest };
    let (document, origin) = (Arc::clone(document), Arc::new(origin.clone()));
    out.emit(Event::DocumentApplied { version, document, moves: moves.clone(), origin });
    sweep::advance(out, items);
    Ok(Reply::Document { etag })
}
