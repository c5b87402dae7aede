//! The wire (placeholder until branch `api` is merged).

use crate::shard::Directory;

/// All services.
pub fn routes(_directory: Directory) -> tonic::service::Routes {
    tonic::service::Routes::default()
}
