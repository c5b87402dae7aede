//! WaitService's requests.

use crate::{
    api::{page_token::List, pb},
    engine::view::Query,
    forecast::waits,
    model::{
        contact::CustomerId,
        ids::{ChannelName, NAME_BYTES_MAX, QueueName, TenantId},
        limits::{DYNAMIC_HEAD_START_SECS_MAX, WAIT_OPTIONS_MAX},
        time::Span,
    },
};

use super::{Question, Violations, field::item};

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

/// A decoded wish to know how long waits will be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitAsked {
    /// Whose.
    pub tenant: TenantId,
    /// What.
    pub question: waits::Question,
}

/// Decodes EstimateWait.
pub fn estimate_wait(message: pb::EstimateWaitRequest) -> Result<WaitAsked, Violations> {
    use pb::estimate_wait_request::Of;
    let mut v = Violations::default();
    if !message.customer_id.is_empty() && matches!(message.of, Some(Of::ContactId(_))) {
        v.add("customer_id", "is for a newcomer; a contact that waits counts already");
    }
    let told = v.take_told(message.customer_id);
    let question = match message.of {
        None => {
            v.add("of", "is required: a contact_id, or a newcomer");
            None
        }
        Some(Of::ContactId(id)) => v.take_contact(&id).map(waits::Question::Contact),
        Some(Of::Newcomer(newcomer)) => {
            if newcomer.channel.is_empty() {
                v.add("newcomer.channel", "is required");
            }
            let option = v.below("newcomer", |v| v.take_choice(newcomer));
            option.zip(told).map(|(option, told)| waits::Question::Newcomer { options: vec![option], told })
        }
    };
    v.wait(&message.tenant, question)
}

/// Decodes ListQuickestChannels.
pub fn list_quickest_channels(message: pb::ListQuickestChannelsRequest) -> Result<WaitAsked, Violations> {
    let mut v = Violations::default();
    let told = v.take_told(message.customer_id);
    if message.options.is_empty() {
        v.add("options", "is required: at least one queue");
    }
    let mut options = Some(Vec::new());
    if v.at_most("options", message.options.len(), WAIT_OPTIONS_MAX) {
        for (index, newcomer) in message.options.into_iter().enumerate() {
            let option = v.below(&item("options", index), |v| v.take_choice(newcomer));
            match (&mut options, option) {
                (Some(options), Some(option)) => options.push(option),
                _ => options = None,
            }
        }
    }
    let question = options.zip(told).map(|(options, told)| waits::Question::Newcomer { options, told });
    v.wait(&message.tenant, question)
}

impl Violations {
    fn take_told(&mut self, customer_id: String) -> Option<Option<CustomerId>> {
        let customer = self.take_text("customer_id", customer_id, NAME_BYTES_MAX)?;
        Some((!customer.is_empty()).then_some(CustomerId(customer)))
    }

    fn take_choice(&mut self, newcomer: pb::Newcomer) -> Option<waits::Choice> {
        let pb::Newcomer { queue, channel, requirement, moment_of_truth, head_start_duration } = newcomer;
        let queue = self.take("queue", QueueName::new(&queue));
        let channel = self.take_optional("channel", &channel, ChannelName::new);
        let requirement = self.take_requirement("requirement", &requirement.unwrap_or_default());
        let longest = Span::from_secs(DYNAMIC_HEAD_START_SECS_MAX);
        let head_start = match head_start_duration {
            None => Some(Span::ZERO),
            Some(head_start) => self.take_span("head_start_duration", head_start, longest),
        };
        Some(waits::Choice {
            queue: queue?,
            channel: channel?,
            requirement: requirement?,
            moment_of_truth,
            head_start: head_start?,
        })
    }

    fn wait(mut self, tenant: &str, question: Option<waits::Question>) -> Result<WaitAsked, Self> {
        let tenant = self.take_tenant(tenant);
        self.finish(tenant.zip(question).map(|(tenant, question)| WaitAsked { tenant, question }))
    }
}
