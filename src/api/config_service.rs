//! ConfigService: the routing document.
//!
//! Invariant: documents are read off the network's threads, because a large one takes longer than an offer may wait.

use tonic::{Request, Response, Status};

use crate::{engine::view::Answer, shard::Directory};

use super::{
    call::{ask, change},
    decode, encode, pb, status,
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
        match ask(&self.directory, decode::get_document(request.get_ref())?).await? {
            Answer::Document { version, document } => {
                Ok(Response::new(pb::GetDocumentResponse { document: Some(encode::document(&document)), version }))
            }
            other => Err(status::unexpected(&other)),
        }
    }

    async fn validate_document(
        &self,
        request: Request<pb::ValidateDocumentRequest>,
    ) -> Result<Response<pb::ValidateDocumentResponse>, Status> {
        let message = request.into_inner();
        let (tenant, found) = off_the_network(move || decode::validate_document(&message)).await??;
        self.directory.shard_of(&tenant)?;
        let violations = found.into_iter().map(encode::document_violation).collect();
        Ok(Response::new(pb::ValidateDocumentResponse { violations }))
    }

    async fn apply_document(
        &self,
        request: Request<pb::ApplyDocumentRequest>,
    ) -> Result<Response<pb::ApplyDocumentResponse>, Status> {
        let message = request.into_inner();
        let mutation = off_the_network(move || decode::apply_document(&message)).await??;
        let reply = change(&self.directory, mutation).await?;
        Ok(Response::new(pb::ApplyDocumentResponse { version: encode::document_version(&reply)? }))
    }
}

async fn off_the_network<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Status> {
    tokio::task::spawn_blocking(work).await.map_err(|failed| status::unexpected(&failed))
}
