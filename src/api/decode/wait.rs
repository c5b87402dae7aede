//! WaitService's requests.

use crate::{
    api::{page_token::List, pb},
    engine::view::Query,
    model::ids::QueueName,
};

use super::{Question, Violations};

/// Decodes GetPosition.
pub fn get_position(message: &pb::GetPositionRequest) -> Result<Question, Violations> {
    let mut v = Violations::default();
    let query = v.take_contact(&message.contact_id).map(Query::Position);
    v.question(&message.tenant, query)
}

/// Decodes GetQueueStatistics.
pub fn get_queue_statistics(message: &pb::GetQueueStatisticsRequest) -> Result<Question, Violations> {
    let mut v = Violations::default();
    let query = v.take("queue", QueueName::new(&message.queue)).map(Query::Queue);
    v.question(&message.tenant, query)
}

/// Decodes ListQueueStatistics.
pub fn list_queue_statistics(message: &pb::ListQueueStatisticsRequest) -> Result<Question, Violations> {
    let mut v = Violations::default();
    let limit = v.take_page_size(message.page_size);
    let after = v.take_page_token(&message.page_token, List::Queues, QueueName::new);
    let query = limit.zip(after).map(|(limit, after)| Query::Queues { after, limit });
    v.question(&message.tenant, query)
}
