//! AgentService: agents' profiles, and what their desktops do.
//!
//! Invariant: each call decodes, passes on and encodes, and does nothing else. Not here: the offer stream's course
//! (`offer_stream`).

use tonic::{Request, Response, Status, Streaming};

use crate::{engine::view::Answer, shard::Directory};

use super::{
    call::{ask, change},
    decode, encode,
    import_stream::{self, ImportStream},
    offer_stream::{self, OfferStream},
    page_token::{self, List},
    pb, status,
};

/// The service, on the shards of this directory.
#[derive(Clone)]
pub struct Agents {
    directory: Directory,
}

impl Agents {
    /// On these shards.
    pub fn new(directory: Directory) -> Self {
        Self { directory }
    }
}

#[tonic::async_trait]
impl pb::agent_service_server::AgentService for Agents {
    type WatchOffersStream = OfferStream;
    type ImportAgentsStream = ImportStream;

    async fn put_agent(&self, request: Request<pb::PutAgentRequest>) -> Result<Response<pb::PutAgentResponse>, Status> {
        let reply = change(&self.directory, decode::put_agent(request.into_inner())?).await?;
        Ok(Response::new(pb::PutAgentResponse { etag: encode::agent_etag(&reply)? }))
    }

    async fn get_agent(&self, request: Request<pb::GetAgentRequest>) -> Result<Response<pb::GetAgentResponse>, Status> {
        match ask(&self.directory, decode::get_agent(request.get_ref())?).await? {
            Answer::Agent(view) => Ok(Response::new(pb::GetAgentResponse { agent: Some(encode::agent(*view)) })),
            other => Err(status::unexpected(&other)),
        }
    }

    async fn list_agents(
        &self,
        request: Request<pb::ListAgentsRequest>,
    ) -> Result<Response<pb::ListAgentsResponse>, Status> {
        match ask(&self.directory, decode::list_agents(request.get_ref())?).await? {
            Answer::Agents { agents, next } => Ok(Response::new(pb::ListAgentsResponse {
                agents: agents.into_iter().map(encode::agent).collect(),
                next_page_token: page_token::encode(List::Agents, next.as_ref().map(|last| last.as_str())),
            })),
            other => Err(status::unexpected(&other)),
        }
    }

    async fn import_agents(
        &self,
        request: Request<Streaming<pb::ImportAgentsRequest>>,
    ) -> Result<Response<Self::ImportAgentsStream>, Status> {
        Ok(Response::new(import_stream::open(self.directory.clone(), request.into_inner())))
    }

    async fn delete_agent(
        &self,
        request: Request<pb::DeleteAgentRequest>,
    ) -> Result<Response<pb::DeleteAgentResponse>, Status> {
        change(&self.directory, decode::delete_agent(request.get_ref())?).await?;
        Ok(Response::new(pb::DeleteAgentResponse {}))
    }

    async fn watch_offers(
        &self,
        request: Request<pb::WatchOffersRequest>,
    ) -> Result<Response<Self::WatchOffersStream>, Status> {
        let follow = decode::watch_offers(request.get_ref())?;
        Ok(Response::new(offer_stream::open(&self.directory, follow).await?))
    }

    async fn ack_offer(&self, request: Request<pb::AckOfferRequest>) -> Result<Response<pb::AckOfferResponse>, Status> {
        let reply = change(&self.directory, decode::ack_offer(request.get_ref())?).await?;
        Ok(Response::new(pb::AckOfferResponse { result: Some(encode::acknowledged(&reply)?) }))
    }

    async fn accept_offer(
        &self,
        request: Request<pb::AcceptOfferRequest>,
    ) -> Result<Response<pb::AcceptOfferResponse>, Status> {
        let reply = change(&self.directory, decode::accept_offer(request.get_ref())?).await?;
        Ok(Response::new(pb::AcceptOfferResponse { engagement: Some(encode::engagement(&reply)?) }))
    }

    async fn decline_offer(
        &self,
        request: Request<pb::DeclineOfferRequest>,
    ) -> Result<Response<pb::DeclineOfferResponse>, Status> {
        change(&self.directory, decode::decline_offer(request.into_inner())?).await?;
        Ok(Response::new(pb::DeclineOfferResponse {}))
    }

    async fn extend_offer(
        &self,
        request: Request<pb::ExtendOfferRequest>,
    ) -> Result<Response<pb::ExtendOfferResponse>, Status> {
        let reply = change(&self.directory, decode::extend_offer(request.get_ref())?).await?;
        Ok(Response::new(pb::ExtendOfferResponse { expire_time: Some(encode::offer_open(&reply)?) }))
    }

    async fn report_connect_failed(
        &self,
        request: Request<pb::ReportConnectFailedRequest>,
    ) -> Result<Response<pb::ReportConnectFailedResponse>, Status> {
        change(&self.directory, decode::report_connect_failed(request.into_inner())?).await?;
        Ok(Response::new(pb::ReportConnectFailedResponse {}))
    }

    async fn set_presence(
        &self,
        request: Request<pb::SetPresenceRequest>,
    ) -> Result<Response<pb::SetPresenceResponse>, Status> {
        let reply = change(&self.directory, decode::set_presence(request.into_inner())?).await?;
        Ok(Response::new(pb::SetPresenceResponse { pending: encode::pending(&reply)? }))
    }

    async fn extend_wrap_up(
        &self,
        request: Request<pb::ExtendWrapUpRequest>,
    ) -> Result<Response<pb::ExtendWrapUpResponse>, Status> {
        let reply = change(&self.directory, decode::extend_wrap_up(request.get_ref())?).await?;
        Ok(Response::new(pb::ExtendWrapUpResponse { end_time: Some(encode::wrap_up(&reply)?) }))
    }

    async fn end_wrap_up(
        &self,
        request: Request<pb::EndWrapUpRequest>,
    ) -> Result<Response<pb::EndWrapUpResponse>, Status> {
        change(&self.directory, decode::end_wrap_up(request.get_ref())?).await?;
        Ok(Response::new(pb::EndWrapUpResponse {}))
    }
}
