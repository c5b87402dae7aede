//! How moments of truth and all other contacts fare, as GetMomentStatistics tells it.

use crate::{
    api::pb,
    model::{ids::MomentName, time::Span},
    shard::measures::{Group, GroupMeasures, Kind, KindMeasures, Lift, Measures},
};

use super::span;

/// The answer to GetMomentStatistics.
pub fn moment_statistics(measures: &Measures) -> pb::GetMomentStatisticsResponse {
    let [alone, together, not] = Lift::ALL.map(|lift| measures.lifted[lift as usize]);
    let texts = pb::TextStatistics {
        read: measures.texts.read,
        negative: measures.texts.negative,
        urgent: measures.texts.urgent,
        contacts: alone + together + not,
        lifted_by_words_alone: alone,
        lifted_with_others: together,
    };
    let count =
        |(name, contacts): (&MomentName, &u64)| pb::MomentCount { moment: name.to_string(), contacts: *contacts };
    pb::GetMomentStatisticsResponse {
        moments_of_truth: Some(kind(&measures.kinds[Kind::Moment as usize])),
        routine: Some(kind(&measures.kinds[Kind::Routine as usize])),
        empathetic_agents: Some(group(measures.groups[Group::Empathetic as usize])),
        other_agents: Some(group(measures.groups[Group::Other as usize])),
        texts: Some(texts),
        moments: measures.moments.iter().map(count).collect(),
    }
}

fn kind(measures: &KindMeasures) -> pb::KindStatistics {
    let KindMeasures { in_time_empathetic, in_time, empathetic, accepted, abandoned, waited } = *measures;
    let contacts = i64::try_from(accepted + abandoned).unwrap_or(i64::MAX);
    pb::KindStatistics {
        accepted,
        accepted_in_time: in_time,
        accepted_by_empathetic: empathetic,
        accepted_in_time_by_empathetic: in_time_empathetic,
        abandoned,
        mean_wait_duration: waited.0.checked_div(contacts).map(|mean| span(Span(mean))),
    }
}

fn group(measures: GroupMeasures) -> pb::AgentGroupStatistics {
    let GroupMeasures { capacity, busy } = measures;
    pb::AgentGroupStatistics { capacity, capacity_used: busy }
}
