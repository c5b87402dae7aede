//! The course of an import: batch after batch, each put when the one before is answered.
//!
//! Invariant: at most one batch of a call is in its shard, so that an import of any size leaves routing its turn after
//! every batch; a row that is refused keeps no other back. Not here: what may be put (the engine decides).

use std::{pin::Pin, sync::Arc};

use futures_util::{Stream, stream};
use tonic::{Status, Streaming};

use crate::{
    engine::{
        Command, Reject, Reply, Request,
        view::{Answer, Query},
    },
    model::{
        agent::AgentRow,
        ids::{RequestId, TenantId},
    },
    shard::{CallError, Directory},
};

use super::{
    decode::{self, ImportBatch},
    etag,
    pb::{self, agent_row_result::Result as RowResult},
    status, unread,
};

/// What the call answers with.
pub type ImportStream = Pin<Box<dyn Stream<Item = Result<pb::ImportAgentsResponse, Status>> + Send>>;

/// Answers batches until the client has sent all, or one ends the call.
pub fn open(directory: Directory, batches: Streaming<pb::ImportAgentsRequest>) -> ImportStream {
    let course = Course { directory, batches, rows: 0, ended: false };
    Box::pin(stream::unfold(course, |mut course| async move {
        let answer = course.next().await?;
        course.ended = answer.is_err();
        Some((answer, course))
    }))
}

struct Course {
    directory: Directory,
    batches: Streaming<pb::ImportAgentsRequest>,
    /// Rows answered.
    rows: u64,
    ended: bool,
}

impl Course {
    async fn next(&mut self) -> Option<Result<pb::ImportAgentsResponse, Status>> {
        if self.ended {
            return None;
        }
        match self.batches.message().await {
            Ok(batch) => Some(self.put(batch?).await),
            Err(broken) => Some(Err(unread::explained(broken))),
        }
    }

    async fn put(&mut self, message: pb::ImportAgentsRequest) -> Result<pb::ImportAgentsResponse, Status> {
        let agents: Vec<String> = message.agents.iter().map(|row| row.agent_id.clone()).collect();
        let ImportBatch { tenant, id, rows, validate_only } = decode::import_agents(message)?;
        let good: Arc<[AgentRow]> = rows.iter().flatten().cloned().collect();
        let put = match validate_only {
            true => self.check(&tenant, good).await?,
            false => self.apply(&tenant, &id, good).await?,
        };
        let mut put = put.into_iter();
        let results = rows.into_iter().zip(agents).zip(self.rows..).map(|((row, agent_id), index)| {
            let result = match row.map(|_| put.next().expect("each row that was decoded was put")) {
                Ok(Ok(etag)) => RowResult::Etag(etag),
                Ok(Err(reject)) => RowResult::Refused(status::refusal(CallError::Reject(reject))),
                Err(violations) => RowResult::Refused(status::refusal(violations)),
            };
            pb::AgentRowResult { index, agent_id, result: Some(result) }
        });
        let results: Vec<_> = results.collect();
        self.rows += results.len() as u64;
        Ok(pb::ImportAgentsResponse { request_id: id.to_string(), results })
    }

    async fn apply(
        &self,
        tenant: &TenantId,
        id: &RequestId,
        rows: Arc<[AgentRow]>,
    ) -> Result<Vec<Result<String, Reject>>, Status> {
        let request = Request { id: Some(id.clone()), command: Command::PutAgents { rows } };
        loop {
            match self.directory.shard_of(tenant)?.call(tenant, request.clone()).await {
                Ok(Reply::Agents(put)) => {
                    let etag =
                        |put: &Result<u64, Reject>| put.as_ref().map(|put| etag::agent(*put)).map_err(Clone::clone);
                    return Ok(put.iter().map(etag).collect());
                }
                Ok(other) => return Err(status::unexpected(&other)),
                // Calls come first; the caller's own deadline ends an import that waits for too long.
                Err(CallError::Overloaded { retry_after }) => tokio::time::sleep(retry_after).await,
                Err(error) => return Err(error.into()),
            }
        }
    }

    async fn check(&self, tenant: &TenantId, rows: Arc<[AgentRow]>) -> Result<Vec<Result<String, Reject>>, Status> {
        match self.directory.shard_of(tenant)?.query(tenant, Query::CheckAgents(rows)).await? {
            Answer::Checked(checked) => Ok(checked.into_iter().map(|row| row.map(|()| String::new())).collect()),
            other => Err(status::unexpected(&other)),
        }
    }
}
