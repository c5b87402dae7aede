//! The wire: every method of every service, with requests that were right once and with some that never were.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use attune::{
    app::Daemon,
    config::{DocumentSource, Settings},
    model::{
        document::{Document, Format},
        ids::TenantId,
    },
};
use prost::Message;
use prost_reflect::{
    DynamicMessage, FieldDescriptor, Kind, MapKey, MessageDescriptor, MethodDescriptor, ReflectMessage, Value,
};
use tokio::{runtime, time::timeout};
use tonic::{Code, transport::Channel};
use tonic_types::StatusExt;

use super::{
    call::call,
    corpus, methods,
    mutate::Mutator,
    play, pool,
    table::{self, Section},
    world::{OFFICE, World},
};

/// Names of what is there, and of what cannot be.
const NAMES: &[&str] = &[
    "",
    "waiting",
    "parked",
    "engaged",
    "wrapping",
    "shown",
    "coming",
    "gone",
    "ana",
    "ben",
    "dan",
    "fay",
    "front",
    "pair",
    "urgent",
    "hasty",
    "chat",
    "voice",
    "billing",
    "scene",
    "default",
    "a b",
    "\0",
    "é",
    "漢字",
    "used",
    "1",
    "-1",
    "0",
    "18446744073709551616",
    "1-0",
    "lost_card",
];
const NUMBERS: &[i64] =
    &[0, 1, -1, 2, 100, 101, 500, 501, 65_536, i32::MAX as i64, i32::MIN as i64, i64::MAX, i64::MIN];
const LONGEST: Duration = Duration::from_secs(20);
const DEPTH: usize = 5;

/// A daemon with the office of tests/refusals in it.
struct Desk {
    runtime: runtime::Runtime,
    _daemon: Daemon,
    world: World,
    channel: Channel,
    reasons: BTreeSet<String>,
}

impl Desk {
    fn open() -> Self {
        let runtime = runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
        let (daemon, world, channel) = runtime.block_on(async {
            let document = Document::parse(OFFICE, Format::Toml).expect("the office's document is valid");
            let tenant = TenantId::new("scene").expect("a name");
            let tenants = [(tenant, DocumentSource::Given(Arc::new(document)))].into();
            let settings = Settings { tenants, ..Settings::passing() };
            let daemon = Daemon::start(settings).await.expect("the daemon starts");
            let address = daemon.addresses().api.to_string();
            let world = World::open(&address, "scene").await;
            let channel = Channel::from_shared(format!("http://{address}")).expect("an address");
            (daemon, world, channel.connect().await.expect("the daemon answers"))
        });
        let reasons = pool().get_enum_by_name("attune.v1.ErrorReason").expect("the reasons are declared");
        let name = |value: prost_reflect::EnumValueDescriptor| value.name().replace("ERROR_REASON_", "");
        let reasons = reasons.values().filter(|value| value.number() != 0).map(name).collect();
        Self { runtime, _daemon: daemon, world, channel, reasons }
    }

    /// Sends bytes; the answer is one of the method's, or a refusal as documented.
    fn send(&self, method: &MethodDescriptor, request: Vec<u8>) -> Result<(), String> {
        let answered = self.runtime.block_on(async { timeout(LONGEST, call(&self.channel, method, request)).await });
        let refused = match answered {
            Ok(Ok(_)) => return Ok(()),
            Ok(Err(status)) => status,
            Err(_) => panic!("{}: no answer within {LONGEST:?}", method.name()),
        };
        let is_over = refused.message() == "the call ended without an answer";
        if is_over && (method.is_client_streaming() || method.is_server_streaming()) {
            return Ok(());
        }
        let info = refused.get_details_error_info().unwrap_or_else(|| panic!("{}: {refused:?}", method.name()));
        let name = method.name();
        assert!(!matches!(refused.code(), Code::Internal | Code::Unknown | Code::DataLoss), "{name}: {refused:?}");
        assert!(self.reasons.contains(&info.reason) && info.reason != "INTERNAL", "{name}: {refused:?}");
        assert_eq!(info.domain, "attune.v1", "{name}: {refused:?}");
        Err(info.reason)
    }

    /// A request that is right, for each method.
    fn good(&self) -> Vec<(MethodDescriptor, DynamicMessage)> {
        let request = |section: Section| {
            let method = self.world.method(&section.method);
            let bytes = self.world.encode(&method, &section.good);
            let message = DynamicMessage::decode(method.input(), bytes.as_slice()).expect("it was encoded just now");
            (method, message)
        };
        table::read_all().into_iter().map(request).collect()
    }
}

/// How they were answered. Each has an id of its own, or it would be refused as a repetition before all else.
#[derive(Default)]
struct Count {
    sent: usize,
    answers: BTreeMap<String, usize>,
}

impl Count {
    fn name(&self, message: &mut DynamicMessage) {
        if let Some(id) = message.descriptor().get_field_by_name("request_id") {
            message.set_field(&id, Value::String(format!("case-{}", self.sent)));
        }
    }

    fn take(&mut self, answer: Result<(), String>) {
        self.sent += 1;
        *self.answers.entry(answer.err().unwrap_or_else(|| "accepted".to_owned())).or_default() += 1;
    }
}

#[test]
fn requests_may_be_any_bytes() {
    let desk = Desk::open();
    let good = desk.good();
    for (method, _) in &good {
        for (name, bytes) in corpus("wire") {
            let answer = desk.send(method, bytes);
            assert!(name == "empty" || answer.is_err(), "{}: {name} was accepted", method.name());
        }
    }
    let mut count = Count::default();
    play("requests_may_be_any_bytes", 3_000, |mutator| {
        let (method, mut message) = mutator.pick(&good).clone();
        count.name(&mut message);
        let mut request = message.encode_to_vec();
        let other = mutator.pick(&good).1.encode_to_vec();
        match mutator.chance(20) {
            true => request = mutator.bytes(256),
            false => mutator.bytes_of(&mut request, &other),
        }
        count.take(desk.send(&method, request));
    });
    println!("{:?}", count.answers);
    desk.send(&desk.world.method("ListContacts"), list_of_scene()).expect("the daemon lives on");
}

#[test]
fn requests_may_say_anything() {
    let desk = Desk::open();
    let good = desk.good();
    let mut count = Count::default();
    play("requests_may_say_anything", 3_000, |mutator| {
        let (method, right) = mutator.pick(&good).clone();
        let mut message = if mutator.chance(2) { invented(mutator, &method.input(), 0) } else { right };
        let fields: Vec<FieldDescriptor> = method.input().fields().collect();
        for _ in 0..mutator.below(3) {
            if !fields.is_empty() {
                let field = mutator.pick(&fields).clone();
                message.set_field(&field, value(mutator, &field, 0));
            }
        }
        if !mutator.chance(20) {
            count.name(&mut message);
        }
        if let Some(tenant) = method.input().get_field_by_name("tenant").filter(|_| !mutator.chance(20)) {
            message.set_field(&tenant, Value::String("scene".to_owned()));
        }
        count.take(desk.send(&method, message.encode_to_vec()));
    });
    println!("{:?}", count.answers);
    desk.send(&desk.world.method("ListContacts"), list_of_scene()).expect("the daemon lives on");
}

/// A request for the scene's contacts.
fn list_of_scene() -> Vec<u8> {
    let method = methods().into_iter().find(|method| method.name() == "ListContacts").expect("it is there");
    let mut list = DynamicMessage::new(method.input());
    list.set_field_by_name("tenant", Value::String("scene".to_owned()));
    list.encode_to_vec()
}

/// A message with some of its fields, whatever is in them.
fn invented(mutator: &mut Mutator, of: &MessageDescriptor, depth: usize) -> DynamicMessage {
    let mut message = DynamicMessage::new(of.clone());
    for field in of.fields() {
        if depth < DEPTH && mutator.chance(2) {
            message.set_field(&field, value(mutator, &field, depth));
        }
    }
    message
}

fn value(mutator: &mut Mutator, field: &FieldDescriptor, depth: usize) -> Value {
    if field.is_map() {
        let entry = field.kind();
        let entry = entry.as_message().expect("a map's entries are messages");
        let values = entry.map_entry_value_field();
        let pair = |mutator: &mut Mutator| {
            let key = MapKey::String((*mutator.pick(NAMES)).to_owned());
            (key, single(mutator, &values.kind(), depth))
        };
        return Value::Map((0..mutator.below(4)).map(|_| pair(mutator)).collect());
    }
    if field.is_list() {
        let most = if mutator.chance(50) { 300 } else { 4 };
        return Value::List((0..mutator.below(most)).map(|_| single(mutator, &field.kind(), depth)).collect());
    }
    single(mutator, &field.kind(), depth)
}

fn single(mutator: &mut Mutator, kind: &Kind, depth: usize) -> Value {
    let number = *mutator.pick(NUMBERS);
    match kind {
        Kind::Double => Value::F64(*mutator.pick(&[0.0, 0.5, 1.0, -1.0, 1.1, f64::NAN, f64::INFINITY, f64::MIN])),
        Kind::Float => Value::F32(*mutator.pick(&[0.0, 0.5, 1.0, -1.0, 1.1, f32::NAN, f32::INFINITY, f32::MIN])),
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => Value::I32(number as i32),
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => Value::I64(number),
        Kind::Uint32 | Kind::Fixed32 => Value::U32(number as u32),
        Kind::Uint64 | Kind::Fixed64 => Value::U64(number as u64),
        Kind::Bool => Value::Bool(mutator.chance(2)),
        Kind::String => Value::String(text(mutator)),
        Kind::Bytes => Value::Bytes(mutator.bytes(64).into()),
        Kind::Message(of) => Value::Message(invented(mutator, of, depth + 1)),
        Kind::Enum(of) => match mutator.chance(10) {
            true => Value::EnumNumber(number as i32),
            false => {
                let numbers: Vec<i32> = of.values().map(|value| value.number()).collect();
                Value::EnumNumber(*mutator.pick(&numbers))
            }
        },
    }
}

fn text(mutator: &mut Mutator) -> String {
    match mutator.below(12) {
        0 => "x".repeat(mutator.below(20_000)),
        1 => String::from_utf8_lossy(&mutator.bytes(64)).into_owned(),
        2 => format!("new-{}", mutator.below(1_000)),
        _ => (*mutator.pick(NAMES)).to_owned(),
    }
}
