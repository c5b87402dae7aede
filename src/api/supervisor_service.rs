//! SupervisorService: what supervisors do, with who and why.
//!
//! Invariant: each call decodes, passes on and encodes, and does nothing else.

use tonic::{Request, Response, Status};

use crate::{engine::view::Answer, shard::Directory};

use super::{
    call::{ask, change},
    decode, encode,
    page_token::{self, List},
    pb, status,
};

/// The service, on the shards of this directory.
#[derive(Clone)]
pub struct Supervisors {
    directory: Directory,
}

impl Supervisors {
    /// On these shards.
    pub fn new(directory: Directory) -> Self {
        Self { directory }
    }
}

#[tonic::async_trait]
impl pb::supervisor_service_server::SupervisorService for Supervisors {
    async fn move_contact(
        &self,
        request: Request<pb::MoveContactRequest>,
    ) -> Result<Response<pb::MoveContactResponse>, Status> {
        let reply = change(&self.directory, decode::move_contact(request.into_inner())?).await?;
        let (queue, place) = encode::queued(&reply)?;
        Ok(Response::new(pb::MoveContactResponse { queue, virtual_arrival_time: Some(place) }))
    }

    async fn move_queue(
        &self,
        request: Request<pb::MoveQueueRequest>,
    ) -> Result<Response<pb::MoveQueueResponse>, Status> {
        let reply = change(&self.directory, decode::move_queue(request.into_inner())?).await?;
        Ok(Response::new(pb::MoveQueueResponse { waiting: encode::moving(&reply)? }))
    }

    async fn pull_contact(
        &self,
        request: Request<pb::PullContactRequest>,
    ) -> Result<Response<pb::PullContactResponse>, Status> {
        change(&self.directory, decode::pull_contact(request.into_inner())?).await?;
        Ok(Response::new(pb::PullContactResponse {}))
    }

    async fn prioritise_contact(
        &self,
        request: Request<pb::PrioritiseContactRequest>,
    ) -> Result<Response<pb::PrioritiseContactResponse>, Status> {
        let reply = change(&self.directory, decode::prioritise_contact(request.into_inner())?).await?;
        let (_, place) = encode::queued(&reply)?;
        Ok(Response::new(pb::PrioritiseContactResponse { virtual_arrival_time: Some(place) }))
    }

    async fn force_presence(
        &self,
        request: Request<pb::ForcePresenceRequest>,
    ) -> Result<Response<pb::ForcePresenceResponse>, Status> {
        let reply = change(&self.directory, decode::force_presence(request.into_inner())?).await?;
        Ok(Response::new(pb::ForcePresenceResponse { pending: encode::pending(&reply)? }))
    }

    async fn pause_queue(
        &self,
        request: Request<pb::PauseQueueRequest>,
    ) -> Result<Response<pb::PauseQueueResponse>, Status> {
        change(&self.directory, decode::pause_queue(request.into_inner())?).await?;
        Ok(Response::new(pb::PauseQueueResponse {}))
    }

    async fn drain_queue(
        &self,
        request: Request<pb::DrainQueueRequest>,
    ) -> Result<Response<pb::DrainQueueResponse>, Status> {
        change(&self.directory, decode::drain_queue(request.into_inner())?).await?;
        Ok(Response::new(pb::DrainQueueResponse {}))
    }

    async fn reopen_queue(
        &self,
        request: Request<pb::ReopenQueueRequest>,
    ) -> Result<Response<pb::ReopenQueueResponse>, Status> {
        change(&self.directory, decode::reopen_queue(request.into_inner())?).await?;
        Ok(Response::new(pb::ReopenQueueResponse {}))
    }

    async fn list_actions(
        &self,
        request: Request<pb::ListActionsRequest>,
    ) -> Result<Response<pb::ListActionsResponse>, Status> {
        match ask(&self.directory, decode::list_actions(request.get_ref())?).await? {
            Answer::Actions { actions, next } => Ok(Response::new(pb::ListActionsResponse {
                actions: actions.iter().map(encode::action).collect(),
                next_page_token: page_token::encode(List::Actions, next.map(|next| next.to_string()).as_deref()),
            })),
            other => Err(status::unexpected(&other)),
        }
    }
}
