//! Requests that never became one: larger than may be, or no protobuf of their type.
//!
//! Invariant: they are refused with a reason like every other; without this the library would call a caller's mistake an
//! internal error of the daemon. Not here: what is wrong with a request that can be read (`decode`).

use tonic::{Code, Status, body::Body, codegen::http::Response};

use super::status;

/// The refusal, if this is what the library says of a request that it could not read; anything else as it is.
pub fn explained(status: Status) -> Status {
    // Whatever the daemon itself refuses has details.
    let by_the_library = status.details().is_empty();
    match status.code() {
        Code::Internal | Code::OutOfRange if by_the_library => status::unreadable(status.message()),
        _ => status,
    }
}

/// The same for a call that is refused before its service has seen it: its response is nothing but a status.
pub fn explain(response: Response<Body>) -> Response<Body> {
    match Status::from_header_map(response.headers()) {
        Some(status) if status.code() != Code::Ok => explained(status).into_http(),
        _ => response,
    }
}

#[cfg(test)]
mod tests {
    use tonic_types::StatusExt;

    use super::*;

    #[test]
    fn only_what_has_no_reason_yet_gets_one() {
        let mute = explained(Status::internal("failed to decode"));
        assert_eq!(mute.code(), Code::InvalidArgument);
        assert_eq!(mute.get_details_error_info().unwrap().reason, "INVALID_REQUEST");
        assert_eq!(mute.message(), "the request cannot be read: failed to decode");
        let defect = status::unexpected(&());
        assert_eq!(explained(defect.clone()).details(), defect.details());
        assert_eq!(explained(Status::unimplemented("")).code(), Code::Unimplemented);
    }

    #[test]
    fn a_response_with_a_body_is_left_alone() {
        let response = explain(Response::new(Body::empty()));
        assert!(response.headers().is_empty());
        let refused = explain(Status::out_of_range("too large").into_http());
        assert_eq!(refused.headers()["grpc-status"], "3");
    }
}
