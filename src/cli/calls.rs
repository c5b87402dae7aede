//! Every call that the command line makes, in one table: request, answer, service, and whether it changes something.
//!
//! Invariant: a request's tenant and request id are filled in here and nowhere else; a signal has its own id instead.

use tonic::{Request, Response, Status, service::interceptor::InterceptedService, transport::Channel};

use crate::api::pb;

use super::client::Deadline;

/// A connection that sets each call's deadline.
pub type Line = InterceptedService<Channel, Deadline>;

/// A request that is answered once.
pub trait Call: Clone {
    /// The answer.
    type Answer;

    /// Its message: the method's name and "Request".
    const REQUEST: &'static str;

    /// Says whose it is, and under which id it may be repeated.
    fn fill(&mut self, tenant: &str, request_id: &str);

    /// Makes the call, once.
    fn send(self, line: Line) -> impl Future<Output = Result<Response<Self::Answer>, Status>>;
}

/// Bytes of an answer: a page of contacts at their largest, and a document at its largest.
const ANSWER_BYTES_MAX: usize = 64 << 20;

macro_rules! calls {
    ($($module:ident::$client:ident { $($kind:ident $method:ident($request:ident) -> $answer:ident;)+ })+) => {$($(
        impl Call for pb::$request {
            type Answer = pb::$answer;

            const REQUEST: &'static str = stringify!($request);

            fn fill(&mut self, tenant: &str, request_id: &str) {
                tenant.clone_into(&mut self.tenant);
                calls!(@$kind self, request_id);
            }

            async fn send(self, line: Line) -> Result<Response<pb::$answer>, Status> {
                let client = pb::$module::$client::new(line);
                client.max_decoding_message_size(ANSWER_BYTES_MAX).$method(Request::new(self)).await
            }
        }
    )+)+};
    (@tells $call:ident, $request_id:ident) => {
        if let Some(signal) = &mut $call.signal
            && signal.signal_id.is_empty()
        {
            $request_id.clone_into(&mut signal.signal_id);
        }
    };
    (@reads $call:ident, $request_id:ident) => { let _ = $request_id; };
    (@changes $call:ident, $request_id:ident) => { $request_id.clone_into(&mut $call.request_id) };
}

calls! {
    contact_service_client::ContactServiceClient {
        changes announce_contact(AnnounceContactRequest) -> AnnounceContactResponse;
        changes enqueue_contact(EnqueueContactRequest) -> EnqueueContactResponse;
        reads get_contact(GetContactRequest) -> GetContactResponse;
        reads list_contacts(ListContactsRequest) -> ListContactsResponse;
        changes update_contact(UpdateContactRequest) -> UpdateContactResponse;
        tells signal(SignalRequest) -> SignalResponse;
        changes park_contact(ParkContactRequest) -> ParkContactResponse;
        changes release_contact(ReleaseContactRequest) -> ReleaseContactResponse;
        changes requeue_contact(RequeueContactRequest) -> RequeueContactResponse;
        changes transfer_contact(TransferContactRequest) -> TransferContactResponse;
        changes complete_contact(CompleteContactRequest) -> CompleteContactResponse;
        changes cancel_contact(CancelContactRequest) -> CancelContactResponse;
        changes erase_customer(EraseCustomerRequest) -> EraseCustomerResponse;
    }
    agent_service_client::AgentServiceClient {
        changes put_agent(PutAgentRequest) -> PutAgentResponse;
        reads get_agent(GetAgentRequest) -> GetAgentResponse;
        reads list_agents(ListAgentsRequest) -> ListAgentsResponse;
        changes delete_agent(DeleteAgentRequest) -> DeleteAgentResponse;
        changes set_presence(SetPresenceRequest) -> SetPresenceResponse;
    }
    wait_service_client::WaitServiceClient {
        reads get_position(GetPositionRequest) -> GetPositionResponse;
        reads estimate_wait(EstimateWaitRequest) -> EstimateWaitResponse;
        reads list_quickest_channels(ListQuickestChannelsRequest) -> ListQuickestChannelsResponse;
        reads get_queue_statistics(GetQueueStatisticsRequest) -> GetQueueStatisticsResponse;
        reads list_queue_statistics(ListQueueStatisticsRequest) -> ListQueueStatisticsResponse;
    }
    insight_service_client::InsightServiceClient {
        reads explain_contact(ExplainContactRequest) -> ExplainContactResponse;
        reads list_candidates(ListCandidatesRequest) -> ListCandidatesResponse;
        reads explain_agent(ExplainAgentRequest) -> ExplainAgentResponse;
        reads explain_pair(ExplainPairRequest) -> ExplainPairResponse;
        reads explain_offer(ExplainOfferRequest) -> ExplainOfferResponse;
        reads get_moment_statistics(GetMomentStatisticsRequest) -> GetMomentStatisticsResponse;
        reads list_empathy(ListEmpathyRequest) -> ListEmpathyResponse;
    }
    statistics_service_client::StatisticsServiceClient {
        reads get_statistics(GetStatisticsRequest) -> GetStatisticsResponse;
        reads list_statistics(ListStatisticsRequest) -> ListStatisticsResponse;
    }
    supervisor_service_client::SupervisorServiceClient {
        changes move_contact(MoveContactRequest) -> MoveContactResponse;
        changes move_queue(MoveQueueRequest) -> MoveQueueResponse;
        changes pull_contact(PullContactRequest) -> PullContactResponse;
        changes prioritise_contact(PrioritiseContactRequest) -> PrioritiseContactResponse;
        changes force_presence(ForcePresenceRequest) -> ForcePresenceResponse;
        changes pause_queue(PauseQueueRequest) -> PauseQueueResponse;
        changes drain_queue(DrainQueueRequest) -> DrainQueueResponse;
        changes reopen_queue(ReopenQueueRequest) -> ReopenQueueResponse;
        reads list_actions(ListActionsRequest) -> ListActionsResponse;
    }
    config_service_client::ConfigServiceClient {
        reads get_document(GetDocumentRequest) -> GetDocumentResponse;
        reads validate_document(ValidateDocumentRequest) -> ValidateDocumentResponse;
        changes apply_document(ApplyDocumentRequest) -> ApplyDocumentResponse;
        changes roll_back_document(RollBackDocumentRequest) -> RollBackDocumentResponse;
        reads list_document_versions(ListDocumentVersionsRequest) -> ListDocumentVersionsResponse;
        reads diff_documents(DiffDocumentsRequest) -> DiffDocumentsResponse;
    }
}
