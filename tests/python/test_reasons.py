"""Every reason for a refusal: the call that provokes it, what it carries, and that it changed nothing.

The list of reasons and their codes are the daemon's own, read by reflection from errors.proto, so that a new reason
without a provocation fails here.
"""

import json

import pytest

from api import PACKAGE
from office import ahead, eventually, refused

# Reasons that no call to a healthy daemon can provoke, or that another test provokes, and why.
EXCEPTIONS = {
    "DOCUMENT_SWEEPING": "lasts milliseconds while thousands wait; see tests/config_api.rs",
    "DISK_FULL": "needs a disk that is full; see tests/shard.rs",
    "FROZEN": "needs a disk that fails; see tests/shard.rs",
    "INTERNAL": "a defect of the daemon; there is none that we know of",
    "OUTCOME_UNKNOWN": "needs a disk that fails; see tests/shard.rs",
    "OVERLOADED": "needs a daemon of its own; see test_overload.py",
    "SHUTTING_DOWN": "ends the daemon; see test_drain.py",
}

PROVOCATIONS = []


def provokes(reason, *fields):
    """A function that prepares a refusal with that reason, at these fields, and returns the call."""

    def note(prepare):
        PROVOCATIONS.append(pytest.param(prepare, reason, set(fields), id=prepare.__name__))
        return prepare

    return note


def json_document(**parts):
    return {"format": "DOCUMENT_FORMAT_JSON", "text": json.dumps(parts)}


@provokes("INVALID_REQUEST", "contact_id", "queue", "channel", "target.window", "details", "request_id")
def every_field_at_fault_is_named(office):
    return lambda: office.enqueue_contact(
        request_id="",
        contact_id="not a name",
        channel="x" * 129,
        target={"agent_id": "ana", "window": "-1s"},
        details={"context": "x" * 8193},
    )


@provokes("DOCUMENT_INVALID", "document.queues.front.priority", "document.queues.front.colour")
def a_document_with_two_faults(office):
    document = json_document(channels={"chat": {}}, queues={"front": {"priority": "soon", "colour": "red"}})
    return lambda: office.apply_document(document=document)


@provokes("OUT_OF_RANGE", "expected_time")
def announced_for_tomorrow(office):
    return lambda: office.announce_contact(contact_id="c1", expected_time=ahead(days=1))


@provokes("OUT_OF_RANGE", "arrival_time")
def arrived_in_the_future(office):
    return lambda: office.enqueue("c1", arrival_time=ahead(minutes=1))


@provokes("OUT_OF_RANGE", "profile.capacity")
def less_capacity_than_work(office):
    office.engaged(office.desk("ana"), "c1")
    return lambda: office.agent("ana", capacity=49)


@provokes("REQUIREMENT_UNMATCHABLE", "requirement")
def what_the_queue_asks_and_the_contact_forbids(office):
    return lambda: office.enqueue("c1", queue="bilingual", requirement={"none": [{"skill": "polish"}]})


@provokes("REQUEST_REUSED", "request_id")
def a_request_id_for_another_contact(office):
    office.enqueue("c1", request_id="r1")
    return lambda: office.enqueue("c2", request_id="r1")


@provokes("TENANT_UNKNOWN", "tenant")
def a_stranger(office):
    return lambda: office.enqueue("c1", tenant="nobody")


@provokes("CONTACT_UNKNOWN", "contact_id")
def a_contact_that_never_was(office):
    return lambda: office.complete_contact(contact_id="c1")


@provokes("AGENT_UNKNOWN", "agent_id")
def presence_of_nobody(office):
    return lambda: office.set_presence(agent_id="ana", presence={"state": "PRESENCE_STATE_OFFLINE"})


@provokes("AGENT_UNKNOWN", "target.agent_id")
def a_target_who_is_nobody(office):
    return lambda: office.enqueue("c1", target={"agent_id": "ana"})


@provokes("QUEUE_UNKNOWN", "queue")
def a_queue_that_is_misspelt(office):
    return lambda: office.enqueue("c1", queue="frnt")


@provokes("SKILL_UNKNOWN", "requirement")
def a_skill_that_is_misspelt(office):
    return lambda: office.enqueue("c1", requirement={"all": [{"skill": "billin"}]})


@provokes("CHANNEL_UNKNOWN", "channel")
def a_channel_that_is_misspelt(office):
    return lambda: office.enqueue("c1", channel="chatt")


@provokes("OFFER_UNKNOWN", "offer_id")
def an_offer_of_somebody_else(office):
    office.agent("ben")
    ana = office.desk("ana")
    office.enqueue("c1")
    offer = ana.offered("c1")
    ana.ack(offer)
    return lambda: office.accept_offer(agent_id="ben", offer_id=offer["offer_id"])


@provokes("ENGAGEMENT_UNKNOWN", "contact_id")
def wrap_up_without_an_engagement(office):
    office.agent("ana")
    office.enqueue("c1")
    return lambda: office.end_wrap_up(agent_id="ana", contact_id="c1")


@provokes("CONTACT_EXISTS")
def a_contact_twice(office):
    office.enqueue("c1")
    return lambda: office.enqueue("c1")


@provokes("CONTACT_CLOSED")
def a_contact_that_has_left(office):
    office.enqueue("c1")
    office.cancel_contact(contact_id="c1", reason="CANCEL_REASON_CUSTOMER_LEFT")
    return lambda: office.park_contact(contact_id="c1")


@provokes("CONTACT_STATE")
def completing_what_waits(office):
    office.enqueue("c1")
    return lambda: office.complete_contact(contact_id="c1")


@provokes("AGENT_BUSY")
def removing_who_is_signed_in(office):
    office.desk("ana")
    return lambda: office.delete_agent(agent_id="ana")


@provokes("AGENT_EXCLUDED", "agent.agent_id")
def a_transfer_to_somebody_the_contact_excludes(office):
    office.agent("ben")
    office.engaged(office.desk("ana"), "c1", excluded_agent_ids=["ben"])
    return lambda: office.transfer_contact(contact_id="c1", agent={"agent_id": "ben"}, place="PLACE_KEEP")


@provokes("OUT_OF_RANGE", "offer_id")
def extending_an_offer_that_was_not_shown(office):
    ana = office.desk("ana")
    office.enqueue("c1")
    offer = ana.offered("c1")
    return lambda: ana.extend(offer, "1s")


@provokes("INVALID_REQUEST", "target.agent_id")
def asking_for_whom_one_excludes(office):
    office.agent("ana")
    return lambda: office.enqueue("c1", target={"agent_id": "ana"}, excluded_agent_ids=["ana"])


@provokes("INVALID_REQUEST")
def a_request_that_is_too_large(office):
    return lambda: office.enqueue("c1", details={"context": "x" * (1 << 20)})


@provokes("NO_SESSION")
def available_without_a_stream(office):
    office.agent("ana")
    return lambda: office.set_presence(agent_id="ana", presence={"state": "PRESENCE_STATE_AVAILABLE"})


@provokes("CHANNEL_NOT_TAKEN", "channel")
def a_chat_for_the_telephone(office):
    return lambda: office.enqueue("c1", queue="calls", channel="chat")


@provokes("QUEUES_NOT_EMPTY")
def removing_a_queue_with_a_contact(office):
    office.enqueue("c1")
    document = json_document(channels={"chat": {}}, queues={"back": {}})
    return lambda: office.apply_document(document=document)


@provokes("QUEUE_MOVES_INVALID", "moves[front].to")
def moving_contacts_to_a_queue_that_does_not_take_them(office):
    office.enqueue("c1")
    queues = {"calls": {"channels": ["voice"]}}
    document = json_document(channels={"chat": {}, "voice": {}}, queues=queues)
    return lambda: office.apply_document(document=document, moves=[{"from": "front", "to": "calls"}])


@provokes("CHANNELS_IN_USE")
def removing_a_channel_with_a_contact(office):
    office.enqueue("c1")
    document = json_document(channels={"voice": {}}, queues={"front": {}})
    return lambda: office.apply_document(document=document)


@provokes("VERSION_MISMATCH")
def a_document_on_top_of_one_that_is_not_in_force(office):
    document = office.get_document()["document"]
    return lambda: office.apply_document(document=document, etag="4711-00000000000000aa")


@provokes("DOCUMENT_VERSION_UNKNOWN", "version")
def a_version_that_never_was(office):
    return lambda: office.roll_back_document(version="4711")


@provokes("AGENT_CHANGED")
def putting_an_agent_who_has_changed(office):
    etag = office.put_agent(agent_id="ana", profile={"display_name": "Ana"})["etag"]
    office.put_agent(agent_id="ana", profile={"display_name": "Anna"})
    return lambda: office.put_agent(agent_id="ana", profile={"display_name": "Ann"}, etag=etag)


@provokes("AGENT_EXISTS")
def creating_an_agent_who_exists(office):
    office.put_agent(agent_id="ana", profile={})
    return lambda: office.put_agent(agent_id="ana", profile={}, mode="PUT_MODE_CREATE")


@provokes("OFFER_EXPIRED")
def accepting_too_late(office):
    ana = office.desk("ana")
    office.enqueue("c1", queue="hasty")
    offer = ana.offered("c1")
    ana.ack(offer)
    ana.rescinded(offer)
    return lambda: ana.accept(offer)


@provokes("OFFER_TAKEN")
def accepting_what_somebody_else_has(office):
    ana, ben = office.desk("ana"), office.desk("ben")
    office.enqueue("c1", queue="pair")
    ana.accept(ana.offered("c1"))
    return lambda: ben.accept(ben.offered("c1"))


@provokes("OFFER_RESCINDED")
def accepting_a_contact_that_left(office):
    ana = office.desk("ana")
    office.enqueue("c1")
    offer = ana.offered("c1")
    office.cancel_contact(contact_id="c1", reason="CANCEL_REASON_CUSTOMER_LEFT")
    return lambda: ana.accept(offer)


@provokes("DECLINE_FORBIDDEN")
def declining_where_nobody_may(office):
    ana = office.desk("ana")
    office.enqueue("c1", queue="pair")
    offer = ana.offered("c1")
    ana.ack(offer)
    return lambda: ana.decline(offer)


@provokes("EXTENSION_TOO_LONG", "by")
def extending_beyond_what_the_queue_allows(office):
    ana = office.desk("ana")
    office.enqueue("c1")
    offer = ana.offered("c1")
    ana.ack(offer)
    return lambda: ana.extend(offer, "3600s")


@provokes("QUEUE_FULL")
def one_contact_too_many(office):
    office.enqueue("c1", queue="single")
    return lambda: office.enqueue("c2", queue="single")


@provokes("QUEUE_DRAINING")
def a_contact_for_a_queue_that_drains(office):
    office.drain_queue(queue="back", actor="sam", reason="end of shift")
    return lambda: office.enqueue("c1", queue="back")


@provokes("AGENT_EXCLUDED", "agent.agent_id")
def pulling_a_contact_to_whom_it_excludes(office):
    office.desk("ana")
    office.enqueue("c1", excluded_agent_ids=["ana"])
    return lambda: office.pull_contact(contact_id="c1", agent={"agent_id": "ana"}, actor="sam", reason="no one else")


@provokes("CUSTOMER_BUSY")
def erasing_a_customer_who_waits(office):
    office.enqueue("c1", details={"customer_id": "kim"})
    return lambda: office.erase_customer(customer_id="kim", actor="sam", reason="asked for it")


@provokes("LIMIT_REACHED")
def too_many_channels_over_all_documents(office):
    def document(letter):
        channels = {f"{letter}{number}": {} for number in range(32)}
        return json_document(channels=channels, queues={"front": {}})

    office.apply_document(document=document("a"))
    return lambda: office.apply_document(document=document("b"))


def heard(office, signal_id, **fields):
    fields = {"modality": "SIGNAL_MODALITY_TEXT", "valence": {"value": -0.5, "confidence": 0.9}, **fields}
    return office.signal(signal={"contact_id": "c1", "signal_id": signal_id, **fields})


@provokes("AGENT_EMOTION", "signal.role")
def how_the_agent_feels(office):
    office.enqueue("c1")
    return lambda: heard(office, "s1", role="PARTICIPANT_ROLE_AGENT")


@provokes("SIGNAL_LATE")
def a_signal_from_before_the_last_thirty_two(office):
    office.enqueue("c1")
    for second in range(33):
        heard(office, f"s{second}", observed_time=ahead(seconds=second - 60))
    return lambda: heard(office, "late", observed_time=ahead(seconds=-90))


@provokes("SIGNAL_SWITCHED_OFF")
def a_voice_where_none_is_to_be_heard(office):
    office.enqueue("c1")
    return lambda: heard(office, "s1", modality="SIGNAL_MODALITY_ACOUSTIC")


@pytest.mark.parametrize("prepare, reason, fields", PROVOCATIONS)
def test_a_refusal_says_why_and_changes_nothing(office, prepare, reason, fields):
    call = prepare(office)
    before = office.picture()
    with refused(reason, office.documented_reasons()[reason]) as caught:
        call()
    refusal = caught[0]
    assert refusal.domain == PACKAGE and refusal.message
    assert {field for field, _ in refusal.fields} == fields, refusal
    assert all(description for _, description in refusal.fields), refusal
    assert office.picture() == before


def test_every_reason_is_provoked(api):
    documented = api.documented_reasons()
    provoked = {provocation.values[1] for provocation in PROVOCATIONS}
    assert provoked | set(EXCEPTIONS) == set(documented)
    assert not provoked & set(EXCEPTIONS), "no exception is needed for what can be had"
    assert all(documented.values()), "errors.proto names a code for each"


def test_a_misspelt_name_is_told_what_was_meant(office):
    with refused("QUEUE_UNKNOWN") as caught:
        office.enqueue("c1", queue="frnt")
    assert caught[0].metadata["similar"] == "front" and "front" in caught[0].message
    assert caught[0].resource == ("attune.v1.Queue", "frnt")


def test_what_stands_in_the_way_is_listed(office):
    office.enqueue("c1")
    office.enqueue("c2", queue="back")
    with refused("QUEUES_NOT_EMPTY") as caught:
        office.apply_document(document=json_document(channels={"chat": {}}, queues={"other": {}}))
    assert {subject for _, subject in caught[0].in_the_way} == {"front", "back"}


def test_a_refused_request_id_stays_free(office):
    with refused("QUEUE_UNKNOWN"):
        office.enqueue("c1", queue="frnt", request_id="r1")
    office.enqueue("c1", request_id="r1")
    eventually(lambda: office.state("c1") == "QUEUED")
