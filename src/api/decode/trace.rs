//! Places in a trace, where a request has one in a field.
//!
//! Invariant: what is said is right or refused; what only a call's metadata says is never refused (`traced`).

use crate::{
    api::pb,
    model::trace::{TraceContext, TraceContextError},
};

use super::Violations;

impl Violations {
    /// A place in a trace.
    pub(super) fn take_trace(&mut self, field: &str, trace: &pb::TraceContext) -> Option<Box<TraceContext>> {
        match TraceContext::parse(&trace.traceparent, &trace.tracestate) {
            Ok(trace) => Some(Box::new(trace)),
            Err(error) => {
                let part = match error {
                    TraceContextError::Parent => "traceparent",
                    TraceContextError::State => "tracestate",
                };
                self.add(format!("{field}.{part}"), error.to_string());
                None
            }
        }
    }
}
