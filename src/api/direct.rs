//! The way of the calls that are by far the most: contacts' and agents', past the router.
//!
//! A router looks every path up in a tree, keeps what it found of it, boxes the body twice and clones a service for each
//! call; two comparisons do for these. Invariant: whoever calls sees no difference. Not here: any other service (`routes`).

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
};

use tonic::{
    body::Body,
    codegen::http::{Request, Response},
    server::NamedService,
};
use tower::{Layer, Service};

use super::{
    agent_service::Agents,
    contact_service::Contacts,
    pb::{agent_service_server::AgentServiceServer, contact_service_server::ContactServiceServer},
};

/// The services that need no router.
#[derive(Clone)]
pub struct Direct {
    pub contacts: ContactServiceServer<Contacts>,
    pub agents: AgentServiceServer<Agents>,
}

/// They, and the router for all others.
#[derive(Clone)]
pub struct Directed<S> {
    direct: Direct,
    others: S,
}

impl<S> Layer<S> for Direct {
    type Service = Directed<S>;

    fn layer(&self, others: S) -> Directed<S> {
        Directed { direct: self.clone(), others }
    }
}

impl<S> Service<Request<Body>> for Directed<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible, Future: Send + 'static>,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        // The direct ones always are.
        self.others.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        if is_for::<ContactServiceServer<Contacts>>(&request) {
            self.direct.contacts.call(request)
        } else if is_for::<AgentServiceServer<Agents>>(&request) {
            self.direct.agents.call(request)
        } else {
            Box::pin(self.others.call(request))
        }
    }
}

fn is_for<S: NamedService>(request: &Request<Body>) -> bool {
    let service = request.uri().path().strip_prefix('/').and_then(|path| path.strip_prefix(S::NAME));
    service.is_some_and(|method| method.starts_with('/'))
}
