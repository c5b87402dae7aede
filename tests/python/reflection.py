"""A platform and a desktop in another language, with nothing generated: everything is learnt by server reflection.

    python3 tests/python/reflection.py [ADDRESS]

Against a running attuned with the embedded routing document: an agent signs in, a contact arrives, the offer is shown,
accepted and completed; then wrong calls must name the field that is wrong. Exits with 0 if all of it happens. The whole
suite is beside it: `python3 -m pytest tests/python`.
"""

import sys
import uuid

from api import Api, Refused, connect
from desk import Desk

SERVICES = {
    "attune.v1.AgentService",
    "attune.v1.ConfigService",
    "attune.v1.ContactService",
    "attune.v1.WaitService",
    "grpc.health.v1.Health",
}


def check(condition, what):
    if not condition:
        raise AssertionError(what)


def refusal(call, **fields):
    try:
        call(**fields)
    except Refused as refused:
        return refused
    raise AssertionError("the call was not refused")


def walk(api):
    missing = SERVICES - api.services()
    check(not missing, f"reflection does not list {missing}")
    print("reflection lists", ", ".join(sorted(api.services())))

    agent, contact = f"py-agent-{uuid.uuid4().hex[:8]}", f"py-contact-{uuid.uuid4().hex[:8]}"
    api.put_agent(agent_id=agent, profile={"skills": {"cards": 100, "lang_en": 100}})
    desk = Desk(api, agent)
    desk.be("AVAILABLE")
    print("agent signed in and available")

    details = {"attributes": {"topic": "lost card"}, "context": "tried self-service twice"}
    queued = api.enqueue_contact(
        contact_id=contact, queue="cards", channel="chat", target={"agent_id": agent}, details=details
    )
    check(queued["queue"] == "cards", queued)
    # Others may wait as well, and be offered first.
    offer = desk.offered(contact)
    check(offer["details"]["context"] == "tried self-service twice", offer)
    desk.ack(offer)
    desk.accept(offer)
    engaged = api.get_contact(contact_id=contact)["contact"]
    check(engaged["state"] == "CONTACT_STATE_ENGAGED" and engaged["agent_id"] == agent, engaged)
    print("contact offered, accepted and engaged, because", offer["choice"]["rule"])

    api.complete_contact(contact_id=contact)
    api.end_wrap_up(agent_id=agent, contact_id=contact)
    closed = api.get_contact(contact_id=contact)["contact"]
    check(closed["outcome"] == "CONTACT_OUTCOME_HANDLED", closed)
    print("contact handled")

    wrong = refusal(api.enqueue_contact, contact_id="not a name", channel="chat")
    check((wrong.code, wrong.reason) == ("INVALID_ARGUMENT", "INVALID_REQUEST"), wrong)
    check({field for field, _ in wrong.fields} == {"contact_id", "queue"}, wrong)
    for field, description in wrong.fields:
        print(f"refused, with the field named: {field}: {description}")
    wrong = refusal(api.enqueue_contact, contact_id=f"{contact}-2", queue="card", channel="chat")
    check((wrong.code, wrong.reason) == ("NOT_FOUND", "QUEUE_UNKNOWN"), wrong)
    wrong = refusal(api.get_contact, contact_id=f"{contact}-2")
    check((wrong.code, wrong.reason) == ("NOT_FOUND", "CONTACT_UNKNOWN"), "a refused contact left a trace")
    print("refusals left no trace")

    desk.be("OFFLINE")
    desk.close()
    api.delete_agent(agent_id=agent)


def main():
    with connect(sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1:7700") as channel:
        walk(Api(channel))


if __name__ == "__main__":
    main()
