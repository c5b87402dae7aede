//! StatisticsService: how the service fares.
//!
//! Invariant: reading only. A stream asks anew at each interval and ends when the daemon drains; it holds nothing of the
//! shard in between, so a reader who is slow is told less often and nobody waits for it. All streams together tell a
//! bounded number of rows.

use std::{pin::Pin, sync::Arc, time::Duration};

use futures_util::{Stream, stream};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, Interval, MissedTickBehavior, interval_at},
};
use tonic::{Request, Response, Status};

use crate::{
    engine::Reject,
    model::limits::STATISTICS_WATCHED_ROWS_MAX,
    shard::{
        CallError, Directory,
        statistics::{Rows, Told},
    },
};

use super::{
    Draining,
    decode::{self, Survey},
    drained, encode, pb,
};

/// The service, on the shards of this directory.
#[derive(Clone)]
pub struct StatisticsTold {
    directory: Directory,
    draining: Draining,
    /// How many more rows streams may tell.
    rows_left: Arc<Semaphore>,
}

/// What WatchStatistics answers with.
type StatisticsStream = Pin<Box<dyn Stream<Item = Result<pb::WatchStatisticsResponse, Status>> + Send>>;

impl StatisticsTold {
    /// On these shards.
    pub fn new(directory: Directory, draining: Draining) -> Self {
        Self { directory, draining, rows_left: Arc::new(Semaphore::new(STATISTICS_WATCHED_ROWS_MAX)) }
    }

    async fn ask(&self, survey: &Survey) -> Result<Told, Status> {
        let shard = self.directory.shard_of(&survey.tenant)?;
        Ok(shard.statistics(&survey.tenant, survey.rows.clone()).await?)
    }

    /// Room for a stream's rows, given back when the stream ends.
    fn room_for(&self, rows: &Rows) -> Result<OwnedSemaphorePermit, CallError> {
        let count = u32::try_from(rows.most()).unwrap_or(u32::MAX);
        Arc::clone(&self.rows_left).try_acquire_many_owned(count).map_err(|_| {
            let what = "rows of statistics in open streams";
            CallError::Reject(Reject::LimitReached { what, limit: STATISTICS_WATCHED_ROWS_MAX })
        })
    }
}

#[tonic::async_trait]
impl pb::statistics_service_server::StatisticsService for StatisticsTold {
    type WatchStatisticsStream = StatisticsStream;

    async fn get_statistics(
        &self,
        request: Request<pb::GetStatisticsRequest>,
    ) -> Result<Response<pb::GetStatisticsResponse>, Status> {
        let survey = decode::get_statistics(request.get_ref())?;
        let told = self.ask(&survey).await?;
        Ok(Response::new(encode::statistics(&told, &survey.windows)))
    }

    async fn list_statistics(
        &self,
        request: Request<pb::ListStatisticsRequest>,
    ) -> Result<Response<pb::ListStatisticsResponse>, Status> {
        let survey = decode::list_statistics(request.get_ref())?;
        let told = self.ask(&survey).await?;
        Ok(Response::new(encode::statistics_page(&told, &survey.windows)))
    }

    async fn watch_statistics(
        &self,
        request: Request<pb::WatchStatisticsRequest>,
    ) -> Result<Response<StatisticsStream>, Status> {
        let (survey, every) = decode::watch_statistics(request.get_ref())?;
        let room = self.room_for(&survey.rows)?;
        let first = Some(self.ask(&survey).await?);
        let course = Course { service: self.clone(), survey, first, ticks: ticks(every), ended: false, _room: room };
        Ok(Response::new(Box::pin(stream::unfold(course, |mut course| async move {
            let message = course.next().await?;
            Some((message, course))
        }))))
    }
}

struct Course {
    service: StatisticsTold,
    survey: Survey,
    /// What is told at once.
    first: Option<Told>,
    ticks: Interval,
    ended: bool,
    /// Of the rows that all streams may tell.
    _room: OwnedSemaphorePermit,
}

impl Course {
    async fn next(&mut self) -> Option<Result<pb::WatchStatisticsResponse, Status>> {
        if self.ended {
            return None;
        }
        let told = match self.first.take() {
            Some(told) => Ok(told),
            None => {
                tokio::select! {
                    biased;
                    () = drained(&mut self.service.draining) => return None,
                    _ = self.ticks.tick() => {}
                }
                self.service.ask(&self.survey).await
            }
        };
        self.ended = told.is_err();
        Some(told.map(|told| encode::statistics_now(&told, &self.survey.windows)))
    }
}

fn ticks(every: Duration) -> Interval {
    let mut ticks = interval_at(Instant::now() + every, every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}

#[cfg(test)]
mod tests {
    use tokio::sync::watch;

    use crate::model::ids::QueueName;

    use super::*;

    #[test]
    fn all_streams_together_tell_a_bounded_number_of_rows() {
        let service = StatisticsTold::new(Directory::new(), watch::channel(false).1);
        let name = |number: usize| QueueName::new(&format!("q{number}")).unwrap();
        let wall = Rows::TenantAnd((1..100).map(name).collect());
        let walls: Vec<_> = (0..10).map(|_| service.room_for(&wall).unwrap()).collect();
        let refused = service.clone().room_for(&wall).unwrap_err();
        let full = |limit: usize| limit == STATISTICS_WATCHED_ROWS_MAX;
        assert!(matches!(refused, CallError::Reject(Reject::LimitReached { limit, .. }) if full(limit)), "{refused}");
        let small = service.room_for(&Rows::TenantAnd(Vec::new()));
        assert!(small.is_ok(), "the tenant alone is a row");
        drop(walls);
        assert!(service.room_for(&wall).is_ok(), "what a stream had is given back");
    }
}
