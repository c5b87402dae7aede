//! InsightService's requests.

use crate::{
    api::{page_token::List, pb},
    engine::{explain::view::Explain, view::Query},
    model::ids::{AgentId, QueueName, TenantId},
};

use super::{Question, Violations};

/// Decodes ExplainContact.
pub fn explain_contact(message: &pb::ExplainContactRequest) -> Result<Question, Violations> {
    let mut v = Violations::default();
    let contact = v.take_contact(&message.contact_id);
    v.question(&message.tenant, contact.map(|contact| Query::Explain(Explain::Contact(contact))))
}

/// Decodes ListCandidates.
pub fn list_candidates(message: &pb::ListCandidatesRequest) -> Result<Question, Violations> {
    let mut v = Violations::default();
    let contact = v.take_contact(&message.contact_id);
    let limit = v.take_page_size(message.page_size);
    let after = v.take_page_token(&message.page_token, List::Candidates, AgentId::new);
    let explain = contact.zip(limit).zip(after);
    let explain = explain.map(|((contact, limit), after)| Explain::Candidates { contact, after, limit });
    v.question(&message.tenant, explain.map(Query::Explain))
}

/// Decodes ExplainAgent.
pub fn explain_agent(message: &pb::ExplainAgentRequest) -> Result<Question, Violations> {
    let mut v = Violations::default();
    let agent = v.take_agent(&message.agent_id);
    let limit = v.take_page_size(message.page_size);
    let after = v.take_page_token(&message.page_token, List::Eligibilities, QueueName::new);
    let explain = agent.zip(limit).zip(after);
    let explain = explain.map(|((agent, limit), after)| Explain::Agent { agent, after, limit });
    v.question(&message.tenant, explain.map(Query::Explain))
}

/// Decodes ExplainPair.
pub fn explain_pair(message: &pb::ExplainPairRequest) -> Result<Question, Violations> {
    let mut v = Violations::default();
    let pair = v.take_contact(&message.contact_id).zip(v.take_agent(&message.agent_id));
    let explain = pair.map(|(contact, agent)| Query::Explain(Explain::Pair { contact, agent }));
    v.question(&message.tenant, explain)
}

/// Decodes ExplainOffer.
pub fn explain_offer(message: &pb::ExplainOfferRequest) -> Result<Question, Violations> {
    let mut v = Violations::default();
    let offer = v.take_offer("offer_id", &message.offer_id);
    v.question(&message.tenant, offer.map(|offer| Query::Explain(Explain::Offer(offer))))
}

/// A decoded wish to see what is known of agents' empathy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Learners {
    /// Whose agents.
    pub tenant: TenantId,
    /// The last of the page before.
    pub after: Option<AgentId>,
    /// Most rows.
    pub limit: usize,
}

/// Decodes ListEmpathy.
pub fn list_empathy(message: &pb::ListEmpathyRequest) -> Result<Learners, Violations> {
    let mut v = Violations::default();
    let limit = v.take_page_size(message.page_size);
    let after = v.take_page_token(&message.page_token, List::Learners, AgentId::new);
    let tenant = v.take_tenant(&message.tenant);
    v.finish(tenant.zip(limit).zip(after).map(|((tenant, limit), after)| Learners { tenant, after, limit }))
}
