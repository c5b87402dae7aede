//! ConfigService's requests, documents included.

use std::sync::Arc;

use crate::{
    api::pb,
    engine::{Command, view::Query},
    model::{
        document::{Document, DocumentError, Format, Violation},
        ids::TenantId,
    },
};

use super::{Mutation, Question, Subject, Violations};

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
    let expected_version = message.expected_version;
    let command = document.map(|document| Command::ApplyDocument { document, expected_version });
    v.mutation(&message.tenant, &message.request_id, command)
}

impl Violations {
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
