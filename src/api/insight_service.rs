//! InsightService: why.
//!
//! Invariant: reading only.

use tonic::{Request, Response, Status};

use crate::{
    engine::{explain::view::Explained, view::Answer},
    shard::{Directory, clock},
};

use super::{
    call::{ask, learners},
    decode::{self, Question},
    encode, pb, status,
};

/// The service, on the shards of this directory.
#[derive(Clone)]
pub struct Insights {
    directory: Directory,
}

impl Insights {
    /// On these shards.
    pub fn new(directory: Directory) -> Self {
        Self { directory }
    }

    async fn explain(&self, question: Question) -> Result<Explained, Status> {
        match ask(&self.directory, question).await? {
            Answer::Explained(explained) => Ok(*explained),
            other => Err(status::unexpected(&other)),
        }
    }
}

#[tonic::async_trait]
impl pb::insight_service_server::InsightService for Insights {
    async fn explain_contact(
        &self,
        request: Request<pb::ExplainContactRequest>,
    ) -> Result<Response<pb::ExplainContactResponse>, Status> {
        match self.explain(decode::explain_contact(request.get_ref())?).await? {
            Explained::Contact(contact) => Ok(Response::new(encode::contact_explained(contact, clock::now()))),
            other => Err(status::unexpected(&other)),
        }
    }

    async fn list_candidates(
        &self,
        request: Request<pb::ListCandidatesRequest>,
    ) -> Result<Response<pb::ListCandidatesResponse>, Status> {
        match self.explain(decode::list_candidates(request.get_ref())?).await? {
            Explained::Candidates { candidates, next } => Ok(Response::new(encode::candidates(candidates, next))),
            other => Err(status::unexpected(&other)),
        }
    }

    async fn get_moment_statistics(
        &self,
        request: Request<pb::GetMomentStatisticsRequest>,
    ) -> Result<Response<pb::GetMomentStatisticsResponse>, Status> {
        let tenant = decode::tenant(&request.get_ref().tenant)?;
        let measures = self.directory.shard_of(&tenant)?.measures(&tenant).await?;
        Ok(Response::new(encode::moment_statistics(&measures)))
    }

    async fn explain_agent(
        &self,
        request: Request<pb::ExplainAgentRequest>,
    ) -> Result<Response<pb::ExplainAgentResponse>, Status> {
        match self.explain(decode::explain_agent(request.get_ref())?).await? {
            Explained::Agent(agent) => Ok(Response::new(encode::agent_explained(agent))),
            other => Err(status::unexpected(&other)),
        }
    }

    async fn explain_pair(
        &self,
        request: Request<pb::ExplainPairRequest>,
    ) -> Result<Response<pb::ExplainPairResponse>, Status> {
        match self.explain(decode::explain_pair(request.get_ref())?).await? {
            Explained::Pair(pair) => Ok(Response::new(encode::pair_explained(pair))),
            other => Err(status::unexpected(&other)),
        }
    }

    async fn explain_offer(
        &self,
        request: Request<pb::ExplainOfferRequest>,
    ) -> Result<Response<pb::ExplainOfferResponse>, Status> {
        match self.explain(decode::explain_offer(request.get_ref())?).await? {
            Explained::Offer(offer) => Ok(Response::new(encode::offer_explained(offer))),
            other => Err(status::unexpected(&other)),
        }
    }

    async fn list_empathy(
        &self,
        request: Request<pb::ListEmpathyRequest>,
    ) -> Result<Response<pb::ListEmpathyResponse>, Status> {
        let asked = decode::list_empathy(request.get_ref())?;
        let limit = asked.limit;
        let found = learners(&self.directory, asked).await?;
        Ok(Response::new(encode::learners(&found, limit)))
    }
}
