//! Statistics, as StatisticsService tells them.

use crate::{
    api::{
        page_token::{self, List},
        pb,
    },
    model::{
        document::ServiceLevelBy,
        ids::MomentName,
        time::{Span, Timestamp},
    },
    shard::statistics::{
        LongestIdle, Row, TenantRow, Told,
        agents::Occupied,
        ago,
        counts::{Counts, MomentCounts, Share},
        tally::Tally,
        windows::Window,
    },
};

use super::{span, timestamp};

/// The answer to GetStatistics.
pub fn statistics(told: &Told, windows: &[Window]) -> pb::GetStatisticsResponse {
    pb::GetStatisticsResponse {
        as_of_time: Some(timestamp(told.now)),
        since_time: Some(timestamp(told.since)),
        statistics: rows(told, windows).pop(),
    }
}

/// The answer to ListStatistics.
pub fn statistics_page(told: &Told, windows: &[Window]) -> pb::ListStatisticsResponse {
    pb::ListStatisticsResponse {
        as_of_time: Some(timestamp(told.now)),
        since_time: Some(timestamp(told.since)),
        statistics: rows(told, windows),
        next_page_token: page_token::encode(List::Statistics, told.next.as_ref().map(|last| last.as_str())),
    }
}

/// What WatchStatistics tells.
pub fn statistics_now(told: &Told, windows: &[Window]) -> pb::WatchStatisticsResponse {
    pb::WatchStatisticsResponse {
        as_of_time: Some(timestamp(told.now)),
        since_time: Some(timestamp(told.since)),
        statistics: rows(told, windows),
    }
}

fn rows(told: &Told, windows: &[Window]) -> Vec<pb::Statistics> {
    told.rows.iter().map(|row| statistics_row(told, row, windows)).collect()
}

fn statistics_row(told: &Told, row: &Row, windows: &[Window]) -> pb::Statistics {
    let oldest = row.waiting.and_then(|waiting| ago(told.now, waiting.oldest_since));
    pb::Statistics {
        queue: row.scope.queue.as_ref().map(ToString::to_string).unwrap_or_default(),
        channel: row.scope.channel.as_ref().map(ToString::to_string).unwrap_or_default(),
        waiting: row.waiting.map(|waiting| waiting.contacts),
        oldest_waited_duration: oldest.map(span),
        windows: windows.iter().map(|window| window_row(told, row, *window)).collect(),
        longest_idle: row.tenant.as_ref().map(|tenant| longest_idle(told.now, &tenant.idle)),
    }
}

fn window_row(told: &Told, row: &Row, window: Window) -> pb::WindowStatistics {
    let at = window as usize;
    let counts = &row.counts[at];
    let ends = counts.ends;
    let mut message = pb::WindowStatistics {
        window: window_name(window).into(),
        start_time: Some(timestamp(told.starts[at])),
        entered: counts.entered.into(),
        offered: ends.offered().into(),
        answered: ends.answered.into(),
        answered_in_time: ends.answered_in_time.into(),
        abandoned: ends.abandoned.into(),
        abandoned_in_time: ends.abandoned_in_time.into(),
        abandoned_short: ends.abandoned_short.into(),
        given_up: ends.given_up.into(),
        moved_on: ends.moved_on.into(),
        moved_on_late: ends.moved_on_late.into(),
        service_levels: Some(service_levels(counts)),
        answered_after: Some(durations(&counts.answered_after)),
        abandoned_after: Some(durations(&counts.abandoned_after)),
        handling: Some(durations(&counts.handling)),
        talk_duration: Some(span(counts.work.talk)),
        hold_duration: Some(span(counts.work.hold)),
        wrap_up_duration: Some(span(counts.work.wrap_up)),
        offers: counts.offers.into(),
        offers_declined: counts.offers_declined.into(),
        offers_missed: counts.offers_missed.into(),
        transferred: counts.transferred.into(),
        connect_failed: counts.connect_failed.into(),
        moments_of_truth: Some(moments(None, &counts.moments)),
        ..Default::default()
    };
    if let Some(TenantRow { agents, moments: named, .. }) = row.tenant.as_deref() {
        let [empathetic, other] = agents[at].groups;
        message.moments = named[at].iter().map(|(name, counts)| moments(Some(name), counts)).collect();
        message.empathetic_agents = Some(occupancy(empathetic));
        message.other_agents = Some(occupancy(other));
        message.agents_set_away = agents[at].away.into();
    }
    message
}

fn window_name(window: Window) -> pb::StatisticsWindow {
    match window {
        Window::OneMinute => pb::StatisticsWindow::OneMinute,
        Window::FiveMinutes => pb::StatisticsWindow::FiveMinutes,
        Window::FifteenMinutes => pb::StatisticsWindow::FifteenMinutes,
        Window::ThirtyMinutes => pb::StatisticsWindow::ThirtyMinutes,
        Window::Day => pb::StatisticsWindow::Day,
    }
}

fn service_levels(counts: &Counts) -> pb::ServiceLevels {
    let by = |by| Some(service_level(counts.service_level_by(by)));
    pb::ServiceLevels {
        own: Some(service_level(counts.service_level)),
        answered_only: by(ServiceLevelBy::AnsweredOnly),
        abandon_ignored: by(ServiceLevelBy::AbandonIgnored),
        abandon_negative: by(ServiceLevelBy::AbandonNegative),
        abandon_positive: by(ServiceLevelBy::AbandonPositive),
        short_abandons_excluded: by(ServiceLevelBy::ShortAbandonsExcluded),
        event_timed: by(ServiceLevelBy::EventTimed),
    }
}

fn service_level(share: Share) -> pb::ServiceLevel {
    pb::ServiceLevel { part: share.part, whole: share.whole, ratio: share.ratio() }
}

fn durations(tally: &Tally) -> pb::DurationStatistics {
    let quantile = |thousandths| tally.quantile(thousandths).map(span);
    pb::DurationStatistics {
        count: tally.len(),
        mean_duration: tally.mean().map(span),
        p50_duration: quantile(500),
        p80_duration: quantile(800),
        p90_duration: quantile(900),
        p95_duration: quantile(950),
        p99_duration: quantile(990),
        longest_duration: quantile(1_000),
    }
}

fn moments(name: Option<&MomentName>, counts: &MomentCounts) -> pb::MomentWindowStatistics {
    let MomentCounts { answered, answered_in_time, empathetic, empathetic_in_time, abandoned, waited } = *counts;
    pb::MomentWindowStatistics {
        moment: name.map(ToString::to_string).unwrap_or_default(),
        answered: answered.into(),
        answered_in_time: answered_in_time.into(),
        answered_by_empathetic: empathetic.into(),
        answered_in_time_by_empathetic: empathetic_in_time.into(),
        abandoned: abandoned.into(),
        mean_wait_duration: waited.0.checked_div(answered.into()).map(|mean| span(Span(mean))),
    }
}

fn occupancy(occupied: Occupied) -> pb::OccupancyStatistics {
    let Occupied { capacity, busy } = occupied;
    pb::OccupancyStatistics {
        capacity_seconds: capacity as f64 / 1e6,
        busy_capacity_seconds: busy as f64 / 1e6,
        occupancy: (capacity > 0).then(|| busy as f64 / capacity as f64),
    }
}

fn longest_idle(now: Timestamp, idle: &LongestIdle) -> pb::LongestIdle {
    let for_so_long = |since| ago(now, since).map(span);
    pb::LongestIdle {
        since_last_contact_duration: for_so_long(idle.since_last_contact),
        since_available_duration: for_so_long(idle.since_available),
        lowest_load_duration: for_so_long(idle.lowest_load.map(|(_, since)| since)),
        lowest_load_thousandths: idle.lowest_load.map_or(0, |(load, _)| load),
    }
}
