"""One tenant as its platform drives it: contacts by short calls, agents by their desks, and all that can be seen."""

import re
import time
import uuid
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone

from api import SECONDS_MAX, Refused
from desk import Desk

# What changes by itself while nothing happens.
MOVING = {"waited_duration", "oldest_waited_duration"}


class Office:
    """Whatever the API has (`office.park_contact(…)`), and what tests say often."""

    def __init__(self, api):
        self.api = api
        self.desks = []

    def __getattr__(self, name):
        return getattr(self.__dict__["api"], name)

    def enqueue(self, contact, queue="front", channel="chat", **fields):
        return self.api.enqueue_contact(contact_id=contact, queue=queue, channel=channel, **fields)

    def contact(self, contact):
        return self.api.get_contact(contact_id=contact)["contact"]

    def state(self, contact):
        return self.contact(contact)["state"].removeprefix("CONTACT_STATE_")

    def outcome(self, contact):
        return self.contact(contact)["outcome"].removeprefix("CONTACT_OUTCOME_")

    def position(self, contact):
        return int(self.api.get_position(contact_id=contact)["ahead"])

    def counts(self, queue):
        """A queue's counts that are not zero."""
        statistics = self.api.get_queue_statistics(queue=queue)["statistics"]
        counts = {key: int(statistics[key]) for key in ("waiting", "offered", "parked", "engaged")}
        return {key: count for key, count in counts.items() if count}

    def agent(self, agent, **profile):
        """Creates an agent, who is then offline."""
        self.api.put_agent(agent_id=agent, profile=profile)

    def desk(self, agent, state="AVAILABLE", **profile):
        """Creates an agent, opens the stream and sets presence."""
        self.agent(agent, **profile)
        desk = self.follow(agent)
        if state != "OFFLINE":
            desk.be(state, reason="break" if state == "AWAY" else "")
        return desk

    def follow(self, agent, session="", api=None):
        """Opens an agent's stream."""
        desk = Desk(api or self.api, agent, session)
        self.desks.append(desk)
        return desk

    def engaged(self, desk, contact, **fields):
        """A contact that this agent has accepted."""
        self.enqueue(contact, target={"agent_id": desk.agent}, **fields)
        return desk.take(contact)

    def rows(self, method, key, **filters):
        """Every row of a list, over all its pages."""
        rows, token = [], ""
        while True:
            page = getattr(self.api, method)(page_token=token, **filters)
            rows += page[key]
            token = page["next_page_token"]
            if not token:
                return rows

    def picture(self):
        """All that a refused call could have changed."""
        return [
            still(self.rows("list_contacts", "contacts")),
            still(self.rows("list_agents", "agents")),
            still(self.rows("list_queue_statistics", "statistics")),
            self.api.get_document(),
        ]

    def close(self):
        for desk in self.desks:
            desk.close()


def still(rows):
    return [{key: value for key, value in row.items() if key not in MOVING} for row in rows]


def eventually(condition, within=SECONDS_MAX):
    """Waits until it holds, so many seconds at most; a refusal means not yet."""
    deadline = time.monotonic() + within
    while True:
        try:
            found = condition()
        except Refused as refused:
            found = refused
        if found and not isinstance(found, Refused):
            return found
        assert time.monotonic() < deadline, f"did not come about in {within} s: {found}"
        time.sleep(0.01)


@contextmanager
def refused(reason, code=None, field=None):
    """The call within is refused so; what is yielded tells more once it is over."""
    caught = []
    try:
        yield caught
    except Refused as error:
        caught.append(error)
    assert caught, f"not refused, {reason} expected"
    error = caught[0]
    assert error.reason == reason and code in (None, error.code), error
    assert field is None or field in dict(error.fields), error


def persistently(call, **fields):
    """Repeats a mutation under one request id until it is answered, as a client with a bad line does."""
    fields = {"request_id": str(uuid.uuid4()), **fields}
    deadline = time.monotonic() + SECONDS_MAX
    while True:
        try:
            return call(**fields)
        except Refused as refused:
            if refused.reason or time.monotonic() > deadline:
                raise


def moment(text):
    """A protobuf timestamp as Python knows it."""
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def ahead(**by):
    """A time from now, as `timedelta` takes it, for a request."""
    return (datetime.now(timezone.utc) + timedelta(**by)).isoformat()


def seconds(duration):
    """A protobuf duration in seconds."""
    return float(re.fullmatch(r"(-?[0-9.]+)s", duration)[1])
