"""A contact's way as its platform drives it: announced, waiting, parked, moved, changed, ended."""

import time
from datetime import timedelta

import pytest

from office import ahead, eventually, moment, refused, seconds


def test_an_announced_contact_comes(office):
    office.announce_contact(contact_id="c1", expected_time=ahead(minutes=1), details={"context": "from the bot"})
    announced = office.contact("c1")
    assert announced["state"] == "CONTACT_STATE_ANNOUNCED" and announced["queue"] == ""
    assert announced["details"]["context"] == "from the bot"
    assert office.counts("front") == {}
    office.enqueue("c1", details={"context": "from the bot, twice"})
    assert office.state("c1") == "QUEUED" and office.contact("c1")["details"]["context"] == "from the bot, twice"


def test_an_announced_contact_can_be_withdrawn(office):
    office.announce_contact(contact_id="c1", expected_time=ahead(minutes=1))
    office.cancel_contact(contact_id="c1", reason="CANCEL_REASON_WITHDRAWN")
    assert office.outcome("c1") == "CANCELLED"


def test_an_enqueued_contact_waits_with_all_that_was_said(office):
    details = {"customer_id": "k7", "attributes": {"topic": "lost card", "język": "polski"}, "context": "日本語"}
    answer = office.enqueue("c1", details=details)
    assert answer["queue"] == "front"
    contact = office.contact("c1")
    assert contact["details"] == details
    assert (contact["state"], contact["queue"], contact["channel"]) == ("CONTACT_STATE_QUEUED", "front", "chat")
    assert contact["arrival_time"] == contact["virtual_arrival_time"] == answer["virtual_arrival_time"]
    assert contact["outcome"] == "CONTACT_OUTCOME_UNSPECIFIED" and contact["agent_id"] == ""


def test_a_queues_priority_and_an_earlier_arrival_are_a_head_start(office):
    office.enqueue("now")
    earlier = office.enqueue("earlier", arrival_time=ahead(minutes=-5))
    urgent = office.enqueue("urgent", queue="urgent")
    assert moment(urgent["virtual_arrival_time"]) < moment(earlier["virtual_arrival_time"]) - timedelta(minutes=50)
    assert seconds(office.contact("earlier")["waited_duration"]) >= 300
    ana = office.desk("ana", capacity=50)
    for contact in ("urgent", "earlier", "now"):
        ana.take(contact)
        office.complete_contact(contact_id=contact)


def test_contacts_are_listed_by_page_queue_and_state(office):
    names = [f"c{number:03}" for number in range(120)]
    for name in names:
        office.enqueue(name, queue="back" if name.endswith("7") else "front")
    office.park_contact(contact_id="c005")
    first = office.list_contacts()
    assert [contact["contact_id"] for contact in first["contacts"]] == names[:100]
    listed = office.rows("list_contacts", "contacts", page_size=7)
    assert [contact["contact_id"] for contact in listed] == names
    back = office.rows("list_contacts", "contacts", queue="back", page_size=5)
    assert [contact["contact_id"] for contact in back] == [name for name in names if name.endswith("7")]
    parked = office.rows("list_contacts", "contacts", states=["CONTACT_STATE_PARKED"])
    assert [contact["contact_id"] for contact in parked] == ["c005"]


def test_an_update_replaces_details_and_requirement(office):
    ana = office.desk("ana", skills={"cards": 90})
    office.enqueue("c1", requirement={"all": [{"skill": "polish", "proficiency": 60}]}, details={"context": "one"})
    office.update_contact(contact_id="c1", details={"context": "two"})
    assert office.contact("c1")["details"]["context"] == "two" and not ana.has_offer_of("c1")
    office.update_contact(contact_id="c1", requirement={"all": [{"skill": "cards", "proficiency": 60}]})
    ana.take("c1")
    office.update_contact(contact_id="c1", details={"context": "three"})
    assert ana.wait_for("contact_updated", contact_id="c1")["details"]["context"] == "three"
    office.complete_contact(contact_id="c1")


def test_a_parked_contact_is_offered_to_nobody_until_it_is_released(office):
    ana = office.desk("ana", state="AWAY")
    office.enqueue("c1")
    office.enqueue("c2")
    office.park_contact(contact_id="c1", longest="3600s")
    assert office.state("c1") == "PARKED" and office.counts("front") == {"waiting": 2, "parked": 1}
    ana.be("AVAILABLE")
    ana.take("c2")
    assert not ana.has_offer_of("c1")
    office.release_contact(contact_id="c1")
    ana.take("c1")


def test_a_parked_contact_is_released_by_itself(office):
    ana = office.desk("ana")
    office.enqueue("c1", excluded_agent_ids=["ana"])
    office.enqueue("c2", requirement={"all": [{"skill": "polish"}]})
    office.park_contact(contact_id="c2", longest="0.2s")
    office.agent("ana", skills={"polish": 1})
    assert office.state("c2") == "PARKED"
    ana.take("c2")
    assert office.state("c1") == "QUEUED", "she is excluded from it"


def test_parking_takes_an_open_offer_back(office):
    ana = office.desk("ana")
    office.enqueue("c1")
    offer = ana.offered("c1")
    office.park_contact(contact_id="c1")
    assert ana.rescinded(offer) == "CONTACT_LEFT"


def test_a_requeued_contact_keeps_its_place_or_starts_anew(office):
    for contact in ("c1", "c2", "c3"):
        office.enqueue(contact)
    assert [office.position(contact) for contact in ("c1", "c2", "c3")] == [0, 1, 2]
    kept = office.requeue_contact(contact_id="c1", place="PLACE_KEEP")
    assert kept["queue"] == "front" and office.position("c1") == 0
    office.requeue_contact(contact_id="c1", place="PLACE_NEW")
    assert [office.position(contact) for contact in ("c2", "c3", "c1")] == [0, 1, 2]
    office.requeue_contact(contact_id="c1", queue="back", place="PLACE_KEEP")
    assert office.contact("c1")["queue"] == "back" and office.counts("front") == {"waiting": 2}


def test_a_requeued_engagement_is_over(office):
    ana = office.desk("ana", capacity=50)
    office.engaged(ana, "c1")
    office.requeue_contact(contact_id="c1", queue="back", place="PLACE_KEEP")
    assert ana.offered("c1")["queue"] == "back"
    assert office.contact("c1")["agent_id"] == ""


@pytest.mark.parametrize(
    "reason, outcome", [("CUSTOMER_LEFT", "ABANDONED"), ("WITHDRAWN", "CANCELLED")], ids=lambda word: word.lower()
)
def test_a_cancelled_contact_says_how_it_ended(office, reason, outcome):
    ana = office.desk("ana")
    office.enqueue("c1")
    offer = ana.offered("c1")
    office.cancel_contact(contact_id="c1", reason=f"CANCEL_REASON_{reason}")
    assert ana.rescinded(offer) == "CONTACT_LEFT"
    assert office.state("c1") == "CLOSED" and office.outcome("c1") == outcome
    assert office.contact("c1")["close_time"] and office.counts("front") == {}
    with refused("CONTACT_EXISTS"):
        office.enqueue("c1")


def test_the_longest_wait_ends_or_leads_elsewhere(office):
    office.enqueue("c1", queue="impatient")
    office.enqueue("c2", queue="overflowing")
    eventually(lambda: office.outcome("c1") == "EXPIRED")
    eventually(lambda: office.contact("c2")["queue"] == "back")
    assert office.state("c2") == "QUEUED"


def test_a_full_queue_overflows_or_refuses(office):
    assert office.enqueue("c1", queue="spilling")["queue"] == "spilling"
    assert office.enqueue("c2", queue="spilling")["queue"] == "back"
    assert office.requeue_contact(contact_id="c2", queue="spilling", place="PLACE_KEEP")["queue"] == "back"
    office.enqueue("c3", queue="single")
    with refused("QUEUE_FULL", "RESOURCE_EXHAUSTED"):
        office.enqueue("c4", queue="single")


def test_a_step_lets_in_who_did_not_fit(office):
    ana = office.desk("ana", skills={"cards": 30})
    began = time.monotonic()
    office.enqueue("c1", queue="skilled")
    offer = ana.offered("c1")
    assert time.monotonic() - began >= 0.35, "before the step she does not fit"
    assert offer["choice"]["step"] == 1 and office.contact("c1")["step"] == 1


def test_a_requirement_of_every_shape_finds_who_has_it(office):
    ana = office.desk("ana", skills={"billing": 70, "cards": 40})
    everything = {
        "all": [{"skill": "billing", "proficiency": 70}],
        "any": [{"skill": "polish"}, {"skill": "cards"}],
        "none": [{"skill": "polish"}],
        "at_least": {"count": 1, "of": [{"skill": "cards", "proficiency": 80}, {"skill": "cards", "proficiency": 40}]},
    }
    office.enqueue("c1", requirement=everything)
    ana.take("c1")
    office.enqueue("c2", queue="bilingual")
    office.agent("ben", skills={"polish": 50})
    assert office.state("c2") == "QUEUED"
    office.follow("ben").be("AVAILABLE")
    eventually(lambda: office.state("c2") == "OFFERED")
