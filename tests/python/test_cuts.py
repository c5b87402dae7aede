"""Lines that are cut or stall: streams go on where they were, calls are repeated, and nothing is lost or doubled."""

import random
import threading
import time
from collections import Counter

import pytest

from api import Refused, connect
from office import eventually, persistently
from proxy import Proxy


@pytest.fixture
def over(office, proxy):
    """The office as seen through a network that fails on request."""
    with connect(proxy.address) as channel:
        yield office.of(office.tenant, channel)


def test_a_cut_stream_is_resumed_with_every_offer(office, proxy, over):
    office.agent("ana", capacity=150)
    ana = office.follow("ana", api=over)
    ana.be("AVAILABLE")
    office.enqueue("c1")
    office.enqueue("c2")
    before = {contact: ana.offered(contact)["offer_id"] for contact in ("c1", "c2")}
    proxy.cut()
    assert ana.ended() == "UNAVAILABLE"
    eventually(lambda: not office.get_agent(agent_id="ana")["agent"]["session"]["connected"])
    office.enqueue("c3")
    welcome = ana.resume()
    assert welcome["open_offers"] == 3, "the third was kept for her return"
    assert {contact: ana.offered(contact)["offer_id"] for contact in before} == before
    ana.take("c3")
    for offer_id in before.values():
        persistently(over.accept_offer, agent_id="ana", offer_id=offer_id)
    assert set(ana.work()) == {"c1", "c2", "c3"}


def test_what_happens_during_the_cut_is_in_the_welcome(office, proxy, over):
    office.agent("ana")
    ana = office.follow("ana", api=over)
    ana.be("AVAILABLE")
    office.enqueue("c1")
    office.enqueue("c2")
    ana.accept(ana.offered("c1"))
    offer = ana.offered("c2")
    proxy.cut()
    ana.ended()
    office.complete_contact(contact_id="c1")
    office.cancel_contact(contact_id="c2", reason="CANCEL_REASON_CUSTOMER_LEFT")
    welcome = ana.resume()
    assert welcome["open_offers"] == 0 and welcome["agent"]["work"] == []
    assert not ana.has_offer_of(offer["contact_id"])


def test_a_stalled_stream_goes_on_where_it_stopped(office, proxy, over):
    office.agent("ana", capacity=1000)
    ana = office.follow("ana", api=over)
    ana.be("AVAILABLE")
    proxy.stall("to_client")
    for number in range(20):
        office.enqueue(f"c{number}")
    eventually(lambda: office.counts("front") == {"waiting": 20, "offered": 20})
    assert not ana.has_offer_of("c0")
    proxy.flow()
    for number in range(20):
        ana.offered(f"c{number}")


def test_a_call_whose_answer_is_lost_is_repeated(office, proxy, over):
    fields = {"request_id": "r1", "contact_id": "c1", "queue": "front", "channel": "chat"}
    outcome = []

    def call():
        try:
            outcome.append(over.enqueue_contact(**fields))
        except Refused as refused:
            outcome.append(refused)

    proxy.stall("to_client")
    caller = threading.Thread(target=call)
    caller.start()
    eventually(lambda: office.state("c1") == "QUEUED")
    proxy.cut()
    caller.join()
    assert outcome[0].code == "UNAVAILABLE" and outcome[0].reason == "", outcome
    proxy.flow()
    answer = persistently(over.enqueue_contact, **fields)
    assert answer["virtual_arrival_time"] == office.contact("c1")["virtual_arrival_time"]
    assert office.counts("front") == {"waiting": 1}


CONTACTS = 90
CUT_EVERY = 0.1


class Worker(threading.Thread):
    """A desktop with a bad line: accepts what it is offered, completes it, and comes back whenever it is cut off."""

    def __init__(self, office, agent, address):
        super().__init__(daemon=True)
        self.proxy = Proxy(address)
        self.api = office.of(office.tenant, connect(self.proxy.address))
        office.agent(agent)
        self.desk = office.follow(agent, api=self.api)
        self.offers, self.accepted, self.faults, self.resumed = set(), [], [], 0
        self.done = threading.Event()
        persistently(self.api.set_presence, agent_id=agent, presence={"state": "PRESENCE_STATE_AVAILABLE"})

    def run(self):
        try:
            while not self.done.is_set():
                self.step(self.desk.messages.get(timeout=10))
        except Exception as fault:  # Told by the test, which would otherwise only see a contact that waits.
            if not self.done.is_set():
                self.faults.append(repr(fault))

    def step(self, message):
        if "fault" in message:
            self.faults.append(message)
        elif "end" in message:
            self.come_back()
        elif "offer" in message:
            self.take(message["offer"])

    def come_back(self):
        while not self.done.is_set():
            try:
                self.desk.resume()
                self.resumed += 1
                return
            except AssertionError as fault:
                # Cut off again before the welcome; anything else is a fault.
                if "UNAVAILABLE" not in str(fault):
                    raise

    def take(self, offer):
        self.offers.add(offer["offer_id"])
        answer = {"agent_id": self.desk.agent, "offer_id": offer["offer_id"]}
        try:
            persistently(self.api.ack_offer, **answer)
            persistently(self.api.accept_offer, **answer)
        except Refused as refused:
            # An open offer that was sent again with the stream may have been answered already.
            if refused.reason not in ("OFFER_UNKNOWN", "OFFER_RESCINDED"):
                raise
            return
        self.accepted.append(offer["contact_id"])
        persistently(self.api.complete_contact, contact_id=offer["contact_id"])


def test_nothing_is_lost_or_doubled_while_lines_are_cut(office, address):
    seed = random.randrange(1 << 32)
    print("seed", seed)
    chance = random.Random(seed)
    workers = [Worker(office, f"a{number}", address) for number in range(3)]
    for worker in workers:
        worker.start()
    cuts = 0
    for number in range(CONTACTS):
        office.enqueue(f"c{number}")
        if number % 3 == 0:
            chance.choice(workers).proxy.cut()
            cuts += 1
        time.sleep(chance.uniform(0, CUT_EVERY))
    closed = {"states": ["CONTACT_STATE_CLOSED"]}
    try:
        eventually(lambda: len(office.rows("list_contacts", "contacts", **closed)) == CONTACTS)
    finally:
        faults = [fault for worker in workers for fault in worker.faults]
        for worker in workers:
            worker.done.set()
            worker.proxy.close()
        assert not faults, faults
    ended = office.rows("list_contacts", "contacts")
    assert {contact["outcome"] for contact in ended} == {"CONTACT_OUTCOME_HANDLED"}
    accepted = Counter(contact for worker in workers for contact in worker.accepted)
    assert set(accepted.values()) == {1} and len(accepted) == CONTACTS, accepted
    shown = Counter(offer for worker in workers for offer in worker.offers)
    assert set(shown.values()) == {1}, "an offer was shown to two agents"
    print(f"{cuts} cuts, {sum(worker.resumed for worker in workers)} streams resumed, {len(shown)} offers")
    assert sum(worker.resumed for worker in workers) > 0
