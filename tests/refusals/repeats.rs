//! A mutation whose answer may have been lost with the daemon: repeated under its request id it gets the first answer, and
//! the id is good for nothing else.

use std::time::Duration;

use prost_reflect::{DynamicMessage, MethodDescriptor};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::sleep;

use super::{start_in, table, tenant, world::World};

/// Carries request ids within.
const OF_MANY: &str = "EnqueueContacts";

/// What was asked of a world, and answered.
struct Asked {
    world: World,
    method: MethodDescriptor,
    request: Vec<u8>,
    answer: DynamicMessage,
}

fn mutates(method: &MethodDescriptor) -> bool {
    method.input().get_field_by_name("request_id").is_some() || method.name() == OF_MANY
}

fn id_of(method: &MethodDescriptor, request: &[u8]) -> Option<String> {
    let request = DynamicMessage::decode(method.input(), request).expect("a request of its type");
    Some(request.get_field_by_name("request_id")?.as_str()?.to_owned())
}

/// All that can be seen, once nothing goes on by itself any more: a queue that is emptied takes a while.
async fn settled(world: &World) -> Value {
    let mut picture = world.picture().await;
    loop {
        sleep(Duration::from_millis(50)).await;
        let later = world.picture().await;
        if later == picture {
            return later;
        }
        picture = later;
    }
}

#[tokio::test]
async fn every_mutation_is_answered_after_a_restart_as_before_it() {
    let mut sections = table::read_all();
    let methods = super::methods();
    sections.retain(|section| methods.iter().any(|method| method.name() == section.method && mutates(method)));
    assert!(sections.len() > 30, "{} methods change something", sections.len());

    let folder = TempDir::new().expect("a folder");
    let daemon = start_in(folder.path(), sections.len()).await;
    let mut asked = Vec::new();
    for (number, section) in sections.iter().enumerate() {
        let world = World::open(&daemon.addresses().api.to_string(), &tenant(number)).await;
        let method = world.method(&section.method);
        let request = world.encode(&method, &section.good);
        let answer = world.answer_to(&method, request.clone()).await;
        let answer = answer.unwrap_or_else(|refusal| panic!("{}: {refusal:?}", section.method));
        asked.push(Asked { world, method, request, answer });
    }
    daemon.shutdown().await;

    let daemon = start_in(folder.path(), sections.len()).await;
    let mut failures = Vec::new();
    for Asked { world, method, request, answer } in asked {
        let world = world.moved_to(&daemon.addresses().api.to_string()).await;
        let (name, before) = (method.name(), settled(&world).await);
        let id = id_of(&method, &request);
        match world.answer_to(&method, request).await {
            Ok(again) if again == answer => {}
            Ok(again) => failures.push(format!("{name}: answered {again:?} after {answer:?}")),
            Err(refusal) => failures.push(format!("{name}: {refusal:?}")),
        }
        if let Some(id) = id {
            let reason = "CANCEL_REASON_WITHDRAWN";
            let other = json!({"request_id": id, "contact_id": "somebody-else", "reason": reason});
            let cancel = world.method("CancelContact");
            let refusal = world.refusal_of(&cancel, world.encode(&cancel, &other)).await;
            if refusal.is_none_or(|refusal| refusal.reason != "REQUEST_REUSED") {
                failures.push(format!("{name}: its request id was taken for another call"));
            }
        }
        if world.picture().await != before {
            failures.push(format!("{name}: had another effect"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    daemon.shutdown().await;
}
