//! WatchService: following a tenant.
//!
//! Invariant: reading only. Not here: the stream's course (`watch_stream`).

use tonic::{Request, Response, Status};

use crate::shard::Directory;

use super::{
    decode, pb,
    watch_stream::{self, WatchStream},
};

/// The service, on the shards of this directory.
#[derive(Clone)]
pub struct Watches {
    directory: Directory,
}

impl Watches {
    /// On these shards.
    pub fn new(directory: Directory) -> Self {
        Self { directory }
    }
}

#[tonic::async_trait]
impl pb::watch_service_server::WatchService for Watches {
    type WatchStream = WatchStream;

    async fn watch(&self, request: Request<pb::WatchRequest>) -> Result<Response<Self::WatchStream>, Status> {
        let observe = decode::watch(request.get_ref())?;
        Ok(Response::new(watch_stream::open(&self.directory, observe).await?))
    }
}
