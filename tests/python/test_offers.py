"""What happens to offers: shown, accepted, declined, extended, expired, taken back; to whom they go, and why."""

import time

from office import eventually, moment, refused, seconds


def test_an_offer_tells_all_that_a_desktop_needs(office):
    ana = office.desk("ana", skills={"cards": 80})
    office.enqueue("c1", queue="skilled", channel="voice", details={"context": "lost card", "attributes": {"a": "b"}})
    offer = ana.offered("c1")
    assert (offer["queue"], offer["channel"]) == ("skilled", "voice")
    assert offer["details"]["context"] == "lost card" and offer["details"]["attributes"] == {"a": "b"}
    assert offer["choice"]["rule"] == "CHOICE_RULE_LONGEST_IDLE" and offer["choice"]["document_version"] == "1"
    assert offer["may_decline"] and not offer["automatic"] and "expire_time" not in offer
    assert 0 < seconds(offer["deliver_by_remaining"]) <= 2 and seconds(offer["answer_duration"]) == 20
    contact = office.contact("c1")
    assert contact["open_offers"] == [{"offer_id": offer["offer_id"], "agent_id": "ana"}]
    assert contact["state"] == "CONTACT_STATE_OFFERED" and contact["offers_made"] == 1
    assert ana.work() == {"c1": "OFFERED"} and ana.seen()["capacity_used"] == 100


def test_an_acknowledged_offer_is_accepted_and_completed(office):
    ana = office.desk("ana")
    office.enqueue("c1")
    offer = ana.offered("c1")
    expires = moment(ana.ack(offer)["expire_time"])
    assert abs((expires - moment(offer["offer_time"])).total_seconds() - 1200) < 5
    assert ana.ack(offer)["expire_time"] == ana.ack(offer)["expire_time"], "showing it again gives no more time"
    assert ana.accept(offer)["engagement"] == {"contact_id": "c1", "channel": "chat"}
    contact = office.contact("c1")
    assert contact["state"] == "CONTACT_STATE_ENGAGED" and contact["agent_id"] == "ana"
    assert office.counts("front") == {"engaged": 1} and ana.work() == {"c1": "ENGAGED"}
    assert ana.wait_for("work_changed", contact_id="c1")["work"]["state"] == "WORK_STATE_ENGAGED"
    assert "wrap_up_end_time" not in office.complete_contact(contact_id="c1")
    assert office.outcome("c1") == "HANDLED" and ana.work() == {} and ana.seen()["capacity_used"] == 0
    assert "work" not in ana.wait_for("work_changed", contact_id="c1")


def test_accepting_needs_no_acknowledgement(office):
    ana = office.desk("ana")
    office.enqueue("c1")
    ana.accept(ana.offered("c1"))
    assert office.state("c1") == "ENGAGED"


def test_a_declined_offer_goes_to_somebody_else_and_comes_back(office):
    ana, ben = office.desk("ana"), office.desk("ben", state="AWAY")
    office.enqueue("c1")
    ana.decline(ana.offered("c1"))
    assert office.state("c1") == "QUEUED"
    assert ana.offered("c1"), "after the pause there is still nobody else"
    ben.be("AVAILABLE")
    office.enqueue("c2", excluded_agent_ids=["ana"])
    ben.decline(ben.offered("c2"))
    ben.take("c2")


def test_an_offer_is_extended_as_far_as_the_queue_allows(office):
    ana = office.desk("ana")
    office.enqueue("c1")
    offer = ana.offered("c1")
    expires = moment(ana.ack(offer)["expire_time"])
    assert (moment(ana.extend(offer, "3s")["expire_time"]) - expires).total_seconds() == 3
    with refused("EXTENSION_TOO_LONG", "OUT_OF_RANGE", "by") as caught:
        ana.extend(offer, "3s")
    assert (moment(caught[0].metadata["latest"]) - expires).total_seconds() == 5
    ana.extend(offer, "2s")
    ana.accept(offer)


def test_who_does_not_answer_is_set_away(office):
    ana = office.desk("ana")
    office.enqueue("c1", queue="hasty")
    offer = ana.offered("c1")
    ana.ack(offer)
    assert ana.rescinded(offer) == "EXPIRED"
    changed = ana.wait_for("presence_changed", presence={"state": "PRESENCE_STATE_AWAY", "reason": "rona"})
    assert "pending_presence" not in changed and ana.presence() == "AWAY"
    assert office.state("c1") == "QUEUED"
    with refused("OFFER_EXPIRED", "FAILED_PRECONDITION"):
        ana.accept(offer)
    ana.be("AVAILABLE")
    ana.accept(ana.offered("c1"))


def test_an_offer_that_nobody_shows_goes_back_without_blame(office):
    ana = office.desk("ana")
    office.enqueue("c1")
    offer = ana.offered("c1")
    assert ana.rescinded(offer) == "UNDELIVERED"
    assert ana.presence() == "AVAILABLE"
    ana.take("c1")


def test_acknowledging_may_accept_by_itself(office):
    ana = office.desk("ana")
    office.enqueue("c1", queue="automatic")
    offer = ana.offered("c1")
    assert offer["automatic"]
    assert ana.ack(offer)["engagement"]["contact_id"] == "c1"
    assert office.state("c1") == "ENGAGED"


def test_two_are_asked_and_the_first_gets_it(office):
    ana, ben, eva = (office.desk(agent) for agent in ("ana", "ben", "eva"))
    office.enqueue("c1", queue="pair")
    asked = eventually(
        lambda: [desk for desk in (ana, ben, eva) if desk.has_offer_of("c1")][1:] and office.contact("c1")
    )
    offers = {offer["agent_id"]: offer["offer_id"] for offer in asked["open_offers"]}
    assert len(offers) == 2
    first, second = (desk for desk in (ana, ben, eva) if desk.agent in offers)
    one, other = first.offered("c1"), second.offered("c1")
    with refused("DECLINE_FORBIDDEN", "FAILED_PRECONDITION"):
        first.decline(one)
    second.accept(other)
    assert first.rescinded(one) == "TAKEN"
    with refused("OFFER_TAKEN", "FAILED_PRECONDITION"):
        first.accept(one)
    assert office.contact("c1")["agent_id"] == second.agent
    assert first.work() == {}, "the capacity is free again"


def test_a_target_waits_for_one_agent(office):
    ana, ben = office.desk("ana", state="AWAY"), office.desk("ben")
    office.enqueue("c1", target={"agent_id": "ana"})
    office.enqueue("c2", target={"agent_id": "ana", "window": "0.3s"})
    began = time.monotonic()
    ben.take("c2")
    assert time.monotonic() - began >= 0.25, "within the window it is hers alone"
    assert not ben.has_offer_of("c1")
    ana.be("AVAILABLE")
    assert ana.take("c1")["choice"]["rule"] == "CHOICE_RULE_TARGET"


def test_an_excluded_agent_is_never_asked(office):
    ana = office.desk("ana")
    office.enqueue("c1", excluded_agent_ids=["ana"])
    office.enqueue("c2")
    ana.take("c2")
    ben = office.desk("ben")
    ben.take("c1")
    assert not ana.has_offer_of("c1")


def test_a_failed_connection_puts_the_contact_back(office):
    ana = office.desk("ana")
    office.enqueue("c1")
    office.enqueue("c2")
    ana.take("c1")
    office.report_connect_failed(agent_id="ana", contact_id="c1", reason="no media")
    assert office.state("c1") in ("QUEUED", "OFFERED") and ana.work().get("c1") != "ENGAGED"
    assert office.position("c1") == 0, "it is back in its place"
    ana.take("c1")


def test_after_too_many_offers_a_contact_goes_elsewhere(office):
    ana = office.desk("ana")
    office.enqueue("c1", queue="escalating")
    ana.decline(ana.offered("c1"))
    assert office.contact("c1")["queue"] == "back"


def test_who_becomes_free_takes_the_first_in_line(office):
    office.enqueue("c1")
    office.enqueue("c2")
    ana = office.desk("ana", capacity=50)
    assert ana.take("c1")["choice"]["rule"] == "CHOICE_RULE_FIRST_IN_LINE"
    assert not ana.has_offer_of("c2"), "she has no room for two"
    office.complete_contact(contact_id="c1")
    ana.take("c2")


def test_capacity_and_channel_limits_bound_what_is_offered(office):
    ana = office.desk("ana", capacity=100, channel_limits={"chat": 1, "voice": 0})
    office.enqueue("call", queue="calls", channel="voice")
    office.enqueue("c1")
    office.enqueue("c2")
    ana.take("c1")
    office.enqueue("mail", channel="email")
    ana.take("mail")
    assert ana.work() == {"c1": "ENGAGED", "mail": "ENGAGED"} and ana.seen()["capacity_used"] == 70
    assert not ana.has_offer_of("c2") and not ana.has_offer_of("call")


def test_a_call_interrupts_an_email(office):
    ana = office.desk("ana", capacity=100)
    office.engaged(ana, "mail", channel="email")
    office.enqueue("call", queue="calls", channel="voice")
    ana.take("call")
    assert ana.work() == {"mail": "INTERRUPTED", "call": "ENGAGED"}
    office.complete_contact(contact_id="call")
    assert ana.work() == {"mail": "ENGAGED"}


def test_assigned_queues_are_for_their_members(office):
    ana, ben = office.desk("ana"), office.desk("ben", queues=["members"])
    office.enqueue("c1", queue="members")
    ben.take("c1")
    assert not ana.has_offer_of("c1")
