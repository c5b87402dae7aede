//! A span for each call, as long as it takes to answer it, or to open its stream.
//!
//! Invariant: a call whose caller names a place in a trace is part of that trace; without an exporter nothing is done.
//! Not here: what comes of calls later (`shard::observe`).

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
};

use tonic::{
    Code, Status,
    body::Body,
    codegen::http::{HeaderMap, Request, Response},
    metadata::MetadataMap,
};
use tower::{Layer, Service};

use crate::{
    model::{time::Timestamp, trace::TraceContext},
    shard::{clock, observe::place},
    telemetry::spans::{self, Kind, Span, Value},
};

const PARENT: &str = "traceparent";
const STATE: &str = "tracestate";

/// The place in a trace that a caller names. One that cannot be read is none, as the recommendation has it: a trace is never
/// a reason to refuse a call.
pub fn of_caller(metadata: &MetadataMap) -> Option<Box<TraceContext>> {
    of_headers(metadata.as_ref()).map(Box::new)
}

fn of_headers(headers: &HeaderMap) -> Option<TraceContext> {
    let mut parents = headers.get_all(PARENT).iter();
    let (parent, others) = (parents.next()?.to_str().ok()?, parents.next());
    if others.is_some() {
        return None;
    }
    let states: Option<Vec<&str>> = headers.get_all(STATE).iter().map(|state| state.to_str().ok()).collect();
    let with_state = states.and_then(|states| TraceContext::parse(parent, &states.join(",")).ok());
    // What vendors say is dropped if it is wrong; the trace goes on.
    with_state.or_else(|| TraceContext::parse(parent, "").ok())
}

/// Puts a span around each call.
#[derive(Debug, Clone, Copy)]
pub struct Traces;

/// A service within it.
#[derive(Debug, Clone)]
pub struct Traced<S> {
    inner: S,
}

impl<S> Layer<S> for Traces {
    type Service = Traced<S>;

    fn layer(&self, inner: S) -> Traced<S> {
        Traced { inner }
    }
}

/// What a call is answered by.
type Answer = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

impl<S> Service<Request<Body>> for Traced<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible, Future = Answer>,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Answer;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Answer {
        if !spans::is_on() {
            return self.inner.call(request);
        }
        let (path, parent, began) = (request.uri().path().to_owned(), of_headers(request.headers()), clock::now());
        let answer = self.inner.call(request);
        Box::pin(async move {
            let answer = answer.await;
            match &answer {
                Ok(response) => tell(&path, parent.as_ref(), began, response.headers()),
                Err(never) => match *never {},
            }
            answer
        })
    }
}

fn tell(path: &str, parent: Option<&TraceContext>, began: Timestamp, headers: &HeaderMap) {
    let name = path.trim_start_matches('/');
    let (service, method) = name.rsplit_once('/').unwrap_or((name, ""));
    // A refusal has its status before everything else; an answer behind it, where it is always OK.
    let status = Status::from_header_map(headers);
    let code = status.as_ref().map_or(Code::Ok, Status::code);
    let attributes = [
        ("rpc.system", Value::Text("grpc")),
        ("rpc.service", Value::Text(service)),
        ("rpc.method", Value::Text(method)),
        ("rpc.grpc.status_code", Value::Number(i64::from(code as i32))),
    ];
    spans::tell(&Span {
        name,
        kind: Kind::Server,
        parent: parent.map(place),
        link: None,
        began_us: began.0,
        ended_us: clock::now().0,
        attributes: &attributes,
        // Its words may repeat what the caller said, which may be personal.
        failed: (code != Code::Ok).then(|| code.description()),
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACE: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    fn told(headers: &[(&'static str, &str)]) -> Option<TraceContext> {
        let mut metadata = MetadataMap::new();
        for (name, value) in headers {
            metadata.append(*name, value.parse().unwrap());
        }
        of_caller(&metadata).map(|trace| *trace)
    }

    #[test]
    fn a_caller_s_place_is_read_or_left_alone() {
        let whole = told(&[(PARENT, PLACE), (STATE, "a=1"), (STATE, "b=2")]).unwrap();
        assert_eq!((whole.parent().as_str(), whole.state()), (PLACE, "a=1,b=2"));
        let wrong_state = told(&[(PARENT, PLACE), (STATE, "nonsense")]).unwrap();
        assert_eq!((wrong_state.parent().as_str(), wrong_state.state()), (PLACE, ""));
        assert_eq!(told(&[]), None);
        assert_eq!(told(&[(STATE, "a=1")]), None);
        assert_eq!(told(&[(PARENT, "00-nonsense")]), None);
        assert_eq!(told(&[(PARENT, PLACE), (PARENT, PLACE)]), None, "two places are none");
    }
}
