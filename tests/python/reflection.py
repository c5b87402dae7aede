"""A platform and a desktop in another language, with nothing generated: everything is learnt by server reflection.

    python3 tests/python/reflection.py [ADDRESS]

Against a running attuned with the embedded routing document: an agent signs in, a contact arrives, the offer is shown,
accepted and completed; then wrong calls must name the field that is wrong. Exits with 0 if all of it happens.
"""

import queue
import sys
import threading
import uuid

import grpc
from google.protobuf import descriptor_pool, json_format, message_factory
from google.rpc import error_details_pb2
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase
from grpc_status import rpc_status

SERVICES = {
    "attune.v1.AgentService",
    "attune.v1.ConfigService",
    "attune.v1.ContactService",
    "attune.v1.WaitService",
    "grpc.health.v1.Health",
}
SECONDS_MAX = 10


class Api:
    """Calls by name, with messages as dictionaries."""

    def __init__(self, channel):
        self.channel = channel
        self.database = ProtoReflectionDescriptorDatabase(channel)
        self.pool = descriptor_pool.DescriptorPool(self.database)

    def services(self):
        return set(self.database.get_services())

    def call(self, service, method, **fields):
        return self._call(service, method, fields, stream=False)

    def watch(self, service, method, **fields):
        return self._call(service, method, fields, stream=True)

    def mutate(self, service, method, **fields):
        return self.call(service, method, request_id=str(uuid.uuid4()), **fields)

    def _call(self, service, method, fields, stream):
        described = self.pool.FindServiceByName(f"attune.v1.{service}").FindMethodByName(method)
        request = json_format.ParseDict(fields, message_factory.GetMessageClass(described.input_type)())
        answer = message_factory.GetMessageClass(described.output_type)
        kind = self.channel.unary_stream if stream else self.channel.unary_unary
        call = kind(
            f"/attune.v1.{service}/{method}",
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=answer.FromString,
        )
        if stream:
            return call(request)
        return as_dict(call(request, timeout=SECONDS_MAX))


class Desktop:
    """An agent's stream, read in the background, so that waiting for a message can end."""

    def __init__(self, stream):
        self.stream = stream
        self.messages = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        try:
            for message in self.stream:
                self.messages.put(as_dict(message))
        except grpc.RpcError as error:
            self.messages.put({"broken": str(error)})

    def wait_for(self, kind, **fields):
        while True:
            message = self.messages.get(timeout=SECONDS_MAX)
            if "broken" in message:
                raise AssertionError(message["broken"])
            if kind in message and fields.items() <= message[kind].items():
                return message[kind]


def as_dict(message):
    return json_format.MessageToDict(message, preserving_proto_field_name=True)


def check(condition, what):
    if not condition:
        raise AssertionError(what)


def refused(call):
    """A refusal's code, reason and fields."""
    try:
        call()
    except grpc.RpcError as error:
        reason, fields = "", []
        for detail in rpc_status.from_call(error).details:
            info, request = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
            if detail.Unpack(info):
                reason = info.reason
            if detail.Unpack(request):
                fields = [(violation.field, violation.description) for violation in request.field_violations]
        return error.code(), reason, fields
    raise AssertionError("the call was not refused")


def walk(api):
    missing = SERVICES - api.services()
    check(not missing, f"reflection does not list {missing}")
    print("reflection lists", ", ".join(sorted(SERVICES)))

    agent, contact = f"py-agent-{uuid.uuid4().hex[:8]}", f"py-contact-{uuid.uuid4().hex[:8]}"
    api.mutate("AgentService", "PutAgent", agent_id=agent, profile={"skills": {"cards": 100, "lang_en": 100}})
    stream = api.watch("AgentService", "WatchOffers", agent_id=agent)
    desktop = Desktop(stream)
    desktop.wait_for("welcome")
    api.mutate("AgentService", "SetPresence", agent_id=agent, presence={"state": "PRESENCE_STATE_AVAILABLE"})
    print("agent signed in and available")

    enqueue = {
        "contact_id": contact,
        "queue": "cards",
        "channel": "chat",
        "target": {"agent_id": agent},
        "details": {"attributes": {"topic": "lost card"}, "context": "tried self-service twice"},
    }
    queued = api.mutate("ContactService", "EnqueueContact", **enqueue)
    check(queued["queue"] == "cards", queued)
    # Others may wait as well, and be offered first.
    offer = desktop.wait_for("offer", contact_id=contact)
    check(offer["details"]["context"] == "tried self-service twice", offer)
    api.mutate("AgentService", "AckOffer", agent_id=agent, offer_id=offer["offer_id"])
    api.mutate("AgentService", "AcceptOffer", agent_id=agent, offer_id=offer["offer_id"])
    engaged = api.call("ContactService", "GetContact", contact_id=contact)["contact"]
    check(engaged["state"] == "CONTACT_STATE_ENGAGED" and engaged["agent_id"] == agent, engaged)
    print("contact offered, accepted and engaged, because", offer["choice"]["rule"])

    api.mutate("ContactService", "CompleteContact", contact_id=contact)
    api.mutate("AgentService", "EndWrapUp", agent_id=agent, contact_id=contact)
    closed = api.call("ContactService", "GetContact", contact_id=contact)["contact"]
    check(closed["outcome"] == "CONTACT_OUTCOME_HANDLED", closed)
    print("contact handled")

    def enqueueing(**fields):
        return lambda: api.mutate("ContactService", "EnqueueContact", **fields)

    code, reason, fields = refused(enqueueing(contact_id="not a name", channel="chat"))
    check(code == grpc.StatusCode.INVALID_ARGUMENT and reason == "INVALID_REQUEST", (code, reason))
    check({field for field, _ in fields} == {"contact_id", "queue"}, fields)
    for field, description in fields:
        print(f"refused, with the field named: {field}: {description}")
    code, reason, _ = refused(enqueueing(contact_id=f"{contact}-2", queue="card", channel="chat"))
    check((code, reason) == (grpc.StatusCode.NOT_FOUND, "QUEUE_UNKNOWN"), (code, reason))
    code, reason, _ = refused(lambda: api.call("ContactService", "GetContact", contact_id=f"{contact}-2"))
    check((code, reason) == (grpc.StatusCode.NOT_FOUND, "CONTACT_UNKNOWN"), "a refused contact left a trace")
    print("refusals left no trace")

    api.mutate("AgentService", "SetPresence", agent_id=agent, presence={"state": "PRESENCE_STATE_OFFLINE"})
    stream.cancel()
    api.mutate("AgentService", "DeleteAgent", agent_id=agent)


def main():
    address = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1:7700"
    with grpc.insecure_channel(address) as channel:
        grpc.channel_ready_future(channel).result(timeout=SECONDS_MAX)
        walk(Api(channel))


if __name__ == "__main__":
    main()
