//! ConfigService: the routing document.
//!
//! Invariant: documents are read off the network's threads, because a large one takes longer than an offer may wait.

use std::sync::Arc;

use tonic::{Request, Response, Status};

use crate::{
    engine::{
        history::DocumentVersion,
        view::{Answer, Query, SweepView},
    },
    model::document::{Document, differences},
    shard::Directory,
};

use super::{
    call::{ask, change},
    decode::{self, Comparison, Proposed, Question, Side},
    encode,
    page_token::{self, List},
    pb, status,
};

/// The service, on the shards of this directory.
#[derive(Clone)]
pub struct Config {
    directory: Directory,
}

impl Config {
    /// On these shards.
    pub fn new(directory: Directory) -> Self {
        Self { directory }
    }
}

#[tonic::async_trait]
impl pb::config_service_server::ConfigService for Config {
    async fn get_document(
        &self,
        request: Request<pb::GetDocumentRequest>,
    ) -> Result<Response<pb::GetDocumentResponse>, Status> {
        let (version, sweep) = self.document(decode::get_document(request.get_ref())?).await?;
        Ok(Response::new(pb::GetDocumentResponse {
            document: Some(encode::document(&version.source)),
            version: version.version,
            etag: version.etag().to_string(),
            details: Some(encode::document_version(&version)),
            sweep: sweep.as_ref().map(encode::document_sweep),
        }))
    }

    async fn validate_document(
        &self,
        request: Request<pb::ValidateDocumentRequest>,
    ) -> Result<Response<pb::ValidateDocumentResponse>, Status> {
        let message = request.into_inner();
        let (tenant, found) = off_the_network(move || decode::validate_document(&message)).await??;
        self.directory.shard_of(&tenant)?;
        let violations = found.violations.into_iter().map(encode::document_violation).collect();
        let warnings = found.warnings.into_iter().map(encode::document_remark).collect();
        Ok(Response::new(pb::ValidateDocumentResponse { violations, warnings }))
    }

    async fn apply_document(
        &self,
        request: Request<pb::ApplyDocumentRequest>,
    ) -> Result<Response<pb::ApplyDocumentResponse>, Status> {
        let message = request.into_inner();
        let proposed = off_the_network(move || decode::apply_document(message)).await??;
        let Applied { version, etag, preview } = self.apply(proposed).await?;
        Ok(Response::new(pb::ApplyDocumentResponse { version, etag, preview }))
    }

    async fn roll_back_document(
        &self,
        request: Request<pb::RollBackDocumentRequest>,
    ) -> Result<Response<pb::RollBackDocumentResponse>, Status> {
        let (application, version) = decode::roll_back_document(request.into_inner())?;
        let query = Query::Document { version: Some(version), field: "version" };
        let kept = self.version(Question { tenant: application.tenant.clone(), query }).await?;
        // A text that was in force can still be read; the engine says whether the document still fits.
        let read = off_the_network(move || Document::parse(&kept.source.text, kept.source.format)).await?;
        let document = read.map_err(|error| status::unexpected(&error))?;
        let Applied { version, etag, preview } = self.apply(application.of(Arc::new(document))).await?;
        Ok(Response::new(pb::RollBackDocumentResponse { version, etag, preview }))
    }

    async fn list_document_versions(
        &self,
        request: Request<pb::ListDocumentVersionsRequest>,
    ) -> Result<Response<pb::ListDocumentVersionsResponse>, Status> {
        match ask(&self.directory, decode::list_document_versions(request.get_ref())?).await? {
            Answer::DocumentVersions { versions, next } => {
                let last = next.map(|last| last.to_string());
                Ok(Response::new(pb::ListDocumentVersionsResponse {
                    versions: versions.iter().map(|version| encode::document_version(version)).collect(),
                    next_page_token: page_token::encode(List::Versions, last.as_deref()),
                }))
            }
            other => Err(status::unexpected(&other)),
        }
    }

    async fn diff_documents(
        &self,
        request: Request<pb::DiffDocumentsRequest>,
    ) -> Result<Response<pb::DiffDocumentsResponse>, Status> {
        let message = request.into_inner();
        let Comparison { tenant, from, to } = off_the_network(move || decode::diff_documents(&message)).await??;
        let version = |version, field| {
            self.version(Question { tenant: tenant.clone(), query: Query::Document { version, field } })
        };
        let old = version(from, "from_version").await?.source.clone();
        let new = match to {
            Side::Version(number) => version(number, "to_version").await?.source.clone(),
            Side::Text(source) => source,
        };
        let found = off_the_network(move || differences(&old, &new)).await?;
        Ok(Response::new(encode::differences(found.map_err(|error| status::unexpected(&error))?)))
    }
}

/// What became of a document, or would become of it.
struct Applied {
    version: u64,
    etag: String,
    preview: Option<pb::DocumentPreview>,
}

impl Config {
    async fn document(&self, question: Question) -> Result<(Arc<DocumentVersion>, Option<SweepView>), Status> {
        match ask(&self.directory, question).await? {
            Answer::Document { version, sweep } => Ok((version, sweep)),
            other => Err(status::unexpected(&other)),
        }
    }

    async fn version(&self, question: Question) -> Result<Arc<DocumentVersion>, Status> {
        Ok(self.document(question).await?.0)
    }

    async fn apply(&self, proposed: Proposed) -> Result<Applied, Status> {
        match proposed {
            Proposed::Apply(mutation) => {
                let reply = change(&self.directory, mutation).await?;
                let etag = encode::document_etag(&reply)?;
                Ok(Applied { version: etag.version, etag: etag.to_string(), preview: None })
            }
            Proposed::Preview(question) => match ask(&self.directory, question).await? {
                Answer::Preview(preview) => {
                    let version = preview.version;
                    Ok(Applied { version, etag: String::new(), preview: Some(encode::preview(*preview)) })
                }
                other => Err(status::unexpected(&other)),
            },
        }
    }
}

async fn off_the_network<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Status> {
    tokio::task::spawn_blocking(work).await.map_err(|failed| status::unexpected(&failed))
}
