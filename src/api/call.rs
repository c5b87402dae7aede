//! Passing what was decoded to the tenant's shard, and the answer back.

use tonic::Status;

use crate::{
    engine::{Reply, view::Answer},
    forecast::{Learner, waits::WaitView},
    shard::Directory,
};

use super::decode::{Learners, Mutation, Question, WaitAsked};

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

/// Has what is known of agents' empathy listed.
pub async fn learners(directory: &Directory, asked: Learners) -> Result<Vec<Learner>, Status> {
    let Learners { tenant, after, limit } = asked;
    let shard = directory.shard_of(&tenant)?;
    Ok(shard.learners(&tenant, after, limit).await?)
}

/// Has it said how long waits will be.
pub async fn waits(directory: &Directory, asked: WaitAsked) -> Result<Vec<WaitView>, Status> {
    let WaitAsked { tenant, question } = asked;
    let shard = directory.shard_of(&tenant)?;
    Ok(shard.wait(&tenant, question).await?)
}
