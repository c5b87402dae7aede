//! ConfigService's requests, documents included.

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    api::pb,
    engine::{Command, view::Query},
    model::{
        document::{Document, DocumentError, Format, Violation},
        ids::{QueueName, TenantId},
        limits::QUEUES_MAX,
    },
};

use super::{
    Mutation, Question, Subject, Violations,
    field::{item, part},
};

/// Decodes GetDocument.
pub fn get_document(message: &pb::GetDocumentRequest) -> Result<Question, Violations> {
    Violations::default().question(&message.tenant, Some(Query::Document))
}

/// Decodes ValidateDocument: what is wrong with the request is refused, what is wrong with the document is the answer.
pub fn validate_document(message: &pb::ValidateDocumentRequest) -> Result<(TenantId, Vec<Violation>), Violations> {
    let mut v = Violations::default();
    let tenant = v.take_tenant(&message.tenant);
    let found = v.take_parsed(message.document.as_ref());
    let violations = found.map(|parsed| parsed.map_or_else(|error| error.violations(), |_| Vec::new()));
    v.finish(tenant.zip(violations))
}

/// Decodes ApplyDocument: what is wrong with the document is a violation like any other.
pub fn apply_document(message: &pb::ApplyDocumentRequest) -> Result<Mutation, Violations> {
    let mut v = Violations::default();
    let parsed = v.take_parsed(message.document.as_ref());
    let document = parsed.and_then(|parsed| match parsed {
        Ok(document) => Some(Arc::new(document)),
        Err(error) => {
            v.add_document(error);
            None
        }
    });
    let moves = v.take_moves("moves", &message.moves);
    let expected_version = message.expected_version;
    let command = document.zip(moves);
    let command = command.map(|(document, moves)| Command::ApplyDocument { document, expected_version, moves });
    v.mutation(&message.tenant, &message.request_id, command)
}

impl Violations {
    pub(super) fn take_moves(
        &mut self,
        field: &str,
        messages: &[pb::QueueMove],
    ) -> Option<BTreeMap<QueueName, QueueName>> {
        if !self.at_most(field, messages.len(), QUEUES_MAX) {
            return None;
        }
        let mut moves = BTreeMap::new();
        for (index, message) in messages.iter().enumerate() {
            let path = item(field, index);
            let from = self.take(&part(&path, "from"), QueueName::new(&message.from));
            let to = self.take(&part(&path, "to"), QueueName::new(&message.to));
            let Some((from, to)) = from.zip(to) else { continue };
            if moves.insert(from, to).is_some() {
                self.add(part(&path, "from"), format!("names {} again; each removed queue has one move", message.from));
            }
        }
        (moves.len() == messages.len()).then_some(moves)
    }

    fn take_parsed(&mut self, document: Option<&pb::DocumentText>) -> Option<Result<Document, DocumentError>> {
        let document = self.take_required("document", document)?;
        let format = match document.format() {
            pb::DocumentFormat::Toml => Format::Toml,
            pb::DocumentFormat::Json => Format::Json,
            pb::DocumentFormat::Yaml => Format::Yaml,
            pb::DocumentFormat::Unspecified => {
                let formats = "DOCUMENT_FORMAT_TOML, DOCUMENT_FORMAT_JSON or DOCUMENT_FORMAT_YAML";
                self.add("document.format", format!("must be {formats}"));
                return None;
            }
        };
        Some(Document::parse(&document.text, format))
    }

    fn add_document(&mut self, error: DocumentError) {
        self.subject = Subject::Document;
        match error {
            DocumentError::Violations(found) => {
                for Violation { at, path, message } in found {
                    let field = if path.is_empty() { "document".to_owned() } else { format!("document.{path}") };
                    self.add(field, format!("{message} ({at})"));
                }
            }
            unreadable => self.add("document.text", unreadable),
        }
    }
}
