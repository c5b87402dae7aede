"""Two clients at once: exactly one wins, and the other is told why it did not."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from api import Refused, connect

ROUNDS = 100


@pytest.fixture
def rivals(office, address):
    """Two agents, each over a connection of its own, and a way to let both act at the same moment."""
    with connect(address) as one, connect(address) as other, ThreadPoolExecutor(2) as threads:
        desks = []
        for agent, channel in (("ana", one), ("ben", other)):
            office.agent(agent)
            desks.append(office.follow(agent, api=office.of(office.tenant, channel)))
            desks[-1].be("AVAILABLE")
        start = threading.Barrier(2)

        def at_once(*calls):
            def run(call):
                start.wait()
                try:
                    call()
                    return "OK"
                except Refused as refused:
                    return refused.reason

            return list(threads.map(run, calls))

        yield (*desks, at_once)


def test_one_of_two_who_accept_wins(office, rivals):
    ana, ben, at_once = rivals
    won = {"ana": 0, "ben": 0}
    for number in range(ROUNDS):
        contact = f"c{number}"
        office.enqueue(contact, queue="pair")
        to_ana, to_ben = ana.offered(contact), ben.offered(contact)
        results = at_once(lambda: ana.accept(to_ana), lambda: ben.accept(to_ben))
        assert sorted(results) == ["OFFER_TAKEN", "OK"], f"round {number}: {results}"
        winner = ana if results[0] == "OK" else ben
        won[winner.agent] += 1
        assert office.contact(contact)["agent_id"] == winner.agent
        assert winner.work() == {contact: "ENGAGED"}
        office.complete_contact(contact_id=contact)
    print("won:", won)


def test_an_acceptance_races_the_customer_who_leaves(office, rivals):
    ana, ben, at_once = rivals
    ben.be("AWAY")
    for number in range(ROUNDS):
        contact = f"c{number}"
        office.enqueue(contact)
        offer = ana.offered(contact)
        leave = {"contact_id": contact, "reason": "CANCEL_REASON_CUSTOMER_LEFT"}
        results = at_once(lambda: ana.accept(offer), lambda: ben.office.cancel_contact(**leave))
        assert results in (["OK", "CONTACT_STATE"], ["OFFER_RESCINDED", "OK"]), f"round {number}: {results}"
        if results[0] == "OK":
            assert ana.work() == {contact: "ENGAGED"}
            office.complete_contact(contact_id=contact)
        assert office.outcome(contact) == ("HANDLED" if results[0] == "OK" else "ABANDONED")


def test_one_contact_enqueued_by_two_is_there_once(office, rivals):
    ana, ben, at_once = rivals
    for desk in (ana, ben):
        desk.be("AWAY")
    for number in range(ROUNDS):
        fields = {"contact_id": f"c{number}", "queue": "front", "channel": "chat"}
        calls = [lambda api=desk.office: api.enqueue_contact(**fields) for desk in (ana, ben)]
        assert sorted(at_once(*calls)) == ["CONTACT_EXISTS", "OK"]
    assert office.counts("front") == {"waiting": ROUNDS}


def test_one_request_sent_by_two_at_once_is_one_request(office, rivals):
    ana, ben, at_once = rivals
    for desk in (ana, ben):
        desk.be("AWAY")
    for number in range(ROUNDS):
        fields = {"request_id": f"r{number}", "contact_id": f"c{number}", "queue": "front", "channel": "chat"}
        calls = [lambda api=desk.office: api.enqueue_contact(**fields) for desk in (ana, ben)]
        assert at_once(*calls) == ["OK", "OK"]
    assert office.counts("front") == {"waiting": ROUNDS}
