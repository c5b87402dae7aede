//! Passing what was decoded to the tenant's shard, and the answer back.

use tonic::Status;

use crate::{
    engine::{Reply, view::Answer},
    shard::Directory,
};

use super::decode::{Mutation, Question};

/// Has a mutation decided; answered once it is durable.
pub async fn change(directory: &Directory, mutation: Mutation) -> Result<Reply, Status> {
    let shard = directory.shard_of(&mutation.tenant)?;
    Ok(shard.call(&mutation.tenant, mutation.request).await?)
}

/// Has a question answered.
pub async fn ask(directory: &Directory, question: Question) -> Result<Answer, Status> {
    let shard = directory.shard_of(&question.tenant)?;
    Ok(shard.query(&question.tenant, question.query).await?)
}
