//! Any method by its descriptor: bytes there, bytes back, and what a refusal says.

use prost::{
    Message,
    bytes::{Buf, BufMut},
};
use prost_reflect::{DynamicMessage, MethodDescriptor, ReflectMessage, Value};
use tonic::{
    Code, Request, Status,
    client::Grpc,
    codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder},
    transport::Channel,
};
use tonic_types::StatusExt;

/// What a refused call said.
#[derive(Debug)]
pub struct Refusal {
    pub code: String,
    pub reason: String,
    pub domain: String,
    pub message: String,
    /// Fields at fault, and why.
    pub fields: Vec<(String, String)>,
}

impl Refusal {
    pub fn new(status: &Status) -> Self {
        let info = status.get_details_error_info();
        let violations = status.get_details_bad_request().map(|bad| bad.field_violations).unwrap_or_default();
        Self {
            code: code_name(status.code()).to_owned(),
            reason: info.as_ref().map(|info| info.reason.clone()).unwrap_or_default(),
            domain: info.map(|info| info.domain).unwrap_or_default(),
            message: status.message().to_owned(),
            fields: violations.into_iter().map(|violation| (violation.field, violation.description)).collect(),
        }
    }
}

/// As google.rpc names it.
pub fn code_name(code: Code) -> &'static str {
    match code {
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::Unavailable => "UNAVAILABLE",
        _ => "UNEXPECTED",
    }
}

/// Sends one message and reads the first answer; a refusal inside of a stream's answer is one like any other.
pub async fn call(channel: &Channel, method: &MethodDescriptor, request: Vec<u8>) -> Result<DynamicMessage, Status> {
    let mut grpc = Grpc::new(channel.clone());
    grpc.ready().await.map_err(|error| Status::unknown(error.to_string()))?;
    let path = format!("/{}/{}", method.parent_service().full_name(), method.name());
    let path = path.parse().expect("a path");
    // On the wire a single message is a stream of one.
    let requests = Request::new(futures_util::stream::iter([request]));
    let mut answers = grpc.streaming(requests, path, Raw).await?.into_inner();
    let answer = answers.message().await?.ok_or_else(|| Status::unknown("the call ended without an answer"))?;
    let answer = DynamicMessage::decode(method.output(), answer.as_slice()).expect("an answer of its type");
    match inner_refusal(&answer) {
        Some(refusal) => Err(refusal),
        None => Ok(answer),
    }
}

/// The first attune.v1.Refusal in a message; field for field it is a google.rpc.Status.
fn inner_refusal(message: &DynamicMessage) -> Option<Status> {
    if message.descriptor().full_name() == "attune.v1.Refusal" {
        let code = message.get_field_by_name("code")?.as_i32()?;
        let words = message.get_field_by_name("message")?.as_str()?.to_owned();
        return Some(Status::with_details(Code::from(code), words, message.encode_to_vec().into()));
    }
    message.fields().find_map(|(_, value)| match value {
        Value::Message(inner) => inner_refusal(inner),
        Value::List(items) => items.iter().filter_map(Value::as_message).find_map(inner_refusal),
        _ => None,
    })
}

/// Messages as they are.
#[derive(Clone, Copy)]
struct Raw;

impl Codec for Raw {
    type Encode = Vec<u8>;
    type Decode = Vec<u8>;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Raw {
    type Item = Vec<u8>;
    type Error = Status;

    fn encode(&mut self, item: Vec<u8>, to: &mut EncodeBuf<'_>) -> Result<(), Status> {
        to.put_slice(&item);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Vec<u8>;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<Vec<u8>>, Status> {
        let mut item = vec![0; from.remaining()];
        from.copy_to_slice(&mut item);
        Ok(Some(item))
    }
}
