//! WaitService: what waits, where in line, and for how long.
//!
//! Invariant: reading only; that what a customer is told counts for a minute changes no decision.

use tonic::{Request, Response, Status};

use crate::{
    engine::view::Answer,
    shard::{Directory, clock},
};

use super::{
    call::{ask, waits},
    decode, encode,
    page_token::{self, List},
    pb, status,
};

/// The service, on the shards of this directory.
#[derive(Clone)]
pub struct Waits {
    directory: Directory,
}

impl Waits {
    /// On these shards.
    pub fn new(directory: Directory) -> Self {
        Self { directory }
    }
}

#[tonic::async_trait]
impl pb::wait_service_server::WaitService for Waits {
    async fn get_position(
        &self,
        request: Request<pb::GetPositionRequest>,
    ) -> Result<Response<pb::GetPositionResponse>, Status> {
        match ask(&self.directory, decode::get_position(request.get_ref())?).await? {
            Answer::Position(view) => Ok(Response::new(encode::position(&view))),
            other => Err(status::unexpected(&other)),
        }
    }

    async fn estimate_wait(
        &self,
        request: Request<pb::EstimateWaitRequest>,
    ) -> Result<Response<pb::EstimateWaitResponse>, Status> {
        let found = waits(&self.directory, decode::estimate_wait(request.into_inner())?).await?;
        Ok(Response::new(pb::EstimateWaitResponse { wait: found.first().map(encode::wait) }))
    }

    async fn list_quickest_channels(
        &self,
        request: Request<pb::ListQuickestChannelsRequest>,
    ) -> Result<Response<pb::ListQuickestChannelsResponse>, Status> {
        let found = waits(&self.directory, decode::list_quickest_channels(request.into_inner())?).await?;
        Ok(Response::new(pb::ListQuickestChannelsResponse { waits: found.iter().map(encode::wait).collect() }))
    }

    async fn get_queue_statistics(
        &self,
        request: Request<pb::GetQueueStatisticsRequest>,
    ) -> Result<Response<pb::GetQueueStatisticsResponse>, Status> {
        match ask(&self.directory, decode::get_queue_statistics(request.get_ref())?).await? {
            Answer::Queue(view) => {
                let statistics = Some(encode::queue(&view, clock::now()));
                Ok(Response::new(pb::GetQueueStatisticsResponse { statistics }))
            }
            other => Err(status::unexpected(&other)),
        }
    }

    async fn list_queue_statistics(
        &self,
        request: Request<pb::ListQueueStatisticsRequest>,
    ) -> Result<Response<pb::ListQueueStatisticsResponse>, Status> {
        match ask(&self.directory, decode::list_queue_statistics(request.get_ref())?).await? {
            Answer::Queues { queues, next } => {
                let now = clock::now();
                Ok(Response::new(pb::ListQueueStatisticsResponse {
                    statistics: queues.iter().map(|view| encode::queue(view, now)).collect(),
                    next_page_token: page_token::encode(List::Queues, next.as_ref().map(|last| last.as_str())),
                }))
            }
            other => Err(status::unexpected(&other)),
        }
    }
}
