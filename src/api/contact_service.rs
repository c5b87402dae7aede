//! ContactService: contacts as the platform drives them.
//!
//! Invariant: each call decodes, asks for admission if it brings a contact, passes on and encodes, and does nothing else.

use tonic::{Request, Response, Status, Streaming};

use crate::{
    engine::{Reply, view::Answer},
    shard::Directory,
};

use super::{
    Draining,
    admission::Admission,
    call::{ask, change},
    decode::{self, Mutation},
    encode,
    enqueue_stream::Enqueues,
    item_stream::{self, ItemStream},
    page_token::{self, List},
    pb,
    signal_stream::Signals,
    signals, status, traced,
};

/// The service, on the shards of this directory.
#[derive(Clone)]
pub struct Contacts {
    directory: Directory,
    admission: Admission,
    draining: Draining,
}

impl Contacts {
    /// On these shards.
    pub fn new(directory: Directory, admission: Admission, draining: Draining) -> Self {
        Self { directory, admission, draining }
    }

    /// Has a new contact taken, if it may be.
    async fn bring(&self, mutation: Mutation) -> Result<Reply, Status> {
        self.admission.arrive(&mutation.tenant, 1)?;
        change(&self.directory, mutation).await
    }
}

#[tonic::async_trait]
impl pb::contact_service_server::ContactService for Contacts {
    type EnqueueContactsStream = ItemStream<pb::EnqueueContactsResponse>;
    type SignalsStream = ItemStream<pb::SignalsResponse>;

    async fn announce_contact(
        &self,
        request: Request<pb::AnnounceContactRequest>,
    ) -> Result<Response<pb::AnnounceContactResponse>, Status> {
        self.bring(decode::announce_contact(request.into_inner())?).await?;
        Ok(Response::new(pb::AnnounceContactResponse {}))
    }

    async fn enqueue_contact(
        &self,
        request: Request<pb::EnqueueContactRequest>,
    ) -> Result<Response<pb::EnqueueContactResponse>, Status> {
        let of_caller = traced::of_caller(request.metadata());
        let mutation = decode::enqueue_contact(request.into_inner())?.began_at(of_caller);
        let reply = self.bring(mutation).await?;
        let (queue, place) = encode::queued(&reply)?;
        Ok(Response::new(pb::EnqueueContactResponse { queue, virtual_arrival_time: Some(place) }))
    }

    async fn enqueue_contacts(
        &self,
        request: Request<Streaming<pb::EnqueueContactsRequest>>,
    ) -> Result<Response<Self::EnqueueContactsStream>, Status> {
        let enqueues = Enqueues { directory: self.directory.clone(), admission: self.admission.clone() };
        Ok(Response::new(item_stream::open(enqueues, request.into_inner(), self.draining.clone())))
    }

    async fn get_contact(
        &self,
        request: Request<pb::GetContactRequest>,
    ) -> Result<Response<pb::GetContactResponse>, Status> {
        match ask(&self.directory, decode::get_contact(request.get_ref())?).await? {
            Answer::Contact(view) => {
                Ok(Response::new(pb::GetContactResponse { contact: Some(encode::contact(*view)) }))
            }
            Answer::Ended { contact, closed } => {
                let contact = Some(encode::ended(&contact, closed));
                Ok(Response::new(pb::GetContactResponse { contact }))
            }
            other => Err(status::unexpected(&other)),
        }
    }

    async fn list_contacts(
        &self,
        request: Request<pb::ListContactsRequest>,
    ) -> Result<Response<pb::ListContactsResponse>, Status> {
        match ask(&self.directory, decode::list_contacts(request.get_ref())?).await? {
            Answer::Contacts { contacts, next } => Ok(Response::new(pb::ListContactsResponse {
                contacts: contacts.into_iter().map(encode::contact).collect(),
                next_page_token: page_token::encode(List::Contacts, next.as_ref().map(|last| last.as_str())),
            })),
            other => Err(status::unexpected(&other)),
        }
    }

    async fn update_contact(
        &self,
        request: Request<pb::UpdateContactRequest>,
    ) -> Result<Response<pb::UpdateContactResponse>, Status> {
        change(&self.directory, decode::update_contact(request.into_inner())?).await?;
        Ok(Response::new(pb::UpdateContactResponse {}))
    }

    async fn signal(&self, request: Request<pb::SignalRequest>) -> Result<Response<pb::SignalResponse>, Status> {
        let decode::Heard { tenant, request } = decode::signal(request.into_inner())?;
        let shard = self.directory.shard_of(&tenant)?;
        let reply = shard.call(&tenant, request.clone()).await?;
        Ok(Response::new(signals::outcome(&tenant, &request.command, &reply)?))
    }

    async fn signals(
        &self,
        request: Request<Streaming<pb::SignalsRequest>>,
    ) -> Result<Response<Self::SignalsStream>, Status> {
        let signals = Signals { directory: self.directory.clone() };
        Ok(Response::new(item_stream::open(signals, request.into_inner(), self.draining.clone())))
    }

    async fn park_contact(
        &self,
        request: Request<pb::ParkContactRequest>,
    ) -> Result<Response<pb::ParkContactResponse>, Status> {
        change(&self.directory, decode::park_contact(request.get_ref())?).await?;
        Ok(Response::new(pb::ParkContactResponse {}))
    }

    async fn release_contact(
        &self,
        request: Request<pb::ReleaseContactRequest>,
    ) -> Result<Response<pb::ReleaseContactResponse>, Status> {
        change(&self.directory, decode::release_contact(request.get_ref())?).await?;
        Ok(Response::new(pb::ReleaseContactResponse {}))
    }

    async fn requeue_contact(
        &self,
        request: Request<pb::RequeueContactRequest>,
    ) -> Result<Response<pb::RequeueContactResponse>, Status> {
        let reply = change(&self.directory, decode::requeue_contact(request.get_ref())?).await?;
        let (queue, place) = encode::queued(&reply)?;
        Ok(Response::new(pb::RequeueContactResponse { queue, virtual_arrival_time: Some(place) }))
    }

    async fn transfer_contact(
        &self,
        request: Request<pb::TransferContactRequest>,
    ) -> Result<Response<pb::TransferContactResponse>, Status> {
        let reply = change(&self.directory, decode::transfer_contact(request.get_ref())?).await?;
        let (queue, place) = encode::queued(&reply)?;
        Ok(Response::new(pb::TransferContactResponse { queue, virtual_arrival_time: Some(place) }))
    }

    async fn complete_contact(
        &self,
        request: Request<pb::CompleteContactRequest>,
    ) -> Result<Response<pb::CompleteContactResponse>, Status> {
        let reply = change(&self.directory, decode::complete_contact(request.get_ref())?).await?;
        Ok(Response::new(pb::CompleteContactResponse { wrap_up_end_time: encode::wrap_up_if_any(&reply)? }))
    }

    async fn cancel_contact(
        &self,
        request: Request<pb::CancelContactRequest>,
    ) -> Result<Response<pb::CancelContactResponse>, Status> {
        change(&self.directory, decode::cancel_contact(request.get_ref())?).await?;
        Ok(Response::new(pb::CancelContactResponse {}))
    }

    async fn erase_customer(
        &self,
        request: Request<pb::EraseCustomerRequest>,
    ) -> Result<Response<pb::EraseCustomerResponse>, Status> {
        change(&self.directory, decode::erase_customer(request.into_inner())?).await?;
        Ok(Response::new(pb::EraseCustomerResponse {}))
    }
}
