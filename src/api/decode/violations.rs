//! What is wrong with a request, collected field by field.
//!
//! Invariant: a request with a violation is never passed on. Not here: how violations travel (`api::status`).

use std::fmt::Display;

use crate::{
    engine::{Command, Request, view::Query},
    model::{
        ids::{NameError, RequestId, TenantId},
        limits::STREAM_ITEMS_MAX,
    },
};

use super::{Mutation, Question};

/// The tenant of callers who name none.
const DEFAULT_TENANT: &str = "default";

/// One field that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldViolation {
    /// Its path in the message.
    pub field: String,
    /// What is wrong and what would be right; reads well after the path.
    pub problem: String,
}

/// What the violations are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Subject {
    /// The request.
    #[default]
    Request,
    /// The routing document in it.
    Document,
    /// The feelings of an agent.
    AgentEmotion,
}

/// Everything that is wrong with a request.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Violations {
    /// What they are about.
    pub subject: Subject,
    /// In the order in which they were found.
    pub fields: Vec<FieldViolation>,
}

impl Violations {
    /// Of a stream's message with more items than one may have.
    pub fn too_many_items(field: &str) -> Self {
        let mut violations = Self::default();
        violations.add(field, format!("has more than {STREAM_ITEMS_MAX} entries; send them in several messages"));
        violations
    }

    /// Notes one.
    pub fn add(&mut self, field: impl Into<String>, problem: impl Display) {
        self.fields.push(FieldViolation { field: field.into(), problem: problem.to_string() });
    }

    /// Reads a part of the message; the fields in it are named below the part's own name.
    pub(super) fn below<T>(&mut self, part: &str, read: impl FnOnce(&mut Self) -> T) -> T {
        let before = self.fields.len();
        let taken = read(self);
        self.fields[before..].iter_mut().for_each(|found| found.field = format!("{part}.{}", found.field));
        taken
    }

    /// Takes a good value, or notes why it is none.
    pub(super) fn take<T, E: Display>(&mut self, field: &str, result: Result<T, E>) -> Option<T> {
        result.map_err(|problem| self.add(field, problem)).ok()
    }

    /// Takes a name that may be left empty: `Some(None)` if it is, `None` if it is no name.
    pub(super) fn take_optional<T>(
        &mut self,
        field: &str,
        text: &str,
        name: impl FnOnce(&str) -> Result<T, NameError>,
    ) -> Option<Option<T>> {
        if text.is_empty() { Some(None) } else { self.take(field, name(text)).map(Some) }
    }

    /// The tenant; empty = "default".
    pub(super) fn take_tenant(&mut self, text: &str) -> Option<TenantId> {
        self.take("tenant", TenantId::new(if text.is_empty() { DEFAULT_TENANT } else { text }))
    }

    /// A decoded mutation, or everything that is wrong; `command` is `None` only if a violation says why.
    pub(super) fn mutation(
        mut self,
        tenant: &str,
        request_id: &str,
        command: Option<Command>,
    ) -> Result<Mutation, Self> {
        let tenant = self.take_tenant(tenant);
        let id = self.take("request_id", RequestId::new(request_id));
        let decoded = tenant.zip(id).zip(command);
        self.finish(
            decoded.map(|((tenant, id), command)| Mutation { tenant, request: Request { id: Some(id), command } }),
        )
    }

    /// A decoded reading, or everything that is wrong; `query` is `None` only if a violation says why.
    pub(super) fn question(mut self, tenant: &str, query: Option<Query>) -> Result<Question, Self> {
        let tenant = self.take_tenant(tenant);
        self.finish(tenant.zip(query).map(|(tenant, query)| Question { tenant, query }))
    }

    /// The decoded value, or everything that is wrong.
    pub(super) fn finish<T>(self, decoded: Option<T>) -> Result<T, Self> {
        match decoded {
            Some(value) if self.fields.is_empty() => Ok(value),
            decoded => {
                assert!(decoded.is_some() || !self.fields.is_empty(), "whatever cannot be decoded has a violation");
                Err(self)
            }
        }
    }
}
