"""Following a tenant: snapshot and tail, put together as documented, are what the lists say; also after a cut."""

import threading
import time

import grpc

from api import Refused, connect
from office import eventually, still


class Follower:
    """Rows as a client of Watch holds them: each with the sequence at which it was told, a newer one wins."""

    def __init__(self, api, **request):
        self.api, self.request = api, request
        self.contacts, self.agents, self.queues = {}, {}, {}
        self.token, self.starts, self.events, self.faults = "", [], [], []
        self.complete = threading.Event()
        self.ended = threading.Event()
        self.follow()

    def follow(self):
        """Opens the stream, anew or after the last message that was taken in."""
        self.ended.clear()
        self.stream = self.api.watch(resume_token=self.token, **self.request)
        threading.Thread(target=self._read, args=(self.stream,), daemon=True).start()

    def _read(self, stream):
        try:
            for message in stream:
                self.take(message)
        except grpc.RpcError as error:
            self.code = Refused(error).code
        self.ended.set()

    def take(self, message):
        if "started" in message:
            self.starts.append(message["started"]["start"].removeprefix("WATCH_START_"))
            if self.starts[-1] == "SNAPSHOT":
                self.contacts, self.agents, self.queues = {}, {}, {}
        elif "snapshot_page" in message:
            self.keep(message["snapshot_page"])
        elif "snapshot_complete" in message:
            self.complete.set()
        elif "change" in message:
            change = message["change"]
            self.keep(change)
            for agent in change["deleted_agent_ids"]:
                if self.newer(self.agents, agent, change):
                    self.agents[agent] = (int(change["sequence"]), None)
            self.events += [(int(change["sequence"]), event["index"], event) for event in change["events"]]
        self.token = message["resume_token"] or self.token

    def keep(self, told):
        for kind, key in (("contacts", "contact_id"), ("agents", "agent_id"), ("queues", "queue")):
            rows = getattr(self, kind)
            for row in told[kind]:
                if self.newer(rows, row[key], told):
                    before = rows.get(row[key], (0, None))[1] or {}
                    # Details are left out of a change unless they changed.
                    row = {**({"details": before["details"]} if "details" in before else {}), **row}
                    rows[row[key]] = (int(told["sequence"]), row)

    @staticmethod
    def newer(rows, key, told):
        # A change that comes in several messages has one sequence.
        return int(told["sequence"]) >= rows.get(key, (0, None))[0]

    def picture(self):
        """What it holds, without contacts that have ended."""
        contacts = [row for _, row in self.contacts.values() if row["state"] != "CONTACT_STATE_CLOSED"]
        agents = [row for _, row in self.agents.values() if row]
        queues = [row for _, row in self.queues.values()]
        keys = ((contacts, "contact_id"), (agents, "agent_id"), (queues, "queue"))
        return [still(sorted(rows, key=lambda row, key=key: row[key])) for rows, key in keys]

    def agrees(self, office):
        return self.picture() == lists(office)


def lists(office):
    contacts = [row for row in office.rows("list_contacts", "contacts") if row["state"] != "CONTACT_STATE_CLOSED"]
    agents, queues = office.rows("list_agents", "agents"), office.rows("list_queue_statistics", "statistics")
    return [still(contacts), still(agents), still(queues)]


def live(office, prefix, count=30):
    """Something of everything happens."""
    ana = office.desk(f"{prefix}-ana", capacity=500)
    for number in range(count):
        contact = f"{prefix}{number}"
        # Nobody speaks Polish: what is not taken here waits, and stands still once all is done.
        queue = "bilingual" if number % 3 else "wrapped" if number % 5 == 0 else "front"
        office.enqueue(contact, queue=queue, details={"context": contact})
        if number % 3 == 0:
            ana.take(contact)
            office.complete_contact(contact_id=contact)
        elif number % 7 == 1:
            office.cancel_contact(contact_id=contact, reason="CANCEL_REASON_CUSTOMER_LEFT")
    office.update_contact(contact_id=f"{prefix}2", details={"context": "news"})
    ana.be("AWAY", "lunch")
    office.agent(f"{prefix}-gone")
    office.delete_agent(agent_id=f"{prefix}-gone")


def test_snapshot_and_tail_are_what_the_lists_say(office):
    live(office, "a")
    follower = Follower(office)
    assert follower.complete.wait(10)
    assert follower.starts == ["SNAPSHOT"]
    live(office, "b")
    eventually(lambda: follower.agrees(office))
    numbers = [(sequence, index) for sequence, index, _ in follower.events]
    assert numbers == sorted(set(numbers)), "events are told in order, and once"
    kinds = {event["kind"].removeprefix("WATCH_EVENT_KIND_") for _, _, event in follower.events}
    assert {"CONTACT_QUEUED", "CONTACT_UPDATED", "AGENT_PUT", "AGENT_DELETED", "PRESENCE_SET"} <= kinds


def test_a_stream_that_was_cut_goes_on_after_its_token(office, proxy):
    with connect(proxy.address) as channel:
        follower = Follower(office.of(office.tenant, channel))
        assert follower.complete.wait(10)
        live(office, "a")
        proxy.cut()
        assert follower.ended.wait(10)
        live(office, "b")
        eventually(lambda: resumed(follower))
        live(office, "c")
        eventually(lambda: follower.agrees(office))
        assert follower.starts[-1] == "RESUMED" and follower.starts.count("SNAPSHOT") == 1
        queued = [event["contact_id"] for _, _, event in follower.events if event["kind"].endswith("CONTACT_QUEUED")]
        assert {contact[0] for contact in queued} == {"a", "b", "c"} and len(set(queued)) == 90, "nothing is left out"


def resumed(follower):
    """Comes back once the line does."""
    if follower.ended.is_set():
        before = len(follower.starts)
        follower.follow()
        deadline = time.monotonic() + 2
        while len(follower.starts) == before and not follower.ended.is_set() and time.monotonic() < deadline:
            time.sleep(0.01)
        return len(follower.starts) > before
    return True


def test_a_filter_tells_its_queue_alone(office):
    follower = Follower(office, filter={"queues": ["back"]})
    assert follower.complete.wait(10)
    office.enqueue("c1")
    office.enqueue("c2", queue="back")
    eventually(lambda: "c2" in follower.contacts)
    assert set(follower.contacts) == {"c2"}


def test_a_foreign_token_starts_anew(office):
    follower = Follower(office)
    assert follower.complete.wait(10)
    other = object.__new__(Follower)
    other.__dict__.update(follower.__dict__, starts=[], complete=threading.Event(), ended=threading.Event())
    other.request = {"filter": {"queues": ["back"]}}
    other.follow()
    assert other.complete.wait(10) and other.starts == ["SNAPSHOT"], "its token is of another filter"
