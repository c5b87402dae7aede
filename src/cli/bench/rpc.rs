//! Calls served without a generated service, one path each: what a bare server needs of gRPC.
//!
//! Invariant: the same transport, codec and framing as the daemon's; only the dispatch is by hand, since a generated
//! service would have to answer every call of the API.

use std::{convert::Infallible, sync::Arc};

use axum::{Router, extract::Request};
use prost::Message;
use tokio::sync::oneshot;
use tokio_stream::Stream;
use tonic::{Response, Status, Streaming, server::Grpc};
use tonic_prost::ProstCodec;
use tower::service_fn;

/// An answer that is there, or that comes once it may be known.
pub enum Answer<T> {
    /// There.
    Now(Result<T, Status>),
    /// To come.
    Kept(oneshot::Receiver<Result<T, Status>>),
}

impl<T> Answer<T> {
    /// The answer.
    pub async fn get(self) -> Result<T, Status> {
        match self {
            Self::Now(answer) => answer,
            Self::Kept(answer) => answer.await.unwrap_or_else(|_| Err(Status::unavailable("the server stops"))),
        }
    }
}

impl<T> From<Result<T, Status>> for Answer<T> {
    fn from(answer: Result<T, Status>) -> Self {
        Self::Now(answer)
    }
}

/// Serves a unary call.
pub fn unary<S, Req, Res, A>(router: Router, path: &str, server: &Arc<S>, answer: fn(&S, Req) -> A) -> Router
where
    S: Send + Sync + 'static,
    Req: Message + Default + 'static,
    Res: Message + 'static,
    A: Into<Answer<Res>> + 'static,
{
    let server = Arc::clone(server);
    let call = service_fn(move |request: Request| {
        let server = Arc::clone(&server);
        async move {
            let service = service_fn(move |request: tonic::Request<Req>| {
                let answer = answer(&server, request.into_inner()).into();
                async move { answer.get().await.map(Response::new) }
            });
            Ok::<_, Infallible>(Grpc::new(ProstCodec::<Res, Req>::default()).unary(service, request).await)
        }
    });
    router.route_service(path, call)
}

/// Serves a call that is answered with a stream.
pub fn server_stream<S, Req, Res, T>(
    router: Router,
    path: &str,
    server: &Arc<S>,
    open: fn(&S, Req) -> Result<T, Status>,
) -> Router
where
    S: Send + Sync + 'static,
    Req: Message + Default + 'static,
    Res: Message + 'static,
    T: Stream<Item = Result<Res, Status>> + Send + 'static,
{
    let server = Arc::clone(server);
    let call = service_fn(move |request: Request| {
        let server = Arc::clone(&server);
        async move {
            let service = service_fn(move |request: tonic::Request<Req>| {
                let stream = open(&server, request.into_inner()).map(Response::new);
                async move { stream }
            });
            Ok::<_, Infallible>(Grpc::new(ProstCodec::<Res, Req>::default()).server_streaming(service, request).await)
        }
    });
    router.route_service(path, call)
}

/// Serves a call of two streams.
pub fn streams<S, Req, Res, T>(
    router: Router,
    path: &str,
    server: &Arc<S>,
    open: fn(Arc<S>, Streaming<Req>) -> T,
) -> Router
where
    S: Send + Sync + 'static,
    Req: Message + Default + 'static,
    Res: Message + 'static,
    T: Stream<Item = Result<Res, Status>> + Send + 'static,
{
    let server = Arc::clone(server);
    let call = service_fn(move |request: Request| {
        let server = Arc::clone(&server);
        async move {
            let service = service_fn(move |request: tonic::Request<Streaming<Req>>| {
                let stream = open(Arc::clone(&server), request.into_inner());
                async move { Ok::<_, Status>(Response::new(stream)) }
            });
            Ok::<_, Infallible>(Grpc::new(ProstCodec::<Res, Req>::default()).streaming(service, request).await)
        }
    });
    router.route_service(path, call)
}
