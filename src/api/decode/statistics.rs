//! StatisticsService's requests.

use std::time::Duration;

use crate::{
    api::{page_token::List, pb},
    model::{
        ids::{ChannelName, NameError, QueueName, TenantId},
        time::Span,
    },
    shard::statistics::{ROWS_MAX, Rows, Scope, windows::Window},
};

use super::{Violations, field::item};

/// How often a stream may tell, and how often it does if nothing is said.
const INTERVAL_MIN: Span = Span::from_secs(1);
const INTERVAL_MAX: Span = Span::from_secs(3_600);
const INTERVAL_DEFAULT: Span = Span::from_secs(5);

/// A decoded wish for statistics.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Survey {
    /// Whose.
    pub tenant: TenantId,
    /// Of whom.
    pub rows: Rows,
    /// Over which windows, the shortest first.
    pub windows: Vec<Window>,
}

/// Decodes GetStatistics.
pub fn get_statistics(message: &pb::GetStatisticsRequest) -> Result<Survey, Violations> {
    let mut v = Violations::default();
    let queue = v.take_any("queue", &message.queue, QueueName::new);
    let channel = v.take_any("channel", &message.channel, ChannelName::new);
    let rows = queue.zip(channel).map(|(queue, channel)| Rows::One(Scope { queue, channel }));
    v.survey(&message.tenant, rows, &message.windows)
}

/// Decodes ListStatistics.
pub fn list_statistics(message: &pb::ListStatisticsRequest) -> Result<Survey, Violations> {
    let mut v = Violations::default();
    let limit = v.take_page_size(message.page_size).map(|rows| rows.min(ROWS_MAX));
    let after = v.take_page_token(&message.page_token, List::Statistics, QueueName::new);
    let rows = match pb::StatisticsRows::try_from(message.rows) {
        Ok(pb::StatisticsRows::Unspecified | pb::StatisticsRows::Queues) => {
            limit.zip(after).map(|(limit, after)| Rows::Queues { after, limit })
        }
        Ok(pb::StatisticsRows::Channels) => Some(Rows::Channels),
        Err(_) => {
            v.add("rows", "is not known; send STATISTICS_ROWS_QUEUES or STATISTICS_ROWS_CHANNELS");
            None
        }
    };
    v.survey(&message.tenant, rows, &message.windows)
}

/// Decodes WatchStatistics: what to tell, and how often.
pub fn watch_statistics(message: &pb::WatchStatisticsRequest) -> Result<(Survey, Duration), Violations> {
    let mut v = Violations::default();
    let interval = match message.interval {
        None => Some(INTERVAL_DEFAULT),
        Some(interval) => v.take_span("interval", interval, INTERVAL_MAX),
    };
    if interval.is_some_and(|interval| interval < INTERVAL_MIN) {
        v.add("interval", format!("must be at least {INTERVAL_MIN}"));
    }
    let queues = v.take_names("queues", &message.queues, ROWS_MAX - 1, QueueName::new);
    let survey = v.survey(&message.tenant, queues.map(Rows::TenantAnd), &message.windows)?;
    let micros = interval.map_or(0, |interval| interval.0);
    Ok((survey, Duration::from_micros(u64::try_from(micros).unwrap_or(0))))
}

impl Violations {
    /// A name, or none for all.
    fn take_any<T>(
        &mut self,
        field: &str,
        text: &str,
        name: impl FnOnce(&str) -> Result<T, NameError>,
    ) -> Option<Option<T>> {
        if text.is_empty() { Some(None) } else { self.take(field, name(text)).map(Some) }
    }

    fn survey(mut self, tenant: &str, rows: Option<Rows>, windows: &[i32]) -> Result<Survey, Self> {
        let tenant = self.take_tenant(tenant);
        let windows = self.take_windows(windows);
        let survey = (|| Some(Survey { tenant: tenant?, rows: rows?, windows: windows? }))();
        self.finish(survey)
    }

    /// Windows, the shortest first; none given = all.
    fn take_windows(&mut self, windows: &[i32]) -> Option<Vec<Window>> {
        let mut taken = Vec::new();
        for (index, window) in windows.iter().enumerate() {
            match pb::StatisticsWindow::try_from(*window) {
                Ok(pb::StatisticsWindow::OneMinute) => taken.push(Window::OneMinute),
                Ok(pb::StatisticsWindow::FiveMinutes) => taken.push(Window::FiveMinutes),
                Ok(pb::StatisticsWindow::FifteenMinutes) => taken.push(Window::FifteenMinutes),
                Ok(pb::StatisticsWindow::ThirtyMinutes) => taken.push(Window::ThirtyMinutes),
                Ok(pb::StatisticsWindow::Day) => taken.push(Window::Day),
                Ok(pb::StatisticsWindow::Unspecified) | Err(_) => {
                    self.add(item("windows", index), "is no window; send for example STATISTICS_WINDOW_FIVE_MINUTES");
                    return None;
                }
            }
        }
        let all = Window::ALL.into_iter();
        Some(all.filter(|window| taken.is_empty() || taken.contains(window)).collect())
    }
}
