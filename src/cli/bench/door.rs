//! How contacts come in.

use std::sync::Arc;

use tokio::sync::mpsc;
use tonic::{Status, transport::Channel};

use crate::api::pb::{
    self, contact_service_client::ContactServiceClient as Contacts, enqueue_contact_result::Result as Outcome,
};

use super::{batches::batches, board::Board};

/// A way in; whatever comes of a contact is noted on the board.
#[derive(Debug)]
pub enum Door {
    /// A call for each contact, over these connections in turn.
    Unary(Vec<Channel>),
    /// One call for all of them.
    Streamed(mpsc::UnboundedSender<pb::EnqueueContactRequest>),
}

impl Door {
    /// Opens the one call.
    pub async fn streamed(channel: Channel, board: &Arc<Board>) -> Result<Self, Status> {
        let (contacts, messages) = batches(|contacts| pb::EnqueueContactsRequest { contacts });
        let mut stream = Contacts::new(channel).enqueue_contacts(messages).await?.into_inner();
        let board = Arc::clone(board);
        tokio::spawn(async move {
            loop {
                match stream.message().await {
                    Ok(Some(message)) => message.results.into_iter().for_each(|result| note(result, &board)),
                    Ok(None) => return board.broke(Status::unavailable("the enqueue stream ended")),
                    Err(status) => return board.broke(status),
                }
            }
        });
        Ok(Self::Streamed(contacts))
    }

    /// Sends a contact, without waiting for the answer.
    pub fn enqueue(&self, number: u64, request: pb::EnqueueContactRequest, board: &Arc<Board>) {
        match self {
            Self::Unary(channels) => {
                let mut contacts = Contacts::new(channels[number as usize % channels.len()].clone());
                let board = Arc::clone(board);
                tokio::spawn(async move {
                    match contacts.enqueue_contact(request).await {
                        Ok(_) => board.taken(),
                        Err(status) => board.refused(status),
                    }
                });
            }
            // A call that has ended has told the board.
            Self::Streamed(contacts) => drop(contacts.send(request)),
        }
    }
}

fn note(result: pb::EnqueueContactResult, board: &Board) {
    match result.result {
        Some(Outcome::Refused(refusal)) => board.refused(Status::new(refusal.code.into(), refusal.message)),
        _ => board.taken(),
    }
}
