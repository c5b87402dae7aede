//! A contact centre in which everything can be got wrong: a contact in each state, an offer with each end.

use std::{
    collections::BTreeMap,
    time::{Duration, SystemTime},
};

use attune::api::pb::{self, agent_service_client::AgentServiceClient, watch_offers_response::Event};
use prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage, MethodDescriptor, SerializeOptions};
use serde::de::DeserializeSeed;
use serde_json::{Value, json};
use tokio::time::timeout;
use tonic::{Streaming, transport::Channel};

use super::{
    call::{Refusal, call},
    odd_time::OddTime,
    pool,
};

/// Its routing document.
pub const OFFICE: &str = include_str!("../office.toml");

/// What changes by itself while nothing happens.
const MOVING: &[&str] = &["waited_duration", "oldest_waited_duration"];

/// One tenant, and all that goes on there.
pub struct World {
    channel: Channel,
    tenant: String,
    pool: DescriptorPool,
    /// What `$name` stands for in the tables.
    names: BTreeMap<&'static str, String>,
    /// Open for as long as the world is.
    streams: BTreeMap<&'static str, Streaming<pb::WatchOffersResponse>>,
}

impl World {
    /// The same world at another daemon, where its agents' streams are not open.
    pub async fn moved_to(self, address: &str) -> Self {
        Self { channel: connect(address).await, streams: BTreeMap::new(), ..self }
    }

    /// Sets the scene in a tenant where nothing has happened yet.
    pub async fn open(address: &str, tenant: &str) -> Self {
        let channel = connect(address).await;
        let names = BTreeMap::from([
            ("in_a_minute", time_in(60)),
            ("in_two_hours", time_in(7_200)),
            ("tenant", tenant.to_owned()),
            ("office", OFFICE.to_owned()),
            ("crowded", document_of_channels("b", 31)),
        ]);
        let mut world = Self { channel, tenant: tenant.to_owned(), pool: pool(), names, streams: BTreeMap::new() };
        world.use_up_names().await;
        world.employ().await;
        world.make_offers().await;
        world.queue().await;
        world
    }

    /// The method of this name.
    pub fn method(&self, name: &str) -> MethodDescriptor {
        let services = self.pool.services().filter(|service| service.package_name() == "attune.v1");
        let methods = services.flat_map(|service| service.methods().collect::<Vec<_>>());
        let found = methods.into_iter().find(|method| method.name() == name);
        found.unwrap_or_else(|| panic!("no service has a method {name}"))
    }

    /// A request as it travels: in this tenant and under an id of its own, unless it says otherwise.
    pub fn encode(&self, method: &MethodDescriptor, request: &Value) -> Vec<u8> {
        let mut request = self.named(request);
        let fields = request.as_object_mut().expect("a request is an object");
        if method.input().get_field_by_name("tenant").is_some() {
            fields.entry("tenant").or_insert_with(|| self.tenant.clone().into());
        }
        if method.input().get_field_by_name("request_id").is_some() {
            fields.entry("request_id").or_insert_with(|| "of-the-table".into());
        }
        let odd = OddTime::take_out_of(&mut request);
        let message = method.input().deserialize(request.clone());
        let mut message = message.unwrap_or_else(|error| panic!("{}: {error}: {request}", method.name()));
        odd.iter().for_each(|odd| odd.put_into(&mut message));
        message.encode_to_vec()
    }

    /// What this request is answered.
    pub async fn answer_to(&self, method: &MethodDescriptor, request: Vec<u8>) -> Result<DynamicMessage, Refusal> {
        call(&self.channel, method, request).await.map_err(|status| Refusal::new(&status))
    }

    /// How this request is refused; `None` if it is not.
    pub async fn refusal_of(&self, method: &MethodDescriptor, request: Vec<u8>) -> Option<Refusal> {
        self.answer_to(method, request).await.err()
    }

    /// Everything that a refused call could have changed.
    pub async fn picture(&self) -> Value {
        let mut picture = json!([
            self.done("ListContacts", json!({"page_size": 500})).await,
            self.done("ListAgents", json!({"page_size": 500})).await,
            self.done("ListQueueStatistics", json!({"page_size": 500})).await,
            self.done("GetDocument", json!({})).await,
        ]);
        hold_still(&mut picture);
        picture
    }

    /// Calls what must succeed.
    async fn done(&self, method: &str, request: Value) -> Value {
        let method = self.method(method);
        let answer = call(&self.channel, &method, self.encode(&method, &request)).await;
        let answer = answer.unwrap_or_else(|status| panic!("{} {request}: {status}", method.name()));
        let options = SerializeOptions::new().use_proto_field_name(true).skip_default_fields(false);
        answer.serialize_with_options(serde_json::value::Serializer, &options).expect("an answer as JSON")
    }

    /// Calls what must succeed, each time under another id.
    async fn change(&self, method: &str, mut request: Value) -> Value {
        let id =
            format!("{method}-{}", request["contact_id"].as_str().or(request["agent_id"].as_str()).unwrap_or("it"));
        request.as_object_mut().expect("an object").entry("request_id").or_insert(id.into());
        self.done(method, request).await
    }

    /// Half of all the channel names that a tenant may ever use, so that a document can want too many.
    async fn use_up_names(&mut self) {
        let toml = |text: &str| json!({"format": "DOCUMENT_FORMAT_TOML", "text": text});
        let crowd = json!({"format": "DOCUMENT_FORMAT_JSON", "text": document_of_channels("a", 32)});
        let applied = self.change("ApplyDocument", json!({"request_id": "used", "document": crowd})).await;
        self.names.insert("old_etag", applied["etag"].as_str().unwrap_or_default().to_owned());
        let applied = self.change("ApplyDocument", json!({"document": toml(OFFICE)})).await;
        self.names.insert("document_etag", applied["etag"].as_str().unwrap_or_default().to_owned());
    }

    /// Ana works, Ben and Eva could, Dan never signed in, Fay is somebody to remove.
    async fn employ(&mut self) {
        for agent in ["ana", "ben", "dan", "eva", "fay"] {
            let profile = json!({"capacity": 1_000, "skills": {"billing": 50}});
            let put = self.change("PutAgent", json!({"agent_id": agent, "profile": profile})).await;
            if agent == "fay" {
                self.names.insert("etag", put["etag"].as_str().unwrap_or_default().to_owned());
            }
        }
        for agent in ["ana", "ben", "eva"] {
            let mut agents = AgentServiceClient::new(self.channel.clone());
            let (tenant, session) = (self.tenant.clone(), format!("{agent}-1"));
            let request = pb::WatchOffersRequest { tenant, agent_id: agent.into(), session_id: session };
            let stream = agents.watch_offers(request).await.expect("the stream opens").into_inner();
            self.streams.insert(agent, stream);
        }
    }

    async fn make_offers(&mut self) {
        self.be("ana", "AVAILABLE").await;
        self.be("ben", "AVAILABLE").await;
        self.enqueue("won", "pair", "").await;
        let (to_ana, to_ben) = (self.offer("ana", "won").await, self.offer("ben", "won").await);
        self.change("AcceptOffer", json!({"agent_id": "ana", "offer_id": to_ana})).await;
        self.names.insert("taken", to_ben);
        self.be("ben", "AWAY").await;

        for (contact, queue, name) in [("shown", "front", "open"), ("firm", "pair", "firm")] {
            self.enqueue(contact, queue, "ana").await;
            let offer = self.offer("ana", contact).await;
            self.change("AckOffer", json!({"request_id": name, "agent_id": "ana", "offer_id": offer})).await;
            self.names.insert(name, offer);
        }
        self.enqueue("left", "front", "ana").await;
        let offer = self.offer("ana", "left").await;
        self.names.insert("rescinded", offer);
        self.change("CancelContact", json!({"contact_id": "left", "reason": "CANCEL_REASON_CUSTOMER_LEFT"})).await;

        for (contact, queue) in [("engaged", "front"), ("wrapping", "wrapped")] {
            self.enqueue(contact, queue, "ana").await;
            let offer = self.offer("ana", contact).await;
            let accept = json!({"request_id": format!("accept-{contact}"), "agent_id": "ana", "offer_id": offer});
            self.change("AcceptOffer", accept).await;
        }
        self.change("CompleteContact", json!({"contact_id": "wrapping"})).await;
        let picky = json!({"request_id": "picky", "contact_id": "picky", "queue": "front", "channel": "chat",
                           "target": {"agent_id": "ana"}, "excluded_agent_ids": ["ben"]});
        self.change("EnqueueContact", picky).await;
        let offer = self.offer("ana", "picky").await;
        self.change("AcceptOffer", json!({"request_id": "accept-picky", "agent_id": "ana", "offer_id": offer})).await;

        self.be("eva", "AVAILABLE").await;
        self.enqueue("late", "hasty", "eva").await;
        let offer = self.offer("eva", "late").await;
        self.change("AckOffer", json!({"agent_id": "eva", "offer_id": offer})).await;
        // Set away for not answering: then the offer has expired.
        self.wait_for("eva", |event| matches!(event, Event::PresenceChanged(_)).then_some(())).await;
        self.names.insert("expired", offer);
    }

    /// Contacts that wait for Dan, who never comes.
    async fn queue(&self) {
        for (contact, queue) in [("waiting", "front"), ("parked", "front"), ("alone", "single"), ("gone", "front")] {
            self.enqueue(contact, queue, "dan").await;
        }
        let choosy = json!({"contact_id": "choosy", "queue": "front", "channel": "chat",
                            "target": {"agent_id": "dan"}, "excluded_agent_ids": ["ben"],
                            "details": {"customer_id": "kim"}});
        self.change("EnqueueContact", choosy).await;
        self.change("ParkContact", json!({"contact_id": "parked"})).await;
        self.change("CancelContact", json!({"contact_id": "gone", "reason": "CANCEL_REASON_WITHDRAWN"})).await;
        let closing = json!({"actor": "lea", "reason": "closing early", "queue": "urgent"});
        self.change("DrainQueue", closing).await;
        self.change("AnnounceContact", json!({"contact_id": "coming", "expected_time": "$in_a_minute"})).await;
    }

    async fn enqueue(&self, contact: &str, queue: &str, target: &str) {
        let mut request = json!({"contact_id": contact, "queue": queue, "channel": "chat"});
        if !target.is_empty() {
            request["target"] = json!({"agent_id": target});
        }
        self.change("EnqueueContact", request).await;
    }

    async fn be(&self, agent: &str, state: &str) {
        let presence = json!({"state": format!("PRESENCE_STATE_{state}")});
        let request = json!({"request_id": format!("{agent}-{state}"), "agent_id": agent, "presence": presence});
        self.change("SetPresence", request).await;
    }

    /// The id of the offer of this contact to this agent.
    async fn offer(&mut self, agent: &str, contact: &str) -> String {
        self.wait_for(agent, |event| match event {
            Event::Offer(offer) if offer.contact_id == contact => Some(offer.offer_id),
            _ => None,
        })
        .await
    }

    async fn wait_for<T>(&mut self, agent: &str, wanted: impl Fn(Event) -> Option<T>) -> T {
        let stream = self.streams.get_mut(agent).expect("the agent has a stream");
        loop {
            let message = timeout(Duration::from_secs(10), stream.message()).await.expect("something is told in time");
            let message = message.expect("the stream lives").expect("the stream goes on");
            if let Some(found) = message.event.and_then(&wanted) {
                return found;
            }
        }
    }

    /// With what `$name` stands for.
    fn named(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => match text.strip_prefix('$') {
                Some(name) => self.names.get(name).unwrap_or_else(|| panic!("nothing is named {text}")).clone().into(),
                None => text.clone().into(),
            },
            Value::Array(items) => items.iter().map(|item| self.named(item)).collect(),
            Value::Object(fields) => fields
                .iter()
                .map(|(key, value)| (key.clone(), self.named(value)))
                .collect::<serde_json::Map<_, _>>()
                .into(),
            other => other.clone(),
        }
    }
}

async fn connect(address: &str) -> Channel {
    let channel = Channel::from_shared(format!("http://{address}")).expect("an address");
    channel.connect().await.expect("the daemon answers")
}

/// In RFC 3339.
fn time_in(seconds: u64) -> String {
    prost_types::Timestamp::from(SystemTime::now() + Duration::from_secs(seconds)).to_string()
}

/// A document with so many channels that nobody has named before, beside what the scene's contacts need.
fn document_of_channels(letter: &str, count: usize) -> String {
    let names = (0..count).map(|number| format!("{letter}{number}"));
    let needed = (count < 32).then(|| "chat".to_owned());
    let channels: serde_json::Map<_, _> = names.chain(needed).map(|name| (name, json!({}))).collect();
    let queues = ["front", "hasty", "pair", "single", "wrapped"];
    let queues: serde_json::Map<_, _> = queues.into_iter().map(|name| (name.to_owned(), json!({}))).collect();
    json!({"channels": channels, "queues": queues}).to_string()
}

fn hold_still(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(hold_still),
        Value::Object(fields) => {
            fields.retain(|key, _| !MOVING.contains(&key.as_str()));
            fields.values_mut().for_each(hold_still);
        }
        _ => {}
    }
}
