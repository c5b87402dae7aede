"""Every mutation again under its request id: the same answer, and one effect; with another body it is refused."""

import pytest

from office import ahead, refused

MUTATIONS = {}


def mutation(name, **other):
    """A function that prepares the call of this name and returns its fields; `other` makes it another request."""

    def note(prepare):
        MUTATIONS[name] = (prepare, other)
        return prepare

    return note


def offered(office, **fields):
    ana = office.desk("ana")
    office.enqueue("c1", **fields)
    offer = ana.offered("c1")
    ana.ack(offer)
    return {"agent_id": "ana", "offer_id": offer["offer_id"]}


def wrapping_up(office):
    office.engaged(office.desk("ana"), "c1", queue="wrapped")
    office.complete_contact(contact_id="c1")
    return {"agent_id": "ana", "contact_id": "c1"}


@mutation("AnnounceContact", contact_id="c2")
def announce(office):
    return {"contact_id": "c1", "expected_time": ahead(minutes=1)}


@mutation("EnqueueContact", contact_id="c2")
def enqueue(office):
    return {"contact_id": "c1", "queue": "front", "channel": "chat"}


@mutation("UpdateContact", details={"context": "three"})
def update(office):
    office.enqueue("c1", details={"context": "one"})
    return {"contact_id": "c1", "details": {"context": "two"}}


@mutation("ParkContact", longest="7200s")
def park(office):
    office.enqueue("c1")
    return {"contact_id": "c1", "longest": "3600s"}


@mutation("ReleaseContact", contact_id="c2")
def release(office):
    office.enqueue("c1")
    office.park_contact(contact_id="c1")
    return {"contact_id": "c1"}


@mutation("RequeueContact", place="PLACE_KEEP")
def requeue(office):
    office.enqueue("c1")
    office.enqueue("c2")
    return {"contact_id": "c1", "place": "PLACE_NEW"}


@mutation("TransferContact", place="PLACE_NEW")
def transfer(office):
    office.agent("ben")
    office.engaged(office.desk("ana"), "c1")
    return {"contact_id": "c1", "agent": {"agent_id": "ben"}, "place": "PLACE_KEEP"}


@mutation("CompleteContact", contact_id="c2")
def complete(office):
    office.engaged(office.desk("ana"), "c1", queue="wrapped")
    return {"contact_id": "c1"}


@mutation("CancelContact", reason="CANCEL_REASON_WITHDRAWN")
def cancel(office):
    office.enqueue("c1")
    return {"contact_id": "c1", "reason": "CANCEL_REASON_CUSTOMER_LEFT"}


@mutation("EraseCustomer", customer_id="lee")
def erase(office):
    return {"customer_id": "kim", "actor": "sam", "reason": "asked for it"}


@mutation("PutAgent", profile={"capacity": 300})
def put_agent(office):
    return {"agent_id": "ana", "profile": {"capacity": 200}}


@mutation("DeleteAgent", agent_id="ben")
def delete_agent(office):
    office.agent("ana")
    return {"agent_id": "ana"}


@mutation("SetPresence", presence={"state": "PRESENCE_STATE_OFFLINE"})
def set_presence(office):
    office.engaged(office.desk("ana"), "c1")
    return {"agent_id": "ana", "presence": {"state": "PRESENCE_STATE_AWAY", "reason": "lunch"}}


@mutation("AckOffer", agent_id="ben")
def ack(office):
    ana = office.desk("ana")
    office.enqueue("c1")
    return {"agent_id": "ana", "offer_id": ana.offered("c1")["offer_id"]}


@mutation("AcceptOffer", agent_id="ben")
def accept(office):
    return offered(office)


@mutation("DeclineOffer", reason="tired")
def decline(office):
    # With a second agent the contact has somewhere to go, and stays there.
    fields = offered(office)
    office.agent("ben")
    return {**fields, "reason": "busy"}


@mutation("ExtendOffer", by="2s")
def extend(office):
    return {**offered(office), "by": "1s"}


@mutation("ReportConnectFailed", reason="line busy")
def report_connect_failed(office):
    office.engaged(office.desk("ana"), "c1")
    return {"agent_id": "ana", "contact_id": "c1", "reason": "no media"}


@mutation("ExtendWrapUp", by="2s")
def extend_wrap_up(office):
    return {**wrapping_up(office), "by": "1s"}


@mutation("EndWrapUp", contact_id="c2")
def end_wrap_up(office):
    return wrapping_up(office)


@mutation("MoveContact", place="PLACE_NEW")
def move_contact(office):
    office.enqueue("c1")
    return {"contact_id": "c1", "queue": "back", "place": "PLACE_KEEP", "actor": "sam", "reason": "too long a line"}


@mutation("MoveQueue", place="PLACE_NEW")
def move_queue(office):
    office.enqueue("c1")
    where = {"queue": "front", "destination_queue": "back"}
    return {**where, "place": "PLACE_KEEP", "actor": "sam", "reason": "too long a line"}


@mutation("PullContact", reason="because")
def pull_contact(office):
    office.desk("ana", state="AWAY")
    office.enqueue("c1")
    return {"contact_id": "c1", "agent": {"agent_id": "ana"}, "actor": "sam", "reason": "she knows him"}


@mutation("PrioritiseContact", head_start="-60s")
def prioritise_contact(office):
    office.enqueue("c1")
    return {"contact_id": "c1", "head_start": "60s", "actor": "sam", "reason": "in danger"}


@mutation("ForcePresence", timing="PRESENCE_TIMING_AFTER_WORK")
def force_presence(office):
    office.desk("ana")
    presence = {"state": "PRESENCE_STATE_AWAY", "reason": "drill"}
    timing = "PRESENCE_TIMING_IMMEDIATELY"
    return {"agent_id": "ana", "presence": presence, "timing": timing, "actor": "sam", "reason": "fire drill"}


@mutation("PauseQueue", queue="back")
def pause_queue(office):
    return {"queue": "front", "actor": "sam", "reason": "fire drill"}


@mutation("DrainQueue", queue="back")
def drain_queue(office):
    return {"queue": "front", "actor": "sam", "reason": "end of shift"}


@mutation("ReopenQueue", queue="back")
def reopen_queue(office):
    office.pause_queue(queue="front", actor="sam", reason="fire drill")
    return {"queue": "front", "actor": "sam", "reason": "it is over"}


@mutation("RollBackDocument", note="another reason")
def roll_back_document(office):
    return {"version": office.get_document()["version"]}


@mutation("ApplyDocument", note="another reason")
def apply_document(office):
    return {"document": office.get_document()["document"]}


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_repeated_mutation_has_one_effect(office, name):
    prepare, other = MUTATIONS[name]
    fields = {"request_id": "r1", **prepare(office)}
    call = getattr(office, name[0].lower() + "".join(f"_{c.lower()}" if c.isupper() else c for c in name[1:]))
    answer, after = call(**fields), office.picture()
    assert call(**fields) == answer
    assert office.picture() == after
    with refused("REQUEST_REUSED", "INVALID_ARGUMENT", "request_id"):
        call(**{**fields, **other})
    assert office.picture() == after


def test_every_mutation_is_repeated(api):
    assert set(MUTATIONS) == api.mutations()
