//! Messages of the API as JSON and back, by protobuf's own mapping: the API's names, times as RFC 3339, durations in
//! seconds.
//!
//! Invariant: every field of a message is there, also one that has its default; a key that no field has is refused. What
//! the keys mean stands where they are declared, in `proto/attune/v1`.

use std::sync::LazyLock;

use prost::Name;
use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor, SerializeOptions};
use serde_json::{Deserializer, Serializer};
use tonic_types::pb::FILE_DESCRIPTOR_SET as ERROR_DETAILS;

use crate::api::pb;

static POOL: LazyLock<DescriptorPool> = LazyLock::new(|| {
    let whole = "the descriptors are the ones this program was compiled from";
    let mut pool = DescriptorPool::decode(pb::DESCRIPTORS).expect(whole);
    // What travels as details of a refusal.
    pool.decode_file_descriptor_set(ERROR_DETAILS).expect(whole);
    pool
});

/// Writes a message on one line.
pub fn to_json<M: Name>(message: &M) -> String {
    let dynamic = DynamicMessage::decode(descriptor::<M>(), message.encode_to_vec().as_slice())
        .expect("a message can be read by its own descriptor");
    let options =
        SerializeOptions::new().use_proto_field_name(true).stringify_64_bit_integers(false).skip_default_fields(false);
    let mut json = Serializer::new(Vec::new());
    dynamic.serialize_with_options(&mut json, &options).expect("times and durations of the daemon are in range");
    String::from_utf8(json.into_inner()).expect("JSON is text")
}

/// Reads a message; the error reads well after the place where it was.
pub fn from_json<M: Name + Default>(text: &str) -> Result<M, String> {
    let mut json = Deserializer::from_str(text);
    let message = DynamicMessage::deserialize(descriptor::<M>(), &mut json).map_err(|error| error.to_string())?;
    json.end().map_err(|error| error.to_string())?;
    message.transcode_to().map_err(|error| error.to_string())
}

fn descriptor<M: Name>() -> MessageDescriptor {
    POOL.get_message_by_name(&M::full_name()).expect("every message of the API is in its descriptors")
}

#[cfg(test)]
mod tests {
    use prost_types::{Duration, Timestamp};

    use super::*;

    #[test]
    fn messages_are_written_with_the_api_s_names_and_read_back() {
        let contact = pb::Contact {
            contact_id: "c1".into(),
            state: pb::ContactState::Queued.into(),
            arrival_time: Some(Timestamp { seconds: 1_764_000_000, nanos: 0 }),
            waited_duration: Some(Duration { seconds: 1, nanos: 500_000_000 }),
            ..Default::default()
        };
        let json = to_json(&contact);
        for part in [
            r#""contact_id":"c1""#,
            r#""state":"CONTACT_STATE_QUEUED""#,
            r#""arrival_time":"2025-11-24T16:00:00Z""#,
            r#""waited_duration":"1.500s""#,
            r#""offers_made":0"#,
            r#""open_offers":[]"#,
        ] {
            assert!(json.contains(part), "{part} is not in {json}");
        }
        assert_eq!(from_json::<pb::Contact>(&json), Ok(contact));
        assert!(from_json::<pb::Contact>(r#"{"contact":"c1"}"#).unwrap_err().contains("contact"));
    }
}
