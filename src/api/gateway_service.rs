//! GatewayService: many agents over one call.
//!
//! Invariant: the call's course is `gateway_stream`'s; nothing else is here.

use tonic::{Request, Response, Status, Streaming};

use crate::shard::Directory;

use super::{
    Draining,
    gateway_stream::{self, GatewayStream},
    pb,
};

/// The service, on the shards of this directory.
#[derive(Clone)]
pub struct Gateways {
    directory: Directory,
    draining: Draining,
}

impl Gateways {
    /// On these shards.
    pub fn new(directory: Directory, draining: Draining) -> Self {
        Self { directory, draining }
    }
}

#[tonic::async_trait]
impl pb::gateway_service_server::GatewayService for Gateways {
    type ConnectAgentsStream = GatewayStream;

    async fn connect_agents(
        &self,
        request: Request<Streaming<pb::ConnectAgentsRequest>>,
    ) -> Result<Response<Self::ConnectAgentsStream>, Status> {
        let (directory, draining) = (self.directory.clone(), self.draining.clone());
        Ok(Response::new(gateway_stream::open(directory, request.into_inner(), draining)))
    }
}
