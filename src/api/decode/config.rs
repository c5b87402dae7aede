//! ConfigService's requests, documents included.

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    api::{page_token::List, pb},
    engine::{Command, Proposal, Request, view::Query},
    lint::{self, Remark},
    model::{
        document::{Document, DocumentError, DocumentEtag, Format, Origin, Source, Violation},
        ids::{NameError, QueueName, RequestId, TenantId},
        limits::{AUTHOR_BYTES_MAX, NOTE_BYTES_MAX, QUEUES_MAX},
    },
};

use super::{
    Mutation, Question, Subject, Violations,
    field::{item, part},
};

/// All that is said with a document to put in force, but for the document.
#[derive(Debug)]
pub struct Application {
    /// Whose.
    pub tenant: TenantId,
    id: RequestId,
    expected: Option<DocumentEtag>,
    moves: BTreeMap<QueueName, QueueName>,
    origin: Origin,
    validate_only: bool,
}

/// What is to be done with a document.
#[derive(Debug)]
pub enum Proposed {
    /// It is to be put in force.
    Apply(Mutation),
    /// It is to be said what would happen.
    Preview(Question),
}

impl Application {
    /// Of this document.
    pub fn of(self, document: Arc<Document>) -> Proposed {
        let Self { tenant, id, expected, moves, origin, validate_only } = self;
        let proposal = Box::new(Proposal { document, expected, moves, origin });
        if validate_only {
            return Proposed::Preview(Question { tenant, query: Query::Preview(proposal) });
        }
        let request = Request { id: Some(id), command: Command::ApplyDocument(proposal) };
        Proposed::Apply(Mutation { tenant, request })
    }
}

/// Two documents to compare.
#[derive(Debug)]
pub struct Comparison {
    /// Whose.
    pub tenant: TenantId,
    /// The old version; `None` = the one in force.
    pub from: Option<u64>,
    /// The new side.
    pub to: Side,
}

/// One side of a comparison.
#[derive(Debug)]
pub enum Side {
    /// A version; `None` = the one in force.
    Version(Option<u64>),
    /// A text that is a document.
    Text(Source),
}

/// Decodes GetDocument.
pub fn get_document(message: &pb::GetDocumentRequest) -> Result<Question, Violations> {
    let query = Query::Document { version: version(message.version), field: "version" };
    Violations::default().question(&message.tenant, Some(query))
}

/// Decodes ListDocumentVersions.
pub fn list_document_versions(message: &pb::ListDocumentVersionsRequest) -> Result<Question, Violations> {
    let mut v = Violations::default();
    let limit = v.take_page_size(message.page_size);
    // What makes a token wrong is told by the token's own violation.
    let number = |text: &str| text.parse::<u64>().map_err(|_| NameError::Empty);
    let before = v.take_page_token(&message.page_token, List::Versions, number);
    let query = limit.zip(before).map(|(limit, before)| Query::DocumentVersions { before, limit });
    v.question(&message.tenant, query)
}

/// What is to be said of a document.
#[derive(Debug, Default)]
pub struct Found {
    /// Everything that is wrong with it.
    pub violations: Vec<Violation>,
    /// If nothing is: what it says and cannot mean.
    pub warnings: Vec<Remark>,
}

/// Decodes ValidateDocument: what is wrong with the request is refused, what is wrong with the document is the answer.
pub fn validate_document(message: &pb::ValidateDocumentRequest) -> Result<(TenantId, Found), Violations> {
    let mut v = Violations::default();
    let tenant = v.take_tenant(&message.tenant);
    let found = v.take_parsed("document", message.document.as_ref()).map(|parsed| match parsed {
        Ok(document) => Found { warnings: lint::document(&document), ..Found::default() },
        Err(error) => Found { violations: error.violations(), ..Found::default() },
    });
    v.finish(tenant.zip(found))
}

/// Decodes ApplyDocument: what is wrong with the document is a violation like any other.
pub fn apply_document(message: pb::ApplyDocumentRequest) -> Result<Proposed, Violations> {
    let mut v = Violations::default();
    let document = v.take_document("document", message.document.as_ref()).map(Arc::new);
    let said = Said {
        tenant: &message.tenant,
        request_id: &message.request_id,
        etag: &message.etag,
        moves: &message.moves,
        author: message.author,
        note: message.note,
        validate_only: message.validate_only,
    };
    let application = v.take_application(said, None);
    v.finish(application.zip(document).map(|(application, document)| application.of(document)))
}

/// Decodes RollBackDocument: the application, and the version whose document it is of.
pub fn roll_back_document(message: pb::RollBackDocumentRequest) -> Result<(Application, u64), Violations> {
    let mut v = Violations::default();
    if message.version == 0 {
        v.add("version", "is required: the version whose text is to be in force again");
    }
    let said = Said {
        tenant: &message.tenant,
        request_id: &message.request_id,
        etag: &message.etag,
        moves: &message.moves,
        author: message.author,
        note: message.note,
        validate_only: message.validate_only,
    };
    let application = v.take_application(said, Some(message.version));
    v.finish(application.map(|application| (application, message.version)))
}

/// Decodes DiffDocuments.
pub fn diff_documents(message: &pb::DiffDocumentsRequest) -> Result<Comparison, Violations> {
    use pb::diff_documents_request::To;

    let mut v = Violations::default();
    let tenant = v.take_tenant(&message.tenant);
    let to = match &message.to {
        Some(To::ToVersion(number)) => Some(Side::Version(version(*number))),
        Some(To::ToDocument(text)) => {
            v.take_document("to_document", Some(text)).map(|document| Side::Text(document.source))
        }
        None => {
            v.add("to", "is required: to_version or to_document");
            None
        }
    };
    let from = version(message.from_version);
    v.finish(tenant.zip(to).map(|(tenant, to)| Comparison { tenant, from, to }))
}

/// 0 stands for the version in force.
fn version(number: u64) -> Option<u64> {
    (number > 0).then_some(number)
}

/// What ApplyDocument and RollBackDocument have in common.
struct Said<'m> {
    tenant: &'m str,
    request_id: &'m str,
    etag: &'m str,
    moves: &'m [pb::QueueMove],
    author: String,
    note: String,
    validate_only: bool,
}

impl Violations {
    fn take_application(&mut self, said: Said<'_>, restores: Option<u64>) -> Option<Application> {
        let tenant = self.take_tenant(said.tenant);
        let id = self.take("request_id", RequestId::new(said.request_id));
        let moves = self.take_moves("moves", said.moves);
        let expected = self.take_document_etag(said.etag);
        let author = self.take_text("author", said.author, AUTHOR_BYTES_MAX);
        let note = self.take_text("note", said.note, NOTE_BYTES_MAX);
        Some(Application {
            tenant: tenant?,
            id: id?,
            expected: expected?,
            moves: moves?,
            origin: Origin { author: author?, note: note?, restores },
            validate_only: said.validate_only,
        })
    }

    /// `Some(None)` if there is none.
    fn take_document_etag(&mut self, text: &str) -> Option<Option<DocumentEtag>> {
        if text.is_empty() {
            return Some(None);
        }
        let etag = DocumentEtag::parse(text);
        if etag.is_none() {
            self.add("etag", "is no document's etag; send it as GetDocument gave it");
        }
        etag.map(Some)
    }

    fn take_document(&mut self, field: &str, text: Option<&pb::DocumentText>) -> Option<Document> {
        match self.take_parsed(field, text)? {
            Ok(document) => Some(document),
            Err(error) => {
                self.add_document(field, error);
                None
            }
        }
    }

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

    fn take_parsed(&mut self, field: &str, text: Option<&pb::DocumentText>) -> Option<Result<Document, DocumentError>> {
        let document = self.take_required(field, text)?;
        let format = match document.format() {
            pb::DocumentFormat::Toml => Format::Toml,
            pb::DocumentFormat::Json => Format::Json,
            pb::DocumentFormat::Yaml => Format::Yaml,
            pb::DocumentFormat::Unspecified => {
                let formats = "DOCUMENT_FORMAT_TOML, DOCUMENT_FORMAT_JSON or DOCUMENT_FORMAT_YAML";
                self.add(part(field, "format"), format!("must be {formats}"));
                return None;
            }
        };
        Some(Document::parse(&document.text, format))
    }

    fn add_document(&mut self, field: &str, error: DocumentError) {
        self.subject = Subject::Document;
        match error {
            DocumentError::Violations(found) => {
                for Violation { at, path, message } in found {
                    let field = if path.is_empty() { field.to_owned() } else { part(field, &path) };
                    self.add(field, format!("{message} ({at})"));
                }
            }
            unreadable => self.add(part(field, "text"), unreadable),
        }
    }
}
