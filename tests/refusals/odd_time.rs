//! Times and spans that JSON refuses to write: `{"seconds": …, "nanos": …}`, whatever the two may be.

use std::slice;

use prost_reflect::{DynamicMessage, Value as Field};
use serde_json::Value;

/// One of them, and where it belongs.
pub struct OddTime {
    path: Vec<String>,
    seconds: i64,
    nanos: i32,
}

impl OddTime {
    /// Takes all of them out of a request, which JSON can then write.
    pub fn take_out_of(request: &mut Value) -> Vec<Self> {
        let mut odd = Vec::new();
        take(request, &[], &mut odd);
        odd
    }

    /// Puts it where it belongs.
    pub fn put_into(&self, message: &mut DynamicMessage) {
        let mut at = message;
        for field in &self.path {
            let inner = at.get_field_by_name_mut(field).and_then(Field::as_message_mut);
            at = inner.unwrap_or_else(|| panic!("no message {field}"));
        }
        at.set_field_by_name("seconds", Field::I64(self.seconds));
        at.set_field_by_name("nanos", Field::I32(self.nanos));
    }
}

fn take(value: &mut Value, above: &[String], odd: &mut Vec<OddTime>) {
    let Value::Object(fields) = value else { return };
    fields.retain(|key, value| {
        let path = [above, slice::from_ref(key)].concat();
        match (value.get("seconds").and_then(Value::as_i64), value.get("nanos").and_then(Value::as_i64)) {
            (Some(seconds), Some(nanos)) => {
                let nanos = i32::try_from(nanos).expect("nanos are a small number");
                odd.push(OddTime { path, seconds, nanos });
                false
            }
            _ => {
                take(value, &path, odd);
                true
            }
        }
    });
}
