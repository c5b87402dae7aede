//! Where recovery begins: the worlds after a record, so that only the records behind it are read.

use super::Seq;
use crate::{
    engine::State,
    model::{ids::TenantId, time::Timestamp},
};

/// Everything that the records before `next` led to.
#[derive(Debug, Clone, PartialEq)]
pub struct Snapshot {
    /// The first record behind it.
    pub next: Seq,
    /// When the last record before it was decided.
    pub now: Timestamp,
    /// Tenants' worlds, in the order in which they came.
    pub worlds: Vec<(TenantId, State)>,
}
