//! StatisticsService: how the service fares.
//!
//! Invariant: reading only. A stream asks anew at each interval and ends when the daemon drains; it holds nothing of the
//! shard in between, so a reader who is slow is told less often and nobody waits for it.

use std::{pin::Pin, time::Duration};

use futures_util::{Stream, stream};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};
use tonic::{Request, Response, Status};

use crate::shard::{Directory, statistics::Told};

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
}

/// What WatchStatistics answers with.
type StatisticsStream = Pin<Box<dyn Stream<Item = Result<pb::WatchStatisticsResponse, Status>> + Send>>;

impl StatisticsTold {
    /// On these shards.
    pub fn new(directory: Directory, draining: Draining) -> Self {
        Self { directory, draining }
    }

    async fn ask(&self, survey: &Survey) -> Result<Told, Status> {
        let shard = self.directory.shard_of(&survey.tenant)?;
        Ok(shard.statistics(&survey.tenant, survey.rows.clone()).await?)
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
        let first = self.ask(&survey).await?;
        let course = Course { service: self.clone(), survey, first: Some(first), ticks: ticks(every), ended: false };
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
