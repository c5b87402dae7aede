//! The floor: a bare unary call of a hundred bytes, answered with the same bytes.

use std::sync::Arc;

use tokio::time::Instant;
use tonic::{
    Request, Response, Status, client::Grpc, codegen::http::uri::PathAndQuery, service::Routes, transport::Channel,
};
use tonic_prost::ProstCodec;

use super::{
    board::{Board, contact_id},
    host::Host,
    line::Traffic,
    office::{DOORS, OfficeError, lines},
    rounds::Load,
    rpc,
    usage::Process,
};

/// Bytes of the message: about an enqueue without details.
const BYTES: usize = 100;

const PATH: &str = "/attune.bench.Echo/Echo";

/// The server. A plain vector of bytes is a message with one field, `google.protobuf.BytesValue`.
pub fn routes() -> Routes {
    rpc::unary(axum::Router::new(), PATH, &Arc::new(()), |(), bytes: Vec<u8>| Ok(bytes)).into()
}

/// One call.
async fn echo(channel: Channel) -> Result<Response<Vec<u8>>, Status> {
    let mut client = Grpc::new(channel);
    client.ready().await.map_err(|error| Status::unavailable(error.to_string()))?;
    let codec = ProstCodec::<Vec<u8>, Vec<u8>>::default();
    client.unary(Request::new(vec![7; BYTES]), PathAndQuery::from_static(PATH), codec).await
}

/// Bare calls, as a load.
#[derive(Debug)]
pub struct EchoLoad {
    channels: Vec<Channel>,
    board: Arc<Board>,
    traffic: Arc<Traffic>,
    process: Process,
    next: u64,
}

impl EchoLoad {
    /// Connects to an echo server.
    pub async fn open(host: &Host) -> Result<Self, OfficeError> {
        let traffic = Arc::new(Traffic::default());
        let channels = lines(&host.authority, DOORS, &traffic).await?;
        Ok(Self { channels, board: Arc::new(Board::new(0)), traffic, process: host.process.clone(), next: 0 })
    }
}

impl Load for EchoLoad {
    fn board(&self) -> &Arc<Board> {
        &self.board
    }

    fn traffic(&self) -> &Traffic {
        &self.traffic
    }

    fn process(&self) -> Option<&Process> {
        Some(&self.process)
    }

    fn send(&mut self, due: Instant) {
        let number = self.next;
        self.next += 1;
        self.board.sent(number, due);
        let (board, channel) = (Arc::clone(&self.board), self.channels[number as usize % DOORS].clone());
        tokio::spawn(async move {
            match echo(channel).await {
                Ok(_) => {
                    board.taken();
                    board.offered(0, &contact_id("", number));
                    board.engaged();
                    board.completed();
                }
                Err(status) => board.broke(status),
            }
        });
    }
}
